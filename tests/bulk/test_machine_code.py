"""Machine code is made once, kept where it can be, and run only as it was written."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pytest
from llvmlite import binding as llvm

from fsm.bulk import Backtest
from fsm.bulk.backtest import can_compile
from fsm.bulk.decide import compiled, kernels, machine_code
from fsm.bulk.decide.pairs import Slots
from fsm.bulk.write.synth import synthesise
from fsm.policies import load_policy

Filled: TypeAlias = list[tuple[int, int]]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Where object files may be, instead of where they are; and no loop has been loaded yet."""
    places = [tmp_path / "first", tmp_path / "second"]
    monkeypatch.setattr(machine_code, "_folders", lambda: iter(places))
    machine_code._loop.cache_clear()
    yield places
    machine_code._loop.cache_clear()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The loops that the compiler is asked for."""
    names: list[str] = []
    compiled = kernels.compiled

    def noted(name: str, kinds: Any) -> Any:
        names.append(name)
        return compiled(name, kinds)

    monkeypatch.setattr(kernels, "compiled", noted)
    return names


def fill() -> Filled:
    """What a table holds once another has been entered into it."""
    old, new = Slots.empty(62), Slots.empty(61)
    old.table[:] = [(0, 0), (7, 1), (0, 0), (9, 2)]
    assert machine_code.run("fill", old.table, old.table.size, new.table, new.table.size, int(new.shift)) == 8
    return sorted(zip(*new.table.T.tolist(), strict=True))[-2:]


FILLED = [(7, 1), (9, 2)]


def again() -> Filled:
    """The same as another process would do it."""
    machine_code._loop.cache_clear()
    return fill()


def test_a_loop_is_compiled_once_for_all_processes(folders: list[Path], made: list[str]) -> None:
    assert fill() == again() == FILLED
    assert made == ["fill"]
    assert len(list(folders[0].iterdir())) == 1
    assert not folders[1].exists()


@pytest.mark.parametrize("change", [lambda code: code[:-1], lambda code: code[:-1] + b"\0\1", lambda _: b""])
def test_what_is_not_as_it_was_written_is_made_anew(folders: list[Path], made: list[str], change: Any) -> None:
    assert fill() == FILLED
    (file,) = folders[0].iterdir()
    file.write_bytes(change(file.read_bytes()))
    assert again() == FILLED
    assert made == ["fill", "fill"]
    assert again() == FILLED
    assert made == ["fill", "fill"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("library", "another"),
        ("_platform", lambda: (llvm.get_default_triple(), "", "")),
        ("_SOURCES", [Path(__file__)]),
    ],
)
def test_another_library_platform_or_source_has_files_of_its_own(
    folders: list[Path], made: list[str], monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    assert fill() == FILLED
    monkeypatch.setattr(machine_code, name, value)
    assert again() == FILLED
    assert made == ["fill", "fill"]
    assert len(list(folders[0].iterdir())) == 2


def test_it_is_kept_where_that_is_allowed(folders: list[Path], made: list[str]) -> None:
    folders[0].touch()  # which is no folder
    assert fill() == again() == FILLED
    assert made == ["fill"]
    assert len(list(folders[1].iterdir())) == 1


def test_where_nothing_can_be_kept_each_process_makes_its_own(folders: list[Path], made: list[str]) -> None:
    for folder in folders:
        folder.touch()
    assert fill() == again() == FILLED
    assert made == ["fill", "fill"]


def test_without_sources_each_process_makes_its_own(
    folders: list[Path], made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_code, "_SOURCES", [Path("nowhere")])
    assert fill() == again() == FILLED
    assert made == ["fill", "fill"]
    assert not any(folder.exists() for folder in folders)


def test_whoever_has_no_home_has_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own, users = machine_code._folders()
    assert users == tmp_path / "fsm"

    def homeless(_: Path) -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert list(machine_code._folders()) == [own]


def test_what_is_called_where_a_loop_fails_is_no_part_of_it() -> None:
    kinds = ("", "", "u4", "u4", "u1", "u4", "u8", "", "", "", "i8", "", "u8", "u8")
    text = kernels.compiled("enter", kinds).inspect_llvm()
    assert machine_code._CALLED.search(text)  # numba provides for loops that fail
    assert not machine_code._CALLED.search(machine_code._CALLED.sub(machine_code._TRAP, text))


def nothing(*_: Any) -> Any:
    raise OSError("not for this system")


@pytest.mark.parametrize(
    ("where", "name", "kept"),
    [
        (kernels, "compiled", None),
        (llvm, "create_mcjit_compiler", b"code"),
        (llvm, "get_host_cpu_name", None),
    ],
)
@pytest.mark.usefixtures("folders")
def test_what_cannot_be_had_is_done_by_the_plain_loops(
    where: Any, name: str, kept: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_code._platform.cache_clear()
    monkeypatch.setattr(machine_code, "_kept", lambda _: kept)
    monkeypatch.setattr(where, name, nothing)
    assert machine_code.run("fill", *2 * (np.zeros(8, np.uint64), 8), 62) is None
    tables = [pa.concat_tables(synthesise(load_policy("mimi"), events=900, rooms=9, users=700, seed=3))]
    tables += [tables[0].slice(0, 0), tables[0].slice(300)]
    runs = [Backtest(load_policy("mimi"), compiled=compiled) for compiled in (True, False)]
    answers, expected = ([run.add(table).as_table().to_pylist() for table in tables] for run in runs)
    assert answers == expected
    assert runs[0].participation().to_pylist() == runs[1].participation().to_pylist()


@pytest.mark.parametrize(("library", "users"), [("llvmlite", [compiled, machine_code]), ("numba", [])])
def test_a_library_that_cannot_be_had(library: str, users: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_compile()
    monkeypatch.setitem(sys.modules, library, None)
    for module in users:  # which have it already
        monkeypatch.delitem(sys.modules, module.__name__)
    assert not can_compile()


def test_arrays_with_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match="gaps"):
        machine_code.run("fill", np.zeros(8, np.uint64)[::2])
