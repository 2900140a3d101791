"""Diagram to PDF, on a page of the picture's size."""

import re

from fsm.render.diagram import Detail, Diagram
from fsm.render.formats.dot import to_dot
from fsm.render.layout.engine import draw

_DATE = re.compile(rb"(?<=/CreationDate \(D:)\d{14}")


def to_pdf(diagram: Diagram, detail: Detail = Detail.GUARDS, *, tall: bool = False) -> bytes:
    """The diagram as a PDF document."""
    return dated(draw(to_dot(diagram, detail, tall=tall), "pdf"))


def dated(document: bytes) -> bytes:
    """The document with a date that is always the same: so is the file, whenever it is drawn."""
    return _DATE.sub(b"20000101000000", document)
