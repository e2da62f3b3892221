"""A folder that caches compiled code between runs: private, and safe with several writers and damaged files."""

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
"""Maximum size of a cached file in bytes."""


class CodeCache:
    """A folder of object code, by its source, the processor and the version of LLVM.

    A file holds a checksum and the code; with a wrong checksum it is compiled again. The code in the
    folder is executed, and a checksum is not a signature. Therefore the folder is created with access for
    its owner only, and ValueError is raised if it belongs to another user, others may write to it, or it
    is a symbolic link or not a folder. Processes of the owner are trusted. On Windows the permissions of
    the folder are not checked.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder: Path = Path(folder)
        with suppress(OSError):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700)
        self._check_folder()

    def _check_folder(self) -> bool:
        """Return whether the folder exists. Raises ValueError if its code must not be executed."""
        try:
            status = os.lstat(self.folder)
        except OSError:
            return False
        if stat.S_ISLNK(status.st_mode):
            raise ValueError(f"cache={quoted(str(self.folder))} is a symbolic link: give the folder itself")
        if not stat.S_ISDIR(status.st_mode):
            raise ValueError(
                f"cache must be a folder for compiled code, but {quoted(str(self.folder))} is a file"
            )
        if hasattr(os, "geteuid"):
            whose = ""
            if status.st_uid != os.geteuid():
                whose = "belongs to another user"
            elif status.st_mode & 0o022:
                whose = f"may be written to by others (its mode is {stat.S_IMODE(status.st_mode):04o})"
            if whose:
                raise ValueError(
                    f"cache={quoted(str(self.folder))} {whose}, and the code in it would be executed: give a "
                    "folder of your own, or delete its content and make it private with chmod 700"
                )
        return True

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(f"{llvmlite.__version__}\n{key}".encode())
        return self.folder / f"{digest.hexdigest()}.code"

    def get(self, key: str) -> bytes | None:
        """Return the code, if there is an undamaged file that belongs to the user; else None."""
        path = self._path(key)
        if not self._check_folder():
            return None
        with suppress(OSError, ValueError):  # not a regular file, or a file that is too large
            if not _is_own_file(path):
                return None
            content = read_whole(path, _LARGEST)
            code = content[32:]
            if hashlib.sha256(code).digest() == content[:32]:
                return code
        return None

    def put(self, key: str, code: bytes) -> None:
        """Store the code; if the folder cannot be written to, nothing is stored."""
        path = self._path(key)
        if not self._check_folder():
            return
        with suppress(OSError):
            if path.is_symlink() or (path.exists() and not path.is_file()):
                path.unlink()
            write_atomically(path, hashlib.sha256(code).digest() + code)


def _is_own_file(path: Path) -> bool:
    """Return whether a path is a regular file, not a link, of this user."""
    status = os.lstat(path)
    own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return stat.S_ISREG(status.st_mode) and own
