"""An operand that was not selected has no edge: nothing flows back to it, so no infinity is multiplied by 0."""

import itertools
import math

import pytest

from autograd import (
    Value,
    acos,
    acosh,
    anomaly_detection,
    asin,
    cbrt,
    clip,
    dot,
    draw,
    elu,
    exp,
    grad,
    gradients,
    hvp,
    jvp,
    leaky_relu,
    maximum,
    mean,
    minimum,
    mod,
    prod,
    relu,
    sign,
    sqrt,
    step,
    taylor,
    total,
    where,
)
from autograd.differentiation import partials_as_values
from autograd.errors import AnomalyError

# Each is 0 around its point, whatever x is.
FRONTS = {
    "clip": (lambda x: clip(x, 0.0, 1.0), -1.0),
    "clip from above": (lambda x: clip(x, -1.0, 0.0), 2.0),
    "where": (lambda x: where(x > 0, x, 0.0), -1.0),
    "where not": (lambda x: where(x < 0, 0.0, x), -1.0),
    "maximum": (lambda x: maximum(x, 0.0), -1.0),
    "minimum": (lambda x: minimum(0.0, x), 1.0),
    "relu": (relu, -1.0),
    "step": (step, -1.0),
    "sign of a square": (lambda x: sign(x * x) - 1.0, -1.0),
    "0 * x": (lambda x: 0 * x, -1.0),
    "x * 0": (lambda x: x * 0.0, -1.0),
    "0 / x": (lambda x: 0 / x, -1.0),
    "x ** 0 - 1": (lambda x: x**0 - 1.0, -1.0),
    "0 ** x": (lambda x: 0**x, 2.0),
    "0 % x": (lambda x: 0 % x, 2.0),
    "leaky_relu without a slope": (lambda x: leaky_relu(x, 0.0), -1.0),
    "elu with alpha 0": (lambda x: elu(x, 0.0), -1.0),
    "dot with zeros": (lambda x: dot([0.0, 0.0], [x, x * x]), -1.0),
    "dot with zeros at the end": (lambda x: dot([x, 3.0], [0.0, 0.0]), -1.0),
    "prod with a zero": (lambda x: prod([x, 0.0, x]), -1.0),
    "total of those": (lambda x: total([relu(x), 0 * x, 0.0]), -1.0),
    "mean of those": (lambda x: mean([relu(x), step(x)]), -1.0),
}  # fmt: skip
# Each has an infinite derivative at 0.
STEEP = {
    "sqrt": sqrt,
    "cbrt": cbrt,
    "x ** 0.5": lambda x: x**0.5,
    "asin": lambda x: asin(1.0 - x),
    "acos": lambda x: acos(1.0 - x),
    "acosh": lambda x: acosh(1.0 + x),
    "an exp that overflows": lambda x: exp(1000.0 + x),
    "a division": lambda x: 1e-300 / (x + 1e-300) / 1e-300,
}
PAIRS = [
    pytest.param(front, at, steep, id=f"{name} in front of {after}")
    for (name, (front, at)), (after, steep) in itertools.product(FRONTS.items(), STEEP.items())
]


@pytest.mark.parametrize(("front", "at", "steep"), PAIRS)
def test_the_derivative_of_a_constant_is_0_in_every_mode(front, at, steep):
    def f(x):
        return steep(front(x))

    x = Value(at, "x")
    y = f(x)
    y.backward()
    assert x.grad == 0.0
    assert grad(f)(at) == 0.0
    assert grad(grad(f))(at) == 0.0
    assert jvp(f, (at,), (1.0,))[1] == 0.0
    assert hvp(f, at, 1.0) == 0.0
    assert taylor(f, at, 3)[1:] == [0.0, 0.0, 0.0]
    assert gradients(f(x), [x], create_graph=True)[0].data == 0.0


UNSELECTED = {
    "where": lambda x: where(0.0, x, 1.0),
    "where not": lambda x: where(1.0, 1.0, x),
    "maximum": lambda x: maximum(1.0 - x, 2.0),
    "minimum": lambda x: minimum(x, -2.0),
    "clip": lambda x: clip(x, 2.0, 3.0),
    "clip's bound": lambda x: clip(-1.0, -2.0, x),
    "relu": lambda x: relu(-1.0 - x),
    "step": step,
    "sign": sign,
    "0 * x": lambda x: 0.0 * x,
    "dot": lambda x: dot([x, Value(2.0)], [0.0, 3.0]),
    "leaky_relu's slope": lambda x: leaky_relu(1.0, x),
    "mod by a larger number": lambda x: mod(1.0, 5.0 + x),
}


