"""Plots in the plane of two inputs: points, decision boundaries, hyperplanes of neurons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

from autograd import no_grad
from autograd.terminal import kind_of, quoted

from ..chains import first_neurons
from ..data.dataset import Dataset, as_dataset
from ..metrics import are_classes, as_list, border, mode, plain
from ..module import Module
from .style import CLASSES, INK, MARKERS, NEGATIVE, PAPER, POSITIVE, TINT_NEGATIVE, TINT_POSITIVE, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Model = Callable[[Sequence[Any]], Any]


class Landscape(NamedTuple):
    """The outputs of a model over a grid of points."""

    xs: list[float]
    ys: list[float]
    heights: list[list[list[float]]]
    """Indexed by output, y and x."""


def plot_decision_boundary(
    model: Model,
    data: Any,
    targets: Any = None,
    axes: Axes | None = None,
    resolution: int = 60,
    threshold: float | None = None,
) -> Axes:
    """Plot the regions and decision boundaries of a model of two inputs, with the data; return the axes.

    The data are given as `plot_decision_boundary(model, X, y)` or `(model, dataset)`. One output: blue
    above the threshold (0, or 0.5 for a sigmoid), vermilion below it. Several outputs: the colour of the
    largest. `resolution` is the number of grid points along each side. Raises ValueError for points of
    another width than 2, for no points, for fewer than 2 grid points, and for several outputs with
    targets that are not class numbers.

    >>> from nn import MLP, moons
    >>> from nn.plotting.style import new_figure
    >>> _, axes = new_figure()
    >>> plot_decision_boundary(MLP(2, [1], rng=0), moons(10, rng=0), axes, resolution=5).get_xlabel()
    '$x_0$'
    """
    data, axes = _arranged(data, targets, axes)
    axes = styled(axes)
    found = landscape(model, data, resolution)
    draw_regions(axes, found, border(model, data.inputs[0]) if threshold is None else threshold)
    draw_points(axes, data, classes=len(_outputs(model, data)) > 1)
    return axes


def plot_hyperplanes(model: Module, data: Any, targets: Any = None, axes: Axes | None = None) -> Axes:
    """Plot the hyperplane of each neuron with two inputs, where its weighted sum is 0; return the axes.

    For a neuron, a perceptron, a layer, or the first layer of a model. The arrow has the direction of
    the weights, in which the sum is positive. Raises ValueError for points of another width than 2,
    and for a model without such neurons.

    >>> from nn import Layer, moons
    >>> from nn.plotting.style import new_figure
    >>> _, axes = new_figure()
    >>> plot_hyperplanes(Layer(2, 3, rng=0), moons(10, rng=0), axes).get_xlabel()
    '$x_0$'
    """
    data, axes = _arranged(data, targets, axes)
    check_plane(data)
    axes = styled(axes)
    draw_points(axes, data, classes=len(set(data.targets)) > 2 and are_classes(data.targets, len(CLASSES)))
    xs, ys = (_span([inputs[k] for inputs in data.inputs]) for k in (0, 1))
    neurons = first_neurons(model)
    if not neurons or any(len(neuron.weights) != 2 for neuron in neurons):
        raise ValueError(f"{kind_of(model)} has no neurons with two inputs to draw")
    for k, neuron in enumerate(neurons):
        normal, offset = [weight.data for weight in neuron.weights], neuron.bias.data
        place = k / (len(neurons) - 1) - 0.5 if len(neurons) > 1 else 0.0
        _draw_line(axes, normal, offset, (xs, ys), place, str(k) if len(neurons) > 1 else "")
    axes.set_xlim(xs)
    axes.set_ylim(ys)
    return axes


def _arranged(data: Any, targets: Any, axes: Any) -> tuple[Dataset, Any]:
    """Return the data and the axes of plot(model, data, axes) and of plot(model, X, y, axes)."""
    if hasattr(targets, "contourf"):
        targets, axes = None, targets
    return as_dataset(data, targets), axes


_FINEST = 2_000
"""The limit for the grid points along each side: the model is called for each of their pairs."""


def landscape(model: Model, data: Dataset, resolution: int) -> Landscape:
    """Return a model's outputs, in evaluation mode, over a grid that is slightly larger than the data."""
    check_plane(data)
    is_whole = isinstance(resolution, SupportsIndex) and not isinstance(resolution, bool)
    if not (is_whole and 2 <= resolution.__index__() <= _FINEST):
        raise ValueError(f"resolution must be an int from 2 to {_FINEST:,}, got {quoted(resolution)}")
    xs, ys = (_range(_span([inputs[k] for inputs in data.inputs]), resolution) for k in (0, 1))
    with no_grad(), mode(model, training=False):
        rows = [[as_list(plain(model([x, y]))) for x in xs] for y in ys]
    return Landscape(xs, ys, [[[out[k] for out in row] for row in rows] for k in range(len(rows[0][0]))])


