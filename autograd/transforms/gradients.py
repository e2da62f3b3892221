"""Derivatives of functions, of any order: grad, jacobian, hessian, hvp, jvp, vjp, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any

from ..differentiation import pull_back, push_forward
from ..graph import new_era, topological_order
from ..modes import CURRENT, always_recording, arguments, in_effect, restore
from ..nested import flatten, outline
from ..ops.operands import is_number, number
from ..terminal import quoted
from ..value import Value
from .argnums import Argnums, chosen, positions


def gradients(output: Value, inputs: Iterable[Value], create_graph: bool = False) -> list[Any]:
    """Return the derivatives of one Value with respect to others, as a list in the order of `inputs`.

    They are floats, or with `create_graph=True` Values that can be differentiated in turn; 0 for an
    input that the output does not depend on. The `grad` of no Value changes.

    Raises TypeError if the output or an input is not a Value.

    >>> x, y = Value(2.0), Value(3.0)
    >>> gradients(x * x * y, [x, y])
    [12.0, 4.0]
    """
    if isinstance(inputs, Value):
        raise TypeError(f"gradients takes a list of Values: gradients(y, [x]), got {quoted(inputs)}")
    inputs = list(inputs)
    for value in (output, *inputs):
        if not isinstance(value, Value):
            raise TypeError(f"gradients takes Values, not {quoted(value)}")
    arrived = pull_back(output, inputs=inputs, create_graph=create_graph)
    found = [arrived.get(value, 0.0) for value in inputs]
    if create_graph:
        return [_as_value(item) for item in found]
    # In a traced function a Value stands for any number, so the result is a detached Value, not a float.
    return [item.detach() if isinstance(item, Value) else item for item in found]


def _as_value(item: Any) -> Value:
    return item if isinstance(item, Value) else Value(item)


def _is_traced() -> bool:
    """Return whether a function is being traced: its Values then stand for any numbers."""
    return (mode := CURRENT.get()) is not None and mode.tracer is not None


def _no_argument(leaf: Any) -> str:
    """Return the message for an object that is not a number, in an argument to be differentiated."""
    if isinstance(leaf, str | bool | None):
        advice = "a setting is an argument that is left out of argnums, or a captured variable"
    elif isinstance(leaf, complex):
        advice = "pass its real and imaginary parts as two arguments"
    else:
        advice = "convert it to a list, dict or array first"
    return (
        f"expected a real number, not {quoted(leaf)} of type {type(leaf).__name__}: the arguments to "
        "differentiate with respect to are numbers, numpy arrays, and nested lists, tuples, dicts and "
        f"dataclasses of them; {advice}"
    )


_LEAVES: ContextVar[set[Value] | None] = ContextVar("leaves", default=None)
"""Leaves created by derivatives that are computed inside the current function call."""


class Call:
    """One recorded call of a function, with new nodes in place of its arguments' numbers.

    A number becomes a leaf. A Value becomes the operand of a new node, which keeps this call's
    derivative apart from other uses of that Value, while an outer derivative still passes through.
    Derivatives are Values if they depend on any Value other than those leaves: one of an outer
    derivative, or one captured by the function. Inside `no_grad()` the function is recorded all the
    same, since derivatives need the graph; its results are then leaves.
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
        self.era = new_era()
        """What is older is not visited, however long its history is: it depends on no input."""
        for leaf in given:
            if not isinstance(leaf, Value) and not is_number(leaf):
                raise TypeError(_no_argument(leaf))
        with always_recording():
            self.inputs = [+leaf if isinstance(leaf, Value) else Value(leaf) for leaf in given]
        nodes = iter(self.inputs)
        for k, (_, build) in zip(argnums, self.trees, strict=True):
            every[k] = build(nodes)
        lifted = [every.pop(k) for k in range(len(args))]
        enclosing, own = _LEAVES.get(), {node for node in self.inputs if not node.operands}
        token = _LEAVES.set(own)
        try:
            with always_recording(), arguments(own):
                self.result = f(*lifted, **every)  # type: ignore[arg-type]
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            from .explanations import FIXED, raise_explained  # traceback is slow to import

            raise_explained(error, FIXED)
            raise
        finally:
            restore(_LEAVES, token)
        self.outputs, self.build_output = flatten(self.result)
        for output in self.outputs:
            if not isinstance(output, Value) and not is_number(output):
                found = f"{quoted(output)} of type {type(output).__name__}"
                why = "returned it" if output is not None else "returned nothing. Is a return missing?"
                raise TypeError(f"expected a real number or a Value, not {found}: the function {why}")
        if enclosing is not None:
            enclosing |= own
        self.create_graph = _is_traced() or self._depends_on_others(own)

    def history(self, *outputs: Any) -> list[Value]:
        """Return the nodes between the inputs and outputs, in topological order, without the inputs."""
        values = [output for output in outputs if isinstance(output, Value)]
        return topological_order(*values, stop=self.inputs, since=self.era)

    def _depends_on_others(self, own: set[Value]) -> bool:
        """Return whether the result depends on any Value other than the leaves made for numbers."""
        order = self.history(*self.outputs)
        inside = {node for node in order if node.operands}
        others: set[Any] = {output for output in self.outputs if isinstance(output, Value)}.union(order)
        for node in inside:
            others.update(node.operands)
        return any(item.__class__ is not float for item in others - inside - own)

    def rebuild(self, items: Iterable[Any], given: Iterable[Any] = ()) -> list[Any]:
        """Return items, one for each input in order, nested as the arguments are."""
        given = list(given)
        flat = iter([self.finished(item, given) for item in items])
        return [build(flat) for _, build in self.trees]

    def finished(self, item: Any, given: Iterable[Any] = ()) -> Any:
        """Return a result as the caller receives it: a Value only if it depends on other Values.

        Those are captured Values, and Values among the `given` gradients or tangents.
        """
        if not isinstance(item, Value):
            return item
        if not self.create_graph and not any(isinstance(other, Value) for other in given):
            return item._data
        return item if self.recording else item.detach()

    def pulled_back(self, output: Any, gradient: Any = 1.0) -> list[Any]:
        """Return the gradient of one output with respect to each input."""
        if not isinstance(output, Value):
            return [0.0] * len(self.inputs)
        create_graph = self.create_graph or isinstance(gradient, Value)
        arrived = pull_back(output, gradient, self.inputs, create_graph, self.inputs)
        return [arrived.get(node, 0.0) for node in self.inputs]

    def pushed_forward(self, tangents: Sequence[Any]) -> list[Any]:
        """Return the tangent of each output, given those of the inputs."""
        create_graph = self.create_graph or any(isinstance(tangent, Value) for tangent in tangents)
        seeds = dict(zip(self.inputs, tangents, strict=True))
        found: dict[Any, Any] = dict(seeds)
        for output in self.outputs:
            if isinstance(output, Value) and output not in found:
                order = [node for node in self.history(output) if node not in found]
                found |= push_forward(order, found, create_graph)
        return [found.get(output, 0.0) for output in self.outputs]


