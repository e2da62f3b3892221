"""Derivatives inside loops inside derivatives are right, and do not visit the whole history."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

import autograd
from autograd import Value, grad, gradients, graph, hvp, jvp, sin, taylor, total, vjp


def energy(q):
    return total([sin(a) * a for a in q])


def trajectory(steps, slope):
    """Return a particle's position after a number of steps, as a function of its start."""

    def place(start):
        q, v = [start * 0.1, start * 0.2], [0.0, 0.0]
        for _ in range(steps):
            v = [a - 0.01 * b for a, b in zip(v, slope(q), strict=True)]
            q = [a + 0.01 * b for a, b in zip(q, v, strict=True)]
        return q[0]

    return place


def one_by_one(q):
    """Return the same gradient, from functions that capture the other coordinates."""
    return [
        grad(lambda a, i=i: energy([a if j == i else q[j] for j in range(len(q))]))(q[i]) for i in range(len(q))
    ]


class Particle:
    """What the inner functions below read their coordinates from, instead of an argument."""

    q = ()

    def __init__(self):
        self.table = {"name": "particle"}

    def slope(self, q):
        self.q = q
        return [grad(self.moved, argnums=1)(i, 0.0) for i in range(len(q))]

    def moved(self, i, d):
        return energy([a + d if j == i else a for j, a in enumerate(self.q)])


PARTICLE, STATE, CURRENT = Particle(), [None], ContextVar("q")


def from_a_global(q):
    STATE[0] = q
    return [
        grad(lambda d, i=i: energy([a + d if j == i else a for j, a in enumerate(STATE[0])]))(0.0)
        for i in range(len(q))
    ]


def from_a_mixed_dict(q):
    PARTICLE.table["q"] = {"unit": "m", "place": q}
    return [grad(lambda d, i=i: energy([d, PARTICLE.table["q"]["place"][i]][::-1]))(a) for i, a in enumerate(q)]


def from_a_context_variable(q):
    CURRENT.set(q)
    return [vjp(lambda d, i=i: energy([CURRENT.get()[i] * d]), 1.0)[1](1.0)[0] for i in range(len(q))]


def from_a_closure_of_a_closure(q):
    def coordinates():
        return q

    def read():
        return coordinates()

    return [jvp(lambda d, i=i: energy([read()[i] * d]), [1.0], [1.0])[1] for i in range(len(q))]


def by_gradients(q):
    return gradients(energy(q), q, create_graph=True)


def by_a_second_derivative(q):
    STATE[0] = q
    return [hvp(lambda d, i=i: energy([STATE[0][i] + d]), 0.0, 1.0) for i in range(len(q))]


def by_a_series(q):
    STATE[0] = q
    return [taylor(lambda d, i=i: sin(STATE[0][i] + d) * d, 0.0, 2)[2] for i in range(len(q))]


def by_a_derivative_in_a_loop(q):
    """Return slopes that are themselves derivatives through a loop over a captured coordinate."""

    def inner(i, d):
        place = STATE[0][i] + d
        for _ in range(3):
            place = place - 0.1 * grad(lambda e, here=place: energy([here * e]))(1.0)
        return place

    STATE[0] = q
    return [grad(lambda d, i=i: inner(i, d))(0.0) for i in range(len(q))]


SLOPES = [
    grad(energy), one_by_one, lambda q: autograd.jvp(energy, [q], [q])[1:] * 2, PARTICLE.slope, from_a_global,
    from_a_mixed_dict, from_a_context_variable, from_a_closure_of_a_closure, by_gradients,
    by_a_second_derivative, by_a_series, by_a_derivative_in_a_loop,
]  # fmt: skip


def visited(run, monkeypatch):
    """Return the number of nodes that derivatives visit during a call."""
    counts = []
    order_of = graph.topological_order

    def counted(*roots, **limits):
        order = order_of(*roots, **limits)
        counts.append(len(order))
        return order

    with monkeypatch.context() as patch:
        for module in ("transforms.call", "differentiation"):
            patch.setattr(f"autograd.{module}.topological_order", counted)
        run()
    return sum(counts)


@pytest.mark.parametrize("slope", SLOPES)
def test_the_work_grows_with_the_number_of_steps(slope, monkeypatch):
    work = [visited(lambda n=n: grad(trajectory(n, slope))(1.0), monkeypatch) for n in (20, 40, 80)]
    assert work[2] - work[1] < 2.2 * (work[1] - work[0])


