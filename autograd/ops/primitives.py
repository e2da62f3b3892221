"""The functions that rules are made of: for each one row, its meaning in every algebra side by side.

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
    """How many it has; 0 for a constant."""
    fast: Any
    """On floats, at full speed: raises where Python's math does."""
    ieee: Any
    """On floats as IEEE 754 and numpy have it: inf and nan instead of an exception."""
    precise: str
    """On mpmath's numbers: an expression over the context `MP`, or a function of checking/evidence/precise.py."""
    native: str
    """In compiled code: an intrinsic ("llvm.fabs"), or a function of the C library and of its vector form.
    Empty where compiled code is made of others (sequences, see compiling/expressions/pool.py)."""
    jax: str
    jax_differentiates: bool = False
    """Whether JAX has the table's derivative, to every order; else the exported code brings it along."""


# fmt: off
_ROWS = (
    # name, operands, floats, IEEE floats, mpmath, C library or LLVM, JAX
    Primitive("sqrt",  1, math.sqrt,   never_raising(math.sqrt),  "MP.sqrt",  "llvm.sqrt",  "jnp.sqrt", True),
    Primitive("cbrt",  1, floats.cbrt, floats.cbrt, "lambda x: MP.sign(x) * MP.cbrt(abs(x))", "cbrt", "jnp.cbrt"),
    Primitive("exp",   1, math.exp,    never_raising(math.exp),   "MP.exp",   "exp",        "jnp.exp", True),
    Primitive("exp2",  1, floats.exp2, never_raising(floats.exp2), "lambda x: MP.power(2, x)", "exp2", "jnp.exp2", True),
    Primitive("expm1", 1, math.expm1,  never_raising(math.expm1), "MP.expm1", "expm1",      "jnp.expm1", True),
    Primitive("log",   1, math.log,    never_raising(math.log, invalid=at_pole),   "MP.log", "log", "jnp.log", True),
    Primitive("log2",  1, math.log2,   never_raising(math.log2, invalid=at_pole),  "lambda x: MP.log(x, 2)", "log2", "jnp.log2", True),
    Primitive("log10", 1, math.log10,  never_raising(math.log10, invalid=at_pole), "MP.log10", "log10", "jnp.log10", True),
    Primitive("log1p", 1, math.log1p,  never_raising(math.log1p, invalid=lambda x: at_pole(1 + x)), "MP.log1p", "log1p", "jnp.log1p", True),
    Primitive("sin",   1, math.sin,    never_raising(math.sin),   "MP.sin",   "sin",        "jnp.sin", True),
    Primitive("cos",   1, math.cos,    never_raising(math.cos),   "MP.cos",   "cos",        "jnp.cos", True),
    Primitive("tan",   1, math.tan,    never_raising(math.tan),   "MP.tan",   "tan",        "jnp.tan", True),
    Primitive("asin",  1, math.asin,   never_raising(math.asin),  "MP.asin",  "asin",       "jnp.arcsin", True),
    Primitive("acos",  1, math.acos,   never_raising(math.acos),  "MP.acos",  "acos",       "jnp.arccos", True),
    Primitive("atan",  1, math.atan,   math.atan,                 "MP.atan",  "atan",       "jnp.arctan", True),
    Primitive("atan2", 2, math.atan2,  math.atan2,                "MP.atan2", "atan2",      "jnp.arctan2", True),
    Primitive("sinh",  1, math.sinh,   never_raising(math.sinh, overflow=lambda x: math.copysign(math.inf, x)), "MP.sinh", "sinh", "jnp.sinh", True),
    Primitive("cosh",  1, math.cosh,   never_raising(math.cosh),  "MP.cosh",  "cosh",       "jnp.cosh", True),
    Primitive("tanh",  1, math.tanh,   math.tanh,                 "MP.tanh",  "tanh",       "jnp.tanh", True),
    Primitive("asinh", 1, math.asinh,  math.asinh,                "MP.asinh", "asinh",      "jnp.arcsinh", True),
    Primitive("acosh", 1, math.acosh,  never_raising(math.acosh), "MP.acosh", "acosh",      "jnp.arccosh", True),
    Primitive("atanh", 1, math.atanh,  never_raising(math.atanh, invalid=lambda x: math.copysign(math.inf, x) if abs(x) == 1 else math.nan), "MP.atanh", "atanh", "jnp.arctanh", True),
    Primitive("hypot", 2, math.hypot,  math.hypot,                "MP.hypot", "hypot",      "jnp.hypot"),
    Primitive("pow",   2, math.pow,    never_raising(math.pow, overflowing_pow, invalid_pow), "power", "pow", "jnp.power"),
    Primitive("erf",   1, math.erf,    math.erf,                  "MP.erf",   "erf",        "jax.scipy.special.erf", True),
    Primitive("erfc",  1, math.erfc,   math.erfc,                 "erfc",     "erfc",       "jax.scipy.special.erfc", True),
    Primitive("abs",   1, abs,         abs,                       "abs",      "llvm.fabs",  "jnp.abs"),
    Primitive("floor", 1, math.floor,  floats.floor,              "MP.floor", "llvm.floor", "jnp.floor"),
    Primitive("pi",    0, math.pi,     math.pi,                   "MP.pi",    "",           "jnp.pi"),
    # of whole sequences
    Primitive("len",   1, len,         len,                       "len",      "",           ""),
    Primitive("total", 1, floats.total, floats.total,             "MP.fsum",  "",           "jnp.sum"),
    Primitive("prod",  1, floats.prod, floats.prod,               "MP.fprod", "",           "jnp.prod"),
    Primitive("dot",   2, floats.dot,  floats.dot,                "MP.fdot",  "",           "jnp.dot"),
    Primitive("logsumexp", 1, floats.logsumexp, floats.logsumexp, "logsumexp", "",          "jax.scipy.special.logsumexp"),
    Primitive("products_around", 1, floats.products_around, floats.products_around, "products_around", "", ""),
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
"""The same names as IEEE 754 and numpy have them, and the operators / and % as functions."""
