"""Make the caption of a picture: its title, and a legend of exactly the symbols that occur in it."""

from __future__ import annotations

from collections import Counter

from ..terminal import width
from .labels import font, limited, table
from .parts import Arrow, Scene
from .theme import Theme
from .words import left_out_words, legend_words

_WIDE = 560.0
"""The width of the legend in points, which fits below a graph of four operations."""
_HIGH = 22
"""The height of a line of the legend in points, for any symbols."""
_SIGN, _GAP = 30, 12
"""The widths in points of the cell of a symbol, and of the space between two columns."""


def caption(scene: Scene, theme: Theme) -> str:
    """Return the title, the change that the step makes, and the legend, as an HTML-like label.

    The title is as wide as the longest title of all frames, and the legend as high as with all
    symbols, so that all frames have the same size.
    """
    room = f' WIDTH="{scene.room}"' if scene.room else ""
    lines = [font(limited(scene.title, 400), theme.ink, 13, bold=True)]
    if scene.change or scene.room:
        lines.append(font(scene.change or " ", theme.mute, 11))
    rows = [f'<TD ALIGN="LEFT" BALIGN="LEFT"{room}>{line}<BR ALIGN="LEFT"/></TD>' for line in lines]
    if scene.legend:
        shown = _entries(scene, theme)
        every = _entries(scene, theme, every=True) if scene.room else shown
        columns = _columns([wide for _, _, wide in every])
        broad = max(scene.room, 7.5 * width(scene.title))
        rows.append(f'<TD ALIGN="LEFT">{_grid(shown, columns, -(-len(every) // columns), broad)}</TD>')
    return table(f'<TR><TD HEIGHT="10"></TD></TR>{"".join(f"<TR>{row}</TR>" for row in rows)}', 2)


def _columns(wide: list[float]) -> int:
    """Return the largest number of columns in which entries of these widths, row by row, fit."""
    return next(n for n in (4, 3, 2, 1) if n == 1 or _grid_width(wide, n) <= _WIDE)


def _grid_width(wide: list[float], columns: int) -> float:
    return sum(max(wide[k::columns], default=0.0) for k in range(columns))


def _grid(entries: list[tuple[str, str, float]], columns: int, most: int, broad: float) -> str:
    """Return entries row by row in aligned columns, as a table of `most` rows, at least `broad` points wide."""
    rest = max(1, round(broad - _grid_width([wide for _, _, wide in entries], columns)))
    rows = []
    for k in range(most):
        row = entries[k * columns : (k + 1) * columns]
        cells = [
            f'<TD WIDTH="{_SIGN}">{sign}</TD><TD ALIGN="LEFT">{words}</TD><TD WIDTH="{_GAP}"></TD>'
            for sign, words, _ in row
        ]
        if len(row) < columns:
            cells.append(f'<TD COLSPAN="{3 * (columns - len(row))}"></TD>')
        cells.append(f'<TD HEIGHT="{_HIGH}" WIDTH="{rest}"></TD>')  # else Graphviz would spread the others
        rows.append(f"<TR>{''.join(cells)}</TR>")
    return table("".join(rows), 1)


def _entries(scene: Scene, theme: Theme, every: bool = False) -> list[tuple[str, str, float]]:
    """Return each symbol with its meaning and width in points; `every` includes those of all frames."""
    symbols = _symbols(theme)
    return [
        (symbols.get(key, ""), font(words, theme.mute, 10), _SIGN + 5.2 * width(words) + _GAP)
        for key, words in meanings(scene, every)
    ]


def _symbols(theme: Theme) -> dict[str, str]:
    """Return the symbols of the legend as they are in the picture."""

    def letters(sign: str, colour: str) -> str:
        return font(sign, colour, 10, bold=True)

    solid, dashed = letters("—", theme.pos), letters("– –", theme.neg)
    return {
        **{"weight +": solid, "outside +": solid, "positive": solid},
        **{"weight −": dashed, "outside −": dashed, "negative": dashed},
        "zero": letters("|—", theme.zero),
        "length": letters("—", theme.size),
        "width": font("— ", theme.mute, 7) + font("—", theme.mute, 13, bold=True),
        "ahead": letters("→", theme.line),
        "present": letters("—", theme.now),
        **{key: letters(LETTERS[key], theme.mute) for key in ("local", "symbols", "contribution", "more")},
        **{
            key: letters(LETTERS[key], theme.ink)
            for key in ("sum", "earlier", "waiting", "none", "line", "listed")
        },
        "root": _box(_box("", theme.ink, wide=18, high=8), theme.ink),
        "leaf": _box("", theme.line, "rounded"),
        "constant": _box("", theme.line, "dashed"),
        "input": _box("", theme.line, "rounded,dashed"),
        "again": _box(font("x 0.5", theme.mute, 8), theme.line, "rounded", wide=30, high=14),
    }


