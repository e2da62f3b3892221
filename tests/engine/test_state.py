"""Grads that are Values, None or strings, interrupted passes, overwritten numbers, comparisons."""

import contextlib
import copy
import math
import pickle
import signal
import threading
import time
from itertools import pairwise

import pytest

import autograd
from autograd import (
    StaleGraphError,
    Value,
    cos,
    draw,
    enable_grad,
    exp,
    gradients,
    maximum,
    no_grad,
    operation,
    sin,
    square,
    total,
    where,
)
from autograd.graph import grad_number
from autograd.modes import CURRENT
from nn import SGD
from tests.helpers import may_be_interrupted


def test_a_gradient_is_never_the_parameter_itself():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    (x * w).backward(create_graph=True)
    assert x.grad is not w
    assert w.grad is not x
    x.grad.data += 1.0
    assert w.data == 3.0
    a, b = Value(1.0), Value(2.0)
    (a + b).backward(create_graph=True)
    assert a.grad is not b.grad


def test_after_a_recorded_pass_pictures_steppers_and_optimisers_use_the_numbers():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    y = x * w
    y.backward(create_graph=True)
    assert "+3" in draw(y).source
    y.backprop().finish()
    assert (x.grad, grad_number(x)) == (6.0, 6.0)
    (x * w).backward(create_graph=True)
    SGD([w], lr=0.1).step()
    assert w.data == pytest.approx(3.0 - 0.1 * grad_number(w))
    assert isinstance(w.data, float)


def test_recorded_passes_in_many_threads_lose_no_addition():
    x = Value(2.0)

    def work():
        for _ in range(50):
            (x * 3.0).backward(create_graph=True)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert x.grad.data == 8 * 50 * 3.0


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_grad_of_none_counts_as_0(create_graph):
    x, y = Value(2.0), Value(3.0)
    x.grad = None
    (x * y).backward(create_graph=create_graph)
    assert grad_number(x) == 3.0
    x.grad = None
    assert (x * y).backprop().finish().done == 2
    x.grad = None
    assert draw(x * y).source
    SGD([x], lr=1.0).step()
    assert x.data == 2.0


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_grad_that_is_not_a_number_raises_before_any_grad_changes(create_graph):
    x, y, z = Value(2.0), Value(3.0, "y"), Value(5.0)
    y.grad = "text"
    out = x * y * z
    with pytest.raises(TypeError, match="grad of y is 'text'"):
        out.backward(create_graph=create_graph)
    assert (x.grad, y.grad, z.grad) == (0.0, "text", 0.0)
    y.grad = 0.0
    out.backward()
    assert (x.grad, y.grad, z.grad) == (15.0, 10.0, 6.0)


class StopError(Exception):
    """The exception that a signal raises in these tests."""


def stopped_after(seconds, work):
    """Return whether work was interrupted a time after its start, and then twice more at once."""
    count = 0

    def handler(_, frame):
        nonlocal count
        count += 1
        if count >= 3:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if may_be_interrupted(frame, stopped_after):
            raise StopError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, 5e-5)
        work()
    except StopError:
        pass
    finally:
        while count < 3:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                break
            except StopError:
                continue
        signal.signal(signal.SIGALRM, before)
    return count > 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that send signals")
def test_an_interrupted_pass_leaves_the_grads_of_all_leaves_as_they_were_or_done():
    leaves = [Value(0.5 + k / 4000) for k in range(2000)]
    out = total([square(a) * b for a, b in pairwise(leaves)])
    out.backward()
    expected = [leaf.grad for leaf in leaves]
    out.backward()
    twice = [leaf.grad for leaf in leaves]
    struck = 0
    start = time.perf_counter()
    out.backward()
    took = time.perf_counter() - start
    for k in range(60):
        out.zero_grad()
        out.backward()
        try:
            struck += stopped_after(1e-5 + k / 60 * took, out.backward)
        except StopError:  # one more signal, between the handlers
            struck += 1
        assert [leaf.grad for leaf in leaves] in (expected, twice)
        out.zero_grad()
        out.backward()
        assert [leaf.grad for leaf in leaves] == expected
    assert struck


