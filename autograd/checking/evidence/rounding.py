"""What rounding in float64 can do to a number: to first order, one rounding at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ...ops.op import Op
from ...ops.rules import define, names_in, partials_source
from ...recording import EDGES
from .precise import MP, Precise, algebra_of, digits, exactly, real, slopes_of
from .record import Record, flat_truth

MANY = 24
"""From how many operands of one node on only the second derivatives next to the diagonal are looked at."""


def first(f: Callable[[list[Precise]], Precise], point: list[Precise], k: int) -> Precise:
    """A first derivative by a central difference in the present precision; 0 where there is none."""
    found = MP.zero
    for size in (abs(point[k]) or MP.one, MP.one):
        step = MP.ldexp(size, -MP.prec // 3)
        above, below = (real(f, [*point[:k], point[k] + s, *point[k + 1 :]]) for s in (step, -step))
        if above is None or below is None:
            return found
        found = (above - below) / (2 * step)
        if abs(found) > MP.ldexp(abs(above), -MP.prec // 3) or size >= 1:
            break  # else an operand next to 0 was moved by less than the result has digits
    return found


def second(f: Callable[[list[Precise]], Precise], point: list[Precise], j: int, k: int) -> Precise:
    """A second derivative by central differences; 0 where a neighbour is outside the domain."""
    steps = [MP.ldexp(abs(x) or MP.one, -MP.prec // 4) for x in point]
    found = MP.zero
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        moved = list(point)
        moved[j] += a * steps[j]
        moved[k] += b * steps[k]
        value = real(f, moved)
        if value is None:
            return MP.zero
        found += a * b * value
    return found / (4 * steps[j] * steps[k])


def partial_rounding(
    node: Any, f: Callable[[list[Precise]], Precise], point: list[Precise], k: int, slope: Precise = None
) -> Precise:
    """How far a partial may be rounded, in units of eps.

    By its own size; by what a relative error of each operand does to it, since a rule rounds on
    its way; and by what the rounding of the result does where the rule uses `out`: 1 - out * out
    at a saturated tanh is exact to eps, not to eps times itself. `slope` is the partial, where it is known.
    """
    slope = first(f, point, k) if slope is None else slope
    size = 2 * abs(slope)
    if len(point) > MANY and slopes_of(node.op) is not None:  # straight in each operand, but for one of them
        return (
            size if node.op.name != "logsumexp" else size + abs(slope) * (abs(point[k]) + max(map(abs, point)))
        )
    for j, x in enumerate(point):
        if len(point) <= MANY or j == k:
            size += abs(x * second(f, point, k, j))
    if "out" in names_in(node.op.partial_of(k, len(point))):
        size += _through_result(node, f, point, k, slope)
    return size


def _through_result(
    node: Any, f: Callable[[list[Precise]], Precise], point: list[Precise], k: int, slope: Any
) -> Any:
    """How much a partial's rule moves when the result moves by its own size."""
    out = real(f, point)
    if out is None:
        return 1
    step = MP.ldexp(MP.one, -MP.prec // 3)
    try:
        above, below = (
            precise_partials(node.op)(*node.op.grouped(point), out * (1 + s))[k] for s in (step, -step)
        )
        return abs((above - below) / (2 * step))
    except (ArithmeticError, ValueError, TypeError, AttributeError):  # a function that takes only floats
        return abs(out * second(f, point, k, k) / slope) if slope else 1


@cache
def precise_partials(op: Op) -> Callable[..., Any]:
    """An op's rules in high precision, as a function of its operands and the result."""
    edges = dict.fromkeys(op.operands, "None" if op.variadic else "True")
    source = f"def rules_{op.name}({', '.join(op.operands)}, out): return {partials_source(op, edges)}"
    return define(f"rules_{op.name}", source, algebra_of(op) | EDGES)


def _in_range(x: Precise) -> bool:
    _, _, exponent, size = x._mpf_
    return not size or -997 < exponent + size < 997  # about 1e-300 to 1e300


def rounding_of_derivative(record: Record, direction: Mapping[int, float], many: int) -> Precise | None:
    """By how much the rounding of partials can move the derivative along a direction, in units of eps.

    To first order, the partials being those of the recorded numbers: each by `partial_rounding`,
    times what arrives at its node, times what comes in at the operand. Computed in so `many`
    digits. None where a number leaves the range of float64.
    """
    with digits(many):
        values = record.base()
        if not all(map(_in_range, values)):
            return None
        edges = [_edges(record, n) for n in range(len(values))]
        known = slopes(record, many)
        tangents, arrived = [MP.zero] * len(values), [MP.zero] * len(values)
        for leaf, speed in direction.items():
            tangents[leaf] = exactly(speed)
        for n, each in enumerate(edges):
            for j, item in each:
                tangents[n] += known[n, j] * tangents[item]
        arrived[-1] = MP.one
        moved = MP.zero
        for n in range(len(values) - 1, -1, -1):
            for j, item in edges[n]:
                if arrived[n] and tangents[item]:
                    moved += abs(arrived[n] * tangents[item]) * _rounds(record, n, j, many)
                arrived[item] += arrived[n] * known[n, j]
        return moved if all(map(_in_range, (*tangents, *arrived))) else None


def slopes(record: Record, many: int) -> dict[tuple[int, int], Precise]:
    """Every node's partials, in high precision."""
    if ("slopes", many) not in record.found:
        found = record.found["slopes", many] = {}
        for n, node in enumerate(record.nodes):
            edges = _edges(record, n)
            if not edges:
                continue
            point, f = _point(record, n), flat_truth(node)
            at_once = slopes_of(node.op) if len(point) > MANY else None  # else as many sums as operands
            if at_once is not None:
                every = at_once(*node.op.grouped(point))  # type: ignore[union-attr]
                found.update({(n, j): every[j] for j, _ in edges})
            else:
                found.update({(n, j): first(f, point, j) for j, _ in edges})
    return record.found["slopes", many]  # type: ignore[no-any-return]


def rounding_sweep(record: Record, many: int) -> list[Precise] | None:
    """For each leaf, a bound of what `rounding_of_derivative` gives, all of them in one pass."""
    if ("moved", many) not in record.found:
        record.found["moved", many] = _rounding_swept(record, many)
    return record.found["moved", many]  # type: ignore[no-any-return]


def _rounding_swept(record: Record, many: int) -> list[Precise] | None:
    with digits(many):
        if not all(map(_in_range, record.base())):
            return None
        known = slopes(record, many)
        arrived, moved = [MP.zero] * len(record.nodes), [MP.zero] * len(record.nodes)
        arrived[-1] = MP.one
        for n in range(len(record.nodes) - 1, -1, -1):
            if arrived[n] or moved[n]:
                for j, item in _edges(record, n):
                    arrived[item] += arrived[n] * known[n, j]
                    moved[item] += moved[n] * abs(known[n, j])
                    if arrived[n]:
                        moved[item] += abs(arrived[n]) * _rounds(record, n, j, many)
        return [moved[k] for k in record.leaves]


def _rounds(record: Record, n: int, j: int, many: int) -> Precise:
    """`partial_rounding` of one node's partial."""
    if ("rounds", many, n, j) not in record.found:
        node, slope = record.nodes[n], slopes(record, many)[n, j]
        record.found["rounds", many, n, j] = partial_rounding(
            node, flat_truth(node), _point(record, n), j, slope
        )
    return record.found["rounds", many, n, j]


def _point(record: Record, n: int) -> list[Precise]:
    values = record.base()
    return [values[k] if k.__class__ is int else exactly(k) for k in record.operands[n]]


def rounding_of_value(record: Record) -> Precise | None:
    """By how much single roundings can move the root's number, in units of eps.

    None where a number leaves the range of float64.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> float(rounding_of_value(Record(x * x - 8)))
    10.0
    """
    with digits(100):
        values = _without_residue(record)
        if not all(map(_in_range, values)):
            return None
        to_value = [MP.zero] * len(values)
        to_value[-1] = MP.one
        moved = MP.zero
        for n in range(len(values) - 1, -1, -1):
            node = record.nodes[n]
            if node.op is None or to_value[n] == 0:
                continue
            moved += abs(to_value[n] * values[n])
            point = [values[k] if k.__class__ is int else exactly(k) for k in record.operands[n]]
            for j, item in _edges(record, n):
                to_value[item] += to_value[n] * first(flat_truth(node), point, j)
        return moved


def _without_residue(record: Record) -> list[Precise]:
    """Every node's number, where what a cancelling sum leaves behind in its last digits is 0."""
    values = [exactly(node.data) for node in record.nodes]
    for n, node in enumerate(record.nodes):
        if node.op is not None:
            values[n] = record.number(n, values)
            if node.op.name in ("add", "sub", "total", "mean", "dot"):
                point = [values[k] if k.__class__ is int else exactly(k) for k in record.operands[n]]
                if abs(values[n]) < MP.ldexp(max(map(abs, point)), -MP.prec * 2 // 3):
                    values[n] = MP.zero
    return values


def _edges(record: Record, n: int) -> list[tuple[int, int]]:
    return [(j, item) for j, item in enumerate(record.operands[n]) if item.__class__ is int]
