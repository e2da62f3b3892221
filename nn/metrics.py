"""Metrics: measures of the predictions besides the loss that training minimises."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from autograd import enable_grad, no_grad
from autograd.terminal import kind_of, quoted

from .data.dataset import Dataset, as_dataset
from .losses import Loss, loss_function
from .module import Module

Metric = Callable[[Sequence[Any], Sequence[Any]], float]
"""A function of predictions (numbers or lists of numbers) and as many targets that returns one number."""

APPROXIMATING = ("mse_loss", "l1_loss", "huber_loss")
"""Losses of regression, whose predictions approach the targets: the class is the nearer target."""


class Evaluation(NamedTuple):
    """The loss and the metrics of a model on a data set."""

    loss: float
    metrics: dict[str, float]


def binary_accuracy(predictions: Sequence[float], targets: Sequence[float], threshold: float = 0.0) -> float:
    """Return the fraction of predictions on the correct side: above the threshold iff the target is above 0.

    >>> binary_accuracy([2.0, -1.0, 0.5], [1.0, -1.0, -1.0])
    0.6666666666666666
    """
    pairs = list(zip(predictions, targets, strict=True))
    return sum((p > threshold) == (t > 0) and not math.isnan(p) for p, t in pairs) / len(pairs)


def class_accuracy(predictions: Sequence[Sequence[float]], targets: Sequence[float]) -> float:
    """Return the fraction of predictions whose largest output is at the index given by the target.

    >>> class_accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    pairs = list(zip(predictions, targets, strict=True))
    return sum(_largest(p) == t for p, t in pairs) / len(pairs)


def accuracy(
    model: Callable[[Sequence[Any]], Any], data: Any, targets: Any = None, threshold: float | None = None
) -> float:
    """Return the fraction of examples that the model classifies correctly, in evaluation mode.

    Call it as `accuracy(model, X, y)` or `accuracy(model, dataset)`. One output is correct if it is above
    `threshold` exactly where the target is above 0; the default is 0, or 0.5 where the output is
    a sigmoid. Of several outputs the largest must be at the target's index. Raises ValueError for no
    examples, and for several outputs with targets that are not indices of them.

    >>> accuracy(lambda inputs: inputs[0], [[1.0], [-2.0]], [1.0, 1.0])
    0.5
    """
    refuse_swapped("accuracy", model)
    data = as_dataset(data, targets)
    outputs = plain(predictions(model, data))
    if not isinstance(outputs[0], list):
        above = border(model, data.inputs[0]) if threshold is None else threshold
        targets_ = [next(iter(t)) if isinstance(t, Collection) and len(t) == 1 else t for t in data.targets]
        return binary_accuracy(outputs, targets_, above)
    if not are_classes(data.targets, len(outputs[0])):
        raise ValueError(
            f"the accuracy of {len(outputs[0])} outputs needs targets that are whole numbers from 0 to "
            f"{len(outputs[0]) - 1}, one for each example"
        )
    return class_accuracy(outputs, data.targets)


def refuse_swapped(function: str, model: Any) -> None:
    """Raise TypeError unless a function's first argument can be called, as a model can.

    >>> refuse_swapped("accuracy", [[1.0], [2.0]])
    Traceback (most recent call last):
    ...
    TypeError: accuracy takes the model first, as in accuracy(model, data), got [[1.0], [2.0]] of type list
    """
    if not callable(model):
        raise TypeError(
            f"{function} takes the model first, as in {function}(model, data), got {quoted(model)} of type "
            f"{kind_of(model)}"
        )


def border(model: Callable[[Sequence[Any]], Any], inputs: Sequence[Any]) -> float:
    """Return the decision threshold of two classes: 0.5 if the output is a sigmoid, otherwise 0.

    >>> from nn import MLP
    >>> border(MLP(2, [1], ["sigmoid"]), [0.0, 1.0]), border(MLP(2, [1]), [0.0, 1.0])
    (0.5, 0.0)
    """
    with enable_grad(), mode(model, training=False):
        op = getattr(model(inputs), "op", None)
    return 0.5 if op is not None and op.name == "sigmoid" else 0.0


