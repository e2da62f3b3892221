"""What a function may do during tracing, and what it captures."""

import gc
import math

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import (
    TracingError,
    Value,
    compile,
    dot,
    exp,
    grad,
    maximum,
    no_grad,
    operation,
    relu,
    sin,
    tanh,
    topological_order,
    total,
    where,
)
from autograd.compiling.run import query, store
from autograd.compiling.trace.tracing import trace
from tests.helpers import compile_to_tapes

ROWS = np.array([-1.5, -0.5, 0.0, 0.5, 2.0])


def branching(x):
    if x > 0:
        return x
    return -x


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (branching, "if x > 0:"),
        (lambda x: x if x < 1 else 1.0, "lambda x: x if x < 1"),
        (lambda x: max(x, 0.0), "lambda x: max(x, 0.0)"),
        (lambda x: [x, 2.0][bool(x)], "bool(x)"),
        (lambda x: sorted([x, 1.0])[0], "sorted([x, 1.0])"),
        (lambda x: x and 1.0, "x and 1.0"),
        (lambda x: 0.0 < x < 1.0, "0.0 < x < 1.0"),
        (lambda x: np.maximum(np.array([x]), 0.0)[0], "np.maximum"),
        (lambda x: np.where(np.array([x]) > 0, 1.0, 2.0)[0], "np.where"),
    ],
)
def test_a_branch_on_a_value_is_an_error_that_names_the_users_line_and_where(function, line):
    with pytest.raises(TracingError, match=r"autograd\.|compute it outside") as caught:
        compile(function, batched="x")(ROWS)
    assert line in str(caught.value)
    assert __file__ in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 7 * x if x == 0 else x,
        lambda x: x if x != 1.0 else 2 * x,
        lambda x: x * (x in [1.0, 2.0]),
        lambda x: where(x == 2 * x, x, 1.0),
    ],
)
def test_comparing_a_value_by_equality_is_an_error_that_names_the_line(function):
    with pytest.raises(TracingError, match="compares nodes by identity") as caught:
        compile(function, batched="x")(ROWS)
    assert __file__ in str(caught.value)


def test_equality_is_identity_again_after_an_error_during_tracing():
    x = Value(2.0)
    with pytest.raises(TracingError):
        compile(lambda y: y if y == 2 else x)(1.0)
    assert x != 2.0
    assert x in [Value(2.0), x]


def test_an_input_that_a_graph_does_not_depend_on_is_refused():
    a, z = Value(2.0, "a"), Value(1.0, "z")
    with pytest.raises(ValueError, match="does not depend on it"):
        compile(a * a, inputs=[z])


@pytest.mark.parametrize("taking", [int, float, math.sin, "{:d}".format, range])
def test_a_function_that_needs_a_plain_number_is_an_error(taking):
    with pytest.raises((TypeError, ValueError)):
        compile(lambda x: taking(x) * x, batched="x")(ROWS)


outside = [Value(2.0, "w")]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.data * x,
        lambda x: x.data,
        lambda x: Value(x.data) * x,
        lambda x: sin(x) + (x * x).data,
        lambda x: [x, x.data],
        lambda x: outside[0].data * x,
        lambda x: getattr(outside[0] * outside[0], "data") * x,  # noqa: B009
    ],
)
def test_reading_the_number_of_a_value_is_an_error_that_names_the_line(function):
    with pytest.raises(TracingError, match=r"data.*detach") as caught:
        compile(function, batched="x")(ROWS)
    assert __file__ in str(caught.value)


def test_values_may_be_printed_during_tracing(capsys):
    def function(x):
        print(x, f"{x * x:.3f}", [x])
        return x * x

    assert compile(function, batched="x")(ROWS).tolist() == (ROWS * ROWS).tolist()
    assert "Value(nan" in capsys.readouterr().out


def test_a_constant_and_a_captured_value_may_be_nan():
    w = Value(math.nan)
    fast = compile(lambda x: where(x > 0, w * x, math.nan), batched="x")
    assert np.isnan(fast(ROWS)).all()
    w.data = 2.0
    assert fast(ROWS)[-1] == 4.0


def test_no_gradient_flows_through_detach():
    w = Value(2.0)

    def function(x):
        return x.detach() * x + w.detach() * w * (1 / x).detach()

    fast = compile(function, batched="x")
    rows = np.array([0.5, 3.0])
    for data in (2.0, 5.0):
        w.data = data
        assert fast(rows).tolist() == [function(Value(x)).data for x in rows]
        _, slopes = fast.value_and_grad(rows, wrt=[w])
        assert slopes.tolist() == [sum(data / rows)]
        assert fast.grad(rows, wrt="x").tolist() == rows.tolist()
    infinite = compile(lambda x: x.detach() / x.detach(), batched="x")
    assert infinite.grad(np.zeros(2), wrt=0).tolist() == [0.0, 0.0]


