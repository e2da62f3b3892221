"""Errors inside a function whose arguments are Values: the user's line, and what to write instead."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..errors import AnomalyError, DomainError, StaleGraphError, TracingError
from ..ops.rules import GENERATED
from ..ops.table import TABLE

if TYPE_CHECKING:
    from traceback import FrameSummary


_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep

_OURS = (AnomalyError, DomainError, StaleGraphError, TracingError)

STATIC = 'a number that is known when the function is traced: mark its argument, compile(f, static="n")'
"""What is needed where a compiled function needs a whole number."""
FIXED = "a plain number: leave its argument out of argnums, or use a number from outside"
"""What is needed there in a function that is differentiated."""
_ADVICE = {
    r"cannot be interpreted as an integer": "range(n), [x] * n and shapes need {whole}",
    r"indices must be integers|only integers, slices": "An index must be {whole}",
    r"'(det|inv|solve\w*|eig\w*|svd\w*|qr\w*|cholesky\w*|lstsq)'|linalg": (
        "The functions of numpy.linalg that call LAPACK take floats alone: write the elimination out with "
        "the array's own operators. norm, @ and dot work"
    ),
    r"not (iterable|subscriptable)|has no len": "Was one number given where a list or an array belongs?",
}
"""For what Python or numpy say, what to do."""
_BRANCHES = {
    r"\bwhile\b": (
        "How often a loop runs may not depend on a Value: use for _ in range(50), or leave this function "
        "uncompiled"
    ),
    r"\b(max|min)\(": "Use autograd.{0}imum(x, y)",
    r"\b(?:np|numpy)\.(maximum|minimum|clip|where)\(": "Use autograd.{0}, which takes arrays too",
    r"\b(sorted|sort|argsort|argmax|argmin|median|partition)\(": (
        "{0} depends on the order of the numbers, which may be another at the next call: compute it outside of "
        "the compiled function"
    ),
}
"""For what is on the line of a branch, what to do."""
_FUNCTION = re.compile(r"\b(?:math|np|numpy|cmath|special)\.(\w+)\(")


def users_line() -> str:
    """The innermost line that is the user's, neither this library's nor a package's; "" for none."""
    import traceback  # here and below: slow to import, needed for errors only

    return _told(traceback.extract_stack())


def way_out_of_branch() -> str:
    """What to write instead of a branch, by the line that it is on."""
    line = users_line()
    for pattern, advice in _BRANCHES.items():
        if found := re.search(pattern, line):
            return advice.format(*found.groups())
    return "Compute both and choose with autograd.where(condition, x, y), or with maximum, minimum, abs, clip"


def explained(error: Exception, whole: str) -> str:
    """Return the user's line, the error and the way out, for one that comes of Values; "" for any other.

    Any other is what the function itself raises. `whole` says what to do where a whole number is needed.
    """
    if isinstance(error, _OURS) or getattr(error, "is_explained", False):
        return ""
    import traceback

    line = _told(traceback.extract_tb(error.__traceback__))
    text = f"{type(error).__name__}: {error}"
    advice = next((advice for pattern, advice in _ADVICE.items() if re.search(pattern, text)), "")
    if not advice and ("Value" in str(error) or "ufunc" in text):
        advice = _way_out_of_floats(line) or _way_out_of_floats(_names_in(error))
    if not advice and "'Value'" not in text:
        return ""
    return f"{line}{text}. {advice.format(whole=whole)}" if advice else f"{line}{text}"


def raise_explained(error: Exception, whole: str) -> None:
    """Raise an error of the same kind with the user's line and the way out, where `explained` has one."""
    if told := explained(error, whole):
        kinds = (TypeError, IndexError, AttributeError, ValueError)
        new: Any = next(kind for kind in kinds if isinstance(error, kind))(told)
        new.is_explained = True
        raise new from error


def _way_out_of_floats(line: str) -> str:
    """What to do where Python or numpy want a float and are given a Value."""
    called = _FUNCTION.search(line)
    if re.search(r"\b(float|int)\(|\.(zeros|ones|empty|full|asarray|array)\(|dtype|\] = ", line):
        return (
            "The arguments are Values here: leave conversions out, and put them only into lists or arrays with "
            "dtype=object"
        )
    if called is None:
        return ""
    name, own = (
        called[0][:-1],
        {"expit": "sigmoid", "fabs": "abs"}.get(called[1], called[1].replace("arc", "a")),
    )
    if own in TABLE:
        return f"{name} takes floats: use autograd.{own}"
    return f"{name} takes floats: write it with autograd's functions, or declare it with autograd.operation"


def _names_in(error: Exception) -> str:
    """What the innermost function calls of the modules that it names, where there is no line: at a prompt."""
    import traceback

    names: tuple[str, ...] = ()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not _is_a_librarys(frame.f_code.co_filename):
            names = frame.f_code.co_names
    return " ".join(f"{first}.{second}(" for first, second in pairwise(names))


def _told(frames: Iterable[FrameSummary]) -> str:
    """The innermost line among frames that is the user's, as an error shows it."""
    users = [frame for frame in frames if not _is_a_librarys(frame.filename)]
    return f"{users[-1].filename}:{users[-1].lineno}: {users[-1].line}\n  " if users else ""


def _is_a_librarys(filename: str) -> bool:
    """Whether a file belongs to this library, to a package or to Python."""
    return filename.startswith((GENERATED, "<__array_function__", _OWN)) or (
        filename.startswith(_STANDARD_LIBRARY)
        or f"{os.sep}site-packages{os.sep}" in filename
        or f"{os.sep}dist-packages{os.sep}" in filename
    )
