"""Every entry over the whole range of floats: its value and the partials of both orders, digit by digit.

The bounds are relative: a number of units in the last place of the result, plus a multiple of its change
when each operand changes by one unit, which a rule in float64 may lose. Only tanh and sigmoid keep the
textbook rules `1 - out * out` and `out * (1 - out)`: their error is bounded by units of 1. The reference
of a value is the checker's; that of a partial is its rule, evaluated with hundreds of digits, which
test_table.py compares with differences of the values.
"""

import itertools
import math

import pytest

import autograd
from autograd import TABLE, Op, Value, grad, gradients, hessian, taylor
from autograd.checking.evidence.precise import MP, digits, exactly, truth_of
from autograd.checking.evidence.rounding import precise_partials
from autograd.modes import ieee_arithmetic
from autograd.recording import function_of
from tests.helpers import compile_to_tapes

EPS, SMALLEST, LARGEST = 2.0**-52, 5e-324, 1.79769e308
VALUE, FIRST, SECOND = 4, 8, 32
"""The bounds of a value, a first and a second derivative in units in the last place."""
CONDITION = 4
"""Additional bounds, in units in the last place of each operand."""
TEXTBOOK = {"tanh": 4, "sigmoid": 2}
"""Bounds of a derivative of these, in units in the last place of 1."""
EXPONENTS = (-1074, -1060, -1022, -1000, -500, -300, -100, -60, -53, -30, -27, -20, -10, -4, -2, -1, 0, 1, 2,
             3, 4, 5, 6, 7, 8, 9, 10, 20, 27, 30, 53, 60, 100, 300, 500, 1000, 1023)  # fmt: skip
RANGE = [sign * x * 2.0**k for k in EXPONENTS for x in (1.0, 1.3) for sign in (1.0, -1.0)]
SIZES = (5e-324, 1e-310, 1e-200, 1e-16, 0.25, 1.0, 1.7, 40.0, 1e8, 1e200, 1.7e308)
FEW = [sign * x for x in SIZES for sign in (1, -1)]
FAR = dict.fromkeys(("sin", "cos", "tan", "sinc"), 2.0**64)
"""The largest argument of a periodic function; beyond it the digits of pi decide."""
UNARY = [name for name, op in TABLE.items() if len(op.operands) - len(op.defaults) == 1 and not op.variadic]
BINARY = [name for name, op in TABLE.items() if len(op.operands) == 2 and not op.defaults and not op.variadic]


def points(name):
    """Return the points at which an entry is tested."""
    defaults = tuple(TABLE[name].defaults.values())
    if name in UNARY:
        return [(x, *defaults) for x in RANGE if abs(x) <= FAR.get(name, math.inf)]
    return list(itertools.product(FEW, repeat=2))


def inside(op, point):
    """Return whether a point is in an operation's domain, and no tie, kink or jump of it."""
    x, y = point[0], point[-1]
    if op.name in ("asin", "acos", "acosh", "atanh") and abs(x) == 1:
        return False
    if op.name in ("maximum", "minimum", "logaddexp", "mod", "fmod", "floordiv") and abs(x) == abs(y):
        return False
    if op.name == "pow" and (x < 0 or abs(y) > 1e5):
        return False
    if op.name in ("mod", "fmod", "floordiv") and abs(x / y) > 1e15:
        return False
    names = {**dict(zip(op.operands, point, strict=True)), "floor": math.floor, "abs": abs}
    return not op.domain or eval(op.domain, names)


def exact(op, point):
    """Return the value in high precision, and functions of the point that give the first partials."""
    rules = precise_partials(op)

    def firsts(xs):
        return [MP.mpf(partial or 0) for partial in rules(*xs, truth_of(op)(*xs))]

    return truth_of(op)(*map(exactly, point)), firsts


def slopes(firsts, here, k):
    """Return the second and third derivatives with respect to one operand, from the first partials."""
    step = (here[k] or 1) * MP.mpf(10) ** -50
    if abs(here[k]) == 1:  # the edge of a domain may be there, or a pole
        step /= 1000
    up, middle, down = (firsts([*here[:k], here[k] + s, *here[k + 1 :]]) for s in (step, 0, -step))
    second = [(a - b) / (2 * step) for a, b in zip(up, down, strict=True)]
    return second, [(a - 2 * m + b) / step**2 for a, m, b in zip(up, middle, down, strict=True)]


