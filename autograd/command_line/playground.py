"""`chainwalk playground`: make a page from the name of a data set, or from a file of points."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

from ..terminal import quoted

_MOST_LAYERS, _MOST_NEURONS = 8, 64
_MADE = ("moons", "circles", "xor", "spirals")


def run(options: argparse.Namespace) -> Path:
    """Save the page and return its path. Raises ValueError for an invalid data set or network."""
    nn = importlib.import_module("nn")  # by name: the engine's packages import nothing that is built on them
    made = options.data in _MADE
    data = _made(nn, options) if made else _read(nn, options.data)
    try:
        widths = [int(word) for word in options.layers.split(",") if word.strip()]
    except ValueError:
        raise ValueError(f"--layers must be a list of ints such as 8,8, got {quoted(options.layers)}") from None
    if len(widths) > _MOST_LAYERS or any(not 1 <= width <= _MOST_NEURONS for width in widths):
        raise ValueError(f"--layers must have at most {_MOST_LAYERS} layers of 1 to {_MOST_NEURONS} neurons")
    model = nn.MLP(2, [*widths, 1], rng=options.seed)
    optimiser = nn.SGD(model, lr=0.03)
    noise = {"noise": options.noise, "source": options.data} if made else {}
    page = nn.playground(model, data, optimiser=optimiser, seed=options.seed, **noise)
    saved: Path = page.save(options.save)
    return saved


def _made(nn: Any, options: argparse.Namespace) -> Any:
    return getattr(nn, options.data)(options.points, options.noise, rng=options.seed)


def _read(nn: Any, path: str) -> Any:
    if not Path(path).is_file():
        raise ValueError(f"{quoted(path, 500)} is neither a data set ({', '.join(_MADE)}) nor a file")
    data = nn.load_csv(path)
    classes = sorted({*data.targets})
    if len(classes) == 2:  # one side of the plane is negative, the other positive
        data = nn.Dataset(data.inputs, [-1.0 if target == classes[0] else 1.0 for target in data.targets])
    return data
