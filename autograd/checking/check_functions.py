"""Functions under check: recorded and compared with their record, or opaque with a gradient of their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..drawing import draw
from ..formulas import plain
from ..modes import always_recording
from ..nested import flatten
from ..recording import is_number, number
from ..transforms.gradients import gradients
from ..value import Value
from .cases.program import Program
from .checker import check, refuse_order
from .evidence.findings import RIGHT, WRONG, Finding
from .foreign import opaque
from .questions.opaque import check_opaque
from .questions.replay import check_record
from .report import Report


def check_gradients(
    f: Callable[..., Any],
    *point: Any,
    order: int = 2,
    gradient: Callable[..., Any] | str | None = None,
    raises: bool = True,
    save: str | Path | None = None,
) -> Report:
    """Whether the derivatives of f at a point are right; a GradientError if they are wrong.

    f is a function of numbers, or of nested sequences of numbers, written with autograd's
    operators and functions; it is recorded, its record compared with f itself, and checked up to
    `order`. With `gradient`, f may be any function of floats: then what that function gives for
    the same arguments, a number for each of f's, is checked by finite differences; "torch" or
    "jax" stands for what that library gives for an f of its own. `save` is where a picture of the
    smallest wrong program goes.

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
    refuse_order(order)
    trees = [flatten(argument) for argument in point]
    numbers = [number(leaf.data if isinstance(leaf, Value) else leaf) for leaves, _ in trees for leaf in leaves]
    if not callable(f):
        raise TypeError(f"check_gradients takes a function and a point, not {f!r}; a graph has .check()")
    names = _names(f, point)

    called = f

    def call(items: Sequence[Any]) -> Any:
        nodes = iter(items)
        return called(*(build(nodes) for _, build in trees))

    where = ", ".join(f"{name} = {plain(x)}" for name, x in zip(names, numbers, strict=True))
    title = f"{getattr(f, '__name__', 'f')} at {where}"
    if gradient is not None:
        called, derivative = opaque(f, gradient)
        found, _ = flatten(derivative(*point))
        if len(found) != len(numbers):
            raise ValueError(
                f"gradient gave {len(found)} numbers for the {len(numbers)} that f takes: one for each"
            )
        report = Report(check_opaque(call, list(map(number, found)), numbers), dict(enumerate(names)), title)
    else:
        report = _recorded(call, numbers, names, order, title)
    if report.smallest is not None and save is not None:
        Path(save).parent.mkdir(parents=True, exist_ok=True)
        report.picture = draw(_backpropagated(report.smallest), title=report.caption()).save(save)
    return report.raise_if_wrong() if raises else report


def _backpropagated(program: Program) -> Value:
    root, _ = program.record()
    root.backward()
    return root


def _recorded(
    call: Callable[..., Any], numbers: list[float], names: list[str], order: int, title: str
) -> Report:
    def run(at: list[float]) -> tuple[Value, list[Value]]:
        leaves = [Value(x, name) for x, name in zip(at, names, strict=True)]
        with always_recording():
            result = call(leaves)
        outputs, _ = flatten(result)
        if len(outputs) != 1:
            raise TypeError(
                f"f gave {len(outputs)} numbers: a gradient belongs to a function with one; check each"
            )
        root = outputs[0]
        for leaf, x, name in zip(leaves, at, names, strict=True):
            if leaf.data != x and x == x:
                raise ValueError(
                    f"f overwrote the data of its argument {name}, {x!r}, with {leaf.data!r}: no record can be "
                    "held against such a function. Let it compute a new number instead"
                )
        if not isinstance(root, Value) and not is_number(root):
            raise TypeError(f"f gave {root!r}: a gradient belongs to a function that gives one number")
        return (root if isinstance(root, Value) else Value(root)), leaves

    root, leaves = run(numbers)
    report = check(root, order)
    report.title = title
    report.names |= dict(zip(leaves, names, strict=True))
    for leaf in leaves:
        if leaf not in {f.place for f in report.findings if f.question == "end to end"} and root.op is None:
            report.findings.append(Finding("end to end", leaf, RIGHT, 1.0 if root is leaf else 0.0, None))
    recorded = list(check_record(run, numbers))
    if any(finding.verdict == WRONG for finding in recorded):  # the truth is then the function, not its record
        report.findings = [finding for finding in report.findings if finding.question != "end to end"]
        grads = gradients(root, leaves)
        for finding in check_opaque(lambda at: run(at)[0].data, grads, numbers):
            report.findings.append(finding._replace(place=leaves[finding.place]))
    report.findings += recorded
    return report


def parameters(f: Callable[..., Any]) -> list[str]:
    """The names of a function's positional parameters; none where it does not tell."""
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _names(f: Callable[..., Any], point: Sequence[Any]) -> list[str]:
    """A name for every number among the arguments: the parameter's, with indexes in a sequence."""
    words = parameters(f)
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
