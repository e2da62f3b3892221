"""The graph as a table for the terminal, at most 80 columns wide."""

from __future__ import annotations

from ..backward_pass import BackwardPass, State, not_reached_sign
from ..notation import fixed, formula
from ..tables import cut


def table(recorded: BackwardPass, state: State, most: int = 60) -> str:
    """The values from the root down: each with its expression, data and grad, each once.

    >>> from autograd import Value
    >>> recorded = BackwardPass(Value(2.0, "x") * 3)
    >>> print(table(recorded, recorded.state(-1)))
    v1 = x * 3    6.0000  grad ·
    x             2.0000  grad ·
    """
    order = list(range(len(recorded.order) - 1, -1, -1))
    shown = order[:most]
    names = recorded.names
    lines = []
    for k in shown:
        node = recorded.order[k]
        lines.append(f"{names[node]} = {formula(node, names)}" if node.op else names[node])
    wide = min(54, max(map(len, lines)))
    rows = []
    for k, line in zip(shown, lines, strict=True):
        grad = state.grads[k]
        arrived = not_reached_sign() if grad is None else fixed(grad, sign=True)
        rows.append(f"{cut(line, wide):<{wide}} {fixed(recorded.order[k].data):>9}  grad {arrived}")
    if len(order) > most:
        rows.append(f"... {len(order) - most:,} more values")
    return "\n".join(rows)
