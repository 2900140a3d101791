"""What changed along a row of policies, from each to the next: verdict changes only, as a page in Markdown.

A change of the table shows in the cells that are decided otherwise. What a policy holds
beside its table, such as who counts as the creator, shows in facts that are others in
the same room; of these, the page has those that turn a verdict. Of the rules on other events
(`fsm.review.compare.beside`) it has those that ask otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fsm.errors import counted
from fsm.facts import spell
from fsm.family import AnyPolicy
from fsm.policies import action_of, new_room
from fsm.review.compare.diff import Answer, Diff, Group, beside_the_table, diff
from fsm.review.compare.diff_report import log_lines, table_lines
from fsm.review.compare.readings import Reading
from fsm.scenario import Log
from fsm.unrecorded import unrecorded


@dataclass(frozen=True, slots=True)
class Turn:
    """A fact that is another in the same room, and the answers that it turns."""

    reading: Reading
    action: str
    old: Answer
    new: Answer


@dataclass(frozen=True, slots=True)
class Step:
    """All that turns a verdict between one policy and the next, and what else they do not hold alike."""

    found: Diff
    turns: tuple[Turn, ...]
    others: tuple[str, ...]

    def __bool__(self) -> bool:
        # True when there is a verdict that changes.
        return bool(self.found.groups or self.turns or self.found.rules)


def steps(policies: Sequence[AnyPolicy]) -> tuple[Step, ...]:
    """The changes from each policy to the next."""
    return tuple(_step(old, new) for old, new in pairwise(policies))


def _step(old: AnyPolicy, new: AnyPolicy) -> Step:
    found = diff(old, new)
    turns = (
        Turn(each, action_of(new, each.log[-1]), *(_answer(policy, each.log) for policy in (old, new)))
        for each in found.readings
    )
    return Step(
        found,
        tuple(turn for turn in turns if turn.old.dest != turn.new.dest),
        tuple(beside_the_table(old, new)),
    )


@unrecorded()
def _answer(policy: AnyPolicy, log: Log) -> Answer:
    """What a room says to the last event of a log."""
    room = new_room(policy)
    for event in log[:-1]:
        room.send(event)
    decision = room.decide(log[-1])
    if decision.transition is None:
        return Answer(None, ())
    assert decision.after is not None
    return Answer(decision.after.value, (decision.transition,))


def to_markdown(introduction: str, changes: Sequence[Step], pictures: Mapping[tuple[str, str], str]) -> str:
    """The page: a summary, then every step that changes a verdict. `pictures` has links, by the ids of two policies."""
    lines = [introduction, *table_lines(("from", "to", "decided otherwise", "beside the table"), map(_row, changes))]
    for step in filter(None, changes):
        old, new = pair = step.found.old, step.found.new
        lines += ["", f"## From `{old}` to `{new}`"]
        lines += ["", f"![What only {old} has, and what only {new} has]({pictures[pair]})"] if pair in pictures else []
        lines += [line for group in step.found.groups for line in _group(group)]
        lines += [line for turn in step.turns for line in _turn(turn)]
        lines += [
            f"\n- On `{each.kind}` events, `{each.rule}` {', and '.join(each.changes)}." for each in step.found.rules
        ]
    return "\n".join([*lines, ""])


def _row(step: Step) -> tuple[str, ...]:
    told = [f"{step.found.differing:,} of {step.found.compared:,} cells"] if step.found.differing else []
    told += [f"{len(step.turns)} facts of the same room"] if step.turns else []
    told += [counted(len(step.found.rules), "other rule")] if step.found.rules else []
    return f"`{step.found.old}`", f"`{step.found.new}`", " and ".join(told) or "nothing", ", ".join(step.others)


def _group(group: Group) -> Iterator[str]:
    yield f"\n- `{group.action}`: {group.old.words} → **{group.new.words}** when {group.condition.words}."
    yield from _shown(group.log)


def _turn(turn: Turn) -> Iterator[str]:
    reading, event = turn.reading, turn.reading.log[-1]
    parties = " → ".join(dict.fromkeys((event["sender"], str(event.get("state_key", event["sender"])))))
    because = f"`{reading.fact}` is no longer {spell(reading.old)}, but {spell(reading.new)}"
    yield f"\n- `{turn.action}`, {parties}: {turn.old.words} → **{turn.new.words}**, since {because}."
    yield from _shown(reading.log)


def _shown(log: Log | None) -> Iterator[str]:
    if log:
        yield "\n  <details><summary>a room that shows it</summary>"
        yield from log_lines(log)
        yield "  </details>"
