"""The gallery: policies of the catalogue, drawn into one folder.

    fsm gallery diagrams           draws it anew
    fsm gallery diagrams --check   fails when it is not what the policies say

It is read on the web: the first page shows each policy as a whole, how some of them
differ, and the matrix of each; each policy has a page of its own with what certain people
can do, the matrix, and a file of every format. Another page has what changed from one
room version of Matrix to the next.

Text is compared byte for byte. Of a picture in SVG all is compared but where things
stand: that may differ with the version of Graphviz or with the fonts. A PNG or a PDF
only has to be there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree as ET

from fsm import atomic
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import ENDINGS, FORMATS, Detail, Diagram, compare, extract, render
from fsm.render.formats.matrix import matrix_of
from fsm.render.grid import Grid
from fsm.render.words.label import capital
from fsm.render.words.markdown import escaped
from fsm.render.words.section import to_section
from fsm.review.compare.changes import steps, to_markdown

Draw: TypeAlias = Callable[[], bytes]

# Of the room versions of Matrix, those in which membership changes.
POLICIES = ("mimi", "mimi-00", "mimi-01", "matrix-1", "matrix-7", "matrix-10", "matrix-12")
# What changes from one protocol to another is too much for one picture: what, not how.
PAIRS = {("mimi", "mimi-01"): Detail.GUARDS, ("mimi", "matrix-12"): Detail.VERBS}
# Role sets have pages among the examples: with their findings, and what a repair changes.
ROLE_SETS = {f"room-policy-{name}": f"../examples/room_policy/{name}" for name in (
    "cooperative", "strict", "moderated", "organizations")}  # fmt: skip
VERSIONS = tuple(f"matrix-{number}" for number in range(1, 13))


_ENDINGS = {fmt: ending for ending, fmt in reversed([*ENDINGS.items()])}  # of each format the first
_DOTS = (".png", ".pdf")
_GEOMETRY = {"cx", "cy", "d", "height", "points", "rx", "ry", "textLength", "transform", "viewBox", "width", "x", "y"}

_INTRODUCTION = """\
# Gallery

