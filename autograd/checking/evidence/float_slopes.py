"""The derivative of a function of floats, by finite differences, with a bound of the error."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from ...transforms.numerical import derivative
from .findings import EPS, LIMIT, LIMIT_SINGLE, RIGHT, UNDECIDED, WRONG

Number = Callable[[float], float]
REACHES = (1e-1, 1e-3, 1e-5, 1e-7)
"""Initial step sizes, relative to the size of the input."""
FAR_REACH = 1e1
"""A larger initial step size, for float32. In float64 it would miss a small oscillation on a large number,
which rounding hides from the smaller step sizes."""
COARSE = 2.0**-40
"""Relative rounding error above which a function is taken to compute in float32."""
CERTAINTY = 10
"""Safety factor for the error estimates of finite differences."""
SMALLEST = 1e-290
"""Size of an input below which the steps would be rounded to a few digits, or to 0."""


class Judgement(NamedTuple):
    """A verdict on one derivative of a function of floats."""

    verdict: str
    truth: float | None
    tolerance: float
    why: str = ""
    kink: bool = False


def judged_derivative(
    f: Number, x: float, found: float, unit: float = EPS, rounding: float = math.inf
) -> Judgement:
    """Return the verdict on a derivative `found` of a function at a point, by finite differences.

    It is "right" only if the differences bound its relative error by `LIMIT` (`LIMIT_SINGLE` for a
    function that computes in float32), and "wrong" if their error cannot explain the difference. `unit`
    is the relative rounding error of the function or of the gradient, whichever is greater. Where f turns
    out to compute more precisely than `unit`, an error up to `rounding` may be that of the gradient: no
    limit for one input, but a small one for a sum over many, in which it could hide a wrong term.

    >>> [judged_derivative(math.sin, 1.0, found).verdict for found in (math.cos(1.0), 0.5403)]
    ['right', 'wrong']
    """
    precise = (
        unit_of(f, x) if unit > COARSE else unit
    )  # f may compute in float64 though the gradient is float32
    first = REACHES[:2] if precise < COARSE else (FAR_REACH, REACHES[0])
    quick = min((derivative(f, x, reach, precise) for reach in first), key=lambda each: each[1])
    truth, tolerance = quick[0], CERTAINTY * quick[1] + 8 * unit * abs(quick[0])
    miss = abs(found - truth)
    explained = miss <= tolerance or (precise < unit and miss <= rounding)
    if truth and explained and miss + tolerance <= _limit(unit) * abs(truth):
        return Judgement(RIGHT, truth, tolerance)
    if 0 < abs(x) < SMALLEST:
        return Judgement(UNDECIDED, None, math.inf, f"finite differences have no step small enough at {x:g}")
    if jumps(f, x, unit):
        return Judgement(UNDECIDED, None, math.inf, "the function jumps here, or its tangent is vertical")
    sides = kink(f, x, unit)
    if sides is not None:
        return _between(found, sides)
    unit = max(unit, unit_of(f, x))
    judgement = _judged(f, x, found, unit, steady_derivative(f, x, unit))
    if judgement.verdict == WRONG:  # unless the rounding of terms that cancel in the result explains the error
        judgement = _judged(f, x, found, unit, steady_derivative(f, x, unit, noise(f, x)))
    return judgement


def _limit(unit: float) -> float:
    return LIMIT_SINGLE if unit > COARSE else LIMIT


def _judged(f: Number, x: float, found: float, unit: float, estimate: tuple[float, float]) -> Judgement:
    truth, error = estimate
    if not math.isfinite(truth):
        return Judgement(UNDECIDED, None, math.inf, "the function is not defined around this point")
    tolerance = CERTAINTY * error + 8 * unit * abs(truth)
    miss = abs(found - truth)
    if not miss <= tolerance:
        return Judgement(WRONG, truth, tolerance)
    if truth and miss + tolerance <= _limit(unit) * abs(truth):
        return Judgement(RIGHT, truth, tolerance)
    if abs(truth) <= tolerance:  # 0 up to rounding here: compare with the derivative farther away
        nearest = first_slope(f, x)
        if (nearest is None and found == 0) or miss + abs(truth) + tolerance <= _limit(unit) * (nearest or 0.0):
            return Judgement(RIGHT, 0.0, tolerance)
    why = f"rounding errors limit the accuracy of finite differences to {tolerance:.1e}"
    return Judgement(UNDECIDED, truth, tolerance, why)


def _between(found: float, sides: tuple[float, float]) -> Judgement:
    low, high = sides
    slack = 1e-6 * max(map(abs, sides))
    inside = min(sides) - slack <= found <= max(sides) + slack
    return Judgement(RIGHT if inside else WRONG, (low + high) / 2, slack, f"a kink, between {min(sides):g} and "
                 f"{max(sides):g}", True)  # fmt: skip


def noise(f: Number, x: float) -> float:
    """Return the absolute rounding error of f near x, as its fourth differences at tiny steps show it.

    If f does not change at these, it is the smallest change that f shows, unless that is a jump.

    J. J. Moré, S. M. Wild: Estimating computational noise, SIAM Journal on Scientific Computing 33 (2011).

    >>> noise(math.sin, 1.0) < 1e-15, 1e-9 < noise(lambda x: (math.sin(x) + 1e8) - 1e8, 1.0) < 1e-7
    (True, True)
    """
    step = 2.0**-26 * max(abs(x), 0.1)
    row = [f(x + k * step) for k in range(-6, 7)]
    if all(y == row[0] for y in row):
        change = smallest_change(f, x)
        far = [f(x + sign * 2.0**20 * max(abs(x), 0.1)) for sign in (-1, 1)]
        return change if change <= COARSE * max((abs(y) for y in far if math.isfinite(y)), default=0.0) else 0.0
    for _ in range(4):  # what is left of a smooth function is step**4 of its fourth derivative
        row = [after - before for before, after in pairwise(row)]
    return math.sqrt(math.fsum(d * d for d in row) / len(row) / math.comb(8, 4))


def smallest_change(f: Number, x: float) -> float:
    """Return by how much f first differs from f(x), at the nearest point where it does; 0 if it never does.

    Smaller changes are lost to rounding, as where x is added to a much larger number.

    >>> smallest_change(lambda x: (x + 1e8) - 1e8, 1.0) * 2**26, smallest_change(lambda x: 3.0, 1.0)
    (1.0, 0.0)
    """
    step, before, here = nearest_change(f, x), 0.0, f(x)
    if step is None:
        return 0.0
    for _ in range(60):
        middle = (before + step) / 2
        before, step = (before, middle) if f(x + middle) != here else (middle, step)
    return abs(f(x + step) - here)


def nearest_change(f: Number, x: float) -> float | None:
    """Return a step, the first of growing ones to either side, after which f differs; None if none does."""
    here = f(x)
    for power in (-10, -7, -5, -3, -1, 0, 1, 2, 3, 5, 7, 10, 14, 20, 27, 35, 45, 60, 80, 120, 200, 400):
        for sign in (1.0, -1.0):
            step = sign * 2.0**power * max(abs(x), 1.0)
            if f(x + step) != here:
                return step
    return None


def steady_derivative(
    f: Number, x: float, unit: float | None = None, noise: float = 0.0
) -> tuple[float, float]:
    """Return f'(x) and its error, by Ridders' method from several initial step sizes.

    The estimate with the smallest error is chosen among those that smaller step sizes confirm, since a
    large step size can alias a fast oscillation to a slow one.

    >>> value, error = steady_derivative(lambda x: math.sin(1e6 * x), 0.7)
    >>> abs(value - 1e6 * math.cos(0.7e6)) <= error < 1.0
    True
    """
    unit = unit_of(f, x) if unit is None else unit
    near = (abs(x),) if 0 < abs(x) < REACHES[-1] else ()  # the input's own size, beside a singularity at 0
    return _steadiest([derivative(f, x, reach, unit, noise) for reach in (*REACHES, *near)])


def _steadiest(found: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the most accurate of several estimates, given from the largest step size to the smallest."""
    steady = [
        (value, error)
        for k, (value, error) in enumerate(found)
        if not any(abs(value - other) > CERTAINTY * (error + its) for other, its in found[k + 1 :])
    ]
    return min(steady, key=lambda each: each[1])


