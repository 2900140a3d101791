"""Running the command line in this process: quicker, where nothing depends on a process of its own."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from fsm.cli import run
from tests.cli.runner import ROOT, Run

Inside: TypeAlias = Callable[..., Run]


@pytest.fixture
def inside(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Inside:
    """Run `fsm` with these arguments."""
    monkeypatch.chdir(ROOT)

    def fsm(*arguments: str) -> Run:
        status = run(arguments)
        out, err = capsys.readouterr()
        return Run(status, out, err)

    return fsm
