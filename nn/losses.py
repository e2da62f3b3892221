"""Losses: how far predictions are from targets, as one number to make small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import mean, relu, square

Loss = Callable[[Sequence[Any], Sequence[float]], Any]
"""From predictions and targets, equally many, to one Value."""


def squared_error(predictions: Sequence[Any], targets: Sequence[float]) -> Any:
    """The mean of (prediction - target)^2 over a batch.

    >>> squared_error([1.0, 3.0], [0.0, 1.0])
    2.5
    """
    _same_length(predictions, targets)
    return mean([square(p - t) for p, t in zip(predictions, targets, strict=True)])


def hinge(predictions: Sequence[Any], targets: Sequence[float]) -> Any:
    """The mean of max(0, 1 - target * prediction); targets are -1 and +1.

    Zero for a prediction on the right side by a margin of 1. Raises ValueError for other targets.

    >>> hinge([2.0, 0.5], [1.0, -1.0])
    0.75
    """
    _same_length(predictions, targets)
    for target in targets:
        if target not in (-1, 1):
            raise ValueError(f"hinge takes targets of -1 and +1, not {target!r}")
    return mean([relu(1 - t * p) for p, t in zip(predictions, targets, strict=True)])


LOSSES: dict[str, Loss] = {"squared_error": squared_error, "hinge": hinge}


def loss_function(loss: str | Loss) -> Loss:
    """A loss by its name, or the function itself; a ValueError lists the names.

    >>> loss_function("hinge") is hinge
    True
    """
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise ValueError(f"no loss is called {loss!r}: there are {', '.join(LOSSES)}")
    return LOSSES[loss]


def _same_length(predictions: Sequence[Any], targets: Sequence[float]) -> None:
    if len(predictions) == 0:  # a numpy array has no truth of its own
        raise ValueError("a loss needs at least one prediction and its target")
    if len(predictions) != len(targets):
        raise ValueError(f"{len(predictions)} predictions for {len(targets)} targets: give equally many")
