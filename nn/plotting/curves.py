"""Plot a training run: loss and accuracy by epoch, and the gradient norm of each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.terminal import quoted

from ..training.history import History
from .style import INK, LINE, MUTE, NEGATIVE, POSITIVE, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES = (0, (4, 1.5))


def plot_history(history: History, axes: Axes | None = None) -> Axes:
    """Plot the loss of each epoch on a logarithmic scale, and the accuracy if there is one; return the axes.

    Validation data are vermilion; a dot marks the epoch whose weights early stopping restored.

    >>> from nn.plotting.style import new_figure
    >>> from nn.training.history import Epoch
    >>> _, axes = new_figure()
    >>> plot_history(History([Epoch(0.5), Epoch(0.25)]), axes).get_xlabel()
    'epoch'
    """
    if not isinstance(history, History):
        raise TypeError(f"plot_history takes the History that fit returns, got {quoted(history)}")
    axes = styled(axes)
    epochs = range(1, len(history.losses) + 1)
    axes.plot(epochs, history.losses, color=INK, lw=2, label="loss")
    if history.validation_losses:
        axes.plot(epochs, history.validation_losses, color=NEGATIVE, lw=2, label="validation loss")
    if history.best_epoch is not None:
        best = history.epochs[history.best_epoch].monitored
        axes.plot(history.best_epoch + 1, best, "o", ms=7, color=NEGATIVE, markeredgecolor="white", zorder=3)
    logarithmic(axes, history.losses + history.validation_losses)
    axes.set_xlabel("epoch", color=INK, loc="left")
    axes.set_ylabel("loss (line)", color=INK)
    if history.accuracies:
        _plot_accuracies(history, axes)
    if history.validation_losses:
        _legend_below(axes)
    return axes


def plot_gradient_flow(history: History, axes: Axes | None = None) -> Axes:
    """Plot the gradient norm of each layer by epoch, on a logarithmic scale; return the axes.

    Lines that differ by orders of magnitude show a gradient that vanishes, or explodes, between the
    last layer and the first.

    >>> from nn.plotting.style import new_figure
    >>> from nn.training.history import Epoch
    >>> _, axes = new_figure()
    >>> plot_gradient_flow(History([Epoch(0.5, gradients={"layers.0": 0.1})]), axes).get_ylabel()
    'gradient norm'
    """
    axes = styled(axes)
    count = max(1, len(history.gradients) - 1)
    for k, (name, lengths) in enumerate(history.gradients.items()):
        shade = 0.35 + 0.65 * k / count
        axes.plot(range(1, len(lengths) + 1), lengths, color=POSITIVE, alpha=shade, lw=2, label=name)
    logarithmic(axes, [length for lengths in history.gradients.values() for length in lengths])
    axes.set_xlabel("epoch", color=INK, loc="left")
    axes.set_ylabel("gradient norm", color=INK)
    if history.gradients:
        _legend_below(axes)
    return axes


def _plot_accuracies(history: History, axes: Axes) -> None:
    """Plot the accuracies in percent, dashed, on a second axis at the right."""
    right = axes.twinx()
    right.spines[["top", "left", "bottom"]].set_visible(False)
    right.spines["right"].set_color(LINE)
    right.tick_params(color=LINE, labelcolor=MUTE)
    validation = history.validation_metrics.get("accuracy", [])
    for shares, colour in ((history.accuracies, MUTE), (validation, NEGATIVE)):
        percent = [100 * share for share in shares]
        right.plot(range(1, len(percent) + 1), percent, color=colour, lw=1.6, ls=DASHES)
    right.set_ylim(0, 102)
    right.set_ylabel("accuracy in % (dashes)", color=MUTE)


def _legend_below(axes: Axes) -> None:
    """Add a legend beside the label of the axis, where it hides no line."""
    axes.legend(
        frameon=False, labelcolor=INK, loc="upper right", bbox_to_anchor=(1, -0.05), ncols=4, columnspacing=1
    )


def logarithmic(axes: Axes, numbers: list[float]) -> None:
    """Set a logarithmic scale with plain numbers, unless all numbers are 0 or less."""
    if any(number > 0 for number in numbers):
        from matplotlib.ticker import LogLocator, NullFormatter

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
        axes.yaxis.set_major_formatter(lambda number, _: f"{number:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
