"""A decorator that turns a function and ranges of its arguments into a hypothesis test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from ..terminal import brief, kind_of, quoted
from .check_functions import check_gradients

_SETTINGS = "_hypothesis_internal_use_settings"
_HAS_SETTINGS = "_hypothesis_internal_settings_applied"
JOINT = "point"
"""The name of all arguments together, if they are drawn as one tuple."""


def picture_of(name: str) -> Path:
    """Return the path for the picture of a function's smallest wrong program.

    >>> picture_of("my.function").as_posix()
    '.gradient_errors/my_function.svg'
    """
    folder = Path(".gradient_errors")
    return folder / f"{''.join(c if c.isalnum() else '_' for c in name)}.svg"


def check_gradients_of(
    f: Callable[..., Any],
    domain: Mapping[str, Any] | None = None,
    *,
    order: int = 1,
    gradient: Callable[..., Any] | str | None = None,
    examples: int | None = None,
    undecided: str = "fail",
    undefined: str = "fail",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that makes a test into a hypothesis test of the gradient of f at random points.

    `domain` maps each parameter of f to a range (low, high), a hypothesis strategy such as
    `arrays((3, 2), -1, 1)`, or a list, tuple or dict of those; anything else is a constant. Without it,
    parameters range from -3 to 3, those with a default keep it, and the operands of an operation, one of
    the table or a declared one, are drawn from its domain. `order`, `gradient` and `undecided` are passed
    to `check_gradients`. With `undefined="skip"`, a point at which f raises an ArithmeticError or
    ValueError, or returns inf or nan, is rejected, and another is drawn.

    The body of the test runs once for each point; it may be `...`. Its parameter `report` is the
    `Report`; a parameter named like one of f is that argument; others are `self`, fixtures, or
    parameters of `parametrize`. `@settings`, `@example(x=0.5)`, `@seed`, `@reproduce_failure`,
    `assume`, profiles and the database work as in any hypothesis test; `examples` sets `max_examples`.

    The test raises GradientError where a gradient is wrong or undecided. The decorator raises
    ValueError if the domain names other parameters than f has, TypeError if it is no dict, and for an
    async test.

    >>> from autograd import tanh
    >>> @check_gradients_of(tanh, {"x": (-2, 2)}, examples=5)
    ... def test_tanh(report):
    ...     assert report.right
    >>> test_tanh()
    """
    if domain is not None and not isinstance(domain, Mapping):
        raise TypeError(
            'domain must be a dict from the names of parameters to ranges, such as {"x": (-1, 1)}, got '
            f"{quoted(domain)} of type {kind_of(domain)}"
        )
    strategies = _strategies(f, domain)
    options: dict[str, Any] = {
        "order": order,
        "gradient": gradient,
        "undecided": undecided,
        "undefined": undefined,
    }

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        from hypothesis import given, reject, settings

        if inspect.iscoroutinefunction(test):
            raise TypeError(
                f"the test {brief(test.__name__)} must be a plain function, since check_gradients_of calls "
                "it, got an async one"
            )
        taken = inspect.signature(test).parameters
        together = list(_parameters(f)) if JOINT in strategies and JOINT not in _parameters(f) else []
        passed = [name for name in taken if name not in ("report", *strategies, *together)]

        @wraps(test)
        def property_(*args: Any, **named: Any) -> None:
            drawn = {name: named.pop(name) for name in strategies}
            arguments, keywords = _arguments(f, drawn)
            save = picture_of(getattr(f, "__name__", "f"))
            report = check_gradients(f, *arguments, save=save, **options, **keywords)
            if report.undefined:
                reject()
            named |= dict(zip(passed, args, strict=False))  # self is passed by position
            drawn |= dict(zip(together, drawn.get(JOINT, ()), strict=False))
            named |= {name: drawn[name] for name in taken if name in drawn}
            test(**named, **({"report": report} if "report" in taken else {}))

        kind = inspect.Parameter.KEYWORD_ONLY
        own = [taken[name] for name in passed]
        own += [inspect.Parameter(name, kind) for name in strategies]
        property_.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
        if hasattr(test, _HAS_SETTINGS):
            checked: Callable[..., None] = given(**strategies)(property_)
        else:
            checked = given(**strategies)(settings(**_settings(examples))(property_))
            checked.__dict__.pop(_HAS_SETTINGS, None)  # lets a @settings above the decorator apply
            checked.prepare_for_pytest = lambda: _adapt(checked)  # type: ignore[attr-defined]
        return checked

    return decorate


def _adapt(test: Any) -> None:
    """Adapt settings that were applied above the decorator to a gradient check."""
    from hypothesis import settings

    given = getattr(test, _SETTINGS)
    setattr(test, _SETTINGS, settings(given, **_lenient(given)))


def _settings(examples: int | None) -> dict[str, Any]:
    """Return the settings of the current profile, adapted to a gradient check."""
    from hypothesis import settings

    found = _lenient(settings.default)
    return found if examples is None else found | {"max_examples": examples}


def _lenient(default: Any) -> dict[str, Any]:
    from hypothesis import HealthCheck, Phase

    unsuitable = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
    unlimited = default.deadline == timedelta(
        milliseconds=200
    )  # the default deadline is too short to find the smallest program
    return {
        "phases": [phase for phase in default.phases if phase is not Phase.explain],  # lists internal lines
        "suppress_health_check": list({*default.suppress_health_check, *unsuitable}),
        "deadline": None if unlimited else default.deadline,
    }


def _arguments(f: Callable[..., Any], drawn: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and the keyword arguments of f for the values drawn by name."""
    if set(drawn) == {JOINT} and JOINT not in _parameters(f):
        return tuple(drawn[JOINT]), {}
    positional = []
    for name, parameter in _parameters(f).items():
        if parameter.kind is parameter.KEYWORD_ONLY or name not in drawn:
            break
        positional.append(name)
    rest = {name: value for name, value in drawn.items() if name not in positional}
    return tuple(drawn[name] for name in positional), rest


def _parameters(f: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        every = inspect.signature(f).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in every.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def _strategies(f: Callable[..., Any], domain: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a strategy for each parameter of f by name, or a single one that draws all of them."""
    from .cases.strategies import drawn_from, numbers, operands, operation_of

    op = operation_of(f)
    if domain is None and op is not None:
        if len(op.operands) > 1 or op.variadic:
            return {JOINT: operands(f)}
        return {op.operands[0]: operands(f).map(lambda point: point[0])}
    parameters = _parameters(f)
    unknown = set(domain or ()) - set(parameters)
    if unknown:
        takes = (
            f"the function has {', '.join(parameters)}"
            if parameters
            else "the names of its parameters are not known"
        )
        raise ValueError(f"unknown parameter {', '.join(sorted(unknown))} in the domain: {takes}")
    chosen = domain or {}
    needed = [name for name, p in parameters.items() if name in chosen or p.default is p.empty]
    if not needed:
        raise ValueError(
            f"{brief(getattr(f, '__name__', 'f'))} has no parameters whose names are known: wrap it "
            "in a function"
        )
    return {name: drawn_from(chosen[name]) if name in chosen else numbers(-3.0, 3.0) for name in needed}
