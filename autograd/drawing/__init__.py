"""Draw computation graphs, with the gradients that flow backward through them."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypedDict, runtime_checkable

from ..backward_pass import BackwardPass, State, present_state
from ..graph import topological_order
from ..ops.operands import is_number
from ..terminal import kind_of, quoted
from ..value import Value

if TYPE_CHECKING:
    from graphviz import Digraph

    from .grouping import Grouped
    from .picture import Picture
    from .theme import Theme

__all__ = ["PictureOptions", "draw", "draw_dot"]

_DIRECTIONS = ("LR", "TB", "RL", "BT")


class PictureOptions(TypedDict, total=False):
    """The options of `draw`, for methods that pass them on."""

    theme: str | Theme | None
    rankdir: str
    constants: bool
    groups: Grouped | None
    collapse: str | None
    depth: int | None
    max_nodes: int
    title: str
    show: Collection[str]
    symbols: bool
    decimals: int | None
    legend: bool
    lang: str | None
    scale: float | None
    dpi: float | None
    timeout: float


@runtime_checkable
class Stepper(Protocol):
    """An object at a step of a recorded pass, such as `backprop()` returns."""

    recorded: BackwardPass
    done: int


def draw(
    *outputs: Value | BackwardPass | Stepper | Sequence[Value],
    step: int | None = None,
    theme: str | Theme | None = None,
    rankdir: str = "LR",
    constants: bool = True,
    groups: Grouped | None = None,
    collapse: str | None = None,
    depth: int | None = None,
    max_nodes: int = 300,
    title: str = "",
    show: Collection[str] = ("data", "grad", "local", "contribution"),
    symbols: bool = False,
    decimals: int | None = None,
    legend: bool = True,
    lang: str | None = None,
    scale: float | None = None,
    dpi: float | None = None,
    timeout: float = 30.0,
) -> Picture:
    """Return the picture of the graph that Values depend on, with the gradients its nodes hold now.

    Each box shows a value's operation, label, data and grad; each edge, once error has flowed back
    along it, the local derivative above the contribution. Several outputs, `draw(y1, y2)` or a
    list of them, are drawn together. `step` draws the graph after that step of the backward pass
    instead (-1: before it); `draw(bp)` draws the step at which a stepper is.

    Content: `show` is a collection of "data", "grad", "local" (derivatives) and "contribution";
    `symbols=True` shows local derivatives as formulas, `decimals` is the number of decimals,
    `constants=False` leaves out plain numbers, `title` replaces the caption, `legend=False` leaves
    out the legend, and `lang` is the language of legend and pages, "en" or "ja". `depth` limits
    the graph to the values within that many edges of the outputs.

    Appearance: `theme` is "light", "dark", "auto" (the viewer's preference; the default for pages)
    or a Theme of your own, `rankdir` the direction from operands to results, "LR", "TB", "RL" or
    "BT". `scale` is the number of image pixels per screen pixel, 2 by default; or give `dpi`.

    `groups`, an nn model, draws a network layer by layer, each neuron as a box with a line for each
    weight; `collapse="neuron"` draws neurons as boxes with their outputs, and edges with the signs
    and sizes of the weights, `collapse="layer"` one box for each layer. Other groups are frames
    around their values.

    A deep or large graph is drawn in rows, like lines of text; an operand that is far away is drawn
    again as a small box beside its consumer, and the operands of an operation of many, such as a long
    dot product, are a list in its box. `timeout` is the limit for dot in seconds.

    Raises TypeError if an output is not a Value, and ValueError for an invalid option and for more
    than `max_nodes` boxes, which would be unreadable.

    >>> x = Value(3.0, "x")
    >>> draw(x * x).source.count("->")
    2
    """
    from .grouping import Grouped
    from .picture import Picture  # here, so that importing autograd stays light
    from .scene import refuse_large
    from .theme import checked
    from .view import View

    theme = checked(theme)
    _refuse_options(rankdir, depth, show, decimals, lang, max_nodes, title)
    recorded, done = _recorded(outputs, max_nodes if collapse is None and depth is None else _LARGEST)
    step = done if step is None else step
    if groups is not None and not isinstance(groups, Grouped):
        raise TypeError(f"groups must be a model or have a method groups(), got {quoted(groups)}")
    view = View(
        constants=constants,
        groups=tuple(groups.groups()) if groups else (),
        collapse=collapse,
        depth=depth,
        title=title,
        max_nodes=max_nodes,
        show=frozenset(show),
        symbols=symbols,
        decimals=decimals,
        legend=legend,
        lang=lang,
        timeout=_above_0("timeout", "seconds", timeout),
        dpi=_dpi(scale, dpi),
    )
    state = present_state(recorded) if step is None else _state(recorded, step)
    picture = Picture(recorded, state, view, theme, rankdir)
    refuse_large(sum(box.kind != "constant" for box in picture.scene.boxes), max_nodes)
    return picture


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Digraph:
    """Return the picture of a graph as a `graphviz.Digraph`, as micrograd's `draw_dot` does.

    >>> draw_dot(Value(3.0, "x") * 2).format
    'svg'
    """
    graph = draw(root, rankdir=rankdir).digraph
    try:
        graph.format = format
    except (ValueError, AttributeError):
        raise ValueError(
            f"format must be one of Graphviz's, such as svg, png or pdf, got {quoted(format)}"
        ) from None
    return graph


_SHARPEST = 2_400
"""The most pixels per inch: twice as many take dot four times as long."""
_LARGEST = 200_000
"""The largest graph of which a part can be shown: recording more values would take minutes."""


def _refuse_options(
    rankdir: str,
    depth: int | None,
    show: Collection[str],
    decimals: int | None,
    lang: str | None,
    max_nodes: int,
    title: str,
) -> None:
    from .view import SHOWN
    from .words import LANGUAGES

    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(_DIRECTIONS)}, got {quoted(rankdir)}")
    for name, given in {"depth": depth, "max_nodes": max_nodes}.items():
        chosen = given is not None or name != "depth"
        if chosen and (isinstance(given, bool) or not isinstance(given, SupportsIndex)):
            raise TypeError(f"{name} must be an int, got {quoted(given)} of type {kind_of(given)}")
    if not isinstance(title, str):
        raise TypeError(f"title must be a str, got {quoted(title)} of type {kind_of(title)}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be a number of edges from the root, 0 or more, got {quoted(depth)}")
    if isinstance(show, str) or not isinstance(show, Collection) or not SHOWN.issuperset(show):
        raise ValueError(f"show must be a list of some of {', '.join(sorted(SHOWN))}, got {quoted(show)}")
    if decimals is not None and not (isinstance(decimals, int) and 0 <= decimals <= 17):
        raise ValueError(f"decimals must be an int from 0 to 17, got {quoted(decimals)}")
    if lang is not None and lang not in LANGUAGES:
        raise ValueError(f"lang must be one of {', '.join(LANGUAGES)}, got {quoted(lang)}")


def _above_0(name: str, unit: str, number: float, most: float = math.inf) -> float:
    if not is_number(number):
        raise TypeError(f"{name} must be a number of {unit}, got {quoted(number)} of type {kind_of(number)}")
    if not number > 0:
        raise ValueError(f"{name} must be a positive number of {unit}, got {quoted(number)}")
    if number > most:
        raise ValueError(f"{name} must be at most {most:,g} {unit}, got {quoted(number)}")
    return number


def _dpi(scale: float | None, dpi: float | None) -> float:
    from .dot_process import DPI

    if scale is not None and dpi is not None:
        raise ValueError("scale and dpi set the same thing: give one of them (scale=2 is dpi=192)")
    if scale is not None:
        return 96 * _above_0("scale", "pixels", scale, _SHARPEST / 96)
    return DPI if dpi is None else _above_0("dpi", "pixels per inch", dpi, _SHARPEST)


def _recorded(outputs: Sequence[Any], max_nodes: int) -> tuple[BackwardPass, int | None]:
    """Return the pass of the outputs to draw, and the current step if a stepper is given."""
    from .scene import refuse_large

    if len(outputs) == 1 and isinstance(outputs[0], list | tuple):
        outputs = outputs[0]
    if not outputs:
        raise TypeError("draw needs at least one Value to draw")
    first = outputs[0]
    if len(outputs) == 1 and not isinstance(first, Value):
        recorded, done = (first.recorded, first.done) if isinstance(first, Stepper) else (first, None)
        if isinstance(recorded, BackwardPass):
            refuse_large(len(recorded.order), max_nodes)
            return recorded, done
    for output in outputs:
        if isinstance(output, str | os.PathLike):
            path = quoted(os.fspath(output))
            raise TypeError(
                f"draw takes Values and returns the picture, which is saved by draw(y).save({path})"
            )
        if not isinstance(output, Value):
            raise TypeError(_no_value(output))
    order = topological_order(*outputs)
    refuse_large(len(order), max_nodes)
    # From zero, because the present grads may be the result of this very pass.
    return BackwardPass(order[-1], order=order, from_zero=True, others=outputs), None


def _no_value(item: object) -> str:
    """Return the message for an object that cannot be drawn."""
    from .grouping import Grouped

    if isinstance(item, Grouped) and callable(item):
        name = kind_of(item)
        return (
            f"draw takes a Value, not a model: call the {name} with an input and draw its output, "
            "as in draw(model([0.5, -1.0]), groups=model)"
        )
    return f"draw takes a Value, several of them, or a recorded backward pass, got {quoted(item)}"


def _state(recorded: BackwardPass, step: int) -> State:
    if isinstance(step, bool) or not isinstance(step, SupportsIndex):
        raise TypeError(f"step must be an int, got {quoted(step)} of type {kind_of(step)}")
    if not -1 <= step <= len(recorded.edges):
        raise ValueError(f"step must be -1 to {len(recorded.edges)}, got {quoted(step)}")
    return recorded.state(step)
