"""Operands: which objects are numbers or conditions, and which elements of a sequence have an edge."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Sequence
from numbers import Real
from typing import Any, NoReturn

from ..nested import is_array
from ..terminal import brief, quoted
from .table import TABLE


def is_number(operand: object) -> bool:
    """Return whether an object is a plain real number: not a bool, a complex number or a string."""
    kind = operand.__class__
    return kind is int or kind is float or (isinstance(operand, Real) and kind is not bool)


def is_truth(operand: object) -> bool:
    """Return whether an object is a bool, Python's or numpy's: what comparing two numbers gives."""
    return operand.__class__ is bool or type(operand).__name__ in ("bool", "bool_")


def is_plain(operand: object) -> bool:
    """Return whether an object is a plain operand: a real number, or a bool, which counts as 1 or 0.

    So a comparison can be a mask, as in numpy: `(x > 0) * y`.
    """
    return is_number(operand) or is_truth(operand)


def as_float(operand: Any) -> float:
    """Return a plain operand as a float. Raises TypeError for anything else.

    >>> as_float(True), as_float(2)
    (1.0, 2.0)
    """
    return float(operand) if is_truth(operand) else number(operand)


def number(operand: Any, expected: str = "a real number or a Value") -> float:
    """Return a plain number as a float. Raises TypeError, which says what is allowed, for anything else."""
    if is_number(operand):
        return float(operand)
    if operand.__class__ is Identity:
        operand._refuse()
    if is_array(operand):
        shape = getattr(operand, "shape", ())
        advice = "its numbers with a.ravel()" if shape else "its number with a.item()"
        raise TypeError(f"expected {expected}, not an array of shape {shape}: pass {advice}")
    kind = brief(type(operand).__name__)
    advice = ": give its number, value.data" if hasattr(operand, "_data") and kind == "Value" else ""
    raise TypeError(f"expected {expected}, not {quoted(operand)} of type {kind}{advice}")


class Identity:
    """The result of == and != for a Value: a bool that compares nodes, not numbers, and says so.

    As a condition of `where`, or as a number, it raises TypeError.

    >>> Identity(False)
    False (== and != compare nodes: for their numbers use .data)
    """

    __slots__ = ("same",)

    def __init__(self, same: bool) -> None:
        self.same = same

    def __bool__(self) -> bool:
        return self.same

    def __repr__(self) -> str:
        return f"{self.same} (== and != compare nodes: for their numbers use .data)"

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(
            "== and != compare whether two Values are the same node, not their numbers: they cannot be a "
            "condition, or count as 1 or 0. Use <, <=, > or >=, as in where(x >= 1.0, ...), or compare x.data"
        )

    __and__ = __or__ = __xor__ = __rand__ = __ror__ = __rxor__ = __invert__ = _refuse
    __add__ = __sub__ = __mul__ = __truediv__ = __pow__ = __neg__ = __pos__ = __abs__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __int__ = __float__ = __index__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = object.__hash__


DIFFERENT, NOT_THE_SAME = Identity(False), Identity(True)


def no_number() -> str:
    """Return the message of the TypeError for a Value that is converted to a Python number."""
    frame, name = sys._getframe(2), "sin"
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    found = re.search(r"\b(?:math|cmath|np|numpy)\.(\w+)\(", line)
    if found and found[1] in TABLE:
        name = found[1]
    return (
        f"a Value cannot be converted to a Python number, which would have no gradient. Read the number with "
        f"value.data, as in round(value.data, 2); to keep the gradient use autograd's functions, such as "
        f"autograd.{name}(value) instead of math.{name}(value)"
    )


def truth(operand: Any) -> float:
    """Return a condition as a number: a bool (numpy's too) becomes 1 or 0."""
    if operand.__class__ is int and operand in (-1, -2):
        raise TypeError(f"the condition is {operand}: ~ of a bool is a nonzero int, always true. {NEGATION}")
    return as_float(operand)


NEGATION = "Write the opposite comparison, x <= 0 for ~(x > 0), or 1 - (x > 0)"
"""The advice for ~ of a comparison, which Python's bool has in another meaning."""


def masked(partials: Sequence[float], edges: list[bool] | None) -> Sequence[float | None]:
    """Return the partials of a variadic operand, None for the elements that have no edge."""
    if edges is None:
        return partials
    if not edges:
        return [None] * len(partials)
    return [partial if edge else None for partial, edge in zip(partials, edges, strict=True)]


def beside(
    edges: list[bool] | None, partners: Sequence[Any], partner_edges: list[bool] | None
) -> list[bool] | None:
    """Return the elements of a variadic operand that have an edge: not those whose partner is a plain 0."""
    if edges == [] or partner_edges is None or (not partner_edges and 0.0 not in partners):
        return edges
    return [
        edge and (varies or partner != 0)
        for edge, partner, varies in zip(
            edges or [True] * len(partners), partners, partner_edges or [False] * len(partners), strict=True
        )
    ]


def among(edges: list[bool] | None, xs: Sequence[Any], _: list[bool] | None) -> list[bool] | None:
    """Return the elements that have an edge: none if a plain 0 among them makes the result constant."""
    constant = edges and any(x == 0 for x, edge in zip(xs, edges, strict=True) if not edge)
    return [] if constant else edges


EDGES: dict[str, Any] = {"masked": masked, "beside": beside, "among": among}
"""The functions that select the elements of a variadic operand with an edge, for every algebra."""


def checked(partials: Sequence[Any]) -> tuple[float | None, ...]:
    """Return partials from a user's rules as floats, with None for an operand without an edge."""
    return tuple(None if partial is None else number(partial) for partial in partials)
