"""Topological order and the backward pass.

A node holds its operands in slots, which takes less memory and time than tuples:

- of an operation on one or two: `_x` and `_y`, and in `_dx` and `_dy` its partials with respect to them;
  `_y` is None if there is one;
- of an operation on more, or on a sequence: `_x` is None, `_y` is the tuple of the operands and `_dy`
  that of the partials;
- of a leaf: both `_x` and `_y` are None.

An operand that is a plain number is a float, and its partial None. `Value.operands` and `Value.partials`
return tuples in all cases.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import repeat
from numbers import Real
from threading import RLock
from typing import Any

from .locks import waited_for
from .terminal import kind_of, quoted

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
        x, y = node._x, node._y
        if x is None and y is None:
            order.append(node)
            continue
        push(node)
        push(None)
        if x is None:
            stack += y[::-1]
            continue
        if y is not None:
            push(y)
        push(x)
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
    # Made beforehand, and run by any() entirely in C, as setattr returns None: undoing needs no memory,
    # and a second Ctrl-C waits for it.
    undo = map(setattr, leaves, repeat("grad"), grads)
    try:
        order = _interior(root, nothing, leaves, grads)
        any(map(setattr, leaves, repeat("grad"), _numbers(leaves, grads)))
        root.grad += gradient
        for node in reversed(order):
            upstream, x = node.grad, node._x
            if upstream is nothing:
                continue
            if x is not None:
                if (dx := node._dx) is not None:
                    x.grad += upstream * dx
                if (dy := node._dy) is not None:
                    node._y.grad += upstream * dy
            else:
                for operand, partial in zip(node._y, node._dy):  # noqa: B905 (equally long when recorded)
                    if partial is not None:
                        operand.grad += upstream * partial
        leaves.clear()  # done, so there is nothing to undo
    finally:
        try:  # Python 3.10 looks for signals where it goes on after an exception, except before a try
            any(undo)
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
        f"the grad of {node.label or 'a Value'} is {quoted(grad)}, of type {kind_of(grad)}: it must be "
        "a number, or None for 0"
    )


TURN = waited_for(RLock(), level=3)
"""Held by the thread that is changing grads: graphs may share nodes, and `+=` is not atomic."""


def _numbers(leaves: list[Any], grads: list[Any]) -> list[Any]:
    """Return the leaves' grads to add to, with 0 for None. Raises TypeError for a grad that is not a number."""
    if {*map(type, grads)} <= _ONLY_FLOATS:
        return grads
    found = []
    for leaf, grad in zip(leaves, grads, strict=True):
        if grad.__class__ is leaf.__class__:
            found.append(grad)
        elif grad is None or isinstance(grad, Real):
            found.append(float(grad or 0.0))  # a float32 would round what is added to it
        else:
            raise TypeError(f"{_not_a_grad(leaf, grad)}. No grad has been changed")
    return found


_ONLY_FLOATS = {float}


def _interior(  # noqa: PLR0912 (the loop over operands unrolled for two, for speed)
    root: Any, nothing: float, leaves: list[Any], grads: list[Any]
) -> list[Any]:
    """Return the topological order without the leaves, and set every grad to `nothing`.

    The leaves and the grads that they had are appended to the two lists. A grad that is this very
    object marks its node as visited, at half the cost of a set of nodes; it is a zero, so that a pass
    that ends early leaves only numbers behind.

    It is the order of `topological_order`, found in paths: from a node to one of its operands, to an
    operand of that, until there is nothing new. The nodes of a path belong into the order from its end
    to its start. A node with two new operands lets its path wait until all below the first is in order;
    then the path goes on with the second.
    """
    order: list[Any] = []
    path: list[Any] = []
    waiting: list[Any] = []  # paths, each followed by the node with which it goes on: no tuples to collect

    def leave(leaf: Any) -> None:
        leaves.append(leaf)
        grads.append(leaf.grad)
        leaf.grad = nothing

    if root.op is None:
        leave(root)
        return order
    node = root
    while True:
        while node is not None:
            node.grad = nothing
            path.append(node)
            x, y, node = node._x, node._y, None
            if x is None:
                further = []
                for item in y:
                    if item.__class__ is not float and item.grad is not nothing:
                        if item.op is None:
                            leave(item)
                        elif node is None:
                            node = item
                        else:
                            further.append(item)
                for item in reversed(further):
                    waiting += path, item
                    path = []
                continue
            if x.__class__ is not float and x.grad is not nothing:
                if x.op is None:
                    leave(x)
                else:
                    node = x
            if y is not None and y.__class__ is not float and y.grad is not nothing:
                if y.op is None:
                    leave(y)
                elif node is None:
                    node = y
                elif y is not x:
                    waiting += path, y
                    path = []
        while node is None:
            path.reverse()
            order += path
            if not waiting:
                return order
            node, path = waiting.pop(), waiting.pop()
            if node.grad is nothing:  # it was below the others
                node = None
