"""What is to be seen of a backward pass at one moment, before any layout: boxes, arrows, words."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..backward_pass import BackwardPass, State
from ..notation import fixed, formula, short


class Box(NamedTuple):
    """A value, or a plain number that a value was computed with."""

    id: str
    kind: str
    """"leaf", "interior", "root" or "constant"."""
    symbol: str
    name: str
    data: str
    grad: str | None
    """None where no gradient has arrived."""
    sign: str
    """"pos", "neg" or "zero" of the grad; empty where there is none."""
    counted: str
    """Beside the word grad: 1/2 while waiting, Σ2 for a complete sum, else nothing."""
    mark: str
    """In the present step "receiver" or "result"; else nothing."""
    tooltip: str


class Arrow(NamedTuple):
    """An operand's edge to its result: grey and forwards until error has flowed back along it."""

    id: str
    operand: str
    result: str
    sign: str
    """"pos", "neg" or "zero" of the contribution; empty before it has flowed."""
    width: float
    partial: str
    contribution: str
    present: bool


class Scene(NamedTuple):
    """One frame: everything in the order in which it is drawn."""

    boxes: list[Box]
    arrows: list[Arrow]
    title: str
    room: int = 0
    """Points kept free for the title, so that frames with longer ones have the same geometry."""


MINUS = str.maketrans("-", "−")
"""Pictures use the real minus sign."""


def sign_of(number: float | None) -> str:
    """The class of a number's sign; a nan counts as negative, for it must be seen.

    >>> sign_of(2.0), sign_of(-1e-9), sign_of(0.0), sign_of(None)
    ('pos', 'neg', 'zero', '')
    """
    if number is None:
        return ""
    return "pos" if number > 0 else "zero" if number == 0 else "neg"


def frames(recorded: BackwardPass, constants: bool = True) -> list[Scene]:
    """The frame of every step, from -1 on, all with the same room for their titles."""
    room = room_for_titles(recorded)
    states = map(recorded.state, range(-1, len(recorded.edges) + 1))
    return [scene(recorded, state, constants)._replace(room=room) for state in states]


def room_for_titles(recorded: BackwardPass) -> int:
    """The width in points of the longest title of a step, generously."""
    titles = (_step_title(recorded, number) for number in range(1, len(recorded.edges) + 1))
    return round(7.8 * max(map(len, titles), default=0))


def scene(recorded: BackwardPass, state: State, constants: bool = True) -> Scene:
    """What one state of a recorded pass shows."""
    widths = _widths(recorded.contributions)
    edges = {(edge.result, edge.position): k for k, edge in enumerate(recorded.edges)}
    boxes, arrows = [], []
    for k, node in enumerate(recorded.order):
        boxes.append(_box(recorded, state, k))
        for position, operand in enumerate(node.operands):
            if operand.__class__ is not float:
                arrows.append(_arrow(recorded, state, edges[k, position], widths))
            elif constants:
                boxes.append(_constant(f"c{k}_{position}", operand))
                arrows.append(Arrow(f"e{k}_{position}", f"c{k}_{position}", f"n{k}", "", 1.2, "", "", False))
    return Scene(boxes, arrows, title(recorded, state))


def title(recorded: BackwardPass, state: State) -> str:
    """The caption: where the pass stands, and for a step its chain rule in symbols and numbers."""
    return state.title if state.present is None else _step_title(recorded, state.present + 1)


def _step_title(recorded: BackwardPass, number: int) -> str:
    step = recorded.step(number)
    text = f"step {step.number} of {step.of}:   {step.chained('∂')}     {step.change()}"
    return text.replace(" * ", " · ", 1).replace(" * ", " × ").replace("->", "→").translate(MINUS)


def _widths(contributions: list[float]) -> list[float]:
    """Line widths that grow with the size of the contribution: 1.2 + 4.3 sqrt(|c| / max |c|)."""
    sizes = [abs(c) if math.isfinite(c) else 0.0 for c in contributions]
    largest = max(sizes, default=0.0) or 1.0
    return [1.2 + 4.3 * math.sqrt(size / largest) for size in sizes]


def _box(recorded: BackwardPass, state: State, k: int) -> Box:
    node, name = recorded.order[k], recorded.names[recorded.order[k]]
    root = node is recorded.root
    kind = "root" if root else "interior" if node.operands else "leaf"
    grad, arrived, expected = state.grads[k], state.arrived[k], recorded.expected[k]
    counted = ""
    if grad is not None and expected > 1:
        counted = f"Σ{expected}" if arrived == expected else f"{arrived}/{expected}"
    edge = None if state.present is None else recorded.edges[state.present]
    mark = "" if edge is None else "receiver" if edge.operand == k else "result" if edge.result == k else ""
    equation = f"{name} = {formula(node, recorded.names)}" if node.op else name
    return Box(
        id=f"n{k}",
        kind=kind,
        symbol=node.op.symbol if node.op else "",
        name=node.label or name,
        data=fixed(node.data).translate(MINUS),
        grad=None if grad is None else fixed(grad, sign=True).translate(MINUS),
        sign=sign_of(grad),
        counted=counted,
        mark=mark,
        tooltip=f"{equation}\ndata {node.data!r}" + ("" if grad is None else f"\ngrad {grad!r}"),
    )


def _constant(id_: str, number: float) -> Box:
    text = f"{number:g}".translate(MINUS)
    return Box(id_, "constant", "", text, text, None, "", "", "", f"the number {number!r}")


def _arrow(recorded: BackwardPass, state: State, k: int, widths: list[float]) -> Arrow:
    edge, flowed = recorded.edges[k], state.contributions[k]
    return Arrow(
        id=f"e{edge.result}_{edge.position}",
        operand=f"n{edge.operand}",
        result=f"n{edge.result}",
        sign=sign_of(flowed),
        width=1.2 if flowed is None else widths[k],
        partial=f"× {short(edge.partial)}".translate(MINUS),
        contribution=short(recorded.contributions[k] if flowed is None else flowed, sign=True).translate(MINUS),
        present=state.present == k,
    )
