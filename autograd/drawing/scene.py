"""What is to be seen of a backward pass at one moment, before any layout: boxes, arrows, words."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import NamedTuple

from ..backward_pass import BackwardPass, State
from ..notation import fixed, formula, short
from .grouping import Folded, Frame, Group, combined, folded, frames_of


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
    """"pos", "neg" or "zero" of the grad, "size" of several; empty where there is none."""
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
    """"pos", "neg" or "zero" of the contribution, "size" of several; empty before it has flowed."""
    width: float
    partial: str
    contribution: str
    present: bool


class Scene(NamedTuple):
    """One frame: everything in the order in which it is drawn."""

    boxes: list[Box]
    arrows: list[Arrow]
    title: str
    frames: tuple[Frame, ...] = ()
    """Groups to be drawn around their boxes."""
    change: str = ""
    """What the present step does to a grad; empty when no step is present."""
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


def room_for_titles(recorded: BackwardPass) -> int:
    """The width in points of the longest title of a step, generously."""
    long = {node: len(name) for node, name in recorded.names.items()}
    root = long[recorded.root]
    names = (long[recorded.order[e.operand]] + long[recorded.order[e.result]] + root for e in recorded.edges)
    return round(7.2 * (_FRAME_OF_TITLE + 2 * max(names))) if recorded.edges else 0


_FRAME_OF_TITLE = 62
"""Letters of a step's title that are not names: its number, three fractions and three numbers."""


def scene(recorded: BackwardPass, state: State, view: View = View()) -> Scene:  # noqa: B008 (immutable)
    """What one state of a recorded pass shows."""
    found = frames_of(recorded, view.groups)
    boxes_folded = folded(recorded, state, found, view.collapse) if view.collapse else []
    inside = {k: each for each in boxes_folded for k in each.nodes}
    near, hidden = _near(recorded, view.depth)
    widths = _widths(recorded.contributions)
    edges = {(edge.result, edge.position): k for k, edge in enumerate(recorded.edges)}
    boxes, arrows = [_folded_box(each) for each in boxes_folded], []
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
    arrows += _folded_arrows(recorded, state, inside)
    outer = tuple(
        _without(frame, view.collapse, set(inside)) for frame in found if frame.level != view.collapse
    )
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


def _folded_box(each: Folded) -> Box:
    several = len(each.outputs) > 1
    grad = None if each.error is None else fixed(each.error, sign=not several).translate(MINUS)
    return Box(
        id=each.frame.id,
        kind="group",
        symbol="",
        name=each.frame.name,
        data=f"{len(each.nodes)} values",
        grad=grad,
        sign=("size" if each.error is not None else "") if several else sign_of(each.error),
        counted=f"‖error‖ of {len(each.outputs)}" if several else "out grad",
        mark="",
        tooltip=f"{each.frame.name}: {each.frame.detail}\n{len(each.nodes)} values",
    )


def _folded_arrows(recorded: BackwardPass, state: State, inside: dict[int, Folded]) -> list[Arrow]:
    """One arrow for all the edges between two boxes of which one is a group."""
    bundles: dict[tuple[str, str], list[float | None]] = {}
    for k, edge in enumerate(recorded.edges):
        ends = (edge.operand, edge.result)
        if any(end in inside for end in ends):
            operand, result = (inside[end].frame.id if end in inside else f"n{end}" for end in ends)
            if operand != result:
                bundles.setdefault((operand, result), []).append(state.contributions[k])
    sizes = {pair: combined([c for c in flowed if c is not None]) for pair, flowed in bundles.items()}
    widths = _widths([size or 0.0 for size in sizes.values()])
    return [
        _bundle(pair, len(bundles[pair]), size, width)
        for (pair, size), width in zip(sizes.items(), widths, strict=True)
    ]


def _bundle(pair: tuple[str, str], count: int, size: float | None, width: float) -> Arrow:
    """One arrow for some edges; what flowed along several of them is the length of their vector.

    A single edge goes without its numbers: they stand in the box of the neuron that it leads to,
    and between fully connected layers they would bend all lines around them.
    """
    return Arrow(
        id="-".join(pair),
        operand=pair[0],
        result=pair[1],
        sign=sign_of(size) if count == 1 or size is None else "size" if size else "zero",
        width=1.2 if size is None else width,
        partial="" if count == 1 else f"{count} edges",
        contribution="" if size is None or count == 1 else short(size).translate(MINUS),
        present=False,
    )


def _without(frame: Frame, level: str | None, gone: set[int]) -> Frame:
    """A frame around what is left of it when the groups of a level are boxes."""
    children = tuple(
        child._replace(nodes=(), children=()) if child.level == level else _without(child, level, gone)
        for child in frame.children
    )
    return frame._replace(nodes=tuple(k for k in frame.nodes if k not in gone), children=children)


def caption_of(recorded: BackwardPass, state: State) -> tuple[str, str]:
    """Where the pass stands, for a step its chain rule in symbols and numbers; and what it changes."""
    if state.present is None:
        return state.title, ""
    step = recorded.step(state.present + 1)
    text = f"step {step.number} of {step.of}   {step.chained('∂')}"
    return signs(text.replace(" * ", " · ", 1)), signs(step.change())


def signs(words: str) -> str:
    """The signs that a picture can show and a terminal perhaps cannot, in whatever is spaced like a formula.

    >>> signs("a-b.grad: -1.5 -> 1 - t * -3.0")
    'a-b.grad: −1.5 → 1 − t × −3.0'
    """
    words = words.replace("->", "→").replace(" * ", " × ").replace(" - ", " − ")
    return re.sub(r"(?<![\w.])-(?=[\d.(i])", "−", words)


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
