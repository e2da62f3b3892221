"""Run the loops of a large sum: each is a kernel over its terms, whose partials are added to the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..codegen.native import Host
from ..codegen.simd import Layout
from ..expressions.derivatives import pulled_back
from ..expressions.detect_loops import Hole, Rolled, transplanted
from ..expressions.levels import below
from ..expressions.pool import Expression, Pool
from .kernel import Array, Kernel, Workspace


class Target(NamedTuple):
    """The machine and precision to compile for, the code cache, and the inputs that are Values."""

    machine: Host
    single: bool
    kept: Any
    values: frozenset[int] = frozenset()
    """The inputs that are captured Values or are differentiated; others are plain numbers."""


class Loop:
    """Terms of the same form as a kernel over the terms."""

    def __init__(self, found: Rolled, differentiated: frozenset[int], target: Target) -> None:
        self.terms = found.terms
        self.columns: list[Hole] = [hole for hole in found.holes if not hole.shared]
        self.shared: list[Hole] = [hole for hole in found.holes if hole.shared]
        inputs = [found.pool.input(k) for k in range(len(found.holes))]
        active = [k for k, hole in enumerate(found.holes) if not differentiated.isdisjoint(hole.places)]
        found.pool.values = {
            inputs[k] for k, hole in enumerate(found.holes) if not target.values.isdisjoint(hole.places)
        }
        seeds = {found.template: found.pool.constant(1.0)}
        gradient = pulled_back(found.pool, seeds, [inputs[k] for k in active]) if active else []
        paired = list(zip(active, gradient, strict=True))
        by_row = [(found.holes[k], partial) for k, partial in paired if k < len(self.columns)]
        summed = [(found.holes[k], partial) for k, partial in paired if k >= len(self.columns)]
        layout = Layout(len(self.columns), len(self.shared), len(by_row), 1 + len(summed))
        roots = [partial for _, partial in by_row] + [found.template] + [partial for _, partial in summed]
        self.kernel = Kernel(roots, layout, *target[:3])
        self.by_row = [np.array(hole.places, dtype=np.int64) for hole, _ in by_row]
        """The inputs whose derivatives have a number for each term."""
        self.taken = np.array([hole.places[0] for hole in self.shared], dtype=np.int64)
        self.summed = np.array([hole.places[0] for hole, _ in summed], dtype=np.int64)


def _regular(places: Array) -> slice | None:
    """Return equally spaced places as a slice; None for any others."""
    steps = np.diff(places)
    step = int(steps[0])
    if step <= 0 or (steps != step).any():
        return None
    return slice(int(places[0]), int(places[-1]) + 1, step)


class _Place:
    """The memory of one call of a loop, with its columns at fixed addresses."""

    def __init__(self, loop: Loop, numbers: Array, gradient: Array) -> None:
        self.loop, self.numbers, self.gradient = loop, numbers, gradient
        kernel, size = loop.kernel, numbers.itemsize
        self.workspace: Workspace = kernel.workspace()
        self.gathered: list[tuple[Array, Array]] = []
        """Columns of inputs that are not equally spaced, and their places."""
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
        """Columns of derivatives, and the part of the gradient that each is added to."""
        self.scattered: list[tuple[Array, Array]] = []
        """Columns of derivatives for inputs that are not equally spaced, and their places."""
        for k, (column, places) in enumerate(zip(self.out, loop.by_row, strict=True)):
            self.workspace.results[k] = column.ctypes.data, size
            regular = _regular(places)
            if regular is None:
                self.scattered.append((column, places))
            else:
                self.added.append((column, gradient[regular]))

    def run(self) -> float:
        """Return the sum of the terms, and add their derivatives to the gradient."""
        loop, workspace, gradient = self.loop, self.workspace, self.gradient
        for column, places in self.gathered:
            np.take(self.numbers, places, out=column)
        if len(loop.taken):
            workspace.shared[: len(loop.taken)] = self.numbers[loop.taken]
        loop.kernel.run(workspace)
        totals = workspace.totals
        if len(loop.summed):
            gradient[loop.summed] += totals[1 : 1 + len(loop.summed)]
        for column, own in self.added:
            np.add(own, column, out=own)
        for column, places in self.scattered:
            gradient += np.bincount(places, column, len(gradient))
        return float(totals[0])


class _Remainder:
    """The remaining terms of the sum, as a kernel."""

    def __init__(self, root: Expression, differentiated: frozenset[int], target: Target) -> None:
        places = sorted(int(node.value) for node in below([root]) if node.kind == "input")
        pool = Pool(upper=True)
        inputs = {place: pool.input(k) for k, place in enumerate(places)}
        output = transplanted(pool, root, inputs)
        active = [place for place in places if place in differentiated]
        pool.values = {inputs[place] for place in places if place in target.values}
        seeds = {output: pool.constant(1.0)}
        gradient = pulled_back(pool, seeds, [inputs[place] for place in active]) if active else []
        self.kernel = Kernel([output, *gradient], Layout(0, len(places), 0, 1 + len(active)), *target[:3])
        self.places, self.active = np.array(places, dtype=np.int64), np.array(active, dtype=np.int64)

    def run(self, numbers: Array, gradient: Array) -> float:
        """Return the sum of the remaining terms, and add their derivatives to the gradient."""
        workspace = self.kernel.workspace()
        try:
            workspace.shared[: len(self.places)] = numbers[self.places]
            self.kernel.run(workspace)
            gradient[self.active] += workspace.totals[1 : 1 + len(self.active)]
            return float(workspace.totals[0])
        finally:
            self.kernel.release(workspace)


class _Memory:
    """The memory of one call: all numbers of the arguments, and that of each loop."""

    def __init__(self, loops: Loops) -> None:
        self.numbers = np.zeros(loops.inputs, dtype=loops.dtype)
        self.totals = np.zeros(1 + loops.inputs, dtype=loops.dtype)
        self.gradient = self.totals[1:]
        self.places = [_Place(loop, self.numbers, self.gradient) for loop in loops.loops]
        self.views: list[tuple[int, Array]] = []
        """Views that receive the arguments."""


class Loops:
    """A sum of loops and remaining terms, with its derivatives with respect to some of the inputs."""

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
        """The kernels of the loops and of the remaining terms."""
        rest = [] if self.remainder is None else [self.remainder.kernel]
        return [loop.kernel for loop in self.loops] + rest

    def memory(self) -> _Memory:
        """Return memory for one call, to be returned with `release`."""
        try:
            return self._free.pop()
        except IndexError:
            return _Memory(self)

    def release(self, memory: _Memory) -> None:
        """Keep memory for the next call."""
        self._free.append(memory)

    def run(self, memory: _Memory) -> Array:
        """Return the sum, followed by its derivatives for all inputs, 0 for those not differentiated."""
        memory.gradient.fill(0.0)
        with np.errstate(all="ignore"):  # compiled arithmetic does not warn of inf - inf either
            value = sum([place.run() for place in memory.places])
            if self.remainder is not None:
                value += self.remainder.run(memory.numbers, memory.gradient)
        memory.totals[0] = value
        return memory.totals.copy()
