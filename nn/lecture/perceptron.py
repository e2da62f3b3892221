"""The perceptron: a neuron with a threshold, and the rule by which it learns a hyperplane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value, dot, step
from autograd.terminal import quoted

from ..argument_checks import check_width
from ..data.dataset import Dataset, as_dataset
from ..module import Module


class Correction(NamedTuple):
    """One mistake, and the weights and the bias after it was corrected."""

    epoch: int
    example: int
    weights: tuple[float, ...]
    bias: float


class Lesson(NamedTuple):
    """What a perceptron has learnt from a data set."""

    converged: bool
    """Whether a whole epoch went by without a mistake: the examples are then separated."""
    epochs: int
    corrections: list[Correction]

    @property
    def mistakes(self) -> int:
        """How often it was wrong, and was corrected."""
        return len(self.corrections)

    def __repr__(self) -> str:
        if self.converged:
            return f"converged after {self.mistakes} mistakes in {self.epochs} epochs"
        return (
            f"not converged: {self.mistakes} mistakes in {self.epochs} epochs, and no end; "
            "there may be no hyperplane that separates these examples"
        )


class Perceptron(Module):
    """A threshold neuron: 1 where w0 x0 + w1 x1 + ... + b >= 0, else 0.

    It divides its inputs by a hyperplane. It learns by F. Rosenblatt's rule (The perceptron,
    Psychological Review 65, 1958), not by a gradient: the step's derivative is 0. Weights and bias
    start at 0. Raises ValueError for another number of inputs.

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
        if inputs < 1:
            raise ValueError(f"a perceptron needs at least 1 input, not {quoted(inputs)}")
        self.weights: list[Value] = [Value(0.0, f"w{k}") for k in range(inputs)]
        self.bias: Value = Value(0.0, "b")

    def forward(self, inputs: Sequence[Any]) -> Any:
        return step(self.sum(inputs))

    def sum(self, inputs: Sequence[Any]) -> Any:
        """The weighted sum and the bias, before the threshold."""
        check_width(inputs, len(self.weights), "perceptron")
        return dot(self.weights, inputs) + self.bias

    def describe(self) -> str:
        return f"{len(self.weights)} -> 1, step"

    def learn(self, data: Any, targets: Any = None, *, epochs: int = 100, lr: float = 1.0) -> Lesson:
        """Go through the examples, correcting at each mistake, until an epoch has none.

        The data are `learn(X, y)` or `learn(dataset)`.

        Where the target is above 0 and the output is 0, the input times lr is added to the weights,
        in the other case subtracted. Raises ValueError for no examples, for a nan or inf in them, and
        for fewer than 1 epoch or an lr that is not above 0; TypeError for a target that is no number.
        """
        data = as_dataset(data, targets)
        _check(data, epochs, lr)
        corrections: list[Correction] = []
        for epoch in range(epochs):
            before = len(corrections)
            for k, (inputs, target) in enumerate(zip(data.inputs, data.targets, strict=True)):
                wanted = 1.0 if target > 0 else -1.0
                if wanted * (1.0 if self.sum(inputs).data >= 0 else -1.0) < 0:
                    for weight, x in zip(self.weights, inputs, strict=True):
                        weight.data += lr * wanted * x
                    self.bias.data += lr * wanted
                    now = tuple(weight.data for weight in self.weights)
                    corrections.append(Correction(epoch, k, now, self.bias.data))
            if len(corrections) == before:
                return Lesson(True, epoch + 1, corrections)
        return Lesson(False, epochs, corrections)

    def hyperplane(self) -> tuple[list[float], float]:
        """The unit normal of the dividing hyperplane, and its distance from the origin along it.

        Raises ValueError as long as all weights are 0, when there is none.

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
        """The distance of the nearest example from the hyperplane; negative if it is on the wrong side."""
        data = as_dataset(data, targets)
        normal, offset = self.hyperplane()
        return min(
            (1 if target > 0 else -1) * (math.fsum(n * x for n, x in zip(normal, inputs, strict=True)) - offset)
            for inputs, target in zip(data.inputs, data.targets, strict=True)
        )


def _check(data: Dataset, epochs: int, lr: float) -> None:
    """Refuse what a perceptron cannot learn from."""
    if not data.size:
        raise ValueError("there is nothing to learn from: the data set has no examples")
    if epochs < 1 or not lr > 0:
        raise ValueError(
            f"learning takes 1 epoch or more and an lr above 0, not {quoted(epochs)} and {quoted(lr)}"
        )
    for k, (inputs, target) in enumerate(zip(data.inputs, data.targets, strict=True)):
        if isinstance(target, str) or hasattr(target, "__len__") or target is None:
            raise TypeError(f"the target of example {k} is a number, above 0 or not, not {quoted(target)}")
        if not all(map(math.isfinite, [*inputs, target])):
            raise ValueError(f"example {k} has a nan or inf: {quoted(inputs)} with the target {quoted(target)}")


def mistake_bound(data: Dataset, weights: Sequence[float], bias: float) -> float:
    """How many mistakes a perceptron can make on these examples at most, in any order: (R / gamma)^2.

    A. B. J. Novikoff, On convergence proofs on perceptrons, 1962: the bias counts as the weight of an
    input that is always 1, R is the length of the longest example, gamma the margin by which the
    given weights separate them all, starting from 0. Raises ValueError if they do not.

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
        raise ValueError("these weights do not separate the examples, so they bound nothing")
    longest = max(math.hypot(*inputs, 1.0) for inputs in data.inputs)
    return round((longest * length / min(margins)) ** 2, 9)
