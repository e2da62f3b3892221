"""Running the loops of a large sum: each a kernel over its terms, its slopes put where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..codegen.native import Host
from ..codegen.simd import Layout
from ..expressions.derivatives import below, pulled_back
from ..expressions.detect_loops import Hole, Rolled, transplanted
from ..expressions.pool import Expression, World
from .kernel import Array, Kernel, Workspace


class Target(NamedTuple):
    """The machine and numbers that code is made for, and where it is kept."""

    machine: Host
    single: bool
    kept: Any
    values: frozenset[int] = frozenset()
    """The inputs that are Values, where others are plain numbers."""


class Loop:
    """One form of terms as a kernel whose rows are the terms."""

    def __init__(self, found: Rolled, differentiated: frozenset[int], target: Target) -> None:
        self.terms = found.terms
        self.columns: list[Hole] = [hole for hole in found.holes if not hole.shared]
        self.shared: list[Hole] = [hole for hole in found.holes if hole.shared]
        inputs = [found.world.input(k) for k in range(len(found.holes))]
        sought = [k for k, hole in enumerate(found.holes) if not differentiated.isdisjoint(hole.places)]
        found.world.values = {
            inputs[k] for k, hole in enumerate(found.holes) if not target.values.isdisjoint(hole.places)
        }
        seeds = {found.template: found.world.constant(1.0)}
        slopes = pulled_back(found.world, seeds, [inputs[k] for k in sought]) if sought else []
        paired = list(zip(sought, slopes, strict=True))
        by_row = [(found.holes[k], slope) for k, slope in paired if k < len(self.columns)]
        summed = [(found.holes[k], slope) for k, slope in paired if k >= len(self.columns)]
        layout = Layout(len(self.columns), len(self.shared), len(by_row), 1 + len(summed))
        roots = [slope for _, slope in by_row] + [found.template] + [slope for _, slope in summed]
        self.kernel = Kernel(roots, layout, *target[:3])
        self.by_row = [np.array(hole.places, dtype=np.int64) for hole, _ in by_row]
        """The inputs whose slopes come with a number for each term."""
        self.taken = np.array([hole.places[0] for hole in self.shared], dtype=np.int64)
        self.summed = np.array([hole.places[0] for hole, _ in summed], dtype=np.int64)


def _regular(places: Array) -> slice | None:
    """Places at equal distances as a slice."""
    steps = np.diff(places)
    step = int(steps[0])
    if step <= 0 or (steps != step).any():
        return None
    return slice(int(places[0]), int(places[-1]) + 1, step)


class _Place:
    """The memory of one call of a loop, its columns at addresses that stay."""

    def __init__(self, loop: Loop, numbers: Array, slopes: Array) -> None:
        self.loop, self.numbers, self.slopes = loop, numbers, slopes
        kernel, size = loop.kernel, numbers.itemsize
        self.workspace: Workspace = kernel.workspace()
        self.gathered: list[tuple[Array, Array]] = []
        """Columns of inputs that do not lie at equal distances, and their places."""
        self.known: list[Array] = []
        for k, hole in enumerate(loop.columns):
            places = np.array(hole.places, dtype=np.int64)
            regular = _regular(places) if hole.places else None
            if regular is not None:
                address, stride = numbers.ctypes.data + size * regular.start, size * regular.step
            else:
                column = np.array(hole.numbers or np.zeros(loop.terms), dtype=numbers.dtype)
                address, stride = column.ctypes.data, size
                self.known.append(column)
                if hole.places:
                    self.gathered.append((column, places))
            self.workspace.inputs[k] = address, stride
        self.workspace.call[0] = loop.terms
        self.out = np.zeros((len(loop.by_row), loop.terms), dtype=numbers.dtype)
        self.added: list[tuple[Array, Array]] = []
        """Columns of slopes, and the part of all slopes that each belongs to."""
        self.scattered: list[tuple[Array, Array]] = []
        """Columns of slopes of inputs that do not lie at equal distances, and their places."""
        for k, (column, places) in enumerate(zip(self.out, loop.by_row, strict=True)):
            self.workspace.results[k] = column.ctypes.data, size
            regular = _regular(places)
            if regular is None:
                self.scattered.append((column, places))
            else:
                self.added.append((column, slopes[regular]))

    def run(self) -> float:
        """The sum of the terms; their slopes are added."""
        loop, workspace, slopes = self.loop, self.workspace, self.slopes
        for column, places in self.gathered:
            np.take(self.numbers, places, out=column)
        if len(loop.taken):
            workspace.shared[: len(loop.taken)] = self.numbers[loop.taken]
        loop.kernel.run(workspace)
        totals = workspace.totals
        if len(loop.summed):
            slopes[loop.summed] += totals[1 : 1 + len(loop.summed)]
        for column, own in self.added:
            np.add(own, column, out=own)
        for column, places in self.scattered:
            slopes += np.bincount(places, column, len(slopes))
        return float(totals[0])


class _Remainder:
    """What is left of the sum, as a kernel of its own."""

    def __init__(self, root: Expression, differentiated: frozenset[int], target: Target) -> None:
        places = sorted(int(node.value) for node in below([root]) if node.kind == "input")
        world = World(upper=True)
        inputs = {place: world.input(k) for k, place in enumerate(places)}
        output = transplanted(world, root, inputs)
        sought = [place for place in places if place in differentiated]
        world.values = {inputs[place] for place in places if place in target.values}
        seeds = {output: world.constant(1.0)}
        slopes = pulled_back(world, seeds, [inputs[place] for place in sought]) if sought else []
        self.kernel = Kernel([output, *slopes], Layout(0, len(places), 0, 1 + len(sought)), *target[:3])
        self.places, self.sought = np.array(places, dtype=np.int64), np.array(sought, dtype=np.int64)

    def run(self, numbers: Array, slopes: Array) -> float:
        """The rest of the sum; its slopes are added."""
        workspace = self.kernel.workspace()
        try:
            workspace.shared[: len(self.places)] = numbers[self.places]
            self.kernel.run(workspace)
            slopes[self.sought] += workspace.totals[1 : 1 + len(self.sought)]
            return float(workspace.totals[0])
        finally:
            self.kernel.release(workspace)


class _Memory:
    """The memory of one call: all numbers of the arguments, and what each loop needs."""

    def __init__(self, loops: Loops) -> None:
        self.numbers = np.zeros(loops.inputs, dtype=loops.dtype)
        self.totals = np.zeros(1 + loops.inputs, dtype=loops.dtype)
        self.slopes = self.totals[1:]
        self.places = [_Place(loop, self.numbers, self.slopes) for loop in loops.loops]
        self.views: list[tuple[int, Array]] = []
        """Where each argument goes."""


class Loops:
    """A sum of loops, and of a remainder, with its slopes by some of the inputs."""

    def __init__(
        self,
        found: Sequence[Rolled],
        rest: Expression | None,
        inputs: int,
        differentiated: frozenset[int],
        target: Target,
    ) -> None:
        self.inputs = inputs
        self.dtype = np.dtype(np.float32 if target.single else np.float64)
        self.loops = [Loop(each, differentiated, target) for each in found]
        self.remainder = None if rest is None else _Remainder(rest, differentiated, target)
        self._free: list[_Memory] = []

    @property
    def kernels(self) -> list[Kernel]:
        """The code that runs."""
        rest = [] if self.remainder is None else [self.remainder.kernel]
        return [loop.kernel for loop in self.loops] + rest

    def memory(self) -> _Memory:
        """Memory for one call at a time; give it back with `release`."""
        try:
            return self._free.pop()
        except IndexError:
            return _Memory(self)

    def release(self, memory: _Memory) -> None:
        """Keep memory for the next call."""
        self._free.append(memory)

    def run(self, memory: _Memory) -> Array:
        """The sum, and then its slopes by all inputs, 0 where they were not asked for."""
        memory.slopes.fill(0.0)
        value = sum([place.run() for place in memory.places])
        if self.remainder is not None:
            value += self.remainder.run(memory.numbers, memory.slopes)
        memory.totals[0] = value
        return memory.totals.copy()
