"""Module: parameters, names, copies, repr."""

import copy
import pickle

import pytest

import autograd
from autograd import Value
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
)


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
    """A module with the same neuron in two attributes."""

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


def test_a_computed_value_of_a_module_is_not_a_parameter(rng):
    model = Heads(rng)
    before = model.parameters()
    model([1.0, 2.0])
    assert model.seen is not None
    assert model.parameters() == before


class Parent(Module):
    """A module whose child refers to it."""

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
def test_a_copy_is_an_equal_model_with_separate_parameters(rng, copied, activation):
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
