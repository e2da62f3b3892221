"""Training: predict, compare with the target, send the error back, correct; and tell how it goes."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

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

    def record(self, loss: float, accuracy: float, gradients: dict[str, float]) -> None:
        """Add an epoch: its mean loss, its accuracy, the length of each layer's gradient."""
        self.losses.append(loss)
        self.accuracies.append(accuracy)
        for layer, length in gradients.items():
            self.gradients.setdefault(layer, []).append(length)

    def __repr__(self) -> str:
        end = ", interrupted" if self.interrupted else ""
        if not self.losses:
            return f"History(no epoch finished{end})"
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
    terminal where rich is installed, or as `progress` says. Ctrl-C ends the run, and the history
    has the epochs that were finished. `after_epoch` is called with the epoch's number and the
    history. Raises ValueError for no data, for a number of epochs below 0, for a batch size below
    1 and for a model with several outputs; ImportError for `progress=True` without rich.

    >>> from nn import MLP, moons
    >>> rng = random.Random(0)
    >>> model = MLP(2, [8, 1], rng=rng)
    >>> history = fit(model, moons(40, rng=rng), "hinge", epochs=10, rng=rng)
    >>> history.losses[-1] < history.losses[0], len(history.losses)
    (True, 10)
    """
    if epochs < 0:
        raise ValueError(f"the number of epochs is 0 or more, not {epochs!r}")
    function, size = loss_function(loss), data.size if batch_size is None else batch_size
    optimiser = optimiser or SGD(model.parameters(), lr=0.1)
    history = History()
    try:
        with _progress(epochs, progress) as report:
            for epoch in range(epochs):
                batches = data.batches(size, rng)
                history.record(*_summary([_train_on(model, batch, function, optimiser) for batch in batches]))
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


class _Step(NamedTuple):
    """What one step of training has to tell."""

    size: int
    loss: float
    right: int
    lengths: dict[str, float]


def _train_on(model: Module, batch: Dataset, loss: Loss, optimiser: SGD) -> _Step:
    """Predict, send the error back, correct."""
    predictions = _predictions(model, batch)
    found: Value = loss(predictions, batch.targets)
    optimiser.zero_grad()
    found.backward()
    lengths = gradient_lengths(model)
    optimiser.step()
    return _Step(batch.size, found.data, _right(predictions, batch.targets), lengths)


def _summary(steps: list[_Step]) -> tuple[float, float, dict[str, float]]:
    """The mean loss and the accuracy over all examples, and the mean gradient lengths over the steps."""
    size = sum(step.size for step in steps)
    loss = sum(step.loss * step.size for step in steps) / size
    layers = steps[0].lengths
    lengths = {layer: sum(step.lengths[layer] for step in steps) / len(steps) for layer in layers}
    return loss, sum(step.right for step in steps) / size, lengths


def _predictions(model: Callable[[Sequence[Any]], Any], data: Dataset) -> list[Any]:
    """The model's output for every example; an error unless it is one number for each."""
    if not data.size:
        raise ValueError("the data set has no examples: at least 1 example is needed")
    predictions = [model(inputs) for inputs in data.inputs]
    if isinstance(predictions[0], list | tuple):
        raise ValueError(f"this takes a model with one output, but this one gave {len(predictions[0])}")
    return predictions


def _right(predictions: Sequence[Any], targets: Sequence[float]) -> int:
    return sum((p > 0) == (t > 0) for p, t in zip(predictions, targets, strict=True))


def accuracy(model: Callable[[Sequence[Any]], Any], data: Dataset) -> float:
    """The share of examples for which the output has the sign of the target.

    Raises ValueError for no examples and for a model with several outputs.

    >>> accuracy(lambda inputs: inputs[0], Dataset([[1.0], [-2.0]], [1.0, 1.0]))
    0.5
    """
    with no_grad():
        return _right(_predictions(model, data), data.targets) / data.size


@contextmanager
def _progress(epochs: int, wanted: bool | None) -> Iterator[Callable[[History], None]]:
    """A progress bar that is told the history after each epoch; None wants one on a terminal with rich."""
    # A program without a console has no stderr at all.
    if not (wanted or (wanted is None and sys.stderr is not None and sys.stderr.isatty())):
        yield lambda _: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError as error:
        if wanted:
            raise ImportError("a progress bar needs rich: pip install 'chainwalk[progress]'") from error
        yield lambda _: None
        return
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=epochs, told="")

        def report(history: History) -> None:
            told = f"loss {history.losses[-1]:.4f}  accuracy {history.accuracies[-1]:.1%}"
            bar.update(task, advance=1, told=told)

        yield report
