"""Writing tables that are there whole, or not at all.

A file is written under a temporary name beside its own, and gets its own when it is
complete. Whatever ends the work before leaves nothing under that name.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from secrets import token_hex
from typing import Protocol, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from fsm.bulk import layout
from fsm.errors import ReplayError, shorten


class Writer(Protocol):
    """Writes tables of one shape."""

    def write_table(self, table: pa.Table) -> None:
        """Write some more rows."""

    def close(self) -> None:
        """Complete what is written."""


class Output:
    """A file of tables, in the making. The first table decides on the columns."""

    def __init__(self, path: Path, temporary: Path) -> None:
        self._path = path
        self._temporary = temporary
        self._writer: Writer | None = None
        self._schema: pa.Schema | None = None

    def write(self, table: pa.Table) -> None:
        """Write some more rows. Raises `ReplayError` when that cannot be, or the columns are others than before."""
        with telling(self._path):
            if self._writer is None:
                self._schema = _lasting(table.schema, self._path)
                self._writer = _KINDS[self._path.suffix](str(self._temporary), self._schema)
            self._writer.write_table(self._fitting(table))

    def close(self) -> None:
        """Complete the file, or at least let go of it. Raises `ReplayError`."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with telling(self._path):
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

    def __init__(self, path: str, _: pa.Schema) -> None:
        self._file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - closed by `close`

    def write_table(self, table: pa.Table) -> None:
        try:
            rows = table.to_pylist()
        except (ValueError, OverflowError) as problem:  # a date that Python does not have, a text that is none
            raise pa.ArrowInvalid(f"cannot be written as JSON: {problem}") from None
        for row in rows:
            fields = {name: value for name, value in row.items() if value is not None}
            self._file.write(json.dumps(fields, default=str) + "\n")

    def close(self) -> None:
        self._file.close()


_GROUP = 2**20
"""The least rows of a group in a Parquet file, if there are so many: each group repeats its words."""


class _ParquetWriter:
    """Rows in groups, put together from the tables that come."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema)
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


_KINDS: Mapping[str, Callable[[str, pa.Schema], Writer]] = {
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

    Raises `ReplayError` when it cannot be written; where there is no way to write it, at once.
    """
    if path.suffix not in _KINDS:
        raise ReplayError(0, f"{path}: the name must end in {', '.join(_KINDS)}")
    with appearing(path) as temporary:
        output = Output(path, temporary)
        try:
            yield output
            output.close()
        finally:
            with suppress(ReplayError):  # what ended the work is told already
                output.close()


@contextmanager
def whole_lines(path: Path) -> Iterator[TextIO]:
    """A text file that appears when the body has ended without an error. Raises `ReplayError`."""
    with appearing(path) as temporary, telling(path), temporary.open("w", encoding="utf-8") as file:
        yield file


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A temporary file that gets its name when the body has ended without an error. Raises `ReplayError`."""
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.partial")
    with telling(path):
        if path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        temporary.touch(exist_ok=False)
    try:
        yield temporary
        with telling(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Say of what goes wrong which file it is about, in one line. Raises `ReplayError`."""
    try:
        yield
    except UnicodeEncodeError:
        raise ReplayError(0, f"{path}: the name is not UTF-8") from None
    except (OSError, pa.ArrowException) as problem:
        number = problem.errno if isinstance(problem, OSError) else None
        reason = os.strerror(number) if number else shorten(" ".join(str(problem).split()), 200)
        raise ReplayError(0, f"{path}: {reason.lower()}") from None
