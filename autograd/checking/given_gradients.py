"""Check gradients that are given by the user, or computed by another library."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..functions import dot
from ..modes import differentiated
from ..nested import flatten, is_array
from ..ops.operands import is_number, number
from ..terminal import quoted
from ..value import Value
from .evidence.findings import EPS, RIGHT, SINGLE, UNDECIDED, WRONG, Finding
from .evidence.record import Record
from .foreign import OfUser, Opaque
from .point import Point
from .questions.end_to_end import check_end_to_end, is_along_directions
from .questions.opaque import IN_HIGH_PRECISION, check_opaque
from .questions.replay import check_record
from .report import Report

FEW_RESULTS = 4
"""Maximum number of results of a function that are checked one by one."""
PROJECTIONS = 3
"""Number of random weighted sums of the results that are checked if there are more."""
RECORDED_INPUTS, RECORDED_NODES = 2_000, 30_000
"""Maximum numbers of inputs and nodes up to which a function with its own gradient is also recorded."""
MOST_INPUTS, MOST_NODES = 20_000, 50_000
"""The same if finite differences leave something undecided: recording takes some seconds."""


def projections(count: int) -> list[tuple[list[float], str]]:
    """Return weights whose sums of the results are checked, each with a description of that sum."""
    if count == 1:
        return [([1.0], "")]
    if count <= FEW_RESULTS:
        units = [[float(i == k) for i in range(count)] for k in range(count)]
        return [(unit, f"result {k + 1} of {count}") for k, unit in enumerate(units)]
    rng = random.Random(count)
    words = f"a sum of the {count:,} results with random weights"
    return [
        (
            [rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) for _ in range(count)],
            f"{words}, {k + 1} of {PROJECTIONS}",
        )
        for k in range(PROJECTIONS)
    ]


def recorder_of(call: Callable[..., Any], at: Point, weights: Sequence[float] | None) -> Callable[..., Any]:
    """Return a function that records the call at a point and returns the root and the leaves.

    The root is the weighted sum of the results.
    """

    def weighted(leaves: list[Value]) -> Any:
        outputs, _ = flatten(call(leaves))
        for output in outputs:
            if not isinstance(output, Value) and not is_number(output):
                raise TypeError(f"f must return real numbers, got {quoted(output)}")
        chosen = [k for k, w in enumerate(weights or [1.0] * len(outputs)) if w]
        if weights is not None and len(chosen) > 1:
            return dot([weights[k] for k in chosen], [outputs[k] for k in chosen])
        return outputs[chosen[0]]

    def run(numbers: list[float]) -> tuple[Value, list[Value]]:
        leaves = [Value(x, name) for x, name in zip(numbers, at.names, strict=True)]
        root = differentiated(set(leaves), weighted, (leaves,))
        for leaf, x, name in zip(leaves, numbers, at.names, strict=True):
            if leaf.data != x and x == x:
                raise ValueError(
                    f"f overwrote the data of its argument {name}, {quoted(x)}, with {quoted(leaf.data)}: "
                    "its graph cannot be checked. Compute a new Value instead"
                )
        return (root if isinstance(root, Value) else Value(root)), leaves

    return run


def check_given(subject: Opaque, at: Point) -> Report:
    """Check the gradient that the user or another library gives for a function; return the `Report`."""
    outputs, again = (_numbers_of(subject.value(at.parts(at.numbers))) for _ in range(2))
    for first, second in zip(outputs, again, strict=False):
        if first != second and first == first:
            why = f"the function is not deterministic: at the same point it returned {first!r} and {second!r}"
            return Report([Finding("determinism", "", WRONG, first, second, why=why)])
    reports = []
    for weights, words in projections(len(outputs)):
        report = _one(subject, at, weights)
        report.results = words
        reports.append(report)
        if report.verdict == WRONG:
            break
    return Report.joined(reports)


def _numbers_of(result: Any) -> list[float]:
    leaves, _ = flatten(result)
    for leaf in leaves:
        if not is_number(leaf) or isinstance(leaf, Value):
            raise TypeError(f"f must return one real number or an array, got {quoted(leaf)}")
    return list(map(float, leaves))


def _one(subject: Opaque, at: Point, weights: list[float]) -> Report:
    given, single = _gradient(subject, at, weights)
    again, _ = _gradient(subject, at, weights)
    for first, second in zip(given, again, strict=True):
        if first != second and (first == first or second == second):
            why = f"the gradient is not deterministic: at the same point it was {first!r} and {second!r}"
            return Report([Finding("determinism", "", WRONG, first, second, why=why)])

    def f(numbers: list[float]) -> float:
        found = _numbers_of(subject.value(at.parts(numbers)))
        return found[0] if len(weights) == 1 else math.fsum(w * y for w, y in zip(weights, found, strict=True))

    unit = SINGLE if subject.single or (not subject.name and (single or at.single)) else EPS
    findings = None
    if isinstance(subject, OfUser) and len(given) <= RECORDED_INPUTS:
        findings = _in_high_precision(subject, at, weights, given, f(at.numbers), unit, RECORDED_NODES)
    if findings is None:
        findings = list(check_opaque(f, given, at.numbers, unit))
        verdicts = {finding.verdict for finding in findings}
        undecided = UNDECIDED in verdicts and WRONG not in verdicts
        if undecided and isinstance(subject, OfUser) and RECORDED_INPUTS < len(given) <= MOST_INPUTS:
            precise = _in_high_precision(subject, at, weights, given, f(at.numbers), unit, MOST_NODES)
            findings = precise or findings
    report = Report(findings, dict(enumerate(at.names)))
    report.library = subject.name
    return report


def _gradient(subject: Opaque, at: Point, weights: list[float]) -> tuple[list[float], bool]:
    """Return the gradient of the weighted sum of the results as a flat list, and whether it is in float32."""
    parts = [slot.given for slot in at.slots] if at.single and not subject.name else at.parts(at.numbers)
    if len(weights) == 1:
        found = subject.gradient(parts)
        return (found := _plain(subject, found), at.flat(found))[1], _single(found)
    upstream = _like(subject.value(at.parts(at.numbers)), weights)
    if not isinstance(subject, OfUser) or subject.takes_upstream:
        found = _plain(subject, subject.gradient(parts, upstream))
        return at.flat(found), _single(found)
    rows = _rows(subject.gradient(parts), upstream, len(weights))
    flat = [at.flat(row) for row in rows]
    columns = zip(*flat, strict=True)
    return [math.fsum(w * x for w, x in zip(weights, column, strict=True)) for column in columns], False


def _plain(subject: Opaque, found: Any) -> Any:
    """Return the gradient alone, where a library returns a list with one for each argument."""
    return found[0] if subject.name and len(found) == 1 else found


def _single(found: Any) -> bool:
    items = found if isinstance(found, list | tuple) else [found]
    return any(str(getattr(item, "dtype", "")) == "float32" for item in items)


def _like(result: Any, weights: list[float]) -> Any:
    _, build = flatten(result)
    return build(iter(weights))


def _rows(found: Any, result: Any, count: int) -> list[Any]:
    """Return a Jacobian as a list of gradients, one for each result."""
    if is_array(result):

        def rows(array: Any) -> Any:
            if not is_array(array) or array.shape[: result.ndim] != result.shape:
                raise ValueError(
                    f"f returns an array of shape {result.shape}: gradient must have a parameter `upstream` of "
                    "that shape, or return a Jacobian whose shape begins with it"
                )
            return list(array.reshape(count, *array.shape[result.ndim :]))

        if isinstance(found, list | tuple):
            return list(zip(*map(rows, found), strict=True))
        return rows(found)  # type: ignore[no-any-return]
    items = list(found)
    if len(items) != count:
        raise ValueError(f"f returns {count} numbers: gradient must return a row for each, got {len(items)}")
    return items


def _in_high_precision(
    subject: Opaque, at: Point, weights: list[float], given: list[float], value: float, unit: float, most: int
) -> list[Finding] | None:
    """Compare a gradient with the graph in high precision; None if f cannot be recorded in `most` nodes."""
    run = recorder_of(
        lambda leaves: at.call(subject.f, at.parts(leaves)), at, weights if len(weights) > 1 else None
    )
    try:
        root, leaves = run(at.numbers)
        record = Record(root)
        if len(record.nodes) > most or not abs(root.data - value) <= 1e-9 * abs(value):
            return None
        if any(node.op is not None and set(node.op.partials) == {"None"} for node in record.nodes):
            return None  # a graph treats floor and similar functions as constants, even where they jump
        if is_along_directions(record):
            return None  # it says nothing about each input
        if any(found.verdict != RIGHT or found.why for found in check_record(run, at.numbers, root, leaves)):
            return None  # where the function branches, the graph has one of its two derivatives
        return list(_compared(record, leaves, given, unit))
    except Exception:  # a function of floats may raise anything when it is called with Values
        return None


def _compared(record: Record, leaves: list[Value], given: list[float], unit: float) -> Iterator[Finding]:
    numbers = [0.0] * len(record.nodes)
    for leaf, found in zip(leaves, given, strict=True):
        if leaf in record.index:
            numbers[record.index[leaf]] = number(found)
    findings = {f.place: f for f in check_end_to_end(record, numbers, unit=unit)} if record.root.op else {}
    for k, (leaf, found) in enumerate(zip(leaves, given, strict=True)):
        truth = 1.0 if record.root is leaf else 0.0
        plain = Finding("end to end", k, RIGHT if found == truth else WRONG, found, truth)
        finding = findings.get(leaf, plain)
        yield finding._replace(place=k, why=finding.why or IN_HIGH_PRECISION)
