"""Backpropagation layer by layer: the error that arrives at each layer, and updates during the pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value, dot, no_grad, topological_order, zero_grad
from autograd.terminal import aligned, kind_of, plural, quoted

from ..chains import chain, refuse_shared
from ..data.dataset import Dataset, as_dataset
from ..losses import Loss, loss_function
from ..metrics import as_list, mode, plain
from ..module import Module

THROUGH = ("recorded", "adjusted")


class LayerError(NamedTuple):
    """The error at one layer after the backward pass: a row for each example, a number for each unit."""

    name: str
    description: str
    at_output: list[list[float]]
    """The derivative of the loss with respect to each of the layer's outputs."""
    at_input: list[list[float]]
    """The derivative with respect to each of its inputs, which are the outputs of the layer below."""
    gradient: float
    """The gradient norm of the layer's own parameters."""

    def __repr__(self) -> str:
        return (
            f"{self.name}: {self.description}   at its output {_row(self.at_output)}   "
            f"at its input {_row(self.at_input)}   own gradient {self.gradient:.4f}"
        )


class LayerErrors(list[LayerError]):
    """The error at every layer in the order of the backward pass: from the last to the first."""

    def __init__(self, loss: float, layers: Sequence[LayerError]) -> None:
        super().__init__(layers)
        self.loss = loss

    def __repr__(self) -> str:
        count = len(self[0].at_output)
        head = f"loss {self.loss:.4f} on {plural(count, 'example')}; "
        head += "the error arrives at the last layer first" + ("" if count == 1 else " (first example shown)")
        rows = [
            (each.name, each.description, _row(each.at_output), _row(each.at_input), f"{each.gradient:.4f}")
            for each in self
        ]
        table = [("layer", "", "at its output", "at its input", "own gradient"), *rows]
        return "\n".join([head, *(f"  {line}" for line in aligned(table))])


def gradient_lengths(model: Module) -> dict[str, float]:
    """Return the gradient norm of each part of a model, such as a layer, by its name.

    The parts are the model's direct submodules; a model without any is one part.

    >>> import random
    >>> from nn import MLP
    >>> model = MLP(1, [1, 1], activation="linear", rng=random.Random(0))
    >>> model([3.0]).backward()
    >>> gradient_lengths(model).keys()
    dict_keys(['layers.0', 'layers.1'])
    """
    return {name: math.hypot(*(p.grad for p in own)) for name, own in parameters_by_part(model).items()}


def parameters_by_part(model: Module) -> dict[str, list[Value]]:
    """Return the parameters of each direct submodule by its name; a model without any is one part.

    >>> import random
    >>> from nn import MLP
    >>> [len(own) for own in parameters_by_part(MLP(2, [3, 1], rng=random.Random(0))).values()]
    [9, 4]
    """
    parts = dict(model.named_children()) or {kind_of(model): model}
    return {name: part.parameters() for name, part in parts.items()}


def layerwise_errors(model: Module, data: Any, loss: str | Loss = "mse_loss") -> LayerErrors:
    """Return the error at each layer's output and input, for a Dataset or a pair (X, y).

    Afterwards the grads of the parameters are those of this loss. Raises ValueError for a model that
    is not a chain of layers, and for no data.

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
    """Take one step of gradient descent that updates each layer as soon as the error has passed it.

    The error passes from the last layer to the first; w <- w - lr * grad is applied to a layer before
    the layer below is reached. With `through="recorded"` the error passes through the weights of the
    forward pass, which are fixed in the recorded partials: exactly the update after the whole pass. With
    `through="adjusted"` it passes through the updated weights, as in a program that keeps only one copy
    of them: layers below the last then get a slightly different error (the derivatives of the
    activations are those of the forward pass). Return the errors. Raises ValueError for another
    `through`, an lr that is not positive, a parameter that two layers share, and as `layerwise_errors`.

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
        raise ValueError(f"lr must be positive, got {quoted(lr)}")
    if through not in THROUGH:
        raise ValueError(f"through must be one of {', '.join(map(repr, THROUGH))}, got {quoted(through)}")
    refuse_shared(model)
    return _passed(model, data, loss, lr, through == "adjusted")


class _Link(NamedTuple):
    """One layer in the forward pass, detached from its neighbours, so that it can be passed alone."""

    name: str
    module: Module
    inputs: list[list[Value]]
    outputs: list[list[Value]]


def _passed(
    model: Module, data: Any, loss: str | Loss, lr: float | None, adjusted: bool = False
) -> LayerErrors:
    """Run the forward pass, then the backward pass layer by layer, updating each layer after it."""
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
    """Run every layer on all examples, with leaves as inputs that hold the outputs of the layer below."""
    links = []
    rows: Sequence[Sequence[Any]] = data.inputs
    for name, module in chain(model):
        inputs = [[Value(number) for number in plain(list(row))] for row in rows]
        outputs = [as_list(module(row)) for row in inputs]
        links.append(_Link(name or kind_of(model), module, inputs, outputs))
        rows = outputs
    return links


def _send_through(link: _Link, above: list[list[Value]], root: Value) -> Value:
    """Propagate the error at a layer's outputs to its inputs and parameters.

    The outputs are seeded in the order in which the pass above reached them. So the sums are formed in
    the order of a single pass over the whole graph, and agree with it bit for bit.
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
    """Return the error at a layer that the pass has reached, and update its parameters."""
    parameters = link.module.parameters()
    length = math.hypot(*(parameter.grad for parameter in parameters))
    if lr is not None:
        for parameter in parameters:
            parameter.data -= lr * parameter.grad
    if adjusted:
        _pass_again(link)
    description = f"{kind_of(link.module)}({link.module.describe()})"
    arrived = [[value.grad for value in row] for row in link.inputs]
    return LayerError(link.name, description, errors, arrived, length)


def _pass_again(link: _Link) -> None:
    """Add to each input's error the change due to the updated weights of its weighted sums."""
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
    """Raise ValueError for a model that is not a chain of its layers."""
    if not data.size:
        raise ValueError("the data set has no examples: at least 1 example is needed")
    with no_grad(), mode(model, training=False):
        whole = plain(as_list(model(data.inputs[0])))
        steps: Any = data.inputs[0]
        for _, module in chain(model):
            steps = as_list(module(steps))
    if repr(plain(steps)) != repr(whole):
        raise ValueError(
            f"{kind_of(model)} is not a chain of its layers: its output is {whole}, that of the chain "
            f"{plain(steps)}. Use a chain of layers, such as an MLP"
        )


def _size(rows: list[list[Value]]) -> int:
    return sum(map(len, rows))


def _row(errors: list[list[float]]) -> str:
    """Return the first example's numbers, without the middle of a long row."""
    words = [f"{error:+.4f}" for error in errors[0]]
    return " ".join(words if len(words) <= 4 else [*words[:3], "...", words[-1]])
