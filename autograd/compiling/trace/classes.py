"""What the search for captured state must know of classes: which objects to look into, and for which names."""

from __future__ import annotations

import datetime
import fractions
from collections.abc import Callable, Collection, Mapping
from types import CodeType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

import numpy as np

from .. import static
from ..static import (
    bases,
    is_a,
    is_core,
    is_found_by_name,
    is_python,
    is_subclass,
    module_of,
    name_of,
    namespace,
)

_HARMLESS = frozenset("logging _thread io _io re typing abc pathlib numbers uuid warnings tqdm rich".split())
"""Modules whose objects have no state that a function computes with, or only immutable state."""
_FIXED = frozenset(map(id, (  # ids, since a metaclass may define __eq__ and __hash__
    type(None), bool, int, float, complex, str, bytes, range, type(...), type(NotImplemented), CodeType,
    fractions.Fraction, datetime.date, datetime.timedelta, datetime.timezone, GetSetDescriptorType,
    MemberDescriptorType, type(str.join), type(object.__init__), type((1).__add__),
)))  # fmt: skip
_FIXED_NAMES = frozenset(
    "PyCapsule cython_function_or_method fused_cython_function _ArrayFunctionDispatcher _lru_list_elem".split()
)


class Kind:
    """What a search must know of a class, found once for all of its objects."""

    def __init__(self, kind: type, is_library: Callable[[str], bool]) -> None:
        self.is_fixed = is_fixed(kind)
        self.reader = static.reader(kind)
        has_attributes = static.attribute_of_class(kind, "__dict__") is not static.NOTHING
        self.hides_attributes = self.reader is None and has_attributes
        in_python = [base for base in bases(kind) if is_python(base)]
        self.is_of_library = any(is_library(module_of(base)) for base in in_python)
        self.slots: tuple[str, ...] = ()
        if is_python(kind):
            spaces = [space_of(base).items() for base in bases(kind)]
            self.slots = tuple(
                name for space in spaces for name, field in space if type(field) is MemberDescriptorType
            )


def is_fixed(kind: type) -> bool:
    """Return whether the objects of a class and all their attributes are immutable.

    >>> is_fixed(float), is_fixed(list)
    (True, False)
    """
    if id(kind) in _FIXED or name_of(kind) in _FIXED_NAMES:
        return True
    return not is_python(kind) and is_subclass(kind, np.generic, np.dtype) and not is_subclass(kind, np.void)


def is_harmless(kind: type) -> bool:
    """Return whether a function can only compute with the attributes of a class's objects that it names."""
    module = module_of(kind).partition(".")[0]
    return module in _HARMLESS and (not is_python(kind) or is_found_by_name(kind))


_WHEN_MADE = frozenset(("__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"))
_WHEN_SHOWN = frozenset(
    "__repr__ __str__ __format__ __reduce__ __reduce_ex__ __getstate__ __setstate__".split()
)
_IMPLICIT = frozenset(
    f"__{name}__"
    for name in """getattr getattribute call len iter next bool contains getitem missing eq ne lt le gt ge hash
    float int index round abs neg pos add radd sub rsub mul rmul truediv rtruediv pow rpow mod rmod array enter
    exit get set setattr delattr setitem delitem reversed bytes complex length_hint divmod matmul trunc floor
    ceil""".split()
)
"""Methods that a class may be given later."""


def specials(space: Collection[str], makes: bool, shows: bool) -> frozenset[str]:
    """Return the names of methods that Python calls implicitly, which a class has or may be given later.

    They are called by operators; if `makes`, when an object is created; if `shows`, when it becomes a text.

    >>> added = specials({"__complex__", "__dir__", "__init__", "k"}, makes=False, shows=False)
    >>> sorted(added - specials((), makes=False, shows=False))
    ['__dir__']
    """
    own = {name for name in space if name.startswith("__") and name.endswith("__")}
    found = _IMPLICIT | own | (_WHEN_MADE if makes else set()) | (_WHEN_SHOWN if shows else set())
    return found - (set() if makes else _WHEN_MADE) - (set() if shows else _WHEN_SHOWN)


def space_of(item: Any) -> Mapping[str, Any]:
    """Return the namespace of a module, class or object, empty where it has none.

    >>> space_of(1.0)
    {}
    """
    found = namespace(item)
    return {} if found is None else found


def described(kind: type) -> str:
    """Return how an error names an object of a class.

    >>> described(datetime.date)
    'an object of type datetime.date'
    """
    return f"an object of type {module_of(kind)}.{name_of(kind)}"


def is_defined_by_core(kind: type) -> bool:
    """Return whether a class is defined by Python or a dependency, not created by one of their functions."""
    return is_core(module_of(kind)) and is_found_by_name(kind)


def is_called(item: Any) -> bool:
    """Return whether an entry of a class may be called, or computes an attribute.

    >>> is_called(property(len)), is_called(2.0)
    (True, False)
    """
    return callable(item) or is_a(item, staticmethod, classmethod, property)


def overriding(kind: type) -> set[str]:
    """Return the methods of a class by which it replaces those of a library, which may call them."""
    above = [space_of(base) for base in bases(kind)[1:] if is_defined_by_core(base)]
    return {name for name in space_of(kind) if any(name in space for space in above)} - {*space_of(object)}
