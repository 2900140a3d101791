"""Rooms in which the id of an event comes twice.

A room accepts an event once, by its id. So there a change is no mere look-up: whether it
happens depends on what has been accepted before.
"""

import json
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsm.bulk.read import layout

ESCAPE = "\\u00"
"""How JSON may write a letter of a word in the Latin alphabet."""

_PATTERN = f"event_id|{ESCAPE.replace(chr(92), chr(92) * 2)}"


class Repeats:
    """The ids that came up, by room. Each takes twelve bytes, since nothing but a hash of it is kept.

    That two ids have one hash is next to impossible, and does no harm: their rooms are
    then looked at more closely than they need be.
    """

    def __init__(self) -> None:
        self._numbers: dict[str | None, int] = {}
        self._hashes = array("q")
        self._rooms = array("i")

    def add(self, room: str | None, event_id: object) -> None:
        """Take note of an id and its room."""
        self._hashes.append(hash((room, event_id)))
        self._rooms.append(self._numbers.setdefault(room, len(self._numbers)))

    def add_event(self, room: str | None, event: Mapping[str, Any]) -> None:
        """Take note of the id of an event, if it has one."""
        if type(event_id := event.get("event_id")) is str:
            self.add(room, event_id)

    def add_table(self, table: pa.Table) -> None:
        """Take note of the ids in the rows of a history."""
        if layout.has_values(table, layout.EVENT_ID):
            rows = table.filter(pc.is_valid(table.column(layout.EVENT_ID)))
            for room, event_id in zip(_texts(rows, layout.ROOM), _texts(rows, layout.EVENT_ID), strict=True):
                self.add(room, event_id)
        if layout.has_values(table, layout.EVENT_JSON):
            texts = table.column(layout.EVENT_JSON).cast(pa.large_string())
            rows = table.filter(pc.match_substring_regex(texts, _PATTERN).fill_null(False))
            for room, text in zip(_texts(rows, layout.ROOM), _texts(rows, layout.EVENT_JSON), strict=True):
                if type(event := _read(text)) is dict:
                    self.add_event(room, event)

    @property
    def rooms(self) -> set[str | None]:
        """The rooms in which an id has come twice."""
        hashes, rooms = np.frombuffer(self._hashes, np.int64), np.frombuffer(self._rooms, np.int32)
        order = np.argsort(hashes, kind="stable")
        again = order[1:][hashes[order][1:] == hashes[order][:-1]]
        names = list(self._numbers)
        return {names[number] for number in np.unique(rooms[again]).tolist()}


def _texts(table: pa.Table, name: str) -> list[Any]:
    texts: list[Any] = table.column(name).cast(pa.large_string()).to_pylist()
    return texts


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None  # what is no event has no id
