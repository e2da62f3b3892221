"""Helpers that several tests share."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[1]


def python_output(code: str, **environment: str) -> str:
    """Return what a fresh Python prints for some code, run from this checkout."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def compile_to_tapes(monkeypatch: Any) -> None:
    """Compile every kernel to a tape for the interpreter, of a batch and at a single point."""
    from autograd.compiling.run import kernel

    monkeypatch.setattr(kernel, "LIMIT", 0)
    monkeypatch.setattr(kernel, "LIMIT_SINGLE", 0)


def copied(source: Path, target: Path) -> None:
    """Copy a folder without compiled files; the copy can be written to, whether the checkout can or not."""
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, target, ignore=leave, copy_function=shutil.copyfile)
    for folder, _, _ in os.walk(target):
        os.chmod(folder, 0o755)


def page_data(page: Any) -> Any:
    """Return the data in a page, which is given as its text or as an object with the method `html`."""
    text = page.html() if hasattr(page, "html") else page
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def parameter_values(model: Any) -> list[float]:
    """Return the numbers of a model's parameters, in their order."""
    return [parameter.data for parameter in model.parameters()]


def may_be_interrupted(frame: FrameType | None, inside_of: Any) -> bool:
    """Return whether the handler of a signal may raise: inside of a call of a function, and in no callback.

    An exception in a callback of the garbage collector or of a weak reference gets out of nowhere; pytest and
    hypothesis have such callbacks.
    """
    while frame is not None:
        if frame.f_code is inside_of.__code__:
            return True
        module = frame.f_globals.get("__name__", "").partition(".")[0]
        if module in ("_pytest", "hypothesis", "weakref", "_weakrefset") or frame.f_code.co_name == "__del__":
            return False
        frame = frame.f_back
    return False


def assert_becomes_true(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, a minute at most: pages forbid the browser's own waiting."""
    for _ in range(1_200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not become true in a minute")
