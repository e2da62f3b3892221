"""Checks of functions of arrays: hand-written backward passes, vector results, other libraries, many inputs."""

import dataclasses
import warnings
from typing import NamedTuple

import pytest

pytest.importorskip("mpmath")
np = pytest.importorskip("numpy")

import autograd
from autograd import Value
from autograd.checking import GradientError, check_gradients, given_gradients
from autograd.checking.questions import opaque

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4)), RNG.normal(size=4)


def layer(x, w, b):
    return np.sum(np.tanh(x @ w + b) ** 2)


def layer_backward(x, w, b):
    t = np.tanh(x @ w + b)
    d = 2 * t * (1 - t * t)
    return d @ w.T, x.T @ d, d.sum(axis=0)


def wrong(change):
    """Return the backward pass of the layer with modified gradients."""

    def backward(x, w, b):
        gradients = list(layer_backward(x, w, b))
        found = change(*gradients)
        return gradients if found is None else found

    return backward


def failure(f, *point, **options):
    with pytest.raises(GradientError) as raised:
        check_gradients(f, *point, **options)
    return str(raised.value)


def test_a_backward_pass_of_arrays_is_right_and_so_is_the_recorded_graph_of_the_function():
    assert check_gradients(layer, X, W, B, gradient=layer_backward).right
    report = check_gradients(layer, X, W, B)
    assert report.right
    assert "w[1, 3]" in {report.name(finding.place) for finding in report.findings}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x**2) / 2,
        lambda x: (x @ x.T).sum(),
        lambda x: np.where(x > 0, x, 0.1 * x).mean(),
        lambda x: x.sum(axis=0) @ np.array([1.0, -2.0]),
        lambda x: np.exp(x).max() + np.abs(x).min(),
        lambda x: np.log(np.exp(x - x.max()).sum()) + x.max(),
        lambda x: np.std(x[1:, 0]) + np.var(x[:, 1]),
        lambda x: np.einsum("ij,ik->jk", x, x).trace(),
        lambda x: sum(row @ row for row in x),
    ],
)
def test_numpy_functions_of_arrays_of_values_are_checked(f):
    assert check_gradients(f, X).right


@pytest.mark.parametrize(
    ("gradient", "word"),
    [
        (lambda x, w, b: (layer_backward(x, w, b)[0].T, *layer_backward(x, w, b)[1:]), "it is transposed"),
        (lambda x, w, b: layer_backward(x, w, b)[:2], "each of the 3 arguments x, w, b, got 2 arrays"),
        (lambda x, w, b: (*layer_backward(x, w, b)[:2], 1.0), "returned a number, 1.0 for b"),
        (lambda x, w, b: layer_backward(x, w, b)[0].ravel(), "each of the 3 arguments x, w, b, got 6 numbers"),
    ],
)
def test_a_gradient_of_another_shape_is_an_error(gradient, word):
    with pytest.raises(ValueError, match=word):
        check_gradients(layer, X, W, B, gradient=gradient)


def test_a_forgotten_transpose_is_an_error_where_the_numbers_agree():
    ones = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"shape \(3, 2\) for x, which is an array of shape \(2, 3\)"):
        check_gradients(lambda x: x.sum() * 1.0, ones, gradient=lambda x: np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"array of shape \(1,\)"):
        check_gradients(lambda x: x * x, 3.0, gradient=lambda x: np.array([2 * x]))


def test_all_wrong_inputs_are_named_found_and_expected_side_by_side():
    def change(x, w, b):
        w[1] *= 1.01
        b[2] = 7.0

    text = failure(layer, X, W, B, gradient=wrong(change))
    assert "w (at 4 of 8 numbers), b (at 1 of 4 numbers)" in text
    assert "w: the whole row 1 is wrong (it is 1.01 times the right one)" in text
    assert all(f"w[1, {k}]" in text for k in range(4))
    assert "b[2]" in text
    assert "w[0, 0]" not in text
    assert "found          expected" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, w, b: (-x, w, b), "x: the gradient has the wrong sign"),
        (lambda x, w, b: (x, w * 3, b), "w: the gradient is 3 times the right one"),
        (lambda x, w, b: (x, w, b * 0), "b: the gradient is 0"),
        (lambda x, w, b: (x, w * np.array([1, 1, -1, 1]), b), "w: the whole column 2 is wrong"),
    ],
)
def test_a_pattern_in_wrong_numbers_is_recognised(change, words):
    assert words in failure(layer, X, W, B, gradient=wrong(change))


