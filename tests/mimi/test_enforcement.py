"""Hub and client: who is told what, what each side stops, and that they never contradict each other."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import MIMI, EventError, ObserverError, Participant, Room, Visibility
from fsm.mimi.enforcement import (
    AUTHENTIC,
    DECRYPTED,
    ENCRYPTED,
    Client,
    Hub,
    Verdict,
    event_is_authentic,
    event_is_decrypted,
)
from fsm.mimi.permits import Kind
from fsm.mimi.policies import MIMI_00, MIMI_01, MimiPolicy
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    DAN,
    INVITE,
    JOIN,
    JSON,
    KNOCK,
    LEAVE,
    ROOM_ID,
    Given,
    change,
    create,
    error_of,
    inside,
    is_one_line,
    join_rule,
    joined,
    label,
    message,
    role,
    role_map,
    room,
    visibility,
)
from tests.mimi.histories import MALFORMED, MESSAGES, USERS, histories

POLICIES = [MIMI, MIMI_00, MIMI_01]

A, B, C = "a.example", "b.example", "c.example"
"""The providers: Alice and Carol are at the first, Bob at the second, Dan at the third."""


def provider_of(user: str) -> str:
    return user.rpartition(":")[2]


def encrypted(sender: str, inside: object = None, **more: Any) -> JSON:
    """An encrypted message. The test's clients keep what is inside beside the event, under `key`."""
    key = {} if inside is None else {"key": inside}
    return {"type": ENCRYPTED, "sender": sender, "content": {"ciphertext": "…"}, **key, **more}


def plain(event: Mapping[str, Any]) -> object:
    return event.get("key")


def hidden(kind: str, **content: Any) -> JSON:
    return {"type": kind, "content": content}


def hub_of(tea: Room) -> Hub:
    return Hub(tea, provider_of=provider_of, is_authentic=lambda event: "forged" not in event)


def client_of(tea: Room, user: str) -> Client:
    return Client(Room.restore(tea.snapshot(), policy=tea.policy), user, plain)


def renamed(events: Iterable[Given]) -> list[JSON]:
    """Participation goes by the name that every policy knows."""
    return [{**event, "type": "m.room.user"} if event.get("type") == "m.user" else {**event} for event in events]


MUTED = [role("mute", {"sendMessages": False}), role_map(("mute", 1, [BOB]))]


def tea_room(*events: Given, policy: MimiPolicy = MIMI) -> Room:
    return room(*renamed([*joined(BOB, CAROL), *events]), policy=policy)


def test_the_rows() -> None:
    assert [(row.id, row.guards, row.clause) for row in (AUTHENTIC, DECRYPTED)] == [
        ("authentic", (event_is_authentic,), "-00 3"),
        ("decrypted", (event_is_decrypted,), "-01 1"),
    ]


