"""Functions of floats that Python's math lacks or defines otherwise: see primitives.py."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any


def _cbrt_of_a_power(x: float) -> float:
    """Return the cube root, for Python 3.10: a power, then one Newton step for the last digits."""
    if x == 0 or not math.isfinite(x):
        return x
    root = math.copysign(abs(x) ** (1 / 3), x)
    return root - (root - x / root / root) / 3


cbrt: Callable[[float], float] = getattr(math, "cbrt", _cbrt_of_a_power)


def _power_of_two(x: float) -> float:
    return math.pow(2.0, x)


exp2: Callable[[float], float] = getattr(math, "exp2", _power_of_two)


def prod(xs: Sequence[float]) -> float:
    """Return the product, a float also for an empty sequence."""
    return math.prod(xs, start=1.0)


def total(xs: Iterable[float]) -> float:
    """Return the sum in IEEE arithmetic: inf where it overflows, nan for inf - inf."""
    return sum(xs, 0.0)


def dot(ws: Sequence[float], xs: Sequence[float]) -> float:
    """Return the sum of the products."""
    return sum(map(operator.mul, ws, xs), 0.0)


def logsumexp(xs: Sequence[float]) -> float:
    """Return log(sum(exp(x))), shifted by the largest operand so that nothing overflows.

    The largest operand's own term is the 1 of log1p, so that small other terms keep their digits.

    >>> logsumexp([0.0, -40.0]) == math.exp(-40.0)
    True
    """
    top = max(xs)
    if not math.isfinite(top):
        return math.nan if any(x != x for x in xs) else top
    others = list(xs)
    others.remove(top)
    return top + math.log1p(sum(math.exp(x - top) for x in others))


def products_around(xs: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return for each element the product of those before it and of those after it, in linear time.

    >>> products_around([2.0, 3.0, 5.0])
    [(1.0, 15.0), (2.0, 5.0), (6.0, 1.0)]
    """
    before = accumulate(xs[:-1], operator.mul, initial=1.0)
    after = list(accumulate(reversed(xs[1:]), operator.mul, initial=1.0))
    return list(zip(before, reversed(after), strict=True)) if xs else []


def at_pole(x: float) -> float:
    """Return the value of a logarithm where Python raises: -inf at 0, nan below."""
    return -math.inf if x == 0 else math.nan


def never_raising(
    function: Callable[..., float],
    overflow: Callable[..., float] = lambda *_: math.inf,
    invalid: Callable[..., float] = lambda *_: math.nan,
) -> Callable[..., float]:
    """Return `function` with `overflow` or `invalid` of the operands as its value where it raises."""

    def ieee(*operands: float) -> float:
        try:
            return function(*operands)
        except OverflowError:
            return overflow(*operands)
        except ValueError:
            return invalid(*operands)

    return ieee


def floor(x: float) -> float:
    """Return the largest integer <= x as a float; infinities, nan and -0.0 are kept."""
    return float(math.floor(x)) if x and math.isfinite(x) else x  # -0.0 keeps its sign


def overflowing_pow(x: float, y: float) -> float:
    """Return x ** y where it overflows: an infinity with the sign of the power."""
    return -math.inf if x < 0 and y % 2 == 1 else math.inf


def invalid_pow(x: float, y: float) -> float:
    """Return x ** y where Python raises ValueError: an infinity at x = 0, else nan."""
    return overflowing_pow(math.copysign(1, x), y) if x == 0 else math.nan


def remainder(x: float, y: float) -> float:
    """Return x % y, with the sign of y; nan for y = 0."""
    return x % y if y else math.nan


def divide(x: float, y: float) -> float:
    """Return x / y as IEEE 754 defines it: 1 / 0 = inf, 0 / 0 = nan.

    >>> divide(-1.0, 0.0), divide(0.0, 0.0)
    (-inf, nan)
    """
    if y != 0:
        return x / y
    return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)
