"""The functions that rules are made of: one row for each, with its meaning in every algebra side by side.

On Values, on power series and in derivatives of higher order, a name means the table's operation of
that name. Operations that are written with these need no row.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from . import floats
from .floats import at_pole, invalid_pow, never_raising, overflowing_pow


class Primitive(NamedTuple):
    """A function that a rule may call."""

    name: str
    operands: int
    """The number of operands; 0 for a constant."""
    fast: Any
    """On floats, at full speed: raises where Python's math does."""
    ieee: Any
    """On floats as IEEE 754 and numpy define it: inf and nan instead of an exception."""
    precise: str
    """On mpmath's numbers: an expression over the context `MP`, or a function of checking/evidence/precise.py."""
    native: str
    """In compiled code: an intrinsic ("llvm.fabs"), or a function of the C library and of its vector form.
    Empty where compiled code is made of others (sequences, see compiling/expressions/pool.py)."""
    jax: str
    javascript: str
    """An expression over `Math`, or a function of drawing/player/mathematics.js."""
    jax_differentiates: bool = False
    """Whether JAX has the table's derivative, to every order; else the exported code defines it."""


# fmt: off
_ROWS = (
    # name, operands, floats, IEEE floats, mpmath, C library or LLVM, JAX, JavaScript
    Primitive("sqrt",  1, math.sqrt,   never_raising(math.sqrt),  "MP.sqrt",  "llvm.sqrt",  "jnp.sqrt", "Math.sqrt", True),
    Primitive("cbrt",  1, floats.cbrt, floats.cbrt, "lambda x: MP.sign(x) * MP.cbrt(abs(x))", "cbrt", "jnp.cbrt", "Math.cbrt"),
    Primitive("exp",   1, math.exp,    never_raising(math.exp),   "MP.exp",   "exp",        "jnp.exp", "Math.exp", True),
    Primitive("exp2",  1, floats.exp2, never_raising(floats.exp2), "lambda x: MP.power(2, x)", "exp2", "jnp.exp2", "(x) => own.pow(2, x)", True),
    Primitive("expm1", 1, math.expm1,  never_raising(math.expm1), "MP.expm1", "expm1",      "jnp.expm1", "Math.expm1", True),
    Primitive("log",   1, math.log,    never_raising(math.log, invalid=at_pole),   "MP.log", "log", "jnp.log", "Math.log", True),
    Primitive("log2",  1, math.log2,   never_raising(math.log2, invalid=at_pole),  "lambda x: MP.log(x, 2)", "log2", "jnp.log2", "Math.log2", True),
    Primitive("log10", 1, math.log10,  never_raising(math.log10, invalid=at_pole), "MP.log10", "log10", "jnp.log10", "Math.log10", True),
    Primitive("log1p", 1, math.log1p,  never_raising(math.log1p, invalid=lambda x: at_pole(1 + x)), "MP.log1p", "log1p", "jnp.log1p", "Math.log1p", True),
    Primitive("sin",   1, math.sin,    never_raising(math.sin),   "MP.sin",   "sin",        "jnp.sin", "Math.sin", True),
    Primitive("cos",   1, math.cos,    never_raising(math.cos),   "MP.cos",   "cos",        "jnp.cos", "Math.cos", True),
    Primitive("tan",   1, math.tan,    never_raising(math.tan),   "MP.tan",   "tan",        "jnp.tan", "Math.tan", True),
    Primitive("asin",  1, math.asin,   never_raising(math.asin),  "MP.asin",  "asin",       "jnp.arcsin", "Math.asin", True),
    Primitive("acos",  1, math.acos,   never_raising(math.acos),  "MP.acos",  "acos",       "jnp.arccos", "Math.acos", True),
    Primitive("atan",  1, math.atan,   math.atan,                 "MP.atan",  "atan",       "jnp.arctan", "Math.atan", True),
    Primitive("atan2", 2, math.atan2,  math.atan2,                "MP.atan2", "atan2",      "jnp.arctan2", "Math.atan2", True),
    Primitive("sinh",  1, math.sinh,   never_raising(math.sinh, overflow=lambda x: math.copysign(math.inf, x)), "MP.sinh", "sinh", "jnp.sinh", "Math.sinh", True),
    Primitive("cosh",  1, math.cosh,   never_raising(math.cosh),  "MP.cosh",  "cosh",       "jnp.cosh", "Math.cosh", True),
    Primitive("tanh",  1, math.tanh,   math.tanh,                 "MP.tanh",  "tanh",       "jnp.tanh", "Math.tanh", True),
    Primitive("asinh", 1, math.asinh,  math.asinh,                "MP.asinh", "asinh",      "jnp.arcsinh", "Math.asinh", True),
    Primitive("acosh", 1, math.acosh,  never_raising(math.acosh), "MP.acosh", "acosh",      "jnp.arccosh", "Math.acosh", True),
    Primitive("atanh", 1, math.atanh,  never_raising(math.atanh, invalid=lambda x: math.copysign(math.inf, x) if abs(x) == 1 else math.nan), "MP.atanh", "atanh", "jnp.arctanh", "Math.atanh", True),
    Primitive("hypot", 2, math.hypot,  math.hypot,                "MP.hypot", "hypot",      "jnp.hypot", "Math.hypot"),
    Primitive("pow",   2, math.pow,    never_raising(math.pow, overflowing_pow, invalid_pow), "power", "pow", "jnp.power", "own.pow"),
    Primitive("erf",   1, math.erf,    math.erf,                  "MP.erf",   "erf",        "jax.scipy.special.erf", "own.erf", True),
    Primitive("erfc",  1, math.erfc,   math.erfc,                 "erfc",     "erfc",       "jax.scipy.special.erfc", "own.erfc", True),
    Primitive("abs",   1, abs,         abs,                       "abs",      "llvm.fabs",  "jnp.abs", "Math.abs"),
    Primitive("floor", 1, floats.floor, floats.floor,              "MP.floor", "llvm.floor", "jnp.floor", "Math.floor"),
    Primitive("pi",    0, math.pi,     math.pi,                   "MP.pi",    "",           "jnp.pi", "Math.PI"),
    # of whole sequences
    Primitive("len",   1, len,         len,                       "len",      "",           "", "(xs) => xs.length"),
    Primitive("total", 1, floats.total, floats.total,             "MP.fsum",  "",           "jnp.sum", "own.total"),
    Primitive("prod",  1, floats.prod, floats.prod,               "MP.fprod", "",           "jnp.prod", "(xs) => xs.reduce((product, x) => product * x, 1)"),
    Primitive("dot",   2, floats.dot,  floats.dot,                "MP.fdot",  "",           "jnp.dot", "(ws, xs) => own.total(ws.map((w, k) => w * xs[k]))"),
    Primitive("logsumexp", 1, floats.logsumexp, floats.logsumexp, "logsumexp", "",          "jax.scipy.special.logsumexp", "own.logsumexp"),
    Primitive("products_around", 1, floats.products_around, floats.products_around, "products_around", "", "", "own.products_around"),
)
# fmt: on

PRIMITIVES: dict[str, Primitive] = {row.name: row for row in _ROWS}
"""Every function that a rule may call, by name."""

FAST: dict[str, Any] = {row.name: row.fast for row in _ROWS}
"""The names on floats, at full speed; they raise where Python's math does."""

IEEE: dict[str, Any] = {row.name: row.ieee for row in _ROWS} | {
    "divide": floats.divide,
    "remainder": floats.remainder,
}
"""The same names as IEEE 754 and numpy define them, and the operators / and % as functions."""
