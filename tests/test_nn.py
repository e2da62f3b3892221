"""The nn package: modules, layers, losses, optimisers, data and training."""

import builtins
import math
import random
import re
import signal
import sys
import warnings

import pytest

import nn
from autograd import Value, tanh
from nn import MLP, SGD, Dataset, Layer, Module, Neuron, accuracy, fit, hinge, moons, squared_error


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
        (lambda rng: fit(Module(), moons(4, rng=rng), "huber", epochs=1, rng=rng), "no loss is called"),
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
        (lambda rng: fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=-1, rng=rng), "0 or more, not -1"),
        (
            lambda rng: fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, batch_size=0, rng=rng),
            "a batch has at least 1 example, not 0",
        ),
        (
            lambda rng: fit(MLP(2, [3], rng=rng), moons(4, rng=rng), epochs=1, rng=rng),
            "a model with one output, but this one gave 3",
        ),
        (lambda rng: accuracy(MLP(2, [3], rng=rng), moons(4, rng=rng)), "one output, but this one gave 3"),
        (lambda rng: fit(MLP(2, [1], rng=rng), Dataset([], []), epochs=1, rng=rng), "at least 1 example"),
        (lambda rng: accuracy(MLP(2, [1], rng=rng), Dataset([], [])), "at least 1 example"),
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


def test_the_same_seed_gives_the_same_network_and_the_same_training():
    def run(seed):
        rng = random.Random(seed)
        model = MLP(2, [4, 1], rng=rng)
        history = fit(model, moons(20, rng=rng), "hinge", epochs=3, batch_size=5, rng=rng)
        return history.losses, [parameter.data for parameter in model.parameters()]

    assert run(1) == run(1)
    assert run(1) != run(2)


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


def test_training_reaches_95_percent_on_points_never_seen():
    rng = random.Random(3)
    training, test = moons(200, noise=0.1, rng=rng).split(0.5, rng)
    model = MLP(2, [8, 8, 1], activation="relu", rng=rng)
    before = accuracy(model, test)
    optimiser = SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = fit(model, training, "hinge", optimiser, epochs=30, batch_size=20, rng=rng)
    assert before < 0.95 < accuracy(model, test)
    assert history.losses[-1] < 0.3 * history.losses[0]
    assert "30 epochs" in repr(history)


def test_the_history_has_the_gradient_of_every_layer_in_every_epoch(rng):
    model = MLP(2, [3, 2, 1], rng=rng)
    history = fit(model, moons(10, rng=rng), epochs=4, rng=rng)
    assert list(history.gradients) == ["layers.0", "layers.1", "layers.2"]
    assert all(len(lengths) == 4 and min(lengths) > 0 for lengths in history.gradients.values())


def test_the_length_of_a_gradient_is_that_of_its_vector(rng):
    neuron = Neuron(2, "linear", rng=rng)
    neuron([3.0, 4.0]).backward()
    assert nn.gradient_lengths(neuron) == {"Neuron": pytest.approx(math.sqrt(9 + 16 + 1))}


def test_a_plot_of_the_gradients_has_a_line_for_every_layer(rng):
    pytest.importorskip("matplotlib")
    history = fit(MLP(2, [3, 2, 1], rng=rng), moons(10, rng=rng), epochs=3, rng=rng)
    lines = nn.plot_gradient_flow(history).lines
    assert [list(line.get_ydata()) for line in lines] == list(history.gradients.values())


def test_training_is_quiet_where_there_is_no_terminal(rng, capsys):
    fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng)
    assert capsys.readouterr() == ("", "")


def test_a_progress_bar_shows_where_it_is_wanted(rng, capsys):
    pytest.importorskip("rich")
    fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=2, rng=rng, progress=True)
    assert "2/2" in capsys.readouterr().err


def test_ctrl_c_ends_training_and_keeps_the_history(rng):
    def interrupt(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    history = fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=100, rng=rng, after_epoch=interrupt)
    assert (len(history.losses), history.interrupted) == (3, True)
    assert "interrupted" in repr(history)


def test_ctrl_c_within_an_epoch_keeps_the_finished_ones_alone(rng):
    calls = []

    def loss(predictions, targets):
        calls.append(None)
        if len(calls) == 6:  # in the second of four batches of the second epoch
            signal.raise_signal(signal.SIGINT)
        return squared_error(predictions, targets)

    history = fit(MLP(2, [1], rng=rng), moons(8, rng=rng), loss, epochs=100, batch_size=2, rng=rng)
    assert history.interrupted
    assert [len(history.losses), len(history.accuracies)] == [1, 1]
    assert [len(lengths) for lengths in history.gradients.values()] == [1]


def test_ctrl_c_in_the_first_epoch_is_told(rng):
    def loss(predictions, targets):
        raise KeyboardInterrupt

    history = fit(MLP(2, [1], rng=rng), moons(4, rng=rng), loss, epochs=1, rng=rng)
    assert repr(history) == "History(no epoch finished, interrupted)"


@pytest.fixture
def without(monkeypatch):
    """Make packages impossible to import."""
    real = builtins.__import__

    def hide(package):
        def importing(name, *args, **kwargs):
            if name.split(".")[0] == package:
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", importing)

    return hide


def test_without_rich_a_wanted_progress_bar_names_the_extra(rng, without):
    without("rich")
    with pytest.raises(ImportError, match=r"chainwalk\[progress\]"):
        fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng, progress=True)


def test_without_rich_training_on_a_terminal_is_quiet(rng, without, monkeypatch, capsys):
    without("rich")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert len(fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng).losses) == 1
    assert capsys.readouterr() == ("", "")


def test_training_works_where_there_is_no_stderr(rng, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert len(fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng).losses) == 1


def test_without_matplotlib_a_plot_names_the_extra(without):
    without("matplotlib")
    with pytest.raises(ImportError, match=r"chainwalk\[plot\]"):
        nn.plot_history(nn.History())


def test_the_decision_boundary_is_where_the_output_changes_sign(rng):
    pytest.importorskip("matplotlib")
    model = MLP(2, [1], rng=rng)
    for parameter, data in zip(model.parameters(), (1.0, -1.0, 0.0), strict=True):
        parameter.data = data
    axes = nn.plot_decision_boundary(model, moons(20, rng=rng))
    line = axes.collections[-1].get_paths()[0].vertices
    assert len(line) > 10
    assert all(abs(x - y) < 1e-9 for x, y in line)


def test_plots_of_unusual_runs_warn_about_nothing(rng):
    pytest.importorskip("matplotlib")
    empty, perfect = nn.History(), nn.History()
    perfect.losses, perfect.accuracies, perfect.gradients = [0.0, 0.0], [1.0, 1.0], {"layers.0": [0.0, 0.0]}
    constant = MLP(2, [1], rng=rng)
    for parameter in constant.parameters():
        parameter.data = 0.0
    constant.layers[0].neurons[0].bias.data = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for history in (empty, perfect):
            for plot in (nn.plot_history, nn.plot_gradient_flow):
                plot(history).figure.canvas.draw()
        nn.plot_decision_boundary(constant, moons(4, rng=rng)).figure.canvas.draw()


def test_a_decision_boundary_needs_two_inputs_and_a_grid(rng):
    pytest.importorskip("matplotlib")
    model = MLP(2, [1], rng=rng)
    with pytest.raises(ValueError, match="points of 2 numbers, not of 3"):
        nn.plot_decision_boundary(model, Dataset([[1.0, 2.0, 3.0]], [1.0]))
    with pytest.raises(ValueError, match="resolution is at least 2, not 1"):
        nn.plot_decision_boundary(model, moons(4, rng=rng), resolution=1)
