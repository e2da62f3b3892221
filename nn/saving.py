"""Parameters in safetensors files, which PyTorch and others read, and which execute no code on loading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from autograd.files import LARGEST, read_whole, write_atomically
from autograd.locks import uninterrupted
from autograd.nested import flatten
from autograd.terminal import brief, printable, quoted

from .chains import sequential_names
from .module import Module, tensors
from .state import Mismatch, shape, write

FLOATS = ("float16", "float32", "float64")
NAMES = ("own", "sequential")
_LARGEST_HEADER = 100_000_008
"""As the format says."""


def save(model: Module, path: str | os.PathLike[str], *, names: str = "own") -> Path:
    """Write the parameters of a model to a safetensors file, in float64, atomically.

    The names are the model's own, or with `names="sequential"` those of an equivalent
    `torch.nn.Sequential` (see `sequential_names`). Raises ValueError for other `names`; ImportError
    without the extra "save".

    >>> import random, tempfile
    >>> from nn import MLP
    >>> model, other = MLP(2, [1], rng=random.Random(0)), MLP(2, [1], rng=random.Random(1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(other, save(model, Path(folder, "model.safetensors")))
    Mismatch(missing_keys=[], unexpected_keys=[])
    >>> other.state_dict() == model.state_dict()
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"save takes the model first, as in save(model, path), got {quoted(model)}")
    numpy, safetensors = _packages()
    renaming = _renaming(model, names)
    arrays = {}
    for name, tree in model.state_dict().items():
        if shape(tree) == "uneven":
            raise ValueError(f"{brief(name)} has rows of different lengths, which a tensor cannot hold")
        arrays[renaming.get(name, name)] = numpy.array(tree, dtype=numpy.float64)
    return write_atomically(path, safetensors.save(arrays))


def load(model: Module, path: str | os.PathLike[str], *, names: str = "own", strict: bool = True) -> Mismatch:
    """Load the parameters in a safetensors file (float64, float32 or float16) into a model.

    A float32 is converted exactly, so a result that PyTorch computed in float32 is
    computed here in float64, and agrees to about 7 digits. Raises ValueError for a file that is
    damaged or does not fit (with `strict`, all names must agree), naming the fault, and
    ImportError without the extra "save"; the model is then unchanged.
    """
    if not isinstance(model, Module):
        raise TypeError(f"load takes the model first, as in load(model, path), got {quoted(model)}")
    renaming = _renaming(model, names)
    own = {renaming.get(name, name): tensor for name, tensor in tensors(model).items()}
    content = read_whole(path, _largest(own, strict))
    try:
        return write(own, _arrays(content), strict)
    except ValueError as error:
        raise ValueError(f"{printable(str(path))}: {brief(error, 1000)}") from error


def _largest(own: dict[str, Any], strict: bool) -> int:
    """Return the maximum size in bytes of a file for these tensors; without `strict` there may be others."""
    return (
        _LARGEST_HEADER + 8 * sum(len(flatten(tree)[0]) for tree in own.values()) + (0 if strict else LARGEST)
    )


def _arrays(content: bytes) -> dict[str, Any]:
    numpy, safetensors = _packages()
    try:
        arrays: dict[str, Any] = safetensors.load(content)
    except KeyError as error:  # a dtype that numpy does not have
        raise ValueError(f"it has numbers of dtype {error}: {_allowed()}") from error
    except Exception as error:  # the package's own error is not a ValueError
        raise ValueError(f"this is not a complete safetensors file: {error}") from error
    for name, array in arrays.items():
        if array.dtype.name not in FLOATS:
            raise ValueError(f"{brief(name)} has numbers of dtype {array.dtype.name}: {_allowed()}")
    return {name: array.astype(numpy.float64) for name, array in arrays.items()}


def _allowed() -> str:
    return f"save it as {', '.join(FLOATS[:-1])} or {FLOATS[-1]}"


def _renaming(model: Module, names: str) -> dict[str, str]:
    if names not in NAMES:
        raise ValueError(f"names must be one of {', '.join(map(repr, NAMES))}, got {quoted(names)}")
    return sequential_names(model) if names == "sequential" else {}


def _packages() -> tuple[Any, Any]:
    """Import numpy and the safetensors functions for it."""
    try:
        with uninterrupted():  # or Ctrl-C may be an ImportError, or leave half of numpy
            import numpy
            import safetensors.numpy
    except ImportError as error:
        raise ImportError("safetensors files need two packages: pip install 'chainwalk[save]'") from error
    return numpy, safetensors.numpy
