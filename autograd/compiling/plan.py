"""A plan: what to compute of a recorded function for arguments of one form, compiled and ready to run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ..graph import topological_order
from ..notation import history
from ..value import Value
from .arguments import FLOAT, Leaf, builder, leaves_of, read, spread
from .derivatives import as_expressions, pulled_back
from .expressions import Expression, World
from .gathering import gathered
from .kernel import STAGED, Array, Kernel, Workspace, pool
from .loops import Loops, Target
from .native import Host
from .rolling import rolled
from .shapes import Layout
from .tracing import Trace


class Wanted(NamedTuple):
    """What a call asks for."""

    what: str
    """"value", "grad", "value_and_grad", "jacobian", "hessian" or "hvp"."""
    wrt: tuple[int, ...] = ()
    """The positions of the arguments to differentiate by."""
    bare: bool = False
    """Whether the one derivative comes without a tuple around it."""
    per_row: bool = False
    outside: tuple[Value, ...] = ()
    """Values from outside to differentiate by, instead of arguments."""
    auxiliary: bool = False
    """Whether the first number of the result is to be differentiated, and the others come with it."""


class Result(NamedTuple):
    """An array that comes out: its numbers, and whether it has one such array for each row."""

    roots: list[Expression]
    shape: tuple[int, ...]
    rows: bool

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


class Options(NamedTuple):
    """How to compile."""

    machine: Host
    single: bool
    threads: int
    kept: Any


class Plan:
    """Native code for what is wanted of a function, and the way from arguments to results."""

    def __init__(self, trace: Trace, forms: Sequence[Any], wanted: Wanted, options: Options) -> None:
        self.forms, self.wanted, self.options = list(forms), wanted, options
        self.captured = trace.captured
        self.leaves: list[Leaf] = [leaf for form in self.forms for leaf in leaves_of(form)]
        self._expected = [(leaf.shape, leaf.rows) for leaf in self.leaves]
        self.batched = any(leaf.rows for leaf in self.leaves)
        self._lay_out()
        if self.batched and not self.columns:
            raise ValueError("the batched arguments have rows without any numbers in them")
        self.upper = World(upper=True, columns=self.columns)
        self.one = self.upper.constant(1.0)
        given = {
            value: self.upper.input(place) for value, place in zip(trace.inputs, self.places, strict=False)
        }
        given |= {value: self.upper.input(self.captured_from + k) for k, value in enumerate(self.captured)}
        outputs = gathered(self.upper, as_expressions(self.upper, trace.nodes, trace.outputs, given))
        self.results: list[Result] = []
        self.where: list[tuple[Result, int, int]] = []
        """Each result, and the first and last place of its numbers among the outputs or sums."""
        self.loops = self._rolled(outputs)
        self.build = self._wanted(trace, outputs) if self.loops is None else self._from_loops()
        self.recorded = len(trace.nodes)
        self.operations = sum(bool(item.operands) for item in self.upper.known.values())
        if self.loops is None:
            self._compile()
        self.kernels = [self.kernel] if self.loops is None else self.loops.kernels

    # Where the numbers are.

    def _lay_out(self) -> None:
        """A place for each number: those with rows first, then the shared ones, then captured Values."""
        columns = sum(leaf.size for leaf in self.leaves if leaf.rows)
        next_column, next_shared = 0, columns
        self.starts: list[int] = []
        for leaf in self.leaves:
            self.starts.append(next_column if leaf.rows else next_shared)
            if leaf.rows:
                next_column += leaf.size
            else:
                next_shared += leaf.size
        self.columns, self.captured_from = columns, next_shared
        self._columns = [
            (k, start, start + leaf.size)
            for k, (start, leaf) in enumerate(zip(self.starts, self.leaves, strict=True))
            if leaf.rows
        ]
        self.shared = next_shared - columns + len(self.captured)
        self.places = [
            start + k for start, leaf in zip(self.starts, self.leaves, strict=True) for k in range(leaf.size)
        ]

    def _inputs(self, leaf: int) -> list[Expression]:
        start = self.starts[leaf]
        return [self.upper.input(start + k) for k in range(self.leaves[leaf].size)]

    def _leaves_at(self, position: int) -> list[int]:
        """The numbers of the leaves of an argument."""
        counts = [sum(1 for _ in leaves_of(form)) for form in self.forms]
        first = sum(counts[:position])
        return list(range(first, first + counts[position]))

    # A sum of many terms of one form: loops over the terms.

    def _rolled(self, outputs: list[Expression]) -> Loops | None:
        """Loops for a value and its gradient where they are worth it."""
        wanted = self.wanted
        if self.batched or len(outputs) != 1 or wanted.what not in ("value", "grad", "value_and_grad"):
            return None
        found, rest = rolled(outputs[0])
        if not found:
            return None
        sought = {
            place
            for k in wanted.wrt
            for leaf in self._leaves_at(k)
            for place in range(self.starts[leaf], self.starts[leaf] + self.leaves[leaf].size)
        }
        sought |= {self._captured_place[value] for value in wanted.outside if value in self._captured_place}
        options = self.options
        target = Target(options.machine, options.single, options.kept)
        return Loops(found, rest, self.shared, frozenset(sought if wanted.what != "value" else ()), target)

    @property
    def _captured_place(self) -> dict[Value, int]:
        return {value: self.captured_from + k for k, value in enumerate(self.captured)}

    def _from_loops(self) -> Callable[[list[Any]], Any]:
        """What puts the sum and its slopes together."""
        wanted = self.wanted
        self.where.append((Result([], (), False), 0, 1))
        if wanted.what == "value":
            return itemgetter(0)
        gradient = self._slopes_outside() if wanted.outside else self._each_wrt(self._slopes_of)
        return gradient if wanted.what == "grad" else lambda items: (items[0], gradient(items))

    def _slopes_outside(self) -> Callable[[list[Any]], Any]:
        """By Values from outside, in one array; 0 for one that f does not use."""
        places = np.array([self._captured_place.get(value, -1) for value in self.wanted.outside])
        self.where.append((Result([], (self.shared,), False), 1, 1 + self.shared))
        return lambda items: np.where(places < 0, 0.0, items[1][places])

    def _slopes_of(self, leaf: int) -> int:
        start, form = self.starts[leaf] + 1, self.leaves[leaf]
        self.where.append((Result([], form.shape, False), start, start + form.size))
        return len(self.where) - 1

    def _run_loops(self, loops: Loops, leaves: list[Array]) -> list[Any]:
        memory = loops.memory()
        try:
            if not memory.views:
                memory.views = self._shared_places(memory.numbers)
            self._put(memory.numbers, memory.views, leaves)
            totals = loops.run(memory)
        finally:
            loops.release(memory)
        return [_summed(result, totals, start, stop) for result, start, stop in self.where]

    # What is wanted, in expressions.

    def _result(self, roots: list[Expression], shape: tuple[int, ...], leaves: Sequence[int]) -> int:
        """A new result; it has rows if one of the leaves has, or if rows are to be kept apart."""
        rows = self.batched and (self.wanted.per_row or any(self.leaves[leaf].rows for leaf in leaves))
        self.results.append(Result(roots, shape, rows))
        return len(self.results) - 1

    def _wanted(self, trace: Trace, outputs: list[Expression]) -> Callable[[list[Any]], Any]:
        """Fill in the results, and give what puts them together."""
        what = self.wanted.what
        if (
            what in ("grad", "value_and_grad", "hessian", "hvp")
            and len(outputs) != 1
            and not self.wanted.auxiliary
        ):
            raise TypeError(
                f"{what} needs a function with one number as its result, not {len(outputs)}: use jacobian"
            )
        if what == "value":
            return self._values(trace, outputs)
        if what == "grad":
            return self._gradient(outputs[:1])
        if what == "value_and_grad":
            values, gradient = self._values(trace, outputs), self._gradient(outputs[:1])
            return lambda items: (values(items), gradient(items))
        if what == "jacobian":
            parts = [
                self._gradient(outputs[place.start : place.start + place.size], place.shape or ())
                for place in trace.places
            ]
            return lambda items: trace.build([part(items) for part in parts])
        return self._hessian(outputs[0]) if what == "hessian" else self._hvp(outputs[0])

    def _values(self, trace: Trace, outputs: list[Expression]) -> Callable[[list[Any]], Any]:
        first = len(self.results)
        self.results += [
            Result(outputs[place.start : place.start + place.size], place.shape or (), self.batched)
            for place in trace.places
        ]
        if trace.template == 0:  # one number or array, as it is
            return itemgetter(first)
        return lambda items: trace.build(items[first : first + len(trace.places)])

    def _each_wrt(self, make: Callable[[int], int]) -> Callable[[list[Any]], Any]:
        """A result for each leaf of the arguments to differentiate by, nested as they are."""
        parts = [builder(self.forms[k], [make(leaf) for leaf in self._leaves_at(k)]) for k in self.wanted.wrt]
        if self.wanted.bare:
            return parts[0]
        return lambda items: tuple([part(items) for part in parts])

    def _gradient(
        self, outputs: Sequence[Expression], shape: tuple[int, ...] = ()
    ) -> Callable[[list[Any]], Any]:
        """The derivatives of an array of outputs of some shape: of that shape, then of the argument's."""
        if self.wanted.outside:
            return self._gradient_outside(outputs, shape)
        wrt = [leaf for k in self.wanted.wrt for leaf in self._leaves_at(k)]
        inputs = [item for leaf in wrt for item in self._inputs(leaf)]
        found = [dict(zip(inputs, self._pulled({output: self.one}, inputs), strict=True)) for output in outputs]
        return self._each_wrt(
            lambda leaf: self._result(
                [slopes[item] for slopes in found for item in self._inputs(leaf)],
                shape + self.leaves[leaf].shape,
                [leaf],
            )
        )

    def _gradient_outside(
        self, outputs: Sequence[Expression], shape: tuple[int, ...]
    ) -> Callable[[list[Any]], Any]:
        """By Values from outside, in one array; 0 for one that f does not use."""
        self._refuse_hidden()
        wanted, place = self.wanted.outside, {value: k for k, value in enumerate(self.captured)}
        used = [self.upper.input(self.captured_from + place[value]) for value in wanted if value in place]
        zero = self.upper.constant(0.0)
        slopes = []
        for output in outputs:
            found = iter(self._pulled({output: self.one}, used))
            slopes += [next(found) if value in place else zero for value in wanted]
        return itemgetter(self._result(slopes, (*shape, len(wanted)), []))

    def _refuse_hidden(self) -> None:
        """f may not reach a Value in question through a result from before, whose number alone it reads."""
        for result in self.captured:
            if result.operands and not set(topological_order(result)[:-1]).isdisjoint(self.wanted.outside):
                raise TypeError(
                    f"f uses {history(result)}, computed outside of it from a Value in wrt: compute it inside f"
                )

    def _pulled(self, seeds: dict[Expression, Expression], inputs: list[Expression]) -> list[Expression]:
        return pulled_back(self.upper, seeds, inputs)

    def _hvp(self, output: Expression) -> Callable[[list[Any]], Any]:
        wrt = [leaf for k in self.wanted.wrt for leaf in self._leaves_at(k)]
        vectors = [
            leaf for k in range(-len(self.wanted.wrt), 0) for leaf in self._leaves_at(len(self.forms) + k)
        ]
        inputs = [item for leaf in wrt for item in self._inputs(leaf)]
        direction = [item for leaf in vectors for item in self._inputs(leaf)]
        seeds: dict[Expression, Expression] = {}
        for slope, vector in zip(self._pulled({output: self.one}, inputs), direction, strict=True):
            seeds[slope] = seeds[slope] + vector if slope in seeds else vector
        found = dict(zip(inputs, self._pulled(seeds, inputs), strict=True))
        return self._each_wrt(
            lambda leaf: self._result(
                [found[item] for item in self._inputs(leaf)], self.leaves[leaf].shape, [leaf]
            )
        )

    def _hessian(self, output: Expression) -> Callable[[list[Any]], Any]:
        """Row after row of the upper triangle; the lower one is the same."""
        wrt = [leaf for k in self.wanted.wrt for leaf in self._leaves_at(k)]
        inputs = [item for leaf in wrt for item in self._inputs(leaf)]
        slopes = self._pulled({output: self.one}, inputs)
        second: dict[tuple[Expression, Expression], Expression] = {}
        for k, slope in enumerate(slopes):
            row = self._pulled({slope: self.one}, inputs[k:])
            for other, found in zip(inputs[k:], row, strict=True):
                second[inputs[k], other] = second[other, inputs[k]] = found

        def rows(leaf: int) -> Callable[[list[Any]], Any]:
            return self._each_wrt(
                lambda other: self._result(
                    [second[a, b] for a in self._inputs(leaf) for b in self._inputs(other)],
                    self.leaves[leaf].shape + self.leaves[other].shape,
                    [leaf, other],
                )
            )

        made = []
        for k in self.wanted.wrt:
            parts = [rows(leaf) for leaf in self._leaves_at(k)]
            made.append((builder(self.forms[k], range(len(parts))), parts))

        def build(items: list[Any]) -> Any:
            found = tuple([nested([part(items) for part in parts]) for nested, parts in made])
            return found[0] if self.wanted.bare else found

        return build

    # Compiling and running.

    def _compile(self) -> None:
        split = [[r for r in self.results if r.rows], [r for r in self.results if not r.rows]]
        roots = [root for part in split for result in part for root in result.roots]
        outputs = sum(len(result.roots) for result in split[0])
        layout = Layout(self.columns, self.shared, outputs, len(roots) - outputs)
        self.kernel = Kernel(roots, layout, self.options.machine, self.options.single, self.options.kept)
        sizes = [[len(result.roots) for result in part] for part in split]
        starts = [list(accumulate(part, initial=0)) for part in sizes]
        taken = [0, 0]
        self.results = [result._replace(roots=[]) for result in self.results]  # a large graph's memory
        for result in self.results:
            group = 0 if result.rows else 1
            start = starts[group][taken[group]]
            self.where.append((result, start, start + result.size))
            taken[group] += 1
        self._sums = layout.sums > 0
        wide = [(start, size) for start, size in zip(starts[0], sizes[0], strict=False)]
        self.first = np.array([start for start, size in wide for _ in range(size)], dtype=np.int64)
        self.inside = np.array([k for _, size in wide for k in range(size)], dtype=np.int64)
        self.stride = np.array([size for _, size in wide for _ in range(size)], dtype=np.int64)
        del self.upper, self.one

    def read(self, arguments: Sequence[Any]) -> list[Array] | None:
        """The numbers of the arguments; None if they have another form than this plan is for."""
        if len(arguments) != len(self.forms):
            return None
        found: list[Any] = []
        for form, argument in zip(self.forms, arguments, strict=True):
            if form.__class__ is Leaf:
                found.append(argument)
            elif not spread(form, argument, found):
                return None
        for k, (shape, rows) in enumerate(self._expected):
            item = found[k]
            if item.__class__ is np.ndarray and item.dtype is FLOAT:  # by far the most frequent
                if item.shape != shape if not rows else item.shape[1:] != shape or not item.ndim:
                    return None
            elif (item := read(self.leaves[k], item)) is not None:
                found[k] = item
            else:
                return None
        return found

    def run(self, leaves: list[Array]) -> Any:
        """The results, for arrays that `read` gave."""
        if self.loops is not None:
            return self.build(self._run_loops(self.loops, leaves))
        if not self.batched:
            return self.build(self._run_single(leaves))
        rows = self._rows(leaves)
        if rows <= STAGED:
            return self.build(self._run_staged(leaves, rows))
        return self.build(self._run_in_place(leaves, rows))

    def _rows(self, leaves: list[Array]) -> int:
        rows = len(leaves[self._columns[0][0]])
        for k, _, _ in self._columns:
            if len(leaves[k]) != rows:
                counts = ", ".join(f"{self.leaves[k].name} has {len(leaves[k])}" for k, _, _ in self._columns)
                raise ValueError(f"the batched arguments need equally many rows, but {counts}")
        return rows

    def _shared_places(self, shared: Array) -> list[tuple[int, Array]]:
        return [
            (k, shared[start - self.columns :][: leaf.size].reshape(leaf.shape))
            for k, (start, leaf) in enumerate(zip(self.starts, self.leaves, strict=True))
            if not leaf.rows
        ]

    def _put(self, shared: Array, places: list[tuple[int, Array]], leaves: list[Array]) -> None:
        """Put what all rows share, and what rows are staged, where it is read."""
        for k, place in places:
            place[...] = leaves[k]
        if self.captured:
            start = self.captured_from - self.columns
            shared[start : start + len(self.captured)] = [value.data for value in self.captured]

    def _takers(self, workspace: Workspace, rows: int) -> list[Callable[[], Any]]:
        found: list[Callable[[], Any]] = []
        for result, start, stop in self.where:
            if result.rows:
                found.append(workspace.staged_out[start * rows : stop * rows].reshape(rows, *result.shape).copy)
            else:
                view = workspace.totals[start:stop].reshape(result.shape)
                found.append(view.copy if result.shape else view.item)
        return found

    def _run_single(self, leaves: list[Array]) -> list[Any]:
        workspace = self.kernel.workspace()
        try:
            if not workspace.takers:
                workspace.places, workspace.takers = (
                    self._shared_places(workspace.shared),
                    self._takers(workspace, 0),
                )
            self._put(workspace.shared, workspace.places, leaves)
            self.kernel.run(workspace)
            return [take() for take in workspace.takers]
        finally:
            self.kernel.release(workspace)

    def _stage(self, workspace: Workspace, rows: int) -> None:
        """Make room for so many rows, and know where everything goes and comes from."""
        workspace.stage(rows, self.kernel, (self.first, self.inside), self.stride)
        staged = workspace.staged_in[:, :rows]
        columns = [
            (k, np.moveaxis(staged[start:stop].reshape(*self.leaves[k].shape, rows), -1, 0))
            for k, start, stop in self._columns
            if stop > start
        ]
        workspace.places = self._shared_places(workspace.shared) + columns
        workspace.takers = self._takers(workspace, rows)

    def _run_staged(self, leaves: list[Array], rows: int) -> list[Any]:
        workspace = self.kernel.workspace()
        try:
            if workspace.rows != rows:
                self._stage(workspace, rows)
            self._put(workspace.shared, workspace.places, leaves)
            self.kernel.run(workspace)
            return [take() for take in workspace.takers]
        finally:
            self.kernel.release(workspace)

    def _run_in_place(self, leaves: list[Array], rows: int) -> list[Any]:
        """Read the arguments where they are and write the results where they stay; on several threads."""
        dtype = self.kernel.dtype
        arrays = [
            np.require(array, dtype=dtype, requirements="A") if leaf.rows else array
            for leaf, array in zip(self.leaves, leaves, strict=True)
        ]
        results = [
            np.empty((rows, *result.shape), dtype) if result.rows else None for result, _, _ in self.where
        ]
        unit = self.kernel.shape.tile
        count = max(1, min(self.options.threads, rows // (unit * 8)))
        cuts = [rows * k // count // unit * unit for k in range(count)] + [rows]
        if count == 1:
            totals = [self._run_part(arrays, results, 0, rows)]
        else:
            started = [pool(count).submit(self._run_part, arrays, results, *part) for part in pairwise(cuts)]
            totals = [future.result() for future in started]
        total = sum(totals[1:], totals[0])  # always in the same order
        return [
            _summed(result, total, start, stop) if array is None else array
            for (result, start, stop), array in zip(self.where, results, strict=True)
        ]

    def _run_part(self, arrays: list[Array], results: list[Any], first: int, last: int) -> Array:
        workspace = self.kernel.workspace()
        try:
            workspace.rows = -1  # the addresses of staged arrays are overwritten
            workspace.places = self._shared_places(workspace.shared)
            self._put(workspace.shared, workspace.places, arrays)
            for start, leaf, array in zip(self.starts, self.leaves, arrays, strict=True):
                if leaf.rows:
                    base, strides = array.ctypes.data + first * array.strides[0], array.strides
                    offsets = sum(
                        (np.arange(n).reshape((-1,) + (1,) * (len(leaf.shape) - axis - 1)) * strides[axis + 1]
                         for axis, n in enumerate(leaf.shape)),
                        np.zeros(leaf.shape, dtype=np.int64),
                    )  # fmt: skip
                    workspace.inputs[start : start + leaf.size, 0] = base + offsets.ravel()
                    workspace.inputs[start : start + leaf.size, 1] = strides[0]
            for (result, start, _), array in zip(self.where, results, strict=True):
                if result.rows:
                    size, many = array.itemsize, result.size
                    base = array.ctypes.data + first * size * many
                    workspace.results[start : start + many, 0] = base + size * np.arange(many)
                    workspace.results[start : start + many, 1] = size * many
            workspace.call[0] = last - first
            self.kernel.run(workspace)
            return workspace.totals.copy()
        finally:
            self.kernel.release(workspace)


def _summed(result: Result, totals: Array, start: int, stop: int) -> Any:
    if not result.shape:
        return float(totals[start])
    found = totals[start:stop]
    return found if len(result.shape) == 1 else found.reshape(result.shape)
