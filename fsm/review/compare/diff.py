"""What two policies decide differently: all of it, in the fewest conditions, with an example and a log.

Theory of operation. The facts that both policies know are walked from end to end, and
every action is put to both. Where the answers differ in verdict, destination or
transition, the cells are grouped by how they differ, and each group is said in words
(see `fsm.review.cases.conditions`). Cells that both reject, but for other reasons, are
listed apart, row by row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, islice
from typing import Any, TypeAlias

from fsm.errors import DefinitionError, PolicyError
from fsm.facts import Value, spell, tell
from fsm.family import AnyPolicy
from fsm.policies import new_room
from fsm.policy import Transition
from fsm.review.cases.conditions import Condition, fewest
from fsm.review.cases.grid import Cells, Grid, Move, numbers
from fsm.review.cases.shared import Records, Sharing
from fsm.review.compare.beside import RuleChange, rule_changes
from fsm.review.compare.readings import Reading, other_fields, readings
from fsm.review.search.play import play_of
from fsm.review.search.witness import can_be_played, witness
from fsm.rule import Rule
from fsm.scenario import Log
from fsm.unrecorded import unrecorded

LOOKED_AT = 30
"""Of equally plain cells that a room can reach, how many are looked at, to take the one with the shortest log."""

MOST_ALIKE = 512
"""Of cells that differ in nothing that anybody looks at, for how many a log is sought."""

Change: TypeAlias = dict[tuple[Move | None, Move | None], Cells]
"""Cells of one way to differ, by what the old policy and the new one do there; None is a rejection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one policy says in all cells of a group. A rejection leads nowhere."""

    dest: str | int | None
    transitions: tuple[str, ...]
    told: str = ""
    """The destination as text names it."""

    @property
    def words(self) -> str:
        """The answer as people say it."""
        if self.dest is None:
            return "rejected"
        return f"allowed ({' or '.join(self.transitions)}, to {self.told or self.dest})"

    def as_json(self) -> dict[str, Any]:
        """The answer in the words of `fsm decide`."""
        return {"allowed": self.dest is not None, "after": self.dest, "transitions": list(self.transitions)}


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that differ in one way and meet one condition.

    `cells` says how many there are; those of two groups may overlap. `example` is the
    plainest of them that a room can reach, or else the plainest: the one that differs in
    the fewest facts from the plain case (see `fsm.facts.about`). `log` leads to it from an
    empty room, its last event being the question; it plays under the policies named in
    `plays_under`. None when no room can reach the cells, or when there are no rooms
    to look in: then nobody `looked`.
    """

    action: str
    old: Answer
    new: Answer
    condition: Condition
    cells: int
    example: Mapping[str, Value]
    log: Log | None
    plays_under: tuple[str, ...]
    looked: bool = True

    @property
    def unshown(self) -> str:
        """Why there is no log, in words."""
        return (
            "no room of the scenario comes to this" if self.looked else "neither policy has rooms to look for this in"
        )

    @property
    def sentence(self) -> str:
        """The group in one line."""
        return f"{self.action}: {self.old.words} → {self.new.words} when {self.condition.words}"


@dataclass(frozen=True, slots=True)
class Reasons:
    """What one row makes both policies say differently where both reject."""

    action: str
    transition: str
    changes: tuple[str, ...]
    cells: int
    example: Mapping[str, Value]

    @property
    def sentence(self) -> str:
        """The change in one line."""
        return f"{self.action}: `{self.transition}` {', '.join(self.changes)}"


