"""Nested sequences of numbers as flat lists, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def outline(tree: Any) -> Any:
    """The nesting of a sequence without its numbers, to compare with another's.

    >>> outline([1.0, (2.0, 3.0)]) == outline([4.0, [5.0, 6.0]])
    True
    """
    if hasattr(tree, "ndim") and hasattr(tree, "tolist"):
        return outline(tree.tolist())
    if isinstance(tree, dict):
        return [(key, outline(item)) for key, item in tree.items()]
    return [outline(item) for item in tree] if isinstance(tree, list | tuple) else None


def flatten(tree: Any) -> tuple[list[Any], Callable[[Iterator[Any]], Any]]:
    """The numbers of a nested sequence in order, and what builds the same nesting of others.

    Lists, tuples and dicts may nest; a numpy array counts as the nested list that it prints.

    >>> leaves, build = flatten([1.0, (2.0, 3.0)])
    >>> leaves, build(iter("abc"))
    ([1.0, 2.0, 3.0], ['a', ('b', 'c')])
    """
    if hasattr(tree, "ndim") and hasattr(tree, "tolist"):  # a numpy array, without importing numpy
        return flatten(tree.tolist())
    if isinstance(tree, dict):
        leaves, build = flatten(list(tree.values()))
        return leaves, lambda items: dict(zip(tree, build(items), strict=True))
    if not isinstance(tree, list | tuple):
        return [tree], next
    kind: Callable[[list[Any]], Any] = list if isinstance(tree, list) else tuple
    if hasattr(tree, "_fields"):  # a named tuple takes its fields one by one
        kind = lambda items: type(tree)(*items)  # noqa: E731
    parts = [flatten(item) for item in tree]
    builders = [build for _, build in parts]
    return [leaf for leaves, _ in parts for leaf in leaves], lambda items: kind(
        [build(items) for build in builders]
    )