def test_wrong_slices_of_an_array_of_three_axes_are_recognised():
    x = RNG.normal(size=(3, 4, 5))

    def doubled(index):
        scale = np.ones_like(x)
        scale[index] = 2.0
        return lambda x: np.cos(x) * scale

    text = failure(lambda x: np.sin(x).sum(), x, gradient=doubled((slice(None), 1)))
    assert "x: every number at index 1 of axis 1 is wrong (it is 2 times the right one)" in text
    text = failure(lambda x: np.sin(x).sum(), x, gradient=doubled([0, 2]))
    assert "x: every number at index 0, 2 of axis 0 is wrong (it is 2 times the right one)" in text


def test_the_page_of_a_large_array_has_the_count_of_its_wrong_numbers():
    x = RNG.normal(size=(7, 100))
    report = check_gradients(
        lambda x: np.sin(x).sum(), x, gradient=lambda x: np.cos(x) + 0.5 * (x == x[3, 14]), raises=False
    )
    assert "<h2>Gradient with respect to x" in report.html()
    assert "<p>1 of 700 numbers are wrong</p>" in report.html()


def test_a_transposed_square_matrix_and_swapped_gradients_are_recognised():
    square = RNG.normal(size=(3, 3))

    def f(a, b):
        return np.sum(np.sin(a @ b) * np.arange(9.0).reshape(3, 3))

    def backward(a, b):
        d = np.cos(a @ b) * np.arange(9.0).reshape(3, 3)
        return d @ b.T, a.T @ d

    assert check_gradients(f, square, square + 1, gradient=backward).right
    text = failure(f, square, square + 1, gradient=lambda a, b: (backward(a, b)[0].T, backward(a, b)[1]))
    assert "a: the gradient is the transpose of the right one" in text
    assert "a: the gradient is that of b" in failure(
        f, square, square + 1, gradient=lambda a, b: backward(a, b)[::-1]
    )


@dataclasses.dataclass
class Parameters:
    w: np.ndarray
    b: float
    name: str = "layer"


class Pair(NamedTuple):
    left: np.ndarray
    right: list


def test_arguments_may_be_dicts_dataclasses_named_tuples_and_lists_of_arrays_and_keywords():
    def f(p, pair, *, q, axis):
        return np.sum(np.tanh(p.w * q["v"]), axis=axis) + p.b * pair.left[0] * pair.right[1]

    arguments = Parameters(W[0], 2.0), Pair(B, [1.0, 2.0])
    report = check_gradients(f, *arguments, q={"v": W[1]}, axis=0)
    assert report.right
    names = {report.name(finding.place) for finding in report.findings if finding.question == "end to end"}
    assert {"p.w[0]", "p.b", "pair.left[3]", "pair.right[1]", "q['v'][2]"} <= names

    def gradient(p, pair, *, q, axis):
        d = 1 - np.tanh(p.w * q["v"]) ** 2
        first = np.array([p.b * pair.right[1], 0, 0, 0])
        return {
            "p": Parameters(d * q["v"], pair.left[0] * pair.right[1]),
            "pair": Pair(first, [0.0, p.b * pair.left[0]]),
            "q": {"v": d * p.w},
        }

    assert check_gradients(f, *arguments, q={"v": W[1]}, axis=0, gradient=gradient).right


