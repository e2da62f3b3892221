"""Compiled functions are called as in SciPy and JAX, with settings, dataclasses and arrays."""

import math
import pickle
import re
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import TracingError, compile, dot, exp, grad, hessian, log, logsumexp, sin, square, total
from autograd.terminal import printable

X = np.array([0.5, -1.0, 2.0])


def rosenbrock(x):
    return total(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def product(x, y):
    return x * x * y


def test_one_argument_gives_its_array_and_several_a_tuple():
    fast = compile(rosenbrock)
    assert fast.grad(X).shape == (3,)
    assert fast.hessian(X).shape == (3, 3)
    value, slope = fast.value_and_grad(X)
    assert value == fast(X)
    assert slope.tolist() == fast.grad(X).tolist()
    assert fast.hvp(X, vector=np.ones(3)).tolist() == pytest.approx(fast.hessian(X).sum(axis=1).tolist())
    assert compile(sin).grad(0.0) == 1.0
    assert compile(sin).hessian(0.5) == pytest.approx(-math.sin(0.5))
    several = compile(product)
    assert several.grad(2.0, 3.0) == (12.0, 4.0)
    assert several.hessian(2.0, 3.0) == ((6.0, 4.0), (4.0, 0.0))
    assert several.grad(2.0, 3.0, wrt=("x",)) == (12.0,)


def test_argnums_is_another_name_for_wrt():
    fast = compile(product)
    for which in (0, "x", 1, "y", (0, 1), ["y", "x"], -1):
        assert fast.grad(2.0, 3.0, argnums=which) == fast.grad(2.0, 3.0, wrt=which)
    assert fast.hessian(2.0, 3.0, argnums=0) == 6.0
    assert fast.jacobian(2.0, 3.0, argnums=0) == 12.0
    assert fast.hvp(2.0, 3.0, vector=1.0, argnums=0) == 6.0
    with pytest.raises(TypeError, match="wrt and argnums are two names for the same option"):
        fast.grad(2.0, 3.0, wrt=0, argnums=1)


@pytest.mark.parametrize(
    "method", ["BFGS", "L-BFGS-B", "Newton-CG", "trust-ncg", "trust-exact", "dogleg", "SLSQP", "TNC"]
)
def test_scipys_minimisers_take_a_compiled_function(method):
    optimize = pytest.importorskip("scipy.optimize")
    fast = compile(rosenbrock if method != "dogleg" else lambda x: total(exp(x) - x * 2.0))
    hess = {"hess": fast.hessian} if method in ("Newton-CG", "trust-ncg", "trust-exact", "dogleg") else {}
    apart = optimize.minimize(fast, np.zeros(3), jac=fast.grad, method=method, tol=1e-8, **hess)
    together = optimize.minimize(fast.value_and_grad, np.zeros(3), jac=True, method=method, tol=1e-8, **hess)
    for found in (apart, together):
        best = 1.0 if method != "dogleg" else math.log(2.0)
        assert found.x == pytest.approx([best] * 3, abs=1e-4), found.message


def test_scipys_least_squares_and_root_take_the_jacobian():
    optimize = pytest.importorskip("scipy.optimize")
    t = np.linspace(0.0, 2.0, 9)
    seen = 3.0 * np.exp(-1.5 * t)
    residuals = compile(lambda p: p[0] * exp(-p[1] * t) - seen)
    assert optimize.least_squares(residuals, [1.0, 1.0], jac=residuals.jacobian).x == pytest.approx([3.0, 1.5])
    system = compile(lambda x: np.array([x[0] + x[1] - 3.0, x[0] * x[1] - 2.0]))
    assert sorted(optimize.root(system, [0.0, 5.0], jac=system.jacobian).x) == pytest.approx([1.0, 2.0])


def power_sum(x, n, scale=1.0):
    return scale * sum(x**k for k in range(n))


def test_a_static_argument_is_a_setting_that_is_known_when_it_is_traced():
    fast = compile(power_sum, static="n")
    assert fast(2.0, 3) == 7.0
    assert fast(2.0, n=4) == 15.0
    assert fast(2.0, 3, 2.0) == 14.0
    assert fast.grad(2.0, 3, 1.0) == (5.0, 7.0)
    assert fast.grad(2.0, 3, 1.0, wrt="x") == fast.grad(2.0, 3, 1.0, argnums=0) == 5.0
    assert fast.grad(2.0, 3, 1.0, wrt=2) == 7.0
    assert fast.value_and_grad(2.0, 3, wrt="x") == (7.0, 5.0)
    assert fast.hessian(2.0, 4, wrt=0) == 14.0
    assert fast.hvp(2.0, 4, vector=2.0, wrt="x") == 28.0
    assert repr(fast) == "<compiled power_sum(x, n, scale), static n>"
    assert "power_sum" in fast.explain()


def test_static_arguments_may_be_strings_and_functions_at_any_position():
    fast = compile(lambda kind, f, x: f(x) if kind == "plain" else f(-x), batched="x", static=("kind", 1))
    assert fast("plain", exp, [0.0, 1.0]).tolist() == pytest.approx([1.0, math.e])
    assert fast("mirrored", exp, [0.0, 1.0]).tolist() == pytest.approx([1.0, 1 / math.e])
    assert fast("plain", sin, [0.0, 1.0]).tolist() == pytest.approx([0.0, math.sin(1.0)])
    assert fast.grad("plain", sin, [0.0]).tolist() == [1.0]


def test_true_and_one_are_different_settings():
    fast = compile(lambda x, n: x * 2 if n is True else x, static="n")
    assert (fast(3.0, 1), fast(3.0, True)) == (3.0, 6.0)


def test_a_function_with_static_arguments_is_decorated_and_pickled():
    decorated = compile(static="n")(power_sum)
    assert decorated(2.0, 3) == 7.0
    assert pickle.loads(pickle.dumps(decorated))(2.0, 4) == 15.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: f(2.0, [3]), TypeError, "the static arguments n must be hashable, got ([3],)"),
        (
            lambda f: f.grad(2.0, 3, wrt="n"),
            ValueError,
            "n is static: there is no derivative with respect to it",
        ),
        (lambda f: f.grad(2.0, 3, wrt="m"), ValueError, "wrt='m' is not an argument of power_sum"),
        (lambda _: compile(power_sum, static="m"), ValueError, "static='m' is not an argument of power_sum"),
    ],
)
def test_invalid_static_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(compile(power_sum, static="n"))


