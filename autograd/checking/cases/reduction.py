"""Reduce a failing program to the smallest one that still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .program import Line, Program

MOST = 300
"""Maximum number of programs that are tried."""


def smallest(program: Program, fails: Callable[[Program], bool]) -> Program:
    """Return a program that still fails and that no single simplification makes smaller.

    `fails` returns whether a program fails. The simplifications are: an earlier line as the result, a
    line replaced by an input or by one of its operands, two inputs merged, simpler numbers. A candidate
    for which `fails` raises an exception is not used. At most 300 candidates are tried.

    >>> from autograd.ops.table import TABLE
    >>> exp, tanh = TABLE["exp"], TABLE["tanh"]
    >>> long = Program((0.3,), (Line(exp, (0,)), Line(tanh, (1,)), Line(exp, (2,))))
    >>> smallest(long, lambda program: any(line.op is tanh for line in program.lines))
    v0 = tanh(x0)   at x0 = 1
    """
    tries = 0
    improved = True
    while improved and tries < MOST:
        improved = False
        for candidate in _simpler(program):
            tries += 1
            if _safely(fails, candidate):
                program, improved = candidate, True
                break
            if tries >= MOST:
                break
    return program


def _safely(fails: Callable[[Program], bool], candidate: Program) -> bool:
    try:
        return fails(candidate)
    except Exception:
        return False


def _simpler(program: Program) -> Iterator[Program]:
    """Yield programs with one simplification, the largest first."""
    count, lines = len(program.inputs), program.lines
    for k in range(len(lines) - 1):
        yield _without_dead(Program(program.inputs, lines[: k + 1]))
    for k in range(len(lines) - 1):
        yield from _line_as_input(program, k)
    for k in range(len(lines)):
        for operand in dict.fromkeys(item for item in lines[k].operands if item.__class__ is int):
            if k < len(lines) - 1:
                yield _without_dead(_redirected(program, count + k, int(operand)))
    for j in range(1, count):
        for i in range(j):
            yield _without_dead(_redirected(program, j, i))
    for k, x in enumerate(program.inputs):
        for simple in _simpler_numbers(x):
            yield Program((*program.inputs[:k], simple, *program.inputs[k + 1 :]), lines)


def _line_as_input(program: Program, k: int) -> Iterator[Program]:
    """Yield the program with a line replaced by a new input of the same number."""
    try:
        number = program.run(program.inputs)[len(program.inputs) + k]
    except (ArithmeticError, ValueError):
        return
    count = len(program.inputs)
    places = [*range(count), *range(count + 1, count + 1 + len(program.lines))]
    places[count + k] = count
    lines = [
        Line(op, tuple(places[i] if i.__class__ is int else i for i in operands))
        for op, operands in program.lines
    ]
    yield _without_dead(Program((*program.inputs, float(number)), tuple(lines)))


def _redirected(program: Program, old: int, new: int) -> Program:
    """Return the program with every use of one input or line replaced by another."""
    lines = [
        Line(op, tuple(new if item.__class__ is int and item == old else item for item in operands))
        for op, operands in program.lines
    ]
    return Program(program.inputs, tuple(lines))


def _without_dead(program: Program) -> Program:
    """Return the program without the lines and inputs that its result does not depend on."""
    count = len(program.inputs)
    needed = {count + len(program.lines) - 1}
    for k in range(len(program.lines) - 1, -1, -1):
        if count + k in needed:
            needed |= {int(item) for item in program.lines[k].operands if item.__class__ is int}
    places = {old: new for new, old in enumerate(sorted(needed))}
    lines = [
        Line(op, tuple(places[item] if item.__class__ is int else item for item in operands))
        for k, (op, operands) in enumerate(program.lines)
        if count + k in needed
    ]
    return Program(tuple(x for k, x in enumerate(program.inputs) if k in needed), tuple(lines))


def _simpler_numbers(x: float) -> Iterator[float]:
    """Yield numbers that are easier to read than x, the easiest first."""
    size = len(repr(x))
    for simple in (1.0, 0.0, 2.0, 0.5, -1.0, float(round(x)) if abs(x) < 1e15 else x, round(x, 1), round(x, 3)):
        if simple != x and (len(repr(simple)), abs(simple - 1)) < (size, abs(x - 1)):
            yield simple
