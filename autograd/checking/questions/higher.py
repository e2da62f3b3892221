"""Derivatives of order 2 and 3, of each operation by itself and of the whole program."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import combinations_with_replacement, islice
from typing import Any

from ...modes import always_recording
from ...transforms.gradients import gradients
from ...value import Value
from ..cases.program import Line, Program
from ..evidence.differences import LEVELS, Sides, mixed
from ..evidence.findings import CANCELLED, EPS, LIMIT, RIGHT, UNDECIDED, WRONG, Finding, judged
from ..evidence.precise import MP, Precise, digits, exactly
from ..evidence.record import Record
from ..evidence.rounding import rounding_of_value
from .end_to_end import OUT_OF_RANGE
from .local import kinks

MOST_PAIRS = 40
"""How many derivatives of an order above 1 are looked at, spread evenly over all there are."""
MOST_POINTS = 200
"""At how many points an operation is looked at by itself: the first ones of a graph."""
PIECES = 4
"""In how many directions a derivative is looked at beside a kink."""
LARGE = 400
"""Up to how many nodes of a graph its derivatives of higher order are looked at end to end."""


def check_higher(record: Record, order: int) -> Iterator[Finding]:
    """Derivatives of an order above 1: of each operation by itself, and end to end."""
    seen: dict[Any, set[Any]] = {}
    for node in record.nodes:
        point = tuple(getattr(item, "data", item) for item in node.operands)
        points = seen.setdefault(node.op, set())
        if node.op is not None and len(point) <= 8 and point not in points and len(points) < MOST_POINTS:
            points.add(point)
            single = Program(point, (Line(node.op, tuple(range(len(point)))),))
            inside, leaves = single.record()
            edges = [k for k, item in enumerate(node.operands) if item.__class__ is not float]
            yield from _of_order(Record(inside), leaves, edges, order, node)
    if sum(map(len, seen.values())) > 1 and len(record.nodes) <= LARGE:
        leaves = [record.nodes[k] for k in record.leaves]
        yield from _of_order(record, leaves, list(range(len(leaves))), order, None)


def _of_order(
    record: Record, leaves: list[Value], edges: list[int], order: int, place: Any
) -> Iterator[Finding]:
    """Mixed derivatives of the root towards leaves, at most so many, against high precision."""
    count = math.comb(len(edges) + order - 1, order)
    every = combinations_with_replacement(edges, order)
    for towards in islice(every, 0, None, max(1, count // MOST_PAIRS)):
        where = place or "/".join(leaves[k].label or f"x{k}" for k in towards)
        node: Any = record.root
        with always_recording():
            for k in towards:
                node = gradients(node, [leaves[k]], create_graph=True)[0]
        yield _judged(record, leaves, towards, node, _mixed(record, leaves, towards), where)


def _mixed(record: Record, leaves: list[Value], towards: tuple[int, ...]) -> Sides:
    """The derivative towards leaves one after the other, in high precision."""
    places = [record.index.get(leaf) for leaf in leaves]

    def f(numbers: list[Precise]) -> Precise:
        return record.from_leaves({k: x for k, x in zip(places, numbers, strict=True) if k is not None})

    return mixed(f, [leaf.data for leaf in leaves], towards)


def _judged(
    record: Record, leaves: list[Value], towards: tuple[int, ...], node: Value, truth: Sides, where: Any
) -> Finding:
    """The verdict on one derivative; what is not met at once is compared with the rounded program's."""
    question, exact = f"order {len(towards)}", truth.right.slope

    def told(verdict: str, tolerance: Any = 0, why: str = "") -> Finding:
        true = float(truth.right.slope) if truth.smooth else None
        return Finding(question, where, verdict, node.data, true, float(tolerance), why)

    if not truth.smooth:
        return _without(record, leaves, towards, node, told, truth)
    nothing = node.data == 0 and abs(exact) <= truth.right.noise < 1e-50  # a straight line's second derivative
    if nothing or judged(node.data, exact, truth.right.noise) == RIGHT:
        return told(RIGHT)
    if kinks(record):
        return _without(record, leaves, towards, node, told, truth)
    rounded = _mixed(record.rounded, leaves, towards)
    if not rounded.smooth:
        return told(UNDECIDED, why=f"with float64's rounding there is no derivative of {question}")
    gap, program = abs(exact - rounded.right.slope), exact
    exact = rounded.right.slope
    moved = rounding_of_value(Record(node))
    tolerance = rounded.right.noise + 4 * EPS * (moved or 0)
    # What rounding takes from one operation alone is what its float64 rule can give.
    lost = RIGHT if where.__class__ is Value else UNDECIDED
    if judged(node.data, exact, tolerance) == WRONG:
        return told(WRONG, tolerance) if moved is not None else told(lost, why=OUT_OF_RANGE)
    nothing = CANCELLED * (moved or 0)  # beside the terms that cancel
    if abs(program) <= nothing and abs(node.data) <= nothing:
        return told(RIGHT, tolerance)
    if abs(exactly(node.data) - program) > LIMIT * abs(program):
        why = f"rounding in float64 can move a derivative of {question} by {float(tolerance + gap):.1e}"
        return told(lost, tolerance, why)
    return told(RIGHT, tolerance)


def _without(
    record: Record, leaves: list[Value], towards: tuple[int, ...], node: Value, told: Any, truth: Sides
) -> Finding:
    """The verdict at a kink, a pole or the edge of a domain: by the derivatives of the pieces around it."""
    order = len(towards)
    if node.data - node.data != 0 and not truth.smooth:
        return told(RIGHT, why=f"no derivative of order {order} exists here, and {node.data} says so")  # type: ignore[no-any-return]
    around = [found for k in range(PIECES) if (found := _beside(record, leaves, towards, k)) is not None]
    slack = 1e-9 * max((abs(x) for x in around), default=0.0)
    if around and min(around) - slack <= node.data <= max(around) + slack:
        between = f"between {min(around):g} and {max(around):g}"
        return told(RIGHT, why=f"a kink of the derivatives of order {order}, {between}")  # type: ignore[no-any-return]
    singular = kinks(record)
    if not singular and len(around) == PIECES and truth.smooth:
        return told(WRONG)  # type: ignore[no-any-return]
    at = f"{', '.join(singular)} at a kink" if singular else "a kink, a pole, or the edge of a domain"
    return told(UNDECIDED, why=f"{at}, where the derivative of order {order} is a convention: {node.data:g}")  # type: ignore[no-any-return]


def _beside(record: Record, leaves: list[Value], towards: tuple[int, ...], turn: int) -> float | None:
    """The same derivative a hair's breadth from the point, in one of several directions; None for none."""
    rng = random.Random(turn)
    places = [record.index.get(leaf) for leaf in leaves]
    with digits(LEVELS[2]):
        shifts = [
            exactly(rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * (abs(leaf.data) or 1.0))
            * MP.ldexp(1, -66)
            for leaf in leaves
        ]

        def f(numbers: list[Precise]) -> Precise:
            moved = [x + shift for x, shift in zip(numbers, shifts, strict=True)]
            return record.from_leaves({k: x for k, x in zip(places, moved, strict=True) if k is not None})

        found = mixed(f, [leaf.data for leaf in leaves], towards)
    return float(found.right.slope) if found.smooth else None
