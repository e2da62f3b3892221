"""Check functions that cannot be recorded: finite differences, by input or along random directions."""

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
from ..evidence.float_slopes import Judgement, judged_derivative, steady_derivative
from ..evidence.precise import MP, exactly
from ..evidence.record import Record, flat_truth

Floats = Callable[[list[float]], Any]
IN_HIGH_PRECISION = "the function itself in high precision"
BY_DIFFERENCES = "finite differences in float64"
SECONDS = 6.0
"""The time in seconds up to which all inputs are checked one by one; above, directions and a sample are."""
CALLS = 50
"""Approximate number of calls of a function for the derivative with respect to one input."""
ALONE = 25
"""Minimum number of inputs that are checked one by one."""
NAMED = 40
"""Maximum number of wrong inputs that are located within groups; fewer if that takes more than `SECONDS`."""
MOST_LEAVES = 50
"""Maximum number of leaves of a graph that are checked by finite differences."""


def check_opaque(
    f: Floats, gradient: Sequence[float], point: list[float], unit: float = EPS
) -> Iterator[Finding]:
    """Compare a gradient with its function by finite differences; yield findings.

    Every input is checked if that takes a few seconds only. Otherwise inputs whose contributions are of
    similar size are moved together along random directions, so that none is hidden by larger ones. Wrong
    groups are bisected until the wrong inputs are known, and a sample of inputs is checked one by one.

    >>> [finding.verdict for finding in check_opaque(lambda p: math.sin(p[0]), [math.cos(1.0)], [1.0])]
    ['right']
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
        alone = [] if found else sorted(rng.sample(range(count), few))
    with progress_bar(len(alone), "inputs") as report:
        for done, k in enumerate(alone, 1):
            yield about_input(number, gradient[k], point, k, unit)
            report(done, "")


def total_number(f: Floats) -> Callable[[list[float]], float]:
    """Return the function extended by nan where it is not defined.

    >>> total_number(lambda p: math.log(p[0]))([-1.0])
    nan
    """

    def number(point: list[float]) -> float:
        try:
            return float(f(point))
        except (ArithmeticError, ValueError):
            return math.nan

    return number


def about_input(number: Floats, found: float, point: list[float], k: int, unit: float = EPS) -> Finding:
    """Return the finding about the derivative with respect to one input, by finite differences.

    >>> about_input(lambda p: p[0] * p[1], 5.0, [3.0, 5.0], 0).verdict
    'right'
    """
    return _finding(k, found, judged_derivative(_of_input(number, point, k), point[k], found, unit))


def _of_input(f: Floats, point: list[float], k: int) -> Callable[[Any], Any]:
    """Return a function of many inputs as a function of one of them, the others fixed."""
    return lambda x: f([*point[:k], x, *point[k + 1 :]])


def _finding(place: Any, found: float, judgement: Judgement) -> Finding:
    why = judgement.why or f"{BY_DIFFERENCES}, error at most {judgement.tolerance:.0e}"
    return Finding("end to end", place, judgement.verdict, found, judgement.truth, judgement.tolerance, why)


def _together(number: Floats, gradient: Sequence[float], point: list[float], unit: float) -> Any:
    """Yield findings about groups of inputs, moved along random directions; return the wrong inputs."""
    groups: dict[int, list[int]] = {}
    for k, (g, x) in enumerate(zip(gradient, point, strict=True)):
        size = abs(g) * _size(x)
        groups.setdefault(math.frexp(size)[1] // 4 if size - size == 0 and size else -9999, []).append(k)
    wrong: set[int] = set()
    rng = random.Random(len(point))
    deadline = time.perf_counter() + SECONDS
    with progress_bar(len(groups), "groups of inputs") as report:
        for done, (_, group) in enumerate(sorted(groups.items(), reverse=True), 1):
            if wrong and not _has_time(len(wrong), deadline):
                break
            for turn in range(2):
                finding = _along(number, gradient, point, group, unit, rng)
                if finding.verdict == WRONG and _has_time(len(wrong), deadline):
                    named = list(_bisected(number, gradient, point, group, unit, rng, wrong, deadline))
                    wrong |= {f.place for f in named if f.verdict == WRONG}
                    yield from named
                inputs = "1 input" if len(group) == 1 else f"{len(group):,} inputs of similar size"
                why = f"a random direction in {inputs}, {finding.why}"
                yield finding._replace(place=f"direction {turn + 1}", why=why)
                if finding.verdict == WRONG:
                    break
            report(done, "")
    return wrong


def _has_time(wrong: int, deadline: float) -> bool:
    """Return whether to look for more wrong inputs: always for the first one."""
    return wrong == 0 or (wrong < NAMED and time.perf_counter() < deadline)


def _size(x: float, least: float = 0.1) -> float:
    return max(abs(x), least)


def _along(
    number: Floats, gradient: Sequence[float], point: list[float], group: Sequence[int], unit: float, rng: Any
) -> Finding:
    """Check the derivative along a random direction in which only some inputs move.

    If rounding hides whether it is right, small inputs are moved by more, to numbers of size 1.
    """
    directions = {k: rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) for k in group}
    finding = _in_direction(number, gradient, point, directions, unit, 0.1)
    if finding.verdict != UNDECIDED:
        return finding
    farther = _in_direction(number, gradient, point, directions, unit, 1.0)
    return farther if farther.verdict == RIGHT else finding


def _in_direction(
    number: Floats, gradient: Sequence[float], point: list[float], directions: dict[int, float], unit: float,
    least: float,
) -> Finding:  # fmt: skip
    speeds = {k: direction * _size(point[k], least) for k, direction in directions.items()}

    def moved(distance: float) -> float:
        there = list(point)
        for k, speed in speeds.items():
            there[k] += (distance - 1.0) * speed
        return number(there)  # type: ignore[no-any-return]

    terms = [gradient[k] * speed for k, speed in speeds.items()]
    found = math.fsum(terms)
    rounding = 8 * unit * math.hypot(*terms)
    judgement = judged_derivative(moved, 1.0, found, unit, rounding)  # around 1, so that steps are relative
    if (
        judgement.verdict == UNDECIDED
        and judgement.truth is not None
        and judgement.tolerance <= 1e-6 * math.hypot(*terms)
    ):
        judgement = judgement._replace(
            verdict=RIGHT, why=""
        )  # the terms cancel: compare with their size instead
    return _finding("", found, judgement)


def _bisected(
    number: Floats, gradient: Sequence[float], point: list[float], group: list[int], unit: float, rng: Any,
    known: set[int], deadline: float,
) -> Iterator[Finding]:  # fmt: skip
    """Yield findings for the wrong inputs of a wrong group, by bisection along random directions."""
    waiting, count = [group], len(known)
    while waiting and _has_time(count, deadline):
        some = waiting.pop()
        if len(some) == 1:
            finding = about_input(number, gradient[some[0]], point, some[0], unit)
            count += finding.verdict == WRONG
            yield finding
        elif _along(number, gradient, point, some, unit, rng).verdict == WRONG:
            middle = len(some) // 2
            waiting += [some[middle:], some[:middle]]


def _trusted(moved: Callable[[Any], Any], x: float, estimate: tuple[float, float], point: list[float]) -> Any:
    """Return the derivative in high precision if finite differences agree with it, else None.

    A function that converts to float internally silently loses that part of its derivative.
    """
    truth = _in_high_precision(moved, x, point)
    if truth is not None and abs(float(truth) - estimate[0]) <= 10 * estimate[1] + 64 * EPS * abs(estimate[0]):
        return truth
    return None


def _numbers(moved: Callable[[Any], Any]) -> Callable[[float], float]:
    return total_number(moved)  # type: ignore[return-value]


def computes_in_floats(node: Any) -> bool:
    """Return whether a node's operation is a Python function that cannot compute in high precision."""
    if node.op is None or f"{node.op.name}_value" not in node.op.functions:
        return False
    point = [getattr(item, "data", item) for item in node.operands]
    f = flat_truth(node)
    for k, x in enumerate(point):
        moved = _of_input(f, point, k)
        if _trusted(moved, x, steady_derivative(_numbers(moved), x), point) is None:
            return True
    return False


