"""Arguments of compiled functions, the structure of their derivatives, and arguments that are refused."""

import fractions
import math
from array import array as python_array
from collections import namedtuple

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import Value, compile, dot, sin, square, tanh, total

Layer = namedtuple("Layer", "weights bias")
RNG = np.random.default_rng(0)


def line(x, w):
    return tanh(dot(w, x)) + x[0]


ROWS = RNG.normal(size=(10, 3))
W = np.array([0.5, -1.0, 2.0])
EXPECTED = np.tanh(ROWS @ W) + ROWS[:, 0]


def strange_arrays(rows):
    """Return the same numbers in arrays of all dtypes and layouts."""
    tall = np.zeros((2 * rows.shape[0], 3 * rows.shape[1]))
    tall[::2, ::3] = rows
    read_only = rows.copy()
    read_only.flags.writeable = False
    packed = np.zeros(len(rows), dtype=[("skip", "u1"), ("row", "f8", (rows.shape[1],))])
    packed["row"] = rows
    yield "C", rows.copy()
    yield "Fortran", np.asfortranarray(rows)
    yield "read-only", read_only
    yield "strided", tall[::2, ::3]
    yield "negative strides", rows[::-1, ::-1].copy()[::-1, ::-1]
    yield "big-endian", rows.astype(">f8")
    yield "unaligned", packed["row"]
    yield "transposed", rows.T.copy().T
    yield "long double", rows.astype(np.longdouble)
    yield "objects", rows.astype(object)
    yield "matrix subclass", rows.view(type("Own", (np.ndarray,), {}))
    yield "lists", rows.tolist()
    yield "tuples", tuple(map(tuple, rows.tolist()))
    yield "rows of arrays", np.array(list(rows))


@pytest.mark.parametrize("count", [10, 4000])
def test_arrays_of_every_dtype_and_layout_are_accepted(count):
    rows = np.resize(ROWS, (count, 3))
    fast = compile(line, batched="x")
    expected = fast.value_and_grad(rows, W)
    for kind, given in strange_arrays(rows):
        values, (by_x, by_w) = fast.value_and_grad(given, W)
        assert np.array_equal(values, expected[0]), kind
        assert np.array_equal(by_x, expected[1][0]), kind
        assert np.array_equal(by_w, expected[1][1]), kind
    np.testing.assert_allclose(expected[0], np.resize(EXPECTED, count), rtol=1e-13)


@pytest.mark.parametrize("count", [5, 4000])
def test_one_row_broadcast_without_copies(count):
    fast = compile(line, batched="x")
    rows = np.broadcast_to(ROWS[0], (count, 3))
    assert rows.strides[0] == 0
    assert fast(rows, W).tolist() == [fast(ROWS[:1], W)[0]] * count
    assert fast.grad(rows, W, wrt="x").shape == (count, 3)


@pytest.mark.parametrize("kind", ["f2", "f4", "i1", "u1", "i8", "u8", ">i4"])
@pytest.mark.parametrize("count", [10, 4000])
def test_small_floats_and_large_integers_are_read_exactly(kind, count):
    rows = np.resize(np.arange(30) % 7, (count, 3)).astype(kind)
    fast = compile(line, batched="x")
    assert np.array_equal(fast(rows, W), fast(rows.astype(float), W))
    assert fast.grad(rows, W, wrt="x").dtype == np.float64


def test_arguments_are_not_modified():
    rows, w = ROWS.copy(), W.copy()
    compile(line, batched="x").value_and_grad(rows, w)
    assert np.array_equal(rows, ROWS)
    assert np.array_equal(w, W)


def test_results_belong_to_the_caller():
    fast = compile(line, batched="x")
    first = fast.value_and_grad(ROWS, W)
    kept = first[0].copy(), first[1][0].copy(), first[1][1].copy()
    fast.value_and_grad(ROWS + 1, W)
    first[0][:] = 0
    second = fast.value_and_grad(ROWS, W)
    assert np.array_equal(second[0], kept[0])
    assert np.array_equal(first[1][0], kept[1])
    assert np.array_equal(first[1][1], kept[2])


