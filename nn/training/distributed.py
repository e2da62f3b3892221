"""Training on a cluster: the examples stay on the workers, the parameters are sent at each step."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import cloudpickle
import numpy as np

import autograd
from autograd import cluster, minimum
from autograd.cluster import Rows, Spread
from autograd.terminal import kind_of, quoted

from ..data.dataset import Dataset
from ..losses import Loss, cross_entropy
from ..metrics import Evaluation, Metric, mode, plain, threshold, usual_metrics
from ..module import Module
from ..optimisers import Optimiser
from .compiled_model import CompiledModel, as_examples
from .divergence import Watch
from .engines import Interpreted, Step

_KINDS = 1000
"""The number of different targets of each block that the loss checks."""


class Batch(NamedTuple):
    """Examples on a cluster, and their positions in the data set if it is on this machine too."""

    inputs: Rows
    positions: list[int] | None


@dataclass(frozen=True)
class Outputs:
    """Predictions of consecutive examples; adding concatenates them."""

    parts: tuple[Any, ...]

    def __add__(self, other: Outputs) -> Outputs:
        return Outputs(self.parts + other.parts)


@dataclass(frozen=True)
class Right:
    """The number of correct predictions: on the same side as the target, or largest at its class."""

    threshold: float

    def __call__(self, predictions: Any, targets: Any) -> float:
        if isinstance(predictions, list):
            table = np.stack(predictions, axis=1)
            right = (table.argmax(axis=1) == targets) & ~np.isnan(table).any(axis=1)
        else:
            right = ((predictions > self.threshold) == (targets > 0)) & (predictions == predictions)
        return float(right.sum())


@dataclass(frozen=True)
class Summed:
    """A metric of lists, multiplied by the number of examples."""

    metric: Metric

    def __call__(self, predictions: Any, targets: Any) -> float:
        return float(self.metric(as_examples(predictions, len(targets)), targets.tolist())) * len(targets)


class DistributedModel(CompiledModel):
    """A compiled model with its loss, and examples on a cluster; the parameters stay the model's own Values.

    The examples are a Dataset, whose predictions are returned for the metrics; or rows of `inputs` and
    `targets` on a cluster, where the metrics are computed for each block, and averaged over the
    examples.
    """

    def __init__(
        self, model: Module, loss: str | Loss, data: Any, client: Any, metrics: Mapping[str, Metric] | None
    ) -> None:
        super().__init__(model, loss)
        self.name: str | Loss = loss
        self.data: Any = data
        self.client: Any = client
        self.asked: Mapping[str, Metric] | None = metrics
        self.gathers: bool = isinstance(data, Dataset)
        self.measures: dict[str, Any] = {}
        self._looked: list[Rows] = []
        self._spreads: dict[bool, Spread] = {}
        self.rows: Rows = self._rows_of(data) if self.gathers else self._inspected(data)

    def _rows_of(self, data: Dataset) -> Rows:
        targets = self._numbers(data.inputs, data.targets)
        return cluster.rows(self.client, inputs=np.array(data.inputs), targets=np.array(targets))

    def _inspected(self, rows: Rows) -> Rows:
        """Let the loss check every kind of target, and determine the metrics."""
        if any(rows is known for known in self._looked):
            return rows
        if {*rows.shapes} != {"inputs", "targets"}:
            raise ValueError(f"training needs rows of inputs and targets, got {', '.join(rows.shapes)}")
        found = cluster.gathered(rows.client, rows.each(kinds))
        targets = [target for _, block in found for target in block]
        self._check([found[0][0]] * 2, targets)  # the mean of two holds for equal examples too
        if self.asked is not None:
            self.measures = {name: Summed(metric) for name, metric in self.asked.items()}
        else:
            usual = usual_metrics([plain(self.model(found[0][0]))], targets, self.name)
            self.measures = {"accuracy": Right(threshold(targets, self.name))} if usual else {}
        self._looked.append(rows)
        return rows

    def batches(self, size: int, rng: random.Random) -> Iterator[Batch]:
        """Yield all examples once, in a new order: the batches of a Dataset, or whole blocks of rows."""
        if size < 1:
            raise ValueError(f"a batch must have at least 1 example, got {quoted(size)}")
        if not self.gathers:
            yield from self._batches_of_blocks(size, rng)
            return
        order = rng.sample(range(self.rows.size), self.rows.size)
        if size >= len(order):
            yield Batch(self.rows, list(range(len(order))))
            return
        for start in range(0, len(order), size):
            positions = sorted(order[start : start + size])
            yield Batch(self.rows.take(positions), positions)

    def _batches_of_blocks(self, size: int, rng: random.Random) -> Iterator[Batch]:
        order = rng.sample(range(len(self.rows.blocks)), len(self.rows.blocks))
        batch: list[int] = []
        for k in order:
            batch.append(k)
            if sum(self.rows.counts[j] for j in batch) >= size:
                yield Batch(self.rows.some(sorted(batch)), None)
                batch = []
        if batch:
            yield Batch(self.rows.some(sorted(batch)), None)

    def targets(self, batch: Batch) -> list[Any]:
        """Return the targets of a batch, in the order of its predictions; none for rows on the cluster."""
        return [self.data.targets[k] for k in batch.positions or []]

    def examples(self, batch: Batch) -> Dataset:
        """Return the examples of a batch of a Dataset."""
        found: Dataset = self.data.take(batch.positions)
        return found

    def backward(self, inputs: Any, targets: Any = None) -> tuple[float, Any]:
        """Return the mean loss over some rows and their predictions or metrics; add to the grads."""
        self._refuse_dropout()
        loss, gradient, measured = self._total(block_step, inputs, training=True)
        for parameter, slope in zip(self.parameters, (gradient / inputs.size).tolist(), strict=True):
            parameter.grad += slope
        return loss / inputs.size, self._examples_of(measured, inputs.size)

    def evaluate(self, rows: Rows) -> Evaluation:
        """Return the mean loss and the metrics over rows on the cluster, in evaluation mode."""
        loss, measured = self._total(block_loss, self._inspected(rows), training=False)
        return Evaluation(loss / rows.size, {name: total / rows.size for name, total in measured.items()})

    def _total(self, function: Callable[..., Any], rows: Rows, training: bool) -> Any:
        weights = np.array([parameter.data for parameter in self.parameters])
        measures = None if self.gathers and training else self.measures
        return self._spread(training).total(function, (weights,), measures, rows=rows)

    def _examples_of(self, measured: Any, count: int) -> Any:
        if not self.gathers:
            return measured
        first = measured.parts[0]
        if not isinstance(first, list):
            return as_examples(np.concatenate(measured.parts), count)
        return as_examples([np.concatenate(parts) for parts in zip(*measured.parts, strict=True)], count)

    def _spread(self, training: bool) -> Spread:
        """Return the compiled loss on the cluster, of the model in training or evaluation mode."""
        if training not in self._spreads:
            with mode(self.model, training=training):
                pickled = cloudpickle.dumps((self.model, self.loss_function, self._classes))
            compiled = autograd.compile(_loss_of(pickled), batched=("inputs", "targets"))
            self._spreads[training] = cluster.spread(compiled, self.rows)
        return self._spreads[training]


def _loss_of(pickled: bytes) -> Callable[..., Any]:
    """Return a model's loss and prediction as a function of numbers, including its parameters."""

    def loss_of(inputs: Any, targets: Any, weights: Any) -> Any:
        model, loss, classes = _unpickled(pickled)
        own = {id(parameter): weight for parameter, weight in zip(model.parameters(), weights, strict=True)}
        prediction = copy.deepcopy(model, own)(list(inputs))  # the model with these weights as its parameters
        if isinstance(targets, Collection):
            target: Any = list(targets)
        elif loss is cross_entropy:  # 1 for the class itself, 0 for the others
            target = [1.0 - minimum(1.0, abs(targets - k)) for k in range(classes)]
        else:
            target = targets
        return loss([prediction], [target]), prediction

    return loss_of


