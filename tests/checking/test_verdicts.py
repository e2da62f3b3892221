"""Verdicts: right only where the evidence bounds the error at a stated size; else undecided or wrong."""

import math
import random
import re

import pytest

pytest.importorskip("mpmath")

import autograd
from autograd import (
    DomainError,
    Value,
    cos,
    exp,
    grad,
    hypot,
    log,
    logsumexp,
    operation,
    relu,
    sin,
    tanh,
    where,
)
from autograd.checking import GradientError, check, check_gradients
from nn import huber_loss


def verdict(f, *point, **options):
    return check_gradients(f, *point, raises=False, **options).verdict


# Small beside large


@pytest.mark.parametrize("large", [1e3, 1e6, 1e8, 1e12])
@pytest.mark.parametrize("small", [1.0, 1e-3, 100.0])
def test_an_edge_that_is_missing_behind_a_larger_term_is_wrong(large, small):
    report = check_gradients(lambda x, y: x * x + y.detach() * y, large, small, raises=False)
    assert report.verdict == "wrong"
    (wrong,) = [f for f in report.findings if f.question == "end to end" and f.verdict == "wrong"]
    assert report.name(wrong.place) == "y"
    assert wrong.truth == pytest.approx(2 * small, rel=1e-9)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: exp(x) + math.sin(y.data) * 1e-9,
        lambda x, y: exp(x) * 1e9 + Value(y.data) * x / 1e9,
        lambda x, y: where(x > 0, x, y) * 1e12 + float(y.data) * y,
        lambda x, y: logsumexp([x * 1e9, y.detach()]) + y * 0.0 + y.detach() / 3,
    ],
)
def test_every_kind_of_missing_edge_is_found_behind_a_larger_term(f):
    assert verdict(f, 20.0, 0.5) == "wrong"


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: logsumexp([x - max(x.data, y.data), y - max(x.data, y.data)]) + max(x.data, y.data),
        lambda x, y: (x - float(y.data)) * 2 + float(y.data) * 2 + y,
        lambda x, y: x / y.detach() * y.detach() + y,
    ],
)
def test_a_plain_number_that_the_result_does_not_depend_on_is_not_a_missing_edge(f):
    assert verdict(f, 1.5, 0.7) == "right"


@pytest.mark.parametrize("error", [0.1, 1e-2, 1e-4])
@pytest.mark.parametrize("point", [(1e3, 1.0), (1e6, 1.0), (1.0, 1e-6), (1e8, 1e8)])
def test_an_error_in_a_small_input_of_a_function_of_floats_is_never_right(error, point):
    def f(x, y):
        return math.sin(x) ** 2 * 0 + float(x) ** 2 + float(y) ** 2  # float() keeps it from being recorded

    assert verdict(f, *point, gradient=lambda x, y: (2 * x, 2 * y)) != "wrong"
    assert verdict(f, *point, gradient=lambda x, y: (2 * x, 2 * y * (1 + error))) != "right"


def test_a_small_oscillation_on_a_large_number_is_not_missed():
    # Its derivative, 1e-3, is below the rounding error at small step sizes, and larger ones would miss it.
    def f(x, y):
        return math.fabs(x) ** 2 + math.fabs(y) ** 2 + 1e-3 * math.cos(y)

    def gradient(x, y):
        return 2 * x, 2 * y - 1e-3 * math.sin(y)

    for y in (1.4, 1.76, 1.8, 2.3):
        assert verdict(f, 1.6e6, y, gradient=gradient) != "wrong"
        assert verdict(f, 1.6e6, y, gradient=lambda x, y: (2 * x, 2 * y)) != "right"


def test_zero_is_not_right_where_rounding_hides_the_input():
    def f(x, y):
        return math.fabs(x) ** 2 + math.fabs(y) * math.pi

    assert verdict(f, 1e9, 1.0, gradient=lambda x, y: (2 * x, 0.0)) != "right"
    assert verdict(f, 1e12, 1.0, gradient=lambda x, y: (2 * x, 0.0)) != "right"


def test_zero_is_right_for_an_input_that_the_function_ignores_and_where_it_is_flat():
    assert verdict(lambda x, y: math.exp(x), 1.0, 2.0, gradient=lambda x, y: (math.exp(x), 0.0)) == "right"
    assert verdict(lambda x: max(math.fabs(x) - 5, 0.0), 1.0, gradient=lambda x: 0.0) == "right"
    assert verdict(math.cos, 0.0, gradient=lambda x: -math.sin(x)) == "right"
    assert verdict(math.cos, 0.0, gradient=lambda x: 1e-6) == "wrong"


def test_the_report_states_a_bound_of_the_error():
    text = str(check_gradients(math.exp, 1.0, gradient=math.exp))
    assert float(re.search(r"relative error at most (\S+)\)", text)[1]) <= 1e-6


# Ill-conditioned, saturated


def test_a_derivative_that_float64_cannot_represent_accurately_is_undecided():
    assert verdict(tanh, 5.0) == "right"
    assert verdict(tanh, 17.0) == "undecided"
    assert verdict(lambda x: sin(x * x), 2401828513.0) == "undecided"


