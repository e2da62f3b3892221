"""Record the loss of one example: the graph with which a page computes, and the nodes of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Op, Value, topological_order

from ..layers import MLP
from ..losses import Loss
from ..training.preconditions import recorded


class Recorded(NamedTuple):
    """A network and the loss of one example in the page's format, and their operations."""

    network: dict[str, Any]
    loss: dict[str, Any]
    """The loss alone, of one prediction, which other networks in the page use."""
    ops: dict[str, Op]


def record_network(model: MLP, loss: Loss) -> Recorded:
    """Record a network's loss of one example.

    Raises TypeError for a loss that returns no Value, ValueError for one that does not depend on both the
    prediction and the target.

    >>> from nn import mse_loss
    >>> found = record_network(MLP(2, [3, 1], rng=0), mse_loss)
    >>> len(found.network["parameters"]), sorted(found.ops)
    (13, ['add', 'dot', 'mean', 'square', 'sub', 'tanh'])
    """
    inputs = [Value(0.5, f"x{k}") for k in range(len(model.layers[0].neurons[0].weights))]
    target = Value(1.0, "target")
    outputs: Sequence[Value] = inputs
    ends: list[list[Value]] = []
    for layer in model.layers:
        outputs = layer(outputs)
        ends.append(list(outputs))
    root = recorded(loss([outputs[0]], [target]))
    order = topological_order(root)
    index = {node: k for k, node in enumerate(order)}
    if any(value not in index for value in (*inputs, target, outputs[0])):
        raise ValueError("a playground needs a loss that depends on the prediction and on the target")
    layers = [
        {
            "activation": layer.neurons[0].activation,
            "neurons": [_neuron(neuron, end, index) for neuron, end in zip(layer.neurons, ends_, strict=True)],
        }
        for layer, ends_ in zip(model.layers, ends, strict=True)
    ]
    network = {
        "nodes": _nodes(order, index),
        "inputs": [index[value] for value in inputs],
        "target": index[target],
        "parameters": [index[value] for value in model.parameters()],
        "output": index[outputs[0]],
        "loss": index[root],
        "layers": layers,
    }
    return Recorded(network, _loss_alone(loss), {node.op.name: node.op for node in order if node.op})


def _loss_alone(loss: Loss) -> dict[str, Any]:
    prediction, target = Value(0.5), Value(1.0)
    root = loss([prediction], [target])
    order = topological_order(root)
    index = {node: k for k, node in enumerate(order)}
    places = {"prediction": index[prediction], "target": index[target], "loss": index[root]}
    return {"nodes": _nodes(order, index), **places}


def _nodes(order: list[Value], index: dict[Value, int]) -> list[dict[str, Any]]:
    return [
        {
            "op": node.op.name if node.op else None,
            "of": [{"c": item} if item.__class__ is float else index[item] for item in node.operands],
        }
        for node in order
    ]


def _neuron(neuron: Any, out: Value, index: dict[Value, int]) -> dict[str, Any]:
    """Return the indices of a neuron's weights, weighted sum, sum with the bias, and output."""
    activated = out.op is not None and len(out.operands) == 1
    total = out.operands[0] if activated else out
    return {
        "weights": [index[weight] for weight in neuron.weights],
        "bias": index[neuron.bias],
        "sum": index[total.operands[0]],
        "total": index[total],
        "out": index[out],
    }
