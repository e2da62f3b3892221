"""Format the contents of boxes, the labels of arrows and the caption as Graphviz's HTML-like labels."""

from __future__ import annotations

from ..terminal import cut, printable, width
from .parts import Arrow, Box, Line, Scene
from .theme import Theme

LONGEST = 60
"""The width at which a box cuts a name, in columns; its tooltip has the whole name."""
_QUOTED = 15_000
"""The limit of a tooltip in bytes."""
CELL_MARGIN = 8
"""Points between the end of a gradient's number and the right edge of its tinted cell."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def text(words: str) -> str:
    """Return words escaped for an HTML-like label.

    Graphviz expands escapes such as \\N there too, so a backslash is doubled, as an entity.

    >>> text("a<b & \\\\N")
    'a&lt;b &amp; &#92;&#92;N'
    """
    return printable(words).translate(_ENTITIES).replace("\\", "&#92;" * 2)


def tooltip(words: str) -> str:
    """Return words escaped for an attribute, where a backslash is unescaped twice more.

    Graphviz reads at most 16 kB of one quoted string, so a longer one is cut.
    """
    lines = (printable(line).translate(_ENTITIES).replace("\\", "&#92;" * 4) for line in words.split("\n"))
    made = "&#10;".join(lines)
    if len(made.encode()) <= _QUOTED:
        return made
    return tooltip(words[: min(len(words) // 2, _QUOTED)].rstrip("…") + "…")


def limited(words: str, columns: int = LONGEST) -> str:
    """Return a string, cut to at most `columns` columns."""
    return cut(words, columns, "…")


def font(words: str, colour: str, size: int | None = None, bold: bool = False, before: str = "") -> str:
    """Return words in a colour, size and weight; `before` is markup in front of them, such as a space."""
    if not words:  # Graphviz rejects an empty text
        return ""
    sized = f' POINT-SIZE="{size}"' if size else ""
    inner = before + (f"<B>{text(words)}</B>" if bold else text(words))
    return f'<FONT COLOR="{colour}"{sized}>{inner}</FONT>'


def table(rows: str, padding: int = 0) -> str:
    """Return rows of an HTML-like label as a table without borders."""
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{rows}</TABLE>'


def _row(
    word: str, number: str, tint: str = "", compact: bool = False, wide: bool = False, more: int = 0
) -> str:
    """Return a word and a number in cells of fixed size, so that a box has the same size in all frames.

    The tint, an attribute, is one rectangle behind the whole row, without gaps between cells. In a box with a
    long name Graphviz would spread the cells; there the row has only two. `more` is the additional
    width in points of a number with more than four decimals.
    """
    high = f'FIXEDSIZE="TRUE" HEIGHT="{17 if compact else 21}"'
    cells = (
        f'<TR><TD WIDTH="6" {high}></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="52" {high}>{word}<BR ALIGN="LEFT"/></TD><TD></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT" WIDTH="{64 + more}" {high}>{number}<BR ALIGN="RIGHT"/></TD>'
        f'<TD WIDTH="{CELL_MARGIN}" {high}></TD></TR>'
    )
    if wide:
        high = high.removeprefix('FIXEDSIZE="TRUE" ')
        cells = (
            f'<TR><TD ALIGN="LEFT" BALIGN="LEFT" {high}>{_INDENT}{word}<BR ALIGN="LEFT"/></TD>'
            f'<TD ALIGN="RIGHT" BALIGN="RIGHT" {high}>{number}{_INDENT}<BR ALIGN="RIGHT"/></TD></TR>'
        )
    return f"<TR><TD{tint}>{table(cells)}</TD></TR>"


_INDENT = "&#160;&#160;"


def _look(sign: str, theme: Theme) -> tuple[str, str]:
    """Return the colour of a gradient's words and the tint of their cell, an attribute; no sign has none."""
    if not sign:
        return theme.mute, ""
    return getattr(theme, f"text_{sign}"), f' BGCOLOR="{getattr(theme, f"tint_{sign}")}"'


def _gradient(box: Box, theme: Theme, compact: bool = False, wide: bool = False, more: int = 0) -> str:
    """Return the row of a gradient: tinted by its sign, or a dot if none has arrived."""
    word = box.counted if box.kind in ("group", "neuron") else f"grad {box.counted}".strip()
    if box.grad is None:
        return _row(font(word, theme.mute), font("·", theme.mute, bold=True), "", compact, wide, more)
    colour, tint = _look(box.sign, theme)
    return _row(font(word, colour, bold=True), font(box.grad, colour, bold=True), tint, compact, wide, more)


def wider(scene: Scene) -> int:
    """Return the additional width in points of numbers with more than four decimals."""
    return max(0, round(6.4 * (scene.decimals - 4)))


def shortened(words: str, room: float, size: float) -> str:
    """Return words, cut to a width of about `room` points at a font size.

    >>> shortened("tanh(v2111 + v2112)", 60, 10)
    'tanh(v211…'
    """
    return cut(words, int(room / (0.55 * size)), "…")


