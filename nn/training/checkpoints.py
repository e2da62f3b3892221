"""Checkpoints: everything that a run of training needs to go on exactly where it was, in one file."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from autograd.files import write_atomically

from ..module import Module

VERSION = 2


class Part(Protocol):
    """Something whose state can be taken as plain lists and dicts, and given back."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: Mapping[str, Any], /) -> Any: ...


class Checkpoint:
    """Where `fit` keeps its state, and how often: after every n-th epoch, and after the last.

    The file is JSON, in which every float is exact. It is replaced whole or not at all, so a
    program that is killed at any moment leaves a usable one. With `resume`, a file that is there
    already is where the run goes on; without, the run begins anew and replaces it. The data and
    the functions handed to `fit` are not in it, but what tells them is: hand over the same, or the
    error lists what differs. Epochs may be added, and callbacks changed. Raises ValueError for
    `every` below 1.

    >>> Checkpoint("run.json", every=5)
    Checkpoint('run.json', every=5, resume=True)
    """

    def __init__(self, path: str | os.PathLike[str], *, every: int = 1, resume: bool = True) -> None:
        if every < 1:
            raise ValueError(f"a checkpoint is written after every epoch or every few, not every {every!r}")
        self.path, self.every, self.resume = Path(path), every, resume

    def save(self, parts: Mapping[str, Part]) -> None:
        """Write the state of every part."""
        kinds = {name: type(part).__name__ for name, part in parts.items()}
        text = json.dumps({k: {"kind": kinds[k], "state": part.state_dict()} for k, part in parts.items()})
        head = json.dumps({"chainwalk checkpoint": VERSION, "sha256": _digest(text)})
        write_atomically(self.path, f'{head[:-1]}, "state": {text}}}\n'.encode())

    def load(self, parts: Mapping[str, Part]) -> bool:
        """Give every part its state back; False if there is nothing to resume from.

        Raises ValueError for a file that is damaged, is no checkpoint, or is that of another run;
        then no part has changed.
        """
        if not (self.resume and self.path.exists()):
            return False
        state = self._read()
        self._compare(state, parts)
        before = {name: part.state_dict() for name, part in parts.items()}
        try:
            for name, part in parts.items():
                part.load_state_dict(state[name]["state"])
        except Exception as error:
            for changed, saved in before.items():
                parts[changed].load_state_dict(saved)
            raise ValueError(f"{self.path} does not fit this run: {name}: {error}. {_ADVICE}") from error
        return True

    def _read(self) -> dict[str, Any]:
        """The state in the file, as it was written."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self.path} is not a whole checkpoint: {error}. {_ADVICE}") from error
        if not isinstance(content, dict) or content.keys() != {"chainwalk checkpoint", "sha256", "state"}:
            raise ValueError(f"{self.path} is not a checkpoint of this library. {_ADVICE}")
        if content["chainwalk checkpoint"] != VERSION:
            version = content["chainwalk checkpoint"]
            raise ValueError(f"{self.path} has version {version!r}, but this reads {VERSION}. {_ADVICE}")
        if content["sha256"] != _digest(json.dumps(content["state"])):
            raise ValueError(f"{self.path} is damaged: its content is not what its checksum says. {_ADVICE}")
        state: dict[str, Any] = content["state"]
        return state

    def _compare(self, state: dict[str, Any], parts: Mapping[str, Part]) -> None:
        """Refuse the checkpoint of a run that had other parts."""
        there = {name: part["kind"] for name, part in state.items()}
        here = {name: type(part).__name__ for name, part in parts.items()}
        different = [name for name in {**there, **here} if there.get(name) != here.get(name)]
        if different:
            told = ", ".join(f"{name} ({there.get(name)} there, {here.get(name)} here)" for name in different)
            raise ValueError(f"{self.path} is of another run; they differ in {told}. {_ADVICE}")

    def __repr__(self) -> str:
        return f"Checkpoint({str(self.path)!r}, every={self.every}, resume={self.resume})"


class Generators:
    """The generators of random numbers in a run, its own and those inside the model, as one part.

    >>> rng = random.Random(0)
    >>> generators = Generators(rng, Module())
    >>> state, number = generators.state_dict(), rng.random()
    >>> generators.load_state_dict(state)
    >>> rng.random() == number
    True
    """

    def __init__(self, rng: random.Random, model: Module) -> None:
        self._generators = {"": rng}
        for name, found in _generators_in(model):
            if all(found is not known for known in self._generators.values()):
                self._generators[name] = found

    def state_dict(self) -> dict[str, Any]:
        """The state of each, under its name in the model; the run's own under the empty name."""
        return {name: _listed(generator.getstate()) for name, generator in self._generators.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take what `state_dict` gave."""
        if state.keys() != self._generators.keys():
            raise ValueError(f"it has generators at {[*state]}, and this run at {[*self._generators]}")
        for name, generator in self._generators.items():
            version, numbers, gauss = state[name]
            generator.setstate((version, tuple(numbers), gauss))


def _generators_in(model: Module) -> Iterator[tuple[str, random.Random]]:
    for name, module in model.named_modules():
        for key, attribute in vars(module).items():
            if isinstance(attribute, random.Random):
                yield f"{name}.{key}" if name else key, attribute


def _listed(state: tuple[Any, ...]) -> list[Any]:
    return [list(part) if isinstance(part, tuple) else part for part in state]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_ADVICE = "Give another path, or Checkpoint(path, resume=False) to begin anew; nothing was changed"
