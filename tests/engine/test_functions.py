"""The functions, and operations that users declare."""

import math
import re

import pytest

import autograd
from autograd import (
    DomainError,
    Value,
    clip,
    dot,
    exp,
    grad,
    hessian,
    operation,
    prod,
    total,
    where,
)


def test_a_wrong_number_of_partials_is_an_error_at_once():
    with pytest.raises(TypeError, match=r"2 operands .* but 1 partials"):
        operation("area(x, y)", "x * y", ["y"])
    with pytest.raises(TypeError, match=r"1 operand .* but 2 partials"):

        @operation(partials=[lambda x: 1.0, lambda x: 2.0])
        def same(x):
            return x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("f(x)", "foo(x)", ["1.0"]), "unknown name in the rule"),
        (("f(x)", "x +", ["1.0"]), "not an expression"),
        (("f(x", "x", ["1.0"]), "signature must read"),
        (("f(*xs, y)", "total(xs)", ["1.0", "1.0"]), "make every operand variadic"),
        (("f(x, x)", "x", ["1.0", "1.0"]), "different names"),
        (("f(out)", "out", ["1.0"]), "'out' is reserved"),
        (("f(x, x_)", "x * x_", ["x_", "x"]), "'x_' cannot name an operand"),
        (("f(if)", "1.0", ["1.0"]), "'if' cannot name an operand"),
        (("f(mode)", "mode", ["1.0"]), "mode is reserved"),
        (("f(edges)", "edges", ["1.0"]), "edges is reserved"),
        (("f(x, x_edges)", "x * x_edges", ["x_edges", "x"]), "x_edges is reserved"),
        (("f(x=1.0, y)", "x * y", ["y", "x"]), "defaults come last"),
        (("f(*xs=1.0)", "total(xs)", ["1.0"]), "a variadic operand has none"),
        (("f(x)", "x", ["1.0 # 2"]), "not an expression"),
        (("lambda(x)", "x", ["1.0"]), "'lambda' cannot name a function"),
        (("2x(x)", "x", ["1.0"]), "'2x' cannot name a function"),
        (("f(exp)", "exp(exp)", ["out"]), "exp is an operand, and a function in the rules"),
        (("f(*xs)", "total([a + z for a, b in zip(xs, xs)])", ["1.0"]), "unknown name"),
    ],
)
def test_an_operation_that_cannot_be_read_is_an_error_at_once(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        operation(*arguments)


def test_a_declared_operation_behaves_like_a_built_in_one():
    smooth = operation("smooth_abs(x, width=0.5)", "sqrt(x * x + width * width)", ["x / out", "width / out"],
                       domain="width > 0")  # fmt: skip
    x, w = Value(3.0, "x"), Value(4.0, "w")
    y = smooth(x, w)
    y.backward()
    assert (y.data, x.grad, w.grad) == (5.0, 0.6, 0.8)
    assert smooth(0.0) == 0.5
    assert grad(grad(smooth))(0.0) == pytest.approx(2.0)
    assert all(row.agrees for row in y.backprop().check())
    assert "smooth_abs(x, w)" in repr(y.backprop())
    assert "smooth_abs" in autograd.draw(y).source
    with pytest.raises(DomainError, match="width > 0"):
        smooth(x, -1.0)


def test_an_operation_may_take_whole_sequences():
    norm = operation("norm(*xs)", "sqrt(dot(xs, xs))", ["x / out"])
    xs = [Value(3.0), Value(4.0)]
    norm(xs).backward()
    assert [x.grad for x in xs] == [0.6, 0.8]
    assert hessian(norm)([3.0, 4.0])[0] == pytest.approx([0.128, -0.096])


def test_parts_that_all_elements_share_belong_to_their_own_operand():
    ratio = operation(
        "ratio(*us, *vs)",
        "logsumexp(us) - 2.0 * logsumexp(vs)",
        ["exp(u) / total([exp(u) for u in us])", "-2.0 * exp(v) / total([exp(v) for v in vs])"],
    )
    point = (0.5, -1.25, 2.0, 0.75)
    down, up = (1.0 / (1.0 + math.exp(x)) for x in (1.75, 1.25))
    expected = pytest.approx([1 - down, down, -2.0 * (1 - up), -2.0 * up], rel=1e-13)
    assert grad(lambda xs: ratio(xs[:2], xs[2:]))(list(point)) == expected
    pytest.importorskip("llvmlite")
    compiled = autograd.compile(lambda a, b, c, d: ratio([a, b], [c, d]))
    assert list(compiled.grad(*point)) == expected
    inside = autograd.compile(lambda *xs: grad(lambda ys: ratio(ys[:2], ys[2:]))(list(xs)))
    assert list(inside(*point)) == expected


def test_a_partial_may_have_only_parts_that_all_elements_share():
    spread = operation("spread(*xs)", "square(mean(xs)) - 1.0", ["2.0 * mean(xs) / len(xs)"])
    assert hessian(spread)([3.0, 4.0, 8.0])[0] == pytest.approx([2 / 9] * 3)
    pytest.importorskip("llvmlite")
    assert autograd.compile(lambda *xs: spread(xs)).grad(3.0, 4.0, 8.0) == pytest.approx((10 / 3,) * 3)


def test_a_step_shows_what_all_elements_share_without_names_that_no_reader_knows():
    variance = operation(
        "variance(*xs)", "total([square(x - mean(xs)) for x in xs]) / len(xs)", ["2 * (x - mean(xs)) / len(xs)"]
    )
    shown = repr(autograd.backprop(variance([Value(1.0, "a"), Value(2.0, "b")])).step(2))
    assert "2 * (a - mean(...)) / 2 = 2 * (1.0000 - mean(...)) / 2 = -0.5000" in shown


def test_a_rule_may_go_through_two_sequences_at_once():
    error = operation(
        "error(*ps, *ts)",
        "total([square(p - t) for p, t in zip(ps, ts)])",
        ["2.0 * (p - t)", "2.0 * (t - p)"],
    )
    ps, ts = [Value(3.0), Value(4.0)], [1.0, 1.5]
    loss = error(ps, ts)
    loss.backward()
    assert (loss.data, [p.grad for p in ps]) == (10.25, [4.0, 5.0])
    pytest.importorskip("llvmlite")
    assert autograd.compile(lambda a, b, c, d: error([a, b], [c, d])).grad(3.0, 4.0, 1.0, 1.5) == (4, 5, -4, -5)


def test_a_rule_that_raises_is_a_domain_error_that_names_it():
    inverse = operation("inverse(x)", lambda x: 1 / x, lambda x: -1 / x**2)
    with pytest.raises(DomainError, match=r"inverse\(0.0\) raised ZeroDivisionError"):
        inverse(Value(0.0))


@pytest.mark.parametrize("wrong", [lambda x: None, lambda x: "1", lambda x: 1j])
def test_a_rule_that_gives_no_number_is_a_type_error(wrong):
    with pytest.raises(TypeError, match="real number"):
        operation("f(x)", wrong, lambda x: 1.0)(Value(1.0))
    with pytest.raises(TypeError, match="real number"):
        operation("f(x)", lambda x: x, wrong)(Value(1.0))


def test_partials_come_in_the_order_of_the_operands_not_by_name():
    for partials in ({"x": "1.0"}, {"1.0"}):
        with pytest.raises(TypeError, match="in the order of the operands"):
            operation("f(x)", "x", partials)


@pytest.mark.parametrize("rule", ["x ** 0.5", "(x, x)", "x, x", "x < 0"])
def test_a_rule_in_text_that_gives_no_number_is_a_type_error(rule):
    for value, partial in ((rule, "1.0"), ("x", rule)):
        with pytest.raises(TypeError, match="real number"):
            operation("f(x)", value, [partial])(Value(-1.0))


def test_a_power_in_a_rule_overflows_as_a_product_does():
    cube = operation("cube(x)", "x ** 3", ["3 * x ** 2"])
    x = Value(-1e200)
    assert (cube(x).data, cube(x).partials) == (-math.inf, (math.inf,))
    assert grad(grad(cube))(2.0) == 12.0


def test_defaults_are_those_of_the_decorated_function_and_may_be_infinite():
    @operation(partials=[lambda x, slope: slope, lambda x, slope: x])
    def line(x, slope=3):
        return x * slope

    capped = operation("capped(x, most=inf)", "minimum(x, most)", ["1.0", "0.0"])
    assert (line(2.0), line(Value(2.0), slope=4.0).data, capped(5.0)) == (6.0, 8.0, 5.0)


def test_a_rule_may_leave_out_an_operand_with_a_default():
    leaky = operation("leaky(x)", "leaky_relu(x)", ["0.01 if x < 0 else 1.0"])
    assert leaky(Value(-2.0)).data == -0.02


@pytest.mark.parametrize("wrong", [math.sin, lambda *xs: 1.0, lambda x, **more: 1.0, lambda x, *, y: 1.0])
def test_only_a_function_of_operands_can_be_decorated(wrong):
    with pytest.raises(TypeError, match="whose parameters are its operands"):
        operation(partials=[lambda x: 1.0])(wrong)


def test_an_operation_without_a_description_is_documented_by_its_signature():
    assert operation("f(x)", "x", ["1.0"]).__doc__.startswith("f(x), a declared operation.")


def test_an_operation_may_have_the_name_of_a_built_in_one():
    with pytest.warns(UserWarning, match="exp is the name of a built-in operation, which this one does not"):
        mine = operation("exp(x)", "x * x", ["2 * x"])
    x = Value(3.0)
    assert (mine(x).data, exp(x).data, mine(x).partials) == (9.0, math.exp(3.0), (6.0,))


def test_where_takes_a_condition_as_bool_number_or_value():
    x, y = Value(2.0), Value(3.0)
    for condition in (True, 1.0, Value(0.5), x < y):
        assert where(condition, x, y).data == 2.0
    out = where(x > y, x, y)
    out.backward()
    assert (x.grad, y.grad, out.op.name) == (0.0, 1.0, "where")


def test_sequences_may_mix_values_and_numbers_and_come_from_generators():
    x = Value(2.0)
    assert total(v for v in (x, 1, 2.5)).partials == (1.0, None, None)
    assert dot((x, 3), iter([4, x])).partials == (4.0, None, None, 3.0)
    assert prod([x, 3, x]).partials == (6.0, None, 6.0)
    assert clip(x, 0, Value(1.0)).partials == (None, None, 1.0)
