"""The end-to-end question: is the gradient the derivative of the whole program?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..evidence.differences import DEEP, LEVELS, Sides, plain_slope, sides
from ..evidence.findings import EPS, RIGHT, TINY, UNDECIDED, WRONG, Finding, judged, within
from ..evidence.precise import MP, Precise, digits, exactly, real
from ..evidence.record import Record
from ..evidence.rounding import rounding_of_derivative
from .local import kinks

BUDGET = 20_000
"""Up to how many leaves times nodes each leaf is looked at by itself; beyond, random directions."""
DIRECTIONS = 3
OUT_OF_RANGE = "a number on the way leaves the range of float64"


def check_end_to_end(record: Record, grads: list[float], guilty: bool = False) -> Iterator[Finding]:
    """The gradient towards every leaf, or along random directions where the graph is large.

    Once something is known to be wrong (an operation is `guilty`, or a first gradient was looked
    at in many digits) the rest is not looked at twice.
    """
    for question in _questions(record, grads):
        finding = question.finding(guilty)
        guilty = guilty or finding.verdict == WRONG
        yield finding


def _questions(record: Record, grads: list[float]) -> Iterator[_Question]:
    if len(record.leaves) <= DIRECTIONS or len(record.leaves) * len(record.nodes) <= BUDGET:
        for leaf in record.leaves:
            yield _Question(record, record.nodes[leaf], grads[leaf], {leaf: 1.0})
        return
    rng = random.Random(len(record.nodes))
    for number in range(DIRECTIONS):
        direction = {leaf: rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) for leaf in record.leaves}
        with digits(60):
            slope = float(MP.fsum(exactly(grads[leaf]) * exactly(d) for leaf, d in direction.items()))
        yield _Question(record, f"direction {number + 1}", slope, direction)


class _Question(NamedTuple):
    """One derivative of a program: towards a leaf, or along a direction."""

    record: Record
    place: Any
    gradient: float
    direction: dict[int, float]

    def sides(self, record: Record, levels: tuple[int, ...]) -> Sides:
        """The one-sided derivatives of the program in high precision."""
        if len(self.direction) > 1:
            return sides(record.along(self.direction), 0.0, levels)
        (leaf,) = self.direction
        return sides(record.towards(leaf), record.nodes[leaf].data, levels)

    def plain_slope(self) -> Precise | None:
        """The derivative of the program where it is plain to see."""
        with digits(LEVELS[1]):
            here = real(lambda: self.record.base()[-1])
        if len(self.direction) > 1:
            return plain_slope(self.record.along(self.direction), 0.0, here)
        (leaf,) = self.direction
        return plain_slope(self.record.towards(leaf), self.record.nodes[leaf].data, here)

    def finding(self, hasty: bool) -> Finding:
        """The verdict: at once where the exact derivative is met to a few units in the last place."""
        plain = self.plain_slope()
        if plain is not None and judged(self.gradient, plain, 0) == RIGHT:
            return self._told(RIGHT, plain, 0, "")
        exact = self.sides(self.record, LEVELS)
        if exact.smooth and judged(self.gradient, exact.right.slope, exact.right.noise) == RIGHT:
            return self._told(RIGHT, exact.right.slope, 0, "")
        found = self._as_rounded(LEVELS)
        return self._as_rounded(DEEP) if found.verdict == WRONG and not hasty else found

    def _as_rounded(self, levels: tuple[int, ...]) -> Finding:
        """The verdict from the program with the rounding that float64 made in each operation.

        Its derivative is what the gradient has to be; how far that is from the derivative of the
        program without rounding is what float64 could not decide.
        """
        rounded = self.record.rounded
        exact, found = self.sides(self.record, levels), self.sides(rounded, levels)
        if not found.smooth:
            return _at_kink(self.record, self.place, self.gradient, found)
        truth = found.right.slope
        moved = rounding_of_derivative(rounded, self.direction, levels[1])
        tolerance = found.right.noise + 4 * EPS * (moved or 0)
        if judged(self.gradient, truth, tolerance) == WRONG:
            singular = kinks(self.record)
            if not singular and moved is not None:
                return self._told(WRONG, truth, tolerance, "")
            why = f"{_list(singular)} at a kink of its own, where its derivative is a convention"
            return self._told(UNDECIDED, truth, tolerance, why if singular else OUT_OF_RANGE)
        gap = abs(exact.right.slope - truth) if exact.smooth else MP.inf
        if gap + tolerance > 0.1 * abs(truth) and gap + tolerance > TINY:
            why = f"rounding in float64 can move this gradient by {float(gap + tolerance):.1e}"
            return self._told(UNDECIDED, truth, tolerance, why)
        return self._told(RIGHT, truth, tolerance, "")

    def _told(self, verdict: str, truth: Precise, tolerance: Any, why: str) -> Finding:
        return Finding("end to end", self.place, verdict, self.gradient, float(truth), float(tolerance), why)


def _at_kink(record: Record, place: Any, gradient: float, found: Sides) -> Finding:
    slopes = [float(s) for s in found.slopes]
    truth = slopes[0] if slopes else None
    if within(gradient, found, 0) == RIGHT and slopes:
        between = " and ".join(f"{s:g}" for s in dict.fromkeys((slopes[0], slopes[-1])))
        why = f"a kink, between {between}" if len(slopes) > 1 else f"a derivative on one side only: {between}"
        return Finding("end to end", place, RIGHT, gradient, truth, why=why)
    singular = kinks(record)
    if singular or not slopes:
        reason = f"{_list(singular)} at a kink" if singular else "the program is not defined around this point"
        return Finding("end to end", place, UNDECIDED, gradient, truth, why=reason)
    return Finding("end to end", place, WRONG, gradient, truth, why="outside the one-sided derivatives")


def _list(names: list[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
