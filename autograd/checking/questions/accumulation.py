"""The accumulation question: is each grad the sum of grad times partial over its consumers?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..evidence.findings import EPS, RIGHT, TINY, WRONG, Finding
from ..evidence.record import Record


def terms(record: Record, k: int, grads: list[float]) -> list[float]:
    """Return the contributions to a node, one for each edge; none for an edge that was not selected.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> record = Record(x * x)
    >>> terms(record, record.index[x], [6.0, 1.0])
    [3.0, 3.0]
    """
    sent = [1.0] if k == len(record.nodes) - 1 else []
    for consumer, position in record.consumers[k]:
        partial = record.nodes[consumer].partials[position]
        if partial is not None and consumer in record.reached:
            sent.append(grads[consumer] * partial)
    return sent


def rounding(sent: list[float]) -> float:
    """Return a bound of the rounding error of a float64 sum of these terms.

    >>> rounding([1.0, 2.0]) < 2e-14
    True
    """
    return 4 * (len(sent) + 4) * EPS * sum(map(abs, sent)) + TINY


def check_accumulation(record: Record, grads: list[float]) -> Iterator[Finding]:
    """Yield a finding for each node: its grad compared with the sum of the contributions to it.

    >>> from autograd import Value
    >>> [finding.verdict for finding in check_accumulation(Record(Value(3.0) * 2), [2.5, 1.0])]
    ['wrong', 'right']
    """
    for k, node in enumerate(record.nodes):
        sent = terms(record, k, grads)
        found = grads[k]
        if not all(map(math.isfinite, sent)):  # compare without a tolerance
            expected = sum(sent)
            right = found == expected or (found != found and expected != expected)
            yield Finding("accumulation", node, RIGHT if right else WRONG, found, expected)
            continue
        expected, tolerance = _sum(sent), rounding(sent)
        right = abs(found - expected) <= tolerance or (abs(expected) == math.inf and found == expected)
        why = f"the {len(sent)} contributions to it add up to {expected:+.6g}"
        yield Finding("accumulation", node, RIGHT if right else WRONG, found, expected, tolerance, why)


def _sum(sent: list[float]) -> float:
    try:
        return math.fsum(sent)
    except OverflowError:
        return sum(sent)
