"""Compile a model and its loss to native code: equal up to rounding, and much faster."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal

import autograd
from autograd import Value

from ..losses import LOSSES, Loss, cross_entropy, loss_function
from ..models import Dropout
from ..module import Module

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import DTypeLike

_REMEMBERED = 100_000
_ABSENT = object()


class _Structure:
    """A record of a model's modules, their attributes, and the contents of their lists."""

    def __init__(self, model: Module) -> None:
        self.modules = list(model.modules())
        self._attributes = [(vars(module), dict(vars(module))) for module in self.modules]
        lists = [item for now, _ in self._attributes for item in now.values() if isinstance(item, list)]
        self._lists = [(item, list(item)) for item in lists]
        self._ignored = {"training"}

    def modes(self) -> tuple[bool, ...]:
        """Return which modules are in training mode."""
        return tuple([module.training for module in self.modules])

    def changed(self) -> bool:
        """Return whether an attribute or an item has changed."""
        return any(now != was for now, was in self._lists) or any(
            now != was and not _differing(now, was) <= self._ignored for now, was in self._attributes
        )

    def ignore_changes(self) -> None:
        """Ignore the attributes that differ now: the model wrote them itself while it ran."""
        for now, was in self._attributes:
            if now != was:
                self._ignored |= _differing(now, was)
        self._lists = [(now, was) for now, was in self._lists if now == was]


def _differing(now: dict[str, Any], was: dict[str, Any]) -> set[str]:
    return {name for name in now.keys() | was.keys() if now.get(name, _ABSENT) is not was.get(name, _ABSENT)}


class CompiledModel:
    """A model with its loss, compiled; the parameters stay the model's own Values. See `compile_model`."""

    def __init__(
        self,
        model: Module,
        loss: str | Loss,
        *,
        dtype: DTypeLike = "float64",
        threads: int = 1,
        lanes: int | Literal["auto"] = "auto",
        cache: str | PathLike[str] | None = None,
    ) -> None:
        self.model: Module = model
        self.loss_function: Loss = loss_function(loss)
        self._options: dict[str, Any] = {"dtype": dtype, "threads": threads, "lanes": lanes, "cache": cache}
        autograd.compile(lambda x: x, **self._options)  # raises for wrong options and a missing extra at once
        self._build()

    def _build(self) -> None:
        self.parameters: list[Value] = self.model.parameters()
        self._structure = _Structure(self.model)
        self._compiled: dict[tuple[bool, ...], tuple[Any, Any]] = {}
        """The prediction and the loss, compiled, for each combination of training modes."""
        self._seen: set[Any] = set()
        """The targets that the loss has accepted."""
        self._classes = 1
        self._is_mean = self.loss_function in LOSSES.values()

    def _functions(self) -> tuple[Any, Any]:
        """Return the compiled functions for the current state of the model."""
        if self._structure.changed():
            self._build()
        modes = self._structure.modes()
        found = self._compiled.get(modes)
        if found is None:
            self._refuse_dropout()
            predict = autograd.compile(self._prediction, batched=(0,), **self._options)
            both = autograd.compile(self._with_loss, batched=(0, 1), **self._options)
            found = self._compiled[modes] = predict, both
        return found

    def _prediction(self, inputs: Any) -> Any:
        return self.model(list(inputs))

    def _with_loss(self, inputs: Any, target: Any) -> Any:
        prediction = self.model(list(inputs))
        target = target if isinstance(target, Value) else list(target)
        return self.loss_function([prediction], [target]), prediction

    def predict(self, inputs: Sequence[Sequence[float]]) -> list[Any]:
        """Return the model's output for each example: a number, or a list of numbers.

        >>> from random import Random
        >>> from nn import MLP, compile_model
        >>> model = MLP(2, [3, 1], rng=Random(0))
        >>> fast = compile_model(model)
        >>> fast.predict([[0.5, -1.0]])[0] - model([0.5, -1.0]).data
        0.0
        """
        predict, _ = self._functions()
        if not len(inputs):
            return []
        found = as_examples(predict(_table(inputs)), len(inputs))
        self._structure.ignore_changes()
        return found

    def loss(self, inputs: Sequence[Sequence[float]], targets: Sequence[Any]) -> float:
        """Return the mean loss over some examples.

        >>> from nn import MLP, compile_model, mse_loss
        >>> model = MLP(2, [3, 1], rng=0)
        >>> compile_model(model, "mse_loss").loss([[0.5, -1.0]], [1.0]) == (model([0.5, -1.0]).data - 1) ** 2
        True
        """
        _, both = self._functions()
        losses, _ = both(_table(inputs), self._numbers(inputs, targets))
        self._structure.ignore_changes()
        return float(losses.sum()) / len(targets)

    def backward(self, inputs: Sequence[Sequence[float]], targets: Sequence[Any]) -> tuple[float, list[Any]]:
        """Return the mean loss and the predictions, and add the gradient to every parameter's grad.

        >>> from nn import MLP, compile_model
        >>> model = MLP(2, [3, 1], rng=0)
        >>> loss, predictions = compile_model(model, "mse_loss").backward([[0.5, -1.0]], [1.0])
        >>> abs(loss - (predictions[0] - 1) ** 2) < 1e-15
        True
        """
        _, both = self._functions()
        (losses, predictions), gradient = both.value_and_grad(
            _table(inputs), self._numbers(inputs, targets), wrt=self.parameters, has_aux=True
        )
        self._structure.ignore_changes()
        count = len(targets)
        for parameter, slope in zip(self.parameters, (gradient / count).tolist(), strict=True):
            parameter.grad += slope
        return float(losses.sum()) / count, as_examples(predictions, count)

    def __reduce__(self) -> Any:
        return _compiled_again, (self.model, self.loss_function, self._options)

    def explain(self) -> str:
        """Return a description of what has been compiled."""
        return "\n".join(function.explain() for functions in self._compiled.values() for function in functions)

    def _numbers(self, inputs: Sequence[Any], targets: Sequence[Any]) -> Any:
        """Return targets as numbers for the loss, which checks them first; a class becomes one-hot."""
        if len(inputs) != len(targets):
            raise ValueError(f"{len(inputs)} inputs and {len(targets)} targets: give each input one target")
        if not len(targets):
            raise ValueError("a loss needs at least one prediction and its target")
        self._check(inputs, targets)
        if self.loss_function is cross_entropy and not isinstance(targets[0], Collection):
            return [[float(k == int(target)) for k in range(self._classes)] for target in targets]
        return [list(t) if isinstance(t, Collection) else t for t in targets]

    def _check(self, inputs: Sequence[Any], targets: Sequence[Any]) -> None:
        """Call the loss with each different target once, because compiled code cannot raise errors."""
        fresh = {tuple(t) if isinstance(t, Collection) else t for t in targets} - self._seen
        with autograd.no_grad():
            if fresh:
                prediction = self.model(list(inputs[0]))
                self._classes = len(prediction) if isinstance(prediction, list | tuple) else 1
                for target in fresh:
                    self.loss_function([prediction], [target])
                self._seen = (self._seen if len(self._seen) < _REMEMBERED else set()) | fresh
            if not self._is_mean and len(targets) > 1:
                self._check_mean(inputs[:2], targets[:2])

    def _check_mean(self, inputs: Sequence[Any], targets: Sequence[Any]) -> None:
        """Raise ValueError unless the loss of two examples is the mean of their losses."""
        predictions = [self.model(list(each)) for each in inputs]
        pairs = zip(predictions, targets, strict=True)
        alone = [_number(self.loss_function([prediction], [target])) for prediction, target in pairs]
        together = _number(self.loss_function(predictions, list(targets)))
        if not math.isclose(together, sum(alone) / 2, rel_tol=1e-9, abs_tol=1e-12) and math.isfinite(together):
            raise ValueError(
                f"compiled code needs a loss that is the mean over the examples: for two it is {together:g}, "
                f"for each alone {alone[0]:g} and {alone[1]:g}. Divide a sum by the number of examples"
            )
        self._is_mean = True

    def _refuse_dropout(self) -> None:
        for module in self._structure.modules:
            if isinstance(module, Dropout) and module.training and module.p:
                raise ValueError(
                    "Dropout in training mode draws random numbers, which compiled code cannot do: train "
                    "without compiled=True, or put the model in evaluation mode with model.eval()"
                )


