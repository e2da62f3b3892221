"""Long sums with repeated, shared and nearly equal terms compile to the same results."""

from random import Random

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import Value, compile, dot, exp, mean, sin, square, tanh, total
from autograd.compiling.expressions import detect_loops


def long_term(a):
    """Return a term of more than ten operations on one number."""
    return square(tanh(sin(exp(a * 0.5) + 1.0) * a - 0.25) + a * a) * 0.5 + sin(a * 3.0)


def assert_equals_eager(f, *args):
    """Assert that the value, alone and with its gradient, and all derivatives equal the engine's."""
    leaves = [[Value(float(x)) for x in arg] if np.ndim(arg) else Value(float(arg)) for arg in args]
    result = f(*leaves)
    result.backward()
    fast = compile(f)
    value, slopes = fast.value_and_grad(*args, wrt=tuple(range(len(args))))
    np.testing.assert_allclose([value, fast(*args)], result.data, rtol=1e-12, atol=1e-12)
    for found, leaf in zip(slopes, leaves, strict=True):
        expected = [x.grad for x in leaf] if isinstance(leaf, list) else leaf.grad
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)
    return fast


@pytest.mark.parametrize("count", [2, 31, 32, 33, 40, 64, 400, 1000])
def test_a_term_that_is_repeated_counts_each_time(count):
    xs = [0.1, 0.2, 0.3]
    assert_equals_eager(lambda a: total([long_term(a)] * count), 0.7)
    assert_equals_eager(lambda a, xs: total([long_term(a)] * count + list(xs)), 0.7, xs)
    assert_equals_eager(lambda a, xs: sum([*xs, *[long_term(a) * -0.5] * count]) / 3.0, 0.7, xs)


@pytest.mark.parametrize("samples", [31, 32, 33, 65, 99, 200])
def test_a_penalty_inside_a_sum_over_samples_counts_for_each(samples):
    xs = np.linspace(-1.0, 1.0, samples)

    def each(w, b):
        penalty = long_term(w) + long_term(b)
        return total([square(tanh(w * x + b) - x) + penalty for x in xs.tolist()])

    def spread(w, b):
        terms = [square(tanh(w * x + b) - x) for x in xs.tolist()]
        return mean([term for x in terms for term in (x, sin(x) * 0.1, long_term(w))])

    assert_equals_eager(each, 0.3, -0.4)
    assert_equals_eager(spread, 0.3, -0.4)


def test_terms_that_differ_in_the_sign_of_a_zero_or_in_the_last_digit_are_kept_apart():
    offsets = [0.0, -0.0] * 40

    def reciprocals(a):
        return total([tanh(1.0 / (a * x)) * long_term(a) for x in offsets])

    assert compile(reciprocals)(0.5) == 0.0  # half of the terms are tanh(inf), half tanh(-inf)

    def both(a):
        return total([sin(a + x) * tanh(a - y) * a for x, y in zip(offsets[::-1], offsets, strict=True)])

    assert_equals_eager(both, 0.5)
    close = [1.0 + k % 3 * 2.0**-52 for k in range(90)]
    scaled = compile(lambda a: total([(a * x - a) * 2.0**52 * long_term(a - 1.0) for x in close]))
    assert scaled(1.0) == pytest.approx(90 * long_term(0.0), rel=1e-12)


def test_a_sum_of_negative_zeros_is_positive_zero_as_in_python():
    for f in (
        lambda x: total([x]),
        lambda x: total([x, x]),
        lambda x: mean([x] * 40),
        lambda x: dot([x], [1.0]),
    ):
        for batched in ((), "x"):
            found = compile(f, batched=batched)(np.array([-0.0]) if batched else -0.0)
            assert np.copysign(1.0, found) == 1.0


def test_factors_whose_product_overflows_are_not_combined():
    assert compile(lambda xs: total([x * 1e200 * 1e200 * 1e-200 * 1e-200 for x in xs]))([1e-300] * 200) == (
        pytest.approx(2e-298, rel=1e-12)
    )
    assert compile(lambda xs: total([x / 1e-300 / 1e-300 * square(x) for x in xs]))([1e-300] * 300) == 0.0


def terms_of(random, xs, a, b):
    """Return repeated, shared, similar, scaled and nested terms, near every threshold."""
    forms = [
        lambda x, _: long_term(x),
        lambda x, k: square(tanh(x * k + a)) * x,
        lambda x, k: long_term(a) * (x + k),
        lambda x, _: long_term(b),
        lambda x, k: sin(x) * k,
        lambda x, _: x,
        lambda _, k: a * b * k,
    ]
    terms = []
    for form in random.sample(forms, random.randrange(1, 5)):
        count = random.choice([1, 5, 31, 32, 33, 66, 130])
        places = random.choice([[0], [0, 1], range(len(xs))])
        numbers = random.choice([[1.0], [1.0, -0.0], [0.5, 1.5, -2.0]])
        terms += [form(xs[random.choice(places)], random.choice(numbers)) for _ in range(count)]
    if random.random() < 0.7:
        random.shuffle(terms)
    return terms


def nested(random, terms):
    """Return a sum of the terms, or of several scaled partial sums."""
    if len(terms) < 4 or random.random() < 0.4:
        return random.choice([total, sum, mean])(terms)
    cut = random.randrange(1, len(terms))
    first, second = nested(random, terms[:cut]), nested(random, terms[cut:])
    return random.choice(
        [
            lambda: first + second,
            lambda: first - second * 0.5,
            lambda: total([-first, second / 3.0, first]),
            lambda: (second - first) * 2.0,
        ]
    )()


def assert_random_sum_is_right(seed):
    random = Random(seed)
    xs = [random.uniform(-1.5, 1.5) for _ in range(random.choice([2, 40, 64]))]

    state = random.getstate()

    def f(xs, a, b):
        random.setstate(state)
        return nested(random, terms_of(random, xs, a, b))

    return assert_equals_eager(f, xs, 0.4, -0.6)


@pytest.mark.parametrize("seed", range(6))
def test_random_sums(seed):
    assert_random_sum_is_right(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 70))
def test_many_random_sums(seed):
    assert_random_sum_is_right(seed)


def test_a_sum_that_repeats_inside_a_loop_is_still_a_loop():
    fast = assert_equals_eager(
        lambda xs, a: total([long_term(a)] * 40 + [long_term(x) for x in xs] + [long_term(a)] * 40),
        np.linspace(-1, 1, 100),
        0.7,
    )
    assert "a loop over 180 terms" in fast.explain()


def recurrence(steps):
    """A loss at each step of a recurrence, as in a recurrent network."""

    def f(w, u, s):
        losses = []
        for k in range(steps):
            s = tanh(w * s + u * (k % 7) * 0.1)
            losses.append(square(s - 0.3))
        return total(losses)

    return f


def test_a_loss_at_each_step_of_a_recurrence():
    assert_equals_eager(recurrence(300), 0.5, 0.2, 0.3)


def test_finding_loops_takes_time_in_proportion_to_the_graph(monkeypatch):
    """Measured by the number of visited operations instead of time."""
    seen = []
    plain = detect_loops._form

    def counted(root, common, most):
        found = plain(root, common, most)
        seen.append(most if found is None else len(found[0]))
        return found

    monkeypatch.setattr(detect_loops, "_form", counted)
    work = []
    for steps in (100, 200, 400):
        seen.clear()
        compile(recurrence(steps))(0.5, 0.2, 0.3)
        work.append(sum(seen) / steps)
    assert work == [0, 0, 0]  # no two steps are equally deep, so that none is read
