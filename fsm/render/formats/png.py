"""Diagram to PNG, at 96 pixels an inch."""

from fsm.render.diagram import Detail, Diagram
from fsm.render.formats.dot import to_dot
from fsm.render.layout.engine import draw


def to_png(diagram: Diagram, detail: Detail = Detail.GUARDS, *, tall: bool = False) -> bytes:
    """The diagram as a PNG image."""
    return draw(to_dot(diagram, detail, tall=tall), "png")