def test_labels_are_held_constant_and_a_point_without_floats_is_refused():
    def loss(logits, labels):
        z = logits - logits.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels])

    def backward(logits, labels):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(labels)), labels] -= 1
        return p / len(labels)

    labels = np.array([0, 1, 1])
    assert check_gradients(loss, X, labels, gradient=backward).right
    assert check_gradients(loss, X, labels).right
    with pytest.raises(ValueError, match="integers are held constant"):
        check_gradients(lambda x: x.sum(), labels)


def test_complex_numbers_matrices_and_masked_arrays_are_refused():
    for point in (1j, np.array([1j]), [1.0, 2j]):
        with pytest.raises(TypeError, match="complex"):
            check_gradients(lambda x: x, point, gradient=lambda x: x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = np.matrix([[1.0]])
    with pytest.raises(TypeError, match="numpy matrix"):
        check_gradients(lambda x: x.sum(), matrix)
    with pytest.raises(TypeError, match="MaskedArray"):
        check_gradients(lambda x: x.sum(), np.ma.array([1.0, 2.0], mask=[True, False]))


def test_zero_dimensional_and_empty_arrays_are_checked():
    assert check_gradients(lambda x, y: x * x * np.sum(y), np.array(3.0), np.ones(2)).right
    assert check_gradients(
        lambda x, y: np.sum(x) + y, np.zeros((0, 3)), 2.0, gradient=lambda x, y: (x, 1.0)
    ).right


# float32


def test_a_gradient_in_float32_is_judged_with_its_rounding():
    point = [a.astype(np.float32) for a in (X, W, B)]
    report = check_gradients(layer, *point, gradient=layer_backward)
    assert report.right
    assert 0 < report.error < 1e-3
    with pytest.raises(GradientError):
        check_gradients(layer, *point, gradient=wrong(lambda x, w, b: (x, w * np.float32(1.002), b)))


def test_in_float32_a_partial_whose_terms_cancel_has_the_rounding_error_of_float32():
    z = np.linspace(-5, 5, 41, dtype=np.float32)

    def f(z):
        return (np.tanh(z) ** 2).sum()

    def back(z):
        return 2 * np.tanh(z) * (1 - np.tanh(z) ** 2)  # at 5, the rounding error is a thousandth of this

    assert check_gradients(f, z, gradient=back).right
    report = check_gradients(f, z, gradient=lambda z: np.float32(1.01) * back(z), raises=False)
    assert {finding.verdict for finding in report.findings if finding.truth} == {"wrong"}


def test_many_float32_inputs_of_a_function_that_computes_in_float64_are_right_without_a_recorded_graph():
    x = np.random.default_rng(5).normal(size=2_100).astype(np.float32)
    kinds = set()

    def f(x):
        kinds.add(x.dtype.name)
        return np.sum(np.tanh(x) ** 2)

    def back(x):
        y = np.tanh(x)
        return 2 * y * (1 - y * y)

    assert check_gradients(f, x, gradient=back).verdict == "right"
    assert kinds == {"float64"}  # never an array of Values
    factor = np.ones(2_100, np.float32)
    factor[1234] = 1.01
    report = check_gradients(f, x, gradient=lambda x: factor * back(x), raises=False)
    assert report.verdict == "wrong"
    assert "x[1234]" in str(report)


def test_a_function_that_computes_in_float32_internally_is_judged_by_its_precision():
    def f(x):
        y = np.float32(x)
        return float(y * y)

    assert check_gradients(f, 0.7, gradient=lambda x: 2 * np.float32(x)).verdict == "right"
    assert check_gradients(f, 0.7, gradient=lambda x: 2.02 * x, raises=False).verdict == "wrong"


# Results that are arrays


def test_a_backward_takes_the_gradient_of_an_array_as_upstream():
    def backward(x, w, upstream):
        assert upstream.shape == (3, 4)
        return upstream @ w.T, x.T @ upstream

    report = check_gradients(lambda x, w: x @ w, X, W, gradient=backward)
    assert report.right
    assert check_gradients(lambda x, w: x @ w, X, W, gradient=lambda x, w, dy: (dy @ w.T, x.T @ dy)).right
    assert "products of random vectors with the Jacobian" in str(report)
    text = failure(
        lambda x, w: x @ w, X, W, gradient=lambda x, w, upstream: (upstream @ w.T, 2 * x.T @ upstream)
    )
    assert "w: the gradient is 2 times the right one" in text
    assert "results with random weights" in text


def test_all_numbers_of_a_jacobian_are_checked():
    x = np.array([0.5, 1.0, 2.0])
    assert check_gradients(lambda x: x**2, x, gradient=lambda x: np.diag(2 * x)).right
    assert check_gradients(lambda x: [x * x, 3 * x], 2.0, gradient=lambda x: [2 * x, 3.0]).right
    assert "result 2 of 2" in failure(lambda x: [x * x, 3 * x], 2.0, gradient=lambda x: [2 * x, 3.1])
    with pytest.raises(ValueError, match="parameter `upstream`"):
        check_gradients(lambda x: x**2, x, gradient=lambda x: 2 * x[:2])


def test_a_recorded_function_may_return_an_array():
    assert check_gradients(lambda x, w: np.tanh(x @ w), X, W).right
    text = failure(lambda x: [x * x, x * x.detach()], 3.0)
    assert "the recorded graph differs from the function" in text
    assert "result 2 of 2" in text


# Other libraries


@pytest.fixture
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.usefixtures("no_warnings")
def test_functions_of_torch_are_recognised_with_arrays_tensors_and_models():
    torch = pytest.importorskip("torch")

    def f(x, w):
        return torch.tanh(x @ w)

    for point in ((X, W), (torch.tensor(X), torch.tensor(W, dtype=torch.float32, requires_grad=True))):
        report = check_gradients(f, *point)
        assert report.right
        assert "the gradient is computed by PyTorch" in str(report)
    assert check_gradients(f, X, W, gradient="torch").right
    assert check_gradients(torch.nn.Linear(2, 3), X).right
    layer = torch.nn.Linear(2, 3)  # whose weights are float32: the whole is computed in it
    report = check_gradients(lambda x: layer(x).sum(), X)
    assert report.right
    assert 1e-9 < report.error < 1e-3
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        check_gradients(lambda x: x @ torch.eye(5), torch.tensor(X))
    text = failure(lambda x: (x * x.detach()).sum(), X, gradient="torch")
    assert "x: the gradient is 0.5 times the right one" in text


@pytest.mark.usefixtures("no_warnings")
def test_a_torch_function_with_a_wrong_backward_is_caught():
    torch = pytest.importorskip("torch")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, upstream):
            (x,) = ctx.saved_tensors
            scale = torch.ones_like(x)
            scale[1] = 1.01
            return upstream * 2 * x * scale

    for point in ([1.0, 1e-6], [1e3, 1.0]):
        text = failure(lambda x: Square.apply(x).sum(), point, gradient="torch")
        assert "with respect to x[1] is wrong" in text
    for point in ([1e6, 1.0], [1e3, 1e-3], [1e8, 1.0]):  # where rounding hides x[1], nothing is right
        report = check_gradients(lambda x: Square.apply(x).sum(), point, gradient="torch", raises=False)
        assert report.verdict != "right"


