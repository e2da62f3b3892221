"""Derivatives inside a compiled function agree with the engine for every operation, or raise an error."""

import math

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import (
    TracingError,
    Value,
    clip,
    compile,
    exp,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    maximum,
    operation,
    relu,
    sin,
    sqrt,
    square,
    tanh,
    taylor,
    total,
    vjp,
    where,
)
from autograd.modes import ieee_arithmetic
from autograd.ops.table import TABLE
from autograd.recording import RECORDED

POINTS = (-3.0, -1.0, -0.5, 0.0, 0.3, 1.0, 2.0)


def applied(op, x):
    """Apply an operation to as many operands, computed from x, as it takes."""
    function = RECORDED[op.name]
    if op.variadic:
        given = [[x, x * x, 0.5 * x + 1.0], [x + 1.0, 2.0, x]]
        return function(*given[: len(op.operands)])
    special = {"clip": (x, -1.0, 1.0), "where": (x > 0.2, x * x, x * 3.0)}
    given = (x, x * 0.5 + 0.7, 1.5)[: len(op.operands)]
    return function(*special.get(op.name, given))


def number_of(item):
    return item.data if isinstance(item, Value) else item


QUESTIONS = {
    "grad": grad,
    "second order": lambda f: grad(grad(f)),
    "hvp": lambda f: lambda x: hvp(f, x, 1.0),
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "gradients": lambda f: lambda x: gradients(f(x), [x])[0] * x,
    "of a number": lambda f: lambda x: grad(f)(0.3) * x,
}


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_derivative_of_every_operation(op):
    for ask in QUESTIONS.values():
        function = ask(lambda x: applied(op, x))
        fast, compared = compile(function), 0
        for x in POINTS:
            with ieee_arithmetic():
                expected = number_of(function(Value(x)))
            np.testing.assert_allclose(fast(x), expected, rtol=1e-9, atol=1e-9, equal_nan=True)
            compared += math.isfinite(expected)
        assert compared or op.name == "acosh"


def test_no_gradient_flows_through_an_unselected_operand():
    fast = compile(grad(lambda t: sqrt(relu(t)) + sqrt(clip(t, 0.0, 4.0)) + where(t > 0, sqrt(t), 0.0)))
    assert fast(-1.0) == 0.0
    assert fast(4.0) == pytest.approx(0.75)
    assert fast.grad(-1.0) == 0.0
    assert fast.grad(1.0) == pytest.approx(-0.75)


def test_inner_gradients_are_constants_unless_they_are_differentiated():
    fast = compile(lambda x: gradients(x * x * x, [x])[0] * x)
    assert fast(2.0) == 24.0
    assert fast.grad(2.0) == 12.0  # no gradient flows through a number, as in the engine
    through = compile(lambda x: gradients(x * x * x, [x], create_graph=True)[0] * x)
    assert through.grad(2.0) == 36.0


def test_other_derivatives_inside():
    def f(x, y):
        (by_x, by_y), rows = (
            grad(lambda a, b: square(a) * b, (0, 1))(x, y),
            jacobian(lambda v: [v[0] * v[1], v[0]])([x, y]),
        )
        _, pull = vjp(lambda a: relu(a) * a, x)
        ((second, _), _) = hessian(lambda v: maximum(v[0], v[1]) * v[0])([x, y])
        return by_x + by_y + rows[0][0] * pull(y)[0] + second + taylor(lambda t: exp(t) * sin(t), x, 3)[3]

    fast, point = compile(f), (0.7, -0.4)
    assert fast(*point) == pytest.approx(number_of(f(*map(Value, point))), rel=1e-12)
    assert fast.grad(*point)[0] == pytest.approx(grad(f)(*point), rel=1e-11)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda x: (x * x).backward(), "backward"),
        (lambda x: (x * x).backward(create_graph=True), "backward"),
        (lambda x: setattr(OUTSIDE, "data", 3.0), "data"),
    ],
)
def test_the_error_for_changing_values_says_what_to_use_and_changes_none(change, named):
    def f(x):
        change(x)
        return x * OUTSIDE

    with pytest.raises(TracingError, match=rf"{named}.*gradients") as caught:
        compile(f)(2.0)
    assert __file__ in str(caught.value)
    assert (OUTSIDE.data, OUTSIDE.grad) == (1.5, 0.0)


OUTSIDE = Value(1.5)
softened = operation("softened(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x)) if x > -1 else None"])


