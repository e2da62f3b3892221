"""Derivatives of functions of numpy arrays, and of lists, tuples, dicts and dataclasses of them."""

import dataclasses
import statistics
from typing import NamedTuple

import pytest

np = pytest.importorskip("numpy")

from autograd import Value, grad, hessian, hvp, jacobian, jvp, tanh, value_and_grad, vjp

X = np.arange(6.0).reshape(3, 2) / 5 - 0.4
W = np.linspace(-1, 1, 8).reshape(2, 4)
B = np.array([0.1, -0.2, 0.3, 0.4])


def layer(x, w, b):
    return np.sum(np.tanh(x @ w + b) ** 2)


def layer_gradients():
    t = np.tanh(X @ W + B)
    d = 2 * t * (1 - t * t)
    return d @ W.T, X.T @ d, d.sum(axis=0)


def assert_array(found, expected):
    assert isinstance(found, np.ndarray)
    assert found.dtype == float
    assert found.shape == np.shape(expected)
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-14)


def test_gradients_are_arrays_of_the_shapes_of_the_arguments():
    for found, expected in zip(grad(layer, (0, 1, 2))(X, W, B), layer_gradients(), strict=True):
        assert_array(found, expected)
    value, found = value_and_grad(layer, 1)(X, W, B)
    assert value == pytest.approx(layer(X, W, B), rel=1e-14)
    assert isinstance(value, float)
    assert_array(found, layer_gradients()[1])


def test_arguments_are_chosen_by_position_or_name_and_others_are_passed_on():
    def f(x, w, b, *, power, axis=0):
        return np.sum(np.tanh(x @ w + b) ** power, axis=axis).sum()

    assert_array(grad(f, "b")(X, W, b=B, power=2), layer_gradients()[2])
    x, power = grad(f, (0, "power"))(X, W, B, power=2.0, axis=1)
    assert_array(x, layer_gradients()[0])
    assert isinstance(power, float)
    with pytest.raises(ValueError, match="no argument named 'q'"):
        grad(f, "q")(X, W, B, power=2)
    with pytest.raises(ValueError, match="names an argument twice"):
        grad(f, (1, "w"))(X, W, B, power=2)


def test_the_shape_of_a_jacobian_begins_with_the_shape_of_the_result():
    x = np.array([1.0, 2.0, 3.0])
    assert_array(jacobian(lambda x: x**2)(x), np.diag(2 * x))
    found = jacobian(lambda w: np.tanh(X @ w))(W)
    slope = 1 - np.tanh(X @ W) ** 2
    assert_array(found, np.einsum("ij,ik,jl->ijkl", slope, X, np.eye(4)))
    assert_array(jacobian(lambda x, y: x * y, argnums=1)(x, 2.0), x)
    both = jacobian(lambda p: p["a"] * p["b"])({"a": x, "b": 2.0})
    assert_array(both["a"], 2 * np.eye(3))
    assert_array(both["b"], x)


def test_the_shape_of_a_hessian_is_the_shape_of_the_argument_twice():
    found = hessian(lambda x: np.sum(x**3))(X)
    assert_array(found, np.einsum("ij,ik,jl->ijkl", 6 * X, np.eye(3), np.eye(2)))
    v = np.ones_like(X) / 3
    assert_array(hvp(lambda x: np.sum(x**3), X, v), 6 * X * v)
    assert_array(hvp(lambda x, *, k: np.sum(x**3) * k, X, v, k=2.0), 12 * X * v)


def test_the_hessian_of_several_arguments_is_indexed_by_the_two_arguments_for_lists_as_for_arrays():
    def f(a, b):
        return a[0] ** 2 * b[1] * a[1] + b[0] ** 2

    points = ([1.0, 2.0], [3.0, 4.0])
    of_lists = hessian(f, (0, 1))(*points)
    of_arrays = hessian(f, (0, 1))(*map(np.array, points))
    assert of_lists[0][1] == [[0.0, 4.0], [0.0, 1.0]]
    assert of_lists[1][0] == [[0.0, 0.0], [4.0, 1.0]]
    for i in range(2):
        for j in range(2):
            assert_array(of_arrays[i][j], of_lists[i][j])
    of_dicts = hessian(lambda p, q: p["w"] ** 2 * q["v"], (0, 1))({"w": 3.0}, {"v": 5.0})
    assert of_dicts == (({"w": {"w": 10.0}}, {"w": {"v": 6.0}}), ({"v": {"w": 6.0}}, {"v": {"v": 0.0}}))


def test_arrays_of_other_libraries_are_arrays_of_values_and_their_gradients_numpy_arrays():
    torch = pytest.importorskip("torch")
    assert_array(grad(lambda x: (x * x).sum())(torch.tensor([[1.0, 2.0]])), [[2.0, 4.0]])
    assert_array(hessian(lambda x: (x @ x) * x[0])(torch.tensor([1.0, 2.0])), [[6.0, 4.0], [4.0, 2.0]])
    assert grad(lambda x: x * x)(torch.tensor(3.0)) == 6.0


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"w": 1.0, "kind": "relu"}, "'relu' of type str.*nested lists.*a setting is"),
        ([1.0, None], "None of type NoneType.*a setting is"),
        ({1.0, 2.0}, "of type set.*convert it to a list"),
        ((x for x in (1.0, 2.0)), "of type generator.*convert it to a list"),
        (1j, "of type complex.*real and imaginary parts"),
    ],
)
def test_an_argument_that_cannot_be_differentiated_is_refused_with_what_to_do(argument, words):
    with pytest.raises(TypeError, match=words):
        grad(lambda x: 1.0)(argument)