@pytest.mark.parametrize(
    "given",
    [
        2,
        2.0,
        np.float64(2.0),
        np.float32(2.0),
        np.int32(2),
        np.array(2.0),
        fractions.Fraction(2),
        10**30,
    ],
)
def test_scalars_of_every_type_are_accepted(given):
    fast = compile(lambda x: sin(x) * x)
    for _ in range(2):
        assert fast(given) == pytest.approx(math.sin(given) * float(given), rel=1e-14)
        assert isinstance(fast(given), float)
        assert isinstance(fast.grad(given, wrt=0), float)


@pytest.mark.parametrize(
    "given",
    [
        [1.0, 2.0, 3.0],
        (1, 2, 3),
        range(1, 4),
        python_array("d", [1, 2, 3]),
        np.arange(1, 4),
        [1, 2.0, np.float32(3)],
    ],
)
def test_sequences_of_every_type_are_accepted(given):
    fast = compile(lambda x: total([square(item) for item in x]))
    for _ in range(2):
        assert fast(given) == 14.0
        assert fast.grad(given, wrt=0).tolist() == [2.0, 4.0, 6.0]


class Series:
    """The interface of columns of pandas and similar libraries."""

    def __init__(self, numbers):
        self.numbers = numbers

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numbers, dtype=dtype)

    def __len__(self):
        return len(self.numbers)


def test_columns_of_other_libraries_are_read_through_their_array():
    fast = compile(lambda x, w: x * w, batched="x")
    for _ in range(2):
        assert fast(Series([1.0, 2.0]), 3.0).tolist() == [3.0, 6.0]
        assert fast.grad(Series([1.0, 2.0]), 3.0, wrt="x").tolist() == [3.0, 3.0]
    assert compile(lambda w: w[0] * w[1])(Series([1.0, 2.0])) == 2.0


def nested(params, x):
    first, second = params["layers"]
    h = [tanh(dot(w, x) + b) for w, b in zip(first.weights, first.bias, strict=True)]
    return dot(second.weights[0], h) + second.bias[0] * params["scale"]


PARAMS = {
    "layers": [Layer(RNG.normal(size=(2, 3)), RNG.normal(size=2)), Layer([[0.5, -0.5]], [0.25])],
    "scale": 2.0,
}


def test_dicts_lists_and_named_tuples_keep_their_structure_in_the_gradient():
    fast = compile(nested, batched="x")
    values, slopes = fast.value_and_grad(PARAMS, ROWS, wrt="params")
    assert list(slopes) == ["layers", "scale"]
    assert isinstance(slopes["layers"][0], Layer)
    assert slopes["layers"][0].weights.shape == (2, 3)
    assert slopes["layers"][1].bias.tolist() == [20.0]
    assert slopes["scale"] == 2.5
    hidden = np.tanh(ROWS @ PARAMS["layers"][0].weights.T + PARAMS["layers"][0].bias)
    np.testing.assert_allclose(values, hidden @ [0.5, -0.5] + 0.5, rtol=1e-13)
    np.testing.assert_allclose(slopes["layers"][1].weights, [hidden.sum(axis=0)], rtol=1e-13)
    apart = fast.grad(PARAMS, ROWS, wrt="params", per_row=True)
    assert apart["layers"][0].weights.shape == (10, 2, 3)
    assert apart["scale"].tolist() == [0.25] * 10


def test_a_function_reads_a_named_tuple_by_its_fields():
    fast = compile(lambda p: p.weights * p.bias)
    assert fast(Layer(2.0, 3.0)) == 6.0
    assert fast.grad(Layer(2.0, 3.0), wrt=0) == Layer(3.0, 2.0)


