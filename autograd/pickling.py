"""Support for pickle and deepcopy of a whole graph: without recursion, and keeping shared nodes shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from .graph import ERA, topological_order

_MEMBERS: ContextVar[frozenset[Any]] = ContextVar("members", default=frozenset())
"""The nodes that a root is listing at the moment, which need not list their own operands again."""


class _Listed:
    """Nodes that pickle saves one after the other, operands first; loads as a list."""

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._one_by_one()

    def _one_by_one(self) -> Iterator[Any]:
        members = frozenset(self.nodes)
        _MEMBERS.set(members)
        try:
            yield from self.nodes
        finally:
            if _MEMBERS.get() is members:  # an abandoned one may be finalised during a later one
                _MEMBERS.set(frozenset())


def reduced(root: Any) -> tuple[Any, ...]:
    """Return the result of `root.__reduce__`.

    Pickle would recurse along every edge of the graph. So the first node lists all nodes below it,
    operands first, and each of them finds its operands saved. A gradient that is itself a node may
    depend on the node that it belongs to: such gradients follow afterwards.
    """
    kind = root.__class__
    first: tuple[Any, _Listed | None] = (kind, None)
    state: tuple[Any, ...] = ()
    if (root.operands or root.grad.__class__ is kind) and root not in _MEMBERS.get():
        order = topological_order(root)
        everything = _with_gradients(order, kind)
        others = [(node, node.grad) for node in everything if node.grad.__class__ is kind and node is not root]
        first = (kind, _Listed(order[:-1]) if len(order) > 1 else None)
        if others or root.grad.__class__ is kind:
            state = ((_Listed(everything[len(order) :]), others, root.grad),)
    grad = 0.0 if root.grad.__class__ is kind else root.grad
    return restored, (*first, root.data, grad, root.label, root.op, root.operands, root.partials), *state


def _with_gradients(order: list[Any], kind: type) -> list[Any]:
    """Return the nodes of an order, then those of their gradients' graphs, and of the gradients of these."""
    found, fresh, seen = [node for node in order if node.__class__ is kind], order, set(order)
    while gradients := [node.grad for node in fresh if node.grad.__class__ is kind]:
        above = restored(kind, None, 0.0, 0.0, "", None, tuple(gradients), ())
        fresh = [node for node in topological_order(above)[:-1] if node not in seen]
        found += fresh
        seen.update(fresh)
    return found


def copied(root: Any, memo: dict[int, Any] | None = None) -> Any:
    """Return a copy of a node; with the memo of `copy.deepcopy`, of the whole graph below it."""
    from copy import deepcopy  # slow to import

    function, parts, *state = reduced(root)
    if memo is None:
        twin = function(*parts)
    else:
        twin = memo[id(root)] = function(*(deepcopy(part, memo) for part in parts))
    if state:
        twin.__setstate__(state[0] if memo is None else deepcopy(state[0], memo))
    return twin


def restored(kind: Any, _below: Any, *state: Any) -> Any:
    """Return the node of that class; `_below` is only there to be loaded first."""
    node = kind.__new__(kind)
    node.era = ERA[0]
    node._data, node.grad, node._label, node.op, node.operands, node.partials = state
    return node


def finish(root: Any, state: tuple[Any, ...]) -> None:
    """Set the gradients that are nodes: the work of `root.__setstate__`."""
    _, others, root.grad = state
    for node, grad in others:
        node.grad = grad
