"""The table against the truth: every operation, every operand, first and second derivatives."""

import doctest
import inspect
import itertools
import math
from fractions import Fraction

import pytest

pytest.importorskip("mpmath")

import autograd
from autograd import TABLE, DomainError, Value, grad, gradients, jvp, operation, taylor
from autograd.differentiation import partials_as_values
from autograd.modes import ieee_arithmetic
from autograd.ops.op import Op
from autograd.ops.primitives import FAST, IEEE
from autograd.ops.rules import ieee_functions, names_in
from autograd.recording import RECORDED, function_of, recorder
from tests import truth
from tests.truth import digits, exactly

EPS = 2.0**-52
SMALLEST = 2.0**-1074
NAMES = sorted(TABLE)
CASES = [(name, point) for name in NAMES for point in truth.POINTS[name]]
MODERATE = [case for case in CASES if all(x == 0 or 1e-100 <= abs(x) <= 1e100 for x in case[1])]
"""Bounds within which a second derivative is in the range of float64."""
SATURATING = {"tanh", "sigmoid", "erf"}
"""Operations whose formulas, such as 1 - out * out, have a small absolute, not relative, error."""
INF, NAN = math.inf, math.nan


def call(op, operands):
    """Return an op applied to a flat list of operands."""
    function = function_of(op)
    if not op.variadic:
        return function(*operands)
    size = len(operands) // len(op.operands)
    return function(*[operands[k * size : (k + 1) * size] for k in range(len(op.operands))])


def close(found, exact, ulps, absolute=0.0):
    """Return whether a float is within a number of units in the last place of the truth."""
    if math.isinf(found) or abs(exact) > 1.7e308:
        return math.isinf(found) and abs(exact) > 1.7e308 and (found > 0) == (exact > 0)
    with digits(truth.DIGITS):
        return abs(exactly(found) - exact) <= ulps * EPS * abs(exact) + absolute + 4 * SMALLEST


def conditioning(name, point, with_respect_to):
    """Return the change of a derivative when an operand changes by eps, which no float formula can avoid."""
    return sum(
        float(abs(truth.derivative(name, point, (*with_respect_to, k)) * x)) * EPS
        for k, x in enumerate(point)
        if x
    )


def first_derivative_errors(op, name, point):
    """Return the operands whose recorded partial is not the derivative."""
    leaves = [Value(x) for x in point]
    out = call(op, leaves)
    wrong = []
    for k, slope in enumerate(out.partials):
        partial = slope or 0.0  # None: not selected
        exact = truth.derivative(name, point, (k,))
        absolute = 2 * EPS if name in SATURATING else 0.0
        if not close(partial, exact, 8, absolute + 4 * conditioning(name, point, (k,))):
            wrong.append(k)
    return wrong


def test_every_operation_of_the_table_has_a_truth_and_points():
    assert set(truth.TRUTHS) == set(truth.POINTS) == set(TABLE)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_the_value_is_true_to_a_few_units_in_the_last_place(name, point):
    exact = truth.value(name, point)
    slack = (
        conditioning(name, point, ())
        if name in {"total", "mean", "dot", "mod", "sin", "cos", "tan", "gelu"}
        else 0.0
    )
    for operands in (list(point), [Value(x) for x in point]):
        found = call(TABLE[name], operands)
        assert close(getattr(found, "data", found), exact, 4, slack)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_the_first_derivative_is_right_with_respect_to_every_operand(name, point):
    assert first_derivative_errors(TABLE[name], name, point) == []


@pytest.mark.parametrize(("name", "point"), MODERATE)
def test_the_second_derivatives_are_true(name, point):
    op = TABLE[name]
    leaves = [Value(x) for x in point]
    out = call(op, leaves)
    firsts = gradients(out, leaves, create_graph=True)
    for j, k in itertools.product(range(len(point)), repeat=2):
        found = gradients(firsts[j], [leaves[k]])[0]
        exact = truth.derivative(name, point, (j, k))
        terms = conditioning(name, point, (j, k)) + EPS * sum(
            float(abs(truth.derivative(name, point, (i,)))) for i in (j, k)
        )
        assert close(found, exact, 64, 16 * terms + 8 * EPS), (j, k, found, exact)


