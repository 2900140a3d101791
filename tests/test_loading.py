"""Files of a user's own: they run once, and whatever goes wrong in them is one line."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsm import DefinitionError
from fsm.loading import load_module
from fsm.policies import known_policy, known_rules, load_policy, load_rules
from fsm.review.errors import ReviewError
from fsm.review.laws.own_laws import load_laws
from tests.builders import is_one_line

MARK = "KETTLE"
POLICY = "from fsm import MIMI\nTEA = MIMI.evolve('tea')\n"

# What data may name.

# fmt: off
STRANGE = ["{file}:TEA", "{file}:", "{module}:TEA", "{file}", "{module}", "this:X", "fsm.mimi.policies:MIMI", ":TEA", "", "\n", "tea"]
# fmt: on


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("known", [known_policy, known_rules])
def test_data_never_names_code(
    name: str, known: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "teahouse.py").write_text(f"import os\nos.environ[{MARK!r}] = 'on'\n{POLICY}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv(MARK, raising=False)
    with pytest.raises(DefinitionError, match="unknown policy") as caught:
        known(name.format(file=tmp_path / "teahouse.py", module="teahouse"))
    assert is_one_line(str(caught.value))
    assert MARK not in os.environ


def test_data_names_what_the_catalogue_has_or_what_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "teahouse.py").write_text(POLICY)
    name = f"{tmp_path / 'teahouse.py'}:TEA"
    tea = load_policy(name)
    assert known_rules(name, {name: tea}) is tea
    assert known_rules("mimi", {name: tea}) is known_policy("mimi") is load_policy("mimi")
    assert known_rules("matrix", {name: tea}) is load_rules("matrix")
    with pytest.raises(DefinitionError, match="stands for several policies"):
        known_policy("matrix")


# What a user's own file may do.

# fmt: off
ENDS: list[tuple[str, str]] = [
    ("raise ValueError('no\\nkettle')",                                     "ValueError: no kettle"),
    ("raise SystemExit(0)",                                                 "SystemExit: 0"),
    ("import sys; sys.exit()",                                              "SystemExit"),
    ("raise KeyboardInterrupt",                                             "KeyboardInterrupt"),
    ("raise GeneratorExit",                                                 "GeneratorExit"),
    ("raise StopIteration",                                                 "StopIteration"),
    ("class Boiled(BaseException): ...\nraise Boiled('over')",              "Boiled: over"),
    ("class Mute(BaseException):\n def __str__(self): raise self\nraise Mute", "Mute"),
    ("def tea(): tea()\ntea()",                                             "RecursionError: "),
    ("raise BaseExceptionGroup('both', [KeyboardInterrupt(), SystemExit()])", "BaseExceptionGroup: both"),
]
# fmt: on


@pytest.mark.parametrize(("text", "problem"), ENDS, ids=[end[1] for end in ENDS])
def test_whatever_ends_a_file_is_one_line(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "tea.py"
    file.write_text(text)
    with pytest.raises(DefinitionError) as policy:
        load_policy(f"{file}:TEA")
    with pytest.raises(ReviewError) as laws:
        load_laws(str(file))
    for caught in (policy, laws):
        _, _, said = str(caught.value).partition(" cannot be loaded: ")
        assert said.startswith(problem)
        assert is_one_line(str(caught.value))


def test_so_is_what_ends_a_look_up_by_name(tmp_path: Path) -> None:
    file = tmp_path / "tea.py"
    file.write_text("def __getattr__(name): raise SystemExit(name)")
    with pytest.raises(DefinitionError, match=r"cannot be loaded: SystemExit: "):
        load_policy(f"{file}:TEA")


INTERRUPTED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(10**8): pass\n"


def test_an_interruption_from_outside_is_no_fault_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text(INTERRUPTED)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            load_policy(f"{file}:TEA")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler])
def test_the_handler_of_interruptions_is_put_back(handler: Any, tmp_path: Path) -> None:
    (tmp_path / "teahouse.py").write_text(POLICY)
    before = signal.signal(signal.SIGINT, handler)
    try:
        load_policy(f"{tmp_path / 'teahouse.py'}:TEA")
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_that_the_file_sets_stays(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n{POLICY}")
    before = signal.getsignal(signal.SIGINT)
    try:
        load_policy(f"{file}:TEA")
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_file_is_loaded_by_any_thread(tmp_path: Path) -> None:
    (tmp_path / "teahouse.py").write_text("raise KeyboardInterrupt")
    told: list[str] = []

    def load() -> None:
        try:
            load_policy(f"{tmp_path / 'teahouse.py'}:TEA")
        except DefinitionError as problem:
            told.append(str(problem))

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert "KeyboardInterrupt" in told[0]


def test_a_file_runs_once_and_again_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "teahouse.py"
    file.write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    first = load_module("teahouse.py")
    assert load_module(str(file)) is first
    assert load_policy(f"{file}:TEA") is load_policy("teahouse.py:TEA")
    file.write_text(f"{POLICY}\n# stronger\n")
    assert load_module("teahouse.py") is not first
    assert load_module("teahouse.py") is load_module(str(file))
