"""`fsm.review.compare.diff`: everything that differs, nothing else, in words, with a log that shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import MIMI, DefinitionError, Participation, Policy, load_policy
from fsm.decision import Decision
from fsm.domain import Domain
from fsm.family import AnyPolicy
from fsm.guards import guard
from fsm.memory import memory_of
from fsm.mimi.roles import Power
from fsm.participation.facts import Facts
from fsm.participation.guards import room_is_public, sender_is_joined, sender_is_target, sender_may_kick
from fsm.participation.terms import JoinRule
from fsm.policies import new_room
from fsm.policy import Transition
from fsm.review.compare.diff import Diff, Group, diff
from fsm.review.compare.diff_report import to_markdown
from fsm.review.report import to_html
from fsm.review.search.play import play_of
from fsm.review.search.witness import witness
from fsm.testing import histories_of
from tests.builders import label

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation

MIMI_00, MIMI_01 = load_policy("mimi-00"), load_policy("mimi-01")
ROWS = {row.id: row for row in MIMI.transitions}


def changed(policy_id: str, **changes: Any) -> AnyPolicy:
    return MIMI.evolve(policy_id, **changes)


def with_guards(row_id: str, *guards: Any) -> list[Transition[Facts]]:
    return [replace(ROWS[row_id], guards=guards)]


# What one slip in a policy looks like in a diff.
# fmt: off
CHANGES: list[tuple[AnyPolicy, list[str]]] = [
    (changed("no-unban", drop=["unban"]),
     ["leave: allowed (unban, to leave) → rejected when target = ban, the sender is joined, may ban, and outranks the target for banning"]),
    (changed("open-door", replace=with_guards("join", sender_is_target)),
     ["join: rejected → allowed (join, to join) when target = leave or knock, the sender is the target, and the room is not public"]),
    (changed("weak-kick", replace=with_guards("kick", *ROWS["kick"].guards[:-1])),
     ["leave: rejected → allowed (kick, to leave) when target = join, the sender is not the target, is joined, may kick, and does not outrank the target for kicking"]),
    (changed("swapped", replace=with_guards("invite", sender_is_joined, sender_may_kick)),
     ["invite: rejected → allowed (invite, to invite) when target = leave, the sender is joined, may not invite, and may kick",
      "invite: allowed (invite, to invite) → rejected when target = leave, the sender is joined, may invite, and may not kick"]),
    (changed("elsewhere", replace=[replace(ROWS["deny"], dest=BAN)]),
     ["leave: allowed (deny, to leave) → allowed (deny, to ban) when target = knock, the sender is joined, may kick, and outranks the target for kicking"]),
    (changed("renamed", drop=["accept"], add=[replace(ROWS["accept"], id="come")]),
     ["join: allowed (accept, to join) → allowed (come, to join) when target = invite and the sender is the target"]),
    (changed("no-knocks", drop=["knock", "reknock"]),
     ["knock: allowed (knock or reknock, to knock) → rejected when target = leave or knock, the sender is the target, and the room takes knocks"]),
]
# fmt: on
POLICIES = [MIMI_00, MIMI_01, *(policy for policy, _ in CHANGES)]


@cache
def from_mimi(policy: AnyPolicy) -> Diff:
    return diff(MIMI, policy)


@pytest.mark.parametrize(("policy", "sentences"), CHANGES, ids=label)
def test_a_change_in_words(policy: AnyPolicy, sentences: list[str]) -> None:
    assert sorted(group.sentence for group in from_mimi(policy).groups) == sorted(sentences)


@pytest.mark.parametrize("policy", [MIMI, MIMI_00, MIMI_01], ids=label)
def test_a_policy_does_not_differ_from_itself(policy: AnyPolicy) -> None:
    found = diff(policy, policy)
    assert not found
    assert (found.groups, found.readings, found.reasons, found.clauses, found.left_out) == ((), (), (), (), ())
    assert found.compared == sum(1 for _ in policy.cells())


def test_the_published_revisions_decide_alike() -> None:
    found = diff(MIMI_01, MIMI_00)
    assert not found.groups
    assert {row: sections for row, *sections in found.clauses}["ban"] == ["5.5", "6.5"]


@cache
def answers(policy: AnyPolicy, action: str, facts: Any) -> tuple[str | None, object]:
    decision = memory_of(policy).machine.decide(Participation(action), facts)
    return decision.transition, decision.after.value if decision.transition and decision.after else None


def holds(group: Group, facts: Any) -> bool:
    return all(getattr(facts, name) in values for name, values in group.condition.values.items())


@pytest.mark.parametrize("policy", [MIMI_01, *(policy for policy, _ in CHANGES[3:6])], ids=label)
def test_groups_hold_every_cell_that_differs_and_no_other(policy: AnyPolicy) -> None:
    found = from_mimi(policy)
    differing = 0
    for action, facts in MIMI.cells():
        before, after = answers(MIMI, action, facts), answers(policy, action, facts)
        groups = [group for group in found.groups if group.action == action and holds(group, facts)]
        assert bool(groups) is (before != after), f"{action} {facts}"
        differing += before != after
        for group in groups:
            assert (group.old.dest, group.new.dest) == (before[1], after[1])
            assert before[0] is None or before[0] in group.old.transitions
            assert after[0] is None or after[0] in group.new.transitions
    assert found.differing == differing
    assert found.compared == 14400


@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_no_example_is_smaller(policy: AnyPolicy) -> None:
    """Of the cells that a room can reach, and that are no other group's, none differs in fewer facts from plain."""
    plain = MIMI.domain.plain

    def size(facts: Mapping[str, Any]) -> int:
        return sum(facts[name] is not value for name, value in plain.items())

    for number, group in enumerate(from_mimi(policy).groups):
        earlier = [each for each in from_mimi(policy).groups[:number] if each.action == group.action]
        for action, facts in MIMI.cells():
            if action != group.action or not holds(group, facts) or any(holds(each, facts) for each in earlier):
                continue
            given = {name: getattr(facts, name) for name in plain}
            if answers(MIMI, action, facts) != answers(policy, action, facts) and size(given) < size(group.example):
                assert not any(witness(each, action, facts) for each in (MIMI, policy)), f"{group.sentence}: {given}"


