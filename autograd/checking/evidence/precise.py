"""A second definition of every operation, in high precision, to which the rules are compared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
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
"""An mpf of `MP`, with the number of digits set by `digits`."""

MP: Any = MPContext()
"""A separate mpmath context, whose precision is independent of that of the user's."""
BITS = 20_000
"""Maximum size of a number in bits: the cosine of a number with a million digits would take minutes."""
SPARE = 52
"""Bits that the precisions in use have left over."""
OUTSIDE = 4400
"""Twice the bits from the smallest float to the largest one: numbers further apart are outside their range."""
_LOCK = waited_for(threading.RLock(), level=0)


@contextmanager
def digits(count: int) -> Iterator[None]:
    """Set the precision of arithmetic to a number of decimal digits; one thread at a time.

    >>> with digits(30):
    ...     print(MP.exp(1))
    2.71828182845904523536028747135
    """
    with _LOCK, MP.workdps(count):
        yield


def _erfc(x: Precise) -> Precise:
    return MP.erfc(x) if x < 1e6 else MP.zero  # mpmath's erfc overflows for larger numbers


def _power(x: Precise, y: Precise) -> Precise:
    return MP.one if y == 0 else MP.power(x, y)


def _logsumexp(xs: Any) -> Precise:
    top, others = max(xs), list(xs)
    others.remove(top)
    return top + MP.log1p(MP.fsum(_decay(x - top) for x in others))


def _decay(x: Precise) -> Precise:
    """Return exp(x) for x <= 0, and 0 for x <= -1e5, where mpmath would be slow."""
    return MP.exp(x) if x > -1e5 else MP.zero


def _softmax(xs: Any) -> list[Precise]:
    top = max(xs)
    powers = [_decay(x - top) for x in xs]
    whole = MP.fsum(powers)
    return [power / whole for power in powers]


PARTIALS: dict[str, Callable[..., list[Precise]]] = {
    "total": lambda xs: [MP.one] * len(xs),
    "mean": lambda xs: [MP.one / len(xs)] * len(xs),
    "dot": lambda ws, xs: [*xs, *ws],
    "prod": lambda xs: [before * after for before, after in products_around(xs)],
    "logsumexp": _softmax,
}
"""All partials at once of operations of many operands; differences would need a sum for each operand."""

_NAMES: dict[str, Any] = {
    "MP": MP, "power": _power, "erfc": _erfc, "logsumexp": _logsumexp, "products_around": products_around,
}  # fmt: skip
_ALGEBRA: dict[str, Any] = {
    name: eval(compile(row.precise, filename_of(f"precise_{name}", row.precise), "eval"), _NAMES)
    for name, row in PRIMITIVES.items()
} | {"number": lambda result: result, "decay": _decay}
"""The meaning of the names in a rule in high precision."""


@cache
def truth_of(op: Op) -> Callable[..., Precise]:
    """Return an operation in high precision, defined by its `truth`, or by its value rule if it has none.

    The function has the signature of the operation. A user's Python function is called with precise
    numbers; if it converts to float internally, its result has the precision of a float.

    >>> with digits(20):
    ...     print(truth_of(TABLE["tanh"])(MP.mpf(1)))
    0.76159415595576488812
    """
    found = _ALGEBRA.get(op.name) if TABLE.get(op.name) is op and op.truth == _call_of(op) else None
    if found is not None:
        return found  # type: ignore[no-any-return]
    text = op.truth or op.value
    source = f"def precise_{op.name}({', '.join(op.operands)}): return {text}"
    found = define(f"precise_{op.name}", source, algebra_of(op))
    found.__defaults__ = tuple(op.defaults.values())
    return found


def partials_of(op: Op | None) -> Callable[..., list[Precise]] | None:
    """Return the function that computes all partials of a built-in operation at once; None if none.

    >>> partials_of(TABLE["mean"])([MP.mpf(1), MP.mpf(5)])
    [mpf('0.5'), mpf('0.5')]
    """
    return (
        PARTIALS.get(op.name)
        if op is not None and op.value == getattr(TABLE.get(op.name), "value", None)
        else None
    )


def _call_of(op: Op) -> str:
    return f"{op.name}({', '.join(op.operands)})"


def algebra_of(op: Op) -> dict[str, Any]:
    """Return the meaning of the names in an op's rules in high precision.

    >>> algebra_of(TABLE["tanh"])["exp"](MP.zero)
    mpf('1.0')
    """
    used = names_in(" ".join((op.value, op.truth, *op.partials))) - op.functions.keys() - _ALGEBRA.keys()
    composed = {name: truth_of(TABLE[name]) for name in used & TABLE.keys() if TABLE[name] is not op}
    return composed | _ALGEBRA | op.functions


@lru_cache(4096)
def exactly(x: float) -> Precise:
    """Return a float as a precise number, without rounding.

    >>> with digits(30):
    ...     print(exactly(0.1))
    0.100000000000000005551115123126
    """
    return MP.make_mpf(from_float(x))


def span(numbers: Iterable[Any]) -> tuple[Precise, int]:
    """Return the smallest of some numbers, at most 1, and the bits that differences of such numbers need more.

    With a step beside the smallest number, and these bits, exp(1e-100 + h) differs from exp(1e-100), and
    1e200 + x + h from 1e200 + x; twice as many as there are between the numbers, since the derivative may be
    as small beside them as the step. The count is a multiple of 64, so that few precisions are used.

    >>> [(float(small), more) for small, more in (span([2.0]), span([0.0, 1e-100]), span([1e200, 0.5]))]
    [(1.0, 0), (1e-100, 704), (0.5, 1344)]
    """
    sizes = [abs(x) for x in numbers if x and MP.isfinite(x)]
    small, large = min(sizes, default=1), max(sizes, default=1)
    small, large = min(small, 1), max(large, 1)
    more = 2 * (MP.mag(large) - MP.mag(small))
    return MP.convert(small), -(-more // 64) * 64 if SPARE < more < OUTSIDE else 0


def as_real(found: Any) -> Precise:
    """Return a result as a precise real number.

    Raises ValueError for a complex number, which is outside the domain, OverflowError for a huge one.

    >>> as_real(MP.mpc(2, 0))
    mpf('2.0')
    """
    if found.__class__ is MP.mpf:
        _, _, exponent, size = found._mpf_
        if exponent + size > BITS:
            raise OverflowError("a number far outside the range of float64")
        return found
    if isinstance(found, MP.mpc):
        if found.imag != 0:
            raise ValueError(f"{found} is not a real number")
        return found.real
    return MP.mpf(found)


def real(f: Callable[..., Precise], *operands: Any) -> Precise | None:
    """Return f(*operands) if it is a finite real number; None if f is not defined there.

    >>> real(MP.log, MP.mpf(1)), real(MP.log, MP.mpf(-1))
    (mpf('0.0'), None)
    """
    try:
        found = as_real(f(*operands))
    except (ArithmeticError, ValueError, TypeError):
        return None
    return found if MP.isfinite(found) else None