def test_no_grad_inside_a_compiled_function_is_an_error_and_around_a_call_has_no_effect():
    def function(x):
        with no_grad():
            return x * x

    with pytest.raises(TracingError, match="detach"):
        compile(function, batched="x")(ROWS)
    with no_grad():
        assert compile(lambda x: x * x, batched="x").grad(ROWS, wrt=0).tolist() == (2 * ROWS).tolist()


def test_modes_around_the_call_have_no_effect_on_tracing():
    with autograd.anomaly_detection():
        assert compile(lambda x: exp(x) * x, batched="x")(np.array([0.0])).tolist() == [0.0]

    def watched(x):
        with autograd.anomaly_detection():
            return exp(x)

    assert compile(watched, batched="x")(np.array([0.0, 1000.0])).tolist() == [1.0, math.inf]


def test_outside_the_domain_compiled_code_returns_nan_as_ieee_754_specifies():
    assert np.isnan(compile(autograd.log, batched=(0,))(np.array([-1.0])))[0]


def test_comparisons_select_for_each_row():
    fast = compile(lambda x: where(x > 0, where(x >= 2, 3.0, x), where(x <= -1, -7.0, 0.5 * x)), batched="x")
    assert fast(ROWS).tolist() == [-7.0, -0.25, 0.0, 0.5, 3.0]
    assert fast.grad(ROWS, wrt=0).tolist() == [0.0, 0.5, 0.5, 1.0, 0.0]


def test_derivatives_inside_a_compiled_function():
    inner = grad(lambda t: tanh(t) * t)
    fast = compile(lambda x, w: inner(w * x) ** 2, batched="x")
    slope = grad(lambda x: inner(0.5 * x) ** 2)
    np.testing.assert_allclose(fast(ROWS, 0.5), [inner(0.5 * x) ** 2 for x in ROWS], rtol=1e-14)
    np.testing.assert_allclose(fast.grad(ROWS, 0.5, wrt="x"), [slope(x) for x in ROWS], rtol=1e-13)


def test_a_compiled_function_inside_another_is_the_function_itself():
    inner = compile(lambda x: sin(x) * x, batched="x")
    outer = compile(lambda x: inner(2 * x) + x, batched="x")
    np.testing.assert_allclose(outer(ROWS), np.sin(2 * ROWS) * 2 * ROWS + ROWS, rtol=1e-14)
    again = compile(outer, batched="x", dtype="float32")
    assert again(ROWS).dtype == np.float32


# Captured Values and numbers.


def test_a_captured_values_data_is_read_at_each_call():
    w = Value(2.0, "w")
    fast = compile(lambda x: w * w * x, batched="x")
    for data in (2.0, -3.0, 0.0):
        w.data = data
        values, slopes = fast.value_and_grad(ROWS, wrt=[w])
        assert values.tolist() == (data * data * ROWS).tolist()
        assert slopes.tolist() == [2 * data * ROWS.sum()]


def test_a_captured_result_contributes_its_number_as_in_the_engine():
    w = Value(2.0, "w")
    z = w * w
    fast = compile(lambda x: z * x, batched="x")
    assert fast(ROWS).tolist() == (4 * ROWS).tolist()
    w.data = 3.0
    assert fast(ROWS).tolist() == [(z * Value(x)).data for x in ROWS]
    z.data = 10.0
    assert fast(ROWS).tolist() == (10 * ROWS).tolist()
    assert fast.grad(ROWS, wrt=[z]).tolist() == [ROWS.sum()]
    with pytest.raises(TypeError, match="compute it inside"):
        fast.grad(ROWS, wrt=[w])


def test_the_history_of_captured_results_is_visited_once(monkeypatch):
    visited, sums, unused = [], [Value(1.0)], Value(3.0)
    for _ in range(99):
        sums.append(sums[-1] * 0.5 + 1.0)

    def counted(*roots):
        order = topological_order(*roots)
        visited.extend(order)
        return order

    monkeypatch.setattr(query, "topological_order", counted)
    fast = compile(lambda x: total([each * x for each in sums]))
    assert fast.grad(2.0, wrt=[unused]).tolist() == [0.0]
    assert len(visited) == len(set(visited))
    with pytest.raises(TypeError, match="computed outside of it"):
        fast.grad(2.0, wrt=[sums[0]])


