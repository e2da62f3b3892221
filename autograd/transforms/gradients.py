"""Derivatives of functions, of any order: grad, jacobian, hessian, hvp, jvp, vjp, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from ..differentiation import pull_back
from ..nested import flatten, ordered_like, outline
from ..ops.operands import number
from ..terminal import quoted
from ..value import Value
from .argnums import Argnums, chosen, positions
from .call import Call


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
    """Return a derivative as a Value, which is never one of the user's own leaves."""
    if not isinstance(item, Value):
        return Value(item)
    return item if item.op is not None else +item


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
    moved = ordered_like(list(tangents), list(primals))
    direction, _ = flatten(moved)
    if outline(moved) != outline(list(primals)):
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
        weights = ordered_like(gradient, call.result)
        upstream, _ = flatten(weights)
        if outline(weights) != outline(call.result):
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