@pytest.mark.parametrize(
    ("given", "error"), [("x", ValueError), (True, TypeError)], ids=["a name", "no name or position"]
)
def test_for_arguments_without_names_the_error_says_to_give_positions(given, error):
    def product(*factors):
        return factors[0] * factors[1]

    with pytest.raises(error, match="takes arguments without names: give positions, such as batched=0"):
        compile(product, batched=given)


class Line(NamedTuple):
    slope: float
    offset: float


@dataclass
class Curve:
    rates: list
    line: Line


@dataclass(frozen=True)
class Fixed:
    slope: float
    offset: float = field(default=1.0)


def heights(curve, x):
    return curve.line.slope * x + curve.line.offset + total([exp(-rate * x) for rate in curve.rates])


def test_dataclasses_and_named_tuples_are_arguments_and_gradients_have_their_form():
    fast, at = compile(heights), Curve([0.5, 1.5], Line(2.0, 3.0))
    assert fast(at, 0.0) == 5.0
    slopes, by_x = fast.grad(at, 1.0)
    assert isinstance(slopes, Curve)
    assert isinstance(slopes.line, Line)
    assert slopes.line == (1.0, 1.0)
    assert slopes.rates == pytest.approx([-math.exp(-0.5), -math.exp(-1.5)])
    assert by_x == pytest.approx(2.0 - 0.5 * math.exp(-0.5) - 1.5 * math.exp(-1.5))
    assert fast(Curve([0.5, 1.5], Line(4.0, 3.0)), 1.0) == pytest.approx(fast(at, 1.0) + 2.0)
    assert fast(Curve([0.5], Line(2.0, 3.0)), 0.0) == 4.0  # another form, traced again
    frozen = compile(lambda line, x: line.slope * x + line.offset, batched="x")
    assert frozen.grad(Fixed(2.0), [1.0, 4.0], wrt="line") == Fixed(5.0, 2.0)