def unit_of(f: Number, x: float) -> float:
    """Return the relative rounding error of f near x: more than 2**-52 if it computes in float32.

    Such a function is piecewise constant, and its first change at growing distances is one unit. Its size
    is measured around x too, since at x itself it may be 0.

    >>> unit_of(math.sin, 1.0)
    2.220446049250313e-16
    """
    here, size = f(x), abs(x) or 1.0
    around = max((abs(y) for y in (here, f(x - size / 8), f(x + size / 8)) if math.isfinite(y)), default=0.0)
    for power in range(44, 8, -4):
        there = f(x + 2.0**-power * size)
        if there != here:
            unit = abs(there - here) / max(abs(there), around)
            return unit if power <= 36 and unit > COARSE else EPS
    return EPS


def first_slope(f: Number, x: float) -> float | None:
    """Return the slope of the secant to the nearest point at which f differs from f(x); None if none does.

    >>> first_slope(lambda x: max(x, 2.0), 1.0), first_slope(lambda x: 3.0, 1.0)
    (0.5, None)
    """
    here, step = f(x), nearest_change(f, x)
    if step is None:
        return None
    slopes = [abs(f(x + each) - here) / abs(step) for each in (step, -step)]
    return max((slope for slope in slopes if math.isfinite(slope)), default=0.0)


