"""Recognise common mistakes in wrong gradients: a sign, a factor, a transposed matrix, a whole row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """The gradient with respect to one argument and the expected one, as flat lists in row-major order."""

    name: str
    shape: tuple[int, ...]
    found: list[float]
    truth: list[float]
    wrong: list[bool]


def patterns(parts: Sequence[Part]) -> list[str]:
    """Describe the mistake in the gradient with respect to each argument, if its errors have a pattern.

    Arguments without a wrong number, or without a pattern, are left out.

    >>> patterns([Part("W", (2, 2), [1.0, 3.0, 2.0, 4.0], [1.0, 2.0, 3.0, 4.0], [False, True, True, False])])
    ['W: the gradient is the transpose of the right one']
    """
    found = []
    for part in parts:
        if any(part.wrong):
            words = _transposed(part) or _swapped(part, parts) or _rows(part) or _common(part)
            if words:
                found.append(f"{part.name}: {words}")
    return found


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-3 * max(abs(a), abs(b)) or a == b


def _all_close(found: Sequence[float], truth: Sequence[float]) -> bool:
    return any(x for x in truth) and all(map(_close, found, truth))


def _transposed(part: Part) -> str:
    if len(part.shape) != 2 or part.shape[0] != part.shape[1] or part.shape[0] < 2:
        return ""
    side = part.shape[0]
    turned = [part.truth[j * side + i] for i in range(side) for j in range(side)]
    return "the gradient is the transpose of the right one" if _all_close(part.found, turned) else ""


def _common(part: Part) -> str:
    """Describe what the wrong numbers have in common: a sign, a value of 0, or a factor."""
    wrong = [k for k, bad in enumerate(part.wrong) if bad]
    every = len(wrong) == sum(1 for x in part.truth if x) or len(wrong) == len(part.truth)
    if len(wrong) < 2 and not every:
        return ""
    words = _common_error([part.found[k] for k in wrong], [part.truth[k] for k in wrong])
    what = "the gradient" if len(part.found) > 1 else "it"
    return (
        f"{what} {words}{'' if every else f' at {len(wrong)} of its {len(part.truth)} numbers'}"
        if words
        else ""
    )


def _common_error(found: list[float], truth: list[float]) -> str:
    if _all_close([-x for x in found], truth):
        return "has the wrong sign"
    if not any(found) and any(truth):
        return "is 0"
    ratios = [x / y for x, y in zip(found, truth, strict=True) if y]
    if (
        len(ratios) > 1
        and len(ratios) == len(found)
        and all(abs(r - ratios[0]) <= 1e-6 * abs(r) for r in ratios)
    ):
        return f"is {ratios[0]:.6g} times the right one"
    return ""


def _swapped(part: Part, parts: Sequence[Part]) -> str:
    for other in parts:
        if other is not part and other.shape == part.shape and _all_close(part.found, other.truth):
            return f"the gradient is that of {other.name}"
    return ""


def _rows(part: Part) -> str:
    """Describe whole rows, columns or other slices that are wrong, if all other numbers are right."""
    if len(part.shape) < 2 or all(part.wrong):
        return ""
    size = math.prod(part.shape)
    words = ["row", "column"]
    for axis, length in enumerate(part.shape):
        stride = math.prod(part.shape[axis + 1 :])
        bad = {k // stride % length for k in range(size) if part.wrong[k]}
        if len(bad) < length and size // length > 1 and len(bad) * (size // length) == sum(part.wrong):
            many = "s" if len(bad) > 1 and len(part.shape) == 2 else ""
            listed = ", ".join(map(str, sorted(bad)))
            wrong = [k for k, is_wrong in enumerate(part.wrong) if is_wrong]
            common = _common_error([part.found[k] for k in wrong], [part.truth[k] for k in wrong])
            reason = f" (it {common})" if common else ""
            if len(part.shape) == 2:
                return f"the whole {words[axis]}{many} {listed} {'are' if many else 'is'} wrong{reason}"
            return f"every number at index {listed} of axis {axis} is wrong{reason}"
    return ""
