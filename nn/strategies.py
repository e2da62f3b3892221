"""Hypothesis strategies for small networks (extra `check`)."""

from __future__ import annotations

import random
from typing import Any

from .layers import MLP

try:
    from hypothesis import strategies as st
except ImportError as _error:
    raise ImportError("strategies need hypothesis: pip install 'chainwalk[check]'") from _error

ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "leaky_relu")
"""Simplest first: a failing network shrinks to the first."""


@st.composite
def networks(
    draw: Any,
    max_inputs: int = 3,
    max_layers: int = 2,
    max_width: int = 3,
    activations: tuple[str, ...] = ACTIVATIONS,
) -> MLP:
    """Generate small MLPs with simple weights, which shrink to one linear neuron of one input.

    >>> networks(max_layers=1).validate()
    """
    inputs = draw(st.integers(1, max_inputs))
    widths = draw(st.lists(st.integers(1, max_width), min_size=1, max_size=max_layers))
    chosen = [draw(st.sampled_from(activations)) for _ in widths]
    model = MLP(inputs, widths, chosen, rng=random.Random(0))
    for parameter in model.parameters():
        parameter.data = draw(weights())
    return model


def weights() -> st.SearchStrategy[float]:
    """Generate numbers from -2 to 2, the simplest first, without tiny ones that rounding would absorb."""
    return st.one_of(
        st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.5]), st.integers(-200, 200).map(lambda k: k / 100)
    )


def samples(model: MLP) -> st.SearchStrategy[list[float]]:
    """Generate inputs for a network."""
    width = len(model.layers[0].neurons[0].weights)
    return st.lists(weights(), min_size=width, max_size=width)
