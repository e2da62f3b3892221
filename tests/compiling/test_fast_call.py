"""A compiled function of plain floats, called through the native function and without it."""

import gc
import math
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("llvmlite")
np = pytest.importorskip("numpy")

import autograd
from autograd import Value
from autograd.compiling.codegen.fast_call import available
from autograd.compiling.compiled import Compiled
from autograd.compiling.run import running
from tests.helpers import python_output


@pytest.fixture(params=[True, False], ids=["native", "python"])
def way(request, monkeypatch):
    """Run a test with the native function, and with the one in Python, as on another interpreter."""
    if request.param and not available():
        pytest.skip("this Python has other objects")
    monkeypatch.setattr(running, "available", lambda: request.param)
    return request.param


def taken(compiled: Compiled):
    """Return the function that the last call of `compiled` used."""
    return compiled._store.value.plan.at_once


def area(a, b, c):
    s = (a + b + c) / 2.0
    return autograd.sqrt(s * (s - a) * (s - b) * (s - c))


def test_the_native_function_is_used_where_it_is_available(way):
    fast = autograd.compile(area)
    fast(3.0, 4.0, 5.0)
    assert (type(taken(fast)).__name__ == "builtin_function_or_method") == way
    assert fast(3.0, 4.0, 5.0) == 6.0


def test_floats_give_the_results_of_other_numbers(way):
    fast = autograd.compile(area)
    for _ in range(3):
        assert fast(3.0, 4.0, 5.0) == fast(3, 4, 5) == fast(np.float64(3.0), np.float32(4.0), 5) == 6.0
        value, (by_a, by_b, by_c) = fast.value_and_grad(3.0, 4.0, 5.0)
        assert (value, by_a, by_b, by_c) == (6.0, 2.0, 1.5, pytest.approx(0.0, abs=1e-12))
        assert fast.grad(3.0, 4.0, 5.0, wrt="b") == 1.5
        assert (
            fast.grad(3.0, 4.0, 5.0, wrt=["b", "a"]) == fast.grad(3.0, 4.0, 5.0, argnums=(1, 0)) == (1.5, 2.0)
        )
        assert np.shape(fast.hessian(3.0, 4.0, 5.0)) == (3, 3)
        assert type(fast(3.0, 4.0, 5.0)) is type(by_a) is float


def test_infinities_and_nan_are_passed_on(way):
    fast = autograd.compile(lambda x, y: x * y)
    fast(1.0, 2.0)
    assert fast(math.inf, -2.0) == -math.inf
    assert math.isnan(fast(math.inf, 0.0))
    assert math.isnan(fast(math.nan, 1.0))
    assert math.copysign(1.0, fast(-0.0, 1.0)) == -1.0


def test_arguments_that_are_not_numbers_are_refused(way):
    fast = autograd.compile(area)
    fast(3.0, 4.0, 5.0)
    for wrong in ("4", None, 4j, [4.0, 5.0]):
        with pytest.raises((TypeError, ValueError)):
            fast(3.0, wrong, 5.0)
    for arguments in ((), (3.0,), (3.0, 4.0), (3.0, 4.0, 5.0, 6.0)):
        with pytest.raises((TypeError, ValueError)):
            fast(*arguments)
    assert fast(3.0, 4.0, 5.0) == 6.0


def test_captured_values_are_read_at_each_call(way):
    w = Value(2.0)
    fast = autograd.compile(lambda x, y: w * x + y)
    assert fast(3.0, 1.0) == fast(3.0, 1.0) == 7.0
    w.data = 5.0
    assert fast(3.0, 1.0) == 16.0
    assert fast.grad(3.0, 1.0) == (5.0, 1.0)
    assert fast.grad(3.0, 1.0, wrt=[w]) == [3.0]


def test_nested_results_keep_their_structure(way):
    fast = autograd.compile(lambda x, y: {"sum": x + y, "both": [x * y, (x - y, 2.0)]})
    for _ in range(2):
        assert fast(3.0, 2.0) == {"sum": 5.0, "both": [6.0, (1.0, 2.0)]}


def test_no_result_depends_on_another_call_in_another_thread(way):
    fast = autograd.compile(lambda x, y: x * 1000.0 + autograd.exp(y) - autograd.exp(y))
    fast(0.0, 0.0)

    def calls(k):
        return all(fast(float(k), float(n % 7)) == pytest.approx(1000.0 * k) for n in range(2_000))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(calls, range(8)))


def test_a_finalizer_that_runs_during_a_call_may_call_the_function_itself():
    fast = autograd.compile(lambda x, y: x - y)
    fast(1.0, 2.0)
    found = []

    class Cycle:
        def __init__(self):
            self.me = self

        def __del__(self):
            found.append(fast(7.0, 2.0))

    for k in range(3_000):
        Cycle()
        kept = [fast(float(k), 1.0) for _ in range(2)]
        assert kept == [k - 1.0] * 2
    assert found
    assert set(found) == {5.0}


def test_a_finalizer_in_a_garbage_cycle_may_call_a_compiled_function_of_that_cycle():
    found = []

    def make(k):
        fast = autograd.compile(lambda x, y: x - y + k)
        fast(1.0, 2.0)

        class Member:
            def __del__(self):
                autograd.compile(lambda x, y: x * y + k)(1.0, 5.0)  # would take the place of freed code
                found.append(fast(7.0, 2.0))

        fast.member, fast.member.fast = Member(), fast

    for k in range(5):
        make(float(k))
        gc.collect()
    assert found == [5.0, 6.0, 7.0, 8.0, 9.0]


@pytest.mark.parametrize("native", [True, False], ids=["native", "python"])
def test_calls_leak_no_memory_and_no_references(native):
    code = f"""
import gc, sys, autograd
from autograd.compiling.run import running
if not {native}:
    running.available = lambda: False
fast = autograd.compile(lambda a, b, c: autograd.sqrt((a + b + c) * a * b * c))

def calls(count):
    for _ in range(count):
        fast.value_and_grad(3.0, 4.0, 5.5)
        fast(3.0, 4, 5.5)
    gc.collect()

calls(100)
blocks, references = sys.getallocatedblocks(), sys.getrefcount(None)
calls(2_000)
print(sys.getallocatedblocks() - blocks, sys.getrefcount(None) - references)
"""
    blocks, references = map(int, python_output(code).split())  # of a process with no other thread
    assert abs(blocks) < 200
    assert abs(references) < 200


def test_a_function_may_be_deleted_and_compiled_again(way):
    for k in range(30):
        offset = float(k)
        fast = autograd.compile(lambda x, y, offset: x * y + offset)
        assert fast(2.0, 3.0, offset) == fast(2.0, 3.0, offset) == 6.0 + k
        del fast
        gc.collect()


def test_a_long_kernel_releases_the_gil(monkeypatch):
    monkeypatch.setattr(running, "_SHORT", 3)
    fast = autograd.compile(area)
    assert fast(3.0, 4.0, 5.0) == fast(3.0, 4.0, 5.0) == 6.0
    assert type(taken(fast)).__name__ == "function"
