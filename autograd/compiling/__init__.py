"""Native code from recorded functions: see `autograd.compile`. Needs the extra `compile`."""

try:
    import llvmlite  # noqa: F401
    import numpy  # noqa: F401
except ImportError as error:
    raise ImportError(
        "compiling needs llvmlite and numpy, the extra `compile`: pip install 'chainwalk[compile]'"
    ) from error

from .compiled import Compiled
from .compiler import compile
from .native import BASELINE, Host, host

__all__ = ["BASELINE", "Compiled", "Host", "compile", "host"]
