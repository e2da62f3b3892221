"""Functions that cannot be recorded: finite differences of floats, input by input or along directions."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...terminal import progress_bar
from ...transforms.numerical import Replay
from ..evidence.differences import sides
from ..evidence.findings import EPS, RIGHT, UNDECIDED, WRONG, Finding, judged
from ..evidence.floats import Slope, judged_slope, steady_derivative
from ..evidence.precise import MP, exactly
from ..evidence.record import Record, flat_truth

Floats = Callable[[list[float]], Any]
IN_DIGITS = "the function itself in high precision"
BY_DIFFERENCES = "finite differences in float64"
SECONDS = 6.0
"""How long all inputs may take one by one; else they are moved together, and some by themselves."""
CALLS = 50
"""About how many calls of a function the slope towards one input takes."""
ALONE = 25
"""At least so many inputs are looked at by themselves."""
NAMED = 40
"""At most so many wrong inputs are looked for among those that were moved together."""
MOST_LEAVES = 50
"""How many leaves of one graph are looked at by finite differences."""


def check_opaque(
    f: Floats, gradient: Sequence[float], point: list[float], unit: float = EPS
) -> Iterator[Finding]:
    """A gradient against the function it belongs to: towards every input, where that takes seconds.

    Else inputs whose share of the gradient is of one size are moved together, along random
    directions, so that none is hidden behind a larger one; groups that are wrong are halved until the
    inputs are known; and a sample is looked at one by one.
    """
    number = total_number(f)
    started = time.perf_counter()
    for _ in range(3):
        number(point)
    cost = CALLS * (time.perf_counter() - started) / 3
    count = len(point)
    alone: Sequence[int] = range(count)
    if count * cost > SECONDS and count > 2 * ALONE:
        found = yield from _together(number, gradient, point, unit)
        few = max(ALONE, min(count, int(SECONDS / 2 / cost)))
        rng = random.Random(count)
        alone = sorted(set(rng.sample(range(count), few)) - found)
    with progress_bar(len(alone), "inputs") as tell:
        for done, k in enumerate(alone, 1):
            yield towards(number, gradient[k], point, k, unit)
            tell(done, "")


def total_number(f: Floats) -> Callable[[list[float]], float]:
    """The function with a nan where it is not defined."""

    def number(point: list[float]) -> float:
        try:
            return float(f(point))
        except (ArithmeticError, ValueError):
            return math.nan

    return number


def towards(number: Floats, found: float, point: list[float], k: int, unit: float = EPS) -> Finding:
    """The verdict on the slope towards one input, by finite differences."""

    def moved(x: float) -> float:
        return number([*point[:k], x, *point[k + 1 :]])  # type: ignore[no-any-return]

    return _finding(k, found, judged_slope(moved, point[k], found, unit))


def _finding(place: Any, found: float, slope: Slope) -> Finding:
    why = slope.why or f"{BY_DIFFERENCES}, certain to {slope.tolerance:.0e}"
    return Finding("end to end", place, slope.verdict, found, slope.truth, slope.tolerance, why)


def _together(number: Floats, gradient: Sequence[float], point: list[float], unit: float) -> Any:
    """Findings about groups of inputs, moved along random directions; gives the inputs that are wrong."""
    groups: dict[int, list[int]] = {}
    for k, (g, x) in enumerate(zip(gradient, point, strict=True)):
        share = abs(g) * _size(x)
        groups.setdefault(math.frexp(share)[1] // 4 if share - share == 0 and share else -9999, []).append(k)
    wrong: set[int] = set()
    rng = random.Random(len(point))
    with progress_bar(len(groups), "groups of inputs") as tell:
        for done, (_, group) in enumerate(sorted(groups.items(), reverse=True), 1):
            for turn in range(2):
                finding = _along(number, gradient, point, group, unit, rng)
                if finding.verdict == WRONG and len(wrong) < NAMED:
                    named = list(_halved(number, gradient, point, group, unit, rng, wrong))
                    wrong |= {f.place for f in named if f.verdict == WRONG}
                    yield from named
                why = f"a random direction in {len(group):,} inputs of one size, {finding.why}"
                yield finding._replace(place=f"direction {turn + 1}", why=why)
                if finding.verdict == WRONG:
                    break
            tell(done, "")
    return wrong


def _size(x: float) -> float:
    return max(abs(x), 0.1)


def _along(
    number: Floats, gradient: Sequence[float], point: list[float], group: Sequence[int], unit: float, rng: Any
) -> Finding:
    """The slope along a random direction in which only some inputs move; judged relative to its parts."""
    speeds = {k: rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * _size(point[k]) for k in group}

    def moved(distance: float) -> float:
        there = list(point)
        for k, speed in speeds.items():
            there[k] += (distance - 1.0) * speed
        return number(there)  # type: ignore[no-any-return]

    terms = [gradient[k] * speed for k, speed in speeds.items()]
    found = math.fsum(terms)
    slope = judged_slope(moved, 1.0, found, unit)  # around 1, where steps are shares of each input
    if slope.verdict == UNDECIDED and slope.truth is not None and slope.tolerance <= 1e-6 * math.hypot(*terms):
        slope = slope._replace(verdict=RIGHT, why="")  # the terms cancel in their sum
    return _finding("", found, slope)


def _halved(
    number: Floats, gradient: Sequence[float], point: list[float], group: list[int], unit: float, rng: Any,
    known: set[int],
) -> Iterator[Finding]:  # fmt: skip
    """The wrong inputs of a group that is wrong, by halves: what is right in a random direction is left out."""
    waiting, told = [group], len(known)
    while waiting and told < NAMED:
        some = waiting.pop()
        if len(some) == 1:
            finding = towards(number, gradient[some[0]], point, some[0], unit)
            told += finding.verdict == WRONG
            yield finding
        elif _along(number, gradient, point, some, unit, rng).verdict == WRONG:
            middle = len(some) // 2
            waiting += [some[middle:], some[:middle]]


def _trusted(moved: Callable[[Any], Any], x: float, estimate: tuple[float, float]) -> Any:
    """The slope in high precision, if the function computes in it: if finite differences agree.

    One that rounds to floats somewhere inside loses that part's derivative, without a word.
    """
    truth = _in_high_precision(moved, x)
    if truth is not None and abs(float(truth) - estimate[0]) <= 10 * estimate[1] + 64 * EPS * abs(estimate[0]):
        return truth
    return None


def _numbers(moved: Callable[[Any], Any]) -> Callable[[float], float]:
    return total_number(moved)  # type: ignore[return-value]


def computes_in_floats(node: Any) -> bool:
    """Whether a node's operation is a Python function that high precision cannot be had from."""
    if node.op is None or f"{node.op.name}_value" not in node.op.functions:
        return False
    point = [getattr(item, "data", item) for item in node.operands]
    f = flat_truth(node)
    for k, x in enumerate(point):

        def moved(x: Any, k: int = k) -> Any:
            return f([*point[:k], x, *point[k + 1 :]])

        if _trusted(moved, x, steady_derivative(_numbers(moved), x)) is None:
            return True
    return False


