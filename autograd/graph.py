"""Topological order and the chain rule. A node is anything with operands, partials and a grad."""

from __future__ import annotations

from typing import Any, Protocol


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
    have contributed, so its grad is complete and can be passed on.
    """
    order = _cleared_interior(root)
    root.grad += gradient
    for node in reversed(order):
        upstream, operands = node.grad, node.operands
        if len(operands) == 2:  # the loop below without its overhead: a third of the whole pass
            (x, y), (dx, dy) = operands, node.partials
            if dx is not None:
                x.grad += upstream * dx
            if dy is not None:
                y.grad += upstream * dy
            continue
        for operand, partial in zip(operands, node.partials):  # noqa: B905 (of one length by birth)
            if partial is not None:
                operand.grad += upstream * partial


_VISITED = object()


def _cleared_interior(root: Any) -> list[Any]:
    """The topological order without the leaves, every grad in it set to zero.

    Until then a mark in the place of the grad says that a node has been seen, for half the cost
    of a set of the nodes. Whatever interrupts the walk, no mark stays behind.
    """
    order: list[Any] = []
    stack: list[Any] = [root] if root.operands else []
    pop, push, visited = stack.pop, stack.append, _VISITED
    try:
        while stack:
            node = pop()
            if node is None:  # everything that the node below it needs is in order
                order.append(pop())
            elif node.grad is not visited:
                node.grad = visited
                push(node)
                push(None)
                if len(node.operands) == 2:  # again the loop below, without its overhead
                    x, y = node.operands
                    if y.__class__ is not float and y.operands:
                        push(y)
                    if x.__class__ is not float and x.operands:
                        push(x)
                    continue
                for operand in reversed(node.operands):
                    if operand.__class__ is not float and operand.operands:
                        push(operand)
        for node in order:
            node.grad = 0.0
    except BaseException:
        for node in topological_order(root):
            if node.grad is visited:
                node.grad = 0.0
        raise
    return order