@pytest.mark.parametrize("slope", SLOPES)
def test_the_work_of_tracing_grows_with_the_number_of_steps(slope, monkeypatch):
    pytest.importorskip("llvmlite")

    def traced(steps):
        place, x = trajectory(steps, slope), Value(1.0)
        return lambda: trace(place, [x], [x])

    from autograd.compiling.trace.tracing import trace

    work = [visited(traced(n), monkeypatch) for n in (20, 40, 80)]
    assert work[2] - work[1] < 2.2 * (work[1] - work[0])


@pytest.mark.parametrize("slope", SLOPES)
def test_derivatives_through_loops_are_those_of_differences(slope):
    place, step = trajectory(5, slope), 1e-5
    after, before = (place(Value(1.0 + sign * step)).data for sign in (1, -1))
    expected = (after - before) / (2 * step)
    assert grad(place)(1.0) == pytest.approx(expected, rel=1e-6)
    assert jvp(place, (1.0,), (1.0,))[1] == pytest.approx(expected, rel=1e-6)


def test_a_derivative_without_an_outer_one_does_not_visit_what_it_captures(monkeypatch):
    def run(steps):
        w = [Value(0.1), Value(0.2)]
        STATE[0] = w
        for _ in range(steps):
            w = [a - 0.01 * b for a, b in zip(w, from_a_global(w), strict=True)]
        w[0].backward()
        return w

    work = [visited(lambda n=n: run(n), monkeypatch) for n in (20, 40, 80)]
    assert work[2] - work[1] < 2.2 * (work[1] - work[0])


def test_no_node_is_younger_than_its_results():
    """The order of creation, on which the limits of derivatives rest, also after pickling and in threads."""
    x = Value(0.5)

    def work(_):
        y = x
        for _ in range(20):
            y = y * grad(lambda a, y=y: a * sin(y * a))(y)
        return y

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(16)))
    out = total(found)
    twin, deep = pickle.loads(pickle.dumps(out)), copy.deepcopy(out)
    for root in (out, twin, deep):
        for node in graph.topological_order(root):
            assert all(item.era <= node.era for item in node.operands if isinstance(item, Value))
    (leaf,) = [node for node in graph.topological_order(twin) if not node.operands and node.data == 0.5]
    assert gradients(twin, [leaf]) == gradients(out, [x])


def test_inputs_of_very_different_age_both_get_their_gradients():
    old = Value(3.0)
    middle = grad(lambda a: a * a * old)(2.0)  # 4 old
    new = Value(5.0)
    out = middle * new * old
    assert gradients(out, [old, middle, new]) == [4 * 5 * 3 + 12 * 5, 15.0, 36.0]
    assert gradients(out, [new, middle]) == [36.0, 15.0]
    assert gradients(out, [new]) == [36.0]
    assert taylor(lambda a: a * middle, new, 1)[1].data == 12.0
    assert taylor(lambda a: middle, new, 1)[0] is middle


def test_the_derivative_through_the_loop_is_right():
    place, step = trajectory(30, grad(energy)), 1e-6
    expected = (place(1.0 + step) - place(1.0 - step)) / (2 * step)
    assert grad(place)(1.0) == pytest.approx(expected, rel=1e-8)
    assert grad(trajectory(30, one_by_one))(1.0) == pytest.approx(expected, rel=1e-8)


def test_an_input_that_depends_on_another_input_keeps_its_contribution():
    x = Value(2.0)
    y = x * x
    assert gradients(y * x, [x, y]) == [12.0, 2.0]
    assert gradients(y * x, [y]) == [2.0]


def test_captured_values_are_still_differentiated_by_an_outer_derivative():
    def outer(a):
        b = [a * a, a]
        return grad(lambda x: b[0] * x * x + b[1])(a)  # 2 a^3

    assert grad(outer)(3.0) == 54.0
    assert grad(lambda a: grad(lambda x, y: x * y * y, argnums=0)(a, a * a))(2.0) == 32.0
    assert type(grad(lambda x: grad(lambda y: y * y)(3.0) * x)(2.0)) is float


def test_dicts_correspond_by_their_keys_in_any_order():
    def f(p):
        return p["w"] ** 2 * p["b"]

    point, direction = {"w": 2.0, "b": 5.0}, {"b": 0.0, "w": 1.0}
    assert jvp(f, (point,), (direction,)) == (20.0, 20.0)
    assert hvp(f, point, direction) == {"w": 10.0, "b": 4.0}
    assert vjp(lambda x: [{"w": 2 * x, "b": 3 * x}], 1.0)[1]([{"b": 1.0, "w": 10.0}]) == (23.0,)
    with pytest.raises(ValueError, match="structure of the primals"):
        jvp(f, (point,), ({"c": 0.0, "w": 1.0},))
