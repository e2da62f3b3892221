"""What computes in a run of training: the recorded graph, native code, or a cluster behind one interface."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol

from autograd import Value

from ..data.dataset import Dataset
from ..losses import Loss, loss_function
from ..metrics import Evaluation, Metric, evaluate, evaluation, mode, plain, usual_metrics
from ..module import Module
from ..optimisers import Optimiser
from .compiled_model import CompiledModel, compile_model
from .divergence import Watch
from .preconditions import recorded


class Step(NamedTuple):
    """One batch, forward and backward."""

    loss: float
    size: int
    predictions: list[Any]
    targets: list[Any]
    problem: str = ""
    """What is wrong with the loss or a gradient; empty if nothing is."""
    measured: Mapping[str, float] = {}
    """Sums over the examples of what a cluster measured of them, where the predictions stay there."""


class Engine(Protocol):
    """What computes in a run of training."""

    def batches(self, size: int, rng: random.Random) -> Iterator[Any]:
        """All examples once, in a new order."""

    def backward(self, batch: Any) -> Step:
        """The loss of a batch, and its gradient in the parameters."""

    def evaluate(self, data: Any) -> Evaluation:
        """The loss and the metrics on other data, in evaluation mode."""

    def measure(self, steps: Sequence[Step]) -> dict[str, float]:
        """The metrics over all examples, each at the time when it was trained on."""


class Interpreted:
    """The model itself: every batch is recorded as a graph."""

    def __init__(
        self,
        model: Module,
        loss: str | Loss,
        data: Any,
        optimiser: Optimiser,
        watch: Watch,
        metrics: Mapping[str, Metric] | None,
    ) -> None:
        self.model: Module = model
        self.loss: str | Loss = loss
        self.data: Any = data
        self.optimiser: Optimiser = optimiser
        self.watch: Watch = watch
        self.metrics: Mapping[str, Metric] | None = metrics

    def batches(self, size: int, rng: random.Random) -> Iterator[Any]:
        found: Iterator[Any] = self.data.batches(size, rng)
        return found

    def backward(self, batch: Dataset) -> Step:
        predictions = [self.model(inputs) for inputs in batch.inputs]
        loss = recorded(loss_function(self.loss)(predictions, batch.targets))
        problem = self.watch.loss(loss)
        if not problem:
            self.optimiser.zero_grad()
            loss.backward()
            problem = self.watch.gradients(loss, self.optimiser.parameters)
        return Step(loss.data, batch.size, plain(predictions), list(batch.targets), problem)

    def evaluate(self, data: Any) -> Evaluation:
        if not isinstance(data, Dataset):
            raise TypeError("validation on a cluster goes with training on it: give client=")
        return evaluate(self.model, data, self.loss, self.metrics)

    def measure(self, steps: Sequence[Step]) -> dict[str, float]:
        predictions = [each for step in steps for each in step.predictions]
        targets = [each for step in steps for each in step.targets]
        metrics = usual_metrics(predictions, targets, self.loss) if self.metrics is None else self.metrics
        return {name: float(metric(predictions, targets)) for name, metric in metrics.items()}

    def problem(self, loss: float) -> str:
        """What is wrong with a loss that has no graph, or with the gradients; empty if nothing is."""
        number = Value(loss)
        return self.watch.loss(number) or self.watch.gradients(number, self.optimiser.parameters)


class Compiled(Interpreted):
    """The model and its loss as native code."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.compiled: CompiledModel = compile_model(self.model, self.loss)

    def backward(self, batch: Dataset) -> Step:
        self.optimiser.zero_grad()
        loss, predictions = self.compiled.backward(*batch)
        if self.problem(loss):  # the graph tells where a nan began
            return super().backward(batch)
        return Step(loss, batch.size, predictions, list(batch.targets))

    def evaluate(self, data: Any) -> Evaluation:
        if not isinstance(data, Dataset):
            return super().evaluate(data)
        with mode(self.model, training=False):
            return evaluation(self.compiled.predict(data.inputs), data, self.loss, self.metrics)


def engine(
    model: Module,
    loss: str | Loss,
    data: Any,
    optimiser: Optimiser,
    watch: Watch,
    metrics: Mapping[str, Metric] | None,
    *,
    compiled: bool,
    client: Any,
) -> AbstractContextManager[Engine]:
    """The engine of a run: native code where `compiled`, a cluster where the data or a client are."""
    if isinstance(data, Dataset) and client is None:
        kind = Compiled if compiled else Interpreted
        return nullcontext(kind(model, loss, data, optimiser, watch, metrics))
    from .distributed import distributed

    return distributed(model, loss, data, optimiser, watch, metrics, client)
