"""Derivatives of a recorded graph, as numbers, or as Values by evaluating the table's rules again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, reduce
from operator import mod, truediv
from typing import Any, NamedTuple

from .errors import StaleGraphError
from .formulas import history
from .graph import new_era, topological_order
from .modes import CURRENT, DECLARED, TOTAL, always_recording, evaluated, is_traced
from .ops.op import Op
from .ops.operands import EDGES
from .ops.primitives import FAST, IEEE
from .ops.rules import define, over_nodes, partials_source
from .recording import RECORDED, function_of
from .terminal import quoted


@cache
def _rules_over_values(op: Op, at_pole: bool = False) -> Callable[..., tuple[Any, ...]]:
    """Return an op's partials as a function of Values: the same rules over another algebra.

    With `at_pole` a quotient of two plain numbers does not raise.
    """
    read, algebra = over_nodes, FAST | RECORDED | EDGES | {"number": lambda result: result}
    if at_pole:
        from .ops.language import over_nodes_at_poles as read  # parses, which takes time to import

        algebra |= QUOTIENTS
    operands = ", ".join(op.operands)
    edges = {name: f"edges[{position}]" for position, name in enumerate(op.operands)}
    source = f"def values_{op.name}({operands}, *, out, edges): return {partials_source(op, edges, read)}"
    return define(f"values_{op.name}", source, algebra | op.functions)


def _unless_plain(operator: Callable[..., Any], ieee: Callable[..., Any]) -> Callable[..., Any]:
    """Return an operator on nodes, and on plain numbers the function of floats that never raises."""
    return lambda x, y: (ieee if x.__class__ is y.__class__ is float else operator)(x, y)


QUOTIENTS = {
    "divide": _unless_plain(truediv, IEEE["divide"]),
    "remainder": _unless_plain(mod, IEEE["remainder"]),
}
"""The functions that stand for / and % in a rule over nodes that is evaluated at a pole."""


def _rules(op: Op, node: Any, operands: Sequence[Any], edges: Sequence[Any]) -> tuple[tuple[Any, ...], float]:
    """Return the partials of a node as Values, and what its value is now."""
    try:
        try:
            partials = _rules_over_values(op)(*operands, out=node, edges=edges)
        except ZeroDivisionError:
            partials = _rules_over_values(op, at_pole=True)(*operands, out=node, edges=edges)
    except TypeError as error:
        if not op.functions:
            raise
        raise TypeError(
            f"a partial of {op.name} is a Python function that takes numbers only, so it cannot be "
            f"differentiated in turn: {error}. Write it with autograd's functions, such as autograd.cos "
            "instead of math.cos, or as a string"
        ) from error
    return partials, function_of(op)(*op.grouped([getattr(item, "_data", item) for item in node.operands]))


def partials_as_values(node: Any) -> tuple[Any, ...]:
    """Return the partials of a node as Values recorded from its operands; None for a plain number.

    Raises StaleGraphError if they are no longer what they were when the node was recorded.
    """
    op, operands = node.op, node.operands
    edges: list[Any] = [operand.__class__ is not float for operand in operands]
    if op.variadic:
        size = len(operands) // len(op.operands)
        starts = range(0, len(operands), size)
        operands, edges = [operands[k : k + size] for k in starts], [edges[k : k + size] for k in starts]
    partials, now = evaluated(DECLARED if op.functions else TOTAL, _rules, op, node, operands, edges)
    if now != node._data and (now == now or node._data == node._data):
        raise StaleGraphError(
            f"{history(node)} was {quoted(node._data)} and would be {quoted(now)} now: data was "
            f"overwritten since. "
            "Run the forward pass again before differentiating further"
        )
    for partial, recorded in zip(partials, node.partials, strict=True):
        found = getattr(partial, "_data", partial)
        if partial is None:  # nothing flows: the number may have been 0
            found = recorded if recorded == 0 else None
        if found != recorded and (found == found or recorded == recorded):
            raise StaleGraphError(
                f"a derivative of {history(node)} was {quoted(recorded)} when recorded and is "
                f"{quoted(found)} now: data "
                "was overwritten since. Run the forward pass again before differentiating further"
            )
    return partials


def _partials(create_graph: bool) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that gives a node's partials: as numbers, as Values, or as the tracer has them."""
    if (mode := CURRENT.get()) is not None and mode.tracer is not None:
        return mode.tracer.partials
    return partials_as_values if create_graph else lambda node: node.partials


class Selected(NamedTuple):
    """A partial or gradient that flows only where a condition holds, while tracing.

    Where it does not hold nothing flows: not even an infinite partial further on is multiplied by 0.
    """

    flowing: Any
    condition: Any

    def times(self, other: Any) -> Selected:
        """Return what flows on through an operation."""
        if other.__class__ is not Selected:
            return Selected(times(self.flowing, other), self.condition)
        both = RECORDED["where"](self.condition, other.condition, 0.0)
        return Selected(times(self.flowing, other.flowing), both)

    def whole(self) -> Any:
        """Return it as one node: 0 where nothing flows."""
        return RECORDED["where"](self.condition, self.flowing, 0.0)


def _edges(node: Any, partials: Callable[[Any], tuple[Any, ...]]) -> Iterable[tuple[Any, Any]]:
    """Return the operands of a node, each with its partial."""
    edges = zip(node.operands, partials(node), strict=True)
    mode = CURRENT.get()
    tracer = mode.tracer if mode is not None else None
    if (tracer is None and partials is not partials_as_values) or not (squared := even_power(node)):
        return edges
    length, half = squared
    if tracer is None and length._data != 0:
        return edges
    of, dot = sides(length), RECORDED["dot"]
    base = dot(of, of) ** (half - 1.0) if half > 1 else 1.0
    more = [(x, 2.0 * half * x * base) for x in of if x.__class__ is not float]
    if tracer is not None:  # whether the length is 0 is known in the compiled code
        more = [(x, Selected(partial, tracer.compare("eq", length, 0.0))) for x, partial in more]
    return [*edges, *more]


