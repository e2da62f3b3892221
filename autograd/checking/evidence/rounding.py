"""First-order bounds of the effect of float64 rounding errors on values and derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from ...ops.op import Op
from ...ops.operands import EDGES
from ...ops.rules import define, names_in, partials_source
from .findings import EPS, TINY
from .precise import MP, Precise, algebra_of, digits, exactly, partials_of, real, span
from .record import Record, flat_truth

DEEP_BITS = 1400
"""Bits for a second look at a derivative of 0."""
MANY = 24
"""Number of operands of a node above which only the diagonal of its second derivatives is computed."""


def first(f: Callable[[list[Precise]], Precise], point: list[Precise], k: int) -> Precise:
    """Return a first derivative by a central difference in the current precision; 0 if undefined.

    A difference of 0 is computed again in many more digits, since a small derivative may be lost in few.

    >>> with digits(50):
    ...     float(first(lambda p: p[0] + p[1], [MP.mpf(1e100), MP.mpf(1e-100)], 1))
    1.0
    """
    small, more = span(point)
    found = MP.zero
    for bits in (MP.prec, max(MP.prec, DEEP_BITS)):
        step = MP.ldexp(small, -bits // 3)
        with MP.workprec(bits + more):
            above, below = (real(f, [*point[:k], point[k] + s, *point[k + 1 :]]) for s in (step, -step))
            if above is None or below is None:
                return MP.zero
            found = (above - below) / (2 * step)
        if found:
            break
    return found


def second(f: Callable[[list[Precise]], Precise], point: list[Precise], j: int, k: int) -> Precise:
    """Return a second derivative by central differences; 0 if a point is outside the domain.

    >>> round(float(second(lambda p: p[0] ** 2 * p[1], [MP.mpf(3), MP.mpf(5)], 0, 1)), 3)
    6.0
    """
    small, more = span(point)
    step = MP.ldexp(small, -MP.prec // 4)
    found = MP.zero
    with MP.workprec(MP.prec + more):
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            moved = list(point)
            moved[j] += a * step
            moved[k] += b * step
            value = real(f, moved)
            if value is None:
                return MP.zero
            found += a * b * value
        return found / (4 * step * step)


def partial_rounding(
    node: Any, f: Callable[[list[Precise]], Precise], point: list[Precise], k: int, partial: Precise = None
) -> Precise:
    """Return a bound of the rounding error of a partial, in units of eps.

    It is the sum of the partial's own size, of the effect of a relative error of each operand, since the
    rule rounds intermediate results, and of the effect of the rounding of `out`, if the rule uses it: at
    a saturated tanh, 1 - out * out has an absolute, not a relative, error of eps. `partial` is the partial,
    if it is known.

    >>> from autograd import Value
    >>> node = Value(3.0) * Value(5.0)
    >>> round(float(partial_rounding(node, flat_truth(node), [exactly(3.0), exactly(5.0)], 0)), 3)
    15.0
    """
    partial = first(f, point, k) if partial is None else partial
    size = 2 * abs(partial)
    if len(point) > MANY and partials_of(node.op) is not None:  # linear in each operand, except logsumexp
        return (
            size
            if node.op.name != "logsumexp"
            else size + abs(partial) * (abs(point[k]) + max(abs(x) for x in point if MP.isfinite(x)))
        )
    for j, x in enumerate(point):
        if (len(point) <= MANY or j == k) and MP.isfinite(x):
            size += abs(x * second(f, point, k, j))
    if "out" in names_in(node.op.partial_of(k, len(point))):
        size += _through_result(node, f, point, k, partial)
    return size


def _through_result(
    node: Any, f: Callable[[list[Precise]], Precise], point: list[Precise], k: int, partial: Any
) -> Any:
    """Return the change of a partial for a relative change of the result of size 1, to first order."""
    out = real(f, point)
    if out is None:
        return 1
    step = MP.ldexp(MP.one, -MP.prec // 3)
    try:
        above, below = (
            precise_partials(node.op)(*node.op.grouped(point), out * (1 + s))[k] for s in (step, -step)
        )
        return abs((above - below) / (2 * step))
    except (ArithmeticError, ValueError, TypeError, AttributeError):  # a function that needs floats
        return abs(out * second(f, point, k, k) / partial) if partial else 1


@cache
def precise_partials(op: Op) -> Callable[..., Any]:
    """Return an op's partials in high precision, as a function of its operands and the result.

    >>> from autograd.ops.table import TABLE
    >>> precise_partials(TABLE["mul"])(MP.mpf(3), MP.mpf(5), MP.mpf(15))
    (mpf('5.0'), mpf('3.0'))
    """
    edges = dict.fromkeys(op.operands, "None" if op.variadic else "True")
    source = f"def rules_{op.name}({', '.join(op.operands)}, out): return {partials_source(op, edges)}"
    return define(f"rules_{op.name}", source, algebra_of(op) | EDGES)


def _in_range(x: Precise) -> bool:
    _, _, exponent, size = x._mpf_
    return not size or -997 < exponent + size < 997  # about 1e-300 to 1e300


def rounding_of_derivative(record: Record, direction: Mapping[int, float], many: int) -> Precise | None:
    """Return a bound of the error of a directional derivative by rounded partials, in units of eps.

    To first order, it is the sum of `partial_rounding` of each partial, times the gradient of its node,
    times the tangent of its operand, computed in `many` digits. None if a number is outside the range
    of float64.

    >>> from autograd import Value
    >>> record = Record(Value(3.0) * Value(5.0))
    >>> round(float(rounding_of_derivative(record, {0: 1.0}, 50)), 3)
    15.0
    """
    with digits(many):
        values = record.base()
        if not all(map(_in_range, values)):
            return None
        edges = [_edges(record, n) for n in range(len(values))]
        known = partials(record, many)
        tangents, arrived = [MP.zero] * len(values), [MP.zero] * len(values)
        for leaf, speed in direction.items():
            tangents[leaf] = exactly(speed)
        for n, each in enumerate(edges):
            if each:
                tangents[n] = _sum(known[n, j] * tangents[item] for j, item in each)
        terms: list[list[Precise]] = [[] for _ in values]
        moved, terms[-1] = MP.zero, [MP.one]
        for n in range(len(values) - 1, -1, -1):
            arrived[n] = _sum(terms[n])
            for j, item in edges[n]:
                if arrived[n] and tangents[item]:
                    moved += abs(arrived[n] * tangents[item]) * _rounds(record, n, j, many)
                terms[item].append(arrived[n] * known[n, j])
        return moved if all(map(_in_range, (*tangents, *arrived))) else None


def _sum(terms: Iterable[Precise]) -> Precise:
    """Return a sum, exactly 0 if its terms cancel: what is left then is the error of the partials.

    In a thousand digits, that is smaller than any float, but not an underflow.
    """
    every = list(terms)
    found = MP.fsum(every)
    return MP.zero if abs(found) < MP.ldexp(max(map(abs, every), default=0), -MP.prec // 2) else found


def partials(record: Record, many: int) -> dict[tuple[int, int], Precise]:
    """Return the partials of all nodes in high precision, by node and position of the operand.

    >>> from autograd import Value
    >>> [round(float(partial), 6) for partial in partials(Record(Value(3.0) * Value(5.0)), 50).values()]
    [5.0, 3.0]
    """
    if ("partials", many) not in record.found:
        found = record.found["partials", many] = {}
        for n, node in enumerate(record.nodes):
            edges = _edges(record, n)
            if not edges:
                continue
            point, f = _point(record, n), flat_truth(node)
            at_once = partials_of(node.op) if len(point) > MANY else None  # differences would need n sums
            if at_once is not None:
                every = at_once(*node.op.grouped(point))  # type: ignore[union-attr]
                found.update({(n, j): every[j] for j, _ in edges})
            else:
                found.update({(n, j): first(f, point, j) for j, _ in edges})
    return record.found["partials", many]  # type: ignore[no-any-return]


def rounding_sweep(record: Record, many: int) -> list[Precise] | None:
    """Return a bound of `rounding_of_derivative` for each leaf, all in one pass.

    >>> from autograd import Value
    >>> [round(float(bound), 3) for bound in rounding_sweep(Record(Value(3.0) * Value(5.0)), 50)]
    [15.0, 9.0]
    """
    if ("moved", many) not in record.found:
        record.found["moved", many] = _rounding_swept(record, many)
    return record.found["moved", many]  # type: ignore[no-any-return]


def _rounding_swept(record: Record, many: int) -> list[Precise] | None:
    with digits(many):
        if not all(map(_in_range, record.base())):
            return None
        known = partials(record, many)
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
    """Return `partial_rounding` of one partial, cached."""
    if ("rounds", many, n, j) not in record.found:
        node, partial = record.nodes[n], partials(record, many)[n, j]
        record.found["rounds", many, n, j] = partial_rounding(
            node, flat_truth(node), _point(record, n), j, partial
        )
    return record.found["rounds", many, n, j]


def _point(record: Record, n: int) -> list[Precise]:
    values = record.base()
    return [values[k] if k.__class__ is int else exactly(k) for k in record.operands[n]]


def rounding_of_value(record: Record) -> Precise | None:
    """Return a bound of the error of the root's value by rounding, in units of eps, to first order.

    None if a number is outside the range of float64.

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
            moved += abs(to_value[n]) * (abs(values[n]) if node.data else TINY / EPS)  # 0 may be an underflow
            point = [values[k] if k.__class__ is int else exactly(k) for k in record.operands[n]]
            for j, item in _edges(record, n):
                to_value[item] += to_value[n] * first(flat_truth(node), point, j)
        return moved


def _without_residue(record: Record) -> list[Precise]:
    """Return the value of every node, with 0 for an underflow and for a sum whose terms cancel."""
    values = [exactly(node.data) for node in record.nodes]
    for n, node in enumerate(record.nodes):
        if node.op is not None:
            values[n] = record.number(n, values)
            if node.op.name in ("add", "sub", "total", "mean", "dot"):
                point = [values[k] if k.__class__ is int else exactly(k) for k in record.operands[n]]
                if abs(values[n]) < MP.ldexp(max(map(abs, point)), -MP.prec * 2 // 3):
                    values[n] = MP.zero
            if node.data == 0 and abs(values[n]) < TINY:
                values[n] = MP.zero
    return values


def _edges(record: Record, n: int) -> list[tuple[int, int]]:
    return [(j, item) for j, item in enumerate(record.operands[n]) if item.__class__ is int]
