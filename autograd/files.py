"""Write files atomically, and read regular files of bounded size."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from .terminal import brief, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader, FileIO
    from pathlib import Path

LARGEST = 2**30
"""The most bytes that are read at once where nothing else limits them: 1 GiB."""
_LONGEST = 32_767 if os.name == "nt" else 4_096
"""Letters of a path that a system takes."""
_PREFIX, _SUFFIX = ".chainwalk-", ".tmp"
_OPEN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a fifo would wait for its other end
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_KINDS = {
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Replace a file by new content atomically: at any moment it has the old content or the new.

    The content is written to a temporary file of a random name in the same folder, synced to the disk
    and renamed; threads, processes and containers that share the folder do not interfere, and the
    last writer wins. Missing folders are created. The mode and group of a file that is replaced are
    kept. A symbolic link is kept, and its target replaced. Temporary files that killed processes left
    in the folder are removed. Return the path.

    Raises OSError if the folder cannot be written to, PermissionError for a link that another user
    put into a world-writable folder, ValueError for the path of a fifo or a device.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(os.path.join(folder, "note.txt"), b"done").read_bytes()
    b'done'
    """
    from pathlib import Path

    old = _status(path)
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    with _named(path):
        os.makedirs(folder, exist_ok=True)
        _remove_leftovers(folder)
        _replace(folder, target, content, old)
    _sync_folder(folder)
    return Path(path)


@contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make errors of the system name the file that was asked for, not a temporary file, a folder or none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None


def _replace(folder: str, target: str, content: bytes, old: os.stat_result | None) -> None:
    """Write a temporary file and rename it. An interruption at any moment finds its name, and removes it."""
    descriptor, temporary = None, ""
    try:
        while descriptor is None:
            temporary = os.path.join(folder, f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}")
            descriptor = _created(temporary, 0o666 if old is None else 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if old is not None:
                _take_after(descriptor, old)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            if fcntl is not None:  # while the lock is held, so that it is not removed as a leftover
                os.replace(temporary, target)
        if fcntl is None:  # an open file cannot be renamed there
            os.replace(temporary, target)
    except FileExistsError:  # of another program
        raise
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


class Stamp(NamedTuple):
    """The identity of a file and its last change, to detect that it has changed since."""

    device: int
    inode: int
    size: int
    changed: int


def stamp(path: str | os.PathLike[str]) -> Stamp:
    """Return the stamp of a file as it is now. Raises OSError if there is no such file."""
    _refuse_long(path)
    return _stamp(os.stat(path))


def append_line(
    path: str | os.PathLike[str], line: bytes, *, after: Stamp | None = None, head: bytes = b""
) -> Stamp | None:
    """Append one line to a file, the whole line or nothing, and return the file's new stamp.

    Without `after` the file may be missing, and an incomplete line that a killed process left at its
    end is terminated first. With `after`, the stamp of the last write, a file that has changed since,
    or that has a second hard link, is not written to: the result is None. `head` overwrites the
    beginning of the file once the line is on the disk: until then the old one is valid.
    Raises as `write_atomically` does.
    """
    if _status(path) is None and after is not None:
        return None
    flags = os.O_RDWR | _OPEN | _NO_WAIT | (os.O_CREAT if after is None else 0)
    with _named(path), os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0) as file:
        descriptor = file.fileno()
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        now = os.fstat(descriptor)
        if after is not None and (_stamp(now) != after or now.st_nlink > 1):
            return None
        old_head = file.read(len(head)) if head else b""
        if now.st_size:
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        try:
            _write_all(file, line + b"\n")
            if head:
                file.seek(0)
                _write_all(file, head)
        except BaseException:
            try:
                file.seek(0)
                _write_all(file, old_head)
            finally:  # on a broken disk too
                file.truncate(now.st_size)
            raise
        return _stamp(os.fstat(descriptor))


@contextmanager
def opened(path: str | os.PathLike[str], most: int = LARGEST) -> Iterator[BufferedReader]:
    """Open a file of at most `most` bytes, to read it in parts. Raises as `read_whole` does.

    >>> with opened(__file__) as file:
    ...     file.readline().count(b"atomically")
    1
    """
    _refuse_long(path)
    with os.fdopen(os.open(path, os.O_RDONLY | _OPEN | _NO_WAIT), "rb") as file:
        status = os.fstat(file.fileno())
        _refuse_others(path, status)
        _refuse_larger(path, status.st_size, most)
        yield file


