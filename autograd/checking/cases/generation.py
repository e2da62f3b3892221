"""Generate random straight-line programs with sharing; each line is evaluated at once, so none is invalid."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from ...errors import DomainError
from ...ops.language import float_function
from ...ops.op import Op
from ...ops.table import TABLE
from ...recording import function_of
from ...terminal import quoted
from ...value import Value
from .program import Line, Program

FAMILIES = ("tame", "kinks", "wide", "ill")
"""Away from kinks and poles; at kinks and ties; numbers from 1e-8 to 1e8; ill-conditioned."""


class Gene(NamedTuple):
    """The choices that determine one line of a program, made before its operands are known."""

    op: Op
    picks: tuple[int, ...]
    """For each operand: 0 for the newest number so far, k for the k-th (modulo their count)."""
    size: int
    """The number of elements of a variadic operand."""
    constant: float | None
    """A plain number in place of the second operand."""


class Source(NamedTuple):
    """The source of random choices: a generator of random numbers, or hypothesis."""

    choose: Callable[[Sequence[Any]], Any]
    """Return an item of a sequence; hypothesis prefers the first when it shrinks."""
    number: Callable[[float, float], float]
    """Return a float between two bounds, inclusive."""
    genes: Callable[[Sequence[Op], int], list[Gene]]
    """Return from one gene to a maximum number of genes over the given operations."""


CONSTANTS = (2.0, 1.0, 0.5, 3.0, -1.0)
PICKS = 6
"""Number of operands of a line with three pairs of a dot product; few operations have more."""


def from_generator(rng: random.Random) -> Source:
    """Return a source of choices that uses a random generator.

    >>> from_generator(random.Random(1)).choose([1, 2, 3])
    1
    """

    def picks(count: int) -> tuple[int, ...]:
        return tuple(rng.randrange(1, 20) if rng.random() < 1 / 3 else 0 for _ in range(count))

    def gene(operations: Sequence[Op]) -> Gene:
        first = picks(PICKS)
        constant = rng.choice(CONSTANTS) if rng.random() < 1 / 4 else None
        op, size = rng.choice(operations), rng.randrange(1, 4)
        more = len(op.operands) * (size if op.variadic else 1) - PICKS
        return Gene(op, first + picks(more), size, constant)

    return Source(
        rng.choice,
        rng.uniform,
        lambda operations, most: [gene(operations) for _ in range(rng.randint(1, most))],
    )


def generate(
    source: Source,
    max_inputs: int = 3,
    max_operations: int = 16,
    family: str = "tame",
    operations: Iterable[Op] | None = None,
) -> Program:
    """Return a random program with at most `max_inputs` inputs and `max_operations` operations.

    Operands are chosen among all numbers so far, the newest with probability 2/3. An operation whose
    operands are outside its domain, or whose result is outside the range of the family, is dropped.
    `operations` are those to choose from, by default the whole table.

    Raises ValueError for a family that is not in `FAMILIES`.

    >>> generate(from_generator(random.Random(1)), max_operations=4)
    v0 = x0 + x0   at x0 = 0.5
    """
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}, got {quoted(family)}")
    pool = list(operations) if operations is not None else _pool(family)
    count = source.choose(range(1, max_inputs + 1))
    inputs = [_input(source, family) for _ in range(count)]
    if family == "ill" and count > 1 and source.choose((False, True)):
        inputs[1] = inputs[0] * (1 + source.choose((1e-9, -1e-9, 1e-12, 1e-6)))
    numbers, lines = list(inputs), []
    for gene in source.genes(pool, max_operations):
        line = _line(gene, len(numbers))
        found = _result(line, numbers, family)
        if found is not None:
            lines.append(line)
            numbers.append(found)
    return Program(tuple(inputs), tuple(lines or [Line(TABLE["neg"], (count - 1,))]))


def _pool(family: str) -> list[Op]:
    """Return the operations of the table, preceded by another copy of those special to the family."""
    return [*(op for op in TABLE.values() if op.family == family), *TABLE.values()]


def _input(source: Source, family: str) -> float:
    if family == "kinks":
        return float(source.choose((0.0, 1.0, -1.0, 2.0, 0.5, -2.0)))
    if family == "wide":
        sign = source.choose((1.0, -1.0))
        return float(sign * 10 ** source.number(-8, 8))
    if source.choose((True, False)):
        return float(source.choose((1.0, 2.0, 0.5, -1.0, 3.0, -0.5, 0.25)))
    return source.number(-3.0, 3.0)


def _line(gene: Gene, count: int) -> Line:
    """Return the line for a gene, given the count of numbers so far; one operand at least is such a number."""
    op = gene.op
    many = gene.size * len(op.operands) if op.variadic else len(op.operands)
    operands: list[int | float] = [(pick - 1) % count if pick else count - 1 for pick in gene.picks[:many]]
    if op.sample:
        operands = [op.sample.get(name, item) for name, item in zip(op.operands, operands, strict=True)]
    elif len(operands) == 2 and gene.constant is not None and not op.variadic:
        operands[1] = gene.constant
    return Line(op, tuple(operands))


def _result(line: Line, numbers: list[float], family: str) -> float | None:
    """Return the result of a line; None if the line does not qualify for the family."""
    point = [numbers[item] if item.__class__ is int else item for item in line.operands]
    try:
        node = function_of(line.op)(*line.op.grouped([Value(x) for x in point]))
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
    """Return whether a point is close to a kink, jump or pole of an operation."""
    return any(not abs(distance(*point)) >= 1e-2 for distance in _distances(op))


@cache
def _distances(op: Op) -> list[Callable[..., float]]:
    """Return the functions of an operation's operands that are 0 where it is singular."""
    return [float_function(f"distance_{op.name}", ", ".join(op.operands), text) for text in op.singular]
