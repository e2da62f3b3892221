"""Hand-written backward passes: right ones pass, and the message about a planted bug names it."""

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
