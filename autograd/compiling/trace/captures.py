"""What a function finds around it: recorded as it is, and looked at again at each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial
from operator import is_
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ...recording import is_number

_OWN = __name__.partition(".")[0]
_NOTHING = object()
_UNCHANGING = (ModuleType, type, BuiltinFunctionType)


class Outside:
    """The numbers, texts, functions and other objects that a function names, as they were.

    It looks into closures, into globals, into those attributes of the objects and modules there that
    the function names, and does the same for every Python function that it finds. Numbers in lists,
    dicts and numpy arrays count; what is read in other ways, such as by `getattr` or from a file, does not.

    >>> scale = 2.0
    >>> outside = Outside(lambda x: scale * x)
    >>> outside.changed()
    False
    """

    def __init__(self, f: Any) -> None:
        self._cells: list[tuple[CellType, Any]] = []
        self._names: list[tuple[Mapping[str, Any], str, Any]] = []
        self._contents: list[Callable[[], bool]] = []
        self._seen: set[Any] = set()
        self._waiting: list[Any] = [f]
        while self._waiting:
            self._look_at(self._waiting.pop())

    def changed(self) -> bool:
        """Whether anything is no longer what it was."""
        for cell, was in self._cells:
            if _inside(cell) is not was:
                return True
        for names, name, was in self._names:
            if names.get(name, _NOTHING) is not was:
                return True
        return any(not unchanged() for unchanged in self._contents)

    def forget_changes(self) -> None:
        """Watch no longer what has changed since: the function itself writes it, as a log or a count."""
        self._cells = [(cell, was) for cell, was in self._cells if _inside(cell) is was]
        self._names = [(names, name, was) for names, name, was in self._names if names.get(name) is was]
        self._contents = [unchanged for unchanged in self._contents if unchanged()]

    def _look_at(self, item: Any) -> None:
        method = isinstance(item, MethodType)  # made anew at each look
        key: Any = (id(item.__func__), id(item.__self__)) if method else id(item)
        if key in self._seen:
            return
        self._seen.add(key)
        if isinstance(item, partial):
            self._waiting.append(item.func)
            for part in (*item.args, *item.keywords.values()):
                self._note(part)
        elif isinstance(item, MethodType):
            self._function(item.__func__, item.__self__)
        elif isinstance(item, FunctionType):
            self._function(item)
        elif hasattr(item, "__wrapped__"):
            self._waiting.append(item.__wrapped__)
        elif isinstance(call := getattr(type(item), "__call__", None), FunctionType):  # noqa: B004
            self._function(call, item)

    def _function(self, function: Any, owner: Any = None) -> None:
        if (function.__module__ or "").partition(".")[0] == _OWN:
            return
        code = function.__code__
        names = frozenset(_names(code))
        for cell in function.__closure__ or ():
            self._cells.append((cell, _inside(cell)))
            self._note(_inside(cell), names)
        self._read(function.__globals__, names)
        self._attributes(owner, names)

    def _read(self, found: Mapping[str, Any], names: frozenset[str]) -> None:
        """What a function reads of its globals, or of the attributes of an object, by the names in its code."""
        for name in sorted(names & found.keys()):
            item = found[name]
            if isinstance(item, ModuleType):
                self._attributes(item, names)
            elif not isinstance(item, _UNCHANGING) and not _is_own(item):
                self._names.append((found, name, item))
                self._note(item, names)

    def _attributes(self, item: Any, names: frozenset[str]) -> None:
        """The attributes of an object or module that a function names, and the methods among them."""
        own, key = getattr(item, "__dict__", None), (id(item), names)
        if own is None or key in self._seen or isinstance(item, FunctionType) or _is_of_ours(item):
            return
        self._seen.add(key)
        self._read(own, names)
        if not isinstance(item, ModuleType):
            methods = (getattr(type(item), name, None) for name in sorted(names))
            self._waiting += [MethodType(each, item) for each in methods if isinstance(each, FunctionType)]

    def _note(self, item: Any, names: frozenset[str] = frozenset()) -> None:
        if (unchanged := _unchanged(item)) is not None:
            self._contents.append(unchanged)
            return
        if callable(item) and not isinstance(item, _UNCHANGING):
            self._waiting.append(item)
        if isinstance(item, ModuleType) or not isinstance(item, _UNCHANGING):
            self._attributes(item, names)


def _inside(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a variable that has no value yet
        return _NOTHING


def _names(code: CodeType) -> Iterator[str]:
    """The globals and attributes that a function names, with those of the functions written inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_of_ours(item: Any) -> bool:
    """Whether it is a module of this library, or an object of one of its classes."""
    name = item.__name__ if isinstance(item, ModuleType) else type(item).__module__
    return str(name).partition(".")[0] == _OWN


def _is_own(item: Any) -> bool:
    return str(getattr(item, "__module__", "")).partition(".")[0] == _OWN and callable(item)


def _unchanged(item: Any) -> Callable[[], bool] | None:
    """A question whether a list, dict or array of numbers is what it was; None for anything else."""
    if hasattr(item, "tobytes") and hasattr(item, "ndim"):
        bits = item.tobytes()
        return (lambda: bool(item.tobytes() == bits)) if item.ndim else None
    if not isinstance(item, dict | list | tuple):
        return None
    if _of_numbers(item):  # the same objects as in the copy, while nothing changes: compared in no time
        copy = deepcopy(item)
        return lambda: bool(item == copy)
    parts = list(item.values()) if isinstance(item, dict) else list(item)
    questions = [_unchanged(part) for part in parts if not is_number(part)]
    if None in questions:
        return None
    return lambda: _same_objects(item, parts) and all(question() for question in questions if question)


def _same_objects(item: Any, parts: list[Any]) -> bool:
    now = list(item.values()) if isinstance(item, dict) else item
    return len(now) == len(parts) and all(map(is_, now, parts))


def _of_numbers(item: Any) -> bool:
    """Whether there are numbers alone in lists, dicts and tuples."""
    if isinstance(item, dict):
        return all(map(_of_numbers, item.values()))
    return all(map(_of_numbers, item)) if isinstance(item, list | tuple) else is_number(item)