def test_an_unused_captured_value_has_gradient_0():
    used, unused = Value(2.0), Value(3.0)
    fast = compile(lambda x: used * x, batched="x")
    assert fast.grad(ROWS, wrt=[unused, used]).tolist() == [0.0, ROWS.sum()]


def test_values_of_earlier_queries_are_released(monkeypatch):
    def alive():
        gc.collect()
        return sum(type(item) is Value and item.label == "counted" for item in gc.get_objects())

    monkeypatch.setattr(store, "LIMIT", 3)
    fast = compile(lambda x: dot(x, x))
    for size in range(1, 11):
        fast.grad([3.0] * size, wrt=[Value(2.0, "counted")])
    assert alive() == 3
    assert len(fast._store.current) == 3


@pytest.mark.parametrize("changes", [True, False])
def test_a_dropped_query_in_use_by_another_thread_is_not_outdated(monkeypatch, changes):
    monkeypatch.setattr(store, "LIMIT", 1)
    factor = [2.0]
    fast = compile(lambda x: factor[0] * x * x)
    assert fast.grad(3.0) == 12.0
    in_use = fast._request("grad", None, None, False, (3.0,))
    if changes:
        factor[0] = 5.0
    fast.value_and_grad(3.0)  # another query, which takes the place of the first
    factor[0] = 5.0
    assert fast._run(in_use, (3.0,)) == 30.0


FACTOR = 2.0


def helper(x):
    return FACTOR * x


def test_a_changed_global_or_closure_is_traced_again(monkeypatch):
    scale, factors, array = 3.0, [1.0, [2.0]], np.array([1.0, 2.0])
    through_global = compile(lambda x: FACTOR * x, batched="x")
    through_helper = compile(lambda x: -helper(-x), batched="x")
    through_closure = compile(lambda x: scale * x, batched="x")
    through_list = compile(lambda x: factors[1][0] * x, batched="x")
    through_array = compile(lambda x: array[1] * x, batched="x")
    everything = [through_global, through_helper, through_closure, through_list, through_array]
    assert [fast(ROWS)[-1] for fast in everything] == [4.0, 4.0, 6.0, 4.0, 4.0]
    monkeypatch.setitem(globals(), "FACTOR", 10.0)
    scale = 20.0
    factors[1][0], array[1] = 30.0, 40.0
    assert [fast(ROWS)[-1] for fast in everything] == [20.0, 20.0, 40.0, 60.0, 80.0]
    monkeypatch.setitem(globals(), "helper", lambda x: -x)
    assert through_helper(ROWS)[-1] == -2.0


def test_a_function_is_traced_once_while_nothing_changes(monkeypatch):
    recorded = []
    monkeypatch.setattr(store, "trace", lambda *args: recorded.append(1) or trace(*args))
    fast = compile(lambda x: FACTOR * helper(x), batched="x")
    for _ in range(3):
        fast(ROWS)
    assert len(recorded) == 1


class Model:
    def __init__(self, scale):
        self.scale, self.w = scale, Value(scale)

    @compile(batched="x")
    def decorated(self, x, y=1.0):
        return self.scale * x * y + self.w

    def plain(self, x):
        return self.scale * x


def test_decorated_and_bound_methods_belong_to_their_object():
    a, b = Model(2.0), Model(3.0)
    assert a.decorated(ROWS, 1.0)[-1] == 6.0
    assert b.decorated(ROWS, 1.0)[-1] == 9.0
    assert a.decorated is a.decorated
    assert a.decorated.grad(ROWS, 1.0, wrt="x").tolist() == [2.0] * 5
    a.scale = 10.0
    assert a.decorated(ROWS, y=1.0)[-1] == 22.0
    bound = compile(b.plain, batched="x")
    assert bound(ROWS)[-1] == 6.0
    b.scale = 5.0
    assert bound(ROWS)[-1] == 10.0
    with pytest.raises(TypeError, match="has no __dict__"):
        type("Slotted", (), {"__slots__": (), "f": compile(lambda self, x: x)})().f(1.0)


def test_a_copy_of_an_object_uses_its_own_attributes():
    import copy

    a = Model(2.0)
    assert a.decorated(ROWS, 1.0)[-1] == 6.0
    for b in (copy.copy(a), copy.deepcopy(a)):
        b.scale = 10.0
        assert b.decorated(ROWS, 1.0)[-1] == 22.0


# Results.


