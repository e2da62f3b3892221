"""Write a picture as a Mermaid flowchart, for Markdown (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from ..terminal import printable
from .grouping import Frame
from .labels import limited
from .parts import Arrow, Box, Scene
from .theme import LIGHT

_SHAPES = {"leaf": ("(", ")"), "constant": ("(", ")"), "input": ("(", ")"), "root": ("[[", "]]")}


_BACK = {"LR": "RL", "RL": "LR", "TB": "BT", "BT": "TB"}


def mermaid(scene: Scene, rankdir: str) -> str:
    """Return the scene as a Mermaid flowchart.

    Once error has flowed, arrows point from results back to operands. Mermaid has no arrow against
    the direction of its layout, so the flowchart is then written from the root, in the opposite
    direction, which puts every box on its usual side; edges without error are lines without a head.
    """
    back = any(arrow.sign for arrow in scene.arrows)
    lines = [f"flowchart {_BACK[rankdir] if back else rankdir}"]
    numbers = {box.id: f"b{number}" for number, box in enumerate(scene.boxes)}
    for box in scene.boxes:
        opening, closing = _SHAPES.get(box.kind, ("[", "]"))
        lines.append(f'    {numbers[box.id]}{opening}"{_words(box)}"{closing}')
    for frame in scene.frames:
        lines += _subgraph(frame, numbers)
    for number, arrow in enumerate(scene.arrows):
        lines.append(f"    {_arrow(arrow, numbers, back)}")
        sign = arrow.weight or arrow.sign
        if sign:
            dash = ",stroke-dasharray:5" if sign == "neg" else ""
            lines.append(
                f"    linkStyle {number} stroke:{getattr(LIGHT, sign)},stroke-width:{arrow.width:.1f}px{dash}"
            )
    for box in scene.boxes:
        if box.sign in ("pos", "neg"):
            lines.append(f"    style {numbers[box.id]} fill:{getattr(LIGHT, f'tint_{box.sign}')}")
        elif box.kind == "constant":
            lines.append(f"    style {numbers[box.id]} stroke-dasharray:4")
    return "\n".join(lines) + "\n"


def _words(box: Box) -> str:
    if box.kind == "constant":
        return _escaped(box.name)
    head = f"{box.symbol} " if box.symbol else ""
    joint = ": " if box.kind == "neuron" else " = "
    name = f"{head}{limited(box.name)}" + (f"{joint}{limited(box.formula, 40)}" if box.formula else "")
    lines = [f"<b>{_escaped(name)}</b>"]
    if box.lines:
        lines += [_escaped(f"{each.name} {each.data} {each.times} grad {each.grad}") for each in box.lines]
    else:
        lines.append(_escaped(f"data {box.data}"))
        if box.kind not in ("input", "again"):
            counted = box.counted if box.kind in ("group", "neuron") else f"grad {box.counted}".strip()
            lines.append(_escaped(f"{counted} {box.grad or '·'}"))
    return "<br/>".join(lines)


def _subgraph(frame: Frame, numbers: dict[str, str]) -> list[str]:
    """Return the lines of a group with its boxes; none if no box of it is in the picture."""
    inside = [numbers[id_] for id_ in (frame.id, *(f"n{k}" for k in frame.nodes)) if id_ in numbers]
    children = [line for child in frame.children for line in _subgraph(child, numbers)]
    if not inside and not children:
        return []
    if frame.id in numbers:
        return [f"    {numbers[frame.id]}"]
    words = _escaped(f"{limited(frame.name)} {frame.detail.replace('->', '→')}".strip())
    return [f'    subgraph {frame.id}["{words}"]', *children, *(f"    {each}" for each in inside), "    end"]


def _arrow(arrow: Arrow, numbers: dict[str, str], back: bool) -> str:
    start, end = numbers[arrow.operand], numbers[arrow.result]
    dotted = arrow.operand[0] in "cm" and not arrow.weight
    if back:
        start, end = end, start
        line = "-.-" if dotted else "-->" if arrow.sign else "---"
    else:
        line = "-.->" if dotted else "-->"
    words = " ".join(filter(None, [arrow.partial, arrow.contribution if arrow.sign else ""]))
    return f'{start} {line}|"{_escaped(words)}"| {end}' if words else f"{start} {line} {end}"


_APART = dict.fromkeys("$\\", "#8203;")
"""A space of no width after what Mermaid would read, even escaped, as mathematics ($$) or a new line."""


def _escaped(words: str) -> str:
    """Return words escaped for Mermaid's quotes: special characters as their code points.

    >>> _escaped('a "b" <c>')
    'a #34;b#34; #60;c#62;'
    """
    harmless = " .,:+-=/*()×·∂Σ−‖→'"
    return "".join(
        letter if letter.isalnum() or letter in harmless else f"#{ord(letter)};{_APART.get(letter, '')}"
        for letter in printable(words)
    )
