"""Neurons, layers of them, and multilayer perceptrons."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import autograd
from autograd import Value, dot

from .argument_checks import generator, width
from .init import Initialiser, initialiser
from .module import Module

Activation = str | Callable[[Any], Any]


def linear(s: Any) -> Any:
    """No activation at all: the sum itself.

    >>> linear(0.5)
    0.5
    """
    return s


def activation_function(activation: Activation) -> tuple[str, Callable[[Any], Any]]:
    """The name and the function of an activation; "linear" is none at all.

    Any function of one number in autograd's table will do, by name or as the function. Raises
    ValueError for a name that is none.

    >>> activation_function("tanh")[1](0.5) == autograd.tanh(0.5)
    True
    """
    if callable(activation):
        return getattr(activation, "__name__", "function"), activation
    if activation == "linear":
        return "linear", linear
    op = autograd.TABLE.get(activation)
    if op is None or op.variadic or len(op.operands) - len(op.defaults) != 1:
        raise ValueError(
            f"no activation is called {activation!r}: use 'linear', a function of one number in autograd's "
            "table ('relu', 'tanh', 'sigmoid', 'step' ...), or a function of your own"
        )
    return activation, getattr(autograd, activation)


class Neuron(Module):
    """y = F(w0 x0 + w1 x1 + ... + b): a weighted sum and an activation.

    The weights come from `init` ("uniform", "xavier", "he" or a function), by default fitting the
    activation; the bias starts at 0. Called with as many inputs as it has weights, numbers or
    Values, it gives one Value; any other number of inputs is a ValueError.

    >>> neuron = Neuron(2, activation="relu", rng=random.Random(0))
    >>> for weight, data in zip(neuron.weights, (3.0, -1.0)):
    ...     weight.data = data
    >>> neuron([1.0, 2.0]).data
    1.0
    """

    level = "neuron"

    def __init__(
        self,
        inputs: int,
        activation: Activation = "tanh",
        *,
        rng: random.Random,
        init: str | Initialiser | None = None,
        outputs: int = 1,
        name: str = "",
        number: str = "",
    ) -> None:
        if inputs < 1:
            raise ValueError(f"a neuron needs at least 1 input, not {inputs}")
        self.activation, self._function = activation_function(activation)
        generator(rng)
        draw = initialiser(init or ("he" if "relu" in self.activation else "xavier"))
        self.number = number
        self.weights = [Value(draw(rng, inputs, outputs), f"{name}w{k}") for k in range(inputs)]
        self.bias = Value(0.0, f"{name}b")

    def forward(self, inputs: Sequence[Any]) -> Any:
        width(inputs, len(self.weights), "neuron")
        return self._function(dot(self.weights, inputs) + self.bias)

    def describe(self) -> str:
        return f"{len(self.weights)} -> 1, {self.activation}"


class Layer(Module):
    """Neurons side by side, each seeing every input: a list of inputs in, a list of outputs out.

    >>> layer = Layer(3, 2, "tanh", rng=random.Random(0))
    >>> len(layer([1.0, 2.0, 3.0])), len(layer.parameters())
    (2, 8)
    """

    level = "layer"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Activation = "tanh",
        *,
        rng: random.Random,
        init: str | Initialiser | None = None,
        name: str = "",
        number: str = "",
    ) -> None:
        if outputs < 1:
            raise ValueError(f"a layer needs at least 1 neuron, not {outputs}")
        self.number = number
        self.neurons = [
            Neuron(inputs, activation, rng=rng, init=init, outputs=outputs, name=f"{name}n{k}.", number=str(k))
            for k in range(outputs)
        ]

    def forward(self, inputs: Sequence[Any]) -> list[Any]:
        width(inputs, len(self.neurons[0].weights), "layer")
        return [neuron(inputs) for neuron in self.neurons]

    def named_tensors(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        start = f"{prefix}." if prefix else ""
        yield f"{start}weight", [neuron.weights for neuron in self.neurons]
        yield f"{start}bias", [neuron.bias for neuron in self.neurons]

    def describe(self) -> str:
        neuron = self.neurons[0]
        return f"{len(neuron.weights)} -> {len(self.neurons)}, {neuron.activation}"


class MLP(Module):
    """A multilayer perceptron: fully connected layers, information flowing one way.

    Described by the number of layers, the neurons of each, and the activation of each: a name or
    function for all layers but the last, which is linear, or a list with one for every layer. One
    output gives a Value, several a list. Raises ValueError for a wrong number of inputs or of
    activations.

    >>> model = MLP(2, [16, 16, 1], activation="relu", rng=random.Random(0))
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

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        activation: Activation | Sequence[Activation] = "relu",
        *,
        rng: random.Random,
        init: str | Initialiser | None = None,
    ) -> None:
        if isinstance(widths, int):
            raise TypeError(f"widths is a list, the number of neurons of each layer, such as [{widths}, 1]")
        if not widths:
            raise ValueError("an MLP needs at least one layer: give the number of neurons of each")
        if isinstance(activation, str) or callable(activation):
            activations: list[Activation] = [activation] * (len(widths) - 1) + ["linear"]
        else:
            activations = list(activation)
        if len(activations) != len(widths):
            raise ValueError(f"{len(widths)} layers need {len(widths)} activations, not {len(activations)}")
        sizes = [inputs, *widths]
        self.layers = [
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