@dataclass(frozen=True, slots=True)
class Diff:
    """How policy `new` differs from policy `old`.

    `compared` counts the cells that both know, `differing` those decided otherwise.
    `readings` says which facts are not the same in the same room.
    `rules` says which rules beside the table ask otherwise.
    `clauses` holds rows that stand under another section: id, old and new section.
    `left_out` says what was not compared.
    """

    old: str
    new: str
    compared: int
    differing: int
    groups: tuple[Group, ...]
    readings: tuple[Reading, ...]
    rules: tuple[RuleChange, ...]
    reasons: tuple[Reasons, ...]
    clauses: tuple[tuple[str, str, str], ...]
    left_out: tuple[str, ...]

    def __bool__(self) -> bool:
        # True when something is decided differently; other reasons alone are no difference.
        return self.differing > 0 or bool(self.readings or self.rules)

    @property
    def summary(self) -> str:
        """The diff in one line."""
        if not self.differing:
            return f"{self.old} and {self.new} decide all {self.compared} cells alike"
        return f"{self.old} → {self.new}: {self.differing} of {self.compared} cells are decided differently"

    def as_json(self) -> dict[str, Any]:
        """The diff for programs."""
        return {
            "old": self.old,
            "new": self.new,
            "compared": self.compared,
            "differing": self.differing,
            "groups": [
                {
                    "action": group.action,
                    "old": group.old.as_json(),
                    "new": group.new.as_json(),
                    "when": group.condition.words,
                    "facts": {name: list(map(_plain, values)) for name, values in group.condition.values.items()},
                    "cells": group.cells,
                    "example": {name: _plain(value) for name, value in group.example.items()},
                    "log": group.log and list(group.log),
                    "plays_under": list(group.plays_under),
                }
                for group in self.groups
            ],
            "readings": [
                {"fact": each.fact, "old": _plain(each.old), "new": _plain(each.new), "log": list(each.log)}
                for each in self.readings
            ],
            "rules": [{"event": each.kind, "rule": each.rule, "changes": list(each.changes)} for each in self.rules],
            "reasons": [
                {
                    "action": each.action,
                    "transition": each.transition,
                    "changes": list(each.changes),
                    "cells": each.cells,
                    "example": {name: _plain(value) for name, value in each.example.items()},
                }
                for each in self.reasons
            ],
            "clauses": [{"transition": row, "old": old, "new": new} for row, old, new in self.clauses],
            "left_out": list(self.left_out),
        }


def spelled(facts: Mapping[str, Value]) -> str:
    """Facts in one line; what is not named is false."""
    return " ".join(
        name if value is True else f"{name}={tell(value)}" for name, value in facts.items() if value is not False
    )


@unrecorded()
def diff(old: AnyPolicy, new: AnyPolicy, given: Mapping[str, Value] | None = None) -> Diff:
    """All that `new` decides otherwise than `old`, where the `given` facts hold.

    Raises `DefinitionError` when the two have no cell in common, a given fact does not exist, or a library is
    missing without which rooms of one of them cannot be built.
    """
    for policy in (old, new):
        can_be_played(policy)
    comparison = _Comparison(old, new, given or {})
    groups: list[Group] = []
    reasons: list[Reasons] = []
    compared = differing = 0
    for action in dict.fromkeys(trigger.value for policy in (old, new) for trigger in policy.triggers):
        changes, rejected = comparison.changes(action)
        compared += comparison.size(action)
        differing += sum(comparison.count(action, _union(change.values())) for change in changes)
        groups += (group for change in changes for group in comparison.groups(action, change))
        reasons += comparison.reasons(action, rejected)
    if not compared:
        raise DefinitionError(f"policies `{old.id}` and `{new.id}` have no facts in common to be compared over")
    sections = {row.id: row.clause for row in old.transitions}
    return Diff(
        old=old.id,
        new=new.id,
        compared=compared,
        differing=differing,
        groups=tuple(groups),
        readings=readings(old, new),
        rules=tuple(rule_changes(old, new)),
        reasons=tuple(reasons),
        clauses=tuple(
            (row.id, sections[row.id], row.clause)
            for row in new.transitions
            if sections.get(row.id, row.clause) != row.clause
        ),
        left_out=(
            *comparison.left_out,
            *_beyond_the_table(old, new),
        ),
    )


