"""No gradient flows through unselected operands, compiled as in the engine, even past infinite partials."""

import math

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import (
    TracingError,
    Value,
    acos,
    acosh,
    asin,
    atanh,
    cbrt,
    clip,
    compile,
    cosh,
    dot,
    elu,
    exp,
    grad,
    hessian,
    jvp,
    leaky_relu,
    log,
    log1p,
    maximum,
    mean,
    minimum,
    operation,
    prod,
    reciprocal,
    relu,
    sign,
    sqrt,
    square,
    step,
    tanh,
    total,
    where,
)
from autograd.modes import ieee_arithmetic
from tests.helpers import compile_to_tapes

SELECTORS = {
    "where": lambda x: where(x > 0.5, x, 0.0),
    "where of two": lambda x: where(x > 0.5, x, 0.0 * x),
    "clip": lambda x: clip(x, 0.0, 1.0),
    "clip above": lambda x: clip(-x, -5.0, 0.0),
    "maximum": lambda x: maximum(x, 0.0),
    "minimum": lambda x: minimum(x, 0.0),
    "relu": relu,
    "relu of relu": lambda x: relu(relu(x) - 0.0),
    "leaky without a slope": lambda x: leaky_relu(x, 0.0),
    "elu without alpha": lambda x: elu(x, 0.0),
    "step": step,
    "sign": lambda x: sign(relu(x)),
    "0 *": lambda x: 0.0 * x,
    "* 0": lambda x: x * 0.0,
    "0 /": lambda x: 0.0 / (x + 10.0),
    "to the power 0": lambda x: x**0.0 - 1.0,
    "dot": lambda x: dot([0.0, 1.0], [x, relu(x)]),
    "prod": lambda x: prod([0.0, x, 2.0]),
    "inside a product": lambda x: relu(x) * relu(x),
    "inside a mean": lambda x: mean([relu(x), clip(x, 0.0, 1.0), where(x > 0, x, 0.0)]),
}
SINGULAR = {
    "sqrt": sqrt,
    "cbrt": cbrt,
    "to the power 1/2": lambda x: x**0.5,
    "to the power 3/2": lambda x: x**1.5,
    "asin": lambda x: asin(1.0 - x),
    "acos": lambda x: acos(1.0 - x),
    "acosh": lambda x: acosh(1.0 + x),
    "log": log,
    "log1p": lambda x: log1p(x - 1.0),
    "atanh": lambda x: atanh(1.0 - x),
    "division": lambda x: 1.0 / x,
    "reciprocal": reciprocal,
    "exp": lambda x: exp(1e4 - x),
    "cosh": lambda x: cosh(1e4 + x),
    "sqrt of sqrt": lambda x: sqrt(sqrt(x)),
    "chosen": lambda x: where(x > 0, sqrt(x), x) + where(x > 0, log(x), 0.0) * x,
}
POINTS = (-2.0, -1.0, -0.25, 0.0, 0.75, 2.0)


@pytest.fixture(params=["straight-line", "tape"])
def tier(request, monkeypatch):
    """Run a test with straight-line code, and with a tape."""
    if request.param == "tape":
        compile_to_tapes(monkeypatch)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11, equal_nan=True)


def number_of(item):
    return item.data if isinstance(item, Value) else item


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.usefixtures("tier")
def test_every_derivative_of_selected_and_unselected_operands(selector):
    for singular in SINGULAR.values():

        def f(x, singular=singular):
            return singular(SELECTORS[selector](x))

        fast = compile(f, batched="x")
        rows = np.array(POINTS)
        with ieee_arithmetic():
            first = [grad(f)(x) for x in POINTS]
            second = [grad(grad(f))(x) for x in POINTS]
            forward = [jvp(f, (x,), (1.0,))[1] for x in POINTS]
        close(first, forward)
        close(fast.grad(rows), first)
        close(fast.hessian(rows), second)
        close(fast.hvp(rows, vector=np.ones(len(rows))), second)