@pytest.mark.usefixtures("no_warnings")
def test_functions_of_jax_are_recognised_and_a_wrong_custom_rule_is_caught():
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    assert check_gradients(lambda x, w: jax.numpy.tanh(x @ w), X, W).right

    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, upstream: (upstream * 2 * x**2,))
    assert "times the right one" in failure(lambda x: cube(x).sum(), X, gradient="jax")
    assert jax.config.jax_enable_x64 == before


@pytest.mark.usefixtures("no_warnings")
def test_arrays_of_jax_may_stand_in_dicts_and_lists_in_any_order():
    jax = pytest.importorskip("jax")

    def f(p):
        return (p["w"] ** 2 * p["b"][0]).sum()

    point = {"w": jax.numpy.array([1.0, 2.0]), "b": [jax.numpy.array(3.0)]}
    report = check_gradients(f, point)  # JAX returns the entries of a dict sorted
    assert report.right
    assert [report.name(finding.place) for finding in report.findings] == [
        "p['w'][0]",
        "p['w'][1]",
        "p['b'][0]",
    ]
    assert check_gradients(f, point, gradient=jax.grad(f)).right


def test_a_gradient_may_have_the_entries_of_a_dict_in_any_order():
    point = {"w": 2.0, "b": 5.0}
    right = {"b": lambda p: p["w"] ** 2, "w": lambda p: 2 * p["w"] * p["b"]}

    def f(p):
        return p["w"] ** 2 * p["b"]

    assert check_gradients(f, point, gradient=lambda p: {key: g(p) for key, g in right.items()}).right
    text = failure(f, point, gradient=lambda p: {"b": right["w"](p), "w": right["b"](p)})
    assert "p['w'], p['b'] is wrong" in text


