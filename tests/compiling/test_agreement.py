"""Engine and compiled code agree at special numbers: first and second derivatives, in every mode."""

import math

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import (
    TABLE,
    compile,
    dot,
    exp,
    grad,
    hessian,
    hvp,
    jvp,
    log,
    logsumexp,
    mean,
    prod,
    relu,
    sqrt,
    square,
    total,
    where,
)
from autograd.modes import ieee_arithmetic
from autograd.recording import function_of
from tests.helpers import compile_to_tapes

POINTS = (
    math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 5e-324, -5e-324, 1e-310, 1.7e308,
    -1.7e308, 750.0, -750.0,
)  # fmt: skip
BESIDE = (math.nan, math.inf, -math.inf, 0.0, 1.0, 2.0, 1.5, -1.0)
UNARY = {op.name: function_of(op) for op in TABLE.values() if len(op.operands) == 1 and not op.variadic}
BINARY = {op.name: function_of(op) for op in TABLE.values() if len(op.operands) == 2 and not op.variadic}

ONE_OPERATION = UNARY | {f"{name}(x, x)": lambda x, f=f: f(x, x) for name, f in BINARY.items()}
for number in BESIDE:
    for name, f in BINARY.items():
        ONE_OPERATION[f"{name}(x, {number})"] = lambda x, f=f, c=number: f(x, c)
        ONE_OPERATION[f"{name}({number}, x)"] = lambda x, f=f, c=number: f(c, x)
ONE_OPERATION |= {
    "total": lambda x: total([x, -x, math.inf]),
    "mean": lambda x: mean([x, 0.0]),
    "prod": lambda x: prod([x, x, 2.0]),
    "logsumexp": lambda x: logsumexp([x, 2 * x, 1.0]),
    "dot": lambda x: dot([x, 2.0, x], [x, x, 0.0]),
}

INNER = UNARY | {
    "(x + 1) ** 2": lambda x: (x + 1) * (x + 1),
    "0 * x": lambda x: x * 0.0,
    "1 / x": lambda x: 1 / x,
    "x ** 0.5": lambda x: x**0.5,
}
OUTER = {
    "** 1": lambda x: x**1.0,
    "** 1.5": lambda x: x**1.5,
    "** x": lambda x: x**x,
    "0 **": lambda x: 0.0**x,
    "x *": lambda x: x * x,
    "hypot": lambda x: BINARY["hypot"](x, x),
} | {name: UNARY[name] for name in ("sqrt", "reciprocal", "gelu", "silu", "log", "abs", "relu")}
TWO_OPERATIONS = {
    f"{after} of {name}": lambda x, f=f, g=g: g(f(x)) for name, f in INNER.items() for after, g in OUTER.items()
}


@pytest.fixture(params=["straight-line", "tape"])
def tier(request, monkeypatch):
    """Run a test with straight-line code, and with a tape."""
    if request.param == "tape":
        compile_to_tapes(monkeypatch)


def assert_agreement(functions):
    """Assert that the derivatives of both orders are the same numbers, infinities and nan."""
    every = list(functions.values())
    fast = compile(lambda xs: total([f(xs[k]) for k, f in enumerate(every)]), batched="xs")
    rows = np.array([[x] * len(every) for x in POINTS])
    first, second = fast.grad(rows), fast.hvp(rows, vector=np.ones_like(rows))
    with ieee_arithmetic():
        for k, f in enumerate(every):
            for row, x in enumerate(POINTS):
                assert same(first[row, k], grad(f)(x)), (list(functions)[k], x)
                assert same(second[row, k], grad(grad(f))(x)), (list(functions)[k], x)


def same(one, other):
    if one != one or other != other:
        return one != one and other != other
    return one == other or abs(one - other) <= 1e-9 * max(abs(one), abs(other)) + 1e-15


def sliced(functions, start, step):
    return dict(list(functions.items())[start::step])


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize("functions", [ONE_OPERATION, TWO_OPERATIONS], ids=["one", "two"])
def test_the_derivatives_of_one_and_two_operations_on_a_tape(functions, start, monkeypatch):
    compile_to_tapes(monkeypatch)
    assert_agreement(sliced(functions, start, 6))


@pytest.mark.usefixtures("tier")
def test_the_derivatives_of_what_disagreed():
    names = [
        "** 1 of (x + 1) ** 2",
        "** 1 of exp",
        "0 ** of sqrt",
        "gelu of log",
        "sqrt of gelu",
        "** x of sqrt",
    ]
    assert_agreement({name: TWO_OPERATIONS[name] for name in names} | sliced(UNARY, 0, 6))


