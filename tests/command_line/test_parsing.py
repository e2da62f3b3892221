"""Expressions: what is allowed, and that everything else is an error that shows its column."""

import contextlib
import math

import pytest

from autograd import DomainError
from autograd.command_line.parsing import ExpressionError, evaluate
from autograd.ops.table import TABLE


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("tanh(w*x + b)", {"w": 0.5, "x": 2.0, "b": -1.0}, 0.0),
        ("-x ** 2", {"x": 3.0}, -9.0),
        ("2 ** -x", {"x": 1.0}, 0.5),
        ("(x + 1) % 3 / 2 - -x", {"x": 4.0}, 5.0),
        ("leaky_relu(x, slope=0.5)", {"x": -2.0}, -1.0),
        ("where(x > 0, x, -x)", {"x": -2.0}, 2.0),
        ("total(x, 1, 2) + total([x, 1])", {"x": 1.0}, 6.0),
        ("dot([x, 2], [3, x])", {"x": 1.0}, 5.0),
        ("sin(pi * x)", {"x": 0.5}, 1.0),
        ("pi * x", {"pi": 2.0, "x": 3.0}, 6.0),
        ("a = x * x; b = a + 1\ny = a * b", {"x": 2.0}, 20.0),
        ("a = 3; a * a", {}, 9.0),
        ("  x  ", {"x": 1.0}, 1.0),
        ("where(condition=x < 2, x=x, y=5)", {"x": 1.0}, 1.0),
        ("total(xs=[x, x])", {"x": 1.5}, 3.0),
        ("dot(ws=(x, 2), xs=[3, x])", {"x": 1.0}, 5.0),
        ("α*β + é", {"α": 2.0, "β": 3.0, "é": 4.0}, 10.0),
        ("ﬁnal + 1", {"ﬁnal": 1.0}, 2.0),
        ("final + 1", {"ﬁnal": 1.0}, 2.0),
    ],
)
def test_an_expression_has_the_value_of_the_mathematics(text, values, expected):
    assert evaluate(text, values)[0].data == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(name for name, op in TABLE.items() if op.written))
def test_every_operator_that_the_table_writes_can_be_read(name):
    value, leaves = evaluate(TABLE[name].written, dict.fromkeys(TABLE[name].operands, 2.5))
    assert (value.op.name, len(leaves)) == (name, len(TABLE[name].operands))


def test_names_become_labels_of_leaves_and_of_results():
    y, leaves = evaluate("s = w*x; y = tanh(s)", {"w": 0.5, "x": 2.0})
    assert (y.label, y.operands[0].label, leaves["w"].label) == ("y", "s", "w")
    y.backward()
    assert leaves["w"].grad == pytest.approx(2 * (1 - math.tanh(1) ** 2))


def test_the_result_gets_a_name_that_is_not_taken():
    assert evaluate("x * x", {"x": 1.0})[0].label == "y"
    assert evaluate("y * x", {"x": 1.0, "y": 1.0})[0].label == "f"


def test_a_name_assigned_to_a_name_is_a_new_node():
    y, leaves = evaluate("y = x", {"x": 2.0})
    assert (y.label, leaves["x"].label, y.operands) == ("y", "x", (leaves["x"],))