def _named(box: Box, theme: Theme, room: float, size: int) -> str:
    """Return a value's name; without a label, its formula too if there is room."""
    name = limited(box.name)
    left = room - 0.6 * size * width(name)
    formula = shortened(f"= {box.formula}", left, size - 3) if box.formula else ""
    is_whole = formula == f"= {box.formula}"
    written = font(formula, theme.mute, size - 3, before="&#160;") if is_whole or width(formula) > 5 else ""
    return font(name, theme.ink, size, bold=True) + written


def again_label(box: Box, theme: Theme) -> str:
    """Return the label of an operand that is drawn elsewhere: its name and its data."""
    name = font(limited(box.name, 24), theme.mute, 10, bold=True)
    return name + font(box.data, theme.mute, 10, before=_INDENT)


def box_label(box: Box, theme: Theme, scene: Scene) -> str:
    """Return the label of a value: its operation's badge, name, data and gradient, as the view selects."""
    if box.lines:
        return _operation_label(box, theme, scene)
    compact, more = scene.compact, wider(scene)
    room, size = (64, 12) if compact else (118, 13)
    wide = 0.6 * size * width(limited(box.name)) > room + more
    data = box.data if "data" in scene.show else ""
    if compact:
        fixed = 'FIXEDSIZE="TRUE" HEIGHT="18"'
        line = (
            f'<TR><TD WIDTH="6" {fixed}></TD><TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="90">'
            f'{_named(box, theme, 96, size)}<BR ALIGN="LEFT"/></TD>'
            f'<TD ALIGN="RIGHT" BALIGN="RIGHT" WIDTH="{50 + more}" {fixed}>'
            f"{font(data, theme.ink) if data else ''}"
            f'<BR ALIGN="RIGHT"/></TD><TD WIDTH="{CELL_MARGIN}" {fixed}></TD></TR>'
        )
        rows = f"<TR><TD>{table(line)}</TD></TR>"
    else:
        rows = (
            f'<TR><TD ALIGN="LEFT" BALIGN="LEFT" CELLPADDING="5">{_named(box, theme, room, size)}'
            '<BR ALIGN="LEFT"/></TD></TR>'
        )
        if data:
            rows += _row(font("data", theme.mute), font(data, theme.ink), wide=wide, more=more)
    if "grad" in scene.show:
        rows += _gradient(box, theme, compact, compact or wide, more)
    badge = ""
    if box.symbol:
        size = 16 if len(box.symbol) == 1 else 11
        badge_width = 26 if len(box.symbol) == 1 else max(32, 11 + 6 * len(box.symbol))
        symbol = font(box.symbol, theme.badge_text, size, bold=True)
        badge = f'<TD BGCOLOR="{theme.badge}" WIDTH="{badge_width}">{symbol}</TD>'
    return table(f"<TR>{badge}<TD>{table(rows)}</TD></TR>")


def group_label(box: Box, theme: Theme, scene: Scene) -> str:
    """Return the label of a folded group: its name and kind above the error that arrives at it."""
    neuron = box.kind == "neuron"
    head = _head(box.name, box.formula if neuron else box.data, theme)
    more = wider(scene)
    output = _row(font("out", theme.mute), font(box.data, theme.ink), more=more) if neuron else ""
    return table(f"<TR><TD>{head}</TD></TR>{output}{_gradient(box, theme, more=more)}")


HEAD, LINE = 24, 18
"""The heights in points of the head of a neuron's box and of each of its lines."""


def _head(name: str, detail: str, theme: Theme) -> str:
    return table(
        f'<TR><TD WIDTH="6" HEIGHT="{HEAD}"></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT">{font(limited(name), theme.ink, 13, bold=True)}<BR ALIGN="LEFT"/></TD>'
        f'<TD WIDTH="12"></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT">{font(limited(detail, 24), theme.mute)}<BR ALIGN="RIGHT"/></TD>'
        f'<TD WIDTH="{CELL_MARGIN}"></TD></TR>'
    )


def _remark(line: Line, theme: Theme) -> str:
    return f'<TR><TD COLSPAN="6" HEIGHT="{LINE}">{font(line.name, theme.mute, 10)}</TD></TR>'


def _cells(line: Line, theme: Theme, widths: tuple[int, int, int, int], bold: bool = False) -> str:
    """Return the cells of a line: a name, data, a factor, and a gradient tinted by its sign."""
    high = f'FIXEDSIZE="TRUE" HEIGHT="{LINE}"'
    colour, tint = _look(line.sign, theme)
    name, data, times, grad = widths
    return (
        f'<TD WIDTH="6" {high}></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="{name}" {high}>{font(line.name, theme.ink, 11, bold)}'
        '<BR ALIGN="LEFT"/></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT" WIDTH="{data}" {high}>{font(line.data, theme.ink, 11, bold)}'
        '<BR ALIGN="RIGHT"/></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="{times}" {high}>'
        f'{font(line.times, theme.mute, 10, before=_INDENT) if line.times else ""}<BR ALIGN="LEFT"/></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT" WIDTH="{grad}"{tint} {high}>'
        f"{font(line.grad, theme.now if line.present else colour, 11, bold=True)}"
        f'<BR ALIGN="RIGHT"/></TD><TD WIDTH="{CELL_MARGIN}"{tint} {high}></TD>'
    )


