"""What every operation is, said a second time in high precision: the truth the rules are held to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from ...locks import waited_for
from ...ops.floats import products_around
from ...ops.op import Op
from ...ops.primitives import PRIMITIVES
from ...ops.rules import define, filename_of, names_in
from ...ops.table import TABLE

try:
    from mpmath.ctx_mp import MPContext
    from mpmath.libmp import from_float
except ImportError as _error:
    raise ImportError("checking gradients needs mpmath: pip install 'chainwalk[check]'") from _error

Precise = Any
"""A number of as many digits as the present `digits(...)` says: an mpf of `MP`."""

MP: Any = MPContext()
"""A context of our own: whatever precision the user's mpmath has, neither disturbs the other."""
BITS = 20_000
"""How long a number may get: the cosine of one with a million digits would take minutes."""
_LOCK = waited_for(threading.RLock(), level=0)


@contextmanager
def digits(count: int) -> Iterator[None]:
    """Arithmetic in that many decimal digits, for one thread at a time.

    >>> with digits(30):
    ...     print(MP.exp(1))
    2.71828182845904523536028747135
    """
    with _LOCK, MP.workdps(count):
        yield


def _erfc(x: Precise) -> Precise:
    return MP.erfc(x) if x < 1e6 else MP.zero  # mpmath's own overflows, at exp(-1e200)


def _power(x: Precise, y: Precise) -> Precise:
    return MP.one if y == 0 else MP.power(x, y)


def _logsumexp(xs: Any) -> Precise:
    top, others = max(xs), list(xs)
    others.remove(top)
    return top + MP.log1p(MP.fsum(_decay(x - top) for x in others))


def _decay(x: Precise) -> Precise:
    """exp of a number that is 0 or less; of a hopelessly small one, 0."""
    return MP.exp(x) if x > -1e5 else MP.zero


def _softmax(xs: Any) -> list[Precise]:
    top = max(xs)
    powers = [_decay(x - top) for x in xs]
    whole = MP.fsum(powers)
    return [power / whole for power in powers]


SLOPES: dict[str, Callable[..., list[Precise]]] = {
    "total": lambda xs: [MP.one] * len(xs),
    "mean": lambda xs: [MP.one / len(xs)] * len(xs),
    "dot": lambda ws, xs: [*xs, *ws],
    "prod": lambda xs: [before * after for before, after in products_around(xs)],
    "logsumexp": _softmax,
}
"""All slopes of an operation of many operands at once: by differences they would take a sum for each."""

_NAMES: dict[str, Any] = {
    "MP": MP, "power": _power, "erfc": _erfc, "logsumexp": _logsumexp, "products_around": products_around,
}  # fmt: skip
_ALGEBRA: dict[str, Any] = {
    name: eval(compile(row.precise, filename_of(f"precise_{name}", row.precise), "eval"), _NAMES)
    for name, row in PRIMITIVES.items()
} | {"number": lambda result: result, "decay": _decay}
"""What the names in a rule mean in high precision."""


@cache
def truth_of(op: Op) -> Callable[..., Precise]:
    """An operation in high precision, by its `truth` (which is its value rule where the entry has no other).

    It takes operands as the op's signature does. What a user wrote as a Python function is called
    with precise numbers; if it computes with floats inside, its digits end there.

    >>> with digits(20):
    ...     print(truth_of(TABLE["tanh"])(MP.mpf(1)))
    0.76159415595576488812
    """
    found = _ALGEBRA.get(op.name) if TABLE.get(op.name) is op and op.truth == _call_of(op) else None
    if found is not None:
        return found  # type: ignore[no-any-return]
    text = op.truth or op.value
    source = f"def precise_{op.name}({', '.join(op.operands)}): return {text}"
    return define(f"precise_{op.name}", source, algebra_of(op))


def slopes_of(op: Op | None) -> Callable[..., list[Precise]] | None:
    """What gives all slopes of an operation at once, for a built-in one of many operands."""
    return (
        SLOPES.get(op.name)
        if op is not None and op.value == getattr(TABLE.get(op.name), "value", None)
        else None
    )


def _call_of(op: Op) -> str:
    return f"{op.name}({', '.join(op.operands)})"


def algebra_of(op: Op) -> dict[str, Any]:
    """What the names in an op's rules mean in high precision."""
    used = names_in(" ".join((op.value, op.truth, *op.partials))) - op.functions.keys() - _ALGEBRA.keys()
    composed = {name: truth_of(TABLE[name]) for name in used & TABLE.keys() if TABLE[name] is not op}
    return composed | _ALGEBRA | op.functions


@lru_cache(4096)
def exactly(x: float) -> Precise:
    """A float as the precise number that it is, at any precision."""
    return MP.make_mpf(from_float(x))


def as_real(found: Any) -> Precise:
    """A result as a precise real number; a ValueError if it is complex: outside the domain."""
    if found.__class__ is MP.mpf:
        _, _, exponent, size = found._mpf_
        if exponent + size > BITS:
            raise OverflowError("a number that no float64 comes near")
        return found
    if isinstance(found, MP.mpc):
        if found.imag != 0:
            raise ValueError(f"{found} is not a real number")
        return found.real
    return MP.mpf(found)


def real(f: Callable[..., Precise], *operands: Any) -> Precise | None:
    """f's value if it is a finite real number; None where f is not defined."""
    try:
        found = as_real(f(*operands))
    except (ArithmeticError, ValueError, TypeError):
        return None
    return found if MP.isfinite(found) else None
