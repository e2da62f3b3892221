"""Hypothesis strategies: numbers in an operation's domain, points, expressions, programs with sharing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from ...ops.op import Op
from ...ops.primitives import IEEE
from ...ops.rules import filename_of, without_exceptions
from ...ops.table import TABLE
from ...recording import is_number
from ...terminal import quoted
from ...value import Value
from .generation import CONSTANTS, PICKS, Gene, Source, generate
from .program import Program

try:
    from hypothesis import strategies as st
except ImportError as _error:
    raise ImportError("strategies need hypothesis: pip install 'chainwalk[check]'") from _error

Strategy = st.SearchStrategy


def numbers(low: float = -1e3, high: float = 1e3) -> Strategy[float]:
    """Finite floats from low to high, the simplest first, with the numbers where functions bend.

    >>> numbers(0.0, 1.0).validate()
    """
    special = [x for x in (0.0, 1.0, -1.0, 0.5, 2.0, 1e-8, -1e-8) if low <= x <= high]
    floats = st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return st.one_of(st.sampled_from(special), floats) if special else floats


def arrays(shape: int | tuple[int, ...], low: float = -3.0, high: float = 3.0) -> Strategy[Any]:
    """Numpy arrays of that shape with numbers from low to high, by hypothesis' own strategies for numpy.

    >>> arrays((3, 2), -1, 1).validate()
    """
    from hypothesis.extra import numpy

    return numpy.arrays(float, shape, elements=numbers(float(low), float(high)))


def drawn_from(ranges: Any) -> Strategy[Any]:
    """A strategy for an argument: a range (low, high), a strategy, or a list, tuple or dict of those.

    Anything else, such as a number, is that very thing each time. Raises ValueError for a range
    whose end is before its beginning.

    >>> drawn_from([(-1, 1)] * 3).validate()
    """
    if isinstance(ranges, st.SearchStrategy):
        return ranges
    if isinstance(ranges, tuple) and len(ranges) == 2 and all(map(is_number, ranges)):
        low, high = map(float, ranges)
        if not low <= high:
            raise ValueError(f"a range goes from low to high, not {quoted(ranges)}")
        return numbers(low, high)
    if isinstance(ranges, dict):
        return st.fixed_dictionaries({key: drawn_from(item) for key, item in ranges.items()})
    if isinstance(ranges, list | tuple):
        each = st.tuples(*map(drawn_from, ranges))
        return each.map(list) if isinstance(ranges, list) else each
    return st.just(ranges)


def operands(
    operation: Any, low: float = -10.0, high: float = 10.0, size: int = 3
) -> Strategy[tuple[Any, ...]]:
    """Operands for an operation, inside its domain: a name in the table, or what `operation` gave.

    A starred operand is a list of 1 to `size` numbers, several starred ones are equally long.

    >>> operands("log").filter(lambda point: point[0] <= 0).is_empty
    False
    """
    op = _op(operation)
    count = st.integers(1, size) if op.variadic else st.just(1)

    def points(length: int) -> Strategy[tuple[Any, ...]]:
        each = (
            st.lists(numbers(low, high), min_size=length, max_size=length)
            if op.variadic
            else numbers(low, high)
        )
        return st.tuples(*[each for _ in op.operands])

    return count.flatmap(points).filter(lambda point: _inside(op, point))


def _op(operation: Any) -> Op:
    found = TABLE.get(operation) if isinstance(operation, str) else getattr(operation, "op", operation)
    if found is None or not isinstance(found, Op):
        name = getattr(operation, "__name__", None)
        found = TABLE.get(name) if name else None
    if found is None:
        raise ValueError(
            f"{quoted(operation)} is no operation: give a name of the table, or what operation(...) gave"
        )
    return found


def _inside(op: Op, point: Sequence[Any]) -> bool:
    if not op.domain:
        return True
    names = dict(zip(op.operands, point, strict=True))
    domain = without_exceptions(op.domain)
    code = compile(domain, filename_of(f"domain_{op.name}", domain), "eval")
    return bool(eval(code, IEEE | names))  # the text comes from an op's declaration


def points(count: int, low: float = -3.0, high: float = 3.0) -> Strategy[tuple[float, ...]]:
    """Points of so many numbers."""
    return st.tuples(*[numbers(low, high) for _ in range(count)])


# One choice for each number, and none that the operation has no use for: so programs shrink ten times as fast.
_PICKS = st.integers(-38, 19).map(lambda pick: max(pick, 0))
_SIZES = st.integers(1, PICKS // 2)
_CONSTANTS = st.sampled_from((None,) * 3 * len(CONSTANTS) + CONSTANTS)


@st.composite
def _gene(draw: Any, operations: Sequence[Op]) -> Gene:
    op = draw(st.sampled_from(operations))
    size = draw(_SIZES) if op.variadic else 1
    picks = tuple(draw(_PICKS) for _ in range(size * len(op.operands)))
    return Gene(op, picks, size, draw(_CONSTANTS) if len(op.operands) == 2 and not op.variadic else None)


@cache
def _genes(operations: tuple[Op, ...], most: int) -> Strategy[list[Gene]]:
    return st.lists(_gene(operations), min_size=1, max_size=most)


@st.composite
def programs(
    draw: Any,
    max_inputs: int = 3,
    max_operations: int = 16,
    family: str = "tame",
    operations: Iterable[Any] | None = None,
) -> Program:
    """Random straight-line programs with sharing, that shrink to two or three operations.

    The families: "tame" keeps away from kinks and poles, "kinks" seeks them, "wide" has numbers
    from 1e-8 to 1e8, "ill" is ill-conditioned. `operations` are names of the table, or what
    `operation(...)` gave; all of the table by default.

    >>> programs(family="kinks").validate()
    """
    source = Source(
        lambda choices: draw(st.sampled_from(list(choices))),
        lambda low, high: draw(numbers(low, high)),
        lambda ops, most: draw(_genes(tuple(ops), most)),
    )
    pool = None if operations is None else list(map(_op, operations))
    return generate(source, max_inputs, max_operations, family, pool)


def expressions(
    max_inputs: int = 3, max_operations: int = 8, family: str = "tame"
) -> Strategy[tuple[str, dict[str, float]]]:
    """Expressions as text, as `chainwalk explain` reads them, with a number for each name."""
    return programs(max_inputs, max_operations, family).map(_expression)


def _expression(program: Program) -> tuple[str, dict[str, float]]:
    names = program.names
    used = {item for line in program.lines for item in line.operands if item.__class__ is int}
    given = {names[k]: x for k, x in enumerate(program.inputs) if k in used}
    return "; ".join(program.expressions()), given


def values() -> Strategy[Value]:
    """Leaves with a finite number; what `from_type(Value)` gives."""
    return numbers().map(Value)
