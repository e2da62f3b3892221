"""The recorded backward pass: its names and steps, the same in every process."""

import pytest

from autograd import Value, topological_order
from autograd.backward_pass import BackwardPass
from autograd.formulas import names_of
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


def test_a_made_name_avoids_the_labels():
    root = Value(1.0, "v2") * Value(2.0) * Value(3.0)
    assert list(names_of(topological_order(root)).values()) == ["v2", "v1", "v2_", "v3", "v4"]


def test_a_step_outside_of_the_pass_is_refused():
    recorded = BackwardPass(Value(3.0, "x") * 2.0)
    assert recorded.step(0).rule() == ""
    for number in (-1, 2):
        with pytest.raises(ValueError, match=f"a step must be 0 to 1, got {number}"):
            recorded.step(number)
