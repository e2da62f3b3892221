"""The interactive page: one offline file in which a recorded backward pass is played step by step."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..backward_pass import BackwardPass, Step
from ..notation import fixed, formula
from .dot import digraph
from .render import render
from .scene import MINUS, View, scene, sign_of
from .theme import DARK, LIGHT, repainted, variables

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}"
_PLAYER = Path(__file__).parent / "player"
_PACE = 900
"""Milliseconds for each step while playing."""


def page(recorded: BackwardPass, opening: int, view: View, theme: str = "auto", rankdir: str = "LR") -> str:
    """The HTML of the page; it opens at a step, or at the one that its address names after `#`.

    It needs nothing but itself: no request leaves it, and it runs only the script it was made
    with. The graph is laid out twice, before and after the pass; a step only changes classes and
    texts. Whatever a label contains, it is shown as text.
    """
    script = (_PLAYER / "player.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    name = recorded.names[recorded.root]
    equation = f"{name} = {formula(recorded.root, recorded.names)}" if recorded.root.op else name
    parts = {
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        "title": html.escape(f"backprop: {equation}"),
        "heading": html.escape(equation),
        "style": _colours() + (_PLAYER / "player.css").read_text(encoding="utf-8"),
        "picture": _picture(recorded, view, rankdir),
        "data": _safe(_data(recorded, opening, theme)),
        "script": script,
    }
    template = (_PLAYER / "player.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _colours() -> str:
    """Both themes as CSS variables, chosen by the attribute that the player sets."""
    return (
        f":root{{{variables(LIGHT)}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme]){{{variables(DARK)}}}}}"
        f":root[data-theme=dark]{{{variables(DARK)}}}"
    )


def _safe(data: dict[str, Any]) -> str:
    """JSON that nothing inside can end: no `<` is left in it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _data(recorded: BackwardPass, opening: int, theme: str) -> dict[str, Any]:
    """What the script needs to know: every node once, and every step once."""
    names = recorded.names
    nodes = [
        {
            "id": f"n{k}",
            "name": names[node],
            "formula": formula(node, names),
            "data": fixed(node.data).translate(MINUS),
            "expected": recorded.expected[k],
        }
        for k, node in enumerate(recorded.order)
    ]
    count = len(recorded.edges)
    start = {
        "when": "before the backward pass",
        "symbols": "no gradient has arrived anywhere",
        "numbers": "",
        "rule": f"{count} application{'' if count == 1 else 's'} of the chain rule will follow",
    }
    steps = [_step(recorded, number) for number in range(count + 1)]
    return {"nodes": nodes, "steps": steps, "start": start, "opening": opening, "theme": theme, "pace": _PACE}


def _step(recorded: BackwardPass, number: int) -> dict[str, Any]:
    step = recorded.step(number)
    edge = recorded.edges[number - 1] if number else None
    receiver = edge.operand if edge else len(recorded.order) - 1
    counted = (
        "" if step.expected < 2 else f" Σ{step.expected}" if step.final else f" {step.count}/{step.expected}"
    )
    root = recorded.names[recorded.root]
    made = {
        "edge": f"e{edge.result}_{edge.position}" if edge else None,
        "receiver": receiver,
        "result": edge.result if edge else None,
        "grad": fixed(step.after, sign=True),
        "sign": sign_of(step.after),
        "flow": sign_of(step.contribution),
        "label": f"grad{counted}",
        "count": step.count if edge else 0,
        "when": f"step {number} of {step.of}",
        "contribution": fixed(step.contribution, sign=True),
        "change": step.change(),
    }
    if edge:
        made |= _words(step)
    else:
        made |= {
            "symbols": f"∂{root}/∂{root} = 1",
            "numbers": "the root's own gradient:",
            "rule": f"{root} is the root",
        }
    return {key: _signs(value) if isinstance(value, str) and key not in ("edge", "when") else value
            for key, value in made.items()}  # fmt: skip


