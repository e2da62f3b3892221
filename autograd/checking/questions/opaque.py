"""Functions that cannot be recorded: finite differences of floats, with an estimate of their error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...recording import is_number
from ...transforms.numerical import Replay, derivative
from ..evidence.differences import sides
from ..evidence.findings import EPS, RIGHT, UNDECIDED, WRONG, Finding, judged
from ..evidence.precise import MP, exactly
from ..evidence.record import Record, flat_truth

Floats = Callable[[list[float]], Any]
IN_DIGITS = "the function itself in high precision"
BY_DIFFERENCES = "finite differences in float64"
MOST_LEAVES = 50
"""How many leaves of one graph are looked at by finite differences."""


def check_opaque(f: Floats, gradient: Sequence[float], point: list[float]) -> list[Finding]:
    """A gradient somebody wrote, number by number, against the function it belongs to."""
    first, again = f(point), f(point)
    if not is_number(first):
        raise TypeError(f"f gave {first!r}: a gradient belongs to a function that gives one number")
    if first != again and first == first:
        why = f"the function is not deterministic: at the same point it gave {first!r} and {again!r}"
        return [Finding("record", "", UNDECIDED, first, again, why=why)]
    return [_towards(f, gradient[k], point, k) for k in range(len(point))]


def _towards(f: Floats, found: float, point: list[float], k: int) -> Finding:
    def moved(x: Any) -> Any:
        return f([*point[:k], x, *point[k + 1 :]])

    estimate = steady_derivative(_numbers(moved), point[k])
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

        if _trusted(moved, x, steady_derivative(_numbers(moved), x)) is None:
            return True
    return False


def check_operation(node: Any) -> Iterator[Finding]:
    """The partials of such a node, by finite differences."""
    point = [getattr(item, "data", item) for item in node.operands]
    for k, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True)):
        if operand.__class__ is not float:
            yield _towards(flat_truth(node), 0.0 if partial is None else partial, point, k)._replace(
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
            moved, grads[record.leaves[place]], steady_derivative(moved, leaf.data), leaf.data, place
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
    truth, error = estimate
    if _jumps(number, x):
        why = "the function jumps here, or is vertical: no slope on one side of this point"
        return Finding("end to end", k, UNDECIDED, found, None, why=why)
    kink = _kink(number, x)
    if kink is not None:
        low, high, slack = min(kink), max(kink), 1e-6 * max(map(abs, kink))
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


def steady_derivative(f: Callable[[float], float], x: float) -> tuple[float, float]:
    """f'(x) with its error, by Ridders' method from several first steps: the most certain one.

    A long step may see a fast wave as a slow one, and be certain of it: what shorter steps
    contradict is left out.

    >>> value, error = steady_derivative(lambda x: math.sin(1e6 * x), 0.7)
    >>> abs(value - 1e6 * math.cos(0.7e6)) <= error < 1.0
    True
    """
    unit = _unit(f, x)
    found = [derivative(f, x, reach, unit) for reach in (1e-1, 1e-3, 1e-5, 1e-7)]
    steady = [
        (value, error)
        for k, (value, error) in enumerate(found)
        if not any(abs(value - other) > 10 * (error + its) for other, its in found[k + 1 :])
    ]
    return min(steady, key=lambda each: each[1])


def _unit(f: Callable[[float], float], x: float) -> float:
    """What share of itself f's number is rounded to: more than 2**-52 if it computes in single precision.

    Such a function stands still between its steps: the first change that is seen is one of them.
    """
    here = f(x)
    for power in range(44, 8, -4):
        there = f(x + 2.0**-power * (abs(x) or 1.0))
        if there != here:
            share = abs(there - here) / max(abs(there), abs(here))
            return share if power <= 36 and share > EPS else EPS
    return EPS


def _slopes(f: Callable[[float], float], x: float, share: float) -> tuple[float, float]:
    """Slopes a small step to the left and to the right, each extrapolated once."""
    step, here = share * (abs(x) or 1.0), f(x)
    left, right = (2 * (f(x + s) - here) / s - (f(x + 2 * s) - here) / (2 * s) for s in (-step, step))
    return left, right


def _kink(f: Callable[[float], float], x: float) -> tuple[float, float] | None:
    """The slopes on both sides where they differ, and are the same from two distances."""
    (left, right), nearer = _slopes(f, x, 2.0**-24), _slopes(f, x, 2.0**-30)
    apart = abs(right - left)
    if not math.isfinite(apart) or apart <= 1e-3 * max(abs(left), abs(right)):
        return None
    steady = abs(left - nearer[0]) <= 0.1 * apart and abs(right - nearer[1]) <= 0.1 * apart
    return (left, right) if steady else None


def _jumps(f: Callable[[float], float], x: float) -> bool:
    """Whether on some side the function changes about as much at a tiny step as at larger ones."""
    size, here = abs(x) or 1.0, f(x)
    for sign in (-1, 1):
        tiny, twice, larger = (abs(f(x + sign * share * size) - here) for share in (2**-24, 2**-23, 2**-12))
        moved = tiny > 1e-9 * (abs(here) + tiny)
        if moved and twice < 1.7 * tiny and larger < 70 * tiny:  # a square root's grow by 1.4 and by 64
            return True
    return False


def check_across(f: Floats, gradient: Sequence[float], point: list[float]) -> Iterator[Finding]:
    """A gradient at a point where a function branches: between the slopes on both sides of it."""
    for k, x in enumerate(point):

        def moved(x: float, k: int = k) -> float:
            return f([*point[:k], x, *point[k + 1 :]])  # type: ignore[no-any-return]

        number = _numbers(moved)
        finding = _by_differences(number, gradient[k], steady_derivative(number, x), x, k)
        why = f"the function branches here; {finding.why}"
        if finding.verdict == WRONG:
            why = (
                f"the branch taken at this very point has another derivative than the function: {gradient[k]:g}"
            )
        yield finding._replace(why=why)
