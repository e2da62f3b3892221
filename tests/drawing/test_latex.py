"""Formulas as LaTeX: their contents, and names with special characters."""

import pytest

from autograd import Value, backprop, dot, exp, logsumexp, mean, relu, sigmoid, sqrt, square, tanh, total
from autograd.drawing.latex import latex_name, latex_number, latex_rule, latex_value


def values():
    return Value(2.0, "a"), Value(-3.0, "b")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda a, b: a * b + a, r"a\,b + a = -4.0000"),
        (lambda a, b: (a + b) * a, r"(a + b)\,a = -2.0000"),
        (lambda a, b: a - (b - a), r"a - (b - a) = 7.0000"),
        (lambda a, b: a / (b + 1), r"\frac{a}{b + 1} = -1.0000"),
        (lambda a, b: a**3, r"a^{3} = 8.0000"),
        (lambda a, b: (a + b) ** 2, r"(a + b)^{2} = 1.0000"),
        (lambda a, b: square(a * b), r"(a\,b)^{2} = 36.0000"),
        (lambda a, b: -(a + b), r"-(a + b) = 1.0000"),
        (lambda a, b: a * -2, r"a\,(-2) = -4.0000"),
        (lambda a, b: 3 * a, r"3 \cdot a = 6.0000"),
        (lambda a, b: tanh(a) * exp(b), r"\tanh(a)\,e^{b} = 0.0480"),
        (lambda a, b: sqrt(a), r"\sqrt{a} = 1.4142"),
        (lambda a, b: relu(b), r"\operatorname{relu}(b) = 0.0000"),
        (lambda a, b: dot([a, b], [b, a]), r"a\,b + b\,a = -12.0000"),
        (lambda a, b: mean([a, b]), r"\frac{a + b}{2} = -0.5000"),
    ],
)
def test_a_value_is_an_equation(made, expected):
    assert made(*values()).latex() == expected


def test_a_labelled_value_is_written_as_its_label_and_shown_in_a_notebook():
    a, b = values()
    e = a * b
    e.label = "e"
    y = e + 1
    y.label = "y1"
    assert y.latex() == "y_{1} = e + 1 = -5.0000"
    assert y._repr_latex_() == "$y_{1} = e + 1 = -5.0000$"


def test_a_deep_expression_ends_in_dots():
    y = Value(1.0, "x")
    for _ in range(5_000):
        y = y * 2
    assert r"\ldots" in y.latex()
    assert len(y.latex()) < 400


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x"),
        ("w12", "w_{12}"),
        ("x_3", "x_{3}"),
        ("alpha", r"\alpha"),
        ("α", r"\alpha"),
        ("theta2", r"\theta_{2}"),
        ("loss", r"\mathrm{loss}"),
        ("a_b", r"\mathrm{a\_b}"),
        ("重み", r"\text{重み}"),
        (r"\end{x}", r"\mathrm{\backslash{}end\{x\}}"),
        ("50 % & #1 $", r"\mathrm{50\ \%\ \&\ \#1\ \$}"),
    ],
)
def test_a_name_is_an_index_a_greek_letter_or_upright(name, expected):
    assert latex_name(name) == expected


def test_a_number_is_not_written_in_e_notation():
    assert latex_number(6.02e23) == r"6.020 \times 10^{23}"
    assert latex_number(float("-inf")) == r"-\infty"


def test_a_step_is_the_chain_rule_in_symbols_and_numbers():
    a, b = values()
    y = a * b
    y.label = "y"
    step = backprop(y).recorded.step(1)
    assert step.latex() == (
        r"\frac{\partial y}{\partial a} \mathrel{+}= "
        r"\frac{\partial y}{\partial y} \cdot \frac{\partial y}{\partial a}"
        r" = \frac{\partial y}{\partial y} \cdot \left(b\right) = +1.0000 \cdot (-3.0000) = -3.0000"
    )
    assert step._repr_latex_().startswith("$")
    assert backprop(y).recorded.step(0).latex() == r"\frac{\partial y}{\partial y} = 1.0000"


def test_every_rule_of_the_table_can_be_written():
    from autograd.ops.table import TABLE

    for op in TABLE.values():
        for rule in op.partials:
            text = latex_rule(rule, {})
            assert text.count("{") == text.count("}")


def test_functions_of_sequences_are_written_out_where_they_are_short():
    xs = [Value(float(k), f"x_{k}") for k in range(8)]
    assert latex_value(total(xs[:2])).startswith(r"x_{0} + x_{1} = ")
    assert latex_value(mean(xs[:2])).startswith(r"\frac{x_{0} + x_{1}}{2} = ")
    assert latex_value(dot(xs[:2], [2.0, 3.0])).startswith(r"x_{0} \cdot 2 + x_{1} \cdot 3 = ")
    long = r"\left[x_{0}, x_{1}, x_{2}, \ldots, x_{7}\right]"
    assert latex_value(logsumexp(xs)).startswith(rf"\operatorname{{logsumexp}}({long}) = ")


def test_what_is_deep_is_left_out_and_what_is_no_formula_is_upright():
    x = Value(0.5, "x")
    assert latex_value(sigmoid(x) ** 2).startswith(r"\sigma(x)^{2} = ")
    assert r"\ldots" in latex_value(tanh(tanh(tanh(x))), depth=2)
    assert latex_rule("pow(x, y) - 1", {}) == "x^{y} - 1"
    assert latex_rule("not a rule", {}) == r"\mathrm{not\ a\ rule}"
    assert latex_name("a.b1") == r"\mathrm{a.b1}"
