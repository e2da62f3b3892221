"""Convert a scene to a `graphviz.Digraph`, which users can edit further."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .grouping import Frame
from .labels import (
    again_label,
    arrow_label,
    box_label,
    font,
    group_label,
    input_label,
    limited,
    list_label,
    neuron_label,
    text,
    tooltip,
)
from .legend import caption
from .parts import Arrow, Box, Scene
from .placement import Places, with_head
from .theme import Theme

if TYPE_CHECKING:
    from graphviz import Digraph

INSET = "0.014"
"""Inches (one point) between a box's frame and its contents, which would otherwise cover the frame."""


def digraph(
    scene: Scene, theme: Theme, rankdir: str = "LR", with_caption: bool = True, places: Places | None = None
) -> Digraph:
    """Return the scene as DOT, with an id and a class for every node and edge, and a position if known."""
    import graphviz

    graph = graphviz.Digraph("backprop")
    graph.attr("graph", rankdir=rankdir, bgcolor=theme.paper, fontname=theme.font, fontsize="11", nodesep="0.3",
               ranksep="0.5", pad="0.25", outputorder="edgesfirst")  # fmt: skip
    graph.attr("node", shape="box", style="filled", fillcolor=theme.node, color=theme.line, fontname=theme.font,
               fontsize="11", margin=INSET, penwidth="2")  # fmt: skip
    graph.attr("edge", fontname=theme.font, fontsize="10", color=theme.line, arrowsize="0.7", penwidth="1.2")
    network = any(box.kind in ("group", "neuron") for box in scene.boxes)
    if network:  # straight lines from side to side, and neurons in order
        graph.attr("graph", splines="line", ranksep="0.9", mclimit="0.1")
    framed = _add_frames(graph, scene, theme, places)
    for box in scene.boxes:
        if box.id not in framed:
            _add_box(graph, box, scene, theme, places)
    stepping = any(arrow.present for arrow in scene.arrows)
    for arrow in scene.arrows:
        _add_arrow(
            graph,
            arrow,
            theme,
            past=stepping,
            sides=_SIDES[rankdir] if network else ("", ""),
            places=places,
            cut=scene.cut,
        )
    if with_caption:
        graph.attr(labelloc="b", labeljust="l", label=f"<{caption(scene, theme)}>")
    if theme.points != 11:
        graph.body[:] = [_sized(line, theme.points / 11) for line in graph.body]
    return graph


_SIZE = re.compile(r'((?:POINT-SIZE|WIDTH|HEIGHT|CELLPADDING)=")(\d+)"|(fontsize=|nodesep=|ranksep=)([\d.]+)')


def _sized(line: str, factor: float) -> str:
    """Return a line of DOT with every size scaled; quotes inside labels are entities, so none match."""

    def sized(match: re.Match[str]) -> str:
        if match[1]:
            return f'{match[1]}{round(int(match[2]) * factor)}"'
        return f"{match[3]}{float(match[4]) * factor:.2f}"

    return _SIZE.sub(sized, line)


def _add_frames(graph: Digraph, scene: Scene, theme: Theme, places: Places | None) -> set[str]:
    """Add the groups as clusters around their boxes; return the ids of those boxes."""
    boxes = {box.id: box for box in scene.boxes}
    framed: set[str] = set()

    def add(parent: Digraph, frame: Frame) -> None:
        inside = [boxes[id_] for id_ in (frame.id, *(f"n{k}" for k in frame.nodes)) if id_ in boxes]
        if frame.id in boxes:  # the whole group is one box
            for box in inside:
                framed.add(box.id)
                _add_box(parent, box, scene, theme, places)
            return
        with parent.subgraph(name=f"cluster_{frame.id}") as cluster:
            name = font(limited(frame.name), theme.mute, 11, bold=True)
            detail = font("  " + limited(frame.detail.replace("->", "→")), theme.mute, 11)
            cluster.attr(
                id=f"frame-{frame.id}",
                label=f"<{name}{detail}>",
                style="rounded,filled",
                fillcolor=theme.group,
                color=theme.line,
                penwidth="1",
                fontname=theme.font,
                labeljust="l",
                labelloc="t",
                margin="10",
            )
            if places:
                cluster.attr(bb=places.frames[f"frame-{frame.id}"][0], lp=places.frames[f"frame-{frame.id}"][1])
            for child in frame.children:
                add(cluster, child)
            for box in inside:
                framed.add(box.id)
                _add_box(cluster, box, scene, theme, places)

    for frame in scene.frames:
        add(graph, frame)
    return framed


