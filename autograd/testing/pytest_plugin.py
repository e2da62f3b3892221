"""The pytest plugin: a `gradcheck` fixture. The checker is imported only when a test uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..checking.report import Report


@pytest.fixture(scope="session")
def gradcheck() -> Callable[..., Any]:
    """Return a function that checks gradients, at one point or at random points of a domain.

    `gradcheck(f, *point, **options)` takes the arguments of `check_gradients` and returns its `Report`;
    `gradcheck(f, domain={...}, examples=100)` takes those of `check_gradients_of` and returns None.

    A wrong gradient fails the test with a GradientError, which names the operation at fault and the
    smallest program, and a picture of that program is saved. With `undefined="skip"`, the test is
    skipped if f is not defined at the point. Raises TypeError for a point together with a domain.

    A test that uses the fixture:

        def test_loss(gradcheck):
            assert gradcheck(loss, X, w, gradient=back).right
    """
    from ..checking.check_functions import check_gradients
    from ..checking.property import check_gradients_of, picture_of

    def run(
        f: Callable[..., Any],
        *point: Any,
        domain: Mapping[str, Any] | None = None,
        examples: int | None = None,
        order: int | None = None,
        gradient: Callable[..., Any] | str | None = None,
        raises: bool = True,
        save: str | Path | None = None,
        undecided: str = "fail",
        undefined: str = "fail",
        **named: Any,
    ) -> Report | None:
        if domain is not None or examples is not None:
            if point or named or not raises or save is not None:
                raise TypeError("gradcheck takes a point with its options, or domain= and examples=, not both")
            decorate = check_gradients_of(
                f, domain, order=order or 1, gradient=gradient, examples=examples, undecided=undecided,
                undefined=undefined,
            )  # fmt: skip
            decorate(_nothing)()
            return None
        report = check_gradients(
            f, *point, order=order or 2, gradient=gradient, raises=raises,
            save=save if save is not None else picture_of(getattr(f, "__name__", "f")),
            undecided=undecided, undefined=undefined, **named,
        )  # fmt: skip
        if report.undefined:
            pytest.skip(report.reasons[0])
        return report

    return run


def pytest_itemcollected(item: pytest.Item) -> None:
    """Adapt the settings of a gradient test after all decorators are applied."""
    prepare = getattr(getattr(item, "obj", None), "prepare_for_pytest", None)
    if prepare is not None:
        prepare()


def _nothing() -> None:
    """Do nothing: the body of a test that consists of its decorator."""
