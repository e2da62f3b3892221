"""Rows on the workers of a cluster, in a fixed partition, and reductions over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..terminal import quoted
from .blocks import FileBlock, block_of, joined, on_block, partial_of, together
from .sums import FAN, combined
from .waiting import gathered

if TYPE_CHECKING:
    from distributed import Client, Future

BLOCK, BYTES = 2**19, 2**25
"""The default maximum of rows and bytes of a block: see README.md."""
SMALL, BLOCKS = 2**14, 16
"""Smaller data is cut into about `BLOCKS` blocks of at least `SMALL` rows each."""


class Rows:
    """Rows in blocks, an array for each name. Created by `rows` and `folder`.

    The partition and the order of every sum are fixed at creation. Dask decides which worker holds
    and processes a block, and no result depends on it.
    """

    def __init__(
        self,
        client: Client,
        blocks: Sequence[Any],
        counts: Sequence[int],
        shapes: dict[str, tuple[int, ...]],
        chosen: Sequence[Any] | None = None,
    ) -> None:
        self.client: Client = client
        self.blocks: list[Any] = list(blocks)
        self.counts: list[int] = list(counts)
        """The number of rows of each block; a block is a future, or a `FileBlock` to read."""
        self.shapes = shapes
        """The shape of each array, without its rows."""
        self._chosen = list(chosen or [None] * len(self.blocks))
        """The positions of the selected rows of each block; None for all."""
        self.size: int = sum(counts)
        """The number of rows."""

    def total(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return the sum over all blocks of `function(block, *arguments)`: numbers and arrays, nested or not.

        A block is a dict of arrays. The arguments are sent to each worker once. Raises RuntimeError
        if rows are missing from the sum.
        """
        parts = self._map(partial_of, function, arguments)
        while len(parts) > 1:
            groups = [parts[k : k + FAN] for k in range(0, len(parts), FAN)]
            parts = self.client.map(combined, groups, key="sum", pure=False)
        (found,) = gathered(self.client, parts)
        if found.rows != self.size:
            raise RuntimeError(f"the sum covers {found.rows:,} rows, but there are {self.size:,}")
        return found.sums

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Future]:
        """Return a future of `function(block, *arguments)` for each block, in order."""
        found: list[Future] = self._map(on_block, function, arguments)
        return found

    def _map(self, task: Callable[..., Any], function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Submit a task for each block; futures among the arguments are passed to the function first."""
        from distributed import Future

        there = [argument for argument in arguments if isinstance(argument, Future)]
        here = [argument for argument in arguments if not isinstance(argument, Future)]
        sent = self.client.submit(together, here, pure=False)
        return self.client.map(
            task, self.blocks, self._chosen, function=function, there=there, sent=sent,
            key=getattr(function, "__name__", "block"), pure=False,
        )  # fmt: skip

    def take(self, positions: Sequence[int]) -> Rows:
        """Select the rows at these positions, in ascending order; only the positions are sent."""
        asked = np.sort(np.asarray(positions, dtype=np.int64))
        if not len(asked) or asked[0] < 0 or asked[-1] >= self.size:
            raise ValueError(
                f"positions must be between 0 and {self.size - 1:,}, and at least one is needed, got "
                f"{quoted(positions)}"
            )
        cuts = np.cumsum([0, *self.counts])
        inside = [asked[a:b] for a, b in pairwise(np.searchsorted(asked, cuts).tolist())]
        used = [k for k, found in enumerate(inside) if len(found)]
        chosen = [(inside[k] - cuts[k]).astype(np.uint32) for k in used]
        return self._part(used, [len(item) for item in chosen], chosen)

    def some(self, blocks: Sequence[int]) -> Rows:
        """Select the rows of these blocks, in this order."""
        return self._part(blocks, [self.counts[k] for k in blocks])

    def _part(self, blocks: Sequence[int], counts: list[int], chosen: Sequence[Any] | None = None) -> Rows:
        return Rows(self.client, [self.blocks[k] for k in blocks], counts, self.shapes, chosen)

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        kept = sum(not isinstance(block, FileBlock) for block in self.blocks)
        return f"<{self.size:,} rows of {', '.join(self.shapes)} in {len(self.blocks)} blocks, {kept} kept>"


def rows(client: Client, *, block: int | None = None, **arrays: Any) -> Rows:
    """Distribute numpy arrays or dask arrays: one for each name, of the same length.

    `block` is the maximum number of rows of a block. The blocks stay on the workers; a lost one is
    recomputed, for numpy arrays from a copy that the scheduler keeps. Dask arrays keep their own
    partition, so `block` cannot be used with them.

    Raises ValueError for different numbers of rows or zero rows, TypeError for non-numeric arrays.

    >>> import numpy as np
    >>> rows(client, x=np.zeros((10, 3)), y=np.zeros(10), block=4)  # doctest: +SKIP
    <10 rows of x, y in 3 blocks, 3 kept>
    """
    if not arrays:
        raise ValueError("rows needs at least one array: give one for each name, such as x=...")
    import dask

    if any(dask.is_dask_collection(array) for array in arrays.values()):
        return _of_dask(client, arrays, block)
    given = block_of("rows", {name: np.asarray(array) for name, array in arrays.items()})
    count = len(next(iter(given.values())))
    cuts = partition(count, sum(array.nbytes for array in given.values()) // count, block)
    pieces = [{name: array[a:b] for name, array in given.items()} for a, b in pairwise(cuts)]
    return Rows(client, _sent(client, pieces), np.diff(cuts).tolist(), _shapes(given))


def partition(count: int, row: int, block: int | None) -> list[int]:
    """Return the boundaries of blocks of nearly equal size, for rows of `row` bytes.

    >>> partition(10, 8, 4)
    [0, 3, 6, 10]
    """
    if block is not None and block < 1:
        raise ValueError(f"block must be a number of rows, at least 1, got {quoted(block)}")
    usual = min(max(count // BLOCKS, SMALL), BLOCK, max(1, BYTES // max(row, 1)))
    most = usual if block is None else block
    blocks = math.ceil(count / most)
    return [count * k // blocks for k in range(blocks + 1)]


def _sent(client: Client, pieces: list[dict[str, Any]]) -> list[Future]:
    """Submit blocks as tasks whose arrays the scheduler keeps, so that a lost one is recomputed."""
    import dask

    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        return [client.submit(joined, "rows", list(piece), *piece.values(), pure=False) for piece in pieces]


def _shapes(arrays: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(array.shape[1:]) for name, array in arrays.items()}


def _of_dask(client: Client, arrays: dict[str, Any], block: int | None) -> Rows:
    import dask
    import dask.array

    if block is not None:
        raise ValueError("block= cannot be used with dask arrays: rechunk them instead")
    first = next(array for array in arrays.values() if dask.is_dask_collection(array))
    chunks = first.chunks[0]
    if any(math.isnan(n) for n in chunks):
        raise ValueError("the chunks of a dask array have unknown sizes: call its compute_chunk_sizes() first")
    aligned = {}
    for name, array in arrays.items():
        lazy = array if dask.is_dask_collection(array) else dask.array.from_array(np.asarray(array))
        if lazy.shape[0] != first.shape[0]:
            counts = {key: item.shape[0] for key, item in arrays.items()}
            raise ValueError(f"different numbers of rows: {counts}")
        aligned[name] = lazy.rechunk({0: chunks, **dict.fromkeys(range(1, lazy.ndim), -1)})
    if not all(chunks):
        raise ValueError(f"chunk {chunks.index(0)} of a dask array has zero rows: rechunk it")
    parts = zip(*(array.to_delayed().ravel() for array in aligned.values()), strict=True)
    tasks = [dask.delayed(joined)(f"chunk {k}", list(aligned), *part) for k, part in enumerate(parts)]
    return Rows(client, client.compute(tasks), chunks, _shapes(aligned))
