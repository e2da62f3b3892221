"""The recorded backward pass is the same in every process."""

import pytest

from tests.helpers import python_output


@pytest.mark.slow
def test_the_same_expression_gives_the_same_steps_in_every_process():
    code = (
        "from autograd import *; from autograd.stepping.backprop import backprop;"
        "xs = [Value(0.1 * k, f'x{k}') for k in range(5)];"
        "y = tanh(dot(xs, xs[::-1])) + total(xs) * prod(xs[1:]) + where(xs[1] > 0, xs[2], xs[3]);"
        "print(list(backprop(y)), draw(y).source)"
    )
    assert len({python_output(code, PYTHONHASHSEED=seed) for seed in ("0", "1", "77")}) == 1