def test_a_pass_that_runs_out_of_memory_is_undone_without_memory(monkeypatch):
    x, y = Value(2.0), Value(3.0)
    x.grad = 7.0
    out = sin(x) * y

    class Failing(float):
        def __mul__(self, other):
            raise MemoryError

        __rmul__ = __mul__

    node = out.operands[0]
    before, node.partials = node.partials, (Failing(1.0),)
    with pytest.raises(MemoryError):
        out.backward()
    assert (x.grad, y.grad) == (7.0, 0.0)
    node.partials = before
    out.backward()
    assert (x.grad, y.grad) == (7.0 + 3.0 * math.cos(2.0), math.sin(2.0))


def test_copies_and_pickles_made_at_any_time_have_numbers_as_grads():
    x = Value(2.0)
    out = sin(x) * x
    out.backward()
    for twin in (copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        twin.backward()
        assert type(twin.grad) is float


@pytest.mark.parametrize("f", [sin, lambda x: x**3, cos, square, lambda x: x * x * x, lambda x: exp(x * x)])
def test_overwriting_a_leaf_is_detected_even_with_an_equal_derivative(f):
    x = Value(2.0)
    y = f(x)
    x.data = -x.data
    y.backward()
    with pytest.raises(StaleGraphError):
        gradients(y, [x], create_graph=True)
    x.data = -x.data
    assert gradients(y, [x], create_graph=True)[0].data == gradients(y, [x])[0]


def test_backward_from_an_unrecorded_value_is_a_clear_error():
    x = Value(2.0)
    with no_grad():
        y = x * x
    with pytest.raises(ValueError, match=r"computed inside no_grad\(\)"):
        y.backward()
    assert (y.partials, y.operands) == ((), ())
    assert pickle.loads(pickle.dumps(y)).data == 4.0


def test_a_picture_after_a_pass_starts_from_zero_and_a_stepper_reports_existing_grads():
    x = Value(3.0, "x")
    y = x * 2
    y.backward()
    assert draw(y, step=1).source.count("+2.0000") >= 1
    assert "+4.0000" not in draw(y, step=1).source
    first = repr(y.backprop()).splitlines()[0]
    assert "adds to the grad already in x" in first
    assert "zero_grad()" in first
    y.zero_grad()
    assert "already" not in repr(y.backprop())


@pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")  # what Python 3.12 says of ~True
@pytest.mark.parametrize(
    "make",
    [
        lambda x: where(x == 1.0, 5.0, 7.0),
        lambda x: where(x != 2.0, 5.0, 7.0),
        lambda x: where((x > 0) & (x == 1.0), 5.0, 7.0),
        lambda x: where((x == 1.0) | (x > 5), 5.0, 7.0),
        lambda x: where(~(x == 1.0), 5.0, 7.0),
        lambda x: where(~(x > 0), 5.0, 7.0),
        lambda x: x & x,
        lambda x: x | 1.0,
        lambda x: ~x,
    ],
)
def test_only_comparisons_of_numbers_are_conditions(make):
    with pytest.raises(TypeError, match=r"same node|must be conditions|~ of a bool|~ negates"):
        make(Value(1.0))


@pytest.mark.parametrize(
    "use",
    [
        lambda x, y: (x == y) * x,
        lambda x, y: y * (x != y),
        lambda x, y: 1 - (x == y),
        lambda x, y: sum([x == y, x == 1.0]),
        lambda x, y: total([x == y, x]),
        lambda x, y: maximum(x == y, x),
        lambda x, y: float(x == y),
        lambda x, y: int(x != y),
        lambda x, y: [x, y][x == y],
        lambda x, y: (x == y) == True,  # noqa: E712
        lambda x, y: (x == y) < 1,
    ],
)
def test_the_result_of_an_equality_does_not_count_as_1_or_0(use):
    with pytest.raises(TypeError, match=r"same node, not their numbers.* Use <, <=, > or >="):
        use(Value(1.0), Value(1.0))


def test_conditions_combine_as_they_do_for_bools():
    x = Value(1.0)
    assert where((x > 0) & (x < 2), 5.0, 7.0) == 5.0
    assert where((x > 0) | (x > 2), 5.0, 7.0) == 5.0
    assert where((x > 0) & (x > 2), 5.0, 7.0) == 7.0


def test_equality_is_still_that_of_nodes_wherever_python_asks_for_it():
    x, y = Value(1.0), Value(1.0)
    assert (bool(x == y), bool(x != y)) == (False, True)
    assert (x == x, x != x) == (True, False)
    assert [y, x].index(x) == 1
    assert 1.0 not in [x]
    assert {x: 1, y: 2}[x] == 1
    assert x != "a"


@pytest.mark.parametrize("convert", [math.tanh, float, int, math.isnan, lambda v: round(v, 2), complex])
def test_a_value_does_not_become_a_python_number(convert):
    with pytest.raises(TypeError, match=r"value\.data.*autograd\.\w+\(value\)"):
        convert(Value(1.0))


def test_the_error_names_the_function_that_was_called():
    with pytest.raises(TypeError, match=r"autograd\.sin\(value\) instead of math\.sin\(value\)"):
        math.sin(Value(1.0))


def test_whole_numbers_of_a_value_come_from_operators_and_functions():
    x = Value(7.5)
    assert (x // 2).data == 3.0
    assert [item.data for item in divmod(x, 2)] == [3.0, 1.5]
    assert [item.data for item in divmod(20, x)] == [2.0, 5.0]
    assert [math.floor(x).data, math.ceil(x).data, round(x).data, math.trunc(x).data] == [7.0, 8.0, 8.0, 7.0]
    assert (autograd.floor(x).data, autograd.ceil(x).data, autograd.round(x).data) == (7.0, 8.0, 8.0)


def test_second_order_through_a_float_partial_names_the_operation_and_the_remedy():
    wave = operation("wave(x)", math.sin, math.cos)
    x = Value(1.0)
    assert gradients(wave(x), [x]) == [math.cos(1.0)]
    with pytest.raises(TypeError, match=r"partial of wave .*autograd\.cos"):
        gradients(wave(x), [x], create_graph=True)


def results(x):
    with no_grad():
        for k in range(3):
            yield x * k


def test_no_grad_inside_a_generator_does_not_leak_into_its_caller():
    x = Value(2.0)
    for inside in results(x):
        outside = x * 3.0
        assert (inside.operands, len(outside.operands)) == ((), 2)
    assert len((x * 3.0).operands) == 2
    unfinished = results(x)
    next(unfinished)
    assert len((x * 3.0).operands) == 2
    assert autograd.grad(lambda v: v * v)(x).operands
    del unfinished
    assert len((x * 3.0).operands) == 2


def switching(x, switch):
    with switch():
        yield bool((x * x).operands)
        yield bool((x * x).operands)
    yield bool((x * x).operands)


@pytest.mark.parametrize("inner", [no_grad, enable_grad])
@pytest.mark.parametrize("outer", [no_grad, enable_grad])
def test_a_generator_keeps_its_mode_inside_a_switch_of_its_caller(inner, outer):
    x = Value(2.0)
    generator, other = switching(x, inner), switching(x, outer)
    records = {no_grad: False, enable_grad: True}
    assert next(generator) == records[inner]
    assert bool((x * x).operands)
    with outer():
        assert bool((x * x).operands) == records[outer]
        assert next(generator) == records[inner]
        assert next(other) == records[outer]
        assert bool((x * x).operands) == records[outer]
        assert next(generator) == records[outer]  # after its own switch, inside the caller's
        assert bool((x * x).operands) == records[outer]
    assert bool((x * x).operands)
    assert (next(other), next(other)) == (records[outer], True)
    assert CURRENT.get() is None


@contextlib.contextmanager
def evaluating():
    with no_grad():
        yield


@contextlib.contextmanager
def evaluating_twice():
    with evaluating():
        yield


@pytest.mark.parametrize("manager", [evaluating, evaluating_twice])
def test_a_switch_in_a_context_manager_of_ones_own_applies_to_its_user(manager):
    x = Value(2.0)
    with manager():
        assert (x * x).operands == ()
    assert len((x * x).operands) == 2

    @manager()
    def computed():
        return x * x

    assert computed().operands == ()
    assert CURRENT.get() is None


def test_a_generator_and_a_caller_that_both_switch_do_not_disturb_each_other():
    x = Value(2.0)
    generator = results(x)
    next(generator)
    with no_grad():
        assert (x * 3.0).operands == ()
        assert list(generator)
        assert (x * 3.0).operands == ()
    assert len((x * 3.0).operands) == 2
    with no_grad():
        started = results(x)
        next(started)
    assert len((x * 3.0).operands) == 2
    assert list(started)
    assert len((x * 3.0).operands) == 2


def test_a_switch_of_an_exit_stack_belongs_to_the_generator_that_entered_it():
    x = Value(2.0)

    def records():
        return bool((x * x).operands)

    def items():
        with contextlib.ExitStack() as stack:
            stack.enter_context(no_grad())
            yield records()
            yield records()

    @contextlib.contextmanager
    def block():
        with contextlib.ExitStack() as stack:
            stack.enter_context(no_grad())
            yield

    first, second = items(), items()
    assert [next(first), records(), next(second), records()] == [False, True, False, True]
    first.close()
    assert [records(), next(second), records()] == [True, False, True]
    second.close()
    assert (records(), CURRENT.get()) == (True, None)
    with block():
        assert not records()
    assert records()
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_grad())
        kept = stack.pop_all()
    assert not records()
    kept.close()
    assert (records(), CURRENT.get()) == (True, None)


class Evaluating:
    def __enter__(self):
        self.switch = no_grad()
        self.switch.__enter__()

    def __exit__(self, *error):
        self.switch.__exit__(*error)


def entered_by_hand():
    switch = no_grad()
    enter(switch)
    try:
        yield recorded()
    finally:
        switch.__exit__(None, None, None)


def enter(switch):
    switch.__enter__()


def in_a_stack():
    with contextlib.ExitStack() as stack:
        stack.enter_context(evaluating())
        yield recorded()


def delegating():
    yield from inside(evaluating)


def inside(manager):
    with manager():
        yield recorded()


def recorded():
    return bool((Value(2.0) * 2).operands)


@pytest.mark.parametrize(
    "make",
    [
        lambda: inside(evaluating),
        lambda: inside(evaluating_twice),
        lambda: inside(Evaluating),
        entered_by_hand,
        in_a_stack,
        delegating,
    ],
)
def test_a_switch_that_a_helper_turns_on_for_a_generator_does_not_leak_into_its_caller(make):
    generator = make()
    assert (next(generator), recorded()) == (False, True)
    assert (list(generator), recorded()) == ([], True)
    for end in (lambda generator: generator.close(), lambda generator: None):
        generator = make()
        next(generator)
        end(generator)
        del generator
        assert recorded()
    with no_grad():
        generator = make()
        assert (next(generator), recorded()) == (False, False)
    assert recorded()
    assert (list(generator), recorded(), CURRENT.get()) == ([], True, None)


@pytest.mark.parametrize("manager", [evaluating, evaluating_twice, Evaluating])
def test_a_context_manager_that_uses_a_switch_works_outside_of_generators(manager):
    with manager():
        assert not recorded()
        with enable_grad():
            assert recorded()
        assert not recorded()
    assert recorded()


@pytest.mark.parametrize("kind", ["float32", "float16", "int64"])
def test_a_grad_of_another_type_does_not_round_what_is_added_to_it(kind):
    numpy = pytest.importorskip("numpy")
    x = Value(2.0)
    x.grad = getattr(numpy, kind)(1)
    (x * 0.1).backward()
    assert (x.grad, type(x.grad)) == (1.1, float)


def test_a_derivative_is_never_the_parameter_itself():
    w = Value(3.0, "w")
    found = [
        autograd.grad(lambda x: x * w)(2.0),
        autograd.jvp(lambda x: x * w, (2.0,), (1.0,))[1],
        autograd.taylor(lambda x: x * w, 2.0, 1)[1],
        gradients((x := Value(2.0)) * w, [x], create_graph=True)[0],
        autograd.jacobian(lambda x: [x * w])(2.0)[0],
        autograd.vjp(lambda x: x * w, 2.0)[1](1.0)[0],
    ]
    assert all(item is not w and item.data == 3.0 for item in found)
    assert [gradients(item, [w]) for item in found] == [[1.0]] * 6
