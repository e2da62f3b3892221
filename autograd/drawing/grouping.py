"""Group nodes, such as those of a neuron or a layer, and fold a group into one box."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ..backward_pass import BackwardPass, State
from ..terminal import quoted
from ..value import Value


@runtime_checkable
class Grouped(Protocol):
    """An object whose parameters form groups, such as an `nn.Module`."""

    def groups(self) -> list[Group]:
        """Return its groups, outermost first."""
        ...


class Group(NamedTuple):
    """A named part of a graph, identified by its parameters; groups may nest.

    >>> w = Value(0.5, "w")
    >>> Group("Neuron 0", "1 -> 1", "neuron", (w,)).parameters
    (Value(0.5, label='w', grad=0.0),)
    """

    name: str
    detail: str
    level: str
    """The kind of group: "neuron", "layer" ..."""
    parameters: tuple[Value, ...]
    children: tuple[Group, ...] = ()


class Frame(NamedTuple):
    """The part of one graph that belongs to a group: its nodes, except for those of its children."""

    id: str
    name: str
    detail: str
    level: str
    nodes: tuple[int, ...]
    children: tuple[Frame, ...]

    def all_nodes(self) -> list[int]:
        """Return its nodes and those of its children."""
        return [*self.nodes, *(k for child in self.children for k in child.all_nodes())]


def frames_of(recorded: BackwardPass, groups: Iterable[Group]) -> list[Frame]:
    """Return the groups as frames around nodes of a graph, without those that do not occur in it.

    A node belongs to a group if it is one of its parameters, if it is computed from one, if it adds
    such nodes of different parameters, or if it is the only consumer, and a function of one operand,
    of such a node: a neuron's products, sum, bias, activation.
    """
    owner: dict[int, int] = {}
    leaves: list[Group] = []
    _collect(groups, leaves)
    for number, group in enumerate(leaves):
        owner |= {recorded.index[p]: number for p in group.parameters if p in recorded.index}
    parts = {k: 1 << number for number, k in enumerate(owner)}  # the parameters that each node sums, as bits
    for k, node in enumerate(recorded.order):
        owned = [j for j in _operands(recorded, node) if j in owner]
        parameters = [j for j in owned if not recorded.order[j].op]
        if parameters:
            owner[k] = owner[parameters[0]]
            if linear(node):
                parts[k] = reduce(or_, (parts.get(j, 0) for j in owned))
        elif owned and _is_sum_of_parts(recorded, node, owned, owner, parts):
            owner[k] = owner[owned[0]]
            parts[k] = reduce(or_, (parts[j] for j in owned))
        elif owned and _only_function(recorded, node, owned[0]):
            owner[k] = owner[owned[0]]
    return _framed(groups, iter(range(len(leaves))), owner, iter(range(10**9)))


def linear(node: Value) -> bool:
    """Return whether a node is a sum, a product or a dot product."""
    return node.op is not None and node.op.name in ("add", "mul", "dot")


def _is_sum_of_parts(
    recorded: BackwardPass, node: Value, owned: list[int], owner: dict[int, int], parts: dict[int, int]
) -> bool:
    """Return whether a node adds nodes of one group that share no parameter, as for one sample."""
    if node.op is None or node.op.name != "add" or len(owned) != len(_operands(recorded, node)):
        return False
    if len({owner[j] for j in owned}) > 1 or not all(j in parts and recorded.consumed[j] == 1 for j in owned):
        return False
    return len(owned) == 1 or not parts[owned[0]] & parts[owned[1]]


def _only_function(recorded: BackwardPass, node: Value, operand: int) -> bool:
    """Return whether a node is a function of this operand alone, and its only consumer."""
    single = node.op is not None and not node.op.variadic and len(node.operands) == 1
    return single and recorded.consumed[operand] == 1


def _collect(groups: Iterable[Group], leaves: list[Group]) -> None:
    for group in groups:
        _collect(group.children, leaves)
        if not group.children:
            leaves.append(group)


def _operands(recorded: BackwardPass, node: Value) -> list[int]:
    return [recorded.index[operand] for operand in node.operands if operand.__class__ is not float]


def _framed(groups: Iterable[Group], numbers: Any, owner: dict[int, int], ids: Any) -> list[Frame]:
    found = []
    for group in groups:
        id_ = f"g{next(ids)}"
        children = tuple(_framed(group.children, numbers, owner, ids))
        number = None if group.children else next(numbers)
        nodes = tuple(k for k, each in owner.items() if each == number) if number is not None else ()
        if nodes or children:
            found.append(Frame(id_, group.name, group.detail, group.level, nodes, children))
    return found


class Folded(NamedTuple):
    """A frame shown as a single box."""

    frame: Frame
    nodes: tuple[int, ...]
    outputs: tuple[int, ...]
    """The nodes that are consumed outside."""
    error: float | None
    """The gradient that arrives at the output; the norm of the gradients of several outputs."""


def folded(recorded: BackwardPass, state: State, frames: list[Frame], level: str) -> list[Folded]:
    """Return the frames of a level, each folded into one box. Raises ValueError for an unknown level."""
    chosen = [frame for frame in _flat(frames) if frame.level == level]
    if not chosen:
        known = ", ".join(sorted({frame.level for frame in _flat(frames)})) or "none: pass groups=model"
        raise ValueError(
            f"collapse must be the level of a group, got {quoted(level)}; the levels here are {known}"
        )
    return [_fold(recorded, state, frame) for frame in chosen]


def _flat(frames: Iterable[Frame]) -> list[Frame]:
    return [each for frame in frames for each in (frame, *_flat(frame.children))]


def _fold(recorded: BackwardPass, state: State, frame: Frame) -> Folded:
    nodes = frame.all_nodes()
    inside = set(nodes)
    consumed = {edge.operand for edge in recorded.links if edge.result not in inside}
    outputs = tuple(k for k in nodes if k in consumed or recorded.order[k] is recorded.root)
    arrived = [grad for grad in (state.grads[k] for k in outputs) if grad is not None]
    return Folded(frame, tuple(nodes), outputs, combined(arrived))


def combined(numbers: list[float]) -> float | None:
    """Return a single number as it is, the Euclidean norm of several, and None for none.

    >>> combined([-2.0]), combined([3.0, -4.0]), combined([])
    (-2.0, 5.0, None)
    """
    return (numbers[0] if len(numbers) == 1 else math.hypot(*numbers)) if numbers else None
