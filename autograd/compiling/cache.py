"""Compiled code kept in a folder, from run to run: safe under many writers, and against damage."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import llvmlite

from .native import host


class CodeCache:
    """Object code by what it was compiled from, for which processor, and by which LLVM.

    A file holds a checksum and the code. It is written under another name and then renamed, so that
    a reader finds all of it or nothing; a file that does not fit its checksum is as good as none.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, text: str) -> Path:
        machine = host()
        key = "\n".join([text, machine.processor, machine.features, llvmlite.__version__])
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.code"

    def get(self, text: str) -> bytes | None:
        """The code, if it is there and undamaged."""
        with suppress(OSError):
            content = self._path(text).read_bytes()
            code = content[32:]
            if hashlib.sha256(code).digest() == content[:32]:
                return code
        return None

    def put(self, text: str, code: bytes) -> None:
        """Keep the code. A folder that cannot be written to keeps nothing, which costs time alone."""
        path = self._path(text)
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
