"""The backward pass as an animation: an SVG that plays by itself, or a GIF or APNG."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

from ..backward_pass import BackwardPass
from ..formulas import fixed, short
from .grouping import Folded
from .layout import SVG, as_text, elements, own_elements, two_layouts
from .parts import MINUS, sign_of
from .scene import arrow_id, caption_of, folded_nodes
from .theme import DARK, LIGHT, Theme, variables
from .view import View

PACE = 0.9
"""Seconds for each step."""
_REST = 3.0
"""Seconds for which the last step is shown before the animation repeats."""


def animated_svg(recorded: BackwardPass, view: View, theme: str | Theme, rankdir: str) -> str:
    """Return an SVG without a script that plays the pass in a loop, made from two layouts only."""
    tree, titles, scene = two_layouts(recorded, view, rankdir, theme)
    total = PACE * (len(recorded.edges) + 2) + _REST
    clock = {"id": "loop", "attributeName": "visibility", "begin": "0s;loop.end", "dur": f"{total:.2f}s"}
    tree.append(_made("rect", {"width": "0", "height": "0"}, [_made("animate", clock | {"values": "visible"})]))
    inside = folded_nodes(recorded, recorded.state(-1), view._replace(collapse=scene.folded or None))
    groups = {group.get("id"): group for group in tree.iter(f"{{{SVG}}}g")}
    for name, numbers in _arrows(recorded, inside).items():
        if name in groups:
            _appear(groups[name], numbers[0])
            _disappear(groups[f"forth-{name}"], numbers[0])
            for halo in groups[name]:
                if "halo" in str(halo.get("class")):
                    _only(halo, numbers)
    for k in range(len(recorded.order)):
        if f"n{k}" in groups:
            _animate_gradient(groups[f"n{k}"], _moments(recorded, k))
    steps = {f"e{edge.result}_{edge.position}": k for k, edge in enumerate(recorded.edges)}
    for line in tree.iter(f"{{{SVG}}}g"):
        if name := line.get("data-line", ""):
            _animate_line(line, name, recorded, steps.get(name))
    _add_captions(tree, titles, recorded, view)
    style = ElementTree.Element(f"{{{SVG}}}style")
    style.text = _style(theme)
    tree.insert(0, style)
    return as_text(tree)


def _arrows(recorded: BackwardPass, inside: dict[int, Folded]) -> dict[str, list[int]]:
    """Return the numbers of the steps that flow along each arrow."""
    found: dict[str, list[int]] = {}
    for k in range(len(recorded.edges)):
        name = arrow_id(recorded, inside, k)
        if name:
            found.setdefault(name, []).append(k + 1)
    return found


def _add_captions(
    tree: ElementTree.Element, titles: list[ElementTree.Element], recorded: BackwardPass, view: View
) -> None:
    """Add two lines above the legend that describe each step, one pair shown at a time."""
    whole = next(group for group in tree if group.get("class") == "graph")
    for title in titles:
        whole.remove(title)
    last = len(recorded.edges)
    for number in range(-1, last + 1):
        words = caption_of(recorded, recorded.state(number), view.lang or "en")
        lines = _made("g", {"font-family": titles[0].get("font-family", ""), "class": "caption"})
        for text, place, look in zip(words, titles, _LOOKS, strict=True):
            line = _made("text", {"x": place.get("x", "0"), "y": place.get("y", "0"), **look})
            line.text = text.replace("   ", "\u2003")  # SVG collapses several spaces into one
            lines.append(line)
        if number >= 0:
            _appear(lines, number)
        if number < last:
            _set(lines, "hidden", _at(number + 1))
        whole.append(lines)


_LOOKS = (
    {"font-size": "13", "font-weight": "bold", "fill": "var(--ink)"},
    {"font-size": "11", "fill": "var(--mute)"},
)


def _style(theme: str | Theme) -> str:
    chosen = variables(theme if isinstance(theme, Theme) else DARK if theme == "dark" else LIGHT)
    dark = f"@media(prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}" if theme == "auto" else ""
    return f":root{{{chosen}}}{dark}.halo{{stroke:var(--now);fill:none}}.core{{stroke:var(--paper)}}"


def _made(
    kind: str, attributes: dict[str, str], children: Iterable[ElementTree.Element] = ()
) -> ElementTree.Element:
    element = ElementTree.Element(f"{{{SVG}}}{kind}", attributes)
    element.extend(list(children))
    return element


def _at(number: int) -> str:
    """Return the time at which a step is shown; the graph before step 0 is shown first."""
    return f"loop.begin+{PACE * (number + 1):.2f}s"


def _set(element: ElementTree.Element, to: str, begin: str, end: str = "loop.end") -> None:
    element.append(_made("set", {"attributeName": "visibility", "to": to, "begin": begin, "end": end}))


def _appear(element: ElementTree.Element, number: int) -> None:
    element.set("visibility", "hidden")
    _set(element, "visible", _at(number))


def _disappear(element: ElementTree.Element, number: int) -> None:
    _set(element, "hidden", _at(number))


def _only(element: ElementTree.Element, numbers: list[int]) -> None:
    """Show an element during some steps only."""
    element.set("visibility", "hidden")
    for number in numbers:
        _set(element, "visible", _at(number), _at(number + 1))


_INDENT = "\u00a0\u00a0"
Moment = tuple[int, str, str, str]
"""The step at which a gradient changes, its label, its new value and its sign."""


def _animate_gradient(group: ElementTree.Element, moments: list[Moment]) -> None:
    """Add the gradient's cells once for each of their states."""
    tints = [e for e in own_elements(group, "polygon") if e.get("class") == "tint"]
    texts = [e for e in own_elements(group, "text") if str(e.get("class")).startswith("grad")]
    if not texts:
        return
    inside = next(g for g in group.iter(f"{{{SVG}}}g") if any(text in list(g) for text in texts))
    _animate(inside, tints, texts, moments)


