"""`chainwalk check`: check a function or an expression at one point or at many."""

from __future__ import annotations

import importlib
import inspect
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..checking.check_functions import check_gradients
from ..checking.evidence.findings import RIGHT, UNDECIDED, WRONG
from ..checking.report import Report
from ..errors import DomainError
from ..terminal import kind_of, printable, progress_bar, quoted
from ..transforms.argnums import parameters
from .parsing import evaluate

EXIT = {RIGHT: 0, WRONG: 1, UNDECIDED: 3}
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_DEFAULT = (-3.0, 3.0)

Range = tuple[float, float]


def is_function(text: str) -> bool:
    """Return whether a string is `module:function` rather than an expression.

    >>> is_function("my.module:loss"), is_function("x*x + 1")
    (True, False)
    """
    return _FUNCTION.fullmatch(text.strip()) is not None


def run(
    text: str,
    given: Mapping[str, Range],
    *,
    examples: int,
    order: int,
    seed: int,
    save: str | None,
    gradient: str | None = None,
) -> int:
    """Check, print the report, and return the exit status: 0 right, 1 wrong, 3 undecided.

    Raises ValueError with a readable message for arguments that cannot be used.
    """
    f, every, optional = _function(text, given)
    unknown = [name for name in given if name not in every]
    names = [name for name in every if name in given or name not in optional]
    missing = [name for name in names if name not in given]
    if unknown or (missing and not examples):
        what = f"{', '.join(unknown)} given, but it takes" if unknown else "give a number for each of"
        raise ValueError(f"{text}: {what} {', '.join(every)}")
    by_name = names != every
    options: dict[str, Any] = {"order": order, "raises": False}
    if save is not None and not _is_page(save):
        options["save"] = save
    if gradient is not None:
        library = gradient in ("torch", "jax")
        options["gradient"] = gradient if library else _labelled(_imported(gradient), gradient, names, by_name)
    f = _labelled(f, text, names, by_name)
    if not examples:
        ranges = [n for n in names if given[n][0] < given[n][1] or given[n][0] > given[n][1]]
        if ranges:
            raise ValueError(f"{', '.join(ranges)}: a range low:high needs --examples N")
        report = check_gradients(f, *(given[name][0] for name in names), **options)
        return _finished(report, save)
    boxes = [given.get(name, _DEFAULT) for name in names]
    return _many(f, boxes, examples, random.Random(seed), options, save)


def _is_page(path: str) -> bool:
    return path.lower().endswith((".html", ".htm"))


def _finished(report: Report, save: str | None) -> int:
    """Print the report, save its page if a path is given, and return the exit status."""
    print(report)
    if save is not None and _is_page(save):
        print(f"  report: {printable(str(report.save(save)))}")
    return EXIT[report.verdict]


def _labelled(f: Callable[..., Any], text: str, names: list[str], by_name: bool) -> Callable[..., Any]:
    """Return the function restricted to these parameters; its errors name it as their source."""

    def called(*numbers: Any) -> Any:
        try:
            return f(**dict(zip(names, numbers, strict=True))) if by_name else f(*numbers)
        except (ArithmeticError, ValueError):
            raise
        except Exception as error:
            raise TypeError(f"{text} raised {kind_of(error)}: {error}") from error

    called.__name__ = called.__qualname__ = getattr(f, "__name__", text)
    called.__module__ = f.__module__
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    called.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return called


def _function(text: str, given: Mapping[str, Range]) -> tuple[Callable[..., Any], list[str], list[str]]:
    """Return a function, its parameters, and those of them that have a default."""
    if path := re.fullmatch(r"(?:\./)?([\w/]+)\.py:(\w+)", text.strip()):
        name = f"{path[1].replace('/', '.')}:{path[2]}"
        raise ValueError(f"{text.strip()} is a path: give the module and the function, {name}")
    if not is_function(text):
        names = list(given)

        def f(*numbers: Any) -> Any:
            return evaluate(text, dict(zip(names, numbers, strict=True)))[0]

        with suppress(DomainError):  # other errors name the column
            evaluate(text, {name: low for name, (low, _) in given.items()})
        f.__name__ = text.strip()
        return f, names, []
    found = _imported(text)
    signature = inspect.signature(found).parameters
    names = parameters(found)
    return found, names, [name for name in names if signature[name].default is not inspect.Parameter.empty]


def _imported(text: str) -> Callable[..., Any]:
    """Return the function that `module:function` names."""
    if not is_function(text):
        raise ValueError(f"{quoted(text)} is not module:function")
    module, _, name = text.strip().partition(":")
    sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), name)
    except AttributeError as error:
        raise ValueError(f"{text}: {error}") from error
    except (Exception, SystemExit) as error:  # no error in the module means that a gradient is wrong
        raise ValueError(f"{text}: importing {module} raised {kind_of(error)}: {error}") from error
    finally:
        sys.path.remove("")
    if not callable(found):
        raise ValueError(f"{text} must be a function, got {quoted(found)}")
    return found  # type: ignore[no-any-return]


def _many(
    f: Callable[..., Any],
    boxes: Sequence[Range],
    examples: int,
    rng: random.Random,
    options: dict[str, Any],
    save: str | None,
) -> int:
    """Check random points in a box; return the worst report, and the number of points of each verdict."""
    counts = {RIGHT: 0, UNDECIDED: 0, WRONG: 0}
    worst: Report | None = None
    outside = 0
    with progress_bar(examples, "checking") as report_progress:
        for k in range(examples):
            point = [low if low == high else rng.uniform(low, high) for low, high in boxes]
            report = check_gradients(f, *point, undefined="skip", **options)
            if report.undefined:
                outside += 1
            else:
                counts[report.verdict] += 1
                if (
                    worst is None
                    or EXIT[report.verdict] == 1
                    or (EXIT[worst.verdict] == 0 and not report.right)
                ):
                    worst = report
            report_progress(k + 1, f"{outside:,} outside the domain" if outside else "")
            if worst is not None and worst.verdict == WRONG:
                break
    if worst is not None and not (worst.right and save is None):
        _finished(worst, save)
    counts_text = ", ".join(
        f"{count:,} {verdict}" for verdict, count in counts.items() if count or verdict == RIGHT
    )
    left_out = f", {outside:,} outside the domain" if outside else ""
    print(f"{sum(counts.values()) + outside:,} random points: {counts_text}{left_out}")
    if worst is None:
        raise ValueError("every point was outside the domain: choose another box with --at name=low:high")
    return EXIT[worst.verdict]
