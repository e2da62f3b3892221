"""Neural networks on scalars: neurons, layers and perceptrons whose every number can be looked at."""

from .data import Dataset, moons
from .init import he, uniform, xavier
from .layers import MLP, Layer, Neuron
from .losses import hinge, squared_error
from .module import Module
from .optimisers import SGD
from .plotting import plot_decision_boundary, plot_gradient_flow, plot_history
from .training import History, accuracy, fit, gradient_lengths

__all__ = [
    "MLP",
    "SGD",
    "Dataset",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "accuracy",
    "fit",
    "gradient_lengths",
    "he",
    "hinge",
    "moons",
    "plot_decision_boundary",
    "plot_gradient_flow",
    "plot_history",
    "squared_error",
    "uniform",
    "xavier",
]
