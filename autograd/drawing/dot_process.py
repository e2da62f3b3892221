"""Run dot: find the program, limit its time and output, and report its failures."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from functools import cache
from threading import Thread
from typing import IO, TYPE_CHECKING

from ..locks import uninterrupted
from ..terminal import brief

if TYPE_CHECKING:
    import subprocess

VARIABLE = "CHAINWALK_DOT"
"""The environment variable that names another dot."""
BUNDLED = "graphviz-pure"
INSTALL = "install Graphviz (apt install graphviz, brew install graphviz, or graphviz.org/download)"
DPI = 192.0
"""Pixels per inch of an image: two for each pixel of a plain screen, sharp on high-density ones too."""
SECONDS = 30.0
"""The default time limit for one picture."""
_MOST = 256_000_000
"""The limit in bytes for dot's output."""
_MOST_SAID = 10_000_000
"""The limit in bytes for its warnings and errors."""


class DotError(RuntimeError):
    """Dot failed: it crashed, printed something that is not a picture, or too much."""


class DotTimeoutError(DotError):
    """Dot did not finish within the time limit."""


def dot_command() -> str:
    """Return the path of the dot to use: $CHAINWALK_DOT, else the system's, else the bundled one.

    Raises RuntimeError if the variable names a missing file, or if no dot is found.
    """
    import shutil

    override = os.environ.get(VARIABLE)
    if override:
        found = shutil.which(override)
        if not found:
            raise RuntimeError(
                f"{VARIABLE}={brief(override, 500)} is not a program: set it to the path of a dot, or unset it"
            )
        return found
    found = shutil.which("dot") or bundled()
    if not found:
        raise RuntimeError(f"no dot was found: pip install {BUNDLED}, or {INSTALL}")
    return found


@cache
def bundled() -> str | None:
    """Return the path of the graphviz-pure wheel's program, or None if it is not installed."""
    from importlib import metadata  # slow to import, needed by the first picture only

    try:
        files = metadata.distribution(BUNDLED).files or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.stem == BUNDLED and file.parent.name in ("bin", "Scripts"):
            return os.path.realpath(file.locate())
    return None


def is_bundled(command: str) -> bool:
    """Return whether a dot is the bundled one, which has fewer formats and fonts of its own."""
    return os.path.basename(command).startswith(BUNDLED)


def run_dot(arguments: list[str], source: str, seconds: float) -> bytes:
    """Return the output of dot for a source.

    Raises DotTimeoutError after `seconds`, DotError if dot crashes or prints too much, and ValueError
    with dot's own message if it rejects the source or an argument. In every case its processes are
    ended.
    """
    import subprocess  # slow to import, needed by the first picture only

    command = dot_command()
    name = os.path.basename(command)
    printed, said = bytearray(), bytearray()
    with uninterrupted() as signals:  # or an exception between two lines would leave the process behind
        try:
            process = subprocess.Popen(
                [command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that its child processes are ended with it
            )
        except OSError as error:
            raise DotError(f"{command} cannot be run ({error.strerror}): {_OTHER}") from error
        try:
            threads = [
                Thread(target=_write, args=(process.stdin, source.encode(errors="replace")), daemon=True),
                Thread(target=_read, args=(process, process.stdout, printed, _MOST), daemon=True),
                Thread(target=_read, args=(process, process.stderr, said, _MOST_SAID), daemon=True),
            ]
            for thread in threads:
                thread.start()
            ended = _wait(process, seconds, signals)
            for thread in threads[1:] if ended else ():
                thread.join(5)
        finally:
            _ended(process)
    if not ended:
        raise DotTimeoutError(f"{name} did not finish within {seconds:g} s")
    words = brief(_what_was_wrong(said), 120)
    if len(printed) >= _MOST or len(said) >= _MOST_SAID:
        raise DotError(f"{name} printed too much and was stopped: {_OTHER}")
    if process.returncode < 0:
        raise DotError(f"{name} died ({_signal_name(-process.returncode)}): {words or _OTHER}")
    if process.returncode or not printed:
        raise ValueError(words or f"it printed nothing and ended with status {process.returncode}")
    return bytes(printed)


_OTHER = f"set {VARIABLE} to another dot, or pip install {BUNDLED}"


def _write(stream: IO[bytes], content: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # dot may end before it has read everything
        stream.write(content)
        stream.close()


def _read(process: subprocess.Popen[bytes], stream: IO[bytes], into: bytearray, most: int) -> None:
    """Read a stream to its end; kill the process after `most` bytes."""
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(stream.fileno(), 1 << 16):
            into += chunk
            if len(into) >= most:
                _end(process)
                return


def _wait(process: subprocess.Popen[bytes], seconds: float, signals: Sequence[object]) -> bool:
    """Wait until a process has ended, the time is up, or a signal has come; return whether it has ended."""
    deadline, pause = time.monotonic() + seconds, 0.0005
    while process.poll() is None and not signals and (left := deadline - time.monotonic()) > 0.0:
        pause = min(2.0 * pause, left, 0.02)
        time.sleep(pause)
    return process.poll() is not None


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, wait until it has ended, and close its streams."""
    from subprocess import TimeoutExpired

    _end(process)
    with contextlib.suppress(TimeoutExpired):  # a killed process may still wait for a disk
        process.wait(5)
    for stream in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                stream.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, with its children if the system has process groups."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _what_was_wrong(said: bytearray) -> str:
    """Return dot's error message: the first line that is not a warning."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if not line.lower().startswith("warning")]
    return (errors or lines or [""])[0]
