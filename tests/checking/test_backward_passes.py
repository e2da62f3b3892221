"""Backward passes as people write them: the right ones pass, and a planted bug is named."""

import re

import pytest

pytest.importorskip("mpmath")
pytest.importorskip("numpy")

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
