"""Neural networks on scalars: neurons, layers and perceptrons in which every number can be inspected.

>>> from nn import MLP, accuracy, fit
>>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
>>> model = MLP(2, [4, 1], rng=0)
>>> fit(model, X, y, rng=0)
History(100 epochs, loss 0.7... -> 0.0..., accuracy 100.0%)
>>> accuracy(model, X, y), model([1.0, 0.0]).data > 0
(1.0, True)

The most used names:

    MLP(2, [8, 8, 1])       a model; Neuron, Layer, Sequential, Dropout, Autoencoder, a Module of your own
    fit(model, X, y)        training: loss=, optimiser=, lr=, epochs=, batch_size=, validation=, compiled=
    accuracy(model, X, y)   the fraction of correct predictions; evaluate, mse_loss, cross_entropy ...
    SGD(model, lr=0.1)      optimisers for a loop of your own: loss.backward(), step(), zero_grad()
    plot_history(history)   plots, as plot_decision_boundary(model, X, y)
    moons(200)              synthetic data; Dataset(X, y), load_csv, digits, standardise
    save(model, path)       a file that PyTorch reads; load
    layerwise_errors        the error as it passes the layers; Perceptron, k_means, compare_updates
"""

from typing import TYPE_CHECKING, Any

import autograd

if not hasattr(autograd, "Value"):  # another package of that name was imported
    from autograd.guidance.clash import replaced

    raise ImportError(replaced())

from .chains import sequential_names
from .init import he, uniform, xavier
from .layers import MLP, Layer, Neuron
from .losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber_loss,
    kl_divergence,
    l1_loss,
    mse_loss,
)
from .metrics import Evaluation, accuracy, binary_accuracy, class_accuracy, evaluate
from .models import Activation, Autoencoder, Dropout, Sequential, Softmax
from .module import Module
from .optimisers import SGD, Adam, AdamW, Optimiser, RMSprop, clip_grad_norm_
from .schedules import CosineAnnealingLR, ExponentialLR, ReduceLROnPlateau, Schedule, StepLR, WarmUp
from .state import Mismatch

if TYPE_CHECKING:
    from .data.dataset import Dataset, Standardiser, standardise
    from .data.loading import digits, load_csv
    from .data.synthetic import blobs, circles, logic_gate, moons, spirals, xor
    from .interactive import Playground, Recording, playground
    from .lecture.clustering import Clusters, k_means, k_means_by_gradient, plus_plus
    from .lecture.layerwise import (
        LayerError,
        LayerErrors,
        gradient_lengths,
        layerwise_errors,
        layerwise_update,
    )
    from .lecture.perceptron import Correction, Lesson, Perceptron, mistake_bound
    from .lecture.updates import UpdateComparison, compare_updates
    from .plotting import (
        BoundaryFilm,
        Film,
        plot_codes,
        plot_decision_boundary,
        plot_gradient_flow,
        plot_history,
        plot_hyperplanes,
        plot_images,
        plot_sweep,
        plot_weights,
    )
    from .saving import load, save
    from .training.checkpoints import Checkpoint
    from .training.compiled_model import CompiledModel, compile_model
    from .training.divergence import DivergenceError
    from .training.fit import fit
    from .training.history import Epoch, History
    from .training.stopping import EarlyStopping
    from .training.sweeping import Sweep, Trial, grid, sweep

_TOOLS = {
    "data.dataset": "Dataset Standardiser standardise",
    "data.loading": "digits load_csv",
    "data.synthetic": "blobs circles logic_gate moons spirals xor",
    "interactive": "Playground Recording playground",
    "lecture.clustering": "Clusters k_means k_means_by_gradient plus_plus",
    "lecture.layerwise": "LayerError LayerErrors gradient_lengths layerwise_errors layerwise_update",
    "lecture.perceptron": "Correction Lesson Perceptron mistake_bound",
    "lecture.updates": "UpdateComparison compare_updates",
    "plotting": "BoundaryFilm Film plot_codes plot_decision_boundary plot_gradient_flow plot_history "
    "plot_hyperplanes plot_images plot_sweep plot_weights",
    "saving": "load save",
    "training.checkpoints": "Checkpoint",
    "training.compiled_model": "CompiledModel compile_model",
    "training.divergence": "DivergenceError",
    "training.fit": "fit",
    "training.history": "Epoch History",
    "training.stopping": "EarlyStopping",
    "training.sweeping": "Sweep Trial grid sweep",
}
"""The names that are imported when they are first used, by module: models and losses need none of them."""

if not TYPE_CHECKING:  # a type checker would accept every name

    def __getattr__(name: str) -> Any:
        """Import a tool at the first use of its name; for a name of another library say what to use here."""
        from autograd.guidance.tools import tool

        return tool(__name__, name, _TOOLS)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "MLP",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Autoencoder",
    "BoundaryFilm",
    "Checkpoint",
    "Clusters",
    "CompiledModel",
    "Correction",
    "CosineAnnealingLR",
    "Dataset",
    "DivergenceError",
    "Dropout",
    "EarlyStopping",
    "Epoch",
    "Evaluation",
    "ExponentialLR",
    "Film",
    "History",
    "Layer",
    "LayerError",
    "LayerErrors",
    "Lesson",
    "Mismatch",
    "Module",
    "Neuron",
    "Optimiser",
    "Perceptron",
    "Playground",
    "RMSprop",
    "Recording",
    "ReduceLROnPlateau",
    "Schedule",
    "Sequential",
    "Softmax",
    "Standardiser",
    "StepLR",
    "Sweep",
    "Trial",
    "UpdateComparison",
    "WarmUp",
    "accuracy",
    "binary_accuracy",
    "binary_cross_entropy_with_logits",
    "blobs",
    "circles",
    "class_accuracy",
    "clip_grad_norm_",
    "compare_updates",
    "compile_model",
    "cross_entropy",
    "digits",
    "evaluate",
    "fit",
    "gradient_lengths",
    "grid",
    "he",
    "hinge",
    "huber_loss",
    "k_means",
    "k_means_by_gradient",
    "kl_divergence",
    "l1_loss",
    "layerwise_errors",
    "layerwise_update",
    "load",
    "load_csv",
    "logic_gate",
    "mistake_bound",
    "moons",
    "mse_loss",
    "playground",
    "plot_codes",
    "plot_decision_boundary",
    "plot_gradient_flow",
    "plot_history",
    "plot_hyperplanes",
    "plot_images",
    "plot_sweep",
    "plot_weights",
    "plus_plus",
    "save",
    "sequential_names",
    "spirals",
    "standardise",
    "sweep",
    "uniform",
    "xavier",
    "xor",
]
