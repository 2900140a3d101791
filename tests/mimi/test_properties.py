"""Laws in words, over long random histories: what no sequence of events can bring about."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fsm import Action, Decision, EventError, Participation, Room
from fsm.mimi.settings import Settings
from tests.builders import ALICE, BAN, JOIN, JSON, KNOCK, LEAVE, ROOM_ID, change, create, inside, message
from tests.mimi.histories import USERS, histories
from tests.mimi.plain import PlainRoom

PARTICIPATION = ("m.user", "m.room.user")


@dataclass(frozen=True)
class Step:
    """One event sent: who stood where before and after, and what was set; no decision if it could not be read."""

    event: JSON
    decision: Decision | None
    before: dict[str, Participation]
    after: dict[str, Participation]
    set_before: Settings
    set_after: Settings

    @property
    def moved(self) -> set[str]:
        return {user for user in USERS if self.before[user] is not self.after[user]}


def send(room: Room, event: JSON) -> Decision | None:
    try:
        return room.send(event)
    except EventError:
        return None


def steps(history: list[JSON]) -> Iterator[Step]:
    """What becomes of each event; one that comes again has its first answer, and changes nothing."""
    room = Room.create(ROOM_ID, ALICE)
    where = {user: room.participation(user) for user in USERS}
    for event in history:
        before, settings = where, room._settings
        known = answer(room.answered, event)
        decision = send(room, event)
        where = {user: room.participation(user) for user in USERS}
        if isinstance(known, Decision):
            assert (decision, where, room._settings) == (known, before, settings)
            continue
        yield Step(event, decision, before, where, settings, room._settings)


@given(history=histories())
def test_a_banned_user_gets_nowhere_without_an_unban(history: list[JSON]) -> None:
    for step in steps(history):
        for user in step.moved:
            if step.before[user] is BAN:
                assert step.after[user] is LEAVE
                assert step.decision is not None
                assert step.decision.transition == "unban"
                assert step.event["sender"] != user


@given(history=histories())
def test_nobody_joins_or_knocks_for_another(history: list[JSON]) -> None:
    for step in steps(history):
        if step.decision and step.decision.after in (JOIN, KNOCK):
            assert step.event["sender"] == step.event["state_key"]
        for user in step.moved:
            if step.after[user] in (JOIN, KNOCK):
                assert step.event["sender"] == user


@given(history=histories())
def test_who_is_not_joined_changes_nobody_else_and_no_setting(history: list[JSON]) -> None:
    for step in steps(history):
        sender = step.event.get("sender")
        if step.before.get(str(sender)) is not JOIN:
            assert step.moved <= {sender}
            assert step.set_after is step.set_before
            assert not step.decision or step.event["state_key"] == sender


@given(history=histories())
def test_participation_never_changes_permissions_nor_the_reverse(history: list[JSON]) -> None:
    for step in steps(history):
        if step.event.get("type") in PARTICIPATION:
            assert step.set_after is step.set_before
        else:
            assert step.moved == set()


@given(history=histories())
def test_an_event_moves_its_target_and_nobody_else(history: list[JSON]) -> None:
    for step in steps(history):
        if not step.decision or step.decision.transition is None:
            assert step.moved == set()
        else:
            target = step.event["state_key"]
            assert step.moved <= {target}
            assert (step.decision.before, step.decision.after) == (step.before[target], step.after[target])


@given(history=histories())
def test_rejected_and_malformed_events_change_nothing(history: list[JSON]) -> None:
    room = Room.create(ROOM_ID, ALICE)
    for event in history:
        before = inside(room)
        if not send(room, event):
            assert inside(room) == before


@given(history=histories())
def test_decide_equals_send_and_changes_nothing(history: list[JSON]) -> None:
    room = Room.create(ROOM_ID, ALICE)
    for event in history:
        before = inside(room)
        foreseen = answer(room.decide, event)
        assert inside(room) == before
        assert answer(room.send, event) == foreseen


@given(history=histories())
def test_the_quick_way_answers_as_the_careful_way(history: list[JSON]) -> None:
    room = Room.create(ROOM_ID, ALICE)
    for event in history:
        quick = answer(room.decide, event)
        careful = answer(room._decide_carefully, event)
        assert quick == careful
        if isinstance(quick, Decision) and quick.before is not None:
            assert quick is careful, "both end in one table"
        send(room, event)


def answer(ask: Any, event: JSON) -> Decision | tuple[str, str]:
    """A decision, or what is wrong with the event."""
    try:
        decision: Decision = ask(event)
    except EventError as error:
        return error.field, error.problem
    return decision


@given(history=histories())
def test_replaying_twice_gives_the_same(history: list[JSON]) -> None:
    one, other = Room.create(ROOM_ID, ALICE), Room.create(ROOM_ID, ALICE)
    assert [answer(one.send, event) for event in history] == [answer(other.send, event) for event in history]
    assert inside(one) == inside(other)


@given(history=histories())
def test_every_answer_explains_itself(history: list[JSON]) -> None:
    for step in steps(history):
        if step.decision is None:
            continue
        if step.decision:
            assert (step.decision.refusals, step.decision.reason) == ((), "")
        else:
            assert step.decision.reason
            assert "\n" not in step.decision.reason
            assert step.decision.before is step.decision.after
            assert all(refusal.failed for refusal in step.decision.refusals)


@given(history=histories())
def test_menus_offer_exactly_what_is_allowed(history: list[JSON]) -> None:
    room = Room.create(ROOM_ID, ALICE)
    for event in history:
        send(room, event)
    for sender, target in product(USERS, USERS):
        menu = room.actions(sender, target)
        for action in Action:
            assert room.decide(change(action, sender, target)).transition == menu.get(action)


@given(history=histories(malformed=False))
def test_a_second_reading_of_the_drafts_agrees(history: list[JSON]) -> None:
    room, plain = Room(ROOM_ID), PlainRoom()
    for event in [message(ALICE), create(), *history]:
        decision = room.send(event)
        assert (decision.allowed, decision.transition) == plain.send(event), event
    for sender, target in product(USERS, USERS):
        assert room.facts(sender, target) == plain.facts(sender, target)


@given(history=histories(malformed=False), data=st.data())
def test_a_room_rebuilt_from_its_current_state_answers_alike(history: list[JSON], data: st.DataObject) -> None:
    room, current = Room(ROOM_ID), {}
    for event in [create(), *history]:
        if room.send(event) and "state_key" in event:
            kind = "participation" if event["type"] in PARTICIPATION else event["type"]
            current[kind, event["state_key"]] = event
    rebuilt = Room.from_state(data.draw(st.permutations(list(current.values()))))
    assert rebuilt.participations() == room.participations()
    for sender, target in product(USERS, USERS):
        assert rebuilt.standing(sender) == room.standing(sender)
        for action in Action:
            assert rebuilt.decide_action(action, sender, target) is room.decide_action(action, sender, target)


def test_the_histories_are_worth_walking() -> None:
    # Not what may happen but what does, so that no law above holds for want of cases.
    seen: set[str] = set()

    # Hypothesis takes hints from what else is loaded, so that the examples are not the same in every run.
    @settings(max_examples=400)
    @given(history=histories())
    def walk(history: list[JSON]) -> None:
        for step in steps(history):
            if step.decision is None:
                seen.add("malformed")
            elif step.decision.transition:
                seen.add(step.decision.transition)
            else:
                seen.update(refusal.failed[0] for refusal in step.decision.refusals)
                seen.add("other allowed" if step.decision else "refused")
            if step.set_before.roles.reigning and not step.set_after.roles.reigning:
                seen.add("end of the reign")

    walk()
    assert seen >= {
        *("invite", "reinvite", "welcome", "accept", "join", "rejoin", "knock", "reknock", "decline", "leave"),
        *("withdraw", "revoke", "kick", "deny", "ban", "reban", "unban"),
        *("malformed", "refused", "other allowed", "end of the reign"),
    }
