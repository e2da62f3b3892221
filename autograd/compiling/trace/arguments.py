"""The arguments of a compiled function: their form, as Values for tracing, and as numbers to run."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ...nested import is_named_tuple
from ...ops.operands import is_number
from ...terminal import kind_of, quoted
from ...value import Value

Array = Any
"""A numpy array."""
FLOAT = np.dtype(np.float64)


class Leaf(NamedTuple):
    """An array among the arguments: a number, a nested list of numbers, or a numpy array."""

    shape: tuple[int, ...]
    """The shape, without the batch axis."""
    form: str
    """"number", "list" or "array"."""
    rows: bool
    """Whether it is batched: it has a leading axis of rows."""
    name: str = ""
    kinds: tuple[Any, ...] = ()
    """The class of a nested list or tuple at each level."""

    @property
    def size(self) -> int:
        """The number of numbers, in each row."""
        return math.prod(self.shape)


class Branch(NamedTuple):
    """A container in an argument: a list, tuple, dict or dataclass that holds arrays."""

    kind: Any
    keys: tuple[Any, ...]
    parts: tuple[Any, ...]
    flat: bool
    """Whether all items are leaves."""


def _branch(kind: Any, keys: tuple[Any, ...], parts: tuple[Any, ...]) -> Branch:
    return Branch(kind, keys, parts, all(isinstance(part, Leaf) for part in parts))


def described(argument: Any, rows: bool, name: str) -> Any:
    """Return the form of an argument, a Leaf or a Branch; `rows` says whether it is batched.

    Raises TypeError for an argument without real numbers, ValueError for a batched one without a
    leading axis.

    >>> described([1.0, 2.0], False, "x").shape, described([[1.0, 2.0]], True, "x").shape
    ((2,), (2,))
    """
    if isinstance(argument, dict):
        parts = tuple(described(item, rows, f"{name}[{quoted(key)}]") for key, item in argument.items())
        return _branch(dict, tuple(argument), parts)
    if is_named_tuple(argument):
        named = zip(argument._fields, argument, strict=True)
        return _branch(type(argument), (), tuple(described(item, rows, f"{name}.{key}") for key, item in named))
    if is_dataclass(argument) and not isinstance(argument, type):
        keys = tuple(field.name for field in fields(argument))
        parts = tuple(described(getattr(argument, key), rows, f"{name}.{key}") for key in keys)
        return _branch(type(argument), keys, parts)
    form = "array"
    kinds: tuple[type, ...] = ()
    if isinstance(argument, list | tuple):
        kinds = tuple(_kinds(argument))
        if _in_parts(argument) or not (rows or _nested_as(argument, kinds)):
            if rows:
                raise ValueError(
                    f"{name} is batched: give its rows as one array or as a list of lists of the same length; "
                    "put several batched arrays in a dict or a named tuple"
                )
            parts = tuple(described(item, rows, f"{name}[{k}]") for k, item in enumerate(argument))
            return _branch(type(argument), (), parts)
        form = "list"
    array = numeric(argument, name)
    if not rows:
        number = array.ndim == 0 and not isinstance(argument, np.ndarray)
        return Leaf(array.shape, "number" if number else form, False, name, kinds)
    if array.ndim == 0:
        raise ValueError(f"{name} is batched: it must have a leading axis of rows, got the number {array}")
    return Leaf(array.shape[1:], form, True, name, kinds[1:])


def _kinds(items: Any) -> Iterator[type]:
    """Yield the class of a nested list or tuple at each level, by its first items."""
    while isinstance(items, list | tuple):
        yield type(items)
        items = items[0] if len(items) else None


def _nested_as(items: Any, kinds: tuple[Any, ...]) -> bool:
    """Return whether all lists and tuples at each level have the class of that level."""
    if not kinds:
        return not isinstance(items, list | tuple)
    return type(items) is kinds[0] and (len(kinds) == 1 or all(_nested_as(item, kinds[1:]) for item in items))


def _in_parts(items: Sequence[Any]) -> bool:
    """Return whether the items of a sequence are separate arguments: arrays, or lists of other lengths."""
    if any(isinstance(item, np.ndarray | dict) or is_named_tuple(item) or is_dataclass(item) for item in items):
        return True
    nested = [item for item in items if isinstance(item, list | tuple)]
    ragged = len({len(item) for item in nested}) > 1 or (bool(nested) and len(nested) < len(items))
    return ragged or any(_in_parts(item) for item in nested)


_OPERATORS = "__add__ __sub__ __mul__ __truediv__ __pow__ __matmul__ __getitem__ __array_ufunc__".split()


@cache
def _has_own_operators(kind: Any) -> bool:
    """Return whether a subclass of ndarray overrides operators, as numpy.matrix does."""
    return kind is not np.memmap and any(
        getattr(kind, name) is not getattr(np.ndarray, name) for name in _OPERATORS
    )


_KINDS = {"b": "bools", "c": "complex numbers", "O": "objects", "U": "text", "S": "text"}


def _for_a_setting(name: str) -> str:
    """Return how to give a setting, which is an argument or in one, such as `p['kind']`."""
    if name.isidentifier():
        return f'. For a setting, use compile(f, static="{name}")'
    own = re.findall(r"[^\W\d]\w*", name)[-1:]
    return (
        ". A setting must be an argument of its own"
        + (f', and marked: compile(f, static="{own[0]}")' if own else "")
        + "; or a captured variable"
    )


def numeric(argument: Any, name: str) -> Array:
    """Return an argument as an array of real numbers, without a copy if it is one.

    Raises TypeError for anything else.

    >>> numeric([1, 2], "x")
    array([1, 2])
    """
    if isinstance(argument, Value):
        raise TypeError(f"{name} is a Value: a compiled function takes numbers, such as {name}.data")
    # Using np.ma would import it now, and a child process forked meanwhile would wait for it forever.
    if isinstance(argument, getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())):
        raise TypeError(f"{name} is a masked array: pass its unmasked numbers, {name}.compressed()")
    kind: Any = type(argument)
    if isinstance(argument, np.ndarray) and _has_own_operators(kind):
        raise TypeError(
            f"{name} must be an array, got a {kind_of(argument)}, whose operators mean something else: "
            f"pass numpy.asarray({name})"
        )
    try:
        array = np.asarray(argument)
    except ValueError as error:
        raise TypeError(f"{name} is not an array of numbers: {error}") from None
    if array.dtype.kind == "O" and all(map(is_number, array.ravel().tolist())):
        return array.astype(FLOAT)  # large integers, fractions
    if array.dtype.kind not in "iuf" and array.size:
        kind = _KINDS.get(array.dtype.kind, str(array.dtype))
        advice = _for_a_setting(name) if array.dtype.kind in "bOUS" else ""
        raise TypeError(f"{name} takes real numbers (int or float), got {kind}: {quoted(argument)}{advice}")
    return array


def leaves_of(form: Any) -> Iterator[Leaf]:
    """Yield the leaves of a form, in order.

    >>> [leaf.name for leaf in leaves_of(described({"a": 1.0, "b": [2.0]}, False, "x"))]
    ["x['a']", "x['b']"]
    """
    if isinstance(form, Leaf):
        yield form
    else:
        for part in form.parts:
            yield from leaves_of(part)


def with_values(form: Any, values: Iterator[Value]) -> Any:
    """Return an argument of a form with Values in place of its numbers, for tracing.

    >>> form = described({"a": 1.0}, False, "x")
    >>> with_values(form, iter([Value(5.0)]))["a"].data
    5.0
    """
    if isinstance(form, Branch):
        return _assembled(form, [with_values(part, values) for part in form.parts])
    if form.form == "number":
        return next(values)
    array = np.empty(form.shape, dtype=object)
    for place in np.ndindex(*form.shape):
        array[place] = next(values)
    if form.shape == ():
        return array[()]
    return array if form.form == "array" else _of_kinds(array.tolist(), form.kinds)


def _of_kinds(items: Any, kinds: tuple[Any, ...]) -> Any:
    """Convert nested lists to the classes of each level."""
    if not kinds:
        return items
    if kinds == (list,) * len(kinds):
        return items
    parts = [_of_kinds(item, kinds[1:]) for item in items]
    return kinds[0](*parts) if is_named_tuple(kinds[0]) else kinds[0](parts)


def _assembled(form: Branch, parts: list[Any]) -> Any:
    if form.kind is dict:
        return dict(zip(form.keys, parts, strict=True))
    if is_named_tuple(form.kind):
        return form.kind(*parts)
    if form.keys:  # a dataclass, possibly frozen
        made = object.__new__(form.kind)
        for key, part in zip(form.keys, parts, strict=True):
            object.__setattr__(made, key, part)
        return made
    return form.kind(parts)


def _items(form: Branch, argument: Any) -> Any:
    """Return the items of an argument of a form, in order."""
    if form.kind is dict:
        return list(argument.values())
    return [getattr(argument, key) for key in form.keys] if form.keys else argument


def builder(form: Any, places: Sequence[int]) -> Callable[[Sequence[Any]], Any]:
    """Return a function that builds a structure like a form from items at these places of a sequence.

    >>> form = described({"a": 1.0, "b": 2.0}, False, "x")
    >>> builder(form, [1, 0])([10.0, 20.0])
    {'a': 20.0, 'b': 10.0}
    """
    left = iter(places)
    return _builder(form, left)


def _builder(form: Any, places: Iterator[int]) -> Callable[[Sequence[Any]], Any]:
    if isinstance(form, Leaf):
        return itemgetter(next(places))
    parts = [_builder(part, places) for part in form.parts]
    if form.kind is list:
        return lambda items: [part(items) for part in parts]
    return lambda items: _assembled(form, [part(items) for part in parts])


def shapes(form: Any) -> Any:
    """Return the structure of a form and the shapes of its arrays, ignoring the classes of containers.

    >>> shapes(described({"a": 1.0, "b": [2.0, 3.0]}, False, "x"))
    (('a', 'b'), [(), (2,)])
    """
    return form.shape if isinstance(form, Leaf) else (form.keys, [shapes(part) for part in form.parts])


def spread(form: Any, argument: Any, into: list[Any]) -> bool:
    """Append the leaves of an argument to `into`; return False if its structure differs from the form.

    >>> leaves = []
    >>> spread(described({"a": 1.0}, False, "x"), {"a": 5.0}, leaves), leaves
    (True, [5.0])
    """
    if form.__class__ is Leaf:
        into.append(argument)
        return True
    if argument.__class__ is not form.kind:
        return False
    if form.kind is dict and tuple(argument) != form.keys:
        return False
    argument = _items(form, argument)
    if len(argument) != len(form.parts):
        return False
    if form.flat:
        into += argument
        return True
    return all(spread(part, item, into) for part, item in zip(form.parts, argument, strict=True))


def read(leaf: Leaf, item: Any) -> Any:
    """Return the array or number of an item; None if it does not have the form of the leaf.

    >>> leaf = described([1.0, 2.0], False, "x")
    >>> read(leaf, [3, 4]), read(leaf, [3, 4, 5]) is None
    (array([3, 4]), True)
    """
    if leaf.form == "array":
        if item.__class__ is not np.ndarray or (item.dtype is not FLOAT and item.dtype.kind not in "fiu"):
            return None
        return item if fits(leaf, item.shape) else None
    if leaf.form == "number":
        return item if isinstance(item, float | int) and item.__class__ is not bool else None
    if not isinstance(item, list | tuple) or not _has_kinds(leaf, item):
        return None
    try:
        array = np.asarray(item)
    except ValueError:
        return None
    return array if fits(leaf, array.shape) and (array.dtype.kind in "fiu" or not array.size) else None


def _has_kinds(leaf: Leaf, item: Any) -> bool:
    """Return whether a nested list or tuple has the classes with which the function was traced."""
    return tuple(_kinds(item))[1:] == leaf.kinds if leaf.rows else _nested_as(item, leaf.kinds)


def fits(leaf: Leaf, shape: tuple[int, ...]) -> bool:
    """Return whether a shape, with the batch axis if there is one, is that of a leaf.

    >>> fits(described([[1.0, 2.0]], True, "x"), (7, 2))
    True
    """
    if leaf.rows:
        return len(shape) > 0 and shape[1:] == leaf.shape
    return shape == leaf.shape


def gathered(form: Any, argument: Any) -> Iterator[Any]:
    """Yield the arrays of an argument of a form, whatever kind of sequence holds the numbers.

    >>> list(gathered(described({"a": 1.0}, False, "x"), {"a": 5}))
    [5.0]
    """
    if isinstance(form, Leaf):
        array = numeric(argument, form.name)
        yield float(array) if form.form == "number" else array
        return
    for part, item in zip(form.parts, _items(form, argument), strict=True):
        yield from gathered(part, item)
