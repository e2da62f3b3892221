"""The checker: four questions about a gradient, each with evidence of its own, and one report."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

from autograd.drawing import draw
from autograd.modes import always_recording
from autograd.notation import names_of, plain
from autograd.structure import flatten
from autograd.transforms import gradients
from autograd.value import Value

from .accumulation import check_accumulation
from .differences import Sides, mixed
from .end_to_end import OUT_OF_RANGE, check_end_to_end
from .faithful import check_record
from .findings import EPS, RIGHT, UNDECIDED, WRONG, Finding, judged
from .local import check_local, kinks
from .opaque import check_opaque
from .precise import Precise
from .programs import Line, Program
from .protocol import check_protocol, fresh_grads
from .record import Record
from .reduction import smallest
from .report import Report
from .rounding import rounding_of_value

MOST_PAIRS = 40
"""How many derivatives of an order above 1 are looked at, spread evenly over all there are."""
LARGE = 400
"""Up to how many nodes of a graph its derivatives of higher order are looked at end to end."""


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
        raise TypeError(f"check takes the Value at the end of a graph, not {root!r}")
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
    return report


def _findings(record: Record, order: int) -> Iterable[Finding]:
    if record.root.op is None:
        return
    if any(node.data - node.data != 0 for node in record.nodes):
        first = next(node for node in record.nodes if node.data - node.data != 0)
        why = f"{names_of(record.nodes)[first]} is {first.data!r}: no derivative can be held against it"
        yield Finding("end to end", first, UNDECIDED, first.data, None, why=why)
        yield from check_local(record)
        return
    grads = fresh_grads(record)
    yield from check_end_to_end(record, grads)
    yield from check_local(record)
    yield from check_accumulation(record, grads)
    yield from check_protocol(record, grads)
    for each in range(2, order + 1):
        yield from _higher(record, each)


def _higher(record: Record, order: int) -> Iterable[Finding]:
    """Derivatives of an order above 1: of each operation by itself, and end to end."""
    seen = set()
    for node in record.nodes:
        point = tuple(getattr(item, "data", item) for item in node.operands)
        if node.op is not None and len(point) <= 8 and (node.op, point) not in seen:
            seen.add((node.op, point))
            single = Program(point, (Line(node.op, tuple(range(len(point)))),))
            inside, leaves = single.record()
            edges = [k for k, partial in enumerate(node.partials) if partial is not None]
            yield from _of_order(Record(inside), leaves, edges, order, node)
    if len(seen) > 1 and len(record.nodes) <= LARGE:
        leaves = [record.nodes[k] for k in record.leaves]
        yield from _of_order(record, leaves, list(range(len(leaves))), order, None)


def _of_order(
    record: Record, leaves: list[Value], edges: list[int], order: int, place: Any
) -> Iterable[Finding]:
    """Mixed derivatives of the root towards leaves, at most so many, against high precision."""
    every = list(combinations_with_replacement(edges, order))
    for towards in every[:: max(1, len(every) // MOST_PAIRS)]:
        where = place or "/".join(leaves[k].label or f"x{k}" for k in towards)
        node: Any = record.root
        with always_recording():
            for k in towards:
                node = gradients(node, [leaves[k]], create_graph=True)[0]
        truth = _mixed(record, leaves, towards)
        if truth.smooth:
            yield _judged(record, leaves, towards, node, truth, where)
        else:
            why = f"no derivative of order {order} exists here: a kink, a pole, or the edge of a domain"
            yield Finding(f"order {order}", where, RIGHT, node.data, None, why=why)


def _mixed(record: Record, leaves: list[Value], towards: tuple[int, ...]) -> Sides:
    """The derivative towards leaves one after the other, in high precision."""
    places = [record.index.get(leaf) for leaf in leaves]

    def f(numbers: list[Precise]) -> Precise:
        return record.from_leaves({k: x for k, x in zip(places, numbers, strict=True) if k is not None})

    return mixed(f, [leaf.data for leaf in leaves], towards)


def _judged(
    record: Record, leaves: list[Value], towards: tuple[int, ...], node: Value, truth: Sides, where: Any
) -> Finding:
    """The verdict on one derivative; what is not met at once is compared with the rounded program's."""
    question, exact = f"order {len(towards)}", truth.right.slope

    def told(verdict: str, tolerance: Any = 0, why: str = "") -> Finding:
        return Finding(question, where, verdict, node.data, float(exact), float(tolerance), why)

    if judged(node.data, exact, truth.right.noise) == RIGHT:
        return told(RIGHT)
    if kinks(record):
        return told(RIGHT, why="a kink of an operation on the way")
    rounded = _mixed(Record(record.root, as_rounded=True), leaves, towards)
    if not rounded.smooth:
        return told(UNDECIDED, why=f"with float64's rounding there is no derivative of {question}")
    gap, exact = abs(exact - rounded.right.slope), rounded.right.slope
    moved = rounding_of_value(Record(node))
    tolerance = rounded.right.noise + 4 * EPS * (moved or 0)
    verdict = judged(node.data, exact, tolerance)
    # What rounding takes from one operation alone is what its float64 rule can give.
    lost = RIGHT if where.__class__ is Value else UNDECIDED
    if verdict == WRONG:
        return told(WRONG, tolerance) if moved is not None else told(lost, why=OUT_OF_RANGE)
    if verdict == UNDECIDED or gap > 0.1 * abs(exact):
        why = f"rounding in float64 can move a derivative of {question} by {float(tolerance + gap):.1e}"
        return told(lost, tolerance, why)
    return told(RIGHT, tolerance)


