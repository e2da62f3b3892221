"""Optimisers: updates of the parameters from their gradients; PyTorch's definitions and defaults."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from autograd import Value, zero_grad
from autograd.graph import grad_number
from autograd.terminal import kind_of, listed, quoted

from .argument_checks import also_called, real, several
from .module import Module

Parameters = Module | Iterable[Value]
"""A model, or the Values to optimise."""


class Optimiser:
    """The base class of all optimisers: a learning rate, the parameters, and state for each of them.

    The parameters are those of a model, `SGD(model, lr=0.1)`, or any list of leaf Values.

    Raises ValueError for a learning rate or another setting outside its range, and for no parameters.
    """

    kept: ClassVar[tuple[str, ...]] = ()
    """The names of the lists with one number for each parameter."""

    def __init__(self, parameters: Parameters, lr: float, weight_decay: float = 0.0) -> None:
        self.parameters: list[Any] = list(_parameters_of(parameters))
        _check_parameters(self.parameters)
        _refuse(not 0 < real("lr", lr) < math.inf, "lr, the learning rate, must be a number above 0", lr)
        self.lr: float = lr
        self.weight_decay: float = not_negative("weight_decay", weight_decay)
        self.steps: int = 0
        for name in self.kept:
            setattr(self, name, [0.0] * len(self.parameters))

    def step(self) -> None:
        """Update every parameter once, from its gradient.

        >>> w = Value(1.0)
        >>> w.grad = 2.0
        >>> SGD([w], lr=0.1).step()
        >>> w.data
        0.8
        """
        self.steps += 1
        for k, parameter in enumerate(self.parameters):
            self._move(k, parameter, grad_number(parameter) + self.weight_decay * parameter.data)

    def _move(self, k: int, parameter: Value, gradient: float) -> None:
        raise NotImplementedError(f"{kind_of(self)} needs a _move that updates one parameter from its gradient")

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0, before the next backward pass.

        >>> w = Value(1.0)
        >>> w.grad = 2.0
        >>> SGD([w], lr=0.1).zero_grad()
        >>> w.grad
        0.0
        """
        zero_grad(self.parameters)

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={item!r}" for key, item in self.settings().items())
        return f"{kind_of(self)}({len(self.parameters)} parameters, {shown})"

    def settings(self) -> dict[str, Any]:
        """Return the arguments of the constructor, with the current learning rate.

        >>> SGD([Value(1.0)], lr=0.1).settings()["lr"]
        0.1
        """
        changing = ("parameters", "steps", *self.kept)
        return {key: item for key, item in vars(self).items() if key not in changing}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, except the parameters, as a plain dict.

        >>> SGD([Value(1.0)], lr=0.1, momentum=0.9).state_dict()["lr"]
        0.1
        """
        kept = {name: list(getattr(self, name)) for name in self.kept}
        return self.settings() | {"steps": self.steps} | kept

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state from `state_dict`; raise ValueError, and change nothing, for any other."""
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dict, as state_dict() returns, got {quoted(state)}")
        expected = self.state_dict().keys()
        if state.keys() != expected:
            own, given = listed(expected), listed(state)
            raise ValueError(f"this is not the state of {kind_of(self)}: it has {given}, not {own}")
        for name in self.kept:
            if len(state[name]) != len(self.parameters):
                raise ValueError(
                    f"this state is for {len(state[name])} parameters, not for {len(self.parameters)}"
                )
        for name in expected:
            setattr(self, name, list(state[name]) if name in self.kept else state[name])


