"""Check functions: recorded and compared with their graph, or opaque with a gradient of their own."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ..drawing import draw
from ..graph import topological_order
from ..guidance.advice import OPTIONS, unknown_option
from ..modes import always_recording
from ..nested import flatten
from ..ops.operands import is_number
from ..terminal import brief, kind_of, quoted
from ..value import Value
from .cases.program import Program
from .checker import check, refuse_order
from .evidence.findings import RIGHT, WRONG, Finding
from .foreign import library_of, opaque
from .given_gradients import check_given, projections, recorder_of
from .point import Point
from .questions.replay import check_record, nondeterminism
from .report import Report
from .report_text import caption

SHOWN = 100
"""Maximum number of nodes of a graph that a report keeps to show."""


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
    tuples, dicts and dataclasses of them. Integer arrays, settings (a text, a bool, None, a function), and
    keyword arguments that are not floats, are held constant. Without `gradient`, f is called with Values
    (or object arrays of Values), its graph is compared with f itself, and all derivatives up to `order`
    (1, 2 or 3) are checked.

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
        report.picture = draw(_backpropagated(report.smallest), title=caption(report)).save(save)
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
        return f"{kind_of(error)}: {brief(error, 500)}"
    except (TypeError, AttributeError):  # f takes only Values or tensors; the check itself reports errors
        return ""
    return next((f"f returned {x!r}" for x in outputs if not math.isfinite(x)), "")


def _report(f: Callable[..., Any], at: Point, gradient: Any, order: int) -> Report:
    if gradient is not None:
        return check_given(opaque(f, gradient, at), at)
    try:
        return _recorded(lambda leaves: at.call(f, at.parts(leaves)), at, order)
    except Exception as error:
        library = None if isinstance(error, ValueError | ArithmeticError) else library_of(f, at)
        if library is not None:
            return check_given(opaque(f, library, at), at)
        if isinstance(error, TypeError | AttributeError) and _works_in_floats(f, at):
            name = brief(getattr(f, "__name__", "f"))
            raise TypeError(
                f"{name} takes floats but cannot be recorded, so its gradient is not known: write it with "
                f"autograd's functions, or give its gradient, check_gradients({name}, ..., gradient=g). "
                f"With Values it raised {kind_of(error)}: {brief(error, 500)}"
            ) from error
        raise


def _works_in_floats(f: Callable[..., Any], at: Point) -> bool:
    try:
        outputs, _ = flatten(at.call(f, at.parts(at.numbers)))
    except Exception:
        return False
    return bool(outputs) and all(map(is_number, outputs))


def _recorded(call: Callable[..., Any], at: Point, order: int) -> Report:
    with always_recording():
        outputs, _ = flatten(call([Value(x) for x in at.numbers]))
    if not outputs:
        raise TypeError("f must return at least one number, got an empty result")
    reports = []
    for weights, words in projections(len(outputs)):
        report = _one_recorded(recorder_of(call, at, weights if len(outputs) > 1 else None), at, order)
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
