"""Build the scene of one state of a backward pass, before layout: boxes, arrows, words."""

from __future__ import annotations

from collections import Counter

from ..backward_pass import BackwardPass, Edge, State
from ..formulas import formula, grouped
from ..terminal import cut
from .grouping import Folded, Frame, combined, folded, frames_of
from .parts import MINUS, Arrow, Box, Scene, line_widths, sign_of, signs
from .view import View
from .words import rest_words, step_words, title_words


def at_rest(last: Scene, title: str, change: str = "") -> Scene:
    """Return the last frame without a marked step, for the end of an animation."""
    return last._replace(
        boxes=[box._replace(mark="") for box in last.boxes],
        arrows=[arrow._replace(present=False) for arrow in last.arrows],
        title=title,
        change=change,
    )


def room_for_titles(recorded: BackwardPass) -> int:
    """Return an upper bound for the width of the longest title of a step, in points."""
    long = {node: min(len(name), LONG_NAME) for node, name in recorded.names.items()}
    root = long[recorded.root]
    names = (long[recorded.order[e.operand]] + long[recorded.order[e.result]] + root for e in recorded.edges)
    return round(7.2 * (_FRAME_OF_TITLE + 2 * max(names))) if recorded.edges else 0


LONG_NAME = 40
"""The width at which a title cuts a name; its box shows more of it, and its tooltip all."""
_FRAME_OF_TITLE = 62
"""The number of letters of a step's title besides names: its number, three fractions, three numbers."""


def folded_nodes(recorded: BackwardPass, state: State, view: View) -> dict[int, Folded]:
    """Return the folded box of each node that is shown inside one."""
    if not view.collapse:
        return {}
    boxes = folded(recorded, state, frames_of(recorded, view.groups), view.collapse)
    return {k: each for each in boxes for k in each.nodes}


def scene(recorded: BackwardPass, state: State, view: View = View()) -> Scene:  # noqa: B008 (immutable)
    """Return the scene of one state of a recorded pass."""
    found, inside = frames_of(recorded, view.groups), folded_nodes(recorded, state, view)
    boxes_folded = list(dict.fromkeys(inside.values()))
    near, hidden = _near(recorded, view.depth)
    widths = line_widths(recorded.contributions)
    edges = {(edge.result, edge.position): k for k, edge in enumerate(recorded.edges)}
    idle = {(edge.result, edge.position): edge for edge in recorded.idle}
    boxes, arrows = [folded_box(each, view, mark(recorded, state, each.nodes)) for each in boxes_folded], []
    for k, node in enumerate(recorded.order):
        if k in inside or k not in near:
            continue
        boxes.append(_box(recorded, state, k, view))
        if k in hidden:
            boxes.append(_more(k, hidden[k]))
            arrows.append(Arrow(f"more{k}", f"m{k}", f"n{k}", "", 1.2, "", "", False))
            continue
        for position, operand in enumerate(node.operands):
            if operand.__class__ is not float:
                if (edge := idle.get((k, position))) is not None:
                    if edge.operand not in inside:
                        arrows.append(_idle_arrow(edge, None in state.contributions))
                elif recorded.edges[edges[k, position]].operand not in inside:
                    arrows.append(_arrow(recorded, state, edges[k, position], widths, view))
            elif view.constants:
                boxes.append(constant_box(f"c{k}_{position}", operand))
                arrows.append(Arrow(f"e{k}_{position}", f"c{k}_{position}", f"n{k}", "", 1.2, "", "", False))
    arrows += folded_arrows(recorded, state, inside, view)
    outer = tuple(without(frame, view.collapse, set(inside)) for frame in found if frame.level != view.collapse)
    title, change = caption_of(recorded, state, view.lang or "en")
    room = 0 if state.done is None else room_for_titles(recorded)
    compact = sum(box.kind not in ("constant", "group") for box in boxes) > COMPACT
    return Scene(
        boxes,
        arrows,
        view.title or title,
        outer,
        change,
        compact=compact,
        show=view.show,
        decimals=4 if view.decimals is None else view.decimals,
        legend=view.legend,
        language=view.lang or "en",
        earlier=bool(state.earlier),
        room=room,
        folded=view.collapse or "",
    )


