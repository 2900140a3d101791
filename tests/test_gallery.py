"""The gallery in the repository is complete, and drift is noticed; that it is up to date, `make diagrams-check` looks."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fsm import DefinitionError, gallery
from fsm.cli import run
from fsm.policies import CATALOGUE, load_policy
from fsm.render import FORMATS, RenderError
from fsm.view import View

REPOSITORY = Path(__file__).parents[1]
COMMITTED = REPOSITORY / "diagrams"
ROLE_SETS = {name for name in CATALOGUE if load_policy(name).has_stock_rows}


@pytest.fixture(scope="module")
def files() -> Mapping[str, gallery.Draw]:
    return gallery.contents()


@pytest.fixture
def few(files: Mapping[str, gallery.Draw], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A gallery of a few files."""
    names = ("README.md", "mimi/README.md", "mimi/member.svg", "mimi/whole.png", "mimi/whole.txt", "mimi/section.md")
    monkeypatch.setattr(gallery, "contents", lambda: {name: files[name] for name in names})
    for name in names:
        (tmp_path / "few" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(COMMITTED / name, tmp_path / "few" / name)
    return tmp_path / "few"


@pytest.mark.parametrize("name", gallery.POLICIES)
def test_every_policy_has_all_formats_and_views(name: str) -> None:
    folder = COMMITTED / name
    formats = {f"whole.{ending}" for ending in gallery._ENDINGS.values()}
    assert len(formats) == len(FORMATS)
    views = {"newcomer-public.svg", "newcomer-invite.svg", "member.svg", "moderator.svg"}
    assert {path.name for path in folder.iterdir()} >= formats | views | {"README.md", "section.md"}


@pytest.mark.parametrize("page", ["README.md", *(f"{name}/README.md" for name in gallery.POLICIES)])
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    path = COMMITTED / page
    text = path.read_text("utf-8")
    links = re.findall(r"\]\((.*?)\)", text)
    headings = {f"#{heading.lower().replace(' ', '-')}" for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    assert links
    for link in links:
        assert link in headings or (path.parent / link).is_file(), link


def test_the_first_page_ends_in_the_matrices() -> None:
    pictures, matrices = (COMMITTED / "README.md").read_text("utf-8").split("## All transitions\n")
    assert "![" not in matrices
    for name in gallery.POLICIES:
        assert f"]({name}.svg)" in pictures
        assert f"### `{name}`\n\n| the target is in |" in matrices


def test_no_picture_is_drawn_of_two_equal_tables() -> None:
    assert gallery._rows(load_policy("mimi-00")) == gallery._rows(load_policy("mimi-01")), "the first page says so"
    for pair in gallery.PAIRS:
        assert len({*map(gallery._rows, map(load_policy, pair))}) == 2, pair


def test_every_picture_is_on_a_page() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in COMMITTED.rglob("README.md")
        for link in re.findall(r"!\[.*?\]\((.*?)\)", page.read_text("utf-8"))
    }
    pictures = {path.resolve() for path in COMMITTED.rglob("*.svg") if path.name != "whole.svg"}
    assert {path for path in shown if COMMITTED in path.parents} == pictures
    others = {path.stem for path in shown - pictures}
    assert {f"room-policy-{name}" for name in others} == {*gallery.ROLE_SETS} == ROLE_SETS


def test_pictures_on_pages_fit_a_column() -> None:
    # A column of text on the web is about 830 pixels wide.
    for path in COMMITTED.rglob("*.svg"):
        if path.name != "whole.svg":
            width = re.search(r'width="(\d+)pt"', path.read_text("utf-8"))
            assert width
            assert int(width[1]) / 0.75 <= 830


def test_the_gallery_is_modest() -> None:
    sizes = [path.stat().st_size for path in COMMITTED.rglob("*") if path.is_file()]
    assert sum(sizes) < 500_000 * len(gallery.POLICIES)


def test_drawing_makes_what_checking_expects(few: Path, tmp_path: Path) -> None:
    assert few.is_dir()
    assert run(["gallery", str(tmp_path / "new")]) == 0
    assert run(["gallery", str(tmp_path / "new"), "--check"]) == 0


# fmt: off
DRIFT: list[tuple[str, Callable[[str], str]]] = [
    ("mimi/whole.dot",   lambda text: text.replace("outranks", "is older", 1)),
    ("mimi/whole.mmd",   lambda text: text + "\n"),
    ("mimi/whole.txt",   lambda text: text.replace("kick", "push", 1)),
    ("mimi/whole.html",  lambda text: text.replace("kick", "push", 1)),
    ("mimi/whole.scxml", lambda text: text.replace("sender_is_joined", "joined", 1)),
    ("mimi/whole.svg",   lambda text: text.replace(">kick<", ">push<", 1)),
    ("mimi/whole.svg",   lambda text: text.replace('id="kick-join"', 'id="kick"', 1)),
    ("mimi/whole.svg",   lambda text: text.replace("stroke-dasharray", "data-x", 1)),
    ("mimi/whole.svg",   lambda text: text[:1000]),
    ("mimi/whole.xml",   lambda text: text.replace(">kick<", ">push<", 1)),
    ("mimi/whole.xml",   lambda text: text.replace("-- kick", "-- push", 1).replace(". kick", ". push", 1)),
    ("mimi/section.md",  lambda text: text.replace("MUST NOT", "MAY", 1)),
    ("mimi/section.md",  lambda text: text.replace(">kick<", ">push<", 1)),
    ("mimi/section.md",  lambda text: text.replace("<figure", "<picture", 1)),
    ("README.md",        lambda text: text.replace("mimi", "mini", 1)),
]
MOVED: list[tuple[str, Callable[[str], str]]] = [
    ("mimi/whole.svg",   lambda text: text.replace('x="', 'x="1', 20)),
    ("mimi/whole.xml",   lambda text: text.replace('x="', 'x="1', 20)),
    ("mimi/section.md",  lambda text: text.replace('x="', 'x="1', 20)),
]
# fmt: on


def agrees(files: Mapping[str, gallery.Draw], name: str, change: Callable[[str], str]) -> bool:
    found = (COMMITTED / name).read_text("utf-8")
    assert change(found) != found
    return gallery.agree(name, change(found).encode(), files[name]())


@pytest.mark.parametrize(("name", "change"), DRIFT)
def test_drift_is_noticed(files: Mapping[str, gallery.Draw], name: str, change: Callable[[str], str]) -> None:
    assert not agrees(files, name, change)


@pytest.mark.parametrize(("name", "change"), MOVED)
def test_where_things_stand_may_differ(
    files: Mapping[str, gallery.Draw], name: str, change: Callable[[str], str]
) -> None:
    assert agrees(files, name, change)


def test_all_that_is_wrong_is_told(few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (few / "mimi/whole.txt").write_text("")
    (few / "mimi/whole.png").unlink()
    (few / "old").mkdir()
    (few / "old/old.svg").touch()
    assert run(["gallery", str(few), "--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{few / 'mimi/whole.png'}: missing",
        f"{few / 'mimi/whole.txt'}: not what the policy says now",
        f"{few / 'old/old.svg'}: belongs to no policy",
    ]


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch, few: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> bytes:
        raise RenderError("no engine")

    monkeypatch.setattr(gallery, "contents", lambda: {"mimi/member.svg": fail})
    assert run(["gallery", str(few), "--check"]) == 2
    assert capsys.readouterr().err == "fsm: no engine\n"


def test_a_policy_is_seen_as_its_views_say_as_far_as_it_has_their_facts() -> None:
    views = {view.id: view.given for view in load_policy("mimi").views}
    assert set(gallery._views(load_policy("mimi"))) == views.keys() - {"newcomer-restricted"}
    assert gallery._views(load_policy("matrix-1")).keys() == views.keys() - {"newcomer-knock", "newcomer-restricted"}
    assert gallery._views(load_policy("matrix-7")).keys() == views.keys() - {"newcomer-restricted"}
    assert gallery._views(load_policy("matrix-8")).keys() == views.keys()
    own = load_policy("mimi").evolve("own", views=(View("ann", "what Ann can do", {"mood": True}),))
    assert gallery._views(own) == {}


def test_nothing_is_written_before_all_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> bytes:
        raise DefinitionError("needs an extra")

    monkeypatch.setattr(gallery, "contents", lambda: {"first": lambda: b"drawn", "second": fails})
    with pytest.raises(DefinitionError):
        gallery.draw(tmp_path / "gallery")
    assert list(tmp_path.iterdir()) == []
