"""Write a picture as TikZ, for LaTeX and slides: the same layout in the document's own fonts."""

from __future__ import annotations

from ..terminal import printable, width
from .labels import limited, shortened
from .latex import latex_name_text
from .legend import LETTERS, meanings
from .parts import Arrow, Box, Scene
from .placement import Point
from .sheet import Sheet
from .theme import Theme, colours_of

_MACROS = {"−": "$-$", "×": r"$\times$", "±": r"$\pm$", "·": r"$\cdot$", "Σ": r"$\Sigma$", "∂": r"$\partial$",
           "‖": r"$\|$", "→": r"$\to$", "√": r"$\surd$", "σ": r"$\sigma$", "²": "$^2$", "…": r"\dots{}",
           "∞": r"$\infty$", "≈": r"$\approx$"}  # fmt: skip


def tikz(scene: Scene, sheet: Sheet, theme: Theme) -> str:
    """Return a complete LaTeX document with the picture as TikZ.

    It needs the packages geometry, xcolor and tikz, and compiles with pdflatex and lualatex; letters
    that are neither Latin nor Greek need lualatex with luatexja.
    """
    drawn, places = sheet.places(scene, theme)
    legend = _legend(drawn, max(places.width, 420))
    used = sorted(colours_of(theme).items())
    lines = [rf"\definecolor{{{name.replace('_', '')}}}{{HTML}}{{{colour[1:]}}}" for name, colour in used]
    head = _HEAD % {
        "width": places.width + 40,
        "height": places.height + 90 + 13 * len(legend),
        "colours": "\n".join(lines),
        "background": "paper",
        "asian": _LETTERS if _asian(scene) else "",
    }
    body = [_frame(*frame) for frame in _frames(scene, places.frames)]
    boxes = {box.id: box for box in drawn.boxes}
    for arrow in drawn.arrows:
        curve, label = places.arrows[arrow.id]
        body.append(_arrow(arrow, curve, label, constant=boxes[arrow.operand].kind == "constant"))
    for box in drawn.boxes:
        x, y = map(float, places.boxes[box.id].rstrip("!").split(","))
        body.append(_box(box, (x, y), places.sizes[box.id]))
    title = (
        rf"\node[anchor=north west,text=ink,font=\sffamily\bfseries\small] at (0,-18) {{{_text(scene.title)}}};"
    )
    below = [
        rf"\node[anchor=north west,text=mute,font=\sffamily\scriptsize] at (0,{-36 - 13 * k}) {{{line}}};"
        for k, line in enumerate(legend)
    ]
    return head + "\n".join([*body, title, *below]) + _TAIL


_HEAD = r"""\documentclass{article}
\usepackage[paperwidth=%(width).0fbp,paperheight=%(height).0fbp,margin=20bp]{geometry}
\usepackage{xcolor,tikz}
\usetikzlibrary{arrows.meta}
%(asian)s
\ifdefined\directlua\else\providecommand{\text}[1]{?}\fi
\providecommand{\text}[1]{\mbox{#1}}
%(colours)s
\pagestyle{empty}
\parindent=0pt
\begin{document}
\pagecolor{%(background)s}
\begin{tikzpicture}[x=1bp,y=1bp,every node/.style={inner sep=0pt,outer sep=0pt}]
"""
_MISSING = r"\PackageWarning{chainwalk}{Japanese letters need lualatex and the package luatexja}"
_LETTERS = (
    r"\ifdefined\directlua\IfFileExists{luatexja.sty}{\usepackage{luatexja}}{"
    rf"{_MISSING}}}\else{_MISSING}\fi"
)
_TAIL = "\n\\end{tikzpicture}\n\\end{document}\n"


def _asian(scene: Scene) -> bool:
    if scene.language == "ja" and scene.legend:
        return True
    return any(ord(letter) >= 0x2E80 for box in scene.boxes for letter in box.name + scene.title)


def _legend(scene: Scene, room: float) -> list[str]:
    """Return the lines of the legend: each symbol with its meaning, as many to a line as `room` points hold."""
    lines: list[str] = []
    used = room
    for key, words in meanings(scene) if scene.legend else ():
        letters = LETTERS.get(key, "")
        sign = _SIGNS.get(key) or (rf"\textcolor{{ink}}{{\textbf{{{_text(letters)}}}}}" if letters else "")
        wide = 4.6 * width(words) + 34
        if used + wide > room:
            lines.append("")
            used = 0.0
        lines[-1] += rf"{sign}\ {_text(words)}\quad{{}}"
        used += wide
    return lines


