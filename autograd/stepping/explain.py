"""Explain one Value in text: forward pass, backward pass, gradients compared with numerical derivatives."""

from __future__ import annotations

from ..formulas import fixed, formula
from ..terminal import plural
from ..value import Value
from .backprop import Backprop


def explain(root: Value) -> str:
    """Return the forward values in order, every chain-rule step backwards, and the gradients checked.

    Afterwards the grads of the graph are those of `backward()`. Of more than 300 values or steps,
    only the first and the last are shown.

    >>> x = Value(3.0, "x")
    >>> y = x * x; y.label = "y"
    >>> print(explain(y))
    forward: every value in the order it is computed
      x            3.0000
      y = x * x    9.0000
    <BLANKLINE>
    backward: 2 applications of the chain rule
    [0/2] seed   ∂y/∂y = 1.0000   y.grad: 0.0000 -> +1.0000
    [1/2] y = x * x   ∂y/∂x = x = +3.0000
          ∂y/∂x += ∂y/∂y * ∂y/∂x = +1.0000 * +3.0000 = +3.0000
          x.grad: 0.0000 -> +3.0000   (1 of 2 contributions, not final yet)
    [2/2] y = x * x   ∂y/∂x = x = +3.0000
          ∂y/∂x += ∂y/∂y * ∂y/∂x = +1.0000 * +3.0000 = +3.0000
          x.grad: +3.0000 -> +6.0000   (2 of 2 contributions, final)
    <BLANKLINE>
    gradients beside numerical derivatives
      value       gradient      numerical  difference
      x                 +6             +6  ...
    """
    pass_ = Backprop(root)
    sections = [
        "forward: every value in the order it is computed\n" + forward_text(pass_),
        f"backward: {plural(len(pass_), 'application')} of the chain rule\n" + _steps_text(pass_),
        "gradients beside numerical derivatives\n" + repr(pass_.check()),
    ]
    return "\n\n".join(sections)


_MOST, _FIRST, _LAST = 300, 200, 50
"""The most values or steps shown in full; beyond it, the number shown at the start and at the end."""


def _steps_text(pass_: Backprop) -> str:
    """Do every step and return those shown as text."""
    count = len(pass_)
    if count <= _MOST:
        return "\n".join(map(repr, pass_))
    pass_.goto(-1)
    first = [repr(pass_.step()) for _ in range(_FIRST + 1)]
    pass_.goto(count - _LAST)
    gap = f"... {plural(count - _FIRST - _LAST, 'more step')} ..."
    return "\n".join([*first, gap, *(repr(pass_.step()) for _ in range(_LAST))])


def forward_text(pass_: Backprop) -> str:
    """Return the values of a graph, one a line, in topological order."""
    names, order = pass_.recorded.names, pass_.recorded.order
    shown = order if len(order) <= _MOST else [*order[:_FIRST], *order[-_LAST:]]
    lines = [
        (f"{names[node]} = {formula(node, names)}" if node.op else names[node], fixed(node.data))
        for node in shown
    ]
    if len(shown) < len(order):
        lines.insert(_FIRST, (f"... {plural(len(order) - len(shown), 'more value')} ...", ""))
    wide = max(len(text) for text, _ in lines)
    widest = max(len(number) for _, number in lines)
    return "\n".join(f"  {text:<{wide}}  {number:>{widest + 2}}" for text, number in lines)