@pytest.mark.parametrize("name", NAMES)
def test_forward_mode_agrees_with_reverse_mode(name):
    op, point = TABLE[name], truth.POINTS[name][0]
    reverse = grad(lambda xs: call(op, xs))(list(point))
    for k in range(len(point)):
        unit = [float(k == j) for j in range(len(point))]
        assert jvp(lambda xs: call(op, xs), (list(point),), (unit,))[1] == pytest.approx(reverse[k], rel=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_run_over_values_give_the_recorded_partials(name):
    for point in truth.POINTS[name]:
        out = call(TABLE[name], [Value(x) for x in point])
        assert [getattr(p, "data", p) for p in partials_as_values(out)] == list(out.partials)


@pytest.mark.parametrize("name", NAMES)
def test_a_number_gives_a_float_and_a_value_a_value(name):
    op, point = TABLE[name], truth.POINTS[name][0]
    number, node = call(op, list(point)), call(op, [Value(x) for x in point])
    assert type(number) is float
    assert type(node) is Value
    assert (node.data, node.op) == (number, op)
    assert getattr(autograd, name) is RECORDED[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_number_among_the_operands_takes_no_edge(name):
    op, point = TABLE[name], truth.POINTS[name][0]
    for k in range(len(point)):
        operands = [Value(x) if j == k else x for j, x in enumerate(point)]
        out = call(op, operands)
        every = call(op, [Value(x) for x in point]).partials
        selected = [j == k and every[j] is not None for j in range(len(point))]
        assert [partial is not None for partial in out.partials] == selected
        assert out.operands[k] is operands[k]
        assert all(type(item) is float for j, item in enumerate(out.operands) if j != k)


@pytest.mark.parametrize("name", [n for n in NAMES if not TABLE[n].variadic and n != "where"])
def test_the_method_of_the_same_name_is_the_same_operation(name):
    point = truth.POINTS[name][0]
    out = getattr(Value(point[0]), name)(*point[1:])
    assert (out.op, out.data) == (TABLE[name], call(TABLE[name], list(point)))


@pytest.mark.parametrize(
    ("operator", "name", "point"),
    [
        (lambda x, y: x + y, "add", (2.0, 3.0)),
        (lambda x, y: x - y, "sub", (2.0, 3.0)),
        (lambda x, y: x * y, "mul", (2.0, 3.0)),
        (lambda x, y: x / y, "div", (2.0, 3.0)),
        (lambda x, y: x % y, "mod", (7.0, 3.0)),
        (lambda x, y: x**y, "pow", (2.0, 3.0)),
    ],
)
@pytest.mark.parametrize("kind", [float, int, Fraction, Value])
def test_an_operator_takes_plain_numbers_on_both_sides(operator, name, point, kind):
    exact = call(TABLE[name], list(point))
    left, right = operator(Value(point[0]), kind(point[1])), operator(kind(point[0]), Value(point[1]))
    assert (left.data, left.op.name, right.data, right.op.name) == (exact, name, exact, name)
    assert [getattr(item, "data", item) for item in right.operands] == list(point)


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    op, point = TABLE[name], truth.POINTS[name][0]
    for k in range(len(point)):
        if name == "where" or (name in ("leaky_relu", "elu", "copysign") and k == 1):
            continue  # an operand that is not selected may be any number
        operands = [NAN if j == k else x for j, x in enumerate(point)]
        assert math.isnan(call(op, operands))
        assert math.isnan(call(op, [Value(x) for x in operands]).data)


def test_the_exceptions_are_those_of_c_where_any_number_would_do():
    assert (Value(NAN) ** 0).data == (1 ** Value(NAN)).data == 1.0
    assert autograd.hypot(INF, NAN) == autograd.hypot(Value(NAN), -INF).data == INF


def test_a_nan_beside_an_infinity_stays_nan_in_any_order():
    for point in itertools.permutations([NAN, INF, 1.0]):
        for name in ("total", "mean", "logsumexp", "prod"):
            assert math.isnan(call(TABLE[name], list(point))), (name, point)


EXTREMES = [
    sign * x
    for x in (0.0, 5e-324, 1e-310, 1e-300, 1e-160, 1e-20, 1e-16, 0.3, 1 - 2**-53, 1.0, 1 + 2**-52, 1.5,
              36.0, 100.0, 709.7, 745.0, 1e3, 1e8, 1e16, 1e154, 1e155, 1e200, 1.7e308)
    for sign in (1.0, -1.0)
]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if TABLE[name].operands == ("x",)])
def test_the_value_is_true_at_tiny_huge_and_saturated_arguments(name):
    for x in EXTREMES:
        try:
            found = call(TABLE[name], [Value(x)]).data
        except DomainError:
            continue
        with digits(400):  # the gelu of -36 is 1e-282, computed as a difference from 1
            exact = truth.at(name, [exactly(x)])
        inherited = 0.0
        if name in ("gelu", "silu"):  # the rounding of erfc's argument; x times a subnormal factor
            inherited = EPS * float(abs(x * x * exact)) + abs(x) * SMALLEST if abs(x) < 1e3 else 0.0
        assert close(found, exact, 4, inherited), (x, found, exact)


