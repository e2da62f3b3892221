"""What a function finds around it: recorded as it is, and looked at again at each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial
from operator import is_
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ..recording import is_number

_OWN = __name__.partition(".")[0]
_NOTHING = object()
_UNCHANGING = (ModuleType, type, BuiltinFunctionType)


class Outside:
    """The numbers, texts, functions and other objects that a function names, as they were.

    It looks into closures, into globals, into the attributes of a method's own object, and does the
    same for every Python function that it finds there. Numbers in lists, dicts and numpy arrays
    count; what lies deeper, in the attributes of other objects, does not.

    >>> scale = 2.0
    >>> outside = Outside(lambda x: scale * x)
    >>> outside.changed()
    False
    """

    def __init__(self, f: Any) -> None:
        self._cells: list[tuple[CellType, Any]] = []
        self._names: list[tuple[Mapping[str, Any], str, Any]] = []
        self._contents: list[Callable[[], bool]] = []
        self._seen: set[int] = set()
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
        if id(item) in self._seen:
            return
        self._seen.add(id(item))
        if isinstance(item, partial):
            self._waiting.append(item.func)
            for part in (*item.args, *item.keywords.values()):
                self._note(part)
        elif isinstance(item, MethodType):
            self._function(item.__func__, getattr(item.__self__, "__dict__", {}))
        elif isinstance(item, FunctionType):
            self._function(item, {})
        elif hasattr(item, "__wrapped__"):
            self._waiting.append(item.__wrapped__)
        elif isinstance(call := getattr(type(item), "__call__", None), FunctionType):  # noqa: B004
            self._function(call, getattr(item, "__dict__", {}))

    def _function(self, function: Any, attributes: Mapping[str, Any]) -> None:
        if (function.__module__ or "").partition(".")[0] == _OWN:
            return
        code = function.__code__
        names = set(_names(code))
        for cell in function.__closure__ or ():
            self._cells.append((cell, _inside(cell)))
            self._note(_inside(cell))
        for found in (function.__globals__, attributes):
            for name in sorted(names & found.keys()):
                if not isinstance(found[name], _UNCHANGING) and not _is_own(found[name]):
                    self._names.append((found, name, found[name]))
                    self._note(found[name])

    def _note(self, item: Any) -> None:
        if (unchanged := _unchanged(item)) is not None:
            self._contents.append(unchanged)
        elif callable(item) and not isinstance(item, _UNCHANGING):
            self._waiting.append(item)


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
