"""Derivatives inside loops inside derivatives are right, and do not visit the whole history."""

import pytest

import autograd
from autograd import Value, grad, gradients, sin, total, value_and_grad
from autograd.transforms import gradients as module


def energy(q):
    return total([sin(a) * a for a in q])


def trajectory(steps, slope):
    """Return a particle's position after a number of steps, as a function of its start."""

    def place(start):
        q, v = [start * 0.1, start * 0.2], [0.0, 0.0]
        for _ in range(steps):
            v = [a - 0.01 * b for a, b in zip(v, slope(q), strict=True)]
            q = [a + 0.01 * b for a, b in zip(q, v, strict=True)]
        return q[0]

    return place


def one_by_one(q):
    """Return the same gradient, from functions that capture the other coordinates."""
    return [
        grad(lambda a, i=i: energy([a if j == i else q[j] for j in range(len(q))]))(q[i]) for i in range(len(q))
    ]


@pytest.mark.parametrize("slope", [grad(energy), one_by_one, lambda q: autograd.jvp(energy, [q], [q])[1:] * 2])
def test_the_work_grows_with_the_number_of_steps(slope, monkeypatch):
    walked = []
    order_of = module.topological_order

    def counted(*roots, stop=()):
        order = order_of(*roots, stop=stop)
        walked.append(len(order))
        return order

    monkeypatch.setattr("autograd.transforms.gradients.topological_order", counted)
    monkeypatch.setattr("autograd.differentiation.topological_order", counted)
    work = []
    for steps in (40, 80):
        walked.clear()
        value_and_grad(trajectory(steps, slope))(1.0)
        work.append(sum(walked))
    assert work[1] < 2.2 * work[0]


def test_the_derivative_through_the_loop_is_right():
    place, step = trajectory(30, grad(energy)), 1e-6
    expected = (place(1.0 + step) - place(1.0 - step)) / (2 * step)
    assert grad(place)(1.0) == pytest.approx(expected, rel=1e-8)
    assert grad(trajectory(30, one_by_one))(1.0) == pytest.approx(expected, rel=1e-8)


def test_an_input_that_depends_on_another_input_keeps_its_contribution():
    x = Value(2.0)
    y = x * x
    assert gradients(y * x, [x, y]) == [12.0, 2.0]
    assert gradients(y * x, [y]) == [2.0]


def test_captured_values_are_still_differentiated_by_an_outer_derivative():
    def outer(a):
        b = [a * a, a]
        return grad(lambda x: b[0] * x * x + b[1])(a)  # 2 a^3

    assert grad(outer)(3.0) == 54.0
    assert grad(lambda a: grad(lambda x, y: x * y * y, argnums=0)(a, a * a))(2.0) == 32.0
    assert type(grad(lambda x: grad(lambda y: y * y)(3.0) * x)(2.0)) is float
