"""Exported source: JAX computes the same as the compiled kernel, with the table's derivatives at kinks too."""

import copy
import importlib.util
import random
import re
import types

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import (
    TABLE,
    Value,
    compile,
    dot,
    exp,
    export,
    operation,
    relu,
    tanh,
    topological_order,
    total,
    where,
)
from autograd.errors import TracingError

JAX = importlib.util.find_spec("jax") is not None
needs_jax = pytest.mark.skipif(not JAX, reason="jax is not installed: pip install jax")
# The points for second derivatives: inside the domain, on both sides of kinks.
POINTS = [-2.25, -0.75, -0.125, 0.3125, 0.875, 1.5, 3.0]


def module(source):
    """Return the names that exported source defines."""
    names = {}
    exec(source, names)
    return names


def stand_in(source):
    """Return the values computed with numpy instead of JAX."""
    special = types.SimpleNamespace(
        **{n: np.vectorize(autograd.ops.primitives.FAST[n]) for n in ("erf", "erfc", "logsumexp")}
    )
    special.logsumexp = lambda xs, axis=-1: np.log(np.sum(np.exp(xs), axis=axis))
    jax = types.SimpleNamespace(custom_jvp=lambda f: f, scipy=types.SimpleNamespace(special=special))
    text = source[source.index("\n\n\ndef") if "_flow" not in source else source.index("@jax.custom_jvp") :]
    lines = [line for line in text.split("\n\n\n") if "functools" not in line and "vmap" not in line]
    names = {"jax": jax, "jnp": np}
    exec("\n\n".join(lines), names)
    return names


def points(op):
    """Operands inside the domain of an operation: a row for each point."""
    rng = random.Random(op.name)
    count = 3 if op.variadic else 1
    found = []
    while len(found) < 24:
        row = [rng.choice(POINTS) for _ in range(count * len(op.operands))]
        names = dict(zip(op.operands, op.grouped(row), strict=True))
        if op.name == "pow" and row[0] < 0:  # no derivative with respect to its exponent
            continue
        if not op.domain or eval(op.domain, dict(autograd.ops.primitives.FAST), names):
            found.append(row)
    return np.array(found)


def function(op):
    call = getattr(autograd, op.name)
    if not op.variadic:
        return lambda x: call(*x)
    return lambda x: call(*op.grouped(list(x)))


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_operation_of_the_table_has_its_value(op):
    rows = points(op)
    source = export(function(op), rows, batched="x", name="f")
    computed = [stand_in(source)["f"](row) for row in rows]
    assert computed == pytest.approx(
        compile(function(op), batched="x")(rows), rel=1e-13, abs=1e-15, nan_ok=True
    )


@pytest.fixture(scope="module")
def computed_by_jax():
    """Return values, gradients and second derivatives of every operation, all compiled at once."""
    import jax

    rows = {name: points(op) for name, op in TABLE.items()}
    functions = {
        name: module(export(function(op), rows[name], batched="x", name="f"))["f"] for name, op in TABLE.items()
    }

    def everything(rows):
        return {
            name: tuple(jax.vmap(g)(rows[name]) for g in (f, jax.grad(f), jax.jacfwd(jax.grad(f))))
            for name, f in functions.items()
        }

    return rows, jax.jit(everything)(rows)


@needs_jax
@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_operation_of_the_table_has_its_derivatives_in_jax(op, computed_by_jax):
    rows, found = computed_by_jax[0][op.name], computed_by_jax[1][op.name]
    fast = compile(function(op), batched="x")
    expected = fast(rows), fast.grad(rows, wrt="x"), fast.hessian(rows, wrt="x")
    for ours, theirs in zip(expected, map(np.asarray, found), strict=True):
        assert theirs == pytest.approx(ours, rel=1e-11, abs=1e-13)
    assert np.isfinite(found[2]).all()


@needs_jax
@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("relu", [0.0]), ("abs", [0.0]), ("leaky_relu", [0.0, 0.01]), ("elu", [0.0, 1.5]), ("step", [0.0]),
        ("sign", [0.0]), ("maximum", [2.0, 2.0]), ("minimum", [-1.0, -1.0]), ("clip", [1.0, 0.0, 1.0]),
        ("hypot", [0.0, 0.0]), ("pow", [0.0, 0.0]), ("pow", [0.0, 2.0]), ("sqrt", [0.0]), ("cbrt", [0.0]),
        ("where", [0.0, 2.0, 3.0]), ("sigmoid", [-1000.0]), ("softplus", [1000.0]), ("prod", [0.0, 0.0, 3.0]),
    ],
)  # fmt: skip
def test_kinks_and_tails_are_the_tables(name, row):
    import jax

    op, rows = TABLE[name], np.array([row])
    fast = compile(function(op), batched="x")
    f = module(export(fast, rows, name="f"))["f"]
    assert float(f(rows[0])) == fast(rows)[0]
    assert np.asarray(jax.grad(f)(rows[0])).tolist() == fast.grad(rows, wrt="x")[0].tolist()


