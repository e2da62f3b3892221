"""The local question: is each recorded partial the derivative of that operation at these operands?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ...value import Value
from ..evidence.differences import DEEP, LEVELS, Sides, plain_derivative, sides
from ..evidence.findings import EPS, LARGEST, RIGHT, TINY, UNDECIDED, WRONG, Finding, judged, within
from ..evidence.precise import Precise, digits, exactly, partials_of, real
from ..evidence.record import Record, flat_truth, is_finite
from ..evidence.rounding import MANY, first, partial_rounding

MOST = 3000
"""Maximum number of partials of a graph that are checked; of more, a sample of every operation is."""


def check_local(record: Record, without: set[Value] = frozenset()) -> Iterator[Finding]:  # type: ignore[assignment]
    """Compare the value and the partials of every node with its operation in high precision.

    >>> [finding.verdict for finding in check_local(Record(Value(3.0) * Value(5.0)))]
    ['right', 'right']
    """
    for node, positions in _chosen(record):
        if node not in without:
            yield from _about_node(node, positions, record.is_masked)


def _chosen(record: Record) -> Iterator[tuple[Value, list[int]]]:
    """Yield the distinct nodes with an op, and the positions of their partials to check."""
    distinct: dict[Any, Value] = {}
    for node in record.nodes:
        if node.op is not None:
            point = tuple(getattr(item, "data", item) for item in node.operands)
            distinct.setdefault((node.op, point, node.partials), node)
    edges = sum(len(node.partials) for node in distinct.values())
    stride = max(1, edges // MOST)
    seen: dict[Any, int] = {}
    for node in distinct.values():
        turn = seen[node.op] = seen.get(node.op, -1) + 1
        positions = [k for k, operand in enumerate(node.operands) if operand.__class__ is not float]
        if stride > 1:  # every stride-th partial, with another offset in each node
            positions = positions[turn % stride :: stride] if turn >= 3 else positions[:20]
        if positions:
            yield node, positions


def _slope(node: Value, position: int) -> Any:
    """Return the partial of an operand; 0 for an operand that was not selected, which has no edge."""
    partial = node.partials[position]
    return 0.0 if partial is None else partial


def _has_a_limit(node: Value, position: int) -> bool:
    """Return whether an operand is finite, or infinite with a partial of 0, to which the operation tends."""
    point = [getattr(item, "data", item) for item in node.operands]
    x = point[position]
    if math.isfinite(x):
        return True
    if math.isnan(x) or _slope(node, position) != 0:
        return False
    with digits(LEVELS[0]):
        for size in (1e200, 1e300):
            numbers = [exactly(y) for y in point]
            numbers[position] = exactly(math.copysign(size, x))
            if abs(first(flat_truth(node), numbers, position)) > TINY:
                return False
    return True


def _about_node(node: Value, positions: list[int], masked: bool = False) -> Iterator[Finding]:
    point = [getattr(item, "data", item) for item in node.operands]
    finite = all(map(math.isfinite, point))
    if not finite and masked and not is_finite(node):
        return  # no gradient may arrive at an infinity: its consumers are checked for that
    if not finite and not (masked and all(_has_a_limit(node, k) for k in positions)):
        yield Finding(
            "local",
            node,
            UNDECIDED,
            node.data,
            None,
            why="an operand is not finite: the partials are conventions",
        )
        return
    f = flat_truth(node)
    with digits(LEVELS[1]):
        here = real(f, list(map(exactly, point)))
    yield from _about_value(node, point, f, here)
    known = _known_partials(node, point)
    for position in positions:
        if not math.isfinite(point[position]):
            yield Finding("local", node, RIGHT, _slope(node, position), 0.0, position=position)
            continue
        partial: Any = node.partials[position]
        if known and math.isfinite(partial) and judged(partial, known[position], 0) == RIGHT:
            yield Finding("local", node, RIGHT, partial, float(known[position]), position=position)
        else:
            yield _about_partial(node, point, position, f, here)


def _known_partials(node: Value, point: list[float]) -> list[Precise]:
    """Return all partials at once for a sum of many operands, where differences would be slow; else []."""
    at_once = partials_of(node.op) if len(point) > MANY else None
    if at_once is None or node.op is None:
        return []
    with digits(LEVELS[1]):
        return at_once(*node.op.grouped(list(map(exactly, point))))


def _about_value(
    node: Value, point: list[float], f: Callable[[list[Precise]], Precise], here: Precise | None
) -> Iterator[Finding]:
    """Yield a finding only if the node's value is wrong, after a second look in more digits."""
    if any(x == 0 and math.copysign(1, x) < 0 for x in point):
        return  # floats distinguish -0.0 from 0, as in atan2; precise numbers do not
    if here is not None and judged(node.data, here, 0) == RIGHT:
        return
    if _judged_value(node, point, f, LEVELS[1]) is not None:
        finding = _judged_value(node, point, f, DEEP[1])
        if finding is not None:
            yield finding


def _judged_value(
    node: Value, point: list[float], f: Callable[[list[Precise]], Precise], many: int
) -> Finding | None:
    with digits(many):
        exact = list(map(exactly, point))
        truth = real(f, exact)
        if truth is None or abs(truth) > LARGEST or judged(node.data, truth, 0) == RIGHT:
            return None
        moved = sum((abs(x * first(f, exact, k)) for k, x in enumerate(exact)), abs(truth))
        nearby = real(f, [x + x * EPS * (-1) ** k * (1 + k / len(exact)) for k, x in enumerate(exact)])
        if nearby is not None:  # at a minimum, such as a variance of 0, the second derivatives decide
            moved += abs(nearby - truth) / EPS
        slack = 4 * (len(point) + 4) * (TINY + EPS * moved)
        if abs(exactly(node.data) - truth) <= slack:
            return None
        why = f"{node.op.name if node.op else ''} of these operands has another value"
        return Finding("value", node, WRONG, node.data, float(truth), float(slack), why)


