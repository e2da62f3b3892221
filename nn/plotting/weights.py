"""Plot small images in a grid: the weights of a layer, and examples such as digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.terminal import kind_of

from ..chains import first_neurons
from ..metrics import plain
from ..module import Module
from .style import INK, LINE, NEGATIVE, PAPER, POSITIVE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_weights(layer: Module, shape: tuple[int, int] | None = None, columns: int | None = None) -> Figure:
    """Plot the weights of each neuron as an image: blue for positive, vermilion for negative, paper for 0.

    For a layer, or the first layer of a model. `shape` is the images' (height, width), by default a
    square if possible, else one row. All images share one scale, shown beside them. Return the figure.
    Raises ValueError for a model without neurons and for a shape that does not fit their inputs.

    >>> from nn import Layer
    >>> figure = plot_weights(Layer(4, 3, rng=0))
    >>> sum(bool(axes.images) for axes in figure.axes)
    3
    """
    rows = [[weight.data for weight in neuron.weights] for neuron in first_neurons(layer)]
    if not rows:
        raise ValueError(f"{kind_of(layer)} has no neurons with weights to draw")
    largest = max(abs(weight) for row in rows for weight in row) or 1.0
    figure, shown = _grid(rows, shape, columns, [str(k) for k in range(len(rows))])
    for image in shown:
        image.set(cmap=_diverging(), clim=(-largest, largest))
    bar = figure.colorbar(shown[0], ax=figure.axes, shrink=0.8, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=LINE, labelcolor=INK)
    return figure


def plot_images(
    images: Sequence[Sequence[float]],
    titles: Sequence[object] | None = None,
    shape: tuple[int, int] | None = None,
    columns: int | None = None,
) -> Figure:
    """Plot examples, such as digits, as images: from paper for the smallest number to ink for the largest.

    `shape` is their (height, width), by default a square if possible, else one row; `titles` are shown
    above them. Return the figure. Raises ValueError for no images, for a different number of titles, and
    for a shape that does not fit.

    >>> figure = plot_images([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], titles=["a", "b"])
    >>> [axes.get_title() for axes in figure.axes]
    ['a', 'b']
    """
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(images)} images and {len(titles)} titles: give each image one")
    images = plain(list(images))
    figure, shown = _grid(images, shape, columns, [str(t) for t in titles or [""] * len(images)])
    smallest, largest = (choose(min_or_max for row in images for min_or_max in row) for choose in (min, max))
    for image in shown:
        image.set(cmap=_colours(PAPER, INK), clim=(smallest, largest if largest > smallest else smallest + 1))
    return figure


def _grid(
    rows: Sequence[Sequence[float]], shape: tuple[int, int] | None, columns: int | None, titles: list[str]
) -> tuple[Figure, list[Any]]:
    """Return a figure with every row of numbers as an image, and the images."""
    height, width = _shape(rows, shape)
    across = columns or min(len(rows), max(1, round((1.6 * len(rows) * height / width) ** 0.5)))
    down = -(-len(rows) // across)
    inches = 0.9 if width <= 2 * height else 1.8
    tall = (inches * height / width + (0.25 if any(titles) else 0.08)) * down
    figure, axes = new_figure(down, across, max(2.0, inches * across + 0.6), max(1.2, tall), squeeze=False)
    shown = []
    for k, cell in enumerate(axes.flat):
        cell.set(xticks=[], yticks=[])
        cell.spines[:].set(visible=k < len(rows), color=LINE, linewidth=0.5)
        if k < len(rows):
            image = [list(rows[k][start : start + width]) for start in range(0, height * width, width)]
            shown.append(cell.imshow(image, interpolation="nearest"))
            cell.set_title(titles[k], fontsize=8, color=INK, pad=2)
    return figure, shown


def _shape(rows: Sequence[Sequence[float]], shape: tuple[int, int] | None) -> tuple[int, int]:
    """Return the height and width of the images. Raises ValueError for rows that do not fit."""
    if not rows:
        raise ValueError("there are no images to draw: give at least one")
    sizes = {len(row) for row in rows}
    size = min(sizes)
    side = round(size**0.5)
    height, width = shape or ((side, side) if side * side == size else (1, size))
    if sizes != {height * width}:
        given = ", ".join(map(str, sorted(sizes)))
        raise ValueError(f"images of {height} x {width} need {height * width} numbers each, got {given}")
    return height, width


def _diverging() -> Any:
    return _colours(NEGATIVE, PAPER, POSITIVE)


def _colours(*stops: str) -> Any:
    """Return a colour map through these colours."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("", stops)
