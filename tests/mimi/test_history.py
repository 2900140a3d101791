"""What a room remembers: redactions, auth events, views. Who sees what is walked in full."""

from itertools import product

import pytest

from fsm import EventError, Participation, Room, Visibility
from fsm.decision import judge
from fsm.mimi.visibility import VIEWS, ViewFacts
from tests.builders import ALICE, BOB, CAROL, INVITE, JOIN, JSON, change, join_rule, message, role, role_map


def numbered(*events: JSON) -> list[JSON]:
    """Events with ids: `$0`, `$1`, …"""
    return [{**event, "event_id": f"${index}"} for index, event in enumerate(events)]


def create() -> JSON:
    return {"type": "m.room.create", "sender": ALICE, "state_key": "", "content": {}}


def remembering(*events: JSON) -> Room:
    built = Room()
    for event in numbered(create(), *events):
        assert built.send(event), event
    return built


def test_every_view_is_decided_as_the_text_says() -> None:
    walked = product((False, True), Visibility, Participation, (False, True))
    for is_state, visibility, viewer, joined_later in walked:
        facts = ViewFacts(is_state=is_state, visibility=visibility, viewer=viewer, joined_later=joined_later)
        # "State events are always visible to clients." Then the five bullets, in their order.
        shown = (
            is_state
            or visibility == "world"
            or viewer == "join"
            or (visibility == "shared" and joined_later)
            or (viewer == "invite" and visibility == "invited")
        )
        view = judge(VIEWS, facts)
        assert view.allowed is shown, facts
        assert bool(view.reason) is not shown


def test_what_the_room_knows_nothing_of_is_not_shown() -> None:
    built = remembering()
    assert built.visible("$0", BOB) is True
    assert built.visible("$9", ALICE) is False
    assert built.view("$9", ALICE).reason == "the room knows no event `$9`"
    assert Room.create("!r", ALICE).visible("$0", ALICE) is False


def redaction(sender: str, event_id: str) -> JSON:
    return {"type": "m.room.redaction", "sender": sender, "content": {"redacts": event_id}}


MEETING = [change(INVITE, ALICE, BOB), change(JOIN, BOB), message(BOB), message(ALICE)]
MODERATED = [*MEETING, role("mod", {"redact": True}), role_map(("mod", 1, [ALICE]))]

# fmt: off
REDACTIONS: list[tuple[str, str, bool, tuple[str, ...]]] = [
    (BOB,    "$3", True,  ()),
    (BOB,    "$4", False, ("event_is_own", "sender_may_redact")),
    (BOB,    "$9", False, ("event_is_own", "sender_may_redact")),
    (ALICE,  "$3", True,  ()),
    (ALICE,  "$9", True,  ()),
    (CAROL,  "$3", False, ("sender_is_joined", "event_is_own", "sender_is_joined", "sender_may_redact")),
]
# fmt: on


@pytest.mark.parametrize(("sender", "event_id", "allowed", "failed"), REDACTIONS)
def test_redactions(sender: str, event_id: str, allowed: bool, failed: tuple[str, ...]) -> None:
    decision = remembering(*MODERATED).decide(redaction(sender, event_id))
    assert decision.allowed is allowed
    assert tuple(name for refusal in decision.refusals for name in refusal.failed) == failed
    assert [refusal.transition for refusal in decision.refusals] == ([] if allowed else ["redact_own", "redact"])


@pytest.mark.parametrize("content", [{}, {"redacts": 5}, {"redacts": ""}])
def test_a_redaction_names_an_event(content: JSON) -> None:
    with pytest.raises(EventError, match=r"`content.redacts`"):
        remembering().decide({**redaction(ALICE, "$0"), "content": content})


# $0 create, $1 invite, $2 join of Bob, $3 role, $4 role map, $5 join rules, $6 an unrelated setting
BACKED = [
    change(INVITE, ALICE, BOB), change(JOIN, BOB),
    role("mod", {"invite": True, "kick": True, "events": {"m.room.name": True}}),
    join_rule("public"), {"type": "m.room.topic", "sender": ALICE, "state_key": "", "content": {}},
    role_map(("mod", 1, [ALICE, BOB])),
]  # fmt: skip
CREATE, JOINED_BOB, MOD, RULE, TOPIC, MAP = "$0", "$2", "$3", "$4", "$5", "$6"

# fmt: off
SELECTIONS: list[tuple[JSON, list[str]]] = [
    (create(),                         []),
    (message(BOB),                     [CREATE, JOINED_BOB, MAP, MOD]),
    (message(CAROL),                   [CREATE, MAP]),
    (message(ALICE),                   [CREATE, MAP, MOD]),
    (change("leave", ALICE, BOB),      [CREATE, MAP, MOD, JOINED_BOB]),
    (change("invite", BOB, CAROL),     [CREATE, JOINED_BOB, MAP, MOD, RULE]),
    (change("join", BOB),              [CREATE, JOINED_BOB, MAP, MOD, RULE]),
    (change("join", CAROL),            [CREATE, MAP, RULE]),
    (change("knock", CAROL),           [CREATE, MAP]),
]
# fmt: on


@pytest.mark.parametrize(("event", "selected"), SELECTIONS)
def test_which_events_back_an_event(event: JSON, selected: list[str]) -> None:
    assert remembering(*BACKED).auth_events(event) == selected


def test_a_room_without_ids_has_nothing_to_select() -> None:
    assert Room.create("!r", ALICE).auth_events(message(ALICE)) == []


RIGHT = [CREATE, JOINED_BOB, MAP, MOD]

# fmt: off
AUTH_EVENTS: list[tuple[list[str], tuple[str, ...]]] = [
    (RIGHT,                              ()),
    (RIGHT[::-1],                        ()),
    (RIGHT[1:],                          ("auth_events_are_complete",)),
    ([],                                 ("auth_events_are_complete",)),
    ([*RIGHT, TOPIC],                    ("auth_events_are_selected",)),
    ([*RIGHT, CREATE],                   ("auth_events_are_selected",)),
    ([*RIGHT, "$99"],                    ("auth_events_are_known",)),
    ([CREATE, "$1", MAP, MOD],           ("auth_events_are_current",)),
    (["$99", "$1", MAP, TOPIC],          ("auth_events_are_known", "auth_events_are_current", "auth_events_are_complete",
                                          "auth_events_are_selected")),
]
# fmt: on


@pytest.mark.parametrize(("given", "failed"), AUTH_EVENTS)
def test_the_auth_events_that_an_event_names(given: list[str], failed: tuple[str, ...]) -> None:
    decision = remembering(*BACKED).decide({**message(BOB), "authEvents": given})
    assert decision.allowed is not bool(failed)
    assert [refusal.transition for refusal in decision.refusals] == (["auth_events"] if failed else [])
    assert [name for refusal in decision.refusals for name in refusal.failed] == list(failed)


def test_auth_events_are_asked_before_anything_moves() -> None:
    built = remembering(*BACKED)
    decision = built.send({**change("leave", BOB), "authEvents": ["$99"]})
    assert decision.refusals[0].transition == "auth_events"
    assert built.participation(BOB) is JOIN
    assert built.send({**change("leave", BOB), "authEvents": RIGHT}).transition == "leave"


@pytest.mark.parametrize("auth_events", [None, "$0", 5, {}, [5], [""], [None]])
def test_auth_events_are_a_list_of_ids(auth_events: object) -> None:
    with pytest.raises(EventError, match="`authEvents"):
        remembering().decide({**message(ALICE), "authEvents": auth_events})
