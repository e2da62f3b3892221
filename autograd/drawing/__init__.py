"""Pictures of computation graphs, with the error that flows backward through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..backward_pass import BackwardPass, State, present_state
from ..graph import topological_order
from ..value import Value

if TYPE_CHECKING:
    from .picture import Picture

__all__ = ["draw"]

_DIRECTIONS = ("LR", "TB", "RL", "BT")


def draw(
    root: Value | BackwardPass,
    *,
    step: int | None = None,
    theme: str | None = None,
    rankdir: str = "LR",
    constants: bool = True,
    max_nodes: int = 300,
    title: str = "",
) -> Picture:
    """The picture of the graph that a Value depends on, with the gradients its nodes hold now.

    Each box has a value's operation, label, data and grad; each edge, once error has flowed back
    along it, the local derivative over the contribution. `step` shows instead the moment after
    that step of the backward pass (-1: before it). `theme` is "light", "dark" or "auto" (as the
    viewer prefers; the default for pages), `rankdir` the direction from operands to results,
    `constants=False` leaves plain numbers out, `title` replaces the caption. Raises ValueError for a graph of more than
    `max_nodes` values, which nobody could read.

    >>> x = Value(3.0, "x")
    >>> draw(x * x).source.count("->")
    2
    """
    from .page import page
    from .picture import Picture  # here, so that importing autograd stays light
    from .scene import frames, room_for_titles, scene
    from .text import table
    from .theme import THEMES

    if theme is not None and theme not in THEMES:
        raise ValueError(f"theme is one of {', '.join(THEMES)}, not {theme!r}")
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir is one of {', '.join(_DIRECTIONS)}, not {rankdir!r}")
    recorded = root if isinstance(root, BackwardPass) else _recorded(root, max_nodes)
    _refuse_large(len(recorded.order), max_nodes)
    state = present_state(recorded) if step is None else _state(recorded, step)
    shown = scene(recorded, state, constants)
    if step is not None:
        shown = shown._replace(room=room_for_titles(recorded))
    opening = len(recorded.edges) if step is None else step
    return Picture(
        shown._replace(title=title) if title else shown,
        table(recorded, state),
        lambda: frames(recorded, constants),
        lambda: page(recorded, opening, theme or "auto", rankdir, constants),
        theme=theme or "light",
        rankdir=rankdir,
    )


def _recorded(root: Value, max_nodes: int) -> BackwardPass:
    if not isinstance(root, Value):
        raise TypeError(f"draw takes a Value or a recorded backward pass, not {root!r}")
    _refuse_large(len(topological_order(root)), max_nodes)
    return BackwardPass(root)


def _refuse_large(count: int, most: int) -> None:
    if count > most:
        raise ValueError(
            f"a graph of {count:,} values is more than anybody can read (max_nodes={most}): "
            f"draw a smaller part, or pass max_nodes={count} if you mean it"
        )


def _state(recorded: BackwardPass, step: int) -> State:
    if not -1 <= step <= len(recorded.edges):
        raise ValueError(f"step is from -1 to {len(recorded.edges)}, not {step!r}")
    return recorded.state(step)
