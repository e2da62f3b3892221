"""Plot a sweep: every run's loss by epoch, with the best one highlighted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..training.sweeping import Sweep, Trial
from .curves import logarithmic
from .style import HIGHLIGHT, INK, MUTE, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_sweep(sweep: Sweep, axes: Axes | None = None) -> Axes:
    """Plot the loss of every run by epoch, on validation data if there are any; return the axes.

    The best run is drawn thick, and its setting is the title; a cross ends a run that diverged.
    """
    axes = styled(axes)
    for trial in sweep.trials:
        losses = [epoch.monitored for epoch in trial.history.epochs]
        epochs = range(1, len(losses) + 1)
        best = trial is sweep.best
        axes.plot(epochs, losses, color=INK if best else MUTE, lw=2.4 if best else 1, alpha=1 if best else 0.45,
                  zorder=3 if best else 2, label=_setting(trial) if best else None)  # fmt: skip
        if trial.problem and losses:
            axes.plot(len(losses), losses[-1], "x", color=HIGHLIGHT, ms=8, mew=2, zorder=4)
    logarithmic(axes, [epoch.monitored for trial in sweep.trials for epoch in trial.history.epochs])
    axes.set_xlabel("epoch", color=INK, loc="left")
    axes.set_ylabel("loss", color=INK)
    axes.set_title(f"best of {len(sweep.trials)}: {_setting(sweep.best)}", color=INK, loc="left", fontsize=10)
    return axes


def _setting(trial: Trial) -> str:
    return ", ".join(f"{name} {item:g}" if isinstance(item, float) else f"{name} {item}"
                     for name, item in trial.setting.items())  # fmt: skip
