"""Nested containers of numbers as flat lists, and back: lists, tuples, dicts, dataclasses, numpy arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

Build = Callable[[Iterator[Any]], Any]


def is_array(item: Any) -> bool:
    """Whether something is a numpy array; numpy is not imported for it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(item, numpy.ndarray)


def is_number_like(item: Any) -> bool:
    """Whether something has numbers in it, as an array of another library has, and is no container of ours."""
    return hasattr(item, "ndim") and hasattr(item, "tolist") and not is_array(item)


def children(tree: Any) -> tuple[list[Any], list[Any], Callable[[list[Any]], Any]] | None:
    """The keys and items of a container, and what makes one like it of other items; None for a leaf.

    >>> keys, items, make = children({"w": 1.0, "b": 2.0})
    >>> keys, items, make([3.0, 4.0])
    (['w', 'b'], [1.0, 2.0], {'w': 3.0, 'b': 4.0})
    """
    if isinstance(tree, dict):
        keys = list(tree)
        return keys, list(tree.values()), lambda items: dict(zip(keys, items, strict=True))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple takes its fields one by one
        return list(tree._fields), list(tree), lambda items: type(tree)(*items)
    if isinstance(tree, list | tuple):
        return list(range(len(tree))), list(tree), list if isinstance(tree, list) else tuple
    if hasattr(type(tree), "__dataclass_fields__"):
        from dataclasses import fields  # slow to import, as copy is below

        names = [field.name for field in fields(tree)]
        names = [name for name in names if not isinstance(getattr(tree, name), str | bool | None)]
        return names, [getattr(tree, name) for name in names], lambda items: _changed(tree, names, items)
    return None


def _changed(tree: Any, names: list[str], items: list[Any]) -> Any:
    """A copy of a dataclass with other items in some fields, a frozen one too."""
    from copy import copy

    found = copy(tree)
    for name, item in zip(names, items, strict=True):
        object.__setattr__(found, name, item)
    return found


def mapped(function: Callable[..., Any], *trees: Any) -> Any:
    """A function of what stands in the same places of nested tuples, lists and dicts.

    Arrays and dataclasses stand for themselves.

    >>> mapped(lambda x, y: x * y, {"a": (1.0, 2.0)}, {"a": (3.0, 4.0)})
    {'a': (3.0, 8.0)}
    """
    first = trees[0]
    found = children(first) if isinstance(first, dict | list | tuple) else None
    if found is None:
        return function(*trees)
    columns = zip(
        *([tree[key] for key in first] if isinstance(first, dict) else tree for tree in trees), strict=True
    )
    return found[2]([mapped(function, *column) for column in columns])


def outline(tree: Any) -> Any:
    """The nesting of a container without its numbers, to compare with another's.

    >>> outline([1.0, (2.0, 3.0)]) == outline([4.0, [5.0, 6.0]])
    True
    """
    if is_array(tree) or is_number_like(tree):
        return outline(tree.tolist())
    found = children(tree)
    if found is None:
        return None
    keys, items, _ = found
    if isinstance(tree, list | tuple):
        return [outline(item) for item in items]
    return [(key, outline(item)) for key, item in zip(keys, items, strict=True)]


def flatten(tree: Any) -> tuple[list[Any], Build]:
    """The numbers of a nested container in order, and what builds the same nesting of others.

    Lists, tuples, named tuples, dicts and dataclasses may nest. A numpy array is built as an array
    of the same shape: of floats, or of objects where Values are among its items.

    Raises TypeError for an array of complex numbers, and for a masked one or a matrix, whose
    operators mean something else.

    >>> leaves, build = flatten([1.0, (2.0, 3.0)])
    >>> leaves, build(iter("abc"))
    ([1.0, 2.0, 3.0], ['a', ('b', 'c')])
    """
    if is_array(tree):
        _refuse(tree)
        shape, count = tree.shape, tree.size
        return tree.ravel().tolist(), lambda items: _array([next(items) for _ in range(count)], shape)
    if is_number_like(tree):
        return flatten(tree.tolist())
    found = children(tree)
    if found is None:
        return [tree], next
    _, items, make = found
    parts = [flatten(item) for item in items]
    builders = [build for _, build in parts]
    return [leaf for leaves, _ in parts for leaf in leaves], lambda items: make(
        [build(items) for build in builders]
    )


def _refuse(array: Any) -> None:
    if type(array).__name__ in ("matrix", "MaskedArray"):
        raise TypeError(
            f"a numpy {type(array).__name__} means something else by its operators: give numpy.asarray(x)"
        )
    if array.dtype.kind == "c":
        raise TypeError(
            "derivatives are of real numbers, not of an array of complex ones: give real and imaginary parts "
            "as two arrays"
        )


def _array(items: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of that shape; of items that are arrays themselves, one with their shape behind it.

    So the derivatives of an array by an array are one array, and by a dict a dict of arrays.
    """
    import numpy

    first: Any = items[0] if items else 0.0
    if is_array(first):
        return numpy.stack(items).reshape(shape + first.shape)
    found = children(first)
    if found is not None:
        _, _, make = found
        columns = zip(*(children(item)[1] for item in items), strict=True)  # type: ignore[index]
        return make([_array(list(column), shape) for column in columns])
    return numpy.array(items, dtype=None if items else float).reshape(shape)
