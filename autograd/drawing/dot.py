"""From a scene to a `graphviz.Digraph`, which users can edit further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..notation import printable
from .grouping import Frame
from .scene import Arrow, Box, Scene
from .theme import Theme

if TYPE_CHECKING:
    from graphviz import Digraph

FONT = "Helvetica"
LARGE = 2000
"""Above so many boxes the layout's search is shortened: 7,000 take seconds instead of minutes."""


_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def text(words: str) -> str:
    """Words as text inside an HTML-like label.

    Graphviz expands escapes such as \\N even there, so a backslash is doubled, as an entity.

    >>> text("a<b & \\\\N")
    'a&lt;b &amp; &#92;&#92;N'
    """
    return printable(words).translate(_ENTITIES).replace("\\", "&#92;" * 2)


def tooltip(words: str) -> str:
    """Words as an attribute: there a backslash has to survive two more readings."""
    lines = (printable(line).translate(_ENTITIES).replace("\\", "&#92;" * 4) for line in words.split("\n"))
    return "&#10;".join(lines)


def digraph(scene: Scene, theme: Theme, rankdir: str = "LR", caption: bool = True) -> Digraph:
    """The scene as DOT, with an id and a class for every node and edge."""
    import graphviz

    graph = graphviz.Digraph("backprop")
    graph.attr("graph", rankdir=rankdir, bgcolor=theme.paper, fontname=FONT, fontsize="11", nodesep="0.3",
               ranksep="0.5", pad="0.25", outputorder="edgesfirst")  # fmt: skip
    graph.attr("node", shape="box", style="filled", fillcolor=theme.node, color=theme.line, fontname=FONT,
               fontsize="11", margin="0", penwidth="2")  # fmt: skip
    graph.attr("edge", fontname=FONT, fontsize="10", color=theme.line, arrowsize="0.7", penwidth="1.2")
    if len(scene.boxes) > LARGE:
        graph.attr("graph", nslimit="1", nslimit1="1")
    framed = _add_frames(graph, scene, theme)
    for box in scene.boxes:
        if box.id not in framed:
            _add_box(graph, box, theme)
    for arrow in scene.arrows:
        _add_arrow(graph, arrow, theme)
    if caption:
        graph.attr(labelloc="b", labeljust="l", label=_caption(scene, theme))
    return graph


def _add_frames(graph: Digraph, scene: Scene, theme: Theme) -> set[str]:
    """The groups as clusters around their boxes; the ids of those boxes."""
    boxes = {box.id: box for box in scene.boxes}
    framed: set[str] = set()

    def add(parent: Digraph, frame: Frame) -> None:
        inside = [boxes[id_] for id_ in (frame.id, *(f"n{k}" for k in frame.nodes)) if id_ in boxes]
        if frame.id in boxes:  # the whole group is one box
            for box in inside:
                framed.add(box.id)
                _add_box(parent, box, theme)
            return
        with parent.subgraph(name=f"cluster_{frame.id}") as cluster:
            name = _font(frame.name, theme.mute, 11, bold=True)
            detail = _font("  " + frame.detail.replace("->", "→"), theme.mute, 11)
            cluster.attr(
                id=f"frame-{frame.id}",
                label=f"<{name}{detail}>",
                style="rounded,filled",
                fillcolor=theme.group,
                color=theme.line,
                penwidth="1",
                fontname=FONT,
                labeljust="l",
                labelloc="t",
                margin="10",
            )
            for child in frame.children:
                add(cluster, child)
            for box in inside:
                framed.add(box.id)
                _add_box(cluster, box, theme)

    for frame in scene.frames:
        add(graph, frame)
    return framed


def _add_box(graph: Digraph, box: Box, theme: Theme) -> None:
    classes = " ".join(filter(None, ["value", box.kind, box.sign, box.mark]))
    attributes = {"id": box.id, "class": classes, "tooltip": tooltip(box.tooltip)}
    if box.kind == "constant":
        label = f'<<FONT COLOR="{theme.mute}">{text(box.name)}</FONT>>'
        graph.node(
            box.id, label, style="dashed", penwidth="1", margin="0.06,0.02", height="0", width="0", **attributes
        )
        return
    if box.kind == "leaf":
        attributes |= {"style": "filled,rounded", "fillcolor": theme.leaf, "margin": "0.08,0.04"}
    if box.kind == "root":
        attributes |= {"peripheries": "2", "color": theme.ink}
    if box.mark:
        attributes["color"] = theme.now if box.mark == "receiver" else theme.ink
    label = _group_label(box, theme) if box.kind == "group" else _box_label(box, theme)
    graph.node(box.id, f"<{label}>", **attributes)


def _table(rows: str, padding: int = 0) -> str:
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{rows}</TABLE>'


def _font(words: str, colour: str, size: int | None = None, bold: bool = False) -> str:
    sized = f' POINT-SIZE="{size}"' if size else ""
    inner = f"<B>{text(words)}</B>" if bold else text(words)
    return f'<FONT COLOR="{colour}"{sized}>{inner}</FONT>'


