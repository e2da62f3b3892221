"""Taylor series: the table's rules over power series agree with mpmath up to order 20."""

import math

import pytest

pytest.importorskip("mpmath")

import autograd
from autograd import (
    TABLE,
    Value,
    atan2,
    clip,
    erf,
    exp,
    exp2,
    floor,
    grad,
    gradients,
    hessian,
    hypot,
    log,
    log1p,
    logaddexp,
    mod,
    no_grad,
    operation,
    radians,
    sin,
    sqrt,
    tanh,
    taylor,
    total,
)
from autograd.modes import ieee_arithmetic
from autograd.recording import function_of
from autograd.transforms.taylor import _Expansion
from tests.truth import TRUTHS, digits, exactly, mp

SMOOTH = {
    "acos": 0.1, "acosh": 1.7, "asin": 0.2, "asinh": 0.8, "atan": 0.3, "atanh": 0.3, "cbrt": 1.3, "cos": 0.7,
    "cosh": 0.2, "elu": 0.3, "erf": 0.5, "erfc": 0.2, "exp": 0.3, "exp2": 0.3, "expm1": 0.1, "gelu": 0.6,
    "leaky_relu": -0.4, "log": 1.5, "log10": 1.3, "log1p": 0.3, "log2": 1.3, "logsigmoid": 0.2, "neg": 1.0,
    "pos": 1.0, "reciprocal": 1.2, "relu": 0.7, "sigmoid": 0.3, "silu": 0.4, "sin": 0.7, "sinc": 1.3,
    "sinh": 0.2, "softplus": 0.2, "sqrt": 2.0, "square": 3.0, "tan": 0.5, "tanh": 0.4,
}  # fmt: skip
ORDER = 20


def test_every_smooth_operation_of_one_operand_is_covered():
    others = {"abs", "sign", "step", "floor", "ceil", "trunc", "round", "degrees", "radians"}
    unary = {name for name, op in TABLE.items() if len(op.operands) - len(op.defaults) == 1 and not op.variadic}
    assert unary == SMOOTH.keys() | others


@pytest.mark.parametrize("name", sorted(SMOOTH))
def test_an_operation_agrees_with_mpmath_to_order_20(name):
    x, defaults = SMOOTH[name], TABLE[name].defaults.values()
    found = taylor(getattr(autograd, name), x, ORDER)
    with digits(120):
        exact = mp.taylor(lambda t: TRUTHS[name](t, *map(exactly, defaults)), exactly(x), ORDER)
        scale = max(abs(c) for c in exact)
        assert all(abs(f - e) <= 1e-12 * abs(e) + 1e-15 * scale for f, e in zip(found, exact, strict=True))


def test_a_composed_function_agrees_with_mpmath_to_order_20():
    found = taylor(lambda x: sin(exp(x) * tanh(x)) / (1 + x**2) + x**2.5 + 2**x, 0.7, ORDER)
    with digits(120):
        x = exactly(0.7)
        exact = mp.taylor(
            lambda t: mp.sin(mp.exp(t) * mp.tanh(t)) / (1 + t**2) + t ** mp.mpf(2.5) + 2**t, x, ORDER
        )
        assert [float(e) for e in exact] == pytest.approx(found, rel=1e-12)


def test_the_first_coefficients_are_the_derivatives():
    def f(x):
        return tanh(x) * exp(x)

    derivatives, order = f, []
    for _ in range(5):
        order.append(derivatives(0.4))
        derivatives = grad(derivatives)
    assert taylor(f, 0.4, 4) == pytest.approx([d / math.factorial(k) for k, d in enumerate(order)], rel=1e-13)


