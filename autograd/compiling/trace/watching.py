"""Whether something is what it was: one question for each kind of place, asked at each call."""

from __future__ import annotations

import marshal
import pickle
import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import chain
from operator import is_, itemgetter
from types import CellType, FunctionType
from typing import Any

from ...value import Value

Check = Callable[[], bool]
"""Whether it has changed."""
NOTHING = object()
_LARGEST = 1 << 20
"""So many bytes of an object at most are compared at each call."""
_LITERALS = (type(None), bool, int, float, complex, str, bytes)


def inside(cell: CellType) -> Any:
    """What a closure's variable is now; NOTHING before it is assigned."""
    try:
        return cell.cell_contents
    except ValueError:
        return NOTHING


def cell_check(cell: CellType) -> Check:
    """A variable of a closure."""
    was = inside(cell)

    def changed() -> bool:
        try:
            return cell.cell_contents is not was
        except ValueError:
            return was is not NOTHING

    return changed


def function_check(function: FunctionType) -> Check:
    """A function's code and defaults, which may be assigned."""
    code, defaults, more = function.__code__, function.__defaults__, function.__kwdefaults__
    return lambda: (
        function.__code__ is not code
        or function.__defaults__ is not defaults
        or function.__kwdefaults__ is not more
    )


def entries_check(found: Mapping[str, Any], names: tuple[str, ...]) -> Check:
    """Some entries of a namespace."""
    if len(names) == 1:
        name, only = names[0], found[names[0]]
        return lambda: found.get(name, NOTHING) is not only
    get = itemgetter(*names)
    was = get(found)

    def changed() -> bool:
        try:
            return not all(map(is_, get(found), was))
        except KeyError:
            return True

    return changed


def absence_check(found: Mapping[str, Any], missing: frozenset[str]) -> Check:
    """That a namespace has none of some names, which would hide those of a class or a builtin."""
    return lambda: not found.keys().isdisjoint(missing)


def attributes_check(item: Any, names: frozenset[str] | None) -> Check:
    """An object's own attributes of some names, None for all of them, and its class.

    All are compared at once; only if some other attribute has changed are the names looked at.
    """
    kind, latest = item.__class__, [dict(item.__dict__)]
    apart = [_apart(latest[0])]
    chosen = _chosen(item, names)

    def changed() -> bool:
        own = item.__dict__
        if _same(own, latest[0], apart[0]):
            return item.__class__ is not kind
        now = _chosen(item, names)
        if names is None or now.keys() != chosen.keys() or not all(map(is_, now.values(), chosen.values())):
            return True
        latest[0] = dict(own)
        apart[0] = _apart(own)
        return item.__class__ is not kind

    return changed


def _chosen(item: Any, names: frozenset[str] | None) -> dict[str, Any]:
    own = item.__dict__
    return dict(own) if names is None else {key: own[key] for key in own if key in names}


def _apart(own: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The entries that may equal another object, so that they have to be compared by identity."""
    return [(key, item) for key, item in own.items() if not _is_itself(item)]


def _is_itself(item: Any) -> bool:
    """Whether nothing that equals it would make a difference: 0 equals -0, and 1 equals True."""
    kind = type(item)
    if kind is float or kind is int:
        return item == item and item not in (0, 1)
    return getattr(kind, "__eq__", None) is object.__eq__ or kind in (Value, str, type(None))


def _same(own: Mapping[str, Any], was: Mapping[str, Any], apart: list[tuple[str, Any]]) -> bool:
    """Whether a namespace has the same objects; four times as fast as one entry after the other."""
    try:
        if own != was:
            return False
    except Exception:  # of what cannot be compared, such as two arrays
        return False
    for key, item in apart:  # noqa: SIM110 (half the time)
        if own[key] is not item:
            return False
    return True


def slot_check(item: Any, name: str) -> Check:
    """An attribute that is no entry of an object's dict."""
    was = getattr(item, name, NOTHING)
    return lambda: getattr(item, name, NOTHING) is not was


def literal_check(item: Any) -> Check | None:
    """Numbers and texts in lists, tuples and dicts, by value at any depth; None for anything else in them."""
    if not _is_literal(item):
        return None
    if _is_comparable(item):  # the same objects as in the copy, while nothing changes: compared in no time
        copy = deepcopy(item)
        return lambda: bool(item != copy)
    was = _marshalled(item)
    return None if was is None else lambda: _marshalled(item) != was


def _is_literal(item: Any) -> bool:
    kind = type(item)
    if kind is dict:
        return all(map(_is_literal, chain(item, item.values())))
    return all(map(_is_literal, item)) if kind is list or kind is tuple else kind in _LITERALS


def _is_comparable(item: Any) -> bool:
    """Whether there is nothing in it that equals something else: 0 equals -0, and 1 equals True."""
    kind = type(item)
    if kind is dict:
        return all(map(_is_comparable, item.values()))
    return all(map(_is_comparable, item)) if kind is list or kind is tuple else _is_itself(item)


def _marshalled(item: Any) -> bytes | None:
    try:
        return marshal.dumps(item, 2)  # from version 3 on it depends on how often an object is used
    except ValueError:  # nested too deeply
        return None


def container_check(item: Any) -> Check:
    """The objects in a list, set, deque or dict, each by identity."""
    if hasattr(item, "values"):
        keys, was = tuple(item), tuple(item.values())
        return lambda: (
            len(item) != len(was) or not all(map(is_, item.values(), was)) or not all(map(is_, item, keys))
        )
    objects = list(item)
    if type(item) is list and set(map(type, item)) == {Value}:  # equal is a Value to itself alone
        return lambda: bool(item != objects)
    return lambda: len(item) != len(objects) or not all(map(is_, item, objects))


def bits_check(item: Any, bits: Callable[[], bytes]) -> Check:
    """The bits of an array, its shape and its type."""
    was, kind = bits(), _kind(item)
    return lambda: bits() != was or _kind(item) != kind


def _kind(item: Any) -> Any:
    return getattr(item, "shape", None), getattr(item, "dtype", None)


def pickle_check(item: Any) -> Check | None:
    """An object whose state Python does not show: a random generator, say. None if it cannot be pickled."""
    was = _pickled(item)
    return None if was is None or len(was) > _LARGEST else lambda: _pickled(item) != was


def _pickled(item: Any) -> bytes | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return pickle.dumps(item, 5)
    except Exception:
        return None
