"""The parts of a picture before layout: boxes, arrows and words, with their numbers as text."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from .grouping import Frame


class Line(NamedTuple):
    """One line in the box of a neuron: a weight, its bias, its sum or its output."""

    id: str
    """The id of the value; empty for a note."""
    name: str
    data: str
    times: str
    """The input that a weight is multiplied with."""
    grad: str
    sign: str
    position: int = -1
    """The position of a weight's input."""
    edge: str = ""
    """The id of the edge that has `times` as its local derivative."""
    own: bool = True
    """Whether `grad` is the gradient of the value, and not the contribution of that edge."""
    present: bool = False


class Box(NamedTuple):
    """The box of a value, or of a plain number that is an operand."""

    id: str
    kind: str
    """"leaf", "interior", "root", "constant", "group", "neuron", "input", or "again" for a small
    box that repeats another."""
    symbol: str
    name: str
    data: str
    grad: str | None
    """None if no gradient has arrived."""
    sign: str
    """The sign of the grad, "pos", "neg" or "zero"; "size" for the norm of several; empty without one."""
    counted: str
    """The text beside "grad": 1/2 while waiting, Σ2 for a complete sum, else empty; with "+" if the
    grad includes contributions of earlier passes."""
    mark: str
    """The role in the current step, "receiver" or "result"; else empty."""
    tooltip: str
    formula: str = ""
    """The formula of a value without a label."""
    lines: tuple[Line, ...] = ()
    """The weights, bias, sums and outputs of a neuron, or the operands of an operation, row by row."""
    across: int = 1
    """The number of lines beside each other."""
    of: str = ""
    """The id of the box that a box of the kind "again" repeats."""


class Arrow(NamedTuple):
    """The edge from an operand to its result: grey and forward until error has flowed back along it."""

    id: str
    operand: str
    result: str
    sign: str
    """The sign of the contribution, "pos", "neg" or "zero"; "size" for several; empty before it flows."""
    width: float
    partial: str
    contribution: str
    present: bool
    weight: str = ""
    """The sign of the weight of an edge between two neurons, shown instead of the contribution's."""
    line: int = -1
    """The position of the input of such an edge: the line of the result's box that it leads to."""
    tooltip: str = ""


class Scene(NamedTuple):
    """The contents of one frame, in the order in which they are drawn."""

    boxes: list[Box]
    arrows: list[Arrow]
    title: str
    frames: tuple[Frame, ...] = ()
    """The groups that are drawn as frames around their boxes."""
    change: str = ""
    """The change of a grad in the current step; empty without a step."""
    compact: bool = False
    """Whether boxes have two lines instead of three."""
    columns: tuple[tuple[str, ...], ...] = ()
    """The boxes from left to right, each column from top to bottom; empty if dot places them."""
    folded: str = ""
    """The level of the groups that are boxes: "neuron" if a network is drawn layer by layer."""
    left_out: int = 0
    """The number of edges of a network that are left out because of their small weights."""
    cut: bool = False
    """Whether this is a row of a larger scene, or all of its rows."""
    show: frozenset[str] = frozenset({"data", "grad", "local", "contribution"})
    decimals: int = 4
    """The number of decimals of the numbers in boxes, which determines their width."""
    legend: bool = True
    language: str = "en"
    earlier: bool = False
    """Whether grads include contributions of earlier passes, in this frame or a later one."""
    whole_pass: bool = False
    """Whether the legend has the symbols of all steps of the pass."""
    tinted: bool = False
    """Whether each line of a box has a tint, for a script to colour."""
    room: int = 0
    """Points reserved for the title, so that all frames have the same size."""


MINUS = str.maketrans("-", "−")
"""Pictures use the minus sign U+2212."""


def sign_of(number: float | None) -> str:
    """Return the class of a number's sign; a nan counts as negative, so that it is conspicuous.

    >>> sign_of(2.0), sign_of(-1e-9), sign_of(0.0), sign_of(None)
    ('pos', 'neg', 'zero', '')
    """
    if number is None:
        return ""
    return "pos" if number > 0 else "zero" if number == 0 else "neg"


def signs(words: str) -> str:
    """Replace ASCII operators by the symbols of pictures, wherever they are spaced as in a formula.

    >>> signs("a-b.grad: -1.5 -> 1 - t * -3.0")
    'a-b.grad: −1.5 → 1 − t × −3.0'
    """
    words = words.replace("->", "→").replace(" * ", " × ").replace(" - ", " − ")
    return re.sub(r"(?<![\w.])-(?=[\d.(i])", "−", words)


def line_widths(contributions: list[float]) -> list[float]:
    """Return line widths that grow with the contribution: 1.2 + 4.3 sqrt(|c| / max |c|), in points."""
    sizes = [abs(c) if math.isfinite(c) else 0.0 for c in contributions]
    largest = max(sizes, default=0.0) or 1.0
    return [1.2 + 4.3 * math.sqrt(size / largest) for size in sizes]
