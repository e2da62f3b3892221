"""The words inside boxes, beside arrows and below a picture, as Graphviz's HTML-like labels."""

from __future__ import annotations

from ..formulas import printable
from .parts import Arrow, Box, Scene
from .theme import Theme

LONGEST = 60
"""Letters of a name that a box shows; its tooltip has the whole of it."""
CELL_MARGIN = 8
"""Points between the right end of a gradient's number and the right end of its tinted cell."""

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


def font(words: str, colour: str, size: int | None = None, bold: bool = False) -> str:
    """Words in a colour, and in another size or weight than the rest."""
    sized = f' POINT-SIZE="{size}"' if size else ""
    inner = f"<B>{text(words)}</B>" if bold else text(words)
    return f'<FONT COLOR="{colour}"{sized}>{inner}</FONT>'


def _table(rows: str, padding: int = 0) -> str:
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{rows}</TABLE>'


def _row(word: str, number: str, tint: str = "") -> str:
    """A word and a number in cells of fixed size: a box has one geometry, whatever its numbers.

    The tint lies behind the whole row as one rectangle, without seams between the cells.
    """
    colour = f' BGCOLOR="{tint}"' if tint else ""
    high = 'FIXEDSIZE="TRUE" HEIGHT="21"'
    cells = (
        f'<TR><TD WIDTH="6" {high}></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="52" {high}>{word}<BR ALIGN="LEFT"/></TD><TD></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT" WIDTH="64" {high}>{number}<BR ALIGN="RIGHT"/></TD>'
        f'<TD WIDTH="{CELL_MARGIN}" {high}></TD></TR>'
    )
    return f"<TR><TD{colour}>{_table(cells)}</TD></TR>"


def _gradient(word: str, grad: str | None, sign: str, theme: Theme) -> str:
    """The row of a gradient: tinted by its sign, or a mere dot where none has arrived."""
    if grad is None:
        return _row(font(word, theme.mute), font("·", theme.mute, bold=True))
    colour, tint = getattr(theme, f"text_{sign}"), getattr(theme, f"tint_{sign}")
    return _row(font(word, colour, bold=True), font(grad, colour, bold=True), tint)


def box_label(box: Box, theme: Theme) -> str:
    """A value: its operation's badge, its name, its data and its gradient."""
    name = box.name if len(box.name) <= LONGEST else box.name[: LONGEST - 1] + "…"
    rows = (
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT" CELLPADDING="5">{font(name, theme.ink, 13, bold=True)}'
        '<BR ALIGN="LEFT"/></TD></TR>'
        f"{_row(font('data', theme.mute), font(box.data, theme.ink))}"
        f"{_gradient(f'grad {box.counted}'.strip(), box.grad, box.sign, theme)}"
    )
    badge = ""
    if box.symbol:
        size = 16 if len(box.symbol) == 1 else 11
        width = 26 if len(box.symbol) == 1 else max(32, 11 + 6 * len(box.symbol))
        symbol = font(box.symbol, theme.badge_text, size, bold=True)
        badge = f'<TD BGCOLOR="{theme.badge}" WIDTH="{width}">{symbol}</TD>'
    return _table(f"<TR>{badge}<TD>{_table(rows)}</TD></TR>")


def group_label(box: Box, theme: Theme) -> str:
    """A folded group: its name and what it is, over the error that arrives at it."""
    head = (
        f'<TR><TD WIDTH="6" HEIGHT="24"></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT">{font(box.name, theme.ink, 13, bold=True)}<BR ALIGN="LEFT"/></TD>'
        f'<TD WIDTH="12"></TD>'
        f'<TD ALIGN="RIGHT" BALIGN="RIGHT">{font(box.data, theme.mute)}<BR ALIGN="RIGHT"/></TD>'
        f'<TD WIDTH="{CELL_MARGIN}"></TD></TR>'
    )
    grad = _gradient(box.counted, box.grad, box.sign, theme)
    return _table(f"<TR><TD>{_table(head)}</TD></TR>{grad}")


def arrow_label(arrow: Arrow, theme: Theme) -> str:
    """Partial over contribution; before it has flowed in the colour of the paper, to keep its room."""
    partial = theme.mute if arrow.sign else theme.paper
    contribution = getattr(theme, f"text_{arrow.sign}") if arrow.sign else theme.paper
    cells = [font(arrow.partial, partial)] if arrow.partial else []
    cells += [font(arrow.contribution, contribution, bold=True)] if arrow.contribution else []
    beside = '<TD WIDTH="4"></TD>'  # keeps a thick line off the letters
    return _table("".join(f"<TR>{beside}<TD>{cell}</TD>{beside}</TR>" for cell in cells), 1)


def caption(scene: Scene, theme: Theme) -> str:
    """Where the pass stands, what the step changes, and what the colours mean.

    The title has the room that all frames' titles need, so that they share one geometry.
    """
    legend = "".join(
        font(sign, colour, 10, bold=True) + font(f"  {words}     ", theme.mute, 10)
        for sign, colour, words in _legend(scene, theme)
    )
    room = f' WIDTH="{scene.room}"' if scene.room else ""
    lines = [font(scene.title, theme.ink, 13, bold=True), font(scene.change or " ", theme.mute, 11), legend]
    if not scene.change and not scene.room:
        del lines[1]
    rows = "".join(
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT"{room}>{line}<BR ALIGN="LEFT"/></TD></TR>' for line in lines
    )
    return _table(f'<TR><TD HEIGHT="10"></TD></TR>{rows}', 3)


def _legend(scene: Scene, theme: Theme) -> list[tuple[str, str, str]]:
    """Each sign that a picture uses, its colour, and what it means."""
    signs = [("—", theme.pos, "positive"), ("– –", theme.neg, "negative contribution, the wider the larger")]
    if any(box.kind == "group" for box in scene.boxes):
        return [*signs, ("—", theme.size, "length ‖·‖ of several together")]
    local = ("× n", theme.mute, "local derivative")
    return [*signs, local, ("± n", theme.mute, "upstream grad × local derivative")]
