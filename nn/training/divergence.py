"""Detect divergence: stop the training at once, and report where the first bad number came from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd import Value, first_anomaly

from ..module import Module
from .history import History

EXPLOSION = 1e6
"""The factor over the first loss, or over 1 if that is smaller, at which a loss has exploded."""


class DivergenceError(ArithmeticError):
    """Training diverged: a loss or a gradient is nan or infinite, or the loss exploded.

    The model has the parameters from before the failed step; `history` has the finished epochs,
    `epoch` and `step` are the indices of the failed step, from 0.
    """

    def __init__(self, what: str, history: History, epoch: int, step: int) -> None:
        super().__init__(
            f"training diverged in epoch {epoch}, step {step} (the first is 0): {what}. The model has the "
            "parameters from before this step. Lower the learning rate, clip the gradient with clip=..., "
            "or check the data"
        )
        self.what: str = what
        self.history: History = history
        self.epoch: int = epoch
        self.step: int = step

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.history, self.epoch, self.step)


class Watch:
    """Checks every step of a run; each method returns a description of the problem, or "".

    >>> watch = Watch(Module())
    >>> watch.loss(Value(0.5)), watch.loss(Value(2e6))
    ('', 'the loss is 2e+06, more than 1e+06 times that of the first step, 0.5, or than 1e+06')
    """

    def __init__(self, model: Module) -> None:
        self.model = model
        self.first: float | None = None

    def loss(self, loss: Value) -> str:
        """Return the problem of a loss: it is not finite, or far above the run's first."""
        if not math.isfinite(loss.data):
            return f"the loss is {loss.data!r}. {_origin(loss)}"
        if self.first is None:
            self.first = loss.data
        if loss.data > EXPLOSION * max(1.0, self.first):
            first = f"that of the first step, {self.first:g}, or than {EXPLOSION:g}"
            return f"the loss is {loss.data:g}, more than {EXPLOSION:g} times {first}"
        return ""

    def gradients(self, loss: Value, parameters: Sequence[Value]) -> str:
        """Return the problem of the gradients, after a backward pass from the loss."""
        for parameter in parameters:
            if not math.isfinite(parameter.grad):
                return f"the gradient of {self.name(parameter)} is {parameter.grad!r}. {_origin(loss)}"
        return ""

    def parameters(self, parameters: Sequence[Value]) -> str:
        """Return the problem of the parameters after an update."""
        for parameter in parameters:
            if not math.isfinite(parameter.data):
                made = f"the update made {self.name(parameter)} {parameter.data!r}"
                return f"{made}, with a gradient of {parameter.grad:g}"
        return ""

    def name(self, parameter: Value) -> str:
        """Return a parameter's name in the model, else its label."""
        names = (name for name, known in self.model.named_parameters() if known is parameter)
        return next(names, parameter.label or "a parameter outside the model")

    def state_dict(self) -> dict[str, Any]:
        """Return the loss of the first step, as a plain dict."""
        return {"first": self.first}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned. Raises ValueError, and changes nothing, for anything else."""
        if not isinstance(state["first"], int | float | None):
            raise ValueError("the loss of the first step is not a number")
        self.first = state["first"]


def _origin(loss: Value) -> str:
    found = first_anomaly(loss)
    return f"It began here: {found.text}" if found else "It began outside the graph of the loss"