def test_forward_mode_is_never_another_number():
    with ieee_arithmetic():
        for name, f in sliced(ONE_OPERATION | TWO_OPERATIONS, 0, 3).items():
            for x in POINTS:
                for one, other in ((grad(f)(x), jvp(f, (x,), (1.0,))[1]), (grad(grad(f))(x), hvp(f, x, 1.0))):
                    decided = math.isfinite(one) and math.isfinite(other)
                    assert same(one, other) or not decided, (name, x, one, other)


def test_a_second_derivative_at_a_pole_raises_nothing():
    with ieee_arithmetic():
        assert grad(grad(lambda x: x / 0.0))(2.0) == 0.0
        assert grad(grad(lambda x: 1.0 / (x * 0.0)))(2.0) == 0.0


def test_where_the_first_derivative_is_nan_a_selected_branch_gives_no_finite_second_one():
    for name in ("gelu", "silu"):
        assert math.isnan(grad(UNARY[name])(math.nan))
        assert math.isnan(grad(grad(UNARY[name]))(math.nan))
    with ieee_arithmetic():
        for f in (lambda x: UNARY["gelu"](1 / x), lambda x: 1 / UNARY["silu"](x - 750.0)):
            assert math.isnan(grad(f)(-0.0))
            second = grad(grad(f))(-0.0)
            assert type(second) is float
            assert math.isnan(second)


def softmax(xs):
    whole = logsumexp(xs)
    return [exp(x - whole) for x in xs]


def norm(xs):
    return sqrt(total([x * x for x in xs]))


VECTORS = {
    "logsumexp": logsumexp,
    "logsumexp of a repeated term": lambda v: logsumexp([v[0], v[0] * 2, v[1]]),
    "softmax": lambda v: softmax(v)[0],
    "cross entropy": lambda v: -log(softmax(v)[0]),
    "entropy": lambda v: -total([p * log(p) for p in softmax(v)]),
    "norm": norm,
    "norm squared": lambda v: square(norm(v)),
    "norm cubed": lambda v: norm(v) ** 3,
    "cosine": lambda v: dot(v, [1.0, 2.0]) / (norm(v) * norm([1.0, 2.0])),
    "dot of masks": lambda v: dot([relu(x) for x in v], [sqrt(relu(x)) for x in v]),
    "prod of roots": lambda v: prod([sqrt(abs(x)) for x in v]),
    "sum of masks": lambda v: total([(x > 0) * sqrt(abs(x)) for x in v]),
    "dot with masks": lambda v: dot([x > 0 for x in v], [log(abs(x)) for x in v]),
    "where twice": lambda v: total([where(x > 0, log(where(x > 0, x, 1.0)), 0.0) for x in v]),
    "x log x": lambda v: total([where(x > 0, x * log(x), 0.0) for x in v]),
    "masked softmax": lambda v: softmax([where(x > 0, x, -math.inf) for x in v])[0],
    "deviation": lambda v: sqrt(mean([square(x - mean(v)) for x in v])),
}
PAIRS = (
    [0.0, 0.0], [1.0, 0.0], [0.0, -1.0], [1.0, 2.0], [math.inf, 1.0], [-math.inf, 1.0], [-math.inf, -math.inf],
    [math.inf, math.inf], [1e308, 1e308], [1e-320, 1e-310], [math.nan, 1.0], [-1.0, -2.0], [800.0, -800.0],
)  # fmt: skip


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.usefixtures("tier")
def test_the_derivatives_of_sums_norms_and_softmax(name):
    f = VECTORS[name]
    fast = compile(f)
    for point in PAIRS:
        with ieee_arithmetic():
            first, second = grad(f)(point), hessian(f)(point)
            product, forward = hvp(f, point, [1.0, 0.0]), jvp(f, (point,), ([1.0, 0.0],))[1]
        found = [*fast.grad(point), *fast.hessian(point).ravel(), *fast.hvp(point, vector=[1.0, 0.0])]
        assert all(map(same, found, [*first, *second[0], *second[1], *product])), point
        assert same(first[0], forward) or not math.isfinite(first[0] + forward), point


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 7.5 % x,
        lambda x: x % 0.75,
        lambda x: 7.5 // x + x,
        lambda x: +x * x,
        lambda x: 2.0**x - (3.0 - x),
        lambda x: 3.0 / x,
        lambda x: autograd.logsumexp([x, x * x, 1.0]),
        lambda x: total([]) + x * dot([], []) + autograd.prod([]) * x,
    ],
)
def test_operators_with_a_number_on_the_left_agree_in_every_mode(f):
    fast = compile(f)
    value, slope, half = autograd.taylor(f, 2.25, 2)
    found = [f(2.25), jvp(f, (2.25,), (1.0,))[1], grad(grad(f))(2.25)]
    assert found == pytest.approx([value, slope, 2 * half], rel=1e-14)
    assert found == pytest.approx([fast(2.25), fast.grad(2.25), fast.hessian(2.25)], rel=1e-14)
