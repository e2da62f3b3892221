"""Trace a function: record its operations on Values whose numbers are unknown, so it cannot branch on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ...errors import TracingError
from ...formulas import history
from ...modes import evaluated, tracing
from ...nested import is_array, is_foreign_array, mapped
from ...ops.operands import is_number
from ...recording import recorder
from ...terminal import brief, quoted
from ...transforms.explanations import STATIC, alternative_to_branch, explained, users_line
from ...value import Value
from ..expressions.pool import DETACHED
from . import unknown

_detached = recorder(DETACHED)


class _FunctionTracer:
    """Answers for Values while a function is traced (see `autograd.modes.Tracer`)."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        """Every node created inside the function."""

    def record(self, node: Any) -> None:
        self.nodes.append(node)

    def compare(self, name: str, left: Value, right: Any) -> Value:
        """Return a comparison as a node, which is 1 or 0 when the compiled code runs."""
        found: Value = unknown.compared(name, left, right)
        return found

    def combine(self, sign: str, left: Value, right: Any) -> Any:
        return unknown.combined(sign, left, right)

    def detach(self, value: Value) -> Value:
        found: Value = _detached(value)
        return found

    def partials(self, node: Value) -> tuple[Any, ...]:
        return unknown.partials(node)

    def write(self, what: str) -> NoReturn:
        raise TracingError(
            f"{users_line()}{what} changes Values, which would happen only once, during tracing. For "
            "derivatives inside the function use autograd.gradients(output, inputs) or autograd.grad(f), "
            "which return them"
        )

    def branch(self, value: Value) -> NoReturn:
        raise TracingError(
            f"{users_line()}a branch on a Value ({_written(value)}) cannot be compiled: only one branch would "
            f"be traced. {alternative_to_branch()}"
        )

    def read_data(self, value: Value) -> NoReturn:
        raise TracingError(
            f"{users_line()}the number of a Value ({_written(value)}) is read (.data) during tracing: in "
            "compiled code it would be a constant. Compute with the Value itself, or with value.detach(), "
            "through which no gradient flows"
        )

    def equal(self, left: Value, right: Any) -> NoReturn:
        raise TracingError(
            f"{users_line()}{_written(left)} == {_written(right)} compares nodes by identity, not their "
            "numbers. To compare numbers, use autograd.where(condition, x, y) with a condition of <, <=, > "
            "or >="
        )


def _written(item: Any) -> str:
    """Return a Value as an expression, or a number as text, for an error message."""
    if not isinstance(item, Value):
        return str(item)
    return history(item) if item.op or item.label else "an argument"


class Place(NamedTuple):
    """The position among the outputs of a number or an array in a result."""

    start: int
    shape: tuple[int, ...] | None
    """None for a number."""

    @property
    def size(self) -> int:
        """The number of outputs."""
        return math.prod(self.shape or ())


class Trace:
    """A traced function as a graph: its inputs, its outputs, and the Values that it captures."""

    def __init__(self, inputs: Sequence[Value], result: Any, made: Sequence[Any] | None = None) -> None:
        """`made` has the nodes created inside the function; None if all nodes are."""
        self.inputs: list[Value] = list(inputs)
        self.outputs: list[Any] = []
        self.places: list[Place] = []
        self.template: Any = mapped(self._placed, result)
        self.captured: list[Value] = []
        """Captured Values, whose data is read at each call: leaves, and results computed earlier."""
        self.nodes: list[Value] = self._inside(None if made is None else set(made))
        """All that the outputs need, operands first, without the inputs and what was captured."""

    def _placed(self, tree: Any) -> int:
        """Add the outputs of a number or an array of the result; return its position among the places."""
        array = is_array(tree) or is_foreign_array(tree)
        self.places.append(Place(len(self.outputs), tree.shape if array and tree.shape else None))
        for output in tree.ravel().tolist() if array else [tree]:
            if not isinstance(output, Value) and not is_number(output):
                raise TypeError(
                    f"a compiled function must return numbers, got {quoted(output)} of type "
                    f"{brief(type(output).__name__)}"
                )
            self.outputs.append(output)
        return len(self.places) - 1

    def _inside(self, born: set[Any] | None) -> list[Value]:
        """Return the nodes in topological order, by a depth-first search that stops at older nodes."""
        order: list[Value] = []
        seen: set[Any] = set(self.inputs)
        stack: list[Any] = [output for output in reversed(self.outputs) if isinstance(output, Value)]
        while stack:
            node = stack.pop()
            if node is None:  # all operands of the node below it on the stack are in order
                order.append(stack.pop())
            elif node.__class__ is Value and node not in seen:
                seen.add(node)
                if node.operands and (born is None or node in born):
                    stack += (node, None, *reversed(node.operands))
                else:
                    self.captured.append(node)
        return order

    def equals(self, other: Trace) -> bool:
        """Return whether another trace of the function computes the same from its own inputs."""
        if (
            len(self.nodes) != len(other.nodes)
            or len(self.inputs) != len(other.inputs)
            or self.places != other.places
            or not all(map(is_, self.captured, other.captured))
            or len(self.captured) != len(other.captured)
            or repr(self.template) != repr(other.template)
        ):
            return False
        known = dict(zip((*self.inputs, *self.captured), (*other.inputs, *other.captured), strict=True))
        for mine, its in zip(self.nodes, other.nodes, strict=True):
            if mine.op is not its.op or not _correspond(mine.operands, its.operands, known):
                return False
            known[mine] = its
        return _correspond(self.outputs, other.outputs, known)

    def build(self, items: Sequence[Any]) -> Any:
        """Return items, one for each number or array, in the structure of the function's result."""
        template = self.template
        return items[template] if template.__class__ is int else mapped(items.__getitem__, template)


def _correspond(mine: Sequence[Any], its: Sequence[Any], known: dict[Value, Value]) -> bool:
    """Return whether operands are corresponding Values and equal numbers."""
    if len(mine) != len(its):
        return False
    for one, other in zip(mine, its, strict=True):
        if isinstance(one, Value):
            if known[one] is not other:
                return False
        elif isinstance(other, Value) or repr(one) != repr(other):  # 0 == -0, and nan != nan
            return False
    return True


def trace(f: Callable[..., Any], arguments: Sequence[Any], inputs: Sequence[Value]) -> Trace:
    """Trace a function, called with arguments that contain the inputs; their numbers are nan.

    Raises TracingError for a branch on a Value, and if the number of a Value is read.

    >>> x = Value(0.0, "x")
    >>> [node.op.name for node in trace(lambda x: x * x + 1, [x], [x]).nodes]
    ['mul', 'add']
    """
    for value in inputs:
        value._data = math.nan
    tracer = _FunctionTracer()
    # The numbers are nan on purpose.
    with np.errstate(all="ignore"):
        try:
            result = evaluated(tracing(tracer), f, *arguments)
        except TracingError:
            raise
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            if text := explained(error, STATIC):
                raise TracingError(text) from error
            raise
    return Trace(inputs, result, tracer.nodes)
