"""Combine the layouts before and after the pass into one SVG that can show every step."""

from __future__ import annotations

from xml.etree import ElementTree

from ..backward_pass import BackwardPass
from .labels import CELL_MARGIN
from .scene import scene
from .sheet import Sheet
from .theme import LIGHT, Theme, repaintable, repainted
from .view import View

SVG = "http://www.w3.org/2000/svg"
_TINTS = (LIGHT.tint_pos, LIGHT.tint_neg, LIGHT.tint_zero, LIGHT.tint_size)
_LINK = "{http://www.w3.org/1999/xlink}"


def two_layouts(
    recorded: BackwardPass, view: View, rankdir: str, theme: str | Theme = "auto"
) -> ElementTree.Element:
    """Return the SVG after the pass, with each edge as it was before the pass as well.

    Every edge occurs twice, as `forth-e3_0` and `e3_0`, and the cells of every gradient are marked by
    classes, so that a step is shown by changing classes and texts only.
    """
    states = (recorded.state(-1), recorded.state(len(recorded.edges))._replace(present=None))
    sheet, colours = Sheet(rankdir, view.timeout), repaintable(theme)
    before, after = (
        ElementTree.fromstring(sheet.draw(scene(recorded, state, view), colours, "svg", with_caption=False))
        for state in states
    )
    forth = {group.get("id"): group for group in before.iter(f"{{{SVG}}}g") if _is(group, "edge")}
    whole = after.find(f"{{{SVG}}}g")
    if whole is None:
        raise RuntimeError("dot returned an SVG without a drawing")
    for position, group in reversed(list(enumerate(whole))):
        if _is(group, "edge"):
            _prepare_edge(group)
            whole.insert(position, _prepare_forth(forth[group.get("id")]))
        elif _is(group, "node"):
            _prepare_node(group)
    for attribute in ("width", "height"):
        after.attrib.pop(attribute, None)
    after.set("role", "img")
    after.set("aria-label", "the computation graph; the table beside it has the same values as text")
    return after


def as_text(tree: ElementTree.Element) -> str:
    """Return an SVG as text, its colours as CSS variables."""
    ElementTree.register_namespace("", SVG)
    return repainted(ElementTree.tostring(tree, encoding="unicode"))


def _is(group: ElementTree.Element, kind: str) -> bool:
    return (group.get("class") or "").split()[:1] == [kind]


def elements(group: ElementTree.Element, *kinds: str) -> list[ElementTree.Element]:
    """Return all elements of some kinds inside a group, in document order."""
    wanted = {f"{{{SVG}}}{kind}" for kind in kinds}
    return [element for element in group.iter() if element.tag in wanted]


def _prepare_edge(group: ElementTree.Element) -> None:
    """Prepare an edge along which error has flowed back, with a halo behind it for the current step."""
    group.set(
        "class", f"{group.get('class')} back ahead" if "flowed" in str(group.get("class")) else "edge constant"
    )
    for child in list(group):
        if child.tag == f"{{{SVG}}}title":
            group.remove(child)
    for text in elements(group, "text")[-1:]:
        text.set("class", "flow")
    lines = elements(group, "path")
    if lines and "constant" not in str(group.get("class")):
        width, path = float(lines[0].get("stroke-width", "1")), lines[0].get("d", "")
        for kind, wider in (("halo core", 1.5), ("halo", 7)):  # paper between the halo and a dashed line
            halo = {"class": kind, "d": path, "stroke-width": f"{width + wider:.2f}"}
            group.insert(0, ElementTree.Element(f"{{{SVG}}}path", halo))


def _prepare_forth(group: ElementTree.Element) -> ElementTree.Element:
    """Return the same edge before the pass: grey, pointing forwards, without its hidden labels."""
    group.set("id", f"forth-{group.get('id')}")
    group.set("class", "edge forth ahead")
    for child in list(group):
        if child.tag in (f"{{{SVG}}}title", f"{{{SVG}}}text"):
            group.remove(child)
    return group


def _prepare_node(group: ElementTree.Element) -> None:
    """Prepare a box for a script that fills its gradient: right-aligned, coloured by class."""
    link = next(iter(group.iter(f"{{{SVG}}}a")))
    words = link.attrib.pop(f"{_LINK}title", "").split("\ngrad ")[0]
    link.tag = f"{{{SVG}}}g"
    for element in group:
        if element.tag == f"{{{SVG}}}title":
            element.text = words
    classes = str(group.get("class")).split()
    small = "constant" in classes or "again" in classes  # boxes whose texts no step changes
    group.set("class", " ".join(["node", *(kind for kind in ("constant", "again") if kind in classes)]))
    for shape in elements(group, "polygon", "path"):
        if shape.get("stroke", "none") != "none":
            shape.set("class", "frame")
    texts = elements(group, "text")
    if small or len(texts) < 2:
        return
    tints = [shape for shape in elements(group, "polygon") if shape.get("fill", "").upper() in _TINTS]
    for shape in tints:
        del shape.attrib["fill"]
        shape.set("class", "tint")
    label, value = texts[-2:]
    corners = [float(point.split(",")[0]) for tint in tints for point in tint.get("points", "").split()]
    right = max(corners) - CELL_MARGIN
    value.set("x", f"{right:.2f}")
    value.set("text-anchor", "end")
    for element, kind in ((label, "grad-label"), (value, "grad-value")):
        element.set("class", f"grad {kind}")
        element.attrib.pop("fill", None)
