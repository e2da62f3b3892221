"""The table's functions and methods, and their signatures for editors."""

import builtins
import inspect

import pytest

import autograd
from autograd import TABLE, Value, functions
from tests.ops.write_stub import STUB, stub


def test_the_stub_matches_the_table():
    assert STUB.read_text(encoding="utf-8") == stub(), "run python -m tests.ops.write_stub"


def test_the_stub_differs_where_an_operation_differs(monkeypatch):
    monkeypatch.setitem(TABLE, "sin", TABLE["cos"])
    assert STUB.read_text(encoding="utf-8") != stub()


def test_every_name_is_exported_except_those_of_python_itself():
    assert TABLE.keys() - functions.__all__ == {"abs", "pow", "round"}
    assert {*dir(builtins)}.isdisjoint(functions.__all__)
    assert set(functions.__all__) <= set(autograd.__all__)
    assert len(set(autograd.__all__)) == len(autograd.__all__)
    assert all(hasattr(autograd, name) for name in [*autograd.__all__, *TABLE, "compile"])


def test_no_operation_has_the_name_of_a_tool_or_hides_an_attribute_of_a_value():
    others = {*autograd.__all__, *" ".join(autograd._TOOLS.values()).split()} - {*functions.__all__}
    assert TABLE.keys().isdisjoint(others | {"compile"})
    methods = {name for op in TABLE.values() if op.is_method for name in (op.name, *op.aliases)}
    assert methods.isdisjoint(vars(Value))
    aliases = [alias for op in TABLE.values() for alias in op.aliases]
    assert len({*TABLE, *aliases}) == len([*TABLE, *aliases])


@pytest.mark.parametrize("name", TABLE)
def test_a_method_takes_the_functions_other_operands(name):
    op = TABLE[name]
    assert hasattr(Value, name) == op.is_method
    if op.is_method:
        of_function = list(inspect.signature(getattr(autograd, name)).parameters.values())
        of_method = list(inspect.signature(getattr(Value(1.0), name)).parameters.values())
        assert of_method == of_function[1:]
    assert all(getattr(Value, alias) is getattr(Value, name) for alias in op.aliases)


@pytest.mark.parametrize("name", TABLE)
def test_the_documentation_of_a_function_is_its_entry(name):
    op, text = TABLE[name], inspect.getdoc(getattr(autograd, name))
    for rule in (op.value, *op.partials, op.domain):
        assert rule in text
