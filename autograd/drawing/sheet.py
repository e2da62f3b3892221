"""The paper of a picture: scenes of one graph, drawn with one geometry, in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dot import digraph
from .dot_process import SECONDS
from .parts import Scene
from .placement import Places, in_columns, stacked
from .render import DPI, laid_out, render
from .rows import joined, rows
from .theme import LIGHT, Theme

if TYPE_CHECKING:
    from graphviz import Digraph

_PIXELS = 60e6
"""An image has at most so many, or else fewer to the inch: 60 million are 240 MB while it is made."""


class Sheet:
    """Draws the scenes of one graph: a small one as dot lays it out, a deep or large one in rows.

    Rows are laid out once; all scenes of the same graph have room for the same labels and share
    the places of the first. `seconds` is the limit of time for dot.
    """

    def __init__(self, rankdir: str = "LR", seconds: float = SECONDS, dpi: float = DPI) -> None:
        self.rankdir: str = rankdir
        self.seconds: float = seconds
        self.dpi: float = dpi
        self._places: Places | None = None

    def digraph(self, scene: Scene, theme: Theme, with_caption: bool = True) -> Digraph:
        """Return a scene as DOT, in which nothing has a place yet."""
        pieces = [scene] if scene.columns else rows(scene)
        return digraph(joined(pieces), theme, self.rankdir, with_caption)

    def draw(self, scene: Scene, theme: Theme, format_: str, with_caption: bool = True) -> bytes:
        """Return a scene as the bytes of a file."""
        pieces = [scene] if scene.columns else rows(scene)
        if (len(pieces) == 1 and not scene.columns) or format_ in ("gv", "dot"):
            return self.draw_digraph(digraph(joined(pieces), theme, self.rankdir, with_caption), format_)
        if self._places is None and scene.columns:
            alone = digraph(scene._replace(arrows=[], frames=()), LIGHT, self.rankdir, with_caption=False)
            self._places = in_columns(laid_out([str(alone.source)], self.seconds)[0], scene, self.rankdir)
        if self._places is None:
            parts = (digraph(piece, LIGHT, self.rankdir, with_caption=False) for piece in pieces)
            graphs = laid_out([str(part.source) for part in parts], self.seconds)
            self._places = stacked(graphs, self.rankdir)
        placed = digraph(joined(pieces), theme, self.rankdir, with_caption, self._places)
        area = self._places.width * self._places.height / 72**2
        dpi = min(self.dpi, (_PIXELS / area) ** 0.5)
        return render(str(placed.source), format_, placed=True, seconds=self.seconds, dpi=dpi)

    def draw_digraph(self, graph: Digraph, format_: str) -> bytes:
        """Return DOT, perhaps edited, as the bytes of a file; dot lays all of it out."""
        return render(str(graph.source), format_, seconds=self.seconds, dpi=self.dpi)
