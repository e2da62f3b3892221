"""Topological order and the backward pass. A node is an object with operands, partials and a grad."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from itertools import repeat
from numbers import Real
from threading import RLock
from typing import Any

from .locks import waited_for
from .terminal import quoted

ERA: list[int] = [0]
"""The number of derivatives that have begun; each node has the one of its creation, as `era`.

No operand is younger than its result, so whatever is older than the inputs of a derivative cannot
depend on them, and the derivative need not visit it.
"""


def new_era() -> int:
    """Begin an era and return it: nodes created from now on are younger than all others."""
    with _COUNTING:
        ERA[0] += 1
        return ERA[0]


_COUNTING = waited_for(RLock(), level=4)


def topological_order(*roots: Any, stop: Collection[Any] = (), since: int = 0) -> list[Any]:
    """Return every node that the roots depend on, operands before results, first operands first.

    Depth-first search with a stack of its own, so that a deep graph cannot exhaust Python's. A plain
    number among the operands is not a node. The nodes in `stop`, those of an era before `since`, and
    those that only these depend on, are left out.

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
        if node.__class__ is float or (since and node.era < since):
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

    The chain rule in reverse topological order: when a node is reached, all of its consumers have
    contributed, so its grad is complete and can be passed on. A node that no gradient has reached
    passes nothing on. The caller holds TURN.

    If the pass is interrupted, by any exception, the leaves' grads are restored.
    """
    nothing = float("0")  # an object of this pass alone: a grad that is it has received nothing yet
    leaves: list[Any] = []
    grads: list[Any] = []
    undo = map(setattr, leaves, repeat("grad"), grads)  # made beforehand and run entirely in C:
    run = deque[None](maxlen=0).extend  # undoing needs no memory, and a second Ctrl-C waits for it
    try:
        order = _interior(root, nothing, leaves, grads)
        run(map(setattr, leaves, repeat("grad"), _numbers(leaves, grads)))
        root.grad += gradient
        for node in reversed(order):
            upstream, operands, partials = node.grad, node.operands, node.partials
            if upstream is nothing:
                continue
            count = len(operands)
            if count == 2:  # the loop below unrolled: its overhead is a third of the whole pass
                (x, y), (dx, dy) = operands, partials
                if dx is not None:
                    x.grad += upstream * dx
                if dy is not None:
                    y.grad += upstream * dy
            elif count == 1:
                if (dx := partials[0]) is not None:
                    operands[0].grad += upstream * dx
            else:
                for operand, partial in zip(operands, partials):  # noqa: B905 (equally long when recorded)
                    if partial is not None:
                        operand.grad += upstream * partial
        leaves.clear()  # done, so there is nothing to undo
    finally:
        try:  # Python 3.10 looks for signals where it goes on after an exception, except before a try
            run(undo)
        finally:
            pass


def grad_number(node: Any) -> float:
    """Return the grad of a node as a number: 0 for None, and the data of a Value.

    Raises TypeError, which names the node, for a grad that is not a number.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> (x * x).backward(create_graph=True)
    >>> grad_number(x)
    6.0
    """
    grad = node.grad
    if grad.__class__ is float:
        return grad
    if grad is None:
        return 0.0
    number = getattr(grad, "_data", grad)
    if not isinstance(number, Real):
        raise TypeError(_not_a_grad(node, grad))
    return float(number)


def _not_a_grad(node: Any, grad: Any) -> str:
    return (
        f"the grad of {node.label or 'a Value'} is {quoted(grad)}, of type {type(grad).__name__}: it must be "
        "a number, or None for 0"
    )


TURN = waited_for(RLock(), level=3)
"""Held by the thread that is changing grads: graphs may share nodes, and `+=` is not atomic."""


def _numbers(leaves: list[Any], grads: list[Any]) -> list[Any]:
    """Return the leaves' grads to add to, with 0 for None. Raises TypeError for a grad that is not a number."""
    if {*map(type, grads)} <= _ONLY_FLOATS:
        return grads
    found = [0.0 if grad is None else grad for grad in grads]
    for leaf, grad in zip(leaves, found, strict=True):
        if not isinstance(grad, Real) and grad.__class__ is not leaf.__class__:
            raise TypeError(f"{_not_a_grad(leaf, grad)}. No grad has been changed")
    return found


_ONLY_FLOATS = {float}


def _interior(  # noqa: PLR0912 (general cases first inlined, for speed)
    root: Any, nothing: float, leaves: list[Any], grads: list[Any]
) -> list[Any]:
    """Return the topological order without the leaves, and set every grad to `nothing`.

    The leaves and the grads that they had are appended to the two lists. A grad that is this very
    object marks its node as visited, at half the cost of a set of nodes; it is a zero, so that a pass
    that ends early leaves only numbers behind.
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
            if not count:  # leaves come here where that is cheap; the others are handled below, at once
                add_leaf(node)
                add_grad(node.grad)
                node.grad = nothing
                continue
            node.grad = nothing
            push(node)
            push(None)
            if count == 2:  # again the general case below, unrolled
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
