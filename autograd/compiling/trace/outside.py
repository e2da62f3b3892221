"""Notice that a function reads a file, a directory, a process or a network while it is traced.

What a library opens on its behalf is not visible in its code: `numpy.load`, `glob`, `sqlite3`. In the end
all of them call a few functions that Python has in C, which a profiler sees. A profiler ends with the trace;
a hook for audit events would stay for ever, and make each `id(x)` of the process ten times slower.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FILE, _FOLDER, _PROCESS, _NETWORK = "a file", "a directory", "another process", "a network"
_NAMES = {
    "listdir": _FOLDER, "scandir": _FOLDER, "system": _PROCESS, "posix_spawn": _PROCESS, "fork": _PROCESS,
    "getcwd": "the working directory", "read": _FILE, "stat": _FILE, "lstat": _FILE, "fstat": _FILE,
    "access": _FILE, "readlink": _FILE,
}  # fmt: skip
_READS: dict[Any, str] = {
    io.open: _FILE,
    os.open: _FILE,
    **{getattr(os, name): what for name, what in _NAMES.items() if hasattr(os, name)},
}
_READS_BY_NAME = {
    ("_posixsubprocess", "fork_exec"): _PROCESS,
    ("_winapi", "CreateProcess"): _PROCESS,
    ("_socket", "getaddrinfo"): _NETWORK,
    ("_sqlite3", "connect"): "a database",
    ("_signal", "getsignal"): "the handler of a signal",
}
"""Functions of modules that are seldom loaded, by module and name."""
_ENVIRONMENT: Any = type(os.environ).__getitem__.__code__
_IMPORTING = "<frozen importlib"
"""The prefix of the filenames of Python's import system, whose reads are not the function's."""


@contextlib.contextmanager
def noticed_reads() -> Iterator[set[str]]:
    """Collect the reasons why what runs inside the block, in this thread, must run again at each call.

    A profiler of the user goes on if it is a function of Python; under another, such as cProfile's, nothing
    is noticed.

    >>> with noticed_reads() as reasons, open(__file__) as file:
    ...     text = file.read()
    >>> reasons
    {'it reads a file'}
    """
    reasons: set[str] = set()
    users: Any = sys.getprofile()

    def notice(frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and (what := _what_is_read(called)) and not _is_excepted(called, frame):
            reasons.add(f"it reads {what}")
        elif event == "call" and frame.f_code is _ENVIRONMENT and not _is_excepted(None, frame):
            reasons.add("it reads the environment")
        if users is not None:
            users(frame, event, called)

    if users is not None and not callable(users):
        yield reasons
        return
    sys.setprofile(notice)
    try:
        yield reasons
    finally:
        sys.setprofile(users)


def _what_is_read(called: Any) -> str | None:
    """Return what a function in C reads; None for all others."""
    if called in _READS:
        return _READS[called]
    name = called.__name__
    if name == "connect" and type(called.__self__).__name__ == "socket":
        return _NETWORK
    if name == "poll" and type(called.__self__).__module__ == "select":
        return _PROCESS
    return _READS_BY_NAME.get((called.__module__, name))


def _is_excepted(called: Any, frame: Any) -> bool:
    """Return whether the call is one of an import, or `Path.open` opens a file only to write."""
    if called is io.open and frame.f_code is Path.open.__code__:
        mode = frame.f_locals["mode"]
        if "r" not in mode and "+" not in mode:
            return True
    while frame is not None and not frame.f_code.co_filename.startswith(_IMPORTING):
        frame = frame.f_back
    return frame is not None
