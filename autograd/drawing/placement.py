"""Compute the positions in a picture of several rows, which dot lays out separately."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from .grouping import Frame
from .labels import HEAD, LINE
from .parts import Box, Scene

TALL = 9_000
"""The height in points at which rows continue in another column; an image has at most 32,767 pixels."""
_BROAD = 1_280.0
"""The minimum width of a line of rows in points, so that narrow rows are placed side by side."""
_LINE_GAP, _BESIDE, _COLUMN_GAP = 30.0, 60.0, 110.0
_POINT = re.compile(r"(-?\d[\d.]*(?:e[+-]?\d+)?),(-?\d[\d.]*(?:e[+-]?\d+)?)")


Point = tuple[float, float]
Curve = list[Point]
"""The first point, then three for each cubic Bézier curve."""


class Places(NamedTuple):
    """The position of each box, arrow and frame by its id, in points, in Graphviz's notation."""

    boxes: dict[str, str]
    arrows: dict[str, tuple[Curve, str]]
    """The curve from box to box, and the centre of the label, which may be empty."""
    frames: dict[str, tuple[str, str]]
    """The rectangle, and the centre of the label."""
    width: float
    height: float
    sizes: dict[str, tuple[float, float]]
    """The width and the height of each box."""


def stacked(rows: Iterable[dict[str, Any]], rankdir: str) -> Places:
    """Return the positions of rows that dot has laid out separately: stacked, in columns.

    If the direction is up or down, a row is a column, and they are placed beside each other.
    """
    graphs = list(rows)
    upright = rankdir in ("TB", "BT")
    sizes = [_size(graph) for graph in graphs]
    corners, (along, across) = _lines([size[::-1] for size in sizes] if upright else sizes)
    width, height = (across, along) if upright else (along, across)
    places = Places({}, {}, {}, width, height, {})
    for graph, corner, (wide, high) in zip(graphs, corners, sizes, strict=True):
        left, top = corner[::-1] if upright else corner
        left = width - left - wide if rankdir == "RL" else left
        top = height - top - high if rankdir == "BT" else top
        _note(graph, places, left, height - top - high)
    return places


_WITHIN, _APART, _BETWEEN, _EDGE = 14.0, 44.0, 120.0, 14.0
"""Points between boxes of a column, between framed and other boxes, between columns, inside a frame."""


def in_columns(graph: dict[str, Any], scene: Scene, rankdir: str) -> Places:
    """Return the positions in a scene whose columns are known, given the sizes of boxes from dot.

    All columns are centred. An arrow is a straight line; one that belongs to a line of a
    neuron's box leads to that line.
    """
    upright = rankdir in ("TB", "BT")
    sizes = {each["id"]: (72 * float(each["width"]), 72 * float(each["height"])) for each in graph["objects"]}
    turned = {id_: size[::-1] if upright else size for id_, size in sizes.items()}
    framed = {id_ for frame in scene.frames for id_ in _ids(frame)}
    at: dict[str, Point] = {}
    along = high = between = 0.0
    for column in scene.columns:
        deep = max(turned[id_][0] for id_ in column)
        across, last = 0.0, ""
        for id_ in column:
            across += 0 if not last else _WITHIN if (id_ in framed) == (last in framed) else _APART
            at[id_] = along + deep / 2, across + turned[id_][1] / 2
            across, last = across + turned[id_][1], id_
        for id_ in column:
            at[id_] = at[id_][0], at[id_][1] - across / 2
        between = _BETWEEN if len(column) < 10 else 1.6 * _BETWEEN
        along, high = along + deep + between, max(high, across)
    along -= between

    def on_paper(point: Point) -> Point:
        a, c = point
        middle = high / 2 + 2 * _EDGE
        if upright:
            return c + middle, (along - a if rankdir == "TB" else a) + 2 * _EDGE
        return (along - a if rankdir == "RL" else a) + 2 * _EDGE, middle - c

    wide, tall = along + 4 * _EDGE, high + 6 * _EDGE
    places = Places({}, {}, {}, *((tall, wide) if upright else (wide, tall)), sizes)
    middles = {id_: on_paper(point) for id_, point in at.items()}
    places.boxes.update({id_: f"{x:.2f},{y:.2f}" for id_, (x, y) in middles.items()})
    boxes = {box.id: box for box in scene.boxes}
    for arrow in scene.arrows:
        start, end = boxes[arrow.operand], boxes[arrow.result]
        half = turned[start.id][0] / 2, turned[end.id][0] / 2
        out = 0.0 if upright else _line_of(start, len(start.lines) - 1, turned)
        into = 0.0 if upright else _line_of(end, _position(end, arrow.line), turned)
        a, b = at[start.id], at[end.id]
        first, last_ = on_paper((a[0] + half[0], a[1] + out)), on_paper((b[0] - half[1], b[1] + into))
        curve = [
            (first[0] + (last_[0] - first[0]) * t / 3, first[1] + (last_[1] - first[1]) * t / 3)
            for t in range(4)
        ]
        label = f"{(first[0] + last_[0]) / 2:.2f},{(first[1] + last_[1]) / 2 + 17:.2f}"
        places.arrows[arrow.id] = curve, label if arrow.partial or arrow.contribution else ""
    for frame in scene.frames:
        _place_frame(frame, places, middles, sizes)
    return places