class _Comparison:
    """Two policies, over the cells that they share."""

    def __init__(self, old: AnyPolicy, new: AnyPolicy, given: Mapping[str, Value]) -> None:
        self._policies = (old, new)
        self._sharing = Sharing(old, new, given)

    @property
    def left_out(self) -> tuple[str, ...]:
        return self._sharing.left_out

    def size(self, action: str) -> int:
        return self._sharing.cells(action).size

    def count(self, action: str, cells: Cells) -> int:
        return self._sharing.cells(action).count(cells)

    def changes(self, action: str) -> tuple[list[Change], Cells]:
        """How the answers differ, and the cells that both policies reject."""
        shared, (old, new) = self._sharing.cells(action), self._policies
        moves = shared.old.moves(old.transitions, action), shared.new.moves(new.transitions, action)
        rejected = shared.old.every & ~_union(moves[0].values()) & ~_union(moves[1].values())
        return list(_changes(shared.old.every, *moves)), rejected

    def groups(self, action: str, change: Change) -> Iterator[Group]:
        """The cells of one change, by condition."""
        shared = self._sharing.cells(action)
        told = 0
        for condition in fewest(shared.table, _union(change.values()), shared.words):
            own = condition.cells & ~told
            told |= condition.cells
            moves = [pair for pair, cells in change.items() if cells & condition.cells]
            old, new = _answer(one for one, _ in moves), _answer(two for _, two in moves)
            example = self._example(action, own, condition.cells)
            yield Group(action, old, new, condition, shared.count(condition.cells), *example, self._has_rooms)

    def reasons(self, action: str, rejected: Cells) -> Iterator[Reasons]:
        """Rows that refuse otherwise where both policies reject."""
        shared = self._sharing.cells(action)
        rows = [{row.id: row for row in policy.transitions if row.trigger == action} for policy in self._policies]
        for row_id in {**rows[0], **rows[1]}:
            old, new = rows[0].get(row_id), rows[1].get(row_id)
            one, other = _failing(shared.old, old), _failing(shared.new, new)
            cells = rejected & _union(one.get(name, 0) ^ other.get(name, 0) for name in {**one, **other})
            if cells:
                example = shared.example(shared.records(min(numbers(cells), key=shared.plainness)))
                yield Reasons(action, row_id, tuple(_row_changes(old, new, one, other)), shared.count(cells), example)

    def _example(self, action: str, own: Cells, cells: Cells) -> tuple[dict[str, Value], Log | None, tuple[str, ...]]:
        """The plainest cell that a room can reach, rather one that no other condition holds, and the log to it."""
        shared = self._sharing.cells(action)
        ranked = sorted(numbers(cells), key=lambda number: (not own >> number & 1, *shared.plainness(number)))
        for _, alike in groupby(ranked, key=lambda number: (own >> number & 1, shared.plainness(number)[0])):
            logs = ((number, *self._log(action, shared.records(number))) for number in alike)
            reached = ((len(log), -len(under), number, log, under) for number, log, under in logs if log)
            found = list(islice(reached, LOOKED_AT))
            if found:
                *_, number, log, under = min(found)
                return shared.example(shared.records(number)), log, under
        return self._example_alike(action, ranked)

    @property
    def _has_rooms(self) -> bool:
        """Whether there are rooms to look for logs in."""
        return any(play_of(policy) is not None for policy in self._policies)

    def _example_alike(
        self, action: str, ranked: Sequence[int]
    ) -> tuple[dict[str, Value], Log | None, tuple[str, ...]]:
        """A cell that a room can reach, and the log to it, where facts that nobody looks at are not plain."""
        shared = self._sharing.cells(action)
        if self._has_rooms:
            for number in ranked[:LOOKED_AT]:
                for records in islice(shared.alike(number), MOST_ALIKE):
                    log, under = self._log(action, records)
                    if log:
                        return shared.example(records), log, under
        return shared.example(shared.records(ranked[0])), None, ()

    def _log(self, action: str, records: Records) -> tuple[Log | None, tuple[str, ...]]:
        """A log to one cell, rather one that plays under both policies, and under which it plays."""
        # The same order whichever policy comes first, so that the diff is symmetric.
        sides = sorted(zip(self._policies, records, strict=True), key=lambda side: side[0].id)
        best: tuple[Log | None, tuple[str, ...]] = (None, ())
        for policy, facts in sides:
            log = witness(policy, action, facts)
            if log:
                under = tuple(dict.fromkeys(each.id for each, seen in sides if _plays(each, log, seen)))
                if len(under) == len({each.id for each, _ in sides}):
                    return log, under
                best = best if best[0] else (log, under)
        return best


