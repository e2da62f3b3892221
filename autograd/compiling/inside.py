"""Derivatives of a compiled function inside another that is being compiled: of one row, as Values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from ..differentiation import pull_back
from ..nested import is_named_tuple
from ..ops.operands import is_number
from ..terminal import kind_of
from ..value import Value
from .run.query import Query


def answer(f: Callable[..., Any], query: Query, args: Sequence[Any]) -> Any:
    """Return the result of a query as Values, in the structure that `Compiled` returns for numbers.

    An array is an object array of Values. Raises TypeError if f does not return one number.

    >>> answer(lambda x: x * x, Query("grad", (0,), True), [Value(3.0)]).data
    6.0
    """
    count = len(args) - (len(query.wrt) if query.what == "hvp" else 0)
    arguments, vectors = list(args[:count]), args[count:]
    for k in query.wrt:
        arguments[k] = _mapped(arguments[k], lambda item: +item if isinstance(item, Value) else Value(item))
    inputs = [item for k in query.wrt for item in _numbers(arguments[k])]
    result = f(*arguments)
    outputs = list(_numbers(result))
    if query.what != "jacobian" and len(outputs) != 1 and not query.auxiliary:
        raise TypeError(
            f"{query.what} needs a function that returns one number, got {len(outputs)} numbers: use jacobian"
        )

    def each(fill: Callable[[Any], Any]) -> Any:
        parts = tuple(fill(arguments[k]) for k in query.wrt)
        return parts[0] if query.bare else parts

    def gradient(output: Any) -> Any:
        if query.captured:
            return _array(_pulled(output, query.captured), (len(query.captured),))
        items = iter(_pulled(output, inputs))
        return each(lambda argument: _filled(argument, items))

    if query.what == "grad":
        return gradient(outputs[0])
    if query.what == "value_and_grad":
        return result, gradient(outputs[0])
    if query.what == "jacobian":
        return _mapped(result, gradient)
    partials = _pulled(outputs[0], inputs)
    if query.what == "hvp":
        direction = [item for vector in vectors for item in _numbers(vector)]
        items = iter(
            _pulled(sum(partial * part for partial, part in zip(partials, direction, strict=True)), inputs)
        )
        return each(lambda argument: _filled(argument, items))
    rows = iter([gradient(partial) for partial in partials])
    return each(lambda argument: _filled(argument, rows, _stacked))


def _pulled(output: Any, inputs: Sequence[Value]) -> list[Any]:
    """Return the derivatives of an output, 0 for an input that it does not depend on."""
    arrived = pull_back(output, inputs=inputs, create_graph=True) if isinstance(output, Value) else {}
    return [arrived.get(item, 0.0) for item in inputs]


def _grid(tree: Any) -> Any:
    """Return an array or nested list of numbers as an object array; None for anything else."""
    try:
        array = np.array(tree, dtype=object) if isinstance(tree, np.ndarray | list | tuple) else None
    except ValueError:  # rows of different lengths
        return None
    plain = array is not None and all(isinstance(item, Value) or is_number(item) for item in array.flat)
    return array if plain and not is_named_tuple(tree) else None


def _numbers(tree: Any) -> Iterator[Any]:
    """Yield every number of an argument or a result, in order."""
    if (array := _grid(tree)) is not None:
        yield from array.flat
    elif isinstance(tree, Value) or is_number(tree):
        yield tree
    else:
        for _, part in _parts(tree):
            yield from _numbers(part)


def _parts(tree: Any) -> list[tuple[Any, Any]]:
    if isinstance(tree, dict):
        return list(tree.items())
    if isinstance(tree, list | tuple | np.ndarray):
        return list(enumerate(tree))
    if is_dataclass(tree) and not isinstance(tree, type):
        return [(field.name, getattr(tree, field.name)) for field in fields(tree)]
    raise TypeError(f"expected real numbers, nested in lists, tuples, dicts or arrays, got {kind_of(tree)}")


def _built(tree: Any, parts: list[Any]) -> Any:
    """Return a container like a tree, with other items."""
    if isinstance(tree, dict):
        return dict(zip(tree, parts, strict=True))
    if isinstance(tree, list | np.ndarray):
        return parts
    return type(tree)(*parts) if is_named_tuple(tree) or is_dataclass(tree) else type(tree)(parts)


def _mapped(tree: Any, make: Callable[[Any], Any]) -> Any:
    """Return a tree with a function applied to each number."""
    if isinstance(tree, Value) or is_number(tree):
        return make(tree)
    if isinstance(tree, np.ndarray) and (array := _grid(tree)) is not None:
        return _array([make(item) for item in array.flat], array.shape)
    return _built(tree, [_mapped(part, make) for _, part in _parts(tree)])


def _array(items: Sequence[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def _filled(tree: Any, items: Iterator[Any], gather: Callable[..., Any] = _array) -> Any:
    """Return an argument with its numbers replaced by items, those of a grid gathered in one array."""
    if isinstance(tree, Value) or is_number(tree):
        return next(items)
    if (array := _grid(tree)) is not None:
        return gather([next(items) for _ in range(array.size)], array.shape)
    return _built(tree, [_filled(part, items, gather) for _, part in _parts(tree)])


def _stacked(rows: list[Any], shape: tuple[int, ...]) -> Any:
    """Stack derivatives of the same structure: each of its arrays gets additional leading axes."""
    first = rows[0] if rows else 0.0
    if isinstance(first, Value | np.ndarray) or is_number(first):
        inner = first.shape if isinstance(first, np.ndarray) else ()
        return _array([item for row in rows for item in _numbers(row)], (*shape, *inner))
    columns = zip(*([part for _, part in _parts(row)] for row in rows), strict=True)
    return _built(first, [_stacked(list(column), shape) for column in columns])
