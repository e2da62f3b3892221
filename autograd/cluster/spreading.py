"""Evaluate a compiled function over rows on a cluster: values, gradients and Hessians."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph import topological_order
from ..nested import mapped
from ..terminal import quoted
from ..transforms.argnums import one_of
from .blocks import Block
from .rows import Rows
from .waiting import gathered

if TYPE_CHECKING:
    from distributed import Future

    from ..compiling.compiled import Compiled


@dataclass(frozen=True)
class Kernel:
    """A compiled function as it is sent: pickled by value, compiled once in each process."""

    pickled: bytes

    def run(
        self,
        what: str,
        block: Block,
        names: Sequence[str],
        shared: Sequence[Any],
        wrt: str | int | Sequence[str | int] | None = None,
        has_aux: bool = False,
    ) -> Any:
        """Call the method `what` on a block; unbatched arguments come from `shared`."""
        left = iter(shared)
        arguments = [block[name] if name in block else next(left) for name in names]
        function = _compiled(self.pickled)
        if what == "values":
            return function(*arguments)
        aux = {"has_aux": True} if has_aux else {}
        return getattr(function, what)(*arguments, wrt=wrt, **aux)


@lru_cache(maxsize=32)
def _compiled(pickled: bytes) -> Any:
    import cloudpickle

    from ..compiling.compiled import Compiled  # here, so that a worker without the extra can report it
    from ..compiling.recorded_graph import CompiledGraph, GraphFunction

    f, options = cloudpickle.loads(pickled)
    return (CompiledGraph if isinstance(f, GraphFunction) else Compiled)(f, **options)


def block_values(block: Block, kernel: Kernel, names: Sequence[str], shared: Sequence[Any]) -> Any:
    """Return the value for each row of a block."""
    return kernel.run("values", block, names, shared)


def block_sum(
    block: Block,
    kernel: Kernel,
    names: Sequence[str],
    shared: Sequence[Any],
    what: str,
    wrt: Any,
    has_aux: bool = False,
) -> Any:
    """Return the derivatives that the method `what` gives for a block; values are summed over its rows."""
    found = kernel.run(what, block, names, shared, wrt, has_aux)
    if what == "value_and_grad":
        values, gradient = found
        return mapped(lambda rows: float(np.sum(rows, dtype=np.float64)), values), gradient
    return found


class Spread:
    """A compiled function whose batched arguments are rows on a cluster. Created by `spread`.

    Its methods take the other (shared) arguments, in the function's order. They are sent to each
    worker once per call; the function itself once, and again if something it uses has changed.
    """

    def __init__(self, compiled: Compiled, rows: Rows) -> None:
        self.compiled: Compiled = compiled
        self.rows: Rows = rows
        given = getattr(compiled.f, "names", None) or inspect.signature(compiled.f).parameters
        self.names: list[str] = list(given)
        self.batched: list[str] = _batched(compiled, self.names)
        if {*self.batched} != {*rows.shapes}:
            raise ValueError(
                f"the rows have {', '.join(rows.shapes)}, but the function's batched arguments are "
                f"{', '.join(self.batched) or 'none'}: give the same names"
            )
        self.shared: list[str] = [name for name in self.names if name not in self.batched]
        self._made_of: Any = None
        self._kernel: Future | None = None

    def values(self, *shared: Any, lazily: bool = False) -> Any:
        """Return the value for each row, in order; with `lazily` a dask array that stays on the workers.

        Raises TypeError for `lazily` if the function returns several numbers.
        """
        blocks = self.rows.each(block_values, self._sent(), self.names, self._given(shared))
        if lazily:
            return self._lazily(blocks)
        found = gathered(self.rows.client, blocks)
        values = mapped(lambda *parts: np.concatenate(parts), *found)
        counts: list[int] = []
        mapped(lambda array: counts.append(len(array)), values)
        if any(count != self.rows.size for count in counts):
            raise RuntimeError(f"there are values for {counts} rows, but there are {self.rows.size:,}")
        return values

    def _lazily(self, blocks: list[Future]) -> Any:
        import dask.array

        dtype = self.compiled.dtype
        parts = [
            dask.array.from_delayed(_delayed(block), (count,), dtype=dtype)
            for block, count in zip(blocks, self.rows.counts, strict=True)
        ]
        return dask.array.concatenate(parts)

    def value_and_grad(
        self, *shared: Any, wrt: Any = None, argnums: Any = None, has_aux: bool = False
    ) -> tuple[Any, Any]:
        """Return the sum of the values over all rows, and its gradient with respect to `wrt`.

        `wrt` is by default all shared arguments: one gives its gradient, several a tuple.

        With `has_aux` f returns several numbers: the first is differentiated, all are summed.
        """
        found: tuple[Any, Any] = self._summed("value_and_grad", shared, wrt, argnums, has_aux=has_aux)
        return found

    def grad(self, *shared: Any, wrt: Any = None, argnums: Any = None) -> Any:
        """Return the gradient of the sum of the values, as `value_and_grad` does, without the value."""
        return self._summed("grad", shared, wrt, argnums)

    def hessian(self, *shared: Any, wrt: Any = None, argnums: Any = None) -> Any:
        """Return the second derivatives of the sum, for each pair of arguments in `wrt`."""
        return self._summed("hessian", shared, wrt, argnums)

    def _summed(self, what: str, shared: tuple[Any, ...], wrt: Any, argnums: Any, has_aux: bool = False) -> Any:
        wrt = one_of(wrt, argnums)
        return self.total(block_sum, shared, what, self._wrt(wrt), has_aux)

    def total(
        self, function: Callable[..., Any], shared: Sequence[Any], *more: Any, rows: Rows | None = None
    ) -> Any:
        """Return the sum over all blocks of `function(block, kernel, names, shared, *more)`.

        `block_sum` is such a function. `rows` are other rows with the same names to sum over.
        """
        over = self.rows if rows is None else rows
        return over.total(function, self._sent(), self.names, self._given(tuple(shared)), *more)

    def _wrt(self, wrt: Any) -> Any:
        """Return the names of the arguments to differentiate with respect to."""
        bare = isinstance(wrt, str | int) or (wrt is None and len(self.shared) == 1)
        asked = self.shared if wrt is None else [wrt] if bare else list(wrt)
        for item in asked:
            if item not in self.names and not (isinstance(item, int) and abs(item) < len(self.names)):
                raise ValueError(
                    f"wrt={quoted(item)} is not an argument; the arguments are {', '.join(self.names)}"
                )
        names = [item if isinstance(item, str) else self.names[item] for item in asked]
        rows = [name for name in names if name in self.batched]
        if rows or not names:
            raise ValueError(
                f"wrt must name shared arguments on a cluster, here {', '.join(self.shared) or 'none'}, not "
                f"{', '.join(rows) or 'nothing'}: other derivatives cannot be summed over the rows"
            )
        return names[0] if bare else tuple(names)

    def _given(self, shared: tuple[Any, ...]) -> tuple[Any, ...]:
        parameters = getattr(self.compiled.f, "parameters", None)
        if parameters and len(shared) == len(self.shared) - 1:
            shared = (*shared, np.array([value.data for value in parameters]))
        if len(shared) != len(self.shared):
            raise TypeError(
                f"expected the shared arguments {', '.join(self.shared) or '(none)'}, got {len(shared)}: the "
                f"rows hold the others ({', '.join(self.batched)})"
            )
        return shared

    def _sent(self) -> Future:
        """Return the kernel's future on the workers; Dask recomputes a lost one."""
        from ..compiling.recorded_graph import GraphFunction

        f = self.compiled.f
        made_of = _leaves_from_outside(f) if isinstance(f, GraphFunction) else _pickled(self.compiled)
        if self._kernel is None or made_of != self._made_of:
            pickled = made_of if isinstance(made_of, bytes) else _pickled(self.compiled)
            self._made_of = made_of
            self._kernel = self.rows.client.submit(Kernel, pickled, pure=False)
        return self._kernel


