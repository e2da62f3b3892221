"""Which part of a graph a picture shows, how closely, and in which words."""

from __future__ import annotations

from typing import NamedTuple

from ..formulas import fixed, short
from .dot_process import DPI, SECONDS
from .grouping import Group
from .parts import MINUS

SHOWN = frozenset({"data", "grad", "local", "contribution"})
"""What boxes and edges show: all of it unless less is asked for."""


class View(NamedTuple):
    """Which part of a graph is to be seen, and how closely."""

    constants: bool = True
    groups: tuple[Group, ...] = ()
    collapse: str | None = None
    """The level of groups of which each is one box."""
    depth: int | None = None
    """How many edges away from the root the values end."""
    title: str = ""
    """What stands in place of the caption."""
    max_nodes: int = 300
    """How many boxes a picture may have, and of how many values a page or an animation may tell."""
    show: frozenset[str] = SHOWN
    symbols: bool = False
    """Whether an edge has its local derivative in symbols instead of numbers."""
    decimals: int | None = None
    """Of all numbers; None for four in boxes and three digits on edges."""
    legend: bool = True
    lang: str | None = None
    """The language of the words below a picture and of its page, "en" or "ja"; a page follows the browser."""
    board: bool = True
    """Whether a network is drawn as on the board, or every value of it as a box."""
    timeout: float = SECONDS
    """Seconds that dot may take for one picture."""
    dpi: float = DPI
    """Pixels to the inch of an image."""

    def fixed(self, number: float, sign: bool = False) -> str:
        """Return a number as it stands in a box."""
        return fixed(number, sign, 4 if self.decimals is None else self.decimals).translate(MINUS)

    def short(self, number: float, sign: bool = False) -> str:
        """Return a number as it stands on an edge."""
        text = short(number, sign) if self.decimals is None else fixed(number, sign, self.decimals)
        return text.translate(MINUS)

    def plainly(self) -> View:
        """Return the same view as a page or an animation needs it, which fills in all numbers itself."""
        return self._replace(show=SHOWN, symbols=False, decimals=None)
