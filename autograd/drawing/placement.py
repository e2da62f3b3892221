"""Where everything stands in a picture of several rows: dot lays out each row, and they are stacked here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

TALL = 9_000
"""Points after which the rows go on in another column; an image of 32,767 pixels can hold no more."""
_LINE_GAP, _BESIDE, _COLUMN_GAP = 30.0, 60.0, 110.0
_POINT = re.compile(r"(-?\d[\d.]*(?:e[+-]?\d+)?),(-?\d[\d.]*(?:e[+-]?\d+)?)")


class Places(NamedTuple):
    """The position of each box, arrow and frame by its id, as Graphviz writes them, in points."""

    boxes: dict[str, str]
    arrows: dict[str, tuple[str, str]]
    """The curve, and the middle of the label, which may be empty."""
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
        places.arrows[each["id"]] = moved(each["pos"]), moved(each.get("lp", ""))