def test_results_keep_their_structure():
    def function(x):
        return {"a": [x, 2.0], "b": (x * x, 3), "c": np.array([[x, 1.0]])}

    fast = compile(function, batched="x")
    found = fast(ROWS)
    assert list(found) == ["a", "b", "c"]
    assert isinstance(found["a"], list)
    assert isinstance(found["b"], tuple)
    assert found["a"][1].tolist() == [2.0] * 5
    assert found["b"][1].tolist() == [3.0] * 5
    assert found["c"].shape == (5, 1, 2)
    assert found["c"][:, 0, 0].tolist() == ROWS.tolist()
    alone = compile(function)(2.0)
    assert alone == {"a": [2.0, 2.0], "b": (4.0, 3.0), "c": alone["c"]}
    assert alone["c"].tolist() == [[2.0, 1.0]]


def test_a_function_of_arrays_has_a_jacobian_of_both_shapes():
    fast = compile(lambda w, x: np.tanh(w @ x), batched="x")
    w, x = np.arange(6.0).reshape(2, 3) / 10, np.arange(12.0).reshape(4, 3) / 10
    out = np.tanh(x @ w.T)
    np.testing.assert_allclose(fast(w, x), out, rtol=1e-14)
    by_w, by_x = fast.jacobian(w, x)
    assert by_w.shape == (2, 2, 3)
    assert by_x.shape == (4, 2, 3)
    np.testing.assert_allclose(by_x, (1 - out**2)[:, :, None] * w, rtol=1e-13)
    np.testing.assert_allclose(by_w, np.einsum("ri,ij,rk->ijk", 1 - out**2, np.eye(2), x), rtol=1e-13)


@pytest.mark.parametrize("result", [None, "text", True, 1j, [1.0, None], object()])
def test_a_result_that_is_not_a_number_is_refused(result):
    with pytest.raises(TypeError, match="must return numbers"):
        compile(lambda x: result, batched="x")(ROWS)


@pytest.mark.parametrize("result", [3, 2.5, np.float64(2.0), np.int64(7)])
def test_a_constant_result_is_repeated_in_every_row(result):
    values, slopes = compile(lambda x: result, batched="x").value_and_grad(ROWS, wrt=0)
    assert values.tolist() == [float(result)] * 5
    assert slopes.tolist() == [0.0] * 5


def test_an_argument_can_be_returned_unchanged():
    values, slopes = compile(lambda x, y: [x, y], batched="x")(ROWS, 4.0)
    assert values.tolist() == ROWS.tolist()
    assert slopes.tolist() == [4.0] * 5


def test_derivatives_of_several_numbers_point_to_jacobian_and_has_aux():
    fast = compile(lambda x: (x * x, [sin(x)]), batched="x")
    with pytest.raises(TypeError, match="jacobian"):
        fast.grad(ROWS)
    (values, (others,)), slopes = fast.value_and_grad(ROWS, wrt="x", has_aux=True)
    assert values.tolist() == (ROWS**2).tolist()
    np.testing.assert_allclose(others, np.sin(ROWS), rtol=1e-14)
    assert slopes.tolist() == (2 * ROWS).tolist()


# Declared operations.

softsign = operation("softsign(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x))"])
bent = operation(
    "bent(x, k=2.0)",
    "k * x if x < 0 and not x < -10 else x",
    ["k if x < 0 and not x < -10 else 1.0", "x if x < 0 and not x < -10 else 0.0"],
)
spread = operation("spread(*xs)", "total(xs) * len(xs)", ["len(xs) * 1.0"])


@operation(partials=[lambda x: 3 * x * x])
def cube(x):
    return x**3


@pytest.mark.parametrize("tier", ["straight-line", "tape"])
def test_declared_operations_given_as_text_are_compiled_with_all_their_derivatives(tier, monkeypatch):
    if tier == "tape":
        compile_to_tapes(monkeypatch)
    for function in (softsign, bent, lambda x: spread([x, x * x, 2.0]), lambda x: softsign(bent(x, 3.0))):
        fast = compile(function, batched=(0,))
        values, slopes = fast.value_and_grad(ROWS, wrt=0)
        second = fast.hessian(ROWS, wrt=0)
        np.testing.assert_allclose(values, [function(x) for x in ROWS], rtol=1e-14)
        np.testing.assert_allclose(slopes, [grad(function)(x) for x in ROWS], rtol=1e-14)
        np.testing.assert_allclose(second, [grad(grad(function))(x) for x in ROWS], rtol=1e-14)


def test_compiling_a_declared_operation_that_is_a_python_function_is_an_error():
    with pytest.raises(TypeError, match="cube has a Python function as a rule"):
        compile(cube, batched="x")(ROWS)


