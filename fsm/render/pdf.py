"""Diagram to PDF, on a page of the picture's size."""

from fsm.render.diagram import Detail, Diagram
from fsm.render.dot import to_dot
from fsm.render.engine import draw


def to_pdf(diagram: Diagram, detail: Detail = Detail.GUARDS, *, tall: bool = False) -> bytes:
    """The diagram as a PDF document."""
    return draw(to_dot(diagram, detail, tall=tall), "pdf")
