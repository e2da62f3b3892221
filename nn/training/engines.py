"""The engines of a training run behind one interface: recorded graph, native code, or cluster."""

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
    """The problem of the loss or a gradient; empty if there is none."""
    measured: Mapping[str, float] = {}
    """The metrics, summed over the examples, if the predictions stay on the cluster."""


class Engine(Protocol):
    """The interface to what computes in a training run."""

    def batches(self, size: int, rng: random.Random) -> Iterator[Any]:
        """Yield all examples once, in a new order."""

    def backward(self, batch: Any) -> Step:
        """Return the loss of a batch, and add its gradient to the parameters' grads."""

    def evaluate(self, data: Any) -> Evaluation:
        """Return the loss and the metrics on other data, in evaluation mode."""

    def measure(self, steps: Sequence[Step]) -> dict[str, float]:
        """Return the metrics over all examples, each as predicted when it was trained on."""


class Interpreted:
    """The engine that records every batch as a graph."""

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
            raise TypeError("validation data on a cluster need training on a cluster: pass client=")
        return evaluate(self.model, data, self.loss, self.metrics)

    def measure(self, steps: Sequence[Step]) -> dict[str, float]:
        predictions = [each for step in steps for each in step.predictions]
        targets = [each for step in steps for each in step.targets]
        metrics = usual_metrics(predictions, targets, self.loss) if self.metrics is None else self.metrics
        return {name: float(metric(predictions, targets)) for name, metric in metrics.items()}

    def problem(self, loss: float) -> str:
        """Return the problem of a loss without a graph, or of the gradients; "" if there is none."""
        number = Value(loss)
        return self.watch.loss(number) or self.watch.gradients(number, self.optimiser.parameters)


class Compiled(Interpreted):
    """The engine that runs the model and its loss as native code."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.compiled: CompiledModel = compile_model(self.model, self.loss)

    def backward(self, batch: Dataset) -> Step:
        self.optimiser.zero_grad()
        loss, predictions = self.compiled.backward(*batch)
        if self.problem(loss):  # the graph shows where a nan began
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
    """Return the engine of a run: native code if `compiled`, a cluster if the data are on one."""
    if isinstance(data, Dataset) and client is None:
        kind = Compiled if compiled else Interpreted
        return nullcontext(kind(model, loss, data, optimiser, watch, metrics))
    from .distributed import distributed

    return distributed(model, loss, data, optimiser, watch, metrics, client)