# The hub: what has happened before, the event, the verdict, and who is told or which guards failed.
# fmt: off
ALLOWED, REJECTED, FOR_THE_CLIENT = Verdict
RECEIVED: list[tuple[str, list[JSON], JSON, Verdict, tuple[str, ...]]] = [
    ("a message",                    [],                            message(BOB),                ALLOWED,        (A, B)),
    ("a state event",                [],                            join_rule("public"),         ALLOWED,        (A, B)),
    ("an invite",                    [],                            change(INVITE, ALICE, DAN),  ALLOWED,        (A, B, C)),
    ("a declined invite",            [change(INVITE, ALICE, DAN)],  change(LEAVE, DAN),          ALLOWED,        (A, B, C)),
    ("a message after an invite",    [change(INVITE, ALICE, DAN)],  message(ALICE),              ALLOWED,        (A, B)),
    ("a knock",                      [join_rule("knock")],          change(KNOCK, DAN),          ALLOWED,        (A, B, C)),
    ("a join",                       [join_rule("public")],         change(JOIN, DAN),           ALLOWED,        (A, B, C)),
    ("the last of a provider goes",  [],                            change(LEAVE, BOB),          ALLOWED,        (A, B)),
    ("the last of a provider is kicked", [],                        change(LEAVE, ALICE, BOB),   ALLOWED,        (A, B)),
    ("a message after that",         [change(LEAVE, BOB)],          message(ALICE),              ALLOWED,        (A,)),
    ("a ban of a stranger",          [],                            change(BAN, ALICE, DAN),     ALLOWED,        (A, B, C)),
    ("an encrypted message",         [],                            encrypted(BOB),              FOR_THE_CLIENT, (A, B)),
    ("one of a user who is muted",   MUTED,                         encrypted(BOB),              FOR_THE_CLIENT, (A, B)),
    ("one of a stranger",            [],                            encrypted(DAN),              REJECTED,       ("sender_is_joined",)),
    ("one of somebody banned",       [change(BAN, ALICE, BOB)],     encrypted(BOB),              REJECTED,       ("sender_is_joined",)),
    ("one of somebody invited",      [change(INVITE, ALICE, DAN)],  encrypted(DAN),              REJECTED,       ("sender_is_joined",)),
    ("a message of a stranger",      [],                            message(DAN),                REJECTED,       ("sender_is_joined",)),
    ("a message of a muted user",    MUTED,                         message(BOB),                REJECTED,       ("message_is_not_denied",)),
    ("a kick of the creator",        [],                            change(LEAVE, BOB, ALICE),   REJECTED,       ("sender_is_target",)),
    ("a second creation",            [],                            create(BOB),                 REJECTED,       ("room_is_new",)),
    ("a forged message",             [],                            {**message(BOB), "forged": 1},              REJECTED, ("event_is_authentic",)),
    ("a forged invite",              [],                            {**change(INVITE, ALICE, DAN), "forged": 1}, REJECTED, ("event_is_authentic",)),
    ("a forged encrypted message",   [],                            encrypted(BOB, forged=1),    REJECTED,       ("event_is_authentic",)),
    ("one backed by an unknown event", [],                          encrypted(BOB, authEvents=["$9"]), REJECTED, ("auth_events_are_known",)),
]
# fmt: on
NAMES = [case[0] for case in RECEIVED]


@pytest.mark.parametrize(("before", "event", "verdict", "expected"), [case[1:] for case in RECEIVED], ids=NAMES)
def test_what_the_hub_does(before: list[JSON], event: JSON, verdict: Verdict, expected: tuple[str, ...]) -> None:
    hub = hub_of(tea_room(*before))
    state = inside(hub.room)
    delivery = hub.receive(event)
    waiting = {provider: hub.drain(provider) for provider in (A, B, C)}
    assert delivery.verdict is verdict
    assert bool(delivery) is (verdict is not REJECTED)
    assert delivery.decision.allowed is bool(delivery)
    if delivery:
        assert delivery.providers == expected
        assert waiting == {provider: [event] if provider in expected else [] for provider in (A, B, C)}
    else:
        # Neither added nor forwarded.
        assert delivery.decision.refusals[0].failed == expected
        assert is_one_line(delivery.decision.reason)
        assert delivery.providers == ()
        assert waiting == {A: [], B: [], C: []}
        assert inside(hub.room) == state


def test_the_creation_goes_to_the_creator() -> None:
    hub = hub_of(Room(ROOM_ID))
    assert hub.receive(create()).providers == (A,)
    assert hub.drain(A) == [create()]


def test_a_queue_keeps_the_order_and_is_emptied() -> None:
    hub = hub_of(tea_room())
    sent = [message(ALICE), encrypted(BOB), change(INVITE, CAROL, DAN), change(INVITE, ALICE, DAN), message(CAROL)]
    for event in sent:
        hub.receive(event)
    assert hub.drain(B) == [message(ALICE), encrypted(BOB), change(INVITE, ALICE, DAN), message(CAROL)]
    assert hub.drain(B) == []
    assert len(hub.drain(A)) == 4
    assert hub.drain("nowhere.example") == []


