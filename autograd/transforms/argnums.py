"""The arguments to differentiate with respect to: `argnums` as in JAX, or `wrt`, by position or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..terminal import kind_of, quoted
from ..value import Value

Argnums = int | str | Sequence[int | str]
"""One argument or several, by position or by name."""


def one_of(wrt: Any, argnums: Any) -> Any:
    """Return whichever of `wrt` and `argnums` was given, or None. Raises TypeError if both were.

    >>> one_of(None, (0, 1))
    (0, 1)
    """
    if wrt is not None and argnums is not None:
        raise TypeError("wrt and argnums are two names for the same option: give one of them")
    return argnums if wrt is None else wrt


def parameters(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional parameters; none if it has no known signature.

    >>> parameters(lambda x, y, *rest, key=0: 0)
    ['x', 'y']
    """
    try:
        from inspect import signature  # slow to import, and only derivatives of functions need it

        found = signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def chosen(f: Any, argnums: Any, wrt: Any, name: str) -> Argnums:
    """Return the arguments to differentiate with respect to, by default the first.

    `name` is that of the transform, such as "grad", for error messages. Raises TypeError if f is not
    callable, and for a point in place of `argnums`: grad(f, 3.0) instead of grad(f)(3.0).

    >>> chosen(abs, None, None, "grad")
    0
    """
    if isinstance(f, Value):
        raise TypeError(
            f"{name} takes a function, as in {name}(f)(x), got {quoted(f)}: the derivatives of a Value with "
            "respect to others are gradients(y, [x])"
        )
    if not callable(f):
        raise TypeError(f"{name} takes a function, as in {name}(f)(x), got {quoted(f)} of type {kind_of(f)}")
    found = one_of(wrt, argnums)
    if found is None:
        return 0
    each = found if isinstance(found, list | tuple | range) else [found]
    if not all(isinstance(k, int | str) and not isinstance(k, bool) for k in each):
        raise TypeError(
            f"{name}(f, argnums) takes positions or names of arguments, got {quoted(found)}: the "
            f"derivative at a "
            f"point is {name}(f)({quoted(found)})"
        )
    return found if isinstance(found, int | str) else tuple(found)


def _at(words: list[str], k: int) -> str:
    return words[k] if k < len(words) else ""


def positions(
    f: Callable[..., Any], argnums: Argnums, count: int, named: Mapping[str, Any], name: str
) -> tuple[int | str, ...]:
    """Return `argnums` as nonnegative positions, and as names for arguments given by keyword.

    `count` is the number of positional arguments. Raises ValueError for an argument that was not given,
    or that is named twice.

    >>> positions(lambda x, y: x * y, ["y", -2], 2, {}, "grad")
    (1, 0)
    """
    every = (argnums,) if isinstance(argnums, int | str) else tuple(argnums)
    found: list[int | str] = []
    for k in every:
        if isinstance(k, str) and k not in named:
            words = parameters(f)[:count]
            if k not in words:
                raise ValueError(
                    f"{name}: argnums={quoted(argnums)}, but no argument named {quoted(k)} was given"
                )
            found.append(words.index(k))
        elif isinstance(k, int) and k >= count and (word := _at(parameters(f), k)) in named:
            found.append(word)
        elif isinstance(k, int) and not -count <= k < count:
            raise ValueError(
                f"{name}: argnums={quoted(argnums)}, but the function was given {count} "
                f"argument{'s'[: count != 1]}, "
                f"counted from 0; the derivative at a point is {name}(f)(x)"
            )
        else:
            found.append(k % count if isinstance(k, int) else k)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: argnums={quoted(argnums)} names an argument twice")
    return tuple(found)
