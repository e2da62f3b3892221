"""The promises: one test, or a few, for each; the name of the test states the promise."""

import asyncio
import copy
import math
import os
import pickle
import random
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    AnomalyError,
    DomainError,
    StaleGraphError,
    Value,
    anomaly_detection,
    clip,
    dot,
    enable_grad,
    exp,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    label,
    log,
    maximum,
    no_grad,
    operation,
    prod,
    relu,
    sin,
    sqrt,
    tanh,
    total,
    value_and_grad,
    vjp,
    where,
    zero_grad,
)

ROOT = Path(__file__).parents[2]


def run(code: str, **environment: str) -> str:
    """What a fresh Python prints for some code."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


# Accumulation


def test_leaves_accumulate_exactly_once_for_each_backward():
    x = Value(2.0)
    y = x * x * x
    y.backward()
    y.backward()
    assert x.grad == 24.0


def test_two_losses_over_a_shared_interior_add_up_without_double_counting():
    x = Value(3.0)
    shared = x * x
    (shared * 2).backward()
    (shared * 5).backward()
    assert x.grad == 2 * 2 * 3 + 5 * 2 * 3 == 42
    assert shared.grad == 5.0


def test_interior_gradients_start_from_zero_each_time():
    x = Value(2.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert (y.grad, z.grad, x.grad) == (8.0, 1.0, 64.0)


def test_a_leaf_as_the_root_accumulates_too():
    x = Value(3.0)
    x.backward()
    x.backward(2.0)
    assert x.grad == 3.0


def test_the_gradient_given_to_the_root_scales_every_other():
    x = Value(3.0)
    (x * x).backward(gradient=-0.5)
    assert x.grad == -3.0


def test_the_same_operand_twice_is_two_edges():
    x = Value(3.0)
    y = x * x
    assert y.operands == (x, x)
    assert y.partials == (3.0, 3.0)
    y.backward()
    assert x.grad == 6.0


def test_a_node_is_not_passed_on_before_all_its_consumers_have_contributed():
    x = Value(2.0)
    a = x * 3
    b = a * a
    c = b + a
    (c * b).backward()
    assert x.grad == pytest.approx(grad(lambda x: (9 * x * x + 3 * x) * 9 * x * x)(2.0))


def test_writing_to_a_leaf_after_the_forward_pass_corrupts_no_gradient():
    x, y = Value(2.0), Value(5.0)
    z = x * y
    x.data = y.data = 1000.0
    z.backward()
    assert (x.grad, y.grad) == (5.0, 2.0)


def test_a_backward_pass_that_is_interrupted_leaves_no_mark_behind():
    x = Value(2.0)
    y = x * x * x + total([x, x * x, x])
    order = autograd.graph.topological_order(y)
    moments = 0
    while interrupted_after(moments, y.backward):
        assert {type(node.grad) for node in order} == {float}, moments
        y.zero_grad()
        moments += 1
    assert moments > 100
    assert x.grad == 3 * 4 + 1 + 4 + 1


def interrupted_after(lines, function):
    """Call a function with a Ctrl-C after so many lines in graph.py; whether that came to pass."""
    left = lines

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename != autograd.graph.__file__:
            return None
        if event == "line":
            left -= 1
            if left == -1:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_zero_grad_clears_a_graph_or_a_set_of_leaves():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    y.backward()
    zero_grad({w})
    assert (x.grad, w.grad, y.grad) == (3.0, 0.0, 1.0)
    y.zero_grad()
    assert (x.grad, w.grad, y.grad) == (0.0, 0.0, 0.0)


def test_threads_that_go_back_through_shared_nodes_take_turns():
    x = Value(2.0)
    shared = x
    for _ in range(100):
        shared = shared * 1.0
    losses = [shared * k for k in (1.0, 2.0, 3.0, 4.0)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda loss: [loss.backward() for _ in range(50)], losses))
    finally:
        sys.setswitchinterval(interval)
    assert x.grad == 50 * (1 + 2 + 3 + 4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_can_go_back_while_its_parent_was_in_the_middle():
    code = (
        "import os, threading\n"
        "from autograd import Value\n"
        "x = y = Value(1.0)\n"
        "for _ in range(200_000): y = y * 1.0\n"
        "thread = threading.Thread(target=y.backward)\n"
        "thread.start()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    z = Value(3.0); (z * z).backward(); os._exit(int(z.grad))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert run(code, PYTHONWARNINGS="ignore").strip() == "6"


# Depth


def test_a_chain_of_a_million_nodes_is_built_backpropagated_and_freed():
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert (y.data, x.grad) == (1_000_001.0, 1.0)
    del y


def test_a_long_chain_survives_pickle_and_deepcopy():
    x = Value(1.0, "x")
    y = x
    for _ in range(100_000):
        y = y * 1.0
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        twin.backward()
        leaf = autograd.graph.topological_order(twin)[0]
        assert (leaf.label, leaf.grad, leaf is x) == ("x", 1.0, False)
    assert x.grad == 0.0


def test_deep_and_wide_at_once_needs_no_recursion():
    xs = [Value(float(k)) for k in range(1000)]
    y = total(xs)
    for _ in range(5000):
        y = -y
    y.backward()
    assert {x.grad for x in xs} == {1.0}


# Kinks and corners: see test_ops.py for every operation


def test_relu_at_0_has_derivative_1_as_the_lecture_defines_it():
    assert grad(relu)(0.0) == 1.0
    assert grad(relu)(-1e-300) == 0.0


def test_abs_at_0_has_derivative_0_and_a_tie_gives_half_to_each():
    assert grad(abs)(0.0) == 0.0
    assert grad(maximum, argnums=(0, 1))(1.0, 1.0) == (0.5, 0.5)


def test_a_power_takes_every_combination_of_values_and_numbers():
    x = Value(-3.0)
    (x**2).backward()
    assert x.grad == -6.0
    assert grad(lambda x: x**0)(0.0) == 0.0
    assert (Value(0.0) ** 0).data == 1.0
    assert grad(lambda y: 2**y)(3.0) == pytest.approx(8 * math.log(2))
    assert grad(lambda x: x**x)(2.0) == pytest.approx(4 * (math.log(2) + 1))


def test_the_mixed_second_derivative_of_a_power_at_exponent_0_is_not_lost():
    assert grad(lambda y: grad(lambda x: x**y)(2.0))(0.0) == 0.5


# Errors


def test_outside_the_domain_the_error_names_operation_operand_value_and_history():
    a, b = Value(1.0, "a"), Value(3.0, "b")
    with pytest.raises(DomainError) as caught:
        log(a - b)
    text = str(caught.value)
    for part in ("log(x)", "x = -2.0", "x > 0", "a - b", "autograd.clip"):
        assert part in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_error_calls_a_labelled_leaf_by_its_name():
    with pytest.raises(DomainError, match="here y is width"):
        1 / Value(0.0, "width")


def test_the_error_does_not_say_that_x_is_x():
    with pytest.raises(DomainError) as caught:
        log(Value(-1.0, "x"))
    assert "x is x" not in str(caught.value)


def test_the_history_of_a_wide_and_deep_graph_stays_readable():
    layer = [Value(0.1) for _ in range(50)]
    for _ in range(8):
        layer = [dot(layer, layer[k:] + layer[:k]) * 0.001 for k in range(50)]
    with pytest.raises(DomainError) as caught:
        log(total(layer) - 10)
    assert "total(dot(" in str(caught.value)
    assert len(str(caught.value)) < 1000
    with anomaly_detection(), pytest.raises(AnomalyError) as caught:
        total(layer) * 1e308 * 1e308 * math.inf
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("wrong", ["1", None, 1j, True, [1.0], Decimal(1), object(), b"1", Value(1.0)])
def test_only_a_real_number_becomes_a_value(wrong):
    with pytest.raises(TypeError, match=re.escape(type(wrong).__name__)):
        Value(wrong)


@pytest.mark.parametrize("wrong", ["1", None, 1j, True, [1.0], Value(1.0)])
def test_only_a_real_number_can_be_assigned_to_data(wrong):
    x = Value(2.0)
    with pytest.raises(TypeError, match="expected a real number as data"):
        x.data = wrong
    assert x.data == 2.0


def test_what_is_assigned_to_data_becomes_a_float():
    np = pytest.importorskip("numpy")
    x = Value(2.0)
    for number in (3, Fraction(1, 4), np.float32(0.5), np.float64(0.1), np.int8(7)):
        x.data = number
        assert type(x.data) is type((x * 2).data) is float
        assert x.data == number


def test_a_label_is_a_text():
    x = Value(1.0)
    for wrong in (2.0, None, b"x", 3):
        with pytest.raises(TypeError, match="a label is a text"):
            Value(1.0, wrong)
        with pytest.raises(TypeError, match="a label is a text"):
            x.label = wrong


@pytest.mark.parametrize("wrong", ["1", None, 1j, True, [1.0]])
def test_only_a_real_number_is_an_operand(wrong):
    with pytest.raises(TypeError):
        Value(1.0) + wrong
    with pytest.raises(TypeError):
        wrong * Value(1.0)
    with pytest.raises(TypeError, match="expected a real number or a Value"):
        exp(wrong)
    with pytest.raises(TypeError, match="expected a real number or a Value"):
        total([Value(1.0), wrong])


@pytest.mark.parametrize("function", [math.sin, math.floor, float, int, round])
def test_a_function_that_would_cut_the_graph_is_a_type_error(function):
    with pytest.raises(TypeError):
        function(Value(1.0))


def test_sequences_of_different_lengths_are_an_error_not_cut():
    with pytest.raises(ValueError, match=r"dot\(ws, xs\).* 3 .* 2"):
        dot([Value(1.0)] * 3, [1.0, 2.0])


def test_what_is_not_a_sequence_is_an_error_that_says_so():
    for function in (total, prod, autograd.mean, autograd.logsumexp):
        with pytest.raises(TypeError, match="expected a sequence of real numbers and Values, not Value"):
            function(Value(1.0))
    with pytest.raises(TypeError, match="expected a sequence"):
        dot([Value(1.0)], 2.0)
    with pytest.raises(TypeError, match="bad item"):
        total(raising())


def raising():
    yield Value(1.0)
    raise TypeError("bad item")


def test_zero_grad_and_label_say_what_they_take():
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"value.zero_grad\(\)"):
        zero_grad(x)
    with pytest.raises(TypeError, match=r"takes Values, not 1\.0"):
        zero_grad([x, 1.0])
    for wrong in ("x", [x], x, {1: x}):
        with pytest.raises(TypeError, match="label takes names"):
            label(wrong)


def test_value_cannot_be_subclassed():
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Sub", (Value,), {})


def test_the_gradient_given_to_backward_must_be_a_number():
    for wrong in ("1", None, True, Value(2.0)):
        with pytest.raises(TypeError, match="expected a real number as gradient"):
            Value(1.0).backward(wrong)


# Anomalies


def test_anomaly_detection_names_the_first_node_that_made_a_nan_and_its_path():
    x, y = Value(800.0, "x"), Value(2.0, "y")
    with anomaly_detection(), pytest.raises(AnomalyError) as caught:
        tanh(exp(x * y) * 0.0)
    assert str(caught.value) == "exp(x * y) gave inf at x * y = 1600.0"


def test_anomaly_detection_finds_an_infinite_derivative_of_a_finite_value():
    with anomaly_detection(), pytest.raises(AnomalyError, match=r"sqrt\(x\) has the derivative inf"):
        sqrt(Value(0.0, "x"))


def test_without_anomaly_detection_infinities_pass():
    assert exp(Value(800.0)).data == math.inf


def test_anomaly_detection_ends_with_its_block():
    with anomaly_detection():
        pass
    assert exp(Value(800.0)).data == math.inf


# Modes


def test_no_grad_records_nothing_and_enable_grad_records_again():
    x = Value(3.0)
    with no_grad():
        y = x * x
        with enable_grad():
            z = x * x
    assert (y.data, y.op, y.operands) == (9.0, None, ())
    assert z.operands == (x, x)
    assert (x * x).operands == (x, x)


def test_no_grad_decorates_a_function_for_every_call_of_many_threads():
    @no_grad()
    def square(x):
        return x * x

    with ThreadPoolExecutor(8) as pool:
        assert all(not y.operands for y in pool.map(square, [Value(2.0)] * 200))


def test_a_derivative_asked_for_inside_no_grad_is_not_0():
    def cube(x):
        return x * x * x

    with no_grad():
        assert grad(cube)(2.0) == 12.0
        assert grad(grad(cube))(2.0) == hessian(cube)(2.0) == hvp(cube, 2.0, 1.0) == 12.0
        assert jacobian(lambda x: [x * x, x])(3.0) == [6.0, 1.0]
        assert jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
        assert vjp(cube, 2.0)[1](1.0) == (12.0,)


def test_inside_no_grad_a_derivative_by_values_is_a_leaf():
    w = Value(3.0)
    with no_grad():
        slopes = grad(lambda x: w * x * x)(2.0), grad(lambda v: v * v)(w)
    assert [(type(slope), slope.data, slope.operands) for slope in slopes] == [
        (Value, 12.0, ()),
        (Value, 6.0, ()),
    ]


def test_no_grad_inside_a_function_holds_while_it_is_differentiated():
    def f(x):
        with no_grad():
            factor = x * x
        return factor * x

    assert grad(f)(3.0).data == 9.0


def test_create_graph_connects_the_gradients_inside_no_grad_too():
    x = Value(2.0)
    y = x**3
    with no_grad():
        y.backward(create_graph=True)
        second = gradients(gradients(y, [x], create_graph=True)[0], [x])
    assert gradients(x.grad, [x]) == second == [12.0]


def test_enable_grad_without_a_mode_costs_no_mode():
    with enable_grad():
        assert autograd.modes.CURRENT.get() is None


def test_no_grad_refuses_to_decorate_what_would_run_after_it():
    def numbers():
        yield 1

    async def number():
        return 1

    async def later():
        yield 1

    for function in (numbers, number, later):
        with pytest.raises(TypeError, match="inside it"):
            no_grad()(function)


def test_no_grad_ends_when_its_block_raises():
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018
    assert (Value(1.0) * 2).operands


def test_no_grad_in_one_thread_is_not_seen_in_another():
    started, done, seen = threading.Event(), threading.Event(), []

    def other():
        started.wait(5)
        seen.append(len((Value(1.0) * 2).operands))
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        started.set()
        done.wait(5)
    thread.join()
    assert seen == [2]


def test_no_grad_in_one_task_is_not_seen_in_another():
    async def quiet(ready, go):
        with no_grad():
            ready.set()
            await go.wait()
            return len((Value(1.0) * 2).operands)

    async def loud(ready, go):
        await ready.wait()
        found = len((Value(1.0) * 2).operands)
        go.set()
        return found

    async def both():
        ready, go = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(quiet(ready, go), loud(ready, go))

    assert asyncio.run(both()) == [0, 2]


def test_a_switch_cannot_be_turned_on_twice_at_once():
    switch = no_grad()
    with switch, pytest.raises(RuntimeError, match="already on"), switch:
        pass


def test_detach_is_a_leaf_through_which_no_gradient_passes():
    x = Value(3.0, "x")
    y = (x * x).detach() * x
    y.backward()
    assert x.grad == 9.0
    assert x.detach().label == "x"


# Values as Python objects


def test_equality_and_hash_are_identity_and_the_order_is_that_of_the_numbers():
    a, b = Value(1.0), Value(1.0)
    assert a != b
    assert a == a
    assert len({a, b, a}) == 2
    assert Value(1.0) < Value(2.0) <= 2 < Value(3.0) >= 3.0 > Value(-1.0)
    assert [Value(2.0) < Value(1.0), Value(2.0) <= 1, Value(1.0) > Value(2.0), Value(1.0) >= 10**400] == [
        False
    ] * 4
    assert sorted([Value(2.0), Value(1.0)])[0].data == 1.0
    for wrong in ("1", None, True, 1j):
        with pytest.raises(TypeError, match="not supported between"):
            a < wrong  # noqa: B015


def test_the_truth_of_a_value_is_that_of_its_number():
    assert Value(0.5)
    assert not Value(0.0)


def test_sum_leaves_no_node_for_its_starting_0():
    a, b = Value(1.0), Value(2.0)
    assert sum([a]) is a
    assert sum([a, b]).operands == (a, b)
    assert (0.0 + a).op.name == "add"


def test_plus_and_abs_do_not_cut_the_graph():
    x = Value(-3.0)
    (+x + abs(x)).backward()
    assert x.grad == 0.0
    assert (+x).operands == (x,)


def test_an_in_place_operator_makes_a_new_node():
    x = Value(2.0)
    before = x
    x += 1
    x *= x
    assert (before.data, x.data) == (2.0, 9.0)
    x.backward()
    assert before.grad == 6.0


def test_the_repr_is_readable_and_a_format_formats_the_number():
    x = Value(2.0, "x")
    y = x * 3
    assert repr(x) == "Value(2.0, label='x', grad=0.0)"
    assert repr(y) == "Value(6.0, op='mul', grad=0.0)"
    assert f"{y:.2f}" == "6.00"
    assert f"{x}" == repr(x)


def test_many_labels_are_set_at_once():
    a, b, ws = Value(1.0), Value(2.0), [Value(3.0), Value(4.0)]
    _hidden, number = Value(5.0), 6.0
    label(locals())
    assert [a.label, b.label, ws[0].label, ws[1].label, _hidden.label] == ["a", "b", "ws[0]", "ws[1]", ""]
    label(loss=a, w=(b,))
    assert (a.label, b.label) == ("loss", "w[0]")
    with pytest.raises(TypeError, match="number"):
        label(number=number)


# Copies


def test_pickle_keeps_shared_nodes_shared_among_everything_pickled_together():
    x = Value(2.0, "x")
    shared = x * x
    y, z = shared * 3, shared + x
    (y * z).backward()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin_x, twin_y, twin_z = pickle.loads(pickle.dumps([x, y, z], protocol))
        assert twin_y.operands[0] is twin_z.operands[0]
        assert twin_z.operands[1] is twin_x is twin_y.operands[0].operands[0]
        assert (twin_x.grad, twin_y.grad, twin_y.op) == (x.grad, y.grad, y.op)


def test_deepcopy_backpropagates_to_its_own_leaves():
    x = Value(2.0)
    pair = {"x": x, "y": x * x}
    twin = copy.deepcopy(pair)
    twin["y"].backward()
    assert (twin["x"].grad, x.grad) == (4.0, 0.0)


def test_a_shallow_copy_shares_the_operands():
    x = Value(2.0)
    y = x * x
    assert copy.copy(y).operands == y.operands
    assert copy.copy(y) is not y


def test_a_pickle_that_fails_leaves_the_next_one_whole():
    x = Value(2.0, "x")
    y = x * x
    y.op = lambda: None
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(y + x)
    z = x * x * 3
    assert pickle.loads(pickle.dumps(z)).operands[0].operands[0].label == "x"


def test_copies_keep_gradients_that_are_nodes_of_the_graph_themselves():
    x = Value(2.0, "x")
    y = x**3
    y.backward(create_graph=True)
    for twin_x, twin_y in (pickle.loads(pickle.dumps((x, y))), copy.deepcopy((x, y))):
        assert twin_y.operands[0] is twin_x is not x
        assert (twin_x.grad.data, twin_y.grad.data) == (12.0, 1.0)
        assert gradients(twin_x.grad, [twin_x]) == [12.0]
    for alone in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)):
        assert alone.grad.data == 12.0
    assert gradients(pickle.loads(pickle.dumps(x.grad)), [x]) == [0.0]


def test_a_long_chain_whose_gradients_are_nodes_survives_pickle_and_deepcopy():
    x = y = Value(1.0)
    for _ in range(5_000):
        y = y * x
    y.backward(create_graph=True)
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        leaf = autograd.graph.topological_order(twin)[0]
        assert (leaf.grad.data, gradients(leaf.grad, [leaf])) == (5_001.0, [5_001.0 * 5_000.0])


def test_a_copy_that_fails_leaves_the_next_one_whole_even_while_its_error_is_kept():
    x = y = Value(1.0)
    for _ in range(3_000):
        y = y * 1.0
    leaf = Value(1.0)
    broken = leaf * x
    leaf.grad = threading.Lock()
    with pytest.raises(TypeError, match="pickle") as kept:
        copy.deepcopy(broken)
    assert copy.deepcopy(y).data == y.data
    assert kept.value.__traceback__ is not None


thrice = operation("thrice(x)", lambda x: 3 * x, lambda x: 3.0)


def test_a_graph_with_an_operation_of_ones_own_can_be_pickled():
    x = Value(2.0)
    twin = pickle.loads(pickle.dumps(thrice(x) * x))
    assert twin.operands[0].op is thrice.op


def test_an_operation_without_a_module_level_name_says_why_it_cannot_be_pickled():
    local = operation("local(x)", "x", ["1.0"])
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(local(Value(1.0)))


# Determinism


def test_the_same_expression_gives_the_same_steps_in_every_process():
    code = (
        "from autograd import *; from autograd.stepping.backprop import backprop;"
        "xs = [Value(0.1 * k, f'x{k}') for k in range(5)];"
        "y = tanh(dot(xs, xs[::-1])) + total(xs) * prod(xs[1:]) + where(xs[1] > 0, xs[2], xs[3]);"
        "print(list(backprop(y)), draw(y).source)"
    )
    assert len({run(code, PYTHONHASHSEED=seed) for seed in ("0", "1", "77")}) == 1


# Higher order


def test_any_order_comes_from_grad_of_grad():
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


def test_gradients_touch_no_grad_field_and_give_0_where_nothing_depends():
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


def test_a_graph_whose_numbers_were_overwritten_is_refused_where_it_would_be_wrong():
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


def test_a_wrong_argument_of_a_transform_is_a_clear_error():
    with pytest.raises(ValueError, match="argnums=2"):
        grad(sin, argnums=2)(1.0)
    with pytest.raises(TypeError, match="one number as its result, not 2"):
        grad(lambda x: [x, x])(1.0)
    with pytest.raises(ValueError, match="twice"):
        grad(maximum, argnums=(0, -2))(1.0, 2.0)
    for tangents in (([1.0], 2.0), ([1.0], [2.0, 3.0]), ([1.0, 2.0, 3.0],), ([1.0, [2.0]], 3.0)):
        with pytest.raises(ValueError, match="a tangent for each of 3 numbers, nested as they are"):
            jvp(lambda x, y: x[0] * y, ([1.0, 2.0], 3.0), tangents)
    with pytest.raises(ValueError, match="nested as they are"):
        jvp(lambda x: x["a"], ({"a": 1.0, "b": 2.0},), ({"b": 1.0, "a": 0.0},))
    with pytest.raises(ValueError, match="nested as the result's"):
        vjp(lambda x: {"a": x, "b": x * x}, 1.0)[1]({"b": 1.0, "a": 0.0})
    with pytest.raises(TypeError, match="gradients takes Values"):
        gradients(Value(1.0), [1.0])


# Operations of one's own


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
        (("f(x)", "foo(x)", ["1.0"]), "mentions foo"),
        (("f(x)", "x +", ["1.0"]), "not an expression"),
        (("f(x", "x", ["1.0"]), "a signature reads"),
        (("f(*xs, y)", "total(xs)", ["1.0", "1.0"]), "star every operand"),
        (("f(x, x)", "x", ["1.0", "1.0"]), "different names"),
        (("f(out)", "out", ["1.0"]), "'out' is the result's"),
        (("f(x, x_)", "x * x_", ["x_", "x"]), "'x_' cannot name an operand"),
        (("f(if)", "1.0", ["1.0"]), "'if' cannot name an operand"),
        (("f(mode)", "mode", ["1.0"]), "cannot be called mode"),
        (("f(edges)", "edges", ["1.0"]), "cannot be called edges"),
        (("f(x, x_edges)", "x * x_edges", ["x_edges", "x"]), "cannot be called x_edges"),
        (("f(x=1.0, y)", "x * y", ["y", "x"]), "defaults come last"),
        (("f(*xs=1.0)", "total(xs)", ["1.0"]), "a starred operand has none"),
        (("f(x)", "x", ["None"]), "mentions None"),
        (("f(x)", "x", ["1.0 # 2"]), "not an expression"),
    ],
)
def test_an_operation_that_cannot_be_read_is_an_error_at_once(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        operation(*arguments)


def test_an_operation_of_ones_own_is_like_a_built_in_one():
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


def test_a_rule_may_leave_out_what_has_a_default():
    leaky = operation("leaky(x)", "leaky_relu(x)", ["0.01 if x < 0 else 1.0"])
    assert leaky(Value(-2.0)).data == -0.02


@pytest.mark.parametrize("wrong", [math.sin, lambda *xs: 1.0, lambda x, **more: 1.0, lambda x, *, y: 1.0])
def test_only_a_function_of_operands_can_be_decorated(wrong):
    with pytest.raises(TypeError, match="whose parameters are its operands"):
        operation(partials=[lambda x: 1.0])(wrong)


def test_an_operation_without_a_word_about_it_is_documented_by_its_signature():
    assert operation("f(x)", "x", ["1.0"]).__doc__.startswith("f(x), a declared operation.")


def test_an_operation_may_have_the_name_of_a_built_in_one():
    mine = operation("exp(x)", "x * x", ["2 * x"])
    x = Value(3.0)
    assert (mine(x).data, exp(x).data, mine(x).partials) == (9.0, math.exp(3.0), (6.0,))


# numpy


def test_numpy_scalars_on_the_left_give_values():
    np = pytest.importorskip("numpy")
    x = Value(3.0)
    for made in (np.float64(2) * x, np.float32(2) + x, np.int64(2) - x, np.float64(2) / x, np.float64(2) ** x):
        assert type(made) is Value
        assert type(made.data) is float
        assert x in made.operands
    assert type(Value(np.float32(0.5)).data) is float


def test_numpy_object_arrays_of_values_compute_and_backpropagate():
    np = pytest.importorskip("numpy")
    a = np.array([Value(1.0), Value(2.0)], dtype=object)
    m = np.array([[Value(float(i + j)) for j in range(2)] for i in range(2)], dtype=object)
    y = (np.tanh(a) + np.exp(a) * 2 - a / 2) @ (m @ a) + np.sum(m) + a.dot(a)
    y.backward()
    assert type(y) is Value
    for value, truth in zip(a, gradient_of_arrays(np), strict=True):
        assert value.grad == pytest.approx(truth)


def gradient_of_arrays(np):
    """The same by central differences on plain numpy arrays."""

    def f(a):
        m = np.array([[0.0, 1.0], [1.0, 2.0]])
        return (np.tanh(a) + np.exp(a) * 2 - a / 2) @ (m @ a) + np.sum(m) + a.dot(a)

    units = np.eye(2) * 1e-6
    return [(f(np.array([1.0, 2.0]) + u) - f(np.array([1.0, 2.0]) - u)) / 2e-6 for u in units]


def test_a_value_and_an_array_give_an_array_of_values_from_both_sides():
    np = pytest.importorskip("numpy")
    x, numbers = Value(3.0), np.array([1.0, 2.0])
    for made in (x * numbers, numbers * x, x + numbers, numbers - x, x / numbers, numbers**x):
        assert made.shape == (2,)
        assert all(type(item) is Value for item in made)
    assert [item.data for item in numbers - x] == [-2.0, -1.0]
    assert (x > numbers).tolist() == (numbers < x).tolist() == [True, True]
    assert (x <= np.array([3.0, 2.0])).tolist() == [True, False]


def test_numpy_statistics_of_values_differentiate():
    np = pytest.importorskip("numpy")
    xs = np.array([Value(1.0), Value(2.0), Value(6.0)], dtype=object)
    np.var(xs).backward()
    assert [x.grad for x in xs] == pytest.approx([2 * (x - 3) / 3 for x in (1, 2, 6)])
    assert np.std(xs).data == pytest.approx(np.std([1.0, 2.0, 6.0]))
    assert np.mean(xs).data == 3.0
    assert np.vdot(xs, xs).data == 41.0


def test_every_trigonometric_name_of_numpy_finds_its_method():
    np = pytest.importorskip("numpy")
    for name in ("arcsin", "arccos", "arctan", "arcsinh", "arctanh", "sin", "sqrt", "cbrt", "log1p", "exp2"):
        array = getattr(np, name)(np.array([Value(0.5)], dtype=object))
        assert array[0].data == pytest.approx(float(getattr(np, name)(0.5)))


# Random programs: values and gradients against high precision, forward against reverse


def program(seed, xs):
    """A random straight-line program with much sharing, on whatever numbers it is given."""
    rng, values = random.Random(seed), list(xs)
    functions = [lambda x: x * x, lambda x: 1 / (x * x + 1), lambda x: x / 2 - 1, lambda x: -x]
    for _ in range(12):
        x, y = rng.choice(values), rng.choice(values[-3:])
        values.append(rng.choice([x + y, x * y, x - y * 2, (x * x + 1) ** 2 / 4, rng.choice(functions)(y)]))
        values[-1] = values[-1] / (1 + values[-1] * values[-1])
    return values[-1]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.floats(-2, 2), min_size=1, max_size=3))
def test_random_programs_have_the_gradient_of_high_precision(seed, xs):
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(50):
        exact = [mpmath.mpf(x) for x in xs]
        found = grad(lambda xs: program(seed, xs))(xs)
        assert program(seed, [Value(x) for x in xs]).data == pytest.approx(
            float(program(seed, exact)), abs=1e-12
        )
        for k, each in enumerate(found):
            step = mpmath.mpf(10) ** -20
            up, down = list(exact), list(exact)
            up[k] += step
            down[k] -= step
            slope = (program(seed, up) - program(seed, down)) / (2 * step)
            assert each == pytest.approx(float(slope), rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.floats(-2, 2), min_size=1, max_size=3))
def test_random_programs_have_the_same_derivative_forwards_and_in_reverse(seed, xs):
    reverse = grad(lambda xs: program(seed, xs))(xs)
    for k in range(len(xs)):
        unit = [float(j == k) for j in range(len(xs))]
        forward = jvp(lambda xs: program(seed, xs), (xs,), (unit,))[1]
        assert forward == pytest.approx(reverse[k], rel=1e-12, abs=1e-14)


# Where and mixed sequences


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
    assert clip(x, 0, Value(1.0)).partials == (0.0, None, 1.0)


# Compiled


def test_a_compiled_function_and_a_compiled_graph_give_the_result_of_new_data():
    pytest.importorskip("llvmlite")
    w = Value(3.0)
    function = autograd.compile(lambda x: tanh(w * x) * x)
    x = Value(0.5, "x")
    graph = autograd.compile(tanh(w * x) * x, inputs=[x])
    for weight, point in ((3.0, 0.5), (3.0, -0.25), (0.7, -0.25), (0.7, 2.0)):
        w.data = weight
        expected = math.tanh(weight * point) * point
        assert function(point) == pytest.approx(expected, rel=1e-15)
        assert graph(point) == pytest.approx(expected, rel=1e-15)


# Weight


def test_importing_loads_no_heavy_package():
    heavy = "numpy llvmlite hypothesis matplotlib rich mpmath graphviz torch jax IPython".split()
    for module in ("autograd", "nn"):
        code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
        assert run(code).strip() == "[]"


def test_a_node_of_a_chain_of_additions_takes_at_most_200_bytes():
    code = (
        "import tracemalloc; from autograd import Value; x = y = Value(1.0); tracemalloc.start();\n"
        "for _ in range(100_000): y = y + x\n"
        "y.backward(); print(tracemalloc.get_traced_memory()[0] / 100_000)"
    )
    assert float(run(code)) <= 200