def test_the_series_of_a_polynomial_is_finite():
    assert taylor(lambda x: x**3, 2.0, 5) == [8.0, 12.0, 6.0, 1.0, 0.0, 0.0]
    assert taylor(lambda x: x * x, 0.0, 4) == [0.0, 0.0, 1.0, 0.0, 0.0]
    assert taylor(lambda x: autograd.prod([x, x, x]), 2.0, 4) == [8.0, 12.0, 6.0, 1.0, 0.0]
    assert taylor(lambda x: autograd.dot([x, 2 * x], [x, x]), 1.0, 3) == [3.0, 6.0, 3.0, 0.0]
    assert taylor(lambda x: 3.0, 1.0, 2) == [3.0, 0.0, 0.0]
    assert taylor(lambda x: x, 1.0, 0) == [1.0]


def test_coefficients_are_values_that_depend_on_captured_values():
    a = Value(3.0)
    found = taylor(lambda x: a * x * x, 1.0, 3)
    assert [getattr(c, "data", c) for c in found] == [3.0, 6.0, 3.0, 0.0]
    assert gradients(found[1], [a]) == [2.0]
    with no_grad():
        assert all(c.op is None for c in taylor(lambda x: a * x * x, 1.0, 2))


def test_coefficients_can_be_differentiated():
    def third(a):
        return taylor(lambda x: sin(a * x) * exp(x) if x > 0 else x, 0.5, 3)[3]

    with digits(60):
        exact = mp.diff(lambda a: mp.taylor(lambda x: mp.sin(a * x) * mp.exp(x), mp.mpf(0.5), 3)[3], 1.25)
        assert grad(third)(1.25) == pytest.approx(float(exact), rel=1e-12)
    # d/dx of the n-th coefficient is n + 1 times the next one
    around = taylor(tanh, 0.7, 6)
    for n in range(6):
        slope = grad(lambda x, n=n: taylor(tanh, x, n)[n])(0.7)
        assert slope == pytest.approx((n + 1) * around[n + 1], rel=1e-12)
    second = hessian(lambda p: taylor(lambda x: p[0] * exp(p[1] * x), 0.0, 2)[2])
    assert second([2.0, 3.0]) == [[0.0, 3.0], [3.0, 2.0]]
    assert taylor(lambda x: grad(lambda y: x * y * y)(2.0), 1.0, 2) == [4.0, 4.0, 0.0]


def test_taylor_refuses_a_function_with_several_results():
    with pytest.raises(TypeError, match="got 1 numbers as the argument and 2 as the result"):
        taylor(lambda x: [x, x], 1.0, 2)


def test_a_declared_operation_with_rules_as_text_expands_and_one_in_python_is_refused():
    softsign = operation("softsign(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x))"])
    assert taylor(softsign, 1.0, 3) == pytest.approx([0.5, 0.25, -0.125, 0.0625])
    blunt = operation("blunt(x)", math.sin, [math.cos])
    with pytest.raises(TypeError, match="partials of blunt as text"):
        taylor(blunt, 1.0, 3)


def test_a_deep_graph_expands():
    def f(x):
        for _ in range(5000):
            x = x + 0.5 * x * 1e-4
        return x

    assert taylor(f, 1.0, 2) == pytest.approx([(1 + 5e-5) ** 5000, (1 + 5e-5) ** 5000, 0.0])
    assert taylor(lambda x: total([x] * 100), 1.0, 1) == [100.0, 100.0]


@pytest.mark.parametrize("order", [-1, 2.5, 1_000_001, 10**30])
@pytest.mark.parametrize("f", [exp, lambda x: 1.0])
def test_an_order_that_is_not_a_nonnegative_int_of_bounded_size_is_refused(order, f):
    with pytest.raises(ValueError, match="order must be an int from 0 to 1,000,000, got"):
        taylor(f, 0.0, order)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda t: logaddexp(t, t), math.inf),
        (lambda t: atan2(t, 2.0 * t), math.inf),
        (lambda t: mod(2.0, t - t), 1.0),
        (lambda t: sqrt(t * t), 0.0),
    ],
)
def test_a_slope_of_0_beside_an_infinite_one_is_nan_as_in_grad(f, x):
    with ieee_arithmetic():
        assert math.isnan(grad(f)(x))
        assert math.isnan(taylor(f, x, 1)[1])


