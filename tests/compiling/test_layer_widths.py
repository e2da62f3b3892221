"""Second derivatives of compiled layers, for each pair of weights of the same and of different neurons."""

from functools import partial

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import compile, dot, hessian, tanh


def loss(x, w):
    hidden = [tanh(dot([w[2 * k], w[2 * k + 1]], [x[0], x[1]])) for k in range(3)]
    return dot([w[6], w[7], w[8]], hidden) ** 2


def test_a_hessian_across_the_neurons_of_a_layer_is_that_of_the_recorded_graph():
    weights, rows = [0.5, 0.3, 0.2, 0.7, -0.4, 0.1, 1.0, 2.0, -1.5], [[1.0, 2.0], [2.0, 1.5]]
    exact = sum(np.array(hessian(partial(loss, row))(weights)) for row in rows)
    found = compile(loss, batched="x").hessian(np.array(rows), np.array(weights), wrt="w")
    assert found == pytest.approx(exact, rel=1e-12, abs=1e-12)