def _lines_of(box: Box, scene: Scene) -> list[Line]:
    """Return the lines of a box with what the view selects, and perhaps with a tint for each."""

    def selected(line: Line) -> Line:
        hidden = line.own and "grad" not in scene.show
        sign = "" if hidden else line.sign or ("zero" if scene.tinted and line.id else "")
        data = line.data if "data" in scene.show else ""
        return line._replace(data=data, grad="" if hidden else line.grad, sign=sign)

    return [selected(line) for line in box.lines]


def neuron_label(box: Box, theme: Theme, scene: Scene) -> str:
    """Return the label of a neuron: a line for each weight, then bias, sum and output."""
    more = wider(scene)
    widths = 34, 56 + more, 70 + more, 64 + more
    rows = [
        f"<TR>{_cells(line, theme, widths, bold=line.position < 0)}</TR>" if line.id else _remark(line, theme)
        for line in _lines_of(box, scene)
    ]
    head = table(
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT" HEIGHT="{HEAD}">'
        f'{font(limited(box.name), theme.ink, 13, bold=True, before="&#160;")}<BR ALIGN="LEFT"/></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT">{font(limited(box.formula, 24), theme.mute)}{_INDENT}'
        '<BR ALIGN="RIGHT"/></TD></TR>'
    )
    return table(f"<TR><TD>{head}</TD></TR><TR><TD>{table(''.join(rows))}</TD></TR>")


def _operation_label(box: Box, theme: Theme, scene: Scene) -> str:
    """Return the label of an operation of many operands: name, data and grad, and below them the operands."""
    symbol = f'<FONT POINT-SIZE="13" COLOR="{theme.badge}"><B>{text(box.symbol)}</B></FONT>'
    name = font(limited(box.name), theme.ink, 12, bold=True, before=_INDENT)
    formula = font(f"= {limited(box.formula, 40)}", theme.mute, 9, before="&#160;") if box.formula else ""
    data = font(box.data, theme.ink, before=_INDENT * 2) if "data" in scene.show else ""
    rows = f'<TR><TD ALIGN="LEFT" HEIGHT="20">&#160;{symbol}{name}{formula}{data}</TD></TR>'
    if "grad" in scene.show:
        colour, tint = _look(box.sign, theme)
        words = font(f"grad {box.counted}".strip(), colour, bold=True, before=_INDENT)
        number = font(box.grad or "·", colour, bold=True, before=_INDENT * 2)
        rows += f'<TR><TD ALIGN="LEFT" HEIGHT="18"{tint}>{words}{number}</TD></TR>'
    return table(f"{rows}<TR><TD>{list_label(box, theme, scene)}</TD></TR>")


def list_label(box: Box, theme: Theme, scene: Scene) -> str:
    """Return operands, or leaves, as a table: lines below each other, in several columns."""
    more = wider(scene)
    widths = 74, 48 + more, 60 + more, 56 + more
    short = [
        line._replace(name=shortened(line.name, widths[0] - 4, 11), times=shortened(line.times, widths[2], 9))
        for line in _lines_of(box, scene)
    ]
    cells = [_cells(line, theme, widths) for line in short]
    gap = '<TD WIDTH="8"></TD>'
    return table(
        "".join(f"<TR>{gap.join(cells[at : at + box.across])}</TR>" for at in range(0, len(cells), box.across))
    )


def input_label(box: Box, theme: Theme) -> str:
    """Return the label of an input of a network that is a plain number: its name above its data."""
    lines = font(limited(box.name), theme.ink, 11, bold=True), font(box.data, theme.mute)
    cells = (f'<TD ALIGN="LEFT" BALIGN="LEFT">{line}<BR ALIGN="LEFT"/></TD>' for line in lines)
    return table("".join(f"<TR>{cell}</TR>" for cell in cells), 2)


def arrow_label(arrow: Arrow, theme: Theme) -> str:
    """Return the partial above the contribution, which is drawn invisibly until it flows."""
    partial = theme.mute if arrow.sign else theme.paper
    contribution = _look(arrow.sign, theme)[0] if arrow.sign else theme.paper
    cells = [font(arrow.partial, partial)] if arrow.partial else []
    cells += [font(arrow.contribution, contribution, bold=True)] if arrow.contribution else []
    beside = '<TD WIDTH="4"></TD>'  # keeps a thick line away from the letters
    return table("".join(f"<TR>{beside}<TD>{cell}</TD>{beside}</TR>" for cell in cells), 1)
