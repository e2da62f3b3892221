"""Compiling without Python's garbage collector, which would look through all expressions again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector: half of the time that a large graph takes to compile.

    Nothing of what is made in between is garbage before its end. Where it is off already, it stays off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
