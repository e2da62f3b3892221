"""One traversal writes a rule in every language, or raises an error."""

import math

import pytest

from autograd import operation
from autograd.ops.language import Language, NotTranslatableError, float_function, on_floats
from autograd.ops.op import Op
from autograd.ops.rules import composed, over_nodes
from autograd.recording import recorder

INF = math.inf
RULES = [
    "x / y", "x % y - -x", "x ** 2 + 2 ** y", "1.0 if x < y else None", "x or 1.0", "(x and y) + (x or y)",
    "(x < y) * 2 + (not x)", "x if 0 <= x < y != 1 else +y", "total([x, y]) + [x, y][1]",
    "total(z * z for z in [x, y])", "leaky_relu(x, slope=0.5) + elu(y)", "clip(high=1, low=0, x=x)",
    "total([a * b for a, b in zip([x, y], [y, 2.0])])",
]  # fmt: skip
NUMBERS = [-2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_on_floats_is_python_without_its_exceptions(rule):
    from autograd import functions

    names = {name: getattr(functions, name) for name in ("leaky_relu", "elu", "clip", "total")}
    for x in NUMBERS:
        for y in NUMBERS:
            try:
                expected = eval(rule, names, {"x": x, "y": y})
            except ZeroDivisionError:
                expected = None
            found = float_function("f", "x, y", rule)(x, y)
            assert found == expected or (expected is None and not math.isfinite(found)), (x, y)


def test_an_operation_of_the_table_in_a_rule_has_the_arguments_that_were_left_out():
    assert Language().written("leaky_relu(x)") == "leaky_relu(x, 0.01)"
    assert Language().written("clip(x, high=1, low=0)") == "clip(x, 0, 1)"
    assert Language(own="elu").written("elu(x)") == "elu(x)"


def test_over_values_a_comparison_is_of_numbers_not_of_identities():
    assert over_nodes("x if x == y else x * y") == "x if x <= y <= x else x * y"
    assert over_nodes("1.0 if x != y ** 2 else None") == "1.0 if not x <= pow(y, 2) <= x else None"
    assert over_nodes("x*y") == "x*y"  # nothing to change: not even parsed


def test_an_expression_that_a_language_cannot_write_is_an_error_that_names_it():
    for rule in (
        "x // 2",
        "x.data",
        "[*x]",
        "x in y",
        "x if x is y else y",
        "{x}",
        "x[-1]",
        "[z for z in x if z]",
        "[a for a, b in x]",
        "[a for a, b in zip(x)]",
    ):
        with pytest.raises(NotTranslatableError, match="cannot be written in Python"):
            Language().written(rule)


def test_a_declared_operation_may_have_syntax_that_no_other_language_has():
    assert on_floats("x // 2 / y") == "divide(x // 2, y)"
    halved = operation("halved(x, y)", "x // 2 / y", ["0.0", "-out / y"])
    assert halved(5.0, 4.0) == 0.5
    assert halved(5.0, 0.0) == INF


def test_an_operation_that_is_computed_from_itself_needs_a_primitive(monkeypatch):
    from autograd.ops.table import TABLE

    monkeypatch.setitem(TABLE, "exp10", Op("exp10(x)", "exp10(x)", "out * log(10.0)"))
    with pytest.raises(NameError, match=r"exp10 is computed from itself: it needs a row in ops/primitives\.py"):
        composed({"exp10"}, {})


def test_an_operation_of_the_table_may_not_replace_what_generated_functions_call(monkeypatch):
    from autograd.ops.table import TABLE

    for name in ("create", "float", "checked"):
        op = Op(f"{name}(x)", "x + 1.0", "1.0")
        assert recorder(op)(2.0) == 3.0  # one of a user's own is not called by other operations
        monkeypatch.setitem(TABLE, name, op)
        with pytest.raises(ValueError, match=f"{name} is reserved; give the operation another name"):
            recorder(op)


def test_none_belongs_in_a_branch_and_operands_have_names_that_recording_does_not_need():
    with pytest.raises(ValueError, match=r"None in 'where.*' is not a number; it belongs in a branch"):
        Op("bad(x)", "relu(x)", "where(x > 0, 1.0, None)")
    assert Op("good(x)", "relu(x)", "(1.0 if x > 0 else None)").partials
    with pytest.raises(ValueError, match="create is reserved; give the operand another name"):
        recorder(Op("bad(create)", "2 * create", "2"))
