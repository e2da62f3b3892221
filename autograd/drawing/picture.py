"""A picture of a graph: to save, to show, to look into; in a notebook it shows itself."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..terminal import plural
from . import theme as themes
from .dot import digraph
from .parts import Scene
from .render import render
from .scene import at_rest

if TYPE_CHECKING:
    from pathlib import Path

    from graphviz import Digraph


class Picture:
    """One frame of a graph; `draw` makes it.

    >>> from autograd import Value, draw
    >>> picture = draw(Value(2.0, "x") * 3)
    >>> picture.source.splitlines()[0], picture.svg()[:5]
    ('digraph backprop {', '<?xml')
    """

    def __init__(
        self,
        scene: Scene,
        words: str,
        frames: Callable[[], list[Scene]],
        page: Callable[[], str],
        film: Callable[[], str],
        *,
        theme: str = "light",
        rankdir: str = "LR",
    ) -> None:
        self.scene, self.words, self.theme, self.rankdir = scene, words, theme, rankdir
        self._frames, self._page, self._film = frames, page, film

    @cached_property
    def digraph(self) -> Digraph:
        """The `graphviz.Digraph`, to be edited further before it is saved."""
        return digraph(self.scene, themes.THEMES[self.theme], self.rankdir)

    @property
    def source(self) -> str:
        """The DOT text: the same for the same expression, byte for byte."""
        return str(self.digraph.source)

    def svg(self) -> str:
        """The picture as SVG text; with the theme "auto" it follows the viewer's preference."""
        text = render(self.digraph, "svg").decode()
        return themes.automatic(text) if self.theme == "auto" else text

    def html(self) -> str:
        """The interactive page: one offline file that plays the whole backward pass."""
        return self._page()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save under a path whose suffix names the format; gives the path.

        svg, png, jpg, gv and json always, and html for the interactive page that plays the whole
        pass; pdf with an installed dot or the extra "pdf"; gif and apng, films of the pass, with
        the extra "animate"; others where the installed dot has them. Either the whole file is
        there afterwards or what was there before.
        Raises ValueError for a format that cannot be made, and OSError where the path cannot be
        written.
        """
        from pathlib import Path

        target = Path(path)
        format_ = target.suffix[1:].lower()
        if not format_:
            raise ValueError(
                f"{str(target)!r} needs a suffix that names the format: .svg, .png, .gv, .json ..."
            )
        write_whole(target, self._bytes(format_))
        return target

    def _bytes(self, format_: str) -> bytes:
        if format_ in ("html", "htm"):
            return self.html().encode()
        if format_ in ("gif", "apng"):
            return self._animated_image(format_)
        return self.svg().encode() if format_ == "svg" else render(self.digraph, format_)

    def _animated_image(self, format_: str) -> bytes:
        from .animation import animated_image

        theme = themes.THEMES[self.theme]
        scenes = self._frames()
        steps = len(scenes) - 2  # the first two are before the pass, and the root's own gradient
        scenes.append(at_rest(scenes[-1], f"backward pass complete: {plural(steps, 'chain-rule step')}"))
        frames = [render(digraph(scene, theme, self.rankdir), "png") for scene in scenes]
        return animated_image(frames, format_)

    def animate(self, path: str | os.PathLike[str]) -> Path:
        """Save the whole pass as a film: .svg (which plays itself, without a script), .gif or .apng."""
        from pathlib import Path

        target = Path(path)
        if target.suffix.lower() == ".svg":
            write_whole(target, self._film().encode())
            return target
        if target.suffix.lower() not in (".gif", ".apng"):
            raise ValueError(f"a film is .svg, .gif or .apng, not {target.suffix or target}")
        return self.save(target)

    def frames(self, folder: str | os.PathLike[str], format_: str = "svg") -> list[Path]:
        """Save one picture for each step of the pass, all of one geometry, as step_000.svg ..."""
        from pathlib import Path

        scenes = self._frames()
        Path(folder).mkdir(parents=True, exist_ok=True)
        digits = max(3, len(str(len(scenes))))
        return [
            self._with(scene).save(Path(folder) / f"step_{number:0{digits}d}.{format_}")
            for number, scene in enumerate(scenes)
        ]

    def _with(self, scene: Scene) -> Picture:
        """The same picture of another moment."""
        made = (scene, self.words, self._frames, self._page, self._film)
        return Picture(*made, theme=self.theme, rankdir=self.rankdir)

    def show(self) -> None:
        """Show it: below the cell of a notebook, else in the viewer for SVG files (the browser)."""
        if "ipykernel" in sys.modules:
            from IPython.display import display

            display(self)  # type: ignore[no-untyped-call, unused-ignore]
            return
        import tempfile
        import webbrowser
        from pathlib import Path

        path = self.save(Path(tempfile.mkdtemp(prefix="chainwalk-")) / "picture.svg")
        webbrowser.open(path.as_uri())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": self.words}

    def __repr__(self) -> str:
        return self.words


def write_whole(target: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it, nor loses what was there before."""
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent or ".", prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
