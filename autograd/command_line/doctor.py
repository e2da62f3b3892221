"""`chainwalk doctor`: report what is installed, what is missing, and what conflicts."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from ..guidance.clash import clash
from ..terminal import printable

_REQUIREMENT = re.compile(r"([\w.-]+)(\[[^]]*\])?.*;.*extra\s*==\s*['\"]([\w-]+)['\"]")
_FOR_DEVELOPERS = ("bench", "dev", "peers", "test")
_PURPOSE = {
    "animate": "GIF and APNG animations",
    "check": "the gradient checker",
    "cluster": "Dask",
    "compile": "native code",
    "digits": "handwritten digits",
    "pdf": "PDF pictures",
    "plot": "plots of training",
    "progress": "progress bars on a terminal",
    "save": "model.safetensors",
}


def doctor() -> int:
    """Print the report; return 0, or 2 if there is a problem."""
    package = Path(__file__).parents[1]
    problems = [problem for problem in (clash(), _other_distribution()) if problem]
    rows = [
        ("chainwalk", f"{_version('chainwalk') or 'not installed as a distribution'}, in {package}"),
        ("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"),
        ("dot", _dot()),
        ("compiler", _compiler()),
    ]
    for name, text in [*rows, *_extras()]:
        print(f"{name:<10} {printable(text)}")
    for problem in problems:
        print(f"\nproblem: {printable(problem)}")
    if not problems:
        print("\nno problems")
    return 2 if problems else 0


def _version(distribution: str) -> str:
    """Return the installed version of a distribution; "" for none."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _other_distribution() -> str:
    version = _version("autograd")
    if not version:
        return ""
    return (
        f"HIPS autograd {version} is installed too and imports under the same name: whichever is installed or "
        "uninstalled next breaks the other. Keep the two in separate environments"
    )


def _dot() -> str:
    """Return which Graphviz is used."""
    from ..drawing.dot_process import VARIABLE, dot_command, is_bundled

    try:
        command = dot_command()
    except (OSError, RuntimeError, ImportError, ValueError) as error:
        return f"none: {error}"
    chosen = f", chosen by ${VARIABLE}" if os.environ.get(VARIABLE) else ""
    return f"{'bundled, ' if is_bundled(command) else ''}{command}{chosen}"


def _compiler() -> str:
    """Return the processor that code is compiled for, and the width of its SIMD registers."""
    try:
        from ..compiling import host
    except ImportError as error:
        return str(error)
    machine = host()
    return f"{machine.processor}: {machine.lanes(False)} lanes of float64, {machine.lanes(True)} of float32"


def _extras() -> Iterator[tuple[str, str]]:
    """Yield, for each extra, what is installed of it, or how to install what is missing."""
    try:
        lines = importlib.metadata.requires("chainwalk") or []
    except importlib.metadata.PackageNotFoundError:
        return
    needed: dict[str, list[str]] = {}
    for line in lines:
        found = _REQUIREMENT.match(line)
        if found and found[3] not in _FOR_DEVELOPERS:
            inner = found[2].strip("[]").split(",") if found[1] == "chainwalk" and found[2] else []
            needed.setdefault(found[3], []).extend(inner if inner else [found[1]])
    for extra, names in sorted(needed.items()):
        needs = [other for name in names for other in needed.get(name, [name])]
        have = {name: _version(name) for name in dict.fromkeys(needs)}
        status = ", ".join(f"{name} {version}" for name, version in have.items() if version)
        if not all(have.values()):
            lacking = ", ".join(name for name, version in have.items() if not version)
            status = f"missing {lacking}: pip install 'chainwalk[{extra}]'"
        yield extra, f"{status}   ({_PURPOSE.get(extra, extra)})"
