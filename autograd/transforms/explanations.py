"""Explain errors in functions that are called with Values: the user's line, and what to write instead."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..errors import AnomalyError, DomainError, StaleGraphError, TracingError
from ..ops.rules import GENERATED
from ..ops.table import TABLE
from ..terminal import kind_of

if TYPE_CHECKING:
    from traceback import FrameSummary


_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep

_OURS = (AnomalyError, DomainError, StaleGraphError, TracingError)

STATIC = 'a number that is known when the function is traced: mark its argument, compile(f, static="n")'
"""How to supply an integer to a compiled function."""
FIXED = "a plain number: leave its argument out of argnums, or capture a number"
"""How to supply an integer to a function that is differentiated."""
_ADVICE = {
    r"cannot be interpreted as an integer": "range(n), [x] * n and shapes need {integer}",
    r"indices must be integers|only integers, slices": "An index must be {integer}",
    r"'(det|inv|solve\w*|eig\w*|svd\w*|qr\w*|cholesky\w*|lstsq)'|linalg": (
        "The functions of numpy.linalg that call LAPACK take floats only: write the elimination out with "
        "array operators. norm, @ and dot work"
    ),
    r"numerator/denominator": (
        "The functions of statistics and fractions take plain numbers: use autograd.mean, or write the sum out"
    ),
    r"not (iterable|subscriptable)|has no len": "Was a single number given in place of a list or an array?",
}
"""What to do, for patterns in the error messages of Python and numpy."""
_BRANCHES = {
    r"\bwhile\b": (
        "The number of iterations must not depend on a Value: use for _ in range(50), or do not compile "
        "this function"
    ),
    r"\.a?(max|min)\(": (
        "numpy compares the items one by one: write functools.reduce(autograd.{0}imum, row). A stable softmax "
        "is autograd.exp(row - autograd.logsumexp(row))"
    ),
    r"\b(max|min)\(": "Use autograd.{0}imum(x, y)",
    r"\b(?:np|numpy)\.(maximum|minimum|clip|where)\(": "Use autograd.{0}, which takes arrays too",
    r"\b(sorted|sort|argsort|argmax|argmin|median|partition)\(": (
        "{0} depends on the order of the numbers, which may differ at the next call: compute it outside "
        "the compiled function"
    ),
}
"""What to do, for patterns in the line of a branch."""
_FUNCTION = re.compile(
    r"\b(?:math|cmath|np|numpy|jnp|torch|scipy|special|stats|statistics|interpolate|signal|integrate)"
    r"(?:\.\w+)*\.(\w+)\("
)
_UFUNC = re.compile(r"ufunc '(\w+)' not supported|which has no callable (\w+) method")
_OUR_NAMES = {
    "expit": "sigmoid", "fabs": "abs", "absolute": "abs", "power": "pow", "log_expit": "logsigmoid",
    "clamp": "clip", "rint": "round", "remainder": "mod",
}  # fmt: skip
"""This library's names of functions of numpy, SciPy and PyTorch."""


def users_line() -> str:
    """Return the user's innermost line, not this library's or another package's; "" if there is none."""
    import traceback  # here and below: slow to import, needed for errors only

    return _shown_line(traceback.extract_stack())


def alternative_to_branch() -> str:
    """Return what to write instead of the branch on the user's line."""
    line = users_line()
    for pattern, advice in _BRANCHES.items():
        if found := re.search(pattern, line):
            return advice.format(*found.groups())
    return "Compute both and choose with autograd.where(condition, x, y), or with maximum, minimum, abs, clip"


