"""The memory layout of a program: constants after the shared inputs, and slots in a tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..expressions.pool import LOGIC, Expression
from .simd import Layout
from .stages import Chunk, Product, Program, Stage, read


class Memory:
    """A place for each number of a program."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.layout = layout
        self.constants: dict[Expression, int] = {}
        for stage in program.stages:
            if isinstance(stage, Product):
                for item in (*stage.biases, *(weight for row in stage.weights for weight in row)):
                    if item is not None and item.kind == "constant":
                        self.constants.setdefault(item, layout.shared + len(self.constants))
        behind = layout.shared + len(self.constants)
        self.shared: dict[Expression, int] = {node: behind + k for k, node in enumerate(program.shared)}
        self.packed: int = behind + len(self.shared)
        """The place of the packed weights of the layers, which are in the order of use."""
        self.made: dict[Expression, int] = {
            node: k for k, stage in enumerate(program.stages) for node in _made(stage)
        }
        self.slots: dict[Expression, int]
        self.slot_count: int
        self.slots, self.slot_count = self._slots(program)

    def _slots(self, program: Program) -> tuple[dict[Expression, int], int]:
        """Allocate a slot in the tile for each result that a later stage reads; slots are reused."""
        last: dict[Expression, int] = {}
        for k, stage in enumerate(program.stages):
            for node in self._needed(stage):
                if self.made.get(node, k) != k:
                    last[node] = k
        for node in (*program.outputs, *(node for _, node in program.sums)):
            if node in self.made and not isinstance(program.stages[self.made[node]], Chunk):
                last[node] = len(program.stages)
        ending: dict[int, list[Expression]] = {}
        for node, k in last.items():
            ending.setdefault(k, []).append(node)
        slots: dict[Expression, int] = {}
        free: list[int] = []
        count = 0
        for k, stage in enumerate(program.stages):
            for node in _made(stage):
                if node in last:
                    if not free:
                        free.append(count)
                        count += 1
                    slots[node] = free.pop()
            free += [slots[node] for node in ending.get(k, ())]
        return slots, count

    def _needed(self, stage: Stage) -> Iterator[Expression]:
        """Yield the expressions that a stage reads; conditions are not stored, so their operands are read."""
        if not isinstance(stage, Chunk):
            yield from read(stage)
            return
        waiting, seen = list(stage.nodes), set[Expression]()
        while waiting:
            for operand in waiting.pop().operands:
                if operand.kind not in LOGIC or operand in self.shared:
                    yield operand
                elif operand not in seen:  # conditions share conditions: without this, once for each path
                    seen.add(operand)
                    waiting.append(operand)

    def column(self, node: Expression) -> int:
        """Return the column of a batched number in a tile: inputs, then outputs, then slots."""
        if node.kind == "input":
            return int(node.value)
        return self.layout.columns + self.layout.outputs + self.slots[node]

    @property
    def ones(self) -> int:
        """The column of the mask: 1 for rows of the batch, 0 for padding."""
        return self.layout.columns + self.layout.outputs + self.slot_count

    def common(self, node: Expression) -> int:
        """Return the place of an unbatched number."""
        if node.kind == "input":
            return int(node.value) - self.layout.columns
        return self.constants[node] if node.kind == "constant" else self.shared[node]


def _made(stage: Stage) -> Sequence[Expression]:
    """Return the expressions that a stage computes."""
    if isinstance(stage, Chunk):
        return stage.nodes
    return stage.results if isinstance(stage, Product) else ()
