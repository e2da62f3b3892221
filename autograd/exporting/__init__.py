"""Recorded functions as source text for other engines: see `autograd.export`."""

from .source import export

__all__ = ["export"]
