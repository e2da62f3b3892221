"""Derivatives of a recorded graph as numbers, or as Values: the table's rules run once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from .errors import StaleGraphError
from .formulas import history
from .graph import topological_order
from .modes import always_recording, ieee_arithmetic
from .ops.op import Op
from .ops.primitives import FAST
from .ops.rules import define, partials_source
from .recording import EDGES, RECORDED


@cache
def _rules_over_values(op: Op) -> Callable[..., tuple[Any, ...]]:
    """An op's partials as a function of Values: the same text, other meanings for its names."""
    operands = ", ".join(op.operands)
    edges = {name: f"edges[{position}]" for position, name in enumerate(op.operands)}
    source = f"def values_{op.name}({operands}, *, out, edges): return {partials_source(op, edges)}"
    algebra = FAST | RECORDED | EDGES | {"number": lambda result: result}
    return define(f"values_{op.name}", source, algebra | op.functions)


def partials_as_values(node: Any) -> tuple[Any, ...]:
    """The partials of a node, recorded as Values of its operands; None for a plain number.

    Raises StaleGraphError if they are no longer what they were when the node was born.
    """
    op, operands = node.op, node.operands
    edges: list[Any] = [operand.__class__ is not float for operand in operands]
    if op.variadic:
        size = len(operands) // len(op.operands)
        starts = range(0, len(operands), size)
        operands, edges = [operands[k : k + size] for k in starts], [edges[k : k + size] for k in starts]
    with ieee_arithmetic():
        partials = _rules_over_values(op)(*operands, out=node, edges=edges)
    for partial, recorded in zip(partials, node.partials, strict=True):
        found = getattr(partial, "_data", partial)
        if found != recorded and (found == found or recorded == recorded):
            raise StaleGraphError(
                f"a derivative of {history(node)} was {recorded!r} at its birth and is {found!r} now: data was "
                "overwritten since. Compute the result again before differentiating it further"
            )
    return partials


def _partials(node: Any, create_graph: bool) -> tuple[Any, ...]:
    return partials_as_values(node) if create_graph and node.operands else node.partials


def times(first: Any, second: Any) -> Any:
    """A product that leaves no node behind for a factor that is the plain number 1."""
    if first.__class__ is float and first == 1.0:
        return second
    if second.__class__ is float and second == 1.0:
        return first
    return first * second


def dependents(order: Iterable[Any], inputs: Iterable[Any]) -> set[Any]:
    """The nodes of an order that depend on any of the inputs, the inputs among them."""
    reached = set(inputs)
    for node in order:
        if not reached.isdisjoint(node.operands):
            reached.add(node)
    return reached


def pull_back(
    root: Any, gradient: Any = 1.0, inputs: Iterable[Any] | None = None, create_graph: bool = False
) -> dict[Any, Any]:
    """Reverse mode: the gradient that arrives at each node when `root` is given `gradient`.

    Numbers, or with `create_graph` Values. Only nodes that depend on `inputs` take part, if given.
    """
    order = topological_order(root)
    active = set(order) if inputs is None else dependents(order, inputs)
    arrived: dict[Any, Any] = {root: gradient}
    with always_recording():
        for node in reversed(order):
            if node not in arrived or active.isdisjoint(node.operands):
                continue
            for operand, partial in zip(node.operands, _partials(node, create_graph), strict=True):
                if partial is not None and operand in active:
                    contribution = times(arrived[node], partial)
                    arrived[operand] = arrived[operand] + contribution if operand in arrived else contribution
    return arrived


def push_forward(order: Iterable[Any], tangents: dict[Any, Any], create_graph: bool = False) -> dict[Any, Any]:
    """Forward mode: the tangent of every node of an order, given those of the inputs."""
    found = dict(tangents)
    with always_recording():
        for node in order:
            if node in tangents or found.keys().isdisjoint(node.operands):
                continue
            parts = [
                times(partial, found[operand])
                for operand, partial in zip(node.operands, _partials(node, create_graph), strict=True)
                if partial is not None and operand in found
            ]
            if parts:  # else nothing that it depends on was selected
                found[node] = sum(parts[1:], parts[0])
    return found
