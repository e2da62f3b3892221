"""A decorator that makes a property test of a function and its domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any


def picture_of(name: str) -> Path:
    """Where the picture of a function's smallest wrong program goes."""
    folder = Path(".gradient_errors")
    return folder / f"{''.join(c if c.isalnum() else '_' for c in name)}.svg"


def check_gradients_of(
    f: Callable[..., Any],
    domain: Mapping[str, Any] | None = None,
    *,
    order: int = 1,
    gradient: Callable[..., Any] | None = None,
    examples: int = 100,
    undecided: bool = True,
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Decorate a test to check a function's gradient at random points of its domain.

    `domain` has for each parameter a pair (low, high) or a hypothesis strategy; without it each
    goes from -3 to 3, and an operation's own parameters keep to its domain. The test's body runs
    once for each point, with the report; `...` will do. A failure is the smallest point that
    hypothesis finds, with the smallest program. With `undecided=False`, a point where float64
    cannot decide fails too.

    >>> from autograd import tanh
    >>> @check_gradients_of(tanh, {"x": (-2, 2)}, examples=5)
    ... def test_tanh(report):
    ...     assert report.right
    >>> test_tanh()
    """

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        from hypothesis import HealthCheck, Phase, given, settings

        from .check_functions import check_gradients
        from .report import GradientError

        def property_(point: tuple[Any, ...]) -> None:
            name = getattr(f, "__name__", "f")
            options = f", order={order}" if gradient is None else ", gradient=..."
            again = f"  reproduce: check_gradients({name}, {', '.join(map(repr, point))}{options})"
            try:
                report = check_gradients(f, *point, order=order, gradient=gradient, save=picture_of(name))
            except GradientError as error:
                raise GradientError(f"{error}\n{again}") from None
            if not undecided and not report.right:
                raise AssertionError(f"{report}\n{again}")
            test(report)

        phases = [phase for phase in Phase if phase is not Phase.explain]  # it would list the checker's insides
        few: Any = settings(
            max_examples=examples, deadline=None, phases=phases, suppress_health_check=list(HealthCheck)
        )
        with_points: Any = given(_points(f, domain))
        checked = few(with_points(property_))

        @wraps(test)
        def run() -> None:
            checked()

        del run.__wrapped__  # pytest would look for the test's parameters
        return run

    return decorate


def _points(f: Callable[..., Any], domain: Mapping[str, Any] | None) -> Any:
    """A strategy for the arguments of a function."""
    from hypothesis import strategies as st

    from .cases.strategies import numbers, operands
    from .check_functions import parameters

    names = parameters(f)
    unknown = set(domain or ()) - set(names)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} in the domain: the function has {', '.join(names)}")
    if domain is None:
        op = getattr(f, "op", None)
        if op is not None:
            return operands(f)
        domain = {}
    ranges = [domain.get(name, (-3.0, 3.0)) for name in names]
    each = [item if isinstance(item, st.SearchStrategy) else numbers(*map(float, item)) for item in ranges]
    return st.tuples(*each)
