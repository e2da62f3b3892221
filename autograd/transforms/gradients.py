"""Derivatives of functions, of every order: grad, jacobian, hessian, hvp, jvp, vjp, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any

from ..differentiation import pull_back, push_forward
from ..graph import topological_order
from ..modes import CURRENT, always_recording, in_effect
from ..nested import flatten, outline
from ..recording import number
from ..value import Value
from .arguments import Argnums, chosen, positions


def gradients(output: Value, inputs: Iterable[Value], create_graph: bool = False) -> list[Any]:
    """The derivatives of one Value by some others, in a list; no grad field is touched.

    Floats, or with `create_graph` Values that can be differentiated in turn. An input that the
    output does not depend on gets 0. Raises TypeError for an input that is not a Value.

    >>> x, y = Value(2.0), Value(3.0)
    >>> gradients(x * x * y, [x, y])
    [12.0, 4.0]
    """
    inputs = list(inputs)
    for value in (output, *inputs):
        if not isinstance(value, Value):
            raise TypeError(f"gradients takes Values, not {value!r}")
    arrived = pull_back(output, inputs=inputs, create_graph=create_graph)
    found = [arrived.get(value, 0.0) for value in inputs]
    if create_graph:
        return [_as_value(item) for item in found]
    # While a function is traced no number is known: then a Value through which no gradient flows back.
    return [item.detach() if isinstance(item, Value) else item for item in found]


def _as_value(item: Any) -> Value:
    return item if isinstance(item, Value) else Value(item)


def _is_traced() -> bool:
    """Whether a function is traced, so that no number is known."""
    return (mode := CURRENT.get()) is not None and mode.tracer is not None


def existing(f: Any, args: Iterable[Any], named: Mapping[Any, Any]) -> set[Value]:
    """Values that were there before a call of f: among its other arguments, and what f captured."""
    found: set[Value] = set()
    seen: set[int] = set()
    waiting = [*args, *named.values(), f]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Value):
            found.add(item)
        elif isinstance(item, list | tuple | dict):  # of a long one that holds numbers only the first
            items: Any = list(item.values()) if isinstance(item, dict) else item
            if items and isinstance(items[0], Value | list | tuple | dict):
                waiting += items
        elif callable(item):
            waiting += [
                cell.cell_contents for cell in getattr(item, "__closure__", None) or () if _filled(cell)
            ]
            waiting += getattr(item, "__defaults__", None) or ()
            waiting += (getattr(item, "func", None), *getattr(item, "args", ()))
    return found


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that has no value yet
        return False


_LEAVES: ContextVar[set[Value] | None] = ContextVar("leaves", default=None)
"""Leaves that derivatives inside the present function call have made for their own arguments."""


class Call:
    """One call of a function on fresh nodes in place of its numbers, and what came out of it.

    A number becomes a leaf. A Value becomes a node of its own on top of it, so that this call's
    derivative is not confused with what else depends on that Value, while an outer derivative
    still finds its way through. The derivatives are Values wherever they depend on any other
    Value than those leaves: an outer derivative's, or one that the function captured. Inside a
    `no_grad()` the function is recorded all the same, or there would be no derivative; only the
    results are then leaves.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        argnums: Sequence[int | str],
        named: Mapping[str, Any] | None = None,
    ) -> None:
        every: dict[int | str, Any] = dict(enumerate(args)) | dict(named or {})
        mode = in_effect(CURRENT.get())
        self.recording = mode is None or mode.recording
        self.trees = [flatten(every[k]) for k in argnums]
        given = [leaf for leaves, _ in self.trees for leaf in leaves]
        with always_recording():
            self.inputs = [+leaf if isinstance(leaf, Value) else Value(leaf) for leaf in given]
        nodes = iter(self.inputs)
        for k, (_, build) in zip(argnums, self.trees, strict=True):
            every[k] = build(nodes)
        lifted = [every.pop(k) for k in range(len(args))]
        enclosing, own = _LEAVES.get(), {node for node in self.inputs if not node.operands}
        token = _LEAVES.set(own)
        try:
            with always_recording():
                self.result = f(*lifted, **every)  # type: ignore[arg-type]
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            from .explanations import FIXED, raise_explained  # traceback is slow to import

            raise_explained(error, FIXED)
            raise
        finally:
            _LEAVES.reset(token)
        self.outputs, self.build_output = flatten(self.result)
        if enclosing is not None:
            enclosing |= own
        above = {node for node in self.inputs if node.operands}
        if above or enclosing is not None:
            above |= existing(f, lifted, every).difference(self.inputs)
        self.stop: set[Value] = {*self.inputs, *above}
        """What is older than the call: a derivative need not go below it, however long its history is."""
        self.create_graph = _is_traced() or self._depends_on_others(own, above)

    def _depends_on_others(self, own: set[Value], above: set[Value]) -> bool:
        """Whether the result depends on any other Value than the leaves made for the numbers."""
        outputs = [output for output in self.outputs if isinstance(output, Value)]
        return not above.isdisjoint(outputs) or any(
            not above.isdisjoint(node.operands) if node.operands else node not in own
            for node in topological_order(*outputs, stop=self.stop)
        )

    def rebuild(self, items: Iterable[Any], given: Iterable[Any] = ()) -> list[Any]:
        """Items in the order of the inputs, nested as the arguments are."""
        given = list(given)
        flat = iter([self.finished(item, given) for item in items])
        return [build(flat) for _, build in self.trees]

    def finished(self, item: Any, given: Iterable[Any] = ()) -> Any:
        """A result as the caller gets it: a Value only where something else depends on it.

        Something else is what the function captured, or a Value among the `given` gradients or
        tangents.
        """
        if not isinstance(item, Value):
            return item
        if not self.create_graph and not any(isinstance(other, Value) for other in given):
            return item._data
        return item if self.recording else item.detach()

    def pulled_back(self, output: Any, gradient: Any = 1.0) -> list[Any]:
        """The gradient at each input, from one output."""
        if not isinstance(output, Value):
            number(output)
            return [0.0] * len(self.inputs)
        create_graph = self.create_graph or isinstance(gradient, Value)
        arrived = pull_back(output, gradient, self.inputs, create_graph, self.stop)
        return [arrived.get(node, 0.0) for node in self.inputs]

    def pushed_forward(self, tangents: Sequence[Any]) -> list[Any]:
        """The tangent of each output, from those of the inputs."""
        create_graph = self.create_graph or any(isinstance(tangent, Value) for tangent in tangents)
        seeds = dict(zip(self.inputs, tangents, strict=True))
        found: dict[Any, Any] = dict(seeds)
        for output in self.outputs:
            if isinstance(output, Value) and output not in found:
                order = topological_order(output, stop=self.stop)
                found |= push_forward([n for n in order if n not in found], found, create_graph)
        return [found.get(output, 0.0) for output in self.outputs]