def _animate_line(line: ElementTree.Element, name: str, recorded: BackwardPass, number: int | None) -> None:
    """Animate a line of a box: a value's gradient, or the contribution of the edge with this number."""
    tints, texts = elements(line, "polygon"), elements(line, "text")
    if name[0] == "n":
        moments = _moments(recorded, int(name[1:]))
    else:
        moments = [(-1, "", "·", "")]
        if number is not None:
            flowed = recorded.contributions[number]
            moments.append((number + 1, "", short(flowed, sign=True).translate(MINUS), sign_of(flowed)))
    if len(texts) == 4 and name[0] == "n" and texts[2].text and not texts[2].text.strip().startswith("×"):
        label = texts[2]  # for a leaf, the number of contributions that have arrived
        _animate(
            line,
            [],
            [label],
            [(n, _INDENT + (word.removeprefix("grad").strip() or "·"), "", "") for n, word, *_ in moments],
        )
    _animate(line, tints, texts[-1:], [(n, grad, "", sign) for n, _, grad, sign in moments])


def _animate(
    inside: ElementTree.Element,
    tints: list[ElementTree.Element],
    texts: list[ElementTree.Element],
    moments: list[Moment],
) -> None:
    """Replace tints and texts by one copy of them for each moment."""
    for element in (*tints, *texts):
        inside.remove(element)
    ends = [*(number for number, *_ in moments[1:]), None]
    for (number, *words, sign), end in zip(moments, ends, strict=True):
        state = _made("g", {})
        for tint in tints if sign else ():
            state.append(_made("polygon", {"points": tint.get("points", ""), "fill": f"var(--tint-{sign})"}))
        for text, word in zip(texts, words, strict=False):
            left_out = ("class",) if sign else ("class", "font-weight")
            kept = {key: value for key, value in text.attrib.items() if key not in left_out}
            copy = _made("text", kept | {"fill": f"var(--text-{sign})" if sign else "var(--mute)"})
            copy.text = word
            state.append(copy)
        if number >= 0:
            _appear(state, number)
        if end is not None:
            _set(state, "hidden", _at(end))
        inside.append(state)


def _moments(recorded: BackwardPass, k: int) -> list[Moment]:
    """Return the steps at which a node's gradient changes: number, label, gradient and its sign."""
    found = [(-1, "grad", "·", "")]
    if k in recorded.outputs:
        seed = recorded.initial[k] + recorded.gradient
        found.append((0, "grad", fixed(seed, sign=True).translate(MINUS), sign_of(seed)))
    for edge_number in recorded.consumers[k]:
        after, count, expected = recorded.after[edge_number], recorded.counts[edge_number], recorded.expected[k]
        plus = "+" if recorded.initial[k] else ""
        many = f" Σ{expected}{plus}" if count == expected else f" {count}/{expected}{plus}"
        many = many if expected > 1 or plus else ""
        found.append((edge_number + 1, f"grad{many}", fixed(after, sign=True).translate(MINUS), sign_of(after)))
    return found


def pillow() -> Any:
    """Return Pillow's module of images. Raises ImportError, with advice, without Pillow."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("GIF and APNG need Pillow: pip install 'chainwalk[animate]'") from error
    return Image


def animated_image(frames: list[bytes], format_: str) -> bytes:
    """Return PNG frames as one GIF or APNG that repeats. Raises ImportError without Pillow."""
    open_image = pillow().open
    images = [open_image(io.BytesIO(frame)).convert("RGB") for frame in frames]
    size = (max(image.width for image in images), max(image.height for image in images))
    images = [image if image.size == size else image.resize(size) for image in images]
    durations = [round(1000 * PACE)] * (len(images) - 1) + [round(1000 * _REST)]
    output = io.BytesIO()
    kind = "GIF" if format_ == "gif" else "PNG"
    images[0].save(output, kind, save_all=True, append_images=images[1:], duration=durations, loop=0)
    return output.getvalue()
