"""Hypothesis strategies: numbers, arrays, operands in a domain, points, expressions, programs, Values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from ...ops.language import float_function
from ...ops.op import Op
from ...ops.operands import is_number
from ...ops.table import TABLE
from ...recording import RECORDED
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
    """Return a strategy for finite floats from low to high, often 0, 1 and others at which kinks are.

    Raises hypothesis.errors.InvalidArgument, when an example is drawn, if low > high.

    >>> numbers(0.0, 1.0).validate()
    """
    special = [x for x in (0.0, 1.0, -1.0, 0.5, 2.0, 1e-8, -1e-8) if low <= x <= high]
    floats = st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    return st.one_of(st.sampled_from(special), floats) if special else floats


def arrays(shape: int | tuple[int, ...], low: float = -3.0, high: float = 3.0) -> Strategy[Any]:
    """Return a strategy for float64 arrays of a shape, with numbers from low to high.

    It uses hypothesis.extra.numpy; raises ImportError without numpy.

    >>> arrays((3, 2), -1, 1).validate()
    """
    from hypothesis.extra import numpy

    return numpy.arrays(float, shape, elements=numbers(float(low), float(high)))


def drawn_from(ranges: Any) -> Strategy[Any]:
    """Return the strategy for an argument: for a range (low, high), a strategy, or a container of those.

    Anything else, such as a number, is a constant. Raises ValueError for a range with low > high.

    >>> drawn_from([(-1, 1)] * 3).validate()
    """
    if isinstance(ranges, st.SearchStrategy):
        return ranges
    if isinstance(ranges, tuple) and len(ranges) == 2 and all(map(is_number, ranges)):
        low, high = map(float, ranges)
        if not low <= high:
            raise ValueError(f"a range must be (low, high) with low <= high, got {quoted(ranges)}")
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
    """Return a strategy for tuples of operands in the domain of an operation, from low to high.

    The operation is a name in the table or a function declared with `autograd.operation`. A variadic
    operand is a list of 1 to `size` numbers; several variadic operands have the same length.

    Raises ValueError for an unknown operation.

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


def operation_of(f: Any) -> Op | None:
    """Return the operation that a function applies, of the table or declared; None for any other function.

    >>> import math
    >>> from autograd import log
    >>> operation_of(log).domain, operation_of(math.log)
    ('x > 0', None)
    """
    found = getattr(f, "op", None)
    if isinstance(found, Op):
        return found
    name = getattr(f, "__name__", "")
    return TABLE[name] if name in TABLE and RECORDED[name] is f else None


def _op(operation: Any) -> Op:
    if isinstance(operation, Op):
        return operation
    found = TABLE.get(operation) if isinstance(operation, str) else operation_of(operation)
    if found is None:
        raise ValueError(
            f"unknown operation {quoted(operation)}: give a name in the table, or a function declared with "
            "autograd.operation"
        )
    return found


def _inside(op: Op, point: Sequence[Any]) -> bool:
    if not op.domain:
        return True
    return bool(float_function(f"domain_{op.name}", ", ".join(op.operands), op.domain)(*point))


def points(count: int, low: float = -3.0, high: float = 3.0) -> Strategy[tuple[float, ...]]:
    """Return a strategy for tuples of `count` numbers from low to high.

    >>> points(2).validate()
    """
    return st.tuples(*[numbers(low, high) for _ in range(count)])


# One choice for each number, and no unused ones: this makes programs shrink ten times as fast.
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
    """Return a strategy for random straight-line programs with sharing, which shrink to a few operations.

    `family` is "tame" (away from kinks and poles), "kinks" (at them), "wide" (numbers from 1e-8 to 1e8)
    or "ill" (ill-conditioned). `operations` are names in the table or functions declared with
    `autograd.operation`; by default the whole table.

    Raises ValueError, when an example is drawn, for another family or an unknown operation.

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
    """Return a strategy for expressions as text and a dict with a number for each of their names.

    The text is in the form that `chainwalk explain` takes. Arguments are those of `programs`.

    >>> expressions(max_operations=2).validate()
    """
    return programs(max_inputs, max_operations, family).map(_expression)


def _expression(program: Program) -> tuple[str, dict[str, float]]:
    names = program.names
    used = {item for line in program.lines for item in line.operands if item.__class__ is int}
    given = {names[k]: x for k, x in enumerate(program.inputs) if k in used}
    return "; ".join(program.expressions()), given


def values() -> Strategy[Value]:
    """Return a strategy for leaves with a finite number from -1000 to 1000.

    >>> values().validate()
    """
    return numbers().map(Value)
