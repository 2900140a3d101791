"""Small rooms with roles of their own to try role sets in."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from fsm.room_policy.cases import log_to
from fsm.room_policy.events import CREATE
from fsm.room_policy.facts import Move
from fsm.room_policy.lint.powers import Powers
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import Role
from fsm.room_policy.syntax import CLAIM, CODE
from fsm.scenario import Counted, Opening, Scenario

JSON = dict[str, Any]

USERS = {"ann": "Ann", "bob": "Bob", "cat": "Cat", "dan": "Dan", "eve": "Eve"}

MOST_ROLES = 24
"""Of so many roles holders are in the second opening."""

MOST = 64
"""Up to so many users are counted on the page."""

CROWD = 3
"""So many users at most are in the room that is set so."""


def scenario_of(policy: RolePolicy) -> Scenario:
    """The scenario of a role set: rooms of a founder in the role with the most capabilities, and of many roles."""
    powers = policy.derived(Powers)
    ranked = sorted(powers.seated, key=lambda index: (-len(powers.of(index)), index))
    several = dict(zip(USERS, ranked[:MOST_ROLES], strict=False))
    openings = {"a founder alone": _opening(powers, dict(zip(USERS, ranked[:1], strict=False)))}
    if len(several) > 1:
        openings["one of each role"] = _opening(powers, several)
    return Scenario(
        users=USERS,
        strangers=("fay", "gus"),
        openings=openings,
        attempts=tuple({"type": "message", "sender": user, "content": {}} for user in USERS),
        stranger_role="no role",
        case=lambda action, facts: log_to(policy, action, facts),
        counted=_counted(powers, several) if ranked else None,
    )


def _opening(powers: Powers, listed: dict[str, int], *, clients: bool = True) -> Opening:
    """A room with these users, where a code and a claim lead to the least role.

    Each has a client, or nobody has: the page counts users and not clients, and nobody is preauthorized at first.
    """
    content: JSON = {
        "participant_list": {
            "participants": [{"user": user, "role_index": index} for user, index in listed.items()],
        },
    }
    if clients:
        content["mls_group"] = {
            "members": [
                {"user": user, "client": f"{user}/1"} for user, index in listed.items() if powers.is_active(index)
            ]
        }
    least = _least(powers) if clients else _by_code(powers)
    if least is not None:
        content["join_links"] = _code(least)
        if clients:
            content["preauth_list"] = _entry(least)
    create = {"type": CREATE, "sender": "ann", "state_key": "", "content": content}
    roles = {user: powers.policy.labels[powers.states[index]] for user, index in listed.items()}
    return Opening((create,), roles, shown=False)


def _least(powers: Powers, among: Iterable[int] = ()) -> int | None:
    """The role with the fewest capabilities, of these if there are any."""
    return min([*among] or powers.seated, key=lambda index: (len(powers.of(index)), index), default=None)


def _by_code(powers: Powers) -> int | None:
    """The least role that a code leads to, if it leads to any."""
    return _least(powers, (dest for row, dest in powers.ways_in() if row == "code_join"))


def _code(index: int) -> JSON:
    return {"join_links": [{"join_link": CODE, "target_role_index": index}]}


def _entry(index: int) -> JSON:
    return {"preauthorized_entries": [{"claimset": [CLAIM], "target_role": index}]}


def _settings(powers: Powers) -> dict[str, JSON]:
    """What the page lets users set: for which role a claim preauthorizes, and how many users there may be."""
    told = {f"preauthorized as {_called(powers, index)}": ("preauth_list", _entry(index)) for index in powers.seated}
    told["nobody preauthorized"] = ("preauth_list", {"preauthorized_entries": []})
    told |= {
        f"at most {CROWD} users": ("base_room_policy", {"max_users": CROWD}),
        "any number of users": ("base_room_policy", {}),
    }
    return {
        words: {"type": name, "sender": "ann", "state_key": "", "content": content}
        for words, (name, content) in told.items()
    }


def _called(powers: Powers, index: int) -> str:
    """A role by its name, if no other has it."""
    names = [*powers.policy.labels.values()]
    name = powers.policy.labels[powers.states[index]]
    return name if names.count(name) == 1 else f"{name} ({index})"


def _counted(powers: Powers, several: dict[str, int]) -> Counted:
    """The rooms of the page, in which nobody has a client, and how their facts follow from who is where."""
    policy, least = powers.policy, _by_code(powers)
    states = powers.states

    def state(listed: Mapping[str, Any], settings: Iterable[Mapping[str, Any]]) -> list[JSON]:
        users = [{"user": user, "role_index": state.value} for user, state in listed.items()]
        content: JSON = {"participant_list": {"participants": users}}
        content |= {} if least is None else {"join_links": _code(least)}
        content |= {event["type"]: event["content"] for event in settings}
        return [{"type": name, "sender": "hub", "state_key": "", "content": each} for name, each in content.items()]

    def forms(action: Move) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if action is Move.REMOVE:
            yield "remove", {}
        for index in powers.inside if action in (Move.ADD, Move.CHANGE_ROLE) else ():
            words = f"{'add as' if action is Move.ADD else 'change role to'} {_called(powers, index)}"
            yield words, {"wanted": states[index]}
            yield f"{words}, by claim", {"wanted": states[index], "preauthorized_for_role": True}
            if action is Move.ADD and index == least:
                yield f"{words}, by code", {"wanted": states[index], "join_code_is_valid": True}

    roles = policy.roles.roles
    bounds = {CROWD, *(number for role in roles for number in _bounds(role)), 1}
    numbers = {0} | {number + more for number in bounds for more in (-1, 0, 1)}
    alone = dict(islice(several.items(), 1))
    rooms = {"a founder alone": alone, **({"one of each role": several} if several != alone else {})}
    return Counted(
        openings={f"{name}, without clients": _opening(powers, some, clients=False) for name, some in rooms.items()},
        settings=_settings(powers),
        state=state,
        forms=forms,
        follows={
            "acting": ("form", "sender", "preauth_list"),
            "preauthorized_for_role": ("form", "sender", "self", "preauth_list"),
            "minimum_participants_holds": ("form", "target", "left"),
            "minimum_active_participants_holds": ("form", "target"),
            "maximum_participants_holds": ("form", "target", "entered"),
            "max_users_holds": ("form", "target", "members", "base_room_policy"),
        },
        numbers=tuple(sorted(number for number in numbers if 0 <= number <= MOST)),
        members=tuple(states[index] for index in powers.seated),
    )


def _bounds(role: Role) -> Iterator[int]:
    yield role.participants.minimum
    if role.participants.maximum is not None:
        yield role.participants.maximum
