"""A model and its loss as native code: the same numbers to rounding, thousands of times as fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Value

from .losses import Loss, cross_entropy, loss_function
from .models import Dropout
from .module import Module

_REMEMBERED = 100_000


class CompiledModel:
    """A model with its loss, compiled; the parameters stay the model's own Values. See `compile_model`."""

    def __init__(self, model: Module, loss: str | Loss, **options: Any) -> None:
        self.model, self.loss_function = model, loss_function(loss)
        self.parameters: list[Value] = model.parameters()
        self._dropouts = [module for module in model.modules() if isinstance(module, Dropout)]
        self._seen: set[Any] = set()
        """Targets that the loss has accepted."""
        self._classes = 1
        self._predict = autograd.compile(self._prediction, batched=(0,), **options)
        self._both = autograd.compile(self._with_loss, batched=(0, 1), **options)

    def _prediction(self, inputs: Any) -> Any:
        return self.model(list(inputs))

    def _with_loss(self, inputs: Any, target: Any) -> Any:
        prediction = self.model(list(inputs))
        target = target if isinstance(target, Value) else list(target)
        return self.loss_function([prediction], [target]), prediction

    def predict(self, inputs: Sequence[Sequence[float]]) -> list[Any]:
        """The model's outputs for each example: a number, or a list of them.

        >>> from random import Random
        >>> from nn import MLP, compile_model
        >>> model = MLP(2, [3, 1], rng=Random(0))
        >>> fast = compile_model(model)
        >>> fast.predict([[0.5, -1.0]])[0] - model([0.5, -1.0]).data
        0.0
        """
        self._refuse_dropout()
        return _examples(self._predict(_table(inputs)), len(inputs))

    def loss(self, inputs: Sequence[Sequence[float]], targets: Sequence[Any]) -> float:
        """The mean loss over some examples."""
        self._refuse_dropout()
        losses, _ = self._both(_table(inputs), self._numbers(inputs, targets))
        return float(losses.sum()) / len(targets)

    def backward(self, inputs: Sequence[Sequence[float]], targets: Sequence[Any]) -> tuple[float, list[Any]]:
        """The mean loss and the predictions; every parameter's grad grows by its gradient."""
        self._refuse_dropout()
        (losses, predictions), gradient = self._both.value_and_grad(
            _table(inputs), self._numbers(inputs, targets), wrt=self.parameters, has_aux=True
        )
        count = len(targets)
        for parameter, slope in zip(self.parameters, (gradient / count).tolist(), strict=True):
            parameter.grad += slope
        return float(losses.sum()) / count, _examples(predictions, count)

    def explain(self) -> str:
        """What has been compiled."""
        return f"{self._predict.explain()}\n{self._both.explain()}"

    def _numbers(self, inputs: Sequence[Any], targets: Sequence[Any]) -> Any:
        """Targets as numbers for the loss; a class becomes a probability of 1, after the loss has seen it."""
        if len(inputs) != len(targets):
            raise ValueError(f"{len(inputs)} inputs and {len(targets)} targets: give each input one target")
        if not len(targets):
            raise ValueError("a loss needs at least one prediction and its target")
        self._check(inputs[0], targets)
        if self.loss_function is cross_entropy and not hasattr(targets[0], "__len__"):
            return [[float(k == int(target)) for k in range(self._classes)] for target in targets]
        return [list(t) if hasattr(t, "__len__") else t for t in targets]

    def _check(self, example: Sequence[float], targets: Sequence[Any]) -> None:
        """What the loss has to say of the targets, each kind of them once: compiled code cannot refuse any."""
        fresh = {tuple(t) if hasattr(t, "__len__") else t for t in targets} - self._seen
        if fresh:
            with autograd.no_grad():
                prediction = self.model(list(example))
                self._classes = len(prediction) if isinstance(prediction, list | tuple) else 1
                for target in fresh:
                    self.loss_function([prediction], [target])
            self._seen = (self._seen if len(self._seen) < _REMEMBERED else set()) | fresh

    def _refuse_dropout(self) -> None:
        if any(module.training and module.p for module in self._dropouts):
            raise ValueError(
                "Dropout in training draws new numbers at each call, which compiled code cannot: train "
                "without compiled=True, or put the model in evaluation mode with model.eval()"
            )


def _table(inputs: Sequence[Sequence[float]]) -> Any:
    return inputs if hasattr(inputs, "ndim") else [list(row) for row in inputs]


def _examples(found: Any, count: int) -> list[Any]:
    """Arrays for each output as a list for each example."""
    if isinstance(found, list | tuple):
        columns = [item.tolist() for item in found]
        return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(count)]
    return list(found.tolist())


def compile_model(model: Module, loss: str | Loss = "mse_loss", **options: Any) -> CompiledModel:
    """A model and its loss as native code, for training and for inference; needs the extra `compile`.

    The parameters stay the model's own Values: their data is read at each call, and `backward` adds
    to their grads. Results equal those of the model itself to rounding. The options are those of
    `autograd.compile`. Raises ValueError for Dropout in training; TracingError where a model or a
    loss branches on a number.

    >>> from random import Random
    >>> from nn import MLP
    >>> model = MLP(2, [3, 1], rng=Random(0))
    >>> fast = compile_model(model, "mse_loss")
    >>> loss, predictions = fast.backward([[0.5, -1.0], [1.0, 1.0]], [1.0, 0.0])
    >>> abs(predictions[0] - model([0.5, -1.0]).data) < 1e-15
    True
    """
    return CompiledModel(model, loss, **options)