COMPACT = 40
"""The number of values above which each box has two lines instead of three."""


def _near(recorded: BackwardPass, depth: int | None) -> tuple[set[int], dict[int, int]]:
    """Return the nodes within a number of edges of the root, and how many are hidden behind each one."""
    distance = dict.fromkeys(recorded.outputs, 0)
    links = recorded.links
    for edge in links:  # results before operands: a result's own distance is settled by now
        step = distance[edge.result] + 1
        distance[edge.operand] = min(distance.get(edge.operand, step), step)
    if depth is None:
        return set(distance), {}
    near = {k for k, far in distance.items() if far <= depth}
    outward = [edge for edge in links if edge.operand not in near]
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


def caption_of(recorded: BackwardPass, state: State, language: str = "en") -> tuple[str, str]:
    """Return the title, for a step its chain rule in symbols and numbers, and the change that it makes."""
    if state.present is None:
        return title_words(recorded, state, language), signs(rest_words(recorded, state, language))
    step = recorded.step(state.present + 1)
    words = step_words(step, grouped(recorded.names[step.receiver]), language)
    for name in {recorded.names[value] for value in (recorded.root, step.node, step.receiver)}:
        words = (
            words[0].replace(name, cut(name, LONG_NAME, "…")),
            words[1].replace(name, cut(name, LONG_NAME, "…")),
        )
    return signs(words[0].replace(" * ", " · ", 1)), signs(words[1])


def _box(recorded: BackwardPass, state: State, k: int, view: View) -> Box:
    node, name = recorded.order[k], recorded.names[recorded.order[k]]
    root = k in recorded.outputs
    kind = "root" if root else "interior" if node.operands else "leaf"
    grad, arrived, expected = state.grads[k], state.arrived[k], recorded.expected[k]
    counted, earlier = "", dict(state.earlier).get(k, 0.0)
    if grad is not None and (expected > 1 or earlier):
        counted = f"Σ{expected}" if arrived == expected else f"{arrived}/{expected}"
        counted += "+" if earlier else ""
    equation = f"{name} = {formula(node, recorded.names)}" if node.op else name
    return Box(
        id=f"n{k}",
        kind=kind,
        symbol=node.op.symbol if node.op else "",
        name=node.label or name,
        data=view.fixed(node.data),
        grad=None if grad is None else view.fixed(grad, sign=True),
        sign=sign_of(grad),
        counted=counted,
        mark=mark(recorded, state, (k,)),
        tooltip=f"{equation}\ndata {node.data!r}"
        + ("" if grad is None else f"\ngrad {grad!r}")
        + (f", of which {earlier!r} from elsewhere" if counted.endswith("+") else ""),
        formula="" if node.label or not node.op else signs(formula(node, recorded.names, digits=6)),
    )


def mark(recorded: BackwardPass, state: State, nodes: tuple[int, ...]) -> str:
    """Return the role of a box with these nodes in the current step."""
    if state.present is None:
        return ""
    edge = recorded.edges[state.present]
    return "receiver" if edge.operand in nodes else "result" if edge.result in nodes else ""


def constant_box(id_: str, number: float) -> Box:
    text = f"{number:g}".translate(MINUS)
    return Box(id_, "constant", "", text, text, None, "", "", "", f"the number {number!r}")


def _idle_arrow(edge: Edge, waiting: bool) -> Arrow:
    """Return the arrow of an operand to which nothing flows back because it was not selected."""
    id_, sign = f"e{edge.result}_{edge.position}", "" if waiting else "zero"
    return Arrow(id_, f"n{edge.operand}", f"n{edge.result}", sign, 1.2, "not taken", "", False)


def _arrow(recorded: BackwardPass, state: State, k: int, widths: list[float], view: View) -> Arrow:
    edge, flowed = recorded.edges[k], state.contributions[k]
    partial = f"× {view.short(edge.partial)}"
    if view.symbols:
        step = recorded.step(k + 1)
        result, operand = (cut(grouped(recorded.names[each]), 12, "…") for each in (step.node, step.receiver))
        partial = signs(cut(f"∂{result}/∂{operand} = {step.rule()}", 48, "…"))
    contribution = view.short(recorded.contributions[k] if flowed is None else flowed, sign=True)
    return Arrow(
        id=f"e{edge.result}_{edge.position}",
        operand=f"n{edge.operand}",
        result=f"n{edge.result}",
        sign=sign_of(flowed),
        width=1.2 if flowed is None else widths[k],
        partial=partial if "local" in view.show else "",
        contribution=contribution if "contribution" in view.show and not view.symbols else "",
        present=state.present == k,
    )


