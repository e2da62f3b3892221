"""What a call of a compiled function gives and asks for: the arguments, their forms, and the derivatives."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ..terminal import quoted
from ..value import Value
from .naming import Arguments, Names
from .run.query import Query
from .trace.arguments import described, shapes


class Signature:
    """The names of a function's arguments, and which of them are batched.

    >>> signature = Signature(lambda x, w: w * x, Names("f", ("x", "w")), batched="x")
    >>> signature.bound((1.0,), {"w": 2.0}), signature.is_batched(0), signature.is_batched(1)
    ((1.0, 2.0), True, False)
    """

    def __init__(self, f: Any, names: Names, batched: Arguments) -> None:
        self.f: Any = f
        self.names = names
        self.batched: Arguments = batched
        self._rows: frozenset[int] | None = None
        """The positions of the batched arguments; None for all."""
        if batched != "all":
            self._rows = frozenset(names.positions(batched, "batched"))

    def is_batched(self, position: int) -> bool:
        """Return whether the argument at a position is batched."""
        return self._rows is None or position in self._rows

    def batched_of_method(self) -> Arguments:
        """Return the option `batched` for the function without its first argument, self."""
        if self._rows is None:
            return "all"
        items = self.names.items(self.batched, "batched")
        return [item - 1 if isinstance(item, int) and item > 0 else item for item in items]

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return all arguments by position. Raises TypeError for a keyword-only one, and as Python does."""
        bound = inspect.signature(self.f).bind(*args, **kwargs)
        if bound.kwargs:
            raise TypeError(
                f"{self.names.shown} has the keyword-only parameter {', '.join(bound.kwargs)}: compile a "
                "lambda with positional parameters instead"
            )
        return bound.args

    def query(self, what: str, wrt: Any, per_row: bool, args: tuple[Any, ...]) -> Query:
        """Return the query of a method; without `wrt` for all arguments.

        Raises ValueError if `wrt` names an unknown argument or one twice, TypeError for captured Values where
        there are no derivatives with respect to them.
        """
        if wrt is None:
            return Query(what, tuple(range(len(args))), len(args) == 1, per_row)
        bare = isinstance(wrt, str | int)
        items = self.names.items(wrt, "wrt")
        if items and all(isinstance(item, Value) for item in items):
            if what in ("hessian", "hvp"):
                raise TypeError(f"{what} does not take captured Values in wrt: make them arguments of f")
            return Query(what, (), False, per_row, tuple(items))
        positions = self.names.positions(items, "wrt", len(args))
        if len(set(positions)) < len(positions):
            raise ValueError(f"wrt={quoted(wrt)} names an argument twice")
        return Query(what, positions, bare, per_row)

    def forms(self, query: Query, args: Sequence[Any]) -> tuple[Any, ...]:
        """Return the forms of all arguments, followed for hvp by those of the vectors.

        Raises TypeError for arguments that are not real numbers, ValueError for a vector of another shape.
        """
        count = len(args) - (len(query.wrt) if query.what == "hvp" else 0)
        forms = [
            described(argument, self.is_batched(k), self.names.called(k))
            for k, argument in enumerate(args[:count])
        ]
        for k, vector in zip(query.wrt, args[count:], strict=False):
            form = described(vector, self.is_batched(k), f"the vector for {self.names.called(k)}")
            if shapes(form) != shapes(forms[k]):
                raise ValueError(
                    f"hvp needs a vector shaped like {self.names.called(k)}, {shapes(forms[k])}"
                    f"{' in each row' if self.is_batched(k) else ''}, got {shapes(form)}"
                )
            forms.append(form)
        return tuple(forms)
