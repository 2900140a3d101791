"""Rooms that start with a policy envelope, and tell theirs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import Domain, EventError, JoinRule, Room, Visibility
from fsm.mimi.envelope import Envelope, EnvelopeError
from fsm.mimi.permissions import Assignment
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BAN,
    BOB,
    DAN,
    INVITE,
    JOIN,
    JSON,
    LEAVE,
    ROOM_ID,
    change,
    create,
    error_of,
    inside,
    join_rule,
    label,
    message,
    name_of_room,
    role,
    role_map,
    room,
    set_at,
    visibility,
)
from tests.mimi.envelopes import FULL, VALUE, envelopes
from tests.mimi.histories import DEFINITIONS, MAPS, USERS, histories


@pytest.mark.parametrize("policy", [MIMI, MIMI_00, MIMI_01], ids=label)
@given(data=st.data())
def test_a_room_has_the_envelope_that_it_starts_with(policy: MimiPolicy, data: st.DataObject) -> None:
    envelope = Envelope.from_json({**data.draw(envelopes).as_json(), "policy": policy.id})
    tea = Room.create(ROOM_ID, ALICE, policy=policy, envelope=envelope)
    assert tea.envelope() == envelope
    assert tea.participations() == {ALICE: JOIN}
    is_anybody_assigned = any(entry.users for entry in envelope.assignments)
    assert tea.actions(ALICE, BOB).keys() >= ({INVITE, BAN} if not is_anybody_assigned else set())


@given(history=histories())
def test_a_room_tells_its_envelope(history: list[JSON]) -> None:
    tea = Room.create(ROOM_ID, ALICE)
    for event in history:
        try:
            tea.send(event)
        except EventError:
            continue
    envelope = tea.envelope()
    assert Envelope.from_json(envelope.as_json()) == envelope
    assert Room.create(ROOM_ID, ALICE, envelope=envelope).envelope() == envelope


@given(
    definitions=st.lists(st.sampled_from(DEFINITIONS), max_size=3),
    entries=st.sampled_from([*MAPS[:9], []]),
    rule=st.sampled_from(["invite", "knock", "public"]),
    view=st.sampled_from(list(Visibility)),
)
def test_an_envelope_does_what_events_do(
    definitions: list[tuple[str, JSON]], entries: list[tuple[str, int, list[str]]], rule: str, view: Visibility
) -> None:
    built = room(join_rule(rule), visibility(view), *(role(*each) for each in definitions), role_map(*entries))
    started = Room.create(ROOM_ID, ALICE, envelope=built.envelope())
    assert inside(started) == inside(built)
    for sender, target in product(USERS, USERS):
        assert started.actions(sender, target) == built.actions(sender, target)


# fmt: off
REIGNS: list[tuple[str, list[JSON], bool]] = [
    ("nothing",            [],                                                                         True),
    ("nobody assigned",    [{"role_id": "mod", "order": 5, "user_ids": []}],                           True),
    ("somebody assigned",  [{"role_id": "mod", "order": 5, "user_ids": [BOB]}],                        False),
    ("an unknown role",    [{"role_id": "spy", "order": 5, "user_ids": [BOB]}],                        False),
]
# fmt: on


@pytest.mark.parametrize(("entries", "reigns"), [case[1:] for case in REIGNS], ids=[case[0] for case in REIGNS])
def test_the_first_assignment_ends_the_reign(entries: list[JSON], reigns: bool) -> None:
    tea = Room.create(ROOM_ID, ALICE, envelope=Envelope.from_json({**FULL, "assignments": entries}))
    assert tea.decide(change(BAN, ALICE, BOB)).allowed is reigns
    assert tea.decide(name_of_room()).allowed is reigns


def test_a_creator_has_the_powers_of_their_roles() -> None:
    entries = [{"role_id": "owner", "order": 100, "user_ids": [ALICE]}]
    tea = Room.create(
        ROOM_ID, ALICE, envelope=Envelope.from_json({**FULL, "roles": {"owner": ALL_POWERS}, "assignments": entries})
    )
    assert tea.send(change(INVITE, ALICE, DAN))
    assert tea.send(role("member", {"invite": True}))
    assert tea.decide(role("spy", {})).refusals[0].failed == ("touched_roles_are_listed",)


def test_settings_of_an_envelope_are_in_force() -> None:
    tea = Room.create(ROOM_ID, ALICE, envelope=Envelope.from_json(set_at(FULL, ("join_rule",), "public")))
    assert tea.decide(change(JOIN, DAN)).transition == "join"
    assert tea.send({**message(ALICE), "event_id": "$1"})
    assert tea.visible("$1", DAN)


@pytest.mark.parametrize("policy", [MIMI_00, MIMI_01], ids=label)
def test_the_envelope_of_another_policy_is_refused(policy: MimiPolicy) -> None:
    with pytest.raises(EventError, match=rf"^`policy`: `mimi` is another policy than `{policy.id}`$"):
        Room.create(ROOM_ID, ALICE, policy=policy, envelope=VALUE)


def test_a_join_rule_that_the_policy_has_not() -> None:
    narrow = MIMI.evolve("mimi", domain=Domain(MIMI.domain.record, {"join_rule": (JoinRule.INVITE,)}))
    error = error_of(lambda: Room.create(ROOM_ID, ALICE, policy=narrow, envelope=Envelope("mimi", JoinRule.PUBLIC)))
    assert error is not None
    assert error.field.endswith("join_rule")
    assert error.problem == "`public` is no join rule of policy `mimi`"
    error = error_of(lambda: Room.restore(room(join_rule("public")).snapshot(), policy=narrow))
    assert error is not None
    assert error.field == "fingerprint"


def test_an_envelope_made_by_hand_is_checked() -> None:
    entry = Assignment("mod", 2**32, frozenset({""}))
    with pytest.raises(EnvelopeError) as caught:
        Room.create(ROOM_ID, ALICE, envelope=Envelope("mimi", JoinRule.PRIVATE, assignments=(entry, entry)))
    assert [fault.field for fault in caught.value.faults] == [
        "join_rule",
        "assignments[0].order",
        "assignments[0].user_ids[0]",
        "assignments[1].order",
        "assignments[1].user_ids[0]",
        "assignments[1].role_id",
    ]


def test_a_room_taken_as_it_stands_tells_what_cannot_be_shared() -> None:
    tea = Room.from_state([create(), role_map(("a", 1, []), ("a", 1, [BOB]))])
    with pytest.raises(EnvelopeError):
        Envelope.from_json(tea.envelope().as_json())
    assert Envelope.as_it_stands(tea.envelope().as_json()) == tea.envelope()


def test_the_envelope_of_a_room_stays_as_it_is() -> None:
    tea = Room.create(ROOM_ID, ALICE, envelope=Envelope("mimi", roles={"mod": {("kick", ""): True}}))
    before = tea.envelope()
    assert tea.send(role("mod", {"ban": True}))
    assert tea.send(join_rule("public"))
    assert before.as_json()["roles"] == {"mod": {"kick": True}}
    assert tea.envelope().as_json()["roles"] == {"mod": {"ban": True}}
    assert tea.send(change(LEAVE, ALICE))
