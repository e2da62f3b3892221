"""Locks that are safe to use across fork, and blocks that no signal or garbage collection interrupts.

Only the thread that forks exists in the child. Data that another thread was changing at that moment
stays half changed there, and the lock that guarded it stays locked for ever.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import RLock, current_thread, main_thread
from types import FrameType
from typing import Any
from weakref import WeakSet

_SHARED: list[tuple[int, Any]] = []
_HELD: list[Any] = []
_OWN: WeakSet[OwnLock] = WeakSet()
_INTERRUPTING = ("SIGALRM", "SIGTERM", "SIGINT")
"""Signals whose handlers may raise an exception: what sets time limits, and Ctrl-C."""


def waited_for(lock: Any, level: int) -> Any:
    """Make every fork wait until no other thread holds this lock; return the lock.

    A thread may take locks of ascending levels only, and a fork takes all of them in that order, which
    prevents deadlock. For locks that live as long as the program: they are never unregistered.
    """
    _SHARED.append((level, lock))
    _SHARED.sort(key=lambda pair: pair[0])
    return lock


class OwnLock:
    """A lock of one object, which is replaced by a new one in a forked process.

    For objects whose state is consistent at any moment, so that a fork need not wait for a thread that
    is changing it.

    >>> lock = OwnLock()
    >>> with lock.held, lock.held:
    ...     "held twice by one thread"
    'held twice by one thread'
    """

    __slots__ = ("__weakref__", "held")

    def __init__(self) -> None:
        self.held: Any = RLock()
        _OWN.add(self)


def _acquire() -> None:
    for _, lock in tuple(_SHARED):
        lock.acquire()
        _HELD.append(lock)


def _release() -> None:
    while _HELD:
        _HELD.pop().release()


def _release_in_child() -> None:
    _release()
    for lock in list(_OWN):
        lock.held = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_acquire, after_in_parent=_release, after_in_child=_release_in_child)


@contextmanager
def uninterrupted() -> Iterator[Sequence[object]]:
    """Call the Python handlers of signals after the block, not inside of it.

    For short blocks that an exception at the wrong line would damage. A longer one looks at what `with`
    returns, which stays empty until a signal comes, and then ends early. It concerns the main thread
    alone: only there does Python call handlers.

    >>> try:
    ...     with uninterrupted():
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("the end of the block")
    ... except KeyboardInterrupt:
    ...     print("then the interruption")
    the end of the block
    then the interruption
    """
    if current_thread() is not main_thread():
        yield ()
        return
    came: list[Callable[[], object]] = []
    with ExitStack() as stack:
        stack.callback(lambda: [call() for call in came[:1]])  # a second Ctrl-C would say the same
        for number in [getattr(signal, name) for name in _INTERRUPTING if hasattr(signal, name)]:
            handler = signal.getsignal(number)
            if callable(handler):
                stack.callback(signal.signal, number, handler)
                signal.signal(number, _delayed(handler, came))
        yield came


def _delayed(
    handler: Callable[[int, FrameType | None], object], came: list[Callable[[], object]]
) -> Callable[..., None]:
    """Return a handler that leaves the call of another for later."""
    return lambda number, frame: came.append(lambda: handler(number, frame))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector; one that is disabled stays so.

    For blocks that create much and no garbage, and for those in which a finalizer could wait for a lock
    that the block holds.

    >>> with collector_paused():
    ...     print(gc.isenabled())
    False
    """
    if not (gc.isenabled() or _PAUSES):
        yield
        return
    gc.disable()
    _PAUSES.append(True)
    try:
        yield
    finally:
        del _PAUSES[-1:]  # empty in a child that was forked inside the block
        if not _PAUSES:  # or it would collect in another thread's pause
            gc.enable()


_PAUSES: list[bool] = []


def _resume_in_child() -> None:
    """Enable the collector in a forked child, in which the threads that paused it do not exist."""
    if _PAUSES:
        _PAUSES.clear()
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume_in_child)
