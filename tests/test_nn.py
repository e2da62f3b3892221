"""The nn package: modules, layers, losses, optimisers, data and training."""

import math
import random
import re

import pytest

from autograd import Value, tanh
from nn import MLP, SGD, Dataset, Layer, Module, Neuron, hinge, moons, squared_error


@pytest.fixture
def rng():
    return random.Random(0)


def test_a_neuron_has_the_two_derivatives_of_the_lecture(rng):
    neuron = Neuron(3, "tanh", rng=rng)
    x = [Value(0.5), Value(-1.0), Value(2.0)]
    y = neuron(x)
    y.backward()
    slope = 1 - y.data**2
    for weight, each in zip(neuron.weights, x, strict=True):
        assert weight.grad == pytest.approx(slope * each.data)
        assert each.grad == pytest.approx(slope * weight.data)
    assert neuron.bias.grad == pytest.approx(slope)


def test_a_neuron_is_one_node_for_its_sum_one_for_its_bias_one_for_its_activation(rng):
    y = Neuron(10, "relu", rng=rng)([0.1] * 10)
    assert [y.op.name, y.operands[0].op.name, y.operands[0].operands[0].op.name] == ["relu", "add", "dot"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda rng: Neuron(2, rng=rng)([1.0]), "takes 2 inputs, but was given 1"),
        (lambda rng: Layer(3, 2, rng=rng)([1.0] * 4), "takes 3 inputs, but was given 4"),
        (lambda rng: MLP(2, [4, 1], rng=rng)([1.0] * 3), "takes 2 inputs, but was given 3"),
        (lambda rng: Neuron(0, rng=rng), "at least 1 input"),
        (lambda rng: Layer(2, 0, rng=rng), "at least 1 neuron"),
        (lambda rng: MLP(2, [], rng=rng), "at least one layer"),
        (lambda rng: MLP(2, [3, 1], ["relu"], rng=rng), "2 layers need 2 activations, not 1"),
        (lambda rng: MLP(2, [1], init="zeros", rng=rng), "no initialiser is called 'zeros'"),
        (lambda rng: Neuron(2, "rlu", rng=rng), "no activation is called 'rlu'"),
        (lambda rng: Neuron(2, "maximum", rng=rng), "no activation is called 'maximum'"),
        (lambda rng: hinge([1.0], [0.0]), "targets of -1 and +1, not 0.0"),
        (lambda rng: squared_error([1.0], [0.0, 1.0]), "1 predictions for 2 targets"),
        (lambda rng: SGD([], lr=0.1), "nothing to optimise"),
        (lambda rng: SGD([Value(1.0)], lr=0.0), "a number above 0"),
        (lambda rng: SGD([Value(1.0)], lr=0.1, momentum=1.0), "momentum is from 0"),
        (lambda rng: moons(1, rng=rng), "at least 2 points"),
        (lambda rng: moons(10, rng=rng).split(1.5, rng), "between 0 and 1"),
        (lambda rng: list(moons(10, rng=rng).batches(0, rng)), "at least 1 example"),
        (lambda rng: Dataset([[1.0]], [1.0, -1.0]), "1 inputs and 2 targets"),
        (lambda rng: moons(2, rng=rng).split(0.9, rng), "leaves a part of 2 examples empty"),
        (lambda rng: squared_error([], []), "at least one prediction"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_what_is_allowed(rng, make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make(rng)


def test_the_activation_is_chosen_for_each_layer_by_name_or_function(rng):
    model = MLP(2, [3, 2, 1], ["sigmoid", tanh, "linear"], rng=rng)
    assert [layer.neurons[0].activation for layer in model.layers] == ["sigmoid", "tanh", "linear"]
    hidden = model.layers[0]([1.0, 2.0])
    assert hidden[0].op.name == "sigmoid"
    assert model.layers[1](hidden)[0].op.name == "tanh"
    assert model([1.0, 2.0]).op.name == "add"


def test_every_activation_of_the_table_works_by_name(rng):
    for name in ["step", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "logsigmoid", "abs"]:
        assert math.isfinite(Neuron(2, name, rng=rng)([0.3, 0.4]).data)


def test_one_output_is_a_value_and_several_are_a_list(rng):
    assert isinstance(MLP(2, [1], rng=rng)([1.0, 2.0]), Value)
    assert len(MLP(2, [3], rng=rng)([1.0, 2.0])) == 3


def test_parameters_are_named_by_their_place(rng):
    names = [name for name, _ in MLP(2, [2, 1], rng=rng).named_parameters()]
    assert names[:4] == [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.weights.1",
        "layers.0.neurons.0.bias",
        "layers.0.neurons.1.weights.0",
    ]
    assert len(names) == len(set(names)) == 9


class Tied(Module):
    """One neuron twice, in two attributes."""

    def __init__(self, rng):
        self.first = Neuron(1, "linear", rng=rng)
        self.second = self.first

    def __call__(self, x):
        return self.second([self.first([x])])


def test_a_shared_parameter_is_listed_and_moved_once(rng):
    model = Tied(rng)
    assert [name for name, _ in model.named_parameters()] == ["first.weights.0", "first.bias"]
    weight = model.first.weights[0]
    weight.data = 1.0
    optimiser = SGD(model.parameters(), lr=0.1)
    model(2.0).backward()
    gradient = weight.grad
    optimiser.step()
    assert weight.data == pytest.approx(1.0 - 0.1 * gradient)


def test_a_prefix_is_joined_with_a_dot(rng):
    assert next(Neuron(1, rng=rng).named_parameters("encoder"))[0] == "encoder.weights.0"


def test_the_repr_shows_modules_in_nested_lists(rng):
    model = Module()
    model.grid = [[Neuron(2, "relu", rng=rng)]]
    assert repr(model).splitlines() == [
        "Module()  3 parameters",
        "  grid.0.0: Neuron(2 -> 1, relu)  3 parameters",
    ]


def test_zero_grad_clears_every_parameter(rng):
    model = MLP(2, [3, 1], rng=rng)
    model([1.0, 2.0]).backward()
    assert any(parameter.grad for parameter in model.parameters())
    model.zero_grad()
    assert not any(parameter.grad for parameter in model.parameters())


@pytest.mark.parametrize(("name", "deviation"), [("uniform", 0.0577), ("xavier", 0.1), ("he", 0.1414)])
def test_initial_weights_have_the_deviation_of_their_source(rng, name, deviation):
    weights = [w.data for n in Layer(100, 100, init=name, rng=rng).neurons for w in n.weights]
    assert abs(sum(weights) / len(weights)) < 0.01
    assert math.sqrt(sum(w * w for w in weights) / len(weights)) == pytest.approx(deviation, rel=0.03)


def test_losses_are_their_equations():
    assert squared_error([1.0, 3.0], [0.0, 1.0]) == (1 + 4) / 2
    assert hinge([2.0, 0.5, -3.0], [1.0, 1.0, 1.0]) == (0 + 0.5 + 4) / 3
    p = Value(0.5)
    squared_error([p], [2.0]).backward()
    assert p.grad == 2 * (0.5 - 2.0)


def test_losses_take_numpy_arrays():
    numpy = pytest.importorskip("numpy")
    p = Value(0.5)
    hinge(numpy.array([p, Value(2.0)]), numpy.array([1.0, 1.0])).backward()
    assert p.grad == -0.5


def test_momentum_is_a_running_sum_of_gradients():
    w = Value(1.0)
    optimiser = SGD([w], lr=0.1, momentum=0.5)
    velocity, expected = 0.0, 1.0
    for _ in range(5):
        optimiser.zero_grad()
        (w * w).backward()
        velocity = 0.5 * velocity + 2 * expected
        expected -= 0.1 * velocity
        optimiser.step()
        assert w.data == pytest.approx(expected)


def test_moons_are_two_half_circles():
    data = moons(100, noise=0.0, rng=random.Random(0))
    for (x, y), target in zip(data.inputs, data.targets, strict=True):
        centre = (0.0, 0.0) if target < 0 else (1.0, 0.5)
        assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(1.0)
        assert (y >= 0) if target < 0 else (y <= 0.5)
    assert data.targets.count(1.0) == 50


def test_batches_take_every_example_once(rng):
    data = Dataset([[float(k)] for k in range(10)], [float(k) for k in range(10)])
    batches = list(data.batches(4, rng))
    assert [batch.size for batch in batches] == [4, 4, 2]
    assert sorted(t for batch in batches for t in batch.targets) == data.targets
    assert all(batch.inputs[k] == [batch.targets[k]] for batch in batches for k in range(batch.size))


def test_split_leaves_no_example_out_and_none_twice(rng):
    data = Dataset([[float(k)] for k in range(10)], [float(k) for k in range(10)])
    first, second = data.split(0.7, rng)
    assert sorted(first.targets + second.targets) == data.targets
