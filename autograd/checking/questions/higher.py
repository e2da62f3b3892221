"""The question about order 2 and 3: higher derivatives of each operation and of the whole program."""

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
"""Maximum number of derivatives of an order above 1 that are checked, a sample spread evenly over all."""
MOST_POINTS = 200
"""Maximum number of points at which an operation is checked by itself, the first ones of a graph."""
PIECES = 4
"""Number of directions in which derivatives near a kink are computed."""
LARGE = 400
"""Maximum number of nodes of a graph whose higher derivatives are checked end to end."""


def check_higher(record: Record, order: int) -> Iterator[Finding]:
    """Yield findings about derivatives of an order above 1: of each operation, and end to end.

    >>> [finding.verdict for finding in check_higher(Record(Value(3.0).tanh()), 2)]
    ['right']
    """
    seen: dict[Any, set[Any]] = {}
    for node in record.nodes:
        point = tuple(getattr(item, "data", item) for item in node.operands)
        points = seen.setdefault(node.op, set())
        if (
            node.op is not None
            and len(point) <= 8
            and all(map(math.isfinite, point))
            and point not in points
            and len(points) < MOST_POINTS
        ):
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
    """Compare mixed derivatives of the root with those in high precision; yield findings."""
    count = math.comb(len(edges) + order - 1, order)
    every = combinations_with_replacement(edges, order)
    for wrt in islice(every, 0, None, max(1, count // MOST_PAIRS)):
        where = place or "/".join(leaves[k].label or f"x{k}" for k in wrt)
        node: Any = record.root
        with always_recording():
            for k in wrt:
                node = gradients(node, [leaves[k]], create_graph=True)[0]
        yield _judged(record, leaves, wrt, node, _mixed(record, leaves, wrt), where)


def _mixed(record: Record, leaves: list[Value], wrt: tuple[int, ...]) -> Sides:
    """Return the mixed derivative with respect to a sequence of leaves, in high precision."""
    places = [record.index.get(leaf) for leaf in leaves]

    def f(numbers: list[Precise]) -> Precise:
        return record.from_leaves({k: x for k, x in zip(places, numbers, strict=True) if k is not None})

    return mixed(f, [leaf.data for leaf in leaves], wrt, (record.size,))


def _judged(
    record: Record, leaves: list[Value], wrt: tuple[int, ...], node: Value, truth: Sides, where: Any
) -> Finding:
    """Return the finding about one derivative, compared first with the exact, then the rounded program."""
    question, exact = f"order {len(wrt)}", truth.right.derivative

    def finding(verdict: str, tolerance: Any = 0, why: str = "") -> Finding:
        true = float(truth.right.derivative) if truth.smooth else None
        return Finding(question, where, verdict, node.data, true, float(tolerance), why)

    if not truth.smooth:
        return _without(record, leaves, wrt, node, finding, truth)
    nothing = node.data == 0 and abs(exact) <= truth.right.noise < 1e-50  # of a linear function
    if nothing or judged(node.data, exact, truth.right.noise) == RIGHT:
        return finding(RIGHT)
    if kinks(record):
        return _without(record, leaves, wrt, node, finding, truth)
    rounded = _mixed(record.rounded, leaves, wrt)
    if not rounded.smooth:
        return finding(
            UNDECIDED, why=f"with the rounding errors of float64, no derivative of {question} exists"
        )
    gap, program = abs(exact - rounded.right.derivative), exact
    exact = rounded.right.derivative
    moved = rounding_of_value(Record(node))
    tolerance = rounded.right.noise + 4 * EPS * (moved or 0)
    # A single operation is right if it is as accurate as its float64 rule allows.
    lost = RIGHT if where.__class__ is Value else UNDECIDED
    if judged(node.data, exact, tolerance) == WRONG:
        return finding(WRONG, tolerance) if moved is not None else finding(lost, why=OUT_OF_RANGE)
    nothing = CANCELLED * (moved or 0)  # negligible beside the terms that cancel
    if abs(program) <= nothing and abs(node.data) <= nothing:
        return finding(RIGHT, tolerance)
    if abs(exactly(node.data) - program) > LIMIT * abs(program):
        why = (
            f"rounding errors of float64 can change a derivative of {question} by {float(tolerance + gap):.1e}"
        )
        return finding(lost, tolerance, why)
    return finding(RIGHT, tolerance)


def _without(
    record: Record, leaves: list[Value], wrt: tuple[int, ...], node: Value, finding: Any, truth: Sides
) -> Finding:
    """Return the finding at a kink, a pole or the edge of a domain, from derivatives at nearby points."""
    order = len(wrt)
    if not math.isfinite(node.data) and not truth.smooth:
        return finding(RIGHT, why=f"no derivative of order {order} exists here, which {node.data} states")  # type: ignore[no-any-return]
    around = [found for k in range(PIECES) if (found := _beside(record, leaves, wrt, k)) is not None]
    slack = 1e-9 * max((abs(x) for x in around), default=0.0)
    if around and min(around) - slack <= node.data <= max(around) + slack:
        between = f"between {min(around):g} and {max(around):g}"
        return finding(RIGHT, why=f"a kink of the derivatives of order {order}, {between}")  # type: ignore[no-any-return]
    singular = kinks(record)
    if not singular and len(around) == PIECES and truth.smooth:
        return finding(WRONG)  # type: ignore[no-any-return]
    at = f"{', '.join(singular)} at a kink" if singular else "a kink, a pole, or the edge of a domain"
    return finding(UNDECIDED, why=f"{at}, where the derivative of order {order} is a convention: {node.data:g}")  # type: ignore[no-any-return]


def _beside(record: Record, leaves: list[Value], wrt: tuple[int, ...], turn: int) -> float | None:
    """Return the same derivative at a point very close by, in one of several directions; None if none."""
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

        found = mixed(f, [leaf.data for leaf in leaves], wrt, (record.size,))
    return float(found.right.derivative) if found.smooth else None
