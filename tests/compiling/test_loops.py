"""A large sum of terms of the same form compiles to a loop over the terms, with the same results."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import Value, dot, exp, log1p, mean, square, tanh, total
from autograd.compiling.expressions import detect_loops
from autograd.compiling.expressions.pool import Pool

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(300, 5)).tolist(), rng.normal(size=300).tolist()
Y[3], X[5][2], X[7][1] = 1.0, 0.0, 1.0  # numbers that also occur elsewhere in the function


def regression(w, b):
    return mean([square(tanh(dot(w, x) + b) - y) for x, y in zip(X, Y, strict=True)]) + 0.1 * dot(w, w)


def chained(w, b):
    """A sum written with operators only."""
    return sum(
        square(tanh(sum(a * c for a, c in zip(w, x, strict=True)) + b) - y) for x, y in zip(X, Y, strict=True)
    ) / len(X)


def common(w, b):
    """A sum with a computed number in all terms."""
    scale = exp(b)
    return total([log1p(exp(-y * dot(w, x))) * scale - scale for x, y in zip(X, Y, strict=True)])


def neighbours(x):
    return sum(100 * square(b - a * a) + square(1 - a) for a, b in pairwise(x))


def pairs(x):
    """A sum over all pairs, whose inputs are not equally spaced."""
    count = len(x)
    return total([x[i] * x[j] * exp(-square(x[i] - x[j])) for i in range(count) for j in range(i)]) * 2 - x[0]


def two_forms(x):
    return total([square(v) * v for v in x]) - total([tanh(v * 0.5) * exp(v) for v in x[::-1]])


CASES = {
    regression: (rng.normal(size=5), 0.3),
    chained: (rng.normal(size=5), 0.3),
    common: (rng.normal(size=5), 0.3),
    neighbours: (rng.normal(size=500),),
    pairs: (rng.normal(size=60),),
    two_forms: (rng.normal(size=400),),
}


def eager(f, args):
    """Return the value and the gradients as arrays, by the engine."""
    leaves = [[Value(float(v)) for v in a] if np.ndim(a) else Value(float(a)) for a in args]
    result = f(*leaves)
    result.backward()
    grads = [np.array([v.grad for v in leaf]) if isinstance(leaf, list) else leaf.grad for leaf in leaves]
    return result.data, grads


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_a_loop_equals_the_engine(f):
    args = CASES[f]
    fast = autograd.compile(f)
    value, gradients = fast.value_and_grad(*args, wrt=tuple(range(len(args))))
    expected, slopes = eager(f, args)
    assert value == pytest.approx(expected, rel=1e-13)
    assert fast(*args) == pytest.approx(expected, rel=1e-13)
    for found, slope in zip(gradients, slopes, strict=True):
        assert np.shape(found) == np.shape(slope)
        assert np.allclose(found, slope, rtol=1e-12, atol=1e-11)
    assert "a loop over" in fast.explain()


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_a_loop_equals_the_same_code_written_out(f, monkeypatch):
    args = CASES[f]
    looped = autograd.compile(f).grad(*args, wrt=tuple(range(len(args))))
    monkeypatch.setattr(detect_loops, "FEWEST", 10**9)
    straight = autograd.compile(f)
    for found, slope in zip(looped, straight.grad(*args, wrt=tuple(range(len(args)))), strict=True):
        assert np.allclose(found, slope, rtol=1e-12, atol=1e-11)
    assert "loop" not in straight.explain()


def test_derivatives_with_respect_to_some_arguments_and_to_captured_values():
    w, b = CASES[regression]
    fast = autograd.compile(regression)
    both = fast.grad(w, b)
    assert np.allclose(fast.grad(w, b, wrt="w"), both[0], rtol=1e-14)
    assert fast.grad(w, b, wrt=1) == pytest.approx(both[1], rel=1e-14)
    scale, unused = Value(0.5), Value(1.0)
    outside = autograd.compile(lambda x: total([scale * square(v) * v for v in x]))
    x = np.linspace(0, 1, 400)
    assert np.allclose(outside.grad(x, wrt=[scale, unused]), [(x**3).sum(), 0.0])
    scale.data = 2.0
    assert outside(x) == pytest.approx(2 * (x**3).sum())


def test_float32_to_its_own_rounding():
    x = CASES[neighbours][0]
    single = autograd.compile(neighbours, dtype="float32")
    assert single.grad(x).dtype == np.float32
    assert np.allclose(single.grad(x), eager(neighbours, (x,))[1][0], rtol=1e-4, atol=1e-2)


def test_few_or_small_terms_are_unrolled():
    fast = autograd.compile(lambda x: total([square(v) for v in x]))
    fast(np.ones(20))
    assert "loop" not in fast.explain()


def test_terms_that_differ_in_a_common_part_are_not_merged():
    def f(x, a, b):
        low, high = exp(a), exp(b)
        return total([square(v) * v * (low if k % 2 else high) for k, v in enumerate(x)])

    args = rng.normal(size=300), 0.1, 0.7
    value, gradients = autograd.compile(f).value_and_grad(*args, wrt=tuple(range(len(args))))
    expected, slopes = eager(f, args)
    assert value == pytest.approx(expected, rel=1e-12)
    assert all(np.allclose(a, b) for a, b in zip(gradients, slopes, strict=True))


def test_random_sums_of_random_forms():
    """Terms of a few forms, each of random operations on random inputs, in random order."""
    for seed in range(8):
        random = Random(seed)
        forms = [
            random.choices([square, tanh, lambda v: v * 0.5, exp, lambda v: v + 1.0], k=3) for _ in range(3)
        ]
        chosen = [(random.choice(forms), random.randrange(40), random.randrange(40)) for _ in range(300)]

        def f(x, chosen=chosen):
            result = 0.0
            for (first, second, third), i, j in chosen:
                result = result + first(tanh(second(x[i]))) * third(x[j])
            return result

        x = rng.normal(size=40)
        value, slopes = autograd.compile(f).value_and_grad(x)
        expected, (right,) = eager(f, (x,))
        assert value == pytest.approx(expected, rel=1e-12)
        assert np.allclose(slopes, right, rtol=1e-11, atol=1e-11)


def test_several_threads_share_no_state():
    fast = autograd.compile(neighbours)
    points = [rng.normal(size=500) for _ in range(16)]
    alone = [fast.value_and_grad(x) for x in points]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(fast.value_and_grad, points * 4))
    for (value, slopes), (other, others) in zip(together, alone * 4, strict=True):
        assert value == other
        assert (slopes == others).all()


def test_a_loss_over_many_samples_compiles_to_few_instructions():
    """100,000 operations are traced, and code for one sample is compiled."""
    inputs = rng.normal(size=(2000, 3)).tolist()

    def loss(w):
        return mean([square(total([tanh(w[k] * v + w[k + 3]) for k, v in enumerate(x)])) for x in inputs])

    fast = autograd.compile(loss)
    w = rng.normal(size=6)
    value, slopes = fast.value_and_grad(w)
    x = np.array(inputs)
    hidden = np.tanh(w[:3] * x + w[3:])
    error = 2 * hidden.sum(axis=1, keepdims=True) * (1 - hidden**2) / len(x)
    assert value == pytest.approx((hidden.sum(axis=1) ** 2).mean(), rel=1e-12)
    assert np.allclose(slopes, [*(error * x).sum(axis=0), *error.sum(axis=0)], rtol=1e-11)
    assert len(fast.source().splitlines()) < 500


def test_the_steps_of_a_recurrence_are_not_read_as_terms_of_a_loop(monkeypatch):
    """Each contains all before it, so that reading them takes quadratic time; no two are equally deep."""
    pool = Pool(upper=True)
    state, terms = pool.input(0), []
    for k in range(100):
        state = pool.apply("tanh", state * pool.input(1) + pool.input(k + 2))
        terms.append(state * state)
    read = []
    form = detect_loops._form
    monkeypatch.setattr(detect_loops, "_form", lambda *given: (read.append(given[0]), form(*given))[1])
    output = pool.apply("total", terms)
    assert detect_loops.rolled(output) == ([], output)
    assert read == []


def test_infinities_that_cancel_between_loops_give_nan_without_a_warning(recwarn):
    """As in straight-line code, and in Python's own floats: inf - inf is no reason to warn."""

    def f(xs):
        return total([x * x * x + exp(x) for x in xs]) + exp(xs[0]) * xs[1] * -3.0

    fast = autograd.compile(f)
    value, slopes = fast.value_and_grad([math.inf, *[1.0] * 3000])
    assert "a loop over" in fast.explain()
    assert (math.isnan(value), math.isnan(slopes[0]), slopes[2]) == (True, True, pytest.approx(3 + math.e))
    assert recwarn.list == []


@pytest.mark.parametrize("name", ["clip", "where", "maximum", "relu"])
def test_second_derivatives_of_a_sum_of_chained_choices_compile_in_linear_time(name):
    """The conditions share their parts: read once for each path, they would take hours."""
    choice = {
        "clip": lambda v: autograd.clip(v, -1.0, 1.0),
        "where": lambda v: autograd.where(v > 0.2, v, 2 * v),
        "maximum": lambda v: autograd.maximum(v, 0.3),
        "relu": autograd.relu,
    }[name]

    def f(xs):
        terms = []
        for k in range(40):
            v = xs[0]
            for _ in range(6):
                v = choice(v) + 0.1 * xs[1] + 1e-3 * k
            terms.append(v * v)
        return autograd.sqrt(autograd.total(terms) + 1.0)

    found = autograd.compile(f).hvp([0.3, 0.4], vector=[1.0, -0.5])
    assert found == pytest.approx(autograd.hvp(f, [0.3, 0.4], [1.0, -0.5]), rel=1e-9, abs=1e-12)