def even_power(node: Any) -> tuple[Any, float] | None:
    """Return the |x| or hypot(x, y) that a node is an even power of, and half the exponent; else None.

    Such a power has no kink at 0, where the length itself has one. By convention the derivative through
    the length is 0 there in every order; so the derivative of (x * x) ** half has to be added.
    """
    operands, name = node.operands, node.op.name if node.op else ""
    length: Any = operands[0] if operands else None
    half = 1.0
    if name == "pow" and operands[1].__class__ is float:
        half = operands[1] / 2.0
    elif name == "mul":
        other = operands[1]
        same = other is length or (
            other.__class__ is length.__class__ is node.__class__
            and other.op is length.op
            and all(x is y for x, y in zip(other.operands, length.operands, strict=False))
        )
        length = length if same else None
    elif name != "square":
        length = None
    if length.__class__ is node.__class__ and length.op and length.op.name in LENGTHS:
        return (length, half) if half >= 1 and half % 1 == 0 else None
    return None


def sides(length: Any) -> list[Any]:
    """Return what the square of a length is the sum of the squares of: also hypot(hypot(x, y), z)."""
    found, waiting = [], list(reversed(length.operands))
    while waiting:
        item = waiting.pop()
        if item.__class__ is length.__class__ and item.op and item.op.name in LENGTHS:
            waiting += reversed(item.operands)
        else:
            found.append(item)
    return found


LENGTHS = ("abs", "hypot")


def times(first: Any, second: Any) -> Any:
    """Return the product, without a new node for a factor that is the plain number 1."""
    if first.__class__ is Selected:
        return first.times(second)
    if second.__class__ is Selected:
        return second.times(first)
    if first.__class__ is float and first == 1.0:
        return second
    if second.__class__ is float and second == 1.0:
        return first
    if first.__class__ is float and first == 0 and second.__class__ is not float:
        first = _computed_zero(first, second)
    elif second.__class__ is float and second == 0 and first.__class__ is not float:
        second = _computed_zero(second, first)
    return first * second


def _computed_zero(zero: float, beside: Any) -> Any:
    """Return a contribution of 0 as a Value: beside an infinity it gives nan in every order.

    A plain number 0 in a product means that its result is constant.
    """
    return zero if is_traced() else RECORDED["where"](1.0, zero, beside)  # no leaf of its own


def _plus(first: Any, second: Any) -> Any:
    """Return the sum of two contributions."""
    if first.__class__ is not Selected and second.__class__ is not Selected:
        return first + second
    total = _whole(first) + _whole(second)
    if first.__class__ is second.__class__:
        return Selected(total, RECORDED["where"](first.condition, 1.0, second.condition))
    return total


def _whole(item: Any) -> Any:
    return item.whole() if item.__class__ is Selected else item


def dependents(order: Iterable[Any], inputs: Iterable[Any]) -> set[Any]:
    """Return the nodes of an order that depend on any of the inputs, the inputs among them."""
    reached = set(inputs)
    for node in order:
        if not reached.isdisjoint(node.operands):
            reached.add(node)
    return reached


def pull_back(
    root: Any,
    gradient: Any = 1.0,
    inputs: Collection[Any] | None = None,
    create_graph: bool = False,
    stop: Collection[Any] = (),
) -> dict[Any, Any]:
    """Return the gradient that arrives at each node when `root` is given `gradient`: reverse mode.

    The gradients are numbers, or Values with `create_graph`. If `inputs` are given, only nodes that
    depend on them take part. Nodes that cannot are not visited: those older than every input, and those
    below the nodes in `stop`.
    """
    since = 0
    if inputs:
        since = min(node.era for node in inputs)
        new_era()  # the next derivative need not visit what exists now
        if len(inputs) == 1:
            stop = {*stop, *inputs}  # what it was computed from does not depend on it
    order = topological_order(root, stop=stop, since=since)
    active = set(order) if inputs is None else dependents(order, inputs)
    arrived: dict[Any, Any] = {root: gradient}
    partials = _partials(create_graph)
    with always_recording():
        for node in reversed(order):
            if node not in arrived or active.isdisjoint(node.operands):
                continue
            for operand, partial in _edges(node, partials):
                if partial is not None and operand in active:
                    contribution = times(arrived[node], partial)
                    before = arrived.get(operand)
                    arrived[operand] = contribution if before is None else _plus(before, contribution)
        return arrived if CURRENT.get() is None else {node: _whole(item) for node, item in arrived.items()}


def push_forward(order: Iterable[Any], tangents: dict[Any, Any], create_graph: bool = False) -> dict[Any, Any]:
    """Return the tangent of every node of an order, given those of the inputs: forward mode."""
    found, partials = dict(tangents), _partials(create_graph)
    with always_recording():
        for node in order:
            if node in tangents or found.keys().isdisjoint(node.operands):
                continue
            parts = [
                times(partial, found[operand])
                for operand, partial in _edges(node, partials)
                if partial is not None and operand in found
            ]
            if parts:  # else nothing that it depends on was selected
                found[node] = reduce(_plus, parts)
        return found if CURRENT.get() is None else {node: _whole(item) for node, item in found.items()}
