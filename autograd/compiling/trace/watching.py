"""Checks whether an object has changed, one for each kind of object, which are run at each call."""

from __future__ import annotations

import marshal
import pickle
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import chain
from operator import is_, itemgetter
from types import CellType, FunctionType
from typing import Any

from ...value import Value
from ..static import NOTHING, attribute_of_class, bases, container_type, reader, slot

Check = Callable[[], bool]
"""Returns whether an object has changed since the check was made."""
_LARGEST = 1 << 20
"""Maximum size in bytes of a pickled object that is compared at each call."""
_LITERALS = (type(None), bool, int, float, complex, str, bytes)


def inside(cell: CellType) -> Any:
    """Return the content of a closure's variable; NOTHING before it is assigned.

    >>> inside((lambda x: lambda: x)(3.0).__closure__[0])
    3.0
    """
    try:
        return cell.cell_contents
    except ValueError:
        return NOTHING


def cell_check(cell: CellType) -> Check:
    """Return a check of a closure's variable.

    >>> from types import CellType
    >>> cell = CellType(1.0)
    >>> changed = cell_check(cell)
    >>> cell.cell_contents = 2.0
    >>> changed()
    True
    """
    was = inside(cell)

    def changed() -> bool:
        try:
            return cell.cell_contents is not was
        except ValueError:
            return was is not NOTHING

    return changed


def function_check(function: FunctionType) -> Check:
    """Return a check of a function's code and defaults, which can be reassigned.

    >>> function = lambda x: x
    >>> changed = function_check(function)
    >>> function.__defaults__ = (1.0,)
    >>> changed()
    True
    """
    code, defaults, more = function.__code__, function.__defaults__, function.__kwdefaults__
    return lambda: (
        function.__code__ is not code
        or function.__defaults__ is not defaults
        or function.__kwdefaults__ is not more
    )


def entries_check(found: Mapping[str, Any], names: tuple[str, ...]) -> Check:
    """Return a check of some entries of a namespace, by identity.

    >>> space = {"a": 1.0, "b": 2.0}
    >>> changed = entries_check(space, ("a",))
    >>> space["b"] = 3.0
    >>> before = changed()
    >>> space["a"] = 3.0
    >>> before, changed()
    (False, True)
    """
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
    """Return a check that a namespace still lacks names that would hide those of a class or a builtin.

    >>> space = {}
    >>> changed = absence_check(space, frozenset(["abs"]))
    >>> space["abs"] = abs
    >>> changed()
    True
    """
    return lambda: not found.keys().isdisjoint(missing)


def attributes_check(item: Any, names: frozenset[str] | None) -> Check:
    """Return a check of an object's class and its attributes with some names, or all if `names` is None.

    All attributes are compared at once; the names are examined only if that finds a difference.

    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(scale=2.0)
    >>> changed = attributes_check(model, frozenset(["scale"]))
    >>> model.scale = 3.0
    >>> changed()
    True
    """
    kind = type(item)
    read: Any = reader(kind)
    latest = [dict(read(item))]
    apart = [_apart(latest[0])]
    chosen = _chosen(latest[0], names)

    def changed() -> bool:
        if type(item) is not kind:
            return True
        own = read(item)
        if _same(own, latest[0], apart[0]) and (names is not None or all(map(is_, own, latest[0]))):
            return False
        now = _chosen(own, names)
        if names is None or now.keys() != chosen.keys() or not all(map(is_, now.values(), chosen.values())):
            return True
        latest[0] = dict(own)
        apart[0] = _apart(own)
        return False

    return changed


def _chosen(own: Mapping[str, Any], names: frozenset[str] | None) -> dict[str, Any]:
    return dict(own) if names is None else {key: own[key] for key in own if key in names}


def _apart(own: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the entries that can equal a different object and must be compared by identity."""
    return [(key, item) for key, item in own.items() if not _is_itself(item)]


def _is_itself(item: Any) -> bool:
    """Return whether an object equals no different one; an integer does not, since 2 == 2.0 and 0 == -0.0."""
    kind = type(item)
    if kind is float:
        return bool(item % 1 != 0 and item == item)
    if kind is Value or kind is str or item is None:
        return True
    return attribute_of_class(kind, "__eq__") is object.__dict__["__eq__"]


def _same(own: Mapping[str, Any], was: Mapping[str, Any], apart: list[tuple[str, Any]]) -> bool:
    """Return whether a namespace has the same objects; four times as fast as comparing each by identity."""
    try:
        if own != was:
            return False
    except Exception:  # objects that cannot be compared, such as two arrays
        return False
    for key, item in apart:  # noqa: SIM110 (half the time)
        if own[key] is not item:
            return False
    return True


def slot_check(item: Any, descriptor: Any) -> Check:
    """Return a check of an attribute in a slot, or in a field of an extension type."""
    was = slot(item, descriptor)
    return lambda: slot(item, descriptor) is not was


def bases_check(kind: type) -> Check:
    """Return a check of the bases of a class."""
    was = bases(kind)
    return lambda: bases(kind) is not was


def literal_check(item: Any) -> Check | None:
    """Return a check by value of nested lists, tuples and dicts of literals; None for anything else.

    >>> items = [1.0, [2.0]]
    >>> changed = literal_check(items)
    >>> items[1][0] = 3.0
    >>> changed()
    True
    """
    if not _is_literal(item):
        return None
    if _is_comparable(item):  # comparing with a copy that shares the items is fast while nothing changes
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
    """Return whether no different object equals this one: as 2 == 2.0, or a dict in another order, does."""
    kind = type(item)
    if kind is dict:
        return len(item) < 2 and all(map(_is_comparable, chain(item, item.values())))
    return all(map(_is_comparable, item)) if kind is list or kind is tuple else _is_itself(item)


def _marshalled(item: Any) -> bytes | None:
    try:
        return marshal.dumps(item, 2)  # later versions depend on the reference counts of objects
    except ValueError:  # nested too deeply
        return None


def container_check(item: Any) -> Check:
    """Return a check of the items of a list, set, deque or dict, by identity.

    >>> items = [object()]
    >>> changed = container_check(items)
    >>> items.append(object())
    >>> changed()
    True
    """
    kind = container_type(item)
    count, each = kind.__len__, kind.__iter__
    was = tuple(each(item))
    if kind is dict or kind is OrderedDict:
        values, held = kind.values, tuple(kind.values(item))

        def changed() -> bool:
            if count(item) != len(was) or not all(map(is_, values(item), held)):
                return True
            return not all(map(is_, each(item), was))

        return changed
    if type(item) is list and set(map(type, was)) == {Value}:  # a Value equals only itself
        objects = list(was)
        return lambda: bool(item != objects)
    return lambda: count(item) != len(was) or not all(map(is_, each(item), was))


def bits_check(state: Callable[[], Any]) -> Check:
    """Return a check of a state that is compared by value, such as the shape, dtype and bits of an array.

    >>> import numpy
    >>> array = numpy.zeros(2)
    >>> changed = bits_check(array.tobytes)
    >>> array[0] = 1.0
    >>> changed()
    True
    """
    was = state()
    return lambda: bool(state() != was)


def pickle_check(item: Any) -> Check | None:
    """Return a check of an object with hidden state, such as a random generator; None if not picklable.

    >>> import random
    >>> rng = random.Random(0)
    >>> changed = pickle_check(rng)
    >>> _ = rng.random()
    >>> changed()
    True
    """
    was = _pickled(item)
    return None if was is None or len(was) > _LARGEST else lambda: _pickled(item) != was


def _pickled(item: Any) -> bytes | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return pickle.dumps(item, 5)
    except Exception:
        return None
