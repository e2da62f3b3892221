"""The settings of a run, which are saved so that it is resumed with the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from autograd.nested import as_lists

from ..data.dataset import Dataset, on_cluster
from ..optimisers import Optimiser
from ..schedules import Schedule


class Settings:
    """The part of a checkpoint that is compared: data, loss, batch size, the optimiser's numbers ...

    It restores nothing from the file. A setting that changes in training, such as the learning rate,
    may have its initial value or, in objects that were used in training, the value when the file was
    written. The number of epochs, the callbacks and the patience of early stopping may change.

    >>> settings = Settings()
    >>> settings.begin({}, batch_size=10)
    >>> settings.load_state_dict({"begun": {"batch_size": 20}, "reached": {"batch_size": 20}})
    Traceback (most recent call last):
    ...
    ValueError: batch_size is 10, but was 20
    """

    def __init__(self) -> None:
        self._changing: Mapping[str, Any] = {}
        self._fixed: dict[str, Any] = {}
        self.begun: dict[str, Any] = {}

    def begin(self, changing: Mapping[str, Any], **fixed: Any) -> None:
        """Store the initial settings: those that training changes, and the fixed ones."""
        self._changing, self._fixed = changing, _serialisable(fixed)
        self.begun = self._present()

    def _present(self) -> dict[str, Any]:
        return {**self._fixed, **_serialisable(self._changing)}

    def state_dict(self) -> dict[str, Any]:
        """Return the initial settings, and the present ones."""
        return {"begun": self.begun, "reached": self._present()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Raise ValueError with a list of the settings that differ from those of the run."""
        here, begun, reached = self._present(), state["begun"], state["reached"]
        names = {**begun, **here}
        different = [name for name in names if here.get(name) not in (begun.get(name), reached.get(name))]
        if different:
            differences = (f"{name} is {here.get(name)!r}, but was {begun.get(name)!r}" for name in different)
            raise ValueError("; ".join(differences))
        self.begun = begun


def _serialisable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return every setting in a form that survives JSON."""
    found: dict[str, Any] = {}
    for name, given in settings.items():
        if isinstance(given, Dataset):
            found[name] = _described(given)
        elif on_cluster(given):
            found[name] = f"{given.size} rows in {len(given.blocks)} blocks"
        elif isinstance(given, Optimiser):
            found |= {f"{name} {key}": item for key, item in given.settings().items()}
        elif isinstance(given, Schedule):
            found |= {f"{name} {key}": item for key, item in given.state_dict().items()}
        elif callable(given):
            found[name] = getattr(given, "__name__", type(given).__name__)
        else:
            found[name] = given if isinstance(given, int | float | str | None) else repr(given)
    return found


def _described(data: Dataset) -> str:
    """Return the number of examples, and the beginning of a hash of them, as lists of Python's numbers."""
    rows = ([as_lists(x) for x in (inputs, target)] for inputs, target in zip(*data, strict=True))
    digest = hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()
    return f"{data.size} examples ({digest[:12]})"