def draw_regions(axes: Axes, found: Landscape, threshold: float = 0.0) -> None:
    """Tint every region by the model's prediction there, and draw the boundaries."""
    if len(found.heights) == 1:
        heights = [[height - threshold for height in row] for row in found.heights[0]]
        # Each is the difference between a class and the best of the others.
        leads, colours = [heights], [TINT_NEGATIVE, TINT_POSITIVE]
        largest = max(abs(height) for row in heights for height in row) or 1.0
        axes.contourf(found.xs, found.ys, heights, levels=[-largest, 0, largest], colors=colours)
    else:
        leads = _leads(found.heights)
        for lead, colour in zip(leads, CLASSES, strict=False):
            if max(map(max, lead)) > 0:
                axes.contourf(found.xs, found.ys, lead, levels=[0, max(map(max, lead))], colors=[_tint(colour)])
    for lead in leads:
        if min(map(min, lead)) < 0 < max(map(max, lead)):
            axes.contour(found.xs, found.ys, lead, levels=[0], colors=[INK], linewidths=1.5)


def draw_points(axes: Axes, data: Dataset, classes: bool = False) -> None:
    """Draw the data as points, each class with its own colour and marker, and a legend below."""
    for key, colour, marker in _kinds(data.targets, classes):
        points = [p for p, t in zip(data.inputs, data.targets, strict=True) if _kind(t, classes) == key]
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], marker, ms=5, color=colour,
            markeredgecolor=PAPER, markeredgewidth=0.6, label=_name(key, data.targets, classes),
        )  # fmt: skip
    axes.set_aspect("equal")
    axes.set_xlabel("$x_0$", color=INK, loc="left")  # beside the legend
    axes.set_ylabel("$x_1$", color=INK)
    # Below the plane, where it hides neither points nor the line.
    axes.legend(
        frameon=False, labelcolor=INK, loc="upper right", bbox_to_anchor=(1, -0.05), ncols=5,
        columnspacing=1, handletextpad=0,
    )  # fmt: skip


def check_plane(data: Dataset) -> None:
    """Raise ValueError for points that are not in a plane."""
    widths = {len(inputs) for inputs in data.inputs}
    if widths != {2}:
        given = f"not of {', '.join(map(str, sorted(widths)))}" if widths else "and at least one"
        raise ValueError(f"a decision boundary is drawn among points of 2 numbers, {given}")


def _outputs(model: Model, data: Dataset) -> list[float]:
    """Return the outputs for the first point. Raises ValueError if the targets are not their numbers."""
    with no_grad(), mode(model, training=False):
        found = as_list(plain(model(data.inputs[0])))
    if len(found) > 1 and not are_classes(data.targets, len(found)):
        raise ValueError(f"{len(found)} outputs need targets that are ints from 0 to {len(found) - 1}")
    if len(found) > len(CLASSES):
        raise ValueError(f"{len(found)} outputs are more than the {len(CLASSES)} colours there are")
    return found


