"""Blocks: rows as they lie on a worker, made of arrays, or read from a file when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .sums import Partial

Block = dict[str, Any]
"""An array for each name, all with equally many rows, at least 1."""


def made(where: str, arrays: Mapping[str, Any]) -> Block:
    """A block of arrays. Raises ValueError for unlike numbers of rows and for none, TypeError for text."""
    block = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{where}: {name} takes real numbers (int or float), not {array.dtype}")
        wanted = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
        block[name] = np.ascontiguousarray(array, dtype=wanted)
    counts = {name: len(array) for name, array in block.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"{where}: different numbers of rows: {counts}")
    if not all(counts.values()):
        raise ValueError(f"{where}: a block of zero rows: leave it out, or join it with its neighbour")
    return block


def joined(where: str, names: Sequence[str], *arrays: Any) -> Block:
    """A block of arrays that other tasks made."""
    return made(where, dict(zip(names, arrays, strict=True)))


def size(block: Block) -> int:
    """How many rows there are."""
    return len(next(iter(block.values())))


@dataclass(frozen=True)
class FileBlock:
    """Some rows of a file, read where and when they are needed."""

    read: Callable[..., dict[str, Any]]
    path: str
    columns: Mapping[str, Any]
    part: Any
    rows: int

    def load(self) -> Block:
        """Read it. Raises FileNotFoundError and ValueError where the file is not what it was."""
        try:
            found = made(self.path, self.read(self.path, self.columns, self.part))
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{self.path} is not there any more, or not on every worker") from error
        if size(found) != self.rows:
            raise ValueError(f"{self.path} has changed: {size(found)} rows where {self.rows} were")
        return found


def load(block: FileBlock) -> Block:
    """Read a block, to keep it on the worker."""
    return block.load()


def here(block: Block | FileBlock, chosen: Any) -> Block:
    """The rows of a block that count: those at the chosen positions, or all."""
    block = block.load() if isinstance(block, FileBlock) else block
    return block if chosen is None else {name: array[chosen] for name, array in block.items()}


def on_block(
    block: Block | FileBlock, chosen: Any, function: Callable[..., Any], there: list[Any], sent: list[Any]
) -> Any:
    """What a function gives for a block; its arguments are what was on the workers, and what was sent."""
    return function(here(block, chosen), *there, *sent)


def partial_of(
    block: Block | FileBlock, chosen: Any, function: Callable[..., Any], there: list[Any], sent: list[Any]
) -> Partial:
    """What a function gives for a block, as the part of a sum."""
    rows = here(block, chosen)
    return Partial(size(rows), function(rows, *there, *sent))


def together(arguments: Sequence[Any]) -> Sequence[Any]:
    """Arguments on their way to the workers: one message to each, however many blocks it has."""
    return arguments
