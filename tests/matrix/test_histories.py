"""Whole histories: those of other servers' authors, and random ones of any version."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm.log import Outcome, Replay
from fsm.log_reader import read_events
from fsm.matrix.policies import VERSIONS
from fsm.matrix.room import MatrixRoom
from fsm.policies import load_rules
from tests.builders import careful
from tests.matrix import plain
from tests.matrix.builders import (
    ABE,
    ALICE,
    BOB,
    CAROL,
    CREATE_ID,
    JSON,
    create,
    inside,
    join_rules,
    levels,
    member,
    message,
)

DATA = Path(__file__).parent.parent / "data" / "matrix"


def replayed(text: bytes, rules: str = "matrix") -> tuple[Replay, list[Outcome]]:
    run = Replay(load_rules(rules))
    return run, list(run.run(read_events(BytesIO(text), run.rules)))


# The file, its policy, and the transitions.
# fmt: off
BEGINNING = ["create", "found", "first_levels", "state"]
LATER = ["join", "join", "state", "leave", "rejoin", "rejoin"]
HISTORIES: list[tuple[str, str, list[str]]] = [
    ("bootstrap-private-chat",     "matrix-10", [*BEGINNING, "state", "state"]),
    ("bootstrap-public-chat",      "matrix-10", [*BEGINNING, "state", "state", "join", "levels"]),
    ("MSC4297-problem-A-pdus-v11", "matrix-11", [*BEGINNING, *LATER]),
    ("MSC4297-problem-A-pdus-v12", "matrix-12", [*BEGINNING, *LATER]),
]
# fmt: on


@pytest.mark.parametrize(("name", "policy", "rows"), HISTORIES)
def test_every_event_of_a_real_history_is_allowed(name: str, policy: str, rows: list[str]) -> None:
    text = (DATA / f"{name}.json").read_bytes()
    for rules in ("matrix", policy):
        run, outcomes = replayed(text, rules)
        decisions = [outcome.decision for outcome in outcomes]
        assert all(decisions), [str(outcome.error or outcome.decision) for outcome in outcomes]
        assert [each.transition for each in decisions if each] == rows
        assert {outcome.policy.id for outcome in outcomes if outcome.policy} == {policy}
        assert run.summary() == {
            "events": len(outcomes),
            "allowed": len(rows),
            "rejected": 0,
            "errors": 0,
        }


# fmt: off
SHAPES = [
    ("lines",                  lambda events: "\n".join(map(json.dumps, events))),
    ("an array on many lines", lambda events: json.dumps(events, indent=1)),
    ("newest first",           lambda events: json.dumps(events[::-1])),
    ("messages",               lambda events: json.dumps({"chunk": events, "start": "a", "end": "b"})),
    ("messages, newest first", lambda events: json.dumps({"chunk": events[::-1]}, indent=1)),
    ("sync",                   lambda events: json.dumps({"next_batch": "x", "rooms": {"join": {"!r:example.com": {
                                  "timeline": {"events": [bare(event) for event in events], "limited": False},
                                  "state": {"events": []}, "ephemeral": {"events": []}}}}})),
]
# fmt: on


def bare(event: JSON) -> JSON:
    """An event without what some responses leave out."""
    return {key: each for key, each in event.items() if key not in ("room_id", "auth_events", "prev_events")}


@pytest.mark.parametrize("write", [write for _, write in SHAPES], ids=[name for name, _ in SHAPES])
def test_a_history_in_any_shape_is_decided_alike(write: Any) -> None:
    events = json.loads((DATA / "bootstrap-public-chat.json").read_text())
    events.append(member("leave", "@bob:example.com", "@alice:example.com", room_id="!room:example.com"))
    _, expected = replayed(json.dumps(events).encode())
    run, outcomes = replayed(write(events).encode())
    assert [outcome.decision for outcome in outcomes] == [outcome.decision for outcome in expected]
    assert sorted(outcome.place or outcome.line for outcome in outcomes) == list(range(1, len(events) + 1))
    assert run.summary()["rejected"] == 1
    assert list(run.participation().values()) == [{"@alice:example.com": "join", "@bob:example.com": "join"}]


def test_a_state_is_taken_as_it_stands_and_what_follows_is_judged() -> None:
    events: list[JSON] = [member("ban", ALICE, BOB), levels(users={ABE: 100}), create("6"), member("join", ABE)]
    after = [member("leave", ABE, BOB), member("join", CAROL), message(ABE)]
    sync = {"rooms": {"join": {"!r:x": {"state": {"events": events}, "timeline": {"events": after}}}}}
    run, outcomes = replayed(json.dumps(sync).encode())
    rows = [outcome.decision.transition for outcome in outcomes if outcome.decision is not None]
    assert rows == [None, None, None, None, "unban", None, "message"]
    assert run.summary() == {"events": 7, "allowed": 2, "rejected": 1, "errors": 0, "not_judged": 4}
    assert run.participation() == {"!r:x": {ABE: "join"}}
    given = outcomes[0].as_json()
    assert (given["judged"], given["reason"], given["policy"]) == (False, "not judged: given as state", "matrix-6")


def test_a_state_alone() -> None:
    events = [member("join", ABE), create("6"), join_rules("public"), member("invite", ABE, BOB)]
    run, outcomes = replayed(json.dumps(events).encode())
    assert all(outcome.decision and not outcome.decision.judged for outcome in outcomes)
    assert run.participation() == {"": {ABE: "join", BOB: "invite"}}


def test_rooms_of_different_versions_in_one_log() -> None:
    events = [
        {**event, "room_id": f"!{version}:a.example" if version != "12" else f"!{CREATE_ID[1:]}"}
        for version in VERSIONS
        for event in (create(version), member("join", ALICE), join_rules("knock_restricted"), member("knock", BOB))
    ]
    _, outcomes = replayed("\n".join(map(json.dumps, events)).encode())
    knocks = [outcome.decision for outcome in outcomes[3::4]]
    assert [bool(each) for each in knocks] == [number >= 10 for number in range(1, 13)]
    assert [outcome.policy.id for outcome in outcomes[3::4] if outcome.policy] == [
        f"matrix-{each}" for each in VERSIONS
    ]


def test_a_line_of_nonsense_stops_nothing() -> None:
    events: list[JSON] = [create("99"), create("10"), levels(users=5), {"type": 5}, member("join", ALICE)]
    run, outcomes = replayed("\n".join(map(json.dumps, events)).encode())
    assert [str(outcome.error) if outcome.error else bool(outcome.decision) for outcome in outcomes] == [
        False,
        True,
        False,
        "line 4: `type`: must be a string, not a number",
        True,
    ]
    assert run.participation() == {"": {ALICE: "join"}}


# Random histories, each event judged as the rules read a second time would judge its facts.

USERS = [ALICE, ABE, BOB, CAROL]
LEVEL = st.sampled_from([-1, 0, 1, 50, 100])
EVENTS = st.one_of(
    st.builds(
        member,
        st.sampled_from(["invite", "join", "leave", "ban", "knock"]),
        st.sampled_from(USERS),
        st.sampled_from(USERS),
    ),
    st.builds(member, st.sampled_from(["join", "leave", "knock"]), st.sampled_from(USERS)),
    st.builds(
        lambda user, by: member("join", user, content={"join_authorised_via_users_server": by}),
        st.sampled_from(USERS),
        st.sampled_from(USERS),
    ),
    st.builds(
        lambda users, named: levels({"users": users, **named}),
        st.dictionaries(st.sampled_from(USERS), LEVEL),
        st.dictionaries(st.sampled_from(["users_default", "invite", "kick", "ban"]), LEVEL),
    ),
    st.builds(
        join_rules, st.sampled_from(["invite", "knock", "public", "restricted", "knock_restricted", "private", "x"])
    ),
    st.builds(message, st.sampled_from(USERS)),
)


@settings(max_examples=150)
@given(st.sampled_from(list(VERSIONS)), st.booleans(), st.lists(EVENTS, min_size=10, max_size=60))
def test_random_histories(version: str, federates: bool, events: list[JSON]) -> None:
    here = MatrixRoom("!r:a.example", policy=VERSIONS[version])
    for event in [create(version, {"m.federate": federates}), member("join", ALICE), *events]:
        before, users = inside(here), here.participations()
        for more in ({}, {"event_id": "$e"}, {"prev_events": [CREATE_ID]}, {"prev_events": [CREATE_ID, "$d"]}):
            assert here.decide({**event, **more}) == careful(here, {**event, **more}), (
                "the quick way and the careful way"
            )
        decision = here.send(event)
        assert decision.judged
        if event["type"] != "m.room.member":
            assert here.participations() == users, "other events move nobody"
            assert bool(decision) is (decision.transition is not None)
            assert bool(decision) or inside(here) == before
            continue
        target, action = event["state_key"], event["content"]["membership"]
        assert decision.before == users.get(target, "leave")
        assert here.participation(target) == decision.after
        if decision:
            assert decision.after == action
            assert {**here.participations(), target: None} == {**users, target: None}, "only the target moves"
        else:
            assert inside(here) == before
            assert decision.reason


@settings(max_examples=60)
@given(st.sampled_from(list(VERSIONS)), st.lists(EVENTS, min_size=5, max_size=40), st.randoms(use_true_random=False))
def test_a_room_is_its_state(version: str, events: list[JSON], random: Any) -> None:
    """A room that has lived through a history, and one put into the state at its end, decide alike."""
    lived = MatrixRoom.create("!r:a.example", ALICE, policy=VERSIONS[version])
    current: dict[tuple[str, str], JSON] = {("m.room.create", ""): create(version)}
    for event in events:
        if lived.send(event) and "state_key" in event:
            current[event["type"], event["state_key"]] = event
    current.setdefault(("m.room.member", ALICE), member("join", ALICE))
    state = list(current.values())
    random.shuffle(state)
    given_state = MatrixRoom.from_state(state, policy=VERSIONS[version])
    assert given_state.participations() == lived.participations()
    for sender in USERS:
        for target in USERS:
            for action in ("invite", "join", "leave", "ban", "knock"):
                event = member(action, sender, target)
                assert given_state.decide(event) == lived.decide(event)
                facts = lived.facts(sender, target)
                allowed = plain.allows(int(version), action, facts)
                assert lived.decide(event).allowed is allowed