def _called(
    f: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any], argnums: Argnums, name: str
) -> Call:
    return Call(f, args, positions(f, argnums, len(args), named, name), named)


def _single(call: Call, name: str) -> Any:
    if len(call.outputs) != 1:
        raise TypeError(
            f"{name} needs a function that returns one number, got {len(call.outputs)} numbers: use jacobian"
        )
    return call.outputs[0]


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., tuple[Any, Any]]:
    """Return a function of the same arguments that returns the value of f and its gradient.

    The gradient has the shape of the argument; for several arguments it is a tuple, one for each.
    `argnums` (or `wrt`) names the arguments to differentiate with respect to, by position or by name,
    one or several; by default the first. Arguments and errors are those of `grad`.

    >>> value_and_grad(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 3.0)
    (12.0, (12.0, 4.0))
    """
    return _value_and_grad(f, chosen(f, argnums, wrt, "value_and_grad"), "value_and_grad")


def _value_and_grad(f: Callable[..., Any], which: Argnums, name: str) -> Callable[..., tuple[Any, Any]]:
    """Return the function that computes both; `name` is the transform that errors mention."""

    @wraps(f)
    def differentiated(*args: Any, **named: Any) -> tuple[Any, Any]:
        call = _called(f, args, named, which, name)
        output = _single(call, "grad")
        parts = call.rebuild(call.pulled_back(output))
        return call.finished(output), parts[0] if isinstance(which, int | str) else tuple(parts)

    return differentiated


def grad(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., Any]:
    """Return a function of the same arguments that returns the gradient of f.

    Arguments are numbers, numpy arrays, or nested lists, tuples, dicts and dataclasses of them, and
    the gradient has the same structure; f receives Values, or object arrays of Values. `argnums` (or
    `wrt`) names the arguments to differentiate with respect to, by position or by name, one or
    several; by default the first. The gradient consists of floats, or of Values if the arguments do
    or if f captures Values; it can itself be differentiated, so `grad(grad(f))` is the second derivative.

    Raises TypeError if f is not callable, `argnums` holds anything but positions and names, or f does
    not return one number; ValueError if there is no such argument or one is named twice.

    >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    >>> grad(lambda w: w[0] * w[1])([2.0, 5.0])
    [5.0, 2.0]
    """
    both = _value_and_grad(f, chosen(f, argnums, wrt, "grad"), "grad")

    @wraps(f)
    def differentiated(*args: Any, **named: Any) -> Any:
        return both(*args, **named)[1]

    return differentiated


def jacobian(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., Any]:
    """Return a function of the same arguments that returns all first derivatives of all results of f.

    Each number of the result is replaced by its gradient, which has the structure of the argument. For
    a result of shape (m, n) and an argument of shape (k,) the Jacobian has the shape (m, n, k). `argnums`
    (or `wrt`) and errors are those of `grad`, except that f may return any number of results.

    Uses reverse mode, one pass for each result, or forward mode if there are fewer inputs than results.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 5.0])
    [[5.0, 2.0], [1.0, 1.0]]
    """
    return _jacobian(f, chosen(f, argnums, wrt, "jacobian"), "jacobian")