def off(found, expected, units, moved, absolute=0.0):
    """Return by how much the error of a float exceeds its bound, or 0."""
    if not math.isfinite(found) or abs(expected) > LARGEST:
        return 0 if max(abs(expected), abs(moved)) > LARGEST / 16 else math.inf
    allowed = EPS * (units * abs(expected) + CONDITION * abs(moved) + absolute) + 8 * SMALLEST
    gap = abs(exactly(found) - expected)
    return 0 if gap <= allowed else float(gap / allowed)


def faults(name, op=None):
    """Return the values and derivatives of order 1 or 2 at a point whose errors exceed the bounds."""
    op, textbook = op or TABLE[name], TEXTBOOK.get(name, 0)
    for point in points(name):
        if not inside(op, point):
            continue
        leaves = [Value(x) for x in point]
        node = function_of(op)(*leaves)
        with ieee_arithmetic():
            first = gradients(node, leaves, create_graph=True)[0]
            second = gradients(first, leaves)[0]
        with digits(800 if name in UNARY else 420):  # the smallest numbers squared, added to 1
            value, firsts = exact(op, point)
            here = list(map(exactly, point))
            found = [slopes(firsts, here, k) for k in range(len(point))]
            moved = sum(abs(x * slope) for x, slope in zip(here, firsts(here), strict=True))
            checks = [("value", node.data, value, VALUE, moved, 0)]
            for j, (partial, slope) in enumerate(zip(node.partials, firsts(here), strict=True)):
                bent = sum(abs(x * found[k][0][j]) for k, x in enumerate(here))
                checks.append((f"partial {j}", partial or 0.0, slope, FIRST, bent, textbook))
            if name in UNARY:
                (bends, turns), x = found[0], here[0]
                lost = abs(x * turns[0]) + abs(bends[0]) + abs(firsts(here)[0]) * (1 if textbook else 0)
                checks.append(("second", second, bends[0], SECOND, lost, textbook))
            for what, *rest in checks:
                if n := off(*rest):
                    yield point, what, rest[0], float(rest[1]), n


SLOW = "logaddexp erf erfc gelu exp expm1 sinh cosh elu silu logsigmoid softplus atan2 pow".split()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in (*UNARY, *BINARY)]
)
def test_values_and_derivatives_keep_their_digits_over_the_whole_range_of_floats(name):
    assert list(faults(name)) == []


CANCELS = {
    "hypot": lambda x, y: 1 / math.hypot(x, y),
    "atan2": lambda y, x: 1 / math.hypot(x, y) / math.hypot(x, y),
}
"""Entries whose second derivatives are differences: 1/h - x*x/h**3, whose error is measured by its terms."""


def second_faults(name, op=None):
    """Return the second derivatives of an entry of two operands whose errors exceed the bound.

    It is `SECOND` units of the exact number and of what half a unit of an operand changes. Subnormal
    numbers and points whose value or third derivatives overflow are left out.
    """
    op, size = op or TABLE[name], CANCELS.get(name, lambda x, y: 0.0)
    chosen = [point for point in points(name) if min(map(abs, point)) > 1e-300 and inside(op, point)]
    for point in chosen[:: 1 if name in ("add", "sub", "mul", "div") else 3]:
        leaves = [Value(x) for x in point]
        node = function_of(op)(*leaves)
        with ieee_arithmetic():
            found = [gradients(first, leaves) for first in gradients(node, leaves, create_graph=True)]
            scale = size(*point) if name in CANCELS else 0.0
        with digits(1600 if name in CANCELS else 420):
            _, firsts = exact(op, point)
            here = list(map(exactly, point))
            for k in range(2):
                bends, turns = slopes(firsts, here, k)
                for j in range(2):
                    lost = abs(here[k] * turns[j]) + abs(bends[j])
                    if lost > LARGEST / 16 or scale > 1e300 or not math.isfinite(node.data):
                        continue
                    if 0 < abs(bends[j]) < 1e-290:  # a term may be subnormal
                        continue
                    if n := off(float(found[j][k]), bends[j], SECOND, lost, SECOND * exactly(scale)):
                        yield point, (j, k), found[j][k], float(bends[j]), n


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in BINARY]
)
def test_second_derivatives_by_two_operands_keep_their_digits(name):
    assert list(second_faults(name)) == []