def test_logsumexp_at_large_equal_numbers_is_right_only_within_the_tolerance():
    report = check_gradients(lambda x, y: logsumexp([x, y]), 1e12, 1e12, raises=False)
    slopes = [f.found for f in report.findings if f.question == "end to end"]
    assert (report.verdict == "right") == all(abs(slope - 0.5) <= 0.5e-6 for slope in slopes)


def test_a_gradient_that_is_zero_because_its_terms_cancel_is_right():
    def normalised(xs, bias):
        shifted = [x + bias for x in xs]
        mean = sum(shifted) / len(xs)
        return sum(((x - mean) ** 3 for x in shifted), 0.0) + sum(x * 0.1 for x in xs)

    assert verdict(normalised, [0.3, -1.2, 2.5], 0.7, order=1) == "right"


# Kinks, second order


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: abs(x) ** 2, (0.0,)),
        (lambda x: x * x * autograd.sign(x) * autograd.sign(x), (0.0,)),
        (lambda x: huber_loss([x], [1.0]), (1.0,)),
        (lambda x, y: hypot(x, y) ** 2, (0.0, 0.0)),
        (lambda x: relu(x) ** 2 + relu(-x) ** 2, (0.0,)),
        (lambda x: autograd.maximum(x * x, x * x * 1.0), (3.0,)),
    ],
)
def test_at_order_2_only_the_second_derivative_is_right(f, point):
    report = check_gradients(f, *point, raises=False)
    seconds = [f for f in report.findings if f.question == "order 2" and f.truth is not None]
    assert report.verdict != "wrong"
    for finding in seconds:
        if finding.verdict == "right" and "kink" not in finding.why:
            assert finding.found == pytest.approx(finding.truth, rel=1e-6, abs=1e-12)


def test_a_wrong_second_derivative_at_a_kink_is_not_right():
    # Its first derivative is right everywhere, and its second is 3 instead of 2.
    bent = operation("bent(x)", "abs(x) * abs(x)", ["2 * x + x * abs(x) * 0"])
    assert verdict(lambda x: bent(x) + abs(x) * 0, 0.0) != "wrong"
    sly = operation("sly(x)", "x * x", ["2 * x + where(x >= 0, 0, 0) + 1.0 * x * (x - 0.5)"])
    assert verdict(lambda x: sly(x) + abs(x - 0.5), 0.5) != "right"


def test_a_kink_between_pieces_with_the_same_second_derivative_is_right():
    for f in (relu, abs, lambda x: x * abs(x), lambda x: relu(x) * 3.0, lambda x: autograd.clip(x, 0.0, 1.0)):
        assert verdict(f, 0.0) == "right"
    assert verdict(autograd.maximum, 1.0, 1.0) == "right"


# Nondeterminism


def noisy(rng):
    return operation("noisy(x)", lambda x: x * x, [lambda x: 2 * x * (1 + 1e-9 * rng.random())])


def test_a_random_value_branch_partial_or_gradient_is_a_failure_everywhere():
    rng = random.Random(0)
    failing = [
        (lambda x: x * rng.random(), {}),
        (lambda x: x * x if rng.random() < 0.5 else x**2 * 1.0, {}),
        (noisy(rng), {}),
        (lambda x: tanh(noisy(rng)(x)), {}),
        (lambda x: math.sin(x) + 1e-12 * rng.random(), {"gradient": math.cos}),
        (math.sin, {"gradient": lambda x: math.cos(x) + 1e-12 * rng.random()}),
    ]
    for f, options in failing:
        for _ in range(20):  # the same branch may be taken twice at random
            report = check_gradients(f, 0.7, raises=False, **options)
            if report.verdict == "wrong":
                break
        assert report.verdict == "wrong"
        assert "not deterministic" in str(report)
    assert check(noisy(rng)(Value(0.7))).verdict == "wrong"


# Undecided verdicts are errors


def test_an_undecided_verdict_raises_unless_it_is_allowed():
    with pytest.raises(GradientError, match=r'undecided: .*\n(.*\n)*.*undecided="allow"'):
        check_gradients(tanh, 17.0)
    assert check_gradients(tanh, 17.0, undecided="allow").verdict == "undecided"
    assert check_gradients(tanh, 17.0, raises=False).verdict == "undecided"
    with pytest.raises(GradientError):
        check_gradients(math.floor, 1.0, gradient=lambda x: 0.0)
    with pytest.raises(ValueError, match="'fail' or 'allow'"):
        check_gradients(tanh, 1.0, undecided="ignore")


def test_a_point_outside_the_domain_is_skipped_with_undefined_skip():
    for f, options in (
        (autograd.log, {}),
        (math.log, {"gradient": lambda x: 1 / x}),
        (lambda x: math.inf * x, {"gradient": lambda x: math.inf}),
    ):
        report = check_gradients(f, -1.0, undefined="skip", **options)
        assert report.undefined
    assert not check_gradients(autograd.log, 1.0, undefined="skip").undefined
    with pytest.raises(autograd.DomainError):
        check_gradients(autograd.log, -1.0)


