"""Show the interactive page in the cell of a notebook."""

from __future__ import annotations

from typing import Any

from ..terminal import quoted


class Player:
    """A page in an iframe `height` pixels high, which is the output of a notebook's cell.

    Raises ValueError for a height that is not a positive int.

    >>> Player("<p>", "a page", height=0)
    Traceback (most recent call last):
    ...
    ValueError: height must be a positive int, in pixels, got 0
    """

    def __init__(self, page: str, words: str, height: int) -> None:
        if isinstance(height, bool) or not isinstance(height, int) or height < 1:
            raise ValueError(f"height must be a positive int, in pixels, got {quoted(height)}")
        self.page: str = page
        self.words: str = words
        self.height: int = height

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        inside = (
            self.page.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
        )
        style = f"width:100%;height:{self.height}px;border:1px solid #9AA5B1;border-radius:6px"
        allowed = 'sandbox="allow-scripts allow-downloads"'
        frame = f'<iframe {allowed} title="backprop" style="{style}" srcdoc="{inside}"></iframe>'
        return {"text/html": frame, "text/plain": self.words}

    def __repr__(self) -> str:
        return self.words
