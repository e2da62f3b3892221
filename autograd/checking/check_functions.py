"""Check functions: recorded and compared with their graph, or opaque with a gradient of their own."""

from __future__ import annotations

import inspect
import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ..drawing import draw
from ..functions import dot
from ..graph import topological_order
from ..guidance.advice import OPTIONS, unknown_option
from ..modes import always_recording
from ..nested import flatten, is_array
from ..ops.operands import is_number, number
from ..terminal import quoted
from ..value import Value
from .cases.program import Program
from .checker import check, refuse_order
from .evidence.findings import EPS, RIGHT, SINGLE, WRONG, Finding
from .evidence.record import Record
from .foreign import library_of, opaque
from .point import Point
from .questions.end_to_end import check_end_to_end
from .questions.opaque import IN_HIGH_PRECISION, check_opaque
from .questions.replay import check_record, nondeterminism
from .report import Report

FEW_RESULTS = 4
"""Maximum number of results of a function that are checked one by one."""
PROJECTIONS = 3
"""Number of random weighted sums of the results that are checked if there are more."""
SHOWN = 100
"""Maximum number of nodes of a graph that a report keeps to show."""
RECORDED_INPUTS, RECORDED_NODES = 2_000, 30_000
"""Maximum numbers of inputs and nodes up to which a function with its own gradient is also recorded."""


def check_gradients(
    f: Callable[..., Any],
    *point: Any,
    order: int = 2,
    gradient: Callable[..., Any] | str | None = None,
    raises: bool = True,
    save: str | Path | None = None,
    undecided: str = "fail",
    undefined: str = "fail",
    **named: Any,
) -> Report:
    """Check the derivatives of f at a point; return a `Report`, or raise GradientError if they are wrong.

    `point` and `named` are the arguments of f: numbers, numpy arrays of any shape, and nested lists,
    tuples, dicts and dataclasses of them. Integer arrays, and keyword arguments that are not floats, are
    held constant. Without `gradient`, f is called with Values (or object arrays of Values), its graph is
    compared with f itself, and all derivatives up to `order` (1, 2 or 3) are checked.

    With `gradient`, f may be any function of floats or arrays. `gradient` is called with the same
    arguments and returns one array for each, of the same shape. If f returns an array, `gradient` has one
    more parameter, named `upstream` or the last, for the gradient with respect to the result; or it
    returns the whole Jacobian. "torch" or "jax" checks the gradient that this library computes for f,
    which is the default for a function of its tensors.

    "right" means that the relative error of each derivative is at most 1e-6 (1e-3 if an argument is
    float32), "undecided" that rounding errors hide whether it is. An undecided verdict is an error unless
    `undecided="allow"`. With `undefined="skip"`, a point at which f raises an ArithmeticError or
    ValueError, or returns inf or nan, passes, and `undefined` of the report is True. `save` is the path
    for a picture of the smallest wrong program.

    Raises GradientError for the verdicts "wrong" and "undecided", unless `raises=False`; ValueError for
    a gradient of another shape, or an unknown option; TypeError for an argument or result that is not a
    real number.

    >>> from autograd import exp, tanh
    >>> check_gradients(lambda x, y: tanh(x) * exp(y), 0.5, 1.0).verdict
    'right'
    >>> import math
    >>> wrong = check_gradients(math.sin, 1.0, gradient=lambda x: -math.cos(x), raises=False)
    >>> wrong.verdict
    'wrong'
    """
    refuse_order(order)
    if undecided not in ("fail", "allow"):
        raise ValueError(f"undecided must be 'fail' or 'allow', got {quoted(undecided)}")
    if undefined not in ("fail", "skip"):
        raise ValueError(f"undefined must be 'fail' or 'skip', got {quoted(undefined)}")
    if not callable(f):
        raise TypeError(
            f"check_gradients takes a function and a point, got {quoted(f)}: a graph has value.check()"
        )
    if inspect.iscoroutinefunction(f):
        raise TypeError("f must be a plain function, got an async one, which does not return a number")
    _refuse_options(f, named)
    at = Point(f, point, named)
    with _quietly():
        why = _undefined(f, at, gradient) if undefined == "skip" else ""
        report = Report.skipped(why) if why else _report(f, at, gradient or at.library, order)
    if report.undefined:
        return report
    report.about(f, at, {"order": order} if gradient is None else {"gradient": gradient})
    if report.smallest is not None and save is not None:
        Path(save).parent.mkdir(parents=True, exist_ok=True)
        report.picture = draw(_backpropagated(report.smallest), title=report.caption()).save(save)
    return report.raise_if_wrong(undecided == "allow") if raises else report


