"""Logs as histories: JSON lines, or one JSON array, of events in their ordinary shape."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedIOBase
from typing import Any

import pyarrow as pa

from fsm.bulk.decide.columns import columns_of
from fsm.bulk.read import layout
from fsm.bulk.read.forms import Forms
from fsm.bulk.read.remainder import Remainder
from fsm.bulk.read.repeats import ESCAPE, Repeats
from fsm.columns import AnyColumns
from fsm.json_lines import Line, blocks
from fsm.log_reader import Tell, read_events
from fsm.policies import Rules, room_of
from fsm.shapes import Order

_LONGEST = 2**10
"""Where longer ids come up, and whatever is not written as most are, events have to be read."""

_ID = re.compile(rb'event_id(?:"\s{0,99}:\s{0,99}"([^"\\]{1,512})"|)')


def read_log(
    source: BufferedIOBase, policies: Sequence[Rules], *, order: Order | None = None, tell: Tell = lambda _: None
) -> Iterator[pa.Table]:
    """Read a log in pieces, for these policies. `order` and `tell` are as in `read_events`."""
    speakers = tuple(map(columns_of, policies))
    forms = Forms(policies, lambda event: _row(Line(0, event), policies[0], speakers))
    # Only a log in its order can be told piece by piece.
    is_in_order = order in {None, Order.OLDEST_FIRST}
    rest = Remainder(source, forms)
    for line in read_events(rest if is_in_order else source, policies[0], order=order, tell=tell):
        rest.note(line, _row(line, policies[0], speakers))
        if rest.is_enough:
            yield rest.table()
    if last := rest.table():
        yield last


def rooms_that_look_back(source: BufferedIOBase, policies: Sequence[Rules], repeats: Repeats) -> set[str | None]:
    """The rooms in which an event looks back at single events of the past. Takes note of the ids of all events."""
    speakers, rooms = tuple(map(columns_of, policies)), set()
    for line in read_events(source, policies[0]):
        event = line.value
        if type(event) is not dict:
            continue
        room_id = room_of(policies[0], event)
        repeats.add_event(room_id, event)
        if any(speaker.looks_back(event) for speaker in speakers):
            rooms.add(room_id)
    return rooms


def is_plain(source: BufferedIOBase, policies: Sequence[Rules], texts: Repeats) -> bool:
    """Whether it can be told without reading the events of a log that none of them looks back.

    Takes note of all texts that may be the id of an event.
    """
    words = {word for policy in policies for word in columns_of(policy).past_words}
    end = b""
    for block in blocks(source):
        text = end + block
        # One letter is found in a tenth of the time.
        if any(word in text for word in words) or (b"\\" in text and ESCAPE.encode() in text):
            return False
        known = 0
        for match in _ID.finditer(text):
            if match[1] is None:
                if len(text) - match.start() > _LONGEST:
                    return False  # it is not written as most are
                break
            known = match.end()
            texts.add(None, match[1])
        end = text[max(known, len(text) - _LONGEST) :]
    return not _ID.search(end)


def _row(line: Line, policy: Rules, speakers: Sequence[AnyColumns]) -> dict[str, Any]:
    """What a line says, as a row of the layout."""
    row: dict[str, Any] = {layout.LINE: line.number, layout.EVENT: line.event}
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
    # To the others this is no change, but an event like any other. By its id, a room may know it as a whole.
    is_all = len(concerned) == len(speakers)
    if is_all and (row[layout.EVENT_ID] is None or not any(speaker.says_more(event) for speaker in speakers)):
        return row
    return {**row, layout.EVENT_JSON: _text_of(event)}


def _text_of(event: Any) -> str:
    """The event as JSON, in which no letter takes more bytes than before."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _text(event: Mapping[str, Any], key: str) -> str | None:
    value = event.get(key)
    return value if type(value) is str else None