@pytest.mark.parametrize("selector", SELECTORS)
def test_unselected_operands_at_one_point_in_a_sum_and_in_a_derivative(selector):
    for singular in ("sqrt", "division", "exp"):

        def f(x, singular=singular):
            return SINGULAR[singular](SELECTORS[selector](x))

        def long(xs, w, f=f):
            return total([f(x * w) * tanh(x + w) + square(x) for x in xs])

        single, inner = compile(f), compile(grad(f))
        xs = [*POINTS] * 12
        with ieee_arithmetic():
            for x in POINTS:
                close([single(x), single.grad(x)], [number_of(f(Value(x))), grad(f)(x)])
                close([inner(x), inner.grad(x)], [grad(f)(x), grad(grad(f))(x)])
            for found, expected in zip(compile(long).grad(xs, 1.0), grad(long, (0, 1))(xs, 1.0), strict=True):
                close(found, expected)
            close(compile(long).grad(xs, 1.0, wrt="xs"), grad(long)(xs, 1.0))
            close(compile(long).grad(xs, 1.0, wrt="w"), grad(long, 1)(xs, 1.0))
            close(compile(lambda w: long(xs, w)).grad(1.0), grad(long, 1)(xs, 1.0))  # noqa: B023


def test_no_gradient_flows_through_a_square_root_behind_inactive_units():
    w = np.array([[1.0, -2.0], [-1.0, 0.5], [2.0, 2.0]])

    def f(w, x):
        hidden = [relu(dot(row, x)) for row in w]
        return total([sqrt(h) * (k + 1.0) for k, h in enumerate(hidden)])

    rows = np.array([[1.0, 1.0], [-1.0, -1.0], [-3.0, 1.0], [0.5, -2.0]])
    by_w, by_x = compile(f, batched="x").grad(w, rows)
    expected = np.zeros((3, 2))
    for row, slopes in zip(rows, by_x, strict=True):
        own_w, own_x = grad(f, (0, 1))(w, row)
        close(slopes, own_x)
        expected += own_w
    close(by_w, expected)
    assert np.isfinite(by_w).all()


def test_a_computed_zero_gives_nan_rather_than_a_wrong_number():
    fast = compile(lambda x: sqrt(x) * sqrt(x))
    assert math.isnan(fast.grad(0.0))
    assert math.isnan(compile(lambda x, c: sqrt(c * x)).grad(1.0, 0.0)[0])


def test_hessians_of_several_arguments_where_some_were_not_selected():
    def f(p):
        return sqrt(maximum(p[0], p[1])) * where(p[2] > 0, log(p[2]), p[0]) + clip(p[2], 0.0, 1.0) ** 0.5

    for point in ([1.0, 2.0, -1.0], [-2.0, -1.0, 0.5], [4.0, 0.0, 0.0], [0.0, -1.0, 3.0]):
        with ieee_arithmetic():
            expected = hessian(f)(point)
        close(compile(f).hessian(point), expected)


CONDITIONS = {
    "and": lambda x: where((x > 0) & (x < 1), 2 * x, 3 * x),
    "or": lambda x: where((x < 0) | (x > 1), 2 * x, 3 * x),
    "and a bool": lambda x: where((x > 0) & True, 2 * x, 3 * x),
    "a bool and": lambda x: where(True & (x > 0), 2 * x, 3 * x),
    "nested": lambda x: where(((x > 0) & (x < 1)) | (x >= 2), 2 * x, 3 * x),
}


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("x", [-1.0, -0.0, 0.5, 1.0, 2.0, math.nan, math.inf])
def test_conditions_joined_by_and_or_mean_the_same_eagerly_and_compiled(name, x):
    f = CONDITIONS[name]
    fast = compile(f)
    np.testing.assert_equal([fast(x), fast.grad(x)], [f(Value(x)).data, grad(f)(x)])


