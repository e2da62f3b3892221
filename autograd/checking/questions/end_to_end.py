"""The end-to-end question: is the gradient the derivative of the whole program?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..evidence.differences import DEEP, LEVELS, Sides, sides
from ..evidence.findings import (
    CANCELLED,
    EPS,
    LIMIT,
    LIMIT_SINGLE,
    RIGHT,
    TINY,
    UNDECIDED,
    WRONG,
    Finding,
    judged,
    within,
)  # fmt: skip
from ..evidence.precise import MP, Precise, digits, exactly
from ..evidence.record import Record
from ..evidence.rounding import rounding_of_derivative, rounding_sweep
from ..evidence.sweep import Sweep, sweep
from .local import kinks, stands_alone

BUDGET = 20_000
"""Maximum of leaves times nodes for checking each leaf by itself; above, random directions are checked."""
DIRECTIONS = 3
CLOSELY = 30
"""Maximum number of gradients that are examined in more digits, until one is known to be wrong."""
LARGE = 3000
"""Number of nodes from which on a rough bound of the rounding error is tried first."""
ROUNDINGS = 256
"""The rounding error, in roundings of its terms, allowed to a gradient computed in another way."""
OUT_OF_RANGE = "an intermediate result is outside the range of float64"


def check_end_to_end(
    record: Record, grads: list[float], known_wrong: bool = False, unit: float = 0.0
) -> Iterator[Finding]:
    """Compare the gradient of every leaf with the derivative of the program; yield findings.

    In a large graph with a kink, random directions are checked instead. Once something is known to be
    wrong (an operation, if `known_wrong`, or a gradient examined in many digits), the rest is examined
    only once. `unit` is the relative rounding error of a gradient that was not computed by this graph's
    backward pass, in which terms may cancel.

    >>> from autograd import Value
    >>> [finding.verdict for finding in check_end_to_end(Record(Value(3.0).tanh()), [0.5, 1.0])]
    ['wrong']
    """
    swept, closely = sweep(record), 0
    for place, question in enumerate(_questions(record, grads)):
        finding = None
        if swept is not None:
            allowed = ROUNDINGS * unit * swept.sizes[place]
            finding = question.swept(place, swept, allowed, unit)
            certain = finding.verdict != WRONG or known_wrong or closely == CLOSELY
            if not certain:
                closely += 1
                finding = question.finding(known_wrong, allowed, unit)
        else:
            finding = question.finding(known_wrong, unit=unit)
        known_wrong = known_wrong or finding.verdict == WRONG
        yield finding


def is_along_directions(record: Record) -> bool:
    """Return whether random directions are checked instead of each leaf: in a large graph with a kink.

    >>> from autograd import Value
    >>> is_along_directions(Record(Value(3.0).relu()))
    False
    """
    leaves = len(record.leaves)
    return leaves > DIRECTIONS and leaves * len(record.nodes) > BUDGET and sweep(record) is None


def _questions(record: Record, grads: list[float]) -> Iterator[_Question]:
    leaves = record.leaves
    if not is_along_directions(record):
        for leaf in leaves:
            yield _Question(record, record.nodes[leaf], grads[leaf], {leaf: 1.0})
        return
    rng = random.Random(len(record.nodes))
    for number in range(DIRECTIONS):
        direction = {leaf: rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) for leaf in leaves}
        with digits(60):
            gradient = float(MP.fsum(exactly(grads[leaf]) * exactly(d) for leaf, d in direction.items()))
        yield _Question(record, f"direction {number + 1}", gradient, direction)


def limit_of(unit: float) -> float:
    """Return the maximum relative error of a right gradient, given its relative rounding error.

    >>> limit_of(EPS), limit_of(2.0**-23)
    (1e-06, 0.001)
    """
    return LIMIT_SINGLE if unit > EPS else LIMIT


class _Question(NamedTuple):
    """A derivative of a program with respect to a leaf, or along a direction."""

    record: Record
    place: Any
    gradient: float
    direction: dict[int, float]

    def sides(self, record: Record, levels: tuple[int, ...]) -> Sides:
        """Return the one-sided derivatives of the program in high precision."""
        if len(self.direction) > 1:
            return sides(record.along(self.direction), 0.0, levels, (record.size,))
        (leaf,) = self.direction
        return sides(record.as_function_of(leaf), record.nodes[leaf].data, levels, (record.size,))

    def swept(self, place: int, swept: Sweep, allowed: float, unit: float) -> Finding:
        """Return the finding from sweeps over the exact program and that with float64 rounding errors."""
        truth, size = swept.truths[place], swept.sizes[place]
        if judged(self.gradient, truth, 0) == RIGHT:
            return self._result(RIGHT, truth, 0, "")
        if self._cancelled(truth, size, max(unit, EPS)):
            return self._result(RIGHT, truth, CANCELLED * size, "")
        if judged(self.gradient, truth, allowed) != WRONG:
            return self._near(truth, allowed, allowed, unit)
        crude = ROUNDINGS * EPS * size  # a cheap bound, tried first for a large graph
        if len(self.record.nodes) > LARGE and judged(self.gradient, truth, crude) != WRONG:
            return self._near(truth, crude, crude, unit)
        rounded, moved = sweep(self.record.rounded), rounding_sweep(self.record.rounded, LEVELS[0])
        if rounded is None or moved is None:
            return self._result(WRONG, truth, allowed, "")
        tolerance = 4 * max(unit, EPS) * moved[place] + allowed
        if judged(self.gradient, rounded.truths[place], tolerance) == WRONG:
            return self._result(WRONG, truth, tolerance, "")
        return self._near(truth, tolerance, abs(truth - rounded.truths[place]) + tolerance, unit)

    def _near(self, truth: Precise, tolerance: Any, moved: Any, unit: float) -> Finding:
        """Return "right" if the relative error is small, else "undecided": rounding can explain it."""
        if abs(truth) <= TINY or self._relative_error(truth) <= limit_of(unit):
            return self._result(RIGHT, truth, tolerance, "")
        why = f"rounding errors can change this gradient by {float(moved):.1e}"
        return self._result(UNDECIDED, truth, tolerance, why)

    def _relative_error(self, truth: Precise) -> float:
        return float(abs(exactly(self.gradient) - truth) / abs(truth)) if truth else 0.0

    def _cancelled(self, truth: Precise, size: float, unit: float) -> bool:
        """Return whether truth and gradient are both negligible beside the terms that cancel in them."""
        nothing = min(CANCELLED * unit / EPS, LIMIT) * size
        return self.gradient - self.gradient == 0 and bool(abs(truth) <= nothing >= abs(self.gradient))

    def finding(self, quick: bool, allowed: float = 0.0, unit: float = 0.0) -> Finding:
        """Return the finding from difference quotients; if not `quick`, verify a wrong one in more digits."""
        exact = self.sides(self.record, LEVELS)
        if exact.smooth and judged(self.gradient, exact.right.derivative, exact.right.noise) == RIGHT:
            return self._result(RIGHT, exact.right.derivative, 0, "")
        found = self._as_rounded(LEVELS, allowed, unit)
        return self._as_rounded(DEEP, allowed, unit) if found.verdict == WRONG and not quick else found

    def _as_rounded(self, levels: tuple[int, ...], allowed: float, unit: float) -> Finding:
        """Return the finding from the program with the rounding error of float64 in each operation.

        A gradient is wrong if it differs from the derivative of that program by more than the rounding
        of the partials can explain, and right if it is close to the derivative of the exact program.
        """
        rounded = self.record.rounded
        exact, found = self.sides(self.record, levels), self.sides(rounded, levels)
        if not found.smooth:
            return _at_kink(self.record, self.place, self.gradient, found, unit > 0)
        truth = found.right.derivative
        moved = rounding_of_derivative(rounded, self.direction, levels[1])
        tolerance = found.right.noise + 4 * max(unit, EPS) * (moved or 0) + allowed
        if judged(self.gradient, truth, tolerance) == WRONG:
            singular = kinks(self.record)
            if not singular and moved is not None:
                return self._result(WRONG, exact.right.derivative if exact.smooth else truth, tolerance, "")
            why = f"{_list(singular)} at a kink, where the derivative is a convention"
            return self._result(UNDECIDED, truth, tolerance, why if singular else OUT_OF_RANGE)
        if not exact.smooth:
            return self._result(UNDECIDED, truth, tolerance, "the program has a kink too small for float64")
        return self._near(
            exact.right.derivative, tolerance, abs(exact.right.derivative - truth) + tolerance, unit
        )

    def _result(self, verdict: str, truth: Precise, tolerance: Any, why: str) -> Finding:
        return Finding("end to end", self.place, verdict, self.gradient, float(truth), float(tolerance), why)


def _at_kink(record: Record, place: Any, gradient: float, found: Sides, own_rule: bool) -> Finding:
    derivatives = [float(s) for s in found.derivatives]
    truth = derivatives[0] if derivatives else None
    if within(gradient, found, 0) == RIGHT and derivatives:
        between = " and ".join(f"{s:g}" for s in dict.fromkeys((derivatives[0], derivatives[-1])))
        why = (
            f"a kink, between {between}"
            if len(derivatives) > 1
            else f"a derivative on one side only: {between}"
        )
        return Finding("end to end", place, RIGHT, gradient, truth, why=why)
    singular = [] if own_rule and derivatives and stands_alone(record) else kinks(record)
    if singular or not derivatives:
        reason = f"{_list(singular)} at a kink" if singular else "the program is not defined around this point"
        return Finding("end to end", place, UNDECIDED, gradient, truth, why=reason)
    return Finding("end to end", place, WRONG, gradient, truth, why="outside the one-sided derivatives")


def _list(names: list[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