EXTREME = [
    sign * x for x in (5e-324, 1e-310, 1e-200, 1e-100, 1e-30, 1e-9, 1e9, 1e100, 1e200) for sign in (1, -1)
]


@pytest.mark.parametrize("x", EXTREME)
@pytest.mark.parametrize(
    "name", ["exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "sqrt", "ceil", "sinc"]
)
def test_a_factor_and_a_forgotten_slope_are_wrong_at_tiny_and_huge_points_and_the_rule_is_not(name, x):
    f = getattr(autograd, name)
    try:
        slope = grad(f)(x)
    except (DomainError, OverflowError):
        pytest.skip("outside the domain")
    assert check_gradients(f, x, raises=False).verdict != "wrong"
    if 1e-280 < abs(slope) < 1e280:
        for wrong in (1.5 * slope, 1.001 * slope, 0.0):
            report = check_gradients(f, x, gradient=lambda _, wrong=wrong: wrong, raises=False)
            assert report.verdict in ("wrong", "undecided"), report
            if 1e-300 < abs(x) < 1e15:  # subnormal numbers have few digits, and a sine of 1e100 has none
                assert report.verdict == "wrong", report


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "hypot", "atan2", "pow", "maximum", "mod"])
@pytest.mark.parametrize(
    "point", [(1e100, 1e-10), (1e-100, 1e10), (1e-100, 1e-200), (1.0, 1e-310), (1e200, 1e-99)]
)
def test_an_operand_that_is_tiny_beside_the_other_is_not_taken_for_a_constant(name, point):
    f = getattr(autograd, name)
    slopes = [float(g) for g in grad(f, argnums=(0, 1))(*point)]
    assert check_gradients(f, *point, raises=False).verdict != "wrong"
    for k, slope in enumerate(slopes):
        if 1e-280 < abs(slope) < 1e280:
            for factor in (1.5, 0.0):
                changed = [g * factor if j == k else g for j, g in enumerate(slopes)]
                report = check_gradients(f, *point, gradient=lambda *_, changed=changed: changed, raises=False)
                assert report.verdict != "right", report


@pytest.mark.parametrize("large", [1e50, 1e100, 1e200])
def test_what_a_large_number_hides_is_seen_in_more_digits(large):
    def hidden(x):
        return (x + large) - large

    assert check_gradients(hidden, 1.0, raises=False).verdict == "right"
    assert check_gradients(hidden, 1.0, gradient=lambda x: 0.0, raises=False).verdict == "wrong"


def test_second_derivatives_at_tiny_points_are_right():
    for y in (1e-30, 1e-100, 1e-200, 5e-324):
        assert check_gradients(lambda x, y: tanh(x) * exp(y), 0.0, y).verdict == "right"
        assert check_gradients(lambda x: log(1 + x), y).verdict == "right"
        assert check_gradients(lambda x: exp(x) - 1 / (1 + x), y).verdict == "right"


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x, y: tanh(y + x * x), (0.0, 0.0)),
        (lambda x, y: sin(y + x * x) + exp(x * x * y), (0.0, 0.0)),
        (lambda x, y: tanh(x * x * x + y * y * y), (0.0, 0.0)),
        (lambda x: tanh(x * x) ** 2, (0.0,)),
        (lambda x, y: cos(x) * cos(y), (0.0, 0.0)),
    ],
)
def test_a_derivative_that_is_0_because_the_point_is_is_right(f, point):
    """The difference quotient is of the size of the step there: its limit is 0."""
    for order in (2, 3):
        assert check_gradients(f, *point, order=order).right


STEEP_AT_0 = {
    "x log |x|": (lambda x: x * math.log(abs(x)), lambda x: math.log(abs(x)) + 1),
    "log |x|": (lambda x: math.log(abs(x)), lambda x: 1 / x),
    "the root of |x| with the sign of x": (
        lambda x: math.copysign(math.sqrt(abs(x)), x),
        lambda x: 0.5 / math.sqrt(abs(x)),
    ),
    "a steep arctangent": (lambda x: math.atan(1e9 * x), lambda x: 1e9 / (1 + (1e9 * x) ** 2)),
}


@pytest.mark.parametrize("x", [1.3e-10, -1.3e-16, 1.3e-60, -1.3e-280])
@pytest.mark.parametrize("name", STEEP_AT_0)
def test_a_function_of_floats_is_judged_at_the_scale_of_a_tiny_input(name, x):
    f, slope = STEEP_AT_0[name]
    assert verdict(f, x, gradient=slope) == "right"
    assert verdict(f, x, gradient=lambda x: 1.001 * slope(x)) == "wrong"


@pytest.mark.parametrize("x", [1e-320, 5e-324, -1e-310])
def test_an_input_too_small_for_finite_differences_is_undecided_unless_the_function_is_smooth_there(x):
    assert verdict(math.sin, x, gradient=math.cos) == "right"
    assert verdict(lambda x: math.log(abs(x)), x, gradient=lambda x: 1 / x) == "undecided"
