"""Each operation of the user is rounded separately, as in Python: results are bit for bit the engine's."""

import math
from random import Random

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import Value, compile, dot, grad, logsumexp, maximum, sqrt, where
from tests.helpers import compile_to_tapes

rng = np.random.default_rng(5)
NUMBERS = rng.normal(size=200) * 10.0 ** rng.integers(-3, 4, size=200)


@pytest.fixture(params=["straight-line", "tape"], autouse=True)
def tier(request, monkeypatch):
    """Run a test with straight-line code, and with a tape."""
    if request.param == "tape":
        compile_to_tapes(monkeypatch)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batched", [(), "all"])
def test_a_difference_of_equal_squares_is_0(batched, dtype):
    points = NUMBERS if batched else NUMBERS[:3]
    fast = compile(lambda x, y: sqrt(x * x - y * y), batched=batched, dtype=dtype)
    for x in [points] if batched else points:
        assert np.all(fast(x, x) == 0.0)


def test_a_condition_on_a_difference_of_equal_products_takes_the_engines_branch():
    def f(a, b, c, d):
        return where(a * b - c * d > 0, 1.0, where(a * b - c * d < 0, -1.0, 0.0))

    a, b = NUMBERS[:100], NUMBERS[100:]
    assert not compile(f, batched="all")(a, b, b, a).any()
    assert [compile(f)(*each) for each in zip(a[:5], b[:5], b[:5], a[:5], strict=True)] == [0.0] * 5
    added = compile(lambda a, b, c: where(a * b + c > 0, 1.0, where(a * b + c < 0, -1.0, 0.0)))
    assert added(0.1, 0.3, -(0.1 * 0.3)) == 0.0


def test_a_derivative_whose_terms_cancel_is_0():
    def f(x, y):
        product = x * y
        return (product * 3.0 - product * 3.0) * x

    fast = compile(f, batched="all")
    assert not fast(NUMBERS[:100], NUMBERS[100:]).any()
    for slopes in fast.grad(NUMBERS[:100], NUMBERS[100:]):
        assert not slopes.any()


def random_expression(random, operands):
    """Return a random expression of exactly rounded operations."""
    found = list(operands)
    operations = [
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a * b + b,
        lambda a, b: a * a - b * b, lambda a, b: a / (b * b + 1.0), lambda a, b: sqrt(a * a + b * b),
        maximum, lambda a, b: where(a * b - b > a, a, b * 2.0), lambda a, b: -a * b,
    ]  # fmt: skip
    for _ in range(12):
        found.append(random.choice(operations)(random.choice(found[-4:]), random.choice(found)))
    return found[-1]


@pytest.mark.parametrize("seed", range(8))
def test_random_arithmetic_is_the_engines_bit_for_bit(seed):
    def f(*operands):
        return random_expression(Random(seed), operands)

    rows = NUMBERS[:63].reshape(3, 21)
    expected = [f(*map(Value, row)).data for row in rows.T.tolist()]
    assert compile(f, batched="all")(*rows).tolist() == expected
    assert [compile(f)(*row) for row in rows.T.tolist()[:2]] == expected[:2]
    slopes = [grad(f, (0, 1, 2))(*row) for row in rows.T.tolist()]
    np.testing.assert_allclose(
        np.transpose(compile(f, batched="all").grad(*rows)), slopes, rtol=1e-11, atol=1e-12
    )


def test_the_librarys_own_dot_products_may_round_once():
    weights = NUMBERS[:50]
    fast = compile(lambda x: dot(weights.tolist(), x))
    assert fast(NUMBERS[50:100]) == pytest.approx(float(weights @ NUMBERS[50:100]), rel=1e-12)


@pytest.mark.parametrize("x", [0.0, -0.0])
def test_logsumexp_of_one_zero_is_positive_as_in_the_engine(x):
    fast = compile(lambda x: logsumexp([x]))
    assert math.copysign(1.0, fast(x)) == math.copysign(1.0, logsumexp([Value(x)]).data) == 1.0
