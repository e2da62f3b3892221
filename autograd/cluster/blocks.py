"""Blocks of rows on a worker: made from arrays, or read from a file when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .sums import Partial

Block = dict[str, Any]
"""An array for each name, all with the same number of rows, at least 1."""


def block_of(where: str, arrays: Mapping[str, Any]) -> Block:
    """Return a block. Raises ValueError for different numbers of rows or zero rows, TypeError for text."""
    block = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{where}: {name} must hold real numbers (int or float), not {array.dtype}")
        dtype = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
        block[name] = np.ascontiguousarray(array, dtype=dtype)
    counts = {name: len(array) for name, array in block.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"{where}: different numbers of rows: {counts}")
    if not all(counts.values()):
        raise ValueError(f"{where}: a block has zero rows: leave it out, or merge it with its neighbour")
    return block


def joined(where: str, names: Sequence[str], *arrays: Any) -> Block:
    """Return a block of arrays computed by other tasks."""
    return block_of(where, dict(zip(names, arrays, strict=True)))


def size(block: Block) -> int:
    """Return the number of rows."""
    return len(next(iter(block.values())))


@dataclass(frozen=True)
class FileBlock:
    """Some rows of a file, read on the worker when needed."""

    read: Callable[..., dict[str, Any]]
    path: str
    columns: Mapping[str, Any]
    part: Any
    rows: int

    def load(self) -> Block:
        """Read the rows. Raises FileNotFoundError if the file is missing, ValueError if it has changed."""
        try:
            found = block_of(self.path, self.read(self.path, self.columns, self.part))
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{self.path} no longer exists, or not on every worker") from error
        if size(found) != self.rows:
            raise ValueError(f"{self.path} has changed: it has {size(found)} rows instead of {self.rows}")
        return found


def load(block: FileBlock) -> Block:
    """Read a block, so that it stays in the worker's memory."""
    return block.load()


def rows_of(block: Block | FileBlock, chosen: Any) -> Block:
    """Return the rows of a block at the chosen positions, or all of them."""
    block = block.load() if isinstance(block, FileBlock) else block
    return block if chosen is None else {name: array[chosen] for name, array in block.items()}


def on_block(
    block: Block | FileBlock, chosen: Any, function: Callable[..., Any], there: list[Any], sent: list[Any]
) -> Any:
    """Call a function on a block, with arguments held on the workers, then those sent with the task."""
    return function(rows_of(block, chosen), *there, *sent)


def partial_of(
    block: Block | FileBlock, chosen: Any, function: Callable[..., Any], there: list[Any], sent: list[Any]
) -> Partial:
    """Call a function on a block and return the result as a partial sum."""
    rows = rows_of(block, chosen)
    return Partial(size(rows), function(rows, *there, *sent))


def together(arguments: Sequence[Any]) -> Sequence[Any]:
    """Return the arguments unchanged: as one task they are sent to each worker only once."""
    return arguments
