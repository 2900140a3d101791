"""The golden files: `python -m tests.render.regenerate` writes them anew, to be read before they are committed."""

from collections.abc import Mapping
from pathlib import Path

from fsm import MIMI, JoinRule
from fsm.render import Detail, Diagram, extract, render
from tests.render.policies import CROWDED, DOOR, HOSTILE

GOLDEN = Path(__file__).parent / "golden"

# fmt: off
FILES: Mapping[str, tuple[Diagram, str, Detail]] = {
    "door.dot":            (extract(DOOR), "dot", Detail.GUARDS),
    "door.mmd":            (extract(DOOR), "mermaid", Detail.GUARDS),
    "mimi.dot":            (extract(MIMI), "dot", Detail.GUARDS),
    "mimi.mmd":            (extract(MIMI), "mermaid", Detail.GUARDS),
    "mimi-verbs.mmd":      (extract(MIMI), "mermaid", Detail.VERBS),
    "mimi-clauses.mmd":    (extract(MIMI), "mermaid", Detail.CLAUSES),
    "mimi-newcomer.dot":   (extract(MIMI, {"is_self": True, "join_rule": JoinRule.PUBLIC}), "dot", Detail.CLAUSES),
    "hostile.mmd":         (extract(HOSTILE), "mermaid", Detail.GUARDS),
    "crowded.dot":         (extract(CROWDED), "dot", Detail.GUARDS),
}
# fmt: on


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for stray in GOLDEN.iterdir():
        if stray.name not in FILES:
            stray.unlink()
    for name, (diagram, fmt, detail) in FILES.items():
        (GOLDEN / name).write_bytes(render(diagram, fmt, detail))


if __name__ == "__main__":
    main()