@needs_jax
def test_a_plain_number_has_no_partial():
    import jax

    f = module(export(lambda x: x**2 + x**3.0, -3.0, name="f"))["f"]
    assert float(jax.grad(f)(-3.0)) == 21.0  # log(-3) would have made it nan


def network(*widths):
    from nn import MLP

    model = MLP(2, [*widths, 1], activation="relu", rng=random.Random(0))
    own = model.parameters()

    def loss(x, y, w):
        bound = copy.deepcopy(model, dict(zip(map(id, own), w, strict=True)))
        return (bound(list(x)) - y) ** 2

    return loss, np.array([parameter.data for parameter in own])


def test_layers_become_products_of_matrices():
    loss, weights = network(8, 8)
    source = export(loss, np.zeros((1, 2)), np.zeros(1), weights, batched=("x", "y"))
    assert "v1 = a2[0:24].reshape(8, 3)[:, 0:2] @ a0" in source
    assert "v2 = v1 + a2[2:24:3]" in source
    assert "loss_rows = jax.vmap(loss, in_axes=(0, 0, None,))" in source
    assert len([line for line in source.splitlines() if line.startswith("    v")]) == 10


@needs_jax
@pytest.mark.slow
def test_a_network_has_the_kernels_loss_gradient_and_hessian():
    import jax

    loss, weights = network(4)
    fast = compile(loss, batched=("x", "y"))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    rows = module(export(fast, x, y, weights))["loss_rows"]
    summed = lambda w: rows(x, y, w).sum()  # noqa: E731
    value, slope = jax.jit(jax.value_and_grad(summed))(weights)
    values, gradient = fast.value_and_grad(x, y, weights, wrt="w")
    assert float(value) == pytest.approx(values.sum(), rel=1e-13)
    assert np.asarray(slope) == pytest.approx(gradient, rel=1e-11, abs=1e-12)
    curved = np.asarray(jax.jit(jax.hessian(summed))(weights))
    assert curved == pytest.approx(fast.hessian(x, y, weights, wrt="w"), rel=1e-11, abs=1e-11)


@needs_jax
@pytest.mark.slow
def test_random_programs_have_the_kernels_numbers():
    import jax

    from autograd.checking.cases.generation import from_generator, generate
    from autograd.graph import topological_order

    for seed in range(6):
        program = generate(from_generator(random.Random(seed)), family="tame")
        root, leaves = program.record()[:2]
        nodes = {*topological_order(root)}
        leaves = [leaf for leaf in leaves if leaf in nodes]
        fast = compile(root, inputs=leaves)
        at = [np.array([leaf.data]) for leaf in leaves]
        f = module(export(root, inputs=leaves, name="f"))["f"]
        numbers = [leaf.data for leaf in leaves]
        slopes = jax.grad(f, argnums=tuple(range(len(leaves))))(*numbers)
        expected = [float(item[0]) for item in fast.grad(*at, wrt=tuple(range(len(at))))]
        assert [float(slope) for slope in slopes] == pytest.approx(expected, rel=1e-10, abs=1e-12, nan_ok=True)


def test_arguments_nest_and_results_too():
    def f(point, scale):
        return {"sum": total(point["xs"]) * scale, "pair": (point["y"] + 1, [3.0])}

    source = export(f, {"xs": [1.0, 2.0], "y": 5.0}, 2.0)
    assert "a0 = jnp.asarray(point['xs'], dtype=float).ravel()" in source
    got = stand_in(source)["f"]({"xs": [1.0, 2.0], "y": 5.0}, 2.0)
    assert (float(got["sum"]), float(got["pair"][0]), float(got["pair"][1][0])) == (6.0, 6.0, 3.0)


def test_names_that_the_source_needs_itself_are_replaced():
    source = export(lambda jnp, v1: jnp * v1, 2.0, 3.0)
    assert "def f(argument_0, argument_1):" in source
    assert float(stand_in(source)["f"](2.0, 3.0)) == 6.0


