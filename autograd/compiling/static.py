"""Read objects without running their code: no property, `__getattr__`, `__class__` or `__iter__`.

A captured object may belong to any library: a lazily loaded module, a proxy, a tensor. Watching it must
have no effect and raise no error, so every read uses the descriptors of Python's own types, as
`inspect.getattr_static` does.
"""

from __future__ import annotations

import sys
import sysconfig
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

import numpy as np

NOTHING = object()
"""Returned for an attribute that does not exist."""
CONTAINERS = (OrderedDict, dict, list, tuple, set, frozenset, deque)
_OWN = __name__.partition(".")[0]
_CORE = frozenset((*sys.stdlib_module_names, _OWN, "nn", "numpy", "scipy", "llvmlite")) - {"__main__"}
_INSTALLED = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
_SITES = frozenset(("site-packages", "dist-packages"))
"""Directories of installed packages, in this environment, the user's or the one that it extends."""
_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8
_OF_TYPES: Any = type.__dict__
_OF_MODULES: Any = ModuleType.__dict__
_ATTRIBUTES = attrgetter("__dict__")
"""Twice as fast as the descriptor, and equivalent for a class that does not override attribute access."""
COMPILED = (GetSetDescriptorType, MemberDescriptorType)


def is_a(item: Any, *kinds: type) -> bool:
    """Return whether an object has one of these types, whatever its `__class__` says.

    >>> is_a(True, str, int), is_a(1.0, str, int)
    (True, False)
    """
    return is_subclass(type(item), *kinds)


def is_subclass(kind: type, *kinds: type) -> bool:
    """Return whether a class derives from one of these, whatever their `__subclasscheck__` says.

    >>> is_subclass(bool, str, int)
    True
    """
    above = _OF_TYPES["__mro__"].__get__(kind)
    for each in kinds:
        for base in above:
            if base is each:
                return True
    return False


def bases(kind: type) -> tuple[type, ...]:
    """Return the method resolution order of a class.

    >>> bases(bool)
    (<class 'bool'>, <class 'int'>, <class 'object'>)
    """
    found: tuple[type, ...] = _OF_TYPES["__mro__"].__get__(kind)
    return found


def name_of(kind: type) -> str:
    """Return the name of a class.

    >>> name_of(int)
    'int'
    """
    return str(_OF_TYPES["__name__"].__get__(kind))


def module_of(kind: type) -> str:
    """Return the name of the module that defines a class; empty if its `__module__` is not a string.

    >>> module_of(deque)
    'collections'
    """
    try:
        found = _OF_TYPES["__module__"].__get__(kind)
    except AttributeError:
        return ""
    return found if type(found) is str else ""


def is_python(kind: type) -> bool:
    """Return whether a class is written in Python, so that all of its state is in attributes.

    >>> is_python(Path), is_python(int)
    (True, False)
    """
    if module_of(kind) == "_random":  # an extension type that has the flags of a Python class
        return False
    flags = _OF_TYPES["__flags__"].__get__(kind)
    return bool(flags & _HEAP_TYPE) and not flags & _IMMUTABLE_TYPE


def namespace(item: Any) -> Mapping[str, Any] | None:
    """Return the `__dict__` of an object; None if it has none.

    >>> class Box:
    ...     __class__ = property(lambda self: 1 / 0)
    >>> box = Box()
    >>> box.scale = 2.0
    >>> namespace(box)
    {'scale': 2.0}
    """
    found: Any = None
    if is_a(item, type):
        return _OF_TYPES["__dict__"].__get__(item)  # type: ignore[no-any-return]
    if is_a(item, ModuleType):
        return _OF_MODULES["__dict__"].__get__(item)  # type: ignore[no-any-return]
    if (read := reader(type(item))) is not None:
        found = read(item)
    return found if is_a(found, dict) else None


def reader(kind: type) -> Callable[[Any], Any] | None:
    """Return a function that reads the `__dict__` of a class's objects; None if they have none.

    >>> reader(int) is None
    True
    """
    for base in bases(kind):
        descriptor = _OF_TYPES["__dict__"].__get__(base).get("__dict__")
        if type(descriptor) in COMPILED:
            usual = attribute_of_class(kind, "__getattribute__") is object.__dict__["__getattribute__"]
            shown = attribute_of_class(kind, "__dict__") is descriptor
            return _ATTRIBUTES if usual and shown else descriptor.__get__
    return None


