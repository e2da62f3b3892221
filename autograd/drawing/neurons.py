"""Recognise the neurons of a graph: activations of sums of products, written with `dot` or with + and *."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..backward_pass import BackwardPass
from ..value import Value
from .grouping import Folded, Frame, linear


class Unit(NamedTuple):
    """One neuron as it occurs in a graph."""

    group: Folded
    column: int
    weights: list[int]
    edges: list[str]
    """The id of each weight's edge, for the first sample."""
    inputs: list[list[int | float]]
    """The operands that the weights are multiplied with, for each sample."""
    bias: int | None
    sums: list[int]
    """The node that the activation is applied to, for each sample."""
    outputs: list[int]


def innermost(frames: list[Frame]) -> list[Frame]:
    return [
        leaf for frame in frames for leaf in (innermost(list(frame.children)) if frame.children else [frame])
    ]


def find_layers(frames: list[Frame]) -> list[list[Frame]]:
    """Return the neurons of each layer, in order; neurons outside of layers form one layer."""
    found: list[list[Frame]] = []
    alone = [frame for frame in frames if frame.level == "neuron"]
    for frame in frames:
        neurons = [child for child in frame.children if child.level == "neuron"]
        found += [neurons] if neurons else find_layers([c for c in frame.children if c.children])
    return [*found, alone] if alone else found


def find_units(recorded: BackwardPass, groups: list[Folded], layers: list[list[Frame]]) -> list[Unit] | None:
    """Return the neurons, or None if one is not an activation of a weighted sum and a bias."""
    by_id = {group.frame.id: group for group in groups}
    found = []
    for column, layer in enumerate(layers):
        for frame in layer:
            unit = _unit(recorded, by_id[frame.id], column)
            if unit is None:
                return None
            found.append(unit)
    return found


def _unit(recorded: BackwardPass, group: Folded, column: int) -> Unit | None:
    order, nodes = recorded.order, set(group.nodes)
    leaves = {k for k in nodes if not order[k].operands}
    following: dict[int, int] = {}
    for k in sorted(nodes):
        for operand in order[k].operands:
            if operand.__class__ is not float and recorded.index[operand] not in leaves:
                following[recorded.index[operand]] = k
    whole = [k for k in sorted(nodes - leaves) if _is_sum(order[k]) and not _goes_on(order, following.get(k))]
    weights: list[int] = []
    edges: list[str] = []
    bias: set[int] = set()
    inputs, outputs = [], []
    for z in whole:
        products, added = _terms(recorded, z, nodes, leaves)
        found = sorted(k for k, _, _ in products)
        if not found or len(added) > 1 or found != sorted(weights or found):
            return None
        if not weights:
            weights, edges = [k for k, _, _ in products], [edge for _, _, edge in products]
        by_weight = {k: operand for k, operand, _ in products}
        inputs.append([by_weight[k] for k in weights])
        bias |= set(added)
        out = z
        while out in following:
            out = following[out]
        outputs.append(out)
    if not weights or len(set(weights)) < len(weights) or len(bias) > 1 or leaves != set(weights) | bias:
        return None
    return Unit(group, column, weights, edges, inputs, bias.pop() if bias else None, whole, outputs)


def _goes_on(order: Sequence[Value], k: int | None) -> bool:
    return k is not None and _is_sum(order[k])


def _is_sum(node: Value) -> bool:
    """Return whether a node can be the weighted sum or a part of it; a plain number is added afterwards."""
    return linear(node) and not (node.op and node.op.name == "add" and float in map(type, node.operands))


def _terms(
    recorded: BackwardPass, z: int, nodes: set[int], leaves: set[int]
) -> tuple[list[tuple[int, int | float, str]], list[int]]:
    """Return the terms of a sum: the weight, its input and its edge for each product; and the biases.

    Without products if a term is anything else, such as a plain number or a product of two weights.
    """
    products: list[tuple[int, int | float, str]] = []
    added: list[int] = []
    waiting = [z]
    while waiting:
        k = waiting.pop()
        node = recorded.order[k]
        operands = [x if x.__class__ is float else recorded.index[x] for x in node.operands]
        if k in leaves:
            added.append(k)
        elif not _is_sum(node) or k not in nodes:
            return [], []
        elif node.op and node.op.name == "add":
            waiting += [int(x) for x in reversed(operands)]
        else:  # a product, or a dot product of two lists
            half = len(operands) // 2
            first = 0 if leaves.issuperset(operands[:half]) else half
            for position in range(first, first + half):
                other = operands[position + half - 2 * first]
                if operands[position] not in leaves or (other.__class__ is int and other in leaves):
                    return [], []
                products.append((int(operands[position]), other, f"e{k}_{position}"))
    return products, added


def find_sources(recorded: BackwardPass, units: list[Unit]) -> dict[tuple[str, int], str] | None:
    """Return the box that each input of each neuron comes from, or None if it is not feed-forward."""
    owner = {k: unit for unit in units for k in unit.outputs}
    found: dict[tuple[str, int], str] = {}
    for unit in units:
        for sample in unit.inputs:
            for position, operand in enumerate(sample):
                source = f"x{position}"
                if operand.__class__ is int and operand in owner:
                    if owner[operand].column >= unit.column:
                        return None
                    source = owner[operand].group.frame.id
                elif operand.__class__ is int and recorded.order[operand].operands:
                    return None  # computed before the network, or inside a neuron
                if found.setdefault((unit.group.frame.id, position), source) != source:
                    return None
    return found
