"""A compiled function of arrays, which native code receives, or Python on another interpreter."""

from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("llvmlite")
np = pytest.importorskip("numpy")

import autograd
from autograd import Value, dot
from autograd.compiling.codegen.receive import available
from autograd.compiling.run import running
from tests.helpers import python_output

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(21, 3)), RNG.normal(size=21), RNG.normal(size=(2, 3))


@pytest.fixture(params=[True, False], ids=["native", "python"])
def way(request, monkeypatch):
    """Run a test with the native function, and without it, as on another interpreter."""
    if request.param and not available():
        pytest.skip("this Python or numpy has other objects")
    monkeypatch.setattr(running, "readable", lambda: request.param)
    return request.param


def model(w, x, y, scale):
    return scale * sum(dot(row, x) * y for row in w)


def expected(w, x, y, scale):
    return scale * (x @ w.T).sum(axis=1) * y


@pytest.fixture
def fast(way):
    return autograd.compile(model, batched=("x", "y"))


def plan_of(compiled):
    return compiled._store.value.plan


def test_native_code_receives_arrays_where_it_can(fast, way):
    fast(W, X, Y, 2.0)
    plan = plan_of(fast)
    assert (plan.at_once is not None) == way
    if way:
        assert plan.at_once(W, X, Y, 2.0) is not None


def test_the_first_call_makes_all_that_later_calls_need(fast, way):
    fast(W, X, Y, 2.0)
    assert [workspace.receive is not None for workspace in plan_of(fast).runner.kernel.free] == [way]


def test_all_kinds_of_arrays_give_the_same_results(fast):
    wide = np.zeros((21, 7))
    wide[:, 2:5] = X
    backwards, fixed = X[::-1].copy()[::-1], X.copy()
    fixed.flags.writeable = False
    raw = np.zeros(8 * 63 + 1, dtype=np.uint8)
    unaligned = raw[1:].view(np.float64).reshape(21, 3)
    unaligned[:] = X
    every_x = [X, np.asfortranarray(X), wide[:, 2:5], backwards, fixed, unaligned, X.astype(">f8")]
    every_y = [Y, np.repeat(Y, 2)[::2], Y[::-1].copy()[::-1], Y.astype(">f8"), np.ascontiguousarray(Y)]
    every_w = [W, np.asfortranarray(W), W.T.copy().T, W.astype(">f8")]
    value = fast(W, X, Y, 2.0)
    gradient = fast.grad(W, X, Y, 2.0)
    assert value == pytest.approx(expected(W, X, Y, 2.0))
    for w in every_w:
        for x in every_x:
            for y in every_y:
                for scale in (2.0, 2, np.float64(2.0)):
                    assert (fast(w, x, y, scale) == value).all()
                found = fast.grad(w, x, y, 2.0)
                for one, other in zip(found, gradient, strict=True):
                    assert np.array_equal(one, other)


def test_numbers_of_other_types_are_converted(fast):
    fast(W, X, Y, 2.0)
    for dtype in ("float32", "int64", "int8", "float16"):
        w, x, y = (np.round(4 * item).astype(dtype) for item in (W, X, Y))
        assert np.array_equal(fast(w, x, y, 2), fast(*(item.astype(float) for item in (w, x, y)), 2.0))
        assert fast(w, x, y, 2).dtype == np.float64


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 255, 256, 257, 5000])
def test_any_number_of_rows_follows_any_other(fast, rows):
    fast(W, X, Y, 2.0)
    x, y = RNG.normal(size=(rows, 3)), RNG.normal(size=rows)
    value, (by_w, by_x, by_y, by_scale) = fast.value_and_grad(W, x, y, 2.0)
    assert value == pytest.approx(expected(W, x, y, 2.0))
    assert by_w == pytest.approx(np.tile(2.0 * (x * y[:, None]).sum(axis=0), (2, 1)))
    assert by_x == pytest.approx(2.0 * W.sum(axis=0) * y[:, None])
    assert by_y == pytest.approx(expected(W, x, 1.0, 2.0))
    assert by_scale == pytest.approx(expected(W, x, y, 1.0).sum())
    assert np.array_equal(fast(W, X, Y, 2.0), fast(W.copy(), X.copy(), Y.copy(), 2.0))


