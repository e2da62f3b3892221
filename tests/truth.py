"""The truth the table is held to: the checker's high precision, and the points to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import TABLE
from autograd.checking.evidence.precise import MP, TRUTHS, digits, exactly

DIGITS = 60


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
    "pow": [
        (0.5, 2.0),
        (2.25, -1.5),
        (1e-5, 3.5),
        (3.0, 0.5),
        (2.0, 1000.0),
        (1.0, 0.0),
        (1e300, 0.001),
        (3.387983553889129e-55, -0.001),
        (2.3854780168436347e77, -0.013),
        (1e-310, 0.0),
    ],
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


def at(name: str, operands: list[Any]) -> Any:
    """The operation of a flat list of precise operands, in the present precision."""
    return MP.mpf(TRUTHS[name](*TABLE[name].grouped(operands)))


def value(name: str, point: tuple[float, ...]) -> Any:
    """The operation at a point of floats, exactly but for the 60th digit."""
    with digits(DIGITS):
        return at(name, list(map(exactly, point)))


def derivative(name: str, point: tuple[float, ...], towards: tuple[int, ...]) -> Any:
    """The derivative towards operands one after the other: (0,) the first, (0, 1) the mixed second."""
    if name == "where" and 0 in towards:
        return MP.mpf(0)  # a condition chooses; it has no slope, and no side at 0
    with digits(600):
        return MP.mpf(_difference(lambda operands: at(name, operands), list(map(exactly, point)), towards))


def _difference(f: Callable[[list[Any]], Any], point: list[Any], towards: tuple[int, ...]) -> Any:
    """A central difference of central differences, in so many digits that nothing is lost."""
    if not towards:
        return f(point)
    k, rest = towards[0], towards[1:]
    step = MP.mpf(10) ** -45 * (abs(point[k]) or 1)
    up, down = list(point), list(point)
    up[k] += step
    down[k] -= step
    return (_difference(f, up, rest) - _difference(f, down, rest)) / (2 * step)
