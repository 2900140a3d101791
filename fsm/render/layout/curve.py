"""A way with corners as the curve that Graphviz takes: Bézier pieces that end in an arrow's head."""

from collections.abc import Sequence
from math import dist
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]

_RADIUS = 10.0
_HANDLE = 0.5523 * _RADIUS  # makes a Bézier piece a quarter of a circle


def rounded(corners: Sequence[Point], head: float) -> str:
    """The curve through these corners, in the syntax of `pos`; `head` is how long the arrow's head is."""
    tip = corners[-1]
    points = [*corners[:-1], _toward(tip, corners[-2], head)]
    curve = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = _toward(corner, before, _RADIUS), _toward(corner, after, _RADIUS)
        curve += _straight(curve[-1], into)
        curve += [_toward(into, corner, _HANDLE), _toward(out, corner, _HANDLE), out]
    curve += _straight(curve[-1], points[-1])
    return " ".join([f"e,{position(tip)}", *map(position, curve)])


def position(point: Point) -> str:
    """A point in the syntax of `pos`."""
    return ",".join(f"{round(value, 2):g}" for value in point)


def _straight(start: Point, end: Point) -> list[Point]:
    third = dist(start, end) / 3
    return [_toward(start, end, third), _toward(end, start, third), end]


def _toward(start: Point, end: Point, length: float) -> Point:
    part = length / (dist(start, end) or 1.0)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
