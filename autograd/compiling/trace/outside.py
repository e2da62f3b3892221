"""Notice that a function reads a file, a directory, a process or a network while it is traced.

What a library opens on its behalf is not visible in its code: `numpy.load`, `glob`, `sqlite3`. Python's
audit events name all of these. A hook cannot be removed; outside of a trace it returns at once.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

_READS = {
    "open": "a file",
    **dict.fromkeys(("os.listdir", "os.scandir", "glob.glob", "pathlib.Path.glob"), "a directory"),
    **dict.fromkeys(("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork"), "another process"),
    **dict.fromkeys(
        ("socket.connect", "socket.getaddrinfo", "urllib.Request", "http.client.connect"), "a network"
    ),
    **dict.fromkeys(("sqlite3.connect", "sqlite3.connect/handle"), "a database"),
    "mmap.__new__": "a file",
}
_IMPORTING = "<frozen importlib"
"""The prefix of the filenames of Python's import system, whose reads are not the function's."""
_PRESENT = threading.local()
_INSTALLED: list[bool] = []


@contextlib.contextmanager
def noticed_reads() -> Iterator[set[str]]:
    """Collect the reasons why what runs inside the block must run again at each call.

    >>> with noticed_reads() as reasons, open(__file__) as file:
    ...     text = file.read()
    >>> reasons
    {'it reads a file'}
    """
    if not _INSTALLED:
        _INSTALLED.append(True)
        sys.addaudithook(_notice)
    before, _PRESENT.reasons = getattr(_PRESENT, "reasons", None), set()
    try:
        yield _PRESENT.reasons
    finally:
        _PRESENT.reasons = before


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    reasons = getattr(_PRESENT, "reasons", None)
    if reasons is None or event not in _READS or _is_written(event, arguments):
        return
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return
        frame = frame.f_back
    reasons.add(f"it reads {_READS[event]}")


def _is_written(event: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether a file is opened only to write to it, as a log is."""
    mode = arguments[1] if event == "open" and len(arguments) > 1 else None
    return isinstance(mode, str) and "r" not in mode and "+" not in mode
