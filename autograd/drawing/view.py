"""The options that determine what a picture shows of a graph."""

from __future__ import annotations

from typing import NamedTuple

from ..formulas import fixed, short
from .dot_process import DPI, SECONDS
from .grouping import Group
from .parts import MINUS

SHOWN = frozenset({"data", "grad", "local", "contribution"})
"""The numbers that boxes and edges show by default: all of them."""


class View(NamedTuple):
    """The part of a graph that a picture shows, and how."""

    constants: bool = True
    groups: tuple[Group, ...] = ()
    collapse: str | None = None
    """The level of the groups that are folded into one box each."""
    depth: int | None = None
    """The largest distance from the root in edges; None for no limit."""
    title: str = ""
    """Replaces the caption, if given."""
    max_nodes: int = 300
    """The limit for the boxes of a picture, and for the values of a page or an animation."""
    show: frozenset[str] = SHOWN
    symbols: bool = False
    """Whether the local derivative of an edge is shown in symbols instead of numbers."""
    decimals: int | None = None
    """The decimals of all numbers; None for four in boxes and three significant digits on edges."""
    legend: bool = True
    lang: str | None = None
    """The language of legend and page, "en" or "ja"; with None a page follows the browser."""
    board: bool = True
    """Whether a network is drawn layer by layer, or every value of it as a box."""
    timeout: float = SECONDS
    """The time limit for dot in seconds, for one picture."""
    dpi: float = DPI
    """Pixels per inch of an image."""

    def fixed(self, number: float, sign: bool = False) -> str:
        """Return a number as a box shows it."""
        return fixed(number, sign, 4 if self.decimals is None else self.decimals).translate(MINUS)

    def short(self, number: float, sign: bool = False) -> str:
        """Return a number as an edge shows it."""
        text = short(number, sign) if self.decimals is None else fixed(number, sign, self.decimals)
        return text.translate(MINUS)

    def plainly(self) -> View:
        """Return the view for a page or an animation, which fills in all numbers itself."""
        return self._replace(show=SHOWN, symbols=False, decimals=None)
