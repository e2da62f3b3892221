"""A model as the chain of its layers, and the names that PyTorch's Sequential gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from autograd import Value

from .layers import Layer
from .module import Module


def chain(model: Module) -> list[tuple[str, Module]]:
    """Return the layers in the order of the forward pass, each with its name.

    A layer, or a module without submodules, is one link; any other module contributes its own links.

    >>> import random
    >>> from nn import MLP
    >>> [name for name, _ in chain(MLP(2, [3, 1], rng=random.Random(0)))]
    ['layers.0', 'layers.1']
    """
    return list(_links("", model))


@runtime_checkable
class Weighted(Protocol):
    """A neuron, or a module with weights and a bias as a neuron has, such as a perceptron."""

    weights: list[Value]
    bias: Value


def first_neurons(model: Module) -> Sequence[Weighted]:
    """Return the neurons connected to the inputs: those of the first layer, or the model itself; or none."""
    first = chain(model)[0][1]
    neurons = first.neurons if isinstance(first, Layer) else [first]
    return [neuron for neuron in neurons if isinstance(neuron, Weighted)]


class Function(Module):
    """A plain function between the modules of a Sequential, as a link of the chain."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def forward(self, inputs: Any) -> Any:
        return self.function(inputs)

    def describe(self) -> str:
        return getattr(self.function, "__name__", "function")


def _links(name: str, module: Module) -> list[tuple[str, Module]]:
    children = [] if module.level is not None else list(_inside(module))
    if not any(isinstance(child, Module) for _, child in children):
        return [(name, module)]
    named = [(f"{name}.{key}" if name else key, child) for key, child in children]
    return [
        link
        for key, child in named
        for link in (_links(key, child) if isinstance(child, Module) else [(key, Function(child))])
    ]


def _inside(module: Module) -> Iterator[tuple[str, Any]]:
    """Yield the modules in the attributes, with repetitions, and the functions in a sequence or a list."""
    for name, attribute in vars(module).items():
        if isinstance(attribute, Module) or (name.isdigit() and callable(attribute)):
            yield name, attribute
        elif isinstance(attribute, list | tuple):
            yield from ((f"{name}.{k}", item) for k, item in enumerate(attribute) if callable(item))


def refuse_shared(model: Module) -> None:
    """Raise ValueError for a parameter shared by two layers: its gradient is complete only after both.

    >>> import random
    >>> from nn import MLP
    >>> refuse_shared(MLP(2, [3, 1], rng=random.Random(0)))
    """
    owner: dict[int, str] = {}
    for name, link in chain(model):
        for parameter in link.parameters():
            if owner.setdefault(id(parameter), name) != name:
                raise ValueError(
                    f"{owner[id(parameter)]} and {name} share a parameter: its gradient is complete only when "
                    "the error has passed both layers, so it cannot be updated during the backward pass"
                )


def sequential_names(model: Module) -> dict[str, str]:
    """Map the names of a `state_dict` to those of an equivalent `torch.nn.Sequential`.

    In PyTorch an activation has a separate position, so that the layers of Linear, ReLU, Linear
    are 0 and 2; a linear layer has no activation and takes one position, as does every module
    without a layer in it (Activation, Dropout, Softmax). Raises ValueError for a model with
    parameters outside its layers, and for one that uses a layer twice.

    >>> import random
    >>> from nn import MLP
    >>> sequential_names(MLP(2, [3, 1], rng=random.Random(0)))["layers.1.weight"]
    '2.weight'
    """
    names: dict[str, str] = {}
    position = 0
    for own, link in chain(model):
        start = f"{own}." if own else ""
        names |= {f"{start}{key}": f"{position}.{key}" for key in link.state_dict()}
        position += 2 if _activation(link) != "linear" else 1
    strange = [own for own, theirs in names.items() if theirs.rpartition(".")[2] not in ("weight", "bias")]
    strange += sorted(names.keys() ^ model.state_dict().keys())
    if strange:
        raise ValueError(f"this model is not a sequence of layers: there is no place for {', '.join(strange)}")
    return names


def _activation(link: Any) -> str:
    """Return the activation of a layer; "linear" for a module without a separate one."""
    return link.neurons[0].activation if isinstance(link, Layer) else "linear"
