"""Flatten nested containers of numbers, and rebuild them: lists, tuples, dicts, dataclasses, arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from .terminal import kind_of

Build = Callable[[Iterator[Any]], Any]


def is_array(item: Any) -> bool:
    """Return whether an object is a numpy array, without importing numpy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(item, numpy.ndarray)


def is_foreign_array(item: Any) -> bool:
    """Return whether an object is an array of another library than numpy."""
    return hasattr(item, "ndim") and hasattr(item, "tolist") and not is_array(item)


def as_lists(item: Any) -> Any:
    """Return an array or table of any library as nested lists of Python's numbers; anything else unchanged.

    >>> from array import array
    >>> as_lists(array("d", [1.0, 2.0])), as_lists("text")
    ([1.0, 2.0], 'text')
    """
    for method in ("to_numpy", "tolist"):
        if hasattr(item, method):
            item = getattr(item, method)()
    return item


def is_named_tuple(item: Any) -> bool:
    """Return whether an object is a named tuple, or a class of them.

    >>> from collections import namedtuple
    >>> pair = namedtuple("pair", "x y")
    >>> is_named_tuple(pair), is_named_tuple(pair(1.0, 2.0)), is_named_tuple((1.0, 2.0))
    (True, True, False)
    """
    kind = item if isinstance(item, type) else type(item)
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def children(tree: Any) -> tuple[list[Any], list[Any], Callable[[list[Any]], Any]] | None:
    """Return the keys and items of a container, and a function that builds one like it; None for a leaf.

    >>> keys, items, make = children({"w": 1.0, "b": 2.0})
    >>> keys, items, make([3.0, 4.0])
    (['w', 'b'], [1.0, 2.0], {'w': 3.0, 'b': 4.0})
    """
    if isinstance(tree, dict):
        keys = list(tree)
        return keys, list(tree.values()), lambda items: dict(zip(keys, items, strict=True))
    if is_named_tuple(tree):  # a named tuple takes its fields one by one
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
    """Return a copy of a dataclass, frozen or not, with other items in some fields."""
    from copy import copy

    found = copy(tree)
    for name, item in zip(names, items, strict=True):
        object.__setattr__(found, name, item)
    return found


def mapped(function: Callable[..., Any], *trees: Any) -> Any:
    """Apply a function to the leaves at the same positions of nested tuples, lists and dicts.

    Arrays and dataclasses are leaves.

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
    """Return the structure of a container without its numbers, to compare with another's.

    >>> outline([1.0, (2.0, 3.0)]) == outline([4.0, [5.0, 6.0]])
    True
    """
    if is_array(tree) or is_foreign_array(tree):
        return outline(tree.tolist())
    found = children(tree)
    if found is None:
        return None
    keys, items, _ = found
    if isinstance(tree, list | tuple):
        return [outline(item) for item in items]
    return [(key, outline(item)) for key, item in zip(keys, items, strict=True)]


def ordered_like(tree: Any, like: Any) -> Any:
    """Return a container whose dicts have the keys of another's in its order, where they have the same keys.

    Equal dicts may differ in the order of their keys: JAX returns them sorted.

    >>> ordered_like([{"b": 2.0, "w": 1.0}], [{"w": 0.0, "b": 0.0}])
    [{'w': 1.0, 'b': 2.0}]
    """
    found, model = children(tree), children(like)
    if found is None or model is None or len(found[0]) != len(model[0]):
        return tree
    if isinstance(tree, dict):
        if not isinstance(like, dict) or tree.keys() != like.keys():
            return tree
        return {key: ordered_like(tree[key], item) for key, item in like.items()}
    return found[2]([ordered_like(item, other) for item, other in zip(found[1], model[1], strict=True)])


def flatten(tree: Any) -> tuple[list[Any], Build]:
    """Return the numbers of a nested container in order, and a function that builds the same structure.

    Lists, tuples, named tuples, dicts and dataclasses may nest. A numpy array is rebuilt as an array
    of the same shape: of floats, or of objects if its items include Values. So is an array of another
    library, such as a tensor of PyTorch.

    Raises TypeError for a complex array, for a masked array and for a numpy matrix.

    >>> leaves, build = flatten([1.0, (2.0, 3.0)])
    >>> leaves, build(iter("abc"))
    ([1.0, 2.0, 3.0], ['a', ('b', 'c')])
    """
    if is_array(tree):
        _refuse(tree)
        shape, count = tree.shape, tree.size
        return tree.ravel().tolist(), lambda items: _array(list(islice(items, count)), shape)
    if is_foreign_array(tree):
        return flatten(_as_numpy(tree))
    found = children(tree)
    if found is None:
        return [tree], next
    _, items, make = found
    parts = [flatten(item) for item in items]
    builders = [build for _, build in parts]
    return [leaf for leaves, _ in parts for leaf in leaves], lambda items: make(
        [build(items) for build in builders]
    )


def _as_numpy(array: Any) -> Any:
    """Return an array of another library as one of numpy, or a plain number if it has no dimensions."""
    items = array.tolist()
    if not isinstance(items, list):
        return items
    import numpy  # which PyTorch, JAX and pandas come with

    return numpy.asarray(items)


def _refuse(array: Any) -> None:
    if type(array).__name__ in ("matrix", "MaskedArray"):
        raise TypeError(f"the operators of a numpy {kind_of(array)} have other meanings: pass numpy.asarray(x)")
    if array.dtype.kind == "c":
        raise TypeError(
            "the numbers must be real, got a complex array: pass its real and imaginary parts as two arrays"
        )


def _array(items: list[Any], shape: tuple[int, ...]) -> Any:
    """Return an array of this shape; if the items are arrays, with their shape appended.

    So the derivative of an array with respect to an array is an array, and with respect to a dict a
    dict of arrays.
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