def explained(error: Exception, integer: str) -> str:
    """Return the user's line, the error and what to write instead, if Values are its cause; else "".

    `integer` says how to supply an integer where one is needed, `STATIC` or `FIXED`.

    >>> explained(TypeError("'Value' object cannot be interpreted as an integer"), "an int")
    "TypeError: 'Value' object cannot be interpreted as an integer. range(n), [x] * n and shapes need an int"
    """
    if isinstance(error, _OURS) or getattr(error, "is_explained", False):
        return ""
    import traceback

    line = _shown_line(traceback.extract_tb(error.__traceback__))
    text = f"{kind_of(error)}: {error}"
    advice = next((advice for pattern, advice in _ADVICE.items() if re.search(pattern, text)), "")
    if not advice and ("Value" in str(error) or "ufunc" in text):
        advice = (
            _alternative_to_ufunc(text, line)
            or _alternative_to_floats(line)
            or _alternative_to_floats(_names_in(error))
        )
    if not advice and "'Value'" not in text:
        return ""
    return f"{line}{text}. {advice.format(integer=integer)}" if advice else f"{line}{text}"


def raise_explained(error: Exception, integer: str) -> None:
    """Raise an error of the same type with the text of `explained`; return if there is none."""
    if text := explained(error, integer):
        kinds = (TypeError, IndexError, AttributeError, ValueError)
        new: Any = next(kind for kind in kinds if isinstance(error, kind))(text)
        new.is_explained = True
        raise new from error


def _alternative_to_ufunc(text: str, line: str) -> str:
    """Return what to write instead of a ufunc of numpy or SciPy that an error is about; "" if it is not."""
    found = _UFUNC.search(text)
    if found is None:
        return ""
    unsupported, method = found.groups()
    word = unsupported or method
    called = {match[1]: match[0][:-1] for match in _FUNCTION.finditer(line)}
    if called and word not in called:  # a function that calls the ufunc itself, such as a density of SciPy
        word, name = next(iter(called.items()))
        return _instead_of(name, _own_name(word))
    own = _own_name(word)
    if unsupported:
        return _instead_of(called.get(word, word), own)
    return own and (
        f"{called.get(word, 'numpy')} calls a method of each item of an object array, which plain "
        f"numbers do not have: use autograd.{own}, which takes arrays of numbers and Values"
    )


def _own_name(name: str) -> str:
    own = _OUR_NAMES.get(name, name.replace("arc", "a"))
    return own if own in TABLE else ""


def _instead_of(name: str, own: str) -> str:
    kind = "tensors" if name.startswith(("torch.", "jnp.")) else "floats"
    if own:
        return f"{name} takes {kind}: use autograd.{own}"
    return f"{name} takes {kind}: write it with autograd's functions, or declare it with autograd.operation"


def _alternative_to_floats(line: str) -> str:
    """Return what to write where Python, numpy or PyTorch require a float or tensor and get a Value."""
    called = _FUNCTION.search(line)
    if re.search(r"\b(float|int)\(|\.(zeros|ones|empty|full|asarray|array)\(|dtype|\] = ", line):
        return (
            "The arguments are Values here: do not convert them, and store them in lists or in arrays with "
            "dtype=object"
        )
    return "" if called is None else _instead_of(called[0][:-1], _own_name(called[1]))


def _names_in(error: Exception) -> str:
    """Return the module functions that the innermost function names, for code without source lines.

    At a prompt there are none.
    """
    import traceback

    names: tuple[str, ...] = ()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not _is_a_librarys(frame.f_code.co_filename):
            names = frame.f_code.co_names
    return " ".join(f"{first}.{second}(" for first, second in pairwise(names))


def _shown_line(frames: Iterable[FrameSummary]) -> str:
    """Return the user's innermost line among frames, as an error message shows it."""
    users = [frame for frame in frames if not _is_a_librarys(frame.filename)]
    return f"{users[-1].filename}:{users[-1].lineno}: {users[-1].line}\n  " if users else ""


def _is_a_librarys(filename: str) -> bool:
    """Return whether a file belongs to this library, to another package or to Python."""
    return filename.startswith((GENERATED, "<__array_function__", _OWN)) or (
        filename.startswith(_STANDARD_LIBRARY)
        or f"{os.sep}site-packages{os.sep}" in filename
        or f"{os.sep}dist-packages{os.sep}" in filename
    )
