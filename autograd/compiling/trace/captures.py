"""The captures of a traced function, which are compared at each call.

A function reads closures, globals, defaults, attributes of objects, classes and modules, and the items
of lists, dicts, arrays and other containers, at any depth and through any helper. Everything that its
code names (`named.py`) is found before it is traced, and watched by identity (`watching.py`); arrays
and objects of extension types are compared by their bits. If something cannot be watched, such as a
clock or a file, the function is traced at every call.
"""

from __future__ import annotations

import array
import functools
import sys
import weakref
from collections import deque
from collections.abc import Mapping
from types import (
    BuiltinFunctionType,
    FunctionType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

import numpy as np

from ...ops.rules import GENERATED
from ...value import Value
from . import watching
from .named import BY_ANY_NAME, IMPURE_MODULES, Named, is_core, is_fixed, is_library, is_special, named_by
from .watching import Check

_MOST = 200_000
"""Maximum number of objects that are visited."""
_CONTAINERS = (dict, list, tuple, set, frozenset, deque, MappingProxyType)
_SHOWN = frozenset((*_CONTAINERS, object, SimpleNamespace, int, float, str, bytes, BaseException, Exception))
"""Extension types without hidden state."""
_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8


class Captures:
    """Everything that a function captures, as it was when this object was created.

    >>> factors = [2.0]
    >>> captures = Captures(lambda x: factors[0] * x)
    >>> captures.changed()
    False
    >>> factors[0] = 3.0
    >>> captures.changed()
    True
    """

    def __init__(self, f: Any) -> None:
        names: frozenset[str] = frozenset()
        while True:  # the functions that are found name more attributes, by which more is found
            search = _Search(f, names)
            if search.names <= names:
                break
            names |= search.names
        self.checks: list[Check] = search.checks
        """The checks that `changed` runs in turn."""
        self._kept = search.kept
        """All objects that were visited, kept alive so that their ids are not reused."""
        self.reasons: tuple[str, ...] = tuple(dict.fromkeys(search.reasons))
        """The reasons why the function must be traced at each call; usually none."""
        if self.reasons:
            self.checks.append(lambda: True)

    def changed(self) -> bool:
        """Return whether anything has changed, or cannot be watched."""
        return any(check() for check in self.checks)


class _Search:
    """A search of all objects that a function reaches by the names in its code."""

    def __init__(self, f: Any, names: frozenset[str]) -> None:
        self.given = names
        """The names in all code that an earlier search has found."""
        self.names: set[str] = set()
        self.by_any_name = not names.isdisjoint(BY_ANY_NAME)
        self.checks: list[Check] = []
        self.kept: list[Any] = []
        self.reasons: list[str] = []
        self.seen: set[Any] = set()
        self.waiting: list[Any] = [f]
        self.home = str(getattr(f, "__module__", None) or "").partition(".")[0]
        while self.waiting:
            self._look_at(self.waiting.pop())
            if len(self.seen) > _MOST:
                self.reasons.append(f"it reaches more than {_MOST:,} objects")
                break

    def _is_library(self, module: str | None) -> bool:
        """Return whether code is assumed not to change; never that of the function's own package."""
        return is_core(module) or (is_library(module) and (module or "").partition(".")[0] != self.home)

    def _is_taken_as_it_is(self, function: FunctionType) -> bool:
        """Return whether a function is defined by a library, not only assigned in its namespace."""
        if function.__code__.co_filename.startswith(GENERATED):
            return True
        module = sys.modules.get(function.__module__ or "")
        return (
            self._is_library(function.__module__) and getattr(module, "__dict__", None) is function.__globals__
        )

    def _once(self, key: Any, *kept: Any) -> bool:
        if key in self.seen:
            return False
        self.seen.add(key)
        self.kept += kept
        return True

    def _look_at(self, item: Any) -> None:  # noqa: PLR0912
        kind = type(item)
        if kind is MethodType:  # created at each access
            self.waiting += (item.__func__, item.__self__)
        elif is_fixed(item) or not self._once(id(item), item):
            return
        elif kind is Value:
            if "grad" in self.given:
                self.checks.append(watching.slot_check(item, "grad"))
        elif kind is FunctionType:
            self._function(item)
        elif isinstance(item, np.ndarray):
            self.checks.append(watching.bits_check(item, item.tobytes))
            if item.dtype == object:
                self.waiting += item.ravel().tolist()
        elif isinstance(item, _CONTAINERS):
            self._container(item)
        elif isinstance(item, functools.partial):
            self.waiting += (item.func, item.args, item.keywords)
        elif isinstance(item, staticmethod | classmethod):
            self.waiting.append(item.__func__)
        elif isinstance(item, property):
            self.waiting.append(item.fget)
        elif isinstance(item, weakref.ref):
            self.waiting.append(item())
        elif isinstance(item, ModuleType):
            if not self._is_library(item.__name__):
                self._space(item.__dict__, self.given)
        elif isinstance(item, type):
            self._class(item)
        elif kind is BuiltinFunctionType:
            self._builtin(item)
        elif isinstance(item, bytearray | array.array):
            self.checks.append(watching.bits_check(item, lambda: bytes(item)))
        else:
            self._object(item)

    # Functions and modules.

    def _function(self, function: FunctionType) -> None:
        if function.__kwdefaults__:
            self.waiting.append(function.__kwdefaults__)
        self.waiting += function.__defaults__ or ()
        self.checks += [watching.cell_check(cell) for cell in function.__closure__ or ()]
        inside = [watching.inside(cell) for cell in function.__closure__ or ()]
        self.waiting += [item for item in inside if item is not watching.NOTHING]
        self.kept += inside
        if function.__dict__ or self.by_any_name:
            self._attributes(function)
        if self._is_taken_as_it_is(function):
            return
        self.checks.append(watching.function_check(function))
        self.kept += (function.__code__, function.__defaults__)
        named, space = named_by(function.__code__), function.__globals__
        self.names |= named.every
        self._space(space, named.read)
        for module in (*named.modules(space), *(item for item in inside if isinstance(item, ModuleType))):
            self._module(module, named)
        self.reasons += [f"it calls {name}" for name in sorted(named.impure(space))]

    def _module(self, module: ModuleType, named: Named) -> None:
        """Watch the entries of a module, and of modules in it, that a function's code names."""
        if not self._once((id(module), named.every), module):
            return
        space = module.__dict__
        names = named.every & space.keys()
        if is_core(module.__name__):  # its functions do not change, unlike clocks and random generators
            kept = (type, FunctionType, BuiltinFunctionType, ModuleType)
            self._space(space, {name for name in names if not isinstance(space[name], kept)})
            self.waiting += [space[name] for name in names if isinstance(space[name], BuiltinFunctionType)]
        else:
            everything = self.by_any_name and not self._is_library(module.__name__)
            self._space(space, space.keys() if everything else names)
        for name in names:
            if isinstance(space[name], ModuleType):
                self._module(space[name], named)

    def _builtin(self, function: Any) -> None:
        owner = function.__self__
        if not isinstance(owner, ModuleType):
            self.waiting.append(owner)
        elif owner.__name__ in IMPURE_MODULES:
            self.reasons.append(f"it calls {owner.__name__}.{function.__name__}")

    # Namespaces, containers and objects.

    def _space(self, space: Mapping[str, Any], names: Any) -> None:
        """Watch the entries of a namespace with these names, and the absence of the others."""
        present = tuple(sorted(name for name in names if name in space and not _is_module_entry(name)))
        missing = frozenset(name for name in names if name not in space)
        if present:
            self.checks.append(watching.entries_check(space, present))
            was = [space[name] for name in present]
            self.kept += was
            self.waiting += [item for item in was if not isinstance(item, ModuleType)]
        if missing:
            self.checks.append(watching.absence_check(space, missing))

    def _container(self, item: Any) -> None:
        by_value = watching.literal_check(item)
        if by_value is not None:
            if type(item) is not tuple or any(isinstance(part, list | dict | tuple) for part in item):
                self.checks.append(by_value)
            return
        if not isinstance(item, tuple | frozenset):
            self.checks.append(watching.container_check(item))
        self.waiting += (*item, *item.values()) if hasattr(item, "values") else item
        if not is_core(type(item).__module__):
            self._object(item)

    def _class(self, kind: type) -> None:
        """Watch the attributes of a class and its bases, including methods that Python calls implicitly."""
        if _is_python(type(kind)):
            self.waiting.append(type(kind))
        for base in kind.__mro__:
            if not self._once((id(base), "class"), base) or not _is_python(base) or is_core(base.__module__):
                continue
            space = base.__dict__
            makes = kind.__name__ in self.given
            special = {name for name in space if is_special(name, makes) and callable(space[name])}
            self._space(space, self.given | special if not self.by_any_name else {*space, *self.given})

    def _object(self, item: Any) -> None:
        """Watch an object: its attributes, its class, and hidden state."""
        kind = type(item)
        if (wrapped := getattr(item, "__wrapped__", None)) is not None:
            self.waiting.append(wrapped)
            if not _is_python(kind) or is_core(kind.__module__):
                return
        if any(not _is_python(base) and base not in _SHOWN for base in kind.__mro__):
            check = watching.pickle_check(item)
            if check is None:
                self.reasons.append(f"it reads an object of type {kind.__module__}.{kind.__qualname__}")
            else:
                self.checks.append(check)
            return
        self._class(kind)
        self._attributes(item)

    def _attributes(self, item: Any) -> None:
        kind = type(item)
        everything = self.by_any_name or any(
            _is_python(base) and self._is_library(base.__module__) for base in kind.__mro__
        )
        own = getattr(item, "__dict__", None)
        if isinstance(own, dict):
            names = None if everything else self.given
            self.checks.append(watching.attributes_check(item, names))
            found = [own[name] for name in own if everything or name in self.given]
            self.kept += (*own.values(),)
            self.waiting += found
        for base in kind.__mro__ if _is_python(kind) else ():
            for name, slot in base.__dict__.items():
                if isinstance(slot, MemberDescriptorType) and (everything or name in self.given):
                    self.checks.append(watching.slot_check(item, name))
                    held = getattr(item, name, None)
                    self.kept.append(held)
                    self.waiting.append(held)


def _is_module_entry(name: str) -> bool:
    """Return whether Python itself creates an entry of a module's or a class's namespace."""
    return name in ("__builtins__", "__dict__", "__weakref__", "__doc__", "__annotations__")


def _is_python(kind: type) -> bool:
    """Return whether a class is written in Python, so that all of its state is in attributes."""
    if kind.__module__ == "_random":  # an extension type that has the flags of a Python class
        return False
    return bool(kind.__flags__ & _HEAP_TYPE) and not kind.__flags__ & _IMMUTABLE_TYPE
