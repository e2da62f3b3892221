"""Numerical derivatives: accurate where the function is smooth, nan where it is not defined."""

import math

import pytest

import autograd
from autograd import Value, dot, exp, log, operation, prod, sqrt, tanh, total
from autograd.transforms.numerical import Replay, derivative


@pytest.mark.parametrize(
    ("f", "x", "truth"),
    [
        (math.sin, 1.0, math.cos(1.0)),
        (math.exp, -3.0, math.exp(-3.0)),
        (lambda x: x**5, 100.0, 5e8),
        (lambda x: 1 / x, 0.5, -4.0),
        (lambda x: 7.0, 2.0, 0.0),
        (math.atan, 1e6, 1e-12),
    ],
)
def test_the_estimate_lies_within_its_own_error(f, x, truth):
    value, error = derivative(f, x)
    assert abs(value - truth) <= 10 * error + 1e-13 * abs(truth)
    assert value == pytest.approx(truth, rel=1e-6, abs=1e-9)


def test_the_derivative_is_nan_where_the_function_is_undefined():
    assert math.isnan(derivative(lambda x: math.nan, 1.0)[0])


def test_a_replay_computes_what_the_graph_computes_for_other_numbers():
    custom = operation("thrice(x)", lambda x: 3 * x, lambda x: 3.0)
    x, w = Value(0.5, "x"), Value(2.0, "w")

    def f(x, w):
        return custom(tanh(dot([x, 2.0], [w, x])) * total([x, w, 1.0]) + prod([x, w]) + exp(x) / 2)

    replay = Replay(f(x, w))
    assert replay({}) == f(0.5, 2.0)
    assert replay({x: 0.75, w: -1.0}) == f(0.75, -1.0)
    assert (x.data, w.data) == (0.5, 2.0)


def test_a_replay_of_an_interior_node_does_not_change_its_operands():
    x = Value(3.0)
    s = x * x
    assert Replay(s + x)({s: 100.0}) == 103.0


def test_a_replay_outside_the_domain_returns_nan_or_inf_without_an_error():
    x = Value(1.0)
    assert math.isnan(Replay(sqrt(x))({x: -1.0}))
    assert Replay(log(x))({x: 0.0}) == -math.inf


def test_the_derivative_of_a_graph_agrees_with_backward():
    x, w = Value(0.5), Value(-1.5)
    root = tanh(x * w) * exp(w) + x
    root.backward()
    replay = Replay(root)
    assert replay.derivative(x)[0] == pytest.approx(x.grad, rel=1e-9)
    assert replay.derivative(w)[0] == pytest.approx(w.grad, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "at", "note"),
    [
        (autograd.relu, 0.0, "a kink: +0 on one side, +1 on the other"),
        (lambda x: abs(x) + x, 0.0, ""),  # its central difference is the convention itself
        (autograd.sqrt, 0.0, "undecided: no finite derivative"),
        (lambda x: x**401, 1.0, "not certain"),
        (autograd.tanh, 0.5, ""),
    ],
)
def test_a_right_gradient_is_not_reported_as_wrong_where_differences_are_inaccurate(make, at, note):
    x = Value(at, "x")
    (row,) = make(x).backprop().finish().check()
    assert row.agrees
    assert (note in row.note) if note else row.note == ""


def test_a_wrong_gradient_at_a_kink_is_reported():
    wrong = autograd.operation("wrong(x)", "abs(x)", ["3.0"])
    (row,) = wrong(Value(0.0, "x")).backprop().finish().check()
    assert not row.agrees