@pytest.mark.parametrize("policy", [MIMI_01, *(policy for policy, _ in CHANGES[3:6])], ids=label)
def test_a_diff_is_symmetric(policy: AnyPolicy) -> None:
    there, back = from_mimi(policy), diff(policy, MIMI)
    assert {(g.action, g.old, g.new, g.condition.words, str(g.log)) for g in there.groups} == {
        (g.action, g.new, g.old, g.condition.words, str(g.log)) for g in back.groups
    }
    assert there.differing == back.differing
    assert {(each.transition, each.cells) for each in there.reasons} == {
        (each.transition, each.cells) for each in back.reasons
    }
    assert {(each.fact, each.old, each.new) for each in there.readings} == {
        (each.fact, each.new, each.old) for each in back.readings
    }


def last_decision(policy: AnyPolicy, log: tuple[dict[str, Any], ...]) -> Decision:
    room = new_room(policy)
    for event in log[:-1]:
        assert room.send(event), event
    return room.send(log[-1])


@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_a_log_shows_the_difference(policy: AnyPolicy) -> None:
    for group in from_mimi(policy).groups:
        assert group.log is not None
        assert set(group.plays_under) == {MIMI.id, policy.id}
        before, after = last_decision(MIMI, group.log), last_decision(policy, group.log)
        assert (before.transition, after.transition) != (None, None)
        assert (before.allowed, before.transition, before.after) != (after.allowed, after.transition, after.after)
        play = play_of(MIMI)
        assert play is not None
        room = new_room(MIMI)
        assert all(room.send(event) for event in group.log[:-1])
        facts = play.facts(room, group.log[-1])
        assert {name: getattr(facts, name) for name in group.example} == dict(group.example)


def test_cells_that_no_room_can_reach_are_said_to_be_so() -> None:
    # Nobody outranks themselves, in no room at all.
    odd = changed("odd", add=[Transition("vanish", LEAVE, {BAN}, LEAVE, (sender_is_target, outranks))])
    (group,) = diff(MIMI, odd).groups
    assert group.log is None
    assert group.example["is_self"] is True
    assert "no room of the scenario comes to this" in to_markdown(diff(MIMI, odd))


@guard("the sender outranks themselves", fails="the sender does not")
def outranks(facts: Facts) -> bool:
    return facts.outranks_for_kick and facts.outranks_for_ban


# Rejected by both, for other reasons.


def refused(policy: AnyPolicy, action: str, facts: Any, row: str) -> frozenset[str] | None:
    decision = memory_of(policy).machine.decide(Participation(action), facts)
    return next((frozenset(each.failed) for each in decision.refusals if each.transition == row), None)


