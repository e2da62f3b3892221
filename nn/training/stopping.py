"""Early stopping: end a run that no longer improves, and restore the best weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autograd.terminal import quoted

from ..module import Module


class EarlyStopping:
    """Ends training after `patience` epochs in a row without a better loss; keeps the best weights.

    Better means lower by more than `min_delta`. The loss is the validation loss if there is validation
    data, else the training loss; a nan is never better. Source: L. Prechelt, "Early stopping - but
    when?", 1998. Raises ValueError for a patience below 1 and a negative min_delta.

    >>> stopping = EarlyStopping(patience=2)
    >>> for epoch, loss in enumerate([0.5, 0.4, 0.45, 0.6]):
    ...     stopping.update(epoch, loss, {})
    >>> stopping.best_epoch, stopping.finished
    (1, True)
    """

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
            raise ValueError(f"patience must be a number of epochs, 1 or more, got {quoted(patience)}")
        if not 0 <= min_delta < math.inf:
            raise ValueError(f"min_delta must be 0 or more, got {quoted(min_delta)}")
        self.patience: int = patience
        self.min_delta: float = min_delta
        self.reset()

    def reset(self) -> None:
        """Reset to the state before the first epoch.

        >>> stopping = EarlyStopping(patience=1)
        >>> stopping.update(0, 0.5, {})
        >>> stopping.reset()
        >>> stopping.best_epoch is None
        True
        """
        self.best: float = math.inf
        self.best_epoch: int | None = None
        self.waited: int = 0
        self.weights: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Return whether the last `patience` epochs brought no better loss."""
        return self.waited >= self.patience

    def update(self, epoch: int, loss: float, weights: Mapping[str, Any]) -> None:
        """Record an epoch's loss, and the weights (a `state_dict`) that gave it.

        >>> stopping = EarlyStopping(patience=2)
        >>> stopping.update(0, 0.5, {})
        >>> stopping.best_epoch
        0
        """
        if loss < self.best - self.min_delta or (self.weights is None and not math.isnan(loss)):
            self.best = loss
            self.best_epoch = epoch
            self.weights = dict(weights)
            self.waited = 0
        else:
            self.waited += 1

    def restore(self, model: Module) -> None:
        """Load the best weights into a model, if there are any."""
        if self.weights is not None:
            model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the state as a plain dict."""
        return {key: getattr(self, key) for key in _SEEN}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned. Raises ValueError, and changes nothing, for anything else."""
        found = {key: state[key] for key in _SEEN}
        numbers, weights = (found["best"], found["waited"], found["best_epoch"] or 0), found["weights"]
        if not all(isinstance(x, int | float) for x in numbers) or not isinstance(weights, dict | None):
            raise ValueError("this is not the state of EarlyStopping")
        for key, value in found.items():
            setattr(self, key, value)


_SEEN = ("best", "best_epoch", "waited", "weights")
