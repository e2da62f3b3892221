"""Given gradients: at kinks and branches, of many inputs, without parts; a cause that is not a partial."""

import math
import re

import pytest

pytest.importorskip("mpmath")

from autograd import Value, operation, relu, sin, total
from autograd.checking import check, check_gradients
from autograd.checking.evidence.record import Record
from autograd.checking.questions import opaque
from autograd.checking.questions.end_to_end import check_end_to_end, is_along_directions


def test_a_value_that_was_overwritten_is_the_cause_of_a_failure():
    x = Value(2.0, "x")
    y = sin(x)
    y._data = 0.1
    report = check(y * 1.0)
    assert (report.verdict, report.cause.question) == ("wrong", "value")
    assert "sin, whose value is 0.1, expected 0.909297" in report.failure()
    assert "unless the data of an operand was overwritten afterwards" in report.failure()


def test_the_rounding_of_a_value_at_its_minimum_is_right_and_a_wrong_value_there_is_not():
    variance = operation(
        "variance(*xs)", "total([square(x - mean(xs)) for x in xs]) / len(xs)", ["2 * (x - mean(xs)) / len(xs)"]
    )
    x = Value(0.8, "x")
    y = variance([x, x, x])
    assert y.data > 0  # 0 in exact arithmetic
    assert check(y * 1.0).verdict == "right"
    y._data = 1e-16
    assert check(y * 1.0).cause.question == "value"


@pytest.mark.parametrize(
    ("found", "verdict"), [(0.0, "right"), (0.5, "right"), (1.0, "right"), (-0.1, "wrong"), (1.1, "wrong")]
)
def test_where_a_function_branches_a_given_gradient_lies_between_the_one_sided_derivatives(found, verdict):
    def ramp(t):
        return t if t >= 0 else 0.0 * t

    report = check_gradients(ramp, 0.0, gradient=lambda t: found, raises=False)
    assert report.verdict == verdict


def test_a_given_gradient_of_many_inputs_with_a_kink_is_judged_for_each_input(monkeypatch):
    monkeypatch.setattr(opaque, "SECONDS", math.inf)  # on a busy machine only groups of inputs are checked
    point = [math.sin(3.0 * k) for k in range(100)]  # the first is 0, at the kink of relu

    def f(x):
        return total([relu(v) * (3.0 * v + 1.0) for v in x])

    def gradient(x):
        return [6.0 * v + 1.0 if v > 0 else 0.0 for v in x]

    assert check_gradients(f, point, gradient=gradient).right
    report = check_gradients(
        f, point, gradient=lambda x: [g + 0.01 * (k == 20) for k, g in enumerate(gradient(x))], raises=False
    )
    wrong = [finding.place for finding in report.findings if finding.verdict == "wrong"]
    assert wrong == [20]


def test_a_large_graph_with_a_kink_is_checked_along_directions():
    leaves = [Value(math.sin(3.0 * k)) for k in range(100)]
    record = Record(total([relu(v) * (3.0 * v + 1.0) for v in leaves]))
    assert is_along_directions(record)
    grads = [6.0 * node.data + 1.0 if node.data > 0 else 0.0 for node in record.nodes]
    assert [f.verdict for f in check_end_to_end(record, grads)] == ["right"] * 3
    grads[record.leaves[20]] += 0.5 + 6 * abs(record.nodes[record.leaves[20]].data)
    assert {f.verdict for f in check_end_to_end(record, grads)} == {"undecided"}  # a kink's convention or wrong
    assert check(record.root).right


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (lambda a, b: [{"a": [b[0], 0.0]}] * 2, "gradient must return an item for each of a, b, got a"),
        (lambda a, b: [{}, {}], "gradient must return an item for each of a, b, got none"),
        (lambda a, b: [(b, a)], "f returns 2 numbers: gradient must return a row for each, got 1"),
    ],
)
def test_a_gradient_or_jacobian_that_lacks_parts_is_refused(gradient, message):
    def f(a, b):
        return [a[0] * b[0], a[1] * b[1]]

    with pytest.raises(ValueError, match=re.escape(message)):
        check_gradients(f, [1.0, 2.0], [3.0, 4.0], gradient=gradient)


@pytest.mark.parametrize("word", ["undefined", "undecided"])
def test_an_unknown_way_to_treat_a_point_is_refused(word):
    with pytest.raises(ValueError, match=f"{word} must be 'fail' or '(allow|skip)', got 'never'"):
        check_gradients(math.sin, 1.0, **{word: "never"})


def test_a_function_without_a_result_is_refused():
    with pytest.raises(TypeError, match="f must return at least one number, got an empty result"):
        check_gradients(lambda x: [], 1.0)


def test_a_function_that_is_undefined_around_the_point_is_undecided():
    report = check_gradients(
        lambda x: math.sqrt(x) if x == 1.0 else math.nan, 1.0, gradient=lambda x: 0.5, raises=False
    )
    assert report.verdict == "undecided"
    assert "the function is not defined around this point" in str(report)


def test_an_operation_in_python_that_takes_high_precision_is_checked_in_it_beside_constants():
    power = operation("power(x, y)", lambda x, y: x**3 * y, [lambda x, y: 3 * x * x * y, lambda x, y: x**3])
    report = check(power(Value(2.0, "x"), 5.0))
    assert report.right
    assert "finite differences" not in str(report)
    wrong = operation("power2(x, y)", lambda x, y: x**3 * y, [lambda x, y: 3 * x * x * y, lambda x, y: x**2])
    bad = check(wrong(Value(2.0, "x"), Value(5.0, "y")))
    assert (bad.verdict, bad.cause.position) == ("wrong", 1)


def test_a_gradient_whose_signature_is_unknown_is_called_with_the_arguments():
    np = pytest.importorskip("numpy")
    assert check_gradients(math.exp, 0.5, gradient=np.frompyfunc(math.exp, 1, 1)).right
