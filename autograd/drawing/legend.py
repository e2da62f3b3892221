"""Make the caption of a picture: its title, and a legend of exactly the symbols that occur in it."""

from __future__ import annotations

from collections import Counter

from ..terminal import width
from .labels import brief, font, table
from .parts import Arrow, Scene
from .theme import Theme
from .words import left_out_words, legend_words

_WIDE = 92
"""The width of a line of the legend in columns, which fits below a graph of four operations."""


_HIGH = 22
"""The height of a line of the legend in points, whatever symbols are in it."""


def caption(scene: Scene, theme: Theme) -> str:
    """Return the title, the change that the step makes, and the legend, as an HTML-like label.

    The title is as wide as the longest title of all frames, and the legend as high as with all
    symbols, so that all frames have the same size.
    """
    room = f' WIDTH="{scene.room}"' if scene.room else ""
    lines = [font(brief(scene.title, 400), theme.ink, 13, bold=True)]
    if scene.change or scene.room:
        lines.append(font(scene.change or " ", theme.mute, 11))
    rows = [f'<TD ALIGN="LEFT" BALIGN="LEFT"{room}>{line}<BR ALIGN="LEFT"/></TD>' for line in lines]
    if scene.legend:
        shown = _lines(_entries(scene, theme))
        most = len(_lines(_entries(scene, theme, every=True))) if scene.room else len(shown)
        broad = max(scene.room, 7.5 * width(scene.title), *(wide for _, wide in shown))
        for cells, wide in shown:  # without the last cell Graphviz would spread the others
            cell = f'<TD WIDTH="{max(1, round(broad - wide))}"></TD>'
            rows.append(f'<TD ALIGN="LEFT" HEIGHT="{_HIGH}">{table(f"<TR>{cells}{cell}</TR>", 1)}</TD>')
        rows += [f'<TD HEIGHT="{_HIGH}"></TD>'] * (most - len(shown))
    return table(f'<TR><TD HEIGHT="10"></TD></TR>{"".join(f"<TR>{row}</TR>" for row in rows)}', 2)


def _lines(entries: list[tuple[str, str, int]]) -> list[tuple[str, float]]:
    """Arrange entries in lines; return each line and its approximate width in points."""
    lines: list[tuple[str, float]] = []
    used = _WIDE
    for sign, words, columns in entries:
        if used + columns > _WIDE:
            lines.append(("", 0.0))
            used = 0
        cell = f'<TD ALIGN="LEFT">{sign}</TD><TD ALIGN="LEFT">{words}</TD><TD WIDTH="10"></TD>'
        lines[-1] = lines[-1][0] + cell, lines[-1][1] + 5.2 * columns
        used += columns
    return lines


def _entries(scene: Scene, theme: Theme, every: bool = False) -> list[tuple[str, str, int]]:
    """Return each symbol with its meaning and width in columns; `every` includes those of all frames."""
    kinds = {box.kind for box in scene.boxes}
    constants = [box for box in scene.boxes if box.kind == "constant"]
    boxes = [box for box in scene.boxes if box.kind not in ("constant", "again", "input")]
    counted = " ".join(
        [
            *(box.counted for box in boxes),
            *(line.times for box in boxes if box.kind == "leaves" for line in box.lines),
        ]
    )
    arrows = [arrow for arrow in scene.arrows if not arrow.weight and arrow.operand[0] not in "cm"]
    flowing = [arrow for arrow in arrows if arrow.sign or every]
    lines = [line for box in boxes if box.kind != "neuron" for line in box.lines if line.edge]
    flows = (
        {arrow.sign for arrow in arrows} | {line.sign for line in lines} | ({""} if scene.whole_pass else set())
    )
    if every and (arrows or lines):
        flows |= {"pos", "neg", "zero", ""}
    weights = {arrow.weight for arrow in scene.arrows if arrow.weight}
    uses = Counter([*(arrow.operand for arrow in arrows), *(line.id for line in lines)])
    shared = "Σ" in counted or "/" in counted or max(uses.values(), default=0) > 1

    def letters(sign: str, colour: str) -> str:
        return font(sign, colour, 10, bold=True)

    without = any(box.grad is None and not box.lines for box in boxes)
    present = every or scene.whole_pass or any(arrow.present for arrow in scene.arrows)
    wide = _widths_differ(arrows) or bool(weights) or (every and len(arrows) > 1)
    small = _box(font("x 0.5", theme.mute, 8), theme.line, "rounded")
    solid, dashed = letters("—", theme.pos), letters("– –", theme.neg)
    known = [
        ("weight +", solid, bool(weights & {"pos", "zero"})),
        ("weight −", dashed, "neg" in weights),
        ("outside +" if weights else "positive", solid, "pos" in flows),
        ("outside −" if weights else "negative", dashed, "neg" in flows),
        ("zero", letters("|—", theme.zero), "zero" in flows),
        ("length", letters("—", theme.size), any(arrow.partial.endswith("edges") for arrow in flowing)),
        ("width", font("— ", theme.mute, 7) + font("—", theme.mute, 13, bold=True), wide),
        ("left out", "", bool(scene.left_out)),
        ("ahead", letters("→", theme.line), "" in flows),
        ("present", letters("—", theme.now), present),
        ("local", letters("× n", theme.mute), any(arrow.partial.startswith("×") for arrow in flowing)),
        ("symbols", letters("∂y/∂x", theme.mute), any(arrow.partial.startswith("∂") for arrow in arrows)),
        ("contribution", letters("± n", theme.mute), any(a.contribution[:1] in ("+", "−") for a in flowing)),
        ("sum", letters("Σn", theme.ink), "Σ" in counted or (every and shared)),
        ("earlier", letters("+", theme.ink), "+" in counted or (every and scene.earlier)),
        ("waiting", letters("k/n", theme.ink), "/" in counted or ((every or scene.whole_pass) and shared)),
        ("none", letters("·", theme.ink), every or scene.whole_pass or without),
        ("error", "", "out grad" in counted),
        ("errors", "", "‖error‖" in counted),
        ("line", letters("w", theme.ink), any(box.lines and box.kind == "neuron" for box in boxes)),
        ("neuron", "", any(box.lines and box.kind == "neuron" for box in boxes)),
        ("listed", letters("x", theme.ink), bool(lines)),
        ("root", _box(_box("", theme.ink), theme.ink), "root" in kinds),
        ("leaf", _box("", theme.line, "rounded"), bool(kinds & {"leaf", "leaves"})),
        ("constant", _box("", theme.line, "dashed"), any(box.name[:1] != "…" for box in constants)),
        ("more", letters("…", theme.mute), any(box.name[:1] == "…" for box in constants)),
        ("input", _box("", theme.line, "rounded,dashed"), "input" in kinds),
        ("again", small, "again" in kinds),
    ]
    found = []
    for key, sign, shown in known:
        if shown:
            words = (
                left_out_words(scene.left_out, scene.language)
                if key == "left out"
                else legend_words(key, scene.language)
            )
            found.append((sign, font(words, theme.mute, 10), width(words) + (6 if sign else 3)))
    return found


def _widths_differ(arrows: list[Arrow]) -> bool:
    return len({round(arrow.width, 1) for arrow in arrows if arrow.sign}) > 1


def _box(inside: str, colour: str, style: str = "") -> str:
    """Return a frame as in the picture, in the size of a letter."""
    styled = f' STYLE="{style}"' if style else ""
    cell = f"<TD>{inside}</TD>" if inside else '<TD WIDTH="12" HEIGHT="5"></TD>'
    return (
        f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1" COLOR="{colour}"{styled}>'
        f"<TR>{cell}</TR></TABLE>"
    )
