"""Compiled functions agree with the engine: for every operation, at every point, for every batch size."""

import inspect
import itertools
import math
import pydoc
import random

import pytest

import autograd
from autograd import Value, add, exp, mul, sin, tanh

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import TABLE, compile
from autograd.checking.cases.generation import FAMILIES, from_generator, generate
from autograd.compiling import BASELINE, Compiled, host
from autograd.compiling.codegen import stages
from autograd.drawing import PictureOptions
from autograd.modes import ieee_arithmetic
from autograd.recording import function_of
from tests.engine.test_unselected import FRONTS, STEEP, UNSELECTED
from tests.helpers import compile_to_tapes
from tests.truth import POINTS

EDGES = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e300, -1e300, 5e-324, 0.5, 2.0, -3.0)
TIERS = ("straight-line", "tape")


@pytest.fixture(params=TIERS)
def tier(request, monkeypatch):
    """Run a test with straight-line code, and with a tape."""
    if request.param == "tape":
        compile_to_tapes(monkeypatch)
    return request.param


def points_of(name):
    """Return the table's ordinary points, and all combinations of edge cases in the domain."""
    op, found = TABLE[name], list(POINTS[name])
    count = len(found[0])
    if count <= 2:
        found += itertools.product(EDGES, repeat=count)
    else:
        rng = random.Random(0)  # without the largest, since a fused product overflows only with its sum
        found += [
            tuple(rng.choice([x for x in EDGES if abs(x) != 1e300]) for _ in range(count)) for _ in range(60)
        ]
    return [point for point in found if in_domain(op, point)]


def in_domain(op, point):
    if not op.domain or any(x != x for x in point):
        return True
    try:
        function_of(op)(*op.grouped(list(point)))
    except autograd.DomainError:
        return False
    return True


def ordinary(point):
    """Return the points at which second derivatives neither overflow nor lose all digits."""
    return all(x == 0 or 1e-5 <= abs(x) <= 1e5 for x in point)


def eager(op, point):
    """Return value, gradient and Hessian, computed by the engine."""
    leaves = [Value(x) for x in point]
    with ieee_arithmetic():
        out = function_of(op)(*op.grouped(leaves))
        slopes = autograd.gradients(out, leaves, create_graph=True)
        second = [[x.data for x in autograd.gradients(y, leaves, create_graph=True)] for y in slopes]
    return out.data, [x.data for x in slopes], second


def near(found, expected, tolerance, scale=0.0):
    if found == expected or (found != found and expected != expected):
        return True
    return abs(found - expected) <= tolerance * max(abs(expected), scale) + 1e-320


def differences(name, machine=None):
    """Return descriptions of the differences between compiled operation and engine."""
    op, by_width = TABLE[name], {}
    for point in points_of(name):
        by_width.setdefault(len(point), []).append(point)
    wrong = []
    for width, points in by_width.items():
        fast = Compiled(lambda x: function_of(op)(*op.grouped(list(x))), (0,), machine=machine)
        rows = np.array(points)
        values, slopes = fast.value_and_grad(rows, wrt=0)
        seconds = fast.hessian(rows, wrt=0)
        for k, point in enumerate(points):
            value, slope, second = eager(op, point)
            pairs = [("value", values[k], value, 0.0)]
            pairs += [(f"d{i}", slopes[k, i], slope[i], 0.0) for i in range(width)]
            if ordinary(point):
                scale = max((abs(x) for row in second for x in row if math.isfinite(x)), default=0.0)
                # The rules of pow are not symmetric at its singular x = 0: the upper half counts.
                pairs += [
                    (f"d{i}{j}", seconds[k, i, j], second[min(i, j)][max(i, j)], scale)
                    for i, j in itertools.product(range(width), repeat=2)
                ]
            wrong += [
                f"{what} at {point}: compiled {a}, eager {b}"
                for what, a, b, scale in pairs
                if not near(a, b, 1e-13 if what == "value" else 1e-12, scale)
            ]
    return wrong


