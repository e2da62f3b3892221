"""Render DOT as a file of any format, with fallbacks and advice if dot fails."""

from __future__ import annotations

import json
import os
import struct
import warnings
import zlib
from functools import cache
from typing import Any

from ..terminal import quoted
from . import dot_process
from .dot_process import (
    DPI,
    INSTALL,
    SECONDS,
    DotError,
    DotTimeoutError,
    dot_command,
    is_bundled,
    run_dot,
)

_QUICKLY = ["-Gnslimit=0.1", "-Gnslimit1=0.1", "-Gmclimit=0.1", "-Gsplines=line"]
"""Settings that make dot faster, and its picture less tidy."""
_IMAGES = ("png", "jpg", "jpeg", "jpe", "webp")


def render(
    source: str, format_: str, *, placed: bool = False, seconds: float = SECONDS, dpi: float = DPI
) -> bytes:
    """Return the picture in a format, as the bytes of its file.

    `placed` means that the source has the positions of all nodes and edges, so that no layout is
    needed. `seconds` is the time limit for dot: half of it with the usual settings, the rest with
    faster ones. Raises ValueError for a format that this dot lacks, with advice; DotTimeoutError
    after the time limit; DotError if dot crashes or does not print a picture.
    """
    if format_ in ("gv", "dot"):
        return source.encode()
    command = dot_command()
    if is_bundled(command) and format_ in _IMAGES:
        _warn_of_missing_letters(source)
    if is_bundled(command) and format_ == "pdf":
        return _pdf(render(source, "svg", placed=placed, seconds=seconds))
    kind = f"{format_}:cairo" if format_ in ("eps", "ps") and not is_bundled(command) else format_
    arguments = [f"-T{kind}", *([f"-Gdpi={dpi:g}"] if format_ in _IMAGES else [])]
    try:
        made = _run(arguments, source, placed, seconds)
    except ValueError as error:
        if "not recognized" in str(error) or "Format" in str(error):
            raise ValueError(_unavailable(format_, command)) from None
        raise DotError(f"{os.path.basename(command)} refused the graph: {error}") from None
    _refuse_garbage(made, format_, command)
    if format_ == "svg":  # a viewer may not have this font
        return made.replace(b'font-family="Arial"', b'font-family="Arial,Helvetica,sans-serif"')
    return _with_density(made, dpi) if format_ == "png" else made