class SGD(Optimiser):
    """Gradient descent, w <- w - lr * grad; with momentum, along a running sum of gradients.

    velocity <- momentum * velocity + grad; w <- w - lr * velocity. With `nesterov` the step looks
    ahead along the velocity: w <- w - lr * (grad + momentum * velocity). Y. Nesterov, A method for
    solving the convex programming problem with convergence rate O(1/k^2), 1983, as I. Sutskever and
    others put it (ICML 2013). `weight_decay` times the weight is added to its gradient.

    >>> w = Value(3.0)
    >>> optimiser = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    2.4
    """

    kept: ClassVar[tuple[str, ...]] = ("velocities",)
    velocities: list[float]

    @also_called(learning_rate="lr", params="parameters", model="parameters")
    def __init__(
        self,
        parameters: Parameters,
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum: float = _below_one("momentum", momentum)
        _refuse(nesterov and not momentum, "nesterov needs a momentum above 0", momentum)
        self.nesterov: bool = nesterov

    def _move(self, k: int, parameter: Value, gradient: float) -> None:
        velocity = self.velocities[k] = self.momentum * self.velocities[k] + gradient
        parameter.data -= self.lr * (gradient + self.momentum * velocity if self.nesterov else velocity)


class RMSprop(Optimiser):
    """Divide each parameter's step by the root of a running mean of its squared gradients.

    square <- alpha * square + (1 - alpha) * grad^2; w <- w - lr * grad / (sqrt(square) + eps), or
    along a velocity of such steps. T. Tieleman, G. Hinton, Lecture 6.5, Coursera 2012.

    >>> w = Value(3.0)
    >>> optimiser = RMSprop([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    2.0
    """

    kept: ClassVar[tuple[str, ...]] = ("squares", "velocities")
    squares: list[float]
    velocities: list[float]

    @also_called(learning_rate="lr", params="parameters", model="parameters")
    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.alpha: float = _below_one("alpha", alpha)
        self.eps: float = not_negative("eps", eps)
        self.momentum: float = _below_one("momentum", momentum)

    def _move(self, k: int, parameter: Value, gradient: float) -> None:
        square = self.squares[k] = self.alpha * self.squares[k] + (1 - self.alpha) * gradient * gradient
        step = gradient / (math.sqrt(square) + self.eps)
        self.velocities[k] = self.momentum * self.velocities[k] + step
        parameter.data -= self.lr * self.velocities[k]


class Adam(Optimiser):
    """Step along running means of the gradient and of its square, corrected for their start at 0.

    mean <- b1 * mean + (1 - b1) * grad; square <- b2 * square + (1 - b2) * grad^2; w <- w - lr *
    (mean / (1 - b1^t)) / (sqrt(square / (1 - b2^t)) + eps). D. P. Kingma, J. Ba, Adam: a method for
    stochastic optimization, ICLR 2015.

    >>> w = Value(3.0)
    >>> optimiser = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    2.9
    """

    kept: ClassVar[tuple[str, ...]] = ("means", "squares")
    means: list[float]
    squares: list[float]

    @also_called(learning_rate="lr", params="parameters", model="parameters")
    def __init__(
        self,
        parameters: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        several("betas", betas, "such as (0.9, 0.999)")
        _refuse(len(betas) != 2, "betas must be two numbers", betas)
        self.betas: list[float] = [_below_one("each of betas", beta, "beta") for beta in betas]
        self.eps: float = not_negative("eps", eps)

    def _move(self, k: int, parameter: Value, gradient: float) -> None:
        first, second = self.betas
        mean = self.means[k] = self.means[k] + (1 - first) * (gradient - self.means[k])
        square = self.squares[k] = second * self.squares[k] + (1 - second) * gradient * gradient
        size = math.sqrt(square) / math.sqrt(1 - second**self.steps) + self.eps
        parameter.data -= self.lr / (1 - first**self.steps) * mean / size


class AdamW(Adam):
    """Adam with decoupled weight decay, outside the running means: w <- w - lr * weight_decay * w.

    I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019.

    >>> w = Value(1.0)
    >>> optimiser = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> optimiser.step()
    >>> w.data
    0.95
    """

    @also_called(learning_rate="lr", params="parameters", model="parameters")
    def __init__(
        self,
        parameters: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _move(self, k: int, parameter: Value, gradient: float) -> None:
        parameter.data *= 1 - self.lr * self.weight_decay
        super()._move(k, parameter, grad_number(parameter))


def clip_grad_norm_(parameters: Parameters, max_norm: float) -> float:
    """Scale the gradient down to norm `max_norm` if its norm is larger; return the norm before.

    All parameters' gradients count as one vector: PyTorch's clip_grad_norm_. Raises ValueError
    for a `max_norm` that is not above 0.

    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> clip_grad_norm_([w], 1.0), round(w.grad, 5)
    (6.0, 1.0)
    """
    _refuse(not real("max_norm", max_norm) > 0, "max_norm must be a number above 0", max_norm)
    moving = list(_parameters_of(parameters))
    length = math.hypot(*map(grad_number, moving))
    share = max_norm / (length + 1e-6)
    if share < 1:
        for parameter in moving:
            parameter.grad = grad_number(parameter) * share
    return length


def _parameters_of(parameters: Any) -> Iterable[Any]:
    """Return the parameters of a model, or the given Values."""
    if isinstance(parameters, Module):
        return parameters.parameters()
    if isinstance(parameters, Value):
        return [parameters]
    if not isinstance(parameters, Iterable) or isinstance(parameters, str):
        raise TypeError(
            "expected a model or a list of its parameters as the first argument, as in SGD(model, lr=0.1), got "
            f"{quoted(parameters)} of type {kind_of(parameters)}"
        )
    return parameters


def _check_parameters(parameters: list[Any]) -> None:
    if not parameters:
        raise ValueError("there is nothing to optimise: give the parameters of a model")
    strange = [parameter for parameter in parameters if not isinstance(parameter, Value)]
    if strange:
        raise TypeError(
            f"an optimiser takes Values, such as model.parameters() returns, not {quoted(strange[0])}"
        )
    computed = [parameter for parameter in parameters if parameter.op is not None]
    if computed:
        raise ValueError(f"an optimiser takes leaf Values, but {quoted(computed[0])} was computed from others")
    if len({id(parameter) for parameter in parameters}) < len(parameters):
        raise ValueError("a parameter is given twice, and would be updated twice in each step")


def _refuse(wrong: bool, allowed: str, given: object) -> None:
    if wrong:
        raise ValueError(f"{allowed}, got {quoted(given)}")


def _below_one(name: str, given: float, short: str = "") -> float:
    """Return a setting of at least 0 and below 1, such as a momentum; raise ValueError for any other."""
    short = short or name
    _refuse(not 0 <= real(short, given) < 1, f"{name} must satisfy 0 <= {short} < 1", given)
    return given


def not_negative(name: str, given: float) -> float:
    """Return a setting of 0 or more, such as a weight decay; raise ValueError for any other."""
    _refuse(not 0 <= real(name, given) < math.inf, f"{name} must be 0 or more", given)
    return given