def _changes(every: Cells, old: Mapping[Move, Cells], new: Mapping[Move, Cells]) -> Iterator[Change]:
    """Each way in which answers differ: in verdict or destination, else in transition."""
    sides = [{**moves, None: every & ~_union(moves.values())} for moves in (old, new)]
    changes: dict[tuple[object, ...], Change] = {}
    for one, ours in sides[0].items():
        for two, theirs in sides[1].items():
            dests = one and one.dest.value, two and two.dest.value
            ids = one and one.transition, two and two.transition
            if ours & theirs and (dests[0] != dests[1] or ids[0] != ids[1]):
                kind = dests if dests[0] != dests[1] else (*dests, *ids)
                changes.setdefault(kind, {})[one, two] = ours & theirs
    yield from changes.values()


def _answer(moves: Iterable[Move | None]) -> Answer:
    seen = tuple(dict.fromkeys(move for move in moves if move))
    transitions = tuple(dict.fromkeys(move.transition for move in seen))
    return Answer(seen[0].dest.value, transitions, tell(seen[0].dest)) if seen else Answer(None, transitions)


def _failing(grid: Grid[Any], row: Transition[Any] | None) -> dict[str, Cells]:
    """Where a row refuses, under the empty name, and where each of its guards fails."""
    if row is None:
        return {}
    asked = grid.at(row.source)
    failing = {"": asked}
    for guard in row.guards:
        failing[guard.name] = failing.get(guard.name, 0) | asked & ~grid.where(guard)
    return failing


def _row_changes(
    old: Transition[Any] | None, new: Transition[Any] | None, one: Mapping[str, Cells], other: Mapping[str, Cells]
) -> Iterator[str]:
    """What has changed in a row, as predicates of it; `one` and `other` say where its guards fail."""
    if old is None or new is None:
        yield "is new" if old is None else "is gone"
        return
    gained, lost = new.source - old.source, old.source - new.source
    for words, states in (("also starts from", gained), ("no longer starts from", lost)):
        if states:
            yield f"{words} {' and '.join(sorted(map(str, states)))}"
    for words, ours, theirs in (("asks", other, one), ("no longer asks", one, other)):
        names = [f"`{name}`" for name in ours if name not in theirs]
        if names:
            yield f"{words} {' and '.join(names)}"
    if not gained and not lost:
        yield from (f"has another `{name}`" for name in one if one[name] != other.get(name, one[name]))


def _beyond_the_table(old: AnyPolicy, new: AnyPolicy) -> Iterator[str]:
    """What the policies have for events other than changes of participation."""
    names = beside_the_table(old, new)
    if type(old) is not type(new):
        yield f"events other than changes of participation: `{old.id}` and `{new.id}` are of different families"
    elif names:
        yield f"events other than changes of participation: {' and '.join(names)}"


def beside_the_table(old: AnyPolicy, new: AnyPolicy) -> list[str]:
    """What else two policies do not hold alike, with its values where these are words."""
    told = []
    for name in other_fields(old, new):
        values = [getattr(policy, name, None) for policy in (old, new)]
        if all(_holds_rules(value) for value in values):
            continue  # which are compared one by one
        words = [_words(value) for value in values if isinstance(value, Enum | bool)]
        told.append(f"`{name}` ({' → '.join(words)})" if len(words) == len(values) else f"`{name}`")
    return told


def _holds_rules(value: object) -> bool:
    rows = [row for each in value.values() for row in each] if isinstance(value, Mapping) else []
    return bool(rows) and all(isinstance(row, Rule) for row in rows)


def _words(value: Enum | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value.name.lower().replace("_", " ")


def _plays(policy: AnyPolicy, log: Log, facts: Any) -> bool:
    """Whether the log leads to these facts under a policy too, and its last event is a question there."""
    play = play_of(policy)
    if play is None:
        return False
    room = new_room(policy)
    try:
        if not all(room.send(event) for event in log[:-1]) or room.decide(log[-1]).before is None:
            return False
        return bool(play.facts(room, log[-1]) == facts)
    except PolicyError:
        return False


def _union(sets: Iterable[Cells]) -> Cells:
    union = 0
    for cells in sets:
        union |= cells
    return union


def _plain(value: Value) -> object:
    """A fact's value for JSON."""
    return value if isinstance(value, bool) else spell(value)
