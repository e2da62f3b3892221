"""Arguments that do not fit together are errors before anything is trained."""

import random
import re

import pytest

from autograd import Value
from nn import (
    MLP,
    SGD,
    Autoencoder,
    Dataset,
    Dropout,
    Layer,
    Module,
    Neuron,
    Sequential,
    Softmax,
    StepLR,
    blobs,
    circles,
    fit,
    k_means,
    k_means_by_gradient,
    moons,
    plus_plus,
    spirals,
)

DATA = Dataset([[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0])


def parameters(rng):
    return MLP(2, [3, 1], rng=rng).parameters()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": lambda x: x[0]}, TypeError, "model must be a Module"),
        (
            {"data": [[0.0, 1.0]]},
            TypeError,
            "the targets are missing: pass inputs and targets, X and y",
        ),
        ({"data": DATA, "targets": [1.0, -1.0]}, TypeError, "a Dataset already has targets"),
        (
            {"data": 3.0, "targets": [1.0]},
            TypeError,
            "inputs must be a list, one list of numbers for each example, got 3.0 of type float",
        ),
        ({"data": [[0.0, 1.0]], "targets": [1.0, 2.0]}, ValueError, "1 inputs and 2 targets"),
        ({"optimiser": "adm"}, ValueError, "no optimiser is called 'adm'. Did you mean 'Adam'?"),
        ({"lr": 0.1}, ValueError, "lr=0.1 cannot be given with an optimiser, which has its own"),
        ({"epoch": 3}, TypeError, "fit() has no parameter 'epoch'. Did you mean 'epochs'?"),
        ({"data": Dataset([], [])}, ValueError, "data needs at least 1"),
        ({"validation": Dataset([], [])}, ValueError, "validation needs at least 1"),
        ({"loss": "mes"}, ValueError, "no loss is called 'mes'. Did you mean 'mse_loss'? There are"),
        ({"rng": "7"}, TypeError, "rng must be a random.Random, a seed (an int), or None"),
        ({"epochs": 1.5}, ValueError, "epochs must be 0 or more, got 1.5"),
        ({"epochs": True}, ValueError, "epochs must be 0 or more, got True"),
        ({"optimiser": 0.1}, TypeError, "such as SGD(model.parameters(), lr=0.1)"),
        ({"model": Softmax(), "optimiser": None}, ValueError, "there is nothing to optimise"),
        ({"batch_size": 0}, ValueError, "a batch must have at least 1 example, got 0"),
        ({"batch_size": 1.5}, ValueError, "a batch must have at least 1 example, got 1.5"),
        (
            {"loss": lambda p, t: 0.5},
            TypeError,
            "computed from the predictions, got 0.5",
        ),
        (
            {"loss": lambda p, t: p},
            TypeError,
            "computed from the predictions, got a list",
        ),
        ({"data": Dataset([0.5, 1.0], [1.0, 1.0])}, TypeError, "this layer takes a list of 2 numbers, not 0.5"),
        ({"data": Dataset([[0.5]], [1.0])}, ValueError, "this layer takes 2 inputs, but was given 1"),
    ],
)
def test_fit_reports_arguments_that_do_not_fit_together(rng, change, error, message):
    model = MLP(2, [3, 1], rng=rng)
    arguments = {"model": model, "data": DATA, "loss": "hinge", "epochs": 1, "rng": rng}
    with pytest.raises(error, match=re.escape(message)):
        fit(**arguments | {"optimiser": SGD(model.parameters(), lr=0.1)} | change)
    assert model.state_dict() == MLP(2, [3, 1], rng=random.Random(0)).state_dict()


def test_an_optimiser_of_another_model_that_would_train_nothing_is_an_error(rng):
    model, other = MLP(2, [3, 1], rng=rng), MLP(2, [3, 1], rng=rng)
    with pytest.raises(ValueError, match="none of this model's parameters"):
        fit(model, DATA, "hinge", SGD(other.parameters(), lr=0.1), epochs=1, rng=rng)
    last = SGD(model.layers[1].parameters(), lr=0.1)
    assert len(fit(model, DATA, "hinge", last, epochs=1, rng=rng).losses) == 1


