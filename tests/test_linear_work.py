"""The work that strangers can cause is linear: twice the events, or twice the size, takes about twice the steps.

Steps are those of Python's own code, and what its objects copy where that can be seen; no time is measured.
"""

import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest

from fsm import EventError
from fsm.event import expect_plain, plain
from fsm.matrix.third_party import Promise, Promises
from fsm.mimi import permissions, roles
from fsm.policies import load_rules, new_room, room_from_state
from fsm.render.words.columns import wrapped
from tests import builders as b
from tests.builders import error_of
from tests.matrix import builders as m
from tests.room_policy import test_room as r

JSON = dict[str, Any]
Act = Callable[[], object]


def steps(act: Act) -> int:
    """How many steps of Python's code something takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def state(policy: str, events: Iterable[JSON], question: JSON) -> Act:
    """A room made of a state, and a question about it."""
    given: list[object] = list(events)
    return lambda: error_of(lambda: room_from_state(load_rules(policy), given).decide(question))


def log(policy: str, *events: JSON) -> Act:
    """A room that events are sent to."""
    room = new_room(load_rules(policy))
    return lambda: [error_of(lambda event=event: room.send(event)) for event in events]  # type: ignore[misc]


def users(number: int) -> list[str]:
    return [f"@user{each}:b.example" for each in range(number)]


def role(number: int, **more: Any) -> JSON:
    return {**b.role(f"r{number}", {"ban": True, "roles": ["a"]}), **more}


def one_role_each(number: int) -> JSON:
    return b.role_map(*((f"r{place}", place, [user]) for place, user in enumerate(users(number))))


def one_role(number: int, *others: str) -> JSON:
    return b.role_map(("all", 1, [*others, *users(number)]))


def claims(number: int) -> list[JSON]:
    return [{"claim_id": {"credential_type": 1, "id": "x"}, "claim_value": str(each)} for each in range(number)]


def nested(number: int) -> Any:
    value: Any = []
    for _ in range(number):
        value = {"x": [value]}
    return value


def role_room(*events: JSON, **more: Any) -> Act:
    bounds = {"max_clients": 10**6, "max_users": 10**6}
    made = r.event("create", "hub", **r.PARTS, base_room_policy={"multi_device": True, **bounds}, **more)
    return log("room-policy", made, *events)


MIMI: list[JSON] = [b.create(), b.join_rule("public")]
MATRIX: list[JSON] = [m.create("11"), m.member("join", m.ALICE), m.join_rules("public")]
ASK = b.change(b.INVITE, b.ALICE, b.BOB)
ASK_MATRIX = m.member("invite", m.ALICE, m.BOB)
LISTED = m.levels(users={m.ALICE: 100})

# fmt: off
SIZES: dict[str, Callable[[int], Act]] = {
    # One event.
    "a role map of many roles":     lambda n: state("mimi", MIMI, one_role_each(n)),
    "a role map of many users":     lambda n: state("mimi", MIMI, one_role(n)),
    "a user of many roles":         lambda n: state("mimi", MIMI, b.role_map(*((f"r{place}", place, [b.BOB]) for place in range(n)))),
    "a role of many events":        lambda n: state("mimi", MIMI, b.role("a", {"events": {f"m.{each}": True for each in range(n)}})),
    "a role of many roles":         lambda n: state("mimi", MIMI, b.role("a", {"roles": [f"r{each}" for each in range(n)]})),
    "many auth events":             lambda n: state("mimi", MIMI, {**b.message(b.ALICE), "authEvents": [f"${each}" for each in range(n)]}),
    "a nested message":             lambda n: state("mimi", MIMI, {**b.message(b.ALICE), "content": nested(n)}),
    "a nested message that is no plain value": lambda n: state("mimi", MIMI, {**b.message(b.Text(b.ALICE)), "content": nested(n)}),
    "nested membership":            lambda n: state("matrix", MATRIX, {**ASK_MATRIX, "unsigned": nested(n)}),
    "many previous events":         lambda n: state("matrix", MATRIX, m.member("join", m.ALICE, prev_events=[f"${each}" for each in range(n)])),
    "many keys and signatures":     lambda n: state("matrix", [*MATRIX, m.promise("tok", content={"public_keys": [{"public_key": f"{each:043}"} for each in range(n)]})],
                                                    m.redeem(m.ALICE, m.BOB, {"signed": {"mxid": m.BOB, "token": "tok", "signatures": {f"s{each}": {"ed25519:1": "A" * 86} for each in range(n)}}})),
    "many clients":                 lambda n: role_room(r.change("eve", "new", "add", role_index=2, clients=[f"c{each}" for each in range(n)])),
    "many claims":                  lambda n: role_room(r.change("new", "new", "add", role_index=2, credential={"claims": claims(n)})),
    "many capabilities":            lambda n: role_room(r.event("roles_list", "eve", roles=[{**r.role(2), "role_capabilities": ["canBan"] * n}])),
    "many roles":                   lambda n: role_room(r.event("roles_list", "eve", roles=[r.role(each) for each in range(2, n)])),
    "a long word in a picture":     lambda n: lambda: wrapped("x" * 20 * n, 60, "  "),
    # A state of many events, or of one that is large.
    "roles, and who has each":      lambda n: state("mimi", [*MIMI, *map(role, range(n)), one_role_each(n)], ASK),
    "roles, with ids":              lambda n: state("mimi", [*MIMI, *(role(each, event_id=f"${each}") for each in range(n))], ASK),
    "members":                      lambda n: state("mimi", [*MIMI, *(b.change(b.JOIN, user) for user in users(n))], ASK),
    "other settings":               lambda n: state("mimi", [*MIMI, *({**b.name_of_room(), "state_key": str(each)} for each in range(n))], ASK),
    "power levels":                 lambda n: state("matrix", [*MATRIX, m.levels(users={user: place for place, user in enumerate(users(n))})], ASK_MATRIX),
    "power levels that are none":   lambda n: state("matrix", [*MATRIX, m.levels(users=dict.fromkeys(users(n), "x"))], ASK_MATRIX),
    "members with levels":          lambda n: state("matrix", [*MATRIX, m.levels(users=dict.fromkeys(users(n), 5)), *(m.member("join", user) for user in users(n))], ASK_MATRIX),
    "levels and other settings":    lambda n: state("matrix", [*MATRIX, m.levels(users=dict.fromkeys(users(n), 5)), *(m.promise(str(each)) for each in range(n))], ASK_MATRIX),
    "additional creators":          lambda n: state("matrix", [m.create("12", {"additional_creators": users(n)})], ASK_MATRIX),
    # A history.
    "joins":                        lambda n: log("mimi", *MIMI, *({**b.change(b.JOIN, user), "event_id": user} for user in users(n))),
    "messages":                     lambda n: log("mimi", *MIMI, *({**b.message(b.ALICE), "event_id": user} for user in users(n))),
    "one role, again and again":    lambda n: log("mimi", *MIMI, *(b.role("a", {"ban": bool(each % 2)}) for each in range(n))),
    "role maps after joins":        lambda n: log("mimi", *MIMI, *(b.change(b.JOIN, user) for user in users(n)), *(b.role("a", {"ban": bool(each % 2)}) for each in range(n))),
    "join rules of many holders":   lambda n: log("mimi", *MIMI, b.role("all", b.ALL_POWERS), one_role(n, b.ALICE), *(b.join_rule("knock") for _ in range(n))),
    "join rules by strangers":      lambda n: log("mimi", *MIMI, b.role("all", b.ALL_POWERS), one_role(n, b.ALICE), *(b.join_rule("knock", "@z:z") for _ in range(n))),
    "roles by strangers":           lambda n: log("mimi", *MIMI, b.role("all", b.ALL_POWERS), one_role(n, b.ALICE), *(b.role("x", {}, "@z:z") for _ in range(n))),
    "memberships":                  lambda n: log("matrix", *MATRIX, *({**m.member("join", user), "event_id": user} for user in users(n))),
    "power levels after joins":     lambda n: log("matrix", *MATRIX, *(m.member("join", user) for user in users(n)), *(LISTED for _ in range(n))),
    "join rules after levels":      lambda n: log("matrix", *MATRIX, m.levels(users=dict.fromkeys([m.ALICE, *users(n)], 100)), *(m.join_rules("public") for _ in range(n))),
    "third-party invites":          lambda n: log("matrix", *MATRIX, *(m.promise(str(each)) for each in range(n))),
    "participants":                 lambda n: role_room(*(r.change("eve", user, "add", role_index=2, clients=[user]) for user in users(n))),
    "clients of one user":          lambda n: role_room(*(r.change("ann", "ann", "add_clients", clients=[user]) for user in users(n))),
    "preauthorizations":            lambda n: role_room(*(r.change(user, user, "add", role_index=2, credential={"claims": claims(1)}) for user in users(n)),
                                                        preauth_list={"preauthorized_entries": [{"claimset": [claim], "target_role": 2} for claim in claims(n)]}),
    "join links":                   lambda n: role_room(*(r.change(user, user, "add", role_index=2, join_link="x") for user in users(n)),
                                                        join_links={"join_links": [{"join_link": str(each), "target_role_index": 2} for each in range(n)]}),
}
# fmt: on


@pytest.mark.parametrize("made", SIZES.values(), ids=SIZES)
def test_twice_the_size_is_twice_the_work(made: Callable[[int], Act]) -> None:
    made(5)()  # whatever is worked out once
    one, two = (steps(made(number)) for number in (60, 120))
    assert two < 2.3 * one


def test_third_party_invites_are_seldom_copied() -> None:
    values = [Promises()]
    for number in range(1000):
        values.append(values[-1].but(str(number % 700), Promise(m.ALICE, {"number": number})))
    copied = sum(
        len(part) for old, new in pairwise(values) for part in new.parts if not any(part is each for each in old.parts)
    )
    assert copied < 12_000
    for count in (0, 1, 2, 699, 700, 701, 1000):
        numbers = [last.content["number"] for token in range(700) if (last := values[count].get(str(token)))]
        assert numbers == [each + 700 * (each + 700 < count) for each in range(min(count, 700))]


def holders(number: int) -> JSON:
    half = number // 2
    return b.role_map(("a", 1, users(half)), ("b", 2, users(number - half)))


def combined(number: int) -> JSON:
    """A role map by which one permission is held in so many combinations of roles."""
    return b.role_map(
        ("full", 1, users(number)), *((f"r{place}", place + 2, [user]) for place, user in enumerate(users(number)))
    )


# fmt: off
LIMITS: list[tuple[str, Callable[[int], JSON], str]] = [
    ("MAX_ROLES",     lambda n: b.role_map(*((f"r{each}", each, []) for each in range(n))), "`content.roles`: has 9 roles, 8 is the most"),
    ("MAX_ROLES",     lambda n: b.role(f"r{n - 2}", {}),                                    "would be one of 9 roles, 8 is the most"),
    ("MAX_HOLDERS",   holders,                                                              "`content.roles`: names 9 users, 8 is the most"),
    ("MAX_STANDINGS", combined,                                      "makes 9 permissions of roles that are held together, 8 is the most"),
]
# fmt: on


@pytest.mark.parametrize(("limit", "made", "problem"), LIMITS, ids=range(len(LIMITS)))
def test_the_roles_of_a_room_have_limits(
    limit: str, made: Callable[[int], JSON], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (permissions, roles):
        monkeypatch.setattr(module, limit, 8, raising=False)
    given: list[object] = [b.create(), *(b.role(f"r{each}", {}) for each in range(7)), b.role("full", {"ban": True})]
    room = room_from_state(load_rules("mimi"), given)
    for act in (room.decide, room.send, room.take):
        with pytest.raises(EventError) as caught:
            act(made(9))
        assert str(caught.value) == problem
    with pytest.raises(EventError) as caught:
        room_from_state(load_rules("mimi"), [*given, made(9)])
    assert str(caught.value).endswith(problem.rpartition("`: ")[2])
    assert room.send(made(8))


# Values of Python may hold one object many times over, so that they are far longer as text.

SHARED: dict[str, Callable[[Any], Any]] = {
    "lists": lambda inner: [inner, inner],
    "objects": lambda inner: {"a": inner, "b": inner},
    "objects in lists": lambda inner: {"a": [inner, inner]},
}


@pytest.mark.parametrize("around", SHARED.values(), ids=SHARED)
def test_what_is_shared_is_looked_at_once(around: Callable[[Any], Any]) -> None:
    def shared(number: int) -> Any:
        value: Any = {}
        for _ in range(number):
            value = around(value)
        return value

    for policy, events, event in (("mimi", MIMI, ASK), ("matrix", MATRIX, ASK_MATRIX)):
        for extra in ("unsigned", "content"):
            small, large = (
                {**event, extra: {**event["content"], "x": shared(number)} if extra == "content" else shared(number)}
                for number in (8, 40)
            )
            state(policy, events, small)()
            assert steps(state(policy, events, large)) < 20 * steps(state(policy, events, small))


def test_a_long_list_that_is_shared_is_looked_at_once() -> None:
    shared = ["x"] * 1000
    event = {**ASK, "content": {**ASK["content"], **{str(number): shared for number in range(100)}}}
    assert steps(lambda: plain(event)) < 30_000


@pytest.mark.parametrize("shared", [["x"] * 1000, dict.fromkeys(map(str, range(1000)), "x")], ids=["list", "object"])
def test_what_is_large_and_shared_by_few_is_looked_at_once(shared: Any) -> None:
    assert steps(lambda: expect_plain({str(number): shared for number in range(30)})) < 40_000