def _leads(heights: list[list[list[float]]]) -> list[list[list[float]]]:
    """Return, for each output, its difference from the largest of the others."""
    others = [[*heights[:k], *heights[k + 1 :]] for k in range(len(heights))]
    return [
        [
            [own - max(rest[y][x] for rest in others[k]) for x, own in enumerate(row)]
            for y, row in enumerate(plane)
        ]
        for k, plane in enumerate(heights)
    ]


def _tint(colour: str) -> str:
    """Return a light tint of a colour, as the background of points in the full colour."""
    parts = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - 0.18 * (255 - part)):02X}" for part in parts)


def _kind(target: float, classes: bool) -> int:
    """Return the class of a target: its own number, or its sign."""
    return int(target) if classes else int(target > 0)


def _kinds(targets: Sequence[float], classes: bool) -> list[tuple[int, str, str]]:
    if not classes:
        return [(0, NEGATIVE, "s"), (1, POSITIVE, "o")]
    return [(k, CLASSES[k], MARKERS[k]) for k in sorted({int(target) for target in targets})]


def _name(kind: int, targets: Sequence[float], classes: bool) -> str:
    if classes or set(targets) <= {0, 1}:
        return f"target {kind}"
    return "target +1" if kind else "target −1"


def _draw_line(
    axes: Axes, normal: Sequence[float], offset: float, spans: tuple[Any, Any], place: float, name: str
) -> None:
    """Draw the line normal . x + offset = 0 and an arrow along the normal; nothing if it is 0.

    The arrow starts in the middle of the visible part of the line, shifted by `place` times its length,
    so that those of several lines do not overlap.
    """
    length = (normal[0] ** 2 + normal[1] ** 2) ** 0.5
    if length == 0:
        return
    unit = normal[0] / length, normal[1] / length
    centre = [(low + high) / 2 for low, high in spans]
    distance = (normal[0] * centre[0] + normal[1] * centre[1] + offset) / length
    foot, along = [c - distance * u for c, u in zip(centre, unit, strict=True)], (-unit[1], unit[0])
    axes.axline((foot[0], foot[1]), (foot[0] + along[0], foot[1] + along[1]), color=INK, lw=1.5)
    start, end = _seen(foot, along, spans)
    if start >= end:
        return
    way = start + (0.5 + 0.8 * place) * (end - start)
    tail = foot[0] + way * along[0], foot[1] + way * along[1]
    size = min(high - low for low, high in spans)
    tip, beyond = ([x + far * size * u for x, u in zip(tail, unit, strict=True)] for far in (0.11, 0.145))
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (tip[0], tip[1]), tail, arrowprops=arrow)
    axes.text(
        beyond[0], beyond[1], name, color=INK, ha="center", va="center", fontsize=9, clip_on=True,
        bbox={"boxstyle": "circle,pad=0.15", "fc": PAPER, "ec": "none", "alpha": 0.8} if name else None,
    )  # fmt: skip


def _seen(foot: Sequence[float], along: Sequence[float], spans: tuple[Any, Any]) -> tuple[float, float]:
    """Return the ends of the visible part of a line through `foot`, in multiples of `along`."""
    start, end = float("-inf"), float("inf")
    for x, d, (low, high) in zip(foot, along, spans, strict=True):
        if d:
            ends = sorted(((low - x) / d, (high - x) / d))
            start, end = max(start, ends[0]), min(end, ends[1])
        elif not low <= x <= high:
            return 0.0, 0.0
    return start, end


def _span(numbers: list[float]) -> tuple[float, float]:
    """Return the range of the numbers, slightly enlarged."""
    margin = 0.15 * (max(numbers) - min(numbers)) or 1.0
    return min(numbers) - margin, max(numbers) + margin


def _range(span: tuple[float, float], count: int) -> list[float]:
    return [span[0] + (span[1] - span[0]) * k / (count - 1) for k in range(count)]