def _add_box(graph: Digraph, box: Box, scene: Scene, theme: Theme, places: Places | None) -> None:
    classes = " ".join(filter(None, ["value", box.kind, box.sign, box.mark, box.of and f"of-{box.of}"]))
    attributes = {"id": box.id, "class": classes, "tooltip": tooltip(box.tooltip)}
    if places:
        attributes["pos"] = places.boxes[box.id]
    if box.kind == "input":
        graph.node(box.id, f"<{input_label(box, theme)}>", **attributes, style="dashed,rounded",
                   penwidth="1", margin="0.08,0.04")  # fmt: skip
        return
    if box.kind == "again":
        graph.node(box.id, f"<{again_label(box, theme)}>", **attributes, style="filled,rounded",
                   fillcolor=theme.leaf, penwidth="1", margin="0.06,0.05", height="0", width="0")  # fmt: skip
        return
    if box.kind == "constant":
        label = f'<<FONT COLOR="{theme.mute}">{text(box.name)}</FONT>>'
        graph.node(
            box.id,
            label,
            style="dashed",
            penwidth="1",
            margin="0.06,0.05" if scene.cut else "0.06,0.02",
            height="0",
            width="0",
            **attributes,
        )
        return
    if box.kind in ("leaf", "leaves"):
        attributes |= {"style": "filled,rounded", "fillcolor": theme.leaf, "margin": "0.08,0.04"}
    if box.kind == "root":
        attributes |= {"peripheries": "2", "color": theme.ink}
    if box.mark:
        attributes["color"] = theme.now if box.mark == "receiver" else theme.ink
    if box.kind == "leaves":
        label = list_label(box, theme, scene)
    elif box.lines and box.kind == "neuron":
        label = neuron_label(box, theme, scene)
    elif box.kind in ("group", "neuron"):
        label = group_label(box, theme, scene)
    else:
        label = box_label(box, theme, scene)
    graph.node(box.id, f"<{label}>", **attributes)


_SIDES = {"LR": (":e", ":w"), "TB": (":s", ":n"), "RL": (":w", ":e"), "BT": (":n", ":s")}
"""The sides where an arrow leaves its operand and enters its result, for each direction."""


def _add_arrow(
    graph: Digraph,
    arrow: Arrow,
    theme: Theme,
    past: bool,
    sides: tuple[str, str],
    places: Places | None,
    cut: bool,
) -> None:
    flowed = bool(arrow.sign)
    classes = " ".join(
        filter(None, ["flowed" if flowed else "ahead", arrow.sign, "now" if arrow.present else ""])
    )
    attributes = {"id": arrow.id, "class": classes, "penwidth": f"{arrow.width:.2f}"}
    if arrow.partial or arrow.contribution:
        attributes["label"] = f"<{arrow_label(arrow, theme)}>"
    if arrow.operand[0] in "cm":  # from a constant, or from values that are not shown
        attributes |= {"style": "dashed", "penwidth": "1"}
    if flowed:
        colour = getattr(theme, f"past_{arrow.sign}" if past and not arrow.present else arrow.sign)
        shape = "tee" if arrow.sign == "zero" else "normal"
        attributes |= {"dir": "back", "arrowtail": shape, "color": colour}
        attributes["arrowsize"] = f"{0.6 + 0.12 * arrow.width:.2f}"
        attributes["style"] = "dashed" if arrow.sign == "neg" else "solid"
    if arrow.weight:
        attributes |= {
            "style": "dashed" if arrow.weight == "neg" else "solid",
            "tooltip": tooltip(arrow.tooltip),
        }
        attributes["color"] = getattr(
            theme, arrow.weight if arrow.present or not past else f"past_{arrow.weight}"
        )
    if arrow.present:
        attributes |= _halo(attributes["color"], arrow.width, theme)
    if cut and not arrow.weight and arrow.operand[0] not in "ac":
        attributes["weight"] = "6"  # a chain is a straight line, with repeated operands below it
    if cut and not places:
        attributes["dir"] = "none"  # the curve from box to box, which a head can shorten at either end
    if places:
        curve, label = places.arrows[arrow.id]
        length = 10 * float(attributes.get("arrowsize", "0.7")) * (0.25 if arrow.sign == "zero" else 1)
        attributes["pos"] = with_head(curve, length, back=flowed)
        if label:
            attributes["lp"] = label
    graph.edge(f"{arrow.operand}{sides[0]}", f"{arrow.result}{sides[1]}", **attributes)


def _halo(colour: str, width: float, theme: Theme) -> dict[str, str]:
    """Return the contribution's colour between two lines in the colour of the current step.

    dot draws the lines side by side, each 2 points wide.
    """
    inner = [colour] * max(1, round(width / 2))
    return {"color": ":".join([theme.now, *inner, theme.now]), "penwidth": "2.2"}