def _cells(word: str, number: str, tint: str = "") -> str:
    """A row of fixed size, so that a box has the same geometry whatever its numbers."""
    colour = f' BGCOLOR="{tint}"' if tint else ""
    fixed = f'FIXEDSIZE="TRUE" HEIGHT="21"{colour}'
    return (
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="54" {fixed}>{word}<BR ALIGN="LEFT"/></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT" WIDTH="66" {fixed}>{number}<BR ALIGN="RIGHT"/></TD>'
        f'<TD CELLPADDING="0" WIDTH="8" {fixed}></TD></TR>'
    )


def _box_label(box: Box, theme: Theme) -> str:
    name = _font(box.name, theme.ink, 13, bold=True)
    words = f"grad {box.counted}".strip()
    if box.grad is None:
        grad = _cells(_font("grad", theme.mute), _font("·", theme.mute))
    else:
        colour, tint = getattr(theme, f"text_{box.sign}"), getattr(theme, f"tint_{box.sign}")
        grad = _cells(_font(words, colour), _font(box.grad, colour, bold=True), tint)
    rows = (
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT" COLSPAN="3">{name}<BR ALIGN="LEFT"/></TD></TR>'
        f"{_cells(_font('data', theme.mute), _font(box.data, theme.ink))}{grad}"
    )
    badge = ""
    if box.symbol:
        single = len(box.symbol) == 1
        symbol = _font(box.symbol, theme.badge_text, 16 if single else 11, bold=True)
        badge = f'<TD BGCOLOR="{theme.badge}" WIDTH="{26 if single else 34}">{symbol}</TD>'
    return _table(f"<TR>{badge}<TD>{_table(rows, 3)}</TD></TR>")


def _group_label(box: Box, theme: Theme) -> str:
    """A folded group: its name and how many values it has, over the error that arrives at it."""
    head = (
        f'<TD ALIGN="LEFT">{_font(box.name + "   ", theme.ink, 13, bold=True)}</TD>'
        f'<TD ALIGN="RIGHT">{_font(box.data, theme.mute)}</TD>'
    )
    if box.grad is None:
        grad = f'<TD>{_font("out grad", theme.mute)}</TD><TD ALIGN="RIGHT">{_font("·", theme.mute)}</TD>'
    else:
        colour, tint = getattr(theme, f"text_{box.sign}"), getattr(theme, f"tint_{box.sign}")
        grad = (
            f'<TD ALIGN="LEFT" BGCOLOR="{tint}">{_font(box.counted, colour)}</TD>'
            f'<TD ALIGN="RIGHT" BGCOLOR="{tint}">{_font(box.grad, colour, bold=True)}</TD>'
        )
    return _table(f"<TR>{head}</TR><TR>{grad}</TR>", 5)


def _add_arrow(graph: Digraph, arrow: Arrow, theme: Theme) -> None:
    flowed = bool(arrow.sign)
    classes = " ".join(
        filter(None, ["flowed" if flowed else "ahead", arrow.sign, "now" if arrow.present else ""])
    )
    attributes = {"id": arrow.id, "class": classes, "penwidth": f"{arrow.width:.2f}"}
    if arrow.partial or arrow.contribution:
        attributes["label"] = f"<{_arrow_label(arrow, theme)}>"
    elif not flowed:  # from a constant
        attributes |= {"style": "dashed", "penwidth": "1"}
    if flowed:
        colour = getattr(theme, arrow.sign)
        shape = "tee" if arrow.sign == "zero" else "normal"
        attributes |= {"dir": "back", "arrowtail": shape, "color": colour}
        attributes["style"] = "dashed" if arrow.sign == "neg" else "solid"
    if arrow.present:  # parallel lines: the contribution's colour between two of the present's
        attributes["color"] = f"{theme.now}:{attributes['color']}:{theme.now}"
        attributes["penwidth"] = f"{max(1.5, arrow.width / 2):.2f}"
    graph.edge(arrow.operand, arrow.result, **attributes)


def _arrow_label(arrow: Arrow, theme: Theme) -> str:
    """Partial over contribution; before it has flowed in the colour of the paper, to keep its room."""
    partial = theme.mute if arrow.sign else theme.paper
    contribution = getattr(theme, f"text_{arrow.sign}") if arrow.sign else theme.paper
    cells = [_font(arrow.partial, partial)] if arrow.partial else []
    cells += [_font(arrow.contribution, contribution, bold=True)] if arrow.contribution else []
    return _table("".join(f"<TR><TD>{cell}</TD></TR>" for cell in cells), 1)


def _caption(scene: Scene, theme: Theme) -> str:
    """The title, with the room that all frames' titles need, and the legend of the colours."""

    def small(words: str, colour: str = theme.mute) -> str:
        return _font(words, colour, 10)

    legend = (
        f"{small('■', theme.pos)}{small(' solid: positive contribution   ')}"
        f"{small('■', theme.neg)}{small(' dashed: negative   line width grows with its size;   ')}"
        f"{small('× n = local derivative,   ± n = upstream grad × local derivative')}"
    )
    room = f' WIDTH="{scene.room}"' if scene.room else ""
    rows = "".join(
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT"{room}>{line}<BR ALIGN="LEFT"/></TD></TR>'
        for line in (_font(scene.title, theme.ink, 13, bold=True), legend)
    )
    return f"<{_table(rows, 3)}>"