def _called(
    f: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any], argnums: Argnums, name: str
) -> Call:
    return Call(f, args, positions(f, argnums, len(args), named, name), named)


def _single(call: Call, name: str) -> Any:
    if len(call.outputs) != 1:
        raise TypeError(
            f"{name} needs a function with one number as its result, not {len(call.outputs)}; use jacobian"
        )
    return call.outputs[0]


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., tuple[Any, Any]]:
    """A function that gives f's value and its gradient, shaped like the argument (or several).

    `argnums`, or `wrt`, says which arguments: positions or names, one or several; by default the first.

    >>> value_and_grad(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 3.0)
    (12.0, (12.0, 4.0))
    """
    which = chosen(f, argnums, wrt, "value_and_grad")

    @wraps(f)
    def differentiated(*args: Any, **named: Any) -> tuple[Any, Any]:
        call = _called(f, args, named, which, "value_and_grad")
        output = _single(call, "grad")
        parts = call.rebuild(call.pulled_back(output))
        return call.finished(output), parts[0] if isinstance(which, int | str) else tuple(parts)

    return differentiated


def grad(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., Any]:
    """The gradient of f as a function of the same arguments: floats for floats, of any order.

    Arguments are numbers, numpy arrays, or nested lists, tuples, dicts and dataclasses of them, whose
    shape the gradient takes; f sees arrays of Values. `argnums`, or `wrt`, says with respect to which
    arguments: positions or names, one or several; by default the first. The gradient consists of Values
    where the arguments do, or where f uses Values from outside.
    Raises TypeError if f's result is not one number.

    >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    >>> grad(lambda w: w[0] * w[1])([2.0, 5.0])
    [5.0, 2.0]
    """
    both = value_and_grad(f, chosen(f, argnums, wrt, "grad"))

    @wraps(f)
    def differentiated(*args: Any, **named: Any) -> Any:
        return both(*args, **named)[1]

    return differentiated