def _refuse_options(f: Callable[..., Any], named: Iterable[str]) -> None:
    """Raise TypeError for an option of another library's checker, unless f has a parameter of that name."""
    for word in named:
        if word in OPTIONS and not _takes(f, word):
            raise TypeError(unknown_option("check_gradients", [word]))


def _takes(f: Callable[..., Any], word: str) -> bool:
    """Return whether a function can be called with a keyword; True if its signature is unknown."""
    try:
        inspect.signature(f).bind_partial(**{word: None})
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _quietly() -> AbstractContextManager[Any]:
    """Suppress the floating-point warnings of numpy, since points outside the domain are tried too."""
    numpy = sys.modules.get("numpy")
    return numpy.errstate(all="ignore") if numpy is not None else nullcontext()


def _backpropagated(program: Program) -> Value:
    root, _ = program.record()
    root.backward()
    return root


def _undefined(f: Callable[..., Any], at: Point, gradient: Any) -> str:
    """Return why f has no value at the point; "" if it has one."""
    source = gradient or at.library
    subject = opaque(f, source, at) if source is not None else None
    try:
        result = subject.value(at.parts(at.numbers)) if subject else at.call(f, at.parts(at.numbers))
        outputs = [leaf for leaf in flatten(result)[0] if is_number(leaf)]
    except (ArithmeticError, ValueError) as error:  # a DomainError is one of them
        return f"{type(error).__name__}: {error}"
    except (TypeError, AttributeError):  # f takes only Values or tensors; the check itself reports errors
        return ""
    return next((f"f returned {x!r}" for x in outputs if not math.isfinite(x)), "")


def _report(f: Callable[..., Any], at: Point, gradient: Any, order: int) -> Report:
    if gradient is not None:
        return _opaque(opaque(f, gradient, at), at)
    try:
        return _recorded(lambda leaves: at.call(f, at.parts(leaves)), at, order)
    except Exception as error:
        library = None if isinstance(error, ValueError | ArithmeticError) else library_of(f, at)
        if library is not None:
            return _opaque(opaque(f, library, at), at)
        if isinstance(error, TypeError | AttributeError) and _works_in_floats(f, at):
            name = getattr(f, "__name__", "f")
            raise TypeError(
                f"{name} takes floats but cannot be recorded, so its gradient is not known: write it with "
                f"autograd's functions, or give its gradient, check_gradients({name}, ..., gradient=g). "
                f"With Values it raised {type(error).__name__}: {error}"
            ) from error
        raise


def _works_in_floats(f: Callable[..., Any], at: Point) -> bool:
    try:
        outputs, _ = flatten(at.call(f, at.parts(at.numbers)))
    except Exception:
        return False
    return bool(outputs) and all(map(is_number, outputs))


def _projections(count: int) -> list[tuple[list[float], str]]:
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


# Functions that can be recorded


def _run(call: Callable[..., Any], at: Point, weights: Sequence[float] | None) -> Callable[..., Any]:
    """Return a function that records the call at a point and returns the root and the leaves.

    The root is the weighted sum of the results.
    """

    def run(numbers: list[float]) -> tuple[Value, list[Value]]:
        leaves = [Value(x, name) for x, name in zip(numbers, at.names, strict=True)]
        with always_recording():
            outputs, _ = flatten(call(leaves))
            for output in outputs:
                if not isinstance(output, Value) and not is_number(output):
                    raise TypeError(f"f must return real numbers, got {quoted(output)}")
            chosen = [k for k, w in enumerate(weights or [1.0] * len(outputs)) if w]
            if weights is not None and len(chosen) > 1:
                root = dot([weights[k] for k in chosen], [outputs[k] for k in chosen])
            else:
                root = outputs[chosen[0]]
        for leaf, x, name in zip(leaves, numbers, at.names, strict=True):
            if leaf.data != x and x == x:
                raise ValueError(
                    f"f overwrote the data of its argument {name}, {quoted(x)}, with {quoted(leaf.data)}: "
                    "its graph cannot be checked. Compute a new Value instead"
                )
        return (root if isinstance(root, Value) else Value(root)), leaves

    return run


def _recorded(call: Callable[..., Any], at: Point, order: int) -> Report:
    with always_recording():
        outputs, _ = flatten(call([Value(x) for x in at.numbers]))
    if not outputs:
        raise TypeError("f must return at least one number, got an empty result")
    reports = []
    for weights, words in _projections(len(outputs)):
        report = _one_recorded(_run(call, at, weights if len(outputs) > 1 else None), at, order)
        report.results = words
        reports.append(report)
        if report.verdict == WRONG:
            break
    return Report.joined(reports)


