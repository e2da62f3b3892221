"""Topological order and the chain rule. A node is anything with operands, partials and a grad."""

from __future__ import annotations

from threading import RLock
from typing import Any, Protocol

from .locks import waited_for


class Node(Protocol):
    """What this file needs to know of a node."""

    grad: Any
    operands: tuple[Any, ...]
    partials: tuple[Any, ...]


def topological_order(root: Any) -> list[Any]:
    """Every node that `root` depends on, operands before results, first operands first.

    Depth-first with a stack of its own, so that no depth of graph can exhaust Python's.
    A plain number among the operands is not a node.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> [node.data for node in topological_order((x + 1) * 2)]
    [3.0, 4.0, 8.0]
    """
    order: list[Any] = []
    seen: set[Any] = set()
    stack: list[Any] = [root]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if node in seen:
            continue
        if node is None:  # everything that the node below it needs is in order
            order.append(pop())
            continue
        seen.add(node)
        if node.__class__ is float:
            continue
        if operands := node.operands:
            push(node)
            push(None)
            stack += operands[::-1]
        else:
            order.append(node)
    return order


def backward(root: Any, gradient: float) -> None:
    """Add d root / d leaf times `gradient` to every leaf's grad; interior grads start from zero.

    The chain rule in reverse topological order: when a node's turn comes, all of its consumers
    have contributed, so its grad is complete and can be passed on. Whoever calls it holds TURN.
    """
    order = _cleared_interior(root)
    root.grad += gradient
    for node in reversed(order):
        upstream, operands, partials = node.grad, node.operands, node.partials
        count = len(operands)
        if count == 2:  # the loop below without its overhead: a third of the whole pass
            (x, y), (dx, dy) = operands, partials
            if dx is not None:
                x.grad += upstream * dx
            if dy is not None:
                y.grad += upstream * dy
        elif count == 1:
            operands[0].grad += upstream * partials[0]
        else:
            for operand, partial in zip(operands, partials):  # noqa: B905 (of one length by birth)
                if partial is not None:
                    operand.grad += upstream * partial


TURN = waited_for(RLock(), level=3)
"""Held by the thread that is changing grads: graphs may share nodes, and `+=` is not atomic."""

_VISITED = object()


def _cleared_interior(root: Any) -> list[Any]:
    """The topological order without the leaves, every grad in it set to zero.

    Whatever interrupts the walk, no mark stays behind.
    """
    try:
        order = _marked_interior(root)
        for node in order:
            node.grad = 0.0
    except BaseException:
        for node in topological_order(root):
            if node.grad is _VISITED:
                node.grad = 0.0
        raise
    return order


def _marked_interior(root: Any) -> list[Any]:
    """The topological order without the leaves, a mark in the place of every grad in it.

    The mark says that a node has been seen, for half the cost of a set of the nodes.
    """
    order: list[Any] = []
    stack: list[Any] = [root] if root.operands else []
    pop, push, visited = stack.pop, stack.append, _VISITED
    while stack:
        node = pop()
        if node is None:  # everything that the node below it needs is in order
            order.append(pop())
        elif node.grad is not visited:
            node.grad = visited
            push(node)
            push(None)
            operands = node.operands
            count = len(operands)
            if count == 2:  # again the general case below, without its overhead
                x, y = operands
                if y.__class__ is not float and y.operands:
                    push(y)
                if x.__class__ is not float and x.operands:
                    push(x)
            elif count == 1:
                if operands[0].operands:
                    push(operands[0])
            else:
                stack += [
                    item
                    for item in operands[::-1]
                    if item.__class__ is not float and item.operands and item.grad is not visited
                ]
    return order
