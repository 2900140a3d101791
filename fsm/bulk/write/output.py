"""Writing tables, into files that are there whole or not at all."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from fsm import atomic
from fsm.bulk.read import layout
from fsm.errors import ReplayError, shorten


class Writer(Protocol):
    """Writes tables of one shape."""

    def write_table(self, table: pa.Table) -> None:
        """Write some more rows."""

    def close(self) -> None:
        """Complete what is written."""


class Output:
    """A file of tables, in the making. The first table decides on the columns."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._writer: Writer | None = None
        self._schema: pa.Schema | None = None

    def write(self, table: pa.Table) -> None:
        """Write some more rows. Raises OSError, and `ReplayError` when the columns are others than before."""
        with _telling(self._path):
            if self._writer is None:
                self._schema = _lasting(table.schema, self._path)
                self._writer = _KINDS[self._path.suffix](self._file, self._schema)
            self._writer.write_table(self._fitting(table))

    def close(self) -> None:
        """Complete the file, or at least let go of it. Raises OSError and `ReplayError`."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with _telling(self._path):
                writer.close()

    def _fitting(self, table: pa.Table) -> pa.Table:
        assert self._schema is not None
        try:
            if set(table.column_names) <= set(self._schema.names):
                return table.select(self._schema.names).cast(self._schema)
        except (KeyError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
        raise ReplayError(0, "the files have different columns, which do not fit into one output")


class _LinesWriter:
    """Rows as JSON lines, without what is null."""

    def __init__(self, file: BinaryIO, _: pa.Schema) -> None:
        self._file = file

    def write_table(self, table: pa.Table) -> None:
        try:
            rows = table.to_pylist()
        except (ValueError, OverflowError) as problem:  # a date that Python does not have, a text that is none
            raise pa.ArrowInvalid(f"cannot be written as JSON: {problem}") from None
        for row in rows:
            fields = {name: value for name, value in row.items() if value is not None}
            self._file.write(f"{json.dumps(fields, default=str)}\n".encode())

    def close(self) -> None:
        """There is nothing to complete."""


_GROUP = 2**20
"""The least rows of a group in a Parquet file, if there are so many: each group repeats its words."""


class _ParquetWriter:
    """Rows in groups, put together from the tables that come."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(file, schema)
        self._waiting: list[pa.Table] = []

    def write_table(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= _GROUP:
            self._write()

    def close(self) -> None:
        try:
            self._write()
        finally:
            self._writer.close()

    def _write(self) -> None:
        if self._waiting:
            table, self._waiting = pa.concat_tables(self._waiting).unify_dictionaries(), []
            self._writer.write_table(table, row_group_size=max(len(table), 1))


_KINDS: Mapping[str, Callable[[BinaryIO, pa.Schema], Writer]] = {
    ".parquet": _ParquetWriter,
    ".arrow": pa.ipc.new_file,
    ".feather": pa.ipc.new_file,
    ".jsonl": _LinesWriter,
}


def _lasting(schema: pa.Schema, path: Path) -> pa.Schema:
    """The columns of a file whose tables come one after the other."""
    schema = schema.remove_metadata()
    # In an Arrow file a dictionary, once written, is for good.
    return schema if path.suffix == ".parquet" else layout.without_dictionaries(schema)


@contextmanager
def whole(path: Path) -> Iterator[Output]:
    """A file of tables that appears when the body has ended without an error; its kind is told by its ending.

    Raises OSError that names it, and `ReplayError` for columns that such a file cannot hold; where there is no way
    to write it, at once.
    """
    if path.suffix not in _KINDS:
        raise ReplayError(0, f"{path}: the name must end in {', '.join(_KINDS)}")
    with atomic.writing(path) as file:
        output = Output(path, file)
        try:
            yield output
            output.close()
        finally:
            with suppress(ReplayError, OSError):  # what ended the work is told already
                output.close()


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say of what Arrow cannot write which file it is about. Raises `ReplayError`, and OSError as it is."""
    try:
        yield
    except (pa.ArrowException, OSError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        raise ReplayError(0, f"{path}: {shorten(' '.join(str(problem).split()), 200).lower()}") from None
