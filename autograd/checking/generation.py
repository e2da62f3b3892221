"""Random straight-line programs with sharing, drawn with numbers in hand so that none is discarded."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from autograd.entry import Op
from autograd.errors import DomainError
from autograd.ops import TABLE
from autograd.value import Value

from .programs import Line, Program

T = TypeVar("T")
FAMILIES = ("tame", "kinks", "wide", "ill")
"""Away from kinks and poles; on kinks and ties; numbers from 1e-8 to 1e8; ill-conditioned."""

# The simplest first: what a shrinker moves towards.
SIMPLEST_FIRST = """add mul sub neg square div exp tanh relu sin log sqrt abs sigmoid maximum minimum pos cos
reciprocal pow dot total mean prod where clip cbrt exp2 expm1 log2 log10 log1p tan asin acos atan sinh cosh asinh
acosh atanh atan2 hypot softplus logsigmoid leaky_relu elu gelu silu erf erfc logsumexp mod sign step""".split()
SINGULAR = "relu abs maximum minimum where clip leaky_relu elu sign step mod hypot".split()
CANCELLING = "add sub mul div exp log sin cos tan pow square sqrt tanh expm1 log1p total dot".split()


class Source(NamedTuple):
    """Where choices come from: a random generator, or hypothesis."""

    choose: Callable[[Sequence[Any]], Any]
    """One of a sequence; shrinks to its beginning."""
    number: Callable[[float, float], float]
    """A float from the one to the other, both included."""


def from_generator(rng: random.Random) -> Source:
    """Choices from a random generator."""
    return Source(rng.choice, rng.uniform)


def generate(
    source: Source,
    max_inputs: int = 3,
    max_operations: int = 16,
    family: str = "tame",
    operations: Iterable[Op] | None = None,
) -> Program:
    """A random program with at most so many inputs and operations.

    An operation that would leave its domain, or the range that the family keeps to, is dropped;
    operands are any number so far, the newest twice as often. Raises ValueError for a family that
    is none of `FAMILIES`.

    >>> generate(from_generator(random.Random(3)), max_operations=4)
    v0 = atanh(x0); v1 = square(v0); v2 = v1 + v1; v3 = abs(v2)   at x0 = 0.5
    """
    if family not in FAMILIES:
        raise ValueError(f"no family of programs is called {family!r}: there are {', '.join(FAMILIES)}")
    pool = list(operations) if operations is not None else _pool(family)
    count = source.choose(range(1, max_inputs + 1))
    inputs = [_input(source, family, k) for k in range(count)]
    if family == "ill" and count > 1 and source.choose((False, True)):
        inputs[1] = inputs[0] * (1 + source.choose((1e-9, -1e-9, 1e-12, 1e-6)))
    numbers, lines = list(inputs), []
    for _ in range(source.choose(range(1, max_operations + 1))):
        line = _line(source, source.choose(pool), numbers, family)
        found = _result(line, numbers, family)
        if found is not None:
            lines.append(line)
            numbers.append(found)
    if not lines:
        lines.append(Line(TABLE["neg"], (0,)))
    return Program(tuple(inputs), tuple(lines))


def _pool(family: str) -> list[Op]:
    names = {"kinks": [*SINGULAR, *SINGULAR, *SIMPLEST_FIRST], "ill": [*CANCELLING, *SIMPLEST_FIRST]}
    return [TABLE[name] for name in names.get(family, SIMPLEST_FIRST)]


def _input(source: Source, family: str, k: int) -> float:
    if family == "kinks":
        return float(source.choose((0.0, 1.0, -1.0, 2.0, 0.5, -2.0)))
    if family == "wide":
        sign = source.choose((1.0, -1.0))
        return float(sign * 10 ** source.number(-8, 8))
    if source.choose((True, False)):
        return float(source.choose((1.0, 2.0, 0.5, -1.0, 3.0, -0.5, 0.25)))
    return source.number(-3.0, 3.0)


def _line(source: Source, op: Op, numbers: list[float], family: str) -> Line:
    """An operation applied to numbers there are already; the last operand is at times a plain number."""
    newest = len(numbers) - 1
    everything = range(newest + 1)

    def operand() -> int:
        return int(source.choose(everything)) if source.choose((0, 1, 1)) == 0 else newest

    if op.variadic:
        size = source.choose((1, 2, 3))
        operands: list[int | float] = [operand() for _ in range(size * len(op.operands))]
    else:
        operands = [operand() for _ in op.operands]
        for k, name in enumerate(op.operands):
            if name in op.defaults:
                operands[k] = op.defaults[name]
        if op.name == "clip":
            operands[1:] = [-1.0, 1.0]
        elif len(operands) == 2 and source.choose((0, 0, 0, 1)):
            operands[1] = float(source.choose((2.0, 1.0, 0.5, 3.0, -1.0)))
    if all(item.__class__ is float for item in operands):
        operands[0] = newest
    return Line(op, tuple(operands))


def _result(line: Line, numbers: list[float], family: str) -> float | None:
    """The number a line gives, or None if it does not belong into a program of the family."""
    point = [numbers[item] if item.__class__ is int else item for item in line.operands]  # type: ignore[index]
    try:
        _, *results = Program(tuple(point), (Line(line.op, tuple(range(len(point)))),)).run([Value(x) for x in point])
        node = results[-1]
    except (DomainError, ArithmeticError, ValueError):
        return None
    if not math.isfinite(node.data) or any(p is not None and not math.isfinite(p) for p in node.partials):
        return None if family != "kinks" or not math.isfinite(node.data) else float(node.data)
    limit = {"tame": 1e3, "kinks": 1e6, "wide": 1e100, "ill": 1e30}[family]
    if abs(node.data) > limit or any(p is not None and abs(p) > limit for p in node.partials):
        return None
    if family == "tame" and _near_singular(line.op, point):
        return None
    return float(node.data)


def _near_singular(op: Op, point: list[float]) -> bool:
    """Whether an operation stands close to one of its kinks, jumps or poles."""
    x, y = point[0], point[-1]
    if op.name in ("relu", "abs", "sign", "step", "leaky_relu", "elu", "cbrt", "where"):
        return abs(x) < 1e-2
    if op.name in ("maximum", "minimum"):
        return abs(x - y) < 1e-2
    if op.name == "clip":
        return min(abs(x - point[1]), abs(x - point[2])) < 1e-2
    if op.name == "mod":
        return abs(x / y - round(x / y)) < 1e-2
    if op.name in ("hypot", "atan2"):
        return abs(x) < 1e-2 or abs(y) < 1e-2
    if op.name == "pow":
        return abs(x) < 1e-2 or x < 0
    return op.name in ("sqrt", "acosh", "asin", "acos", "log", "div", "reciprocal", "atanh") and (
        abs(y) < 1e-2 or abs(abs(x) - 1) < 1e-2
    )