@pytest.mark.parametrize("policy", [MIMI_01, CHANGES[2][0], CHANGES[3][0]], ids=label)
def test_other_reasons_are_counted_row_by_row(policy: AnyPolicy) -> None:
    counts: dict[tuple[str, str], int] = {}
    for action, facts in MIMI.cells():
        machines = [memory_of(each).machine.decide(action, facts) for each in (MIMI, policy)]
        if not any(decision.allowed for decision in machines):
            refusals = [{r.transition: frozenset(r.failed) for r in decision.refusals} for decision in machines]
            for row in {**refusals[0], **refusals[1]}:
                if refusals[0].get(row) != refusals[1].get(row):
                    counts[action.value, row] = counts.get((action.value, row), 0) + 1
    assert {(each.action, each.transition): each.cells for each in from_mimi(policy).reasons} == counts


def test_other_reasons_in_words() -> None:
    assert [each.sentence for each in from_mimi(MIMI_01).reasons] == [
        "knock: `knock` also starts from invite",
        "leave: `revoke` is gone",
        "leave: `deny` is gone",
        "ban: `ban` no longer asks `sender_is_another` and `sender_outranks_for_ban`",
        "ban: `reban` no longer asks `sender_outranks_for_ban`",
    ]


def test_other_reasons_alone_are_no_difference() -> None:
    again = changed("again", replace=with_guards("accept", sender_is_target, room_is_there))
    found = diff(MIMI, again)
    assert not found
    assert not found.groups
    assert not found.reasons  # a guard that never fails gives no reason


@guard("the room is there", fails="the room is not there")
def room_is_there(facts: Facts) -> bool:
    return facts.join_rule in tuple(JoinRule)


# The same log, other facts.


def test_how_power_is_read_shows_as_other_facts() -> None:
    found = diff(MIMI, changed("to-the-letter", power=Power.SET))
    assert found
    assert not found.groups
    assert {(each.fact, each.old, each.new) for each in found.readings} == {
        (f"outranks_for_{what}", old, not old) for what in ("kick", "ban") for old in (False, True)
    }
    assert found.left_out == ("events other than changes of participation: `power` (granted → set)",)
    for each in found.readings:
        assert last_decision(MIMI, each.log) != last_decision(changed("to-the-letter", power=Power.SET), each.log)


# Whatever random rooms show, the diff explains.


@dataclass
class Lockstep:
    """A room of each policy, which take only what both allow."""

    one: AnyPolicy
    other: AnyPolicy

    def disagreements(self, history: list[dict[str, Any]]) -> Iterator[tuple[str, Any, Any]]:
        """For every event that is decided otherwise: the action, and its facts in both rooms."""
        rooms = new_room(self.one), new_room(self.other)
        play = play_of(self.one)
        assert play is not None
        for event in history:
            one, other = (room.decide(event) for room in rooms)
            is_change = one.before is not None and other.before is not None
            if is_change and (one.allowed, one.transition) != (other.allowed, other.transition):
                action = event["content"]["participation"]
                yield action, play.facts(rooms[0], event), play.facts(rooms[1], event)
            if one and other and one.after == other.after:
                for room in rooms:
                    room.send(event)


def explains(found: Diff, action: str, one: Any, other: Any) -> bool:
    if one == other:
        return any(group.action == action and holds(group, one) for group in found.groups)
    known = {(each.fact, each.old, each.new) for each in found.readings}
    names = [name for name in MIMI.domain.values if getattr(one, name) is not getattr(other, name)]
    return all((name, getattr(one, name), getattr(other, name)) in known for name in names)


@given(history=histories_of(MIMI_01), policy=st.sampled_from(POLICIES))
def test_random_rooms_disagree_only_as_the_diff_says(history: list[dict[str, Any]], policy: AnyPolicy) -> None:
    for action, one, other in Lockstep(MIMI, policy).disagreements(history):
        assert explains(from_mimi(policy), action, one, other)


def test_random_rooms_do_disagree() -> None:
    # Else the test above would say nothing.
    seen: list[str] = []

    @given(history=histories_of(MIMI_01))
    def look(history: list[dict[str, Any]]) -> None:
        seen.extend(action for action, _, _ in Lockstep(MIMI, MIMI_01).disagreements(history))

    look()
    assert seen


