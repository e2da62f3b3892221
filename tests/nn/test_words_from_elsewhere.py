"""Names of micrograd, PyTorch, Keras and scikit-learn work, or the error suggests the one to use."""

import random
import re

import pytest

from autograd import Value
from nn import MLP, SGD, Activation, Adam, Dropout, Layer, Neuron, Softmax, mse_loss


def test_the_models_of_the_micrograd_lecture_are_made_as_there():
    random.seed(1337)
    model = MLP(3, [4, 4, 1])
    assert len(model.parameters()) == 41
    assert isinstance(model([2.0, 3.0, -1.0]), Value)
    assert isinstance(Neuron(2)([1.0, -2.0]), Value)
    assert len(Layer(2, 3)([1.0, -2.0])) == 3


def test_neurons_have_micrograds_names_for_weights_and_bias():
    neuron = Neuron(2)
    assert neuron.w is neuron.weights
    assert neuron.b is neuron.bias


@pytest.mark.parametrize(("nonlin", "activation"), [(True, "relu"), (False, "linear")])
def test_nonlin_is_an_activation(nonlin, activation):
    assert Neuron(2, nonlin=nonlin).activation == activation
    assert Layer(2, 1, nonlin=nonlin).neurons[0].activation == activation


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("ReLU", "relu"),
        ("Tanh", "tanh"),
        ("LeakyReLU", "leaky_relu"),
        ("leaky-relu", "leaky_relu"),
        ("identity", "linear"),
        ("none", "linear"),
        (None, "linear"),
        ("logistic", "sigmoid"),
        ("Swish", "silu"),
        ("GELU", "gelu"),
    ],
)
def test_activations_are_found_in_the_spelling_of_other_libraries(name, ours):
    assert Neuron(2, name).activation == ours


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Neuron(2, "tahn"), ValueError, "no activation is called 'tahn'. Did you mean 'tanh'?"),
        (lambda: Neuron(2, "softmax"), ValueError, "train a linear last layer with cross_entropy"),
        (lambda: Neuron(2, 3), TypeError, "the activation must be a name or a function, got 3 of type int"),
        (lambda: Neuron(2, init="xaver"), ValueError, "Did you mean 'xavier'?"),
        (lambda: MLP(2, [3], activaton="relu"), TypeError, "MLP() has no parameter 'activaton'. Did you mean"),
        (
            lambda: MLP(2, [3], rng=1, seed=2),
            TypeError,
            "seed and rng are the same parameter; give one of them",
        ),
        (
            lambda: SGD(MLP(2, [1]), momentm=0.1),
            TypeError,
            "SGD() has no parameter 'momentm'. Did you mean 'mo",
        ),
        (lambda: SGD(Softmax(), lr=0.1), ValueError, "there is nothing to optimise"),
    ],
)
def test_a_misspelt_word_is_an_error_with_the_word_that_is_meant(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()


@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_an_optimiser_takes_a_model_or_its_parameters(optimiser):
    model = MLP(2, [1])
    given = [optimiser(model, lr=0.1), optimiser(model.parameters(), 0.1), optimiser(model, learning_rate=0.1)]
    for each in given:
        assert each.parameters == model.parameters()
        assert each.lr == 0.1


BATCH = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    "model",
    [
        MLP(2, [3, 1]),
        Layer(2, 2),
        Neuron(2),
        Neuron(3),
        MLP(3, [1]),
        Dropout(0.5),
        Softmax(),
        Activation("relu"),
    ],
)
def test_a_batch_is_an_error_with_the_way_to_pass_it(model):
    numpy = pytest.importorskip("numpy")
    for batch in (BATCH, numpy.array(BATCH), tuple(BATCH)):
        with pytest.raises(TypeError, match=re.escape("one example at a time, got 3: for a batch X use")):
            model(batch)


def test_the_default_activation_learns_the_exercise_of_the_micrograd_lecture_from_every_start():
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    for seed in range(10):
        model = MLP(3, [4, 4, 1], rng=seed)
        for _ in range(100):
            loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys, strict=True))
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.05 * p.grad
        assert mse_loss([model(x) for x in xs], ys).data < 0.05, seed
