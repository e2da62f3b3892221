"""Run kernels on arrays: at a single point, or over batches, on several threads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from ..codegen.fast_call import available, fast_call
from ..codegen.native import Host
from ..codegen.receive import Received, receiver
from ..codegen.receive import available as readable
from ..codegen.simd import Layout
from ..expressions.detect_loops import Rolled
from ..expressions.pool import Expression
from ..trace.arguments import Leaf
from ..trace.input_layout import InputLayout
from .kernel import Array, Kernel, Workspace, address, thread_pool
from .loop_kernels import Loops, Target
from .query import Build, Query, Result, each_wrt, refuse_hidden

_SHORT = 4_000
"""Maximum number of instructions of a kernel that runs without releasing the GIL: one to two microseconds."""


class Options(NamedTuple):
    """The options of compilation."""

    machine: Host
    single: bool
    threads: int
    kept: Any


class Located(NamedTuple):
    """A result, and the range of its numbers among the batched outputs or among the sums."""

    result: Result
    start: int
    stop: int


class Runner:
    """A kernel for some results, with the transfer of arguments and results."""

    terms: Sequence[int] = ()

    def __init__(self, places: InputLayout, results: Sequence[Result], options: Options) -> None:
        self.places: InputLayout = places
        self.threads: int = options.threads
        split = [[r for r in results if r.rows], [r for r in results if not r.rows]]
        roots = [root for part in split for result in part for root in result.roots]
        outputs = sum(len(result.roots) for result in split[0])
        layout = Layout(places.columns, places.shared, outputs, len(roots) - outputs)
        self.kernel: Kernel = Kernel(roots, layout, options.machine, options.single, options.kept)
        self.kernels: list[Kernel] = [self.kernel]
        self._kept: list[Workspace] = []
        """Workspaces whose addresses native functions contain."""
        self._known_offsets: dict[tuple[int, tuple[int, ...]], Array] = {}
        self.where: list[Located] = self._located(results)
        wide = [stop - start for result, start, stop in self.where if result.rows]
        self.inside: Any = np.array([k for size in wide for k in range(size)], dtype=np.int64)

    def _located(self, results: Sequence[Result]) -> list[Located]:
        free = {True: 0, False: 0}
        found = []
        for result in results:
            start = free[result.rows]
            free[result.rows] += result.size
            located = Located(result._replace(roots=[]), start, start + result.size)  # frees the expressions
            found.append(located)
        return found

    def run(self, leaves: list[Array]) -> list[Any]:
        """Return an item for each result."""
        if not self.places.batched:
            return self._run_single(leaves)
        return self._run_in_place(leaves, self.places.rows(leaves))

    def _readers(self, workspace: Workspace) -> list[Callable[[], Any] | None]:
        """Return a function for each result without rows, which returns it as a number or a new array."""
        found: list[Callable[[], Any] | None] = []
        for result, start, stop in self.where:
            view = workspace.totals[start:stop].reshape(result.shape) if not result.rows else None
            found.append(None if view is None else view.copy if result.shape else view.item)
        return found

    def for_floats(self) -> Callable[..., Sequence[Any] | None]:
        """Return a function of floats that returns an item for each result, or None for other arguments.

        It is for float64 code at a single point. If all results are numbers, they are read together.
        """
        captured, count, results = self.places.captured, self.places.shared, len(self.where)
        numbers = not any(result.shape for result, _, _ in self.where)
        if numbers and count and self.kernel.info.instructions <= _SHORT and available():
            workspace = self.kernel.workspace()
            machine = self.kernel.info.machine
            call = fast_call(count, results, workspace, self.kernel.drive, machine, self.kernel.kept)
            self._kept.append(workspace)
            return (lambda *floats: call(*floats, *[x._data for x in captured])) if captured else call
        new, free, drive = self.kernel.workspace, self.kernel.free, self.kernel.drive
        pack, unpack = Struct(f"{count}d").pack_into, Struct(f"{results}d").unpack_from

        def run(*floats: Any) -> Sequence[Any] | None:
            if len(floats) != count - len(captured):
                return None
            for item in floats:
                if item.__class__ is not float:
                    return None
            try:
                workspace = free.pop()
            except IndexError:
                workspace = new()
            try:
                pack(workspace.shared, 0, *floats, *[x._data for x in captured])
                drive(workspace.address)
                if numbers:
                    return unpack(workspace.totals)
                workspace.readers = workspace.readers or self._readers(workspace)
                return [take() for take in workspace.readers if take is not None]
            finally:
                free.append(workspace)

        return run

    def for_arrays(
        self, spread: Callable[[Sequence[Any]], list[Any] | None]
    ) -> Callable[..., Sequence[Any] | None] | None:
        """Return a function of arguments, whose leaves `spread` returns, or None where there is none.

        It returns an item for each result if the leaves are float64 arrays and floats of the right shapes,
        which native code checks; else None.
        """
        places, kernel = self.places, self.kernel
        if kernel.dtype != np.float64 or not readable():
            return None
        new, free, drive, dtype = kernel.workspace, kernel.free, kernel.drive, kernel.dtype
        shapes = [result.shape for result, _, _ in self.where if result.rows]
        batch = places.with_rows[0][0] if places.batched else None
        few = 2 * kernel.shape.tile if self.threads > 1 else sys.maxsize
        self._prepare(prepared := kernel.workspace())  # compiles now, not at the second call
        kernel.release(prepared)

        def run(*arguments: Any) -> Sequence[Any] | None:
            if (leaves := spread(arguments)) is None:
                return None
            outputs = []
            if batch is not None:
                first = leaves[batch]
                if first.__class__ is not np.ndarray or not first.ndim or not 0 < len(first) < few:
                    return None
                outputs = [np.empty((len(first), *shape), dtype) for shape in shapes]
            workspace = new()
            try:
                if workspace.receive is None:
                    self._prepare(workspace)
                if not workspace.receive(*leaves, *outputs):
                    return None
                places.put_captured(workspace.shared)
                drive(workspace.address)
                made = iter(outputs)
                return [next(made) if take is None else take() for take in workspace.readers]
            finally:
                free.append(workspace)

        return run

    def _prepare(self, workspace: Workspace) -> None:
        """Make the functions that receive arguments and arrays for results, and that read the results."""
        places, items = self.places, list[Received]()
        for start, leaf in zip(places.starts, places.leaves, strict=True):
            table = workspace.inputs[start:] if leaf.rows else workspace.shared[start - places.columns :]
            items.append(Received(leaf.rows, leaf.shape, leaf.size, table.ctypes.data))
        for result, start, _ in self.where:
            if result.rows:
                to = workspace.results[start:].ctypes.data
                items.append(Received(True, result.shape, result.size, to))
        machine, kept = self.kernel.info.machine, self.kernel.kept
        workspace.readers = self._readers(workspace)
        workspace.receive = receiver(items, workspace.address, machine, kept)

    def _run_single(self, leaves: list[Array]) -> list[Any]:
        workspace = self.kernel.workspace()
        try:
            workspace.readers = workspace.readers or self._readers(workspace)
            workspace.views = workspace.views or self.places.views(workspace.shared)
            self.places.put(workspace.shared, workspace.views, leaves)
            self.kernel.run(workspace)
            return [take() for take in workspace.readers if take is not None]
        finally:
            self.kernel.release(workspace)

    def _run_in_place(self, leaves: list[Array], rows: int) -> list[Any]:
        """Read the arguments in place and write the results into their arrays, on several threads."""
        dtype = self.kernel.dtype
        arrays = [
            self._fixed(leaf, array, rows) if leaf.rows else array
            for leaf, array in zip(self.places.leaves, leaves, strict=True)
        ]
        results = [
            np.empty((rows, *result.shape), dtype) if result.rows else None for result, _, _ in self.where
        ]
        unit = self.kernel.shape.tile
        count = max(1, min(self.threads, rows // (unit * 2)))
        cuts = [rows * k // count // unit * unit for k in range(count)] + [rows]
        if count == 1:
            totals = [self._run_part(arrays, results, 0, rows)]
        else:
            started = [
                thread_pool(count).submit(self._run_part, arrays, results, *part) for part in pairwise(cuts)
            ]
            totals = [future.result() for future in started]
        total = sum(totals[1:], totals[0])  # in a fixed order, so that results are reproducible
        return [
            _summed(result, total, start, stop) if array is None else array
            for (result, start, stop), array in zip(self.where, results, strict=True)
        ]

    def _fixed(self, leaf: Leaf, array: Array, rows: int) -> Array:
        """Return a view of an array, or a copy of the right type, that no other thread can reshape.

        Its addresses are read later, and would be outside of the array if that had another shape by then.
        """
        view = array.view()
        if view.dtype is not self.kernel.dtype or not view.flags.aligned:
            view = np.require(view, dtype=self.kernel.dtype, requirements="A")
        if view.shape != (rows, *leaf.shape):
            raise ValueError(
                f"{leaf.name} had the shape {(rows, *leaf.shape)} when the call began, and {view.shape} now: "
                "give another thread a view of an array to reshape, such as array.view()"
            )
        return view

    def _run_part(self, arrays: list[Array], results: list[Any], first: int, last: int) -> Array:
        workspace = self.kernel.workspace()
        try:
            workspace.views = workspace.views or self.places.views(workspace.shared)
            self.places.put(workspace.shared, workspace.views, arrays)
            for k, start, stop in self.places.with_rows:
                base, strides = address(arrays[k]) + first * arrays[k].strides[0], arrays[k].strides
                workspace.inputs[start:stop, 0] = self._offsets(k, strides[1:]) + base
                workspace.inputs[start:stop, 1] = strides[0]
            for (_, start, stop), array in zip(self.where, results, strict=True):
                if array is not None:
                    stride = array.itemsize * (stop - start)
                    base = address(array) + first * stride
                    workspace.results[start:stop, 0] = self.inside[start:stop] * array.itemsize + base
                    workspace.results[start:stop, 1] = stride
            workspace.call[0] = last - first
            self.kernel.run(workspace)
            return workspace.totals.copy()
        finally:
            self.kernel.release(workspace)

    def _offsets(self, leaf: int, strides: tuple[int, ...]) -> Array:
        """Return the offsets in bytes of the numbers of a row from its first one."""
        found = self._known_offsets.get((leaf, strides))
        if found is None:
            places = np.indices(self.places.leaves[leaf].shape)
            found = np.tensordot(np.array(strides, dtype=np.int64), places, 1).ravel()
            self._known_offsets[leaf, strides] = found
        return found


class LoopRunner:
    """Runs a large sum and its gradient as loops over its terms."""

    def __init__(
        self, places: InputLayout, query: Query, found: list[Rolled], rest: Expression | None, options: Options
    ) -> None:
        self.places = places
        active = {place for k in query.wrt for leaf in places.leaves_at(k) for place in places.of_leaf(leaf)}
        active |= {places.of_captured[value] for value in query.captured if value in places.of_captured}
        values = frozenset(active.union(places.of_captured.values()))
        target = Target(options.machine, options.single, options.kept, values)
        differentiated = frozenset(active if query.what != "value" else ())
        self.loops: Loops = Loops(found, rest, places.shared, differentiated, target)
        self.kernels: list[Kernel] = self.loops.kernels
        self.terms: list[int] = [loop.terms for loop in self.loops.loops]
        self.where: list[Located] = [Located(Result([], (), False), 0, 1)]
        self.build: Build = self._builder(query)

    def _builder(self, query: Query) -> Build:
        """Return the function that assembles the sum and its derivatives."""
        if query.what == "value":
            return itemgetter(0)
        gradient = (
            self._captured_gradient(query) if query.captured else each_wrt(self.places, query, self._gradient)
        )
        return gradient if query.what == "grad" else lambda items: (items[0], gradient(items))

    def _captured_gradient(self, query: Query) -> Build:
        """Add the derivatives with respect to captured Values, in one array; 0 for an unused Value."""
        refuse_hidden(self.places, query)
        places = np.array([self.places.of_captured.get(value, -1) for value in query.captured])
        shared = self.places.shared
        self.where.append(Located(Result([], (shared,), False), 1, 1 + shared))
        return lambda items: np.where(places < 0, 0.0, items[1][places])

    def _gradient(self, leaf: int) -> int:
        places, shape = self.places.of_leaf(leaf), self.places.leaves[leaf].shape
        self.where.append(Located(Result([], shape, False), places.start + 1, places.stop + 1))
        return len(self.where) - 1

    def run(self, leaves: list[Array]) -> list[Any]:
        """Return an item for each result."""
        memory = self.loops.memory()
        try:
            if not memory.views:
                memory.views = self.places.views(memory.numbers)
            self.places.put(memory.numbers, memory.views, leaves)
            totals = self.loops.run(memory)
        finally:
            self.loops.release(memory)
        return [_summed(result, totals, start, stop) for result, start, stop in self.where]


def _summed(result: Result, totals: Array, start: int, stop: int) -> Any:
    if not result.shape:
        return float(totals[start])
    found = totals[start:stop]
    return found if len(result.shape) == 1 else found.reshape(result.shape)
