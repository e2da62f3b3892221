"""The nn package: modules, layers, losses, optimisers, data and training."""

import copy
import math
import pickle
import random
import re

import pytest

import autograd
from autograd import Value, tanh
from nn import (
    MLP,
    SGD,
    Activation,
    Dataset,
    Dropout,
    Layer,
    Module,
    Neuron,
    Sequential,
    Softmax,
    fit,
    hinge,
    moons,
    mse_loss,
)


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
        (lambda rng: mse_loss([1.0], [0.0, 1.0]), "1 predictions for 2 targets"),
        (lambda rng: SGD([], lr=0.1), "nothing to optimise"),
        (lambda rng: SGD([Value(1.0)], lr=0.0), "a number above 0"),
        (lambda rng: SGD([Value(1.0)], lr=0.1, momentum=1.0), "momentum is from 0"),
        (lambda rng: moons(1, rng=rng), "at least 2 points"),
        (lambda rng: moons(10, rng=rng).split(1.5, rng), "between 0 and 1"),
        (lambda rng: list(moons(10, rng=rng).batches(0, rng)), "at least 1 example"),
        (lambda rng: Dataset([[1.0]], [1.0, -1.0]), "1 inputs and 2 targets"),
        (lambda rng: moons(2, rng=rng).split(0.9, rng), "leaves a part of 2 examples empty"),
        (lambda rng: mse_loss([], []), "at least one prediction"),
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


class Heads(Module):
    """Modules in a dict, Values in an array, and a number that was computed."""

    def __init__(self, rng):
        numpy = pytest.importorskip("numpy")
        self.heads = {"small": Layer(2, 1, rng=rng), "large": [Neuron(2, rng=rng)]}
        self.scale = numpy.array([Value(2.0), Value(3.0)])
        self.seen = None

    def forward(self, inputs):
        self.seen = self.heads["small"](inputs)[0] * self.scale[0]
        return self.seen + self.heads["large"][0](inputs)


def test_parameters_in_dicts_and_arrays_are_found_trained_saved_and_restored(rng):
    model, other = Heads(rng), Heads(rng)
    names = [name for name, _ in model.named_parameters()]
    assert names[0] == "heads.small.neurons.0.weights.0"
    assert names[3:5] == ["heads.large.0.weights.0", "heads.large.0.weights.1"]
    assert names[-2:] == ["scale.0", "scale.1"]
    assert list(model.state_dict())[:2] == ["heads.small.weight", "heads.small.bias"]
    before = [parameter.data for parameter in model.parameters()]
    fit(model, Dataset([[0.5, -1.0]], [3.0]), epochs=1, rng=rng)
    moved = [p.data != x for p, x in zip(model.parameters(), before, strict=True)]
    assert moved == [True] * 7 + [False]  # scale.1 is not used
    other.load_state_dict(model.state_dict())
    assert other([1.0, 2.0]).data == model([1.0, 2.0]).data


def test_what_a_module_has_computed_is_no_parameter(rng):
    model = Heads(rng)
    before = model.parameters()
    model([1.0, 2.0])
    assert model.seen is not None
    assert model.parameters() == before


class Parent(Module):
    """A module whose child knows it."""

    def __init__(self, rng):
        self.child = Neuron(1, rng=rng)
        self.child.parent = self

    def forward(self, inputs):
        return self.child(inputs)


def test_a_module_may_know_the_one_that_it_is_in(rng):
    model = Parent(rng)
    assert [name for name, _ in model.named_parameters()] == ["child.weights.0", "child.bias"]
    assert list(model.state_dict()) == ["child.weights.0", "child.bias"]
    assert model.eval().child.training is False
    assert repr(model) == "Parent()  2 parameters\n  child: Neuron(1 -> 1, tanh)  2 parameters"
    assert [group.name for group in model.groups()] == ["Neuron"]
    assert len(fit(model, Dataset([[1.0]], [1.0]), epochs=1, rng=rng).losses) == 1
    assert copy.deepcopy(model).child([1.0]).data == model.child([1.0]).data


def test_modules_and_children_are_pytorchs(rng):
    model = MLP(2, [2, 1], rng=rng)
    first, last = model.layers
    assert list(model.children()) == [first, last]
    assert dict(model.named_children()) == {"layers.0": first, "layers.1": last}
    assert list(model.modules()) == [model, first, *first.neurons, last, *last.neurons]
    assert next(model.named_modules("net")) == ("net", model)
    assert [name for name, _ in model.named_modules("net")][1:3] == ["net.layers.0", "net.layers.0.neurons.0"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("activation", ["linear", "relu", "tanh", autograd.sigmoid])
def test_a_copy_is_an_equal_model_with_parameters_of_its_own(rng, copied, activation):
    model = Sequential(MLP(2, [3, 2], activation, rng=rng), Dropout(0.0, rng=rng), Activation("elu"), Softmax())
    other = copied(model)
    assert [y.data for y in other([1.0, 2.0])] == [y.data for y in model([1.0, 2.0])]
    before = model.state_dict()
    fit(other, Dataset([[1.0, 2.0]], [1]), "cross_entropy", epochs=2, rng=rng)
    assert model.state_dict() == before != other.state_dict()


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
    assert mse_loss([1.0, 3.0], [0.0, 1.0]) == (1 + 4) / 2
    assert hinge([2.0, 0.5, -3.0], [1.0, 1.0, 1.0]) == (0 + 0.5 + 4) / 3
    p = Value(0.5)
    mse_loss([p], [2.0]).backward()
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
