"""The playground: a network on the plane that is trained in the browser and shows its backward pass."""

from __future__ import annotations

import os
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import Any

from autograd import TABLE
from autograd.drawing.bundle import bundled
from autograd.drawing.inline import Player
from autograd.drawing.javascript import definitions
from autograd.drawing.page import as_json, colours, filled
from autograd.files import write_atomically
from autograd.ops.language import NotTranslatableError
from autograd.terminal import kind_of, quoted

from ..data.dataset import Dataset, as_dataset
from ..layers import MLP
from ..losses import binary_cross_entropy_with_logits, loss_function
from ..optimisers import SGD, Adam, Optimiser
from ..training.defaults import usual_loss, usual_optimiser
from .network import record_network

_FOLDER = Path(__file__).parent / "page"
ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "leaky_relu", "gelu", "softplus")
"""The activations that can be selected in the page."""
FEATURES = ("x1", "x2", "x1²", "x2²", "x1 x2", "sin x1", "sin x2")
"""The features of a point (x1, x2) that can be inputs of a network."""


class Playground:
    """A page with a network to train, as `playground` returns it; in a notebook it shows itself.

    >>> from nn import MLP, moons
    >>> playground(MLP(2, [4, 1], rng=0), moons(20, rng=0)).html()[:15]
    '<!doctype html>'
    """

    def __init__(self, html: str, words: str) -> None:
        self._html, self._words = html, words

    def html(self) -> str:
        """Return the page: one offline file."""
        return self._html

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the page to a path that ends in .html; return the path.

        Raises ValueError for another suffix, and OSError if the file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a playground must be saved as .html, got {quoted(target.suffix or target.name)}")
        return write_atomically(target, self._html.encode())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return Player(self._html, self._words, 720)._repr_mimebundle_(include, exclude)

    def __repr__(self) -> str:
        return self._words


def playground(
    model: Any,
    data: Any,
    targets: Any = None,
    loss: Any = None,
    optimiser: Any = None,
    *,
    lr: float | None = None,
    batch_size: int | None = 10,
    features: Sequence[str] = ("x1", "x2"),
    seed: int = 0,
    source: str = "",
    noise: float = 0.1,
    record: Any = None,
    theme: str = "auto",
) -> Playground:
    """Return a page in which a multilayer perceptron is trained on points of the plane.

    The page trains with the recorded graph of the model and the table's rules in JavaScript: with the
    same seed, data and number of steps its weights are those of
    `fit(model, data, loss=loss, optimiser=optimiser, batch_size=batch_size, rng=seed)`. Layers,
    activation, data and other settings can be changed in the page; for any point it plays the forward
    pass, the backward pass and the update through the network.

    `features` are the model's inputs, computed from a point (x1, x2); `source` names the data set
    ("moons", "circles", "xor", "spirals") that generated `data`, with `noise` and `seed`; `record`
    is a `Recording` of a training to play. The model is not changed.

    Raises TypeError for a model that is not an MLP; ValueError for more than one output, for inputs
    that are not points of the plane, and for operations that JavaScript cannot compute.

    >>> from nn import MLP, moons
    >>> playground(MLP(2, [4, 1], rng=0), moons(20, rng=0))
    Playground(MLP 2 -> 4 -> 1, 20 points, mse_loss, Adam)
    """
    points = as_dataset(data, targets)
    _check(model, points, features)
    chosen = usual_loss(model, Dataset([_inputs_for(row, features) for row in points.inputs], points.targets))
    function = loss_function(chosen if loss is None else loss)
    stepping = usual_optimiser(model, optimiser, lr)
    settings = _optimiser(stepping)
    graph = record_network(model, function)
    try:
        ops = {**graph.ops, **{each: TABLE[each] for each in ACTIVATIONS if each in TABLE}}
        rules = definitions(ops.values())
    except NotTranslatableError as error:
        raise ValueError(f"this model cannot be trained in a page: {error}") from None
    sizes = [len(layer.neurons) for layer in model.layers]
    halves = {*points.targets} <= {0, 1} and function is not binary_cross_entropy_with_logits
    content = {
        "network": graph.network,
        "loss": graph.loss,
        "lossName": getattr(function, "__name__", "loss"),
        "parameters": [float(value.data) for value in model.parameters()],
        "points": {"inputs": points.inputs, "targets": [float(target) for target in points.targets]},
        "source": source,
        "noise": noise,
        "seed": seed,
        "features": list(features),
        "widths": sizes,
        "activations": [layer.neurons[0].activation for layer in model.layers],
        "known": list(ACTIVATIONS),
        "batch": batch_size or 0,
        "centre": 0.5 if halves else 0.0,
        "binary": {*points.targets} <= {0, 1},
        "record": record.content() if record is not None else None,
        "theme": theme,
        **settings,
    }
    html = filled(
        (_FOLDER / "playground.html").read_text(encoding="utf-8"),
        bundled("playground.js", {"operations.js": rules}, _FOLDER),
        {
            "style": colours() + (_FOLDER / "playground.css").read_text(encoding="utf-8"),
            "data": as_json(content),
        },
    )
    words = f"{model.describe()}, {points.size} points, {content['lossName']}, {kind_of(stepping)}"
    return Playground(html, f"Playground(MLP {words})")


def _check(model: Any, data: Dataset, features: Sequence[str]) -> None:
    if not isinstance(model, MLP):
        raise TypeError(f"a playground takes an MLP, got {kind_of(model)}")
    outputs = len(model.layers[-1].neurons)
    if outputs != 1:
        raise ValueError(f"a playground needs a model with one output, got {outputs} outputs")
    if not data.size or any(len(row) != 2 for row in data.inputs):
        raise ValueError("a playground needs points of a plane: give inputs of two numbers each")
    if any(isinstance(target, Sized) for target in data.targets):
        raise ValueError("a playground needs one number as each target")
    unknown = [name for name in features if name not in FEATURES]
    if unknown:
        raise ValueError(f"features must be some of {', '.join(FEATURES)}, got {quoted(unknown[0])}")
    inputs = len(model.layers[0].neurons[0].weights)
    if inputs != len(features):
        raise ValueError(f"the model takes {inputs} inputs, but there are {len(features)} features")


def _inputs_for(point: Sequence[float], features: Sequence[str]) -> list[float]:
    """Return the inputs for a point; only their number matters."""
    return [*point, *[0.0] * len(features)][: len(features)]


def _optimiser(stepping: Optimiser) -> dict[str, Any]:
    """Return the optimiser's settings for the page. Raises ValueError for one that the page lacks."""
    common = {"rate": stepping.lr, "decay": stepping.weight_decay}
    if type(stepping) is SGD and not stepping.nesterov:
        return {"optimiser": "SGD", "momentum": stepping.momentum, **common}
    if type(stepping) is Adam:
        return {"optimiser": "Adam", "betas": stepping.betas, "eps": stepping.eps, **common}
    raise ValueError(f"the optimiser of a playground must be SGD or Adam, got {quoted(stepping)}")
