"""One-sided derivatives from difference quotients in high precision, independent of any rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .precise import MP, Precise, digits, exactly, real, span

LEVELS = (50, 100, 200, 400)
"""Decimal digits of the arithmetic, in increasing order."""
DEEP = (400, 1000)
"""Digits used to verify a wrong verdict: they resolve derivatives as small as 1e-300."""
CERTAIN = exactly(1e-17)
"""The relative tolerance within which the results of two precisions must agree."""


class Side(NamedTuple):
    """The derivative on one side of a point, or the reason why there is none."""

    derivative: Any
    """The derivative; None if there is none, plus or minus infinity for a vertical tangent."""
    noise: Precise = 0
    """The rounding error of the derivative: it hides derivatives as small as 1e-200."""
    why: str = ""
    """"outside" the domain, a "jump", or "unsettled" at the most digits."""


class Sides(NamedTuple):
    """The left and the right derivative of a function of one number."""

    left: Side
    right: Side

    @property
    def derivatives(self) -> list[Precise]:
        """The one-sided derivatives that exist, in increasing order."""
        return sorted(side.derivative for side in self if side.derivative is not None)

    @property
    def smooth(self) -> bool:
        """Whether both exist, are finite, and agree up to the tolerance."""
        left, right = self.left.derivative, self.right.derivative
        return left is not None and right is not None and MP.isfinite(left) and _same(left, right)

    @property
    def kink(self) -> bool:
        """Whether the function is not differentiable: the sides differ, or one has no derivative."""
        return not self.smooth

    @property
    def whys(self) -> set[str]:
        """The reasons why sides have no derivative."""
        return {side.why for side in self if side.why}


def _same(a: Precise, b: Precise) -> bool:
    apart = abs(a - b)
    return bool(not apart or apart <= CERTAIN * max(abs(a), abs(b)))


def _exponent(level: int) -> int:
    """Return n for the step size |x| / 2**n, which is about 1e-20 |x| at 50 digits."""
    return int(1.3288 * level)


def sides(
    f: Callable[[Precise], Precise], x: float, levels: tuple[int, ...] = LEVELS, beside: Iterable[float] = ()
) -> Sides:
    """Return the one-sided derivatives of a function of precise numbers at a float.

    They are difference quotients, computed in more digits with smaller step sizes until two precisions
    agree. `beside` has other numbers of the computation: the step is small beside the smallest of them,
    the digits reach up to the largest.

    >>> found = sides(abs, 0.0)
    >>> float(found.left.derivative), float(found.right.derivative), found.kink
    (-1.0, 1.0, True)
    >>> found = sides(MP.exp, 1.0)
    >>> found.smooth, float(found.right.derivative)
    (True, 2.718281828459045)
    """
    scale = span((x, *beside))
    coarse, fine = _quotients(f, x, levels[0], scale), _quotients(f, x, levels[1], scale)
    smooth = None not in fine and _same(fine[0], fine[1])  # if so, one side in fewer digits suffices
    agreed = [
        coarse[k] is not None
        and fine[k] is not None
        and _same(coarse[k], fine[k])
        and _resolved(fine[k], fine[2])
        for k in ((1,) if smooth else (0, 1))
    ]
    every = (*coarse[:2], *fine[:2])
    noise = fine[2] if all(agreed) else _noise_of_constant(f, x, levels[-1], scale, every)
    if noise is not None:
        return Sides(Side(fine[0], noise), Side(fine[1], noise))
    tried = [coarse, fine]
    for level in (*levels[2:], None):
        found = Sides(*(_settled([q[k] for q in tried], levels, [q[2] for q in tried]) for k in (0, 1)))
        if level is None or (len(tried) > 2 and "unsettled" not in found.whys):
            break
        tried.append(_quotients(f, x, level, scale))
    return found


def plain_derivative(
    f: Callable[[Precise], Precise], x: float, here: Precise | None = None, beside: Iterable[float] = ()
) -> Precise | None:
    """Return the derivative if a single precision suffices, as at most points, else None.

    Both sides must agree and be well above the rounding error, or all differences must be exactly 0, also
    in many more digits. `here` is f(x) at `LEVELS[1]` digits, if it is known; `beside` as in `sides`.

    >>> float(plain_derivative(MP.exp, 1.0)), plain_derivative(abs, 0.0), plain_derivative(MP.cos, 0.0)
    (2.718281828459045, None, None)
    """
    scale = span((x, *beside))
    left, right, noise = _quotients(f, x, LEVELS[1], scale, None if scale[1] else here)
    if left is None or right is None or not _same(left, right):
        return None
    if not _resolved(right, noise) and _noise_of_constant(f, x, LEVELS[-1], scale, (left, right)) is None:
        return None
    return right


def _noise_of_constant(
    f: Callable[[Precise], Precise],
    x: float,
    level: int,
    scale: tuple[Precise, int],
    quotients: Iterable[Precise | None],
) -> Precise | None:
    """Return the noise in many digits if difference quotients are 0 there as well as in few; else None."""
    if any(q is None or q for q in quotients):
        return None
    left, right, noise = _quotients(f, x, level, scale)
    return noise if left == 0 and right == 0 else None


def _resolved(slope: Precise, noise: Precise) -> bool:
    """Return whether a difference quotient is far above its rounding error."""
    return bool(slope and noise <= CERTAIN * abs(slope))


def _quotients(
    f: Callable[[Precise], Precise],
    x: float,
    level: int,
    scale: tuple[Precise, int],
    here: Precise | None = None,
) -> tuple[Any, Any, Any]:
    """Return the left and the right difference quotient, None outside the domain, and their noise."""
    small, more = scale
    with digits(level), MP.workprec(MP.prec + more):
        at = exactly(x)
        step = MP.ldexp(small, -_exponent(level))
        here = real(f, at) if here is None else here
        below, above = real(f, at - step), real(f, at + step)
        if here is None:
            return None, None, MP.zero
        left = None if below is None else (here - below) / step
        right = None if above is None else (above - here) / step
        return left, right, abs(here) * MP.eps / step


def _settled(quotients: list[Any], tried: tuple[int, ...], noises: list[Precise]) -> Side:
    """Return the limit of difference quotients whose step sizes decrease."""
    if any(q is None for q in quotients):
        return Side(None, why="outside")
    (before, last), noise, done = quotients[-2:], noises[-1], len(quotients) == len(tried)
    lost = [abs(q) <= 4 * n for q, n in zip(quotients[-2:], noises[-2:], strict=True)]
    if lost[1]:  # only rounding errors: a constant, or a derivative that needs more digits to resolve
        return Side(MP.zero, noise) if done else Side(None, why="unsettled")
    if lost[0]:  # the first digits that resolve it
        return Side(last, noise) if done and _resolved(last, noise) else Side(None, why="unsettled")
    if _same(before, last):
        return Side(last, noise)
    growth = abs(last / before) if before else MP.inf
    coarse, fine = tried[len(quotients) - 2 : len(quotients)]
    shrunk = MP.ldexp(1, _exponent(fine) - _exponent(coarse))
    if growth > shrunk / 1000:  # as fast as the step size decreases: the function jumps
        return Side(None, why="jump")
    if growth > 1000:
        return Side(MP.inf if last > 0 else -MP.inf)
    if growth < 1e-8 and (len(quotients) == 2 or abs(before) < abs(quotients[-3]) * 1e-4):
        return Side(MP.zero, noise)
    if done and growth > 1.5:  # a slow divergence, like a logarithm's
        return Side(MP.inf if last > 0 else -MP.inf)
    return Side(None, why="unsettled")


def mixed(
    f: Callable[[list[Precise]], Precise],
    point: list[float],
    wrt: tuple[int, ...],
    beside: Iterable[float] = (),
) -> Sides:
    """Return the mixed derivative with respect to a sequence of operands, from below and from above.

    It is a nested difference quotient in two precisions. If they disagree, or the two sides do, the
    point is a kink of a lower derivative, or a pole. `beside` is as in `sides`.

    >>> found = mixed(lambda p: p[0] ** 2 * p[1], [3.0, 5.0], (0, 1))
    >>> found.smooth, float(found.right.derivative)
    (True, 6.0)
    >>> mixed(lambda p: MP.sin(p[0]), [1e22], (0, 0)).smooth  # needs a step size below 1e-20 * 1e22
    True
    """
    more = span((*point, *beside))[1] * len(wrt) // 2
    found = _mixed(f, point, wrt, LEVELS[1:3], more)
    return _mixed(f, point, wrt, LEVELS[2:4], more) if found.left.why == "unsettled" else found


def _mixed(
    f: Callable[[list[Precise]], Precise],
    point: list[float],
    wrt: tuple[int, ...],
    levels: tuple[int, ...],
    more: int,
) -> Sides:
    tried = []
    for level in levels:
        with digits(level * len(wrt) // 2), MP.workprec(MP.prec + more):
            at = [exactly(x) for x in point]
            steps = [MP.ldexp(min(abs(x), 1) if x else MP.one, -_exponent(level) // 2) for x in at]
            quotients = [_nested(f, at, [sign * s for s in steps], wrt) for sign in (-1, 1)]
            noise = abs(real(f, at) or 0) * MP.eps * 1024
            for k in wrt:
                noise /= steps[k]
            tried.append((*quotients, noise))
    (below, above, _), (left, right, noise) = tried
    if None in (below, above, left, right):
        return Sides(Side(None, why="outside"), Side(None, why="outside"))
    if _near(below, left) and _near(above, right):
        size = max(abs(left), abs(right))
        if size < 1e-8 * max(abs(below), abs(above)):  # it vanishes with the step size: the limit is 0
            zero = Side(MP.zero, noise + size)
            return Sides(zero, zero)
        if _near(left, right):  # their difference is the error due to the step size
            middle = Side((left + right) / 2, noise + abs(right - left))
            return Sides(middle, middle)
        return Sides(Side(left, noise), Side(right, noise))
    return Sides(Side(None, why="unsettled"), Side(None, why="unsettled"))


def _near(a: Precise, b: Precise) -> bool:
    """Return whether two one-sided quotients of `mixed` agree, or are both negligible."""
    return bool(a == b or abs(a - b) <= 1e-16 * max(abs(a), abs(b)) or max(abs(a), abs(b)) < 1e-15)


def _nested(f: Callable[[list[Precise]], Precise], at: list[Precise], steps: list[Precise], wrt: Any) -> Any:
    if not wrt:
        return real(f, at)
    k = wrt[0]
    moved = [*at[:k], at[k] + steps[k], *at[k + 1 :]]
    there, here = _nested(f, moved, steps, wrt[1:]), _nested(f, at, steps, wrt[1:])
    return None if there is None or here is None else (there - here) / steps[k]
