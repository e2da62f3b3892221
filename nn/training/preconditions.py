"""What training needs before it begins: arguments that fit together, or an error that says which do not."""

from __future__ import annotations

from typing import Any

from autograd import Value
from autograd.terminal import quoted

from ..data.dataset import Dataset, on_cluster
from ..losses import Loss, loss_function
from ..module import Module
from ..optimisers import Optimiser
from ..schedules import Schedule


def refuse_misfits(
    model: Any,
    data: Any,
    loss: str | Loss | None,
    optimiser: Any,
    epochs: int,
    validation: Any,
    schedule: Any,
) -> None:
    """Raise the TypeError or ValueError that says what is wrong with the arguments of `fit`, if anything is.

    >>> refuse_misfits(Module(), [[0.0]], "hinge", None, 1, None, None)
    Traceback (most recent call last):
    ...
    TypeError: data is a Dataset, such as Dataset([[0.0, 1.0]], [1.0]), not a list
    """
    refuse_no_model(model)
    for name, given in {"data": data, "validation": validation}.items():
        if given is not None or name == "data":
            _refuse_no_data(name, given)
    if loss is not None:
        loss_function(loss)
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"the number of epochs is 0 or more, not {quoted(epochs)}")
    if optimiser is not None:
        _refuse_optimiser(optimiser, model)
    if isinstance(schedule, Schedule) and schedule.optimiser is not optimiser:
        raise ValueError("the schedule is that of another optimiser, whose learning rate it would change")


def refuse_no_model(model: Any) -> None:
    """Raise TypeError unless this is a Module.

    >>> refuse_no_model(Module())
    """
    if not isinstance(model, Module):
        raise TypeError(f"fit trains a Module, whose parameters it can find, not {quoted(model)}")


def _refuse_no_data(name: str, data: Any) -> None:
    if not isinstance(data, Dataset) and not on_cluster(data):
        example = "Dataset([[0.0, 1.0]], [1.0])"
        raise TypeError(f"{name} is a Dataset, such as {example}, not a {type(data).__name__}")
    if not data.size:
        raise ValueError(f"the data set has no examples: at least 1 example is needed as {name}")


def _refuse_optimiser(optimiser: Any, model: Module) -> None:
    if not isinstance(optimiser, Optimiser):
        raise TypeError(f"optimiser is one such as SGD(model.parameters(), lr=0.1), not {quoted(optimiser)}")
    own = set(map(id, model.parameters()))
    if not any(id(parameter) in own for parameter in optimiser.parameters):
        raise ValueError("the optimiser has none of this model's parameters: make it from model.parameters()")


def recorded(loss: Any) -> Value:
    """The loss as it was given; a TypeError for one that has no graph, and so moves nothing.

    >>> recorded(0.5)
    Traceback (most recent call last):
    ...
    TypeError: a loss gives one Value, computed from the predictions, not 0.5: nothing could learn from it
    """
    if not isinstance(loss, Value):
        shown = f"a {type(loss).__name__}" if isinstance(loss, list | tuple) else quoted(loss)
        raise TypeError(
            f"a loss gives one Value, computed from the predictions, not {shown}: nothing could learn from it"
        )
    return loss
