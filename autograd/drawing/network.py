"""Draw a network layer by layer: a column for each layer, a box for each neuron, from inputs to loss."""

from __future__ import annotations

import math

from ..backward_pass import BackwardPass, State
from .grouping import Frame, folded, frames_of
from .neurons import Unit, find_layers, find_sources, find_units, innermost
from .parts import Arrow, Box, Line, Scene, line_widths, sign_of
from .scene import constant_box, folded_box, mark, scene
from .view import View

CLEAR = 6
"""The largest number of inputs of a neuron whose edges are all drawn."""
STRONGEST = 3
"""The number of edges drawn for a neuron with more inputs: those with the largest weights."""
MANY_LINES = 20
"""The largest number of weights in the box of a neuron."""


def network_scene(recorded: BackwardPass, state: State, view: View) -> Scene:
    """Return the scene of one state of a recorded pass: a network layer by layer, or the graph as it is."""
    drawn = None
    if view.groups and view.collapse in (None, "neuron") and view.depth is None and view.board:
        drawn = _board(recorded, state, view)
    return drawn or scene(recorded, state, view)


def _board(recorded: BackwardPass, state: State, view: View) -> Scene | None:
    frames = frames_of(recorded, view.groups)
    layers = find_layers(frames)
    if not layers or sum(map(len, layers)) != len(innermost(frames)):
        return None
    groups = folded(recorded, state, frames, "neuron")
    units = find_units(recorded, groups, layers)
    sources = find_sources(recorded, units) if units else None
    if units is None or sources is None:
        return None
    whole = scene(recorded, state, view._replace(collapse="neuron"))
    inputs, columns = _input_boxes(recorded, whole, units, sources, view)
    boxes = {box.id: box for box in whole.boxes} | {box.id: box for box in inputs}
    for unit in units:
        boxes[unit.group.frame.id] = _box(recorded, state, unit, view)
    inner = {unit.group.frame.id for unit in units}
    weights = [k for unit in units for k in unit.weights]
    widths = line_widths([abs(recorded.order[k].data) for k in weights])
    thinner = 1.0 if len(weights) < 60 else 0.6
    width = {k: thinner * wide for k, wide in zip(weights, widths, strict=True)}
    flowed = {arrow.id: arrow for arrow in whole.arrows}
    arrows, left_out = [], 0
    for unit in units:
        chosen = _strongest(recorded, unit.weights)
        left_out += len(unit.weights) - len(chosen)
        for position in chosen:
            k, source = unit.weights[position], sources[unit.group.frame.id, position]
            arrows.append(_weight_arrow(recorded, unit, k, source, position, width[k], flowed))
    arrows += [arrow for arrow in whole.arrows if arrow.result not in inner]
    used = {end for arrow in arrows for end in (arrow.operand, arrow.result)} | inner | {b.id for b in inputs}
    kept = [box for id_, box in boxes.items() if id_ in used or box.kind == "root"]
    columns += [[unit.group.frame.id for unit in units if unit.column == c] for c in range(len(layers))]
    return whole._replace(
        boxes=kept,
        arrows=arrows,
        frames=tuple(_without_values(frame) for frame in whole.frames),
        columns=tuple(map(tuple, _with_the_rest(columns, kept, arrows))),
        left_out=left_out,
        compact=False,
        folded="neuron",
    )


def _input_boxes(
    recorded: BackwardPass, whole: Scene, units: list[Unit], sources: dict[tuple[str, int], str], view: View
) -> tuple[list[Box], list[list[str]]]:
    """Return a box for each input and the column of their ids; a Value keeps its own box."""
    values: dict[int, list[int | float]] = {}
    for unit in units:
        for sample in unit.inputs:
            for position, operand in enumerate(sample):
                if sources[unit.group.frame.id, position] == f"x{position}":
                    known = values.setdefault(position, [])
                    if operand not in known:
                        known.append(operand)
    boxes = {box.id: box for box in whole.boxes}
    made, column = [], []
    for position, operands in sorted(values.items()):
        only = operands[0]
        if len(operands) == 1 and only.__class__ is int:
            box = boxes[f"n{only}"]
        else:
            numbers = [x if x.__class__ is float else recorded.order[int(x)].data for x in operands]
            names = {recorded.order[int(x)].label for x in operands if x.__class__ is int}
            name = names.pop() if len(names) == 1 else ""
            several = f"{len(numbers)} numbers"
            text = view.fixed(numbers[0]) if len(numbers) == 1 else several
            listed = ", ".join(f"{x:g}" for x in numbers[:20])
            box = constant_box(f"c-x{position}", 0.0)._replace(
                kind="input", name=name or f"input {position}", data=text, tooltip=f"input {position}: {listed}"
            )
        made.append(box)
        column.append(box.id)
        for key, source in sources.items():
            if source == f"x{position}" and key[1] == position:
                sources[key] = box.id
    return made, [column]


