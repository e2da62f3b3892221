"""grad, gradients, hessian, hvp, jacobian, jvp and vjp."""

import math
import re

import pytest

from autograd import (
    StaleGraphError,
    Value,
    exp,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    maximum,
    sin,
    tanh,
    value_and_grad,
    vjp,
)


def test_nested_grads_are_derivatives_of_any_order():
    derivatives = [exp, grad(exp), grad(grad(exp)), grad(grad(grad(exp))), grad(grad(grad(grad(exp))))]
    assert [f(1.0) for f in derivatives] == [math.e] * 5
    assert grad(grad(grad(sin)))(0.5) == -math.cos(0.5)


def test_backward_can_create_a_graph():
    x = Value(2.0)
    (x**3).backward(create_graph=True)
    assert x.grad.data == 12.0
    second = gradients(x.grad, [x], create_graph=True)[0]
    assert (second.data, gradients(second, [x])) == (12.0, [6.0])


def test_gradients_that_are_values_add_up_even_where_the_first_is_0():
    x = Value(0.0)
    (x**2).backward(create_graph=True)
    (x**2).backward(create_graph=True)
    assert (x.grad.data, gradients(x.grad, [x])) == (0.0, [4.0])


def test_gradients_change_no_grad_and_are_0_for_inputs_that_the_output_does_not_depend_on():
    x, y = Value(2.0), Value(3.0)
    assert gradients(x * x, [x, y]) == [4.0, 0.0]
    assert (x.grad, y.grad) == (0.0, 0.0)


def test_hessian_hvp_jacobian_vjp_and_jvp_agree():
    def f(x):
        return tanh(x[0] * x[1]) + exp(x[0]) * x[2]

    x, v = [0.3, -0.7, 1.1], [0.5, 2.0, -1.0]
    h = hessian(f)(x)
    assert all(h[i][j] == pytest.approx(h[j][i], rel=1e-14) for i in range(3) for j in range(3))
    assert hvp(f, x, v) == pytest.approx([sum(h[i][j] * v[j] for j in range(3)) for i in range(3)])
    assert jvp(f, (x,), (v,))[1] == pytest.approx(sum(g * w for g, w in zip(grad(f)(x), v, strict=True)))
    assert vjp(f, x)[1](2.0)[0] == pytest.approx([2 * g for g in grad(f)(x)])
    tall, wide = jacobian(lambda t: [t, t * t, sin(t)])(0.5), jacobian(lambda x: [f(x), x[0]])(x)
    assert tall == [1.0, 1.0, math.cos(0.5)]
    assert wide[0] == grad(f)(x)


def test_an_inner_derivative_is_not_confused_with_an_outer_one():
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(3.0) == 54.0
    assert jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (5.0,), (1.0,))[1] == 1.0
    assert grad(lambda x: jvp(lambda y: x * y * y, (x,), (1.0,))[1])(3.0) == 12.0


def test_a_derivative_that_depends_on_a_captured_value_is_not_cut_from_it():
    w = Value(3.0)
    slope = grad(lambda x: w * x * x)(2.0)
    slope.backward()
    assert (slope.data, w.grad) == (12.0, 4.0)


def test_derivatives_follow_the_shape_of_the_argument():
    def f(tree):
        return tree["a"] * tree["b"][0] + tree["b"][1][0] ** 2

    point = {"a": 2.0, "b": (3.0, [4.0])}
    assert value_and_grad(f)(point) == (22.0, {"a": 3.0, "b": (2.0, [8.0])})


def test_a_graph_with_overwritten_numbers_is_refused_where_its_gradient_would_be_wrong():
    x = Value(2.0, "x")
    y = x * x
    x.data = 3.0
    with pytest.raises(StaleGraphError, match=r"x \* x"):
        gradients(y, [x], create_graph=True)
    assert gradients(y, [x]) == [4.0]


def test_no_inputs_and_no_outputs_have_empty_derivatives():
    assert (grad(lambda x: 1.0)([]), jacobian(lambda x: [1.0])([])) == ([], [[]])
    assert jacobian(lambda x: [])([1.0]) == []
    assert vjp(lambda x: [], [2.0, 3.0])[1]([]) == ([0.0, 0.0],)


