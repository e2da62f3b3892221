"""The picture of a graph, which can be saved, shown and inspected; in a notebook it shows itself."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..backward_pass import BackwardPass, State
from ..files import write_atomically
from ..terminal import plural, progress_bar, quoted, show
from . import theme as themes
from .network import network_scene
from .parts import Scene
from .scene import at_rest, caption_of, refuse_large
from .sheet import Sheet
from .text import scene_table, table
from .view import View

if TYPE_CHECKING:
    from pathlib import Path

    from graphviz import Digraph

    from .inline import Player

_TOLD = 5_000
"""The largest graph whose steps a page lists while it shows a part of the values."""


class Picture:
    """One state of a recorded backward pass as a picture, as `draw` returns it.

    >>> from autograd import Value, draw
    >>> picture = draw(Value(2.0, "x") * 3)
    >>> picture.source.splitlines()[0], picture.svg()[:5]
    ('digraph backprop {', '<?xml')
    """

    def __init__(
        self,
        recorded: BackwardPass,
        state: State,
        view: View = View(),  # noqa: B008 (immutable)
        theme: str | themes.Theme | None = None,
        rankdir: str = "LR",
    ) -> None:
        self.recorded: BackwardPass = recorded
        self.state: State = state
        self._view: View = view
        self.theme: str | themes.Theme | None = theme
        self.rankdir: str = rankdir

    @cached_property
    def scene(self) -> Scene:
        """Return the boxes, arrows and words of the picture, before layout."""
        return network_scene(self.recorded, self.state, self._view)

    @property
    def _colours(self) -> themes.Theme:
        return self.theme if isinstance(self.theme, themes.Theme) else themes.THEMES[self.theme or "light"]

    @cached_property
    def _sheet(self) -> Sheet:
        return Sheet(self.rankdir, self._view.timeout, self._view.dpi)

    @cached_property
    def digraph(self) -> Digraph:
        """Return the `graphviz.Digraph`, which can be edited before the picture is saved.

        A picture in rows whose digraph has been edited is laid out by dot in one piece.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0, "x") * 3).digraph.name
        'backprop'
        """
        return self._sheet.digraph(self.scene, self._colours)

    def _drawn(self, format_: str) -> bytes:
        """Return the picture as the bytes of a file, with the edits made to its digraph."""
        if "digraph" in vars(self) and self.source != self._sheet.digraph(self.scene, self._colours).source:
            return self._sheet.draw_digraph(self.digraph, format_)
        return self._sheet.draw(self.scene, self._colours, format_)

    @property
    def source(self) -> str:
        """Return the DOT source, which is identical for identical expressions.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0, "x") * 3).source.splitlines()[0]
        'digraph backprop {'
        """
        return str(self.digraph.source)

    def svg(self) -> str:
        """Return the picture as SVG; with the theme "auto" it follows the viewer's preference.

        >>> from autograd import Value, draw
        >>> "<svg" in draw(Value(2.0, "x") * 3).svg()
        True
        """
        text = self._drawn("svg").decode()
        return themes.automatic(text) if self.theme == "auto" else text

    def html(self) -> str:
        """Return the interactive page: one offline file that plays the whole backward pass.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0, "x") * 3).html()[:15]
        '<!doctype html>'
        """
        from .page import page

        part = self._view.collapse is not None or self._view.depth is not None
        self._refuse_large(max(self._view.max_nodes, _TOLD) if part else self._view.max_nodes)
        opening = len(self.recorded.edges) + 1 if self.state.done is None else self.state.done
        recorded = self.recorded
        if len(recorded.outputs) > 1:  # a page plays the pass of one root: of their sum
            total = sum([recorded.order[k] for k in recorded.outputs[1:]], recorded.order[recorded.outputs[0]])
            total.label = "sum of the outputs"
            recorded = BackwardPass(total, from_zero=True)
        return page(recorded, opening, self._view.plainly(), self.theme or "auto", self.rankdir)

    def animated_svg(self) -> str:
        """Return the whole pass as an SVG that plays by itself, without a script; it shows every value."""
        from .animation import animated_svg

        self._refuse_large(self._view.max_nodes)
        whole = self._view.plainly()._replace(collapse=None, depth=None)
        return animated_svg(self.recorded, whole, self.theme or "auto", self.rankdir)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the picture to a path whose suffix selects the format; return the path.

        svg, png, jpg, gv, json, tex (TikZ, for LaTeX), mmd (Mermaid, for Markdown) and html (the
        interactive page that plays the whole pass) are always available; pdf needs an installed dot or
        the extra "pdf", gif and apng (animations of the pass) the extra "animate"; others need an
        installed dot that supports them. The file is replaced atomically.

        Raises ValueError for a format that cannot be made, and OSError where the path cannot be
        written.

        >>> import tempfile
        >>> from autograd import Value, draw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(2.0, "x") * 3).save(f"{folder}/y.gv").name
        'y.gv'
        """
        from pathlib import Path

        target = Path(path)
        format_ = target.suffix[1:].lower()
        if not format_:
            raise ValueError(
                f"{quoted(str(target), 500)} needs a suffix that selects the format: .svg, .png, .gv, .json ..."
            )
        return write_atomically(target, self._bytes(format_))

    def _bytes(self, format_: str) -> bytes:
        if format_ in ("html", "htm"):
            return self.html().encode()
        if format_ in ("gif", "apng"):
            return self._animated_image(format_)
        if format_ == "tex":
            from .tikz import tikz

            return tikz(self.scene, self._sheet, self._colours).encode()
        if format_ in ("mmd", "mermaid"):
            from .mermaid import mermaid

            return mermaid(self.scene, self.rankdir).encode()
        return self.svg().encode() if format_ == "svg" else self._drawn(format_)

    def _animated_image(self, format_: str) -> bytes:
        from .animation import animated_image, pillow

        pillow()  # before the pictures are drawn, which takes seconds
        scenes = self._scenes()
        title = f"backward pass complete: {plural(len(self.recorded.edges), 'chain-rule step')}"
        change = caption_of(self.recorded, self.recorded.state(-1), self._view.lang or "en")[1]
        scenes.append(at_rest(scenes[-1], title, change))
        sheet = Sheet(self.rankdir, self._view.timeout, self._view.dpi / 2)  # for a plain screen
        pictures = []
        with progress_bar(len(scenes), "drawing") as report:
            for each in scenes:
                pictures.append(sheet.draw(each, self._colours, "png"))
                report(len(pictures), format_)
        return animated_image(pictures, format_)

    def animate(self, path: str | os.PathLike[str]) -> Path:
        """Save the whole pass as an animation; return the path.

        The suffix selects the format: .svg (which plays without a script), .gif or .apng. Raises
        ValueError for another one, and ImportError for .gif and .apng without Pillow.

        >>> import tempfile
        >>> from autograd import Value, draw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(2.0, "x") * 3).animate(f"{folder}/y.svg").name
        'y.svg'
        """
        from pathlib import Path

        target = Path(path)
        if target.suffix.lower() == ".svg":
            return write_atomically(target, self.animated_svg().encode())
        if target.suffix.lower() not in (".gif", ".apng"):
            raise ValueError(f"an animation must be .svg, .gif or .apng, got {target.suffix or target}")
        return self.save(target)

    def frames(self, folder: str | os.PathLike[str], format: str = "svg") -> list[Path]:
        """Save one picture for each step of the pass, all of the same size; return their paths.

        They are called step_000.svg, step_001.svg ... in the folder, which is created if missing.

        >>> import tempfile
        >>> from autograd import Value, draw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in draw(Value(2.0, "x") * 3).frames(folder)]
        ['step_000.svg', 'step_001.svg', 'step_002.svg']
        """
        from pathlib import Path

        self._refuse_large(self._view.max_nodes)
        steps = range(-1, len(self.recorded.edges) + 1)
        digits = max(3, len(str(len(steps))))
        paths = []
        with progress_bar(len(steps), "drawing") as report:
            for number, done in enumerate(steps):
                paths.append(self._at(done).save(Path(folder) / f"step_{number:0{digits}d}.{format}"))
                report(number + 1, paths[-1].name)
        return paths

    def _at(self, done: int) -> Picture:
        """Return the same picture after `done` steps."""
        other = Picture(self.recorded, self.recorded.state(done), self._view, self.theme, self.rankdir)
        other._sheet = self._sheet
        return other

    def _scenes(self) -> list[Scene]:
        self._refuse_large(self._view.max_nodes)
        states = map(self.recorded.state, range(-1, len(self.recorded.edges) + 1))
        return [network_scene(self.recorded, state, self._view) for state in states]

    def _refuse_large(self, most: int) -> None:
        refuse_large(len(self.recorded.order), most, "a page or an animation shows all of them")

    def pipe(self, format: str = "svg") -> bytes:
        """Return the picture in a format as bytes, like `graphviz.Digraph.pipe`.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0, "x") * 3).pipe("gv")[:7]
        b'digraph'
        """
        return self._bytes(format.lower())

    def render(self, path: str | os.PathLike[str], format: str | None = None, view: bool = False) -> Path:
        """Save the picture, and open it if `view` is true, like `graphviz.Digraph.render`; return the path.

        A `format` is appended to the path as its suffix; without one the path's own suffix selects it.

        >>> import tempfile
        >>> from autograd import Value, draw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(2.0, "x") * 3).render(f"{folder}/y", format="gv").name
        'y.gv'
        """
        import webbrowser

        saved = self.save(path if format is None else f"{os.fspath(path)}.{format}")
        if view:
            webbrowser.open(saved.resolve().as_uri())
        return saved

    def player(self, height: int = 720) -> Player:
        """Return the interactive page for the cell of a notebook; `height` is in pixels."""
        from .inline import Player

        return Player(self.html(), repr(self), height)

    def view(self) -> None:
        """Show the picture, like `graphviz.Digraph.view`."""
        self.show()

    def show(self) -> None:
        """Show the picture below the cell of a notebook, or else in the browser, and print its path."""
        show(self, self.save, "picture.svg")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        if self._view.collapse or self._view.depth is not None:
            return scene_table(self.scene)
        return table(self.recorded, self.state)
