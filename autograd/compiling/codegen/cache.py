"""Compiled code kept in a folder, from run to run: private, safe under many writers, and against damage."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

import llvmlite

from ...files import read_whole, write_atomically
from ...terminal import quoted

_LARGEST = 2**28
"""The most bytes that a file of code may have."""


class CodeCache:
    """Object code by what it was compiled from, with the processor, and by which LLVM.

    A file holds a checksum and the code; one that does not fit its checksum is compiled again. What
    is in the folder is run, as a program is, and a checksum is no signature. So the folder is made
    for its owner alone, and ValueError is raised for one that belongs to another user, that others
    may write to, or that is a link or no folder. Whoever can act as the owner is trusted. On Windows
    the folder's permissions are not looked at.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder: Path = Path(folder)
        with suppress(OSError):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700)
        self._check_folder()

    def _check_folder(self) -> bool:
        """Whether there is a folder; a ValueError where what is in it must not be run."""
        try:
            status = os.lstat(self.folder)
        except OSError:
            return False
        if stat.S_ISLNK(status.st_mode):
            raise ValueError(f"cache={quoted(str(self.folder))} is a link: give the folder that it leads to")
        if not stat.S_ISDIR(status.st_mode):
            raise ValueError(f"cache is a folder for compiled code, and {quoted(str(self.folder))} is a file")
        if hasattr(os, "geteuid"):
            whose = ""
            if status.st_uid != os.geteuid():
                whose = "belongs to another user"
            elif status.st_mode & 0o022:
                whose = f"may be written to by others (its mode is {stat.S_IMODE(status.st_mode):04o})"
            if whose:
                raise ValueError(
                    f"cache={quoted(str(self.folder))} {whose}, and what is in it is run as a "
                    f"program: give a folder "
                    "of your own, or make it private with chmod 700 after removing what is in it"
                )
        return True

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(f"{llvmlite.__version__}\n{key}".encode())
        return self.folder / f"{digest.hexdigest()}.code"

    def get(self, key: str) -> bytes | None:
        """The code, if it is there and undamaged, in a file of the folder's own."""
        path = self._path(key)
        if not self._check_folder():
            return None
        with suppress(OSError, ValueError):  # a fifo or a device, or a file that is too large
            if not _is_own_file(path):
                return None
            content = read_whole(path, _LARGEST)
            code = content[32:]
            if hashlib.sha256(code).digest() == content[:32]:
                return code
        return None

    def put(self, key: str, code: bytes) -> None:
        """Keep the code. A folder that cannot be written to keeps nothing, and the code is compiled again."""
        path = self._path(key)
        if not self._check_folder():
            return
        with suppress(OSError):
            if path.is_symlink() or (path.exists() and not path.is_file()):
                path.unlink()
            write_atomically(path, hashlib.sha256(code).digest() + code)


def _is_own_file(path: Path) -> bool:
    """Whether a path is that of a plain file, neither a link nor of another user."""
    status = os.lstat(path)
    own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return stat.S_ISREG(status.st_mode) and own
