"""`fsm.testing`: what those who embed us test with."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given

import fsm.testing
from fsm import MIMI, Decision, DefinitionError, EventError, Participation, load_policy
from fsm.family import AnyPolicy
from fsm.participation.facts import Facts
from fsm.participation.guards import sender_is_another, sender_is_joined, sender_may_kick, sender_outranks_for_kick
from fsm.participation.terms import JoinRule
from fsm.policies import new_room
from fsm.policy import Policy
from fsm.review.search.play import play_of
from fsm.testing import Scene, assert_allowed, assert_rejected, events_of, facts, facts_of, histories_of, room
from tests.builders import one_line

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation

# What differs from two joined users of whom none may do anything.
# fmt: off
BUILT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({},                                             {"target": JOIN, "sender": JOIN, "is_self": False, "join_rule": JoinRule.INVITE, "may_ban": False}),
    ({"target": "ban"},                              {"target": BAN, "sender": JOIN}),
    ({"target": BAN, "is_self": True},               {"target": BAN, "sender": BAN, "is_self": True}),
    ({"sender": "invite", "is_self": True},          {"target": INVITE, "sender": INVITE}),
    ({"is_self": True},                              {"target": JOIN, "sender": JOIN}),
    ({"join_rule": "public", "may_kick": True},      {"join_rule": JoinRule.PUBLIC, "may_kick": True, "may_ban": False}),
    ({"may_kick": "true"},                           {"may_kick": True}),
]
# fmt: on


@pytest.mark.parametrize(("given_facts", "expected"), BUILT)
def test_facts(given_facts: dict[str, Any], expected: Mapping[str, Any]) -> None:
    for built in (facts(**given_facts), facts(MIMI, **given_facts)):
        assert isinstance(built, Facts)
        for name, value in expected.items():
            assert getattr(built, name) is value


# fmt: off
IMPOSSIBLE: list[tuple[Callable[[], object], str]] = [
    (lambda: facts(colour="red"),                                         "unknown fact `colour`: the facts are "),
    (lambda: facts(target="limbo"),                                       "`limbo` is no value of `target`: choose from "),
    (lambda: facts(MIMI, join_rule="private"),                            "`private` is no value of `join_rule`: choose from invite, knock, public"),
    (lambda: facts(target="join", sender="ban", is_self=True),            "these facts cannot come together"),
    (lambda: room(is_self=True, outranks_for_ban=True),                   "policy `mimi`: no room can come to these facts"),
    (lambda: room("nobody"),                                              "unknown policy `nobody`: "),
    (lambda: room().event("dance"),                                       "policy `mimi`: there is no event for `dance` here"),
    (lambda: events_of(Policy("p", "", "", MIMI.domain, MIMI.transitions, "fsm")), "policy `p`: its family `fsm` offers no events to build rooms from"),
]
# fmt: on


@pytest.mark.parametrize(("build", "problem"), IMPOSSIBLE, ids=[problem for _, problem in IMPOSSIBLE])
def test_what_cannot_be_built(build: Callable[[], object], problem: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(problem)):
        build()


@pytest.mark.parametrize("policy", ["mimi", "mimi-00", MIMI])
def test_a_room_in_which_facts_hold(policy: AnyPolicy | str) -> None:
    scene = room(policy, target="invite", may_kick=True, outranks_for_kick=True, join_rule="knock")
    play = play_of(scene.policy)
    assert play is not None
    wanted = facts(scene.policy, target="invite", may_kick=True, outranks_for_kick=True, join_rule="knock")
    assert play.facts(scene.room, scene.event("leave")) == wanted
    assert "policy" not in repr(scene)


def test_acting_in_a_room() -> None:
    scene = room(target="invite", may_kick=True, outranks_for_kick=True)
    assert_allowed(scene.ask("leave"), transition="revoke")
    assert scene.room.participations()[scene.target] is INVITE
    assert_allowed(scene.act("leave"), transition="revoke")
    assert scene.target not in scene.room.participations()
    assert_rejected(scene.act("leave"), because=())


# The three things that can be held to be allowed or rejected.

KICKER = facts(may_kick=True, outranks_for_kick=True)


def scene() -> Scene:
    return room(may_kick=True, outranks_for_kick=True)


def test_allowed() -> None:
    at = scene()
    decisions = [
        assert_allowed(MIMI, "leave", KICKER, transition="kick"),
        assert_allowed(MIMI, Participation.LEAVE, KICKER),
        assert_allowed(at.room, at.event("leave"), transition="kick"),
        assert_allowed(at.ask("leave")),
    ]
    assert {decision.transition for decision in decisions} == {"kick"}


def test_rejected() -> None:
    at = room(may_kick=True)
    decisions = [
        assert_rejected(MIMI, "leave", facts(may_kick=True), because=sender_outranks_for_kick),
        assert_rejected(at.room, at.event("leave"), because="sender_outranks_for_kick"),
        assert_rejected(at.ask("leave"), because=[sender_outranks_for_kick]),
        assert_rejected(at.ask("leave")),
    ]
    assert not any(decision.allowed for decision in decisions)
    both = (sender_may_kick, sender_outranks_for_kick)
    assert_rejected(MIMI, "leave", facts(), because=both)
    assert_rejected(MIMI, "dance", facts(), because=())


# fmt: off
FAILING: list[tuple[Callable[[], Decision], str]] = [
    (lambda: assert_allowed(MIMI, "leave", facts()),
     "rejected - kick: the sender may not kick, and the sender does not outrank the target for kicking"),
    (lambda: assert_allowed(MIMI, "leave", KICKER, transition="leave"),
     "allowed as `kick`, not as `leave`"),
    (lambda: assert_rejected(MIMI, "leave", KICKER),
     "allowed as `kick`"),
    (lambda: assert_rejected(MIMI, "leave", facts(may_kick=True), because=sender_may_kick),
     "no transition is refused for sender_may_kick alone, but `leave` since sender_is_target; `kick` since sender_outranks_for_kick"),
    (lambda: assert_rejected(MIMI, "leave", facts(), because=sender_may_kick),
     "no transition is refused for sender_may_kick alone, but `leave` since sender_is_target; `kick` since sender_may_kick, sender_outranks_for_kick"),
    (lambda: assert_rejected(MIMI, "leave", facts(), because=()),
     "there are transitions, refused: `leave` since sender_is_target; `kick` since sender_may_kick, sender_outranks_for_kick"),
    (lambda: assert_rejected(MIMI, "join", facts(target=BAN, is_self=True), because=(sender_is_another, sender_is_joined)),
     "no transition is refused for sender_is_another, sender_is_joined alone, but there is no transition"),
]
# fmt: on


@pytest.mark.parametrize(("claim", "problem"), FAILING, ids=[problem for _, problem in FAILING])
def test_a_failed_assertion_says_why(claim: Callable[[], Decision], problem: str) -> None:
    with pytest.raises(AssertionError) as caught:
        claim()
    assert str(caught.value).splitlines()[0] == problem


# Strategies.


@given(facts_of(MIMI))
def test_any_facts(record: Facts) -> None:
    assert record in MIMI.domain.records


@given(events_of(MIMI))
def test_any_event_can_be_read(event: dict[str, Any]) -> None:
    new_room(MIMI).decide(event)


@given(histories_of(MIMI, max_size=12))
def test_a_history_begins_with_a_room_and_can_be_read(history: list[dict[str, Any]]) -> None:
    assert 1 <= len(history) <= 12
    history_room = new_room(MIMI)
    assert history_room.send(history[0])
    for event in history[1:]:
        history_room.send(event)


def test_histories_are_of_many_kinds() -> None:
    seen: set[str | None] = set()

    @given(histories_of(load_policy("mimi-01")))
    def look(history: list[dict[str, Any]]) -> None:
        history_room = new_room(load_policy("mimi-01"))
        for event in history:
            try:
                seen.add(history_room.send(event).transition)
            except EventError:
                seen.add("unreadable")

    look()
    assert len(seen) > 6, seen
    assert "unreadable" not in seen


def test_the_example_runs_as_it_stands() -> None:
    text = fsm.testing.__doc__ or ""
    example = "\n".join(line[4:] for line in text.partition("::\n")[2].partition("`pytest")[0].splitlines())
    names: dict[str, Any] = {}
    exec(compile(example, "example", "exec"), names)  # noqa: S102 - it is our own text
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_hypothesis_is_needed_for_strategies_only() -> None:
    script = "import fsm.testing, sys; fsm.testing.room(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "fsm.testing" in loaded
    assert not {"hypothesis", "pytest", "scipy", "rich"} & set(loaded)