@lru_cache(maxsize=8)
def _unpickled(pickled: bytes) -> tuple[Any, Any, int]:
    found: tuple[Any, Any, int] = cloudpickle.loads(pickled)
    return found


# The following runs on the workers.


def kinds(block: Any) -> tuple[list[float], list[Any]]:
    """Return the first example's inputs, and the different targets."""
    targets = block["targets"]
    different = np.unique(targets) if targets.ndim == 1 else targets
    return block["inputs"][0].tolist(), different[:_KINDS].tolist()


def block_step(block: Any, kernel: Any, names: Any, shared: Any, measures: Any) -> tuple[float, Any, Any]:
    """Return the sums of the loss and of its gradient over a block, and its predictions or metrics."""
    (losses, predictions), gradient = kernel.run(
        "value_and_grad", block, names, shared, wrt="weights", has_aux=True
    )
    measured = Outputs((predictions,)) if measures is None else _measured(block, predictions, measures)
    return float(losses.sum()), gradient, measured


def block_loss(block: Any, kernel: Any, names: Any, shared: Any, measures: Any) -> tuple[float, Any]:
    """Return the sum of the loss over a block, and its metrics."""
    losses, predictions = kernel.run("values", block, names, shared)
    return float(losses.sum()), _measured(block, predictions, measures)


def _measured(block: Any, predictions: Any, measures: dict[str, Any]) -> dict[str, float]:
    return {name: measure(predictions, block["targets"]) for name, measure in measures.items()}


class Distributed(Interpreted):
    """The engine with examples and compiled model on a cluster."""

    def __init__(self, *arguments: Any, client: Any) -> None:
        super().__init__(*arguments)
        self.cluster: DistributedModel = DistributedModel(
            self.model, self.loss, self.data, client, self.metrics
        )

    def batches(self, size: int, rng: random.Random) -> Iterator[Batch]:
        return self.cluster.batches(size, rng)

    def backward(self, batch: Any) -> Step:
        self.optimiser.zero_grad()
        size = batch.inputs.size
        loss, found = self.cluster.backward(*batch)
        problem = self.problem(loss)
        if not self.cluster.gathers:
            return Step(loss, size, [], [], problem, found)
        if problem:  # the graph shows where a nan began
            return super().backward(self.cluster.examples(batch))
        return Step(loss, size, found, self.cluster.targets(batch))

    def evaluate(self, data: Any) -> Evaluation:
        return super().evaluate(data) if isinstance(data, Dataset) else self.cluster.evaluate(data)

    def measure(self, steps: Sequence[Step]) -> dict[str, float]:
        if self.cluster.gathers:
            return super().measure(steps)
        size = sum(step.size for step in steps)
        return {name: sum(step.measured[name] for step in steps) / size for name in steps[0].measured}


@contextmanager
def distributed(
    model: Module,
    loss: str | Loss,
    data: Any,
    optimiser: Optimiser,
    watch: Watch,
    metrics: Mapping[str, Metric] | None,
    client: Any,
) -> Iterator[Distributed]:
    """Put a model and its examples on a cluster for one run of training (see `fit`)."""
    on_cluster = not isinstance(data, Dataset)
    if on_cluster and not isinstance(data, cluster.Rows):
        raise TypeError(f"training takes a Dataset, or rows on a cluster, got {kind_of(data)}")
    with cluster.connect(data.client if on_cluster else client) as connected:
        yield Distributed(model, loss, data, optimiser, watch, metrics, client=connected)
