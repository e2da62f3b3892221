"""The slope of a function of floats, by differences, with how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ...transforms.numerical import derivative
from .findings import EPS, LIMIT, LIMIT_SINGLE, RIGHT, UNDECIDED, WRONG

Number = Callable[[float], float]
REACHES = (1e-1, 1e-3, 1e-5, 1e-7)
"""First steps, relative to the size of the input."""
FAR_REACH = 1e1
"""A longer one, for float32. In float64 it would take a small wave beside a large number for a straight line,
whose slope rounding keeps the shorter ones from seeing."""
COARSE = 2.0**-40
"""A function whose numbers have fewer bits than this computes in something like float32."""
CERTAINTY = 10
"""How many times its own estimate an error may be."""


class Slope(NamedTuple):
    """A verdict on one slope of a function of floats."""

    verdict: str
    truth: float | None
    tolerance: float
    why: str = ""
    kink: bool = False


def judged_slope(f: Number, x: float, found: float, unit: float = EPS) -> Slope:
    """The verdict on the slope of a function at a point, by finite differences.

    Right only where the differences bound its error by `LIMIT` of its size (`LIMIT_SINGLE` where
    the function computes in float32, whose rounding is `unit`); wrong where their error cannot explain it.

    >>> judged_slope(math.sin, 1.0, math.cos(1.0)).verdict, judged_slope(math.sin, 1.0, 0.5403).verdict
    ('right', 'wrong')
    """
    first = REACHES[:2] if unit < COARSE else (FAR_REACH, REACHES[0])
    quick = min((derivative(f, x, reach, unit) for reach in first), key=lambda each: each[1])
    truth, tolerance = quick[0], CERTAINTY * quick[1] + 8 * unit * abs(quick[0])
    miss = abs(found - truth)
    if truth and miss <= tolerance and miss + tolerance <= _limit(unit) * abs(truth):
        return Slope(RIGHT, truth, tolerance)
    if jumps(f, x, unit):
        return Slope(UNDECIDED, None, math.inf, "the function jumps here, or is vertical: no slope on one side")
    sides = kink(f, x, unit)
    if sides is not None:
        return _between(found, sides)
    unit = max(unit, unit_of(f, x))
    return _judged(f, x, found, unit, steady_derivative(f, x, unit))


def _limit(unit: float) -> float:
    return LIMIT_SINGLE if unit > COARSE else LIMIT


def _judged(f: Number, x: float, found: float, unit: float, estimate: tuple[float, float]) -> Slope:
    truth, error = estimate
    if not math.isfinite(truth):
        return Slope(UNDECIDED, None, math.inf, "the function is not defined around this point")
    tolerance = CERTAINTY * error + 8 * unit * abs(truth)
    miss = abs(found - truth)
    if not miss <= tolerance:
        return Slope(WRONG, truth, tolerance)
    if truth and miss + tolerance <= _limit(unit) * abs(truth):
        return Slope(RIGHT, truth, tolerance)
    if abs(truth) <= tolerance:  # nothing, as far as can be seen here: is it anything elsewhere?
        nearest = first_slope(f, x)
        if (nearest is None and found == 0) or miss + abs(truth) + tolerance <= _limit(unit) * (nearest or 0.0):
            return Slope(RIGHT, 0.0, tolerance)
    why = f"finite differences know this slope to {tolerance:.1e} only: rounding hides the rest"
    return Slope(UNDECIDED, truth, tolerance, why)


def _between(found: float, sides: tuple[float, float]) -> Slope:
    low, high = sides
    slack = 1e-6 * max(map(abs, sides))
    inside = min(sides) - slack <= found <= max(sides) + slack
    return Slope(RIGHT if inside else WRONG, (low + high) / 2, slack, f"a kink, between {min(sides):g} and "
                 f"{max(sides):g}", True)  # fmt: skip


def steady_derivative(f: Number, x: float, unit: float | None = None) -> tuple[float, float]:
    """f'(x) with its error, by Ridders' method from several first steps: the most certain one.

    A long step may see a fast wave as a slow one, and be certain of it: what shorter steps
    contradict is left out.

    >>> value, error = steady_derivative(lambda x: math.sin(1e6 * x), 0.7)
    >>> abs(value - 1e6 * math.cos(0.7e6)) <= error < 1.0
    True
    """
    unit = unit_of(f, x) if unit is None else unit
    return _steadiest([derivative(f, x, reach, unit) for reach in REACHES])


def _steadiest(found: list[tuple[float, float]]) -> tuple[float, float]:
    """The most certain of several estimates, from the longest step to the shortest."""
    steady = [
        (value, error)
        for k, (value, error) in enumerate(found)
        if not any(abs(value - other) > CERTAINTY * (error + its) for other, its in found[k + 1 :])
    ]
    return min(steady, key=lambda each: each[1])


def unit_of(f: Number, x: float) -> float:
    """What share of itself f's number is rounded to: more than 2**-52 if it computes in float32.

    Such a function stands still between its steps: the first change that is seen is one of them.
    """
    here = f(x)
    for power in range(44, 8, -4):
        there = f(x + 2.0**-power * (abs(x) or 1.0))
        if there != here:
            share = abs(there - here) / max(abs(there), abs(here))
            return share if power <= 36 and share > COARSE else EPS
    return EPS


def first_slope(f: Number, x: float) -> float | None:
    """The slope from here to the nearest point at which f is another number; None if it never is.

    >>> first_slope(lambda x: max(x, 2.0), 1.0), first_slope(lambda x: 3.0, 1.0)
    (0.5, None)
    """
    here = f(x)
    for power in (-10, -7, -5, -3, -1, 0, 1, 2, 3, 5, 7, 10, 14, 20, 27, 35, 45, 60, 80, 120, 200, 400):
        step = 2.0**power * max(abs(x), 1.0)
        changes = [abs(f(x + sign * step) - here) for sign in (1.0, -1.0)]
        if any(change != 0 for change in changes):
            slopes = [change / step for change in changes if math.isfinite(change)]
            return max(slopes, default=0.0)
    return None


def _slopes(f: Number, x: float, share: float) -> tuple[float, float]:
    """Slopes a small step to the left and to the right, each extrapolated once."""
    step, here = share * (abs(x) or 1.0), f(x)
    left, right = (2 * (f(x + s) - here) / s - (f(x + 2 * s) - here) / (2 * s) for s in (-step, step))
    return left, right


def kink(f: Number, x: float, unit: float = EPS) -> tuple[float, float] | None:
    """The slopes on both sides where they differ, and are the same from two distances.

    >>> kink(abs, 0.0), kink(math.sin, 0.0)
    ((-1.0, 1.0), None)
    """
    share = 2.0**-24 if unit < COARSE else 2.0**-8
    (left, right), nearer = _slopes(f, x, share), _slopes(f, x, share / (64 if unit < COARSE else 4))
    apart = abs(right - left)
    if not math.isfinite(apart) or apart <= (1e-3 if unit < COARSE else 0.1) * max(abs(left), abs(right)):
        return None
    steady = abs(left - nearer[0]) <= 0.1 * apart and abs(right - nearer[1]) <= 0.1 * apart
    return (left, right) if steady else None


def jumps(f: Number, x: float, unit: float = EPS) -> bool:
    """Whether on some side the function changes about as much at a tiny step as at larger ones.

    >>> jumps(math.floor, 1.0), jumps(math.floor, 1.5)
    (True, False)
    """
    size, here = abs(x) or 1.0, f(x)
    for sign in (-1, 1):
        share, far = (2.0**-24, 12) if unit < COARSE else (2.0**-10, 6)
        tiny, twice, larger = (
            abs(f(x + sign * each * size) - here) for each in (share, 2 * share, share * 2**far)
        )
        moved = tiny > (1e-9 if unit < COARSE else 1e-5) * (abs(here) + tiny)
        if moved and twice < 1.7 * tiny and larger < 1.1 * 2 ** (far / 2) * tiny:  # as a square root's do
            return True
    return False
