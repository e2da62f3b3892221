"""What several benchmarks use; they are started as files, so that this folder is on the path."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path


def processor() -> str:
    """Return the processor's name, if the system reports it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def hips_checker(python: str) -> Callable[[Callable[..., float], Sequence[float], Sequence[float]], bool]:
    """Start HIPS autograd's check_grads, in an interpreter that has it.

    Return a function of f, a point and a gradient: whether check_grads accepts the gradient.
    """
    script = str(Path(__file__).with_name("hips.py"))
    process = subprocess.Popen([python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answered(message: dict[str, object]) -> dict[str, object]:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def accepts(f: Callable[..., float], point: Sequence[float], gradient: Sequence[float]) -> bool:
        answer = answered({"point": point, "gradient": gradient})
        while "at" in answer:
            answer = answered({"value": f(answer["at"])})
        return answer["accepts"]

    return accepts
