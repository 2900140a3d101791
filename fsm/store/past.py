"""The past of a room whose events are in a store: what came before it was opened is asked for when it is needed.

A room looks into its past for an event that comes again, or that another one cites. Both
are rare, and a room may have millions of events; so a room that is opened has none of them
at hand. One is looked up by its id. Where all of them are needed, as for what a user may
be shown, or for a snapshot, all are read.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Protocol

from fsm.past import Entry, Past, places


class Source(Protocol):
    """Where the events are that came before a room was opened."""

    def find(self, event_ids: Iterable[str]) -> list[Entry]:
        """Those of these ids that have been accepted."""

    def read_all(self) -> list[Entry]:
        """All that a room remembers, oldest first."""


_MOST_ABSENT = 4096
"""So many ids that have not come up are known at most."""


class _Ids(dict[str, int]):
    """The ids that came up since a room was opened. Of one that may be in the store, it is not said that it has not."""

    __slots__ = ("_past",)

    def __init__(self, past: "StoredPast") -> None:
        super().__init__()
        self._past = past

    def __contains__(self, event_id: object) -> bool:
        return type(event_id) is str and (self._past.asks(event_id) or super().__contains__(event_id))


class StoredPast(Past):
    """What a room has accepted: in memory since it was opened, in the store before.

    The positions of single events from the store are below 0.
    """

    __slots__ = ("_absent", "_found", "_source", "is_following")

    knows_refused: ClassVar[bool] = False
    """Others judge in the room, too, and do not know of what was refused here: all have to answer alike."""

    def __init__(self, source: Source | None = None) -> None:
        super().__init__()
        self._source = source
        self._found: list[Entry] = []
        self._absent: set[str] = set()
        self.is_following = False
        """Whether what comes is known to be new."""

    def __iter__(self) -> Iterator[Entry]:
        self._load()
        return super().__iter__()

    def __len__(self) -> int:
        self._load()
        return super().__len__()

    @property
    def start(self) -> int:
        """The position of the first event."""
        self._load()
        return super().start

    @property
    def first(self) -> int:
        """The position of the first event that is not forgotten."""
        return -len(self._found)

    def __getitem__(self, position: int) -> Entry:
        return self._found[-position - 1] if position < 0 else super().__getitem__(position)

    def find(self, event_id: str) -> int | None:
        """The position of the event with this id."""
        position = super().find(event_id)
        if position is not None:
            return position
        self.look_up((event_id,))
        for number, known in enumerate(self._found):
            if known.event_id == event_id:
                return -number - 1
        return None

    def look_up(self, event_ids: Iterable[str]) -> None:
        """Know of these ids which have come up."""
        asked = {each for each in event_ids if self.asks(each)} - {each.event_id for each in self._found}
        if asked and self._source is not None:
            found = self._source.find(asked)
            self._found += found
            if len(self._absent) > _MOST_ABSENT:
                self._absent.clear()
            self._absent |= asked - {each.event_id for each in found if each.event_id}

    def presume(self, event_id: object, *, is_new: bool) -> None:
        """Take an id for one that has not come up, until it is found to have."""
        if is_new and type(event_id) is str:
            self._absent.add(event_id)
        else:
            self._absent.discard(event_id)

    def copy(self) -> Past:
        """All events, in memory."""
        copied = Past(keeps_all=self.keeps_all, bound=self.bound)
        for entry in self:
            copied.append(entry)
        return copied

    def replace(self, position: int, entry: Entry) -> None:
        """Keep an event in place of one of the same id, or of one that is to be forgotten."""
        if position < 0:
            self._found[-position - 1] = entry
        else:
            super().replace(position, entry)

    def asks(self, event_id: str) -> bool:
        """Whether the store has to be asked for an id."""
        return self._source is not None and not self.is_following and event_id not in self._absent

    def _hold(self, cells: Sequence[object]) -> None:
        self._cells, self.words = [*cells], _Ids(self)
        self.words.update(places(cells))

    def _load(self) -> None:
        """Have all events in memory."""
        if self._source is None:
            return
        source, self._source = self._source, None
        since = Past()
        for position in range(super().__len__()):
            since.append(super().__getitem__(position))
        super().__init__()
        self._found = []
        for entry in (*source.read_all(), *since):
            self.append(entry)
