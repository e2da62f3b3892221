"""no_grad, enable_grad and anomaly_detection, in threads and tasks too."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import autograd
from autograd import (
    Value,
    enable_grad,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    vjp,
)


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


def test_no_grad_cannot_decorate_a_generator_or_coroutine():
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
        assert started.wait(60)
        seen.append(len((Value(1.0) * 2).operands))
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        started.set()
        assert done.wait(60)
    thread.join(60)
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

    with ThreadPoolExecutor(1) as thread:  # this one has an event loop already, after a test in a browser
        assert thread.submit(lambda: asyncio.run(both())).result(60) == [0, 2]


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
