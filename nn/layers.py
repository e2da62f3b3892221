"""Neurons, layers of them, and multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import autograd
from autograd import Value, dot

from .argument_checks import (
    MOST,
    RNG,
    also_called,
    by_name,
    check_width,
    generator,
    refuse_batch,
    several,
    whole,
)
from .init import Initialiser, initialiser
from .module import Module

Activation = str | Callable[[Any], Any] | None

DEFAULT_ACTIVATION = "tanh"
"""The activation of neurons, layers and models by default: smooth, so that no unit starts dead."""

SYNONYMS = {
    "identity": "linear",
    "none": "linear",
    "logistic": "sigmoid",
    "swish": "silu",
    "lrelu": "leaky_relu",
}
"""Names of activations in other libraries."""


USUAL = ("linear", "tanh", "relu", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus", "step")
"""The common activations, which an error lists."""


def linear(s: Any) -> Any:
    """Return the sum itself: no activation.

    >>> linear(0.5)
    0.5
    """
    return s


def activation_function(activation: Activation | bool) -> tuple[str, Callable[[Any], Any]]:
    """Return the name and the function of an activation; "linear", None and False mean the identity.

    Any function of one number in autograd's table is allowed, by name or as the function; True is relu,
    as in micrograd's `nonlin`. Raises ValueError for an unknown name.

    >>> activation_function("tanh")[1](0.5) == autograd.tanh(0.5)
    True
    """
    if isinstance(activation, bool):
        activation = "relu" if activation else "linear"
    if activation is None:
        return "linear", linear
    if callable(activation):
        return getattr(activation, "__name__", "function"), activation
    if activation == "softmax":
        raise ValueError(
            "softmax is a function of a whole layer, not of one neuron: train a linear last layer with "
            "cross_entropy, or end the model with Softmax()"
        )
    known = {name: name for name in _activations()}
    name = by_name("activation", activation, known, SYNONYMS, usual=USUAL)
    return name, linear if name == "linear" else getattr(autograd, name)


def _activations() -> list[str]:
    """Return the names of all functions of one number, the common activations first."""
    ops = autograd.TABLE.values()
    others = [op.name for op in ops if not op.variadic and len(op.operands) - len(op.defaults) == 1]
    return list(dict.fromkeys([*USUAL, *others]))


class Neuron(Module):
    """y = F(w0 x0 + w1 x1 + ... + b): a weighted sum and an activation.

    The weights are drawn by `init` ("uniform", "xavier", "he" or a function; by default one that fits
    the activation) with `rng`, a generator, a seed, or None for a new generator; the bias starts at 0.
    Called with as many inputs as it has weights, numbers or Values, it returns one Value; any other
    number of inputs raises ValueError, a batch TypeError.

    >>> neuron = Neuron(2, activation="relu")
    >>> for weight, data in zip(neuron.weights, (3.0, -1.0)):
    ...     weight.data = data
    >>> neuron([1.0, 2.0]).data
    1.0
    """

    level: str | None = "neuron"

    @also_called(nonlin="activation", seed="rng")
    def __init__(
        self,
        inputs: int,
        activation: Activation = DEFAULT_ACTIVATION,
        *,
        rng: RNG = None,
        init: str | Initialiser | None = None,
        outputs: int = 1,
        name: str = "",
        number: str = "",
    ) -> None:
        inputs = whole("a neuron", "input", inputs)
        self.activation: str
        self.activation, self._function = activation_function(activation)
        rng = generator(rng)
        draw = initialiser(init or ("he" if "relu" in self.activation else "xavier"))
        self.number = number
        self.weights: list[Value] = [Value(draw(rng, inputs, outputs), f"{name}w{k}") for k in range(inputs)]
        self.bias: Value = Value(0.0, f"{name}b")

    if TYPE_CHECKING:

        def __call__(self, inputs: Sequence[Any]) -> Value: ...

    def forward(self, inputs: Sequence[Any]) -> Any:
        check_width(inputs, len(self.weights), "neuron")
        try:
            return self._function(dot(self.weights, inputs) + self.bias)
        except TypeError:
            refuse_batch(inputs, "neuron")
            raise

    @property
    def w(self) -> list[Value]:
        """Return the weights, under micrograd's name.

        >>> neuron = Neuron(2)
        >>> neuron.w is neuron.weights
        True
        """
        return self.weights

    @property
    def b(self) -> Value:
        """Return the bias, under micrograd's name.

        >>> neuron = Neuron(2)
        >>> neuron.b is neuron.bias
        True
        """
        return self.bias

    def describe(self) -> str:
        return f"{len(self.weights)} -> 1, {self.activation}"


class Layer(Module):
    """A fully connected layer: neurons that each take every input; maps a list to a list.

    `rng` draws the weights: a generator, a seed, or None for a new generator.

    >>> layer = Layer(3, 2, "tanh", rng=0)
    >>> len(layer([1.0, 2.0, 3.0])), len(layer.parameters())
    (2, 8)
    """

    level: str | None = "layer"

    @also_called(nonlin="activation", seed="rng")
    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Activation = DEFAULT_ACTIVATION,
        *,
        rng: RNG = None,
        init: str | Initialiser | None = None,
        name: str = "",
        number: str = "",
    ) -> None:
        inputs, outputs = whole("a neuron", "input", inputs), whole("a layer", "neuron", outputs)
        if inputs * outputs > MOST:
            raise ValueError(f"a layer has at most {MOST:,} weights, got {inputs:,} times {outputs:,}")
        rng = generator(rng)
        self.number = number
        self.neurons: list[Neuron] = [
            Neuron(inputs, activation, rng=rng, init=init, outputs=outputs, name=f"{name}n{k}.", number=str(k))
            for k in range(outputs)
        ]

    if TYPE_CHECKING:

        def __call__(self, inputs: Sequence[Any]) -> list[Value]: ...

    def forward(self, inputs: Sequence[Any]) -> list[Any]:
        check_width(inputs, len(self.neurons[0].weights), "layer")
        return [neuron(inputs) for neuron in self.neurons]

    def named_tensors(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        start = f"{prefix}." if prefix else ""
        yield f"{start}weight", [neuron.weights for neuron in self.neurons]
        yield f"{start}bias", [neuron.bias for neuron in self.neurons]

    def describe(self) -> str:
        neuron = self.neurons[0]
        return f"{len(neuron.weights)} -> {len(self.neurons)}, {neuron.activation}"


class MLP(Module):
    """A multilayer perceptron: a chain of fully connected layers.

    Described by the number of layers, the neurons of each, and the activation of each: a name or
    function for all layers but the last, which is linear, or a list with one for every layer. One
    output gives a Value, several a list. Raises ValueError for a wrong number of inputs or of
    activations.

    >>> model = MLP(2, [16, 16, 1], activation="relu", rng=0)
    >>> len(model.parameters()), isinstance(model([0.5, -1.0]), Value)
    (337, True)
    >>> model
    MLP(2 -> 16 -> 16 -> 1)  337 parameters
      layers.0: Layer(2 -> 16, relu)  48 parameters
        neurons.0 ... 15: Neuron(2 -> 1, relu)  3 parameters
      layers.1: Layer(16 -> 16, relu)  272 parameters
        neurons.0 ... 15: Neuron(16 -> 1, relu)  17 parameters
      layers.2: Layer(16 -> 1, linear)  17 parameters
        neurons.0: Neuron(16 -> 1, linear)  17 parameters
    """

    @also_called(seed="rng")
    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        activation: Activation | Sequence[Activation] = DEFAULT_ACTIVATION,
        *,
        rng: RNG = None,
        init: str | Initialiser | None = None,
    ) -> None:
        example = f"[{widths if isinstance(widths, int) else 4}, 1]"
        several("widths", widths, f"the number of neurons of each layer, such as {example}")
        if not len(widths):
            raise ValueError("an MLP needs at least one layer: give the number of neurons of each")
        if activation is None or isinstance(activation, str) or callable(activation):
            activation_function(activation)  # an unknown name is an error even if no layer is hidden
            activations: list[Activation] = [activation] * (len(widths) - 1) + ["linear"]
        else:
            activations = list(activation)
        if len(activations) != len(widths):
            raise ValueError(f"{len(widths)} layers need {len(widths)} activations, got {len(activations)}")
        rng = generator(rng)
        sizes = [inputs, *widths]
        self.layers: list[Layer] = [
            Layer(before, after, each, rng=rng, init=init, name=f"l{k}.", number=str(k))
            for k, (before, after, each) in enumerate(zip(sizes[:-1], widths, activations, strict=True))
        ]

    def forward(self, inputs: Sequence[Any]) -> Any:
        outputs: Sequence[Any] = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def describe(self) -> str:
        sizes = [len(self.layers[0].neurons[0].weights), *(len(layer.neurons) for layer in self.layers)]
        return " -> ".join(map(str, sizes))
