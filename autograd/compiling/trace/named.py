"""The names in a function's code: globals, attributes, modules, and calls that cannot be watched."""

from __future__ import annotations

import datetime
import decimal
import dis
import enum
import fractions
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from threading import local
from types import CodeType, GenericAlias, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ...ops.op import Op

_OWN = __name__.partition(".")[0]
_CORE = frozenset((*sys.stdlib_module_names, _OWN, "nn", "numpy", "scipy", "llvmlite")) - {"__main__"}
_INSTALLED = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
BY_ANY_NAME = frozenset(
    """getattr hasattr vars dir attrgetter methodcaller __dict__ __getattribute__ asdict astuple replace eval
    exec locals globals copy deepcopy getmembers""".split()
)
"""Names that can read attributes which the code does not name."""
IMPURE_MODULES = frozenset(("time", "posix", "nt", "_io", "io", "_random"))
_IMPURE_BUILTINS = frozenset(("open", "input", "eval", "exec", "globals", "__import__"))
_IMPURE_ATTRIBUTES = frozenset(
    ("read_text", "read_bytes", "getenv", "urandom", "import_module", "getcontext", "localcontext")
)
_CLOCKS, _WITH_CLOCKS = frozenset(("now", "utcnow", "today")), frozenset(("datetime", "date"))
_HARMLESS = frozenset(
    """logging threading _thread io _io re typing abc pathlib datetime decimal fractions numbers uuid warnings
    concurrent multiprocessing asyncio tqdm rich""".split()
)
"""Modules whose objects have no numbers that a function computes with, or only immutable ones."""
_FIXED = (
    type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented), CodeType,
    np.generic, np.dtype, np.ufunc, fractions.Fraction, decimal.Decimal, datetime.date, datetime.timedelta,
    enum.Enum, GenericAlias, GetSetDescriptorType, MemberDescriptorType, type(str.join), type(object.__init__),
    type((1).__add__), Op,
)  # fmt: skip
_FIXED_NAMES = frozenset(
    "PyCapsule cython_function_or_method fused_cython_function _ArrayFunctionDispatcher".split()
)


class Named(NamedTuple):
    """The names in a function's code and in that of the functions nested in it."""

    every: frozenset[str]
    """Globals and attributes, and strings that could be their names."""
    read: frozenset[str]
    """Names that are read as globals or builtins."""
    imported: frozenset[str]
    """Modules that are imported inside the function."""

    def modules(self, space: Mapping[str, Any]) -> Iterator[ModuleType]:
        """Yield the modules among the globals it reads, and those that it imports."""
        for name in sorted(self.read & space.keys()):
            if isinstance(space[name], ModuleType):
                yield space[name]
        for name in sorted(self.imported):
            package = space.get("__package__") or ""
            for full in (name, f"{package}.{name}"):
                if full in sys.modules:
                    yield sys.modules[full]

    def impure(self, space: Mapping[str, Any]) -> frozenset[str]:
        """Return the names it uses that read a file, the environment, a clock or arbitrary names."""
        found = (_IMPURE_BUILTINS & self.read - space.keys()) | (_IMPURE_ATTRIBUTES & self.every)
        if "Decimal" in self.every:
            found |= {"Decimal"}  # its precision depends on a context
        return found | (_CLOCKS & self.every if _WITH_CLOCKS & self.every else frozenset())


@lru_cache(4096)
def named_by(code: CodeType) -> Named:
    """Return the names in a code object.

    >>> sorted(named_by(compile("scale * model.weight", "", "eval")).every)
    ['model', 'scale', 'weight']
    """
    every, read, imported = {*code.co_names, *_texts(code.co_consts)}, set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(instruction.argval)
        elif instruction.opname == "IMPORT_NAME":
            imported.add(instruction.argval)
            imported |= set(code.co_names) if not instruction.argval else set()  # from . import these
        elif instruction.opname == "MATCH_CLASS":
            every.add("getattr")  # case Point(0, y) reads attributes that the class names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = named_by(constant)
            every |= inner.every
            read |= inner.read
            imported |= inner.imported
    return Named(frozenset(every), frozenset(read), frozenset(imported))


def _texts(constants: Any) -> Iterator[str]:
    """Yield the strings that could be a name, as in getattr(model, "scale")."""
    for constant in constants:
        if isinstance(constant, str) and constant.isidentifier():
            yield constant
        elif isinstance(constant, tuple | frozenset):
            yield from _texts(constant)


@cache
def is_core(module: str | None) -> bool:
    """Return whether a module has no state of the user: Python's, this library's or a dependency's.

    >>> is_core("math"), is_core("__main__")
    (True, False)
    """
    return (module or "").partition(".")[0] in _CORE


@cache
def is_library(module: str | None) -> bool:
    """Return whether a module is installed, so that its functions are assumed not to change.

    >>> is_library("numpy.linalg")
    True
    """
    if is_core(module):
        return True
    found = sys.modules.get(module or "")
    return str(getattr(found, "__file__", None) or "").startswith(_INSTALLED)


def is_fixed(item: Any) -> bool:
    """Return whether an object is immutable, or has nothing that a function computes with.

    >>> is_fixed(1.0), is_fixed([1.0])
    (True, False)
    """
    kind = type(item)
    if isinstance(item, type | local):
        return False
    if isinstance(item, _FIXED):
        return True
    return kind.__module__.partition(".")[0] in _HARMLESS or kind.__name__ in _FIXED_NAMES


_WHEN_MADE = frozenset(("__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"))
_WHEN_SHOWN = frozenset(("__repr__", "__str__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"))


def is_special(name: str, makes: bool) -> bool:
    """Return whether Python implicitly calls a method of that name: by operators or, if `makes`, creation.

    >>> is_special("__add__", makes=False), is_special("__init__", makes=False)
    (True, False)
    """
    if not (name.startswith("__") and name.endswith("__")) or name in _WHEN_SHOWN:
        return False
    return makes or name not in _WHEN_MADE
