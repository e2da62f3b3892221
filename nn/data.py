"""Data sets: points with a number to predict, made or split with an explicit generator."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import NamedTuple


class _Examples(NamedTuple):
    inputs: list[list[float]]
    targets: list[float]


class Dataset(_Examples):
    """Inputs, each a list of numbers, and for each its target; a ValueError if they are not equally many.

    >>> data = Dataset([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0])
    >>> data.size, data.take([1]).inputs
    (2, [[1.0, 0.0]])
    """

    __slots__ = ()

    def __new__(cls, inputs: list[list[float]], targets: list[float]) -> Dataset:
        if len(inputs) != len(targets):
            raise ValueError(f"{len(inputs)} inputs and {len(targets)} targets: give each input one target")
        return super().__new__(cls, inputs, targets)

    @property
    def size(self) -> int:
        """How many examples there are."""
        return len(self.inputs)

    def take(self, positions: list[int]) -> Dataset:
        """The examples at these positions."""
        return Dataset([self.inputs[k] for k in positions], [self.targets[k] for k in positions])

    def shuffled(self, rng: random.Random) -> Dataset:
        """The same examples in another order."""
        return self.take(rng.sample(range(self.size), self.size))

    def split(self, fraction: float, rng: random.Random) -> tuple[Dataset, Dataset]:
        """Two data sets without a common example, the first with that fraction of them.

        Raises ValueError where one of the two would be empty.

        >>> [part.size for part in moons(100, rng=random.Random(0)).split(0.8, random.Random(0))]
        [80, 20]
        """
        if not 0 < fraction < 1:
            raise ValueError(f"fraction is between 0 and 1, not {fraction!r}")
        cut = round(fraction * self.size)
        if not 0 < cut < self.size:
            raise ValueError(f"fraction {fraction!r} leaves a part of {self.size} examples empty")
        order = rng.sample(range(self.size), self.size)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(self, size: int, rng: random.Random) -> Iterator[Dataset]:
        """All examples once, in a new order, in batches of that size (the last may be smaller)."""
        if size < 1:
            raise ValueError(f"a batch has at least 1 example, not {size!r}")
        order = rng.sample(range(self.size), self.size)
        for start in range(0, self.size, size):
            yield self.take(order[start : start + size])


def moons(count: int, noise: float = 0.1, *, rng: random.Random) -> Dataset:
    """Two half circles that reach into each other, the upper labelled -1 and the lower +1.

    `noise` is the standard deviation of the points' distance from their curve.

    >>> data = moons(4, noise=0.0, rng=random.Random(0))
    >>> data.targets, [round(x, 3) for x in data.inputs[0]]
    ([-1.0, 1.0, -1.0, 1.0], [1.0, 0.0])
    """
    if count < 2:
        raise ValueError(f"two moons need at least 2 points, not {count!r}")
    inputs, targets = [], []
    for k in range(count):
        angle = math.pi * (k // 2) / max(1, (count + 1) // 2 - 1)
        upper = k % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        inputs.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        targets.append(-1.0 if upper else 1.0)
    return Dataset(inputs, targets)
