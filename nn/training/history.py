"""The history of a training run, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from autograd.terminal import brief, plural, quoted


@dataclass(frozen=True)
class Epoch:
    """The loss, the metrics and the learning rate of one epoch.

    >>> Epoch(0.5, {"accuracy": 0.75}).summary
    ['loss 0.5000', 'accuracy 75.0%']
    """

    loss: float
    """The mean over the examples, each as predicted when it was trained on."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    gradients: Mapping[str, float] = field(default_factory=dict)
    """The gradient norm of each layer, averaged over the batches."""
    lr: float = math.nan
    validation_loss: float | None = None
    validation_metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def monitored(self) -> float:
        """Return the loss that early stopping monitors: the validation loss if there is one.

        >>> Epoch(0.5, validation_loss=0.75).monitored
        0.75
        """
        return self.loss if self.validation_loss is None else self.validation_loss

    @property
    def summary(self) -> list[str]:
        """Return the losses and the metrics, each as a short text.

        >>> Epoch(0.25, {"accuracy": 0.75}, validation_loss=0.125).summary
        ['loss 0.2500', 'validation loss 0.1250', 'accuracy 75.0%']
        """
        words = [f"loss {_shown(self.loss)}"]
        if self.validation_loss is not None:
            words.append(f"validation loss {_shown(self.validation_loss)}")
        named = {**self.metrics, **{f"validation {name}": x for name, x in self.validation_metrics.items()}}
        return words + [
            f"{brief(name, 40)} {x:.1%}" if name.endswith("accuracy") else f"{brief(name, 40)} {x:.4f}"
            for name, x in named.items()
        ]


class History:
    """The epochs of a run: a sequence of Epochs, with a list for each quantity, such as `losses`.

    `nn.plot_history(history)` draws the curves.

    >>> history = History()
    >>> history.record(Epoch(0.5, {"accuracy": 0.75}))
    >>> history.record(Epoch(0.25, {"accuracy": 1.0}))
    >>> history.losses, history.accuracies
    ([0.5, 0.25], [0.75, 1.0])
    >>> history
    History(2 epochs, loss 0.5000 -> 0.2500, accuracy 100.0%)
    """

    def __init__(self, epochs: list[Epoch] | None = None) -> None:
        self.epochs: list[Epoch] = list(epochs or [])
        self.interrupted = False
        """Whether Ctrl-C ended the run; the epochs before it are recorded."""
        self.further_steps = 0
        """The number of steps taken in the unfinished epoch before the run was stopped."""
        self.best_epoch: int | None = None
        """With early stopping, the index of the epoch whose weights were restored, from 0."""

    def record(self, epoch: Epoch) -> None:
        """Add an epoch, at once, so that an interruption cannot leave a part of it.

        >>> history = History()
        >>> history.record(Epoch(0.5))
        >>> len(history)
        1
        """
        self.epochs.append(epoch)

    @property
    def losses(self) -> list[float]:
        """Return the training loss of each epoch.

        >>> History([Epoch(0.5), Epoch(0.25)]).losses
        [0.5, 0.25]
        """
        return [epoch.loss for epoch in self.epochs]

    @property
    def validation_losses(self) -> list[float]:
        """Return the loss on the validation data after each epoch; empty without validation data.

        >>> History([Epoch(0.5, validation_loss=0.75)]).validation_losses
        [0.75]
        """
        found = [epoch.validation_loss for epoch in self.epochs]
        return [] if None in found else [loss for loss in found if loss is not None]

    @property
    def accuracies(self) -> list[float]:
        """Return the fraction of training examples classified correctly, for each epoch.

        >>> History([Epoch(0.5, {"accuracy": 0.75})]).accuracies
        [0.75]
        """
        return self.metrics.get("accuracy", [])

    @property
    def metrics(self) -> dict[str, list[float]]:
        """Return the values of each metric, one for every epoch.

        >>> History([Epoch(0.5, {"accuracy": 0.75})]).metrics
        {'accuracy': [0.75]}
        """
        return _columns([epoch.metrics for epoch in self.epochs])

    @property
    def validation_metrics(self) -> dict[str, list[float]]:
        """Return the values of each metric on the validation data, one for every epoch."""
        return _columns([epoch.validation_metrics for epoch in self.epochs])

    @property
    def gradients(self) -> dict[str, list[float]]:
        """Return the gradient norms of each layer, averaged over each epoch's batches."""
        return _columns([epoch.gradients for epoch in self.epochs])

    @property
    def learning_rates(self) -> list[float]:
        """Return the learning rate of each epoch."""
        return [epoch.lr for epoch in self.epochs]

    def state_dict(self, start: int = 0) -> dict[str, Any]:
        """Return the history as plain lists and dicts, or only the epochs from index `start` on."""
        return {"epochs": [asdict(epoch) for epoch in self.epochs[start:]]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned. Raises ValueError, and changes nothing, for anything else."""
        epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        for number, epoch in enumerate(epochs):
            columns = (epoch.metrics, epoch.gradients, epoch.validation_metrics)
            numbers = [epoch.loss, epoch.lr, 0.0 if epoch.validation_loss is None else epoch.validation_loss]
            numbers += [x for column in columns if isinstance(column, Mapping) for x in column.values()]
            mappings = all(isinstance(column, Mapping) for column in columns)
            if not mappings or not all(isinstance(x, int | float) for x in numbers):
                raise ValueError(f"epoch {number} has an entry that is not a number")
        self.epochs = epochs

    def __repr__(self) -> str:
        end = ", interrupted" if self.interrupted else ""
        if self.interrupted and self.further_steps:
            end += f" after {plural(self.further_steps, 'step')} more"
        if not self.epochs:
            return f"History(no epoch finished{end})"
        first, last = (
            loss.partition(" ")[2] for loss in (self.epochs[0].summary[0], self.epochs[-1].summary[0])
        )
        losses = f"loss {first} -> {last}" if len(self.epochs) > 1 else f"loss {first}"
        words = [plural(len(self.epochs), "epoch"), losses, *self.epochs[-1].summary[1:]]
        return f"History({', '.join(words)}{end})"

    if not TYPE_CHECKING:  # a type checker would accept every name

        def __getattr__(self, name: str) -> Any:
            """Raise AttributeError, with advice for the words of other libraries."""
            advice = ": use nn.plot_history(history)" if "plot" in name else ""
            if name == "history":
                advice = ": use history.losses, history.accuracies or history.metrics"
            raise AttributeError(f"a History has no attribute {quoted(name)}{advice}", name=name, obj=self)

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __getitem__(self, position: int) -> Epoch:
        return self.epochs[position]


def _shown(loss: float) -> str:
    """Return a loss with four decimals; a very small one with four significant digits."""
    return f"{loss:.4f}" if not 0 < abs(loss) < 0.001 else f"{loss:.3e}"


def _columns(rows: list[Mapping[str, float]]) -> dict[str, list[float]]:
    """Return the column of each key of the rows, with nan where a row lacks it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name, math.nan) for row in rows] for name in names}
