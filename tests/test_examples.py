"""The examples run, and print what they printed when somebody last looked."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_should(path: Path) -> None:
    environment = {"PYTHONIOENCODING": "utf-8", "PYTHONHASHSEED": "random"}
    run = subprocess.run([sys.executable, "-W", "error", str(path)], capture_output=True, env=environment, check=False)
    assert run.stderr == b""
    assert run.stdout.decode() == (ROOT / "tests" / "data" / f"{path.stem}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_uses_public_names_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "._" not in text
    assert " import _" not in text


def test_there_are_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["hub_and_clients", "membership_column"]