def test_a_wrong_argument_of_a_transform_is_refused():
    with pytest.raises(ValueError, match="argnums=2"):
        grad(sin, argnums=2)(1.0)
    with pytest.raises(TypeError, match="returns one number, got 2 numbers"):
        grad(lambda x: [x, x])(1.0)
    with pytest.raises(ValueError, match="twice"):
        grad(maximum, argnums=(0, -2))(1.0, 2.0)
    for tangents in (([1.0], 2.0), ([1.0], [2.0, 3.0]), ([1.0, 2.0, 3.0],), ([1.0, [2.0]], 3.0)):
        with pytest.raises(ValueError, match=r"structure of the primals \(3 numbers\)"):
            jvp(lambda x, y: x[0] * y, ([1.0, 2.0], 3.0), tangents)
    with pytest.raises(ValueError, match="structure of the primals"):
        jvp(lambda x: x["a"], ({"a": 1.0, "b": 2.0},), ({"a": 1.0, "c": 0.0},))
    with pytest.raises(ValueError, match="structure of the result"):
        vjp(lambda x: {"a": x, "b": x * x}, 1.0)[1]({"b": 1.0})
    with pytest.raises(TypeError, match="gradients takes Values"):
        gradients(Value(1.0), [1.0])


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_wrt_and_argnums_are_the_same_by_position_and_by_name(transform):
    def f(x, y):
        return x * x * y * y

    for which, name in ((0, "x"), (1, "y"), ((0, 1), ("x", "y")), ([1, 0], ["y", "x"]), (-1, "y")):
        expected = transform(f, argnums=which)(2.0, 3.0)
        assert transform(f, which)(2.0, 3.0) == expected
        assert transform(f, wrt=which)(2.0, 3.0) == expected
        assert transform(f, wrt=name)(2.0, 3.0) == expected
    assert transform(f)(2.0, 3.0) == transform(f, wrt="x")(2.0, 3.0)
    with pytest.raises(TypeError, match="wrt and argnums are two names for the same option"):
        transform(f, 0, wrt=1)


def test_a_hessian_with_respect_to_several_arguments_is_a_tuple_of_tuples():
    assert hessian(lambda x, y: x * x * y, (0, 1))(2.0, 3.0) == ((6.0, 4.0), (4.0, 0.0))


@pytest.mark.parametrize("point", [3.0, [2.0, 5.0], (1.0,), True, {"x": 1.0}, Value(2.0)])
@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_a_point_in_place_of_argnums_is_refused_and_the_error_shows_the_correct_call(transform, point):
    message = f"the derivative at a point is {transform.__name__}(f)({point!r})"
    with pytest.raises(TypeError, match=re.escape(message)):
        transform(sin, point)


def test_the_error_for_a_position_out_of_range_shows_how_to_give_a_point():
    with pytest.raises(
        ValueError, match=re.escape("was given 1 argument, counted from 0; the derivative at a")
    ):
        grad(sin, 3)(1.0)


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_an_argument_that_is_not_callable_is_refused_at_once(transform):
    with pytest.raises(TypeError, match=re.escape(f"as in {transform.__name__}(f)(x), got 3.0 of type float")):
        transform(3.0)


@pytest.mark.parametrize(
    ("call", "error", "line", "advice"),
    [
        (lambda: grad(lambda x: math.sin(x) * 2)(1.0), TypeError, "math.sin(x)", "floats: use autograd.sin"),
        (lambda: grad(lambda x: float(x) * 2)(1.0), TypeError, "float(x) * 2", "do not convert them"),
        (lambda: grad(lambda n: sum(range(n)))(3), TypeError, "range(n)", "leave its argument out of argnums"),
        (lambda: grad(lambda x: x.nonsense)(3.0), AttributeError, "x.nonsense", "no attribute 'nonsense'"),
        (lambda: hessian(lambda x: math.exp(x) * 2)(1.0), TypeError, "math.exp(x)", "use autograd.exp"),
    ],
)  # fmt: skip
def test_an_error_inside_names_the_users_line_and_what_to_write_instead(call, error, line, advice):
    with pytest.raises(error) as caught:
        call()
    told = str(caught.value)
    assert re.match(rf"{re.escape(__file__)}:\d+: .*{re.escape(line)}", told)
    assert advice in told
    assert told.count(__file__) == 1, "explained once, however deep the derivatives nest"


def test_the_error_for_a_lapack_function_says_what_to_write_instead():
    np = pytest.importorskip("numpy")
    with pytest.raises(TypeError, match="write the elimination out"):
        grad(lambda m: np.linalg.det(m) * 2)(np.eye(2))
    assert grad(np.linalg.norm)(np.array([3.0, 4.0])).tolist() == pytest.approx([0.6, 0.8])


def test_an_error_raised_by_the_function_itself_is_unchanged():
    def picky(x):
        raise ValueError("not today")

    with pytest.raises(ValueError, match=r"^not today$"):
        grad(picky)(1.0)
