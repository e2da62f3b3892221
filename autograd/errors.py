"""The errors this library raises on purpose, beyond Python's own TypeError and ValueError."""


class DomainError(ValueError):
    """An operation was asked for a point where it has no value: log(-1), 1 / 0, sqrt(-1)."""


class AnomalyError(ArithmeticError):
    """A nan or an infinity was born while `anomaly_detection()` was watching."""


class StaleGraphError(RuntimeError):
    """A leaf's data changed after the forward pass, so the rules no longer describe the graph."""


class TracingError(TypeError):
    """A function that is being compiled depends on a number that is not known yet."""
