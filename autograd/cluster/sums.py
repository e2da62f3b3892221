"""Sums over blocks: nested numbers and arrays, added in an order that the partition alone decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..nested import mapped

FAN = 8
"""So many neighbours in the tree are added by one task, from the first to the last."""


@dataclass(frozen=True)
class Partial:
    """The sums over some neighbouring blocks, and of how many rows they are."""

    rows: int
    sums: Any


def combined(parts: Sequence[Partial]) -> Partial:
    """Neighbours as one, added from the first to the last.

    >>> combined([Partial(2, (1.0, [2.0])), Partial(3, (10.0, [20.0]))])
    Partial(rows=5, sums=(11.0, [22.0]))
    """
    total = parts[0].sums
    for part in parts[1:]:
        total = mapped(lambda x, y: x + y, total, part.sums)
    return Partial(sum(part.rows for part in parts), total)
