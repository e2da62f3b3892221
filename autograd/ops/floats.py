"""What the names in the rules mean on plain floats: twice, once fast and once never raising."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

_NAMES = """sqrt exp expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh
asinh acosh atanh hypot erf erfc pow floor pi""".split()


def _cbrt(x: float) -> float:
    """Cube root for Python 3.10: a power, then one Newton step for the last digits."""
    if x == 0 or not math.isfinite(x):
        return x
    root = math.copysign(abs(x) ** (1 / 3), x)
    return root - (root - x / root / root) / 3


def _exp2(x: float) -> float:
    return math.pow(2.0, x)


def prod(xs: Sequence[float]) -> float:
    """Product; a float for an empty sequence too."""
    return math.prod(xs, start=1.0)


def total(xs: Iterable[float]) -> float:
    """Sum in IEEE arithmetic: inf where it overflows, nan for inf - inf; Python's own `sum`."""
    return sum(xs, 0.0)


def dot(ws: Sequence[float], xs: Sequence[float]) -> float:
    """Sum of products."""
    return sum(map(operator.mul, ws, xs), 0.0)


def logsumexp(xs: Sequence[float]) -> float:
    """log(sum(exp(x))), shifted by the largest operand so that nothing overflows.

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
    """For each element the product of those before it and of those after it, in linear time.

    >>> products_around([2.0, 3.0, 5.0])
    [(1.0, 15.0), (2.0, 5.0), (6.0, 1.0)]
    """
    before = accumulate(xs[:-1], operator.mul, initial=1.0)
    after = list(accumulate(reversed(xs[1:]), operator.mul, initial=1.0))
    return list(zip(before, reversed(after), strict=True)) if xs else []


FAST: dict[str, Any] = {name: getattr(math, name) for name in _NAMES} | {
    "abs": abs,
    "len": len,
    "cbrt": getattr(math, "cbrt", _cbrt),
    "exp2": getattr(math, "exp2", _exp2),
    "prod": prod,
    "total": total,
    "dot": dot,
    "logsumexp": logsumexp,
    "products_around": products_around,
}
"""The names on floats, at full speed; they raise where Python's math does."""


def _at_pole(x: float) -> float:
    return -math.inf if x == 0 else math.nan


def _never_raising(
    function: Callable[..., float],
    overflow: Callable[..., float] = lambda *_: math.inf,
    invalid: Callable[..., float] = lambda *_: math.nan,
) -> Callable[..., float]:
    def ieee(*operands: float) -> float:
        try:
            return function(*operands)
        except OverflowError:
            return overflow(*operands)
        except ValueError:
            return invalid(*operands)

    return ieee


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


def _pow_overflow(x: float, y: float) -> float:
    return -math.inf if x < 0 and y % 2 == 1 else math.inf


def divide(x: float, y: float) -> float:
    """x / y as IEEE 754 defines it: 1 / 0 = inf, 0 / 0 = nan.

    >>> divide(-1.0, 0.0), divide(0.0, 0.0)
    (-inf, nan)
    """
    if y != 0:
        return x / y
    return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)


IEEE: dict[str, Any] = (
    FAST
    | {
        name: _never_raising(FAST[name])
        for name in "sqrt exp exp2 expm1 cosh sin cos tan asin acos acosh".split()
    }
    | {name: _never_raising(FAST[name], invalid=_at_pole) for name in "log log2 log10".split()}
    | {
        "log1p": _never_raising(math.log1p, invalid=lambda x: _at_pole(1 + x)),
        "sinh": _never_raising(math.sinh, lambda x: math.copysign(math.inf, x)),
        "atanh": _never_raising(
            math.atanh, invalid=lambda x: divide(x, 1 - abs(x)) if abs(x) == 1 else math.nan
        ),
        "pow": _never_raising(
            math.pow, _pow_overflow, lambda x, y: _pow_overflow(math.copysign(1, x), y) if x == 0 else math.nan
        ),
        "floor": _floor,
        "divide": divide,
        "remainder": lambda x, y: x % y if y else math.nan,
    }
)
"""The same names as IEEE 754 and numpy have them: inf and nan instead of an exception."""