def test_batched_dataclasses_have_rows_in_every_field():
    fast = compile(lambda line: line.slope * line.offset, batched="line")
    assert fast(Fixed(np.array([1.0, 2.0]), np.array([3.0, 4.0]))).tolist() == [3.0, 8.0]


def test_functions_take_arrays_and_a_formula_is_the_same_before_it_is_compiled():
    def formula(x, w):
        return log(1.0 + exp(-x * w)).sum() + total(autograd.maximum(square(x), 0.5)) + dot(sin(x), x)

    plain = formula(X, 2.0)
    assert plain == pytest.approx(compile(formula)(X, 2.0), rel=1e-14)
    expected = np.log(1 + np.exp(-2 * X)).sum() + np.maximum(X**2, 0.5).sum() + np.sin(X) @ X
    assert plain == pytest.approx(expected, rel=1e-14)


def test_numpys_norm_works_on_arrays_of_values():
    fast = compile(np.linalg.norm)
    assert fast(X) == pytest.approx(np.linalg.norm(X))
    assert fast.grad(X) == pytest.approx(X / np.linalg.norm(X))


def counted_down(x, eps):
    while abs(x * x - 2) > eps:
        x = x - (x * x - 2) / (2 * x)
    return x


def filled(x):
    out = np.zeros(3)
    out[0] = x
    return out.sum()


MATRIX = np.array([[2.0, 1.0], [1.0, 3.0]])