@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_an_encrypted_message_is_added_once(policy: MimiPolicy) -> None:
    hub = hub_of(tea_room(policy=policy))
    assert hub.receive(encrypted(BOB))
    assert hub.room.snapshot()["history"] is None  # nothing to remember it by
    assert hub.receive(encrypted(BOB, event_id="$1", authEvents=[]))
    assert hub.receive(encrypted(BOB))
    assert hub.room.kept == len(["what was the rule", ALICE, BOB, CAROL, "$1"])
    assert [hub.room.visible("$1", user) for user in (ALICE, BOB, DAN)] == [True, True, False]


def test_what_is_hidden_is_no_state() -> None:
    tea = tea_room()
    with pytest.raises(EventError, match=r"^`state_key`: must not be there: state is never hidden$"):
        tea.send_unread(encrypted(BOB, state_key=""))


@pytest.mark.parametrize("answer", [False, None, 0, 1, "yes", [True]], ids=repr)
def test_only_true_is_authentic(answer: Any) -> None:
    hub = Hub(tea_room(), provider_of=provider_of, is_authentic=lambda _: answer)
    assert hub.receive(message(ALICE)).decision.refusals[0].failed == ("event_is_authentic",)


def test_the_hook_sees_the_whole_event() -> None:
    seen: list[Mapping[str, Any]] = []

    def is_authentic(event: Mapping[str, Any]) -> bool:
        seen.append(event)
        return True

    hub = Hub(tea_room(), provider_of=provider_of, is_authentic=is_authentic)
    event = {**message(ALICE), "signatures": {"a.example": "…"}}
    assert hub.receive(event)
    assert seen == [event]


@pytest.mark.parametrize("hook", ["provider_of", "is_authentic"])
def test_a_hook_that_fails_leaves_nothing_changed(hook: str) -> None:
    def fail(_: object) -> Any:
        raise LookupError

    hooks: dict[str, Any] = {"provider_of": provider_of, "is_authentic": lambda _: True, hook: fail}
    hub = Hub(tea_room(), **hooks)
    before = inside(hub.room)
    with pytest.raises(LookupError):
        hub.receive(change(INVITE, ALICE, DAN))
    assert inside(hub.room) == before
    assert hub.drain(A) == []


def test_a_callback_that_fails_keeps_nobody_from_hearing() -> None:
    class Stumbling(Participant):
        def on_enter_ban(self, _: object) -> None:
            raise LookupError

    hub = hub_of(room(*joined(BOB), participant=Stumbling))
    with pytest.raises(ObserverError, match="LookupError"):
        hub.receive(change(BAN, ALICE, BOB))
    assert hub.room.participation(BOB) is BAN
    assert hub.drain(A) == hub.drain(B) == [change(BAN, ALICE, BOB)]


@pytest.mark.parametrize(
    "event", [change(INVITE, BOB, DAN), message(BOB), encrypted(BOB)], ids=["change", "message", "encrypted"]
)
def test_what_is_passed_on_is_what_the_room_has_accepted(event: JSON) -> None:
    bans = iter([change(BAN, ALICE, BOB)])

    def provider_of_user(user: str) -> str:
        for ban in bans:  # somebody else is first, once
            assert hub.receive(ban)
        return provider_of(user)

    hub = Hub(tea_room(), provider_of=provider_of_user, is_authentic=lambda _: True)
    delivery = hub.receive(event)
    assert (delivery.verdict, delivery.providers) == (Verdict.REJECTED, ())
    assert hub.drain(A) == [change(BAN, ALICE, BOB)]
    assert hub.room.participation(BOB) is BAN


def test_what_observers_send_to_the_hub_is_passed_on_after_what_they_were_told() -> None:
    hub = hub_of(tea_room())
    answers = [change(BAN, ALICE, DAN)]
    hub.room.observe(lambda _: [hub.receive(answers.pop()) for _ in answers[:1]])
    assert hub.receive(change(INVITE, ALICE, DAN))
    assert [event["content"]["participation"] for event in hub.drain(A)] == ["invite", "ban"]


