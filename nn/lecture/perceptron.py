"""The perceptron: a neuron with a threshold, and the rule by which it learns a separating hyperplane."""

from __future__ import annotations

import math
from collections.abc import Sequence, Sized
from typing import Any, NamedTuple

from autograd import Value, dot, step
from autograd.terminal import quoted

from ..argument_checks import check_width, whole
from ..data.dataset import Dataset, as_dataset
from ..module import Module


class Correction(NamedTuple):
    """One mistake, and the weights and the bias after its correction."""

    epoch: int
    example: int
    weights: tuple[float, ...]
    bias: float


class Lesson(NamedTuple):
    """The result of training a perceptron on a data set.

    >>> from nn import logic_gate
    >>> lesson = Perceptron(2).learn(logic_gate("and"))
    >>> lesson.converged, lesson.mistakes, lesson.epochs
    (True, 11, 6)
    """

    converged: bool
    """Whether an epoch had no mistake: then the hyperplane separates the examples."""
    epochs: int
    corrections: list[Correction]

    @property
    def mistakes(self) -> int:
        """Return the number of mistakes, each of which was corrected."""
        return len(self.corrections)

    def __repr__(self) -> str:
        if self.converged:
            return f"converged after {self.mistakes} mistakes in {self.epochs} epochs"
        return (
            f"did not converge: {self.mistakes} mistakes in {self.epochs} epochs; "
            "the data may not be linearly separable"
        )


class Perceptron(Module):
    """A threshold neuron: 1 where w0 x0 + w1 x1 + ... + b >= 0, else 0.

    It separates its inputs by a hyperplane. It learns by F. Rosenblatt's rule (The perceptron,
    Psychological Review 65, 1958), not by gradient descent: the derivative of the step is 0. Weights and
    bias start at 0. Raises ValueError for another number of inputs.

    >>> from nn import logic_gate
    >>> perceptron = Perceptron(2)
    >>> perceptron.learn(logic_gate("and"))
    converged after 11 mistakes in 6 epochs
    >>> [perceptron(inputs).data for inputs in logic_gate("and").inputs]
    [0.0, 0.0, 0.0, 1.0]
    >>> perceptron.learn(logic_gate("xor"), epochs=20).converged
    False
    """

    level: str | None = "neuron"

    def __init__(self, inputs: int) -> None:
        inputs = whole("a perceptron", "input", inputs)
        self.weights: list[Value] = [Value(0.0, f"w{k}") for k in range(inputs)]
        self.bias: Value = Value(0.0, "b")

    def forward(self, inputs: Sequence[Any]) -> Any:
        return step(self.sum(inputs))

    def sum(self, inputs: Sequence[Any]) -> Any:
        """Return the weighted sum plus the bias, before the threshold.

        >>> perceptron = Perceptron(2)
        >>> perceptron.bias.data = -1.0
        >>> perceptron.sum([1.0, 1.0]).data
        -1.0
        """
        check_width(inputs, len(self.weights), "perceptron")
        return dot(self.weights, inputs) + self.bias

    def describe(self) -> str:
        return f"{len(self.weights)} -> 1, step"

    def learn(self, data: Any, targets: Any = None, *, epochs: int = 100, lr: float = 1.0) -> Lesson:
        """Train on the examples, with a correction at each mistake, until an epoch has none.

        The data are given as `learn(X, y)` or `learn(dataset)`. If the target is positive and the output
        0, lr times the input is added to the weights; in the opposite case it is subtracted. Raises
        ValueError for no examples, for a nan or inf in them, for fewer than 1 epoch and for an lr that is
        not positive; TypeError for a target that is not a number.

        >>> from nn import logic_gate
        >>> Perceptron(2).learn(logic_gate("or"))
        converged after 5 mistakes in 4 epochs
        """
        data = as_dataset(data, targets)
        _check(data, epochs, lr)
        corrections: list[Correction] = []
        for epoch in range(epochs):
            before = len(corrections)
            for k, (inputs, target) in enumerate(zip(data.inputs, data.targets, strict=True)):
                expected = 1.0 if target > 0 else -1.0
                if expected * (1.0 if self.sum(inputs).data >= 0 else -1.0) < 0:
                    for weight, x in zip(self.weights, inputs, strict=True):
                        weight.data += lr * expected * x
                    self.bias.data += lr * expected
                    now = tuple(weight.data for weight in self.weights)
                    corrections.append(Correction(epoch, k, now, self.bias.data))
            if len(corrections) == before:
                return Lesson(True, epoch + 1, corrections)
        return Lesson(False, epochs, corrections)

    def hyperplane(self) -> tuple[list[float], float]:
        """Return the unit normal of the separating hyperplane, and its distance from the origin.

        Raises ValueError if all weights are 0.

        >>> perceptron = Perceptron(2)
        >>> for value, number in zip(perceptron.parameters(), (3.0, 4.0, -10.0)):
        ...     value.data = number
        >>> perceptron.hyperplane()
        ([0.6, 0.8], 2.0)
        """
        length = math.hypot(*(weight.data for weight in self.weights))
        if not length:
            raise ValueError("all weights are 0: there is no hyperplane yet")
        return [weight.data / length for weight in self.weights], -self.bias.data / length

    def margin(self, data: Any, targets: Any = None) -> float:
        """Return the smallest distance of an example from the hyperplane; negative on the wrong side.

        >>> from nn import logic_gate
        >>> perceptron = Perceptron(2)
        >>> for value, number in zip(perceptron.parameters(), (1.0, 1.0, -1.5)):
        ...     value.data = number
        >>> round(perceptron.margin(logic_gate("and")), 4)
        0.3536
        """
        data = as_dataset(data, targets)
        normal, offset = self.hyperplane()
        return min(
            (1 if target > 0 else -1) * (math.fsum(n * x for n, x in zip(normal, inputs, strict=True)) - offset)
            for inputs, target in zip(data.inputs, data.targets, strict=True)
        )


