"""A recorded graph as a program in high precision, ordered independently of the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from ...value import Value
from .precise import MP, Precise, as_real, exactly, truth_of


def flat_truth(node: Value) -> Callable[[list[Precise]], Precise]:
    """Return a node's operation in high precision, as a function of a flat list of operands.

    >>> float(flat_truth(Value(2.0) * 3)([MP.mpf(2), MP.mpf(3)]))
    6.0
    """
    op: Any = node.op
    truth = truth_of(op)
    if op.variadic:
        return lambda operands: truth(*op.grouped(operands))
    return lambda operands: truth(*operands)


class Record:
    """The nodes of a graph, operands first, and the same computation in high precision.

    The topological order is computed here independently, since that of the engine is under test. With
    `as_rounded`, the rounding error of float64 is added to each operation, so that the value of every
    node equals its data.

    >>> x = Value(3.0)
    >>> record = Record(x * x + 1)
    >>> float(record.as_function_of(record.leaves[0])(MP.mpf(5)))
    26.0
    """

    def __init__(self, root: Value, as_rounded: bool = False) -> None:
        self.root = root
        self.as_rounded = as_rounded
        self.nodes: list[Value] = _operands_first(root)
        self.index: dict[Value, int] = {node: k for k, node in enumerate(self.nodes)}
        self.leaves: list[int] = [k for k, node in enumerate(self.nodes) if node.op is None]
        # For each node, its operands as indices of nodes, or floats.
        read: list[list[Any]] = [
            [item if item.__class__ is float else self.index[item] for item in node.operands]
            for node in self.nodes
        ]
        self.operands: list[list[Any]] = [
            [
                item if item.__class__ is float or is_finite(node, self.nodes[item]) else self.nodes[item].data
                for item in operands
            ]
            for node, operands in zip(self.nodes, read, strict=True)
        ]
        """The same, but without an edge to an infinity or from it: there the operand is a number."""
        self.consumers: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        """For each node, its consumers and the position of the node among their operands."""
        for k, operands in enumerate(self.operands):
            for position, operand in enumerate(operands):
                if operand.__class__ is int:
                    self.consumers[operand].append((k, position))
        self._exact = [
            [item if item.__class__ is int else exactly(item) for item in operands] for operands in read
        ]
        self._data = [exactly(node.data) for node in self.nodes]
        self._truths: list[Any] = [node.op and flat_truth(node) for node in self.nodes]
        self.found: dict[Any, Any] = {}
        """A cache of results that several questions use."""
        self._bases: dict[int, list[Precise]] = {}
        self._errors: dict[int, list[Precise]] = {}

    @cached_property
    def reached(self) -> set[int]:
        """The nodes that receive a gradient: not those that were not selected."""
        found = {len(self.nodes) - 1}
        for k in range(len(self.nodes) - 1, -1, -1):
            if k in found:
                partials = self.nodes[k].partials
                found.update(
                    item
                    for item, partial in zip(self.operands[k], partials, strict=True)
                    if item.__class__ is int and partial is not None
                )
        return found

    @cached_property
    def size(self) -> float:
        """The largest finite number in the graph, by absolute value."""
        sizes = (abs(node.data) for node in self.nodes)
        return max((size for size in sizes if size < math.inf), default=0.0)

    @cached_property
    def rounded(self) -> Record:
        """The same graph with the rounding error of float64 in each operation."""
        return Record(self.root, as_rounded=True)

    def base(self) -> list[Precise]:
        """Return the value of every node, computed from the leaves in the current precision."""
        if MP.prec not in self._bases:
            values = list(self._data)
            inside = [k for k, node in enumerate(self.nodes) if node.op is not None]
            if self.as_rounded:
                errors = self._errors[MP.prec] = [MP.zero] * len(values)
                for k in inside:
                    error = values[k] - self.number(k, values)
                    errors[k] = error if MP.isfinite(error) else MP.zero
            else:
                self._run(values, inside)
            self._bases[MP.prec] = values
        return self._bases[MP.prec]

    def _run(self, values: list[Precise], positions: list[int]) -> None:
        errors = self._errors.get(MP.prec)
        for k in positions:
            values[k] = self.number(k, values) + (errors[k] if errors else 0)

    @cached_property
    def is_masked(self) -> bool:
        """Whether its infinite numbers are results of operations on infinite constants, as of a mask.

        Then each is the exact result, and one that does not reach a finite root has the derivative 0.
        """
        infinite = [k for k, node in enumerate(self.nodes) if not is_finite(node)]
        if not is_finite(self.root) or any(self.nodes[k].op is None for k in infinite):
            return False
        try:
            values = self.base()
        except (ArithmeticError, ValueError, TypeError):
            return False
        return all(values[k] == self._data[k] for k in infinite)

    def number(self, k: int, values: list[Precise]) -> Precise:
        """Return the result of a node's operation, given the values of all nodes before it."""
        return as_real(
            self._truths[k]([values[item] if item.__class__ is int else item for item in self._exact[k]])
        )

    def from_leaves(self, changes: Mapping[int, Precise]) -> Precise:
        """Return the value of the root for changed values of some leaves."""
        values = list(self.base())
        for leaf, x in changes.items():
            values[leaf] = x
        self._run(values, [k for k, node in enumerate(self.nodes) if node.op is not None])
        return values[-1]

    def above(self, leaves: list[int]) -> list[int]:
        """Return the nodes that depend on any of some leaves, operands first."""
        reached = set(leaves)
        found = []
        for k in range(leaves[0] if leaves else 0, len(self.nodes)):
            if not reached.isdisjoint(item for item in self._exact[k] if item.__class__ is int):
                reached.add(k)
                found.append(k)
        return found

    def as_function_of(self, leaf: int) -> Callable[[Precise], Precise]:
        """Return the root as a function of one leaf, the other leaves being fixed."""
        affected = self.above([leaf])

        def root(x: Precise) -> Precise:
            values = list(self.base())
            values[leaf] = x
            self._run(values, affected)
            return values[-1]

        return root

    def along(self, direction: Mapping[int, float]) -> Callable[[Precise], Precise]:
        """Return the root as a function of the distance by which the leaves move along a direction."""
        affected = self.above(sorted(direction))

        def root(distance: Precise) -> Precise:
            values = list(self.base())
            for leaf, speed in direction.items():
                values[leaf] += distance * exactly(speed)
            self._run(values, affected)
            return values[-1]

        return root


def is_finite(*nodes: Value) -> bool:
    """Return whether the numbers of nodes are finite.

    >>> is_finite(Value(3.0), Value(-math.inf))
    False
    """
    return all(math.isfinite(node.data) for node in nodes)


def _operands_first(root: Value) -> list[Value]:
    """Return all nodes of a graph, each after all of its operands."""
    waiting: list[Any] = [root]
    finished: dict[Value, None] = {}
    while waiting:
        node = waiting[-1]
        missing = [
            item for item in reversed(node.operands) if item.__class__ is not float and item not in finished
        ]
        if missing:
            waiting += missing
        else:
            finished.setdefault(waiting.pop())
    return list(finished)
