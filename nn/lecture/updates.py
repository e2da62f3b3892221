"""Compare three ways to update weights in one backward pass: after it, and during it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd import Value, zero_grad
from autograd.terminal import aligned, kind_of

from ..chains import chain
from ..data.dataset import Dataset, as_dataset
from ..losses import Loss, loss_function
from ..metrics import evaluate, mode
from ..module import Module
from .layerwise import layerwise_update


class LayerUpdate(NamedTuple):
    """The differences between the three updates of one layer's parameters."""

    name: str
    length: float
    """The norm of the update of the layer's parameters after the pass."""
    recorded: float
    """The largest difference of a parameter when the error passes through the recorded weights."""
    adjusted: float
    """The norm of the difference when it passes through the adjusted ones, as a fraction of `length`."""

    def words(self) -> tuple[str, ...]:
        """Return its row of the table."""
        ways = f"moves by {self.length:.3g}", f"differs by {self.recorded:.3g}"
        return self.name, *ways, f"differs by {self.adjusted:.2%}"


class UpdateComparison(NamedTuple):
    """One step from the same weights, taken in three ways; its repr is a table."""

    before: float
    after_pass: float
    """The loss after a step that updates all weights after the pass."""
    recorded: float
    """The loss when each layer is updated during the pass, through the recorded weights."""
    adjusted: float
    """The loss when the error passes through the adjusted weights."""
    layers: list[LayerUpdate]
    """From the last layer to the first."""

    def __repr__(self) -> str:
        rows = [
            ("", "after the pass", "while passing, recorded weights", "while passing, adjusted weights"),
            ("loss", *(f"{loss:.6g}" for loss in self[1:4])),
            *(layer.words() for layer in self.layers),
        ]
        head = f"one step from a loss of {self.before:.6g}"
        return "\n".join([head, *(f"  {line}" for line in aligned(rows))])


def compare_updates(model: Module, data: Any, loss: str | Loss = "mse_loss", *, lr: float) -> UpdateComparison:
    """Take one step of gradient descent in three ways; return the losses and the differences.

    (a) All weights are updated after the backward pass; (b) each layer is updated during the pass, with
    the error passing through the recorded weights: exactly the same; (c) each layer is updated during
    the pass, with the error passing through the updated weights: a different update, which approaches
    that of the gradient for small lr. The model is in evaluation mode meanwhile, and unchanged
    afterwards. Raises ValueError as `layerwise_update`.

    >>> import random
    >>> from nn import MLP
    >>> model = MLP(1, [2, 1], activation="tanh", rng=random.Random(1))
    >>> found = compare_updates(model, Dataset([[1.0]], [5.0]), lr=0.01)
    >>> found.recorded == found.after_pass, [layer.recorded for layer in found.layers]
    (True, [0.0, 0.0])
    >>> [layer.adjusted > 0 for layer in found.layers]  # only the last layer's error is untouched
    [False, True]
    """

    data = as_dataset(data)

    def moved(step: Callable[[], object]) -> tuple[float, list[list[float]]]:
        """Return the loss and each layer's parameters after a step, which is then undone."""
        state = model.state_dict()
        try:
            step()
            found = [[p.data for p in link.parameters()] for _, link in reversed(chain(model))]
            return evaluate(model, data, loss, {}).loss, found
        finally:
            model.load_state_dict(state)

    with mode(model, training=False):
        before, start = moved(lambda: None)
        after, plainly = moved(lambda: _update_after_pass(model, data, loss, lr))
        recorded, same = moved(lambda: layerwise_update(model, data, loss, lr=lr))
        adjusted, other = moved(lambda: layerwise_update(model, data, loss, lr=lr, through="adjusted"))
    names = [name or kind_of(link) for name, link in reversed(chain(model))]
    layers = [
        LayerUpdate(name, math.dist(a, s), _largest(b, a), math.dist(c, a) / (math.dist(a, s) or 1.0))
        for name, s, a, b, c in zip(names, start, plainly, same, other, strict=True)
    ]
    return UpdateComparison(before, after, recorded, adjusted, layers)


def _update_after_pass(model: Module, data: Dataset, loss: str | Loss, lr: float) -> None:
    """Take an ordinary step of gradient descent: the whole backward pass, then every parameter."""
    zero_grad(model.parameters())
    found: Value = loss_function(loss)([model(inputs) for inputs in data.inputs], data.targets)
    found.backward()
    for parameter in model.parameters():
        parameter.data -= lr * parameter.grad


def _largest(first: list[float], second: list[float]) -> float:
    return max((abs(x - y) for x, y in zip(first, second, strict=True)), default=0.0)