SOME_EXTREMES = [5e-324, 1e-300, 1e-16, 0.3, 1 - 2**-53, 1.5, 36.0, 709.7, 1e8, 1e155, 1.7e308]
LARGEST = {"sin": 1e8, "cos": 1e8, "tan": 1e8, "erf": 5.0, "erfc": 5.0, "gelu": 5.0, "sinc": 1e8}
"""The largest arguments for which the truth's 600 digits suffice for a derivative."""


@pytest.mark.parametrize("name", [name for name in NAMES if TABLE[name].operands == ("x",)])
def test_the_first_derivative_is_true_at_tiny_huge_and_saturated_arguments(name):
    op, checked = TABLE[name], 0
    for x in [sign * x for x in SOME_EXTREMES for sign in (1.0, -1.0)]:
        if abs(x) > LARGEST.get(name, INF):
            continue
        try:
            found = call(op, [Value(x)]).partials[0] or 0.0
        except DomainError:
            continue
        exact, terms = truth.derivative(name, (x,), (0,)), conditioning(name, (x,), (0,))
        absolute = 2 * EPS if name in SATURATING else 1e-290  # 1 - 1e-600 is 1 in 600 digits
        assert close(found, exact, 8, absolute + 4 * terms), (x, found, exact)
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize(
    ("name", "minus", "plus"),
    [
        ("neg", (INF, -1.0), (-INF, -1.0)), ("pos", (-INF, 1.0), (INF, 1.0)), ("abs", (INF, -1.0), (INF, 1.0)),
        ("square", (INF, -INF), (INF, INF)), ("reciprocal", (0.0, 0.0), (0.0, 0.0)),
        ("sign", (-1.0, 0.0), (1.0, 0.0)), ("step", (0.0, 0.0), (1.0, 0.0)), ("relu", (0.0, 0.0), (INF, 1.0)),
        ("cbrt", (-INF, 0.0), (INF, 0.0)), ("exp", (0.0, 0.0), (INF, INF)), ("exp2", (0.0, 0.0), (INF, INF)),
        ("expm1", (-1.0, 0.0), (INF, INF)), ("sinh", (-INF, INF), (INF, INF)),
        ("cosh", (INF, -INF), (INF, INF)),
        ("tanh", (-1.0, 0.0), (1.0, 0.0)), ("asinh", (-INF, 0.0), (INF, 0.0)),
        ("atan", (-math.pi / 2, 0.0), (math.pi / 2, 0.0)), ("sigmoid", (0.0, 0.0), (1.0, 0.0)),
        ("logsigmoid", (-INF, 1.0), (0.0, 0.0)), ("softplus", (0.0, 0.0), (INF, 1.0)),
        ("erf", (-1.0, 0.0), (1.0, 0.0)), ("erfc", (2.0, 0.0), (0.0, 0.0)),
        ("leaky_relu", (-INF, 0.01), (INF, 1.0)),
        ("elu", (-1.0, 0.0), (INF, 1.0)),
        *((name, None, (INF, 0.0)) for name in ("sqrt", "log", "log2", "log10", "log1p", "acosh")),
    ],
)  # fmt: skip
def test_an_infinite_argument_has_the_limit_as_value_and_derivative(name, minus, plus):
    for x, expected in ((-INF, minus), (INF, plus)):
        if expected is None:
            with pytest.raises(DomainError):
                call(TABLE[name], [Value(x)])
        else:
            out = call(TABLE[name], [Value(x)])
            assert (out.data, out.partials[0] or 0.0) == expected


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_a_wave_has_no_limit(name):
    assert all(math.isnan(call(TABLE[name], [Value(x)]).data) for x in (INF, -INF))


