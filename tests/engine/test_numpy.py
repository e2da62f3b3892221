"""numpy scalars and object arrays of Values."""

import pytest

from autograd import Value, where


def test_numpy_scalars_on_the_left_give_values():
    np = pytest.importorskip("numpy")
    x = Value(3.0)
    for made in (np.float64(2) * x, np.float32(2) + x, np.int64(2) - x, np.float64(2) / x, np.float64(2) ** x):
        assert type(made) is Value
        assert type(made.data) is float
        assert x in made.operands
    assert type(Value(np.float32(0.5)).data) is float


def test_numpy_object_arrays_of_values_compute_and_backpropagate():
    np = pytest.importorskip("numpy")
    a = np.array([Value(1.0), Value(2.0)], dtype=object)
    m = np.array([[Value(float(i + j)) for j in range(2)] for i in range(2)], dtype=object)
    y = (np.tanh(a) + np.exp(a) * 2 - a / 2) @ (m @ a) + np.sum(m) + a.dot(a)
    y.backward()
    assert type(y) is Value
    for value, truth in zip(a, gradient_of_arrays(np), strict=True):
        assert value.grad == pytest.approx(truth)


def gradient_of_arrays(np):
    """Return the derivatives by central differences on plain numpy arrays."""

    def f(a):
        m = np.array([[0.0, 1.0], [1.0, 2.0]])
        return (np.tanh(a) + np.exp(a) * 2 - a / 2) @ (m @ a) + np.sum(m) + a.dot(a)

    units = np.eye(2) * 1e-6
    return [(f(np.array([1.0, 2.0]) + u) - f(np.array([1.0, 2.0]) - u)) / 2e-6 for u in units]


def test_a_value_and_an_array_give_an_array_of_values_from_both_sides():
    np = pytest.importorskip("numpy")
    x, numbers = Value(3.0), np.array([1.0, 2.0])
    for made in (x * numbers, numbers * x, x + numbers, numbers - x, x / numbers, numbers**x):
        assert made.shape == (2,)
        assert all(type(item) is Value for item in made)
    assert [item.data for item in numbers - x] == [-2.0, -1.0]
    assert (x > numbers).tolist() == (numbers < x).tolist() == [True, True]
    assert (x <= np.array([3.0, 2.0])).tolist() == [True, False]


def test_numpy_statistics_of_values_differentiate():
    np = pytest.importorskip("numpy")
    xs = np.array([Value(1.0), Value(2.0), Value(6.0)], dtype=object)
    np.var(xs).backward()
    assert [x.grad for x in xs] == pytest.approx([2 * (x - 3) / 3 for x in (1, 2, 6)])
    assert np.std(xs).data == pytest.approx(np.std([1.0, 2.0, 6.0]))
    assert np.mean(xs).data == 3.0
    assert np.vdot(xs, xs).data == 41.0


def test_every_trigonometric_name_of_numpy_finds_its_method():
    np = pytest.importorskip("numpy")
    for name in ("arcsin", "arccos", "arctan", "arcsinh", "arctanh", "sin", "sqrt", "cbrt", "log1p", "exp2"):
        array = getattr(np, name)(np.array([Value(0.5)], dtype=object))
        assert array[0].data == pytest.approx(float(getattr(np, name)(0.5)))


def test_bools_of_numpy_are_conditions():
    np = pytest.importorskip("numpy")
    assert where(np.float64(0.0) > 1, 5.0, 7.0) == 7.0
    assert where(np.float64(2.0) > 1, 5.0, 7.0) == 5.0


@pytest.mark.parametrize("name", ["bool", "bool_"])
def test_the_bools_of_both_major_versions_of_numpy_are_known_by_their_names(name):
    kind = type(name, (), {"__float__": lambda self: 0.0})
    assert where(kind(), 5.0, 7.0) == 7.0
