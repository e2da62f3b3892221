"""Find the first nan or infinity in a recorded graph: among the data, or among the gradients."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .formulas import history, name_of, point_of
from .graph import grad_number, topological_order
from .value import Value


class Anomaly(NamedTuple):
    """A node whose data or grad is not finite, and a sentence that says how it was computed."""

    node: Value
    text: str


def first_anomaly(root: Value) -> Anomaly | None:
    """Return the first node, operands before results, whose data is nan or infinite; None if there is none.

    If all data is finite, it is the first node in the backward pass whose grad is not. Unlike
    `anomaly_detection()`, this examines a graph that has already been recorded.

    >>> from autograd import exp
    >>> x = Value(1000.0, "x")
    >>> print(first_anomaly(exp(x) * 2).text)
    exp(x) gave inf at x = 1000.0
    """
    order = topological_order(root)
    for node in order:
        if not _finite(node.data):
            return Anomaly(node, _birth(node))
    for node in reversed(order):
        if not _finite(grad_number(node)):
            return Anomaly(node, _arrival(node, order))
    return None


def _birth(node: Value) -> str:
    if node.op is None:
        return f"{name_of(node, 'an input')} is {node.data!r}, and was not computed: it was given"
    return f"{history(node)} gave {node.data!r} at {point_of(node)}"


def _arrival(node: Value, order: list[Value]) -> str:
    """Describe which of the contributions to a grad is not finite, or that only their sum is not."""
    found = f"the gradient of {history(node) if node.op else name_of(node, repr(node.data))} is {node.grad!r}"
    for result in reversed(order):
        for operand, partial in zip(result.operands, result.partials, strict=True):
            if operand is node and partial is not None and not _finite(grad_number(result) * partial):
                factors = f"the gradient {result.grad!r} and the derivative {partial!r}"
                return f"{found}: {history(result)} has {factors}"
    return f"{found}: the sum of its contributions left the range of floats"


def _finite(number: Any) -> bool:
    return math.isfinite(getattr(number, "data", number))  # a grad may be a Value
