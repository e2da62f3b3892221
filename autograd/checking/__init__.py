"""Check gradients: right, wrong, or undecided in float64; and strategies for property-based tests."""

from __future__ import annotations

from typing import Any

from ..terminal import quoted
from .cases.program import Line, Program
from .cases.reduction import smallest
from .check_functions import check_gradients
from .checker import check
from .property import check_gradients_of
from .report import GradientError, Report

__all__ = [
    "GradientError",
    "Line",
    "Program",
    "Report",
    "arrays",
    "check",
    "check_gradients",
    "check_gradients_of",
    "expressions",
    "numbers",
    "operands",
    "points",
    "programs",
    "smallest",
    "values",
]


def __getattr__(name: str) -> Any:
    """Import the strategies on first use, since they need hypothesis."""
    if name in ("arrays", "expressions", "numbers", "operands", "points", "programs", "values"):
        from .cases import strategies

        return getattr(strategies, name)
    raise AttributeError(f"module 'autograd.checking' has no attribute {quoted(name)}")
