"""The error on its way through the layers: what arrives at each, and updates while it passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value, dot, no_grad, topological_order, zero_grad
from autograd.terminal import quoted

from ..chains import chain, refuse_shared
from ..data.dataset import Dataset, as_dataset
from ..losses import Loss, loss_function
from ..metrics import as_list, mode, plain
from ..module import Module

THROUGH = ("recorded", "adjusted")


class LayerError(NamedTuple):
    """What the backward pass brought to one layer: a row for each example, a number for each place."""

    name: str
    description: str
    at_output: list[list[float]]
    """The derivative of the loss by each of the layer's outputs."""
    at_input: list[list[float]]
    """The derivative of the loss by each of its inputs: the layer below gets it as its outputs'."""
    gradient: float
    """The length of the gradient of the layer's own parameters."""

    def __repr__(self) -> str:
        return (
            f"{self.name}: {self.description}   at its output {_row(self.at_output)}   "
            f"at its input {_row(self.at_input)}   own gradient {self.gradient:.4f}"
        )


class LayerErrors(list[LayerError]):
    """The error at every layer in the order in which it gets there: from the last to the first."""

    def __init__(self, loss: float, layers: Sequence[LayerError]) -> None:
        super().__init__(layers)
        self.loss = loss

    def __repr__(self) -> str:
        count = len(self[0].at_output)
        head = f"loss {self.loss:.4f} on {count} example{'' if count == 1 else 's'}; "
        head += "the error arrives at the last layer first" + ("" if count == 1 else " (first example shown)")
        rows = [
            (each.name, each.description, _row(each.at_output), _row(each.at_input), f"{each.gradient:.4f}")
            for each in self
        ]
        table = [("layer", "", "at its output", "at its input", "own gradient"), *rows]
        widths = [max(len(row[k]) for row in table) for k in range(5)]
        lines = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) for row in table]
        return "\n".join([head, *(f"  {line}".rstrip() for line in lines)])


def gradient_lengths(model: Module) -> dict[str, float]:
    """For each part of a model, such as a layer, the length of its parameters' gradient now.

    The parts are those that the model is directly made of; a model without any is one part.

    >>> import random
    >>> from nn import MLP
    >>> model = MLP(1, [1, 1], activation="linear", rng=random.Random(0))
    >>> model([3.0]).backward()
    >>> gradient_lengths(model).keys()
    dict_keys(['layers.0', 'layers.1'])
    """
    return {name: math.hypot(*(p.grad for p in own)) for name, own in parameters_by_part(model).items()}


def parameters_by_part(model: Module) -> dict[str, list[Value]]:
    """The parameters of each part that a model is directly made of; a model without any is one part.

    >>> import random
    >>> from nn import MLP
    >>> [len(own) for own in parameters_by_part(MLP(2, [3, 1], rng=random.Random(0))).values()]
    [9, 4]
    """
    parts = dict(model.named_children()) or {type(model).__name__: model}
    return {name: part.parameters() for name, part in parts.items()}


def layerwise_errors(model: Module, data: Any, loss: str | Loss = "mse_loss") -> LayerErrors:
    """The error that arrives at each layer's output and input, for the examples of a Dataset or pair (X, y).

    The grads of the parameters are afterwards those of this loss. Raises ValueError for a model
    that is not its layers one after the other, and for no data.

    >>> import random
    >>> from nn import MLP
    >>> model = MLP(1, [1, 1], activation="linear", rng=random.Random(0))
    >>> for weight, data in zip(model.parameters(), (2.0, 0.0, 3.0, 0.0)):
    ...     weight.data = data
    >>> layerwise_errors(model, Dataset([[1.0]], [5.0]))
    loss 1.0000 on 1 example; the error arrives at the last layer first
      layer                             at its output  at its input  own gradient
      layers.1  Layer(1 -> 1, linear)   +2.0000        +6.0000       4.4721
      layers.0  Layer(1 -> 1, linear)   +6.0000        +12.0000      8.4853
    """
    return _passed(model, data, loss, lr=None)


def layerwise_update(
    model: Module,
    data: Any,
    loss: str | Loss = "mse_loss",
    *,
    lr: float,
    through: str = "recorded",
) -> LayerErrors:
    """One step of gradient descent in which every layer is adjusted as soon as the error has passed it.

    The error goes from the last layer to the first; a layer's w <- w - lr * grad is done before
    the layer below is reached. With `through="recorded"` the error passes on through the weights
    as they were in the forward pass: the partials that are fixed when a node is born. That is
    exactly the update after the whole pass. With `through="adjusted"` the error passes through
    the weights just adjusted, as in a program that keeps only one copy of them: layers below the
    last then get a slightly different error (the slopes of the activations are those of the
    forward pass). Raises ValueError for another `through`, an lr that is not above 0, a parameter
    that two layers share, and where `layerwise_errors` does.

    >>> import random
    >>> from nn import MLP
    >>> model = MLP(1, [1, 1], activation="linear", rng=random.Random(0))
    >>> for weight, data in zip(model.parameters(), (2.0, 0.0, 3.0, 0.0)):
    ...     weight.data = data
    >>> errors = layerwise_update(model, Dataset([[1.0]], [5.0]), lr=0.1, through="adjusted")
    >>> errors[0].at_input, round(model.parameters()[2].data, 6)  # 2 * 2.6, not 2 * 3
    ([[5.2]], 2.6)
    """
    if not lr > 0:
        raise ValueError(f"lr, the learning rate, is a number above 0, not {quoted(lr)}")
    if through not in THROUGH:
        raise ValueError(f"through is one of {', '.join(map(repr, THROUGH))}, not {quoted(through)}")
    refuse_shared(model)
    return _passed(model, data, loss, lr, through == "adjusted")


