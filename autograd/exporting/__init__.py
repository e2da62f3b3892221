"""Write recorded functions as source code for other engines: see `autograd.export`."""

from .source import export

__all__ = ["export"]
