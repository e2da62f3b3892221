"""With respect to which arguments: `argnums`, JAX's word, or `wrt`, by position or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Argnums = int | str | Sequence[int | str]
"""Which arguments: by position, or by name."""


def one_of(wrt: Any, argnums: Any) -> Any:
    """Return which arguments are meant, by the one word or the other; None for neither.

    >>> one_of(None, (0, 1))
    (0, 1)
    """
    if wrt is not None and argnums is not None:
        raise TypeError("wrt and argnums mean the same: give one of them")
    return argnums if wrt is None else wrt


def parameters(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional parameters; none where it does not tell.

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
    """Return which arguments a transform such as `grad` is asked for, the first by default.

    Raises TypeError for a function that cannot be called, and for a point where the arguments to
    differentiate by are named: grad(f, 3.0) in the place of grad(f)(3.0).

    >>> chosen(abs, None, None, "grad")
    0
    """
    if not callable(f):
        raise TypeError(f"{name} takes a function, as in {name}(f)(x), got {f!r} of type {type(f).__name__}")
    found = one_of(wrt, argnums)
    if found is None:
        return 0
    each = found if isinstance(found, list | tuple | range) else [found]
    if not all(isinstance(k, int | str) and not isinstance(k, bool) for k in each):
        raise TypeError(
            f"{name}(f, argnums) takes positions or names of arguments, got {found!r}: the derivative at a "
            f"point is {name}(f)({found!r})"
        )
    return found if isinstance(found, int | str) else tuple(found)


def positions(
    f: Callable[..., Any], argnums: Argnums, count: int, named: Mapping[str, Any], name: str
) -> tuple[int | str, ...]:
    """Return the argument positions, counted from the front, and names; an error for one that is not there.

    >>> positions(lambda x, y: x * y, ["y", -2], 2, {}, "grad")
    (1, 0)
    """
    wanted = (argnums,) if isinstance(argnums, int | str) else tuple(argnums)
    found: list[int | str] = []
    for k in wanted:
        if isinstance(k, str) and k not in named:
            words = parameters(f)[:count]
            if k not in words:
                raise ValueError(f"{name}: argnums={argnums!r}, but no argument called {k!r} was given")
            found.append(words.index(k))
        elif isinstance(k, int) and not -count <= k < count:
            raise ValueError(
                f"{name}: argnums={argnums!r}, but the function was given {count} argument{'s'[: count != 1]}, "
                f"counted from 0; the derivative at a point is {name}(f)(x)"
            )
        else:
            found.append(k % count if isinstance(k, int) else k)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: argnums={argnums!r} names an argument twice")
    return tuple(found)
