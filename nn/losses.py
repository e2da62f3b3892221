"""Losses: how far predictions are from targets, as one number to make small.

All are the mean over a batch. A prediction is a number or a list of them; of lists, `squared_error`,
`absolute_error`, `huber` and `binary_cross_entropy_with_logits` take the mean over every entry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd import Value, dot, log, logsumexp, mean, minimum, relu, softplus, square, total, where

Loss = Callable[[Sequence[Any], Sequence[Any]], Any]
"""From predictions and targets, equally many, to one Value."""


def squared_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """The mean of (prediction - target)^2: PyTorch's MSELoss.

    >>> squared_error([1.0, 3.0], [0.0, 1.0])
    2.5
    """
    return mean([square(p - t) for p, t in _entries(predictions, targets)])


def absolute_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """The mean of |prediction - target|: PyTorch's L1Loss.

    >>> absolute_error([1.0, 3.0], [0.0, 1.0])
    1.5
    """
    return mean([abs(p - t) for p, t in _entries(predictions, targets)])


def huber(predictions: Sequence[Any], targets: Sequence[Any], delta: float = 1.0) -> Any:
    """Squared near the target, straight beyond `delta`: the mean of PyTorch's HuberLoss.

    With d = |prediction - target|: d^2 / 2 where d <= delta, delta (d - delta / 2) beyond.
    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35
    (1964). Raises ValueError for a delta that is not above 0.

    >>> huber([1.0, 3.0], [0.5, 1.0])
    0.8125
    """
    if not delta > 0:
        raise ValueError(f"delta is a number above 0, not {delta!r}")

    def bent(p: Any, t: Any) -> Any:
        distance = abs(p - t)
        near = minimum(distance, delta)
        return near * (distance - 0.5 * near)

    return mean([bent(p, t) for p, t in _entries(predictions, targets)])


def hinge(predictions: Sequence[Any], targets: Sequence[float]) -> Any:
    """The mean of max(0, 1 - target * prediction); targets are -1 and +1.

    Zero for a prediction on the right side by a margin of 1. Raises ValueError for other targets.

    >>> hinge([2.0, 0.5], [1.0, -1.0])
    0.75
    """
    pairs = _entries(predictions, targets)
    for _, target in pairs:
        if _known(target) and target not in (-1, 1):
            raise ValueError(f"hinge takes targets of -1 and +1, not {target!r}")
    return mean([relu(1 - t * p) for p, t in pairs])


def binary_cross_entropy_with_logits(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """The mean of -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)); targets from 0 to 1.

    The prediction z is a logit, before any sigmoid. Computed as softplus(z) - t z, which is exact
    and finite for every z: PyTorch's BCEWithLogitsLoss. Raises ValueError for other targets.

    >>> round(binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0]), 6)
    0.346574
    """
    pairs = _entries(predictions, targets)
    for _, target in pairs:
        if _known(target) and not 0 <= target <= 1:
            raise ValueError(
                f"binary_cross_entropy_with_logits takes targets from 0 to 1, not {target!r}: turn -1 and +1 "
                "into 0 and 1 with (1 + target) / 2, or use hinge"
            )
    # On the right side softplus(z) - z would lose the digits that softplus(-z) has.
    return mean([t * softplus(-p) + (1 - t) * softplus(p) for p, t in pairs])


def cross_entropy(predictions: Sequence[Sequence[Any]], targets: Sequence[Any]) -> Any:
    """The mean of -log(softmax(z)[t]) = logsumexp(z) - z_t: PyTorch's CrossEntropyLoss.

    A prediction is a list of logits, one for each class; a target is the class, counted from 0,
    or a list of probabilities, one for each class. Raises ValueError for anything else.

    >>> round(cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [0, 1]), 6)
    0.346574
    """
    _same_length(predictions, targets)
    return mean([_cross_entropy(list(z), t) for z, t in zip(predictions, targets, strict=True)])


def _cross_entropy(logits: list[Any], target: Any) -> Any:
    if isinstance(target, list | tuple):
        _probabilities(target, len(logits), "cross_entropy")
        chosen = dot(target, logits)
        return logsumexp([z - chosen for z in logits])
    if target != target or int(target) != target or not 0 <= target < len(logits):
        raise ValueError(
            f"cross_entropy of {len(logits)} classes takes a whole number from 0 to {len(logits) - 1} as its "
            f"target, or {len(logits)} probabilities, not {target!r}"
        )
    return logsumexp([z - logits[int(target)] for z in logits])


def kl_divergence(predictions: Sequence[Sequence[Any]], targets: Sequence[Sequence[float]]) -> Any:
    """The mean of the sum of t log(t / q) over the classes, q = softmax of the prediction's logits.

    How many nats the predicted distribution wastes on the target's: S. Kullback, R. A. Leibler, On
    information and sufficiency, Annals of Mathematical Statistics 22 (1951). PyTorch's KLDivLoss with
    reduction="batchmean" of log_softmax(z). Raises ValueError for targets that are no distribution.

    >>> kl_divergence([[0.0, 0.0]], [[0.5, 0.5]])
    0.0
    """
    _same_length(predictions, targets)
    for logits, target in zip(predictions, targets, strict=True):
        _probabilities(target, len(logits), "kl_divergence")
    entropies = [
        total([where(t > 0, t * log(where(t > 0, t, 1.0)), 0.0) for t in target]) for target in targets
    ]
    crosses = [_cross_entropy(list(z), list(t)) for z, t in zip(predictions, targets, strict=True)]
    return mean([cross + entropy for cross, entropy in zip(crosses, entropies, strict=True)])


LOSSES: dict[str, Loss] = {
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "huber": huber,
    "hinge": hinge,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
    "kl_divergence": kl_divergence,
}


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


def _same_length(predictions: Sequence[Any], targets: Sequence[Any]) -> None:
    if len(predictions) == 0:  # a numpy array has no truth of its own
        raise ValueError("a loss needs at least one prediction and its target")
    if len(predictions) != len(targets):
        raise ValueError(f"{len(predictions)} predictions for {len(targets)} targets: give equally many")


def _entries(predictions: Sequence[Any], targets: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each number of the predictions with its target."""
    _same_length(predictions, targets)
    pairs = []
    for prediction, target in zip(predictions, targets, strict=True):
        if not isinstance(prediction, list | tuple):
            pairs.append((prediction, target))
        elif not hasattr(target, "__len__") or len(target) != len(prediction):
            given = f"{len(target)} numbers" if hasattr(target, "__len__") else repr(target)
            raise ValueError(
                f"the model gave {len(prediction)} numbers and its target is {given}: this loss compares them "
                "one by one; for classes use cross_entropy"
            )
        else:
            pairs += zip(prediction, target, strict=True)
    return pairs


def _known(target: Any) -> bool:
    """Whether a target is a number, which can be checked; one that is being recorded is a Value."""
    return not isinstance(target, Value)


def _probabilities(target: Sequence[float], count: int, name: str) -> None:
    if len(target) == count and not all(map(_known, target)):
        return
    if len(target) != count or any(not 0 <= t <= 1 for t in target) or abs(math.fsum(target) - 1) > 1e-6:
        raise ValueError(f"{name} takes {count} probabilities that add up to 1 as its target, not {target!r}")
