"""Data sets of inputs and targets, split and shuffled with an explicit random generator."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence, Sized
from typing import Any, NamedTuple

from autograd.nested import as_lists
from autograd.terminal import kind_of, plural, quoted

from ..argument_checks import RNG, generator, real, several


class _Examples(NamedTuple):
    inputs: list[list[float]]
    targets: list[Any]


class Dataset(_Examples):
    """Inputs, each a list of numbers, and one target for each.

    A target is a number, a class number from 0, or a list of numbers. Arrays and tables of numpy, pandas
    or PyTorch are converted to lists. Raises ValueError for different numbers of inputs and targets.

    >>> data = Dataset([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0])
    >>> data, data.take([1]).inputs
    (Dataset(2 examples, 2 inputs), [[1.0, 0.0]])
    """

    __slots__ = ()

    def __new__(cls, inputs: Any, targets: Any) -> Dataset:
        inputs, targets = _as_list(inputs), _as_list(targets)
        several("inputs", inputs, "one list of numbers for each example")
        several("targets", targets, "one for each example")
        if len(inputs) != len(targets):
            raise ValueError(f"{len(inputs)} inputs and {len(targets)} targets: give each input one target")
        return super().__new__(cls, inputs, targets)

    def __repr__(self) -> str:
        several = bool(self.inputs) and isinstance(self.inputs[0], Sized)
        width = f", {plural(len(self.inputs[0]), 'input')}" if several else ""
        return f"Dataset({plural(self.size, 'example')}{width})"

    @property
    def size(self) -> int:
        """Return the number of examples.

        >>> Dataset([[0.0], [1.0]], [1.0, -1.0]).size
        2
        """
        return len(self.inputs)

    def take(self, positions: list[int]) -> Dataset:
        """Return the examples at these positions.

        >>> Dataset([[0.0], [1.0]], [1.0, -1.0]).take([1]).targets
        [-1.0]
        """
        return Dataset([self.inputs[k] for k in positions], [self.targets[k] for k in positions])

    def shuffled(self, rng: RNG = None) -> Dataset:
        """Return the same examples in a random order.

        >>> Dataset([[0.0], [1.0], [2.0]], [0, 1, 2]).shuffled(rng=0).targets
        [1, 2, 0]
        """
        return self.take(generator(rng).sample(range(self.size), self.size))

    def split(self, fraction: float, rng: RNG = None) -> tuple[Dataset, Dataset]:
        """Return two data sets without a common example, the first with `fraction` of the examples.

        Raises ValueError if `fraction` is not between 0 and 1, or if one of the two would be empty.

        >>> data = Dataset([[float(k)] for k in range(100)], [0.0] * 100)
        >>> [part.size for part in data.split(0.8, rng=0)]
        [80, 20]
        """
        if not 0 < real("fraction", fraction) < 1:
            raise ValueError(f"fraction must be between 0 and 1, got {quoted(fraction)}")
        cut = round(fraction * self.size)
        if not 0 < cut < self.size:
            raise ValueError(f"fraction {quoted(fraction)} leaves a part of {self.size} examples empty")
        order = generator(rng).sample(range(self.size), self.size)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(self, size: int, rng: RNG = None) -> Iterator[Dataset]:
        """Yield all examples once, in a new order, in batches of that size (the last may be smaller).

        >>> data = Dataset([[float(k)] for k in range(5)], [0.0] * 5)
        >>> [batch.size for batch in data.batches(2, rng=0)]
        [2, 2, 1]
        """
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"a batch must have at least 1 example, got {quoted(size)}")
        order = generator(rng).sample(range(self.size), self.size)
        for start in range(0, self.size, size):
            yield self.take(order[start : start + size])


class Standardiser(NamedTuple):
    """Shifts and scales columns to mean 0 and standard deviation 1, as measured on one data set.

    A constant column is only shifted.

    >>> data = Dataset([[1.0, 5.0], [3.0, 5.0]], [0.0, 1.0])
    >>> standardise(data)(data).inputs
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    means: list[float]
    deviations: list[float]

    def __call__(self, data: Dataset) -> Dataset:
        """Return the data set with standardised inputs. Raises ValueError for another number of columns."""
        return Dataset([self.point(inputs) for inputs in data.inputs], data.targets)

    def point(self, inputs: Sequence[float]) -> list[float]:
        """Return one input, standardised.

        >>> standardise(Dataset([[1.0, 5.0], [3.0, 5.0]], [0.0, 1.0])).point([2.0, 6.0])
        [0.0, 1.0]
        """
        if len(inputs) != len(self.means):
            raise ValueError(f"an input must have {len(self.means)} numbers, got {len(inputs)}")
        return [(x - m) / d for x, m, d in zip(inputs, self.means, self.deviations, strict=True)]


def standardise(data: Dataset) -> Standardiser:
    """Return a Standardiser with the means and (population) standard deviations of a data set's columns.

    Compute it from the training data alone, so that nothing of the test data leaks into the training.
    Raises ValueError for no examples, for inputs of different lengths, and for a nan or inf in them.

    >>> standardise(Dataset([[1.0], [3.0]], [0.0, 1.0])).means
    [2.0]
    """
    if not isinstance(data, Dataset):
        raise TypeError(f"standardise takes a Dataset, such as Dataset(X, y), got {quoted(data)}")
    if not data.size:
        raise ValueError("an empty data set has no means")
    widths = sorted({len(inputs) for inputs in data.inputs})
    if len(widths) > 1:
        raise ValueError(f"the inputs are {' and '.join(map(str, widths))} numbers long: give all as many")
    columns = list(zip(*data.inputs, strict=True))
    for position, column in enumerate(columns):
        if not all(map(math.isfinite, column)):
            raise ValueError(f"column {position} has a nan or inf, and so no mean and standard deviation")
    means = [math.fsum(column) / data.size for column in columns]
    deviations = [
        math.sqrt(math.fsum((x - mean) ** 2 for x in column) / data.size) or 1.0
        for column, mean in zip(columns, means, strict=True)
    ]
    return Standardiser(means, deviations)


def as_dataset(data: Any, targets: Any = None) -> Any:
    """Return a Dataset from a Dataset, from inputs and targets, or from a pair of them.

    Inputs and targets are lists, tuples or arrays; inputs that are single numbers become lists of one.
    Rows on a cluster are returned unchanged. Raises TypeError if the targets are missing.

    >>> data = as_dataset([1.0, 2.0], (2.0, 4.0))
    >>> data.inputs, data.targets
    ([[1.0], [2.0]], [2.0, 4.0])
    """
    if targets is None:
        if isinstance(data, Dataset) or on_cluster(data):
            return data
        if not (isinstance(data, tuple) and len(data) == 2):
            raise TypeError(
                f"the targets are missing: pass inputs and targets, X and y, or Dataset(X, y), got a "
                f"{kind_of(data)} alone"
            )
        data, targets = data
    elif isinstance(data, Dataset) or on_cluster(data):
        raise TypeError(f"a {kind_of(data)} already has targets: pass it alone, or X and y")
    several("inputs", data, "one list of numbers for each example")
    inputs = [row if isinstance(row, Sized) else [row] for row in _as_list(data)]
    return Dataset(inputs, targets)


def _as_list(table: Any) -> Any:
    """Return an array or a table as nested lists of Python's numbers, and a list unchanged."""
    table = as_lists(table)
    return list(table) if isinstance(table, tuple) else table


def on_cluster(data: Any) -> bool:
    """Return whether `data` is rows on a cluster, without importing `autograd.cluster`."""
    cluster = sys.modules.get("autograd.cluster")
    return cluster is not None and isinstance(data, cluster.Rows)