def _batched(compiled: Any, names: list[str]) -> list[str]:
    """Return the names of the batched arguments."""
    batched = compiled.batched
    if batched == "all":
        return names
    asked = [batched] if isinstance(batched, str | int) else batched
    return [item if isinstance(item, str) else names[item] for item in asked]


def _leaves_from_outside(graph: Any) -> list[float]:
    """Return the values of the leaves that a traced graph has besides its inputs and parameters."""
    given = {*graph.inputs, *graph.parameters}
    return [node.data for node in topological_order(graph.root) if not node.operands and node not in given]


def _pickled(compiled: Any) -> bytes:
    import cloudpickle

    options = {
        "batched": compiled.batched, "dtype": compiled.dtype.name, "threads": compiled.threads,
        "lanes": compiled.lanes,
    }  # fmt: skip
    pickled: bytes = cloudpickle.dumps((compiled.f, options))
    return pickled


def _delayed(future: Future) -> Any:
    import dask

    return dask.delayed(future)


def spread(compiled: Compiled, rows: Rows) -> Spread:
    """Evaluate a compiled function over rows on a cluster; their names are its batched arguments.

    Results equal those on one machine up to rounding. They are bitwise equal from run to run, for
    any number of workers and after failures, as long as the processors are of one kind. Raises
    ValueError if the names differ.

    >>> from autograd import compile, exp
    >>> decay = compile(lambda t, y, rate: (y - exp(-rate * t)) ** 2, batched=("t", "y"))
    >>> with connect() as client:  # doctest: +SKIP
    ...     spread(decay, rows(client, t=times, y=heights)).value_and_grad(0.5)
    (3.25, -1.5)
    """
    from ..compiling.compiled import Compiled

    if not isinstance(compiled, Compiled):
        raise TypeError(f"spread takes a function compiled with batched=..., not {quoted(compiled)}")
    return Spread(compiled, rows)
