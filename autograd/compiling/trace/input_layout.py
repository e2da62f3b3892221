"""Where the numbers of the arguments are: those with rows first, then shared ones, then Values from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...value import Value
from .arguments import Array, Leaf, leaves_of


class Places:
    """A place for each number of the arguments, and for each Value from outside."""

    def __init__(self, forms: Sequence[Any], captured: Sequence[Value]) -> None:
        self.forms: list[Any] = list(forms)
        self.captured: list[Value] = list(captured)
        self.leaves: list[Leaf] = [leaf for form in forms for leaf in leaves_of(form)]
        self.columns: int = sum(leaf.size for leaf in self.leaves if leaf.rows)
        """So many numbers have rows; their places come first."""
        next_column, next_shared = 0, self.columns
        self.starts: list[int] = []
        """The first place of each leaf."""
        for leaf in self.leaves:
            self.starts.append(next_column if leaf.rows else next_shared)
            if leaf.rows:
                next_column += leaf.size
            else:
                next_shared += leaf.size
        self.captured_from = next_shared
        self.of_captured: dict[Value, int] = {value: next_shared + k for k, value in enumerate(self.captured)}
        self.shared: int = next_shared - self.columns + len(self.captured)
        """So many numbers are the same for all rows."""
        self.batched: bool = any(leaf.rows for leaf in self.leaves)
        self.with_rows: list[tuple[int, int, int]] = [
            (k, start, start + leaf.size)
            for k, (start, leaf) in enumerate(zip(self.starts, self.leaves, strict=True))
            if leaf.rows
        ]
        """The leaves that have rows, with their first and last places."""

    def of_leaf(self, leaf: int) -> range:
        """The places of one leaf."""
        return range(self.starts[leaf], self.starts[leaf] + self.leaves[leaf].size)

    def all(self) -> list[int]:
        """The places of all numbers, in the order of the arguments."""
        return [place for leaf in range(len(self.leaves)) for place in self.of_leaf(leaf)]

    def leaves_at(self, position: int) -> list[int]:
        """The leaves of one argument."""
        counts = [sum(1 for _ in leaves_of(form)) for form in self.forms]
        first = sum(counts[:position])
        return list(range(first, first + counts[position]))

    def rows(self, leaves: list[Array]) -> int:
        """How many rows the arguments have. Raises ValueError where they differ."""
        rows = len(leaves[self.with_rows[0][0]])
        for k, _, _ in self.with_rows:
            if len(leaves[k]) != rows:
                counts = ", ".join(f"{self.leaves[k].name} has {len(leaves[k])}" for k, _, _ in self.with_rows)
                raise ValueError(f"the batched arguments need equally many rows, but {counts}")
        return rows

    def views(self, shared: Array) -> list[tuple[int, Array]]:
        """For each leaf without rows its part of the shared numbers, in its own shape."""
        return [
            (k, shared[start - self.columns :][: leaf.size].reshape(leaf.shape))
            for k, (start, leaf) in enumerate(zip(self.starts, self.leaves, strict=True))
            if not leaf.rows
        ]

    def put(self, shared: Array, views: list[tuple[int, Array]], leaves: list[Array]) -> None:
        """Arguments where their views are, and the present numbers of Values from outside."""
        for k, view in views:
            view[...] = leaves[k]
        if self.captured:
            start = self.captured_from - self.columns
            shared[start : start + len(self.captured)] = [value._data for value in self.captured]