def folded_box(each: Folded, view: View, mark: str = "") -> Box:
    """Return a group as one box, with the error that has arrived at it."""
    several = len(each.outputs) > 1
    grad = None if each.error is None else view.fixed(each.error, sign=not several)
    return Box(
        id=each.frame.id,
        kind="group",
        symbol="",
        name=each.frame.name,
        data=f"{len(each.nodes)} values",
        grad=grad,
        sign=("size" if each.error is not None else "") if several else sign_of(each.error),
        counted=waiting(each),
        mark=mark,
        tooltip=f"{each.frame.name}: {each.frame.detail}\n{len(each.nodes)} values",
    )


def waiting(each: Folded) -> str:
    """Return the label of a folded box's gradient."""
    return f"‖error‖ of {len(each.outputs)}" if len(each.outputs) > 1 else "out grad"


def arrow_id(recorded: BackwardPass, inside: dict[int, Folded], k: int) -> str | None:
    """Return the id of the arrow that a step's edge is part of; None for an edge inside a folded box."""
    return _arrow_id(recorded.edges[k], inside)


def _arrow_id(edge: Edge, inside: dict[int, Folded]) -> str | None:
    ends = [inside[end].frame.id if end in inside else f"n{end}" for end in (edge.operand, edge.result)]
    if all(end[0] == "n" for end in ends):
        return f"e{edge.result}_{edge.position}"
    return None if ends[0] == ends[1] else "-".join(ends)


def folded_arrows(recorded: BackwardPass, state: State, inside: dict[int, Folded], view: View) -> list[Arrow]:
    """Return one arrow for all the edges between two boxes if one of them is a group."""
    bundles: dict[str, list[int]] = {}
    for k in range(len(recorded.edges)):
        name = arrow_id(recorded, inside, k)
        if name and "-" in name:
            bundles.setdefault(name, []).append(k)
    for edge in recorded.idle:
        name = _arrow_id(edge, inside)
        if name and "-" in name:
            bundles.setdefault(name, [])
    final = [combined([recorded.contributions[k] for k in edges]) or 0.0 for edges in bundles.values()]
    return [
        _bundle(name, edges, state, size, width, view)
        for (name, edges), size, width in zip(bundles.items(), final, line_widths(final), strict=True)
    ]


def _bundle(name: str, edges: list[int], state: State, final: float, width: float, view: View) -> Arrow:
    """Return one arrow for several edges; its contribution is the norm of theirs.

    A single edge is drawn without its partial and contribution: the neuron that it leads to lists them,
    and between fully connected layers they would distort all lines. Several edges reserve the space of
    their number.
    """
    operand, result = name.split("-")
    size = combined([c for c in (state.contributions[k] for k in edges) if c is not None])
    several = len(edges) > 1
    return Arrow(
        id=name,
        operand=operand,
        result=result,
        sign=("size" if size else "zero") if several and size is not None else sign_of(size),
        width=1.2 if size is None else width,
        partial=f"{len(edges)} edges" if several else "",
        contribution=view.short(final if size is None else size) if several else "",
        present=state.present in edges,
    )


def without(frame: Frame, level: str | None, gone: set[int]) -> Frame:
    """Return a frame without the nodes that are hidden when the groups of a level are boxes."""
    children = tuple(
        child._replace(nodes=(), children=()) if child.level == level else without(child, level, gone)
        for child in frame.children
    )
    return frame._replace(nodes=tuple(k for k in frame.nodes if k not in gone), children=children)


def refuse_large(count: int, most: int, why: str = "") -> None:
    """Raise ValueError, with advice, for more values than a picture may have."""
    if count > most:
        less = 'show less with depth=3, or with groups=model and collapse="neuron"; or '
        raise ValueError(
            f"a graph of {count:,} values is too large to read (max_nodes={most}): "
            f"{f'{why}, so ' if why else less}pass max_nodes={count} to draw it anyway"
        )
