"""Errors are short: every public function, with far too long arguments in every position."""

import ast
import inspect
import random
from pathlib import Path

import pytest

import autograd
import nn
from autograd.terminal import quoted

ROOT = Path(__file__).parents[2]
MOST = 4_000


class Long:
    def __repr__(self):
        return "n" * 1_000_000


class Broken:
    def __repr__(self):
        raise RuntimeError("no repr")


class Function:
    """A function with a long repr, whose result is invalid everywhere."""

    def __repr__(self):
        return "n" * 1_000_000

    def __call__(self, *args, **kwargs):
        return self


GIVEN = {
    "a long text": "n" * 100_000,
    "a long text of a terminal's commands": "\x1b[31m\n" * 10_000,
    "a long list of numbers": [0.5] * 100_000,
    "a long list of texts": ["n" * 100] * 1_000,
    "a list of a long text": ["n" * 100_000],
    "a dict with long texts": {"n" * 100_000: "m" * 100_000},
    "an int of many digits": -(10**5000),
    "an object with a long repr": Long(),
    "an object with no repr": Broken(),
    "a function with a long repr": Function(),
}


def raises_of(source):
    """Yield the lines that raise an error with `!r`, repr() or the name of a class in its text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            for each in ast.walk(node.exc):
                called = isinstance(each, ast.Call) and ast.unparse(each.func) == "repr"
                if called or (isinstance(each, ast.FormattedValue) and is_raw(each)):
                    yield node.lineno


def is_raw(part):
    """Return whether a part of a text in braces is a repr, or a name that its user has chosen."""
    return part.conversion == ord("r") or (
        isinstance(part.value, ast.Attribute) and part.value.attr == "__name__"
    )


def test_what_an_error_quotes_goes_through_the_one_function_that_cuts_it():
    assert list(raises_of('raise ValueError(f"not {x!r}")')) == [1]
    assert list(raises_of('raise ValueError("not " + repr(x))')) == [1]
    assert list(raises_of('raise ValueError(f"not {type(x).__name__}")')) == [1]
    assert list(raises_of('raise ValueError(f"not {f.__name__}")')) == [1]
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for package in ("autograd", "nn")
        for path in (ROOT / package).rglob("*.py")
        for line in raises_of(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize("kind", GIVEN)
def test_a_quotation_is_short_whatever_is_quoted(kind):
    assert len(quoted(GIVEN[kind])) <= 80
    assert len(quoted([GIVEN[kind]])) <= 80
    assert len(quoted({1: GIVEN[kind]})) <= 80


def example(name, parameter):
    """Return a valid argument for a parameter, by its name."""
    x = autograd.Value(0.5, "x")
    model = nn.MLP(2, [2, 1], rng=random.Random(0))
    data = nn.Dataset([[0.0, 1.0], [1.0, 0.0]] * 3, [1.0, -1.0] * 3)
    known = {
        "f": lambda x: x * x, "func": lambda x: x * x, "function": lambda x: x * x, "x": x, "value": x,
        "root": x,
        "model": model, "data": data, "dataset": data, "training": data, "loss": "mse_loss", "epochs": 1,
        "optimiser": "sgd", "parameters": model.parameters(), "lr": 0.1, "path": "nowhere/there", "y": x,
        "inputs": [[0.0, 1.0]], "targets": [1.0], "rng": 0, "n": 2, "count": 3, "k": 2, "values": [x, x],
        "operands": [x, x], "a": x, "b": x, "expression": "x * x", "order": 2, "p": 0.5, "predictions": [x],
        "outputs": [x], "widths": [2, 1], "points": [[0.0, 1.0]] * 4, "signature": "f(x)", "target": 1.0,
    }  # fmt: skip
    return known.get(parameter.name, 0.5)


def is_an_error(found):
    """Return whether something is an error itself, whose words are given by who raises it."""
    return isinstance(found, type) and issubclass(found, BaseException)


def public():
    for module in (autograd, nn):
        for name in module.__all__:
            found = getattr(module, name)
            if name not in LEFT_OUT and callable(found) and not is_an_error(found):
                yield f"{module.__name__}.{name}", found


LEFT_OUT = {"enable_grad", "no_grad", "anomaly_detection"}


def places():
    for name, found in public():
        try:
            parameters = inspect.signature(found).parameters.values()
        except (TypeError, ValueError):
            continue
        for parameter in parameters:
            yield name, found, list(parameters), parameter


CASES = {f"{name}({parameter.name})": case for name, *case in places() for parameter in [case[-1]]}


def said_of(called, positional, named):
    """Return the error of a call, with its notes."""
    try:
        called(*positional, **named)
    except Exception as error:
        return "\n".join([str(error), *getattr(error, "__notes__", ())])
    return ""


@pytest.mark.parametrize("case", CASES)
def test_no_error_is_as_long_as_what_was_given(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    called, parameters, place = CASES[case]
    for given in GIVEN.values():
        positional, named = [], {}
        for parameter in parameters:
            item = given if parameter is place else example(case, parameter)
            if parameter.kind is parameter.VAR_KEYWORD:
                named |= {"unknown_word": item} if parameter is place else {}
            elif parameter is place or parameter.default is parameter.empty:
                if parameter.kind is parameter.KEYWORD_ONLY or named:
                    named[parameter.name] = item
                else:
                    positional.append(item)
        text = said_of(called, positional, named)
        assert len(text) <= MOST
        assert "no repr" not in text
