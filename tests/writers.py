"""Everything that writes a file, as functions of the path: for tests of what happens when writing fails."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nn
from autograd import Value, compile, draw
from autograd.checking import check_gradients
from tests.checking import million


def root():
    return Value(2.0, "x") * 3.0


@cache
def picture():
    return draw(root())


@cache
def animation():
    from nn.plotting import style

    figure, axes = style.new_figure(width=1, height=1)
    film = nn.Film(figure)
    for k in range(3):
        axes.plot([0, 1], [0, k])
        film.add()
    return film


@cache
def playground():
    return nn.playground(nn.MLP(2, [2, 1], rng=random.Random(0)), nn.moons(8, rng=0))


@cache
def report():
    return check_gradients(lambda x: x * 3, 1.5)


def save_checkpoint(path):
    rng = random.Random(0)
    data = nn.Dataset([[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0])
    nn.fit(nn.MLP(2, [2, 1], rng=rng), data, "mse_loss", epochs=30, rng=rng, checkpoint=path)


def save_block(path):
    million._keep(path, million.Block("tame", 3, million.BLOCK, 0, 0, 1.5, []), 1)


def save_code(path):
    assert compile(lambda x: x * 3, cache=path.parent)(2.0) == 6.0


FORMATS = ["svg", "png", "jpg", "pdf", "gv", "json", "html", "gif", "apng", "tex", "mmd"]
WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "model": (".safetensors", lambda path: nn.save(nn.MLP(2, [2, 1], rng=random.Random(0)), path)),
    "checkpoint": (".json", save_checkpoint),
    "blocks": (".jsonl", save_block),
    "figures": (".gif", lambda path: animation().save(path)),
    "playground": (".html", lambda path: playground().save(path)),
    "report": (".html", lambda path: report().save(path)),
    "stepper": (".svg", lambda path: root().backprop().save(path)),
    **{format_: (f".{format_}", lambda path: picture().save(path)) for format_ in FORMATS},
    **{f"animated {k}": (f".{k}", lambda path: picture().animate(path)) for k in ("svg", "gif", "apng")},
}
"""Functions by name, each with the suffix of its path."""


APPENDING = {"checkpoint", "blocks"}
"""The writers that append to their file as well as replacing it."""


def is_whole(name: str, path: Path, expected: bytes) -> bool:
    """Return whether a file of a writer is complete: some contain the time, or more than one line."""
    content = path.read_bytes()
    if name == "checkpoint":
        return bool(nn.Checkpoint(path)._read())
    if name == "blocks":
        return not content or len(million._kept(path, 1)) == 1
    if name == "pdf":
        return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    return content == expected