@pytest.mark.parametrize(
    ("text", "values", "message", "column"),
    [
        ("tanh(w*z)", {"w": 1.0}, "z has no value", 8),
        ("tanh(x", {"x": 1.0}, "not an expression", 5),
        ("x +", {"x": 1.0}, "not an expression", 4),
        ("x ^ 2", {"x": 1.0}, r"a power is written \*\*", 5),
        ("tnh(x)", {"x": 1.0}, "did you mean tanh", 1),
        ("x * tanh", {"x": 1.0}, r"tanh is a function: write tanh\(x\)", 5),
        ("x + 'a'", {"x": 1.0}, "not a real number", 5),
        ("x + True", {"x": 1.0}, "not a real number", 5),
        ("x + 1j", {"x": 1.0}, "not a real number", 5),
        ("x + 1" + "0" * 400, {"x": 1.0}, "too large", 5),
        ("x.data", {"x": 1.0}, "not allowed here", 1),
        ("x + (lambda: 1)()", {"x": 1.0}, "only a function of the table", 5),
        ("[x for x in (1,)]", {"x": 1.0}, "not allowed here", 1),
        ("__import__('os').system('true')", {}, "only a function of the table", 1),
        ("x if x else 1", {"x": 1.0}, "not allowed here", 1),
        ("~x", {"x": 1.0}, "unknown operator", 1),
        ("import os", {}, "not an expression", 1),
        ("x = 2", {"x": 1.0}, "x has a value already", 1),
        ("a = b = 2", {}, "not an expression", 1),
        ("exp(x, 1)", {"x": 1.0}, "takes 1 positional argument", 1),
        ("exp(x, scale=1)", {"x": 1.0}, "unexpected keyword", 1),
        ("2 * exp([x])", {"x": 1.0}, "a list is not a value", 9),
        ("[x, x]", {"x": 1.0}, "a list is not a value", 1),
        ("-(x, x)", {"x": 1.0}, "a list is not a value", 2),
        ("a = [x]; total(a)", {"x": 1.0}, "a list is not a value", 5),
        ("total([x, [x]])", {"x": 1.0}, "a list is not a value", 11),
        ("leaky_relu(x, slope=[x])", {"x": 1.0}, "a list is not a value", 21),
        ("x < 2", {"x": 1.0}, "a comparison is not a value", 1),
        ("a = x < 2; where(a, x, 1)", {"x": 1.0}, "a comparison is not a value", 5),
        ("x * (x < 2)", {"x": 1.0}, "a comparison is not a value", 6),
        ("where(x is x, x, 1)", {"x": 1.0}, "a comparison must be one of", 7),
        ("where(1 < x < 2, x, 1)", {"x": 1.0}, "a comparison must be one of", 7),
        ("dot([x], [1, 2])", {"x": 1.0}, "one length", 1),
        ("1 + dot(x, [1])", {"x": 1.0}, r"dot takes lists, as in dot\(\[1.0", 9),
        ("exp(**x)", {"x": 1.0}, "not allowed here", 5),
        ("exp(*x)", {"x": 1.0}, "not allowed here", 5),
        ("elu(x, alpha=1, alpha=2)", {"x": 1.0}, "alpha is given twice", 17),
        ("x + 1e400", {"x": 1.0}, "too large", 5),
        ("β + q", {"β": 1.0}, "q has no value", 5),
        ("lambda: x", {"x": 1.0}, "not allowed here", 1),
        ("f'{x}'", {"x": 1.0}, "not allowed here", 1),
        ("x[0]", {"x": 1.0}, "not allowed here", 1),
        ("(y := x)", {"x": 1.0}, "not allowed here", 2),
        ("x", {"x": 1.0, "unused": 2.0}, "unused is given a value but not used", 1),
        ("1 + 2", {}, "nothing to differentiate", 1),
    ],
)
def test_an_invalid_expression_is_an_error_that_points_to_the_column(text, values, message, column):
    with pytest.raises(ExpressionError, match=message) as caught:
        evaluate(text, values)
    assert caught.value.column + 1 == column
    first, _, pointer = str(caught.value).splitlines()
    assert f"(column {column})" in first
    assert pointer.index("^") == 4 + column - 1


@pytest.mark.parametrize("text", ["", "   ", "# only a comment"])
def test_an_empty_expression_is_a_clear_error(text):
    with pytest.raises(ExpressionError, match=r"^an empty expression"):
        evaluate(text, {})


@pytest.mark.parametrize("text", ["x * \0", "x * \udcff"])
def test_undecodable_text_is_an_error_too(text):
    with pytest.raises(ExpressionError, match=r"not (an expression|valid text)"):
        evaluate(text, {"x": 1.0})


def test_signs_that_command_a_terminal_are_not_sent_to_it():
    with pytest.raises(ExpressionError) as caught:
        evaluate("x + \x1b[31m", {"x": 1.0})
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [("for", "keyword of Python"), ("x y", "cannot be a name"), ("", "cannot be a name")],
)
def test_an_invalid_name_is_an_error(name, message):
    with pytest.raises(ValueError, match=message):
        evaluate("x", {name: 1.0})


def test_an_error_in_a_later_line_points_at_that_line():
    with pytest.raises(ExpressionError, match=r"line 2, column 5") as caught:
        evaluate("a = x\nb = q", {"x": 1.0})
    assert str(caught.value).splitlines()[1].strip() == "b = q"


def test_a_long_expression_is_shown_around_the_place():
    text = " + ".join(["x"] * 200) + " + q + " + " + ".join(["x"] * 200)
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, {"x": 1.0})
    _, shown, pointer = str(caught.value).splitlines()
    assert len(shown) < 80
    assert shown[pointer.index("^")] == "q"


@pytest.mark.parametrize("text", ["(" * 500 + "x" + ")" * 500, "-" * 100_000 + "x"])
def test_a_huge_expression_is_refused_without_a_crash(text):
    with pytest.raises(ExpressionError, match=r"nested|at most 50,000"):
        evaluate(text, {"x": 1.0})


def test_a_sum_of_100_000_terms_is_computed_or_refused_if_python_can_parse_it():
    found = []
    with contextlib.suppress(ExpressionError):
        found.append(evaluate("+".join(["x"] * 100_000), {"x": 1.0})[0].data)
    assert found in ([], [100_000.0])


def test_a_long_sum_is_computed_without_recursion():
    assert evaluate("+".join(["x"] * 500), {"x": 1.0})[0].data == 500.0


def test_outside_the_domain_is_a_domain_error():
    with pytest.raises(DomainError, match="x - 2"):
        evaluate("log(x - 2)", {"x": 1.0})


def test_an_attribute_of_the_reader_is_not_reachable_by_name():
    with pytest.raises(ExpressionError, match="__class__ has no value"):
        evaluate("__class__", {})