def test_a_second_derivative_by_two_operands_that_loses_digits_is_found():
    wrong = Op("mul(x, y)", "x * y", "y + 1e-9 * x", "x")
    assert list(second_faults("mul", wrong))


def test_a_rule_that_loses_digits_is_found():
    wrong = {
        "softplus": "sigmoid(x)",
        "atan": "1.0 / (1.0 + x * x)",
        "asin": "1.0 / sqrt((1.0 - x) * (1.0 + x))",
    }
    for name, rule in wrong.items():
        op = TABLE[name]
        assert list(faults(name, Op(op.signature, op.value, rule, domain=op.domain))), name


@pytest.mark.parametrize(
    ("xs", "shares"),
    [
        ([1e16, 1e16], [0.5, 0.5]),
        ([1e300, 1e300, -1e300], [0.5, 0.5, 0.0]),
        ([1e8, 1e8 + 1.0], [1 / (1 + math.e), math.e / (1 + math.e)]),
        ([-1e8, -1e8, -1e8], [1 / 3] * 3),
        ([0.0, -math.inf, 0.0], [0.5, 0.0, 0.5]),
        ([3.0, -40.0], [1.0, math.exp(-43.0)]),
    ],
)
def test_the_derivatives_of_logsumexp_are_softmax_fractions(xs, shares):
    leaves = [Value(x) for x in xs]
    out = autograd.logsumexp(leaves)
    assert out.partials == pytest.approx(tuple(shares), rel=1e-15)
    if math.isfinite(min(xs)):
        second = [gradients(g, leaves) for g in gradients(out, leaves, create_graph=True)]
        expected = [[p * ((j == k) - q) for k, q in enumerate(shares)] for j, p in enumerate(shares)]
        assert all(a == pytest.approx(b, rel=1e-14, abs=1e-16) for a, b in zip(second, expected, strict=True))


def test_masks_of_minus_infinity_get_no_gradient_and_all_masked_has_none():
    assert grad(autograd.logsumexp)([0.0, -math.inf]) == [1.0, 0.0]
    assert all(map(math.isnan, grad(autograd.logsumexp)([-math.inf, -math.inf])))


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_a_gate_is_straight_at_plus_infinity_and_flat_at_minus_infinity(name):
    f = getattr(autograd, name)
    assert (f(-math.inf), grad(f)(math.inf), grad(f)(-math.inf)) == (0.0, 1.0, 0.0)
    assert grad(grad(f))(math.inf) == grad(grad(f))(-math.inf) == 0.0


SQUARES = {
    "hypot ** 2": (lambda x, y: autograd.hypot(x, y) ** 2, [[2.0, 0.0], [0.0, 2.0]]),
    "square of hypot": (lambda x, y: autograd.square(autograd.hypot(x, y)), [[2.0, 0.0], [0.0, 2.0]]),
    "hypot * hypot": (lambda x, y: autograd.hypot(x, y) * autograd.hypot(x, y), [[2.0, 0.0], [0.0, 2.0]]),
    "abs ** 2": (lambda x, y: abs(x) ** 2 + 3 * y, [[2.0, 0.0], [0.0, 0.0]]),
    "abs * abs": (lambda x, y: abs(x) * abs(x) * autograd.exp(y), [[2.0, 0.0], [0.0, 0.0]]),
    "hypot of hypot": (lambda x, y: autograd.hypot(autograd.hypot(x, y), x) ** 2, [[4.0, 0.0], [0.0, 2.0]]),
    "abs of abs": (lambda x, y: autograd.square(abs(abs(x))) + abs(y) ** 2, [[2.0, 0.0], [0.0, 2.0]]),
    "hypot ** 4": (lambda x, y: autograd.hypot(x, y) ** 4, [[0.0, 0.0], [0.0, 0.0]]),
}


@pytest.mark.parametrize("name", SQUARES)
def test_the_square_of_a_length_has_its_second_derivatives_at_0(name):
    f, expected = SQUARES[name]
    assert hessian(lambda v: f(*v))([0.0, 0.0]) == expected


