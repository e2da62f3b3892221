"""Which dot draws, and in which formats; a clear word where it cannot."""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import TYPE_CHECKING

from ..terminal import cut

if TYPE_CHECKING:
    from graphviz import Digraph

VARIABLE = "CHAINWALK_DOT"
"""The environment variable that names another dot."""
BUNDLED = "graphviz-pure"
_INSTALL = "install Graphviz (apt install graphviz, brew install graphviz, or graphviz.org/download)"


def dot_command() -> str:
    """The dot to use: $CHAINWALK_DOT, else the system's, else the bundled one.

    Raises RuntimeError if the variable names a file that is not there, or if there is none at all.
    """
    import shutil

    override = os.environ.get(VARIABLE)
    if override:
        found = shutil.which(override)
        if not found:
            raise RuntimeError(f"{VARIABLE}={override} is not a program: name a dot, or unset {VARIABLE}")
        return found
    found = shutil.which("dot") or _bundled()
    if not found:
        raise RuntimeError(f"no dot to draw with: pip install {BUNDLED}, or {_INSTALL}")
    return found


@cache
def _bundled() -> str | None:
    """The command of the graphviz-pure wheel, wherever pip has put it."""
    from importlib import metadata  # here and below: slow to import, needed by the first picture only

    try:
        files = metadata.distribution(BUNDLED).files or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.stem == BUNDLED and file.parent.name in ("bin", "Scripts"):
            return os.path.realpath(file.locate())
    return None


def is_bundled(command: str) -> bool:
    """Whether a dot is the bundled one, which has fewer formats and fonts of its own."""
    return os.path.basename(command).startswith(BUNDLED)


def render(graph: Digraph, format_: str) -> bytes:
    """The picture in a format, as the bytes of its file.

    Raises ValueError for a format that this dot does not have, with what helps.
    """
    source = str(graph.source)
    if format_ in ("gv", "dot"):
        return source.encode()
    command = dot_command()
    if is_bundled(command) and format_ == "png":
        _warn_of_missing_letters(source)
    if is_bundled(command) and format_ == "pdf":
        return _pdf(render(graph, "svg"))
    import subprocess

    result = subprocess.run([command, f"-T{format_}"], input=source.encode(), capture_output=True, check=False)
    if result.returncode or not result.stdout:
        raise ValueError(_unavailable(format_, command, result.stderr.decode(errors="replace")))
    if format_ == "svg":  # a viewer may have none of that name
        return result.stdout.replace(b'font-family="Arial"', b'font-family="Arial,Helvetica,sans-serif"')
    return result.stdout


def _pdf(svg: bytes) -> bytes:
    """The SVG as a PDF with real lines and letters, for a dot that makes none."""
    try:
        from reportlab.graphics import renderPDF
        from svglib.svglib import svg2rlg
    except ImportError:
        words = f"the bundled dot makes no PDF: pip install 'chainwalk[pdf]', or {_INSTALL}"
        raise ValueError(words) from None
    import io

    made: bytes = renderPDF.drawToString(svg2rlg(io.BytesIO(svg)), invariant=1)
    return made


def _unavailable(format_: str, command: str, reason: str) -> str:
    more = f"; for {format_} {_INSTALL}" if is_bundled(command) else ""
    said = f" ({cut(reason.strip().splitlines()[0], 80)})" if reason.strip() else ""
    return f"{os.path.basename(command)} cannot make {format_!r}: svg, png, gv and json always work{more}{said}"


@cache
def _warn_once(message: str) -> None:
    warnings.warn(message, stacklevel=2)


def _warn_of_missing_letters(source: str) -> None:
    """The bundled fonts know Latin, Greek and mathematics; a box would stand for other letters."""
    if any(ord(letter) >= 0x2E80 for letter in source):
        _warn_once(
            "the bundled dot has no font for some letters of this picture and draws boxes in PNG: "
            f"save as .svg, which the viewer's fonts display, or {_INSTALL}"
        )
