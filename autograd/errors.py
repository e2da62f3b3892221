"""The library's own errors, besides Python's TypeError and ValueError."""

from __future__ import annotations

from .terminal import brief

_LONGEST = 2000


class _Message(Exception):  # noqa: N818
    """An error whose message is printable, on one line, and of a bounded length."""

    def __init__(self, *words: object) -> None:
        super().__init__(*[brief(word, _LONGEST) if isinstance(word, str) else word for word in words])


class DomainError(_Message, ValueError):
    """An operation was evaluated outside its domain: log(-1), 1 / 0, sqrt(-1).

    >>> from autograd import log
    >>> log(-1.0)
    Traceback (most recent call last):
    ...
    autograd.errors.DomainError: log(x) is undefined at x = -1.0: it needs x > 0. Change the numbers
    """


class AnomalyError(_Message, ArithmeticError):
    """An operation gave a nan or an infinity inside `anomaly_detection()`."""


class StaleGraphError(_Message, RuntimeError):
    """A leaf's data changed after the forward pass, so the recorded graph is out of date."""


class TracingError(_Message, TypeError):
    """A function being traced for the compiler depends on a number that is not known while tracing."""