def laid_out(sources: list[str], seconds: float = SECONDS) -> list[dict[str, Any]]:
    """Return dot's positions of the nodes and edges of each graph, in its JSON format.

    One process lays out many graphs, one after the other; there is one process for each core, at
    most four. Raises the errors of `render`.
    """
    from concurrent.futures import ThreadPoolExecutor  # slow to import, needed by large pictures only

    processes = min(os.cpu_count() or 1, 4, 1 + len(sources) // 20)
    parts = [sources[k::processes] for k in range(processes)]
    with ThreadPoolExecutor(processes) as pool:
        found = list(pool.map(lambda part: _laid_out(part, seconds), parts))
    return [found[k % processes][k // processes] for k in range(len(sources))]


def _laid_out(sources: list[str], seconds: float) -> list[dict[str, Any]]:
    try:
        text = _run(["-Tjson0"], "\n".join(sources), False, seconds).decode()
        decoder, at, found = json.JSONDecoder(), 0, []
        while (at := text.find("{", at)) >= 0:
            graph, at = decoder.raw_decode(text, at)
            found.append(graph)
        if len(found) != len(sources):
            raise ValueError(f"{len(found)} of {len(sources)} graphs were returned")
    except ValueError as error:
        name = os.path.basename(dot_command())
        raise DotError(f"{name} did not give a layout ({error}): {INSTALL}") from None
    return found


def _run(arguments: list[str], source: str, placed: bool, seconds: float) -> bytes:
    if placed:
        return run_dot(["-Kneato", "-n2", *arguments], source, seconds)
    try:
        return run_dot(arguments, source, seconds / 2)
    except DotTimeoutError:
        pass
    try:
        return run_dot([*_QUICKLY, *arguments], source, seconds / 2)
    except DotTimeoutError as error:
        raise DotTimeoutError(
            f"dot did not finish the layout within {seconds:g} s: show less of the graph with depth=3, or "
            f'with groups=model and collapse="neuron"; or allow more time with timeout={4 * seconds:g}'
        ) from error


_BEGINNINGS = {"png": b"\x89PNG", "jpg": b"\xff\xd8", "jpeg": b"\xff\xd8", "pdf": b"%PDF", "eps": b"%!PS"}


def _refuse_garbage(made: bytes, format_: str, command: str) -> None:
    """Raise DotError if the output is not a complete file of a format."""
    whole = made.startswith(_BEGINNINGS.get(format_, b""))
    if format_ == "svg":
        whole = b"<svg" in made and made.rstrip().endswith(b"</svg>")
    elif format_ == "png":
        whole = whole and b"IEND" in made[-16:]
    elif format_ == "json":
        try:
            json.loads(made)
        except ValueError:
            whole = False
    if not whole:
        raise DotError(
            f"the output of {os.path.basename(command)} is not {format_}: set {dot_process.VARIABLE} to "
            f"another dot, or {INSTALL}"
        )


def _with_density(png: bytes, dpi: float) -> bytes:
    """Return a PNG with its resolution in pixels per inch, which determines its size in print."""
    if b"pHYs" in png[:200]:
        return png
    chunk = b"pHYs" + struct.pack(">IIB", *[round(dpi / 0.0254)] * 2, 1)
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:33] + framed + png[33:]  # right after the header, whose size is fixed


def _pdf(svg: bytes) -> bytes:
    """Return the SVG as a vector PDF, for a dot that cannot make one."""
    try:
        from reportlab.graphics import renderPDF
        from svglib.svglib import svg2rlg
    except ImportError:
        words = f"the bundled dot cannot make a PDF: pip install 'chainwalk[pdf]', or {INSTALL}"
        raise ValueError(words) from None
    import io

    drawing = svg2rlg(io.BytesIO(svg))
    _give_japanese_letters(drawing)
    made: bytes = renderPDF.drawToString(drawing, invariant=1)
    return made


def _give_japanese_letters(shape: Any) -> None:
    """Set Japanese texts in a font that every PDF viewer has; warn of letters that it lacks."""
    words = getattr(shape, "text", "")
    if any(ord(letter) >= _ASIAN for letter in words):
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont

        if _JAPANESE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(_JAPANESE))
        shape.fontName = _JAPANESE
        try:
            words.encode("euc_jis_2004")
        except UnicodeEncodeError:
            _warn_once(
                "the PDF made from the bundled dot's picture has no font for some of its letters, which are "
                f"missing or shown as boxes: save as .svg, which the viewer's fonts display, or {INSTALL}"
            )
    for inner in getattr(shape, "contents", ()):
        _give_japanese_letters(inner)


_JAPANESE = "HeiseiKakuGo-W5"
_ASIAN = 0x2E80
"""The first code point of the scripts of East Asia, which the bundled fonts lack."""


def _unavailable(format_: str, command: str) -> str:
    more = f"; for {format_} {INSTALL}" if is_bundled(command) else ""
    return (
        f"{os.path.basename(command)} cannot make {quoted(format_)}: svg, png, gv and json always work, and so "
        f"do jpg, tex, mmd and html; pdf, gif and apng with the extras{more}"
    )


@cache
def _warn_once(message: str) -> None:
    warnings.warn(message, stacklevel=2)


def _warn_of_missing_letters(source: str) -> None:
    """Warn of letters that the bundled fonts lack: all but Latin, Greek and mathematics."""
    if any(ord(letter) >= _ASIAN for letter in source):
        _warn_once(
            "the bundled dot has no font for some letters of this picture and draws boxes in PNG: "
            f"save as .svg, which the viewer's fonts display, or {INSTALL}"
        )