def _check(data: Dataset, epochs: int, lr: float) -> None:
    """Raise an error for data that a perceptron cannot learn from."""
    if not data.size:
        raise ValueError("the data set has no examples: at least 1 is needed")
    if epochs < 1 or not lr > 0:
        raise ValueError(f"epochs must be 1 or more and lr positive, got {quoted(epochs)} and {quoted(lr)}")
    for k, (inputs, target) in enumerate(zip(data.inputs, data.targets, strict=True)):
        if isinstance(target, Sized) or target is None:
            raise TypeError(f"the target of example {k} must be a number, got {quoted(target)}")
        if not all(map(math.isfinite, [*inputs, target])):
            raise ValueError(f"example {k} has a nan or inf: {quoted(inputs)} with the target {quoted(target)}")


def mistake_bound(data: Dataset, weights: Sequence[float], bias: float) -> float:
    """Return an upper bound for the mistakes of a perceptron on these examples: (R / gamma)^2.

    Source: A. B. J. Novikoff, On convergence proofs on perceptrons, 1962. The bias is the weight of an
    input that is always 1, R the largest norm of an example, gamma the margin by which the given weights
    separate the examples; the perceptron starts from 0. Raises ValueError if they do not separate them.

    >>> from nn import logic_gate
    >>> mistake_bound(logic_gate("and"), [2.0, 2.0], -3.0)
    51.0
    """
    whole = [*weights, bias]
    length = math.hypot(*whole)
    margins = [
        (1 if target > 0 else -1) * math.fsum(w * x for w, x in zip(whole, [*inputs, 1.0], strict=True))
        for inputs, target in zip(data.inputs, data.targets, strict=True)
    ]
    if not margins or not min(margins) > 0:
        raise ValueError("these weights do not separate the examples, so there is no bound")
    longest = max(math.hypot(*inputs, 1.0) for inputs in data.inputs)
    return round((longest * length / min(margins)) ** 2, 9)