def check_operation(node: Any) -> Iterator[Finding]:
    """Yield findings about the partials of a Python operation, in high precision if it supports that."""
    point = [getattr(item, "data", item) for item in node.operands]
    f = flat_truth(node)
    for k, (operand, recorded) in enumerate(zip(node.operands, node.partials, strict=True)):
        if operand.__class__ is float:
            continue
        partial = 0.0 if recorded is None else recorded  # None: the operand was not selected
        moved = _of_input(f, point, k)
        truth = _trusted(moved, point[k], steady_derivative(_numbers(moved), point[k]), point)
        if truth is None:
            finding = about_input(total_number(f), partial, point, k)
        else:
            finding = Finding(
                "local", node, judged(partial, truth, 64 * EPS * abs(truth)), partial, float(truth)
            )
        yield finding._replace(question="local", place=node, position=k)


def check_replayed(record: Record, grads: list[float]) -> Iterator[Finding]:
    """Yield findings about the gradient of a graph with Python operations, by finite differences."""
    replay = Replay(record.root)
    inputs = [record.nodes[k] for k in record.leaves]
    for place, leaf in enumerate(inputs[:MOST_LEAVES]):

        def moved(x: float, leaf: Any = leaf) -> float:
            return replay({leaf: x})

        found = grads[record.leaves[place]]
        yield _finding(leaf, found, judged_derivative(moved, leaf.data, found))


def _in_high_precision(moved: Callable[[Any], Any], x: float, point: list[float]) -> Any:
    """Return the derivative in high precision; None if the function does not take such numbers."""
    try:
        if not isinstance(moved(exactly(x)), MP.mpf):
            return None
        found = sides(moved, x, beside=point)
    except Exception:  # a function of floats may raise anything for other numbers
        return None
    return found.right.derivative if found.smooth else None


def check_across(f: Floats, gradient: Sequence[float], point: list[float]) -> Iterator[Finding]:
    """Yield findings about a gradient where a function branches: it must lie between both sides.

    >>> [finding.verdict for finding in check_across(lambda p: abs(p[0]), [0.5], [0.0])]
    ['right']
    """
    for k in range(len(point)):
        finding = about_input(total_number(f), gradient[k], point, k)
        why = f"the function branches here; {finding.why}"
        if finding.verdict == WRONG:
            why = f"the branch taken at this point has the derivative {gradient[k]:g}, the function another one"
        yield finding._replace(why=why)
