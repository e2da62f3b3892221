"""The gradient checker: right, wrong, or undecidable in float64; and tools for tests of one's own."""

from .checker import check, check_gradients
from .programs import Line, Program
from .reduction import smallest
from .report import GradientError, Report

__all__ = ["GradientError", "Line", "Program", "Report", "check", "check_gradients", "smallest"]
