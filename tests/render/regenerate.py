"""The golden files: `python -m tests.render.regenerate` writes them anew, to be read before they are committed."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from fsm import MIMI, JoinRule
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Detail, Diagram, compare, extract, render
from fsm.render.words.section import to_section
from tests.render.policies import CROWDED, DOOR, HOSTILE

GOLDEN = Path(__file__).parent / "golden"

_DOOR, _MIMI, _HOSTILE = extract(DOOR), extract(MIMI), extract(HOSTILE)
_BOTH = compare(MIMI, load_policy("mimi-01"))
_NEWCOMER = extract(MIMI, {"is_self": True, "join_rule": JoinRule.PUBLIC})
_DRAFT = "https://example.org/draft.html"


def drawn(diagram: Diagram, fmt: str, detail: Detail = Detail.GUARDS, **options: str | bool) -> Callable[[], bytes]:
    return partial(render, diagram, fmt, detail, **options)


def written(policy: AnyPolicy) -> Callable[[], bytes]:
    return lambda: to_section(policy).encode()


# fmt: off
FILES: Mapping[str, Callable[[], bytes]] = {
    "door.dot":              drawn(_DOOR, "dot"),
    "door.mmd":              drawn(_DOOR, "mermaid"),
    "door.puml":             drawn(_DOOR, "plantuml"),
    "door.txt":              drawn(_DOOR, "text"),
    "door.md":               drawn(_DOOR, "matrix"),
    "door.html":             drawn(_DOOR, "html"),
    "door.scxml":            drawn(_DOOR, "scxml"),
    "door.xml":              drawn(_DOOR, "rfc"),
    "door.section.md":       written(DOOR),
    "mimi.dot":              drawn(_MIMI, "dot"),
    "mimi.mmd":              drawn(_MIMI, "mermaid"),
    "mimi.puml":             drawn(_MIMI, "plantuml"),
    "mimi.txt":              drawn(_MIMI, "text"),
    "mimi.md":               drawn(_MIMI, "matrix"),
    "mimi.html":             drawn(_MIMI, "html"),
    "mimi.scxml":            drawn(_MIMI, "scxml"),
    "mimi.xml":              drawn(_MIMI, "rfc", link_base=_DRAFT),
    "mimi.section.md":       written(MIMI),
    "mimi-01.section.md":    written(load_policy("mimi-01")),
    "mimi-tall.dot":         drawn(_MIMI, "dot", tall=True),
    "mimi-verbs.mmd":        drawn(_MIMI, "mermaid", Detail.VERBS),
    "mimi-verbs.txt":        drawn(_MIMI, "text", Detail.VERBS),
    "mimi-clauses.mmd":      drawn(_MIMI, "mermaid", Detail.CLAUSES),
    "mimi-clauses.txt":      drawn(_MIMI, "text", Detail.CLAUSES),
    "mimi-clauses.md":       drawn(_MIMI, "matrix", Detail.CLAUSES),
    "mimi-newcomer.dot":     drawn(_NEWCOMER, "dot", Detail.CLAUSES),
    "mimi-newcomer.txt":     drawn(_NEWCOMER, "text"),
    "differ.dot":            drawn(_BOTH, "dot"),
    "differ.mmd":            drawn(_BOTH, "mermaid"),
    "differ.puml":           drawn(_BOTH, "plantuml"),
    "differ.txt":            drawn(_BOTH, "text"),
    "differ.md":             drawn(_BOTH, "matrix"),
    "differ.html":           drawn(_BOTH, "html"),
    "differ.xml":            drawn(_BOTH, "rfc"),
    "hostile.mmd":           drawn(_HOSTILE, "mermaid"),
    "hostile.puml":          drawn(_HOSTILE, "plantuml"),
    "hostile.txt":           drawn(_HOSTILE, "text"),
    "hostile.scxml":         drawn(_HOSTILE, "scxml"),
    "crowded.dot":           drawn(extract(CROWDED), "dot"),
    "crowded.txt":           drawn(extract(CROWDED), "text"),
}
# fmt: on


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for stray in GOLDEN.iterdir():
        if stray.name not in FILES:
            stray.unlink()
    for name, content in FILES.items():
        (GOLDEN / name).write_bytes(content())


if __name__ == "__main__":
    main()