# What is malformed: the event, and the field. Hub and client say the same.
# fmt: off
BAD: list[tuple[str, Any, str]] = [
    ("no object",               [],                                                        ""),
    ("no type",                 {"sender": BOB, "content": {}},                            "type"),
    ("no content",              {"type": ENCRYPTED, "sender": BOB},                        "content"),
    ("no ciphertext",           encrypted(BOB, content={}),                                "content.ciphertext"),
    ("no text",                 encrypted(BOB, content={"ciphertext": 7}),                 "content.ciphertext"),
    ("an empty text",           encrypted(BOB, content={"ciphertext": ""}),                "content.ciphertext"),
    ("a huge text",             encrypted(BOB, content={"ciphertext": "x" * 65_536}),      "content.ciphertext"),
    ("encrypted state",         encrypted(BOB, state_key=""),                              "state_key"),
    ("encrypted state with a key", encrypted(ALICE, hidden("m.room.name"), state_key=""),  "state_key"),
    ("another room",            encrypted(BOB, room_id="!other:x"),                        "room_id"),
    ("an id that is none",      encrypted(BOB, event_id=7),                                "event_id"),
    ("backing that is none",    encrypted(BOB, authEvents="$1"),                           "authEvents"),
    ("no such participation",   change("dance", BOB),                                      "content.participation"),
    ("no such join rule",       join_rule("open"),                                         "content.rule"),
]
# fmt: on