def _one_recorded(run: Callable[..., Any], at: Point, order: int) -> Report:
    root, leaves = run(at.numbers)
    difference = nondeterminism(root, leaves, *run(at.numbers))
    if difference is not None:
        return Report([difference])
    record = list(check_record(run, at.numbers, root, leaves))
    missing = any(finding.verdict == WRONG for finding in record)
    report = check(root, 1 if missing else order)
    report.program = report.program or _program(root)
    report.names |= dict(zip(leaves, at.names, strict=True))
    inside = set(topological_order(root)) if root.op is not None else set()
    for leaf in leaves:
        if leaf not in inside:  # the result does not depend on the leaf, or is the leaf itself
            truth = 1.0 if root is leaf else 0.0
            report.findings.append(Finding("end to end", leaf, RIGHT, truth, truth))
    if missing:  # then the gradient is compared with the function, not with its graph
        wrong = {finding.place for finding in record if finding.place in leaves}
        report.findings = [f for f in report.findings if f.question != "end to end" or f.place not in wrong]
        report.findings += [
            finding._replace(question="end to end") for finding in record if finding.place in wrong
        ]
    report.findings += record
    return report


def _program(root: Value) -> Program | None:
    """Return the graph as a program, for the page of the report; None if it is empty or too large."""
    return Program.of(root) if root.op is not None and len(topological_order(root)) <= SHOWN else None


# Functions with a gradient of their own


def _opaque(subject: Any, at: Point) -> Report:
    outputs, again = (_numbers_of(subject.value(at.parts(at.numbers))) for _ in range(2))
    for first, second in zip(outputs, again, strict=False):
        if first != second and first == first:
            why = f"the function is not deterministic: at the same point it returned {first!r} and {second!r}"
            return Report([Finding("determinism", "", WRONG, first, second, why=why)])
    reports = []
    for weights, words in _projections(len(outputs)):
        report = _one_opaque(subject, at, weights)
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


def _one_opaque(subject: Any, at: Point, weights: list[float]) -> Report:
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
    if hasattr(subject, "derivative") and len(given) <= RECORDED_INPUTS:
        findings = _in_high_precision(subject, at, weights, given, f(at.numbers), unit)
    if findings is None:
        findings = list(check_opaque(f, given, at.numbers, unit))
    report = Report(findings, dict(enumerate(at.names)))
    report.library = subject.name
    return report


def _gradient(subject: Any, at: Point, weights: list[float]) -> tuple[list[float], bool]:
    """Return the gradient of the weighted sum of the results as a flat list, and whether it is in float32."""
    parts = [slot.given for slot in at.slots] if at.single and not subject.name else at.parts(at.numbers)
    if len(weights) == 1:
        found = subject.gradient(parts)
        return (found := _plain(subject, found), at.flat(found))[1], _single(found)
    upstream = _like(subject.value(at.parts(at.numbers)), weights)
    if subject.name or subject.takes_upstream:
        found = _plain(subject, subject.gradient(parts, upstream))
        return at.flat(found), _single(found)
    rows = _rows(subject.gradient(parts), upstream, len(weights))
    flat = [at.flat(row) for row in rows]
    columns = zip(*flat, strict=True)
    return [math.fsum(w * x for w, x in zip(weights, column, strict=True)) for column in columns], False


def _plain(subject: Any, found: Any) -> Any:
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
        raise ValueError(
            f"f returns {count} numbers: gradient must return a row of the Jacobian for each, got {len(items)}"
        )
    return items


def _in_high_precision(
    subject: Any, at: Point, weights: list[float], given: list[float], value: float, unit: float
) -> list[Finding] | None:
    """Compare a gradient with the recorded graph in high precision; None if f cannot be recorded."""
    run = _run(lambda leaves: at.call(subject.f, at.parts(leaves)), at, weights if len(weights) > 1 else None)
    try:
        root, leaves = run(at.numbers)
        record = Record(root)
        if len(record.nodes) > RECORDED_NODES or not abs(root.data - value) <= 1e-9 * abs(value):
            return None
        if any(node.op is not None and set(node.op.partials) == {"None"} for node in record.nodes):
            return None  # a graph treats floor and similar functions as constants, even where they jump
        if any(finding.verdict != RIGHT for finding in check_record(run, at.numbers, root, leaves)):
            return None
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