def test_a_dict_of_columns_is_batched_column_by_column():
    fast = compile(lambda row: row["a"] * row["b"][1], batched="row")
    table = {"a": np.array([1.0, 2.0]), "b": np.array([[0.0, 3.0], [0.0, 4.0]])}
    assert fast(table).tolist() == [3.0, 8.0]
    slopes = fast.grad(table, wrt="row")
    assert slopes["b"].tolist() == [[0.0, 1.0], [0.0, 2.0]]


def test_the_items_of_a_ragged_list_are_separate_arguments():
    fast = compile(lambda w: w[0][0] * w[1][1] + w[1][2])
    assert fast([[2.0], [1.0, 3.0, 4.0]]) == 10.0
    slopes = fast.grad([[2.0], [1.0, 3.0, 4.0]], wrt=0)
    assert [part.tolist() for part in slopes] == [[3.0], [0.0, 2.0, 1.0]]


# Names, positions and derivatives.


def three(x, w, b=1.0):
    return dot(w, x) * b


def test_wrt_takes_names_and_positions_and_sets_the_structure_of_the_gradient():
    fast = compile(three, batched="x")
    everything = fast.grad(ROWS, W, 2.0)
    assert len(everything) == 3
    for wrt, position in (("x", 0), (1, 1), ("b", 2), (-1, 2)):
        alone = fast.grad(ROWS, W, 2.0, wrt=wrt)
        assert np.array_equal(alone, everything[position])
        (inside,) = fast.grad(ROWS, W, 2.0, wrt=[wrt])
        assert np.array_equal(inside, alone)
    by_b, by_x = fast.grad(ROWS, W, 2.0, wrt=("b", 0))
    assert by_b == pytest.approx((ROWS @ W).sum(), rel=1e-12)
    np.testing.assert_allclose(by_x, np.tile(2 * W, (10, 1)))
    assert fast.grad(ROWS, W, 2.0, wrt=()) == ()
    assert len(fast.grad(ROWS, W)) == 2  # a default that was not given is not differentiated
    assert fast(ROWS, b=2.0, w=W).tolist() == fast(ROWS, W, 2.0).tolist()


@pytest.mark.parametrize("batched", ["x", 0, ("x",), [0], ("x", "w"), "all", -3, ()])
def test_batched_takes_names_positions_and_all(batched):
    fast = compile(three, batched=batched)
    everything = batched == "all"
    w = np.tile(W, (10, 1)) if everything or "w" in np.atleast_1d(batched) else W
    b = np.full(10, 2.0) if everything else 2.0
    x = ROWS if batched != () else ROWS[0]
    found = fast(x, w, b)
    np.testing.assert_allclose(found, 2 * x @ W, rtol=1e-14)
    by_x, by_w, by_b = fast.grad(x, w, b)
    assert by_x.shape == x.shape
    assert by_w.shape == w.shape
    assert np.shape(by_b) == np.shape(b)


@pytest.mark.parametrize("wrong", ["z", 3, -4, 1.5, None, True])
def test_an_unknown_argument_in_batched_or_wrt_is_an_error_that_lists_them(wrong):
    with pytest.raises((TypeError, ValueError), match="x, w, b"):
        compile(three, batched=wrong)
    if wrong is not None:
        with pytest.raises((TypeError, ValueError), match="x, w, b"):
            compile(three).grad(ROWS[0], W, 1.0, wrt=wrong)


def test_an_argument_twice_in_wrt_is_an_error():
    with pytest.raises(ValueError, match="twice"):
        compile(three).grad(ROWS[0], W, wrt=("x", 0))


def quartic(x, w):
    return square(square(dot(w, x))) + w[0] * x[1]