def jacobian(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., Any]:
    """All derivatives of a function with several results: for each result, one like the argument.

    The derivatives of an array of shape (m, n) by one of shape (k,) are one of shape (m, n, k).

    In reverse mode, one pass for each result; or forwards, one for each input, if they are fewer.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 5.0])
    [[5.0, 2.0], [1.0, 1.0]]
    """
    which = chosen(f, argnums, wrt, "jacobian")

    @wraps(f)
    def differentiated(*args: Any, **named: Any) -> Any:
        call = _called(f, args, named, which, "jacobian")
        if 0 < len(call.inputs) < len(call.outputs):
            units = [[float(i == k) for i in range(len(call.inputs))] for k in range(len(call.inputs))]
            columns = [call.pushed_forward(unit) for unit in units]
            rows: list[Any] = [list(row) for row in zip(*columns, strict=True)]
        else:
            rows = [call.pulled_back(output) for output in call.outputs]
        parts = [call.rebuild(row) for row in rows]
        return call.build_output(
            iter([row[0] if isinstance(which, int | str) else tuple(row) for row in parts])
        )

    return differentiated


def hessian(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., Any]:
    """All second derivatives of f: for each number of the argument, one like the argument.

    With respect to several arguments, in `argnums` or `wrt`, a tuple with a tuple for each.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 5.0])
    [[10.0, 4.0], [4.0, 0.0]]
    """
    which = chosen(f, argnums, wrt, "hessian")
    return jacobian(grad(f, which), which)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f's value and its directional derivative (forward mode), both shaped like f's result.

    `primals` are the arguments of f, `tangents` the direction: one for each, of the same shape.
    Raises ValueError where the shapes differ.

    >>> jvp(lambda x, y: x * y, (2.0, 5.0), (1.0, 0.0))
    (10.0, 5.0)
    """
    call = Call(f, tuple(primals), range(len(primals)))
    direction, _ = flatten(list(tangents))
    if outline(list(tangents)) != outline(list(primals)):
        raise ValueError(
            f"jvp needs a tangent for each of {len(call.inputs)} numbers, nested as they are, and was given "
            f"{len(direction)}: {tangents!r}"
        )
    found = call.pushed_forward([item if isinstance(item, Value) else number(item) for item in direction])
    values = call.build_output(iter([call.finished(item) for item in call.outputs]))
    return values, call.build_output(iter([call.finished(item, direction) for item in found]))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f's value, and a function from a gradient of its result to those of its arguments.

    >>> value, pull = vjp(lambda x, y: x * y, 2.0, 5.0)
    >>> value, pull(1.0)
    (10.0, (5.0, 2.0))
    """
    call = Call(f, primals, range(len(primals)))

    def pull(gradient: Any) -> tuple[Any, ...]:
        upstream, _ = flatten(gradient)
        if outline(gradient) != outline(call.result):
            raise ValueError(
                f"the gradient needs {len(call.outputs)} numbers, nested as the result's, and was given "
                f"{len(upstream)}: {gradient!r}"
            )
        rows = [
            call.pulled_back(output, item if isinstance(item, Value) else number(item))
            for output, item in zip(call.outputs, upstream, strict=True)
        ]
        columns = zip(*rows, strict=True) if rows else [(0.0,)] * len(call.inputs)
        return tuple(call.rebuild([sum(column[1:], column[0]) for column in columns], upstream))

    return call.build_output(iter([call.finished(output) for output in call.outputs])), pull


def hvp(f: Callable[..., Any], x: Any, v: Any, **named: Any) -> Any:
    """The Hessian of f at x times the vector v, shaped like x, without forming the Hessian.

    Forward mode over reverse mode: the cost of a few gradients, whatever the length of x. `named` are
    keyword arguments of f.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 5.0], [1.0, 0.0])
    [10.0, 4.0]
    """
    return jvp(lambda x: grad(f)(x, **named), (x,), (v,))[1]
