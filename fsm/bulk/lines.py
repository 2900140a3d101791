"""Logs as histories: JSON lines, or one JSON array, of events in their ordinary shape."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from io import BufferedIOBase
from itertools import islice
from typing import Any

import pyarrow as pa

from fsm.bulk import layout
from fsm.family import AnyColumns
from fsm.json_lines import Line, blocks
from fsm.log import identity
from fsm.log_reader import Tell, read_events
from fsm.policies import Rules, columns_of, room_of
from fsm.shapes import Order

LINE, EVENT = PLACE = ("line", "event")
"""The columns that say where in a log an event stands: its line, and which it is where there may be many."""

ESCAPE = b"\\u00"
"""How JSON may write a letter of a word in the Latin alphabet."""

_PIECE = 2**16
_NAMES = (*PLACE, *(name for name in layout.COLUMNS if name != layout.CONTENT))
_TYPES = {LINE: pa.int64(), EVENT: pa.int64(), layout.IS_STATE: pa.bool_()}


def read_log(
    source: BufferedIOBase, policies: Sequence[Rules], *, order: Order | None = None, tell: Tell = lambda _: None
) -> Iterator[pa.Table]:
    """Read a log in pieces, for these policies. `order` and `tell` are as in `read_events`."""
    speakers = tuple(map(columns_of, policies))
    lines = _each_once(read_events(source, policies[0], order=order, tell=tell), policies[0])
    rows = (_row(line, policies[0], speakers) for line in lines)
    while piece := list(islice(rows, _PIECE)):
        yield _table(piece)


def _each_once(lines: Iterable[Line], rules: Rules) -> Iterator[Line]:
    """The same events, but for those of arrays and responses that have come in one before: where pages overlap."""
    seen: set[tuple[str | None, ...]] = set()
    for line in lines:
        event_id = _text(line.value, "event_id") if line.event is not None and type(line.value) is dict else None
        if event_id is not None:
            key = identity(room_of(rules, line.value), line.value)
            if key in seen and not line.is_state:
                continue
            seen.add(key)
        yield line


def rooms_that_look_back(source: BufferedIOBase, policies: Sequence[Rules]) -> set[str | None]:
    """The rooms in which decisions depend on single events of the past."""
    speakers = tuple(map(columns_of, policies))
    return {
        room_of(policies[0], event)
        for event in _suspects(source, policies[0], speakers)
        if type(event) is dict and any(speaker.looks_back(event) for speaker in speakers)
    }


def _suspects(source: BufferedIOBase, policy: Rules, speakers: Sequence[AnyColumns]) -> Iterator[Any]:
    """All events of a log in which some may look back; most logs need not be understood to see that none does."""
    words = {word for speaker in speakers for word in speaker.past_words}
    if words and _mentions(source, (*words, ESCAPE)):
        source.seek(0)
        yield from (line.value for line in read_events(source, policy))


def _mentions(source: BufferedIOBase, words: Collection[bytes]) -> bool:
    """Whether one of the words stands anywhere in a log."""
    longest, end = max(map(len, words)), b""
    for block in blocks(source):
        text = end + block
        if any(word in text for word in words):
            return True
        end = text[1 - longest :]
    return False


def _row(line: Line, policy: Rules, speakers: Sequence[AnyColumns]) -> dict[str, Any]:
    """What a line says, as a row of the layout."""
    row: dict[str, Any] = {LINE: line.number, EVENT: line.event}
    if line.error is not None:
        return {**row, layout.UNREADABLE: line.error.problem}
    event = line.value
    if type(event) is not dict:
        return {**row, layout.EVENT_JSON: _text_of(event)}
    row |= {layout.ROOM: room_of(policy, event)}
    row |= {name: _text(event, name) for name in (layout.EVENT_ID, layout.TYPE, layout.SENDER)}
    concerned = [speaker for speaker in speakers if row[layout.TYPE] in speaker.types]
    changes = {speaker.read(event) for speaker in concerned}
    change = changes.pop() if len(changes) == 1 and not line.is_state else None
    if change is None or (layout.ROOM in event and row[layout.ROOM] is None):
        if line.is_state:
            row[layout.IS_STATE] = True
        return {**row, layout.STATE_KEY: _text(event, layout.STATE_KEY), layout.EVENT_JSON: _text_of(event)}
    row |= dict(zip((layout.SENDER, layout.TARGET, layout.ACTION), change, strict=True))
    # To the others this is no change, but an event like any other.
    return row if len(concerned) == len(speakers) else {**row, layout.EVENT_JSON: _text_of(event)}


def _text_of(event: Any) -> str:
    """The event as JSON, in which no letter takes more bytes than before."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _text(event: Mapping[str, Any], key: str) -> str | None:
    value = event.get(key)
    return value if type(value) is str else None


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.table({name: _column(rows, name) for name in _NAMES})


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> pa.Array:
    return pa.array([row.get(name) for row in rows], _TYPES.get(name, pa.string()))
