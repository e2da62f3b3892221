"""The error at every layer is the derivative of the loss; updates during the pass."""

import re

import pytest

from autograd import Value
from nn import MLP, Dataset, Layer, Module, compare_updates, moons, mse_loss
from nn.lecture.layerwise import gradient_lengths, layerwise_errors, layerwise_update
from tests.helpers import parameter_values


@pytest.fixture
def model(rng):
    return MLP(2, [4, 3, 1], activation="tanh", rng=rng)


def test_the_error_at_the_input_is_the_derivative_by_the_input(model):
    x = [Value(0.3), Value(-0.6)]
    mse_loss([model(x)], [1.0]).backward()
    errors = layerwise_errors(model, Dataset([[0.3, -0.6]], [1.0]))
    assert errors[-1].at_input == [[value.grad for value in x]]


def test_the_errors_of_an_example_are_the_grads_of_the_recorded_nodes(model):
    hidden = model.layers[0]([0.3, -0.6])
    deeper = model.layers[1](hidden)
    (output,) = model.layers[2](deeper)
    loss = mse_loss([output], [1.0])
    loss.backward()
    errors = layerwise_errors(model, Dataset([[0.3, -0.6]], [1.0]))
    assert [each.name for each in errors] == ["layers.2", "layers.1", "layers.0"]
    assert errors.loss == loss.data
    assert errors[0].at_output == [[output.grad]]
    assert errors[0].at_input == errors[1].at_output == [[value.grad for value in deeper]]
    assert errors[1].at_input == errors[2].at_output == [[value.grad for value in hidden]]


def test_the_grads_of_the_parameters_are_those_of_one_pass_to_the_last_bit(rng):
    model, data = MLP(2, [5, 4, 3], activation="tanh", rng=rng), moons(7, rng=rng)

    def loss(predictions, targets):  # reaches the outputs in another order
        parts = [(p[2] - t) * (p[0] * p[1] + p[2]) for p, t in zip(predictions, targets, strict=True)]
        return sum(parts[::-1], 0)

    layerwise_errors(model, data, loss)
    found = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    loss([model(x) for x in data.inputs], data.targets).backward()
    assert found == [parameter.grad for parameter in model.parameters()]
    assert any(found)


def test_every_example_of_a_batch_has_its_row(model, rng):
    errors = layerwise_errors(model, moons(5, rng=rng))
    assert [[len(each.at_output), len(each.at_output[0])] for each in errors] == [[5, 1], [5, 3], [5, 4]]
    assert "5 examples" in repr(errors)
    assert "first example shown" in repr(errors)


def test_looking_at_the_errors_moves_nothing(model, rng):
    before = parameter_values(model)
    layerwise_errors(model, moons(5, rng=rng))
    assert parameter_values(model) == before


def test_the_update_through_the_adjusted_weights_is_the_formula(rng):
    model = MLP(1, [1, 1], ["tanh", "linear"], rng=rng)
    w0, b0, w1, b1 = model.parameters()
    x, target, lr = 0.7, 2.0, 0.1
    hidden = model.layers[0]([x])[0].data
    error = 2 * (model([x]).data - target)
    new_w1 = w1.data - lr * error * hidden
    arrives = error * new_w1  # not error * w1
    new_w0 = w0.data - lr * arrives * (1 - hidden**2) * x
    new_b0, new_b1 = b0.data - lr * arrives * (1 - hidden**2), b1.data - lr * error
    layerwise_update(model, Dataset([[x]], [target]), lr=lr, through="adjusted")
    assert parameter_values(model) == pytest.approx([new_w0, new_b0, new_w1, new_b1], rel=1e-14)


class Doubled(Module):
    """A model that computes something between its layers."""

    def __init__(self, rng):
        self.first, self.second = Layer(1, 2, rng=rng), Layer(2, 1, rng=rng)

    def __call__(self, inputs):
        return self.second([2 * value for value in self.first(inputs)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m, d, rng: layerwise_update(m, d, lr=0.0),
            "lr must be positive, got 0.0",
        ),
        (
            lambda m, d, rng: layerwise_update(m, d, lr=1.0, through="new"),
            "through must be one of 'recorded', 'adjusted', got 'new'",
        ),
        (lambda m, d, rng: layerwise_errors(m, Dataset([], [])), "at least 1 example is needed"),
        (
            lambda m, d, rng: layerwise_errors(Doubled(rng), Dataset([[1.0]], [1.0])),
            "Doubled is not a chain of its layers",
        ),
    ],
)
def test_a_wrong_argument_is_an_error_with_the_allowed_values(model, rng, call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call(model, moons(4, rng=rng), rng)


def test_a_parameter_in_two_layers_cannot_be_adjusted_while_the_error_passes(rng):
    model, data = MLP(2, [2, 2, 1], activation="tanh", rng=rng), Dataset([[0.5, -1.0]], [1.0])
    model.layers[1].neurons[0].bias = model.layers[0].neurons[1].bias
    before = [parameter.data for parameter in model.parameters()]
    for update in (layerwise_update, compare_updates):
        with pytest.raises(ValueError, match=r"layers\.0 and layers\.1 share a parameter"):
            update(model, data, lr=0.1)
    assert [parameter.data for parameter in model.parameters()] == before
    assert len(layerwise_errors(model, data)) == 3


def test_a_long_row_is_shown_without_its_middle(rng):
    errors = layerwise_errors(MLP(8, [1], rng=rng), Dataset([[1.0] * 8], [1.0]))
    assert errors[0].at_input[0][0] != 0
    assert repr(errors).count("...") == 1
    assert "layers.0: Layer(8 -> 1, linear)   at its output" in repr(errors[0])


def test_the_length_of_a_gradient_is_that_of_its_vector(rng):
    layer = Layer(2, 1, "linear", rng=rng)
    layer([3.0, 4.0])[0].backward()
    assert gradient_lengths(layer) == {"neurons.0": pytest.approx((9 + 16 + 1) ** 0.5)}