def check_operation(node: Any) -> Iterator[Finding]:
    """The partials of such a node, by finite differences, or in high precision where it can be had."""
    point = [getattr(item, "data", item) for item in node.operands]
    f = flat_truth(node)
    for k, (operand, slope) in enumerate(zip(node.operands, node.partials, strict=True)):
        if operand.__class__ is float:
            continue
        partial = 0.0 if slope is None else slope  # of an operand that was not selected

        def moved(x: Any, k: int = k) -> Any:
            return f([*point[:k], x, *point[k + 1 :]])

        truth = _trusted(moved, point[k], steady_derivative(_numbers(moved), point[k]))
        if truth is None:
            finding = towards(total_number(f), partial, point, k)
        else:
            finding = Finding(
                "local", node, judged(partial, truth, 64 * EPS * abs(truth)), partial, float(truth)
            )
        yield finding._replace(question="local", place=node, position=k)


def check_replayed(record: Record, grads: list[float]) -> Iterator[Finding]:
    """The gradient of a graph with such a node in it, by finite differences of the whole."""
    replay = Replay(record.root)
    inputs = [record.nodes[k] for k in record.leaves]
    for place, leaf in enumerate(inputs[:MOST_LEAVES]):

        def moved(x: float, leaf: Any = leaf) -> float:
            return replay({leaf: x})

        found = grads[record.leaves[place]]
        yield _finding(leaf, found, judged_slope(moved, leaf.data, found))


def _in_high_precision(moved: Callable[[Any], Any], x: float) -> Any:
    """The slope if the function computes with precise numbers as it stands, else None."""
    try:
        if not isinstance(moved(exactly(x)), MP.mpf):
            return None
        found = sides(moved, x)
    except Exception:  # whatever a function of floats does when it is given something else
        return None
    return found.right.slope if found.smooth else None


def check_across(f: Floats, gradient: Sequence[float], point: list[float]) -> Iterator[Finding]:
    """A gradient at a point where a function branches: between the slopes on both sides of it."""
    for k in range(len(point)):
        finding = towards(total_number(f), gradient[k], point, k)
        why = f"the function branches here; {finding.why}"
        if finding.verdict == WRONG:
            why = (
                f"the branch taken at this very point has another derivative than the function: {gradient[k]:g}"
            )
        yield finding._replace(why=why)
