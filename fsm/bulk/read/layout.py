"""The columns of a history, and what a row says.

A history is a table of events, one a row, in the order in which they were sent.
Rows of different rooms may mix.

| column | holds |
| --- | --- |
| `room_id` | the room; null for the one room of a log without room ids |
| `sender` | who sent the event |
| `target`, `action` | of a participation change: the user it is about, and the word for it (`invite`, `join` …) |
| `destination` | of a change that leads where it asks: the state, such as the index of a role |
| `type`, `state_key` | of any other event: its type, and its state key if it has one |
| `content` | of any other event: its content as JSON text; null stands for `{}` |
| `event_id` | the event's id, if it has one |
| `event_json` | the whole event as JSON text, which counts instead of what other columns say of it |
| `is_state` | true for an event that is given as part of a state, to be taken as it is and not judged |
| `unreadable` | what was wrong with a line of a log that held no event |

The first four must be there, and all may be null. A row with an `action` and no
`content` is a participation change, whatever protocol the policy speaks; if it also has
a `type`, only for policies to which this is a type of participation; to others it is
what `event_json` says, if that is there. Which room an event is of is told by `room_id`
alone. Other columns are carried through.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fsm.columns import AnyColumns
from fsm.errors import EventError, ReplayError, shorten
from fsm.event import is_name
from fsm.strict_json import read_json

ROOM, SENDER, TARGET, ACTION = REQUIRED = ("room_id", "sender", "target", "action")
DESTINATION, TYPE, STATE_KEY, CONTENT, EVENT_ID, EVENT_JSON, UNREADABLE = OPTIONAL = (
    "destination", "type", "state_key", "content", "event_id", "event_json", "unreadable",
)  # fmt: skip
TEXTS = (*REQUIRED, *OPTIONAL)
IS_STATE = "is_state"
COLUMNS = (*TEXTS, IS_STATE)

LINE, EVENT = PLACE = ("line", "event")
"""The columns that say where in a log an event stands: its line, and which it is where there may be many."""

ROW = "row_number"
"""The column that says which row of the whole history a row is, where a table holds only some of them."""

EMPTY = pa.table({name: pa.array([], pa.string()) for name in REQUIRED})
"""A history without events."""


def checked(table: pa.Table) -> pa.Table:
    """The table, with every text column as text or a dictionary of it. Raises `ReplayError` when it is no history."""
    columns = Counter(table.column_names)
    for name in REQUIRED:
        if name not in columns:
            raise ReplayError(0, f"there is no column `{name}`: there are {shorten(', '.join(columns), 300) or 'none'}")
    for name, count in columns.items():
        if count > 1:
            raise ReplayError(0, f"there are two columns `{shorten(name)}`")
    table = with_texts(table)
    if IS_STATE in columns and not pa.types.is_boolean(table.schema.field(IS_STATE).type):
        raise ReplayError(0, f"column `{IS_STATE}` holds {table.schema.field(IS_STATE).type}, not true or false")
    return table


def with_texts(table: pa.Table) -> pa.Table:
    """The table, or part of one, with every text column as text or a dictionary of it. Raises `ReplayError`."""
    for index, name in enumerate(table.column_names):
        if name in TEXTS and not _is_text(table.schema.field(index).type):
            table = table.set_column(index, name, _as_text(table.column(index), name))
    return table


def read_rows(table: pa.Table, indexes: Sequence[int] | npt.NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """What some rows of a checked table say, without what is null."""
    taken = table.select([name for name in COLUMNS if name in table.column_names]).take(pa.array(indexes, pa.int64()))
    # At least one column, so that there is a row for each index.
    names = [name for name in taken.column_names if name == ROOM or has_values(taken, name)]
    rows = (
        dict(zip(names, cells, strict=True)) for cells in zip(*(_values(taken, name) for name in names), strict=True)
    )
    if not any(taken.column(name).null_count for name in names):
        return rows
    return ({name: cell for name, cell in row.items() if cell is not None} for row in rows)


def fields_of(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The fields of a row's event, its content as text; None where the row does not hold them so, or a faulty id."""
    is_otherwise = UNREADABLE in row or EVENT_JSON in row or (ACTION in row and CONTENT not in row)
    return None if is_otherwise or (EVENT_ID in row and not is_name(row[EVENT_ID])) else row


def event_of(row: Mapping[str, Any], columns: AnyColumns) -> Any:
    """The event that a row stands for, such as it is. Raises `EventError` when there is none."""
    if UNREADABLE in row:
        raise EventError("", row[UNREADABLE])
    if EVENT_JSON in row:
        return _json(row[EVENT_JSON], "")
    given = {field: row[field] for field in (TYPE, SENDER, EVENT_ID, ROOM) if field in row}
    if ACTION in row and CONTENT not in row:
        change = columns.write(row.get(SENDER), row.get(TARGET), row[ACTION], row.get(DESTINATION))
        return {field: value for field, value in change.items() if value is not None} | given
    if STATE_KEY in row:
        given[STATE_KEY] = row[STATE_KEY]
    return {**given, "content": _json(row[CONTENT], CONTENT) if CONTENT in row else {}}


def has_values(table: pa.Table, name: str) -> bool:
    """Whether there is a column of this name, and anything in it."""
    has_values: bool = name in table.column_names and table.column(name).null_count < len(table)
    return has_values


def without_dictionaries(schema: pa.Schema, keep: Collection[str] = ()) -> pa.Schema:
    """The same columns without dictionaries; those to keep as they are."""
    fields = (
        field.with_type(field.type.value_type)
        if pa.types.is_dictionary(field.type) and field.name not in keep
        else field
        for field in schema
    )
    return pa.schema(list(fields))


def _json(text: str, field: str) -> Any:
    """The value of a JSON text. Not to be changed: equal texts share one."""
    try:
        return _read_often(text) if len(text) < _SHORT else read_json(text.encode())
    except ValueError as problem:
        raise EventError(field, str(problem)) from None


@lru_cache(maxsize=1024)
def _read_often(text: str) -> Any:
    return read_json(text.encode())


_SHORT = 1024


def _values(table: pa.Table, name: str) -> list[Any]:
    column = table.column(name)
    try:
        values: list[Any] = (column if name == IS_STATE else column.cast(pa.large_string())).to_pylist()
    except (UnicodeDecodeError, pa.ArrowInvalid):
        raise ReplayError(0, f"column `{name}` holds text that is not UTF-8") from None
    return values


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return kind in (pa.string(), pa.large_string())


def _as_text(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """A column as plain text. Raises `ReplayError` when it holds anything else."""
    try:
        return column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise ReplayError(0, f"column `{name}` holds {column.type}, which is no text") from None
