"""Values and derivatives at kinks and corners."""

import math

import pytest

from autograd import (
    Value,
    grad,
    maximum,
    relu,
)


def test_relu_at_0_has_derivative_1_as_the_lecture_defines_it():
    assert grad(relu)(0.0) == 1.0
    assert grad(relu)(-1e-300) == 0.0


def test_abs_at_0_has_derivative_0_and_a_tie_gives_half_to_each():
    assert grad(abs)(0.0) == 0.0
    assert grad(maximum, argnums=(0, 1))(1.0, 1.0) == (0.5, 0.5)


def test_a_power_takes_every_combination_of_values_and_numbers():
    x = Value(-3.0)
    (x**2).backward()
    assert x.grad == -6.0
    assert grad(lambda x: x**0)(0.0) == 0.0
    assert (Value(0.0) ** 0).data == 1.0
    assert grad(lambda y: 2**y)(3.0) == pytest.approx(8 * math.log(2))
    assert grad(lambda x: x**x)(2.0) == pytest.approx(4 * (math.log(2) + 1))


def test_the_mixed_second_derivative_of_a_power_at_exponent_0_is_not_lost():
    assert grad(lambda y: grad(lambda x: x**y)(2.0))(0.0) == 0.5