def test_a_schedule_of_another_optimiser_is_refused(rng):
    model = MLP(2, [1], rng=rng)
    optimiser, other = (SGD(model.parameters(), lr=0.1) for _ in range(2))
    with pytest.raises(ValueError, match="the schedule belongs to another optimiser"):
        fit(model, DATA, "hinge", optimiser, epochs=1, rng=rng, schedule=StepLR(other, 1))


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: MLP(2, [3], rng=rng),
        lambda rng: Neuron(2, rng=rng),
        lambda rng: Layer(2, 3, rng=rng),
        lambda rng: Autoencoder(4, [2], rng=rng),
        lambda rng: Dropout(0.5, rng=rng)([1.0] * 40),
        lambda rng: moons(4, rng=rng),
        lambda rng: blobs(4, rng=rng),
        lambda rng: circles(4, rng=rng),
        lambda rng: spirals(4, rng=rng),
        lambda rng: DATA.split(0.5, rng),
        DATA.shuffled,
        lambda rng: list(DATA.batches(1, rng)),
        lambda rng: k_means([[0.0], [1.0], [1.5]], 2, rng=rng, steps=0),
        lambda rng: k_means_by_gradient([[0.0], [1.0], [1.5]], 2, rng=rng, steps=0),
        lambda rng: plus_plus([[0.0], [1.0], [1.5]], 2, rng),
    ],
)
def test_rng_is_a_generator_a_seed_or_none_everywhere(make):
    def told(item):
        return item.state_dict() if isinstance(item, Module) else repr(item)

    assert told(make(5)) == told(make(random.Random(5))), "a seed is what a generator made from it gives"
    random.seed(7)
    first = told(make(None))
    random.seed(7)
    assert told(make(None)) == first, "without rng a program repeats itself after random.seed"
    with pytest.raises(TypeError, match="rng must be a random"):
        make("5")


def test_a_fresh_generator_differs_from_the_one_before_and_a_numpy_generator_gives_a_seed():
    numpy = pytest.importorskip("numpy")
    assert moons(4).inputs != moons(4).inputs
    same = [moons(4, rng=numpy.random.default_rng(3)).inputs for _ in range(2)]
    assert same[0] == same[1] != moons(4, rng=numpy.random.default_rng(4)).inputs
    assert moons(4, rng=numpy.int64(3)) == moons(4, rng=3)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (lambda w: [w, w], ValueError, "a parameter is given twice"),
        (lambda w: [w * 2.0], ValueError, "an optimiser takes leaf Values"),
        (lambda w: [1.0], TypeError, "an optimiser takes Values, such as model.parameters() returns, not 1.0"),
    ],
)
def test_an_optimiser_takes_leaves_each_once(parameters, error, message):
    with pytest.raises(error, match=re.escape(message)):
        SGD(parameters(Value(1.0)), lr=0.1)


def test_a_list_of_one_number_is_distinguished_from_a_number(rng):
    ends_in_a_layer = Sequential(Layer(2, 3, rng=rng), Layer(3, 1, "linear", rng=rng))
    with pytest.raises(ValueError, match="or end the model with a Neuron"):
        fit(ends_in_a_layer, DATA, epochs=1, rng=rng)
    ends_in_a_neuron = Sequential(Layer(2, 3, rng=rng), Neuron(3, "linear", rng=rng))
    assert len(fit(ends_in_a_neuron, DATA, epochs=1, rng=rng).losses) == 1
    lists = Dataset(DATA.inputs, [[target] for target in DATA.targets])
    assert len(fit(ends_in_a_layer, lists, epochs=1, rng=rng).losses) == 1


def test_widths_are_a_list(rng):
    with pytest.raises(TypeError, match=r"widths must be a list, .* such as \[3, 1\]"):
        MLP(2, 3, rng=rng)


def test_a_module_without_forward_is_a_clear_error():
    with pytest.raises(NotImplementedError, match="Module needs a forward"):
        Module()([1.0])