def _number(x: Any) -> float:
    return float(getattr(x, "data", x))


def _table(inputs: Sequence[Sequence[float]]) -> Any:
    return [list(row) for row in inputs] if isinstance(inputs, list | tuple) else inputs


def as_examples(found: Any, count: int) -> list[Any]:
    """Convert arrays, one for each output, to lists, one for each example."""
    if isinstance(found, list | tuple):
        columns = [item.tolist() for item in found]
        return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(count)]
    return list(found.tolist())


def _compiled_again(model: Module, loss: Loss, options: dict[str, Any]) -> CompiledModel:
    return CompiledModel(model, loss, **options)


def compile_model(
    model: Module,
    loss: str | Loss = "mse_loss",
    *,
    dtype: DTypeLike = "float64",
    threads: int = 1,
    lanes: int | Literal["auto"] = "auto",
    cache: str | PathLike[str] | None = None,
) -> CompiledModel:
    """Compile a model and its loss to native code, for training and for inference.

    The parameters stay the model's own Values: their data is read at each call, and `backward` adds
    to their grads. Results equal those of the model up to rounding. `loss` is a name or a function,
    the options are those of `autograd.compile`. If a part of the model changes, it is compiled again.

    Raises ImportError without the extra `compile`, ValueError for Dropout in training mode and for a
    loss that is not a mean over the examples, TracingError if model or loss branch on a number.

    >>> from random import Random
    >>> from nn import MLP
    >>> model = MLP(2, [3, 1], rng=Random(0))
    >>> fast = compile_model(model, "mse_loss")
    >>> loss, predictions = fast.backward([[0.5, -1.0], [1.0, 1.0]], [1.0, 0.0])
    >>> abs(predictions[0] - model([0.5, -1.0]).data) < 1e-15
    True
    """
    return CompiledModel(model, loss, dtype=dtype, threads=threads, lanes=lanes, cache=cache)