class _Link(NamedTuple):
    """One layer in the forward pass: cut off from its neighbours, so that it can be passed alone."""

    name: str
    module: Module
    inputs: list[list[Value]]
    outputs: list[list[Value]]


def _passed(
    model: Module, data: Any, loss: str | Loss, lr: float | None, adjusted: bool = False
) -> LayerErrors:
    """Forwards; then backwards from layer to layer, each adjusted when it has been passed."""
    data = as_dataset(data)
    _check(model, data)
    zero_grad(model.parameters())
    links = _forward(model, data)
    predictions = [[Value(output.data) for output in outputs] for outputs in links[-1].outputs]
    found = loss_function(loss)([p if len(p) > 1 else p[0] for p in predictions], data.targets)
    found.backward()
    layers, above, root = [], predictions, found
    for link in reversed(links):
        errors = [[value.grad for value in row] for row in above]
        root = _send_through(link, above, root)
        layers.append(_adjust(link, errors, lr, adjusted))
        above = link.inputs
    return LayerErrors(found.data, layers)


def _forward(model: Module, data: Dataset) -> list[_Link]:
    """Every layer on all examples, with inputs of its own: leaves that hold the numbers from below."""
    links = []
    rows: Sequence[Sequence[Any]] = data.inputs
    for name, module in chain(model):
        inputs = [[Value(number) for number in plain(list(row))] for row in rows]
        outputs = [as_list(module(row)) for row in inputs]
        links.append(_Link(name or type(model).__name__, module, inputs, outputs))
        rows = outputs
    return links


def _send_through(link: _Link, above: list[list[Value]], root: Value) -> Value:
    """Bring the error at a layer's outputs to its inputs and parameters.

    The outputs are seeded in the order in which the pass above met them. So the sums are formed in
    the order of a single pass over the whole graph, and agree with it to the last bit.
    """
    output_of = {
        leaf: output
        for leaves, outputs in zip(above, link.outputs, strict=True)
        for leaf, output in zip(leaves, outputs, strict=True)
    }
    met = [leaf for leaf in topological_order(root) if leaf in output_of]
    seeded: Value = dot([output_of[leaf] for leaf in met], [leaf.grad for leaf in met])
    seeded.backward()
    return seeded


def _adjust(link: _Link, errors: list[list[float]], lr: float | None, adjusted: bool) -> LayerError:
    """Tell of a layer that the error has passed, and move its parameters."""
    parameters = link.module.parameters()
    length = math.hypot(*(parameter.grad for parameter in parameters))
    if lr is not None:
        for parameter in parameters:
            parameter.data -= lr * parameter.grad
    if adjusted:
        _pass_again(link)
    description = f"{type(link.module).__name__}({link.module.describe()})"
    arrived = [[value.grad for value in row] for row in link.inputs]
    return LayerError(link.name, description, errors, arrived, length)


def _pass_again(link: _Link) -> None:
    """Add to each input's error what the adjusted weights of its weighted sums change in it."""
    inputs = {value for row in link.inputs for value in row}
    for node in topological_order(dot([y for row in link.outputs for y in row], [0.0] * _size(link.outputs))):
        if node.op is not None and node.op.name == "dot":
            half = len(node.operands) // 2
            for weight, value, was in zip(
                node.operands[:half], node.operands[half:], node.partials[half:], strict=True
            ):
                if value in inputs and isinstance(weight, Value) and was is not None:
                    value.grad += node.grad * (weight.data - was)


def _check(model: Module, data: Dataset) -> None:
    """Refuse a model that does something else than its layers one after the other."""
    if not data.size:
        raise ValueError("the data set has no examples: at least 1 example is needed")
    with no_grad(), mode(model, training=False):
        whole = plain(as_list(model(data.inputs[0])))
        steps: Any = data.inputs[0]
        for _, module in chain(model):
            steps = as_list(module(steps))
    if repr(plain(steps)) != repr(whole):
        raise ValueError(
            f"{type(model).__name__} is not its layers one after the other: its output is {whole}, theirs "
            f"{plain(steps)}. Use a chain of layers, such as an MLP"
        )


def _size(rows: list[list[Value]]) -> int:
    return sum(map(len, rows))


def _row(errors: list[list[float]]) -> str:
    """The first example's numbers, the middle of a long row left out."""
    words = [f"{error:+.4f}" for error in errors[0]]
    return " ".join(words if len(words) <= 4 else [*words[:3], "...", words[-1]])