def slot(item: Any, descriptor: Any) -> Any:
    """Return the content of a slot, or of a field of an extension type; NOTHING if it is unassigned."""
    try:
        return descriptor.__get__(item)
    except AttributeError:
        return NOTHING


def attribute(item: Any, name: str, default: Any = None) -> Any:
    """Return an attribute as it is stored in an object, a slot or a class, without binding it.

    >>> attribute(1.5, "nothing", 0.0)
    0.0
    """
    if type(item) is MethodType and name not in ("__func__", "__self__"):
        item = item.__func__
    own = namespace(item)
    if own is not None and name in own:
        return own[name]
    found = attribute_of_class(type(item), name)
    stored = slot(item, found) if type(found) in COMPILED else found
    return default if stored is NOTHING else stored


def attribute_of_class(kind: type, name: str) -> Any:
    """Return the first entry with a name in a class and its bases; NOTHING if there is none.

    >>> attribute_of_class(int, "nothing") is NOTHING
    True
    """
    for base in bases(kind):
        found = _OF_TYPES["__dict__"].__get__(base).get(name, NOTHING)
        if found is not NOTHING:
            return found
    return NOTHING


def container_type(item: Any) -> Any:
    """Return the built-in type of a container, whose methods run no code of a subclass.

    >>> container_type(OrderedDict())
    <class 'collections.OrderedDict'>
    """
    return next(base for base in bases(type(item)) if any(base is each for each in CONTAINERS))


def held(item: Any) -> list[Any]:
    """Return the keys and values of a dict, or the items of another container.

    >>> held({"a": 1.0})
    ['a', 1.0]
    """
    kind = container_type(item)
    values = kind.values(item) if type.__subclasscheck__(dict, kind) else ()
    return [*kind.__iter__(item), *values]


def as_ndarray(array: Any) -> Any:
    """Return a view of an array of any subclass as a plain array.

    >>> as_ndarray(np.array([1.0]))
    array([1.])
    """
    return np.ndarray.view(array, np.ndarray)


# Libraries.


@cache
def is_core(module: str) -> bool:
    """Return whether a module has no state of the user: Python's, this library's or a dependency's.

    >>> is_core("math"), is_core("__main__")
    (True, False)
    """
    return module.partition(".")[0] in _CORE


@cache
def is_library(module: str) -> bool:
    """Return whether a module is installed, so that its functions are assumed not to change.

    >>> is_library("numpy.linalg")
    True
    """
    if is_core(module):
        return True
    found = sys.modules.get(module)
    file = attribute(found, "__file__") if found is not None else None
    return type(file) is str and (file.startswith(_INSTALLED) or not _SITES.isdisjoint(Path(file).parts))


def written_in(function: FunctionType) -> str:
    """Return the name of the module whose file has a function's code; empty if only its namespace is used.

    >>> written_in(held)
    'autograd.compiling.static'
    """
    space, file = function.__globals__, function.__code__.co_filename
    name = space.get("__name__")
    if type(name) is not str or namespace(sys.modules.get(name)) is not space:
        return ""
    return name if file.startswith("<") or file == space.get("__file__") else ""


def is_found_by_name(item: FunctionType | type) -> bool:
    """Return whether a function or class is found in its module by its name, not created for its caller.

    >>> is_found_by_name(held), is_found_by_name(lambda: 0)
    (True, False)
    """
    if type(item) is FunctionType:
        module, name = item.__module__, item.__qualname__
    else:
        module, name = module_of(item), _OF_TYPES["__qualname__"].__get__(item)
    found: Any = sys.modules.get(module or "")
    for part in name.split("."):
        found = (namespace(found) or {}).get(part)
    if is_a(found, staticmethod, classmethod):
        found = found.__func__
    return item is found or (is_a(found, property) and any(item is part for part in _parts(found)))


def _parts(found: property) -> Iterable[Any]:
    return found.fget, found.fset, found.fdel
