"""Checkpoints: the complete state of a training run in one file, from which it resumes exactly."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from autograd.files import Stamp, append_line, read_whole, stamp, write_atomically
from autograd.terminal import brief, kind_of, listed, printable, quoted

from ..module import Module
from .history import History
from .interruption import completed

VERSION = 3


class Part(Protocol):
    """An object whose state can be saved as plain lists and dicts, and restored."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: Mapping[str, Any], /) -> Any: ...


class Checkpoint:
    """The file in which `fit` saves its state, after every `every` epochs and after the last.

    The file consists of lines of JSON, in which every float is exact. The first line has the number of
    bytes that follow and their checksum, the second a complete state. Each further line is a later
    state with only the epochs since the previous line, so that the time for a checkpoint does not
    grow with the number of epochs; the first line is updated when the new one is on the disk. When the
    further lines are longer than the second, the file is replaced atomically. So a program that is
    killed at any moment leaves a file to resume from, and a truncated or damaged file is detected.

    With `resume`, a run continues from an existing file; without, it starts from the beginning and
    replaces the file. The data and functions passed to `fit` are not saved, but a description of them
    is: pass the same ones, or an error lists the differences. The number of epochs and the callbacks
    may change. Raises ValueError for `every` below 1.

    >>> Checkpoint("run.json", every=5)
    Checkpoint('run.json', every=5, resume=True)
    """

    def __init__(self, path: str | os.PathLike[str], *, every: int = 1, resume: bool = True) -> None:
        if every < 1:
            raise ValueError(f"every must be a number of epochs, 1 or more, got {quoted(every)}")
        self.path: Path = Path(path)
        self.every: int = every
        self.resume: bool = resume
        self._name = printable(str(self.path))
        self._written: _Written | None = None

    def save(self, parts: Mapping[str, Part]) -> None:
        """Write the state of every part."""
        written, epochs = self._written, _epochs(parts)
        self._written = None  # in case this is interrupted
        if written is None or written.epochs > epochs or written.size > 2 * written.whole:
            line = _encoded(parts, 0)
            digest = hashlib.sha256(line)
            write_atomically(self.path, _head(len(line), digest) + line)
            self._written = _Written(stamp(self.path), digest, epochs, len(line), len(line))
            return
        line = _encoded(parts, written.epochs)
        size, digest = written.size + len(line), written.digest.copy()
        digest.update(line)
        end = append_line(self.path, line[:-1], after=written.stamp, head=_head(size, digest))
        if end is None:  # the file has changed since the last write
            self.save(parts)
        else:
            self._written = _Written(end, digest, epochs, written.whole, size)

    def load(self, parts: Mapping[str, Part]) -> bool:
        """Restore the state of every part; return False if there is nothing to resume from.

        Raises ValueError for a file that is damaged, is not a checkpoint, or belongs to another run;
        then no part is changed.
        """
        self._written = None
        if not self.resume:
            return False
        try:
            stamp(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        state = self._read()
        self._compare(state, parts)
        before = {name: part.state_dict() for name, part in parts.items()}
        name = ""
        try:
            for name, part in parts.items():
                _check_kinds(state[name]["state"], before[name])
                part.load_state_dict(state[name]["state"])
        except BaseException as error:
            completed(lambda: [parts[changed].load_state_dict(saved) for changed, saved in before.items()])
            if not isinstance(error, Exception):
                raise
            reason = f"{kind_of(error)} {error}" if isinstance(error, KeyError) else error
            raise ValueError(
                f"{self._name} does not fit this run: {name}: {brief(reason, 1000)}. {_ADVICE}"
            ) from error
        return True

    def _read(self) -> dict[str, Any]:
        """Return the last state in the file, with the epochs of all lines."""
        head, _, body = read_whole(self.path).partition(b"\n")
        body = self._checked(head, body)
        state: dict[str, Any] = {}
        history: list[Any] = []
        for line in body.splitlines():
            state = self._parsed(line)
            if not isinstance(state, dict) or not all(
                isinstance(part, dict) and part.keys() == {"kind", "state"} and isinstance(part["state"], dict)
                for part in state.values()
            ):
                raise ValueError(f"{self._name} is not a checkpoint of this library. {_ADVICE}")
            if "history" in state:
                epochs = state["history"]["state"].get("epochs")
                history += epochs if isinstance(epochs, list) else [epochs]
                state["history"]["state"]["epochs"] = history
        return state

    def _checked(self, head: bytes, body: bytes) -> bytes:
        """Return the lines with states, after checking them against the first line."""
        content = self._parsed(head)
        if not isinstance(content, dict) or "chainwalk checkpoint" not in content:
            raise ValueError(f"{self._name} is not a checkpoint of this library. {_ADVICE}")
        if content["chainwalk checkpoint"] != VERSION:
            version = quoted(content["chainwalk checkpoint"], 40)
            raise ValueError(f"{self._name} has version {version}, but {VERSION} is needed. {_ADVICE}")
        size, keys = content.get("bytes"), {"chainwalk checkpoint", "bytes", "sha256"}
        if content.keys() != keys or not isinstance(size, int) or size < 1:
            raise ValueError(f"{self._name} is not a checkpoint of this library. {_ADVICE}")
        if len(body) < size:
            reason = f"{len(body):,} bytes follow its first line, which says {size:,}"
            raise ValueError(f"{self._name} is not a complete checkpoint: {reason}. {_ADVICE}")
        body = body[:size]
        if content["sha256"] != hashlib.sha256(body).hexdigest():
            raise ValueError(f"{self._name} is damaged: its content does not match its checksum. {_ADVICE}")
        return body

    def _parsed(self, line: bytes) -> Any:
        try:
            return json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self._name} is not a complete checkpoint: {error}. {_ADVICE}") from error

    def _compare(self, state: dict[str, Any], parts: Mapping[str, Part]) -> None:
        """Raise ValueError for the checkpoint of a run that had other parts."""
        there = {name: part["kind"] for name, part in state.items()}
        here = {name: type(part).__name__ for name, part in parts.items()}
        different = [name for name in {**there, **here} if there.get(name) != here.get(name)]
        if different:
            differences = listed(
                (f"{name} ({there.get(name)} there, {here.get(name)} here)" for name in different), 10
            )
            raise ValueError(f"{self._name} belongs to another run, which differs in {differences}. {_ADVICE}")

    def __repr__(self) -> str:
        return f"Checkpoint({str(self.path)!r}, every={self.every}, resume={self.resume})"