Drawn from the policies' tables of transitions by `make diagrams`; `make diagrams-check` fails when a file here is not
what the tables say. An arrow is there because some facts make the transition happen; what stands under its verb are the
conditions that may fail. The pictures come first, then [how policies differ](#how-they-differ) and
[all transitions](#all-transitions) in tables. Each policy has a page of its own with what certain people can do in it,
and a file of every format.
"""
_DIFFERENCES = """\
## How they differ

An arrow that both policies have, under the same conditions, is thin and grey. Between MIMI and Matrix the conditions
are left out: they are in [the tables](#all-transitions). The tables of `mimi-00` and `mimi-01` differ in the numbers of
sections only. What changed from one room version of Matrix to the next
[has a page of its own](matrix-versions/README.md).
"""
_CHANGES = """\
# Matrix room versions: what changed from one to the next

What `fsm diff` finds between each version and the next: changes of verdict, and no others. A cell is one question, an
action together with all facts that it can meet. The last event of a log is the question. In a picture, an arrow that
both versions have, under the same conditions, is thin and grey. The other rules are those on events that are no changes
of membership, and what every membership event needs (`member`); a rule that asks for more, or for less, decides some
event otherwise.

Beside its rules a version says what may stand for a power level (`numbers`), who the creator is
(`founder`), how high creators stand (`reign`), and whether a room's id is that of its creation.
"""


def contents() -> Mapping[str, Draw]:
    """The gallery's files: name and what draws it."""
    policies = {name: load_policy(name) for name in POLICIES}
    files: dict[str, Draw] = {}
    for policy in policies.values():
        diagram = extract(policy)
        files[f"{policy.id}.svg"] = partial(render, diagram, "svg", tall=True)
        files |= {f"{policy.id}/whole.{_ENDINGS[fmt]}": partial(render, diagram, fmt, _detail(fmt)) for fmt in FORMATS}
        views = _views(policy)
        files |= {f"{policy.id}/{id_}.svg": partial(render, view, "svg", tall=True) for id_, view in views.items()}
        files[f"{policy.id}/section.md"] = partial(_encoded, partial(to_section, policy))
        files[f"{policy.id}/README.md"] = partial(_encoded, partial(_page, policy, diagram, views))
    for (first, second), detail in PAIRS.items():
        both = compare(policies[first], policies[second])
        files[f"{first}-against-{second}.svg"] = partial(render, both, "svg", detail, tall=True)
    files |= _changes([load_policy(name) for name in VERSIONS])
    files["README.md"] = partial(_encoded, partial(_index, list(policies.values())))
    return files


def _changes(policies: list[AnyPolicy]) -> dict[str, Draw]:
    """The page of changes along a row of policies, with a picture of each step that changes the table."""
    changed = [pair for pair in pairwise(policies) if len({*map(_rows, pair)}) > 1]
    pictures = {(old.id, new.id): f"{old.id}-against-{new.id}.svg" for old, new in changed}
    files: dict[str, Draw] = {
        f"matrix-versions/{pictures[old.id, new.id]}": partial(render, compare(old, new), "svg", tall=True)
        for old, new in changed
    }
    page = partial(_encoded, lambda: to_markdown(_CHANGES, steps(policies), pictures))
    return {**files, "matrix-versions/README.md": page}


def _rows(policy: AnyPolicy) -> frozenset[object]:
    """The table of a policy, whatever sections its rows stand in."""
    return frozenset((row.id, row.trigger, row.source, row.dest, row.guards) for row in policy.transitions)


def _encoded(text: Callable[[], str]) -> bytes:
    return text().encode()


def _detail(fmt: str) -> Detail:
    return Detail.CLAUSES if fmt in ("matrix", "html") else Detail.GUARDS


def _views(policy: AnyPolicy) -> dict[str, Diagram]:
    """The policy's views, by id."""
    return {
        view.id: replace(extract(policy, view.given), title=f"{policy.id}: {view.title}") for view in policy.own_views
    }


def _index(policies: list[AnyPolicy]) -> str:
    sections = (
        f"## {escaped(policy.title)}\n\n"
        f"`{policy.id}`: {escaped(policy.source)}. [What certain people can do, and files]({policy.id}/README.md).\n\n"
        f"![The states of {policy.id} and the transitions between them]({policy.id}.svg)\n"
        for policy in policies
    )
    role_sets = (
        f"## {escaped(policy.title)}\n\n"
        f"`{policy.id}`: {escaped(policy.source)}. [Its roles, what is found in them, and a repair]({page}.md).\n\n"
        f"![Who may do what to whom by {policy.id}]({page}.svg)\n"
        for policy, page in ((load_policy(name), page) for name, page in ROLE_SETS.items())
    )
    differences = (
        f"### `{first}` against `{second}`\n\n"
        f"![What only {first} has, what only {second} has, and what both have under other conditions]"
        f"({first}-against-{second}.svg)\n"
        for first, second in PAIRS
    )
    matrices = (f"### `{policy.id}`\n\n{_matrix(extract(policy))}" for policy in policies)
    return "\n".join(
        [_INTRODUCTION, *sections, *role_sets, _DIFFERENCES, *differences, "## All transitions\n", *matrices]
    )


def _page(policy: AnyPolicy, diagram: Diagram, views: Mapping[str, Diagram]) -> str:
    picture = f"![The states of {policy.id} and the transitions between them]"
    parts = [
        f"# {escaped(policy.title)}\n",
        f"`{policy.id}`: {escaped(policy.source)}. [All policies](../README.md).\n",
        f"{picture}(../{policy.id}.svg)\n",
    ]
    for id_, view in views.items():
        words = view.title.partition(": ")[2]
        parts.append(f"## {capital(words)}\n\n![{capital(words)}, in {policy.id}]({id_}.svg)\n")
    parts.append("## All transitions\n")
    parts.append(_matrix(diagram))
    parts.append("## As files\n")
    files = ", ".join(f"[{fmt}](whole.{_ENDINGS[fmt]})" for fmt in FORMATS)
    parts.append(f"{files}; and the [section of a draft](section.md) on legal transitions.\n")
    return "\n".join(parts)


def _matrix(diagram: Diagram) -> str:
    return "\n".join(matrix_of(Grid(diagram, Detail.CLAUSES))) + "\n"


def draw(folder: Path) -> None:
    """Write the gallery, once all of it is drawn: whatever is missing is said before anything is written."""
    for name, content in [*_drawn(contents())]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        atomic.write(folder / name, content)


def _drawn(files: Mapping[str, Draw]) -> Iterator[tuple[str, bytes]]:
    # Most of the time is Graphviz's, which runs in a process of its own.
    with ThreadPoolExecutor() as pool:
        yield from zip(files, pool.map(_call, files.values()), strict=True)


def _call(function: Draw) -> bytes:
    return function()


def check(folder: Path) -> list[str]:
    """What is wrong with the gallery, a line for each file."""
    files = contents()
    problems = [f"{folder / name}: missing" for name in files if not (folder / name).is_file()]
    compared = {name: file for name, file in files.items() if (folder / name).is_file() and not name.endswith(_DOTS)}
    problems += [
        f"{folder / name}: not what the policy says now"
        for name, content in _drawn(compared)
        if not agree(name, (folder / name).read_bytes(), content)
    ]
    known = {folder / name for name in files}
    strays = sorted(path for path in folder.rglob("[!.]*") if path.is_file() and path not in known)
    return [*problems, *(f"{path}: belongs to no policy" for path in strays)]


def agree(name: str, found: bytes, expected: bytes) -> bool:
    """Whether two contents of a file say the same."""
    if name.endswith((".svg", ".xml")):
        return skeleton(found) == skeleton(expected)
    if name.endswith("section.md"):
        one, two = map(_parted, (found, expected))
        return one[0] == two[0] and skeleton(one[1]) == skeleton(two[1])
    return found == expected


def _parted(section: bytes) -> tuple[bytes, bytes]:
    """A section without its figure, and the figure."""
    figure = re.search(rb"<figure.*?</figure>", section, re.DOTALL)
    return (section.replace(figure[0], b""), figure[0]) if figure else (section, b"")


def skeleton(xml: bytes) -> list[tuple[str, str, dict[str, str]]] | None:
    """All of a picture but where things stand; None when it is none."""
    try:
        root = ET.fromstring(xml)  # noqa: S314 - one of our own files
    except ET.ParseError:
        return None
    return [
        (element.tag, (element.text or "").strip(), {k: v for k, v in element.items() if k not in _GEOMETRY})
        for element in root.iter()
    ]


if __name__ == "__main__":
    raise SystemExit("not a program: use `fsm gallery`")
