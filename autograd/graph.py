"""Topological order and the chain rule. A node is anything with operands, partials and a grad."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from itertools import repeat
from numbers import Real
from threading import RLock
from typing import Any

from .locks import waited_for


def topological_order(*roots: Any, stop: Collection[Any] = ()) -> list[Any]:
    """Every node that the roots depend on, operands before results, first operands first.

    Depth-first with a stack of its own, so that no depth of graph can exhaust Python's.
    A plain number among the operands is not a node. The nodes in `stop`, and what only they depend on,
    are left out.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> [node.data for node in topological_order((x + 1) * 2)]
    [3.0, 4.0, 8.0]
    """
    order: list[Any] = []
    seen: set[Any] = set(stop)
    stack: list[Any] = [*reversed(roots)]
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
    have contributed, so its grad is complete and can be passed on. A node to which nothing has
    flowed passes nothing on. Whoever calls it holds TURN.

    A pass that cannot finish, whatever stops it, leaves the leaves' grads as they were.
    """
    nothing = float("0")  # an object of this pass's own: a grad that is it has received nothing yet
    leaves: list[Any] = []
    grads: list[Any] = []
    undo = map(setattr, leaves, repeat("grad"), grads)  # made beforehand, and run by C code alone:
    run = deque[None](maxlen=0).extend  # so undoing needs no memory, and a second Ctrl-C comes after it
    try:
        order = _interior(root, nothing, leaves, grads)
        run(map(setattr, leaves, repeat("grad"), _numbers(leaves, grads)))
        root.grad += gradient
        for node in reversed(order):
            upstream, operands, partials = node.grad, node.operands, node.partials
            if upstream is nothing:
                continue
            count = len(operands)
            if count == 2:  # the loop below without its overhead: a third of the whole pass
                (x, y), (dx, dy) = operands, partials
                if dx is not None:
                    x.grad += upstream * dx
                if dy is not None:
                    y.grad += upstream * dy
            elif count == 1:
                if (dx := partials[0]) is not None:
                    operands[0].grad += upstream * dx
            else:
                for operand, partial in zip(operands, partials):  # noqa: B905 (of one length by birth)
                    if partial is not None:
                        operand.grad += upstream * partial
    except BaseException:
        run(undo)
        raise


def grad_number(node: Any) -> float:
    """The grad of a node as a number: None counts as 0, and of a Value its data.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> (x * x).backward(create_graph=True)
    >>> grad_number(x)
    6.0
    """
    grad = node.grad
    return grad if grad.__class__ is float else 0.0 if grad is None else float(getattr(grad, "_data", grad))


TURN = waited_for(RLock(), level=3)
"""Held by the thread that is changing grads: graphs may share nodes, and `+=` is not atomic."""


def _numbers(leaves: list[Any], grads: list[Any]) -> list[Any]:
    """The leaves' grads to add to: None counts as 0. Raises TypeError for what is not a number."""
    if {*map(type, grads)} <= _ONLY_FLOATS:
        return grads
    found = [0.0 if grad is None else grad for grad in grads]
    for leaf, grad in zip(leaves, found, strict=True):
        if not isinstance(grad, Real) and grad.__class__ is not leaf.__class__:
            raise TypeError(
                f"the grad of {leaf.label or 'a leaf'} is {grad!r}, of type {type(grad).__name__}: it must be "
                "a number, or None for 0. Nothing has been added to any grad"
            )
    return found


_ONLY_FLOATS = {float}


def _interior(  # noqa: PLR0912 (general cases first inlined, for speed)
    root: Any, nothing: float, leaves: list[Any], grads: list[Any]
) -> list[Any]:
    """The topological order without the leaves, with `nothing` in the place of every grad.

    The leaves and the grads that they had are appended to the two lists. That a grad is this very
    object says that its node has been seen, for half the cost of a set of the nodes; and it is a
    zero, so that no pass which ends early leaves anything behind that is not a number.
    """
    order: list[Any] = []
    stack: list[Any] = [root]
    pop, push, add_leaf, add_grad = stack.pop, stack.append, leaves.append, grads.append
    while stack:
        node = pop()
        if node is None:  # everything that the node below it needs is in order
            order.append(pop())
        elif node.grad is not nothing:
            operands = node.operands
            count = len(operands)
            if not count:  # leaves come here where that is cheap, and are else settled below, at once
                add_leaf(node)
                add_grad(node.grad)
                node.grad = nothing
                continue
            node.grad = nothing
            push(node)
            push(None)
            if count == 2:  # again the general case below, without its overhead
                x, y = operands
                if y.__class__ is not float and y.grad is not nothing:
                    if y.operands:
                        push(y)
                    else:
                        add_leaf(y)
                        add_grad(y.grad)
                        y.grad = nothing
                if x.__class__ is not float and x.grad is not nothing:
                    if x.operands:
                        push(x)
                    else:
                        add_leaf(x)
                        add_grad(x.grad)
                        x.grad = nothing
            elif count == 1:
                if operands[0].grad is not nothing:
                    push(operands[0])
            else:
                for item in operands[::-1]:
                    if item.__class__ is not float and item.grad is not nothing:
                        if item.operands:
                            push(item)
                        else:
                            add_leaf(item)
                            add_grad(item.grad)
                            item.grad = nothing
    return order
