"""What is to be seen of a backward pass at one moment, before any layout: boxes, arrows, words."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ..backward_pass import BackwardPass, State
from ..formulas import fixed, formula, short
from .folding import folded_arrows, folded_box, without
from .grouping import Folded, Group, folded, frames_of
from .parts import MINUS, Arrow, Box, Scene, line_widths, sign_of, signs


class View(NamedTuple):
    """Which part of a graph is to be seen, and how closely."""

    constants: bool = True
    groups: tuple[Group, ...] = ()
    collapse: str | None = None
    """The level of groups of which each is one box."""
    depth: int | None = None
    """How many edges away from the root the values end."""


def frames(recorded: BackwardPass, view: View) -> list[Scene]:
    """The frame of every step, from -1 on, all with the same room for their titles."""
    room = room_for_titles(recorded)
    states = map(recorded.state, range(-1, len(recorded.edges) + 1))
    return [scene(recorded, state, view)._replace(room=room) for state in states]


def at_rest(last: Scene, title: str) -> Scene:
    """The last frame once more, with no step marked in it: where a film comes to its end."""
    return last._replace(
        boxes=[box._replace(mark="") for box in last.boxes],
        arrows=[arrow._replace(present=False) for arrow in last.arrows],
        title=title,
        change="",
    )


def room_for_titles(recorded: BackwardPass) -> int:
    """The width in points of the longest title of a step, generously."""
    long = {node: len(name) for node, name in recorded.names.items()}
    root = long[recorded.root]
    names = (long[recorded.order[e.operand]] + long[recorded.order[e.result]] + root for e in recorded.edges)
    return round(7.2 * (_FRAME_OF_TITLE + 2 * max(names))) if recorded.edges else 0


_FRAME_OF_TITLE = 62
"""Letters of a step's title that are not names: its number, three fractions and three numbers."""


def folded_nodes(recorded: BackwardPass, state: State, view: View) -> dict[int, Folded]:
    """For each node that is shown inside a folded box, that box."""
    if not view.collapse:
        return {}
    boxes = folded(recorded, state, frames_of(recorded, view.groups), view.collapse)
    return {k: each for each in boxes for k in each.nodes}


def scene(recorded: BackwardPass, state: State, view: View = View()) -> Scene:  # noqa: B008 (immutable)
    """What one state of a recorded pass shows."""
    found, inside = frames_of(recorded, view.groups), folded_nodes(recorded, state, view)
    boxes_folded = list(dict.fromkeys(inside.values()))
    near, hidden = _near(recorded, view.depth)
    widths = line_widths(recorded.contributions)
    edges = {(edge.result, edge.position): k for k, edge in enumerate(recorded.edges)}
    boxes, arrows = [folded_box(each, _mark(recorded, state, each.nodes)) for each in boxes_folded], []
    for k, node in enumerate(recorded.order):
        if k in inside or k not in near:
            continue
        boxes.append(_box(recorded, state, k))
        if k in hidden:
            boxes.append(_more(k, hidden[k]))
            arrows.append(Arrow(f"more{k}", f"m{k}", f"n{k}", "", 1.2, "", "", False))
            continue
        for position, operand in enumerate(node.operands):
            if operand.__class__ is not float:
                if recorded.edges[edges[k, position]].operand not in inside:
                    arrows.append(_arrow(recorded, state, edges[k, position], widths))
            elif view.constants:
                boxes.append(_constant(f"c{k}_{position}", operand))
                arrows.append(Arrow(f"e{k}_{position}", f"c{k}_{position}", f"n{k}", "", 1.2, "", "", False))
    arrows += folded_arrows(recorded, state, inside)
    outer = tuple(without(frame, view.collapse, set(inside)) for frame in found if frame.level != view.collapse)
    words = caption_of(recorded, state)
    return Scene(boxes, arrows, words[0], outer, words[1])


def _near(recorded: BackwardPass, depth: int | None) -> tuple[set[int], dict[int, int]]:
    """The nodes within a number of edges from the root; for those at the border how many lie behind."""
    distance = {len(recorded.order) - 1: 0}
    for edge in recorded.edges:  # results before operands: a result's own distance is settled by now
        step = distance[edge.result] + 1
        distance[edge.operand] = min(distance.get(edge.operand, step), step)
    if depth is None:
        return set(distance), {}
    near = {k for k, far in distance.items() if far <= depth}
    outward = [edge for edge in recorded.edges if edge.operand not in near]
    border = {edge.result for edge in outward} & near
    bit = {k: 1 << number for number, k in enumerate(sorted(border))}
    above = [0] * len(recorded.order)  # for each hidden node the border nodes that depend on it, as bits
    for edge in outward:
        above[edge.operand] |= bit.get(edge.result, above[edge.result])
    counts = Counter(above)
    return near, {k: sum(n for bits, n in counts.items() if bits & bit[k]) for k in border}


def _more(k: int, count: int) -> Box:
    words = f"… {count:,} more"
    return Box(f"m{k}", "constant", "", words, words, None, "", "", "", f"{count:,} values are not shown")


def caption_of(recorded: BackwardPass, state: State) -> tuple[str, str]:
    """Where the pass stands, for a step its chain rule in symbols and numbers; and what it changes."""
    if state.present is None:
        return state.title, ""
    step = recorded.step(state.present + 1)
    text = f"step {step.number} of {step.of}   {step.chained('∂')}"
    return signs(text.replace(" * ", " · ", 1)), signs(step.change())


def _box(recorded: BackwardPass, state: State, k: int) -> Box:
    node, name = recorded.order[k], recorded.names[recorded.order[k]]
    root = node is recorded.root
    kind = "root" if root else "interior" if node.operands else "leaf"
    grad, arrived, expected = state.grads[k], state.arrived[k], recorded.expected[k]
    counted = ""
    if grad is not None and expected > 1:
        counted = f"Σ{expected}" if arrived == expected else f"{arrived}/{expected}"
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
        mark=_mark(recorded, state, (k,)),
        tooltip=f"{equation}\ndata {node.data!r}" + ("" if grad is None else f"\ngrad {grad!r}"),
    )


def _mark(recorded: BackwardPass, state: State, nodes: tuple[int, ...]) -> str:
    """Which part a box with these nodes has in the present step."""
    if state.present is None:
        return ""
    edge = recorded.edges[state.present]
    return "receiver" if edge.operand in nodes else "result" if edge.result in nodes else ""


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
