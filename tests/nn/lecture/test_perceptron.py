"""The perceptron: separable data converge within Novikoff's bound, XOR does not converge."""

import math
import random

import pytest

from autograd import Value, draw
from nn import Dataset, Perceptron, logic_gate, mistake_bound


@pytest.mark.parametrize(
    ("gate", "weights", "bias"),
    [("and", [2, 2], -3), ("or", [2, 2], -1), ("nand", [-2, -2], 3), ("nor", [-2, -2], 1)],
)
def test_separable_gates_converge_within_the_bound(gate, weights, bias):
    data, perceptron = logic_gate(gate), Perceptron(2)
    lesson = perceptron.learn(data)
    assert lesson.converged
    assert 0 < lesson.mistakes <= mistake_bound(data, weights, bias)
    outputs = [perceptron(inputs).data for inputs in data.inputs]
    assert outputs == [1.0 if target > 0 else 0.0 for target in data.targets]
    assert perceptron.margin(data) >= 0
    assert "converged after" in repr(lesson)


@pytest.mark.parametrize("gate", ["xor", "xnor"])
def test_xor_does_not_converge_and_reports_it(gate):
    lesson = Perceptron(2).learn(logic_gate(gate), epochs=200)
    assert not lesson.converged
    assert lesson.epochs == 200
    assert "not be linearly separable" in repr(lesson)


@pytest.mark.parametrize("seed", range(5))
def test_random_separable_points_converge_within_the_bound(seed):
    rng = random.Random(seed)
    weights, bias = [rng.gauss(0, 1) for _ in range(3)], rng.gauss(0, 0.3)
    inputs, targets = [], []
    while len(inputs) < 100:
        x = [rng.uniform(-1, 1) for _ in range(3)]
        s = sum(w * v for w, v in zip(weights, x, strict=True)) + bias
        if abs(s) > 0.1:
            inputs.append(x)
            targets.append(1.0 if s > 0 else -1.0)
    data = Dataset(inputs, targets)
    lesson = Perceptron(3).learn(data, epochs=1000)
    assert lesson.converged
    assert lesson.mistakes <= mistake_bound(data, weights, bias)


def test_every_correction_is_kept_so_that_the_line_can_be_seen_to_move():
    perceptron = Perceptron(2)
    lesson = perceptron.learn(logic_gate("or"))
    last = lesson.corrections[-1]
    assert last.weights == tuple(weight.data for weight in perceptron.weights)
    assert last.bias == perceptron.bias.data
    assert [c.epoch for c in lesson.corrections] == sorted(c.epoch for c in lesson.corrections)


def test_the_hyperplane_is_where_the_sum_is_zero():
    perceptron = Perceptron(2)
    with pytest.raises(ValueError, match="all weights are 0"):
        perceptron.hyperplane()
    perceptron.learn(logic_gate("and"))
    normal, offset = perceptron.hyperplane()
    assert perceptron.sum([n * offset for n in normal]).data == pytest.approx(0, abs=1e-12)
    assert sum(n * n for n in normal) == pytest.approx(1)


def test_a_perceptron_is_a_neuron_that_can_be_drawn_and_has_no_gradient():
    perceptron = Perceptron(2)
    y = perceptron([Value(1.0, "x0"), 2.0])
    y.backward()
    assert all(value.grad == 0 for value in perceptron.parameters())
    assert "Perceptron" in draw(y, groups=perceptron).source
    assert repr(perceptron) == "Perceptron(2 -> 1, step)  3 parameters"


def test_invalid_arguments_raise_a_clear_error():
    for strange in ("x", None, 2.5, math.nan):
        with pytest.raises(TypeError, match="a perceptron takes a whole number of inputs"):
            Perceptron(strange)
    with pytest.raises(ValueError, match="at least 1 input"):
        Perceptron(0)
    with pytest.raises(ValueError, match="at most 10,000,000 inputs, got 1000000000"):
        Perceptron(10**9)
    with pytest.raises(ValueError, match="takes 2 inputs"):
        Perceptron(2)([1.0])
    with pytest.raises(ValueError, match="has no examples"):
        Perceptron(2).learn(Dataset([], []))
    with pytest.raises(ValueError, match="do not separate"):
        mistake_bound(logic_gate("xor"), [1, 1], 0)


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (Dataset([[math.nan, 1.0]], [1.0]), {}, ValueError, "example 0 has a nan or inf"),
        (Dataset([[0.0, 1.0], [1.0, 1.0]], [1.0, math.inf]), {}, ValueError, "example 1 has a nan or inf"),
        (Dataset([[0.0, 1.0]], [[1.0]]), {}, TypeError, "the target of example 0 must be a number"),
        (Dataset([[0.0, 1.0]], ["yes"]), {}, TypeError, "the target of example 0 must be a number"),
        (logic_gate("and"), {"lr": -1.0}, ValueError, "lr positive, got 100 and -1.0"),
        (logic_gate("and"), {"epochs": 0}, ValueError, "epochs must be 1 or more"),
        (Dataset([[0.0]], [1.0]), {}, ValueError, "this perceptron takes 2 inputs, but was given 1"),
    ],
)
def test_invalid_examples_are_errors_and_change_nothing(data, options, error, message):
    perceptron = Perceptron(2)
    with pytest.raises(error, match=message):
        perceptron.learn(data, **options)
    assert [parameter.data for parameter in perceptron.parameters()] == [0.0, 0.0, 0.0]
