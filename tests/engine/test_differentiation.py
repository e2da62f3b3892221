"""Random programs: high precision, forward and reverse mode agree."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    Value,
    grad,
    jvp,
)


def program(seed, xs):
    """Return a random straight-line program with many shared values, for numbers of any type."""
    rng, values = random.Random(seed), list(xs)
    functions = [lambda x: x * x, lambda x: 1 / (x * x + 1), lambda x: x / 2 - 1, lambda x: -x]
    for _ in range(12):
        x, y = rng.choice(values), rng.choice(values[-3:])
        values.append(rng.choice([x + y, x * y, x - y * 2, (x * x + 1) ** 2 / 4, rng.choice(functions)(y)]))
        values[-1] = values[-1] / (1 + values[-1] * values[-1])
    return values[-1]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.floats(-2, 2), min_size=1, max_size=3))
@pytest.mark.slow
def test_random_programs_have_the_gradient_of_high_precision(seed, xs):
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(50):
        exact = [mpmath.mpf(x) for x in xs]
        found = grad(lambda xs: program(seed, xs))(xs)
        assert program(seed, [Value(x) for x in xs]).data == pytest.approx(
            float(program(seed, exact)), abs=1e-12
        )
        for k, each in enumerate(found):
            step = mpmath.mpf(10) ** -20
            up, down = list(exact), list(exact)
            up[k] += step
            down[k] -= step
            slope = (program(seed, up) - program(seed, down)) / (2 * step)
            assert each == pytest.approx(float(slope), rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.floats(-2, 2), min_size=1, max_size=3))
def test_random_programs_have_the_same_derivative_forwards_and_in_reverse(seed, xs):
    reverse = grad(lambda xs: program(seed, xs))(xs)
    for k in range(len(xs)):
        unit = [float(j == k) for j in range(len(xs))]
        forward = jvp(lambda xs: program(seed, xs), (xs,), (unit,))[1]
        assert forward == pytest.approx(reverse[k], rel=1e-12, abs=1e-14)
