"""The names of a function and its arguments, and the arguments that an option selects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..terminal import brief, quoted
from .static import attribute, name_of

Arguments = str | int | Sequence[str | int]
"""Arguments of a function: one or several, by name or position, or "all"."""
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Names:
    """The names of a function's arguments; those of `*args` have no names.

    >>> names = Names("f", ("x", "w"))
    >>> names.positions(["w", -2], "wrt")
    (1, 0)
    """

    def __init__(self, function: str, arguments: tuple[str, ...]) -> None:
        self.function: str = function
        self.shown: str = brief(function)
        """The function's name for a message."""
        self.arguments: tuple[str, ...] = arguments

    @classmethod
    def of(cls, f: Callable[..., Any]) -> Names:
        """Return the names of a Python function."""
        found = attribute(f, "__name__")
        name = found if type(found) is str else name_of(type(f))
        try:
            parameters = inspect.signature(f).parameters.values()
        except Exception:  # a callable object may raise anything for __signature__
            return cls(name, ())
        return cls(name, tuple(parameter.name for parameter in parameters if parameter.kind in _POSITIONAL))

    def called(self, position: int) -> str:
        """Return the name of an argument for messages."""
        return self.arguments[position] if position < len(self.arguments) else f"argument {position}"

    def positions(self, given: Any, option: str, count: int | None = None) -> tuple[int, ...]:
        """Return the positions of the arguments that an option selects: one, or several in a list.

        Raises TypeError for anything but names and positions, ValueError for an unknown argument.
        """
        return tuple(self._position(item, option, count) for item in self.items(given, option))

    def items(self, given: Any, option: str) -> list[Any]:
        """Return the items of an option as a list. Raises TypeError for anything but names and positions."""
        if isinstance(given, str | int) and not isinstance(given, bool):
            return [given]
        if isinstance(given, set | frozenset) and option == "wrt":
            raise TypeError(f"wrt must be a list, which orders the gradients, got the set {quoted(given)}")
        if isinstance(given, list | tuple | set | frozenset | range):
            return list(given)
        raise TypeError(
            f"{option} takes a name or position, or several in a list, got {quoted(given)}: {self.shown} "
            f"takes {self._known(option)}"
        )

    def _position(self, item: Any, option: str, count: int | None) -> int:
        """Return the nonnegative position of an argument given by name or position."""
        count = len(self.arguments) if count is None else count
        if isinstance(item, str) and item in self.arguments:
            return self.arguments.index(item)
        if isinstance(item, int) and not isinstance(item, bool):
            if -count <= item < count:
                return item % count
            if not self.arguments:
                return item
        raise ValueError(
            f"{option}={quoted(item)} is not an argument of {self.shown}, which takes {self._known(option)}"
        )

    def _known(self, option: str) -> str:
        return ", ".join(self.arguments) or f"arguments without names: give positions, such as {option}=0"