def test_hessian_of_shared_and_batched_arguments():
    fast = compile(quartic, batched="x")
    (xx, xw), (wx, ww) = fast.hessian(ROWS, W)
    assert xx.shape == (10, 3, 3)
    assert xw.shape == (10, 3, 3)
    assert wx.shape == (10, 3, 3)
    assert ww.shape == (3, 3)
    for k, row in enumerate(ROWS.tolist()):
        by_x = autograd.hessian(lambda x: quartic(x, W.tolist()))(row)
        np.testing.assert_allclose(xx[k], by_x, rtol=1e-12)
        mixed = autograd.jacobian(autograd.grad(quartic, 0), 1)(row, W.tolist())
        np.testing.assert_allclose(xw[k], mixed, rtol=1e-12)
        np.testing.assert_allclose(wx[k].T, mixed, rtol=1e-12)
    by_w = [autograd.hessian(lambda w, row=row: quartic(row, w))(W.tolist()) for row in ROWS.tolist()]
    np.testing.assert_allclose(ww, np.sum(by_w, axis=0), rtol=1e-12)
    apart = fast.hessian(ROWS, W, wrt="w", per_row=True)
    np.testing.assert_allclose(apart, by_w, rtol=1e-12)


def test_hvp_is_the_hessian_times_the_vector():
    fast = compile(quartic, batched="x")
    vector = RNG.normal(size=(10, 3))
    xx = fast.hessian(ROWS, W, wrt="x")
    found = fast.hvp(ROWS, W, vector=vector, wrt="x")
    np.testing.assert_allclose(found, np.einsum("rij,rj->ri", xx, vector), rtol=1e-12)
    np.testing.assert_allclose(fast.hvp(ROWS, W, vector=vector.tolist(), wrt="x"), found)
    by_x, by_w = fast.hvp(ROWS, W, vector=(vector, [1.0, 0.0, -1.0]))
    (xx, xw), (wx, ww) = fast.hessian(ROWS, W)
    np.testing.assert_allclose(by_x, found + xw @ [1.0, 0.0, -1.0], rtol=1e-12)
    np.testing.assert_allclose(by_w, np.einsum("rij,rj->i", wx, vector) + ww @ [1.0, 0.0, -1.0], rtol=1e-11)
    single = compile(quartic).hvp(ROWS[0], W, vector=vector[0], wrt="x")
    np.testing.assert_allclose(single, fast.hvp(ROWS[:1], W, vector=vector[:1], wrt="x")[0], rtol=1e-13)


def test_hvp_refuses_a_vector_of_another_shape():
    fast = compile(quartic, batched="x")
    with pytest.raises(ValueError, match="shaped like x"):
        fast.hvp(ROWS, W, vector=np.ones((10, 2)), wrt="x")
    with pytest.raises(ValueError, match="vector for each of 2"):
        fast.hvp(ROWS, W, vector=(np.ones((10, 3)),))
    with pytest.raises(ValueError, match="same number of rows"):
        fast.hvp(ROWS, W, vector=np.ones((9, 3)), wrt="x")


def test_jacobian_of_several_numbers():
    fast = compile(lambda x, w: {"p": x[0] * w[0], "q": [x[1] * x[1], w[1]]}, batched="x")
    found = fast.jacobian(ROWS[:, :2], W[:2], wrt="x")
    assert found["p"].tolist() == [[0.5, 0.0]] * 10
    np.testing.assert_allclose(found["q"][0][:, 1], 2 * ROWS[:, 1])
    assert found["q"][1].tolist() == [[0.0, 0.0]] * 10
    by_w = fast.jacobian(ROWS[:, :2], W[:2], wrt="w")
    assert by_w["p"].tolist() == [pytest.approx(ROWS[:, 0].sum()), 0.0]
    assert by_w["q"][1].tolist() == [0.0, 10.0]


