"""What hypothesis calls where chainwalk is installed: how to make a Value."""

from __future__ import annotations

from ..value import Value


def register() -> None:
    """Register a strategy for `st.from_type(Value)` and `@given` with annotations: finite leaves."""
    from hypothesis import strategies as st

    st.register_type_strategy(Value, st.floats(allow_nan=False, allow_infinity=False).map(Value))
