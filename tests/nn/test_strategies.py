"""Small networks from hypothesis: checked, shrunk, printed."""

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("mpmath")

from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from autograd import operation, total
from autograd.checking import check
from nn import MLP
from nn.strategies import networks, samples

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def result(model, inputs):
    """Return the sum of a network's outputs."""
    output = model(inputs)
    return total(output) if isinstance(output, list) else output


@QUICK
@given(st.data())
def test_the_gradient_of_a_small_network_is_never_wrong(data):
    model = data.draw(networks())
    assert check(result(model, data.draw(samples(model)))).verdict != "wrong"


@pytest.mark.slow
def test_a_network_with_a_wrong_activation_shrinks_to_one_neuron():
    wrong = operation("wrong(x)", "tanh(x)", ["1.0 - out"])

    def fails(pair):
        model, inputs = pair
        for layer in model.layers:
            for neuron in layer.neurons:
                neuron._function = wrong
        return check(result(model, inputs)).verdict == "wrong"

    pairs = networks().flatmap(lambda model: samples(model).map(lambda inputs: (model, inputs)))
    options = settings(QUICK, max_examples=100, database=None)
    model, _ = find(pairs, fails, settings=options)
    assert isinstance(model, MLP)
    assert len(model.parameters()) == 2
