"""Print a graph in a terminal: as a table of values, or as a tree with the contributions of its edges."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from itertools import islice

from ..backward_pass import BackwardPass, Edge, State, earlier_words, stale_words
from ..formulas import fixed, formula, short
from ..terminal import not_reached_sign, padded, shows_unicode, width
from .parts import Scene

COLUMNS = 80


def table(recorded: BackwardPass, state: State, most: int = 60) -> str:
    """Return a table of the values from the root down, each once, with its expression, data and grad.

    >>> from autograd import Value
    >>> recorded = BackwardPass(Value(2.0, "x") * 3)
    >>> print(table(recorded, recorded.state(-1)))
    v1 = x * 3    6.0000  grad ·
    x             2.0000  grad ·
    """
    order = list(range(len(recorded.order) - 1, -1, -1))
    shown, names = order[:most], recorded.names
    lines = []
    for k in shown:
        node = recorded.order[k]
        lines.append(f"{names[node]} = {formula(node, names)}" if node.op else names[node])
    wide = min(52, max(map(width, lines)))
    rows = []
    for k, line in zip(shown, lines, strict=True):
        grad = state.grads[k]
        arrived = not_reached_sign() if grad is None else fixed(grad, sign=True)
        rows.append(f"{padded(line, wide)} {fixed(recorded.order[k].data):>9}  grad {arrived}")
    if len(order) > most:
        rows.append(f"... {len(order) - most:,} more values")
    return "\n".join(rows + _earlier(recorded, state))


def scene_table(scene: Scene) -> str:
    """Return a table of the boxes of a picture from the root down; a folded group is one row."""
    rows = []
    for box in reversed(scene.boxes):
        if box.kind == "constant" and not box.name.startswith("…"):
            continue
        name = box.tooltip.split("\n")[0] if box.kind != "input" else box.name
        data = box.data if box.name != box.data else ""
        counted = "" if box.kind in ("constant", "input") else box.counted if "grad" in box.counted else "grad"
        counted = box.counted if "‖" in box.counted else counted
        grad = "" if not counted else f"{counted} {not_reached_sign() if box.grad is None else box.grad}"
        rows.append((box.name if box.kind == "constant" else name, data, grad))
    wide = min(52, max(width(name) for name, _, _ in rows))
    lines = [f"{padded(name, wide)} {data:>11}  {grad}".rstrip() for name, data, grad in rows]
    text = "\n".join(lines).replace("−", "-")
    return text if shows_unicode() else text.replace("‖", "|").replace("…", "...")


def tree(recorded: BackwardPass, state: State, depth: int = 8, most: int = 60) -> str:
    """Return the graph as a tree from the root down, one row for each edge, at most 80 columns wide.

    A row has a value, its data, the partial of the edge that leads to it, the contribution of that
    edge, and the grad. The operands of a value are listed below it once; three dots replace them
    where the value occurs again, and `depth` edges below the root. At most `most` rows are shown.

    >>> from autograd import Value
    >>> x = Value(3.0, "x")
    >>> recorded = BackwardPass(x * x)
    >>> print(tree(recorded, recorded.state(1)))
    value             data   × partial       adds        grad
    v1 = x * x      9.0000                            +1.0000
    ├─ x            3.0000     × +3.00      +3.00     +3.0000
    └─ x            3.0000     × +3.00          ·     +3.0000
    """
    rows = list(islice(_rows(recorded, state, depth), min(most, sys.maxsize - 1) + 1))
    wide = min(COLUMNS - 47, max(width(words) for words, _, _ in rows))
    lines = [_line("value", ("data", "× partial", "adds", "grad"), wide)]
    lines += [_line(words, numbers, wide) for words, numbers, _ in rows[:most]]
    if len(rows) > most:
        lines.append(f"... more below: tree(most={2 * most})")
    elif any(deeper for _, _, deeper in rows):
        lines.append(f"... deeper: tree(depth={2 * depth or 1})")
    lines += _earlier(recorded, state)
    return "\n".join(lines).translate({} if shows_unicode() else _ASCII)


def _earlier(recorded: BackwardPass, state: State) -> list[str]:
    """Return the lines below a table on grads from earlier passes, and on data that was overwritten."""
    found = [earlier_words(recorded, state), stale_words(recorded)]
    return [line for words in found for line in textwrap.wrap(words, COLUMNS)]


_ASCII = str.maketrans("├└│─×", "|`|-x")


def _line(words: str, numbers: tuple[str, ...], wide: int) -> str:
    data, partial, adds, grad = numbers
    return f"{padded(words, wide)}  {data:>10}  {partial:>10}  {adds:>9}  {grad:>10}"


def _rows(recorded: BackwardPass, state: State, depth: int) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield the rows from the root down, and whether operands were left out because they are too deep."""
    numbers = {(edge.result, edge.position): number for number, edge in enumerate(recorded.edges)}
    below: dict[int, list[Edge]] = {}
    for edge in recorded.links:
        below.setdefault(edge.result, []).append(edge)
    names, shown = recorded.names, set[int]()
    stack: list[tuple[int, int | None, str, str, int]] = [(len(recorded.order) - 1, None, "", "", 0)]
    while stack:
        k, arrived_by, indent, branch, level = stack.pop()
        node, edges = recorded.order[k], below.get(k, [])
        dots = bool(edges) and (k in shown or level == depth)
        expression = " ..." if dots else f" = {formula(node, names)}" if node.op else ""
        deeper = dots and k not in shown
        yield f"{indent}{branch}{names[node]}{expression}", _numbers(recorded, state, k, arrived_by), deeper
        if dots:
            continue
        shown.add(k)
        inner = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for edge in reversed(edges):
            corner = "└─ " if edge is edges[-1] else "├─ "
            number = numbers.get((edge.result, edge.position), _IDLE)
            stack.append((edge.operand, number, inner, corner, level + 1))


_IDLE = -1
"""Stands for an edge along which nothing flows, because the operand was not selected."""


def _numbers(recorded: BackwardPass, state: State, k: int, arrived_by: int | None) -> tuple[str, ...]:
    dot, grad = not_reached_sign(), state.grads[k]
    data, reached = fixed(recorded.order[k].data), dot if grad is None else fixed(grad, sign=True)
    if arrived_by is None:
        return data, "", "", reached
    if arrived_by == _IDLE:
        return data, "not taken", "", reached
    flowed = state.contributions[arrived_by]
    partial = f"× {short(recorded.edges[arrived_by].partial, sign=True)}"
    return data, partial, dot if flowed is None else short(flowed, sign=True), reached