def test_wrong_arguments_are_refused_after_right_ones(fast):
    right = fast(W, X, Y, 2.0)
    for wrong in (
        (W, X, Y[:20], 2.0), (W, X[:20], Y, 2.0), (W, X, np.array(1.0), 2.0), (W, X, Y, "2"), (W, X, None, 2.0),
        (W, X > 0, Y, 2.0), (W, X.astype(complex), Y, 2.0), (W, X, Y.astype(object) + 1j, 2.0), (W, X, Y),
        (W, np.zeros((21, 4)), Y, 2.0), (np.zeros(6), X, Y, 2.0), (W, X, Y, 2.0, 3.0),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError)):
            fast(*wrong)
    assert np.array_equal(fast(W, X, Y, 2.0), right)
    assert fast(W[:1], X, Y, 2.0) == pytest.approx(expected(W[:1], X, Y, 2.0))  # another form: compiled again
    assert fast(np.float64(3.0) * W, X, Y[:, np.newaxis][:, 0], np.array(2.0)) == pytest.approx(3.0 * right)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_an_array_that_another_thread_reshapes_is_not_read_beyond_its_end(way, kind, monkeypatch):
    fast = autograd.compile(lambda x, y: 2.0 * dot(x, y), batched="y")
    x, y = np.ones(3, kind), np.asfortranarray(np.ones((6, 3)))
    assert (fast(x, y) == 6.0).all()
    run = running.Runner.run

    def reshape_first(self, leaves):
        y.shape = (6, 1, 3) if y.shape == (6, 3) else (6, 3)
        return run(self, leaves)

    monkeypatch.setattr(running.Runner, "run", reshape_first)
    with pytest.raises(ValueError, match=r"y had the shape \(6, 3\) when the call began, and \(6, 1, 3\) now"):
        fast(x, y)
    assert (fast(x, y[:, 0]) == 6.0).all()


def test_results_are_new_arrays(fast):
    first = fast.value_and_grad(W, X, Y, 2.0)
    kept = [first[0].copy(), *(np.copy(item) for item in first[1])]
    fast.value_and_grad(3 * W, 2 * X, Y + 1, 5.0)
    for found, before in zip([first[0], *first[1]], kept, strict=True):
        assert np.array_equal(found, before)


def test_arrays_at_a_single_point_and_in_nested_arguments(way):
    fast = autograd.compile(lambda p, x: p["scale"] * dot(p["w"], x) + p["b"][0])
    p = {"scale": 3.0, "w": np.array([1.0, 2.0]), "b": np.array([0.5])}
    for k in range(3):
        value, (by_p, by_x) = fast.value_and_grad(p, np.array([k, 1.0]))
        assert value == 3.0 * (k + 2.0) + 0.5
        assert (by_p["scale"], by_p["w"].tolist(), by_p["b"].tolist()) == (k + 2.0, [3.0 * k, 3.0], [1.0])
        assert by_x.tolist() == [3.0, 6.0]
    with pytest.raises(TypeError):
        fast(p, [Value(1.0), 2.0])
    assert fast({**p, "scale": 1}, np.array([0, 1])) == 2.5


def test_captured_values_are_read_at_each_call_with_arrays(way):
    w = Value(2.0)
    fast = autograd.compile(lambda x: w * x, batched="x")
    assert fast(Y).tolist() == (2.0 * Y).tolist()
    w.data = 5.0
    assert fast(Y).tolist() == (5.0 * Y).tolist()


def test_threads_do_not_share_what_they_received(fast):
    fast(W, X, Y, 1.0)

    def calls(k):
        x = np.full((5 + k, 3), float(k))
        right = expected(W, x, np.ones(5 + k), 1.0)
        return all(np.allclose(fast(W, x, np.ones(5 + k), 1.0), right) for _ in range(500))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(calls, range(8)))


@pytest.mark.parametrize("native", [True, False], ids=["native", "python"])
def test_calls_with_arrays_leak_no_memory_and_no_references(native):
    code = f"""
import gc, sys, numpy, autograd
from autograd.compiling.run import running
if not {native}:
    running.readable = lambda: False
fast = autograd.compile(lambda w, x: w[0] * x, batched="x")
w, x, other = numpy.ones(2), numpy.ones(5), numpy.ones(5, dtype=int)

def calls(count):
    for _ in range(count):
        fast.value_and_grad(w, x)
        fast(w, other)
    gc.collect()

calls(100)
blocks, references = sys.getallocatedblocks(), sys.getrefcount(True) + sys.getrefcount(False)
of_arrays = [sys.getrefcount(item) for item in (w, x, other, x.dtype)]
calls(2_000)
print(sys.getallocatedblocks() - blocks, sys.getrefcount(True) + sys.getrefcount(False) - references)
print(*(sys.getrefcount(item) - n for item, n in zip((w, x, other, x.dtype), of_arrays)))
"""
    blocks, references, *of_arrays = map(int, python_output(code).split())
    assert abs(blocks) < 200
    assert abs(references) < 200
    assert max(map(abs, of_arrays)) < 200
