"""Plots of training and of trained models; each draws into matplotlib axes and returns them."""

from .animation import BoundaryFilm, Film
from .codes import plot_codes
from .curves import plot_gradient_flow, plot_history
from .plane import plot_decision_boundary, plot_hyperplanes
from .sweeps import plot_sweep
from .weights import plot_images, plot_weights

__all__ = [
    "BoundaryFilm",
    "Film",
    "plot_codes",
    "plot_decision_boundary",
    "plot_gradient_flow",
    "plot_history",
    "plot_hyperplanes",
    "plot_images",
    "plot_sweep",
    "plot_weights",
]
