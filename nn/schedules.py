"""Schedules: how the learning rate changes from epoch to epoch; PyTorch's definitions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, SupportsIndex

from autograd.terminal import kind_of, listed, quoted

from .argument_checks import real
from .optimisers import Optimiser, not_negative


def refuse_no_optimiser(name: str, given: Any) -> None:
    """Raise TypeError unless the first argument of a schedule is an optimiser.

    >>> refuse_no_optimiser("StepLR", 0.1)
    Traceback (most recent call last):
    ...
    TypeError: StepLR takes the optimiser first, such as SGD(model, lr=0.1), got 0.1
    """
    if not isinstance(given, Optimiser):
        raise TypeError(f"{name} takes the optimiser first, such as SGD(model, lr=0.1), got {quoted(given)}")


class Schedule:
    """The base class of all schedules, and the constant one.

    It sets `optimiser.lr` when it is made, and after each epoch, when `step()` is called. `rate(k)`
    is the factor of the initial learning rate after k epochs.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> schedule = Schedule(SGD([Value(0.0)], lr=0.5))
    >>> schedule.step()
    >>> schedule.optimiser.lr, schedule.epoch
    (0.5, 1)
    """

    def __init__(self, optimiser: Optimiser) -> None:
        refuse_no_optimiser(type(self).__name__, optimiser)
        self.optimiser: Optimiser = optimiser
        self.first: float = optimiser.lr
        self.epoch: int = 0
        self._set()

    def rate(self, epoch: int) -> float:
        """Return the factor of the initial learning rate after `epoch` epochs.

        >>> from autograd import Value
        >>> from nn import SGD
        >>> StepLR(SGD([Value(1.0)], lr=0.1), step_size=10).rate(10)
        0.1
        """
        return 1.0

    def step(self, metric: float | None = None) -> None:
        """Advance to the next epoch; `metric` measures the finished one, and most schedules ignore it.

        >>> from autograd import Value
        >>> from nn import SGD
        >>> optimiser = SGD([Value(1.0)], lr=1.0)
        >>> ExponentialLR(optimiser, gamma=0.5).step()
        >>> optimiser.lr
        0.5
        """
        self.epoch += 1
        self._set()

    def _set(self) -> None:
        self.optimiser.lr = self.first * self.rate(self.epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, as a plain dict.

        >>> from autograd import Value
        >>> from nn import SGD
        >>> ExponentialLR(SGD([Value(1.0)], lr=1.0), gamma=0.5).state_dict()["epoch"]
        0
        """
        return {key: item for key, item in vars(self).items() if not isinstance(item, Optimiser | Schedule)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state from `state_dict`; raise ValueError, and change nothing, for any other."""
        expected = self.state_dict().keys()
        if state.keys() != expected:
            raise ValueError(f"this is not the state of {kind_of(self)}: it has {listed(state)}")
        vars(self).update(state)


class StepLR(Schedule):
    """Multiply the learning rate by gamma every `step_size` epochs: PyTorch's StepLR.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> [round(StepLR(SGD([Value(0.0)], lr=1.0), step_size=2).rate(k), 3) for k in range(5)]
    [1.0, 1.0, 0.1, 0.1, 0.01]
    """

    def __init__(self, optimiser: Optimiser, step_size: int, gamma: float = 0.1) -> None:
        self.step_size: int = _epochs("step_size", step_size)
        self.gamma: float = _fraction(gamma)
        super().__init__(optimiser)

    def rate(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class ExponentialLR(Schedule):
    """Multiply the learning rate by gamma after every epoch: PyTorch's ExponentialLR.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> ExponentialLR(SGD([Value(1.0)], lr=1.0), gamma=0.5).rate(2)
    0.25
    """

    def __init__(self, optimiser: Optimiser, gamma: float) -> None:
        self.gamma: float = _fraction(gamma)
        super().__init__(optimiser)

    def rate(self, epoch: int) -> float:
        return self.gamma**epoch


class CosineAnnealingLR(Schedule):
    """Follow half a cosine from the initial rate to `eta_min` in `T_max` epochs: PyTorch's CosineAnnealingLR.

    eta_min + (first - eta_min) (1 + cos(pi k / T_max)) / 2; it stays there afterwards. I. Loshchilov,
    F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> round(CosineAnnealingLR(SGD([Value(1.0)], lr=1.0), T_max=10).rate(5), 6)
    0.5
    """

    def __init__(self, optimiser: Optimiser, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max: int = _epochs("T_max", T_max)
        self.share: float = not_negative("eta_min", eta_min) / optimiser.lr
        super().__init__(optimiser)

    def rate(self, epoch: int) -> float:
        turn = math.pi * min(epoch, self.T_max) / self.T_max
        return self.share + (1 - self.share) * (1 + math.cos(turn)) / 2


class WarmUp(Schedule):
    """Increase linearly from `start` times the learning rate in `epochs` epochs, then follow `after`.

    PyTorch's LinearLR, followed by the other as in SequentialLR, which counts from its own start.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> optimiser = SGD([Value(0.0)], lr=1.0)
    >>> schedule = WarmUp(optimiser, epochs=4, start=0.2, after=ExponentialLR(optimiser, 0.5))
    >>> [round(schedule.rate(k), 3) for k in range(7)]
    [0.2, 0.4, 0.6, 0.8, 1.0, 0.5, 0.25]
    """

    def __init__(
        self, optimiser: Optimiser, epochs: int, start: float = 1 / 3, after: Schedule | None = None
    ) -> None:
        if isinstance(after, ReduceLROnPlateau):
            raise ValueError("after must be a schedule that depends on the epoch alone, not ReduceLROnPlateau")
        self.epochs: int = _epochs("epochs", epochs)
        self.start: float = _fraction(start)
        self.after: Schedule | None = after
        super().__init__(optimiser)

    def rate(self, epoch: int) -> float:
        if epoch < self.epochs:
            return self.start + (1 - self.start) * epoch / self.epochs
        return self.after.rate(epoch - self.epochs) if self.after else 1.0


class ReduceLROnPlateau(Schedule):
    """Multiply by `factor` when the metric has not decreased for more than `patience` epochs.

    PyTorch's ReduceLROnPlateau: a decrease counts from `threshold` times the best metric so far.
    `step(metric)` needs the metric; `fit` gives the validation loss, or the training loss without one.
    """

    def __init__(
        self,
        optimiser: Optimiser,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        min_lr: float = 0.0,
    ) -> None:
        refuse_no_optimiser("ReduceLROnPlateau", optimiser)
        self.factor: float = _fraction(factor)
        self.patience: int = _epochs("patience", patience, least=0)
        self.threshold: float = not_negative("threshold", threshold)
        self.min_lr: float = not_negative("min_lr", min_lr)
        self.best: float
        self.now: float
        self.bad: int
        self.best, self.bad, self.now = math.inf, 0, optimiser.lr
        super().__init__(optimiser)

    def rate(self, epoch: int) -> float:
        return self.now / self.first

    def step(self, metric: float | None = None) -> None:
        if metric is None:
            raise ValueError("ReduceLROnPlateau.step needs the metric to minimise: call step(loss)")
        if metric < self.best * (1 - self.threshold) or self.best == math.inf:
            self.best = metric
            self.bad = 0
        else:
            self.bad += 1
        if self.bad > self.patience:
            self.now = max(self.now * self.factor, self.min_lr)
            self.bad = 0
        super().step()

    def _set(self) -> None:
        self.optimiser.lr = self.now


def _epochs(name: str, given: Any, least: int = 1) -> int:
    if isinstance(given, bool) or not isinstance(given, SupportsIndex) or given.__index__() < least:
        raise ValueError(f"{name} must be a number of epochs, {least} or more, got {quoted(given)}")
    return given.__index__()


def _fraction(number: float) -> float:
    if not 0 < real("a factor of the learning rate", number) < 1:
        raise ValueError(f"a factor of the learning rate must be between 0 and 1, got {quoted(number)}")
    return number