# Policies over different facts.


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedFacts(Facts):
    """Whether the sender's server may take part."""

    is_shut_out: bool


@guard("the server may take part", fails="the server is shut out")
def server_may_take_part(facts: FederatedFacts) -> bool:
    return not facts.is_shut_out


def federated(policy_id: str, **limits: Any) -> Policy[FederatedFacts]:
    """The rows of `mimi`, in rooms that may shut servers out, of a family that offers no events."""
    return Policy(
        id=policy_id,
        title="",
        source="",
        family="fsm",
        domain=Domain(FederatedFacts, {**MIMI.domain.limits, **limits}),
        transitions=tuple(
            Transition(row.id, row.trigger, row.source, row.dest, (*row.guards, server_may_take_part), row.clause)
            for row in MIMI.transitions
        ),
    )


def test_facts_of_one_policy_only_take_their_first_value() -> None:
    found = diff(MIMI, federated("federated"))
    assert not found.groups
    assert found.compared == 14400
    assert found.left_out[0] == "`is_shut_out` is a fact of `federated` only: taken as false"


def test_facts_of_one_policy_only_can_be_given() -> None:
    found = diff(MIMI, federated("federated"), {"is_shut_out": True})
    assert found.differing == sum(bool(answers(MIMI, action, facts)[0]) for action, facts in MIMI.cells())
    assert {group.new.dest for group in found.groups} == {None}


def test_values_of_one_policy_only_are_left_out() -> None:
    found = diff(MIMI, federated("wide", join_rule=(JoinRule.KNOCK, JoinRule.PUBLIC, JoinRule.RESTRICTED)))
    assert found.compared == 14400 * 2 // 3
    assert set(found.left_out) >= {
        "`join_rule` = invite: of `mimi` only",
        "`join_rule` = restricted: of `wide` only",
        "960 of 2880 records of facts of `mimi` have no equal",
    }


def test_given_facts_narrow_the_diff() -> None:
    found = diff(MIMI, MIMI_01, {"join_rule": JoinRule.PUBLIC})
    assert found.compared == 4800
    assert {group.action for group in found.groups} == {"leave", "ban"}


# fmt: off
UNUSABLE = [
    (MIMI_01,                                        {"colour": True},                    "`colour` = true is no fact of `mimi` or `mimi-01`"),
    (MIMI_01,                                        {"join_rule": JoinRule.PRIVATE},     "`join_rule` = private is no fact of `mimi` or `mimi-01`"),
    (federated("far", join_rule=(JoinRule.PRIVATE,)), {},                                 "policies `mimi` and `far` have no facts in common to be compared over"),
]
# fmt: on


@pytest.mark.parametrize(("policy", "known", "problem"), UNUSABLE)
def test_what_cannot_be_compared(policy: AnyPolicy, known: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        diff(MIMI, policy, known)
    assert str(caught.value) == problem


# Reports.


def test_a_report_holds_everything() -> None:
    found = from_mimi(MIMI_01)
    text = to_markdown(found)
    for group in found.groups:
        assert group.condition.words in text
    for each in found.reasons:
        assert f"`{each.transition}`" in text
    assert text.count("\nIn the same room, under ") == len(found.readings) > 0
    assert '{"type": "m.room.create"' in text
    assert to_markdown(diff(MIMI, MIMI_01)) == text


def test_a_report_as_a_page_runs_nothing() -> None:
    page = to_html("<b>", "a <script>alert(1)</script> | b\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert "<script>" not in page
    assert "<title>&lt;b&gt;</title>" in page
    assert "<td>1</td>" in page


def test_a_family_may_offer_no_events_to_build_rooms_from() -> None:
    bare, whole = (
        Policy("bare", "", "", MIMI.domain, rows, family="fsm") for rows in (MIMI.transitions[:-1], MIMI.transitions)
    )
    (group,) = diff(MIMI, bare).groups
    assert (group.action, group.plays_under) == ("ban", ("mimi",))
    assert diff(bare, whole).groups[0].log is None


def test_room_is_public_is_one_value_of_one_fact() -> None:
    found = diff(MIMI, changed("closed", replace=with_guards("join", sender_is_target, room_is_public, nobody)))
    (group,) = found.groups
    assert group.condition.words == "target = leave or knock, the sender is the target, and the room is public"


@guard("somebody may", fails="nobody may")
def nobody(_: Facts) -> bool:
    return False