def _frame_sign(style: str) -> str:
    return rf"\tikz[baseline=0.5bp]\draw[{style}] (0,0) rectangle (14bp,6bp);"


_SOLID, _DASHED = r"\textcolor{pos}{\textbf{---}}", r"\textcolor{neg}{\textbf{-\,-}}"
_SIGNS = {
    **{"weight +": _SOLID, "outside +": _SOLID, "positive": _SOLID},
    **{"weight −": _DASHED, "outside −": _DASHED, "negative": _DASHED},
    "zero": r"\textcolor{zero}{---}",
    "length": r"\textcolor{size}{\textbf{---}}",
    "width": r"\textcolor{mute}{--\,\textbf{---}}",
    "ahead": r"\textcolor{line}{$\to$}",
    "present": r"\textcolor{now}{\textbf{---}}",
    "root": _frame_sign("draw=ink,double"),
    "leaf": _frame_sign("draw=line,rounded corners=2bp"),
    "constant": _frame_sign("draw=line,dashed"),
    "input": _frame_sign("draw=line,dashed,rounded corners=2bp"),
    "again": _frame_sign("draw=line,rounded corners=2bp,fill=leaf"),
}
"""The symbols of the legend that are not letters."""


def _text(words: str) -> str:
    """Return words as LaTeX text; a letter without a macro is put into \\text, which lualatex prints."""
    made = []
    for letter in printable(words):
        if letter in _MACROS:
            made.append(_MACROS[letter])
        elif letter.isascii():
            made.append({"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
                         "%": r"\%", "_": r"\_", "^": r"\^{}", "~": r"\~{}", "<": "$<$", ">": "$>$",
                         "|": "$|$", '"': "''"}.get(letter, letter))  # fmt: skip
        else:
            greek = latex_name_text(letter) if not "α" <= letter <= "ω" else ""
            made.append(rf"\text{{{letter}}}" if greek else f"${_greek(letter)}$")
    return "".join(made)


def _greek(letter: str) -> str:
    from .latex import latex_name

    return latex_name(letter)


def _box(box: Box, at: Point, size: tuple[float, float]) -> str:
    mute = box.kind in ("constant", "again", "input")
    style = [
        "draw=" + ("now" if box.mark == "receiver" else "ink" if box.kind == "root" or box.mark else "line")
    ]
    style.append("fill=" + ("leaf" if box.kind in ("leaf", "leaves", "again") else "paper" if mute else "node"))
    style += ["rounded corners=4bp"] if box.kind in ("leaf", "leaves", "again", "input") else []
    style += ["double,double distance=1.5bp"] if box.kind == "root" else []
    style += ["dashed"] if box.kind in ("constant", "input") else []
    style.append("line width=" + ("0.6bp" if mute else "1.2bp"))
    style.append(rf"minimum width={size[0]:.1f}bp,minimum height={size[1]:.1f}bp")
    style.append(r"font=\sffamily\fontsize{11}{14}\selectfont" if not mute else r"font=\sffamily\scriptsize")
    return rf"\node[{','.join(style)}] at ({at[0]:.2f},{at[1]:.2f}) {{{_inside(box)}}};"


def _inside(box: Box) -> str:
    if box.kind == "constant":
        return rf"\textcolor{{mute}}{{{_text(box.name)}}}"
    if box.kind in ("again", "input"):
        return rf"\textcolor{{mute}}{{\textbf{{{_text(limited(box.name, 24))}}} {_text(box.data)}}}"
    if box.kind == "leaves":
        return _list(box)
    symbol = rf"\colorbox{{badge}}{{\textcolor{{badgetext}}{{{_text(box.symbol)}}}}} " if box.symbol else ""
    rows = [rf"\multicolumn{{2}}{{@{{}}l@{{}}}}{{{symbol}\textbf{{{_text(limited(box.name, 30))}}}}}"]
    if box.lines and box.kind == "neuron":
        rows += [
            rf"{_text(f'{each.name} {each.data} {each.times}')} & {_text(each.grad)}" for each in box.lines
        ]
    else:
        colour = f"text{box.sign}" if box.sign else "mute"
        word = box.counted if box.kind in ("group", "neuron") else f"grad {box.counted}".strip()
        rows.append(rf"\textcolor{{mute}}{{data}} & {_text(box.data)}")
        rows.append(
            rf"\textcolor{{{colour}}}{{{_text(word)}}} & \textcolor{{{colour}}}{{{_text(box.grad or '·')}}}"
        )
    if box.lines and box.kind != "neuron":
        words = rf"\textcolor{{{colour}}}{{{_text(word)} {_text(box.grad or '·')}}}"
        head = rf"{symbol}\textbf{{{_text(limited(box.name, 30))}}}\quad {_text(box.data)}\quad {words}"
        return rf"\begin{{tabular}}{{@{{}}l@{{}}}}{head}\\[4bp]{_list(box)}\end{{tabular}}"
    stretch = r"\renewcommand{\arraystretch}{1.25}" if box.lines else ""
    return stretch + r"\begin{tabular}{@{}l@{\hskip 14bp}r@{}}" + r"\\".join(rows) + r"\end{tabular}"