def _jacobian(
    f: Callable[..., Any], which: Argnums, name: str, by_argument: bool = False
) -> Callable[..., Any]:
    """Return the function that computes the Jacobian; `name` is the transform that errors mention.

    For several arguments each number of the result is replaced by a tuple; with `by_argument`, for a
    result that is a tuple of gradients, the result is a tuple of tuples, indexed by the two arguments.
    """

    @wraps(f)
    def differentiated(*args: Any, **named: Any) -> Any:
        call = _called(f, args, named, which, name)
        if 0 < len(call.inputs) < len(call.outputs):
            units = [[float(i == k) for i in range(len(call.inputs))] for k in range(len(call.inputs))]
            columns = [call.pushed_forward(unit) for unit in units]
            rows: list[Any] = [list(row) for row in zip(*columns, strict=True)]
        else:
            rows = [call.pulled_back(output) for output in call.outputs]
        parts = [call.rebuild(row) for row in rows]
        if by_argument and rows and not isinstance(which, int | str):
            blocks = [call.build_output(iter(column)) for column in zip(*parts, strict=True)]
            return tuple(zip(*blocks, strict=True))
        return call.build_output(
            iter([row[0] if isinstance(which, int | str) else tuple(row) for row in parts])
        )

    return differentiated


def hessian(
    f: Callable[..., Any], argnums: Argnums | None = None, *, wrt: Argnums | None = None
) -> Callable[..., Any]:
    """Return a function of the same arguments that returns all second derivatives of f.

    For an argument of shape (n,) the Hessian has the shape (n, n); for nested arguments each number is
    replaced by a structure like the argument. With several arguments in `argnums` (or `wrt`) it is a
    tuple of tuples, indexed by the two arguments. Errors are those of `grad`.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 5.0])
    [[10.0, 4.0], [4.0, 0.0]]
    """
    which = chosen(f, argnums, wrt, "hessian")
    return _jacobian(grad(f, which), which, "hessian", by_argument=True)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return the value of f and its directional derivative, by forward mode.

    `primals` are the arguments of f and `tangents` the direction, one for each of the same shape. Both
    results have the structure of the result of f. Raises ValueError if the shapes differ, TypeError if
    a tangent is not a number.

    >>> jvp(lambda x, y: x * y, (2.0, 5.0), (1.0, 0.0))
    (10.0, 5.0)
    """
    for name, given in {"primals": primals, "tangents": tangents}.items():
        if not isinstance(given, Iterable) or isinstance(given, str):
            raise TypeError(
                f"jvp takes a tuple of the arguments and one of the tangents, as in jvp(f, (x,), (v,)), got "
                f"{quoted(given)} as {name}"
            )
    call = Call(f, tuple(primals), range(len(primals)))
    direction, _ = flatten(list(tangents))
    if outline(list(tangents)) != outline(list(primals)):
        raise ValueError(
            f"jvp needs tangents with the structure of the primals ({len(call.inputs)} numbers), got "
            f"{len(direction)}: {quoted(tangents)}"
        )
    found = call.pushed_forward([item if isinstance(item, Value) else number(item) for item in direction])
    values = call.build_output(iter([call.finished(item) for item in call.outputs]))
    return values, call.build_output(iter([call.finished(item, direction) for item in found]))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return the value of f and a function that multiplies an upstream gradient by its Jacobian.

    That function takes a gradient with the structure of the result and returns a tuple of gradients,
    one for each argument; it raises ValueError if the structure differs.

    >>> value, pull = vjp(lambda x, y: x * y, 2.0, 5.0)
    >>> value, pull(1.0)
    (10.0, (5.0, 2.0))
    """
    call = Call(f, primals, range(len(primals)))

    def pull(gradient: Any) -> tuple[Any, ...]:
        upstream, _ = flatten(gradient)
        if outline(gradient) != outline(call.result):
            raise ValueError(
                f"the gradient must have the structure of the result ({len(call.outputs)} numbers), got "
                f"{len(upstream)}: {quoted(gradient)}"
            )
        rows = [
            call.pulled_back(output, item if isinstance(item, Value) else number(item))
            for output, item in zip(call.outputs, upstream, strict=True)
        ]
        columns = zip(*rows, strict=True) if rows else [(0.0,)] * len(call.inputs)
        return tuple(call.rebuild([sum(column[1:], column[0]) for column in columns], upstream))

    return call.build_output(iter([call.finished(output) for output in call.outputs])), pull


def hvp(f: Callable[..., Any], x: Any, v: Any, **named: Any) -> Any:
    """Return the Hessian of f at x times the vector v, in the shape of x, without forming the Hessian.

    Uses forward mode over reverse mode, at the cost of a few gradients whatever the size of x. `named`
    are keyword arguments of f. Raises ValueError if v has another shape than x, TypeError if f does not
    return one number.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 5.0], [1.0, 0.0])
    [10.0, 4.0]
    """
    return jvp(lambda x: grad(f)(x, **named), (x,), (v,))[1]
