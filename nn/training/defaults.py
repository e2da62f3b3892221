"""The defaults of `fit`: a loss that suits the targets, an optimiser, a Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any

from autograd.terminal import listed, quoted

from ..argument_checks import by_name
from ..data.dataset import Dataset, as_dataset, on_cluster
from ..losses import Loss
from ..metrics import are_classes, border, predictions
from ..module import Module
from ..optimisers import SGD, Adam, AdamW, Optimiser, RMSprop

OPTIMISERS: Mapping[str, tuple[type[Optimiser], float]] = {
    "SGD": (SGD, 0.1),
    "RMSprop": (RMSprop, 0.01),
    "Adam": (Adam, 0.05),
    "AdamW": (AdamW, 0.05),
}
"""Optimisers by name, each with its default learning rate in `fit`."""


def usual_optimiser(model: Module, given: Any, lr: float | None) -> Any:
    """Return a given optimiser, or make one for a model from a name, a class, or None for Adam.

    Raises ValueError for an unknown name, and if `lr` is given together with an optimiser.

    >>> from nn import MLP
    >>> usual_optimiser(MLP(2, [1]), "sgd", None)
    SGD(3 parameters, lr=0.1, weight_decay=0.0, momentum=0.0, nesterov=False)
    """
    if given is None:
        given = Adam
    if isinstance(given, str):
        given = by_name("optimiser", given, OPTIMISERS, {"gradientdescent": "SGD"})[0]
    if isinstance(given, type) and issubclass(given, Optimiser):
        usual: dict[type, float] = dict(OPTIMISERS.values())
        make: Any = given
        return make(model.parameters(), lr=usual.get(given, 0.01) if lr is None else lr)
    if lr is not None:
        raise ValueError(f"lr={quoted(lr)} cannot be given with an optimiser, which has its own: set it there")
    return given


def usual_loss(model: Module, data: Any) -> str:
    """Return the name of the loss that suits the targets and the outputs of a model.

    "cross_entropy" for several outputs and targets that are class numbers;
    "binary_cross_entropy_with_logits" for one output and targets of 0 and 1, unless the output is a
    sigmoid; else, and for rows on a cluster, "mse_loss". Raises ValueError for several outputs and other
    numbers as targets.

    >>> from nn import MLP
    >>> usual_loss(MLP(2, [3]), Dataset([[0.0, 1.0], [1.0, 0.0]], [2, 0]))
    'cross_entropy'
    """
    if on_cluster(data):
        return "mse_loss"
    output = predictions(model, data.take([0]))[0]
    if any(isinstance(target, Sized) for target in data.targets):
        return "mse_loss"
    if isinstance(output, list | tuple):
        if are_classes(data.targets, len(output)):
            return "cross_entropy"
        if len(output) == 1:
            return "mse_loss"
        raise ValueError(
            f"the model has {len(output)} outputs, so each target must be a class, a whole number from 0 to "
            f"{len(output) - 1}, or a list of {len(output)} numbers, got the targets "
            f"{listed(dict.fromkeys(data.targets), 6)}"
        )
    two_classes = {*data.targets} == {0, 1} and not border(model, data.inputs[0])
    return "binary_cross_entropy_with_logits" if two_classes else "mse_loss"


def arranged(data: Any, targets: Any, loss: Any, optimiser: Any) -> tuple[Any, Loss | str | None, Any]:
    """Return data, loss and optimiser of fit(model, data, loss, optimiser) or fit(model, X, y, ...).

    >>> arranged([[0.0], [1.0]], [0.0, 2.0], "hinge", None)
    (Dataset(2 examples, 1 input), 'hinge', None)
    >>> arranged(Dataset([[0.0]], [0.0]), "hinge", None, None)[1]
    'hinge'
    """
    if isinstance(targets, str) or (callable(targets) and not isinstance(targets, Sized)):
        if loss is not None and optimiser is not None:
            raise TypeError(f"fit takes one loss, got {quoted(targets)} and {quoted(loss)}")
        targets, loss, optimiser = None, targets, optimiser if loss is None else loss
    return as_dataset(data, targets), loss, optimiser


def single_targets(model: Module, data: Dataset) -> Dataset:
    """Return the data with numbers as targets, if they are lists of one and the model has one output.

    >>> from nn import MLP
    >>> single_targets(MLP(1, [1]), Dataset([[0.0]], [[2.0]])).targets
    [2.0]
    """
    if on_cluster(data) or not all(isinstance(target, Sized) and len(target) == 1 for target in data.targets):
        return data
    if isinstance(predictions(model, data.take([0]))[0], list | tuple):
        return data
    return Dataset(data.inputs, [target[0] for target in data.targets])
