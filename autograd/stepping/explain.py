"""A whole explanation of one Value in text: forward, backward, gradients beside numerical ones."""

from __future__ import annotations

from ..formulas import fixed, formula
from ..value import Value
from .backprop import Backprop


def explain(root: Value) -> str:
    """The forward values in order, every chain-rule step backwards, and the gradients checked.

    The grads of the graph are afterwards what `backward()` gives.

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
    count = len(pass_)
    sections = [
        "forward: every value in the order it is computed\n" + forward_text(pass_),
        f"backward: {count} application{'' if count == 1 else 's'} of the chain rule\n"
        + "\n".join(map(repr, pass_)),
        "gradients beside numerical derivatives\n" + repr(pass_.check()),
    ]
    return "\n\n".join(sections)


def forward_text(pass_: Backprop) -> str:
    """The values of a graph, one a line, in topological order."""
    names = pass_.recorded.names
    lines = [
        (f"{names[node]} = {formula(node, names)}" if node.op else names[node], fixed(node.data))
        for node in pass_.recorded.order
    ]
    wide = max(len(text) for text, _ in lines)
    widest = max(len(number) for _, number in lines)
    return "\n".join(f"  {text:<{wide}}  {number:>{widest + 2}}" for text, number in lines)