def _slopes(f: Number, x: float, reach: float) -> tuple[float, float]:
    """Return the left and the right derivative, by one-sided differences that are extrapolated once."""
    step, here = reach * (abs(x) or 1.0), f(x)
    left, right = (2 * (f(x + s) - here) / s - (f(x + 2 * s) - here) / (2 * s) for s in (-step, step))
    return left, right


def kink(f: Number, x: float, unit: float = EPS) -> tuple[float, float] | None:
    """Return the one-sided derivatives if they differ, and agree for two step sizes; else None.

    >>> kink(abs, 0.0), kink(math.sin, 0.0)
    ((-1.0, 1.0), None)
    """
    reach = 2.0**-24 if unit < COARSE else 2.0**-8
    (left, right), nearer = _slopes(f, x, reach), _slopes(f, x, reach / (64 if unit < COARSE else 4))
    apart = abs(right - left)
    if not math.isfinite(apart) or apart <= (1e-3 if unit < COARSE else 0.1) * max(abs(left), abs(right)):
        return None
    steady = abs(left - nearer[0]) <= 0.1 * apart and abs(right - nearer[1]) <= 0.1 * apart
    return (left, right) if steady else None


def jumps(f: Number, x: float, unit: float = EPS) -> bool:
    """Return whether on one side the function changes by as much at a tiny step as at larger ones.

    >>> jumps(math.floor, 1.0), jumps(math.floor, 1.5)
    (True, False)
    """
    size, here = abs(x) or 1.0, f(x)
    for sign in (-1, 1):
        reach, far = (2.0**-24, 12) if unit < COARSE else (2.0**-10, 6)
        tiny, twice, larger = (
            abs(f(x + sign * each * size) - here) for each in (reach, 2 * reach, reach * 2**far)
        )
        moved = tiny > (1e-9 if unit < COARSE else 1e-5) * (abs(here) + tiny)
        if moved and twice < 1.7 * tiny and larger < 1.1 * 2 ** (far / 2) * tiny:  # as for a square root
            return True
    return False