@pytest.mark.parametrize("name", TABLE)
def test_every_operation_equals_the_engine_with_both_its_derivatives(name, tier):
    assert not differences(name)


@pytest.mark.parametrize("name", TABLE)
def test_every_operation_on_a_machine_without_avx_and_without_vector_mathematics(name, tier):
    assert not differences(name, BASELINE)


# Random programs, by the checker's generator. Where one is ill-conditioned, the engine's own
# results scatter when every operand errs by a rounding more, and by as much may compiled
# code differ: J. Vignes, A stochastic arithmetic for reliable scientific computation (1993).


def path_sizes(root, leaves):
    """Return, for each leaf, the sum of absolute products along all paths, a bound for rounding errors."""
    sizes = {root: 1.0}
    for node in reversed(autograd.topological_order(root)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                sizes[operand] = sizes.get(operand, 0.0) + sizes.get(node, 0.0) * abs(partial)
    return [sizes.get(leaf, 0.0) for leaf in leaves]


def derivatives(program, inputs, rng=None):
    """Return value, gradient and Hessian of a program and their sizes, with noise if there is a generator."""
    leaves = list(map(Value, inputs))
    found = list(leaves)
    with ieee_arithmetic():
        for op, operands in program.lines:
            numbers = [found[item] if item.__class__ is int else item for item in operands]
            if rng:
                numbers = [number * (1 + rng.choice((-1, 1)) * 2**-52) for number in numbers]
            found.append(function_of(op)(*op.grouped(numbers)))
        out = found[-1] if isinstance(found[-1], Value) else Value(found[-1])
        slopes = autograd.gradients(out, leaves, create_graph=True)
        second = [x.data for y in slopes for x in autograd.gradients(y, leaves, create_graph=True)]
    sizes = [size for y in (out, *slopes) for size in path_sizes(y, leaves)]
    return np.array([out.data, *(x.data for x in slopes), *second]), np.array([abs(out.data), *sizes])


def compiled_derivatives(program):
    fast = compile(lambda x: program.run(list(x))[-1], batched="x")
    rows = np.array([program.inputs] * 3)
    values, slopes = fast.value_and_grad(rows, wrt=0)
    seconds = fast.hessian(rows, wrt=0)
    found = np.concatenate([values[:, None], slopes, seconds.reshape(3, -1)], axis=1)
    assert np.array_equal(found[0], found[1], equal_nan=True)
    assert np.array_equal(found[0], found[2], equal_nan=True)
    return found[0]


def agrees(program):
    """Return "well" within 1e-12, "as conditioned" within rounding noise, else the difference."""
    count = len(program.inputs)
    (expected, paths), found = derivatives(program, program.inputs), compiled_derivatives(program)
    parts = [slice(0, 1), slice(1, 1 + count), slice(1 + count, None)]
    usable = np.isfinite(expected)
    sizes = np.concatenate(
        [
            np.full(expected[part].size, np.max(np.abs(expected[part][usable[part]]), initial=0.0))
            for part in parts
        ]
    )
    gap = np.abs(found[usable] - expected[usable])
    if np.all(gap <= 1e-12 * sizes[usable]):
        return "well"
    rng = random.Random(0)
    with np.errstate(invalid="ignore"):
        noise = [np.abs(derivatives(program, program.inputs, rng)[0] - expected)[usable] for _ in range(12)]
    scatter = np.max(np.nan_to_num(noise, nan=np.inf), axis=0)
    allowed = 1e-12 * sizes[usable] + 30 * scatter + 64 * 2**-52 * np.nan_to_num(paths, nan=np.inf)[usable]
    return "as conditioned" if np.all(gap <= allowed) else f"{program}: compiled {found}, eager {expected}"


@pytest.mark.parametrize("family", FAMILIES)
def test_random_programs_equal_the_engine_to_rounding(family):
    verdicts = [agrees(generate(from_generator(random.Random(seed)), family=family)) for seed in range(25)]
    assert not [verdict for verdict in verdicts if verdict not in ("well", "as conditioned")]
    assert verdicts.count("well") >= {"tame": 23, "kinks": 20, "wide": 15, "ill": 15}[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_programs_of_the_strategies_equal_the_engine_to_rounding(family):
    hypothesis = pytest.importorskip("hypothesis")
    from autograd.checking import programs

    @hypothesis.settings(max_examples=10, deadline=None, derandomize=True)
    @hypothesis.given(programs(family=family))
    def property_of_all(program):
        assert agrees(program) in ("well", "as conditioned")

    property_of_all()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["parts of 3 expressions", "tape"])
def test_random_programs_cut_into_small_parts_and_on_the_tape(family, way, monkeypatch):
    if way == "tape":
        compile_to_tapes(monkeypatch)
    else:
        monkeypatch.setattr(stages, "CHUNK", 3)
    programs = [generate(from_generator(random.Random(seed)), family=family) for seed in range(100, 105)]
    verdicts = map(agrees, programs)
    assert not [verdict for verdict in verdicts if verdict not in ("well", "as conditioned")]


@pytest.mark.parametrize("terms", [2, 3, 5])
@pytest.mark.usefixtures("tier")
def test_functions_of_their_own_results_in_several_terms(terms):
    """On a tape the instructions of both levels are neighbours, of which several are computed at once."""
    names = (
        "exp",
        "exp2",
        "expm1",
        "log1p",
        "sin",
        "cos",
        "tan",
        "atan",
        "tanh",
        "sinh",
        "asinh",
        "sqrt",
        "erf",
        "cbrt",
    )
    for f in (function_of(TABLE[name]) for name in names):
        xs = [0.3 + 0.1 * k for k in range(terms)]

        def g(xs, f=f):
            return autograd.total([f(f(f(x))) for x in xs])

        value, slopes = autograd.value_and_grad(g)(xs)
        fast = compile(g)
        assert fast(xs) == pytest.approx(value, rel=1e-13)
        assert fast.grad(xs).tolist() == pytest.approx(slopes, rel=1e-12)
        assert compile(g, batched="xs")([xs] * 3).tolist() == pytest.approx([value] * 3, rel=1e-13)


# Rows.


def curve(x, w):
    """A function with all kinds of instructions: sums, choices, inlined and library math functions."""
    a = autograd.tanh(x[0] * w[0] + w[1]) + autograd.exp(x[1]) / (1 + x[0] * x[0])
    return (
        autograd.where(x[0] > 0, a * autograd.log1p(x[1] * x[1]), autograd.sin(a)) + autograd.relu(x[1]) ** 2.5
    )


WEIGHTS = (0.7, -0.2)
SIZES = (0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000, 2048, 2049, 5000)


def expected_rows(rows):
    """Return values, and gradients with respect to x and w for each row, computed by the engine."""
    both = autograd.value_and_grad(curve, argnums=(0, 1))
    found = [both(list(row), list(WEIGHTS)) for row in rows.tolist()]
    values = np.array([value for value, _ in found])
    by_x, by_w = (np.array([slopes[k] for _, slopes in found]).reshape(-1, 2) for k in (0, 1))
    return values, by_x, by_w


@pytest.fixture(scope="module")
def table():
    rows = np.random.default_rng(0).normal(size=(max(SIZES), 2))
    return rows, *expected_rows(rows)


@pytest.mark.parametrize("count", SIZES)
def test_every_batch_size_gives_the_right_rows_and_sums(table, count, tier):
    rows, values, by_x, by_w = (part[:count] for part in table)
    fast = compile(curve, batched="x")
    found, (x_slopes, w_slopes) = fast.value_and_grad(rows, WEIGHTS)
    assert found.shape == (count,)
    np.testing.assert_allclose(found, values, rtol=1e-12)
    np.testing.assert_allclose(x_slopes, by_x, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(w_slopes, by_w.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fast.grad(rows, WEIGHTS, wrt="w", per_row=True), by_w, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("count", [7, 100, 5000])
def test_a_row_has_the_same_bits_at_every_position_of_the_batch(table, count):
    rows = table[0]
    fast = compile(curve, batched="x")
    everything = fast.value_and_grad(rows, WEIGHTS, per_row=True)
    part = fast.value_and_grad(rows[3 : 3 + count], WEIGHTS, per_row=True)
    assert np.array_equal(everything[0][3 : 3 + count], part[0])
    for whole, some in zip(everything[1], part[1], strict=True):
        assert np.array_equal(whole[3 : 3 + count][: len(some)], some)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308, 5e-324])
@pytest.mark.parametrize("machine", [None, BASELINE], ids=["host", "baseline"])
@pytest.mark.parametrize("count", [8, 21, 3000])
def test_a_nan_or_infinity_in_some_lanes_leaves_the_other_lanes_their_bits(bad, machine, count, tier):
    operations = [op for op in TABLE.values() if len(op.operands) == 1 and not op.variadic]
    fast = Compiled(lambda x: [function_of(op)(x) for op in operations], "all", machine=machine)
    good = np.linspace(0.05, 0.95, count)
    spoilt = good.copy()
    spoilt[::5] = bad
    untouched = np.arange(count) % 5 != 0
    slopes_good, slopes_spoilt = fast.jacobian(good, wrt=0), fast.jacobian(spoilt, wrt=0)
    for k, (a, b) in enumerate(zip(fast(good), fast(spoilt), strict=True)):
        assert np.array_equal(a[untouched], b[untouched], equal_nan=True), operations[k].name
        assert np.array_equal(slopes_good[k][untouched], slopes_spoilt[k][untouched], equal_nan=True)


def test_a_nan_in_one_row_makes_the_sum_over_rows_nan_and_one_beyond_the_last_row_does_not():
    fast = compile(lambda x, w: x * w, batched="x")
    memory = np.full(16, math.nan)
    memory[:9] = 1.0
    assert fast.grad(memory[:9], 2.0, wrt="w") == 9.0
    assert math.isnan(fast.grad(memory[:10], 2.0, wrt="w"))


@pytest.mark.parametrize("count", [5, 300, 5000])
def test_float32_is_accurate_to_its_rounding(table, count):
    rows, values, by_x, by_w = (part[:count] for part in table)
    fast = compile(curve, batched="x", dtype="float32")
    found, (x_slopes, w_slopes) = fast.value_and_grad(rows, WEIGHTS)
    assert found.dtype == x_slopes.dtype == w_slopes.dtype == np.float32
    np.testing.assert_allclose(found, values, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(x_slopes, by_x, rtol=5e-5, atol=5e-6)
    np.testing.assert_allclose(w_slopes, by_w.sum(axis=0), rtol=2e-4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in TABLE if name != "mod"])
def test_every_operation_in_float32(name, tier):
    op = TABLE[name]
    points = [p for p in POINTS[name] if len(p) == len(POINTS[name][0])]
    points = [p for p in points if all(x == 0 or 1e-3 < abs(x) < 80 for x in p)]
    fast = compile(lambda x: function_of(op)(*op.grouped(list(x))), batched="x", dtype="float32")
    rows = np.array(points, dtype=np.float32)
    values, slopes = fast.value_and_grad(rows, wrt=0)
    for k, point in enumerate(rows.astype(float).tolist()):
        value, slope, _ = eager(op, point)
        np.testing.assert_allclose(values[k], value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(slopes[k], slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_number_of_lanes_of_the_machine_gives_the_same_results(table, lanes, dtype):
    rows, values, *_ = (part[:100] for part in table)
    most = host().lanes(dtype == "float32")
    if lanes > most:
        with pytest.raises(ValueError, match=f"power of two up to {most}"):
            compile(curve, batched="x", lanes=lanes, dtype=dtype)
        return
    fast = compile(curve, batched="x", lanes=lanes, dtype=dtype)
    np.testing.assert_allclose(
        fast(rows, WEIGHTS), values, rtol=1e-12 if dtype == "float64" else 1e-4, atol=1e-6
    )
    assert f"{lanes} x {'double' if dtype == 'float64' else 'float'}" in fast.explain()


def test_two_threads_give_the_results_of_one(table):
    rows, *_ = table
    one, two = (compile(curve, batched="x", threads=k).value_and_grad(rows, WEIGHTS) for k in (1, 2))
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1][0], two[1][0])
    np.testing.assert_allclose(one[1][1], two[1][1], rtol=1e-13)
    again = compile(curve, batched="x", threads=2).value_and_grad(rows, WEIGHTS)
    assert np.array_equal(two[1][1], again[1][1])  # the same partial sums in the same order


def test_many_exponentials_are_calls_and_few_are_inlined():
    def function(count):
        return lambda x: autograd.total([autograd.tanh(x * k) + autograd.exp(-x * k) for k in range(count)])

    x = np.linspace(0.1, 1.0, 20)
    for count, call in ((10, False), (200, True)):
        fast = compile(function(count), batched="x")
        values, slopes = fast.value_and_grad(x, wrt=0)
        k = np.arange(count)[:, None]
        np.testing.assert_allclose(values, (np.tanh(k * x) + np.exp(-k * x)).sum(axis=0), rtol=1e-13)
        expected = (k * (1 - np.tanh(k * x) ** 2) - k * np.exp(-k * x)).sum(axis=0)
        np.testing.assert_allclose(slopes, expected, rtol=1e-12)
        assert ("@own.tanh" in fast.source()) == call


def test_a_graph_of_200_000_nodes_deeper_than_any_stack():
    def deep(x):
        for _ in range(100_000):
            x = 0.999 * x + 0.5
        return x

    fast = compile(deep, batched="x")
    expected = np.linspace(-1, 1, 5)
    for _ in range(100_000):
        expected = 0.999 * expected + 0.5
    np.testing.assert_allclose(fast(np.linspace(-1, 1, 5)), expected, rtol=1e-12)
    assert "a tape of" in fast.explain()


# Networks with all that makes layers irregular: shared weights, constants and inputs among the weights,
# neurons that are used twice or not at all, sums written in several ways.


def random_network(seed):
    """Return a random function of a row, weights and a number."""

    def network(x, w, b):
        rng = random.Random(seed)
        pool, weights = list(x), [*w, b, 0.5]
        for _ in range(rng.randrange(1, 6)):
            kind = rng.choice(["dot", "total", "sum", "products", "choice", "others"])
            if kind == "products":
                pool = pool + [rng.choice(pool) * rng.choice(weights) for _ in range(rng.randrange(1, 4))]
            elif kind == "choice":
                pool = [*pool, autograd.where(rng.choice(pool) > 0, rng.choice(pool), rng.choice(weights))]
            elif kind == "others":
                pool = [*pool, autograd.logsumexp(pool[-4:]), autograd.sin(rng.choice(pool)) * rng.choice(pool)]
            else:
                layer = irregular_layer(rng, kind, pool, weights)
                pool = layer if rng.random() < 0.5 else pool + layer
        return autograd.total([autograd.square(p - 0.1) if rng.random() < 0.5 else p * w[0] for p in pool])

    return network


def irregular_layer(rng, kind, pool, weights):
    inputs = [rng.choice(pool) for _ in range(rng.randrange(1, 5))] if rng.random() < 0.7 else pool[-3:]
    neurons = []
    for _ in range(rng.randrange(1, 6)):
        own = [rng.choice(weights) for _ in inputs]
        products = [a * c for a, c in zip(own, inputs, strict=True)]
        value = {"dot": autograd.dot(own, inputs), "total": autograd.total(products), "sum": sum(products)}[
            kind
        ]
        value = value + rng.choice([*weights, pool[0]]) if rng.random() < 0.6 else value
        neurons.append(
            rng.choice([autograd.tanh, autograd.relu, autograd.sigmoid, lambda t: t * t * 0.1])(value)
        )
    return neurons


@pytest.mark.parametrize("seed", [*range(20), 475, 562])
def test_gradients_of_random_networks_with_respect_to_all_and_some_arguments(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    rows = int(rng.choice([1, 5, 30]))
    x, w, b = rng.normal(size=(rows, 1 + seed % 5)), rng.normal(size=1 + seed % 37), 0.3
    found = [autograd.value_and_grad(network, (0, 1, 2))(row, w.tolist(), b) for row in x.tolist()]
    by_x, by_w, by_b = (np.array([slopes[k] for _, slopes in found]) for k in range(3))
    scale = max(1.0, *(np.abs(part).max() for part in (by_x, by_w)))
    fast = compile(network, batched="x")
    values, slopes = fast.value_and_grad(x, w, b)
    np.testing.assert_allclose(values, [value for value, _ in found], rtol=1e-11, atol=1e-12 * scale)
    everything = {"x": by_x, "w": by_w.sum(axis=0), "b": by_b.sum()}
    for name, slope in zip("xwb", slopes, strict=True):
        np.testing.assert_allclose(slope, everything[name], rtol=1e-11, atol=1e-11 * scale)
        alone = fast.grad(x, w, b, wrt=name)
        np.testing.assert_allclose(alone, everything[name], rtol=1e-11, atol=1e-11 * scale)
    np.testing.assert_allclose(fast.grad(x, w, b, wrt="w", per_row=True), by_w, rtol=1e-11, atol=1e-11 * scale)
    vector = rng.normal(size=len(w))
    expected = sum(
        np.array(autograd.hvp(lambda w, row=row: network(row, w, b), w.tolist(), vector.tolist()))
        for row in x.tolist()
    )
    np.testing.assert_allclose(
        fast.hvp(x, w, b, vector=vector, wrt="w"),
        expected,
        rtol=1e-9,
        atol=1e-9 * max(1.0, np.abs(expected).max()),
    )


def test_the_first_neuron_of_a_layer_may_be_constant_with_respect_to_the_argument():
    def network(x, w):
        return autograd.square(autograd.dot([0.5, 2.0], x)) + autograd.square(autograd.dot(w, x))

    fast = compile(network, batched="x")
    x, w = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5, 1.0])
    assert fast.grad(x, w, wrt="w").tolist() == (2 * (x @ w)[:, None] * x).sum(axis=0).tolist()


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


