"""Numerical derivatives: evidence that is independent of the chain rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping

from ..differentiation import dependents
from ..graph import topological_order
from ..modes import TOTAL, evaluated
from ..recording import function_of
from ..value import Value

EPS = 2.0**-52
"""The machine epsilon of float64: the distance from 1.0 to the next float."""
_SHRINK = 1.4
"""The factor by which the step size decreases."""


def derivative(
    f: Callable[[float], float], x: float, reach: float = 0.1, unit: float = EPS, noise: float = 0.0
) -> tuple[float, float]:
    """Return f'(x), by central differences extrapolated to step size 0, and an estimate of its error.

    The first step size is `reach` times max(|x|, 0.1); `unit` is the relative rounding error of the
    results of f, and `noise` their absolute one, where terms that cancel leave more. The derivative is nan
    if f is not defined around x.

    Ridders' method: C. J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in
    Engineering Software 4 (1982).

    >>> value, error = derivative(math.exp, 1.0)
    >>> abs(value - math.e) <= error < 1e-9
    True
    """
    step = reach * max(abs(x), 0.1)
    best, error = math.nan, math.inf
    row: list[float] = []
    for _ in range(13):
        up, down = f(x + step), f(x - step)
        rounding = max(unit * max(abs(up), abs(down)), noise) / step
        new, factor = [(up - down) / (2 * step)], 1.0
        for k, old in enumerate(row):
            factor *= _SHRINK * _SHRINK
            new.append((new[k] * factor - old) / (factor - 1))
            spread = max(abs(new[k + 1] - new[k]), abs(new[k + 1] - old)) + rounding
            if spread < error:
                best, error = new[k + 1], spread
        if row and abs(new[-1] - row[-1]) >= 2 * error and math.isfinite(best):
            break  # rounding errors dominate from here on
        row, step = new, step / _SHRINK
    return best, error


def one_sided_derivatives(f: Callable[[float], float], x: float) -> tuple[float, float]:
    """Return the left and the right derivative of f at x, by one-sided differences.

    >>> one_sided_derivatives(abs, 0.0)
    (-1.0, 1.0)
    """
    step = 1e-6 * max(abs(x), 1.0)
    here = f(x)
    return (here - f(x - step)) / step, (f(x + step) - here) / step


class Replay:
    """A recorded graph as a function of the numbers of its nodes, recomputed at each call.

    >>> x = Value(3.0)
    >>> Replay(x * x + 1)({x: 5.0})
    26.0
    """

    def __init__(self, root: Value) -> None:
        self.root = root
        self.order: list[Value] = topological_order(root)
        self.data: dict[Value, float] = {node: node.data for node in self.order}

    def __call__(self, changes: Mapping[Value, float]) -> float:
        """Return the root's number for changed numbers of some nodes; nan or inf outside a domain."""
        return self._following(changes)(changes)

    def derivative(self, node: Value) -> tuple[float, float]:
        """Return the derivative of the root with respect to a node, by `derivative`, and its error."""
        follow = self._following([node])
        return derivative(lambda x: follow({node: x}), node.data)

    def one_sided_derivatives(self, node: Value) -> tuple[float, float]:
        """Return the left and the right derivative of the root with respect to a node."""
        follow = self._following([node])
        return one_sided_derivatives(lambda x: follow({node: x}), node.data)

    def _following(self, changed: Collection[Value]) -> Callable[[Mapping[Value, float]], float]:
        """Return the root's number as a function of the changed nodes; only their dependents are recomputed."""
        affected = dependents(self.order, changed)
        steps = [
            (node, function_of(node.op), node.op, node.operands)
            for node in self.order
            if node in affected and node not in changed and node.op
        ]

        def follow(changes: Mapping[Value, float]) -> float:
            found = self.data | dict(changes)
            for node, function, op, operands in steps:
                numbers = [item if item.__class__ is float else found[item] for item in operands]
                found[node] = function(*op.grouped(numbers))
            return found[self.root]

        return lambda changes: evaluated(TOTAL, follow, changes)
