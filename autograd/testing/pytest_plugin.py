"""The pytest plugin: a `gradcheck` fixture. It loads nothing of the checker until a test asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def gradcheck() -> Callable[..., Any]:
    """`check_gradients`, which fails the test with the guilty operation and the smallest program.

    It takes a function and a point, and also saves the smallest program's picture.
    """
    from ..checking.check_functions import check_gradients
    from ..checking.property import picture_of

    def run(f: Callable[..., Any], *point: Any, **options: Any) -> Any:
        options.setdefault("save", picture_of(getattr(f, "__name__", "f")))
        return check_gradients(f, *point, **options)

    return run
