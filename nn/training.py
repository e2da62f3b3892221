"""Training: predict, compare with the target, send the error back, correct; and tell how it goes."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd import Value, no_grad

from .data import Dataset
from .losses import Loss, loss_function
from .module import Module
from .optimisers import SGD


class History:
    """What happened in each epoch: the mean loss, and the share of signs that were right."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.gradients: dict[str, list[float]] = {}
        """For each layer the length of its parameters' gradient, the mean over an epoch's batches."""
        self.interrupted = False
        """Whether Ctrl-C ended the run; what came before it is here."""

    def __repr__(self) -> str:
        if not self.losses:
            return "History(no epoch finished)"
        end = ", interrupted" if self.interrupted else ""
        return (
            f"History({len(self.losses)} epochs, loss {self.losses[0]:.4f} -> {self.losses[-1]:.4f}, "
            f"accuracy {self.accuracies[-1]:.1%}{end})"
        )


def fit(
    model: Module,
    data: Dataset,
    loss: str | Loss = "squared_error",
    optimiser: SGD | None = None,
    *,
    epochs: int,
    rng: random.Random,
    batch_size: int | None = None,
    progress: bool | None = None,
    after_epoch: Callable[[int, History], None] | None = None,
) -> History:
    """Train a model with one output by mini-batches, and give the history of the run.

    Each batch is one forward pass, one backward pass and one step of the optimiser (SGD with
    lr=0.1 by default); without `batch_size` all examples are one batch. A progress bar shows on a
    terminal where rich is installed, or as `progress` says. Ctrl-C ends the run after what is
    done, and the history says so. `after_epoch` is called with the epoch's number and the history.

    >>> from nn import MLP, moons
    >>> rng = random.Random(0)
    >>> model = MLP(2, [8, 1], rng=rng)
    >>> history = fit(model, moons(40, rng=rng), "hinge", epochs=10, rng=rng)
    >>> history.losses[-1] < history.losses[0], len(history.losses)
    (True, 10)
    """
    function = loss_function(loss)
    optimiser = optimiser or SGD(model.parameters(), lr=0.1)
    history = History()
    try:
        with _progress(epochs, sys.stderr.isatty() if progress is None else progress) as report:
            for epoch in range(epochs):
                batches = data.batches(batch_size or data.size, rng)
                results = [_train_on(model, batch, function, optimiser) for batch in batches]
                history.losses.append(sum(total for total, _, _ in results) / data.size)
                history.accuracies.append(sum(right for _, right, _ in results) / data.size)
                for layer in gradient_lengths(model):
                    mean = sum(lengths[layer] for _, _, lengths in results) / len(results)
                    history.gradients.setdefault(layer, []).append(mean)
                report(history)
                if after_epoch:
                    after_epoch(epoch, history)
    except KeyboardInterrupt:
        history.interrupted = True
    return history


def gradient_lengths(model: Module) -> dict[str, float]:
    """For each part of a model, such as a layer, the length of its parameters' gradient now.

    The parts are those that the model is directly made of; a model without any is one part.

    >>> from nn import MLP
    >>> model = MLP(1, [1, 1], activation="linear", rng=random.Random(0))
    >>> model([3.0]).backward()
    >>> gradient_lengths(model).keys()
    dict_keys(['layers.0', 'layers.1'])
    """
    parts = dict(model.children()) or {type(model).__name__: model}
    return {name: math.hypot(*(p.grad for p in part.parameters())) for name, part in parts.items()}


def _train_on(model: Module, batch: Dataset, loss: Loss, optimiser: SGD) -> tuple[float, int, dict[str, float]]:
    """One step; the batch's loss times its size, how many signs were right, the gradients' lengths."""
    predictions = [model(inputs) for inputs in batch.inputs]
    found: Value = loss(predictions, batch.targets)
    optimiser.zero_grad()
    found.backward()
    lengths = gradient_lengths(model)
    optimiser.step()
    return found.data * batch.size, _right(predictions, batch.targets), lengths


def _right(predictions: Sequence[Any], targets: Sequence[float]) -> int:
    return sum((p > 0) == (t > 0) for p, t in zip(predictions, targets, strict=True))


def accuracy(model: Module, data: Dataset) -> float:
    """The share of examples for which the output has the sign of the target.

    >>> accuracy(lambda inputs: inputs[0], Dataset([[1.0], [-2.0]], [1.0, 1.0]))
    0.5
    """
    with no_grad():
        return _right([model(inputs) for inputs in data.inputs], data.targets) / data.size


@contextmanager
def _progress(epochs: int, wanted: bool) -> Iterator[Callable[[History], None]]:
    """A progress bar that is told the history after each epoch; silent where rich is missing."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        wanted = False
    if not wanted:
        yield lambda _: None
        return
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=epochs, told="")

        def report(history: History) -> None:
            told = f"loss {history.losses[-1]:.4f}  accuracy {history.accuracies[-1]:.1%}"
            bar.update(task, advance=1, told=told)

        yield report
