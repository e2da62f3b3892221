"""Every generated function has a separate source, for tracebacks, debuggers and inspect."""

import ast
import inspect
import linecache
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograd import TABLE, Value, functions, operation
from autograd.checking.evidence.rounding import precise_partials
from autograd.differentiation import _rules_over_values
from autograd.ops.rules import define, define_later, filename_of, ready
from autograd.recording import recorder


def source_of(function):
    """Return the one function definition that inspect shows."""
    (tree,) = ast.parse(inspect.getsource(function)).body
    assert isinstance(tree, ast.FunctionDef)
    return tree


def assert_shows_its_own_source(function):
    shown = source_of(function)
    names = [argument.arg for argument in (*shown.args.args, *shown.args.kwonlyargs)]
    assert names == list(inspect.signature(function).parameters)
    lines = linecache.getlines(function.__code__.co_filename)
    if function.__code__.co_name == "first_call":
        ready(function.__code__.co_filename)
    assert shown.name == function.__code__.co_name
    again = define(shown.name, "".join(lines), dict(function.__globals__))
    assert again.__code__.co_code == function.__code__.co_code
    assert again.__code__.co_consts == function.__code__.co_consts


def test_the_source_of_an_operator_is_that_of_the_operator():
    assert source_of(Value.__mul__).name == "operator_mul"
    assert source_of(Value.__rmul__).name == "reflected_mul"
    assert source_of(functions.mul).name == "record_mul"
    assert "y = self._data" in inspect.getsource(Value.__rsub__)


@pytest.mark.parametrize("name", TABLE)
def test_every_generated_function_shows_its_own_source(name):
    op = TABLE[name]
    made = [recorder(op), precise_partials(op), _rules_over_values(op)]
    if not op.variadic and len(op.operands) <= 2:
        made += [recorder(op, operator=True), recorder(op, operator=True, reflected=True)]
    for function in made:
        assert_shows_its_own_source(function)


def test_two_operations_of_one_name_keep_separate_sources():
    first = operation("twin(x)", "x * x", ["2.0 * x"])
    second = operation("twin(x)", "x + x", ["2.0"])
    assert "out = number((x * x))" in inspect.getsource(first)
    assert "out = number((x + x))" in inspect.getsource(second)


def test_a_traceback_shows_the_line_that_failed():
    with pytest.raises(TypeError) as raised:
        functions.mul(Value(2.0), "three")
    (line,) = [
        frame.line for frame in traceback.extract_tb(raised.value.__traceback__) if frame.name == "record_mul"
    ]
    assert line.endswith("y = y_ = as_float(y)")


def test_a_traceback_through_a_reflected_operator_shows_its_line():
    with pytest.raises(ZeroDivisionError) as raised:
        recorder(operation("bad(x, y)", "x + y", ["1.0", "1.0"]).op)(Value(1.0), Fails())
    frames = [frame for frame in traceback.extract_tb(raised.value.__traceback__) if frame.name == "record_bad"]
    assert [frame.line.removeprefix("else: ") for frame in frames] == ["y = y_ = as_float(y)"]


class Fails(float):
    """A number that cannot be converted."""

    def __float__(self):
        raise ZeroDivisionError


def test_sources_with_one_checksum_do_not_share_a_filename(monkeypatch):
    monkeypatch.setattr("autograd.ops.rules.crc32", lambda source: 7)
    first, second = filename_of("same", "x = 1"), filename_of("same", "x = 2")
    assert (linecache.getlines(first), linecache.getlines(second)) == (["x = 1\n"], ["x = 2\n"])
    assert filename_of("same", "x = 1") == first


def test_a_function_of_the_table_is_compiled_at_its_first_call():
    function = define_later("fresh", ("x", "y"), "def fresh(x, y): return x + 10 * y", {"__name__": "here"})
    before = inspect.getsource(function), inspect.signature(function), function.__module__
    assert function.__code__.co_name == "first_call"
    assert function(1, 2) == function(1, 2) == 21
    assert function.__code__.co_name == "fresh"
    assert (inspect.getsource(function), inspect.signature(function), function.__module__) == before


def test_threads_that_call_a_function_first_at_once_all_get_its_result():
    functions = [
        define_later(f"raced_{k}", ("x",), f"def raced_{k}(x): return x + {k}", {"__name__": "here"})
        for k in range(50)
    ]
    together = threading.Barrier(4)

    def call_all():
        together.wait(60)
        return [function(1) for function in functions]

    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(call_all) for _ in range(4)]]
    assert found == [list(range(1, 51))] * 4


def test_an_error_in_the_first_call_shows_the_line_that_failed():
    function = define_later("failing", ("x",), "def failing(x):\n    return 1 / x", {"__name__": "here"})
    with pytest.raises(ZeroDivisionError) as raised:
        function(0)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].line == "return 1 / x"
