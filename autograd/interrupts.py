"""Delay Ctrl-C until the end of a block that must not be left in its middle."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

_NAMES = ("SIGALRM", "SIGTERM", "SIGINT")
"""Signals whose handlers may raise an exception: what sets time limits, and Ctrl-C."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Call the Python handlers of signals after the block, not inside of it.

    For short blocks of other libraries that an exception at the wrong line would damage. It concerns the
    main thread alone: only there does Python call handlers.

    >>> try:
    ...     with uninterrupted():
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("the end of the block")
    ... except KeyboardInterrupt:
    ...     print("then the interruption")
    the end of the block
    then the interruption
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[Callable[[], object]] = []
    with ExitStack() as stack:
        stack.callback(lambda: [call() for call in came[:1]])  # a second Ctrl-C would say the same
        for number in [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]:
            handler = signal.getsignal(number)
            if callable(handler):
                stack.callback(signal.signal, number, handler)
                signal.signal(number, _delayed(handler, came))
        yield


def _delayed(
    handler: Callable[[int, FrameType | None], object], came: list[Callable[[], object]]
) -> Callable[..., None]:
    """Return a handler that leaves the call of another for later."""
    return lambda number, frame: came.append(lambda: handler(number, frame))
