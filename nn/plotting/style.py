"""The common style of the plots: the colours of the pictures, thin axes, dark ink."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autograd import THEMES
from autograd.locks import uninterrupted
from autograd.terminal import in_notebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT = THEMES["light"]
POSITIVE, NEGATIVE = LIGHT.pos, LIGHT.neg
TINT_POSITIVE, TINT_NEGATIVE = LIGHT.tint_pos, LIGHT.tint_neg
INK, MUTE, LINE, PAPER = LIGHT.ink, LIGHT.mute, LIGHT.line, LIGHT.paper
HIGHLIGHT = LIGHT.now

CLASSES = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#7B5EA7",
    "#8C6D31",
    "#3E4C59",
    "#A6761D",
)
"""The colours of the classes: M. Okabe and K. Ito's colour-blind-safe ones, then four darker ones."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
"""The markers of the classes, so that they differ in more than colour."""


def new_figure(
    rows: int = 1, columns: int = 1, width: float = 6.0, height: float = 4.5, **options: Any
) -> tuple[Figure, Any]:
    """Return a figure with rows and columns of styled axes, and the axes (one, or an array of them).

    Sizes are in inches; the options, such as `sharex` and `width_ratios`, are those of matplotlib's
    `Figure.subplots`. Raises ImportError, naming the extra, without matplotlib.

    >>> figure, axes = new_figure(1, 2, width=8, sharey=True)
    >>> axes.shape
    (2,)
    """
    try:
        with uninterrupted():  # Ctrl-C would leave half of numpy
            from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'chainwalk[plot]'") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, **options)
    for each in figure.axes:
        styled(each)
    return figure, axes


def _shown_figure() -> Any:
    """Return the axes of a new pyplot figure, which `plt.show()` or a notebook displays."""
    if sys.modules.get("matplotlib.pyplot") or in_notebook():
        with suppress(ImportError):
            import matplotlib.pyplot as plt

            return styled(plt.figure(figsize=(6.0, 4.5), layout="constrained").subplots())
    return new_figure()[1]


def styled(axes: Axes | None = None) -> Axes:
    """Return the given axes, or new ones, in the common style."""
    if axes is None:
        return _shown_figure()  # type: ignore[no-any-return]
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(which="both", color=LINE, labelcolor=MUTE)
    for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
        text.set_color(INK)
    return axes
