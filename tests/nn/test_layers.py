"""Neurons, layers and multilayer perceptrons."""

import math
import re

import pytest

from autograd import Value, tanh
from nn import (
    MLP,
    SGD,
    Dataset,
    Layer,
    Neuron,
    hinge,
    moons,
    mse_loss,
)


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
        (lambda rng: Neuron(10**30, rng=rng), "a neuron takes at most 10,000,000 inputs, got 10000"),
        (lambda rng: MLP(2, [10**9, 1], rng=rng), "a layer takes at most 10,000,000 neurons, got 10000"),
        (lambda rng: Layer(10**5, 10**5, rng=rng), "at most 10,000,000 weights, got 100,000 times 100,000"),
        (lambda rng: MLP(2, [3, 1], ["relu"], rng=rng), "2 layers need 2 activations, got 1"),
        (lambda rng: MLP(2, [1], init="zeros", rng=rng), "no initialiser is called 'zeros'"),
        (lambda rng: Neuron(2, "rlu", rng=rng), "no activation is called 'rlu'"),
        (lambda rng: Neuron(2, "maximum", rng=rng), "no activation is called 'maximum'"),
        (lambda rng: hinge([1.0], [0.0]), "targets of -1 and +1, not 0.0"),
        (lambda rng: mse_loss([1.0], [0.0, 1.0]), "1 predictions for 2 targets"),
        (lambda rng: SGD([], lr=0.1), "nothing to optimise"),
        (lambda rng: SGD([Value(1.0)], lr=0.0), "a number above 0"),
        (lambda rng: SGD([Value(1.0)], lr=0.1, momentum=1.0), "momentum must satisfy 0"),
        (lambda rng: moons(1, rng=rng), "at least 2 points"),
        (lambda rng: moons(10, rng=rng).split(1.5, rng), "between 0 and 1"),
        (lambda rng: list(moons(10, rng=rng).batches(0, rng)), "at least 1 example"),
        (lambda rng: Dataset([[1.0]], [1.0, -1.0]), "1 inputs and 2 targets"),
        (lambda rng: moons(2, rng=rng).split(0.9, rng), "leaves a part of 2 examples empty"),
        (lambda rng: mse_loss([], []), "at least one prediction"),
    ],
)
def test_a_wrong_argument_is_an_error_with_the_allowed_values(rng, make, message):
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
