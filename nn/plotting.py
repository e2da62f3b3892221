"""Plots of training and of what was learnt; each draws into matplotlib axes and gives them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import no_grad

from .data import Dataset
from .module import Module
from .training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POSITIVE, NEGATIVE = "#0072B2", "#D55E00"
TINT_POSITIVE, TINT_NEGATIVE = "#DCEBF5", "#FBE6DB"
INK, MUTE, LINE, PAPER = "#1F2933", "#52606D", "#9AA5B1", "#FFFFFF"


def _axes(axes: Axes | None) -> Axes:
    """The axes that were given, or new ones, without the frame's upper and right lines."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'chainwalk[plot]'") from error
    if axes is None:
        axes = Figure(figsize=(6, 4.5), layout="constrained").subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(which="both", color=LINE, labelcolor=MUTE)
    axes.title.set_color(INK)
    return axes


def plot_decision_boundary(
    model: Module, data: Dataset, axes: Axes | None = None, resolution: int = 60
) -> Axes:
    """Where a model of two inputs is positive (blue) and negative (vermilion), with the data.

    The line is where its output is 0. `resolution` is the number of grid points along each side.
    Raises ValueError for points of another width than 2, for no points and for fewer than 2 grid points.
    """
    _check_plane(data, resolution)
    axes = _axes(axes)
    sides = [_range([inputs[k] for inputs in data.inputs], resolution) for k in (0, 1)]
    with no_grad():
        heights = [[_number(model([x, y])) for x in sides[0]] for y in sides[1]]
    largest = max(abs(height) for row in heights for height in row) or 1.0
    axes.contourf(*sides, heights, levels=[-largest, 0, largest], colors=[TINT_NEGATIVE, TINT_POSITIVE])
    if min(map(min, heights)) < 0 < max(map(max, heights)):
        axes.contour(*sides, heights, levels=[0], colors=[INK], linewidths=1.5)
    for sign, colour, marker in ((-1, NEGATIVE, "s"), (1, POSITIVE, "o")):
        points = [p for p, t in zip(data.inputs, data.targets, strict=True) if t * sign > 0]
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], marker, ms=5, color=colour,
            markeredgecolor=PAPER, markeredgewidth=0.6, label="target −1" if sign < 0 else "target +1",
        )  # fmt: skip
    axes.set_aspect("equal")
    axes.set_xlabel("$x_0$", color=INK)
    axes.set_ylabel("$x_1$", color=INK)
    # Below the plane, where it hides neither points nor the line.
    axes.legend(
        frameon=False,
        labelcolor=INK,
        loc="upper right",
        bbox_to_anchor=(1, -0.05),
        ncols=2,
        columnspacing=1,
        handletextpad=0,
    )
    return axes


def _check_plane(data: Dataset, resolution: int) -> None:
    widths = {len(inputs) for inputs in data.inputs}
    if widths != {2}:
        given = f"not of {', '.join(map(str, sorted(widths)))}" if widths else "and at least one"
        raise ValueError(f"a decision boundary is drawn among points of 2 numbers, {given}")
    if resolution < 2:
        raise ValueError(f"resolution is at least 2, not {resolution!r}")


def plot_history(history: History, axes: Axes | None = None) -> Axes:
    """The loss of each epoch, on a logarithmic scale, and the accuracy beside it."""
    axes = _axes(axes)
    epochs = range(1, len(history.losses) + 1)
    axes.plot(epochs, history.losses, color=INK, lw=2)
    _logarithmic(axes, history.losses)
    axes.set_xlabel("epoch", color=INK)
    axes.set_ylabel("loss (line)", color=INK)
    right = axes.twinx()
    right.spines[["top", "left", "bottom"]].set_visible(False)
    right.spines["right"].set_color(LINE)
    right.tick_params(color=LINE, labelcolor=MUTE)
    right.plot(epochs, [100 * share for share in history.accuracies], color=MUTE, lw=2, ls=(0, (4, 1.5)))
    right.set_ylim(0, 102)
    right.set_ylabel("accuracy in % (dashes)", color=MUTE)
    return axes


def plot_gradient_flow(history: History, axes: Axes | None = None) -> Axes:
    """How long the gradient of each layer's parameters was in each epoch, on a logarithmic scale.

    Lines that part by orders of magnitude are a gradient that vanishes, or explodes, on its way
    from the last layer to the first.
    """
    axes = _axes(axes)
    count = max(1, len(history.gradients) - 1)
    for k, (name, lengths) in enumerate(history.gradients.items()):
        shade = 0.25 + 0.75 * k / count
        axes.plot(range(1, len(lengths) + 1), lengths, color=POSITIVE, alpha=shade, lw=2, label=name)
    _logarithmic(axes, [length for lengths in history.gradients.values() for length in lengths])
    axes.set_xlabel("epoch", color=INK)
    axes.set_ylabel("length of the gradient", color=INK)
    if history.gradients:
        axes.legend(frameon=False, labelcolor=INK)
    return axes


def _logarithmic(axes: Axes, numbers: list[float]) -> None:
    """A logarithmic scale, unless there is nothing above 0 to show on it."""
    if any(number > 0 for number in numbers):
        axes.set_yscale("log")


def _range(numbers: list[float], count: int) -> list[float]:
    """Evenly spaced numbers that reach a little beyond the smallest and the largest."""
    margin = 0.15 * (max(numbers) - min(numbers)) or 1.0
    low, high = min(numbers) - margin, max(numbers) + margin
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def _number(output: Any) -> float:
    return float(getattr(output, "data", output))