@pytest.mark.parametrize(
    ("f", "arguments", "line", "advice"),
    [
        (lambda x: math.sin(x) * 2, (1.0,), "math.sin(x) * 2", "math.sin takes floats: use autograd.sin"),
        (lambda x: float(x) * 2, (1.0,), "float(x) * 2", "do not convert them"),
        (lambda x: np.asarray(x, dtype=float).sum(), (X,), "np.asarray(x, dtype=float)", "dtype=object"),
        (filled, (1.0,), "out[0] = x", "store them in lists or in arrays with dtype=object"),
        (counted_down, (1.0, 1e-9), "while abs(x * x - 2) > eps:", "use for _ in range(50)"),
        (power_sum, (2.0, 3), "range(n)", 'mark its argument, compile(f, static="n")'),
        (lambda x, n: x[n], (X, 1), "x[n]", 'compile(f, static="n")'),
        (lambda x: max(x, 0.0), (1.0,), "max(x, 0.0)", "Use autograd.maximum(x, y)"),
        (lambda x: np.where(x > 0, x, -x).sum(), (X,), "np.where(x > 0", "Use autograd.where"),
        (lambda x: np.clip(x, 0, 1).sum(), (X,), "np.clip(x", "Use autograd.clip, which takes arrays too"),
        (lambda x: np.median(x) * 2, (X,), "np.median(x)", "median depends on the order of the numbers"),
        (lambda m: np.linalg.det(m) * 2, (MATRIX,), "np.linalg.det(m)", "write the elimination out"),
        (lambda m: np.linalg.inv(m).sum(), (MATRIX,), "np.linalg.inv(m)", "write the elimination out"),
        (lambda m: np.linalg.solve(m, [1.0, 2.0])[0], (MATRIX,), "np.linalg.solve(m", "elimination"),
        (lambda x: x.nonsense, (1.0,), "x.nonsense", "'Value' object has no attribute 'nonsense'"),
    ],
)  # fmt: skip
def test_an_error_inside_names_the_users_line_and_what_to_write_instead(f, arguments, line, advice):
    with pytest.raises(TracingError) as caught:
        compile(f)(*arguments)
    assert re.match(rf"{re.escape(printable(__file__))}:\d+: .*{re.escape(line)}", str(caught.value))
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compile(square).grad(X), 'use jacobian, or compile(f, batched="x") for one result per row'),
        (lambda: compile(lambda x, mode: x)(1.0, "fast"), 'For a setting, use compile(f, static="mode")'),
        (
            lambda: compile(lambda p: p["w"])({"w": 1.0, "kind": "relu"}),
            'must be an argument of its own, and marked: compile(f, static="kind"); or a captured variable',
        ),
    ],
)
def test_the_error_for_an_argument_of_another_type_names_the_option_to_use(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()


def test_what_the_function_itself_raises_is_left_as_it_is():
    def picky(x):
        raise ValueError("not today")

    with pytest.raises(ValueError, match=r"^not today$") as caught:
        compile(picky)(1.0)
    assert not isinstance(caught.value, TracingError)


def test_compiled_derivatives_are_those_of_the_transforms_arrays_for_arrays():
    fast = compile(rosenbrock)
    assert isinstance(grad(rosenbrock)(X), np.ndarray)
    assert fast.grad(X) == pytest.approx(grad(rosenbrock)(X))
    assert fast.hessian(X) == pytest.approx(hessian(rosenbrock)(X))
    assert isinstance(grad(heights)(Curve([0.5, 1.5], Line(2.0, 3.0)), 1.0), Curve)


def test_arguments_may_be_given_by_keyword():
    fast = compile(product)
    assert fast(x=2.0, y=3.0) == 12.0
    assert fast.grad(2.0, y=3.0) == fast.grad(y=3.0, x=2.0) == (12.0, 4.0)
    assert fast.value_and_grad(x=2.0, y=3.0, wrt="x") == (12.0, 12.0)
    assert fast.hessian(x=2.0, y=3.0, wrt="x") == fast.jacobian(x=6.0, y=0.5, wrt="x") == 6.0
    assert fast.hvp(x=2.0, y=3.0, wrt="x", vector=1.0) == 6.0
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        fast.grad(2.0, 3.0, z=1.0)


@pytest.mark.parametrize("call", [compile, grad])
def test_the_error_for_a_function_without_source_says_what_to_write_instead(call):
    names = {"math": math}
    exec("def f(x): return math.exp(x)", names)
    with pytest.raises(TypeError, match=r"math\.exp takes floats: use autograd\.exp"):
        call(names["f"])(1.0)


def test_a_stable_softmax_with_numpys_max_is_told_what_to_write():
    """numpy.max compares the items of an object array one by one, which is a branch for each."""

    def softmax(x):
        powers = np.exp(x - x.max())
        return (powers / powers.sum())[0]

    with pytest.raises(TracingError, match=r"autograd\.exp\(row - autograd\.logsumexp\(row\)\)"):
        compile(softmax)(X)

    def advised(x):
        return exp(x - logsumexp(x))[0]

    assert compile(advised)(X) == pytest.approx(softmax(X), rel=1e-14)
    assert np.allclose(compile(advised).grad(X), grad(softmax)(X), rtol=1e-12)


def test_second_derivatives_by_captured_values_are_refused_and_first_ones_are_not():
    w = autograd.Value(2.0, "w")
    fast = compile(lambda x: w * x * x)
    assert fast.grad(3.0, wrt=[w]) == [9.0]
    with pytest.raises(
        TypeError, match="hessian does not take captured Values in wrt: make them arguments of f"
    ):
        fast.hessian(3.0, wrt=[w])
