"""Check a recorded graph: four questions about its gradient, each with independent evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from typing import Any

from ..formulas import names_of
from ..terminal import quoted
from ..value import Value
from .cases.program import Line, Program
from .cases.reduction import smallest
from .evidence.findings import UNDECIDED, WRONG, Finding
from .evidence.record import Record, is_finite
from .questions.accumulation import check_accumulation
from .questions.end_to_end import check_end_to_end
from .questions.higher import check_higher
from .questions.local import check_local
from .questions.opaque import check_operation, check_replayed, computes_in_floats
from .questions.protocol import check_protocol, fresh_grads
from .questions.replay import nondeterminism
from .report import Report


def refuse_order(order: Any) -> None:
    """Raise ValueError unless the order is 1, 2 or 3.

    >>> refuse_order(4)
    Traceback (most recent call last):
    ...
    ValueError: derivatives are checked up to order 1, 2 or 3, got 4
    """
    if order not in (1, 2, 3) or isinstance(order, bool):
        raise ValueError(f"derivatives are checked up to order 1, 2 or 3, got {quoted(order)}")


def check(root: Value, order: int = 1) -> Report:
    """Check the gradient of a recorded graph and return a `Report`.

    Four questions are answered: is each partial the derivative of its operation (local), each grad the
    sum of the contributions to it (accumulation), the gradient the derivative of the whole program (end
    to end), and are repeated calls of `backward()` consistent (protocol)? With `order` 2 or 3 the higher
    derivatives are checked too. In large graphs a sample of the nodes, and random directions, are
    checked. The `grad` of every node is the same after the check as before.

    Raises TypeError if `root` is not a Value, ValueError if the order is not 1, 2 or 3. A wrong gradient
    is no error here: see `Report.raise_if_wrong`.

    >>> x = Value(0.5, "x")
    >>> check((x * x).tanh())  # doctest: +NORMALIZE_WHITESPACE
      input         gradient            truth  difference  verdict
      x         +0.940014849     +0.940014849     0.0e+00  right
      local         each partial is the derivative of its operation: 3 right
      accumulation  each grad is the sum of the contributions to it: 3 right
      end to end    the gradient is the derivative of the program: 1 right
      protocol      repeated calls of backward() are consistent: 5 right
      verdict: right
    """
    if not isinstance(root, Value):
        raise TypeError(f"check takes the Value at the root of a graph, got {quoted(root)}")
    refuse_order(order)
    record = Record(root)
    restore = map(setattr, record.nodes, repeat("grad"), [node.grad for node in record.nodes])
    try:
        findings = list(_findings(record, order))
    finally:
        try:  # as in graph.backward: in C, which a second Ctrl-C does not interrupt
            any(restore)
        finally:
            pass
    report = Report(findings, names_of(record.nodes))
    if report.cause is not None:
        report.program = Program.of(root)
        report.smallest = _smallest(report, order)
        report.shown = _same_cause(report.smallest, report.cause, order)
    return report


def _findings(record: Record, order: int) -> Iterator[Finding]:
    if record.root.op is None:
        return
    if not is_finite(*record.nodes) and not (record.is_masked and all(map(math.isfinite, fresh_grads(record)))):
        first = next(node for node in record.nodes if not is_finite(node))
        why = f"{names_of(record.nodes)[first]} is {first.data!r}: the derivative is not defined"
        yield Finding("end to end", first, UNDECIDED, first.data, None, why=why)
        yield from check_local(record)
        return
    difference = _nondeterminism(record)
    if difference is not None:
        yield difference
        return
    grads = fresh_grads(record)
    in_floats = [node for node in record.nodes if computes_in_floats(node)]
    local = [
        *check_local(record, set(in_floats)),
        *(finding for node in in_floats for finding in check_operation(node)),
    ]
    yield from local
    if in_floats:
        yield from check_replayed(record, grads)
    else:
        yield from check_end_to_end(record, grads, any(finding.verdict == WRONG for finding in local))
    yield from check_accumulation(record, grads)
    yield from check_protocol(record, grads)
    for each in range(2, order + 1):
        if not in_floats:
            yield from check_higher(record, each)


def _nondeterminism(record: Record) -> Finding | None:
    """Return a finding if a declared operation has another value or partial when it is repeated."""
    for node in record.nodes:
        if node.op is not None and node.op.functions:
            point = [getattr(item, "data", item) for item in node.operands]
            single = Program(tuple(point), (Line(node.op, tuple(range(len(point)))),))
            difference = nondeterminism(single.record()[0], [], single.record()[0], [])
            if difference is not None:
                return difference._replace(place=node)
    return None


def _smallest(report: Report, order: int) -> Program:
    """Return the smallest program that is wrong for the same cause."""
    cause: Any = report.cause
    program: Any = report.program
    node = cause.place
    if cause.question in ("local", "value") or (
        cause.question.startswith("order") and getattr(node, "op", None)
    ):
        point = tuple(getattr(item, "data", item) for item in node.operands)
        single = Program(point, (Line(node.op, tuple(range(len(point)))),))
        if _same_cause(single, cause, order):
            program = single
    return smallest(program, lambda candidate: _same_cause(candidate, cause, order) is not None)


def _same_cause(candidate: Program, cause: Finding, order: int) -> Finding | None:
    """Return the finding that shows the same cause in another program; None if there is none."""
    record = Record(candidate.record()[0])
    op = getattr(cause.place, "op", None)
    for finding in _findings(record, order if cause.question.startswith("order") else 1):
        if finding.verdict == WRONG and finding.question == cause.question:
            if cause.question not in ("local", "value") or getattr(finding.place, "op", None) is op:
                return finding
            return None
    return None