def _list(box: Box) -> str:
    """Return operands, or leaves, as the table that dot has found the size of."""
    cells = []
    for line in box.lines:
        colour = f"text{line.sign}" if line.sign else "mute"
        cells.append(
            rf"\makebox[74bp][l]{{{_text(shortened(line.name, 70, 9))}}}"
            rf"\makebox[48bp][r]{{{_text(line.data)}}}"
            rf"\makebox[60bp][l]{{\ \textcolor{{mute}}{{{_text(line.times)}}}}}"
            rf"\makebox[52bp][r]{{\textcolor{{{colour}}}{{\textbf{{{_text(line.grad)}}}}}}}"
        )
    rows = (" & ".join(cells[at : at + box.across]) for at in range(0, len(cells), box.across))
    columns = r"@{\hskip 12bp}".join("l" * box.across)
    return (
        r"\fontsize{8}{10}\selectfont\renewcommand{\arraystretch}{1.6}"
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}" + r"\\".join(rows) + r"\end{tabular}"
    )


def _arrow(arrow: Arrow, curve: list[Point], label: str, constant: bool) -> str:
    sign = arrow.weight or arrow.sign
    colour = sign or "line"
    style = [f"draw={colour}", f"line width={arrow.width:.2f}bp"]
    style += ["dashed"] if sign == "neg" or (constant and not arrow.weight) else []
    head = rf"{{Latex[length={6 + 1.4 * arrow.width:.1f}bp,width={4 + 1.4 * arrow.width:.1f}bp]}}"
    style.append(f"{head}-" if arrow.sign else f"-{head}")
    points = [f"({x:.2f},{y:.2f})" for x, y in curve]
    path = points[0]
    for k in range(1, len(points) - 2, 3):
        path += f" .. controls {points[k]} and {points[k + 1]} .. {points[k + 2]}"
    made = rf"\draw[{','.join(style)}] {path};"
    if label and (arrow.partial or arrow.contribution):
        tint = f"text{arrow.sign}" if arrow.sign else "mute"
        words = [rf"\textcolor{{mute}}{{{_text(arrow.partial)}}}"] if arrow.partial else []
        if arrow.contribution and arrow.sign:
            words.append(rf"\textcolor{{{tint}}}{{\textbf{{{_text(arrow.contribution)}}}}}")
        inside = r"\begin{tabular}{c}" + r"\\[-2bp]".join(words) + r"\end{tabular}"
        made += f"\n\\node[font=\\sffamily\\fontsize{{7}}{{8}}\\selectfont] at ({label}) {{{inside}}};"
    return made


def _frames(scene: Scene, places: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    found = []
    waiting = list(scene.frames)
    while waiting:
        frame = waiting.pop(0)
        if f"frame-{frame.id}" in places:
            found.append((places[f"frame-{frame.id}"][0], f"{frame.name}  {frame.detail}"))
        waiting += frame.children
    return found


def _frame(rectangle: str, words: str) -> str:
    left, low, right, top = map(float, rectangle.split(","))
    label = rf"\node[anchor=north west,text=mute,font=\sffamily\scriptsize] at ({left + 6:.2f},{top - 4:.2f})"
    return (
        rf"\draw[draw=line,fill=group,rounded corners=6bp] ({left:.2f},{low:.2f})"
        rf" rectangle ({right:.2f},{top:.2f});"
        f"\n{label} {{{_text(words)}}};"
    )
