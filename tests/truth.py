"""What every operation is, said a second time in high precision: the truth the table is held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp, mpf

mp.dps = 60


def _relu(x):
    return x if x >= 0 else mpf(0)


def _erfc(x):
    return mpmath.erfc(x) if x < 1e6 else mpf(0)  # mpmath's own overflows, at exp(-1e200)


def _modulo(x, y):
    return x - y * mpmath.floor(x / y)


VALUE: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "pos": lambda x: x,
    "pow": mpmath.power,
    "mod": _modulo,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "abs": abs,
    "sign": mpmath.sign,
    "sqrt": mpmath.sqrt,
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "exp": mpmath.exp,
    "exp2": lambda x: mpf(2) ** x,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "log1p": mpmath.log1p,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "atan2": mpmath.atan2,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "asinh": mpmath.asinh,
    "acosh": mpmath.acosh,
    "atanh": mpmath.atanh,
    "hypot": mpmath.hypot,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "logsigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "relu": _relu,
    "leaky_relu": lambda x, slope: x if x >= 0 else slope * x,
    "elu": lambda x, alpha: x if x >= 0 else alpha * mpmath.expm1(x),
    "gelu": lambda x: x * _erfc(-x / mpmath.sqrt(2)) / 2,
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "erf": mpmath.erf,
    "erfc": _erfc,
    "maximum": max,
    "minimum": min,
    "step": lambda x: mpf(1) if x >= 0 else mpf(0),
    "where": lambda c, x, y: x if c else y,
    "clip": lambda x, low, high: min(max(x, low), high),
    "total": lambda *xs: mpmath.fsum(xs),
    "prod": lambda *xs: mpmath.fprod(xs),
    "dot": lambda *both: mpmath.fdot(both[: len(both) // 2], both[len(both) // 2 :]),
    "mean": lambda *xs: mpmath.fsum(xs) / len(xs),
    "logsumexp": lambda *xs: mpmath.log(mpmath.fsum(map(mpmath.exp, xs))),
}

# Ordinary points: away from kinks, jumps and poles, on both sides of each. The last ones of
# several operations lie where a careless formula overflows, cancels or saturates.
_ANY = [(0.5,), (-0.5,), (2.25,), (-3.0,), (1e-5,), (-1e-5,), (0.0,)]
_POSITIVE = [(0.5,), (1.0,), (2.25,), (1e-5,), (1e5,), (1e-300,), (1e300,)]
_PAIRS = [(0.5, 2.0), (-0.5, 2.0), (2.25, -1.5), (-3.0, -0.25), (1e-5, 1e5)]
_SATURATED = [(-20.0,), (20.0,), (-700.0,), (700.0,)]
_TRIPLES = [(0.5, -2.0, 3.0), (1.0, 1.0, 1.0), (-1.5, 0.25, 4.0), (2.0,), (0.5, 2.0, 3.0, -1.0)]


def _each(names: list[str], points: list[tuple[float, ...]]) -> dict[str, list[tuple[float, ...]]]:
    return {name: list(points) for name in names}


POINTS: dict[str, list[tuple[float, ...]]] = {
    **_each(["neg", "pos", "square", "expm1", "sin", "cos", "sinh", "cosh", "atan", "asinh"], _ANY),
    **_each(["exp", "exp2", "erf"], [*_ANY, (-700.0,), (700.0,)]),
    **_each(["tanh", "sigmoid", "logsigmoid", "softplus", "silu"], [*_ANY, *_SATURATED]),
    **_each(["sqrt", "log", "log2", "log10"], _POSITIVE),
    **_each(["reciprocal", "cbrt"], [*_POSITIVE[:-2], *_ANY[:-1]]),
    **_each(["abs", "sign", "relu", "step"], [*_ANY[:-1], (1e300,), (-1e300,)]),
    **_each(["add", "sub", "mul", "div", "hypot", "maximum", "minimum"], _PAIRS),
    **_each(["total", "prod", "mean", "logsumexp"], _TRIPLES),
    "pow": [(0.5, 2.0), (2.25, -1.5), (1e-5, 3.5), (3.0, 0.5), (2.0, 1000.0), (1.0, 0.0), (1e300, 0.001)],
    "mod": [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.3, 0.7)],
    "log1p": [(0.5,), (-0.5,), (1e-12,), (-1e-12,), (1e10,), (-0.999999,)],
    "tan": [(0.5,), (-0.5,), (1.25,), (1e-8,), (3.0,)],
    "asin": [(0.5,), (-0.5,), (0.999,), (-0.999,), (1e-9,), (0.0,)],
    "acos": [(0.5,), (-0.5,), (0.999,), (-0.999,), (1e-9,), (0.0,)],
    "atan2": [
        (0.5, 2.0),
        (-0.5, 2.0),
        (2.25, -1.5),
        (-3.0, -0.25),
        (0.0, 1.0),
        (1e200, 1e200),
        (1e-200, 1e-200),
    ],
    "acosh": [(1.5,), (2.25,), (1.001,), (1e5,), (1e200,)],
    "atanh": [(0.5,), (-0.5,), (0.999,), (-0.999,), (1e-9,), (0.0,)],
    "gelu": [*_ANY, (-10.0,), (10.0,), (-30.0,), (1e10,)],
    "erfc": [*_ANY, (5.0,), (20.0,), (-20.0,)],
    "leaky_relu": [(0.5, 0.01), (-0.5, 0.01), (-2.0, 0.3), (1e5, 0.5)],
    "elu": [(0.5, 1.0), (-0.5, 1.0), (-2.0, 0.3), (-700.0, 2.0), (1e5, 0.5)],
    "where": [(1.0, 2.0, 3.0), (0.0, 2.0, 3.0), (-2.5, 0.1, 0.2)],
    "clip": [(0.5, 0.0, 1.0), (-0.5, 0.0, 1.0), (1.5, 0.0, 1.0), (0.5, -1e300, 1e300)],
    "dot": [(0.5, -2.0, 3.0, 4.0), (1.0, 2.0, 3.0, -1.0, 0.0, 0.5), (3.0, -7.0)],
}


def value(name: str, point: tuple[float, ...]) -> mpf:
    """The operation at a point of floats, exactly but for the 60th digit."""
    return mpf(VALUE[name](*map(mpf, point)))


def derivative(name: str, point: tuple[float, ...], towards: tuple[int, ...]) -> mpf:
    """The derivative towards operands one after the other: (0,) the first, (0, 1) the mixed second."""
    if name == "where" and 0 in towards:
        return mpf(0)  # a condition chooses; it has no slope, and no side at 0
    with mp.workdps(600):
        return mpf(_difference(VALUE[name], list(map(mpf, point)), towards))


def _difference(f: Callable[..., Any], point: list[Any], towards: tuple[int, ...]) -> Any:
    """A central difference of central differences, in so many digits that nothing is lost."""
    if not towards:
        return f(*point)
    k, rest = towards[0], towards[1:]
    step = mpf(10) ** -45 * (abs(point[k]) or 1)
    up, down = list(point), list(point)
    up[k] += step
    down[k] -= step
    return (_difference(f, up, rest) - _difference(f, down, rest)) / (2 * step)
