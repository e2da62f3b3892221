"""Compiled code kept in a folder, from run to run: safe under many writers, and against damage."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import llvmlite


class CodeCache:
    """Object code by what it was compiled from, with the processor, and by which LLVM.

    A file holds a checksum and the code. It is written under another name and then renamed, so that
    a reader finds all of it or nothing; a file that does not fit its checksum is as good as none.
    Against malice there is no check: what is in the folder is run, as a program is.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"cache is a folder for compiled code, and {str(self.folder)!r} is a file")

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(f"{llvmlite.__version__}\n{key}".encode())
        return self.folder / f"{digest.hexdigest()}.code"

    def get(self, key: str) -> bytes | None:
        """The code, if it is there and undamaged."""
        with suppress(OSError):
            content = self._path(key).read_bytes()
            code = content[32:]
            if hashlib.sha256(code).digest() == content[:32]:
                return code
        return None

    def put(self, key: str, code: bytes) -> None:
        """Keep the code. A folder that cannot be written to keeps nothing, which costs time alone."""
        path = self._path(key)
        with suppress(OSError):
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(code).digest() + code)
                os.replace(name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