LETTERS = {
    **{"local": "× n", "symbols": "∂y/∂x", "contribution": "± n", "more": "…"},
    **{"sum": "Σn", "earlier": "+", "waiting": "k/n", "none": "·", "line": "w", "listed": "x"},
}
"""Symbols that are letters in a picture."""


def meanings(scene: Scene, every: bool = False) -> list[tuple[str, str]]:
    """Return the symbols of a picture by name, and what each means; `every` includes those of all frames."""
    kinds = {box.kind for box in scene.boxes}
    constants = [box for box in scene.boxes if box.kind == "constant"]
    boxes = [box for box in scene.boxes if box.kind not in ("constant", "again", "input")]
    neurons = any(box.lines and box.kind == "neuron" for box in boxes)
    sums = [line.times for box in boxes if box.kind == "leaves" for line in box.lines]
    counted = " ".join([*(box.counted for box in boxes), *sums])
    arrows = [arrow for arrow in scene.arrows if not arrow.weight and arrow.operand[0] not in "cm"]
    flowing = [arrow for arrow in arrows if arrow.sign or every]
    lines = [line for box in boxes if box.kind != "neuron" for line in box.lines if line.edge]
    flows = {arrow.sign for arrow in arrows} | {line.sign for line in lines}
    flows |= {""} if scene.whole_pass else set()
    flows |= {"pos", "neg", "zero", ""} if every and (arrows or lines) else set()
    weights = {arrow.weight for arrow in scene.arrows if arrow.weight}
    uses = Counter([*(arrow.operand for arrow in arrows), *(line.id for line in lines)])
    shared = "Σ" in counted or "/" in counted or max(uses.values(), default=0) > 1 or scene.earlier
    without = any(box.grad is None and not box.lines for box in boxes)
    steps = every or scene.whole_pass
    known = {
        "weight +": bool(weights & {"pos", "zero"}),
        "weight −": "neg" in weights,
        "outside +" if weights else "positive": "pos" in flows,
        "outside −" if weights else "negative": "neg" in flows,
        "zero": "zero" in flows,
        "length": any(arrow.partial.endswith("edges") for arrow in flowing),
        "width": _widths_differ(arrows) or bool(weights) or (every and len(arrows) > 1),
        "left out": bool(scene.left_out),
        "ahead": "" in flows,
        "present": steps or any([each.present for each in scene.arrows] + [line.present for line in lines]),
        "local": any(arrow.partial.startswith("×") for arrow in flowing),
        "symbols": any(arrow.partial.startswith("∂") for arrow in arrows),
        "contribution": any(arrow.contribution[:1] in ("+", "−") for arrow in flowing),
        "sum": "Σ" in counted or (every and shared),
        "earlier": "+" in counted or (every and scene.earlier),
        "waiting": "/" in counted or (steps and shared),
        "none": steps or without,
        "error": "out grad" in counted,
        "errors": "‖error‖" in counted,
        "line": neurons,
        "neuron": neurons,
        "listed": bool(lines),
        "root": "root" in kinds,
        "leaf": bool(kinds & {"leaf", "leaves"}),
        "constant": any(box.name[:1] != "…" for box in constants),
        "more": any(box.name[:1] == "…" for box in constants),
        "input": "input" in kinds,
        "again": "again" in kinds,
    }
    left_out = left_out_words(scene.left_out, scene.language)
    return [
        (key, left_out if key == "left out" else legend_words(key, scene.language))
        for key, shown in known.items()
        if shown
    ]


def _widths_differ(arrows: list[Arrow]) -> bool:
    return len({round(arrow.width, 1) for arrow in arrows if arrow.sign}) > 1


def _box(inside: str, colour: str, style: str = "", wide: int = 22, high: int = 12) -> str:
    """Return a frame as in the picture, in the size of a letter."""
    styled = f' STYLE="{style}"' if style else ""
    cell = f"<TD>{inside}</TD>" if inside else '<TD WIDTH="12" HEIGHT="5"></TD>'
    return (
        f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1" COLOR="{colour}"{styled}'
        f' FIXEDSIZE="TRUE" WIDTH="{wide}" HEIGHT="{high}"><TR>{cell}</TR></TABLE>'
    )