def test_help_on_a_compiled_function_shows_its_methods_and_its_signature():
    @compile(batched="x")
    def area(x, width=2.0):
        """Only the function's own words."""
        return x * width

    shown = pydoc.render_doc(area, renderer=pydoc.plaintext)
    for method in ("value_and_grad", "grad", "jacobian", "hessian", "hvp", "explain", "source"):
        assert f"{method}(" in shown
    assert "Only the function's own words." in shown
    assert "area(x, width=2.0)" in shown
    text = pydoc.render_doc(Compiled, renderer=pydoc.plaintext)
    words = text.replace("|", " ").split()  # Python 3.13 breaks long signatures into lines
    assert "value_and_grad(self" in "".join(words)


def test_the_public_signatures_name_their_options():
    for function in (autograd.compile, autograd.export):
        kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
        assert inspect.Parameter.VAR_KEYWORD not in kinds
    options = [
        name
        for name, parameter in inspect.signature(autograd.draw).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name != "step"
    ]
    assert list(PictureOptions.__annotations__) == options


@pytest.mark.parametrize("name", FRONTS)
def test_an_infinite_partial_is_not_multiplied_by_the_zero_of_an_unselected_branch(name):
    front, at = FRONTS[name]
    for steep in STEEP.values():
        assert compile(lambda x, steep=steep: steep(front(x))).grad(at) == 0.0


