"""Compiling without Python's garbage collector, which would look through all expressions again and again."""

from __future__ import annotations

import gc
import os
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
    _PAUSES.append(True)
    try:
        yield
    finally:
        _PAUSES.pop()
        gc.enable()


_PAUSES: list[bool] = []


def _resume_in_child() -> None:
    """The thread that paused it may not be there any more, to switch it on again."""
    if _PAUSES:
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume_in_child)
