"""What a room keeps of the events that it has accepted: whose they were, and what it answered.

Theory of operation. Rooms keep millions of events, so an event is no object here: it is
five places in one sequence, `_WIDTH` apart, and its position is its number in the order of
acceptance. Words that come again and again are kept once for all rooms. Most rooms have few
events: these stand in a tuple, which takes the least memory, and ids are searched in it. With more
of them come a list, and a dictionary of the ids.

An event's id is claimed when the event is accepted. Whoever names an id later means that
event, and the room holds them to it by what it has read of the first one.

A past may be bounded to the last events. Of older ones, only those stay that are the state
still, in front of the others: what follows from them is known, but not who saw them. What
is to go is taken out now and then, not each time.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from enum import Enum, StrEnum, auto
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from fsm.decision import Decision

GIVEN = Decision(allowed=True, judged=False, reason="not judged: given as state")
"""The answer to an event that was taken as it stands."""

MAX_BRIEF = 64
"""Longer texts are kept as their digests."""


class _Hidden(Enum):
    HIDDEN = auto()


HIDDEN: Final = _Hidden.HIDDEN
"""In place of what was read of the content: it could not be seen, or is gone."""

Read: TypeAlias = str | _Hidden | None
"""What a room reads of an event's content beside what its answer tells, as one text; None for nothing."""


class Entry(NamedTuple):
    """One accepted event, as far as it is kept. Without a `state_key` it is a message."""

    event_id: str | None
    sender: str
    type: str
    state_key: str | None
    answer: Decision
    read: Read = None


class Bound(NamedTuple):
    """To how many events a past is bounded; how many are gone, and how many older ones stand in front."""

    keep: int
    gone: int = 0
    front: int = 0


_LEAST_TAKEN = 16
"""Fewer events are not worth taking out."""

_WIDTH = len(("event_id", "sender", "type", "state_key", "answer"))
_FEW = 8
"""So many events are kept in a tuple."""

_SHARED_LENGTH, _SHARED_COUNT = 255, 2**16


class Shared(dict[str, str]):
    """Words that come again and again: each is what the same word was before."""

    def __missing__(self, word: str) -> str:
        if len(word) > _SHARED_LENGTH:
            return word
        if len(self) >= _SHARED_COUNT:
            self.clear()
        return self.setdefault(word, word)


_shared = Shared()
_shared_answers: dict[tuple[str, tuple[str, ...]], Decision] = {}