ARITHMETIC = {
    "times": lambda x, y: (x > 0) * y + y * (y > 1) + (x > 0) * 3.0,
    "plus, minus": lambda x, y: (x > 0) + y - (y > x) + (1 - (x > 0)) * y + (1.0 - (y > 0)) * x,
    "divided": lambda x, y: (x > 0) / y,
    "power": lambda x, y: y ** (x > 0) + (x > 0) ** 2 * y,
    "abs and signs": lambda x, y: abs(x > 0) * y + -(x > 0) * y + +(x > 0) * y,
    "maximum, minimum": lambda x, y: maximum(x > 0, y) * x + minimum(y, x > 0) * x,
    "clip, where": lambda x, y: clip(y, x > 5, y > 0) * x + where(x > 0, y > 0, x),
    "sums": lambda x, y: (sum([x > 0, y > 0, x > y]) + total([x > 0, y > 0]) + mean([x > 0, x, y])) * y,
    "products": lambda x, y: dot([x > 0, y > 0], [x, y]) + prod([x > 0, y, x]),
    "functions": lambda x, y: sqrt(x > 0) * y + exp(y > 0) * x + square(x > 0) * y,
    "compared": lambda x, y: where((x > 0) > y, x, y) + where(y >= (x > 0), y, x) * y,
    "joined": lambda x, y: ((x > 0) & (y > 0)) * x * y + ((x > 0) ^ (y > 1)) * y + ((x > 0) | (y > 0)) * x,
    "joined with plain numbers": lambda x, y: where((x > 0) & True, x, y) * where((x > 0) ^ True, x, y),
    "1 and 0": lambda x, y: where((x > 0) & 1, x, y) * where((x > 0) | 0, x, y),
    "in front of a root": lambda x, y: sqrt((x > 0) * x + (x > 1)) * y,
    "behind a root": lambda x, y: (x > 0) * sqrt(abs(x)) * y,
    "joined behind a root": lambda x, y: ((x > 0) & (y > 0)) * sqrt(square(x)) * y,
    "in a derivative": lambda x, y: grad(lambda a: (a > 0) * sqrt(abs(a)) * y)(x),
    "in a derivative, in a sum": lambda x, y: grad(lambda a: dot([a > 0, 1.0], [sqrt(abs(a)), y]))(x),
    "in a derivative, in a product": lambda x, y: grad(lambda a: prod([a > 0, sqrt(abs(a)), y]))(x),
}


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.usefixtures("tier")
def test_a_comparison_counts_as_1_or_0_eagerly_and_compiled(name):
    f = ARITHMETIC[name]
    fast, batched = compile(f), compile(f, batched=("x", "y"))
    points = [(1.5, 2.5), (-1.5, 2.5), (0.0, 1.0), (2.0, -0.5), (-1.0, 0.5), (0.25, 0.75)]
    found = [batched.grad(*np.array(points).T, wrt=k) for k in range(2)]
    for row, point in enumerate(points):
        for k in range(2):
            expected = grad(f, k)(*point)
            close(fast.grad(*point, wrt=k), expected)
            close(found[k][row], expected)
            close(jvp(f, point, [float(j == k) for j in range(2)])[1], expected)
            close(fast.hessian(*point, wrt=k), grad(grad(f, k), k)(*point))
        close(fast(*point), number_of(f(*map(Value, point))))


def test_a_comparison_as_the_result_has_a_value_but_no_derivative_eagerly_and_compiled():
    assert compile(lambda x: x > 0)(1.0) == 1.0
    for derivative in (compile(lambda x: x > 0).grad, compile(lambda x: x > 0).jacobian, grad(lambda x: x > 0)):
        with pytest.raises(TypeError, match="bool"):
            derivative(1.0)


@pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")
def test_a_negated_comparison_is_an_error_that_says_what_to_write():
    def f(x):
        return where(~(x > 0), 2 * x, 3 * x)

    for call in (lambda: f(Value(1.0)), lambda: grad(f)(1.0), lambda: compile(f)(1.0), lambda: ~Value(1.0)):
        with pytest.raises(TypeError, match=r"x <= 0 for ~\(x > 0\), or 1 - \(x > 0\)"):
            call()
    for g in (lambda x: where(x <= 0, 2 * x, 3 * x), lambda x: where(1 - (x > 0), 2 * x, 3 * x)):
        assert compile(g).grad(1.0) == grad(g)(1.0) == 3.0
        assert compile(g).grad(-1.0) == grad(g)(-1.0) == 2.0