def _smallest(report: Report, order: int) -> Program:
    """The smallest program with the same guilt."""
    guilty: Any = report.guilty
    program: Any = report.program
    node = guilty.place
    if guilty.question in ("local", "value") or (guilty.question.startswith("order") and getattr(node, "op", None)):
        point = tuple(getattr(item, "data", item) for item in node.operands)
        single = Program(point, (Line(node.op, tuple(range(len(point)))),))
        if _same_guilt(single, guilty, order):
            program = single
    return smallest(program, lambda candidate: _same_guilt(candidate, guilty, order))


def _same_guilt(candidate: Program, guilty: Finding, order: int) -> bool:
    record = Record(candidate.record()[0])
    for finding in _findings(record, order if guilty.question.startswith("order") else 1):
        if finding.verdict == WRONG and finding.question == guilty.question:
            return getattr(finding.place, "op", None) is getattr(guilty.place, "op", None) or (
                guilty.question not in ("local", "value")
            )
    return False


def check_gradients(
    f: Callable[..., Any],
    *point: Any,
    order: int = 2,
    gradient: Callable[..., Any] | None = None,
    raises: bool = True,
    save: str | Path | None = None,
) -> Report:
    """Whether the derivatives of f at a point are right; a GradientError if they are wrong.

    f is a function of numbers, or of nested sequences of numbers, written with autograd's
    operators and functions; it is recorded, its record compared with f itself, and checked up to
    `order`. With `gradient`, f may be any function of floats: then what that function gives for
    the same arguments, a number for each of f's, is checked by finite differences. `save` is
    where a picture of the smallest wrong program goes.

    Gives a `Report`, whose verdict is "right", or "undecided" where float64 cannot tell.
    Raises GradientError for "wrong" unless `raises` is False, TypeError for a result that is not
    one number.

    >>> from autograd import exp, tanh
    >>> check_gradients(lambda x, y: tanh(x) * exp(y), 0.5, 1.0).verdict
    'right'
    >>> import math
    >>> wrong = check_gradients(math.sin, 1.0, gradient=lambda x: -math.cos(x), raises=False)
    >>> wrong.verdict
    'wrong'
    """
    trees = [flatten(argument) for argument in point]
    numbers = [float(getattr(leaf, "data", leaf)) for leaves, _ in trees for leaf in leaves]
    names = _names(f, point)

    def call(items: Sequence[Any]) -> Any:
        nodes = iter(items)
        return f(*(build(nodes) for _, build in trees))

    title = f"{getattr(f, '__name__', 'f')} at {', '.join(f'{n} = {plain(x)}' for n, x in zip(names, numbers, strict=True))}"
    if gradient is not None:
        found, _ = flatten(gradient(*point))
        if len(found) != len(numbers):
            raise ValueError(f"gradient gave {len(found)} numbers for the {len(numbers)} that f takes: one for each")
        report = Report(check_opaque(call, list(map(float, found)), numbers), dict(enumerate(names)), title)
    else:
        report = _recorded(call, numbers, names, order, title)
    if report.smallest is not None and save is not None:
        report.picture = draw(report.smallest.record()[0]).save(save)
    return report.raise_if_wrong() if raises else report


def _recorded(call: Callable[..., Any], numbers: list[float], names: list[str], order: int, title: str) -> Report:
    def run(at: list[float]) -> tuple[Value, list[Value]]:
        leaves = [Value(x, name) for x, name in zip(at, names, strict=True)]
        with always_recording():
            result = call(leaves)
        outputs, _ = flatten(result)
        if len(outputs) != 1:
            raise TypeError(f"f gave {len(outputs)} numbers: a gradient belongs to a function with one; check each")
        root = outputs[0]
        return (root if isinstance(root, Value) else Value(root)), leaves

    root, leaves = run(numbers)
    report = check(root, order)
    report.title = title
    report.names |= {leaf: name for leaf, name in zip(leaves, names, strict=True)}
    for leaf in leaves:
        if leaf not in {f.place for f in report.findings if f.question == "end to end"} and root.op is None:
            report.findings.append(Finding("end to end", leaf, RIGHT, 1.0 if root is leaf else 0.0, None))
    report.findings += check_record(run, numbers)
    return report


def _names(f: Callable[..., Any], point: Sequence[Any]) -> list[str]:
    """A name for every number among the arguments: the parameter's, with indexes in a sequence."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
        words = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        words = []
    words += [f"x{k}" for k in range(len(words), len(point))]
    return [name for word, argument in zip(words, point, strict=False) for name in _indexed(word, argument)]


def _indexed(word: str, argument: Any) -> list[str]:
    if hasattr(argument, "tolist"):
        argument = argument.tolist()
    if isinstance(argument, dict):
        return [name for key, item in argument.items() for name in _indexed(f"{word}[{key!r}]", item)]
    if isinstance(argument, list | tuple):
        return [name for k, item in enumerate(argument) for name in _indexed(f"{word}[{k}]", item)]
    return [word]

