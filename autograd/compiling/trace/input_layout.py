"""The layout of the inputs: batched numbers first, then shared ones, then captured Values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...value import Value
from .arguments import Array, Leaf, leaves_of


class InputLayout:
    """A place for each number of the arguments and for each captured Value."""

    def __init__(self, forms: Sequence[Any], captured: Sequence[Value]) -> None:
        self.forms: list[Any] = list(forms)
        self.captured: list[Value] = list(captured)
        self.leaves: list[Leaf] = [leaf for form in forms for leaf in leaves_of(form)]
        self.columns: int = sum(leaf.size for leaf in self.leaves if leaf.rows)
        """The number of batched numbers in each row; their places come first."""
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
        """The number of numbers that are shared by all rows."""
        self.batched: bool = any(leaf.rows for leaf in self.leaves)
        self.with_rows: list[tuple[int, int, int]] = [
            (k, start, start + leaf.size)
            for k, (start, leaf) in enumerate(zip(self.starts, self.leaves, strict=True))
            if leaf.rows
        ]
        """The batched leaves, each with its first place and the place after its last."""

    def of_leaf(self, leaf: int) -> range:
        """Return the places of one leaf."""
        return range(self.starts[leaf], self.starts[leaf] + self.leaves[leaf].size)

    def all(self) -> list[int]:
        """Return the places of all numbers, in the order of the arguments."""
        return [place for leaf in range(len(self.leaves)) for place in self.of_leaf(leaf)]

    def leaves_at(self, position: int) -> list[int]:
        """Return the indices of the leaves of one argument."""
        counts = [sum(1 for _ in leaves_of(form)) for form in self.forms]
        first = sum(counts[:position])
        return list(range(first, first + counts[position]))

    def rows(self, leaves: list[Array]) -> int:
        """Return the number of rows of the batched arguments. Raises ValueError if they differ."""
        rows = len(leaves[self.with_rows[0][0]])
        for k, _, _ in self.with_rows:
            if len(leaves[k]) != rows:
                counts = ", ".join(f"{self.leaves[k].name} has {len(leaves[k])}" for k, _, _ in self.with_rows)
                raise ValueError(f"the batched arguments must have the same number of rows, got: {counts}")
        return rows

    def views(self, shared: Array) -> list[tuple[int, Array]]:
        """Return for each unbatched leaf a view of its part of the shared numbers, in its shape."""
        return [
            (k, shared[start - self.columns :][: leaf.size].reshape(leaf.shape))
            for k, (start, leaf) in enumerate(zip(self.starts, self.leaves, strict=True))
            if not leaf.rows
        ]

    def put(self, shared: Array, views: list[tuple[int, Array]], leaves: list[Array]) -> None:
        """Copy arguments into their views, and the current numbers of captured Values."""
        for k, view in views:
            view[...] = leaves[k]
        self.put_captured(shared)

    def put_captured(self, shared: Array) -> None:
        """Copy the current numbers of captured Values to their places."""
        if self.captured:
            start = self.captured_from - self.columns
            shared[start : start + len(self.captured)] = [value._data for value in self.captured]
