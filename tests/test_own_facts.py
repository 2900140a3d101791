"""Policies that rooms cannot run: of another class, or with facts that no room works out. Each is one line."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, make_dataclass, replace
from typing import Any

import pytest

from fsm import (
    MIMI,
    Change,
    DefinitionError,
    Domain,
    EventError,
    Facts,
    JoinRule,
    MatrixRoom,
    Policy,
    RoleRoom,
    Room,
    Transition,
    about,
    guard,
)
from fsm.bulk.decide.book import book_of
from fsm.bulk.decide.columns import columns_of
from fsm.facts import SENDER
from fsm.family import AnyPolicy
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.policies import MATRIX_12
from fsm.mimi.policies import DOMAIN
from fsm.policies import new_room, room_from_state, scenario_of
from fsm.review.laws.verify import verify
from fsm.room_policy.facts import RoleFacts
from fsm.room_policy.policies import COOPERATIVE, MODERATED
from tests.builders import ALICE, BOB, CAROL, JOIN, LEAVE, create, is_one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Hasty(Facts):
    is_hasty: bool = about(SENDER, plain=False, strong=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HastyMatrix(MatrixFacts):
    is_hasty: bool = about(SENDER, plain=False, strong=False)


@guard("the sender is not hasty", fails="the sender is hasty")
def sender_is_not_hasty(facts: Any) -> bool:
    return not facts.is_hasty


ROW: Transition[Any] = Transition("join", JOIN, {LEAVE}, JOIN, (sender_is_not_hasty,), "1")
READS = MIMI.evolve("reads", domain=Domain(Hasty, DOMAIN.limits), replace=[ROW])
MATRIX_READS = MATRIX_12.evolve(
    "matrix-reads", domain=Domain(HastyMatrix, {}, MATRIX_12.domain.possible), replace=[ROW]
)
IDLE = MIMI.evolve("idle", domain=Domain(Hasty, DOMAIN.limits))
PLAIN: Policy[Any] = Policy("plain", "", "", MIMI.domain, MIMI.transitions, family="fsm.mimi")
FEWER = MIMI.evolve("fewer", domain=Domain(Facts, {"may_ban": (False,)}))
BEGUN = MIMI.evolve("begun", domain=Domain(Facts, {**DOMAIN.limits, "join_rule": (JoinRule.PUBLIC,)}))
NARROW = MATRIX_12.evolve(
    "narrow", domain=Domain(MatrixFacts, {"join_rule": (JoinRule.INVITE, JoinRule.PUBLIC)}, MATRIX_12.domain.possible)
)
NOWHERE = MIMI.evolve("nowhere", family="no.such.family")

# fmt: off
REFUSED: list[tuple[AnyPolicy, str]] = [
    (READS,        "policy `reads` looks at `is_hasty`, which no room of `fsm.mimi` works out"),
    (MATRIX_READS, "policy `matrix-reads` looks at `is_hasty`, which no room of `fsm.matrix` works out"),
    (PLAIN,        "policy `plain` is no MimiPolicy, which is what such rooms are run by"),
    (FEWER,        "policy `fewer`: rooms of `fsm.mimi` need both values of `may_ban`"),
    (NOWHERE,      "policy `nowhere`: there is no family `no.such.family`"),
]
LACKING: list[tuple[AnyPolicy, str]] = [
    (BEGUN,        "policy `begun`: rooms begin with the join rule `invite`, which it lacks"),
    (NARROW,       "policy `narrow`: rooms of `fsm.matrix` need all values of `join_rule`"),
]
USES: list[Callable[[AnyPolicy], object]] = [new_room, lambda policy: room_from_state(policy, []), columns_of]
# fmt: on


@pytest.mark.parametrize("use", USES, ids=["new", "from-state", "columns"])
@pytest.mark.parametrize(("policy", "message"), REFUSED, ids=[policy.id for policy, _ in REFUSED])
def test_what_no_room_can_run_is_refused_in_one_line(
    policy: AnyPolicy, message: str, use: Callable[[AnyPolicy], object]
) -> None:
    with pytest.raises(DefinitionError) as caught:
        use(policy)
    expected = "policy `nowhere` has no columnar replay" if use is columns_of and policy is NOWHERE else message
    assert str(caught.value) == expected
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize("use", USES[:2], ids=["new", "from-state"])
@pytest.mark.parametrize(("policy", "message"), LACKING, ids=[policy.id for policy, _ in LACKING])
def test_a_join_rule_that_rooms_need_is_not_left_out(
    policy: AnyPolicy, message: str, use: Callable[[AnyPolicy], object]
) -> None:
    with pytest.raises(DefinitionError) as caught:
        use(policy)
    assert str(caught.value) == message


# fmt: off
WRONG: list[tuple[type[Any], Any, str]] = [
    (Room,       MATRIX_12, "policy `matrix-12` is no MimiPolicy, which is what such rooms are run by"),
    (MatrixRoom, MIMI,      "policy `mimi` is no MatrixPolicy, which is what such rooms are run by"),
    (Room,       "mimi",    "`'mimi'` is no MimiPolicy, which is what such rooms are run by"),
    (Room,       None,      "`None` is no MimiPolicy, which is what such rooms are run by"),
]
# fmt: on


@pytest.mark.parametrize(("room", "policy", "message"), WRONG, ids=["matrix", "mimi", "word", "none"])
def test_a_room_is_run_by_a_policy_of_its_own_kind(room: type[Any], policy: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        room("!room:x", policy=policy)
    assert str(caught.value) == message


def test_a_fact_that_nobody_looks_at_does_no_harm() -> None:
    assert (IDLE.unsupplied, READS.unsupplied) == ((), ("is_hasty",))
    assert new_room(IDLE).send(create())


def test_rules_may_be_fewer() -> None:
    narrow = MIMI.evolve("narrow", domain=Domain(Facts, {"join_rule": (JoinRule.INVITE,)}))
    assert new_room(narrow).send(create())


def test_tools_do_without_rooms_for_facts_that_no_room_works_out() -> None:
    assert scenario_of(READS) is None
    reviewed = verify(READS)
    assert reviewed.rooms is None
    assert {finding.is_reachable for finding in reviewed.findings} == {None}


def test_tools_that_build_rooms_refuse_a_policy_of_another_class() -> None:
    with pytest.raises(DefinitionError, match="policy `plain` is no MimiPolicy"):
        verify(PLAIN)


# Facts that are provided.

HASTY = {BOB}
HASTY_ROLES = {"ann": False}
PUBLIC = {"type": "m.room.join_rules", "sender": ALICE, "state_key": "", "content": {"rule": "public"}}


def hasty(sender: str, target: str) -> dict[str, object]:
    assert type(target) is str
    return {"is_hasty": sender in HASTY or HASTY_ROLES.get(sender, False)}


def matrix_room(facts: Any) -> Any:
    here = MatrixRoom.create("!room:x", ALICE, policy=MATRIX_READS, facts=facts)
    here.send({"type": "m.room.join_rules", "sender": ALICE, "state_key": "", "content": {"join_rule": "public"}})
    return here


def mimi_room(facts: Any) -> Any:
    here = Room.create("!room:x", ALICE, policy=READS, facts=facts)
    assert here.send(PUBLIC)
    return here


HELPED = [
    pytest.param(mimi_room, id="create"),
    pytest.param(lambda facts: Room.from_state([create(), PUBLIC], policy=READS, facts=facts), id="from-state"),
    pytest.param(lambda facts: Room.restore(mimi_room(facts).snapshot(), policy=READS, facts=facts), id="restore"),
    pytest.param(matrix_room, id="matrix"),
]


@pytest.mark.parametrize("make", HELPED)
def test_a_provider_tells_facts_of_ones_own(make: Callable[[Any], Any]) -> None:
    here = make(hasty)
    for ask in (here.decide_action, here.send_action):
        refused = ask(JOIN, BOB, BOB)
        assert (refused.allowed, [each.failed for each in refused.refusals if each.transition == "join"]) == (
            False,
            [("sender_is_not_hasty",)],
        )
    assert here.facts(BOB, BOB).is_hasty
    assert here.participant(BOB).may(JOIN, by=BOB) == refused
    assert here.targets(JOIN, ALICE) == {ALICE: "rejoin"}
    assert here.send_action(JOIN, CAROL, CAROL)
    assert here.send_action("leave", CAROL, CAROL)
    HASTY.add(CAROL)
    try:
        assert not here.decide_action(JOIN, CAROL, CAROL)
    finally:
        HASTY.remove(CAROL)
    prepared = here.prepare(here._write(JOIN, CAROL, CAROL, None))
    assert prepared.facts == {"is_hasty": False}
    assert here.apply(prepared)


@pytest.mark.parametrize("make", HELPED)
def test_without_a_provider_there_is_no_room(make: Callable[[Any], Any]) -> None:
    with pytest.raises(DefinitionError, match="looks at `is_hasty`, which no room of `fsm"):
        make(None)


# Rooms with roles.


@dataclass(frozen=True, slots=True, kw_only=True)
class HastyRoles(RoleFacts):
    is_hasty: bool = about(SENDER, plain=False)


ROLES = COOPERATIVE.evolve(
    "own-roles",
    domain=Domain(HastyRoles, COOPERATIVE.domain.limits, COOPERATIVE.domain.possible),
    replace=[replace(row, guards=(*row.guards, sender_is_not_hasty)) for row in COOPERATIVE.transitions],
)


def role_room(facts: Any) -> RoleRoom:
    here = RoleRoom.create("room", "ann", policy=ROLES, role=4, facts=facts)
    assert here.send_action("add", "ann", "bob", role_index=2)
    return here


ROLE_ROOMS = [
    pytest.param(role_room, id="create"),
    pytest.param(lambda facts: RoleRoom.restore(role_room(hasty).snapshot(), policy=ROLES, facts=facts), id="restore"),
    pytest.param(
        lambda facts: RoleRoom.from_state(role_room(hasty).current_state(), policy=ROLES, facts=facts), id="from-state"
    ),
    pytest.param(lambda facts: copy(role_room(facts)), id="copy"),
]


@pytest.mark.parametrize("make", ROLE_ROOMS)
def test_a_provider_is_asked_by_rooms_with_roles_also_for_commits(
    make: Callable[[Any], RoleRoom], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, told = make(hasty), list[Change]()
    here.observe(told.append)
    remove = here._write("remove", "ann", "bob", None)
    with monkeypatch.context() as patch:
        patch.setitem(HASTY_ROLES, "ann", True)
        assert here.decide(remove).reason == here.send(remove).reason == "remove: the sender is hasty"
        assert [each.reason for each in here.decide_many([remove])] == ["remove: the sender is hasty"]
        assert not all(here.send_many([remove]))
    assert all(here.send_many([remove]))
    assert [each.facts for each in told] == [{"is_hasty": False}]
    with pytest.raises(DefinitionError, match="looks at `is_hasty`, which no room of `fsm"):
        make(None)


def test_roles_of_a_policy_with_facts_of_its_own_do_not_change() -> None:
    here = role_room(hasty)
    others = RoleRoom.create("room", "ann", policy=MODERATED).current_state()
    roles = next(event for event in others if event["type"] == "roles_list")
    before = here.snapshot()
    with pytest.raises(EventError, match="policy `own-roles` looks at facts of its own"):
        here.take(roles)
    assert here.snapshot() == before


def failing(sender: str, target: str) -> Any:
    raise LookupError(sender + "\n" + target)


# fmt: off
PROBLEMS: list[tuple[Any, str]] = [
    (lambda *_: {},                                   "the provider of facts does not tell `is_hasty`"),
    (lambda *_: {"is_hasty": "perhaps"},              "`perhaps` is no value of `is_hasty`: choose from false, true"),
    (lambda *_: {"is_hasty": 1},                      "`1` is no value of `is_hasty`: choose from false, true"),
    (lambda *_: {"is_hasty": True, "is_late": True},  "unknown fact `is_late`"),
    (lambda *_: {"is_hasty": True, "may_ban": True},  "the provider of facts tells `may_ban`, which the room works out"),
    (lambda *_: None,                                 "the provider of facts fails: TypeError"),
    (lambda _: {},                                    "the provider of facts fails: TypeError"),
    (failing,                                         "the provider of facts fails: LookupError"),
]
# fmt: on


@pytest.mark.parametrize(("facts", "message"), PROBLEMS, ids=range(len(PROBLEMS)))
@pytest.mark.parametrize("make", [mimi_room, matrix_room])
def test_a_provider_that_fails_is_one_line_and_changes_nothing(
    make: Callable[[Any], Any], facts: Any, message: str
) -> None:
    here = make(hasty)
    here._attached.provider = facts
    before = here.participations()
    for ask in (here.decide_action, here.send_action, here.facts):
        with pytest.raises(DefinitionError) as caught:
            ask(*([JOIN] if ask != here.facts else []), CAROL, CAROL)
        assert message in str(caught.value)
        assert is_one_line(str(caught.value))
    assert here.participations() == before


def test_words_are_read() -> None:
    here = mimi_room(lambda *_: {"is_hasty": "true"})
    assert not here.send_action(JOIN, BOB, BOB)


def test_a_provider_is_not_asked_for_what_rooms_work_out() -> None:
    here = Room.create("!room:x", ALICE, facts=failing)
    assert here.send(PUBLIC)
    assert here.send_action(JOIN, BOB, BOB)


def test_a_provider_is_asked_without_a_lock() -> None:
    found = []

    def slow(sender: str, target: str) -> dict[str, bool]:
        with ThreadPoolExecutor(1) as pool:
            found.append(pool.submit(here.participations).result(timeout=20))
        return hasty(sender, target)  # type: ignore[return-value]

    here = mimi_room(hasty)
    here._attached.provider = slow
    assert not here.send_action(JOIN, BOB, BOB)
    assert found


def test_a_domain_whose_codes_would_overflow_is_refused() -> None:
    kinds = [f"f{number}" for number in range(64)]
    record = make_dataclass(
        "Wide", [(name, bool, about(SENDER, plain=False)) for name in kinds], bases=(Facts,), kw_only=True, frozen=True
    )
    wide = MIMI.evolve("wide", domain=Domain(record, DOMAIN.limits))
    with pytest.raises(
        DefinitionError, match=r"^policy `wide` has [0-9]+ cells: columnar replay takes up to"
    ) as caught:
        book_of(wide)
    assert is_one_line(str(caught.value))
    assert Room.create("!x:y", ALICE, policy=wide).send_action(JOIN, ALICE, ALICE)
