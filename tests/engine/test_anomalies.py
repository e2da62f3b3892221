"""The first nan or infinity of a recorded graph is found, among the data and among the gradients."""

import math

import pytest

from autograd import (
    AnomalyError,
    Value,
    anomaly_detection,
    exp,
    first_anomaly,
    sqrt,
    tanh,
)


def test_nothing_is_found_in_a_sound_graph():
    x = Value(2.0)
    y = x * x
    y.backward()
    assert first_anomaly(y) is None


def test_the_first_anomalous_node_is_found_not_its_consequences():
    x = Value(800.0, "x")
    culprit = exp(x)
    found = first_anomaly((culprit - culprit) * 2 + x)
    assert found.node is culprit
    assert found.text == "exp(x) gave inf at x = 800.0"


def test_a_leaf_that_is_nan_came_in_as_that():
    x = Value(math.nan, "x")
    assert first_anomaly(x * 2).text == "x is nan, and was not computed: it was given"
    assert first_anomaly(Value(math.inf) + 1).text.startswith("an input is inf")


def test_the_gradient_that_overflows_names_its_factors():
    product = Value(1e300, "a") * Value(1e-300, "b") * 1e200
    product.backward(1e10)
    found = first_anomaly(product)
    assert found.node.label == "b"
    factors = "the gradient 1e+210 and the derivative 1e+300"
    assert found.text == f"the gradient of b is inf: a * b has {factors}"


def test_a_sum_of_finite_contributions_may_be_what_overflows():
    x = Value(1.0, "x")
    y = x * 1e308 - 1e308 + (x * 1e308 - 1e308)
    y.backward()
    assert first_anomaly(y).node is x
    assert first_anomaly(y).text.endswith("the sum of its contributions left the range of floats")


def test_anomaly_detection_names_the_first_node_that_made_a_nan_and_its_path():
    x, y = Value(800.0, "x"), Value(2.0, "y")
    with anomaly_detection(), pytest.raises(AnomalyError) as caught:
        tanh(exp(x * y) * 0.0)
    assert str(caught.value) == "exp(x * y) gave inf at x * y = 1600.0"


def test_anomaly_detection_finds_an_infinite_derivative_of_a_finite_value():
    with anomaly_detection(), pytest.raises(AnomalyError, match=r"sqrt\(x\) has the derivative inf"):
        sqrt(Value(0.0, "x"))


def test_without_anomaly_detection_infinities_pass():
    assert exp(Value(800.0)).data == math.inf


def test_anomaly_detection_ends_with_its_block():
    with anomaly_detection():
        pass
    assert exp(Value(800.0)).data == math.inf
