"""Recording a function of numbers as it is, without numbers: no branch may depend on one."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..entry import Op
from ..errors import TracingError
from ..graph import topological_order
from ..modes import tracing
from ..notation import history
from ..recording import recorder
from ..structure import flatten
from ..value import FROM_ABOVE, Value

_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_COMPARISONS = {
    name: recorder(
        Op(f"{name}(x, y)", f"1.0 if x {sign} y else 0.0", "0.0", "0.0", symbol=sign, written=f"x {sign} y")
    )
    for name, sign in _SIGNS.items()
}
_OWN = Path(__file__).parents[1]


def _compared(name: str, left: Value, right: Any) -> Value:
    """A comparison while recording: 1 or 0 where the compiled code runs, and no answer before that."""
    found: Value = _COMPARISONS[name](left, right)
    found.data = math.nan
    return found


def _decided(value: Value) -> bool:
    """Whether a Value holds, asked while recording."""
    written = history(value) if value.op or value.label else "an argument"
    raise TracingError(
        f"{_users_line()}a branch on a Value ({written}) cannot be compiled: only one way would be recorded. "
        "Compute both and choose with autograd.where(condition, x, y), or with maximum, minimum, abs, clip"
    )


def _users_line() -> str:
    """The innermost line that is not this library's."""
    for frame in reversed(traceback.extract_stack()):
        if _OWN not in Path(frame.filename).parents and not frame.filename.startswith("<table"):
            return f"{frame.filename}:{frame.lineno}: {frame.line}\n  "
    return ""


FROM_ABOVE["compared"] = _compared
FROM_ABOVE["decided"] = _decided


class Trace:
    """A function as a graph: its inputs, what it gives, and the Values from outside that it uses."""

    def __init__(self, inputs: Sequence[Value], result: Any) -> None:
        self.inputs = list(inputs)
        self.outputs, _ = flatten(result)
        self.template = _positions(result, iter(range(len(self.outputs))))
        given = set(self.inputs)
        self.captured: list[Value] = []
        """Values from outside, read again at each call."""
        seen: set[Value] = set()
        for output in self.outputs:
            if isinstance(output, Value):
                for node in topological_order(output):
                    if not node.operands and node not in given and node not in seen:
                        seen.add(node)
                        self.captured.append(node)
            elif isinstance(output, bool) or not isinstance(output, int | float):
                raise TypeError(
                    f"a compiled function gives numbers, not {output!r} of type {type(output).__name__}"
                )

    def build(self, items: Sequence[Any]) -> Any:
        """Items in the place of the outputs, nested as the function's result is."""
        return _rebuilt(self.template, items)


def _positions(tree: Any, count: Any) -> Any:
    _, build = flatten(tree)
    return build(count)


def _rebuilt(template: Any, items: Sequence[Any]) -> Any:
    if isinstance(template, int):
        return items[template]
    places, build = flatten(template)
    return build(iter([items[place] for place in places]))


def trace(f: Callable[..., Any], arguments: Sequence[Any], inputs: Sequence[Value]) -> Trace:
    """Record a function of arguments made of the inputs.

    Their numbers are nan, so that nothing can depend on them unnoticed. Raises TracingError for a
    branch, and for a number that was taken out of a Value.
    """
    for value in inputs:
        value.data = math.nan
    with tracing():
        result = f(*arguments)
    found = Trace(inputs, result)
    for output in found.outputs:
        if output.__class__ is float and math.isnan(output):
            _refuse_data()
    for value in found.captured:
        if math.isnan(value.data):
            _refuse_data()
    for output in found.outputs:
        if isinstance(output, Value):
            for node in topological_order(output):
                if any(item.__class__ is float and math.isnan(item) for item in node.operands):
                    _refuse_data()
    return found


def _refuse_data() -> None:
    raise TracingError(
        "the function takes the number out of a Value (.data, detach() or a nan constant): in compiled code "
        "that number would stay what it was while recording. Compute with the Values themselves"
    )
