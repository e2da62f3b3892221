"""Models made of modules: sequences, dropout, softmax, autoencoders, every activation."""

import random
import statistics

import pytest

import autograd
from autograd import TABLE, Value, draw, total
from autograd.checking import check
from nn import MLP, Activation, Autoencoder, Dropout, Layer, Sequential, Softmax, cross_entropy


def generator():
    return random.Random(0)


def test_a_sequence_is_its_modules_one_after_the_other():
    first, last = Layer(2, 3, "linear", rng=generator()), Layer(3, 2, "tanh", rng=generator())
    model = Sequential(first, Activation("relu"), last)
    x = [0.5, -1.0]
    hidden = [autograd.relu(h) for h in first(x)]
    assert [v.data for v in model(x)] == [v.data for v in last(hidden)]
    assert (len(model), model[0]) == (3, first)
    assert next(name for name, _ in model.named_parameters()) == "0.neurons.0.weights.0"
    assert "1: Activation(relu)" in repr(model)
    with pytest.raises(ValueError, match="at least one module"):
        Sequential()
    with pytest.raises(TypeError, match="takes modules and functions"):
        Sequential(first, 3)


UNARY = [n for n, op in TABLE.items() if not op.variadic and len(op.operands) - len(op.defaults) == 1]


@pytest.mark.parametrize("name", UNARY)
def test_every_operation_of_one_number_is_an_activation(name):
    model = MLP(2, [2, 1], activation=name, rng=generator())
    for parameter in model.parameters():
        parameter.data = 0.3
    y = model([0.5, 0.6] if name != "acosh" else [2.5, 3.0])  # inside every domain
    assert isinstance(y, Value)
    assert Activation(name)(0.5 if name != "acosh" else 2.0) == getattr(autograd, name)(
        0.5 if name != "acosh" else 2.0
    )


def test_activations_per_layer_and_custom_functions():
    model = MLP(2, [3, 2, 1], activation=["tanh", lambda s: s * s, "sigmoid"], rng=generator())
    assert 0 < model([1.0, 2.0]).data < 1


def test_dropout_zeroes_a_fraction_in_training_and_nothing_in_evaluation():
    dropout, ones = Dropout(0.25, rng=generator()), [1.0] * 10_000
    out = dropout(ones)
    assert set(out) == {0.0, 1 / 0.75}
    assert statistics.fmean(out) == pytest.approx(1.0, abs=0.02)
    assert dropout.eval()(ones) == ones
    model = Sequential(Layer(2, 2, rng=generator()), Dropout(0.5, rng=generator()))
    assert model.eval()[1].training is False
    assert model.train()[1].training is True
    for p in (-0.1, 1.0):
        with pytest.raises(ValueError, match="probability of dropping"):
            Dropout(p, rng=generator())


def test_softmax_sums_to_one_for_any_logits():
    for z in ([1.0, 2.0, 3.0], [1000.0, -1000.0], [-1e4, -1e4, -1e4]):
        p = Softmax()(z)
        assert sum(p) == pytest.approx(1.0)
        assert all(0 <= x <= 1 for x in p)
    logits = [Value(0.5), Value(-1.0), Value(2.0)]
    assert check(Softmax()(logits)[1], order=2).verdict == "right"


def test_a_softmax_head_and_cross_entropy_agree():
    logits = [0.5, -1.0, 2.0]
    assert cross_entropy([logits], [2]) == pytest.approx(-autograd.log(Softmax()(logits)[2]))


def test_an_autoencoder_narrows_down_and_gives_back():
    model = Autoencoder(6, [4, 2], rng=generator())
    x = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    code = model.encode(x)
    assert len(code) == 2
    assert [v.data for v in model.decode([c.data for c in code])] == [v.data for v in model(x)]
    assert repr(model).splitlines()[0].startswith("Autoencoder(6 -> 4 -> 2 -> 4 -> 6)")
    assert len(Autoencoder(3, [1], rng=generator()).encode([1.0, 2.0, 3.0])) == 1
    with pytest.raises(ValueError, match="width of the code"):
        Autoencoder(6, [], rng=generator())


def test_composed_models_can_be_drawn_by_layers():
    model = Sequential(Layer(2, 3, "tanh", rng=generator()), Layer(3, 1, "linear", rng=generator()))
    y = total(model([Value(1.0, "a"), Value(2.0, "b")]))
    y.backward()
    assert "Layer" in draw(y, groups=model, collapse="layer").source


def test_the_repr_of_a_sequence_lists_its_functions_too():
    model = Sequential(Layer(2, 3, "relu"), total, Dropout(0.25))
    assert repr(model).splitlines() == [
        "Sequential(3 modules)  9 parameters",
        "  0: Layer(2 -> 3, relu)  9 parameters",
        "    neurons.0 ... 2: Neuron(2 -> 1, relu)  3 parameters",
        "  1: Function(total)  0 parameters",
        "  2: Dropout(p=0.25)  0 parameters",
    ]
    assert repr(Sequential(Softmax())).startswith("Sequential(1 module)  0 parameters")
