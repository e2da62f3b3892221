"""The errors this library raises on purpose, beyond Python's own TypeError and ValueError."""

from __future__ import annotations

from .terminal import brief

_LONGEST = 2000


class _Message(Exception):  # noqa: N818
    """What has a text that may be shown: on one line, printable, and of a bounded length."""

    def __init__(self, *words: object) -> None:
        super().__init__(*[brief(word, _LONGEST) if isinstance(word, str) else word for word in words])


class DomainError(_Message, ValueError):
    """An operation was asked for a point where it has no value: log(-1), 1 / 0, sqrt(-1)."""


class AnomalyError(_Message, ArithmeticError):
    """A nan or an infinity was born while `anomaly_detection()` was watching."""


class StaleGraphError(_Message, RuntimeError):
    """A leaf's data changed after the forward pass, so the rules no longer describe the graph."""


class TracingError(_Message, TypeError):
    """A function that is being compiled depends on a number that is not known yet."""
