"""The hypothesis plugin: a strategy for Values. Hypothesis calls `register` when it is imported."""

from __future__ import annotations

from ..value import Value


def register() -> None:
    """Register the strategy for `st.from_type(Value)` and for annotations in `@given`: finite leaves.

    >>> register()
    >>> from hypothesis import strategies as st
    >>> st.from_type(Value).validate()
    """
    from hypothesis import strategies as st

    st.register_type_strategy(Value, st.floats(allow_nan=False, allow_infinity=False).map(Value))
