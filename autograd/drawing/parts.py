"""What a picture is made of before any layout: boxes, arrows, words, and how numbers are written in them."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from .grouping import Frame


class Line(NamedTuple):
    """One line in the box of a neuron: a weight, its bias, its sum or its output."""

    id: str
    """The id of the value; empty for a remark."""
    name: str
    data: str
    times: str
    """What a weight is multiplied with."""
    grad: str
    sign: str
    position: int = -1
    """Of a weight the place of its input."""


class Box(NamedTuple):
    """A value, or a plain number that a value was computed with."""

    id: str
    kind: str
    """"leaf", "interior", "root", "constant", "group", "neuron", "input", or "again" for a small
    box that stands for another."""
    symbol: str
    name: str
    data: str
    grad: str | None
    """None where no gradient has arrived."""
    sign: str
    """"pos", "neg" or "zero" of the grad, "size" of several; empty where there is none."""
    counted: str
    """Beside the word grad: 1/2 while waiting, Σ2 for a complete sum, else nothing."""
    mark: str
    """In the present step "receiver" or "result"; else nothing."""
    tooltip: str
    formula: str = ""
    """How a value without a label was computed."""
    lines: tuple[Line, ...] = ()
    of: str = ""
    """Of a box of the kind "again" the id of the box that it stands for."""


class Arrow(NamedTuple):
    """An operand's edge to its result: grey and forwards until error has flowed back along it."""

    id: str
    operand: str
    result: str
    sign: str
    """"pos", "neg" or "zero" of the contribution, "size" of several; empty before it has flowed."""
    width: float
    partial: str
    contribution: str
    present: bool
    weight: str = ""
    """Of the edge between two neurons the sign of its weight, which it shows instead of the contribution's."""
    line: int = -1
    """Of such an edge the place of its input: the line of the result's box that it leads to."""
    tooltip: str = ""


class Scene(NamedTuple):
    """One frame: everything in the order in which it is drawn."""

    boxes: list[Box]
    arrows: list[Arrow]
    title: str
    frames: tuple[Frame, ...] = ()
    """Groups to be drawn around their boxes."""
    change: str = ""
    """What the present step does to a grad; empty when no step is present."""
    compact: bool = False
    """Whether boxes have two lines instead of three."""
    columns: tuple[tuple[str, ...], ...] = ()
    """The boxes from left to right, each column from top to bottom; empty where dot finds the places."""
    left_out: int = 0
    """Edges of a network that are not drawn because they are the weaker ones."""
    cut: bool = False
    """Whether this is a row of a larger scene, or all of its rows."""
    show: frozenset[str] = frozenset({"data", "grad", "local", "contribution"})
    decimals: int = 4
    """Of the numbers in boxes, for which there has to be room."""
    legend: bool = True
    language: str = "en"
    room: int = 0
    """Points kept free for the title, so that frames with longer ones have the same geometry."""


MINUS = str.maketrans("-", "−")
"""Pictures use the real minus sign."""


def sign_of(number: float | None) -> str:
    """The class of a number's sign; a nan counts as negative, for it must be seen.

    >>> sign_of(2.0), sign_of(-1e-9), sign_of(0.0), sign_of(None)
    ('pos', 'neg', 'zero', '')
    """
    if number is None:
        return ""
    return "pos" if number > 0 else "zero" if number == 0 else "neg"


def signs(words: str) -> str:
    """The signs that a picture can show and a terminal perhaps cannot, in whatever is spaced like a formula.

    >>> signs("a-b.grad: -1.5 -> 1 - t * -3.0")
    'a-b.grad: −1.5 → 1 − t × −3.0'
    """
    words = words.replace("->", "→").replace(" * ", " × ").replace(" - ", " − ")
    return re.sub(r"(?<![\w.])-(?=[\d.(i])", "−", words)


def line_widths(contributions: list[float]) -> list[float]:
    """Line widths that grow with the size of the contribution: 1.2 + 4.3 sqrt(|c| / max |c|)."""
    sizes = [abs(c) if math.isfinite(c) else 0.0 for c in contributions]
    largest = max(sizes, default=0.0) or 1.0
    return [1.2 + 4.3 * math.sqrt(size / largest) for size in sizes]
