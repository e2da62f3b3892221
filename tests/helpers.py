"""Helpers that several tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
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


def parameter_values(model: Any) -> list[float]:
    """Return the numbers of a model's parameters, in their order."""
    return [parameter.data for parameter in model.parameters()]
