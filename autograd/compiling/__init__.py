"""Compile traced functions to native code; see `autograd.compile`. Needs the extra `compile`."""

from ..locks import uninterrupted

try:
    with uninterrupted():  # Ctrl-C would leave half of numpy
        import llvmlite  # noqa: F401
        import numpy  # noqa: F401
except ImportError as _error:
    raise ImportError(
        "compiling needs llvmlite and numpy, the extra `compile`: pip install 'chainwalk[compile]'"
    ) from _error

from .codegen.native import BASELINE, Host, host
from .compiled import Compiled

__all__ = ["BASELINE", "Compiled", "Host", "host"]
