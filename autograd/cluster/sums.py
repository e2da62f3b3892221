"""Sum nested numbers and arrays over blocks, in an order fixed by the partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..nested import mapped

FAN = 8
"""The number of neighbouring partial sums that one task adds, from left to right."""


@dataclass(frozen=True)
class Partial:
    """The sums over some neighbouring blocks, and the number of rows in them."""

    rows: int
    sums: Any


def combined(parts: Sequence[Partial]) -> Partial:
    """Add neighbouring partial sums, from left to right.

    >>> combined([Partial(2, (1.0, [2.0])), Partial(3, (10.0, [20.0]))])
    Partial(rows=5, sums=(11.0, [22.0]))
    """
    total = parts[0].sums
    for part in parts[1:]:
        total = mapped(lambda x, y: x + y, total, part.sums)
    return Partial(sum(part.rows for part in parts), total)