@pytest.mark.parametrize("at_0", [0.0, 0.5, 1.0])
def test_a_backward_pass_of_relu_in_numpy_is_right_at_0_whichever_side_it_takes(at_0):
    def backward(x):
        return np.where(x == 0, at_0, x > 0)

    x = np.array([0.0, 1.0, -1.0])
    assert check_gradients(lambda x: np.maximum(x, 0.0).sum(), x, gradient=backward).right
    text = failure(lambda x: np.maximum(x, 0.0).sum(), x, gradient=lambda x: backward(x) - 2.0 * (x == 0))
    assert "with respect to x[0] is wrong" in text


def test_the_jacobian_of_several_arrays_has_a_part_for_each():
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert check_gradients(lambda a, b: a * b, a, b, gradient=lambda a, b: (np.diag(b), np.diag(a))).right
    text = failure(lambda a, b: a * b, a, b, gradient=lambda a, b: (np.diag(b), np.diag(b)))
    assert "b: the gradient is that of a" in text


@pytest.mark.parametrize(
    ("f", "point", "pasted"),
    [
        (lambda x: x[0] * x[1], (1.0, 2.0), "(1.0, 2.0), gradient="),
        (lambda x: x[0] ** 2, (1.5,), "(1.5,), gradient="),
        (lambda x: x**2, Value(1.5), "import Value; check_gradients(lambda x: x ** 2, Value(1.5), gradient="),
    ],
)
def test_the_line_that_repeats_a_check_has_tuples_and_values(f, point, pasted):
    assert pasted in failure(f, point, gradient=lambda x: [99.0] * len(x) if isinstance(x, tuple) else 99.0)


def test_the_error_for_a_function_that_takes_only_floats_says_to_give_its_gradient():
    import math

    pytest.importorskip("torch")  # an imported torch must not make a function of floats one of tensors
    with pytest.raises(TypeError, match=r"cannot be recorded.* gradient=g"):
        check_gradients(lambda x, y: math.erf(x) * y, 0.5, 2.0)


# Thousands of inputs


def log_sum_exp(x):
    out = np.zeros(1)  # a float array, in which no Value can be stored
    out[0] = np.log(np.sum(np.exp(x)))
    return out[0]


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def test_ten_thousand_inputs_are_not_moved_one_by_one_and_the_report_states_the_evidence(monkeypatch):
    monkeypatch.setattr("autograd.checking.questions.opaque.SECONDS", 0.0)  # else a fast machine checks more
    x = RNG.normal(size=(100, 100))
    calls = []
    report = check_gradients(lambda x: (calls.append(1), log_sum_exp(x))[1], x, gradient=softmax)
    assert len(calls) < 5_000  # 20,000 at least if every input were moved by itself
    assert report.right
    assert "all 10,000 inputs together, along" in str(report)
    assert "of 10,000 inputs, one by one" in str(report)


@pytest.mark.parametrize("error", [1.0, 1e-2, 1e-4])
def test_one_wrong_input_of_ten_thousand_is_found(error):
    x = RNG.normal(size=10_000)

    def gradient(x):
        found = softmax(x)
        found[4321] *= 1 + error
        return found

    assert "with respect to x[4321] is wrong" in failure(log_sum_exp, x, gradient=gradient)


