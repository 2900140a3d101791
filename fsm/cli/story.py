"""What a log comes to, as people tell it: by room, what was refused and why, and who is where in the end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap

from fsm.cli.terminal import safe
from fsm.errors import counted, shorten
from fsm.log import Outcome, Replay

_ROOMS, _REASONS = 10, 6
"""Of so many rooms a story tells, and so many reasons of each."""


@dataclass
class _Room:
    """What happened in one room: changes by transition, and refusals by reason, each with the first one."""

    changes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    first: dict[str, Outcome] = field(default_factory=dict)


class Story:
    """Collects what is told."""

    def __init__(self) -> None:
        self._rooms: dict[str | None, _Room] = {}

    def add(self, outcome: Outcome) -> None:
        """Take in what became of an event."""
        decision = outcome.decision
        if decision is None or outcome.is_repeated or not decision.judged:
            return
        room = self._rooms.setdefault(outcome.room_id, _Room())
        if decision.transition:
            room.changes[decision.transition] += 1
        elif not decision.allowed:
            room.refusals[decision.reason] += 1
            room.first.setdefault(decision.reason, outcome)

    def lines(self, run: Replay, width: int, only: str | None = None) -> Iterator[str]:
        """The story, in lines of at most this width. With `only`, that of one room."""
        participation = run.places()
        told = [room_id for room_id in run.rooms if only in (None, room_id)]
        told.sort(key=lambda room_id: -self._of(room_id).refusals.total())
        for room_id in told[:_ROOMS]:
            yield from self._room(room_id, participation[room_id or ""], width)
            yield ""
        if len(told) > _ROOMS:
            yield f"… and {counted(len(told) - _ROOMS, 'more room')}\n"
        yield totals(run.summary())

    def _of(self, room_id: str | None) -> _Room:
        return self._rooms.get(room_id, _Room())

    def _room(self, room_id: str | None, users: Mapping[str, str], width: int) -> Iterator[str]:
        room = self._of(room_id)
        yield _cut(safe(room_id or "the room"), width)
        if room.changes:
            counts = ", ".join(f"{count}\N{NO-BREAK SPACE}{safe(row)}" for row, count in room.changes.most_common())
            for line in wrap(counts, width - 2):
                yield f"  {line}".replace("\N{NO-BREAK SPACE}", " ")
        if room.refusals:
            yield f"  {counted(room.refusals.total(), 'refusal')}"
        for reason, count in room.refusals.most_common(_REASONS):
            first = room.first[reason]
            place = f"first: line {first.number}"
            left = max(width - len(place) - 12, 20)
            words = safe(reason) if len(reason) <= left else shorten(safe(reason), left - 1)
            yield _cut(f"  {count:>6}  {words:<{left}}  {place}", width)
        if len(room.refusals) > _REASONS:
            yield f"          … and {counted(len(room.refusals) - _REASONS, 'more reason')}"
        states = Counter(users.values())
        for state, count in states.most_common():
            named = [safe(user) for user, current in users.items() if current == state]
            yield _named(f"  {safe(state):<10} {count:>6,}  ", named, width)


def totals(summary: Mapping[str, int]) -> str:
    """How many events there were, and what became of them."""
    counts = dict(summary)
    events, errors = counts.pop("events"), counts.pop("errors")
    words = (f"{count:,} {word.replace('_', ' ')}" for word, count in counts.items())
    return ", ".join([counted(events, "event"), *words, counted(errors, "error")])


def parties(sender: str, target: str) -> str:
    """Who does something to whom."""
    sender, target = shorten(sender), shorten(target)
    return f"{sender} → {target}" if target and target != sender else sender


def _named(head: str, names: list[str], width: int) -> str:
    """As many names as there is room for."""
    line, left = head, len(names)
    for name in names:
        more = f" and {left:,} more"
        if len(line) + len(name) + 1 + (len(more) if left > 1 else 0) > width:
            return _cut(line.rstrip() + more if line != head else head.rstrip(), width)
        line, left = f"{line}{name} ", left - 1
    return line.rstrip()


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
