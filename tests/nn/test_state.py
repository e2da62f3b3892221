"""Parameters by name: the shapes are PyTorch's, and entries that do not fit change nothing."""

import json
import math
import re

import pytest

from autograd import Value
from nn import MLP, Layer, Module, Neuron
from nn.state import shape


class Mixed(Module):
    """A module with a layer, a shared neuron, and Values."""

    def __init__(self, rng):
        self.layer = Layer(3, 2, rng=rng)
        self.first = Neuron(1, rng=rng)
        self.again = self.first
        self.scale = Value(2.0)
        self.grid = [[Value(1.0)], (Value(3.0),)]


class Scaled(Layer):
    """A layer with a parameter beyond weights and biases."""

    def __init__(self, rng):
        super().__init__(2, 1, rng=rng)
        self.scale = Value(4.0)


def test_a_layer_is_a_weight_of_outputs_times_inputs_and_a_bias(rng):
    layer = Layer(3, 2, rng=rng)
    state = layer.state_dict()
    assert list(state) == ["weight", "bias"]
    assert state["weight"] == [[w.data for w in neuron.weights] for neuron in layer.neurons]
    assert [shape(tree) for tree in state.values()] == [[2, 3], [2]]


def test_every_parameter_is_in_the_state_once(rng):
    model = Mixed(rng)
    state = model.state_dict()
    assert list(state) == [
        "layer.weight", "layer.bias", "first.weights.0", "first.bias", "scale", "grid.0.0", "grid.1.0",
    ]  # fmt: skip
    assert "scale" in Scaled(rng).state_dict()
    assert [state["scale"], state["grid.1.0"]] == [2.0, 3.0]


def test_a_state_goes_through_json_and_makes_an_equal_model(rng):
    model, other = MLP(2, [4, 3], rng=rng), MLP(2, [4, 3], rng=rng)
    model.parameters()[0].data, model.parameters()[1].data = math.inf, 0.1 + 0.2
    assert other.load_state_dict(json.loads(json.dumps(model.state_dict()))) == ([], [])
    assert [p.data for p in other.parameters()] == [p.data for p in model.parameters()]


def test_a_state_may_hold_arrays(rng):
    numpy = pytest.importorskip("numpy")
    layer = Layer(2, 1, rng=rng)
    layer.load_state_dict({"weight": numpy.array([[1, 2]]), "bias": numpy.array([0.5])})
    assert [p.data for p in layer.parameters()] == [1.0, 2.0, 0.5]
    assert all(type(p.data) is float for p in layer.parameters())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"bias": None}, ValueError, "missing: bias"),
        ({"gain": [1.0]}, ValueError, "unexpected: gain"),
        ({"bias": None, "gain": [1.0]}, ValueError, "missing: bias; unexpected: gain"),
        ({"weight": [[1.0, 2.0]]}, ValueError, "weight has the shape [1, 2], but the model's is [2, 2]"),
        ({"weight": [[1.0, 2.0], [3.0]]}, ValueError, "weight has the shape uneven"),
        ({"weight": 1.0}, ValueError, "weight has the shape [], but"),
        ({"bias": [1.0, [2.0]]}, ValueError, "bias has the shape uneven"),
        ({"bias": [9.0, "a"]}, TypeError, "bias: "),
        ({"bias": [9.0, True]}, TypeError, "bias: "),
        ({"bias": [9.0, None]}, TypeError, "bias: "),
    ],
)
def test_entries_that_do_not_fit_are_listed_and_nothing_changes(rng, change, error, message):
    layer = Layer(2, 2, rng=rng)
    before = layer.state_dict()
    state = {name: tree for name, tree in {**before, "weight": [[7.0, 7.0]] * 2, **change}.items() if tree}
    with pytest.raises(error, match=re.escape(message)):
        layer.load_state_dict(state)
    assert layer.state_dict() == before


def test_without_strict_the_rest_is_taken_but_a_shape_must_still_fit(rng):
    layer = Layer(1, 1, rng=rng)
    assert layer.load_state_dict({"bias": [2.0], "gain": 1.0}, strict=False) == (["weight"], ["gain"])
    assert layer.neurons[0].bias.data == 2.0
    with pytest.raises(ValueError, match=re.escape("bias has the shape [2]")):
        layer.load_state_dict({"bias": [2.0, 3.0]}, strict=False)


def test_a_state_is_a_dict(rng):
    with pytest.raises(TypeError, match="from names to numbers, not list"):
        Layer(1, 1, rng=rng).load_state_dict([1.0])