def test_small_inputs_are_not_hidden_behind_large_ones_in_a_large_array():
    x = RNG.normal(size=4000)
    x[::2] *= 1e-4

    def f(x):
        out = np.zeros(1)
        out[0] = np.sum(np.sin(x) ** 2)
        return out[0]

    def gradient(x):
        found = np.sin(2 * x)
        found[1000] *= 1.001
        return found

    assert check_gradients(f, x, gradient=lambda x: np.sin(2 * x), raises=False).verdict != "wrong"
    assert check_gradients(f, x, gradient=gradient, raises=False).verdict != "right"


def test_two_thousand_recorded_inputs_take_a_few_calls():
    x = RNG.normal(size=2020)
    calls = []
    report = check_gradients(lambda x: (calls.append(1), np.sum(np.tanh(x) * x))[1], x)
    assert len(calls) < 100  # each call records every input
    assert report.right
    assert sum(finding.question == "end to end" for finding in report.findings) == 2020


def test_the_message_of_a_failure_has_a_line_that_repeats_the_check(monkeypatch):
    text = failure(layer, X[:1], W, B, gradient=layer_wrong)
    (line,) = [line.split("reproduce: ")[1] for line in text.splitlines() if "reproduce: " in line]
    assert "numpy.array(" in line
    with pytest.raises(GradientError, match="with respect to"):
        exec(line, {})
    assert not text.startswith("GradientError")
    assert autograd is not None


def layer_wrong(x, w, b):
    return wrong(lambda x, w, b: (x, -w, b))(x, w, b)


def test_settings_among_positional_arguments_are_held_constant():
    def f(flag, kind, mask, activation, x):
        y = activation(x) if flag else x
        return getattr(np, kind)(y * (1.0 if mask is None else mask))

    assert check_gradients(f, True, "sum", None, np.tanh, X).right
    assert check_gradients(f, False, "sum", None, np.tanh, X).right
    given = check_gradients(f, True, "sum", None, np.tanh, X, gradient=lambda *args: 1 - np.tanh(args[-1]) ** 2)
    assert given.right
    bad = check_gradients(
        f, True, "sum", None, np.tanh, X, gradient=lambda *args: np.ones_like(X), raises=False
    )
    assert bad.verdict == "wrong"


def test_a_gradient_that_is_wrong_everywhere_is_reported_after_a_few_seconds(monkeypatch):
    """It is enough to name one wrong input, and no more groups and samples are tried afterwards."""
    monkeypatch.setattr(opaque, "SECONDS", 0.0)
    monkeypatch.setattr(given_gradients, "RECORDED_INPUTS", 10)
    calls = []

    def f(x):
        calls.append(0)
        return float(np.log(np.exp(x).sum()))

    x = np.random.default_rng(0).normal(size=2_500)
    report = check_gradients(f, x, gradient=lambda x: -np.exp(x) / np.exp(x).sum(), raises=False)
    assert report.verdict == "wrong"
    assert len(calls) < 5_000
    assert sum(finding.verdict == "wrong" for finding in report.findings) < 10


def test_what_differences_leave_undecided_among_many_inputs_is_decided_by_the_graph(monkeypatch):
    """Beside a sum of 1e4, rounding hides the derivative with respect to a number near 0."""
    monkeypatch.setattr(opaque, "SECONDS", 0.0)
    monkeypatch.setattr(given_gradients, "RECORDED_INPUTS", 10)
    x = np.full(200, 10.0)
    x[7] = 1e-7
    assert check_gradients(lambda x: np.sum(x**2), x, gradient=lambda x: 2 * x).right

    def wrong(x):
        gradient = 2 * x
        gradient[7] *= 1.001
        return gradient

    assert check_gradients(lambda x: np.sum(x**2), x, gradient=wrong, raises=False).verdict == "wrong"