def test_values_from_outside_are_constants_and_equal_nodes_are_computed_once():
    weight = Value(0.5)
    source = export(lambda x: tanh(weight * x) + tanh(weight * x), 1.0)
    assert source.count("jnp.tanh") == 1
    assert "v1 = 0.5 * a0" in source


def test_a_graph_that_is_recorded_already():
    x, w, b = Value(2.0, "x"), Value(3.0), Value(1.0)
    source = export(exp(w * x + b), inputs=[x], parameters=[w, b], name="f")
    assert float(stand_in(source)["f"](0.5, [2.0, 1.0])) == pytest.approx(np.exp(2.0))


@needs_jax
def test_a_declared_operation_keeps_its_derivative():
    import jax

    wrong = operation("swish(x)", "x * sigmoid(x)", ["sigmoid(x)"])  # the product rule forgotten, on purpose
    f = module(export(lambda x: wrong(1.0 * x), 1.0, name="f"))["f"]
    assert float(jax.grad(f)(1.0)) == pytest.approx(0.7310585786300049)


@needs_jax
def test_operands_may_have_names_that_the_source_uses():
    odd = operation(
        "odd(jnp, tangents=2.0)", "tanh(jnp) * tangents", ["(1 - square(tanh(jnp))) * tangents", "tanh(jnp)"]
    )
    assert_jax_agrees(lambda x: odd(x[0], x[1]), np.array([0.5, -1.25]))
    odds = operation("odds(*primals)", "total([square(primal) for primal in primals])", ["2.0 * primal"])
    assert_jax_agrees(lambda x: odds(list(x)), np.array([0.5, -1.25]))


def test_exporting_an_unsupported_function_is_a_clear_error():
    opaque = operation("opaque(x)", lambda x: x + 1, [lambda x: 1.0])
    with pytest.raises(TypeError, match="opaque has a Python function as a rule"):
        export(lambda x: opaque(2.0 * x), 1.0)
    with pytest.raises(TracingError, match="a branch on a Value"):
        export(lambda x: x if x > 0 else -x, 1.0)
    with pytest.raises(TypeError, match="real numbers"):
        export(lambda x: x, "text")


def test_comparisons_are_recorded():
    source = export(lambda x, y: where(x < y, dot([x, y], [y, y]), relu(x)), 1.0, 2.0)
    f = stand_in(source)["f"]
    assert (float(f(1.0, 2.0)), float(f(3.0, 2.0))) == (6.0, 3.0)


@pytest.mark.parametrize(
    "labels",
    [
        ("float", "x"), ("jnp", "x"), ("ｊｎｐ", "x"), ("ﬁ", "fi"), ("f", "f_rows"), ("", "argument_0"),
        ("argument_1", ""), ("class", "x"), ("v1", "a0"), ("x", "x"), ("\x1b[31m", "x\ny"),
        ("range", "ｆｌｏａｔ"),
    ],
)  # fmt: skip
def test_arguments_of_any_name_do_not_disturb_the_source(labels):
    x, y = (Value(2.0, label) for label in labels)
    source = export(tanh(x * y) + x, inputs=[x, y], name="f")
    compiled = compile(tanh(x * y) + x, inputs=[x, y])
    assert stand_in(source)["f"](2.0, 0.25) == pytest.approx(compiled(2.0, 0.25), rel=1e-12)


def test_batched_arguments_are_named_as_in_the_function():
    source = export(lambda float, w: float * w, [1.0, 2.0], 3.0, batched="float", name="f")
    assert "f_rows = jax.vmap(f, in_axes=(0, None,))" in source


RMS = operation("rms(*xs)", "sqrt(total([x * x for x in xs]) / len(xs))", "x / (len(xs) * out)")
DECLARED = {
    "elements": operation("soft(*xs)", "log(total([exp(x) for x in xs]))", "exp(x - out)"),
    "a count": operation("sizes(*xs)", "sqrt(dot(xs, xs)) / len(xs)", "x / (sqrt(dot(xs, xs)) * len(xs))"),
    "products of the others": operation("times(*xs)", "prod(xs)", "before * after"),
    "a kink": operation("ramps(*xs)", "total([relu(x) for x in xs])", "1.0 if x > 0 else 0.0"),
    "sequences in elements": operation(
        "mixed(*xs)", "total([tanh(x) * dot(xs, xs) for x in xs])",
        "(1 - square(tanh(x))) * dot(xs, xs) + 2 * x * total([tanh(x) for x in xs])",
    ),
}  # fmt: skip


