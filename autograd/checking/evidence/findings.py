"""Findings: a number that was checked, the evidence, and the verdict that follows from it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .differences import Sides
from .precise import MP, Precise, exactly

EPS = 2.0**-52
"""The machine epsilon of float64."""
SINGLE = 2.0**-23
"""The machine epsilon of float32."""
LIMIT = 1e-6
"""The maximum relative error of a right gradient."""
LIMIT_SINGLE = 1e-3
"""The maximum relative error of a right gradient if the function or gradient is computed in float32."""
CANCELLED = 1e-12
"""The size up to which a gradient counts as 0, relative to the terms that cancel in it."""
TINY = 1e-290
"""Numbers below this size, or intermediate results of that size, have lost digits: they count as equal."""
LARGEST = 1.7976931348623157e308

RIGHT, WRONG, UNDECIDED = "right", "wrong", "undecided"


class Finding(NamedTuple):
    """A number that was checked, and the verdict on it: "right", "wrong" or "undecided"."""

    question: str
    """"local", "value", "accumulation", "end to end", "protocol", "record", "order 2" ... or "determinism"."""
    place: Any
    """The node, leaf or direction that the finding is about."""
    verdict: str
    found: float
    truth: float | None
    tolerance: float = 0.0
    """The error that rounding, or the evidence, can explain."""
    why: str = ""
    position: int = -1
    """The position of the operand, if the finding is about a partial; else -1."""

    @property
    def bound(self) -> float:
        """An upper bound, from the evidence, of the relative error of the number."""
        if not self.truth or not math.isfinite(self.truth):
            return 0.0
        uncertain = self.tolerance if self.why.startswith("finite differences") else 0.0
        return (abs(self.found - self.truth) + uncertain) / abs(self.truth)


def judged(found: float, truth: Precise, tolerance: Precise, limit: float = LIMIT) -> str:
    """Return the verdict on a number, given the truth and the error that rounding can explain.

    It is "wrong" if rounding cannot explain the error, else "right" if the relative error is at most
    `limit`, else "undecided".

    >>> judged(1.0, MP.mpf(1) + MP.mpf(2) ** -53, 0), judged(1.0, MP.mpf(1.5), 0), judged(1.0, MP.mpf(1.5), 2)
    ('right', 'wrong', 'undecided')
    """
    if not MP.isfinite(truth) or abs(truth) > LARGEST:
        return RIGHT if found in (MP.inf, -MP.inf) and (found > 0) == (truth > 0) else WRONG
    if not math.isfinite(found):
        return WRONG
    near = float(truth)
    if abs(found - near) <= 7 * EPS * abs(near) and abs(near) > TINY:
        return RIGHT  # the common case, decided in floats: rounding the truth adds half a unit at most
    miss = abs(exactly(found) - truth)
    if miss <= 8 * EPS * abs(truth) + TINY:
        return RIGHT
    if miss > tolerance + 8 * EPS * abs(truth) + TINY:
        return WRONG
    return RIGHT if miss <= limit * abs(truth) else UNDECIDED


def within(found: float, sides: Sides, tolerance: Precise) -> str:
    """Return the verdict on a derivative at a kink: it must lie between the one-sided derivatives.

    >>> from autograd.checking.evidence.differences import sides
    >>> [within(found, sides(abs, 0.0), 0) for found in (0.5, 2.0)]
    ['right', 'wrong']
    """
    derivatives = sides.derivatives
    if not derivatives:
        return RIGHT if found != found else UNDECIDED
    if found != found:  # nan states that there is no derivative
        return UNDECIDED if sides.whys else WRONG
    if found in (MP.inf, -MP.inf):
        return RIGHT if derivatives[0] == found or derivatives[-1] == found else WRONG
    slack = (
        tolerance + 8 * EPS * max(abs(s) for s in derivatives if MP.isfinite(s))
        if _any_finite(derivatives)
        else 0
    )
    inside = derivatives[0] - slack <= found <= derivatives[-1] + slack
    return RIGHT if inside else WRONG


def _any_finite(derivatives: list[Precise]) -> bool:
    return any(MP.isfinite(s) for s in derivatives)
