"""Draw the scenes of one graph with a common layout, in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dot import digraph
from .dot_process import DPI, SECONDS
from .parts import Scene
from .placement import Places, in_columns, stacked
from .render import laid_out, render
from .theme import Theme
from .wrapping import joined, rows

if TYPE_CHECKING:
    from graphviz import Digraph

_PIXELS, _MOST_PIXELS = 24e6, 60e6
"""The limits for the size of an image in rows, above which its resolution is reduced: by default, and if a
higher resolution than the default is asked for. 24 million take a second, and most programs open them."""


class Sheet:
    """Draws the scenes of one graph: a small one as dot lays it out, a deep or large one in rows.

    Rows are laid out once; all scenes of one graph reserve space for the same labels and share the
    positions of the first. `seconds` is the time limit for dot.
    """

    def __init__(self, rankdir: str = "LR", seconds: float = SECONDS, dpi: float = DPI) -> None:
        self.rankdir: str = rankdir
        self.seconds: float = seconds
        self.dpi: float = dpi
        self._places: Places | None = None

    def digraph(self, scene: Scene, theme: Theme, with_caption: bool = True) -> Digraph:
        """Return a scene as DOT without positions."""
        pieces = [scene] if scene.columns else rows(scene)
        return digraph(joined(pieces), theme, self.rankdir, with_caption)

    def draw(self, scene: Scene, theme: Theme, format_: str, with_caption: bool = True) -> bytes:
        """Return a scene as the bytes of a file."""
        if format_ in ("gv", "dot") or not (scene.columns or len(rows(scene)) > 1):
            return self.draw_digraph(self.digraph(scene, theme, with_caption), format_)
        drawn, places = self.places(scene, theme)
        placed = digraph(drawn, theme, self.rankdir, with_caption, places)
        most = _PIXELS if self.dpi <= DPI else _MOST_PIXELS
        dpi = min(self.dpi, (most * 72**2 / (places.width * places.height)) ** 0.5)
        return render(str(placed.source), format_, placed=True, seconds=self.seconds, dpi=dpi)

    def places(self, scene: Scene, theme: Theme) -> tuple[Scene, Places]:
        """Return a scene with the operands that are drawn again, and the positions of all its parts."""
        pieces = [scene] if scene.columns else rows(scene)
        drawn = joined(pieces)._replace(cut=not scene.columns)
        if self._places is None and scene.columns:
            alone = digraph(scene._replace(arrows=[], frames=()), theme, self.rankdir, with_caption=False)
            self._places = in_columns(laid_out([str(alone.source)], self.seconds)[0], scene, self.rankdir)
        elif self._places is None:
            whole = pieces if len(pieces) > 1 else [drawn]
            parts = (digraph(piece, theme, self.rankdir, with_caption=False) for piece in whole)
            graphs = laid_out([str(part.source) for part in parts], self.seconds)
            self._places = stacked(graphs, self.rankdir)
        return drawn, self._places

    def draw_digraph(self, graph: Digraph, format_: str) -> bytes:
        """Return DOT, which may have been edited, as the bytes of a file; dot lays it out."""
        return render(str(graph.source), format_, seconds=self.seconds, dpi=self.dpi)
