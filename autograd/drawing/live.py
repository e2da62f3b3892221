"""Draw the picture of a page: laid out once, with lines and numbers that a script fills."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ..backward_pass import BackwardPass
from .labels import CELL_MARGIN
from .layout import SVG, align_right, as_text, boxes_of, elements, own_elements, take_gradient, take_lines
from .network import network_scene
from .parts import Box, Line
from .sheet import Sheet
from .theme import Theme, repaintable
from .view import View

_LINK = "{http://www.w3.org/1999/xlink}"


def live_picture(recorded: BackwardPass, view: View, rankdir: str, theme: str | Theme = "auto") -> str:
    """Return the SVG of a graph whose numbers a script fills in.

    Each line runs from box to box without an arrowhead, which the script adds at the end where error
    or data arrives; every box has room for a gradient; texts that change have a class.
    """
    after = recorded.state(len(recorded.edges))
    grads: list[float | None] = [0.0 if grad is None else grad for grad in after.grads]
    boxes = network_scene(recorded, after._replace(present=None, grads=grads), view).boxes
    before = network_scene(recorded, recorded.state(-1), view)
    arrows = [arrow._replace(weight="") for arrow in before.arrows]  # the script shows what flows
    still = before._replace(boxes=boxes, arrows=arrows, tinted=True)
    drawn = boxes_of(still)
    sheet = Sheet(rankdir, view.timeout)
    tree = ElementTree.fromstring(sheet.draw(still, repaintable(theme), "svg", with_caption=False))
    for group in tree.iter(f"{{{SVG}}}g"):
        kind = (group.get("class") or "").split()
        if kind[:1] == ["edge"]:
            _mark_edge(group)
        elif kind[:1] == ["node"]:
            _mark_node(group, kind, drawn[str(group.get("id"))])
    for attribute in ("width", "height"):
        tree.attrib.pop(attribute, None)
    tree.set("role", "group")
    return as_text(tree)


def _mark_edge(group: ElementTree.Element) -> None:
    identity = group.get("id") or ""
    for child in list(group):
        if child.tag == f"{{{SVG}}}title":
            group.remove(child)
    fixed = not identity or identity.startswith("more") or "dashed" in str(group.get("class"))
    lines, heads = elements(group, "path"), elements(group, "polygon")
    constant = bool(lines) and lines[0].get("stroke-dasharray") is not None
    if fixed or constant or not lines:
        group.set("class", "edge constant")
        return
    group.set("class", "edge value ahead")
    lines[0].set("d", _to_the_tip(lines[0].get("d", ""), heads))
    lines[0].attrib.pop("stroke", None)
    for head in heads:
        _parent(group, head).remove(head)
    texts = elements(group, "text")
    for text in texts:
        text.attrib.pop("fill", None)
    if texts:
        texts[-1].set("class", "flow")
    if len(texts) > 1:
        texts[0].set("class", "partial")


def _parent(group: ElementTree.Element, child: ElementTree.Element) -> ElementTree.Element:
    return next(each for each in group.iter() if child in list(each))


def _to_the_tip(path: str, heads: list[ElementTree.Element]) -> str:
    """Return a spline whose last point is the tip of its arrowhead, on the frame of the box."""
    corners = [
        tuple(map(float, point.split(","))) for head in heads for point in head.get("points", "").split()
    ]
    if not corners:
        return path
    start, _, end = path.rpartition(" ")
    x, y = map(float, end.split(","))
    tip = max(corners, key=lambda corner: (corner[0] - x) ** 2 + (corner[1] - y) ** 2)
    return f"{start} {tip[0]:.2f},{tip[1]:.2f}"


def _mark_line(line: Line, whole: ElementTree.Element) -> None:
    """Mark a line of a box with the value and the edge whose numbers it shows."""
    texts = elements(whole, "text")
    data, times, grad = texts[-3:] if line.times else (texts[-2], None, texts[-1])
    whole.set("data-value", line.id)
    data.set("class", "data-value")
    grad.set("class", "grad grad-value" if line.own else "flow")
    grad.attrib.pop("fill", None)
    if line.edge:
        whole.set("data-edge", line.edge)
        if times is not None:
            times.set("class", "partial")
    elif times is not None and line.times[:1] in "Σ·":
        times.set("class", "count")


def _mark_node(group: ElementTree.Element, kind: list[str], box: Box) -> None:
    """Prepare a box for a script that fills its data and gradient: right-aligned, coloured by class."""
    link = next(iter(group.iter(f"{{{SVG}}}a")), None)
    if link is not None:
        link.attrib.pop(f"{_LINK}title", None)
        link.attrib.pop(f"{_LINK}href", None)
        link.tag = f"{{{SVG}}}g"
    for element in list(group):
        if element.tag == f"{{{SVG}}}title":
            group.remove(element)
    for line, whole in take_lines(group, box, tinted=True):
        _mark_line(line, whole)
    constant = "constant" in kind or "input" in kind
    known = {name: name for name in ("constant", "leaf", "leaves", "root", "group", "again")}
    known |= {"input": "constant", "neuron": "group"}
    group.set("class", " ".join(["node", *(name for word, name in known.items() if word in kind)]))
    for shape in elements(group, "polygon", "path", "polyline"):
        if shape.get("stroke", "none") not in ("none", "transparent"):
            shape.set("class", "frame")
    texts = [text for text in own_elements(group, "text") if (text.text or "").strip()]  # others are indents
    if "again" in kind:  # repeats another box, whose number it shows
        group.set("data-value", next(word for word in kind if word.startswith("of-")).removeprefix("of-"))
        texts[-1].set("class", "data-value")
        frames = " ".join(
            shape.get("d") or shape.get("points") or "" for shape in elements(group, "path", "polygon")
        )
        right = max(float(x) for x in re.findall(r"(-?[\d.]+),", frames))
        texts[-1].set("x", f"{right - CELL_MARGIN / 2:.2f}")
        texts[-1].set("text-anchor", "end")
        return
    if constant or box.kind == "leaves" or (box.kind == "neuron" and box.lines) or len(texts) < 2:
        return
    tints = take_gradient(group, texts)
    if "group" not in kind and not box.lines:
        align_right(texts[-3], tints)
    if "group" not in kind:  # of a neuron its output
        texts[-3].set("class", "data-value")
