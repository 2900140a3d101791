"""Loops as machine code, made once and kept.

Theory of operation. Numba makes machine code of the loops in `fsm.bulk.decide.kernels`. To
load numba takes half a second, most of a short backtest. So what it makes is written to an
object file beside Python's own compiled files, or into the user's cache folder, and other
processes load that, by the library on which numba stands. There is a file for each loop
and the types of its arrays; its name tells the source, the system, the processor and the
library that it was made for, and it begins with a digest of the rest. A file that is not as
it was written counts for nothing. Where none can be kept, each process makes its own; and
where a loop can be neither made nor loaded, callers are told so, and do without it.
"""

import ctypes
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from llvmlite import __version__ as library
from llvmlite import binding as llvm

from fsm import atomic

Argument: TypeAlias = "np.ndarray[Any, Any] | int"

_SOURCES = [Path(__file__).with_name(name) for name in ("kernels.py", "pairs.py")]
"""What the loops are made of."""

_DIGEST = sha256().digest_size

_CALLED = re.compile(r"^declare (.*@(?!llvm\.|mem)\w+\(.*\)).*$", re.MULTILINE)
"""What numba calls when a loop fails. Ours cannot, so that each stands alone with a trap in its place."""

_TRAP = r"define \1 {\n  call void @llvm.trap()\n  unreachable\n}"


def run(name: str, *arguments: Argument) -> int | None:
    """Run a loop, without the lock of the interpreter. Returns None when it cannot be had here.

    Nothing is checked but that arrays are without gaps: types and lengths must be those that the loop is written for.
    """
    kinds, given = [], []
    for each in arguments:
        if isinstance(each, int):
            kinds.append("")
            given.append(each)
            continue
        if not each.flags.c_contiguous:
            raise ValueError("an array with gaps")
        kinds.append("u1" if each.dtype == np.bool_ else each.dtype.str)
        given.append(each.ctypes.data)
    loop = _loop(name, tuple(kinds))
    return None if loop is None else loop(*given)


@cache
def _loop(name: str, kinds: tuple[str, ...]) -> Callable[..., int] | None:
    """A loop for arguments of these kinds (see `fsm.bulk.decide.kernels.compiled`), if it can be had."""
    try:
        return _loaded(name, kinds)
    except Exception:  # noqa: BLE001 - whatever the compiler or the loader does not like
        return None


def _loaded(name: str, kinds: tuple[str, ...]) -> Callable[..., int]:
    machine = _machine()
    places = _places(name, kinds)
    code = next(filter(None, map(_kept, places)), None)
    if code is None:
        code = _made(name, kinds, machine)
        _keep(places, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _ENGINES.append(engine)
    types = (ctypes.c_void_p if kind else ctypes.c_int64 for kind in kinds)
    return ctypes.CFUNCTYPE(ctypes.c_int64, *types)(engine.get_function_address(name))


_ENGINES: list[Any] = []
"""What holds the loops in memory."""


def _made(name: str, kinds: Sequence[str], machine: Any) -> bytes:
    """The object file of a loop."""
    from fsm.bulk.decide.kernels import compiled  # noqa: PLC0415 - slow to load, and seldom needed

    loop = compiled(name, kinds)
    module = llvm.parse_assembly(_CALLED.sub(_TRAP, loop.inspect_llvm()) + "declare void @llvm.trap()\n")
    module.get_function(loop.native_name).name = name
    code: bytes = machine.emit_object(module)
    return code


def _places(name: str, kinds: Sequence[str]) -> list[Path]:
    """Where the object file of a loop may be; nowhere when there are no sources to tell it by."""
    try:
        sources = [source.read_bytes() for source in _SOURCES]
    except OSError:
        return []
    file = f"fsm.{name}.{_digest(*sources, repr(kinds), library, *_platform()).hex()[:32]}.o"
    return [folder / file for folder in _folders()]


def _folders() -> Iterator[Path]:
    """Beside Python's own compiled files, or where the user keeps what can be made again, if they have such a place."""
    yield Path(cache_from_source(str(_SOURCES[0]))).parent
    with suppress(RuntimeError):
        yield Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "fsm"


def _kept(place: Path) -> bytes | None:
    """An object file that is as it was written, if there is one."""
    try:
        content = place.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST], content[_DIGEST:]
    return code if digest == _digest(code) else None


def _keep(places: Sequence[Path], code: bytes) -> None:
    """Write an object file to the first place that allows it, if any."""
    for place in places:
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            atomic.write(place, _digest(code) + code)
            return


def _machine() -> Any:
    """The processor that this process runs on, as something to write code for."""
    with suppress(RuntimeError):  # newer releases do it themselves, and say so
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple, cpu, features = _platform()
    return llvm.Target.from_triple(triple).create_target_machine(cpu, features, opt=3)


@cache
def _platform() -> tuple[str, str, str]:
    """The system, the processor, and what this one can do. Folders may be shared by several of each."""
    return llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _digest(*parts: str | bytes) -> bytes:
    digest = sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.digest()
