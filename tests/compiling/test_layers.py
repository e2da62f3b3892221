"""Layers of neurons compile to loops over blocks in registers, right for every size, shape and machine."""

from itertools import pairwise

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, dot, relu, square, tanh, total
from autograd.compiling import BASELINE, Compiled, host
from autograd.compiling.codegen import stages
from autograd.compiling.codegen.matrices import blocks

MACHINES = {
    "this machine": {},
    "no AVX": {"machine": BASELINE},
    "wider registers": {"machine": host()._replace(width=64, vector_functions=False)},
    "no vector library": {"machine": host()._replace(vector_functions=False)},
    "float32": {"dtype": "float32"},
}


def network(params, x, y):
    h = x
    layers = list(zip(params[::2], params[1::2], strict=True))
    for k, (weights, biases) in enumerate(layers):
        h = [dot(w, h) + b for w, b in zip(weights, biases, strict=True)]
        h = [tanh(v) for v in h] if k < len(layers) - 1 else h
    return total([square(v - y) for v in h])


def by_numpy(params, x, y):
    """Return values and gradients with respect to parameters, x and y, by matrix products."""
    hidden = [x]
    for k in range(0, len(params), 2):
        z = hidden[-1] @ params[k].T + params[k + 1]
        hidden.append(np.tanh(z) if k < len(params) - 2 else z)
    values = ((hidden[-1] - y[:, None]) ** 2).sum(axis=1)
    error = 2 * (hidden[-1] - y[:, None])
    by_y, slopes = -error.sum(axis=1), []
    for k in range(len(params) - 2, -1, -2):
        slopes = [error.T @ hidden[k // 2], error.sum(axis=0), *slopes]
        error = (error @ params[k]) * (1 if k == 0 else 1 - hidden[k // 2] ** 2)
    return values, slopes, error, by_y


def close(found, expected, tolerance=1e-12):
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    return (
        np.shape(found) == np.shape(expected) and np.abs(found - expected).max(initial=0.0) < tolerance * scale
    )


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("sizes", [[2, 16, 16, 1], [3, 5, 7, 2], [13, 11, 3], [2, 37, 9]], ids=str)
def test_networks_of_every_size_equal_matrix_products(sizes, machine):
    rng = np.random.default_rng(1)
    params = [p for a, b in pairwise(sizes) for p in (rng.normal(size=(b, a)), rng.normal(size=b))]
    fast = Compiled(network, batched=("x", "y"), **MACHINES[machine])
    tolerance = 1e-4 if machine == "float32" else 1e-12
    for rows in (0, 1, 7, 8, 9, 64, 65, 130, 3000):
        x, y = rng.normal(size=(rows, sizes[0])), rng.normal(size=rows)
        values, (by_params, by_x, by_y) = fast.value_and_grad(params, x, y)
        expected = by_numpy(params, x, y)
        assert close(values, expected[0], tolerance)
        assert all(close(a, b, tolerance * max(1, rows)) for a, b in zip(by_params, expected[1], strict=True))
        assert close(by_x, expected[2], tolerance)
        assert close(by_y, expected[3], tolerance)
    assert "layers" in fast.explain()
    assert "outer product" in fast.explain()


def test_a_layer_is_a_few_instructions_however_wide_it_is():
    def lengths(width):
        fast = autograd.compile(network, batched=("x", "y"))
        params = [np.ones((width, width)), np.ones(width), np.ones((1, width)), np.ones(1)]
        fast.value_and_grad(params, np.ones((3, width)), np.ones(3))
        return len(fast.source().splitlines())

    assert lengths(64) < 3 * lengths(16)


def eager(f, shared, rows):
    """Return values and gradients by the engine, that of the unbatched argument summed over the batch."""
    leaves = [Value(float(item)) for item in shared]
    values, by_row = [], []
    for row in rows:
        own = [Value(float(item)) for item in row]
        result = f(leaves, own)
        result.backward()
        values.append(result.data)
        by_row.append([value.grad for value in own])
    return np.array(values), np.array([leaf.grad for leaf in leaves]), np.array(by_row)


def tied(w, x):
    """Use one matrix for two layers."""
    rows = [w[:3], w[3:6], w[6:9]]
    h = [tanh(dot(row, x)) for row in rows]
    return total([square(dot(row, h)) for row in rows])


def swapped(w, x):
    """Multiply with the batched operand first, without an activation."""
    return total([dot(x, w[k : k + 3]) + w[0] for k in range(4)])


def windows(w, x):
    """Use every input in several dot products."""
    return total([relu(dot(w[:2], x[k : k + 2]) + w[2]) for k in range(2)])


def computed_weights(w, x):
    """Compute weights and biases from unbatched numbers."""
    return total([tanh(dot([2 * w[k], square(w[k + 1]), 0.5], x) + w[k] * w[k + 1]) for k in range(4)])


def residual(w, x):
    """Use the input of a layer again after it."""
    h = [x[k] + tanh(dot(w[3 * k : 3 * k + 3], x)) for k in range(3)]
    return dot(h, h)


def conditional(w, x):
    """Use a batched condition in several stages."""
    h = [autograd.where(x[0] < x[1], dot(w[3 * k : 3 * k + 3], x), x[k]) for k in range(3)]
    return total([autograd.where(x[0] < x[1], square(dot(w[k : k + 3], h)), h[k]) for k in range(3)])


def one_weight(w, x):
    """Use the same weight for every input, in a sum and its square."""
    return tanh(dot([w[0]] * 3, x)) + dot([w[1], w[0], w[1]], [square(v) for v in x]) + dot(w[:3], x)


def overlapping(w, x):
    """Use the same weights in several neurons of a layer."""
    h = [dot(w[3 * k : 3 * k + 3], x) for k in range(3)]
    return total([square(dot(w[k : k + 3], h)) for k in range(3)])


@pytest.mark.parametrize(
    "f", [one_weight, overlapping, tied, swapped, windows, computed_weights, residual, conditional]
)
@pytest.mark.parametrize("machine", ["this machine", "no AVX", "wider registers"])
def test_unusual_layers_equal_the_engine(f, machine, monkeypatch):
    monkeypatch.setattr(stages, "WORTHWHILE", 1)
    rng = np.random.default_rng(2)
    shared, rows = rng.normal(size=9), rng.normal(size=(21, 3))
    fast = Compiled(f, batched=(1,), **MACHINES[machine])
    values, (by_shared, by_row) = fast.value_and_grad(shared, rows)
    expected = eager(f, shared, rows)
    assert close(values, expected[0])
    assert close(by_shared, expected[1])
    assert close(by_row, expected[2])
    apart = fast.grad(shared, rows, wrt=0, per_row=True)
    assert apart.shape == (21, 9)
    assert close(apart.sum(axis=0), expected[1])


def test_a_hidden_layer_as_a_result_beside_the_output():
    def both(w, x):
        h = [dot(row, x) for row in w]
        return {"hidden": h, "output": dot(h, h)}

    rng = np.random.default_rng(3)
    w, x = rng.normal(size=(4, 3)), rng.normal(size=(10, 3))
    found = autograd.compile(both, batched=("x",))(w, x)
    assert close(np.stack(found["hidden"], axis=1), x @ w.T)
    assert close(found["output"], ((x @ w.T) ** 2).sum(axis=1))


def test_a_nan_or_infinity_in_one_row_leaves_the_other_rows_bit_for_bit():
    rng = np.random.default_rng(4)
    params = [rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=(1, 6)), rng.normal(size=1)]
    x, y = rng.normal(size=(70, 3)), rng.normal(size=70)
    fast = autograd.compile(network, batched=("x", "y"))
    values, by_x = fast(params, x, y), fast.grad(params, x, y, wrt="x")
    x[5, 1], x[69, 0] = np.nan, np.inf
    others = np.delete(np.arange(70), [5, 69])
    assert (fast(params, x, y)[others] == values[others]).all()
    assert (fast.grad(params, x, y, wrt="x")[others] == by_x[others]).all()
    assert np.isnan(fast(params, x, y)[5])


def test_padding_rows_of_a_register_contribute_nothing_even_if_infinite():
    fast = autograd.compile(lambda w, x: square(dot(w, x)) + dot(w[::-1], x), batched=("x",))
    w, x = np.array([1.0, 2.0]), np.array([[1e200, 1.0], [3.0, 1.0], [1.0, 1e200]])
    for rows in (1, 2, 3):
        slopes = fast.grad(w, x[:rows], wrt="w", per_row=True)
        assert (fast.grad(w, x[:rows], wrt="w") == slopes.sum(axis=0)).all()


@given(st.integers(1, 200), st.integers(1, 8))
def test_blocks_are_nearly_equal_and_add_up(count, most):
    found = blocks(count, most)
    sizes = [size for size, number in found for _ in range(number)]
    assert sum(sizes) == count
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == -(-count // most)


def written_out(params, x, y):
    """The network written with + and *."""
    h = list(x)
    for weights, biases in zip(params[::2], params[1::2], strict=True):
        h = [
            tanh(sum((a * v for a, v in zip(w, h, strict=True)), b))
            for w, b in zip(weights, biases, strict=True)
        ]
    return (h[0] - y) ** 2


def test_neurons_written_with_plus_and_times_are_layers_too():
    def with_dot(params, x, y):
        h = list(x)
        for weights, biases in zip(params[::2], params[1::2], strict=True):
            h = [tanh(dot(w, h) + b) for w, b in zip(weights, biases, strict=True)]
        return (h[0] - y) ** 2

    rng = np.random.default_rng(5)
    params = [rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=(1, 4)), rng.normal(size=1)]
    x, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    written, known = (autograd.compile(f, batched=("x", "y")) for f in (written_out, with_dot))
    values, (slopes, by_x, by_y) = written.value_and_grad(params, x, y)
    expected, (known_slopes, known_x, known_y) = known.value_and_grad(params, x, y)
    assert close(values, expected)
    for a, b in zip([*slopes, by_x, by_y], [*known_slopes, known_x, known_y], strict=True):
        assert close(a, b)
    assert "2 layers" in written.explain() or "3 layers" in written.explain()


@settings(max_examples=25)
@given(st.lists(st.sampled_from("wxwwc+"), min_size=1, max_size=12), st.integers(0, 5))
def test_sums_of_any_products_have_the_same_value(terms, seed):
    def f(w, x):
        made, result = iter(range(100)), x[0]
        for term in terms:
            k = next(made) % 4
            part = {"w": w[k] * x[k], "x": x[k] * x[k - 1], "c": w[k] * 2.0, "+": w[k] + x[k] * w[k - 1]}[term]
            result = result + part if k % 2 else part + result
        return result * result

    rng = np.random.default_rng(seed)
    w, x = rng.normal(size=4), rng.normal(size=(3, 4))
    values, (by_w, by_x) = autograd.compile(f, batched=("x",)).value_and_grad(w, x)
    expected = eager(f, w, x)
    assert close(values, expected[0])
    assert close(by_w, expected[1], 1e-11)
    assert close(by_x, expected[2], 1e-11)