def assert_jax_agrees(f, x, **options):
    import jax

    g = module(export(f, x, name="g", **options))["g"]
    kernel = compile(f, **options)
    assert np.asarray(g(x)) == pytest.approx(np.asarray(kernel(x)), rel=1e-13)
    slopes = jax.grad(lambda x: jax.numpy.sum(jax.numpy.asarray(g(x))))(jax.numpy.asarray(x))
    summed = compile(lambda x: total(f(x)) if isinstance(f(x), list) else f(x), **options)
    assert np.asarray(slopes) == pytest.approx(np.asarray(summed.grad(x)), rel=1e-12)


@needs_jax
@pytest.mark.parametrize("op", DECLARED.values(), ids=DECLARED)
def test_a_declared_operation_of_a_sequence_has_its_value_and_derivative(op):
    assert_jax_agrees(lambda x: op(list(x)), np.array([0.5, -1.25, 2.0, 0.75]))


@needs_jax
def test_a_declared_operation_of_two_sequences_has_its_value_and_derivative():
    mean = operation(
        "weighted(*xs, *ws)", "dot(xs, ws) / total(ws)", ["w / total(ws)", "(x - out) / total(ws)"]
    )
    assert_jax_agrees(lambda x: mean(list(x[:3]), list(x[3:])), np.array([0.5, -1.25, 2.0, 0.75, 1.5, 2.5]))


@needs_jax
@pytest.mark.parametrize(
    ("f", "written"),
    [
        (lambda x: [RMS([x[0], x[1]]), RMS([x[2], x[3]])], "op_rms(a0[0:4].reshape(2, 2))"),
        (lambda x: total([x[0], 1.0, 2.0, x[1]]), "jnp.array([1.0, 2.0])"),
        (lambda x: [dot([1.0, 2.0], [x[0], x[1]]), dot([3.0, 4.0], [x[0], x[1]])], "@ a0[0:2]"),
        (lambda x: [total([x[0], x[1]]), total([x[3], x[4]])], "a0.reshape(2, 3)[:, 0:2]"),
        (lambda x: [total([x[0], x[1]]), total([x[2], x[4]])], "a0[jnp.array([0, 1, 2, 4])].reshape(2, 2)"),
        (lambda x: [total(x[4:6]), total(x[2:4])], "a0[jnp.array([4, 5, 2, 3])].reshape(2, 2)"),
        (lambda x: autograd.minimum(x[0], float("inf")), "jnp.inf"),
        (lambda x: autograd.maximum(x[0], -float("inf")), "(-jnp.inf)"),
    ],
)  # fmt: skip
def test_parts_of_arrays_and_constants_are_joined_as_they_stand_in_the_graph(f, written):
    x = np.array([0.5, -1.25, 2.0, 0.75, 1.5, 2.5])
    assert written in export(f, x)
    assert_jax_agrees(f, x)


@needs_jax
def test_batched_arguments_are_named_counted_or_all_of_them():
    x, y = np.linspace(-1, 1, 5), np.linspace(2, 3, 5)

    def f(x, y):
        return autograd.sin(x) * y

    expected = np.sin(x) * y
    assert np.asarray(module(export(f, x, y, batched="all"))["f"](x, y)) == pytest.approx(expected)
    for batched in ("x", 0, ["x"], -2):
        found = module(export(f, x, 2.5, batched=batched, name="g"))["g"](x, 2.5)
        assert np.asarray(found) == pytest.approx(np.sin(x) * 2.5)
    for wrong in ("z", 2, -3, ["x", 2], [True]):
        with pytest.raises(ValueError, match=re.escape("is not an argument of f, which takes x, y")):
            export(f, x, 2.5, batched=wrong)
    with pytest.raises(TypeError, match="batched takes a name or position, or several in a list, got True"):
        export(f, x, 2.5, batched=True)


def test_a_compiled_graph_is_exported_as_the_graph():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    root = a * b + a
    assert export(compile(root, inputs=[a, b])) == export(root, inputs=[a, b])


def test_each_node_is_visited_once_for_all_results(monkeypatch):
    from autograd.exporting import vectorise

    visited = []

    def counted(*roots):
        order = topological_order(*roots)
        visited.extend(order)
        return order

    monkeypatch.setattr(vectorise, "topological_order", counted)

    def running_sums(x):
        sums = [x]
        for _ in range(99):
            sums.append(sums[-1] * x + 1.0)
        return sums

    assert "def running_sums(x" in export(running_sums, 0.5)
    assert len(visited) == len(set(visited)) == 199