@pytest.mark.parametrize("after", UNSELECTED.values(), ids=UNSELECTED)
@pytest.mark.parametrize("steep", [sqrt, cbrt, lambda x: x**0.5], ids=["sqrt", "cbrt", "power"])
def test_no_gradient_flows_through_a_branch_that_was_not_selected(after, steep):
    def f(x):
        return after(steep(x))

    x = Value(0.0, "x")
    y = f(x) + x
    y.backward()
    assert x.grad == 1.0
    assert grad(f)(0.0) == grad(grad(f))(0.0) == jvp(f, (0.0,), (1.0,))[1] == 0.0
    assert taylor(f, 0.0, 2)[1:] == [0.0, 0.0]


def test_the_stepper_and_the_picture_have_no_step_there_and_say_not_taken():
    x = Value(-1.0, "x")
    y = sqrt(clip(x, 0.0, 1.0)) + where(0.0, sqrt(Value(0.0, "z")), x)
    bp = y.backprop()
    bp.finish()
    stepped = [x.grad, bp.recorded.final[bp.recorded.index[x]]]
    x.grad = 0.0
    y.backward()
    assert [x.grad, x.grad] == stepped == [1.0, 1.0]
    assert "not taken" in repr(bp.tree())
    assert all(math.isfinite(c) or c == math.inf for c in bp.recorded.contributions)
    assert "nan" not in draw(y).source


def test_a_node_that_nothing_reached_keeps_a_gradient_of_0():
    x = Value(0.0)
    inner = sqrt(x)
    y = where(0.0, inner, 2.0 * x)
    y.backward()
    assert (inner.grad, x.grad) == (0.0, 2.0)
    y.backward()
    assert (inner.grad, x.grad) == (0.0, 4.0)


def test_a_zero_that_is_a_number_is_not_taken_for_an_absent_edge():
    for f in (lambda x: sqrt(x) * sqrt(x), lambda x: sqrt(x) ** 2, lambda x: abs(sqrt(x)),
              lambda x: sqrt(x) - sqrt(x) + 0.5 * sqrt(x) ** 2):  # fmt: skip
        assert math.isnan(grad(f)(0.0))
        assert math.isnan(jvp(f, (0.0,), (1.0,))[1])
    w = Value(0.0)
    assert math.isnan(gradients(sqrt(w * w), [w])[0])


def test_anomaly_detection_names_the_operation_with_an_infinite_derivative():
    x = Value(0.0, "x")
    with anomaly_detection(), pytest.raises(AnomalyError, match=r"sqrt\(x\) has the derivative inf"):
        sqrt(x) * sqrt(x)


def test_ties_share_and_every_selected_operand_keeps_its_edge():
    x, y = Value(2.0), Value(2.0)
    assert maximum(x, y).partials == minimum(x, y).partials == (0.5, 0.5)
    assert relu(Value(0.0)).partials == (1.0,)
    assert clip(x, 2.0, 2.0).partials == (1.0, None, None)
    assert where(Value(1.0), x, y).partials == (None, 1.0, None)
    assert (Value(0.0) * x).partials == (2.0, 0.0)


def test_the_rules_over_values_leave_out_the_same_edges():
    x, y = Value(1.0), Value(2.0)
    for node in (maximum(x, y), where(0.0, x, y), clip(x, 2.0, y), 0 * x, x**0, leaky_relu(-x, 0.0), mod(x, y)):
        assert [p is None for p in partials_as_values(node)] == [p is None for p in node.partials]


def test_a_declared_operation_may_leave_out_edges_too():
    from autograd import operation

    gate = operation("gate(x, y)", "x if x > y else y", ["1.0 if x > y else None", "None if x > y else 1.0"])
    x = Value(0.0, "x")
    gate(sqrt(x), Value(1.0)).backward()
    assert x.grad == 0.0