def _words(step: Step) -> dict[str, str]:
    """The formula panel of one step: the chain rule in symbols, in numbers, and the local rule."""
    symbols, upstream = step.chained("∂").split(" = ", 1)
    rule = f"{step.equation}:  {step.local('∂')}"
    neuron = step.neuron("∂")
    return {
        "symbols": symbols.replace(" * ", " · "),
        "numbers": upstream.rsplit(" = ", 1)[0] + " =",
        "rule": f"{rule};  {neuron}" if neuron else rule,
    }


def _signs(words: str) -> str:
    """The signs that a page can show and a terminal perhaps cannot."""
    words = words.replace("->", "→").replace(" * ", " × ")
    return re.sub(r"(?<![\w.])-(?=[\d(])", "−", words)


def _picture(recorded: BackwardPass, view: View, rankdir: str) -> str:
    """The SVG after the pass, with each edge as it was before it as well."""
    states = (recorded.state(-1), recorded.state(len(recorded.edges))._replace(present=None))
    before, after = (
        ElementTree.fromstring(
            render(digraph(scene(recorded, state, view), LIGHT, rankdir, caption=False), "svg")
        )
        for state in states
    )
    forth = {group.get("id"): group for group in before.iter(f"{{{_SVG}}}g") if _is(group, "edge")}
    whole = after.find(f"{{{_SVG}}}g")
    assert whole is not None
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
    ElementTree.register_namespace("", _SVG)
    return repainted(ElementTree.tostring(after, encoding="unicode").replace("#fff", "#FFF"))


def _is(group: ElementTree.Element, kind: str) -> bool:
    return (group.get("class") or "").split()[:1] == [kind]


def _all(group: ElementTree.Element, *kinds: str) -> list[ElementTree.Element]:
    wanted = {f"{{{_SVG}}}{kind}" for kind in kinds}
    return [element for element in group.iter() if element.tag in wanted]


def _prepare_edge(group: ElementTree.Element) -> None:
    """An edge that error has flowed back along, with a halo behind it for the present step."""
    group.set(
        "class", f"{group.get('class')} back ahead" if "flowed" in str(group.get("class")) else "edge constant"
    )
    for child in list(group):
        if child.tag == f"{{{_SVG}}}title":
            group.remove(child)
    lines = _all(group, "path")
    if lines and "constant" not in str(group.get("class")):
        width = float(lines[0].get("stroke-width", "1")) + 6
        halo = {"class": "halo", "d": lines[0].get("d", ""), "stroke-width": f"{width:.2f}"}
        group.insert(0, ElementTree.Element(f"{{{_SVG}}}path", halo))


def _prepare_forth(group: ElementTree.Element) -> ElementTree.Element:
    """The same edge before: grey, forwards, without its hidden labels."""
    group.set("id", f"forth-{group.get('id')}")
    group.set("class", "edge forth ahead")
    for child in list(group):
        if child.tag in (f"{{{_SVG}}}title", f"{{{_SVG}}}text"):
            group.remove(child)
    return group


def _prepare_node(group: ElementTree.Element) -> None:
    """A box whose gradient cells are the script's to fill: right-aligned, coloured by class."""
    link = next(iter(group.iter(f"{{{_SVG}}}a")))
    words = link.attrib.pop(f"{_LINK}title", "").split("\ngrad ")[0]
    link.tag = f"{{{_SVG}}}g"
    for element in group:
        if element.tag == f"{{{_SVG}}}title":
            element.text = words
    constant = "constant" in str(group.get("class"))
    group.set("class", "node constant" if constant else "node")
    for shape in _all(group, "polygon", "path"):
        if shape.get("stroke", "none") != "none":
            shape.set("class", "frame")
    texts = _all(group, "text")
    if constant or len(texts) < 2:
        return
    tints = [shape for shape in _all(group, "polygon") if shape.get("fill", "").upper() in LIGHT[-4:-1]]
    for shape in tints:
        del shape.attrib["fill"]
        shape.set("class", "tint")
    label, value = texts[-2:]
    right = max(float(point.split(",")[0]) for point in tints[1].get("points", "").split()) - 3
    value.set("x", f"{right:.2f}")
    value.set("text-anchor", "end")
    for element, kind in ((label, "grad-label"), (value, "grad-value")):
        element.set("class", f"grad {kind}")
        element.attrib.pop("fill", None)
