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
_PADDING = [(0,) * (4 - length) for length in range(5)]
_FUNCTIONS = INSTRUCTIONS - BINARY.keys() - {"neg", "fused"}


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

    >>> from autograd.compiling.expressions.derivatives import below
    >>> from autograd.compiling.expressions.pool import World
    >>> root = World(upper=False).input(0) * 2.0
    >>> encode(below([root]), [root], Layout(0, 1, 0, 1)).constants
    [2.0]
    """
    constants: list[float] = []
    keys = _scheduled(order)
    steps = sorted(range(len(order)), key=keys.__getitem__)
    uses = [0] * (order[-1].number + 1 if order else 0)
    for node in order:
        for operand in node.operands:
            uses[operand.number] += 1
    places: dict[int, list[int]] = {}
    for place, root in enumerate(roots):
        places.setdefault(root.number, []).append(place)
    slots, free, slot_count = [0] * len(uses), list[int](), 0
    written = _Writer()
    for step in steps:
        node = order[step]
        code, number, operands = keys[step] & _CODE, node.number, node.operands
        if free:
            slot = free.pop()
        else:
            slot, slot_count = slot_count, slot_count + 1
        slots[number] = slot
        if operands:
            written.add(code, (slot, *[slots[operand.number] for operand in operands]))
        else:
            written.add(code, (slot, _place(node, layout, constants)))
        for place in places.get(number, ()):
            outputs = layout.outputs
            kind, target = ("output", place) if place < outputs else ("sum", place - outputs)
            written.add(CODES[kind], (target, slot))
        if not uses[number]:
            free.append(slot)
        for operand in operands:  # the slots of results are reused after their last use
            uses[operand.number] -= 1
            if not uses[operand.number]:
                free.append(slots[operand.number])
    written.add(CODES["end"], (0,))
    operations = sorted({OPERATIONS[code] for code in written.used} - {"end"})
    return Tape(
        np.array(written.code, dtype=np.int32),
        slot_count,
        constants,
        tuple(operations),
        tuple(name for name in operations if name in _FUNCTIONS),
        written.runs,
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


def _place(node: Expression, layout: Layout, constants: list[float]) -> int:
    """Return the place of an input; a constant gets the next one."""
    if node.kind == "constant":
        constants.append(node.value)
        return layout.shared + len(constants) - 1
    return int(node.value) if node.rows else int(node.value) - layout.columns


class _Writer:
    """Writes instructions in runs of the same operation."""

    def __init__(self) -> None:
        self.code: list[int] = []
        self.runs: int = 0
        self.used: set[int] = set()
        self._operation: int = -1
        self._count: int = 0
        """The position of the number of instructions in the current run."""

    def add(self, operation: int, numbers: tuple[int, ...]) -> None:
        """Write an instruction: the result, then up to three operands."""
        if self._operation != operation:
            self._operation = operation
            self._count = len(self.code) + 1
            self.code += (operation, 0)
            self.runs += 1
            self.used.add(operation)
        self.code[self._count] += 1
        self.code += numbers
        self.code += _PADDING[len(numbers)]
