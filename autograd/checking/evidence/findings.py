"""What a check has found out about one number: the evidence, and what follows from it."""

from __future__ import annotations

from typing import Any, NamedTuple

from .differences import Sides
from .precise import MP, Precise, exactly

EPS = 2.0**-52
SINGLE = 2.0**-23
"""The same for float32."""
LIMIT = 1e-6
"""A gradient is called right only where its error is known to be at most this share of its size."""
LIMIT_SINGLE = 1e-3
"""The same where the function or the gradient is computed in float32."""
CANCELLED = 1e-12
"""A gradient of 0 may be as large as this share of the terms that cancel in it."""
TINY = 1e-290
"""Below it numbers, or the steps towards them, have lost digits or are gone: they count as equal."""
LARGEST = 1.7976931348623157e308

RIGHT, WRONG, UNDECIDED = "right", "wrong", "undecided"


class Finding(NamedTuple):
    """One number that was checked, and the verdict on it."""

    question: str
    """"local", "accumulation", "end to end", "protocol", "record" or "chance"."""
    place: Any
    """The node, leaf or promise that it is about."""
    verdict: str
    found: float
    truth: float | None
    tolerance: float = 0.0
    """How far float64 arithmetic alone could move the number."""
    why: str = ""
    position: int = -1
    """Which operand of the node, where a partial is meant."""

    @property
    def bound(self) -> float:
        """The largest relative error that the number can have, as far as the evidence goes."""
        if not self.truth or self.truth - self.truth != 0:
            return 0.0
        uncertain = self.tolerance if self.why.startswith("finite differences") else 0.0
        return (abs(self.found - self.truth) + uncertain) / abs(self.truth)


def judged(found: float, truth: Precise, tolerance: Precise, limit: float = LIMIT) -> str:
    """The verdict on a number whose truth is known, and what rounding could do to it.

    Wrong is what rounding cannot explain; right what is within `limit` of the truth, relative to it.

    >>> judged(1.0, MP.mpf(1) + MP.mpf(2) ** -53, 0), judged(1.0, MP.mpf(1.5), 0), judged(1.0, MP.mpf(1.5), 2)
    ('right', 'wrong', 'undecided')
    """
    if not MP.isfinite(truth) or abs(truth) > LARGEST:
        return RIGHT if found in (MP.inf, -MP.inf) and (found > 0) == (truth > 0) else WRONG
    if found - found != 0:
        return WRONG
    near = float(truth)
    if abs(found - near) <= 7 * EPS * abs(near) and abs(near) > TINY:
        return RIGHT  # in floats, since most are: rounding the truth took half a unit at most
    miss = abs(exactly(found) - truth)
    if miss <= 8 * EPS * abs(truth) + TINY:
        return RIGHT
    if miss > tolerance + 8 * EPS * abs(truth) + TINY:
        return WRONG
    return RIGHT if miss <= limit * abs(truth) else UNDECIDED


def within(found: float, sides: Sides, tolerance: Precise) -> str:
    """The verdict on a slope where the two sides differ: it must lie between them."""
    slopes = sides.slopes
    if not slopes:
        return RIGHT if found != found else UNDECIDED
    if found != found:  # a nan says that there is no derivative
        return UNDECIDED if sides.whys else WRONG
    if found in (MP.inf, -MP.inf):
        return RIGHT if slopes[0] == found or slopes[-1] == found else WRONG
    slack = tolerance + 8 * EPS * max(abs(s) for s in slopes if MP.isfinite(s)) if _any_finite(slopes) else 0
    inside = slopes[0] - slack <= found <= slopes[-1] + slack
    return RIGHT if inside else WRONG


def _any_finite(slopes: list[Precise]) -> bool:
    return any(MP.isfinite(s) for s in slopes)
