"""Optimisers: how parameters move when their gradients are known."""

from __future__ import annotations

from collections.abc import Iterable

from autograd import Value, zero_grad


class SGD:
    """Gradient descent, w <- w - lr * grad; with momentum, along a running sum of gradients.

    velocity <- momentum * velocity + grad; w <- w - lr * velocity: PyTorch's definition. Raises
    ValueError for a learning rate or a momentum outside its range, and for no parameters.

    >>> w = Value(3.0)
    >>> optimiser = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    2.4
    """

    def __init__(self, parameters: Iterable[Value], lr: float, momentum: float = 0.0) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("there is nothing to optimise: give the parameters of a model")
        if not lr > 0:
            raise ValueError(f"lr, the learning rate, is a number above 0, not {lr!r}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is from 0 up to but not including 1, not {momentum!r}")
        self.lr, self.momentum = lr, momentum
        self.velocities = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Move every parameter once, by its gradient."""
        for k, parameter in enumerate(self.parameters):
            self.velocities[k] = self.momentum * self.velocities[k] + parameter.grad
            parameter.data -= self.lr * self.velocities[k]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0, before the next backward pass."""
        zero_grad(self.parameters)
