"""A model as a chain of layers, compared with PyTorch."""

import pytest

from autograd import Value
from nn import MLP, Activation, Autoencoder, Dropout, Layer, Module, Neuron, Sequential, Softmax
from nn.chains import chain, sequential_names


class Pair(Module):
    """A chain of two networks."""

    def __init__(self, rng):
        self.encoder, self.decoder = MLP(4, [3, 2], rng=rng), MLP(2, [4], rng=rng)


def test_the_links_of_a_model_are_its_layers_in_order(rng):
    model = Pair(rng)
    assert [name for name, _ in chain(model)] == ["encoder.layers.0", "encoder.layers.1", "decoder.layers.0"]
    assert chain(model)[2][1] is model.decoder.layers[0]


def test_a_layer_alone_is_one_link(rng):
    layer = Layer(2, 1, rng=rng)
    assert chain(layer) == [("", layer)]
    assert sequential_names(layer) == {"weight": "0.weight", "bias": "0.bias"}


def test_an_activation_takes_a_position_and_linear_takes_none(rng):
    names = sequential_names(MLP(2, [3, 3, 3, 1], ["relu", "linear", "tanh", "linear"], rng=rng))
    assert [names[f"layers.{k}.weight"] for k in range(4)] == ["0.weight", "2.weight", "3.weight", "5.weight"]


def test_parameters_without_a_place_are_named_in_the_error(rng):
    model = MLP(2, [1], rng=rng)
    model.scale = Value(1.0)
    with pytest.raises(ValueError, match="there is no place for scale"):
        sequential_names(model)
    with pytest.raises(ValueError, match=r"there is no place for weights\.0$"):
        sequential_names(Neuron(1, rng=rng))


def test_every_module_of_a_sequence_takes_a_position_as_often_as_it_is_there(rng):
    first, last, bend = Layer(2, 3, "linear", rng=rng), Layer(3, 2, "linear", rng=rng), Activation("tanh")
    model = Sequential(first, bend, bend, Dropout(0.5, rng=rng), list, last, Softmax())
    assert [type(link).__name__ for _, link in chain(model)] == [
        "Layer", "Activation", "Activation", "Dropout", "Function", "Layer", "Softmax",
    ]  # fmt: skip
    assert sequential_names(model) == {
        "0.weight": "0.weight",
        "0.bias": "0.bias",
        "5.weight": "5.weight",
        "5.bias": "5.bias",
    }


def test_the_links_compute_the_same_as_the_model(rng):
    sequence = Sequential(Layer(4, 3, rng=rng), Activation("relu"), lambda x: x[::-1], Layer(3, 2, rng=rng))
    for model in (Autoencoder(4, [3, 2], rng=rng), Autoencoder(4, [3, 1], rng=rng), sequence):
        outputs = [0.1, 0.2, 0.3, 0.4]
        for _, link in chain(model):
            outputs = link(outputs)
            outputs = outputs if isinstance(outputs, list) else [outputs]
        assert [y.data for y in outputs] == [y.data for y in model([0.1, 0.2, 0.3, 0.4])]


def test_a_layer_that_is_there_twice_has_no_second_place(rng):
    layer = Layer(2, 2, rng=rng)
    with pytest.raises(ValueError, match=r"no place for 1\.bias"):
        sequential_names(Sequential(layer, layer))
