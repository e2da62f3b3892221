"""A compiled function over rows on a cluster: values, gradients and Hessians as on one machine."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph import topological_order
from ..nested import mapped
from ..transforms.arguments import one_of
from .blocks import Block
from .rows import Rows
from .waiting import gathered

if TYPE_CHECKING:
    from distributed import Future

    from ..compiling.compiled import Compiled


@dataclass(frozen=True)
class Kernel:
    """A compiled function as it travels: pickled by value, compiled once in each process."""

    pickled: bytes

    def run(self, what: str, block: Block, names: Sequence[str], shared: Sequence[Any], **options: Any) -> Any:
        """What one of its methods gives for a block; arguments that have no rows come from `shared`."""
        left = iter(shared)
        arguments = [block[name] if name in block else next(left) for name in names]
        function = _compiled(self.pickled)
        return (function if what == "values" else getattr(function, what))(*arguments, **options)


@lru_cache(maxsize=32)
def _compiled(pickled: bytes) -> Any:
    import cloudpickle

    from ..compiling.compiled import Compiled  # here, so that a worker without the extra can tell
    from ..compiling.recorded_graph import CompiledGraph, GraphFunction

    f, options = cloudpickle.loads(pickled)
    return (CompiledGraph if isinstance(f, GraphFunction) else Compiled)(f, **options)


def block_values(block: Block, kernel: Kernel, names: Sequence[str], shared: Sequence[Any]) -> Any:
    """The values for each row of a block."""
    return kernel.run("values", block, names, shared)


def block_sum(
    block: Block,
    kernel: Kernel,
    names: Sequence[str],
    shared: Sequence[Any],
    what: str,
    options: dict[str, Any],
) -> Any:
    """The derivatives that one of a kernel's methods gives for a block; values summed over its rows."""
    found = kernel.run(what, block, names, shared, **options)
    if what == "value_and_grad":
        values, gradient = found
        return mapped(lambda rows: float(np.sum(rows, dtype=np.float64)), values), gradient
    return found


class Spread:
    """A compiled function whose batched arguments are rows on a cluster. Made by `spread`.

    Its methods take the other arguments, in the function's order. They are sent to each worker once
    at each call; the function itself once, or again where something that it uses has changed.
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
        """The function's value for each row, in order; `lazily` as a dask array that stays on the workers.

        Raises TypeError for `lazily` where the function gives several numbers.
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
        """The sum of the values over all rows, and its gradient with respect to the arguments in `wrt`.

        By default all that are shared: one gives its gradient, several a tuple.

        With `has_aux` f gives several numbers: the first is differentiated, all are summed.
        """
        found: tuple[Any, Any] = self._summed("value_and_grad", shared, wrt, argnums, has_aux=has_aux)
        return found

    def grad(self, *shared: Any, wrt: Any = None, argnums: Any = None) -> Any:
        """The gradient alone."""
        return self._summed("grad", shared, wrt, argnums)

    def hessian(self, *shared: Any, wrt: Any = None, argnums: Any = None) -> Any:
        """All second derivatives of the sum, for each argument in `wrt` those by each."""
        return self._summed("hessian", shared, wrt, argnums)

    def _summed(self, what: str, shared: tuple[Any, ...], wrt: Any, argnums: Any, **options: Any) -> Any:
        wrt = one_of(wrt, argnums)
        return self.total(block_sum, shared, what, options | {"wrt": self._wrt(wrt)})

    def total(
        self, function: Callable[..., Any], shared: Sequence[Any], *more: Any, rows: Rows | None = None
    ) -> Any:
        """The sum over all blocks of `function(block, kernel, names, shared, *more)`, as `block_sum` is one.

        It may be over other rows of the same names.
        """
        over = self.rows if rows is None else rows
        return over.total(function, self._sent(), self.names, self._given(tuple(shared)), *more)

    def _wrt(self, wrt: Any) -> Any:
        """Arguments to differentiate by, as names."""
        bare = isinstance(wrt, str | int) or (wrt is None and len(self.shared) == 1)
        asked = self.shared if wrt is None else [wrt] if bare else list(wrt)
        for item in asked:
            if item not in self.names and not (isinstance(item, int) and abs(item) < len(self.names)):
                raise ValueError(f"wrt={item!r} is no argument: the arguments are {', '.join(self.names)}")
        names = [item if isinstance(item, str) else self.names[item] for item in asked]
        rows = [name for name in names if name in self.batched]
        if rows or not names:
            raise ValueError(
                f"derivatives by {', '.join(rows) or 'nothing'} have no sum over the rows: on a cluster wrt is "
                f"of the shared arguments, here {', '.join(self.shared) or 'none'}"
            )
        return names[0] if bare else tuple(names)

    def _given(self, shared: tuple[Any, ...]) -> tuple[Any, ...]:
        parameters = getattr(self.compiled.f, "parameters", None)
        if parameters and len(shared) == len(self.shared) - 1:
            shared = (*shared, np.array([value.data for value in parameters]))
        if len(shared) != len(self.shared):
            raise TypeError(
                f"this takes {', '.join(self.shared) or 'nothing'}, and {len(shared)} were given: the rows "
                f"have the others ({', '.join(self.batched)})"
            )
        return shared

    def _sent(self) -> Future:
        """The kernel on the workers; made again by Dask where it is lost."""
        from ..compiling.recorded_graph import GraphFunction

        f = self.compiled.f
        made_of = _leaves_from_outside(f) if isinstance(f, GraphFunction) else _pickled(self.compiled)
        if self._kernel is None or made_of != self._made_of:
            pickled = made_of if isinstance(made_of, bytes) else _pickled(self.compiled)
            self._made_of = made_of
            self._kernel = self.rows.client.submit(Kernel, pickled, pure=False)
        return self._kernel


def _batched(compiled: Any, names: list[str]) -> list[str]:
    """The arguments with rows, by name."""
    batched = compiled.batched
    if batched == "all":
        return names
    asked = [batched] if isinstance(batched, str | int) else batched
    return [item if isinstance(item, str) else names[item] for item in asked]


def _leaves_from_outside(graph: Any) -> list[float]:
    """What a recorded graph uses besides its inputs and parameters."""
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
    """A compiled function over rows on a cluster, whose names are those of its batched arguments.

    Results equal those on one machine to rounding. They are the same to the bit from run to run,
    whichever workers there are and whatever happens to them, as long as their processors are of one
    kind. Raises ValueError where the names differ.

    >>> from autograd import compile, exp
    >>> decay = compile(lambda t, y, rate: (y - exp(-rate * t)) ** 2, batched=("t", "y"))
    >>> with connect() as client:  # doctest: +SKIP
    ...     spread(decay, rows(client, t=times, y=heights)).value_and_grad(0.5)
    (3.25, -1.5)
    """
    from ..compiling.compiled import Compiled

    if not isinstance(compiled, Compiled):
        raise TypeError(f"spread takes what autograd.compile gives, with batched=..., not {compiled!r}")
    return Spread(compiled, rows)
