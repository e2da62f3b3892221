"""The search of all objects that a function reaches by the names in its code, and the checks of each."""

from __future__ import annotations

import abc
import array
import datetime
import decimal
import enum
import functools
import gc
import io
import operator
import sys
import threading
import typing
import weakref
from collections.abc import Mapping
from functools import partial
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    GenericAlias,
    MappingProxyType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

import numpy as np

from ...ops.rules import GENERATED
from ...terminal import kind_of
from ...value import Value
from .. import static
from ..static import CONTAINERS, bases, is_a, is_core, is_python, module_of
from . import watching
from .classes import Kind, described, is_called, is_defined_by_core, is_harmless, overriding, space_of, specials
from .named import BY_ANY_NAME, IMPURE_MODULES, READING, SHOWING, Named, named_by
from .watching import Check

_MOST = 200_000
"""Maximum number of objects that are visited."""
_SHOWN = frozenset(
    map(id, (*CONTAINERS, object, SimpleNamespace, int, float, complex, str, bytes, BaseException, Exception))
)
"""Extension types without hidden state."""
_PLAIN = frozenset(map(id, (tuple, list, dict, set, frozenset)))
"""Containers without attributes."""
_FILE: Any = io.IOBase.__base__
"""The base class of all files."""
_OF_VALUES = {"grad": "grad", "label": "_label"}
"""Attributes of a captured Value that can be read besides its number, with their slots."""
_OF_FUNCTIONS = frozenset(("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"))