@pytest.mark.parametrize(("event", "field"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_is_malformed_changes_nothing(event: Any, field: str) -> None:
    hub, client = hub_of(tea_room()), client_of(tea_room(), BOB)
    for room_, receive in ((hub.room, hub.receive), (client.room, client.receive)):
        before = inside(room_)
        with pytest.raises(EventError) as caught:
            receive(event)
        assert caught.value.field == field
        assert is_one_line(str(caught.value))
        assert inside(room_) == before
    assert hub.drain(A) == []


# The client: what is inside an encrypted message of Bob's, and which guards fail.
HELLO = hidden("m.message", body="hello")
BOBS = {**message(BOB), "event_id": "$1"}
ALICES = {**message(ALICE), "event_id": "$2"}
NO_STICKERS = [role("plain", {"events": {"m.sticker": False}}), role_map(("plain", 1, [BOB]))]
# fmt: off
INSIDE: list[tuple[str, list[JSON], Any, tuple[str, ...]]] = [
    ("a message",                   [],              HELLO,                                     ()),
    ("no key",                      [],              None,                                      ("event_is_decrypted",)),
    ("a message of a muted user",   MUTED,           HELLO,                                     ("message_is_not_denied",)),
    ("a type that is allowed",      NO_STICKERS,     HELLO,                                     ()),
    ("a type that is denied",       NO_STICKERS,     hidden("m.sticker"),                       ("type_is_not_denied",)),
    ("a redaction of one's own",    [BOBS],          hidden("m.room.redaction", redacts="$1"),  ()),
    ("the same, muted",             [BOBS, *MUTED],  hidden("m.room.redaction", redacts="$1"),  ()),
    ("a redaction of another's",    [ALICES],        hidden("m.room.redaction", redacts="$2"),  ("event_is_own",)),
    ("another sender inside",       MUTED,           {**HELLO, "sender": ALICE},                ("message_is_not_denied",)),
    ("another state key inside",    [],              {**hidden("m.room.name"), "state_key": ""}, ()),
]
# fmt: on


@pytest.mark.parametrize(("before", "key", "failed"), [case[1:] for case in INSIDE], ids=[case[0] for case in INSIDE])
def test_what_the_client_does(before: list[JSON], key: Any, failed: tuple[str, ...]) -> None:
    tea = tea_room(*before)
    event = encrypted(BOB, key, event_id="$3")
    client = client_of(tea, CAROL)
    state = inside(client.room)
    # The hub passes all of these on: what it cannot see may be legal.
    assert hub_of(tea).receive(event).verdict is FOR_THE_CLIENT
    rendering = client.receive(event)
    assert bool(rendering) is (not failed)
    assert client.room.visible("$3", CAROL) is (not failed or failed == ("event_is_decrypted",))
    if failed:
        assert rendering.decision.refusals[0].failed == failed
        assert is_one_line(rendering.decision.reason)
    if key is not None:
        # Only type and content come from inside.
        assert rendering.event == {**event, "type": key["type"], "content": key["content"]}
    if failed and key is not None:
        assert inside(client.room) == state


# fmt: off
BAD_INSIDE: list[tuple[str, Any, str]] = [
    ("no object",             "hello",                                                     "decrypted"),
    ("an array",              [HELLO],                                                     "decrypted"),
    ("nothing",               {},                                                          "decrypted.type"),
    ("no type",               {"content": {}},                                             "decrypted.type"),
    ("a type that is none",   {"type": ["m.message"], "content": {}},                      "decrypted.type"),
    ("no content",            {"type": "m.message"},                                       "decrypted.content"),
    ("content that is none",  {"type": "m.message", "content": "hello"},                   "decrypted.content"),
    ("encrypted once more",   hidden(ENCRYPTED, ciphertext="…"),                           "decrypted.type"),
    ("a participation",       {**hidden("m.user", participation="join"), "state_key": DAN}, "state_key"),
    ("a creation",            {**hidden("m.room.create"), "state_key": ""},                "state_key"),
    ("a role map",            {**hidden("m.room.role_map", roles=[]), "state_key": ""},    "state_key"),
    ("a redaction of nothing", hidden("m.room.redaction"),                                 "content.redacts"),
]
# fmt: on


@pytest.mark.parametrize(("key", "field"), [case[1:] for case in BAD_INSIDE], ids=[case[0] for case in BAD_INSIDE])
def test_what_is_malformed_inside_changes_nothing(key: Any, field: str) -> None:
    client = client_of(tea_room({**message(ALICE), "event_id": "$1"}), CAROL)
    before = inside(client.room)
    with pytest.raises(EventError) as caught:
        client.receive(encrypted(BOB, key))
    assert caught.value.field == field
    assert is_one_line(str(caught.value))
    assert inside(client.room) == before


def test_a_client_does_not_trust_the_hub() -> None:
    client = client_of(tea_room(), CAROL)
    for event in (change(LEAVE, BOB, ALICE), message(DAN), encrypted(DAN, HELLO), encrypted(DAN)):
        before = inside(client.room)
        rendering = client.receive(event)
        assert not rendering
        assert rendering.decision.refusals[0].failed != ("event_is_decrypted",)
        assert inside(client.room) == before


# Who sees a message when it comes: the rule, where Dan stands, and whether his client shows it then.
# fmt: off
SEEN: list[tuple[Visibility, list[JSON], bool]] = [
    (Visibility.WORLD,   [],                                                 True),
    (Visibility.SHARED,  [],                                                 False),
    (Visibility.SHARED,  [change(INVITE, ALICE, DAN)],                       False),
    (Visibility.SHARED,  joined(DAN),                                        True),
    (Visibility.INVITED, [],                                                 False),
    (Visibility.INVITED, [change(INVITE, ALICE, DAN)],                       True),
    (Visibility.JOINED,  [change(INVITE, ALICE, DAN)],                       False),
    (Visibility.JOINED,  joined(DAN),                                        True),
    (Visibility.JOINED,  [*joined(DAN), change(LEAVE, DAN)],                 False),
]
# fmt: on


@pytest.mark.parametrize("with_id", [True, False], ids=["with id", "without id"])
@pytest.mark.parametrize(("rule", "before", "is_shown"), SEEN, ids=label)
def test_who_is_shown_a_message(rule: Visibility, before: list[JSON], is_shown: bool, with_id: bool) -> None:
    client = client_of(tea_room(visibility(rule), *before), DAN)
    more = {"event_id": "$1"} if with_id else {}
    # The same message again, hidden this time, is the one that is known.
    for event in ({**message(BOB), **more}, encrypted(BOB, HELLO, **more)):
        assert bool(client.receive(event)) is is_shown
    assert client.receive(change(INVITE, ALICE, "@new:c.example"))  # state is always visible
    if with_id:
        assert client.room.visible("$1", DAN) is is_shown


def test_what_was_hidden_is_shown_to_who_joins_later() -> None:
    client = client_of(tea_room(change(INVITE, ALICE, DAN)), DAN)
    rendering = client.receive(encrypted(BOB, HELLO, event_id="$1"))
    assert not rendering
    assert rendering.decision.reason == "shared: the viewer has not joined since"
    assert client.receive({**change(JOIN, DAN), "event_id": "$2"})
    assert client.room.visible("$1", DAN)


# Laws.


@pytest.mark.parametrize("policy", POLICIES, ids=label)
@given(history=histories(), key=st.sampled_from([*MESSAGES, hidden("m.room.redaction", redacts="$0")]), data=st.data())
def test_the_hub_rejects_only_what_nothing_inside_could_make_legal(
    policy: MimiPolicy, history: list[JSON], key: JSON, data: st.DataObject
) -> None:
    hub = hub_of(Room.create(ROOM_ID, ALICE, policy=policy))
    for index, event in enumerate(renamed(history)):
        error_of(lambda event=event, index=index: hub.receive({"event_id": f"${index}", **event}))  # type: ignore[misc]
    sender = data.draw(st.sampled_from(USERS))
    client = client_of(hub.room, ALICE)
    inside_key = hidden(key["type"], **key["content"])
    is_legal = client.room.decide({**inside_key, "sender": sender}).allowed
    delivery = hub.receive(encrypted(sender, inside_key))
    assert delivery.verdict in (FOR_THE_CLIENT, REJECTED)
    assert delivery or not is_legal
    # For these policies that comes down to one visible thing.
    assert bool(delivery) is (hub.room.participation(sender) is JOIN)


def test_a_policy_that_hides_less_stops_more() -> None:
    strict = MIMI.evolve("strict", permits={**MIMI.permits, Kind.REDACTION: ()})
    hub = hub_of(room(*joined(BOB), *MUTED, policy=strict))
    assert hub.receive(encrypted(BOB)).decision.refusals[0].failed == ("message_is_not_denied",)


@given(history=histories(malformed=False), data=st.data())
def test_clients_follow_the_hub(history: list[JSON], data: st.DataObject) -> None:
    """Whoever is at a provider that is in the room all the time knows what the hub knows."""
    hub = hub_of(room(policy=MIMI))
    client = client_of(hub.room, CAROL)
    for index, event in enumerate(history):
        secret = encrypted(event["sender"], hidden("m.message"), event_id=f"${index}")
        hub.receive(secret if data.draw(st.integers(0, 4)) == 0 else event)
        was_in = A in {provider_of(user) for user, state in client.room.participations().items() if state is JOIN}
        arrived = hub.drain(A)
        for each in arrived:
            client.receive(each)
        if not was_in and not arrived:
            return  # nobody of the provider is in the room any more
        assert client.room.participations() == hub.room.participations()
        assert client.room.envelope() == hub.room.envelope()


@given(history=histories())
def test_a_provider_is_told_while_it_is_in_the_room(history: list[JSON]) -> None:
    hub = hub_of(Room.create(ROOM_ID, ALICE))
    for event in history:
        before = hub.room.participations()
        error = error_of(lambda event=event: hub.receive(event))  # type: ignore[misc]
        after = hub.room.participations()
        waiting = {provider: hub.drain(provider) for provider in (A, B, C)}
        told = {provider for provider, events in waiting.items() if events}
        in_room = {provider_of(user) for states in (before, after) for user, state in states.items() if state is JOIN}
        if error or not told:
            assert before == after
        else:
            parties = {provider_of(user) for user in (event["sender"], event.get("state_key")) if user}
            assert in_room <= told <= in_room | parties
            assert all(events in ([], [event]) for events in waiting.values())


@given(event=st.sampled_from(MALFORMED))
def test_a_malformed_event_is_an_error_on_both_sides(event: JSON) -> None:
    tea = tea_room()
    for receive in (hub_of(tea).receive, client_of(tea, BOB).receive):
        with pytest.raises(EventError):
            receive(event)
