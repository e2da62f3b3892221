"""Pictures of computation graphs, with the error that flows backward through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from ..backward_pass import BackwardPass, State, present_state
from ..graph import topological_order
from ..terminal import quoted
from ..value import Value

if TYPE_CHECKING:
    from .grouping import Grouped
    from .picture import Picture

__all__ = ["PictureOptions", "draw"]

_DIRECTIONS = ("LR", "TB", "RL", "BT")


class PictureOptions(TypedDict, total=False):
    """The options of `draw`, for methods that pass them on."""

    theme: str | None
    rankdir: str
    constants: bool
    groups: Grouped | None
    collapse: str | None
    depth: int | None
    max_nodes: int
    title: str
    timeout: float


def draw(
    root: Value | BackwardPass,
    *,
    step: int | None = None,
    theme: str | None = None,
    rankdir: str = "LR",
    constants: bool = True,
    groups: Grouped | None = None,
    collapse: str | None = None,
    depth: int | None = None,
    max_nodes: int = 300,
    title: str = "",
    timeout: float = 30.0,
) -> Picture:
    """Return the picture of the graph that a Value depends on, with the gradients its nodes hold now.

    Each box has a value's operation, label, data and grad; each edge, once error has flowed back
    along it, the local derivative over the contribution. `step` shows instead the moment after
    that step of the backward pass (-1: before it). `theme` is "light", "dark" or "auto" (as the
    viewer prefers; the default for pages), `rankdir` the direction from operands to results,
    `constants=False` leaves plain numbers out, `title` replaces the caption.

    `groups`, an nn model, puts a frame around every neuron and layer; `collapse="neuron"` or
    `"layer"` makes each of them one box with the error that arrives at it. `depth` shows only the
    values within that many edges of the root. The page of a picture shows the same boxes at every
    step; an animated SVG shows every value.

    A graph that is deep or large is drawn in rows, like lines of text, and an operand that is far
    away is drawn again beside its consumer as a small box. `timeout` is how many seconds dot may
    take. Raises ValueError for more than `max_nodes` boxes, which cannot be read.

    >>> x = Value(3.0, "x")
    >>> draw(x * x).source.count("->")
    2
    """
    from .picture import Picture  # here, so that importing autograd stays light
    from .scene import View, refuse_large

    _refuse_options(theme, rankdir, depth)
    if not timeout > 0:
        raise ValueError(f"timeout is a number of seconds greater than 0, not {timeout!r}")
    recorded = _recorded(root, max_nodes if collapse is None and depth is None else _LARGEST)
    if groups is not None and not hasattr(groups, "groups"):
        raise TypeError(f"groups takes a model, whose layers and neurons are framed, not {groups!r}")
    found = tuple(groups.groups()) if groups else ()
    view = View(constants, found, collapse, depth, title, max_nodes, timeout=timeout)
    state = present_state(recorded) if step is None else _state(recorded, step)
    picture = Picture(recorded, state, view, theme, rankdir)
    refuse_large(sum(box.kind != "constant" for box in picture.scene.boxes), max_nodes)
    return picture


_LARGEST = 200_000
"""Values of which a part can be shown: more would take minutes to record."""


def _refuse_options(theme: str | None, rankdir: str, depth: int | None) -> None:
    from .theme import THEMES

    if theme is not None and theme not in THEMES:
        raise ValueError(f"theme is one of {', '.join(THEMES)}, not {quoted(theme)}")
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir is one of {', '.join(_DIRECTIONS)}, not {quoted(rankdir)}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth is a number of edges from the root, not {depth!r}")


def _recorded(root: Value | BackwardPass, max_nodes: int) -> BackwardPass:
    from .scene import refuse_large

    if isinstance(root, BackwardPass):
        refuse_large(len(root.order), max_nodes)
        return root
    if not isinstance(root, Value):
        raise TypeError(f"draw takes a Value or a recorded backward pass, not {root!r}")
    order = topological_order(root)
    refuse_large(len(order), max_nodes)
    return BackwardPass(root, order=order, from_zero=True)  # the grads there may be of this very pass


def _state(recorded: BackwardPass, step: int) -> State:
    if not -1 <= step <= len(recorded.edges):
        raise ValueError(f"step is from -1 to {len(recorded.edges)}, not {step!r}")
    return recorded.state(step)
