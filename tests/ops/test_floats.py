"""The functions of floats that older Pythons lack have the values of those that newer ones have."""

import math
import random

import pytest

from autograd.ops import floats

NUMBERS = [random.Random(0).uniform(-1, 1) * 10.0**k for k in range(-300, 300, 7)]


def test_the_cube_root_without_maths_own():
    for x in [*NUMBERS, 8.0, -27.0, 1e-320]:
        root = floats._cbrt_of_a_power(x)
        assert root**3 == pytest.approx(x, rel=1e-15 * 4, abs=1e-323 * 4)
        assert math.copysign(1, root) == math.copysign(1, x)
    for x in (0.0, -0.0, math.inf, -math.inf):
        assert math.copysign(1, floats._cbrt_of_a_power(x)) == math.copysign(1, x)
        assert floats._cbrt_of_a_power(x) == x
    assert math.isnan(floats._cbrt_of_a_power(math.nan))


def test_the_power_of_two_without_maths_own():
    assert [floats._power_of_two(x) for x in (-1074.0, -1.0, 0.0, 0.5, 10.0)] == [
        5e-324, 0.5, 1.0, math.sqrt(2), 1024.0,
    ]  # fmt: skip
    with pytest.raises(OverflowError):  # as exp2 does: primitives.py makes it an infinity
        floats._power_of_two(1024.0)
