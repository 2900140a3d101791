"""Pictures for reports, which are written without them where nothing can draw."""

from collections.abc import Callable

from fsm.cli.terminal import complain
from fsm.render import Diagram, RenderError, render


def picture_of(subject: str, diagram: Callable[[], Diagram]) -> bytes | None:
    """A diagram as SVG; None, with a word about it on standard error, where nothing can draw it."""
    try:
        return render(diagram(), "svg")
    except RenderError as problem:
        complain(f"the report has no picture of {subject}: {problem}")
        return None