class _Written(NamedTuple):
    """The contents of a checkpoint's file, as written last."""

    stamp: Stamp
    digest: Any
    epochs: int
    whole: int
    """The length of the line with a complete state, in bytes."""
    size: int
    """The length of all lines with states, in bytes."""


def _head(size: int, digest: Any) -> bytes:
    """Return the first line, whose length does not depend on the size."""
    text = f'{{"chainwalk checkpoint": {VERSION}, "bytes": {size:15}, "sha256": "{digest.hexdigest()}"}}\n'
    return text.encode()


def _epochs(parts: Mapping[str, Part]) -> int:
    return sum(len(part.epochs) for part in parts.values() if isinstance(part, History))


def _encoded(parts: Mapping[str, Part], start: int) -> bytes:
    """Return the state of every part as a line of JSON, with the epochs of the history from `start` on."""
    states = {
        name: {
            "kind": type(part).__name__,
            "state": part.state_dict(start) if isinstance(part, History) else part.state_dict(),
        }
        for name, part in parts.items()
    }
    return json.dumps(states).encode() + b"\n"


def _check_kinds(given: Any, here: Any) -> None:
    """Raise ValueError if the state has something else in place of a number or a list of numbers."""
    for key, present in here.items() if isinstance(given, Mapping) else ():
        found = given.get(key, present)
        listed = isinstance(present, list) and present and all(map(_is_number, present))
        if listed and not (isinstance(found, list) and all(map(_is_number, found))):
            raise ValueError(f"{key} is not a list of numbers")
        if _is_number(present) and not (_is_number(found) or (found is None and key in _MAY_BE_NONE)):
            raise ValueError(f"{key} is not a number")


_MAY_BE_NONE = ("first", "best_epoch")
"""Numbers that are None before the first step, or the first epoch."""


def _is_number(item: Any) -> bool:
    return isinstance(item, int | float)


class Generators:
    """The random generators of a run, its own and those inside the model, as one part.

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
        """Return the state of each by its name in the model; that of the run by the empty name."""
        states = {name: generator.getstate() for name, generator in self._generators.items()}
        return {name: [version, list(numbers), gauss] for name, (version, numbers, gauss) in states.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the states that `state_dict` returned. Raises ValueError for other names."""
        if state.keys() != self._generators.keys():
            raise ValueError(f"it has generators at {[*state]}, but this run at {[*self._generators]}")
        for name, generator in self._generators.items():
            version, numbers, gauss = state[name]
            generator.setstate((version, tuple(numbers), gauss))


def _generators_in(model: Module) -> Iterator[tuple[str, random.Random]]:
    for name, module in model.named_modules():
        for key, attribute in vars(module).items():
            if isinstance(attribute, random.Random):
                yield f"{name}.{key}" if name else key, attribute


_ADVICE = "Use another path, or Checkpoint(path, resume=False) to start again; nothing was changed"
