"""Functions that cannot be recorded: finite differences of floats, with an estimate of their error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.numerical import derivative

from .differences import sides
from .findings import EPS, RIGHT, UNDECIDED, WRONG, Finding, judged
from .precise import MP, exactly

Floats = Callable[[list[float]], Any]


def check_opaque(f: Floats, gradient: Sequence[float], point: list[float]) -> list[Finding]:
    """A gradient somebody wrote, number by number, against the function it belongs to."""
    return [_towards(f, gradient[k], point, k) for k in range(len(point))]


def _towards(f: Floats, found: float, point: list[float], k: int) -> Finding:
    def moved(x: Any) -> Any:
        return f([*point[:k], x, *point[k + 1 :]])

    def number(x: float) -> float:
        try:
            return float(moved(x))
        except (ArithmeticError, ValueError):
            return math.nan

    estimate, error = derivative(number, point[k])
    truth = _in_high_precision(moved, point[k])
    # A function that rounds to floats somewhere inside loses that part's derivative: the two then differ.
    if truth is not None and abs(float(truth) - estimate) <= 10 * error + 64 * EPS * abs(estimate):
        verdict = judged(found, truth, _conditioning(moved, point[k], truth))
        why = "evidence: the function itself in high precision"
        return Finding("end to end", k, verdict, found, float(truth), why=why)
    return _by_differences(number, found, (estimate, error), point[k], k)


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
    if math.isfinite(left) and math.isfinite(right) and abs(right - left) > 1e-3 * max(abs(left), abs(right)):
        slack = 1e-6 * max(abs(left), abs(right))
        inside = min(left, right) - slack <= found <= max(left, right) + slack
        why = f"a kink, between {left:g} and {right:g}"
        return Finding("end to end", k, RIGHT if inside else WRONG, found, truth, error, why)
    if not math.isfinite(truth):
        why = "the function is not defined around this point"
        return Finding("end to end", k, UNDECIDED, found, truth, why=why)
    why = f"evidence: finite differences in float64, certain to {error:.0e}"
    tolerance = 10 * error + 8 * EPS * abs(truth)
    if not abs(found - truth) <= tolerance:
        return Finding("end to end", k, WRONG, found, truth, tolerance, why)
    verdict = UNDECIDED if tolerance > 0.1 * abs(truth) and tolerance > 1e-9 else RIGHT
    return Finding("end to end", k, verdict, found, truth, tolerance, why)


def _one_sided(f: Callable[[float], float], x: float) -> tuple[float, float]:
    """Slopes a small step to the left and to the right, each extrapolated once."""
    step = 2.0**-24 * (abs(x) or 1.0)
    here = f(x)
    left, right = ((2 * (f(x + s) - here) / s - (f(x + 2 * s) - here) / (2 * s)) for s in (-step, step))
    return left, right

