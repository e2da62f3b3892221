"""Format text for a terminal: width, symbols, colours, progress bar."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def plural(count: int, word: str) -> str:
    """Return a count with its noun, in the plural unless the count is 1.

    >>> plural(1, "step"), plural(1200, "step")
    ('1 step', '1,200 steps')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def width(text: str) -> int:
    """Return the number of terminal columns of a string: two for a Japanese letter, none for an accent.

    >>> width("weight"), width("重み"), width("é"), width("e\u0301")
    (6, 4, 1, 1)
    """
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def printable(text: str) -> str:
    """Replace line ends, control characters and marks of reading direction by spaces.

    Strings from outside (labels, names, paths, output of other programs) are passed through here before
    they are put into an error message or printed to a terminal, which would interpret such characters.

    >>> printable("two\\nlines"), printable("\\x1b[31mred")
    ('two lines', ' [31mred')
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " for letter in text)


def brief(item: object, columns: int = 80) -> str:
    """Return a string from outside for an error message: printable, and at most `columns` wide.

    >>> brief("a\\tb"), brief("n" * 1000, 10)
    ('a b', 'nnnnnnn...')
    """
    try:
        return cut(printable(str(item)[: 8 * columns]), columns)
    except Exception:  # of code from outside, as in `quoted`
        return cut(printable(f"<{type(item).__name__}>"), columns)


def quoted(item: object, columns: int = 80) -> str:
    """Return the repr of an object from outside for an error message, at most `columns` wide.

    Only the beginning of a long string or list is formatted. An object without a repr is named by its type: an
    int of more digits than Python writes, an object whose `__repr__` raises.

    >>> quoted("two\\nlines"), quoted([0.0] * 1000, 12), quoted(10**5000)
    ("'two\\\\nlines'", '[0.0, 0.0...', '<int>')
    """
    if type(item) in (str, bytes, bytearray, list, tuple) and len(item) > columns:  # type: ignore[arg-type]
        item = item[: columns + 1]  # type: ignore[index]
    try:
        return brief(repr(item), columns)
    except Exception:  # of code from outside
        return brief(f"<{type(item).__name__}>", columns)


def kind_of(item: object) -> str:
    """Return the name of an object's class for a message: a class from outside can have any name.

    >>> kind_of(1.0), kind_of(type("two\\nlines", (), {})())
    ('float', 'two lines')
    """
    return brief(type(item).__name__)


def listed(words: Iterable[object], most: int = 20) -> str:
    """Return names from outside as a list for an error message: the first `most`, and how many more.

    >>> listed("abc"), listed(range(1000), 3)
    ('a, b, c', '0, 1, 2 and 997 more')
    """
    words = list(words)
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(brief(word, 60) for word in words[:most]) + more


def printable_lines(text: str) -> str:
    """Apply `printable` to each line of a string."""
    return "\n".join(map(printable, text.split("\n")))


def cut(text: str, columns: int, dots: str = "...") -> str:
    """Return a string, or its beginning and three dots if it is wider than `columns`.

    >>> cut("tanh(v2111)", 8), cut("重みの初期値", 8)
    ('tanh(...', '重み...')
    """
    if len(text) <= _MARKS * columns and width(text) <= columns:
        return text
    kept = min(len(text), columns)
    while kept and width(text[:kept]) > columns - len(dots):
        kept -= 1
    return text[:kept] + dots


_MARKS = 6
"""The number of combining characters that a column may have; a string with more of them is cut too."""


def padded(text: str, columns: int) -> str:
    """Return a string that is exactly `columns` wide: padded with spaces, or cut.

    >>> padded("重み", 6) + "|"
    '重み  |'
    """
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))


def aligned(rows: Sequence[Sequence[str]], right: bool = False) -> list[str]:
    """Return the lines of a table, each column as wide as its widest cell, two spaces apart.

    >>> aligned([("layer", "error"), ("重み", "+0.5")])
    ['layer  error', '重み   +0.5']
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]

    def cell(text: str, columns: int) -> str:
        return " " * (columns - width(text)) + text if right else padded(text, columns)

    return ["  ".join(map(cell, row, widths)).rstrip() for row in rows]


