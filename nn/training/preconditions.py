"""Check the arguments of `fit` before the training begins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, Protocol, runtime_checkable

from autograd import Value
from autograd.terminal import kind_of, quoted

from ..data.dataset import Dataset, on_cluster
from ..losses import Loss, loss_function
from ..module import Module
from ..optimisers import Optimiser
from ..schedules import Schedule
from .checkpoints import Checkpoint
from .stopping import EarlyStopping


def refuse_misfits(
    model: Any,
    data: Any,
    loss: str | Loss | None,
    optimiser: Any,
    epochs: int,
    validation: Any,
    schedule: Any,
) -> None:
    """Raise TypeError or ValueError for arguments of `fit` that are invalid or do not fit together.

    >>> refuse_misfits(Module(), [[0.0]], "hinge", None, 1, None, None)
    Traceback (most recent call last):
    ...
    TypeError: data must be a Dataset, such as Dataset([[0.0, 1.0]], [1.0]), got a list
    """
    refuse_no_model(model)
    for name, given in {"data": data, "validation": validation}.items():
        if given is not None or name == "data":
            _refuse_no_data(name, given)
    if loss is not None:
        loss_function(loss)
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs must be 0 or more, got {quoted(epochs)}")
    if optimiser is not None:
        _refuse_optimiser(optimiser, model)
    if isinstance(schedule, Schedule) and schedule.optimiser is not optimiser:
        raise ValueError("the schedule belongs to another optimiser: make it with the optimiser of this run")


def refuse_kinds(arguments: Mapping[str, Any]) -> None:
    """Raise TypeError for an optional argument of `fit` that is of another kind than it needs; None is allowed.

    >>> refuse_kinds({"metrics": 3})
    Traceback (most recent call last):
    ...
    TypeError: metrics must be a dict of functions, got 3 of type int
    """
    for name, given in arguments.items():
        kinds, words = _KINDS[name]
        if given is not None and (not isinstance(given, kinds) or isinstance(given, bool)):
            raise TypeError(f"{name} must be {words}, got {quoted(given)} of type {kind_of(given)}")


@runtime_checkable
class _Stepped(Protocol):
    """What is called after each epoch: a Schedule, or an object of the user's own."""

    def step(self, metric: float, /) -> object: ...


_KINDS: dict[str, tuple[Any, str]] = {
    "schedule": (_Stepped, "a Schedule, such as StepLR(optimiser, 10)"),
    "early_stopping": ((int, EarlyStopping), "a number of epochs, or an EarlyStopping"),
    "metrics": (Mapping, "a dict of functions"),
    "checkpoint": ((str, os.PathLike, Checkpoint), "a path, or a Checkpoint"),
    "clip": (Real, "a number, the largest norm of the gradient"),
    "after_epoch": (Callable, "a function of the epoch's index and the history"),
    "callbacks": (Iterable, "a list of functions of the epoch's index and the history"),
}


def refuse_no_model(model: Any) -> None:
    """Raise TypeError unless `model` is a Module.

    >>> refuse_no_model(Module())
    """
    if not isinstance(model, Module):
        raise TypeError(
            f"model must be a Module, the first argument, as in fit(model, X, y), got {quoted(model, 40)} of "
            f"type {kind_of(model)}"
        )


def _refuse_no_data(name: str, data: Any) -> None:
    if not isinstance(data, Dataset) and not on_cluster(data):
        example = "Dataset([[0.0, 1.0]], [1.0])"
        raise TypeError(f"{name} must be a Dataset, such as {example}, got a {kind_of(data)}")
    if not data.size:
        raise ValueError(f"the data set has no examples: {name} needs at least 1")


def _refuse_optimiser(optimiser: Any, model: Module) -> None:
    if not isinstance(optimiser, Optimiser):
        example = "SGD(model.parameters(), lr=0.1)"
        raise TypeError(f"optimiser must be an Optimiser, such as {example}, got {quoted(optimiser)}")
    own = set(map(id, model.parameters()))
    if not any(id(parameter) in own for parameter in optimiser.parameters):
        raise ValueError("the optimiser has none of this model's parameters: make it from model.parameters()")


def recorded(loss: Any) -> Value:
    """Return the loss unchanged. Raises TypeError unless it is a Value computed from the predictions.

    >>> recorded(0.5)
    Traceback (most recent call last):
    ...
    TypeError: loss must return a Value computed from the predictions, got 0.5
    """
    if not isinstance(loss, Value):
        shown = f"a {kind_of(loss)}" if isinstance(loss, list | tuple) else quoted(loss)
        raise TypeError(f"loss must return a Value computed from the predictions, got {shown}")
    return loss
