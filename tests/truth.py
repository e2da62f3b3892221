"""Reference values for the table: mathematics in high precision, from the definitions.

It shares nothing with the checker that is shipped, whose truth the table's entries name: here are
textbook formulas over mpmath's exp, log, sin, cos, atan, erfc and sqrt, so that an error made once is
not made twice. tests/ops/test_truth.py holds these against SciPy in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import libmp, mp

from autograd import TABLE

DIGITS = 60


def digits(count: int) -> Any:
    """Compute with a number of decimal digits."""
    return mp.workdps(count)


def exactly(x: float) -> Any:
    """Return the exact value of a float, at any precision."""
    return mp.make_mpf(libmp.from_float(x))


def _sigmoid(x: Any) -> Any:
    return (1 + _tanh(x / 2)) / 2


def _tanh(x: Any) -> Any:
    return 1 - 2 / (mp.exp(2 * x) + 1)


def _normal(x: Any) -> Any:
    """Return the normal distribution function; mpmath's overflows where it is 0 or 1 to a million digits."""
    return mp.ncdf(x) if abs(x) < 1e6 else mp.one if x > 0 else mp.zero


def _erfc(x: Any) -> Any:
    return 2 * _normal(-x * mp.sqrt(2))


def _larger(x: Any, y: Any) -> Any:
    return (x + y + abs(x - y)) / 2


TRUTHS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x * y**-1,
    "neg": lambda x: 0 - x,
    "pos": lambda x: x,
    "pow": lambda x, y: mp.exp(y * mp.log(x)),
    "mod": lambda x, y: x - y * mp.floor(x / y),
    "floordiv": lambda x, y: mp.floor(x / y),
    "fmod": lambda x, y: x - y * int(x / y),
    "copysign": lambda x, y: abs(x) * mp.sign(y),
    "floor": mp.floor,
    "ceil": mp.ceil,
    "trunc": lambda x: mp.mpf(int(x)),
    "round": mp.nint,
    "degrees": mp.degrees,
    "radians": mp.radians,
    "sinc": lambda x: mp.sin(mp.pi * x) / (mp.pi * x) if x else mp.one,
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "square": lambda x: x**2,
    "reciprocal": lambda x: x**-1,
    "abs": lambda x: mp.sqrt(x**2),
    "sign": mp.sign,
    "sqrt": lambda x: mp.exp(mp.log(x) / 2) if x else mp.zero,
    "cbrt": lambda x: mp.exp(mp.log(abs(x)) / 3) * mp.sign(x),
    "exp": mp.exp,
    "exp2": lambda x: mp.exp(x * mp.log(2)),
    "expm1": lambda x: mp.exp(x) - 1,
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": lambda x: mp.log(1 + x),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": lambda x: mp.sin(x) / mp.cos(x),
    "asin": lambda x: mp.arg(mp.mpc(mp.sqrt(1 - x**2), x)),
    "acos": lambda x: mp.arg(mp.mpc(x, mp.sqrt(1 - x**2))),
    "atan": mp.atan,
    "atan2": lambda y, x: mp.arg(mp.mpc(x, y)),
    "sinh": lambda x: (mp.exp(x) - mp.exp(-x)) / 2,
    "cosh": lambda x: (mp.exp(x) + mp.exp(-x)) / 2,
    "tanh": _tanh,
    "asinh": lambda x: mp.sign(x) * mp.log(abs(x) + mp.sqrt(x**2 + 1)),
    "acosh": lambda x: mp.log(x + mp.sqrt(x**2 - 1)),
    "atanh": lambda x: mp.log((1 + x) / (1 - x)) / 2,
    "hypot": lambda x, y: mp.sqrt(x**2 + y**2),
    "sigmoid": _sigmoid,
    "logsigmoid": lambda x: -mp.log(1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "relu": lambda x: _larger(x, mp.zero),
    "leaky_relu": lambda x, slope: _larger(x, mp.zero) - slope * _larger(-x, mp.zero),
    "elu": lambda x, alpha: x if x >= 0 else alpha * (mp.exp(x) - 1),
    "gelu": lambda x: x * _normal(x),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "erf": lambda x: 2 * _normal(x * mp.sqrt(2)) - 1,
    "erfc": _erfc,
    "maximum": _larger,
    "minimum": lambda x, y: -_larger(-x, -y),
    "step": lambda x: mp.one if x >= 0 else mp.zero,
    "where": lambda condition, x, y: x if condition else y,
    "clip": lambda x, low, high: -_larger(-_larger(x, low), -high),
    "total": mp.fsum,
    "prod": mp.fprod,
    "dot": lambda ws, xs: mp.fsum(w * x for w, x in zip(ws, xs, strict=True)),
    "mean": lambda xs: mp.fsum(xs) / len(xs),
    "logsumexp": lambda xs: mp.log(mp.fsum(map(mp.exp, xs))),
}
"""Every operation of the table by its definition; a variadic operand is a sequence."""


# Ordinary points: away from kinks, jumps and poles, on both sides of each. The last ones of several
# operations are where a naive formula overflows, cancels or saturates.
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
    **_each(["add", "sub", "mul", "div", "hypot", "maximum", "minimum", "copysign", "logaddexp"], _PAIRS),
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
    **_each(["mod", "fmod", "floordiv"], [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.3, 0.7)]),
    **_each(["floor", "ceil", "trunc", "round"], [(0.5 - 1e-9,), (-0.3,), (2.25,), (-3.75,), (1e15 + 0.25,)]),
    **_each(["degrees", "radians"], [*_ANY, (1e300,)]),
    "sinc": [*_ANY[:3], *_ANY[4:-1], (0.15,), (0.1500001,), (1.75,), (-12.3,), (1e-170,)],
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


STEPS = ("sign", "step", "floor", "ceil", "trunc", "round", "floordiv")
"""Operations that are constant between their jumps."""


def at(name: str, operands: list[Any]) -> Any:
    """Return the operation of a flat list of precise operands, in the current precision."""
    return mp.mpf(TRUTHS[name](*TABLE[name].grouped(operands)))


def value(name: str, point: tuple[float, ...]) -> Any:
    """Return the operation at a point of floats; 600 digits suffice for 1 + exp(-700) and the like."""
    with digits(600):
        return at(name, list(map(exactly, point)))


def derivative(name: str, point: tuple[float, ...], with_respect_to: tuple[int, ...]) -> Any:
    """Return the derivative with respect to operands in turn: (0,) the first, (0, 1) the mixed second."""
    if name == "where" and 0 in with_respect_to:
        return mp.mpf(0)  # a condition selects; it has no derivative
    if name in STEPS:
        return mp.mpf(0)  # at its ordinary points; a large number's difference would reach over its jumps
    with digits(600):
        return mp.mpf(
            _difference(lambda operands: at(name, operands), list(map(exactly, point)), with_respect_to)
        )


def _difference(f: Callable[[list[Any]], Any], point: list[Any], with_respect_to: tuple[int, ...]) -> Any:
    """Return a nested central difference, with enough digits that nothing is lost."""
    if not with_respect_to:
        return f(point)
    k, rest = with_respect_to[0], with_respect_to[1:]
    step = mp.mpf(10) ** -45 * (abs(point[k]) or 1)
    up, down = list(point), list(point)
    up[k] += step
    down[k] -= step
    return (_difference(f, up, rest) - _difference(f, down, rest)) / (2 * step)
