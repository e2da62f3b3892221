"""Functions that cannot be recorded: finite differences of floats, with an estimate of their error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..numerical import Replay, derivative
from .differences import sides
from .findings import EPS, RIGHT, UNDECIDED, WRONG, Finding, judged
from .precise import MP, exactly
from .record import Record, flat_truth

Floats = Callable[[list[float]], Any]
IN_DIGITS = "the function itself in high precision"
BY_DIFFERENCES = "finite differences in float64"
MOST_LEAVES = 50
"""How many leaves of one graph are looked at by finite differences."""


def check_opaque(f: Floats, gradient: Sequence[float], point: list[float]) -> list[Finding]:
    """A gradient somebody wrote, number by number, against the function it belongs to."""
    return [_towards(f, gradient[k], point, k) for k in range(len(point))]


def _towards(f: Floats, found: float, point: list[float], k: int) -> Finding:
    def moved(x: Any) -> Any:
        return f([*point[:k], x, *point[k + 1 :]])

    estimate = derivative(_numbers(moved), point[k])
    truth = _trusted(moved, point[k], estimate)
    if truth is None:
        return _by_differences(_numbers(moved), found, estimate, point[k], k)
    verdict = judged(found, truth, _conditioning(moved, point[k], truth))
    why = IN_DIGITS
    return Finding("end to end", k, verdict, found, float(truth), why=why)


def _numbers(moved: Callable[[Any], Any]) -> Callable[[float], float]:
    """The function with a nan where it is not defined."""

    def number(x: float) -> float:
        try:
            return float(moved(x))
        except (ArithmeticError, ValueError):
            return math.nan

    return number


def _trusted(moved: Callable[[Any], Any], x: float, estimate: tuple[float, float]) -> Any:
    """The slope in high precision, if the function computes in it: if finite differences agree.

    One that rounds to floats somewhere inside loses that part's derivative, without a word.
    """
    truth = _in_high_precision(moved, x)
    if truth is not None and abs(float(truth) - estimate[0]) <= 10 * estimate[1] + 64 * EPS * abs(estimate[0]):
        return truth
    return None


def computes_in_floats(node: Any) -> bool:
    """Whether a node's operation is a Python function that high precision cannot be had from."""
    if node.op is None or f"{node.op.name}_value" not in node.op.functions:
        return False
    point = [getattr(item, "data", item) for item in node.operands]
    f = flat_truth(node)
    for k, x in enumerate(point):

        def moved(x: Any, k: int = k) -> Any:
            return f([*point[:k], x, *point[k + 1 :]])

        if _trusted(moved, x, derivative(_numbers(moved), x)) is None:
            return True
    return False


def check_operation(node: Any) -> Iterator[Finding]:
    """The partials of such a node, by finite differences."""
    point = [getattr(item, "data", item) for item in node.operands]
    for k, partial in enumerate(node.partials):
        if partial is not None:
            yield _towards(flat_truth(node), partial, point, k)._replace(
                question="local", place=node, position=k
            )


def check_replayed(record: Record, grads: list[float]) -> Iterator[Finding]:
    """The gradient of a graph with such a node in it, by finite differences of the whole."""
    replay = Replay(record.root)
    inputs = [record.nodes[k] for k in record.leaves]
    for place, leaf in enumerate(inputs[:MOST_LEAVES]):

        def moved(x: float, leaf: Any = leaf) -> float:
            return replay({leaf: x})

        finding = _by_differences(
            moved, grads[record.leaves[place]], derivative(moved, leaf.data), leaf.data, place
        )
        yield finding._replace(place=leaf)


def _in_high_precision(moved: Callable[[Any], Any], x: float) -> Any:
    """The slope if the function computes with precise numbers as it stands, else None."""
    try:
        if not isinstance(moved(exactly(x)), MP.mpf):
            return None
        found = sides(moved, x)
    except Exception:  # whatever a function of floats does when it is given something else
        return None
    return found.right.slope if found.smooth else None


def _conditioning(moved: Callable[[Any], Any], x: float, slope: Any) -> Any:
    """What rounding in a gradient of this function may cost: some units of the slope's own movement."""
    step = 2.0**-20 * (abs(x) or 1.0)
    nearby = [sides(moved, x + s).right.slope for s in (step, -step)]
    if None in nearby:
        return 0
    return 64 * EPS * (abs(slope) + abs((nearby[0] - nearby[1]) / (2 * step) * x))


def _by_differences(
    number: Callable[[float], float], found: float, estimate: tuple[float, float], x: float, k: int
) -> Finding:
    """Ridders' central differences; at a kink, the quotients on both sides."""
    (truth, error), (left, right) = estimate, _one_sided(number, x)
    if math.inf in (abs(left), abs(right)):
        why = "the function jumps here, or is vertical: no slope on one side of this point"
        return Finding("end to end", k, UNDECIDED, found, None, why=why)
    if math.isfinite(left) and math.isfinite(right) and abs(right - left) > 1e-3 * max(abs(left), abs(right)):
        low, high, slack = min(left, right), max(left, right), 1e-6 * max(abs(left), abs(right))
        inside = low - slack <= found <= high + slack
        why = f"a kink, between {low:g} and {high:g}"
        return Finding("end to end", k, RIGHT if inside else WRONG, found, truth, error, why)
    if not math.isfinite(truth):
        why = "the function is not defined around this point"
        return Finding("end to end", k, UNDECIDED, found, truth, why=why)
    why = f"{BY_DIFFERENCES}, certain to {error:.0e}"
    tolerance = 10 * error + 8 * EPS * abs(truth)
    if not abs(found - truth) <= tolerance:
        return Finding("end to end", k, WRONG, found, truth, tolerance, why)
    verdict = UNDECIDED if tolerance > 0.1 * abs(truth) and tolerance > 1e-9 else RIGHT
    return Finding("end to end", k, verdict, found, truth, tolerance, why)


def _one_sided(f: Callable[[float], float], x: float) -> tuple[float, float]:
    """Slopes a small step to the left and to the right, each extrapolated once; inf where it jumps."""
    step, here = 2.0**-24 * (abs(x) or 1.0), f(x)

    def slope(s: float) -> float:
        there = f(x + s)
        near, far = (there - here) / s, (f(x + 2 * s) - here) / (2 * s)
        moved = abs(there - here) > 1e-9 * (abs(here) + abs(there))
        # Half the step, a steeper slope: as with a jump (twice), or a vertical tangent.
        jumps = moved and abs(near) > 1.2 * abs(far)
        return math.copysign(math.inf, near) if jumps else 2 * near - far

    return slope(-step), slope(step)


def check_across(f: Floats, gradient: Sequence[float], point: list[float]) -> Iterator[Finding]:
    """A gradient at a point where a function branches: between the slopes on both sides of it."""
    for k, x in enumerate(point):

        def moved(x: float, k: int = k) -> float:
            return f([*point[:k], x, *point[k + 1 :]])  # type: ignore[no-any-return]

        number = _numbers(moved)
        finding = _by_differences(number, gradient[k], derivative(number, x), x, k)
        why = f"the function branches here; {finding.why}"
        if finding.verdict == WRONG:
            why = (
                f"the branch taken at this very point has another derivative than the function: {gradient[k]:g}"
            )
        yield finding._replace(why=why)