@pytest.mark.parametrize("name", UNSELECTED)
def test_no_gradient_flows_through_a_branch_that_was_not_selected(name):
    for steep in (autograd.sqrt, autograd.cbrt):
        assert compile(lambda x, steep=steep: UNSELECTED[name](steep(x)) + x).grad(0.0) == 1.0


def tanh_at(points, way):
    """Return tanh compiled for rows, for a machine without fused multiply-adds, or on a tape at one point."""
    if way == "tape":
        return np.array(compile(lambda *xs: [tanh(x) for x in xs])(*points.tolist()))
    return Compiled(tanh, "x", **({"machine": BASELINE} if way == "baseline" else {}))(points)


@pytest.mark.parametrize("way", ["rows", "baseline", "tape"])
def test_tanh_is_within_2_units_in_the_last_place_at_every_exponent(way, monkeypatch):
    mpmath = pytest.importorskip("mpmath")
    if way == "tape":
        compile_to_tapes(monkeypatch)
    rng = np.random.default_rng(0)
    points = np.concatenate(
        [np.ldexp(rng.uniform(1, 2, 4), e) for e in range(-1074, 1023, 3)]
        + [
            rng.uniform(0, 0.6, 2000),
            rng.uniform(0, 3, 2000),
            rng.uniform(2, 23, 500),
            rng.uniform(17, 20, 200),
        ]
    )
    found = tanh_at(points, way)
    with mpmath.workprec(140):
        for x, y in zip(points.tolist(), found.tolist(), strict=True):
            exact = mpmath.tanh(mpmath.mpf(x))
            assert abs(exact - y) <= 2 * np.spacing(float(exact)), x
    ends = tanh_at(np.array([np.inf, -np.inf, -0.0, np.nan, -1.0, 1.0]), way)
    assert ends[:2].tolist() == [1.0, -1.0]
    assert np.signbit(ends[2])
    assert np.isnan(ends[3])
    assert ends[4] == -ends[5]