def test_a_function_that_returns_nothing_is_asked_for_its_return():
    with pytest.raises(TypeError, match="Is a return missing"):
        grad(lambda x: None)(1.0)
    with pytest.raises(TypeError, match="not True of type bool: the function returned it"):
        grad(lambda x: x > 0)(1.0)


def mixed(x):
    out = np.zeros(3, dtype=object)
    out[0] = x
    return np.exp(out).sum()


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (mixed, r"np\.exp calls a method of each item.*use autograd\.exp, which takes arrays"),
        (lambda x: np.logaddexp(x, 0.0), r"np\.logaddexp takes floats: use autograd\.logaddexp"),
        (lambda x: np.fft.fft([x]).sum(), r"np\.fft\.fft takes floats: write it"),
        (lambda x: statistics.mean([x, 2.0]), r"use autograd\.mean"),
    ],
)
def test_functions_of_floats_are_refused_with_the_ones_that_take_values(f, words):
    with pytest.raises(TypeError, match=words):
        grad(f)(0.5)


def test_functions_of_scipy_are_refused_with_the_ones_that_take_values():
    special, stats = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.stats")
    with pytest.raises(TypeError, match=r"special\.expit takes floats: use autograd\.sigmoid"):
        grad(lambda x: special.expit(np.array([x]))[0])(0.5)
    with pytest.raises(TypeError, match=r"stats\.norm\.logpdf takes floats: write it"):
        grad(lambda x: stats.norm.logpdf(np.array([x]))[0])(0.5)


def test_forward_and_reverse_mode_take_arrays():
    value, tangent = jvp(lambda x, w: x @ w, (X, W), (np.ones_like(X), np.zeros_like(W)))
    assert_array(value, X @ W)
    assert_array(tangent, np.ones_like(X) @ W)
    value, pull = vjp(lambda x, w: x @ w, X, W)
    upstream = np.arange(12.0).reshape(3, 4)
    for found, expected in zip(pull(upstream), (upstream @ W.T, X.T @ upstream), strict=True):
        assert_array(found, expected)
    with pytest.raises(ValueError, match="12 numbers"):
        pull(np.ones(4))


@dataclasses.dataclass(frozen=True)
class Parameters:
    w: np.ndarray
    scale: float
    name: str = "layer"


class Pair(NamedTuple):
    left: np.ndarray
    right: list


def test_gradients_have_the_structure_of_nested_containers_of_arrays():
    def f(p, pair, others):
        return np.sum(p.w**2) * p.scale + pair.left @ pair.left * pair.right[0] + np.sum(others["q"][1])

    p, pair, others = grad(f, (0, 1, 2))(
        Parameters(B, 3.0), Pair(B, [2.0]), {"q": (np.ones(2), np.ones((1, 2)))}
    )
    assert isinstance(p, Parameters)
    assert p.name == "layer"
    assert_array(p.w, 6 * B)
    assert p.scale == pytest.approx(B @ B)
    assert isinstance(pair, Pair)
    assert_array(pair.left, 4 * B)
    assert pair.right == [pytest.approx(B @ B)]
    assert_array(others["q"][0], np.zeros(2))
    assert_array(others["q"][1], np.ones((1, 2)))


def test_zero_dimensional_empty_integer_and_float32_arrays_are_accepted():
    assert_array(grad(lambda x: x * x)(np.array(3.0)), 6.0)
    assert_array(grad(lambda x: np.sum(x) + 1.0)(np.zeros((0, 2))), np.zeros((0, 2)))
    assert_array(grad(lambda x: np.sum(x**2))(np.array([1, 2])), [2.0, 4.0])
    assert_array(grad(lambda x: np.sum(x**2))(np.array([1, 2], dtype=np.float32)), [2.0, 4.0])
    assert_array(grad(lambda x: np.sum(x[::-1] * np.arange(3.0)))(np.ones(6)[::2]), [2.0, 1.0, 0.0])


def test_arrays_that_do_not_hold_real_numbers_are_refused():
    with pytest.raises(TypeError, match="complex"):
        grad(lambda x: x.sum())(np.array([1j]))
    with pytest.raises(TypeError, match="MaskedArray"):
        grad(lambda x: x.sum())(np.ma.array([1.0], mask=[False]))
    with pytest.raises(TypeError, match="expected a real number"):
        grad(lambda x: x.sum())(np.array([True]))
    with pytest.raises(TypeError, match="returns one number"):
        grad(lambda x: x * 2)(np.ones(2))


def test_arrays_of_values_give_arrays_of_values():
    a = Value(2.0)
    found = grad(lambda x: np.sum(x**2))(np.array([a, a * 3]))
    assert [item.data for item in found] == [4.0, 12.0]
    found[1].backward()
    assert a.grad == 6.0
    assert grad(lambda a: np.sum(grad(lambda x: np.sum(tanh(a) * x**2))(B)))(0.5) == pytest.approx(
        2 * B.sum() * (1 - np.tanh(0.5) ** 2)
    )
