"""Combine the layouts before and after the pass into one SVG that can show every step."""

from __future__ import annotations

from xml.etree import ElementTree

from ..backward_pass import BackwardPass
from .labels import CELL_MARGIN
from .network import network_scene
from .parts import Box, Line, Scene
from .sheet import Sheet
from .theme import LIGHT, Theme, repaintable, repainted
from .view import View
from .wrapping import joined, rows

SVG = "http://www.w3.org/2000/svg"
_TINTS = (LIGHT.tint_pos, LIGHT.tint_neg, LIGHT.tint_zero, LIGHT.tint_size)
_LINK = "{http://www.w3.org/1999/xlink}"


_TITLE, _CHANGE = "title", "change"


def two_layouts(
    recorded: BackwardPass, view: View, rankdir: str, theme: str | Theme = "auto"
) -> tuple[ElementTree.Element, list[ElementTree.Element], Scene]:
    """Return the SVG after the pass, with each edge as before the pass as well; its title's texts; its scene.

    Every edge occurs twice, as `forth-e3_0` and `e3_0`, and the cells of every gradient are marked by
    classes, so that a step is shown by changing classes and texts only.
    """
    states = (recorded.state(-1), recorded.state(len(recorded.edges))._replace(present=None))
    sheet, colours = Sheet(rankdir, view.timeout), repaintable(theme)
    scenes = [
        network_scene(recorded, state, view)._replace(title=_TITLE, change=_CHANGE, whole_pass=True)
        for state in states
    ]
    before, after = (ElementTree.fromstring(sheet.draw(each, colours, "svg")) for each in scenes)
    boxes = boxes_of(scenes[1])
    forth = {group.get("id"): group for group in before.iter(f"{{{SVG}}}g") if _is(group, "edge")}
    whole = after.find(f"{{{SVG}}}g")
    if whole is None:
        raise RuntimeError("dot returned an SVG without a drawing")
    for position, group in reversed(list(enumerate(whole))):
        if _is(group, "edge"):
            _prepare_edge(group)
            whole.insert(position, _prepare_forth(forth[group.get("id")]))
        elif _is(group, "node"):
            _prepare_node(group, boxes[str(group.get("id"))])
    for attribute in ("width", "height"):
        after.attrib.pop(attribute, None)
    after.set("role", "img")
    after.set("aria-label", "the backward pass through a computation graph, step by step")
    titles = [text for text in whole if text.text in (_TITLE, _CHANGE)]
    return after, titles, scenes[1]


def as_text(tree: ElementTree.Element) -> str:
    """Return an SVG as text, its colours as CSS variables."""
    ElementTree.register_namespace("", SVG)
    return repainted(ElementTree.tostring(tree, encoding="unicode"))


def boxes_of(scene: Scene) -> dict[str, Box]:
    """Return the boxes by their ids as they are drawn, including repeated ones."""
    return {box.id: box for box in (scene if scene.columns else joined(rows(scene))).boxes}


def take_lines(group: ElementTree.Element, box: Box, tinted: bool) -> list[tuple[Line, ElementTree.Element]]:
    """Move the texts and the tints of each line of a box to a separate group, and return the groups.

    `tinted` says that every line has a tint, and not only one with a sign.
    """
    if not box.lines:
        return []
    inside = next(g for g in group.iter() if any(child.tag == f"{{{SVG}}}text" for child in g))
    texts = [text for text in elements(inside, "text") if (text.text or "").strip()]
    tints = [shape for shape in elements(inside, "polygon") if shape.get("fill", "").upper() in _TINTS]
    counts = [sum(map(bool, (line.name, line.data, line.times, line.grad))) for line in box.lines]
    shades = [2 if line.id and (tinted or line.sign) else 0 for line in box.lines]
    texts, tints = texts[len(texts) - sum(counts) :], tints[len(tints) - sum(shades) :]
    found = []
    for line, count, shade in zip(box.lines, counts, shades, strict=True):
        if line.id:
            whole = ElementTree.Element(f"{{{SVG}}}g", {"class": "line"})
            for part in (*tints[:shade], *texts[:count]):
                inside.remove(part)
                whole.append(part)
            for tint in tints[:shade]:
                del tint.attrib["fill"]
                tint.set("class", "tint")
            align_right(texts[count - 1], tints[:shade])
            inside.append(whole)
            found.append((line, whole))
        texts, tints = texts[count:], tints[shade:]
    return found


def _is(group: ElementTree.Element, kind: str) -> bool:
    return (group.get("class") or "").split()[:1] == [kind]


def elements(group: ElementTree.Element, *kinds: str) -> list[ElementTree.Element]:
    """Return all elements of some kinds inside a group, in document order."""
    wanted = {f"{{{SVG}}}{kind}" for kind in kinds}
    return [element for element in group.iter() if element.tag in wanted]


def own_elements(group: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """Return the elements of a kind inside a box that are in none of its lines."""
    inner = {id(e) for line in group.iter(f"{{{SVG}}}g") if line.get("class") == "line" for e in line}
    return [element for element in elements(group, kind) if id(element) not in inner]


def align_right(text: ElementTree.Element, tints: list[ElementTree.Element]) -> None:
    """Align a number with the right edge of its tints, independent of its length."""
    corners = [float(point.split(",")[0]) for tint in tints for point in tint.get("points", "").split()]
    if corners:
        text.set("x", f"{max(corners) - CELL_MARGIN:.2f}")
        text.set("text-anchor", "end")


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


def _prepare_node(group: ElementTree.Element, box: Box) -> None:
    """Prepare a box for a script that fills its gradient: right-aligned, coloured by class."""
    link = next(iter(group.iter(f"{{{SVG}}}a")))
    words = link.attrib.pop(f"{_LINK}title", "").split("\ngrad ")[0]
    link.tag = f"{{{SVG}}}g"
    for element in group:
        if element.tag == f"{{{SVG}}}title":
            element.text = words
    classes = str(group.get("class")).split()
    small = box.kind in ("constant", "again", "input", "leaves", "neuron")  # no step changes its own texts
    for line, whole in take_lines(group, box, tinted=False):
        whole.set("data-line", line.id if line.own else line.edge)
    group.set("class", " ".join(["node", *(kind for kind in ("constant", "again") if kind in classes)]))
    for shape in elements(group, "polygon", "path"):
        if shape.get("stroke", "none") != "none":
            shape.set("class", "frame")
    texts = [text for text in own_elements(group, "text") if (text.text or "").strip()]
    if small or len(texts) < 2:
        return
    take_gradient(group, texts)


def take_gradient(group: ElementTree.Element, texts: list[ElementTree.Element]) -> list[ElementTree.Element]:
    """Leave the colours of a box's gradient, its last two texts, to classes; return its tints."""
    tints = [shape for shape in elements(group, "polygon") if shape.get("fill", "").upper() in _TINTS]
    for shape in tints:
        del shape.attrib["fill"]
        shape.set("class", "tint")
    align_right(texts[-1], tints)
    for element, kind in zip(texts[-2:], ("grad-label", "grad-value"), strict=True):
        element.set("class", f"grad {kind}")
        element.attrib.pop("fill", None)
    return tints
