"""The captures of a traced function, which are compared at each call.

A function reads closures, globals, defaults, attributes of objects, classes and modules, and the items
of lists, dicts, arrays and other containers, at any depth and through any helper. Everything that its
code names (`named.py`) is found before it is traced (`search.py`), and watched by identity
(`watching.py`); arrays and objects of extension types are compared by their bits. No code of an object
is run for this (`../static.py`), and no library is searched beyond what the code names. If something cannot
be watched, such as a clock or a file, the function is traced at every call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from .. import static
from .named import named_by
from .search import Search
from .watching import Check


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

    def __init__(self, f: Any, reads: Collection[str] = ()) -> None:
        """`reads` are reasons that earlier traces have shown."""
        names = named_by(f.__code__).every if type(f) is FunctionType else frozenset[str]()
        while True:  # the functions that are found name more attributes, by which more is found
            search = Search(f, names)
            if search.names <= names:
                break
            names |= search.names
        self.checks: list[Check] = search.checks
        """The checks that `changed` runs in turn; each may raise if its object cannot be read any more."""
        self._kept = search.kept
        """All objects that were visited, kept alive so that their ids are not reused."""
        self.reasons: tuple[str, ...] = ()
        """The reasons why the function must be traced at each call; usually none."""
        self.add_reasons([*search.reasons, *sorted(reads)])

    def add_reasons(self, reasons: Collection[str]) -> None:
        """Add reasons why the function must be traced at each call."""
        if reasons and not self.reasons:
            self.checks.append(lambda: True)
        self.reasons = tuple(dict.fromkeys((*self.reasons, *reasons)))

    def reach_a_library(self) -> bool:
        """Return whether one of them belongs to a library that may read files, and so on, without saying so."""
        return any(
            name.partition(".")[0] not in _READING_NOTHING and static.is_library(name)
            for name in _modules_of(self._kept)
        )

    def changed(self) -> bool:
        """Return whether anything has changed, or cannot be watched."""
        return any(check() for check in self.checks)


_READING_NOTHING = frozenset(
    """autograd nn builtins math cmath operator itertools functools collections numbers typing types enum abc
    dataclasses copy random statistics fractions decimal string""".split()
)
"""Packages that read nothing from outside."""


def _modules_of(items: Iterable[Any]) -> set[str]:
    """Return the names of the modules of functions and classes, and of the classes of other objects."""
    found: set[Any] = set()
    kinds: dict[int, type] = {}  # by id, since a metaclass may define __eq__
    metaclasses: set[int] = set()
    for item in items:
        kind = type(item)
        if kind is FunctionType or kind is BuiltinFunctionType:
            found.add(item.__module__)
        elif kind is ModuleType:
            found.add(static.attribute(item, "__name__"))
        else:
            if id(kind) not in kinds:
                kinds[id(kind)] = kind
                metaclasses |= {id(kind)} if static.is_subclass(kind, type) else set()
            if id(kind) in metaclasses:
                kinds[id(item)] = item
    return {name for name in (*found, *map(static.module_of, kinds.values())) if type(name) is str}