def read_whole(path: str | os.PathLike[str], most: int = LARGEST) -> bytes:
    """Return the content of a file of at most `most` bytes.

    Raises OSError if it cannot be opened; ValueError, which names the path, for a larger file,
    and for a fifo or a device, which may have no end.

    >>> read_whole(os.devnull)
    Traceback (most recent call last):
    ...
    ValueError: /dev/null is a device, not a file
    """
    with opened(path, most) as file:
        content = file.read(most + 1)  # it may grow meanwhile
    if content is None:  # one of the kernel's files, such as /proc/kmsg, which has nothing to read yet
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), os.fspath(path))
    _refuse_larger(path, len(content), most)
    return content


def refuse_special_file(path: str | os.PathLike[str]) -> os.stat_result:
    """Return the status of a file that another library is going to open. Raises as `read_whole` does."""
    _refuse_long(path)
    status = os.stat(path)
    _refuse_others(path, status)
    return status


def _refuse_long(path: str | os.PathLike[str]) -> None:
    """Raise the error that the system would, without the whole path in its words."""
    if len(os.fspath(path)) > _LONGEST:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), brief(os.fsdecode(path)))


def _refuse_others(path: str | os.PathLike[str], status: os.stat_result) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if kind != stat.S_IFREG:
        raise ValueError(f"{_shown(path)} is {_KINDS.get(kind, 'something else')}, not a file")


def _refuse_larger(path: str | os.PathLike[str], size: int, most: int) -> None:
    if size > most:
        raise ValueError(
            f"{_shown(path)} has {size:,} bytes{' or more' if size == most + 1 else ''}, more than the "
            f"limit of {most:,}"
        )


def _shown(path: str | os.PathLike[str]) -> str:
    return printable(os.fsdecode(path))


def _status(path: str | os.PathLike[str]) -> os.stat_result | None:
    """Return the status of the file that is to be written, None where there is none yet."""
    _refuse_planted_link(path)
    try:
        return refuse_special_file(path)
    except FileNotFoundError:
        return None


def _refuse_planted_link(path: str | os.PathLike[str]) -> None:
    """Refuse another user's link in a folder such as /tmp: it may point to any file of this user."""
    _refuse_long(path)
    try:
        link = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISLNK(link.st_mode) or not hasattr(os, "geteuid"):
        return
    folder = os.stat(os.path.dirname(os.path.abspath(path)))
    if folder.st_mode & stat.S_IWOTH and link.st_uid not in (os.geteuid(), folder.st_uid):
        raise PermissionError(errno.EACCES, "a link that another user has put there", os.fspath(path))


def _created(name: str, mode: int) -> int | None:
    """Return a new file, locked so that it is not removed as a leftover; None if it was, before the lock."""
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK | _OPEN, mode)
    if fcntl is None:
        return descriptor
    with suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    if os.fstat(descriptor).st_nlink:
        return descriptor
    os.close(descriptor)
    return None


def _take_after(descriptor: int, old: os.stat_result) -> None:
    """Give the new file the mode of the old one, and its owner and group if that is allowed."""
    if not hasattr(os, "fchown"):
        return
    for owner in (old.st_uid, -1):
        with suppress(OSError):
            os.fchown(descriptor, owner, old.st_gid)
            break
    with suppress(OSError):  # a file system without modes
        os.fchmod(descriptor, old.st_mode & 0o777)


@lru_cache(maxsize=256)
def _remove_leftovers(folder: str) -> None:
    """Remove the temporary files of killed processes: those that no process holds locked."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        names = [e.path for e in entries if e.name.startswith(_PREFIX) and e.name.endswith(_SUFFIX)]
        for name in names:
            with suppress(OSError):
                descriptor = os.open(name, os.O_RDWR | _NO_LINK | _NO_WAIT | _OPEN)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(name)
                finally:
                    os.close(descriptor)


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _write_all(file: FileIO, content: bytes) -> None:
    """Write to the file and to the disk."""
    while content:
        content = content[file.write(content) or 0 :]
    os.fsync(file.fileno())


def _sync_folder(folder: str) -> None:
    """Make the rename itself survive a power cut, if the system can."""
    with suppress(OSError):  # Windows does not open folders
        descriptor = os.open(folder, os.O_RDONLY | _OPEN)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