@pytest.mark.parametrize(
    ("x", "y", "value"),
    [(-2.0, INF, INF), (-2.0, -INF, 0.0), (-0.5, INF, 0.0), (-1.0, INF, 1.0), (0.0, INF, 0.0), (2.0, -INF, 0.0),
     (-INF, 2.0, INF), (-INF, 3.0, -INF), (INF, -1.0, 0.0), (INF, 0.0, 1.0)],
)  # fmt: skip
def test_a_power_with_an_infinite_base_or_exponent_is_that_of_ieee_754(x, y, value):
    assert autograd.pow(x, y) == (Value(x) ** Value(y)).data == value


@pytest.mark.parametrize(("name", "point"), CASES)
def test_the_rules_that_never_raise_agree_with_the_fast_ones(name, point):
    op = TABLE[name]
    out = call(op, [Value(x) for x in point])
    size = len(point) // len(op.operands)
    grouped = [point[k * size : (k + 1) * size] for k in range(len(op.operands))] if op.variadic else point
    in_domain, value, partials = ieee_functions(op)
    assert in_domain(*grouped)
    assert value(*grouped) == out.data
    if not op.variadic:
        assert partials(*grouped, out=out.data) == out.partials


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("log", (-1.0,)), ("log", (0.0,)), ("log2", (0.0,)), ("log10", (-2.0,)), ("log1p", (-1.0,)),
        ("sqrt", (-1.0,)), ("asin", (1.5,)), ("acos", (-1.5,)), ("acosh", (0.5,)), ("atanh", (1.0,)),
        ("div", (1.0, 0.0)), ("div", (0.0, 0.0)), ("mod", (1.0, 0.0)), ("reciprocal", (0.0,)),
        ("pow", (-8.0, 1 / 3)), ("pow", (0.0, -1.0)), ("clip", (0.5, 1.0, 0.0)),
    ],
)  # fmt: skip
def test_outside_the_domain_is_an_error_that_names_operation_operand_and_value(name, point):
    for operands in (list(point), [Value(x) for x in point]):
        with pytest.raises(DomainError, match=rf"^{name}\(.*{point[-1]!r}.*needs") as caught:
            call(TABLE[name], operands)
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["mean", "logsumexp"])
def test_a_missing_operand_is_a_clear_error(name):
    with pytest.raises(DomainError, match="needs len"):
        call(TABLE[name], [])


def test_an_empty_total_is_0_and_an_empty_product_is_1():
    found = (autograd.total([]), autograd.prod([]), autograd.dot([], []))
    assert found == (0.0, 1.0, 0.0)
    assert {type(number) for number in found} == {float}


def test_a_limit_that_is_nan_makes_clip_nan():
    for point in ((3.0, NAN, 1.0), (0.0, -1.0, NAN), (NAN, 0.0, 1.0)):
        assert math.isnan(autograd.clip(*point))
        assert math.isnan(autograd.clip(*map(Value, point)).data)
    assert autograd.clip(INF, -INF, INF) == INF


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        ("sigmoid", -1000.0, 0.0, 0.0), ("sigmoid", 1000.0, 1.0, 0.0), ("tanh", 1000.0, 1.0, 0.0),
        ("tanh", -1000.0, -1.0, 0.0), ("softplus", 1000.0, 1000.0, 1.0), ("softplus", -1000.0, 0.0, 0.0),
        ("logsigmoid", -1000.0, -1000.0, 1.0), ("silu", -1000.0, 0.0, 0.0), ("gelu", -1000.0, 0.0, 0.0),
        ("gelu", 1000.0, 1000.0, 1.0), ("elu", -1000.0, -1.0, 0.0), ("erf", 100.0, 1.0, 0.0),
        ("exp", 1000.0, INF, INF), ("exp", -1000.0, 0.0, 0.0), ("sinh", -1000.0, -INF, INF),
        ("cosh", 1000.0, INF, INF), ("exp2", 5000.0, INF, INF), ("expm1", -1000.0, -1.0, 0.0),
        ("sqrt", 0.0, 0.0, INF), ("cbrt", 0.0, 0.0, INF), ("asin", 1.0, math.pi / 2, INF),
        ("acos", 1.0, 0.0, -INF), ("acosh", 1.0, 0.0, INF), ("atan", INF, math.pi / 2, 0.0),
        ("relu", 0.0, 0.0, 1.0), ("abs", 0.0, 0.0, 0.0), ("step", 0.0, 1.0, 0.0), ("sign", 0.0, 0.0, 0.0),
        ("leaky_relu", 0.0, 0.0, 1.0), ("elu", 0.0, 0.0, 1.0), ("relu", -INF, 0.0, 0.0), ("exp", INF, INF, INF),
    ],
)  # fmt: skip
def test_saturated_arguments_kinks_and_edges_have_the_documented_value_and_derivative(name, x, value, slope):
    leaf = Value(x)
    out = call(TABLE[name], [leaf])
    assert out.data == pytest.approx(value, abs=1e-300)
    assert (out.partials[0] or 0.0) == pytest.approx(slope, abs=1e-300)