def _strongest(recorded: BackwardPass, weights: list[int], most: int | None = None) -> list[int]:
    """Return the positions of the weights whose edges, or lines in a box, are drawn."""
    if most is None and len(weights) <= CLEAR:
        return list(range(len(weights)))
    size = [abs(recorded.order[k].data) for k in weights]
    ranked = sorted(range(len(weights)), key=lambda position: (-size[position], position))
    return sorted(ranked[: most or STRONGEST])


def _weight_arrow(
    recorded: BackwardPass,
    unit: Unit,
    k: int,
    source: str,
    position: int,
    width: float,
    flowed: dict[str, Arrow],
) -> Arrow:
    """Return the edge of one weight, with its sign and size; reversed once error has flowed along it."""
    weight, id_ = recorded.order[k], f"{source}-{unit.group.frame.id}"
    known = flowed.get(id_)
    return Arrow(
        id=id_,
        operand=source,
        result=unit.group.frame.id,
        sign=known.sign if known else "",
        width=width,
        partial="",
        contribution="",
        present=bool(known and known.present),
        weight=sign_of(weight.data),
        line=position,
        tooltip=f"{recorded.names[weight]} = {weight.data!r}",
    )


def _box(recorded: BackwardPass, state: State, unit: Unit, view: View) -> Box:
    """Return the box of a neuron: its output, the error at it, and a line for each weight."""
    order, frame = recorded.order, unit.group.frame
    box = folded_box(unit.group, view, mark(recorded, state, unit.group.nodes))
    outs = [order[k].data for k in unit.outputs]
    data = view.fixed(outs[0]) if len(outs) == 1 else f"{len(outs)} samples"
    box = box._replace(kind="neuron", data=data, lines=(), formula=frame.detail.replace("->", "→"))
    if view.collapse:
        return box

    def line(name: str, k: int, times: str = "") -> Line:
        grad = state.grads[k]
        text = "·" if grad is None else view.fixed(grad, sign=True)
        return Line(f"n{k}", name, view.fixed(order[k].data), times, text, sign_of(grad))

    shown = range(len(unit.weights))
    if len(unit.weights) > MANY_LINES:
        shown = _strongest(recorded, unit.weights, MANY_LINES)  # type: ignore[assignment]
    lines = []
    for position in shown:
        operand = unit.inputs[0][position]
        number = operand if operand.__class__ is float else order[int(operand)].data
        single = len(unit.inputs) == 1
        times = f"× {view.fixed(number)}" if single else f"× {len(unit.inputs)} inputs"
        edge = unit.edges[position] if single else ""
        lines.append(line(f"w{position}", unit.weights[position], times)._replace(position=position, edge=edge))
    if len(unit.weights) > len(lines):
        lines.append(Line("", f"{len(unit.weights) - len(lines)} more weights", "", "", "", ""))
    if unit.bias is not None:
        lines.append(line("b", unit.bias))
    for number, (z, out) in enumerate(zip(unit.sums, unit.outputs, strict=True)):
        if number == 3 and len(unit.sums) > 4:
            lines.append(Line("", f"{len(unit.sums) - 3} more samples", "", "", "", ""))
            break
        lines.append(line("z" if len(unit.sums) == 1 else f"z {number + 1}", z))
        if out != z:
            lines.append(line("out" if len(unit.sums) == 1 else f"out {number + 1}", out))
    return box._replace(lines=tuple(lines), grad=None, sign="", counted="")


def _without_values(frame: Frame) -> Frame:
    return frame._replace(nodes=(), children=tuple(map(_without_values, frame.children)))


def _with_the_rest(columns: list[list[str]], boxes: list[Box], arrows: list[Arrow]) -> list[list[str]]:
    """Return the columns of inputs and layers, then those of the loss, each in the order of its operands."""
    column = {id_: number for number, ids in enumerate(columns) for id_ in ids}
    height = {
        id_: place / max(1, len(ids) - 1) if len(ids) > 1 else 0.5
        for ids in columns
        for place, id_ in enumerate(ids)
    }
    into: dict[str, list[str]] = {}
    for arrow in arrows:
        into.setdefault(arrow.result, []).append(arrow.operand)
    rest = [box.id for box in boxes if box.id not in column]
    results = [id_ for id_ in rest if id_ in into]
    for id_ in results:  # operands come before results
        known = [operand for operand in into[id_] if operand in column]
        column[id_] = 1 + max((column[operand] for operand in known), default=len(columns) - 1)
        height[id_] = math.fsum(height[operand] for operand in known) / max(1, len(known))
    for id_ in rest:
        if id_ not in column:
            first = min((column[r] for r in results if id_ in into[r]), default=len(columns))
            nearest = [height[r] for r in results if id_ in into[r]]
            column[id_] = max(first - 1, 0)
            below = 2.0 if column[id_] < len(columns) else 0.001
            height[id_] = (nearest[0] if nearest else 0.5) + below
    found: list[list[str]] = [[] for _ in range(1 + max(column.values()))]
    for id_ in sorted(column, key=lambda each: height[each]):
        found[column[id_]].append(id_)
    return found