def test_an_operand_that_was_not_selected_has_no_slope_of_0():
    assert taylor(lambda t: sqrt(clip(t, 0.0, 1.0)), -1.0, 2) == [0.0, 0.0, 0.0]
    assert taylor(lambda t: sqrt(floor(t)), 0.5, 1) == [0.0, 0.0]


def test_a_constant_slope_has_no_coefficients_that_an_infinity_could_multiply():
    with ieee_arithmetic():
        assert taylor(lambda t: abs(exp(t)), 800.0, 2) == [math.inf] * 3
        assert taylor(lambda t: radians(1 / t), 0.0, 1) == [math.inf, -math.inf]
        assert taylor(lambda t: abs(t * t), -math.inf, 2) == [math.inf, -math.inf, 1.0]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda t: log(t - t) + t, 1.0),
        (lambda t: 1.0 / (t * 1000.0 - 1000.0 * t), 2.0),
        (lambda t: erf(sqrt(t)) ** (t * t), 0.0),
    ],
)
def test_the_derivative_of_a_coefficient_that_is_nan_is_nan(f, x):
    with ieee_arithmetic():
        assert math.isnan(taylor(f, x, 1)[1])
        assert math.isnan(grad(lambda t: taylor(f, t, 1)[1])(x))


@pytest.mark.parametrize("name", sorted(TABLE.keys() - {"total", "prod", "dot", "mean", "logsumexp"}))
def test_a_higher_order_needs_no_more_series(name, monkeypatch):
    """A series for each order, as of quotients of quotients, would take time that grows with its cube."""
    op, made = TABLE[name], []
    once = _Expansion.__init__
    monkeypatch.setattr(_Expansion, "__init__", lambda self: (once(self), made.append(self))[0])

    def f(t):
        others = [t + 0.3, t + 0.7] if not op.defaults else []
        return function_of(op)(t, *others[: len(op.operands) - 1])

    for order in (6, 12):
        taylor(f, SMOOTH.get(name, 0.6), order)
    assert len(made[0].known) == len(made[1].known)


@pytest.mark.parametrize("exponent", [2.5, -1.0, -2.5, 0.5, 7.0, -0.25, 3.75])
def test_powers_and_quotients_agree_with_mpmath_to_order_60(exponent):
    found = taylor(lambda t: t**exponent, 1.25, 60)
    exact = [mp.binomial(exponent, n) * mp.mpf(1.25) ** (exponent - n) for n in range(61)]
    assert found == pytest.approx([float(c) for c in exact], rel=1e-11, abs=0.0)
    found = taylor(lambda t: hypot(1.0, t) / (2.0 + t), 0.5, 60)
    with digits(120):
        exact = mp.taylor(lambda t: mp.sqrt(1 + t * t) / (2 + t), mp.mpf(0.5), 60)
        assert found == pytest.approx([float(c) for c in exact], rel=1e-10, abs=1e-15)


def test_a_quotient_keeps_the_rules_of_zero_and_infinity():
    with ieee_arithmetic():
        assert taylor(lambda t: 1.0 / t, 0.0, 1) == [math.inf, -math.inf]
        assert taylor(lambda t: sqrt(0.0 / t), 3.0, 2) == [0.0, 0.0, 0.0]
        assert taylor(lambda t: t / math.inf, 2.0, 2) == [0.0, 0.0, 0.0]
        assert taylor(lambda t: t**-math.inf, -0.5, 1) == [math.inf, grad(lambda t: t**-math.inf)(-0.5)]
        assert math.isnan(taylor(lambda t: (t * t) / floor(t), 0.0, 1)[1])
        assert taylor(lambda t: log1p(exp2(t)), 800.0, 2)[2] == pytest.approx(0.0, abs=1e-15)
