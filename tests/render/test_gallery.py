"""The gallery in the repository is what the policies say, and drift is noticed."""

import shutil
from pathlib import Path

import pytest

from fsm.policies import CATALOGUE
from fsm.render import RenderError, gallery

REPOSITORY = Path(__file__).parents[2]
COMMITTED = REPOSITORY / "diagrams"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(COMMITTED, tmp_path / "diagrams"))


def test_the_gallery_is_up_to_date() -> None:
    assert gallery.check(COMMITTED) == [], "run `make diagrams`"


def test_every_policy_has_its_pictures() -> None:
    readme = (COMMITTED / "README.md").read_text()
    for name in CATALOGUE:
        assert f"]({name}.svg)" in readme
        assert {path.name for path in COMMITTED.glob(f"{name}.*")} == {f"{name}.{each}" for each in gallery._FILES}


def test_drawing_makes_what_checking_expects(tmp_path: Path) -> None:
    assert gallery.main([str(tmp_path / "new")]) == 0
    assert gallery.main([str(tmp_path / "new"), "--check"]) == 0


# fmt: off
DRIFT = [
    ("mimi.dot",  lambda text: text.replace("outranks", "is older", 1)),
    ("mimi.mmd",  lambda text: text + "\n"),
    ("mimi.svg",  lambda text: text.replace(">kick<", ">push<", 1)),
    ("mimi.svg",  lambda text: text.replace('id="kick-join"', 'id="kick"', 1)),
    ("mimi.svg",  lambda text: text.replace("stroke-dasharray", "data-x", 1)),
    ("mimi.svg",  lambda text: text[:1000]),
    ("README.md", lambda text: text.replace("mimi", "mini", 1)),
]
# fmt: on


@pytest.mark.parametrize(("name", "change"), DRIFT)
def test_drift_is_noticed(copy: Path, capsys: pytest.CaptureFixture[str], name: str, change) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    path = copy / name
    path.write_text(change(path.read_text()))
    assert gallery.main([str(copy), "--check"]) == 1
    assert capsys.readouterr().out == f"{path}: not what the policy says now\n"


def test_where_things_stand_may_differ(copy: Path) -> None:
    path = copy / "mimi.svg"
    path.write_text(path.read_text().replace('x="', 'x="1', 20))
    assert gallery.check(copy) == []


def test_missing_and_stray_files_are_noticed(copy: Path) -> None:
    (copy / "mimi.png").unlink()
    (copy / "old.svg").touch()
    assert gallery.check(copy) == [f"{copy / 'mimi.png'}: missing", f"{copy / 'old.svg'}: belongs to no policy"]


@pytest.mark.parametrize("arguments", [[], ["--check"], ["a", "b"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert gallery.main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> bytes:
        raise RenderError("no engine")

    monkeypatch.setattr(gallery, "render", fail)
    assert gallery.main([str(copy), "--check"]) == 2
    assert capsys.readouterr().err == "no engine\n"