@pytest.mark.parametrize(
    "f", [lambda x: where((x > 0) & x, x, 2 * x), lambda x: where(x | (x > 0), x, 2 * x), lambda x: (x > 0) ^ x]
)
def test_a_number_beside_a_condition_is_an_error_eagerly_and_compiled(f):
    for call in (lambda: f(Value(1.0)), lambda: compile(f)(1.0)):
        with pytest.raises(TypeError, match="must be conditions, such as x > 0"):
            call()


OUTSIDE = {"log": -1.0, "log2": -2.0, "log10": -0.5, "log1p": -3.0, "atanh": 2.0, "sqrt": -1.0, "asin": 1.5}


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.usefixtures("tier")
def test_outside_of_a_domain_value_and_derivatives_are_nan_compiled(name):
    f, x = getattr(autograd, name), OUTSIDE[name]
    fast = compile(f)
    found = fast(x), fast.grad(x), fast.hessian(x), *compile(f, batched="x").grad([x, x])
    assert all(map(math.isnan, found))


DATA = {
    "behind": lambda x, w: w * sqrt(x),
    "in front": lambda x, w: sqrt(w * x),
    "sum": lambda x, w: dot([w, 1.0], [sqrt(x), 2.0]),
    "product": lambda x, w: prod([w, sqrt(x), 3.0]),
    "quotient": lambda x, w: w / (1.0 + sqrt(x)),
    "power": lambda x, w: sqrt(x) ** w,
    "logarithm": lambda x, w: w * log(x + 1e-320) - x,
    "detached": lambda x, w: x.detach() * sqrt(x) if isinstance(x, Value) else 0.0,
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.usefixtures("tier")
def test_an_argument_that_is_not_differentiated_is_a_plain_number(name):
    f = DATA[name]
    for point in ((0.0, 0.0), (0.0, 2.0), (4.0, 0.0)):
        close(compile(f).grad(*point, wrt=0), number_of(grad(f)(*point)))
        close(compile(f).hessian(*point, wrt=0), number_of(grad(grad(f))(*point)))


EQUAL = {
    "a number": lambda x: where(x == 1.0, x, 2 * x),
    "not a number": lambda x: where(x != 1.0, x, 2 * x),
    "a Value": lambda x: where(x == 1 * x, x, 2 * x),
    "True": lambda x: where(x == True, x, 2 * x),  # noqa: E712
    "and": lambda x: where((x == 1.0) & (x > 0), x, 2 * x),
    "or": lambda x: where((x > 0) | (x == 1.0), x, 2 * x),
    "not": lambda x: where(~(x == 1.0), x, 2 * x),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equality_as_a_condition_is_an_error_eagerly_and_compiled(name):
    f = EQUAL[name]
    for call in (lambda: f(Value(1.0)), lambda: grad(f)(1.0), lambda: compile(f)(1.0)):
        with pytest.raises(TypeError, match=r"same node|by identity"):
            call()


def test_a_comparison_compared_with_true_is_an_error_when_compiled():
    def f(x):
        return where((x > 0) == True, x, 2 * x)  # noqa: E712

    assert f(Value(1.0)).data == 1.0
    with pytest.raises(TracingError):
        compile(f)(1.0)


@pytest.mark.parametrize(
    ("partial", "at_0", "at_3"),
    [
        (lambda x: where(x == 0, 0.0, 2 * x), 0.0, 2.0),
        (lambda x: where((x == 0) | (x < 0), 5 * x, 2 * x), 5.0, 2.0),
        (lambda x: where(x != 0, 2 * x, 5 * x), 5.0, 2.0),
        (lambda x: 5 * x if x == 0 else 2 * x, 5.0, 2.0),
    ],
)
def test_equality_in_a_declared_partial_compares_numbers_in_every_order(partial, at_0, at_3):
    @operation(partials=[partial])
    def squared(x):
        return x * x

    assert (grad(squared)(0.0), grad(squared)(3.0)) == (0.0, 6.0)
    assert (grad(grad(squared))(0.0), grad(grad(squared))(3.0)) == (at_0, at_3)
    assert Value(1.0) != Value(1.0)
