"""Compiled models equal the models: losses, predictions, gradients, whole trainings."""

import random

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
import nn
from autograd import TABLE, TracingError, Value, relu, square, tanh, total
from nn import (
    MLP,
    SGD,
    Activation,
    Adam,
    Autoencoder,
    Dataset,
    Dropout,
    Layer,
    Sequential,
    Softmax,
    compile_model,
    evaluate,
    fit,
    moons,
)
from nn.losses import LOSSES


def eager(model, loss, inputs, targets):
    """Loss, predictions and gradients as the model itself gives them."""
    model.zero_grad()
    predictions = [model(each) for each in inputs]
    found = nn.losses.loss_function(loss)(predictions, targets)
    found.backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    return found.data, nn.metrics.plain(predictions), gradients


def assert_equal(model, loss, inputs, targets, fast=None, tolerance=1e-12):
    fast = fast or compile_model(model, loss)
    expected, outputs, gradients = eager(model, loss, inputs, targets)
    found, predictions = fast.backward(inputs, targets)
    scale = max(map(abs, gradients))
    assert found == pytest.approx(expected, rel=tolerance)
    np.testing.assert_allclose(predictions, outputs, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(fast.predict(inputs), outputs, rtol=tolerance, atol=tolerance)
    assert fast.loss(inputs, targets) == pytest.approx(expected, rel=tolerance)
    np.testing.assert_allclose(
        [parameter.grad for parameter in model.parameters()], gradients, rtol=tolerance, atol=tolerance * scale
    )
    model.zero_grad()
    return fast


def numbers(rng, count, width):
    return [[rng.gauss(0, 1) for _ in range(width)] for _ in range(count)]


ACTIVATIONS = [
    "linear",
    *(op.name for op in TABLE.values() if not op.variadic and len(op.operands) - len(op.defaults) == 1),
]
POSITIVE = set("sqrt log log2 log10 acosh asin acos atanh reciprocal cbrt log1p".split())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    rng = random.Random(0)
    model = MLP(3, [4, 2], activation, rng=rng)
    inputs, targets = numbers(rng, 9, 3), numbers(rng, 9, 2)
    if activation in POSITIVE:  # inside the domain of all of them: 1 to 1.001, or 0.2 to 0.8
        for neuron in model.layers[0].neurons:
            for weight in neuron.weights:
                weight.data = 0.02
            neuron.bias.data = 1.5 if activation == "acosh" else 0.5
    assert_equal(model, "mse_loss", inputs, targets, tolerance=1e-11)


def targets_for(loss, rng, count, width):
    if loss == "hinge":
        return [rng.choice((-1.0, 1.0)) for _ in range(count)]
    if loss == "binary_cross_entropy_with_logits":
        return [rng.choice((0.0, 0.25, 1.0)) for _ in range(count)]
    if loss == "cross_entropy":
        return [rng.randrange(width) for _ in range(count)]
    if loss == "kl_divergence":
        raw = [[rng.random() for _ in range(width)] for _ in range(count)]
        return [[x / sum(row) for x in row] for row in raw[:-1]] + [[1.0] + [0.0] * (width - 1)]
    return [rng.gauss(0, 1) for _ in range(count)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("count", [1, 8, 21])
def test_every_loss(loss, count):
    rng = random.Random(1)
    width = 3 if loss in ("cross_entropy", "kl_divergence") else 1
    model = MLP(2, [5, width], "tanh", rng=rng)
    assert_equal(model, loss, numbers(rng, count, 2), targets_for(loss, rng, count, width))


@pytest.mark.parametrize("loss", ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits"])
def test_losses_of_lists(loss):
    rng = random.Random(2)
    model = MLP(2, [5, 3], "tanh", rng=rng)
    targets = [[rng.random() for _ in range(3)] for _ in range(11)]
    assert_equal(model, loss, numbers(rng, 11, 2), targets)


def test_classes_as_probabilities_and_as_numbers():
    rng = random.Random(3)
    model = MLP(2, [5, 3], rng=rng)
    inputs = numbers(rng, 6, 2)
    fast = assert_equal(model, "cross_entropy", inputs, [0, 1, 2, 2, 1, 0])
    soft = [[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]] * 3
    assert_equal(model, "cross_entropy", inputs, soft, fast)


def test_sequences_autoencoders_and_shared_parts():
    rng = random.Random(4)
    shared = Layer(4, 4, "tanh", rng=rng)
    model = Sequential(
        Layer(3, 4, "linear", rng=rng), Activation("gelu"), shared, shared, Dropout(0.5, rng=rng), Softmax()
    )
    model.eval()
    rows = numbers(rng, 10, 3)
    assert_equal(model, "mse_loss", rows, [[0.25] * 4 for _ in rows])
    assert_equal(Autoencoder(3, [4, 2], rng=rng), "mse_loss", rows, rows)


def test_a_custom_loss_and_a_custom_model():
    class Gaussian(nn.Module):
        def __init__(self):
            self.centre, self.width = [Value(0.5), Value(-0.5)], Value(1.5)

        def __call__(self, inputs):
            return autograd.exp(
                -total([square((x - c) / self.width) for x, c in zip(inputs, self.centre, strict=True)])
            )

    def fourth(predictions, targets):
        return autograd.mean([square(square(p - t)) for p, t in zip(predictions, targets, strict=True)])

    rng = random.Random(5)
    assert_equal(Gaussian(), fourth, numbers(rng, 10, 2), [rng.random() for _ in range(10)])


def test_numpy_arrays_as_data():
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(12, 2)), rng.normal(size=12)
    model = MLP(2, [4, 1], rng=random.Random(0))
    fast = compile_model(model)
    loss, predictions = fast.backward(inputs, targets)
    assert loss == pytest.approx(eager(model, "mse_loss", inputs.tolist(), targets.tolist())[0], rel=1e-13)
    assert predictions == fast.predict(inputs.tolist())


# The model's own Values.


def test_parameters_are_the_models_own_and_grads_accumulate():
    rng = random.Random(6)
    model = MLP(2, [4, 1], rng=rng)
    inputs, targets = numbers(rng, 10, 2), [1.0] * 10
    fast = compile_model(model)
    assert fast.parameters == model.parameters()
    fast.backward(inputs, targets)
    once = [parameter.grad for parameter in model.parameters()]
    fast.backward(inputs, targets)
    assert [parameter.grad for parameter in model.parameters()] == [2 * grad for grad in once]


def test_every_call_reads_the_parameters_as_they_are_then():
    rng = random.Random(7)
    model = MLP(2, [4, 1], "tanh", rng=rng)
    inputs, targets = numbers(rng, 10, 2), [0.5] * 10
    fast = compile_model(model)
    for _ in range(3):
        assert_equal(model, "mse_loss", inputs, targets, fast)
        for parameter in model.parameters():
            parameter.data += 0.1
    state = MLP(2, [4, 1], "tanh", rng=rng).state_dict()
    model.load_state_dict(state)
    assert_equal(model, "mse_loss", inputs, targets, fast)


def test_a_model_whose_parts_change_is_compiled_again():
    rng = random.Random(8)
    model = MLP(2, [4, 1], "tanh", rng=rng)
    inputs, targets = numbers(rng, 10, 2), [0.5] * 10
    fast = compile_model(model)
    assert_equal(model, "mse_loss", inputs, targets, fast)
    model.layers[0].neurons[1].bias = Value(3.0)
    assert_equal(model, "mse_loss", inputs, targets, fast)
    model.layers[0].neurons[2].weights[0] = Value(-2.0)
    assert_equal(model, "mse_loss", inputs, targets, fast)
    model.layers.append(Layer(1, 1, "tanh", rng=rng))
    assert_equal(model, "mse_loss", inputs, targets, fast)
    assert len(fast.parameters) == len(model.parameters())


class Scaled(nn.Module):
    """A module with a plain number and a mode of its own, which writes to its attributes."""

    def __init__(self):
        self.w, self.scale, self.calls = Value(2.0), 1.0, 0

    def __call__(self, inputs):
        self.calls += 1
        return self.scale * self.w * inputs[0] + (10.0 if self.training else 0.0)


def test_numbers_and_modes_of_a_model_are_noticed():
    model = Scaled()
    fast = compile_model(model)
    assert fast.predict([[1.0]]) == [12.0]
    model.eval()
    assert fast.predict([[1.0]]) == [2.0]
    model.scale = 3.0
    assert fast.predict([[1.0]]) == [6.0]
    model.train()
    assert fast.predict([[1.0]]) == [16.0]
    called = model.calls
    for _ in range(3):
        assert fast.predict([[1.0]]) == [16.0]
    assert model.calls == called + 3  # it writes to its attributes, so each call runs it as plain Python would


def test_pickled_and_copied_with_its_model():
    import copy
    import pickle

    rng = random.Random(11)
    model = MLP(2, [4, 1], "tanh", rng=rng)
    inputs, targets = numbers(rng, 10, 2), [0.5] * 10
    fast = assert_equal(model, "mse_loss", inputs, targets)
    for made in (pickle.loads(pickle.dumps(fast)), copy.deepcopy(fast)):
        assert made.predict(inputs) == fast.predict(inputs)
        made.model.layers[0].neurons[0].bias = Value(2.0)
        assert_equal(made.model, "mse_loss", inputs, targets, made)
        assert made.predict(inputs) != fast.predict(inputs)


# Errors.


def test_dropout_is_an_error_in_training_mode_and_has_no_effect_in_evaluation_mode():
    model = Sequential(Layer(2, 2, rng=random.Random(0)), Dropout(0.5, rng=random.Random(0)))
    fast = compile_model(model)
    for call in (fast.predict, lambda inputs: fast.backward(inputs, [[0.0, 0.0]])):
        with pytest.raises(ValueError, match=r"model\.eval\(\)"):
            call([[1.0, 2.0]])
    model.eval()
    assert fast.predict([[1.0, 2.0]])[0] == pytest.approx([y.data for y in model([1.0, 2.0])], rel=1e-14)
    model.train()
    with pytest.raises(ValueError, match=r"model\.eval\(\)"):
        fast.predict([[1.0, 2.0]])


def test_a_loss_that_is_not_a_mean_is_an_error():
    def summed(predictions, targets):
        return total([square(p - t) for p, t in zip(predictions, targets, strict=True)])

    fast = compile_model(MLP(2, [2, 1], rng=random.Random(0)), summed)
    fast.backward([[1.0, 2.0]], [1.0])  # for one example a sum is a mean
    fast.backward([[1.0, 2.0]], [2.0])
    with pytest.raises(ValueError, match="mean over the examples"):
        fast.backward([[1.0, 2.0], [0.5, -1.0]], [1.0, 2.0])
    fit_once = MLP(2, [2, 1], rng=random.Random(0))
    with pytest.raises(ValueError, match="mean over the examples"):
        fit(fit_once, moons(20, rng=random.Random(0)), summed, epochs=1, rng=random.Random(0), compiled=True)


@pytest.mark.parametrize(
    ("loss", "targets", "message"),
    [
        ("hinge", [0.0, 1.0], "-1 and \\+1"),
        ("hinge", [1.0, 0.5], "-1 and \\+1"),
        ("binary_cross_entropy_with_logits", [0.0, 2.0], "from 0 to 1"),
        ("cross_entropy", [0, 1], "classes|logits|target|len|iterable"),
        ("mse_loss", [1.0], "2 inputs and 1 targets"),
        ("mse_loss", [[1.0], [2.0]], "."),
    ],
)
def test_targets_that_the_loss_rejects_are_errors(loss, targets, message):
    fast = compile_model(MLP(2, [2, 1], rng=random.Random(0)), loss)
    inputs = [[1.0, 2.0], [0.5, -1.0]]
    if loss == "hinge":
        fast.backward(inputs, [1.0, -1.0])  # valid targets before do not hide invalid ones
    with pytest.raises((TypeError, ValueError), match=message):
        fast.backward(inputs, targets)


def test_nothing_to_do_and_wrong_widths():
    fast = compile_model(MLP(2, [2, 1], rng=random.Random(0)))
    assert fast.predict([]) == []
    with pytest.raises(ValueError, match="at least one prediction"):
        fast.backward([], [])
    with pytest.raises(ValueError, match="takes 2 inputs"):
        fast.predict([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="no loss is called"):
        compile_model(MLP(2, [1], rng=random.Random(0)), "squared")
    with pytest.raises(ValueError, match="dtype"):
        compile_model(MLP(2, [1], rng=random.Random(0)), dtype="int8")


def test_a_model_that_branches_is_an_error_that_names_the_line():
    class Branching(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, inputs):
            return self.w if inputs[0] > 0 else -self.w

    with pytest.raises(TracingError, match="if inputs"):
        compile_model(Branching()).predict([[1.0]])


# Training.


def trained(compiled, tmp=None, epochs=4, **options):
    rng = random.Random(0)
    model = MLP(2, [8, 8, 1], "tanh", rng=rng)
    training, validation = moons(80, rng=rng).split(0.5, rng)
    history = fit(
        model,
        training,
        "hinge",
        options.pop("optimiser", SGD)(model.parameters(), lr=0.05),
        epochs=epochs,
        rng=rng,
        batch_size=10,
        validation=validation,
        compiled=compiled,
        checkpoint=tmp,
        **options,
    )
    return model, history, validation


def told(history):
    """Return all numbers of a history."""
    return [
        [epoch.loss, epoch.validation_loss, *epoch.metrics.values(), *epoch.validation_metrics.values()]
        for epoch in history.epochs
    ]


@pytest.mark.parametrize("optimiser", [SGD, Adam])
@pytest.mark.parametrize("options", [{}, {"clip": 0.5}], ids=["plain", "clipped"])
def test_a_training_compiled_is_the_training_to_rounding(optimiser, options):
    model, history, _ = trained(False, optimiser=optimiser, **options)
    fast, fast_history, validation = trained(True, optimiser=optimiser, **options)
    np.testing.assert_allclose(told(fast_history), told(history), rtol=1e-9)
    np.testing.assert_allclose(
        [p.data for p in fast.parameters()], [p.data for p in model.parameters()], rtol=1e-9, atol=1e-11
    )
    last = fast_history.epochs[-1]
    assert last.validation_loss == pytest.approx(evaluate(fast, validation, "hinge").loss, rel=1e-12)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_a_checkpoint_is_resumed_compiled_or_not(first, second, tmp_path):
    model, history, _ = trained(False, epochs=4)
    file = tmp_path / "run.json"
    trained(first, file, epochs=2)
    resumed, resumed_history, _ = trained(second, file, epochs=4)
    assert len(resumed_history.epochs) == 4
    np.testing.assert_allclose(told(resumed_history), told(history), rtol=1e-9)
    np.testing.assert_allclose(
        [p.data for p in resumed.parameters()], [p.data for p in model.parameters()], rtol=1e-9, atol=1e-11
    )


def test_a_resumed_compiled_training_is_the_same_bit_for_bit(tmp_path):
    whole, history, _ = trained(True, epochs=4)
    trained(True, tmp_path / "run.json", epochs=2)
    resumed, resumed_history, _ = trained(True, tmp_path / "run.json", epochs=4)
    assert [p.data for p in resumed.parameters()] == [p.data for p in whole.parameters()]
    assert told(resumed_history) == told(history)


def test_a_compiled_training_that_diverges_reports_where():
    rng = random.Random(0)
    model = MLP(2, [4, 1], "relu", rng=rng)
    data = Dataset([[1e3, -1e3]] * 4, [1.0] * 4)
    with pytest.raises(nn.DivergenceError) as caught:
        fit(model, data, optimiser=SGD(model.parameters(), lr=1e3), epochs=50, rng=rng, compiled=True)
    assert all(abs(p.data) < 1e300 for p in model.parameters())
    assert caught.value.history is not None


def test_float32_and_threads_are_options_of_compile_model():
    rng = random.Random(9)
    model = MLP(2, [4, 1], "tanh", rng=rng)
    inputs, targets = numbers(rng, 10, 2), [0.5] * 10
    assert_equal(model, "mse_loss", inputs, targets, compile_model(model, dtype="float32"), tolerance=1e-4)
    assert_equal(model, "mse_loss", inputs, targets, compile_model(model, threads=2))
    assert "operations traced" in assert_equal(model, "mse_loss", inputs, targets).explain()


def test_functions_of_autograd_and_custom_functions_as_activations():
    rng = random.Random(10)
    for activation in (relu, lambda x: tanh(x) * x):
        model = MLP(2, [4, 1], activation, rng=rng)
        assert_equal(model, "mse_loss", numbers(rng, 10, 2), [0.5] * 10)