# Arguments that are refused.


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("text", "text"),
        (None, "objects"),
        (True, "bools"),
        (1j, "complex numbers"),
        ([1.0, "a"], "text"),
        ([1.0, None], "objects"),
        ([True, False], "bools"),
        (np.array([True]), "bools"),
        (np.array([1j]), "complex"),
        (np.array(["2026-01-01"], dtype="M8[D]"), "datetime"),
        (np.zeros(2, dtype=[("a", "f8")]), "int or float"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), "masked"),
        ({1.0, 2.0}, "objects"),
        ((x for x in (1.0, 2.0)), "objects"),
        (Value(2.0), r"such as x\.data"),
        ([Value(2.0)], "objects"),
        ({"a": "b"}, r"\['a'\].*text"),
        (Layer(1.0, None), r"\.bias.*objects"),
    ],
)
def test_an_argument_that_is_not_a_number_is_refused_by_name(given, message):
    fast = compile(lambda x: 1.0)
    with pytest.raises(TypeError, match=rf"x.*{message}"):
        fast(given)
    fast(1.0)
    fast(np.ones(2))
    with pytest.raises(TypeError, match=rf"x.*{message}"):  # also after calls with valid arguments
        fast(given)


@pytest.mark.parametrize(
    "given",
    [2.0, 3, np.float64(1.0), np.array(1.0), [np.ones(2), np.ones(2)], [[1.0, 2.0], [3.0]], [1.0, [2.0]]],
)
def test_a_batched_argument_without_a_leading_axis_is_refused(given):
    fast = compile(lambda x: 1.0, batched="x")
    with pytest.raises(ValueError, match="x is batched"):
        fast(given)


def test_different_numbers_of_rows_are_refused_by_name():
    fast = compile(lambda x, y: x * y, batched="all")
    fast(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="x has 3, y has 4"):
        fast(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="x has 3000, y has 1"):
        fast(np.ones(3000), np.ones(1))


def test_rows_without_numbers_are_refused():
    with pytest.raises(ValueError, match="without any numbers"):
        compile(lambda x: 1.0, batched="x")(np.ones((5, 0)))


def test_empty_unbatched_arguments_are_allowed():
    fast = compile(lambda x, w: x + total(w), batched="x")
    values, (by_x, by_w) = fast.value_and_grad(np.ones(3), [])
    assert values.tolist() == by_x.tolist() == [1.0] * 3
    assert by_w.shape == (0,)


def test_another_width_is_compiled_again_and_a_wrong_one_is_the_functions_own_error():
    fast = compile(line, batched="x")
    fast(ROWS, W)
    np.testing.assert_allclose(fast(ROWS[:, :2], W[:2]), np.tanh(ROWS[:, :2] @ W[:2]) + ROWS[:, 0])
    with pytest.raises(ValueError, match="one length"):
        fast(ROWS[:, :2], W)
    with pytest.raises(TypeError):
        fast(ROWS)
    np.testing.assert_allclose(fast(ROWS, W), EXPECTED, rtol=1e-13)


@pytest.mark.parametrize(
    "options", [{"dtype": "int8"}, {"dtype": "float16"}, {"threads": 0}, {"lanes": 3}, {"lanes": 64}]
)
def test_invalid_options_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        compile(line, **options)


@pytest.mark.parametrize("f", [3, "f", [lambda x: x]])
def test_an_object_that_is_not_callable_is_refused(f):
    with pytest.raises(TypeError, match="function of numbers"):
        compile(f)


def test_plans_for_many_shapes_do_not_accumulate():
    fast = compile(lambda x: total(list(x)))
    for count in range(1, 101):
        assert fast(np.ones(count)) == count
    assert len(fast._store.plans) <= 64
    assert len(fast._store.traces) <= 64


# A function receives arguments of the given types.