def evaluate(
    model: Callable[[Sequence[Any]], Any],
    data: Any,
    loss: str | Loss = "mse_loss",
    metrics: Mapping[str, Metric] | None = None,
) -> Evaluation:
    """Compute the loss and the metrics of a model, in evaluation mode and without recording a graph.

    The data are a Dataset or a pair `(X, y)`. The default of `metrics` is the accuracy if the targets
    are classes (see `usual_metrics`).

    >>> evaluate(lambda inputs: inputs[0], Dataset([[1.0], [-2.0]], [1.0, 1.0]))
    Evaluation(loss=4.5, metrics={'accuracy': 0.5})
    """
    refuse_swapped("evaluate", model)
    data = as_dataset(data)
    return evaluation(predictions(model, data), data, loss, metrics)


def evaluation(
    outputs: Sequence[Any], data: Dataset, loss: str | Loss, metrics: Mapping[str, Metric] | None
) -> Evaluation:
    """Compute the loss and the metrics of given outputs.

    >>> evaluation([1.0, -2.0], Dataset([[1.0], [-2.0]], [1.0, 1.0]), "mse_loss", {})
    Evaluation(loss=4.5, metrics={})
    """
    with no_grad():
        found = loss_function(loss)(outputs, data.targets)
    numbers = plain(outputs)
    asked = usual_metrics(numbers, data.targets, loss) if metrics is None else metrics
    return Evaluation(plain(found), {name: float(f(numbers, data.targets)) for name, f in asked.items()})


def usual_metrics(outputs: Sequence[Any], targets: Sequence[Any], loss: str | Loss) -> dict[str, Metric]:
    """Return the accuracy as a metric if the targets are classes; none for regression and autoencoders.

    One output and targets of -1 and +1, or of 0 and 1, are two classes, separated by the sign;
    or at 0.5, if the targets are 0 and 1 and the loss is one of regression. Several outputs
    with their indices as targets are classes too.

    >>> usual_metrics([0.4], [1.5], "mse_loss")
    {}
    """
    if isinstance(outputs[0], list):
        return {"accuracy": class_accuracy} if are_classes(targets, len(outputs[0])) else {}
    if any(isinstance(target, list | tuple) for target in targets):
        return {}
    if not ({*targets} <= {-1, 1} or {*targets} <= {0, 1}):
        return {}
    border = threshold(targets, loss)
    return {"accuracy": lambda given, targets_: binary_accuracy(given, targets_, border)}


def threshold(targets: Sequence[Any], loss: str | Loss) -> float:
    """Return the decision threshold of two classes: 0, or 0.5 for a regression loss and targets 0 and 1.

    >>> threshold([0, 1], "mse_loss"), threshold([-1, 1], "mse_loss")
    (0.5, 0.0)
    """
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "")
    return 0.5 if name in APPROXIMATING and 0 in targets else 0.0


def are_classes(targets: Sequence[Any], count: int) -> bool:
    """Return whether every target is an integer with 0 <= target < `count`."""
    return all(not isinstance(t, Collection) and t in range(count) for t in targets)


def predictions(model: Callable[[Sequence[Any]], Any], data: Dataset) -> list[Any]:
    """Return the model's output for every example, in evaluation mode, without recording a graph.

    >>> predictions(lambda inputs: inputs[0], Dataset([[1.0], [-2.0]], [1.0, 1.0]))
    [1.0, -2.0]
    """
    if not data.size:
        raise ValueError("the data set has no examples: at least 1 example is needed")
    with no_grad(), mode(model, training=False):
        return [model(inputs) for inputs in data.inputs]


@contextmanager
def mode(model: object, training: bool) -> Iterator[None]:
    """Put a model in training or evaluation mode for a block; afterwards restore the mode of each module."""
    modules = list(model.modules()) if isinstance(model, Module) else []
    before = [module.training for module in modules]
    for module in modules:
        module.training = training
    try:
        yield
    finally:
        for module, was in zip(modules, before, strict=True):
            module.training = was


def plain(output: Any) -> Any:
    """Return an output without its graph: a float, or a list of floats."""
    if isinstance(output, list | tuple):
        return [plain(item) for item in output]
    try:
        return float(getattr(output, "data", output))
    except (TypeError, ValueError):
        raise TypeError(f"expected a number, got {quoted(output)}") from None


def as_list(output: Any) -> list[Any]:
    """Return a model's output as a list, also if it is a single one.

    >>> as_list(0.5), as_list((0.5, 1.0))
    ([0.5], [0.5, 1.0])
    """
    return list(output) if isinstance(output, list | tuple) else [output]


def _largest(outputs: Sequence[float]) -> int | None:
    """Return the index of the largest output, or None if one is nan, which does not compare."""
    if any(math.isnan(x) for x in outputs):
        return None
    return max(range(len(outputs)), key=lambda k: outputs[k])