class Past:
    """The events that a room has accepted, oldest first.

    Whether those without an id are kept is for the room to say (`keeps_all`).
    """

    __slots__ = ("_cells", "bound", "keeps_all", "words")

    knows_refused: ClassVar[bool] = True
    """Whether the room may remember what it has refused, too: nobody else judges in it."""

    def __init__(self, *, keeps_all: bool = False, bound: "Bound | None" = None) -> None:
        self.keeps_all = keeps_all
        self.bound = bound
        self._cells: Any
        """A tuple of few cells, or a list."""
        self.words: Any
        """All ids are among these, and what is not has not come up: the few cells or, by id, where an event begins."""
        self._hold(())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Past) or (self.keeps_all, self.bound) != (other.keeps_all, other.bound):
            return False
        return [*self._cells] == [*other._cells]

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        """The position of the next event."""
        count, bound = len(self._cells) // _WIDTH, self.bound
        return count if bound is None else count + bound.gone

    def __iter__(self) -> Iterator[Entry]:
        return map(self.__getitem__, range(self._gone, len(self)))

    def copy(self) -> "Past":
        """The same events, to be gone on with."""
        copied = Past(keeps_all=self.keeps_all, bound=self.bound)
        copied._cells, copied.words = copy(self._cells), copy(self.words)
        return copied

    @property
    def _gone(self) -> int:
        """How many events have been taken out."""
        return 0 if self.bound is None else self.bound.gone

    @property
    def start(self) -> int:
        """The position of the first event that is there, be it forgotten or not."""
        return self._gone

    @property
    def first(self) -> int:
        """The position of the first event that is not forgotten."""
        return 0 if self.bound is None else max(self.bound.gone + self.bound.front, len(self) - self.bound.keep)

    def __getitem__(self, position: int) -> Entry:
        position -= self._gone
        event_id, sender, event_type, state_key, answer = self._cells[position * _WIDTH : (position + 1) * _WIDTH]
        answer, read = answer if type(answer) is tuple else (answer, None)
        return Entry(event_id, sender, event_type, state_key, answer, read)

    def find(self, event_id: str) -> int | None:
        """The position of the event with this id."""
        if type(self._cells) is tuple:
            ids = self._cells[::_WIDTH]
            return ids.index(event_id) + self._gone if event_id in ids else None
        place = self.words.get(event_id)
        return None if place is None else place // _WIDTH + self._gone

    def add(self, event_id: str | None, sender: str, event_type: str, state_key: str | None, answer: object) -> None:
        """Keep an event. `answer` is the decision, or that and what was read of the content (see `pack`)."""
        shared, cells = _shared, self._cells
        event = (
            event_id, shared[sender], shared[event_type], None if state_key is None else shared[state_key], answer
        )  # fmt: skip
        if type(cells) is tuple:
            self._hold(cells + event)
            return
        if event_id is not None:
            self.words[event_id] = len(cells)
        cells += event

    def _hold(self, cells: Sequence[Any]) -> None:
        """Keep these cells in place of those that there are."""
        if len(cells) <= _FEW * _WIDTH:
            self._cells = self.words = tuple(cells)
        else:
            self._cells, self.words = [*cells], places(cells)

    def forget(self, place_of: Callable[[Entry], object]) -> bool:
        """Take out what is older than the last events, if that is much, and not the state still.

        `place_of` tells in which place of the state an event is; None for a message. Whether anything went.
        """
        bound, cells = self.bound, self._cells
        if bound is None or len(self) - bound.gone - bound.front <= 2 * bound.keep + _LEAST_TAKEN:
            return False
        cut = len(self) - bound.keep
        old = [(position, place_of(self[position])) for position in range(bound.gone, cut)]
        last = {place: position for position, place in old if place is not None}
        front = [position for position, place in old if place is not None and last[place] == position]
        kept = [cell for position in front for cell in self._cells_of(position)]
        kept += cells[(cut - bound.gone) * _WIDTH :]
        gone = cut - len(front)
        self._hold(kept)
        self.bound = Bound(bound.keep, gone, len(front))
        return True

    def _cells_of(self, position: int) -> Sequence[Any]:
        index = (position - self._gone) * _WIDTH
        cells: Sequence[Any] = self._cells
        return cells[index : index + _WIDTH]

    def append(self, entry: Entry) -> None:
        """Keep an event."""
        self.add(*entry[:4], pack(entry.answer, entry.read))

    def replace(self, position: int, entry: Entry) -> None:
        """Keep an event in place of one of the same id, or of one that is to be forgotten."""
        cells, start = self._cells, (position - self._gone) * _WIDTH
        new = (*entry[:4], pack(entry.answer, entry.read))
        if type(cells) is tuple:
            self._hold((*cells[:start], *new, *cells[start + _WIDTH :]))
            return
        if cells[start] != entry.event_id:
            self.words.pop(cells[start], None)
        cells[start : start + _WIDTH] = new


def places(cells: Sequence[Any]) -> dict[str, int]:
    """By id: where the cells of an event begin."""
    return {each: number * _WIDTH for number, each in enumerate(cells[::_WIDTH]) if each is not None}


def brief(text: str) -> str:
    """A text as it is kept: itself or, when it is long, its SHA-256. Equal for equal texts only."""
    if len(text) <= MAX_BRIEF:
        return text
    from hashlib import sha256  # noqa: PLC0415 - takes long to load, and few need it

    return f"sha256:{sha256(text.encode()).hexdigest()}"


@lru_cache(maxsize=2**6)  # roles are states, too, and a snapshot may have any
def given_as(state: StrEnum) -> Decision:
    """The answer to a participation change that was taken as it stands."""
    return replace(GIVEN, before=state, after=state)


def pack(answer: Decision, read: Read) -> object:
    """An answer and what was read, as `Past.add` takes them."""
    if answer.transition is None and answer.judged:
        # These are made anew for each event, where the answers of a machine are shared.
        answer = _shared_answers.setdefault((answer.clause, answer.guards), answer)
    return answer if read is None else (answer, read)