class Search:
    """A search of all objects that a function reaches by the names in its code."""

    def __init__(self, f: Any, names: frozenset[str]) -> None:
        self.given = names
        """The names in all code that an earlier search has found."""
        self.names: set[str] = set()
        self.by_any_name = not names.isdisjoint(BY_ANY_NAME)
        self.shows = not names.isdisjoint(SHOWING)
        self.checks: list[Check] = []
        self.kept: list[Any] = []
        self.reasons: list[str] = []
        self.seen: set[Any] = set()
        self.kinds: dict[int, Kind] = {}
        """What is known of each class, by its id, since a metaclass may define __eq__."""
        self.waiting: list[Any] = [f]
        self.home = _text(static.attribute(f, "__module__")).partition(".")[0]
        while self.waiting:
            self._look_at(self.waiting.pop())
            if len(self.seen) > _MOST:
                self.reasons.append(f"it reaches more than {_MOST:,} objects")
                break

    def _is_library(self, module: str) -> bool:
        """Return whether code is assumed not to change; never that of the function's own package."""
        return is_core(module) or (static.is_library(module) and module.partition(".")[0] != self.home)

    def _once(self, key: Any, *kept: Any) -> bool:
        if key in self.seen:
            return False
        self.seen.add(key)
        self.kept += kept
        return True

    def _look_at(self, item: Any) -> None:
        kind = type(item)
        if kind is MethodType:  # created at each access
            self.waiting += (item.__func__, item.__self__)
        elif not self._kind(kind).is_fixed and self._once(id(item), item):
            try:
                self._look_inside(item, kind)
            except MemoryError:
                raise
            except Exception as error:  # an extension type whose fields cannot be read
                self.reasons.append(f"it reads {described(kind)}, which raises {kind_of(error)}")

    def _kind(self, kind: type) -> Kind:
        found = self.kinds.get(id(kind))
        if found is None:
            found = self.kinds[id(kind)] = Kind(kind, self._is_library)
        return found

    def _look_inside(self, item: Any, kind: Any) -> None:
        if id(kind) in _PLAIN:
            self._container(item)
        elif kind is Value:
            self._fields(item, [field for name, field in _OF_VALUES.items() if name in self.given])
        elif kind is FunctionType:
            self._function(item)
        elif kind is BuiltinFunctionType:
            self._builtin(item)
        elif is_a(item, type):
            self._class(item, makes=True)
        elif is_a(item, ModuleType):
            self._class(kind)
            if not self._is_library(_text(static.attribute(item, "__name__"))):
                self._space(space_of(item), self.given)
        elif is_a(item, operator.attrgetter, operator.methodcaller):
            self._getter(item)
        elif is_harmless(kind) and not is_a(item, _FILE, threading.local):
            self._attributes(item, named_only=True)
            self.waiting.append(static.attribute(item, "__origin__"))  # of typing's aliases
        elif self._has_known_parts(item) or self._has_known_state(item, kind):
            self._class(kind)
            self._attributes(item)

    def _has_known_parts(self, item: Any) -> bool:
        """Watch what an object's base type is known to hold; return whether there is such a base type."""
        if is_a(item, *CONTAINERS):
            self._container(item)
        elif is_a(item, np.ndarray):
            self._array(item)
        elif is_a(item, functools.partial):
            self._fields(item, ("func", "args", "keywords"))
        elif is_a(item, staticmethod, classmethod):
            self.waiting.append(item.__func__)
        elif is_a(item, property):
            self.waiting.append(item.fget)
        elif is_a(item, weakref.ref):
            self.waiting.append(weakref.ref.__call__(item))
        elif is_a(item, CellType):
            self._cell(item)
        elif is_a(item, slice, MappingProxyType, GenericAlias, np.ufunc):  # a ufunc may call a Python function
            self.waiting += gc.get_referents(item)
        elif is_a(item, datetime.datetime, datetime.time):
            self.waiting.append(static.attribute(item, "tzinfo"))
        else:
            return self._has_known_contents(item)
        return True

    def _has_known_contents(self, item: Any) -> bool:
        """Watch what is known to be stored apart from attributes; return whether there is something."""
        if is_a(item, decimal.Decimal):
            self.checks += [watching.bits_check(_precision)] if self._once(decimal.Decimal) else []
        elif is_a(item, BaseException):
            self._fields(item, self.given)
        elif is_a(item, weakref.finalize):  # its state is in its class
            self.reasons.append("it reads a finalizer")
        elif is_a(item, bytearray, array.array, np.void):  # the last is a view of an array's row
            self.checks.append(watching.bits_check(lambda: memoryview(item).tobytes()))
        elif is_a(item, io.StringIO, io.BytesIO):
            kind: Any = io.StringIO if is_a(item, io.StringIO) else io.BytesIO
            self.checks.append(watching.bits_check(lambda: (kind.getvalue(item), kind.tell(item))))
        elif is_a(item, _FILE):
            reads = self.given & READING or static.attribute_of_class(type(item), "readable")(item)
            self.reasons += ["it reads a file"] if reads else []
        else:
            return False
        return True

    # Functions and modules.

    def _function(self, function: FunctionType) -> None:
        if function.__dict__ or self.by_any_name:
            self._attributes(function)
        self._fields(function, self.given & _OF_FUNCTIONS)
        written_in = static.written_in(function)
        is_librarys = self._is_library(written_in) if written_in else False
        if is_librarys and self._is_library(function.__module__ or "") and static.is_found_by_name(function):
            return
        if function.__kwdefaults__:
            self.waiting.append(function.__kwdefaults__)
        self.waiting += function.__defaults__ or ()
        inside = [self._cell(cell) for cell in function.__closure__ or ()]
        if is_librarys or function.__code__.co_filename.startswith(GENERATED):
            return
        self.checks.append(watching.function_check(function))
        self.kept += (function.__code__, function.__defaults__)
        named, space = named_by(function.__code__), function.__globals__
        self.names |= named.every
        self._space(space, named.read)
        builtin = space.get("__builtins__", {})
        builtin = space_of(builtin) if is_a(builtin, ModuleType) else builtin
        self._space(builtin, {name for name in named.read if name not in space and name in builtin})
        self._space(sys.modules, set(named.imported_in(space)))
        for module in (*named.modules(space), *(item for item in inside if is_a(item, ModuleType))):
            self._module(module, named)
        self.reasons += [f"it calls {name}" for name in sorted(named.impure(space))]

    def _cell(self, cell: CellType) -> Any:
        """Watch a closure's variable and return its content, which may be unassigned."""
        self.checks.append(watching.cell_check(cell))
        held = watching.inside(cell)
        if held is not static.NOTHING:
            self.waiting.append(held)
        self.kept.append(held)
        return held

    def _module(self, module: ModuleType, named: Named) -> None:
        """Watch the entries of a module, and of modules in it, that a function's code names."""
        if not self._once((id(module), named.every), module):
            return
        space = space_of(module)
        name = _text(space.get("__name__"))
        names = (named.every | {"__getattr__"}) & space.keys()
        self._class(type(module))
        if is_core(name):  # its functions do not change, unlike its clocks and random generators
            kept = (type, FunctionType, BuiltinFunctionType, ModuleType)
            own = {name for name in names if is_a(space[name], *kept)}
            self._space(space, names - own)
            self._space(space, own, inside=False)  # unless they are replaced
            self.waiting += [space[name] for name in names if type(space[name]) is BuiltinFunctionType]
        else:
            everything = self.by_any_name and not self._is_library(name)
            self._space(space, space.keys() if everything else names)
            kind = type(module)
            self.checks += [] if self._is_library(name) else [lambda: type(module) is not kind]
        for name in names:
            if is_a(space[name], ModuleType):
                self._module(space[name], named)

    def _builtin(self, function: Any) -> None:
        owner = function.__self__
        if not is_a(owner, ModuleType):
            self.waiting.append(owner)
        elif (name := _text(static.attribute(owner, "__name__"))) in IMPURE_MODULES:
            self.reasons.append(f"it calls {name}.{function.__name__}")

    # Namespaces, containers and objects.

    def _space(self, space: Mapping[str, Any], names: Any, inside: bool = True) -> None:
        """Watch the entries of a namespace with these names, also inside, and the absence of the others."""
        names = [name for name in names if name in self.given or not _is_written_by_python(name)]
        present = tuple(sorted(name for name in names if name in space and name != "__builtins__"))
        missing = frozenset(name for name in names if name not in space)
        if present:
            self.checks.append(watching.entries_check(space, present))
            was = [space[name] for name in present]
            self.kept += was
            self.waiting += [item for item in was if inside and not is_a(item, ModuleType)]
        if missing:
            self.checks.append(watching.absence_check(space, missing))

    def _container(self, item: Any) -> None:
        by_value = watching.literal_check(item)
        if by_value is not None:
            if type(item) is not tuple or any(type(part) in (list, dict, tuple) for part in item):
                self.checks.append(by_value)
            return
        if not is_a(item, tuple, frozenset):
            self.checks.append(watching.container_check(item))
        self.waiting += static.held(item)
        if id(type(item)) not in _PLAIN:
            self._fields(item, ("default_factory",))

    def _array(self, item: Any) -> None:
        """Watch an array's shape, dtype and bits, and the objects in it."""
        own = type(item) is np.ndarray

        def state() -> Any:
            numbers = item if own else static.as_ndarray(item)
            return numbers.shape, numbers.dtype, numbers.tobytes()

        self.checks.append(watching.bits_check(state))
        numbers = static.as_ndarray(item)
        if numbers.dtype.hasobject:
            fields = [numbers[name] for name in numbers.dtype.names or ()]
            self.waiting += fields or numbers.ravel().tolist()
            self.kept += fields

    def _class(self, kind: type, makes: bool = False) -> None:
        """Watch the attributes of a class and its bases, including methods that Python calls implicitly.

        With `makes`, the class itself is captured, of which objects may be made.
        """
        makes = makes or not self.given.isdisjoint((static.name_of(kind), "type", "__class__"))
        if is_python(type(kind)):
            self.waiting.append(type(kind))
        if is_a(kind, abc.ABCMeta) and not self.given.isdisjoint(("isinstance", "issubclass")):
            self.checks += [watching.bits_check(abc.get_cache_token)] if self._once(abc.ABCMeta) else []
            if is_a(kind, typing._ProtocolMeta):
                self.names |= {name for name in space_of(kind) if not name.startswith("_")}
        if not is_python(kind) or not self._once((id(kind), makes), kind):
            return
        self.checks.append(watching.bases_check(kind))
        own = ("__name__", "__qualname__")
        fields = [type.__dict__[name] for name in own if name in self.given or self.shows]
        self.checks += [watching.slot_check(kind, field) for field in fields]
        for base in bases(kind):
            if (
                not self._once((id(base), makes, "base"), base)
                or not is_python(base)
                or is_defined_by_core(base)
            ):
                continue
            space = space_of(base)
            special = specials(space, makes, self.shows)
            names = {name for name in special if name not in space or is_called(space[name])}
            names |= {"_member_map_"} if is_a(base, enum.EnumMeta) else set()
            self._space(space, names | self.given | (space.keys() if self.by_any_name else overriding(base)))
            self.checks += [watching.bits_check(partial(tuple, space))] if self.by_any_name else []

    def _getter(self, item: Any) -> None:
        """Note the names that an attrgetter or a methodcaller reads, and watch a method's arguments."""
        _, (first, *more), *_ = item.__reduce__()
        named = (first, *more) if is_a(item, operator.attrgetter) else (first,)
        self.names |= {part for name in named if type(name) is str for part in name.split(".")}
        self.waiting += more

    def _has_known_state(self, item: Any, kind: type) -> bool:
        """Watch an object's hidden state; return whether its class and attributes must be watched too."""
        if (wrapped := static.attribute(item, "__wrapped__")) is not None:
            self.waiting.append(wrapped)
            if is_a(item, functools._lru_cache_wrapper):
                cache: Any = item
                self.checks.append(watching.bits_check(lambda: (cache.cache_info()[1], cache.cache_info()[3])))
                self.waiting += gc.get_referents(item)
            if not is_python(kind) or is_core(module_of(kind)):
                return False
        if any(not is_python(base) and id(base) not in _SHOWN for base in bases(kind)):
            check = watching.pickle_check(item)
            if check is None:
                self.reasons.append(f"it reads {described(kind)}")
                return False
            self.checks.append(check)
        return True

    def _attributes(self, item: Any, named_only: bool = False) -> None:
        kind = self._kind(type(item))
        everything = not named_only and (self.by_any_name or kind.is_of_library)
        if kind.reader is not None:
            own = kind.reader(item)
            self.checks.append(watching.attributes_check(item, None if everything else self.given))
            self.kept += (*own.values(),)
            self.waiting += [own[name] for name in own if everything or name in self.given]
        elif kind.hides_attributes:
            self.reasons.append(f"it reads {described(type(item))}, which hides its attributes")
        if kind.slots:
            self._fields(item, [name for name in kind.slots if everything or name in self.given])

    def _fields(self, item: Any, names: Any) -> None:
        """Watch slots, and fields of extension types."""
        for name in names:
            field = static.attribute_of_class(type(item), name)
            if type(field) in static.COMPILED:
                self.checks.append(watching.slot_check(item, field))
                held = static.slot(item, field)
                self.kept.append(held)
                if held is not static.NOTHING:
                    self.waiting.append(held)


def _text(item: Any) -> str:
    return item if type(item) is str else ""


def _precision() -> Any:
    """Return the part of this thread's decimal context that results depend on."""
    context = decimal.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, context.clamp


def _is_written_by_python(name: str) -> bool:
    """Return whether Python itself creates an entry of a module's or a class's namespace."""
    return name in ("__builtins__", "__dict__", "__weakref__", "__doc__", "__annotations__")