@pytest.mark.parametrize(
    ("name", "point", "partials"),
    [
        ("maximum", (2.0, 2.0), (0.5, 0.5)),
        ("minimum", (2.0, 2.0), (0.5, 0.5)),
        ("hypot", (0.0, 0.0), (0.0, 0.0)),
        ("pow", (0.0, 0.0), (0.0, 0.0)),
        ("pow", (0.0, 2.0), (0.0, 0.0)),
        ("pow", (0.0, 0.5), (INF, 0.0)),
        ("clip", (0.0, 0.0, 1.0), (1.0, None, None)),
        ("prod", (0.0, 3.0, 0.0), (0.0, 0.0, 0.0)),
        ("prod", (0.0, 3.0, 2.0), (6.0, 0.0, 0.0)),
    ],
)
def test_ties_and_corners_have_the_documented_partials(name, point, partials):
    assert call(TABLE[name], [Value(x) for x in point]).partials == partials


def test_a_negative_base_takes_an_integer_exponent_without_a_derivative():
    x, y = Value(-2.0), Value(3.0)
    out = x**y
    assert (out.data, out.partials[0]) == (-8.0, 12.0)
    assert math.isnan(out.partials[1])
    assert (x**2).partials == (-4.0, None)
    assert (0 ** Value(0.0)).data == (Value(0.0) ** 0).data == 1.0


def test_overflow_is_infinite_as_ieee_754_has_it():
    x = Value(1e200)
    assert (x * x).data == (x**2).data == INF
    assert ((-x) ** 3).data == -INF
    assert math.isnan((x * x - x * x).data)


@pytest.mark.parametrize("algebra", [FAST, IEEE], ids=["fast", "ieee"])
def test_every_name_in_a_rule_is_known_in_every_algebra(algebra):
    words = {"if", "else", "or", "and", "not", "out", "before", "after", "None", "for", "in"}
    for op in TABLE.values():
        used = names_in(" ".join((op.value, *op.partials, op.domain)))
        unknown = used - words - {*op.operands, *op.elements} - algebra.keys() - TABLE.keys()
        assert unknown == set(), op
    assert FAST.keys() <= IEEE.keys()


def test_every_ieee_function_never_raises():
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e308, -1e308, INF, -INF, NAN, 5e-324]
    for name in (
        names_in(" ".join(rule for op in TABLE.values() for rule in (op.value, *op.partials, op.domain)))
        & IEEE.keys()
    ):
        function = IEEE[name]
        if not callable(function) or name in ("total", "dot", "prod", "len", "logsumexp"):
            continue
        count = 2 if name in ("pow", "hypot", "atan2") else 1
        for point in itertools.product(numbers, repeat=count):
            assert isinstance(function(*point), float), (name, point)


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_of_a_function_runs_and_has_the_rules(name):
    text = getattr(autograd, name).__doc__
    assert all(rule in text for rule in TABLE[name].partials)
    assert run_docstring(name, text) == (1, 0)


