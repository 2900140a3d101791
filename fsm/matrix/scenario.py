"""Small Matrix rooms to try policies in: who is who, what power they have, what an event may bring along.

Turns, one event each, decide where everybody stands and which join rule is in force. An
assignment is an event that deals power. What else a question can be, the creator's first
join, a join that somebody authorises or a third-party invite, is a variant of asking it.

Every opening of the page goes past the creator's first join, since what counts as that depends
on what was sent before, and not only on where people stand.
"""

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any, TypeAlias

from fsm.errors import DefinitionError, needs
from fsm.event import write_state
from fsm.facts import spell
from fsm.matrix.events import AUTHORISER, MEMBER, TOKEN, write_member
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE, Founder, Reign
from fsm.participation.terms import Action, JoinRule
from fsm.scenario import Log, Opening, Scenario, Trial

JSON: TypeAlias = dict[str, Any]

ALICE, BOB, CAROL = USERS = ("@alice:a.example", "@bob:b.example", "@carol:c.example")
"""Alice creates the room."""

DAN, EVE = "@dan:b.example", "@eve:e.example"
PEOPLE: Mapping[str, str] = {ALICE: "Alice", BOB: "Bob", CAROL: "Carol", DAN: "Dan", EVE: "Eve"}
"""What they are called, by user id."""

_CREATION, _ROOM = "$create:a.example", "!create:a.example"


def scenario_of(policy: MatrixPolicy) -> Scenario:
    """The rooms of a room version."""
    return Scenario(
        users=PEOPLE,
        strangers=("@somebody:x.example", "@somebody.else:x.example"),
        stranger_role="power 0",
        openings={**_shown(policy), **_searched(policy)},
        settings={
            f"join rule: {spell(rule).replace('_', ' ')}": write_state(JOIN_RULES, ALICE, {"join_rule": spell(rule)})
            for rule in policy.domain.values["join_rule"]
        },
        assignments=tuple((event,) for pair in permutations(USERS, 2) for event in _deal(policy, *pair)),
        corner_cases=tuple(_corner_cases(policy)),
        is_assigned_first=False,
        moves=(_FIRST_JOIN,),
        variants=_variants,
        concerned=_concerned,
        room_id=_ROOM,
        compared=tuple(_compared(policy)),
        trials=(_trial(policy),),
        follows_states=False,
    )


# Two of 50, so that peers can meet; Eve has no power of her own.
_POWERS = {ALICE: 100, BOB: 50, CAROL: 50, DAN: 25}
_NEEDED = {"invite": 25, "kick": 50, "ban": 50}


def _shown(policy: MatrixPolicy) -> Mapping[str, Opening]:
    """How the room of the page begins."""
    create = write_state(CREATE, ALICE, {"room_version": policy.version, **_founder(policy, ALICE)})
    created = (create, write_member(Action.JOIN, ALICE, ALICE))
    named = {user: power for user, power in _POWERS.items() if user != ALICE or policy.reign is Reign.BY_DEFAULT}
    quiet = (*created, write_state(POWER_LEVELS, ALICE, {"users": named, **_NEEDED}))
    entries = (
        write_member(action, sender, user)
        for user in (BOB, CAROL, DAN)
        for action, sender in ((Action.INVITE, ALICE), (Action.JOIN, user))
    )
    roles = {ALICE: "creator", **{user: f"power {power}" for user, power in named.items()}}
    return {
        "Whoever has power is in": Opening((*quiet, *entries), roles),
        "Only Alice is in": Opening(quiet, roles),
        "Alice has just created the room": Opening(created, {ALICE: "creator"}),
    }


def _searched(policy: MatrixPolicy) -> Mapping[str, Opening]:
    """How rooms begin in searches."""
    create, joined = _create(policy), _FIRST_JOIN
    promises = (_state(THIRD_PARTY_INVITE, _PROMISE, _token(user), user) for user in USERS)
    logs: Mapping[str, Log] = {
        "the creator has joined": (create, joined),
        "there is nothing but the creation": (create,),
        "everybody has sent a third-party invite": (create, joined, *_enter(BOB), *_enter(CAROL), *promises),
        "Bob stands above the creator": (
            create,
            joined,
            _state(POWER_LEVELS, {"users": {**_alice(policy, 50), BOB: 100}}),
        ),
    }
    return {name: Opening(log, searched=True, shown=False) for name, log in logs.items()}


def _compared(policy: MatrixPolicy) -> Iterator[Log]:
    """Rooms of Alice and Bob, of whom only Bob may have a level; and one by Alice whose creation names Bob.

    The latter where a creation names its creator. Where a creator is not to be listed, others may be.
    """
    create = _create(policy)
    alice, bob = (_member(Action.JOIN, user, user) for user in (ALICE, BOB))
    company = (create, alice, _state(JOIN_RULES, {"join_rule": JoinRule.PUBLIC.value}), bob)
    yield company
    yield (*company, _state(POWER_LEVELS, {"users": {BOB: 50}, "invite": 25}))
    yield (*company, _state(POWER_LEVELS, {"users": {BOB: 0}, "users_default": 25}))
    if policy.founder is Founder.CONTENT:
        yield ({**create, "content": {**create["content"], "creator": BOB}},)


