"""The checker: four questions about a gradient, each with evidence of its own, and one report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..formulas import names_of
from ..terminal import quoted
from ..value import Value
from .cases.program import Line, Program
from .cases.reduction import smallest
from .evidence.findings import UNDECIDED, WRONG, Finding
from .evidence.record import Record
from .questions.accumulation import check_accumulation
from .questions.end_to_end import check_end_to_end
from .questions.higher import check_higher
from .questions.local import check_local
from .questions.opaque import check_operation, check_replayed, computes_in_floats
from .questions.protocol import check_protocol, fresh_grads
from .questions.replay import chance
from .report import Report


def refuse_order(order: Any) -> None:
    """Raise ValueError for an order that is not checked."""
    if order not in (1, 2, 3) or isinstance(order, bool):
        raise ValueError(f"derivatives are checked up to order 1, 2 or 3, not {quoted(order)}")


def check(root: Value, order: int = 1) -> Report:
    """Whether the gradient of a recorded graph is right: local, accumulation, end to end, protocol.

    `order` 2 or 3 asks for the higher derivatives too. Nobody's grads are touched: they are what
    they were before. Large graphs are sampled, and followed along random directions.

    >>> x = Value(0.5, "x")
    >>> check((x * x).tanh())  # doctest: +NORMALIZE_WHITESPACE
      input         gradient            truth  difference  verdict
      x         +0.940014849     +0.940014849     0.0e+00  right
      local         each partial is the derivative of its operation: 3 right
      accumulation  each grad is the sum of what its consumers send: 3 right
      end to end    the gradient is the derivative of the program: 1 right
      protocol      backward() keeps its promises: 5 right
      verdict: right
    """
    if not isinstance(root, Value):
        raise TypeError(f"check takes the Value at the end of a graph, not {quoted(root)}")
    refuse_order(order)
    record = Record(root)
    kept = [node.grad for node in record.nodes]
    try:
        findings = list(_findings(record, order))
    finally:
        for node, grad in zip(record.nodes, kept, strict=True):
            node.grad = grad
    report = Report(findings, names_of(record.nodes))
    if report.guilty is not None:
        report.program = Program.of(root)
        report.smallest = _smallest(report, order)
        report.shown = _same_guilt(report.smallest, report.guilty, order)
    return report


def _findings(record: Record, order: int) -> Iterator[Finding]:
    if record.root.op is None:
        return
    if any(node.data - node.data != 0 for node in record.nodes):
        first = next(node for node in record.nodes if node.data - node.data != 0)
        why = f"{names_of(record.nodes)[first]} is {first.data!r}: no derivative can be held against it"
        yield Finding("end to end", first, UNDECIDED, first.data, None, why=why)
        yield from check_local(record)
        return
    different = _chance(record)
    if different is not None:
        yield different
        return
    grads = fresh_grads(record)
    blunt = [node for node in record.nodes if computes_in_floats(node)]
    local = [
        *check_local(record, set(blunt)),
        *(finding for node in blunt for finding in check_operation(node)),
    ]
    yield from local
    if blunt:
        yield from check_replayed(record, grads)
    else:
        yield from check_end_to_end(record, grads, any(finding.verdict == WRONG for finding in local))
    yield from check_accumulation(record, grads)
    yield from check_protocol(record, grads)
    for each in range(2, order + 1):
        if not blunt:
            yield from check_higher(record, each)


def _chance(record: Record) -> Finding | None:
    """A finding about an operation of a user's that gives another value or partial the second time."""
    for node in record.nodes:
        if node.op is not None and node.op.functions:
            point = [getattr(item, "data", item) for item in node.operands]
            single = Program(tuple(point), (Line(node.op, tuple(range(len(point)))),))
            different = chance(single.record()[0], [], single.record()[0], [])
            if different is not None:
                return different._replace(place=node)
    return None


def _smallest(report: Report, order: int) -> Program:
    """The smallest program with the same guilt."""
    guilty: Any = report.guilty
    program: Any = report.program
    node = guilty.place
    if guilty.question in ("local", "value") or (
        guilty.question.startswith("order") and getattr(node, "op", None)
    ):
        point = tuple(getattr(item, "data", item) for item in node.operands)
        single = Program(point, (Line(node.op, tuple(range(len(point)))),))
        if _same_guilt(single, guilty, order):
            program = single
    return smallest(program, lambda candidate: _same_guilt(candidate, guilty, order) is not None)


def _same_guilt(candidate: Program, guilty: Finding, order: int) -> Finding | None:
    """The finding by which a program is wrong in the same way, if it is."""
    record = Record(candidate.record()[0])
    op = getattr(guilty.place, "op", None)
    for finding in _findings(record, order if guilty.question.startswith("order") else 1):
        if finding.verdict == WRONG and finding.question == guilty.question:
            if guilty.question not in ("local", "value") or getattr(finding.place, "op", None) is op:
                return finding
            return None
    return None
