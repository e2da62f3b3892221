"""Leave an interrupted run in a consistent state: that of its last complete step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..optimisers import Optimiser
from .history import History


def completed(action: Callable[[], object]) -> bool:
    """Run an action that Ctrl-C must not leave half done; return whether Ctrl-C was pressed meanwhile.

    After Ctrl-C the action is run again from its beginning until it finishes, so it must be repeatable.

    >>> completed(lambda: None)
    False
    """
    interruptions = 0
    while not _ended(action):
        interruptions += 1
    return interruptions > 0


def _ended(action: Callable[[], object]) -> bool:
    try:
        action()
    except KeyboardInterrupt:
        return False
    return True


class LastStep:
    """The state of the parameters, the optimiser and other parts after the last complete step.

    >>> from autograd import Value
    >>> from nn import SGD
    >>> w = Value(3.0)
    >>> last = LastStep(SGD([w], lr=0.1))
    >>> last.keep(epoch=0, steps=7)
    >>> w.data = -1.0
    >>> history = History()
    >>> last.restore(history)
    >>> w.data, history.further_steps
    (3.0, 7)
    """

    def __init__(self, optimiser: Optimiser, *others: Any) -> None:
        """Keep an optimiser and `others`, which have `state_dict` and `load_state_dict` or are None."""
        self._optimiser, self._others = optimiser, [part for part in others if part is not None]
        self._kept: tuple[int, int, list[float], dict[str, Any], list[dict[str, Any]]] | None = None

    def keep(self, epoch: int, steps: int) -> None:
        """Store the present state, at once: that after `steps` steps of an epoch."""
        numbers = [parameter.data for parameter in self._optimiser.parameters]
        others = [part.state_dict() for part in self._others]
        self._kept = epoch, steps, numbers, self._optimiser.state_dict(), others

    def restore(self, history: History) -> None:
        """Restore the state that was kept last, in the middle of an epoch; Ctrl-C meanwhile is deferred.

        Between epochs, when the history has all of them, the state is complete already.
        """
        if self._kept is not None and self._kept[0] == len(history.epochs):
            completed(self._restore)
            history.further_steps = self._kept[1]

    def _restore(self) -> None:
        assert self._kept is not None
        _, _, numbers, state, others = self._kept
        for parameter, number in zip(self._optimiser.parameters, numbers, strict=True):
            parameter.data = number
        self._optimiser.load_state_dict(state)
        for part, kept in zip(self._others, others, strict=True):
            part.load_state_dict(kept)
