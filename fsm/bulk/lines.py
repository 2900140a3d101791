"""Logs as histories: JSON lines, or one JSON array, of events in their ordinary shape."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

from fsm.bulk import layout
from fsm.family import AnyColumns, AnyPolicy
from fsm.log import MAX_LINE, Line, read_events
from fsm.policies import columns_of, room_of

LINE = "line"

ESCAPE = b"\\u00"
"""How JSON may write a letter of a word in the Latin alphabet."""

_PIECE = 2**16
_NAMES = (LINE, *(name for name in layout.COLUMNS if name != layout.CONTENT))
_TYPES = {LINE: pa.int64(), layout.IS_STATE: pa.bool_()}


def read_log(source: BinaryIO, policies: Sequence[AnyPolicy]) -> Iterator[pa.Table]:
    """Read a log in pieces, for these policies."""
    speakers = tuple(map(columns_of, policies))
    rows = (_row(line, policies[0], speakers) for line in read_events(source))
    while piece := list(islice(rows, _PIECE)):
        yield _table(piece)


def rooms_that_look_back(source: BinaryIO, policies: Sequence[AnyPolicy]) -> set[str | None]:
    """The rooms in which decisions depend on single events of the past."""
    speakers = tuple(map(columns_of, policies))
    return {
        room_of(policies[0], event)
        for event in _suspects(source, speakers)
        if type(event) is dict and any(speaker.looks_back(event) for speaker in speakers)
    }


def _suspects(source: BinaryIO, speakers: Sequence[AnyColumns]) -> Iterator[Any]:
    """All events of a log in which some may look back; most logs need not be understood to see that none does."""
    words = {word for speaker in speakers for word in speaker.past_words}
    if words and any(_has(text, words) for text in iter(partial(source.readline, MAX_LINE + 1), b"")):
        source.seek(0)
        yield from (line.value for line in read_events(source))


def _has(text: bytes, words: Collection[bytes]) -> bool:
    """Whether one of the words stands in a text, or may, hidden behind escapes of its letters."""
    return ESCAPE in text or any(word in text for word in words)


def _row(line: Line, policy: AnyPolicy, speakers: Sequence[AnyColumns]) -> dict[str, Any]:
    """What a line says, as a row of the layout."""
    row: dict[str, Any] = {LINE: line.number}
    if line.error is not None:
        return {**row, layout.UNREADABLE: line.error.problem}
    event = line.value
    if type(event) is not dict:
        return {**row, layout.EVENT_JSON: json.dumps(event)}
    row |= {layout.ROOM: room_of(policy, event)}
    row |= {name: _text(event, name) for name in (layout.EVENT_ID, layout.TYPE, layout.SENDER)}
    concerned = [speaker for speaker in speakers if row[layout.TYPE] in speaker.types]
    changes = {speaker.read(event) for speaker in concerned}
    change = changes.pop() if len(changes) == 1 and not line.is_state else None
    if change is None or (layout.ROOM in event and row[layout.ROOM] is None):
        if line.is_state:
            row[layout.IS_STATE] = True
        return {**row, layout.STATE_KEY: _text(event, layout.STATE_KEY), layout.EVENT_JSON: json.dumps(event)}
    row |= dict(zip((layout.SENDER, layout.TARGET, layout.ACTION), change, strict=True))
    # To the others this is no change, but an event like any other.
    return row if len(concerned) == len(speakers) else {**row, layout.EVENT_JSON: json.dumps(event)}


def _text(event: Mapping[str, Any], key: str) -> str | None:
    value = event.get(key)
    return value if type(value) is str else None


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    try:
        return pa.table({name: _column(rows, name) for name in _NAMES})
    except UnicodeEncodeError:
        return pa.table({name: _column(list(map(_encodable, rows)), name) for name in _NAMES})


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> pa.Array:
    return pa.array([row.get(name) for row in rows], _TYPES.get(name, pa.string()))


def _encodable(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same row, unless one of its strings is no Unicode text: JSON can write half a character."""
    for name, value in row.items():
        try:
            str(value).encode()
        except UnicodeEncodeError:
            return {LINE: row[LINE], layout.UNREADABLE: f"`{name}`: holds half a character"}
    return row
