"""A page for each policy of the catalogue, made from the policy itself: picture, table, certain people, findings.

The findings are those of the laws over all cases; `fsm verify` looks into whole rooms, too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsm import atomic
from fsm.policies import CATALOGUE, load_policy
from fsm.render import Detail, extract, render
from fsm.render.formats.matrix import matrix_of
from fsm.render.grid import Grid
from fsm.render.words.markdown import escaped
from fsm.review.laws.verify import verify

MADE = "reference/policies"


def write_pages(docs: Path) -> None:
    """Write the pages, and their pictures, into the folder for them."""
    folder = docs / MADE
    folder.mkdir(parents=True, exist_ok=True)
    for name in CATALOGUE:
        policy = load_policy(name)
        for picture, content in _pictures(policy):
            _write(folder / picture, content)
        _write(folder / f"{name}.md", "\n".join(_page(policy)).encode())


def _write(file: Path, content: bytes) -> None:
    # Sphinx reads anew what has changed, by its time.
    if not file.exists() or file.read_bytes() != content:
        atomic.write(file, content)


def _pictures(policy: Any) -> Iterator[tuple[str, bytes]]:
    yield f"{policy.id}.svg", render(extract(policy), "svg", tall=True)


def _page(policy: Any) -> Iterator[str]:
    diagram = extract(policy)
    yield f"# {escaped(policy.title)}\n"
    size = f"{len(policy.transitions)} transitions over {policy.size:,} cases"
    yield f"`{policy.id}`: {escaped(policy.source)}. {size}.\n"
    words = f"The states of {policy.id}, and the transitions between them"
    yield f"```{{image}} {policy.id}.svg\n:alt: {words}\n:class: policy\n```\n"
    yield "## All transitions\n"
    yield "By the state of the target, and the action; in brackets the sections.\n"
    yield "\n".join(matrix_of(Grid(diagram, Detail.CLAUSES))) + "\n"
    yield "## What the laws find\n"
    review = verify(policy, rooms=0)
    if not review.findings:
        yield f"Every one of {review.laws} laws holds in all cases.\n"
    for finding in review.findings:
        subject = f": {escaped(finding.subject)}" if finding.subject else ""
        yield f"**{escaped(finding.sentence)}{subject}** ({finding.severity})\n"
        yield from (f"> {escaped(said)}\n" for said in finding.says)
    yield f"`fsm verify {policy.id}` shows each with a log, and looks into whole rooms as well.\n"
