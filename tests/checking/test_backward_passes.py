"""Hand-written backward passes: right ones pass, and the message about a planted bug names it."""

import math
import random
import re

import pytest

pytest.importorskip("mpmath")
np = pytest.importorskip("numpy")

from autograd.checking import GradientError, check_gradients
from tests.checking.backward_passes import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_right_backward_pass_is_right(case):
    report = check_gradients(case.f, *case.point, gradient=case.backward)
    assert report.right
    assert report.error < 1e-6


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_planted_bug_is_found_and_named(case):
    with pytest.raises(GradientError) as raised:
        check_gradients(case.f, *case.point, gradient=case.wrong)
    assert case.words in str(raised.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("error", [1e-2, 1e-4, 1e-6])
def test_one_wrong_number_is_found_and_named_alone(case, error):
    def spoiled(*arguments, **more):
        found = case.backward(*arguments, **more)
        first = found[0] if isinstance(found, tuple) else found
        first.flat[1] *= 1 + error
        return found

    with pytest.raises(GradientError) as raised:
        check_gradients(case.f, *case.point, gradient=spoiled)
    names = re.findall(r"^  (\w+\[[\d, ]+\]) +[+-]", str(raised.value), re.MULTILINE)
    assert len(names) == 1


@pytest.mark.parametrize("count", [3, 7])
def test_a_wrong_gradient_is_wrong_also_where_derivatives_cancel_exactly(count):
    x = np.linspace(-0.3, 0.7, count) ** 3

    def f(x):
        centred = x - x.mean()
        return centred.sum() + 0.5 * x[0]

    def wrong(x):
        return np.r_[0.55, np.zeros(count - 1)]

    report = check_gradients(f, x, gradient=wrong, raises=False)
    assert report.verdict == "wrong", report
    assert report.failure().startswith("the derivative of f with respect to x[0] is wrong")


@pytest.mark.parametrize("seed", range(40))
def test_cancelling_terms_do_not_make_a_right_gradient_wrong_and_hide_only_errors_below_their_rounding(seed):
    r = random.Random(seed)
    slopes = np.array([r.choice((-1.0, 0.5, 1.0, 2.0, r.uniform(-2, 2))) for _ in range(r.randint(2, 5))])
    power, x = r.choice((1, 2, 3)), r.choice((0.7, 1.0, -1.0, 0.3))
    base, large = np.sum(np.tanh(slopes * 0.7) ** power), r.choice((0.0, 1e4))

    def f(x):
        return float(np.sum(np.tanh(slopes * x) ** power) - base + large) - large

    def gradient(x):
        t = np.tanh(slopes * x)
        return float(np.sum(power * t ** (power - 1) * (1 - t * t) * slopes))

    def wrong(x):
        return gradient(x) * (1 + 1e-4)

    assert check_gradients(f, x, gradient=gradient, raises=False).verdict != "wrong"
    if abs(gradient(x)) > 0.1:
        report = check_gradients(f, x, gradient=wrong, raises=False)
        assert report.verdict == "wrong", report


@pytest.mark.parametrize(
    ("points", "w"),
    [
        ([[0.0, -1.0], [1.0, -1.0], [-1.0, 0.0]], [1.0, 1e-8]),
        ([[-1.0, 9.790135583276495e-06], [0.0, 1.0], [1.0, 1.0]], [1.0, 1e-8]),
        ([[-1e-8, 1.0], [9.79e-6, -1.0], [-1e-8, 1e-300]], [1e-8, 1.0]),
        ([[1.0, -1e-8], [-1e-8, -1e-8], [-1.0, -1e-8]], [1 / 3, 9.79e-6]),
    ],
)
def test_an_input_whose_effect_is_lost_in_the_rounding_of_larger_terms_does_not_accuse_its_gradient(points, w):
    def layer(points, w):
        return np.sum(np.tanh(points @ w) ** 3)

    def backward(points, w):
        t = np.tanh(points @ w)
        upstream = 3 * t**2 * (1 - t * t)
        return np.outer(upstream, w), points.T @ upstream

    assert (
        check_gradients(layer, np.array(points), np.array(w), gradient=backward, raises=False).verdict
        != "wrong"
    )


@pytest.mark.parametrize(
    ("f", "x", "right", "wrong"),
    [(lambda x: max(float(x), 2.0), 1.0, 0.0, 0.5), (lambda x: float(math.floor(x)), 1.5, 0.0, 1.0)],
)
def test_a_gradient_of_a_function_that_is_constant_here_is_still_wrong(f, x, right, wrong):
    assert check_gradients(f, x, gradient=lambda x: right, raises=False).verdict == "right"
    assert check_gradients(f, x, gradient=lambda x: wrong, raises=False).verdict == "wrong"
