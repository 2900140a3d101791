"""A run as a picture, in the colours and letters of the diagrams."""

from collections.abc import Sequence
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.decisions import Cost
from benchmarks.measured import Measured
from benchmarks.memory import BOUNDS, SIZES
from benchmarks.report import duration, times
from fsm.render.layout.style import BARRED, FAINT, INK, OTHER, OWN, PAPER

_OURS, _THEIRS = OWN.colour, "#a9afb6"
_SMALL, _TEXT, _TITLE = 8, 9, 11


def svg(run: Measured) -> str:
    """The picture: the same bytes for the same figures."""
    look: Any = _look()
    with mpl.rc_context(look):
        figure = Figure(figsize=(10.5, 12.5), layout="constrained")
        grid = figure.add_gridspec(4, 2, height_ratios=(2.4, 1.1, 1.6, 1.7))
        _bars(figure.add_subplot(grid[0, :]), "A decision in a MIMI room", run.mimi)
        _bars(figure.add_subplot(grid[1, :]), "A decision in a Matrix room", run.matrix)
        _members(figure.add_subplot(grid[2, 0]), run)
        _states(figure.add_subplot(grid[2, 1]), run)
        _memory(figure.add_subplot(grid[3, 0]), run)
        _events(figure.add_subplot(grid[3, 1]), run)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _look() -> dict[str, Any]:
    fonts = find_spec("ttf_opensans")
    if fonts and fonts.origin:
        for path in sorted(Path(fonts.origin).with_name("ttf").glob("OpenSans-*.ttf")):
            font_manager.fontManager.addfont(str(path))
    return {
        "font.family": ["Open Sans", "DejaVu Sans"],
        "font.size": _TEXT,
        "axes.titlesize": _TITLE,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "axes.labelcolor": FAINT,
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": FAINT,
        "ytick.color": INK,
        "text.color": INK,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "svg.hashsalt": "fsm",
    }


def _bars(axes: Axes, title: str, costs: Sequence[Cost]) -> None:
    """One bar for each who decides, ours in colour; the scale is logarithmic."""
    ordered = sorted(costs, key=lambda cost: cost.seconds.least, reverse=True)
    colours = [_OURS if cost.name.startswith("fsm") else _THEIRS for cost in ordered]
    bars = axes.barh(
        [cost.name.replace("`", "") for cost in ordered],
        [cost.seconds.least for cost in ordered],
        color=colours,
        height=0.62,
    )
    labels = [f"{duration(cost.seconds.least)}   {times(cost.times)} ×" for cost in ordered]
    axes.bar_label(bars, labels, padding=5, color=INK, fontsize=_TEXT)
    axes.set_xscale("log")
    axes.set_xlim(1e-7, max(cost.seconds.least for cost in costs) * 4)
    axes.tick_params(axis="y", length=0)
    axes.set_title(title)
    _time_axis(axes.xaxis)


def _members(axes: Axes, run: Measured) -> None:
    sizes, seconds = [step.size for step in run.by_members], [step.seconds for step in run.by_members]
    axes.plot(sizes, seconds, color=_OURS, marker="o")
    _mark(axes, sizes, seconds)
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / 3, max(sizes) * 3)
    axes.set_ylim(0, max(seconds) * 1.45)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xlabel("members of the room")
    axes.set_title("A decision, by the size of the room")
    _time_axis(axes.yaxis)


def _states(axes: Axes, run: Measured) -> None:
    sizes = [step.size for step in run.by_states]
    known, first = [step.seconds for step in run.by_states], [step.first or 0 for step in run.by_states]
    for seconds, colour, line, name in (
        (first, OTHER.colour, "--", "the first of its kind: the machine's"),
        (known, _OURS, "-", "all others: a look-up"),
    ):
        axes.plot(sizes, seconds, color=colour, linestyle=line, marker="o", label=name)
        ends = slice(None, None, len(sizes) - 1)
        _mark(axes, sizes[ends], seconds[ends])
    axes.set_yscale("log")
    axes.set_ylim(min(known) / 3, max(first) * 20)
    axes.set_xlim(0, max(sizes) * 1.08)
    axes.set_xticks(sizes)
    axes.set_xlabel("states of the policy")
    axes.set_title("A decision, by the size of the policy")
    axes.legend(frameon=False, loc="upper left", fontsize=_SMALL, labelcolor=INK)
    _time_axis(axes.yaxis)


def _memory(axes: Axes, run: Measured) -> None:
    rooms = [each for each in run.footprints if "machine" not in each.name]
    colours = (_OURS, "#7fb0e6", "#b9d4f1", OTHER.colour, _THEIRS)
    width = 0.8 / len(rooms)
    for number, (each, colour) in enumerate(zip(rooms, colours, strict=True)):
        places = [place + (number - (len(rooms) - 1) / 2) * width for place in range(len(SIZES))]
        bars = axes.bar(places, each.bytes, width * 0.92, color=colour, label=each.name)
        words = [f"{taken:.0f}" for taken in each.bytes]
        # Upright they are as narrow as their bars.
        labels = axes.bar_label(bars, words, padding=3, fontsize=_SMALL, rotation="vertical")
        for label in labels:
            label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 0.8})
    for place, most in enumerate(BOUNDS):
        line = axes.hlines(
            most, place - 0.48, place + 0.48, color=BARRED.colour, linewidth=1.2, linestyle=":", zorder=0
        )
    line.set_label("bound, for MIMI rooms")
    axes.set_xticks(range(len(SIZES)), [f"rooms of {size:,}" for size in SIZES])
    axes.set_ylim(0, max(max(each.bytes) for each in rooms) * 1.12)
    axes.set_ylabel("bytes")
    axes.set_title("Memory of a pair")
    axes.legend(frameon=False, loc="upper right", fontsize=_SMALL, labelcolor=INK)


def _events(axes: Axes, run: Measured) -> None:
    sizes, seconds = [log.events for log in run.by_events], [log.seconds for log in run.by_events]
    axes.plot(sizes, seconds, color=_OURS, marker="o")
    for size, second in zip(sizes, seconds, strict=True):
        axes.annotate(
            duration(second), (size, second), (-6, 5), textcoords="offset points", ha="right", fontsize=_SMALL
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(sizes) / 9, max(sizes) * 3)
    axes.set_ylim(min(seconds) / 2, max(seconds) * 4)
    axes.set_xlabel("events of the history (k: thousand, M: million)")
    axes.set_title("A columnar replay on one core, by its length")
    axes.xaxis.set_major_formatter(lambda value, _: _count(value))
    _time_axis(axes.yaxis)


def _mark(axes: Axes, sizes: Sequence[float], seconds: Sequence[float]) -> None:
    for size, second in zip(sizes, seconds, strict=True):
        axes.annotate(
            duration(second), (size, second), (0, 7), textcoords="offset points", ha="center", fontsize=_SMALL
        )


def _time_axis(axis: Any) -> None:
    axis.set_major_formatter(lambda seconds, _: duration(seconds) if seconds else "0")
    axis.set_minor_formatter(lambda *_: "")


def _count(number: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{name}"
    return f"{number:g}"
