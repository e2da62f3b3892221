"""Initial weights."""

import math

import pytest

from nn import (
    Layer,
)


@pytest.mark.parametrize(("name", "deviation"), [("uniform", 0.0577), ("xavier", 0.1), ("he", 0.1414)])
def test_initial_weights_have_the_deviation_of_their_source(rng, name, deviation):
    weights = [w.data for n in Layer(100, 100, init=name, rng=rng).neurons for w in n.weights]
    assert abs(sum(weights) / len(weights)) < 0.01
    assert math.sqrt(sum(w * w for w in weights) / len(weights)) == pytest.approx(deviation, rel=0.03)


def test_initial_weights_may_come_from_a_function_of_the_generator_and_the_widths(rng):
    seen = []

    def sixth(rng, fan_in, fan_out):
        seen.append((fan_in, fan_out))
        return fan_in / 12

    layer = Layer(2, 3, init=sixth, rng=rng)
    assert [w.data for neuron in layer.neurons for w in neuron.weights] == [1 / 6] * 6
    assert {*seen} == {(2, 3)}