def shows_unicode() -> bool:
    """Return whether the terminal can show symbols beyond ASCII."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def derivative_sign() -> str:
    """Return the symbol of a partial derivative if the terminal can show it; else `d`."""
    return "∂" if shows_unicode() else "d"


def not_reached_sign() -> str:
    """Return the symbol for a gradient that has not arrived yet."""
    return "·" if shows_unicode() else "."


def in_notebook() -> bool:
    """Return whether the program runs in the kernel of a notebook, which shows pictures and pages.

    >>> in_notebook()
    False
    """
    ipython = sys.modules.get("IPython")
    shell = ipython and getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def show(item: Any, save: Callable[[str], Any], name: str) -> None:
    """Show an object below the cell of a notebook; else save it as `name`, print the path, and open it."""
    if in_notebook():
        from IPython.display import display

        display(item)  # type: ignore[no-untyped-call, unused-ignore]
        return
    import tempfile
    import webbrowser

    path = save(f"{tempfile.mkdtemp(prefix='chainwalk-')}/{name}")
    webbrowser.open(path.as_uri())
    print(printable(str(path)))  # there may be no viewer, which webbrowser does not always report


_BLUE, _VERMILION, _BOLD, _PLAIN = "\x1b[38;5;32m", "\x1b[38;5;166m", "\x1b[1m", "\x1b[0m"


def coloured(text: str) -> str:
    """Return a string for a terminal: positive numbers in blue, negative ones in vermilion, heads in bold.

    >>> coloured("+1.0")
    '\\x1b[38;5;32m+1.0\\x1b[0m'
    """
    text = re.sub(r"(?<![\w.])\+\d[\d.]*(?:e[+-]\d+)?", rf"{_BLUE}\g<0>{_PLAIN}", text)
    text = re.sub(r"(?<![\w.;-])-\d[\d.]*(?:e[+-]\d+)?", rf"{_VERMILION}\g<0>{_PLAIN}", text)
    return re.sub(r"(?m)^(\[\d+/\d+\]|->\S+)", rf"{_BOLD}\g<0>{_PLAIN}", text)


@contextmanager
def progress_bar(
    total: int, what: str, wanted: bool | None = None, done: int = 0
) -> Iterator[Callable[[int, str], object]]:
    """Show a progress bar; yield a function that reports the number of items done and a short message.

    `total` is the number of items, `what` the title. By default (`wanted=None`) a bar is shown in a
    notebook after a second, and on a terminal if rich is installed. Raises ImportError if one is wanted
    on a terminal without rich.

    >>> with progress_bar(10, "training", wanted=False) as report:
    ...     report(1, "loss 0.5")
    """
    if in_notebook() and wanted is not False:
        yield _NotebookBar(total, what, 0.0 if wanted else _PATIENCE).report
        return
    # A program without a console has no stderr at all.
    if not (wanted or (wanted is None and sys.stderr is not None and sys.stderr.isatty())):
        yield lambda done, words: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column
    except ImportError as error:
        if wanted:
            raise ImportError("a progress bar needs rich: pip install 'chainwalk[progress]'") from error
        yield lambda done, words: None
        return
    columns = (
        TextColumn(what, markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # On a narrow terminal the message is cut, not the bar.
    words = TextColumn(
        "{task.fields[words]}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    with Progress(*columns, words, console=Console(stderr=True), expand=True) as bar:
        task = bar.add_task("", total=total, completed=done, words="")
        yield lambda done, words: bar.update(task, completed=done, words=printable(words))


_PATIENCE, _PAUSE = 1.0, 0.2
"""Seconds before a bar appears in a notebook, and between two updates."""


class _NotebookBar:
    """A bar below the cell of a notebook: an HTML progress element, which every notebook can show."""

    def __init__(self, total: int, what: str, patience: float) -> None:
        self.total, self.what, self.next = total, what, time.monotonic() + patience
        self.shown: Any = None

    def report(self, done: int, words: str) -> None:
        """Show the progress, at most five times a second, and at the end."""
        import html

        import IPython.display as ipython

        if time.monotonic() < self.next and not (self.shown and done == self.total):
            return
        self.next = time.monotonic() + _PAUSE
        text = f"{self.what} {done}/{self.total}   {words}"
        bar = f'<progress max="{self.total}" value="{done}" style="vertical-align:middle"></progress>'
        bundle = {"text/plain": text, "text/html": f"{bar} <code>{html.escape(text)}</code>"}
        if self.shown is None:
            show: Any = ipython.display
            self.shown = show(bundle, raw=True, display_id=True)
        else:
            self.shown.update(bundle, raw=True)