@pytest.mark.parametrize("tier", ["straight-line", "tape"])
@pytest.mark.parametrize("name", SQUARES)
def test_the_square_of_a_length_has_its_second_derivatives_at_0_compiled(name, tier, monkeypatch):
    pytest.importorskip("llvmlite")
    if tier == "tape":
        compile_to_tapes(monkeypatch)
    f, expected = SQUARES[name]
    fast = autograd.compile(lambda v: f(*v))
    assert fast.grad([0.0, 0.0]).tolist()[0] == 0.0
    assert fast.hessian([0.0, 0.0]).tolist() == expected
    inside = autograd.compile(grad(grad(lambda t: f(t, 0.0))))
    assert inside(0.0) == expected[0][0]


def test_the_series_of_a_length_in_space_squared():
    assert taylor(lambda x: autograd.hypot(autograd.hypot(x, 2 * x), x) ** 2, 0.0, 3) == [0.0, 0.0, 6.0, 0.0]


def test_a_power_of_0_with_an_exponent_that_is_nan_has_the_derivative_nan_and_is_not_called_stale():
    assert math.isnan(grad(lambda x: 0.0**x)(math.nan))
    assert math.isnan(grad(grad(lambda x: 0.0**x))(math.nan))


SECOND_DERIVATIVES = {
    "hypot": {
        (0, 0): lambda x, y: y * y / MP.hypot(x, y) ** 3,
        (0, 1): lambda x, y: -x * y / MP.hypot(x, y) ** 3,
        (1, 1): lambda x, y: x * x / MP.hypot(x, y) ** 3,
    },
    "atan2": {
        (0, 0): lambda y, x: -2 * x * y / (x * x + y * y) ** 2,
        (0, 1): lambda y, x: (y - x) * (y + x) / (x * x + y * y) ** 2,
        (1, 1): lambda y, x: 2 * x * y / (x * x + y * y) ** 2,
    },
    "div": {
        (0, 0): lambda x, y: MP.mpf(0),
        (0, 1): lambda x, y: -1 / y**2,
        (1, 1): lambda x, y: 2 * x / y**3,
    },
}
EXTREMES = (5e-324, -3e-310, 1e-300, 1e-155, 1e-20, 0.3, -1.0, 1e20, 1e155, -1e300, 1.7e308)


@pytest.mark.parametrize("name", SECOND_DERIVATIVES)
def test_second_derivatives_of_the_smallest_and_largest_operands_are_right_or_not_finite(name):
    """Where a step in between overflows the result is inf or nan, but never a wrong number."""
    function, finite = function_of(TABLE[name]), 0
    with MP.workprec(400), ieee_arithmetic():
        for x, y in itertools.product(EXTREMES, repeat=2):
            for (i, j), formula in SECOND_DERIVATIVES[name].items():
                found = grad(grad(function, i), j)(x, y)
                true = formula(MP.mpf(x), MP.mpf(y))
                if math.isfinite(found):
                    unit = max(math.ulp(float(true)), math.ulp(0.0))
                    assert abs(found - true) <= 16 * unit, (x, y, i, j)
                    finite += 1
                elif math.hypot(x, y) > 1e-150 and abs(y) > 1e-150:
                    assert abs(true) > 1e300, (x, y, i, j)
    assert finite > 200


def test_an_even_power_of_a_length_has_its_taylor_series_at_0():
    assert taylor(lambda x: abs(x) ** 2, 0.0, 3) == [0.0, 0.0, 1.0, 0.0]
    assert taylor(lambda x: autograd.hypot(x, 2 * x) ** 4, 0.0, 4)[4] == 25.0
    assert grad(grad(grad(grad(lambda x: abs(x) ** 4))))(0.0) == 24.0


def test_the_mixed_derivative_of_a_power_at_0_is_nan_where_it_is_infinite_in_both_orders():
    for y in (1.0, 0.5):
        (_, one), (other, _) = hessian(lambda v: v[0] ** v[1])([0.0, y])
        assert math.isnan(one)
        assert math.isnan(other)
    assert hessian(lambda v: v[0] ** v[1])([0.0, 2.0]) == [[2.0, 0.0], [0.0, 0.0]]