def _ids(frame: Frame) -> list[str]:
    return [frame.id, *(id_ for child in frame.children for id_ in _ids(child))]


def _position(box: Box, line: int) -> int:
    """Return the index of a box's line that belongs to an input; -1 if there is none."""
    return next((k for k, each in enumerate(box.lines) if each.position == line >= 0), -1)


def _line_of(box: Box, number: int, sizes: dict[str, tuple[float, float]]) -> float:
    """Return how far below the centre of a box one of its lines is, in points."""
    if not box.lines or number < 0:
        return 0.0
    high = HEAD + LINE * len(box.lines)
    return (HEAD + LINE * (number + 0.5) - high / 2) * sizes[box.id][1] / high


def _place_frame(
    frame: Frame, places: Places, middles: dict[str, Point], sizes: dict[str, tuple[float, float]]
) -> None:
    for child in frame.children:
        _place_frame(child, places, middles, sizes)
    inside = [id_ for id_ in _ids(frame) if id_ in middles]
    if not inside or frame.id in middles:
        return
    corners = [(*middles[id_], *sizes[id_]) for id_ in inside]
    left = min(x - w / 2 for x, _, w, _ in corners) - _EDGE
    right = max(x + w / 2 for x, _, w, _ in corners) + _EDGE
    low = min(y - h / 2 for _, y, _, h in corners) - _EDGE
    top = max(y + h / 2 for _, y, _, h in corners) + _EDGE + 18
    words = f"{frame.name}  {frame.detail}"
    middle = left + 8 + 2.9 * len(words)
    places.frames[f"frame-{frame.id}"] = (
        f"{left:.2f},{low:.2f},{right:.2f},{top:.2f}",
        f"{middle:.2f},{top - 12:.2f}",
    )


def _lines(sizes: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Arrange sizes in lines and columns; return each corner, and the whole size."""
    widest = max(_BROAD, *(wide for wide, _ in sizes))
    rightmost = 0.0
    corners: list[tuple[float, float]] = []
    x = y = left = line = lowest = 0.0
    for wide, high in sizes:
        if x > left and x + wide > left + widest:
            x, y, line = left, y + line + _LINE_GAP, 0.0
        if y > 0 and y + high > TALL and x == left:
            left += widest + _COLUMN_GAP
            x, y, line = left, 0.0, 0.0
        corners.append((x, y))
        rightmost = max(rightmost, x + wide)
        x, line = x + wide + _BESIDE, max(line, high)
        lowest = max(lowest, y + line)
    return corners, (rightmost, lowest)


def _size(graph: dict[str, Any]) -> tuple[float, float]:
    left, low, right, high = map(float, graph["bb"].split(","))
    return right - left, high - low


def _note(graph: dict[str, Any], places: Places, right: float, up: float) -> None:
    """Add the positions of one row, moved by an offset in points."""

    def moved(text: str) -> str:
        return _POINT.sub(lambda at: f"{float(at[1]) + right:.2f},{float(at[2]) + up:.2f}", text)

    for each in graph.get("objects", []):
        if "pos" in each:
            places.boxes[each["id"]] = moved(each["pos"])
            places.sizes[each["id"]] = 72 * float(each["width"]), 72 * float(each["height"])
        elif "bb" in each:
            places.frames[each["id"]] = moved(each["bb"]), moved(each.get("lp", ""))
    for each in graph.get("edges", []):
        curve = [(float(x) + right, float(y) + up) for x, y in _POINT.findall(each["pos"].split(";")[0])]
        places.arrows[each["id"]] = curve, moved(each.get("lp", ""))


def with_head(curve: Curve, length: float, back: bool) -> str:
    """Return a curve in Graphviz's notation that ends where an arrowhead of this length begins."""
    points = curve if back else curve[::-1]
    tip, low, high = points[0], 0.0, 1.0
    while len(points) > 4 and _far(points[3], tip) < length:
        points = points[3:]
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if _far(_from(points, middle)[0], tip) < length else (low, middle)
    if high < 0.9:  # a head as long as the curve leaves no line
        points = _from(points, high) + points[4:]
    text = " ".join(f"{x:.2f},{y:.2f}" for x, y in (points if back else points[::-1]))
    return f"{'s' if back else 'e'},{tip[0]:.2f},{tip[1]:.2f} {text}"


def _far(a: Point, b: Point) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _from(points: Curve, t: float) -> Curve:
    """Return the part of the first cubic after its parameter t (de Casteljau's algorithm)."""

    def mix(p: Point, q: Point) -> Point:
        return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t

    a, b, c, d = points[:4]
    ab, bc, cd = mix(a, b), mix(b, c), mix(c, d)
    abc, bcd = mix(ab, bc), mix(bc, cd)
    return [mix(abc, bcd), bcd, cd, d]
