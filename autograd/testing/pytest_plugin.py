"""The pytest plugin: a `gradcheck` fixture. It loads nothing of the checker until a test asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def gradcheck() -> Callable[..., Any]:
    """`check_gradients` at one point, or with `domain=` at many: what `check_gradients_of` takes.

    A wrong gradient fails the test with the operation to blame and the smallest program, whose
    picture is saved; a point where f is not defined skips it with `undefined="skip"`. Gives the
    report, or with a domain None.
    """
    from ..checking.check_functions import check_gradients
    from ..checking.property import check_gradients_of, picture_of

    def run(f: Callable[..., Any], *point: Any, **options: Any) -> Any:
        if "domain" in options or "examples" in options:
            if point:
                raise TypeError("gradcheck takes a point, or domain= and examples=, not both")
            check_gradients_of(f, options.pop("domain", None), **options)(_nothing)()
            return None
        options.setdefault("save", picture_of(getattr(f, "__name__", "f")))
        report = check_gradients(f, *point, **options)
        if report.undefined:
            pytest.skip(report.reasons[0])
        return report

    return run


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a gradient test with `@settings` of its own use fixtures and take its time."""
    prepare = getattr(getattr(item, "obj", None), "prepare_for_pytest", None)
    if prepare is not None:
        prepare()


def _nothing() -> None:
    """The body of a test that is all in its decorator."""
