"""The second tier: a very large graph as a tape of instructions, which a compiled interpreter runs.

Straight-line code runs faster, but takes about 0.1 ms per instruction to compile; a tape takes a few
microseconds. Its instructions are sorted into runs of the same operation, which share one dispatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..expressions.pool import INSTRUCTIONS, Expression
from .chunks import BINARY, COMPARE
from .simd import Layout

LIMIT = 20_000
"""Maximum number of instructions of straight-line code over rows; larger kernels are interpreted."""
LIMIT_SINGLE = 8_000
"""The same at a single point, where a tape takes only up to one and a half times as long."""
OPERATIONS = (
    "end", "column", "shared", "output", "sum", "select", "and", "or", "not",
    *sorted(COMPARE), *sorted(INSTRUCTIONS),
)  # fmt: skip
CODES = {name: code for code, name in enumerate(OPERATIONS)}
_CODE = 63
"""The bits of an operation's code in a key to sort by."""
_FUNCTIONS = INSTRUCTIONS - BINARY.keys() - {"neg", "fused"}
_AT_ONCE = [CODES[name] for name in sorted(_FUNCTIONS)]


class Tape(NamedTuple):
    """An encoded kernel."""

    code: Any
    """int32 numbers. A run is an operation, a count, and for each instruction a result and three operands."""
    slots: int
    constants: list[float]
    """Constants, which are stored after the shared inputs."""
    operations: tuple[str, ...]
    """The names of all operations, of which `functions` are math functions."""
    functions: tuple[str, ...]
    runs: int
    instructions: int


def encode(order: Sequence[Expression], roots: Sequence[Expression], layout: Layout) -> Tape:
    """Return the tape of expressions, given operands first; the roots are the outputs, then the sums.

    >>> from autograd.compiling.expressions.levels import below
    >>> from autograd.compiling.expressions.pool import Pool
    >>> root = Pool(upper=False).input(0) * 2.0
    >>> encode(below([root]), [root], Layout(0, 1, 0, 1)).constants
    [2.0]
    """
    size = len(order)
    keys = np.array(_scheduled(order), dtype=np.int64)
    steps = np.argsort(keys, kind="stable")
    # The step of each expression, by its number.
    step_of = np.zeros(1 + max([node.number for node in order], default=0), dtype=np.int64)
    step_of[np.array([node.number for node in order], dtype=np.int64)[steps]] = np.arange(size)
    operands = _operands(order, step_of)[steps]
    slots, slot_count = _slots(operands)
    # The numbers of each instruction: for the steps and, behind them, for storing the results.
    rows = np.zeros((size + len(roots), 4), dtype=np.int64)
    rows[:size, 0] = slots
    rows[:size, 1:] = np.where(operands < 0, 0, slots[operands])
    constants: list[float] = []
    for step in np.flatnonzero(operands[:, 0] < 0).tolist():
        rows[step, 1] = _place(order[steps[step]], layout, constants)
    place, after = np.arange(len(roots)), step_of[[root.number for root in roots]]
    stored = place < layout.outputs
    rows[size:, 0] = np.where(stored, place, place - layout.outputs)
    rows[size:, 1] = slots[after]
    codes = np.concatenate([keys[steps] & _CODE, np.where(stored, CODES["output"], CODES["sum"])])
    position = np.argsort(np.concatenate([np.arange(size), after]), kind="stable")
    # Several results of a function are computed at once, so a run of it has none that depends on another.
    apart = np.where(np.isin(codes, _AT_ONCE), np.concatenate([keys[steps], 0 * place]), codes)
    words, runs = _in_runs(codes[position], rows[position], apart[position])
    operations = tuple(sorted({OPERATIONS[code] for code in set(codes.tolist())}))
    return Tape(
        words,
        slot_count,
        constants,
        operations,
        tuple(name for name in operations if name in _FUNCTIONS),
        runs,
        sum(1 for node in order if node.operands),
    )


def _scheduled(order: Sequence[Expression]) -> list[int]:
    """Return a key for each expression to sort by: the length of the path to it, then the operation."""
    levels = [0] * (order[-1].number + 1 if order else 0)
    keys = []
    for node in order:
        if node.operands:
            level = 1 + max([levels[operand.number] for operand in node.operands])
            levels[node.number] = level
            keys.append(level * (_CODE + 1) + CODES[node.kind])
        else:
            keys.append(CODES["column" if node.kind == "input" and node.rows else "shared"])
    return keys


def _operands(order: Sequence[Expression], step_of: Any) -> Any:
    """Return an array with the steps of up to three operands of each expression, then -1."""
    counts = np.array([len(node.operands) for node in order], dtype=np.int64)
    numbers = np.array([operand.number for node in order for operand in node.operands], dtype=np.int64)
    found = np.full((len(order), 3), -1, dtype=np.int64)
    found[np.arange(3) < counts[:, np.newaxis]] = step_of[numbers]
    return found


def _slots(operands: Any) -> tuple[Any, int]:
    """Return the slot of each step, and the number of slots; they are reused after the last use of a result."""
    left = np.bincount(operands[operands >= 0], minlength=len(operands)).tolist()
    slots, free, count = list[int](), list[int](), 0
    for step, used in enumerate(zip(*operands.T.tolist(), strict=True)):
        if free:
            slot = free.pop()
        else:
            slot, count = count, count + 1
        slots.append(slot)
        if not left[step]:
            free.append(slot)
        for operand in used:
            if operand < 0:
                break
            left[operand] -= 1
            if not left[operand]:
                free.append(slots[operand])
    return np.array(slots, dtype=np.int64), count


def _in_runs(codes: Any, rows: Any, apart: Any) -> tuple[Any, int]:
    """Return the tape of some instructions and of the end, and its number of runs.

    Neighbours are in the same run if their numbers in `apart` are equal.
    """
    codes, rows = np.append(codes, CODES["end"]), np.concatenate([rows, [[0] * 4]])
    first = np.flatnonzero(np.diff(np.append(apart, CODES["end"]), prepend=-1))
    heads = 4 * first + 2 * np.arange(len(first))
    words = np.empty(2 * len(first) + 4 * len(codes), dtype=np.int32)
    words[heads], words[heads + 1] = codes[first], np.diff(first, append=len(codes))
    body = np.ones(len(words), dtype=bool)
    body[heads] = body[heads + 1] = False
    words[body] = rows.ravel()
    return words, len(first)


def _place(node: Expression, layout: Layout, constants: list[float]) -> int:
    """Return the place of an input; a constant gets the next one."""
    if node.kind == "constant":
        constants.append(node.value)
        return layout.shared + len(constants) - 1
    return int(node.value) if node.rows else int(node.value) - layout.columns