@pytest.mark.parametrize("function", [exp, tanh, add, mul, sin], ids=lambda function: function.__name__)
@pytest.mark.parametrize("count", range(1, 10))
def test_a_run_of_a_tape_has_any_number_of_instructions(count, function, monkeypatch):
    """Four at a time pass through an unrolled loop, exp and tanh as one vector; the others one by one."""
    compile_to_tapes(monkeypatch)
    binary = function in (add, mul)

    def f(*xs):  # with a minus, since a result is stored directly after its instruction, which ends a run
        return [-(function(x, 0.75) if binary else function(x)) for x in xs]

    points = [0.3 * k - 1.1 for k in range(count)]
    fast = compile(f)
    found = fast(*points)
    assert "a tape of" in fast.explain()
    np.testing.assert_allclose(found, f(*points), rtol=1e-15)
    swapped = fast(*points[::-1])
    assert swapped == found[::-1]  # the same number wherever it is in the run
    for k in range(count):  # each instruction reads its own operand, and special numbers stay in their lane
        special = list(points)
        special[k] = math.nan
        around = fast(*special)
        assert math.isnan(around[k])
        assert around[:k] + around[k + 1 :] == found[:k] + found[k + 1 :]


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("rows", [1, 7, 64, 257, 1000, 5000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_are_read_whatever_their_number_and_order(columns, rows, order):
    x = np.array(np.random.default_rng(0).normal(size=(rows, columns)), order=order)
    fast = compile(lambda x, w: autograd.total([w[k] * v for k, v in enumerate(x)]), batched="x")
    weights = np.arange(1.0, columns + 1)
    assert fast(x, weights) == pytest.approx(x @ weights, rel=1e-13)
    wider = np.ones((rows, 2 * columns))
    wider[:, ::2] = x
    assert fast(wider[:, ::2], weights) == pytest.approx(x @ weights, rel=1e-13)