def sides_with_respect_to(
    f: Callable[[list[Precise]], Precise], point: list[float], position: int, levels: tuple[int, ...] = LEVELS
) -> Sides:
    """Return the one-sided derivatives of an operation with respect to one operand.

    >>> float(sides_with_respect_to(lambda p: p[0] * p[1], [3.0, 5.0], 0).right.derivative)
    5.0
    """
    return sides(_as_function_of(f, point, position), point[position], levels, point)


def _as_function_of(
    f: Callable[[list[Precise]], Precise], point: list[float], position: int
) -> Callable[[Precise], Precise]:
    """Return an operation as a function of one operand, the others being fixed."""
    exact = list(map(exactly, point))

    def moved(x: Precise) -> Precise:
        operands = list(exact)
        operands[position] = x
        return f(operands)

    return moved


def _about_partial(
    node: Value,
    point: list[float],
    position: int,
    f: Callable[[list[Precise]], Precise],
    here: Precise | None,
) -> Finding:
    """Return the finding about one partial; one that seems wrong is examined in more digits."""
    partial = _slope(node, position)
    if math.isfinite(partial):
        plain = plain_derivative(
            _as_function_of(f, point, position), point[position], here, (*point, node.data)
        )
        if plain is not None and judged(partial, plain, 0) == RIGHT:
            return Finding("local", node, RIGHT, partial, float(plain), position=position)
    for levels in (LEVELS, DEEP):
        finding = _judged(node, sides_with_respect_to(f, point, position, levels), position, levels)
        if finding.verdict != WRONG:
            return finding
    if any(x == 0 and math.copysign(1, x) < 0 for x in point):
        return finding._replace(
            verdict=UNDECIDED, why="an operand is -0.0, which only floats distinguish from 0"
        )
    return finding


def _judged(node: Value, found: Sides, position: int, levels: tuple[int, ...]) -> Finding:
    partial = _slope(node, position)
    if not found.smooth:
        return _at_kink(node, found, position)
    truth, tolerance = found.right.derivative, found.right.noise
    verdict = judged(partial, truth, tolerance)
    if verdict != RIGHT:
        with digits(levels[1]):
            point = [exactly(getattr(item, "data", item)) for item in node.operands]
            tolerance += 4 * EPS * partial_rounding(node, flat_truth(node), point, position)
        verdict = judged(partial, truth, tolerance)
        # A single operation is right if it is as accurate as its float64 rule allows.
        verdict = RIGHT if verdict == UNDECIDED else verdict
    return Finding("local", node, verdict, partial, float(truth), float(tolerance), position=position)


def _at_kink(node: Value, found: Sides, position: int) -> Finding:
    partial = _slope(node, position)
    verdict = within(partial, found, found.right.noise + found.left.noise)
    derivatives = [float(s) for s in found.derivatives]
    between = " and ".join(f"{s:g}" for s in dict.fromkeys(derivatives))
    why = f"a kink of {node.op.name if node.op else ''}: one-sided derivatives {between}"
    why = why if derivatives else f"{node.op.name if node.op else ''} has no derivative here"
    return Finding(
        "local", node, verdict, partial, derivatives[0] if derivatives else None, why=why, position=position
    )


def kinks(record: Record) -> list[str]:
    """Return the names of operations that are at a kink, a jump or the edge of their domain.

    >>> from autograd import relu
    >>> kinks(Record(relu(Value(0.0))))
    ['relu']
    """
    if "kinks" not in record.found:
        found: dict[str, None] = {}
        for node in record.nodes:
            if node.op is not None and node.op.name not in found and _at_a_kink(node):
                found[node.op.name] = None
        record.found["kinks"] = list(found)
    return record.found["kinks"]  # type: ignore[no-any-return]


def stands_alone(record: Record) -> bool:
    """Return whether a single node is at a kink, so that both one-sided derivatives are its own.

    >>> from autograd import relu
    >>> stands_alone(Record(relu(Value(0.0)))), stands_alone(Record(relu(Value(1.0))))
    (True, False)
    """
    names = set(kinks(record))
    count = 0
    for node in record.nodes:
        count += node.op is not None and node.op.name in names and _at_a_kink(node)
        if count > 1:
            return False
    return count == 1


def _at_a_kink(node: Value) -> bool:
    point = [getattr(item, "data", item) for item in node.operands]
    if not all(map(math.isfinite, point)):
        return False
    f, edges = flat_truth(node), [k for k, item in enumerate(node.operands) if item.__class__ is not float]
    return any(sides_with_respect_to(f, point, k).kink for k in edges) or _kink_between(node, f, point, edges)


def _kink_between(
    node: Value, f: Callable[[list[Precise]], Precise], point: list[float], edges: list[int]
) -> bool:
    """Return whether a directional derivative differs from that of the partials, as in where(0, x, x)."""
    if len(edges) < 2:
        return False
    speeds = {k: (-1.0) ** n / (1 + n) for n, k in enumerate(edges)}

    def along(distance: Precise) -> Precise:
        return f([exactly(x) + distance * exactly(speeds.get(k, 0.0)) for k, x in enumerate(point)])

    found = sides(along, 0.0)
    terms = [_slope(node, k) * speed for k, speed in speeds.items()]
    return found.kink or abs(found.right.derivative - math.fsum(terms)) > 1e-6 * sum(map(abs, terms))