def test_a_tuple_is_a_tuple_inside_the_function_at_every_level():
    def f(p):
        kinds = [type(p), type(p[0]), type(p[1])]
        return sum(p[0]) + len(kinds) * p[1][1] if kinds == [tuple, list, tuple] else p[0][0]

    fast = compile(f)
    assert fast(([1.0, 2.0], (3.0, 4.0))) == 3.0 + 3 * 4.0
    assert fast([[1.0, 2.0], (3.0, 4.0)]) == 1.0  # other types, so another trace
    assert fast(([1.0, 2.0], (3.0, 4.0))) == 3.0 + 3 * 4.0
    assert fast(([1.0, 2.0], [3.0, 4.0])) == 1.0
    slopes = fast.grad(([1.0, 2.0], (3.0, 4.0)))
    assert [np.asarray(part).tolist() for part in slopes] == [[1.0, 1.0], [0.0, 3.0]]

    def added(p):
        return total(p + p) if isinstance(p, tuple) else p[0]

    assert compile(added)((1.0, 2.0)) == 6.0
    assert compile(added).grad((1.0, 2.0), wrt=0).tolist() == [2.0, 2.0]
    rows = compile(added, batched="p")
    assert rows([(1.0, 2.0), (3.0, 4.0)]).tolist() == [6.0, 14.0]
    assert rows([[1.0, 2.0], [3.0, 4.0]]).tolist() == [1.0, 3.0]


def test_an_array_subclass_with_other_operators_is_refused():
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    fast = compile(lambda m: (m * m)[0, 0])
    fast(np.asarray(matrix))
    for call in (fast, fast.grad, compile(lambda m: m[0], batched="m")):
        with pytest.raises(TypeError, match=r"matrix.*numpy\.asarray"):
            call(matrix)
    with pytest.raises(TypeError, match="masked array"):
        fast(np.ma.masked_array([[1.0]], [[True]]))


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_in_wrt_is_refused_since_it_has_no_order(kind):
    fast = compile(lambda x, y: x * y)
    for ask in (fast.grad, fast.value_and_grad, fast.jacobian, fast.hessian):
        with pytest.raises(TypeError, match="must be a list"):
            ask(2.0, 3.0, wrt=kind(["x", "y"]))
    assert fast.grad(2.0, 3.0, wrt=range(2)) == fast.grad(2.0, 3.0, wrt=["x", "y"]) == (3.0, 2.0)
    with pytest.raises(TypeError, match="wrt takes"):
        fast.grad(2.0, 3.0, wrt={"x": 1})
    assert compile(lambda x, y: x * y, batched={"x", "y"})([2.0], [3.0]).tolist() == [6.0]


def test_the_dicts_of_a_vector_correspond_by_their_keys_in_any_order():
    fast = compile(lambda p: p["w"] ** 2 * p["b"])
    assert fast.hvp({"w": 2.0, "b": 5.0}, vector={"b": 0.0, "w": 1.0}) == {"w": 10.0, "b": 4.0}
    assert fast.hvp({"b": 5.0, "w": 2.0}, vector={"w": 1.0, "b": 0.0}) == {"w": 10.0, "b": 4.0}
    with pytest.raises(ValueError, match="hvp needs a vector shaped like p"):
        fast.hvp({"w": 2.0, "b": 5.0}, vector={"c": 0.0, "w": 1.0})


def test_another_structure_than_at_the_first_call_is_another_plan():
    first = compile(lambda x: x[0][0] * 2.0 + x[1][0])
    assert [first([[1.0, 2.0], [3.0, 4.0]]), first([[1.0, 2.0], [3.0]])] == [5.0, 5.0]
    assert [row.tolist() for row in first.grad([[1.0, 2.0], [3.0]])] == [[2.0, 0.0], [1.0]]
    named = compile(lambda p: p["a"] / p["b"])
    assert named({"a": 1.0, "b": 2.0}) == 0.5
    assert named({"b": 2.0, "a": 3.0}) == 1.5
    assert named({"a": 1.0, "b": 4.0, "c": 0.0}) == 0.25
    with pytest.raises(KeyError, match="b"):
        named({"a": 1.0})
    rows = compile(lambda x: x[0] * x[1], batched="x")
    with pytest.raises(ValueError, match="one array or as a list of lists of the same length"):
        rows([[1.0, 2.0], [3.0]])
