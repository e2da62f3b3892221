"""Where everything stands in a picture of several rows: dot lays out each row, and they are stacked here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

TALL = 9_000
"""Points after which the rows go on in another column; an image of 32,767 pixels can hold no more."""
_LINE_GAP, _BESIDE, _COLUMN_GAP = 30.0, 60.0, 110.0
_POINT = re.compile(r"(-?\d[\d.]*(?:e[+-]?\d+)?),(-?\d[\d.]*(?:e[+-]?\d+)?)")


Point = tuple[float, float]
Curve = list[Point]
"""The first point, then three for each cubic Bézier curve."""


class Places(NamedTuple):
    """The position of each box, arrow and frame by its id, in points; as text in Graphviz's notation."""

    boxes: dict[str, str]
    arrows: dict[str, tuple[Curve, str]]
    """The curve from box to box, and the middle of the label, which may be empty."""
    frames: dict[str, tuple[str, str]]
    """The rectangle, and the middle of the label."""
    width: float
    height: float


def stacked(rows: Iterable[dict[str, Any]], rankdir: str) -> Places:
    """Return the places of rows that dot has laid out one by one: below each other, in columns.

    Where the direction is up or down, a row is a column, and they stand beside each other.
    """
    graphs = list(rows)
    upright = rankdir in ("TB", "BT")
    sizes = [_size(graph) for graph in graphs]
    corners, (along, across) = _lines([size[::-1] for size in sizes] if upright else sizes)
    width, height = (across, along) if upright else (along, across)
    places = Places({}, {}, {}, width, height)
    for graph, corner, (wide, high) in zip(graphs, corners, sizes, strict=True):
        left, top = corner[::-1] if upright else corner
        left = width - left - wide if rankdir == "RL" else left
        top = height - top - high if rankdir == "BT" else top
        _note(graph, places, left, height - top - high)
    return places


def _lines(sizes: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Fill lines from left to right, and columns from top to bottom: each corner, and the whole size."""
    widest = max(wide for wide, _ in sizes)
    corners: list[tuple[float, float]] = []
    x = y = left = line = lowest = 0.0
    for wide, high in sizes:
        if x > left and x + wide > left + widest:
            x, y, line = left, y + line + _LINE_GAP, 0.0
        if y > 0 and y + high > TALL and x == left:
            left += widest + _COLUMN_GAP
            x, y, line = left, 0.0, 0.0
        corners.append((x, y))
        x, line = x + wide + _BESIDE, max(line, high)
        lowest = max(lowest, y + line)
    return corners, (left + widest, lowest)


def _size(graph: dict[str, Any]) -> tuple[float, float]:
    left, low, right, high = map(float, graph["bb"].split(","))
    return right - left, high - low


def _note(graph: dict[str, Any], places: Places, right: float, up: float) -> None:
    """Note the places of one row, moved by so many points."""

    def moved(text: str) -> str:
        return _POINT.sub(lambda at: f"{float(at[1]) + right:.2f},{float(at[2]) + up:.2f}", text)

    for each in graph.get("objects", []):
        if "pos" in each:
            places.boxes[each["id"]] = moved(each["pos"])
        elif "bb" in each:
            places.frames[each["id"]] = moved(each["bb"]), moved(each.get("lp", ""))
    for each in graph.get("edges", []):
        curve = [(float(x) + right, float(y) + up) for x, y in _POINT.findall(each["pos"].split(";")[0])]
        places.arrows[each["id"]] = curve, moved(each.get("lp", ""))


def with_head(curve: Curve, length: float, back: bool) -> str:
    """Return a curve in Graphviz's notation, which ends where an arrowhead of that length begins."""
    points = curve if back else curve[::-1]
    tip, low, high = points[0], 0.0, 1.0
    while len(points) > 4 and _far(points[3], tip) < length:
        points = points[3:]
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if _far(_from(points, middle)[0], tip) < length else (low, middle)
    if high < 0.9:  # a head as long as the curve itself leaves no line
        points = _from(points, high) + points[4:]
    text = " ".join(f"{x:.2f},{y:.2f}" for x, y in (points if back else points[::-1]))
    return f"{'s' if back else 'e'},{tip[0]:.2f},{tip[1]:.2f} {text}"


def _far(a: Point, b: Point) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _from(points: Curve, t: float) -> Curve:
    """The first cubic from its parameter t on (de Casteljau's construction)."""

    def mix(p: Point, q: Point) -> Point:
        return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t

    a, b, c, d = points[:4]
    ab, bc, cd = mix(a, b), mix(b, c), mix(c, d)
    abc, bcd = mix(ab, bc), mix(bc, cd)
    return [mix(abc, bcd), bcd, cd, d]
