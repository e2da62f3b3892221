"""Random straight-line programs with sharing, drawn with numbers in hand so that none is discarded."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from ...errors import DomainError
from ...ops.op import Op
from ...ops.primitives import IEEE
from ...ops.rules import define, without_exceptions
from ...ops.table import TABLE
from ...recording import function_of
from ...terminal import quoted
from ...value import Value
from .program import Line, Program

FAMILIES = ("tame", "kinks", "wide", "ill")
"""Away from kinks and poles; on kinks and ties; numbers from 1e-8 to 1e8; ill-conditioned."""


class Gene(NamedTuple):
    """What decides about one line of a program, before the numbers are known that it is applied to."""

    op: Op
    picks: tuple[int, ...]
    """For each operand: 0 for the newest number so far, k for the k-th (counted round and round)."""
    size: int
    """How many elements a starred operand has."""
    constant: float | None
    """A plain number in the place of the second operand."""


class Source(NamedTuple):
    """Where choices come from: a random generator, or hypothesis."""

    choose: Callable[[Sequence[Any]], Any]
    """One of a sequence; shrinks to its beginning."""
    number: Callable[[float, float], float]
    """A float from the one to the other, both included."""
    genes: Callable[[Sequence[Op], int], list[Gene]]
    """At least one gene over these operations, and at most so many."""


CONSTANTS = (2.0, 1.0, 0.5, 3.0, -1.0)
PICKS = 6
"""How many operands a line has at most: three pairs of a dot product."""


def from_generator(rng: random.Random) -> Source:
    """Choices from a random generator."""

    def gene(operations: Sequence[Op]) -> Gene:
        picks = tuple(rng.randrange(1, 20) if rng.random() < 1 / 3 else 0 for _ in range(PICKS))
        constant = rng.choice(CONSTANTS) if rng.random() < 1 / 4 else None
        return Gene(rng.choice(operations), picks, rng.randrange(1, 4), constant)

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
    """A random program with at most so many inputs and operations.

    An operation that would leave its domain, or the range that the family keeps to, is dropped;
    operands are any number so far, the newest two times out of three. Raises ValueError for a
    family that is none of `FAMILIES`.

    >>> generate(from_generator(random.Random(1)), max_operations=4)
    v0 = x0 + x0   at x0 = 0.5
    """
    if family not in FAMILIES:
        raise ValueError(f"no family of programs is called {quoted(family)}: there are {', '.join(FAMILIES)}")
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
    """The table, the simplest first, and before it, again, what the family seeks."""
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
    """A gene's operation applied to some of `count` numbers; at least one operand is no plain number."""
    op = gene.op
    many = gene.size * len(op.operands) if op.variadic else len(op.operands)
    operands: list[int | float] = [(pick - 1) % count if pick else count - 1 for pick in gene.picks[:many]]
    if op.sample:
        operands = [op.sample.get(name, item) for name, item in zip(op.operands, operands, strict=True)]
    elif len(operands) == 2 and gene.constant is not None and not op.variadic:
        operands[1] = gene.constant
    return Line(op, tuple(operands))


def _result(line: Line, numbers: list[float], family: str) -> float | None:
    """The number a line gives, or None if it does not belong into a program of the family."""
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
    """Whether an operation stands close to one of its kinks, jumps or poles."""
    return any(not abs(distance(*point)) >= 1e-2 for distance in _distances(op))


@cache
def _distances(op: Op) -> list[Callable[..., float]]:
    """What is 0 where an operation is singular, as functions of its operands."""
    head, name = ", ".join(op.operands), f"distance_{op.name}"
    return [
        define(name, f"def {name}({head}): return {without_exceptions(text)}", dict(IEEE))
        for text in op.singular
    ]