def test_a_declared_operation():
    fast = compile(lambda x: grad(softened)(x) + hvp(softened, x, 1.0))
    for x in (-2.0, -0.5, 0.5):
        assert fast(x) == pytest.approx(grad(softened)(x) + hvp(softened, x, 1.0), rel=1e-13)


# A compiled function inside another.


@pytest.fixture
def inner():
    return compile(lambda w, x: total([tanh(a * x + k) for k, a in enumerate(w)]) * relu(x))


W, X = [0.5, -0.25], 1.25


def test_derivatives_of_a_compiled_function_inside_another(inner):
    asked = {
        "grad": lambda w, x: total(inner.grad(w, x)[0]) + inner.grad(w, x)[1],
        "one": lambda w, x: inner.grad(w, x, wrt="x") + inner.grad(w, x, wrt="w")[1],
        "value": lambda w, x: inner.value_and_grad(w, x, wrt="x")[0] * inner.value_and_grad(w, x, wrt="x")[1],
        "jacobian": lambda w, x: inner.jacobian(w, x)[0][0] * 2.0,
        "hessian": lambda w, x: (
            inner.hessian(w, x)[0][0][0, 1] + inner.hessian(w, x)[0][1][1] + inner.hessian(w, x)[1][1]
        ),
        "hvp": lambda w, x: inner.hvp(w, x, vector=([1.0, x], w[0]))[0][1] + inner.hvp(w, x, vector=x, wrt="x"),
    }
    for name, f in asked.items():
        plain = f(W, X)
        expected = float(plain)
        assert compile(f)(W, X) == pytest.approx(expected, rel=1e-12), name
        by_x = compile(f).grad(W, X, wrt="x")
        step = 1e-5
        slope = (float(f(W, X + step)) - float(f(W, X - step))) / (2 * step)
        if name != "hvp":
            assert by_x == pytest.approx(slope, rel=1e-6), name


def test_derivatives_with_respect_to_captured_values_and_of_several_results():
    w = Value(2.0)
    inner = compile(lambda x: (w * x * x, x))
    fast = compile(lambda x: inner.value_and_grad(x, has_aux=True)[1] + inner.jacobian(x)[1] * x)
    assert fast(3.0) == 2 * 2.0 * 3.0 + 3.0
    w.data = 5.0
    assert fast(3.0) == 2 * 5.0 * 3.0 + 3.0
    by_w = compile(lambda x: compile(lambda t: w * t * t).grad(x, wrt=[w])[0] * w)
    assert by_w(3.0) == 45.0
    with pytest.raises(TypeError, match="jacobian"):
        compile(inner.grad)(1.0)


def test_nested_arguments_inside_a_compiled_function():
    inner = compile(lambda p: p["w"][0][1] * p["b"] ** 2 + total(p["m"].ravel()) * p["b"])

    def f(x):
        slopes = inner.grad({"w": [[x, 2.0], [3.0, x]], "b": x, "m": np.array([[x, 1.0]])})
        assert slopes["w"].shape == (2, 2)
        return slopes["b"] + slopes["w"][0, 1] + slopes["m"][0, 1]

    assert compile(f)(3.0) == 2 * 2.0 * 3.0 + 4.0 + 9.0 + 3.0
    assert autograd.compile(f).grad(3.0) == 4.0 + 1.0 + 6.0 + 1.0


def test_a_batched_function_inside_another_is_called_with_one_row():
    inner = compile(lambda w, x: square(w * x), batched="x")
    outer = compile(lambda w, x: inner.grad(w, x)[0] + inner.grad(w, x, wrt="x"), batched="x")
    rows = np.array([1.0, 2.0, -3.0])
    np.testing.assert_allclose(outer(2.0, rows), 2 * 2.0 * rows**2 + 2 * 4.0 * rows)


def test_plain_numbers_at_a_pole_beside_an_argument_raise_no_error():
    points = np.array([-1.5, 0.0, 2.0])
    for f in (lambda x: x / 0.0, lambda x: x / 0.0 * x, lambda x: autograd.atan2(x, 0.0), lambda x: x % 0.0):
        for inside in (
            grad(f),
            grad(grad(f)),
            lambda x, f=f: hvp(f, x, 1.0),
            lambda x, f=f: jvp(f, (x,), (1.0,))[1],
        ):
            with ieee_arithmetic():
                expected = [number_of(inside(x)) for x in points.tolist()]
            np.testing.assert_array_equal(compile(inside, batched=(0,))(points), expected)
