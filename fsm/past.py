"""What a room keeps of the events that it has accepted: whose they were, and what it answered.

Theory of operation. Rooms keep millions of events, so an event is no object here: it is
five places in one list, `_WIDTH` apart, and its position is its number in the order of
acceptance. Words that come again and again are kept once for all rooms. The few ids of a
new room are searched; a dictionary comes with more of them.

An event's id is claimed when the event is accepted. Whoever names an id later means that
event, and the room holds them to it by what it has read of the first one.

A past may be bounded to the last events. Of older ones, only those stay that are the state
still, in front of the others: what follows from them is known, but not who saw them. What
is to go is taken out now and then, not each time.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from enum import Enum, StrEnum, auto
from functools import cache
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
_SEARCHED = 8
"""So many events are searched for an id, before a dictionary of them is made."""

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

    __slots__ = ("_cells", "_places", "bound", "keeps_all", "words")

    knows_refused: ClassVar[bool] = True
    """Whether the room may remember what it has refused, too: nobody else judges in it."""

    def __init__(self, *, keeps_all: bool = False, bound: "Bound | None" = None) -> None:
        self.keeps_all = keeps_all
        self.bound = bound
        self._cells: list[Any] = []
        self.words: Container[Any] = self._cells
        """All ids are among these: what is not has not come up."""
        self._places: dict[str, int] | None = None
        """By id: where the cells of an event begin."""

    def __eq__(self, other: object) -> bool:
        mine = (self.keeps_all, self.bound, self._cells)
        return isinstance(other, Past) and mine == (other.keeps_all, other.bound, other._cells)

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
        copied._cells += self._cells
        if self._places is not None:
            copied._places = copied.words = {**self._places}
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
        if self._places is not None:
            place = self._places.get(event_id)
            return None if place is None else place // _WIDTH + self._gone
        ids = self._cells[::_WIDTH]
        return ids.index(event_id) + self._gone if event_id in ids else None

    def add(self, event_id: str | None, sender: str, event_type: str, state_key: str | None, answer: object) -> None:
        """Keep an event. `answer` is the decision, or that and what was read of the content (see `pack`)."""
        cells = self._cells
        if event_id is not None:
            places = self._places
            if places is not None:
                places[event_id] = len(cells)
            elif len(cells) >= _SEARCHED * _WIDTH:
                self._find_places([*cells[::_WIDTH], event_id])
        shared = _shared
        cells += (
            event_id, shared[sender], shared[event_type], None if state_key is None else shared[state_key], answer
        )  # fmt: skip

    def _find_places(self, ids: list[Any]) -> None:
        self._places = {each: number * _WIDTH for number, each in enumerate(ids) if each is not None}
        self.words = self._places

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
        cells[:] = kept
        self.bound = Bound(bound.keep, gone, len(front))
        if self._places is not None:
            self._find_places(cells[::_WIDTH])
        return True

    def _cells_of(self, position: int) -> list[Any]:
        index = position - self._gone
        return self._cells[index * _WIDTH : (index + 1) * _WIDTH]

    def append(self, entry: Entry) -> None:
        """Keep an event."""
        self.add(*entry[:4], pack(entry.answer, entry.read))

    def replace(self, position: int, entry: Entry) -> None:
        """Keep an event in place of one of the same id, or of one that is to be forgotten."""
        position -= self._gone
        old = self._cells[position * _WIDTH]
        if old != entry.event_id and self._places is not None:
            self._places.pop(old, None)
        self._cells[position * _WIDTH : (position + 1) * _WIDTH] = (*entry[:4], pack(entry.answer, entry.read))


def brief(text: str) -> str:
    """A text as it is kept: itself or, when it is long, its SHA-256. Equal for equal texts only."""
    if len(text) <= MAX_BRIEF:
        return text
    from hashlib import sha256  # noqa: PLC0415 - takes long to load, and few need it

    return f"sha256:{sha256(text.encode()).hexdigest()}"


@cache
def given_as(state: StrEnum) -> Decision:
    """The answer to a participation change that was taken as it stands."""
    return replace(GIVEN, before=state, after=state)


def pack(answer: Decision, read: Read) -> object:
    """An answer and what was read, as `Past.add` takes them."""
    if answer.transition is None and answer.judged:
        # These are made anew for each event, where the answers of a machine are shared.
        answer = _shared_answers.setdefault((answer.clause, answer.guards), answer)
    return answer if read is None else (answer, read)
