"""Losses: the distance of predictions from targets, as one number to minimise.

All are the mean over a batch. A prediction is a number or a list of numbers; for lists, `mse_loss`,
`l1_loss`, `huber_loss` and `binary_cross_entropy_with_logits` take the mean over every entry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Sized
from typing import Any, SupportsFloat

from autograd import Value, clip, dot, log, logsumexp, mean, relu, softplus, square, total, where
from autograd.terminal import kind_of, quoted

from .argument_checks import by_name, real

Loss = Callable[[Sequence[Any], Sequence[Any]], Any]
"""A function of predictions and as many targets that returns one Value."""


def mse_loss(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Return the mean of (prediction - target)^2: PyTorch's MSELoss.

    >>> mse_loss([1.0, 3.0], [0.0, 1.0])
    2.5
    """
    return mean([square(p - t) for p, t in _entries("mse_loss", predictions, targets)])


def l1_loss(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Return the mean of |prediction - target|: PyTorch's L1Loss.

    >>> l1_loss([1.0, 3.0], [0.0, 1.0])
    1.5
    """
    return mean([abs(p - t) for p, t in _entries("l1_loss", predictions, targets)])


def huber_loss(predictions: Sequence[Any], targets: Sequence[Any], delta: float = 1.0) -> Any:
    """Return the mean Huber loss, quadratic up to `delta` and linear beyond: PyTorch's HuberLoss.

    With d = |prediction - target|: d^2 / 2 where d <= delta, delta (d - delta / 2) beyond.
    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35
    (1964). Raises ValueError for a delta that is not above 0.

    >>> huber_loss([1.0, 3.0], [0.5, 1.0])
    0.8125
    """
    if not real("delta", delta) > 0:
        raise ValueError(f"delta must be a number above 0, got {quoted(delta)}")

    def bent(p: Any, t: Any) -> Any:
        distance = p - t
        near = clip(distance, -delta, delta)
        return near * (distance - 0.5 * near)

    return mean([bent(p, t) for p, t in _entries("huber_loss", predictions, targets)])


def hinge(predictions: Sequence[Any], targets: Sequence[float]) -> Any:
    """Return the mean of max(0, 1 - target * prediction); targets are -1 and +1.

    It is 0 for a prediction on the correct side with margin 1 or more. Raises ValueError for other targets.

    >>> hinge([2.0, 0.5], [1.0, -1.0])
    0.75
    """
    pairs = _entries("hinge", predictions, targets)
    for _, target in pairs:
        if _known(target) and target not in (-1, 1):
            raise ValueError(
                f"hinge takes targets of -1 and +1, not {quoted(target)}: turn 0 and 1 into -1 and +1 with "
                "2 * target - 1"
            )
    return mean([relu(1 - t * p) for p, t in pairs])


def binary_cross_entropy_with_logits(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Return the mean of -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)); targets from 0 to 1.

    The prediction z is a logit, before any sigmoid. Computed as softplus(z) - t z, which is exact
    and finite for every z: PyTorch's BCEWithLogitsLoss. Raises ValueError for other targets.

    >>> round(binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0]), 6)
    0.346574
    """
    pairs = _entries("binary_cross_entropy_with_logits", predictions, targets)
    for _, target in pairs:
        if _known(target) and not 0 <= target <= 1:
            raise ValueError(
                f"binary_cross_entropy_with_logits takes targets from 0 to 1, not {quoted(target)}: turn -1 "
                "and +1 into 0 and 1 with (1 + target) / 2, or use hinge"
            )
    # For a correct prediction softplus(z) - z would lose the digits that softplus(-z) has.
    return mean([_cross_entropy_of_two(p, t) for p, t in pairs])


def _cross_entropy_of_two(p: Any, t: Any) -> Any:
    """Return the term of one logit; a target of 0 or 1 has one summand, which avoids 0 times infinity."""
    if _known(t) and t in (0, 1):
        return softplus(-p if t else p)
    return t * softplus(-p) + (1 - t) * softplus(p)


def cross_entropy(predictions: Sequence[Sequence[Any]], targets: Sequence[Any]) -> Any:
    """Return the mean of -log(softmax(z)[t]) = logsumexp(z) - z_t: PyTorch's CrossEntropyLoss.

    A prediction is a list of logits, one for each class; a target is the class, counted from 0,
    or a list of probabilities, one for each class. A logit of -inf masks its class: its gradient is
    0, and the loss is inf where that class is the target. Raises ValueError for anything else.

    >>> round(cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [0, 1]), 6)
    0.346574
    >>> round(cross_entropy([[0.0, 0.0, -math.inf]], [0]), 6)
    0.693147
    """
    _same_length("cross_entropy", predictions, targets)
    return mean([_cross_entropy(z, t) for z, t in zip(predictions, targets, strict=True)])


def _cross_entropy(prediction: Any, target: Any) -> Any:
    logits = _logits(prediction, "cross_entropy")
    if _is_list(target):
        shares = _probabilities(target, len(logits), "cross_entropy")
        counted = [(t, z) for t, z in zip(shares, logits, strict=True) if not (_known(t) and t == 0)]
        return _relative_to(dot(*zip(*counted, strict=True)), logits)
    if not (isinstance(target, SupportsFloat) and target in range(len(logits))):
        raise ValueError(
            f"cross_entropy of {len(logits)} classes takes a whole number from 0 to {len(logits) - 1} as its "
            f"target, or {len(logits)} probabilities, not {quoted(target)}"
        )
    return _relative_to(logits[int(float(target))], logits)


def _relative_to(chosen: Any, logits: list[Any]) -> Any:
    """Return logsumexp(logits) - chosen, without cancellation between large numbers.

    Where the chosen one is -inf, the class of the target is masked, and the difference is inf.
    """
    unmasked = chosen > -math.inf
    if not isinstance(unmasked, Value) and unmasked:
        return logsumexp([z - chosen for z in logits])
    shift = where(unmasked, chosen, 0.0)
    return logsumexp([z - shift for z in logits]) - (chosen - shift)


def kl_divergence(predictions: Sequence[Sequence[Any]], targets: Sequence[Sequence[float]]) -> Any:
    """Return the mean of the sum of t log(t / q) over the classes, q = softmax of the prediction's logits.

    The relative entropy of the target to the predicted distribution, in nats: S. Kullback, R. A. Leibler, On
    information and sufficiency, Annals of Mathematical Statistics 22 (1951). PyTorch's KLDivLoss with
    reduction="batchmean" of log_softmax(z). Raises ValueError for targets that are not probabilities.

    >>> kl_divergence([[0.0, 0.0]], [[0.5, 0.5]])
    0.0
    """
    _same_length("kl_divergence", predictions, targets)
    return mean([_kl_divergence(z, t) for z, t in zip(predictions, targets, strict=True)])


def _kl_divergence(prediction: Any, target: Any) -> Any:
    logits = _logits(prediction, "kl_divergence")
    shares = _probabilities(target, len(logits), "kl_divergence")
    entropy = total([where(t > 0, t * log(where(t > 0, t, 1.0)), 0.0) for t in shares])
    return _cross_entropy(logits, shares) + entropy


LOSSES: dict[str, Loss] = {
    "mse_loss": mse_loss,
    "l1_loss": l1_loss,
    "huber_loss": huber_loss,
    "hinge": hinge,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
    "kl_divergence": kl_divergence,
}


def loss_function(loss: str | Loss) -> Loss:
    """Return a loss by its name, or the function itself; raise ValueError for an unknown name.

    >>> loss_function("hinge") is hinge
    True
    """
    if callable(loss):
        return loss
    return by_name("loss", loss, LOSSES, _SYNONYMS, _ADVICE)


_SYNONYMS = {
    "meansquarederror": "mse_loss",
    "l2": "mse_loss",
    "mae": "l1_loss",
    "meanabsoluteerror": "l1_loss",
    "smoothl1": "huber_loss",
    "svm": "hinge",
    "bcewithlogits": "binary_cross_entropy_with_logits",
    "categoricalcrossentropy": "cross_entropy",
    "sparsecategoricalcrossentropy": "cross_entropy",
    "softmaxcrossentropy": "cross_entropy",
    "kldiv": "kl_divergence",
    "kl": "kl_divergence",
}
_ADVICE = dict.fromkeys(
    ("bce", "binarycrossentropy"),
    "Use binary_cross_entropy_with_logits, which takes logits: the model then ends without a sigmoid. ",
)
"""Losses that take probabilities."""


def _same_length(name: str, predictions: Sequence[Any], targets: Sequence[Any]) -> None:
    for word, given in {"predictions": predictions, "targets": targets}.items():
        if not _is_list(given):
            raise TypeError(
                f"{name} takes a list of predictions and a list of as many targets, got {quoted(given)} as "
                f"{word}: for one example write {name}([prediction], [target])"
            )
    if len(predictions) == 0:  # the truth value of a numpy array is ambiguous
        raise ValueError("a loss needs at least one prediction and its target")
    if len(predictions) != len(targets):
        raise ValueError(f"{len(predictions)} predictions for {len(targets)} targets: give equally many")


def _entries(name: str, predictions: Sequence[Any], targets: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Pair each number of the predictions with its target; `name` is the loss that errors mention."""
    _same_length(name, predictions, targets)
    pairs: list[tuple[Any, Any]] = []
    for prediction, target in zip(predictions, targets, strict=True):
        lists = _is_list(prediction), _is_list(target)
        if all(lists) and len(prediction) == len(target):
            pairs += zip(prediction, target, strict=True)
        elif any(lists):
            raise ValueError(_mismatch(len(prediction) if lists[0] else None, target))
        else:
            pairs.append((prediction, target))
    for _, target in pairs:
        if type(target) is not float:  # the common case, without a call
            _check_target(target)
    return pairs


def _mismatch(count: int | None, target: Any) -> str:
    """Describe a prediction of `count` numbers (None: not a list) with a target of another shape."""
    given = "one number" if count is None else f"a list of {count}"
    expected = f"a list of {len(target)}" if _is_list(target) else repr(target)
    advice = "This loss compares them one by one; for classes use cross_entropy"
    if count == 1:
        advice = "Give lists of one number as targets, or end the model with a Neuron, which returns one number"
    return f"the model gave {given} and its target is {expected}. {advice}"


def _check_target(target: Any) -> None:
    if isinstance(target, bool | str) or not (isinstance(target, SupportsFloat | Value)):
        raise TypeError(
            f"a target must be a number or a list of numbers, got {quoted(target)} of type {kind_of(target)}"
        )


def _logits(prediction: Any, name: str) -> list[Any]:
    """Return a prediction as a list of logits, one for each class."""
    if not _is_list(prediction):
        raise ValueError(
            f"{name} takes a list of logits as each prediction, one for each class, and this model gives one "
            "number: give it as many outputs as there are classes, or use binary_cross_entropy_with_logits"
        )
    return list(prediction)


def _is_list(item: Any) -> bool:
    """Return whether an item is a list, a tuple or an array."""
    return isinstance(item, Sized) and not isinstance(item, str)


def _known(target: Any) -> bool:
    """Return whether a target is a number, which can be checked; while tracing it is a Value."""
    return not isinstance(target, Value)


def _probabilities(target: Any, count: int, name: str) -> list[Any]:
    """Return a target as a list of probabilities, one for each class."""
    given = list(target) if _is_list(target) else []
    if len(given) == count:
        if not all(map(_known, given)):
            return given
        if all(0 <= t <= 1 for t in given) and abs(math.fsum(given) - 1) <= 1e-6:
            return given
    raise ValueError(f"{name} takes {count} probabilities that add up to 1 as its target, not {quoted(target)}")