def run_docstring(name, text):
    test = doctest.DocTestParser().get_doctest(text, vars(autograd).copy(), name, None, 0)
    results = doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None)
    return results.attempted, results.failed


def test_a_wrong_number_in_a_docstring_would_be_noticed():
    assert run_docstring("exp", autograd.exp.__doc__.replace("2.7183", "2.7184")) == (1, 1)


def test_an_operator_of_value_has_a_docstring():
    assert Value.__mul__.__doc__ == "x * y: product of two"
    assert Value.__rsub__.__module__ == "autograd.recording"


def test_parameters_have_the_names_and_defaults_of_the_signature():
    assert str(inspect.signature(autograd.leaky_relu)) == "(x, slope=0.01)"
    assert autograd.leaky_relu(-1.0, slope=0.5) == -0.5
    assert autograd.clip(x=5.0, low=0.0, high=1.0) == 1.0


@pytest.mark.parametrize(
    ("name", "signature", "value", "partials"),
    [
        ("tanh", "tanh(x)", "tanh(x)", ["1.0 - out"]),
        ("mul", "mul(x, y)", "x * y", ["x", "y"]),
        ("sub", "sub(x, y)", "x - y", ["1.0", "1.0"]),
        ("log2", "log2(x)", "log2(x)", ["1.0 / x"]),
        ("exp", "exp(x)", "exp(x)", ["out * 1.000000001"]),
        ("dot", "dot(*ws, *xs)", "dot(ws, xs)", ["w", "x"]),
        ("logsumexp", "logsumexp(*xs)", "logsumexp(xs)", ["exp(x)"]),
    ],
)
def test_a_deliberately_wrong_entry_is_caught(name, signature, value, partials):
    wrong = Op(signature, value, *partials)
    recorder(wrong)
    assert any(first_derivative_errors(wrong, name, point) for point in truth.POINTS[name])
    assert not any(first_derivative_errors(TABLE[name], name, point) for point in truth.POINTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_partial_of_the_table_would_be_missed_if_it_were_off_by_a_millionth(name):
    op = TABLE[name]
    for k in range(len(op.partials)):
        rules = list(op.partials)
        rules[k] = "1e-6" if rules[k] == "None" else f"(({rules[k]}) or 0.0) + 1e-6"
        wrong = Op(op.signature, op.value, *rules, domain=op.domain)
        assert any(first_derivative_errors(wrong, name, point) for point in truth.POINTS[name]), k


def test_a_declared_operation_passes_the_same_test():
    own = operation("logistic(x)", lambda x: 1 / (1 + math.exp(-x)), lambda x, out: out * (1 - out))
    assert first_derivative_errors(own.op, "sigmoid", (0.5,)) == []


def outside_domains():
    """Yield operations of one or two operands with points outside of their domains at which they are nan."""
    numbers = (-INF, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 2.0, 3.0, INF)
    for name, op in TABLE.items():
        if op.domain and not op.variadic and len(op.operands) - len(op.defaults) < 3:
            for point in itertools.product(numbers, repeat=len(op.operands) - len(op.defaults)):
                in_domain, value, _ = ieee_functions(op)
                if not in_domain(*point) and math.isnan(value(*point)):
                    yield name, point


def test_where_an_operation_is_nan_outside_its_domain_no_slope_is_finite_in_any_mode():
    found = list(outside_domains())
    assert {name for name, _ in found} >= {
        "log",
        "log1p",
        "atanh",
        "sqrt",
        "asin",
        "acosh",
        "pow",
        "mod",
        "fmod",
    }
    for name, point in found:
        with ieee_arithmetic():
            partials = getattr(autograd, name)(*map(Value, point)).partials
            finite = [partial for partial in partials if partial is not None and math.isfinite(partial)]
            assert not any(finite), (name, point)
            for k in range(len(point)):
                f = along(name, point, k)
                slopes = grad(f)(0.0), jvp(f, (0.0,), (1.0,))[1], taylor(f, 0.0, 1)[1]
                assert not any(map(math.isfinite, slopes)) or not any(slopes), (name, point, k, slopes)


def along(name, point, k):
    """Return an operation as a function of what is added to operand k of a point."""
    return lambda t: getattr(autograd, name)(*[x + t if j == k else x for j, x in enumerate(point)])
