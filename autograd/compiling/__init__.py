"""Native code from recorded functions: see `autograd.compile`. Needs the extra `compile`."""

from .compiler import Compiled, compile
from .native import BASELINE, Host, host

__all__ = ["BASELINE", "Compiled", "Host", "compile", "host"]
