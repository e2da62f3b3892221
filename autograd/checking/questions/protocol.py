"""The protocol question: are repeated calls of `backward()` consistent?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from ...value import Value, zero_grad
from ..evidence.findings import RIGHT, TINY, WRONG, Finding
from ..evidence.record import Record
from .accumulation import rounding, terms


def fresh_grads(record: Record, gradient: float = 1.0) -> list[float]:
    """Return the grad of every node after one backward pass that starts from zero grads.

    >>> fresh_grads(Record(Value(3.0) * 2))
    [2.0, 1.0]
    """
    zero_grad(record.nodes)
    record.root.backward(gradient)
    return _grads(record)


def _grads(record: Record) -> list[float]:
    return [node.grad for node in record.nodes]


def check_protocol(record: Record, grads: list[float]) -> Iterator[Finding]:
    """Yield a finding for each rule about several backward passes, tried on this graph.

    `grads` are those of one pass. Seeds are powers of two, so that scaling is exact.

    >>> record = Record(Value(3.0) * 2)
    >>> {finding.verdict for finding in check_protocol(record, fresh_grads(record))}
    {'right'}
    """
    slack = [rounding(terms(record, k, grads)) for k in range(len(record.nodes))]
    leaves = set(record.leaves)

    def compared(rule: str, expected: list[float], where: set[int] | range) -> Finding:
        now = _grads(record)
        for k in where:
            if not _close(now[k], expected[k], 4 * slack[k]):
                node = record.nodes[k]
                return Finding("protocol", node, WRONG, now[k], expected[k], 4 * slack[k], rule)
        return Finding("protocol", record.root, RIGHT, 0.0, 0.0, 0.0, rule)

    every = range(len(record.nodes))
    fresh_grads(record)
    record.root.backward()
    yield compared("a second backward() adds to leaves exactly once", [2 * g for g in grads], leaves)
    if record.root.op is not None:
        inside = set(every) - leaves
        yield compared("a second backward() starts interior grads from zero", grads, inside)
    if all(g == 0 or abs(g) > TINY for g in grads):  # halves of smaller numbers are not exact
        zero_grad(record.nodes)
        record.root.backward(0.5)
        yield compared("backward(0.5) halves every grad", [0.5 * g for g in grads], every)
    yield from _two_losses(record, grads, compared, leaves)
    yield from _written_leaves(record, grads, compared, every)


def _two_losses(record: Record, grads: list[float], compared, leaves: set[int]) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    """Check that the grads of leaves are sums over two losses on the same graph."""
    other = record.root * 2.0
    zero_grad(record.nodes)
    record.root.backward()
    other.backward()
    yield compared("the gradients of two losses that share nodes add up", [3 * g for g in grads], leaves)


def _written_leaves(record: Record, grads: list[float], compared, every: range) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    """Check that the partials are those of the forward pass, whatever is written to a leaf later."""
    inputs: list[Value] = [record.nodes[k] for k in record.leaves]
    restore = map(setattr, inputs, repeat("_data"), [leaf.data for leaf in inputs])
    try:
        for leaf in inputs:
            leaf.data += 1.0
        zero_grad(record.nodes)
        record.root.backward()
        yield compared("a write to a leaf after the forward pass changes no gradient", grads, every)
    finally:
        try:  # in C, which a second Ctrl-C does not interrupt
            any(restore)
        finally:
            pass


def _close(found: float, expected: float, slack: float) -> bool:
    if found == expected or (found != found and expected != expected):
        return True
    return abs(found - expected) <= slack
