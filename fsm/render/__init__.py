"""Pictures of a policy, drawn from its table of transitions.

`extract` makes a `Diagram`, plain data; each format is a function of it, in a
module of its own that is loaded when first asked for.
"""

from collections.abc import Callable, Mapping
from importlib import import_module

from fsm.errors import shorten
from fsm.render.compare import compare
from fsm.render.diagram import Detail, Diagram
from fsm.render.extract import extract
from fsm.render.layout.engine import RenderError

__all__ = [
    "ENDINGS",
    "FORMATS",
    "OPTIONS",
    "Detail",
    "Diagram",
    "RenderError",
    "compare",
    "extract",
    "format_of",
    "render",
]

FORMATS: Mapping[str, str] = {
    "svg": "fsm.render.formats.svg:to_svg",
    "png": "fsm.render.formats.png:to_png",
    "pdf": "fsm.render.formats.pdf:to_pdf",
    "dot": "fsm.render.formats.dot:to_dot",
    "mermaid": "fsm.render.formats.mermaid:to_mermaid",
    "plantuml": "fsm.render.formats.plantuml:to_plantuml",
    "text": "fsm.render.formats.text:to_text",
    "matrix": "fsm.render.formats.matrix:to_matrix",
    "html": "fsm.render.formats.html:to_html",
    "scxml": "fsm.render.formats.scxml:to_scxml",
    "rfc": "fsm.render.formats.rfc:to_rfc",
}
"""Where each format is defined: a function of a diagram and a level of detail."""

OPTIONS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("svg", "png", "pdf", "dot"), frozenset({"tall"})),
    "rfc": frozenset({"prefix", "link_base"}),
}
"""What else a format may be told."""

ENDINGS: Mapping[str, str] = {
    "svg": "svg",
    "png": "png",
    "pdf": "pdf",
    "dot": "dot",
    "gv": "dot",
    "mmd": "mermaid",
    "mermaid": "mermaid",
    "puml": "plantuml",
    "txt": "text",
    "md": "matrix",
    "html": "html",
    "scxml": "scxml",
    "xml": "rfc",
}
"""The format of a file, by how its name ends."""


def render(diagram: Diagram, fmt: str, detail: Detail = Detail.GUARDS, **options: str | bool | None) -> bytes:
    """The diagram in one of `FORMATS`, as the content of a file; options that are not set may be left out.

    Raises `RenderError` for an unknown format, for an option that it does not have,
    and where Graphviz is needed and missing.
    """
    if fmt not in FORMATS:
        raise RenderError(f"unknown format `{shorten(fmt)}`: choose from {', '.join(FORMATS)}")
    wanted = {name: value for name, value in options.items() if value not in (None, False)}
    for name in sorted(wanted.keys() - OPTIONS.get(fmt, frozenset())):
        raise RenderError(f"`{fmt}` takes no `{shorten(name)}`")
    module, _, name = FORMATS[fmt].partition(":")
    function: Callable[..., bytes | str] = getattr(import_module(module), name)
    content = function(diagram, detail, **wanted)
    return content.encode() if isinstance(content, str) else content


def format_of(name: str) -> str:
    """The format that belongs to a file's name. Raises `RenderError` when none does."""
    ending = name.rpartition(".")[2].lower()
    if "." not in name or ending not in ENDINGS:
        raise RenderError(f"`{shorten(name)}` does not end in a format: choose from .{', .'.join(ENDINGS)}")
    return ENDINGS[ending]
