"""Conditions on a step as one types them at the prompt: `contribution < 0`, `|after| > 1`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_FIELDS = ("number", "contribution", "partial", "upstream", "before", "after", "count")


def condition(text: str) -> Callable[[Any], bool] | None:
    """A comparison of a step's field with a number, as a predicate; None for a text that compares nothing.

    Raises ValueError for any other comparison.

    >>> from autograd import Value, backprop
    >>> step = backprop(Value(3.0, "x") * -2).step(2)[1]
    >>> condition("contribution < 0")(step), condition("|partial| > 5")(step), condition("x")
    (True, False, None)
    """
    found = re.fullmatch(rf"(\|?)({'|'.join(_FIELDS)})\1\s*([<>=!]=|[<>])\s*([-+.\de]+)", text)
    if not found and re.search("[<>]|[=!]=", text):
        raise ValueError(
            f"{text!r} is no condition on a step: compare {', '.join(_FIELDS)} with a number, as in "
            "contribution < 0 or |after| > 1"
        )
    if not found:
        return None
    bars, field, sign, number = found.groups()
    try:
        limit = float(number)
    except ValueError:
        return None

    def holds(step: Any) -> bool:
        value = getattr(step, field)
        return value is not None and _COMPARISONS[sign](abs(value) if bars else value, limit)

    return holds
