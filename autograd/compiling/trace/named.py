"""The names in a function's code: globals, attributes, modules, and calls that cannot be watched."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from ..static import is_a

BY_ANY_NAME = frozenset(
    """getattr hasattr vars dir attrgetter methodcaller __dict__ __getattribute__ asdict astuple replace fields
    eval exec locals globals copy deepcopy getmembers signature unwrap""".split()
)
"""Names that can read attributes which the code does not name."""
IMPURE_MODULES = frozenset("time posix nt _io io _random sys gc _thread".split())
_IMPURE_BUILTINS = frozenset(("open", "input", "eval", "exec", "globals", "__import__"))
_IMPURE_ATTRIBUTES = frozenset(
    """read_text read_bytes getenv urandom import_module getcontext localcontext exists isfile isdir is_file
    is_dir stat iterdir getsize getmtime loadtxt genfromtxt fromfile read_csv getline getlines active_count
    isEnabledFor getEffectiveLevel getdoc get_type_hints get_annotations
    uuid1 uuid4 SystemRandom randbelow randbits token_bytes token_hex geterr get_printoptions locked
    __subclasses__""".split()
)
_SEEDED = frozenset(("default_rng", "SeedSequence", "RandomState", "Random"))
_NO_USE = frozenset(("CACHE", "PRECALL", "PUSH_NULL", "EXTENDED_ARG"))
"""Instructions between a name and its call."""
READING = frozenset("read readline readlines readinto readall tell closed".split())
"""Methods that read a file, and what else is known of one that is only written."""
SHOWING = frozenset("str repr format ascii print dump dumps copy deepcopy".split())
"""Functions that call `__str__`, `__reduce__` and their like."""
_CLOCKS, _WITH_CLOCKS = frozenset(("now", "utcnow", "today")), frozenset(("datetime", "date"))


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
            if is_a(space[name], ModuleType):
                yield space[name]
        for name in self.imported_in(space):
            if name in sys.modules:
                yield sys.modules[name]

    def imported_in(self, space: Mapping[str, Any]) -> Iterator[str]:
        """Yield the full names of the modules that the function may import."""
        package = space.get("__package__") or ""
        for name in sorted(self.imported):
            yield name
            if package:
                yield f"{package}.{name}"

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
    instructions = [each for each in dis.get_instructions(code) if each.opname not in _NO_USE]
    for instruction, following in zip(instructions, [*instructions[1:], instructions[-1]], strict=True):
        if instruction.argval in _SEEDED and following.opname.startswith("CALL") and following.arg == 0:
            every.add("urandom")  # a generator without a seed
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(instruction.argval)
        elif instruction.opname == "IMPORT_NAME":
            imported.add(instruction.argval)
            imported |= set(code.co_names) if not instruction.argval else set()  # from . import these
        elif instruction.opname == "MATCH_CLASS":
            every |= {"getattr", "isinstance"}  # case Point(0, y) reads attributes that the class names
        elif instruction.opname.startswith("FORMAT_"):
            every.add("format")
    if any(type(constant) is str and "%" in constant for constant in code.co_consts):
        every.add("format")
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