# Recorded graphs.


def test_a_recorded_graph_of_inputs_and_parameters():
    x, y, w, b = Value(1.0, "x"), Value(2.0, "y"), Value(0.5, "w"), Value(-1.0, "b")
    root = relu(w * x + b) * y + maximum(x, y)
    fast = autograd.compile(root, inputs=[x, y], parameters=[w, b], batched=("x", "y"))
    rows = np.array([[1.0, 2.0], [3.0, -1.0], [5.0, 6.0]])
    expected = np.maximum(0.5 * rows[:, 0] - 1, 0) * rows[:, 1] + rows.max(axis=1)
    assert fast(*rows.T).tolist() == expected.tolist()
    assert fast(x=rows[:, 0], y=rows[:, 1]).tolist() == expected.tolist()
    assert fast(*rows.T, [0.5, -1.0]).tolist() == expected.tolist()
    _, (by_x, by_y, by_parameters) = fast.value_and_grad(*rows.T)
    assert by_parameters.tolist() == [3 * -1 + 5 * 6, 5.0]
    assert by_x.tolist() == [0.0, 1 - 0.5, 0.5 * 6]
    assert by_y.tolist() == [1.0, 0.5, 1.5 + 1]
    w.data = 10.0
    assert fast(*rows.T)[0] == (10 - 1) * 2 + 2
    assert fast.hessian(*rows.T, wrt=("x", "y"))[0][1].tolist() == [10.0, 10.0, 10.0]
    assert len(fast.grad(*rows.T, wrt=("x", "y"))) == 2
    assert fast.grad(*rows.T, wrt="parameters").tolist() == [2 - 3 + 30, 2 - 1 + 6]
    assert len(fast.hvp(*rows.T, vector=(rows[:, 0], rows[:, 1]))) == 2
    assert autograd.compile(root, inputs=[x, y])(1.0, 2.0) == 9 * 2 + 2
    with pytest.raises(TypeError, match="each once"):
        fast(*rows.T, x=1.0)


def test_inputs_with_the_same_label_are_named_by_position():
    x, y = Value(1.0, "x"), Value(2.0, "x")
    fast = autograd.compile(x - y, inputs=[x, y])
    assert fast(5.0, 3.0) == 2.0
    with pytest.raises(ValueError, match="input 0, input 1"):
        fast.grad(5.0, 3.0, wrt="x")


def test_a_recorded_graph_refuses_invalid_inputs():
    x = Value(1.0, "x")
    with pytest.raises(TypeError, match="inputs="):
        autograd.compile(x * x)
    with pytest.raises(TypeError, match="recorded graph"):
        autograd.compile(lambda x: x, inputs=[x])
    with pytest.raises(TypeError, match="Values of the graph"):
        autograd.compile(x * x, inputs=[2.0])
    with pytest.raises(ValueError, match="twice"):
        autograd.compile(x * x, inputs=[x], parameters=[x])
    with pytest.raises(ValueError, match="got 2 numbers"):
        autograd.compile(x * x, inputs=[x])([1.0, 2.0])


class Configuration:
    def __init__(self, strength, inner=None):
        self.strength, self.inner = strength, inner

    def penalty(self, w):
        return self.strength * w * w


def test_changed_numbers_in_attributes_of_objects_are_noticed():
    plain, nested, method = Configuration(1.0), Configuration(0.0, Configuration(2.0)), Configuration(3.0)
    module = type(math)("settings")
    module.STRENGTH = 4.0
    f = compile(
        lambda w: (
            plain.strength * w + nested.inner.strength * w + method.penalty(w) + module.STRENGTH * w + math.pi
        )
    )
    assert f(1.0) == 10.0 + math.pi
    plain.strength = 10.0
    assert f(1.0) == 19.0 + math.pi
    nested.inner.strength = 20.0
    assert f(1.0) == 37.0 + math.pi
    method.strength = 30.0
    assert f(1.0) == 64.0 + math.pi
    module.STRENGTH = 40.0
    assert f(1.0) == 100.0 + math.pi
    nested.inner = Configuration(0.0)
    assert f(1.0) == 80.0 + math.pi


def test_methods_that_call_each_other_are_visited_once():
    class Loop:
        depth = 2

        def first(self, x, left):
            return x if left == 0 else self.second(x, left - 1)

        def second(self, x, left):
            return self.first(x * self.factor, left)

    loop = Loop()
    loop.factor = 3.0
    f = compile(lambda x: loop.first(x, loop.depth))
    assert f(1.0) == 9.0
    loop.factor = 2.0
    assert f(1.0) == 4.0
