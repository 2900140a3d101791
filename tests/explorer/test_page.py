"""The page as a file: small, alone in the world, the same every time, and without any rule in its scripts."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render.explorer import to_page
from tests.builders import MEMBERSHIP
from tests.cli.runner import fsm
from tests.render.policies import BIG, HOSTILE

LARGEST = 500_000
# Of Matrix, the last version, as it has the most to say.
POLICIES = [load_policy(name) for name in MEMBERSHIP if not name.startswith("matrix")] + [load_policy("matrix-12")]
ASSETS = sorted(
    (file.name, file.read_text(encoding="utf-8")) for file in (files("fsm.render.explorer") / "assets").iterdir()
)


class Elements(HTMLParser):
    """Every element with its attributes, and what stands in scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    "policy",
    [POLICIES[0], *(pytest.param(policy, marks=pytest.mark.long) for policy in (*POLICIES[1:], BIG)), HOSTILE],
    ids=lambda policy: re.sub(r"\W", "", policy.id),
)
def test_it_is_one_small_file(policy: AnyPolicy) -> None:
    page = to_page(policy)
    assert len(page.encode()) < LARGEST
    elements = Elements(page).found
    loading = {"src", "srcset", "href", "data", "action", "poster"}
    assert {attributes[name] for _, attributes in elements for name in loading & attributes.keys()} == {"data:,"}
    assert [tag for tag, _ in elements if tag == "script"] == ["script", "script"]
    assert not [attributes for _, attributes in elements if any(name.startswith("on") for name in attributes)]
    (security,) = (each["content"] for tag, each in elements if tag == "meta" and "http-equiv" in each)
    assert security is not None
    assert security.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in security


WORDS = r"\b(invite|knock|kick|ban|public|moderator|owner|outranks?|may_\w+|m\.room|membership|participation)\b"


@pytest.mark.parametrize(("name", "text"), ASSETS, ids=[name for name, _ in ASSETS])
def test_scripts_know_no_protocol(name: str, text: str) -> None:
    # `participation` is what `fsm replay --json` calls the outcome of a log.
    assert set(re.findall(WORDS, text)) <= ({"participation"} if name == "log.js" else set())


def test_every_script_is_in_the_page() -> None:
    page = to_page(POLICIES[0])
    for name, text in ASSETS:
        if name.endswith(".js"):
            assert text in page


def test_the_command_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "mimi.html"
    assert fsm("explore", "mimi", "-o", str(path)).status == 0
    assert path.read_text(encoding="utf-8") == to_page(POLICIES[0])
    assert fsm("explore", "mimi", "-o", "-").out == path.read_text(encoding="utf-8")


# fmt: off
UNUSABLE = [
    (("nobody", "-o", "x.html"),             "unknown policy `nobody`"),
    (("mimi", "-o", "no/such/place.html"),   "no/such/place.html: no such file or directory"),
    (("mimi",),                              "missing option '--output' / '-o'"),
    (("mimi", "-o", "x.html", "--log", "no/such.jsonl"), "no/such.jsonl: no such file or directory"),
    (("tests/render/policies.py:DOOR", "-o", "x.html", "--log", "examples/day.jsonl"), "policy `door` has no room in which a log could be played"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_unusable_commands(arguments: tuple[str, ...], problem: str) -> None:
    run = fsm("explore", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
