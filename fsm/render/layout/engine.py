"""Graphviz: from DOT to a picture.

Layout engine and renderers come with `pip` (`pygraphviz`), and so does the font
they measure and draw with (`ttf-opensans`): a bare machine has none of them, and
a machine without fonts draws boxes in place of letters. Having both, every
machine draws the same picture. Where they are not installed but the system has
Graphviz, that is used. Of the system, the renderers need GLib and libraries of X11,
which most have.

Graphviz runs in a process of its own, since it reads its fonts' configuration
from the environment, writes warnings past Python's standard error, and is not
made for threads.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from fsm.errors import PolicyError, needs

_LIBRARIES = "Debian: apt-get install libglib2.0-0 libxext6 libxrender1"
_FONTS = Path(__file__).with_name("fonts.conf")
_DRAW = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
for kind in sys.argv[1:]:
    sys.stdout.buffer.write(graph.draw(format=kind, prog=graph.graph_attr["layout"]))
"""


class RenderError(PolicyError):
    """A picture cannot be drawn here."""


def draw(dot: str, *kinds: str) -> bytes:
    """Draw DOT text as each of `kinds` (svg, png, pdf, json), one after the other.

    Raises `RenderError` when it cannot be drawn.
    """
    fonts, program = find_spec("ttf_opensans"), which("dot")
    if fonts and fonts.origin and find_spec("pygraphviz"):
        done = _run([sys.executable, "-P", "-c", _DRAW, *kinds], dot, Path(fonts.origin).with_name("ttf"))
    elif program:
        done = _run([program, *(f"-T{kind}" for kind in kinds)], dot, None)
    else:
        raise RenderError(needs(f"to draw `{kinds[0]}`", "Graphviz", "render"))
    if done.returncode or not done.stdout:
        *_, problem = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        remedy = f" ({_LIBRARIES})" if problem.startswith("ImportError: lib") else ""
        raise RenderError(f"graphviz cannot draw this: {problem}{remedy}")
    return done.stdout


def _run(command: list[str], dot: str, fonts: Path | None) -> subprocess.CompletedProcess[bytes]:
    environment = dict(os.environ)
    if fonts:
        # The configuration names the fonts as those in the working directory.
        environment |= {"FONTCONFIG_FILE": str(_FONTS), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        return subprocess.run(  # noqa: S603 - the program is Graphviz and its input is data
            command, input=dot.encode(), capture_output=True, check=False, cwd=fonts, env=environment
        )
    except OSError as problem:
        raise RenderError(f"graphviz cannot be run: {problem}") from problem