def _trial(policy: MatrixPolicy) -> Trial:
    """A public room in which Alice stands above Bob, and Bob above Carol: all that they do to each other's membership.

    In each room it is tried to deal power anew.
    """
    begun = (
        _create(policy),
        _member(Action.JOIN, ALICE, ALICE),
        _state(POWER_LEVELS, {"users": {**_alice(policy, 100), BOB: 50}}),
        _state(JOIN_RULES, {"join_rule": JoinRule.PUBLIC.value}),
    )
    deeds = tuple(
        _member(action, sender, target) for sender, target in product(USERS, repeat=2) for action in policy.triggers
    )
    dealt: tuple[JSON, ...] = ({BOB: 100}, {BOB: 50, CAROL: 50}, {})
    attempts = tuple(
        _state(POWER_LEVELS, {"users": {**_alice(policy, 100), **users}}, sender=sender)
        for sender in USERS
        for users in dealt
    )
    return Trial(begun, deeds, attempts)


def _corner_cases(policy: MatrixPolicy) -> Iterator[Log]:
    """Rooms in which power levels are easily misread, with Alice and Bob in them."""
    company = (
        _create(policy),
        _member(Action.JOIN, ALICE, ALICE),
        *_enter(BOB),
    )
    yield company
    for levels, users in _EASILY_MISREAD:
        yield (*company, _state(POWER_LEVELS, {**levels, "users": {**_alice(policy, 100), **users}}))


def _variants(action: str, plain: Log) -> Log:
    """Joins that somebody authorises, first joins, and third-party invites.

    Raises `DefinitionError` where the library is missing that signs some of them: without these, whoever
    looks for all that can be asked would find less.
    """
    if action == Action.JOIN:
        vouched = [_with(event, {AUTHORISER: user}) for event in plain for user in USERS]
        first = [{**join, "prev_events": [_CREATION]} for join in (*plain, *vouched) if join["state_key"] == ALICE]
        return (*vouched, *first)
    if action == Action.INVITE:
        return tuple(
            _with(event, content) for event in plain for content in _tokens(event["sender"], event["state_key"])
        )
    return ()


def _concerned(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The sender, the target if there is one, and who authorises a join."""
    return event["sender"], event["state_key"], event["content"].get(AUTHORISER)


def _create(policy: MatrixPolicy) -> JSON:
    creation = _state(CREATE, {"room_version": policy.version, **_founder(policy, ALICE)})
    if policy.is_room_named_by_creation:
        del creation["room_id"]
    return {**creation, "event_id": _CREATION}


def _founder(policy: MatrixPolicy, user: str) -> JSON:
    return {"creator": user} if policy.founder is Founder.CONTENT else {}


def _deal(policy: MatrixPolicy, sender: str, target: str) -> Iterator[JSON]:
    """Deal power so that `sender` may any subset, and outranks `target` or not; somebody else may all."""
    for outranks, *may in product((False, True), repeat=4):
        powers = {**dict.fromkeys(USERS, 100), sender: 50, target: 0 if outranks else 50}
        needed = {word: 50 if granted else 75 for word, granted in zip(("invite", "kick", "ban"), may, strict=True)}
        others = {user: power for user, power in powers.items() if user != ALICE}
        yield _state(POWER_LEVELS, {"users": {**_alice(policy, powers[ALICE]), **others}, **needed})


def _alice(policy: MatrixPolicy, power: int) -> JSON:
    """Her power level, where a creator can have one."""
    return {} if policy.reign is Reign.SUPREME else {ALICE: power}


def _tokens(sender: str, target: str) -> Iterator[JSON]:
    """Third-party invites, with each fault that there can be, and with none."""
    another = next(user for user in USERS if user != sender)
    token = {"mxid": target, "token": _token(sender)}
    told: list[JSON] = [
        {"token": _token(sender)},
        {**token, "mxid": "@somebody:x.example"},
        {**token, "token": "no such token"},
        {**token, "token": _token(another)},
        token,
        _signed(token),
    ]
    yield from ({TOKEN: {"signed": signed}} for signed in told)


_EASILY_MISREAD: tuple[tuple[JSON, JSON], ...] = (
    # Above is not only not below; and what is not told takes 50, but for invites.
    ({}, {BOB: 50}),
    # Who is not named has the default level.
    ({"users_default": 50}, {}),
    # What is told is no longer what it is by default.
    ({"invite": 51, "kick": 49, "ban": 51}, {BOB: 50}),
)
"""Levels that things take, and those of users beside Alice."""


def _member(action: str, sender: str, target: str) -> JSON:
    return _state(MEMBER, {"membership": str(action)}, target, sender)


def _enter(user: str) -> Log:
    """The events by which a user is in, where only invited users are let in."""
    return _member(Action.INVITE, ALICE, user), _member(Action.JOIN, user, user)


def _with(event: JSON, content: JSON) -> JSON:
    """The event with more in its content."""
    return {**event, "content": {**event["content"], **content}}


def _state(event_type: str, content: JSON, state_key: str = "", sender: str = ALICE) -> JSON:
    return {"type": event_type, "room_id": _ROOM, **write_state(event_type, sender, content, state_key)}


def _token(user: str) -> str:
    """The third-party invite that a user has sent."""
    return f"by {user}"


_FIRST_JOIN = {**_member(Action.JOIN, ALICE, ALICE), "prev_events": [_CREATION]}
"""The creator's first join. Without `prev_events`, only a room that has seen all knows that it comes first."""

_SEED = "A" * 43  # 32 bytes of nothing, which anybody may know
_PROMISE = {"public_key": "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"}


def _signed(token: JSON) -> JSON:
    try:
        from signedjson.key import decode_signing_key_base64  # noqa: PLC0415 - an extra, and heavy
        from signedjson.sign import sign_json  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        problem = needs("a third-party invite of a Matrix room", missing.name, "matrix")
        raise DefinitionError(problem) from None
    signed: JSON = sign_json({**token}, "identity.example", decode_signing_key_base64("ed25519", "0", _SEED))
    return signed
