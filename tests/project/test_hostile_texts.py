"""Outside text cannot control or flood the terminal: in errors, in printed output, in every repr.

Each case puts a name, a label, a path or a file's content where it comes from outside, once hostile (escape
sequences, a bell, line ends, marks that turn the reading direction) and once a hundred thousand letters long.
"""

import json
import random
import re
import struct
import unicodedata
import warnings

import pytest

import autograd
import nn
from autograd import Value, draw, log, sqrt, tanh
from autograd.anomalies import first_anomaly
from autograd.command_line.parsing import evaluate
from autograd.stepping.backprop import Backprop

HOSTILE = "\x1b[31mred\x07\u202etxet\r\n\u2028\x9bend\u200b"
LONG = "n" * 100_000
TEXTS = {"hostile": HOSTILE, "long": LONG}
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
MOST = 4_000


def class_of(text, base, **more):
    return type(text, (base,), more)


class Data:
    rng = random.Random(0)

    @property
    def model(self):
        return nn.MLP(2, [1], rng=random.Random(0))

    @property
    def rows(self):
        return nn.Dataset([[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0])


def fitted(**more):
    data = Data()
    return nn.fit(data.model, data.rows, "mse_loss", epochs=1, rng=random.Random(0), **more)


def stale(text):
    x = Value(2.0, text)
    y = x * x * x
    x.data = 3.0
    return y.backward(create_graph=True)


def anomaly(text):
    with autograd.anomaly_detection():
        return autograd.exp(Value(1000.0, text)) * 2


def written(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def tensors(text):
    header = json.dumps({text: {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def compiled(f, *args, **more):
    pytest.importorskip("llvmlite")
    return autograd.compile(f, **more)(*args)


def checked(f, *point):
    pytest.importorskip("hypothesis")
    from autograd.checking import check_gradients

    return check_gradients(f, *point)


def named(text):
    def f(x):
        return log(x) * 0 + "text"

    f.__name__ = f.__qualname__ = text
    return f


def checked_names(text, **more):
    pytest.importorskip("hypothesis")
    from autograd.checking import check_gradients

    def f(x):
        return x * x

    f.__name__ = f.__qualname__ = text
    return check_gradients(f, 1.0, raises=False, **more)


def floats_only(text):
    def f(x):
        if isinstance(x, Value):
            raise TypeError(text)
        return 1.0

    f.__name__ = text
    return f


def with_grad(grad):
    x = Value(1.0, "x")
    x.grad = grad
    return x * 2


def numbers_of(text):
    np = pytest.importorskip("numpy")
    return np.zeros(2, np.dtype([(text[:1000], "f8")]))


def swept(text):
    def train(**setting):
        model = Data().model
        return model, nn.fit(model, Data().rows, "mse_loss", epochs=1)

    return nn.sweep(train, [{text: text}])


CASES = {
    "a label outside the domain": lambda t, _: log(Value(-1.0, t)),
    "a label of a nested expression": lambda t, _: sqrt(tanh(Value(-1.0, t)) * Value(3.0, t + "2")),
    "a label in an anomaly": lambda t, _: anomaly(t),
    "a label in the first anomaly": lambda t, _: first_anomaly(autograd.exp(Value(1000.0, t))).text,
    "a label in the anomaly of a leaf": lambda t, _: first_anomaly(Value(float("nan"), t) * 2).text,
    "a label in a stale graph": lambda t, _: stale(t),
    "the repr of a value": lambda t, _: repr(Value(1.0, t)),
    "an explanation": lambda t, _: autograd.explain(Value(1.0, t) * Value(2.0, t + "2")),
    "a step": lambda t, _: repr(Backprop(Value(1.0, t) * 2).step()),
    "the stepper": lambda t, _: repr(Backprop(Value(1.0, t) * Value(2.0, t))),
    "the stepper's values": lambda t, _: repr(Backprop(Value(1.0, t) * Value(2.0, t)).where()),
    "a value that is watched": lambda t, _: repr(Backprop(Value(1.0, t) * 2).watch(t)),
    "a value that is waited for": lambda t, _: repr(Backprop(Value(1.0, t) * 2).finish().until(t)),
    "an attribute of the package": lambda t, _: getattr(autograd, t),
    "an attribute of nn": lambda t, _: getattr(nn, t),
    "a declared operation's docstring": lambda t, _: (
        autograd.operation("documented(x)", "x", "1.0", about=t[:500], note=t[:500]).__doc__
    ),
    "a declared operation's unknown name": lambda t, _: autograd.operation("f(x)", "u" * len(t), "1.0"),
    "the repr of a compiled function": lambda t, _: repr(autograd.compile(named(t))),
    "the report of a compiled function": lambda t, _: autograd.compile(named(t)).explain(),
    "a stepper's condition": lambda t, _: Backprop(Value(1.0, "x") * 2).until(t),
    "an operand of the wrong type": lambda t, _: tanh(class_of(t, object)()),
    "a text as an operand": lambda t, _: Value(1.0) + t,
    "a list as an operand": lambda t, _: tanh([t, t]),
    "an operation's rule": lambda t, _: autograd.operation(t, "x", "1.0"),
    "an operation's name": lambda t, _: autograd.operation(f"{t}(x) = x * x", "2.0 * x"),
    "an expression": lambda t, _: evaluate(t, {"x": 1.0}),
    "an expression's comment": lambda t, _: evaluate(f"x + + # {t}", {"x": 1.0}),
    "an expression's name": lambda t, _: evaluate(f"x + {'a' * len(t)}", {"x": 1.0}),
    "an expression's text": lambda t, _: evaluate(f"x + {t!r}", {"x": 1.0}),
    "an expression's number": lambda t, _: evaluate(f"x + {'9' * len(t)}", {"x": 1.0}),
    "an expression's complex number": lambda t, _: evaluate(f"x + {'9' * len(t)}j", {"x": 1.0}),
    "an expression's function": lambda t, _: evaluate(f"{'f' * len(t)}(x)", {"x": 1.0}),
    "an expression's keyword": lambda t, _: evaluate(f"tanh({'k' * len(t)}=x)", {"x": 1.0}),
    "an expression's assignment": lambda t, _: evaluate(f"{'s' * len(t)} = x; {'s' * len(t)} = x", {"x": 1.0}),
    "a value's name": lambda t, _: evaluate("x", {"x": 1.0, t: 1.0}),
    "a value that is not used": lambda t, _: evaluate("x", {"x": 1.0, "u" * len(t): 1.0}),
    "a picture's path": lambda t, d: draw(Value(1.0, "x") * 2).save(d / t[:100]),
    "a picture's format": lambda t, d: draw(Value(1.0, "x") * 2).save(d / f"a.{t[:50]}"),
    "a picture's theme": lambda t, _: draw(Value(1.0, "x") * 2, theme=t).svg(),
    "a compiled function's branch": lambda t, _: compiled(lambda x: x if Value(1.0, t) * x > 0 else -x, 1.0),
    "a compiled function's argument": lambda t, _: compiled(lambda x: x, t),
    "a compiled function's result": lambda t, _: compiled(lambda x: t, 1.0),
    "a compiled function's dtype": lambda t, _: compiled(lambda x: x, 1.0, dtype=t),
    "a compiled function's batch": lambda t, _: compiled(lambda x: x, 1.0, batched=t),
    "a compiled function's cache": lambda t, d: compiled(lambda x: x, 1.0, cache=written(d / t[:60], "")),
    "a compiled function's name": lambda t, _: compiled(named(t), 1.0),
    "a checked function's name": lambda t, _: checked(named(t), 1.0),
    "the report of a check": lambda t, _: repr(checked_names(t)),
    "the report of a wrong gradient": lambda t, _: repr(checked_names(t, gradient=lambda x: 7.0)),
    "an error of a checked function": lambda t, _: checked(floats_only(t), 1.0),
    "a grad's class": lambda t, _: with_grad(class_of(t, object)()).backward(),
    "the class of a list's item": lambda t, _: autograd.grad(tanh)(class_of(t, object)()),
    "the class of a dataset": lambda t, _: nn.fit(Data().model, class_of(t, object)(), epochs=1),
    "the class of a model": lambda t, _: nn.fit(class_of(t, object)(), Data().rows, epochs=1),
    "the name of numpy's dtype": lambda t, _: compiled(lambda x: x * 1, numbers_of(t)),
    "a setting of a sweep": lambda t, _: repr(swept(t)),
    "the parts of a chain": lambda t, _: nn.layerwise_errors(
        class_of(t, nn.Module, forward=lambda s, x: x)(), Data().rows
    ),
    "a metric's name": lambda t, _: repr(fitted(metrics={t: lambda p, y: 0.5})),
    "a loss": lambda t, _: fitted(**{"callbacks": (), "metrics": None}) and nn.loss_function(t),
    "an activation": lambda t, _: nn.MLP(2, [1], activation=t),
    "an optimiser": lambda t, _: nn.fit(Data().model, Data().rows, optimiser=t, epochs=1),
    "a start": lambda t, _: nn.Layer(1, 1, init=t),
    "a module's class": lambda t, _: repr(class_of(t, nn.Module, forward=lambda s, x: x)()),
    "a module without a rule": lambda t, _: class_of(t, nn.Module)()([1.0]),
    "a module in a list": lambda t, _: repr(nn.Sequential(class_of(t, nn.Module, forward=lambda s, x: x)())),
    "a state's names": lambda t, _: Data().model.load_state_dict({t: 1.0}),
    "many of a state's names": lambda t, _: Data().model.load_state_dict(
        {f"{t[:50]}{k}": 1.0 for k in range(500)}
    ),
    "a state's type": lambda t, _: Data().model.load_state_dict(class_of(t, object)()),
    "an optimiser's state": lambda t, _: nn.SGD(Data().model, lr=0.1).load_state_dict({t: 1.0}),
    "a schedule's state": lambda t, _: nn.StepLR(nn.SGD(Data().model, lr=0.1), 1).load_state_dict({t: 1.0}),
    "a setting": lambda t, _: nn.SGD(Data().model, lr=t),
    "a generator": lambda t, _: nn.MLP(2, [1], rng=t),
    "a CSV file's path": lambda t, d: nn.load_csv(written(d / t[:60], "")),
    "a CSV file's field": lambda t, d: nn.load_csv(written(d / "a.csv", f'1,2\n"{t}",3\n')),
    "a CSV file's header": lambda t, d: nn.load_csv(written(d / "a.csv", f'"{t}",b\n1,2\n'), target="c"),
    "a CSV file's many columns": lambda t, d: nn.load_csv(
        written(d / "a.csv", f"{','.join(f'c{k}' for k in range(9000))}\n{','.join('1' * 9000)}\n"), target="z"
    ),
    "a CSV file's column": lambda t, d: nn.load_csv(written(d / "a.csv", "a,b\n1,2\n"), target=t),
    "a CSV file's columns of one name": lambda t, d: nn.load_csv(
        written(d / "a.csv", f'"{t[:60]}","{t[:60]}"\n1,2\n'), target=t[:60]
    ),
    "a model file's names": lambda t, d: nn.load(Data().model, written(d / "m", tensors(t))),
    "a model file's path": lambda t, d: nn.load(Data().model, written(d / t[:60], "x")),
    "a model file's naming": lambda t, d: nn.save(Data().model, d / "m", names=t),
    "a checkpoint's path": lambda t, d: fitted(checkpoint=written(d / t[:60], "x")),
    "a checkpoint's version": lambda t, d: fitted(
        checkpoint=written(d / "c", json.dumps({"chainwalk checkpoint": t}) + "\n")
    ),
    "an export's name": lambda t, _: autograd.export(lambda x: x * x, 1.0, name=t[:100]),
    "a target": lambda t, _: nn.fit(Data().model, [[0.0, 1.0]], [t], epochs=1),
    "an input": lambda t, _: nn.fit(Data().model, [[0.0, t]], [1.0], epochs=1),
    "the inputs of a model": lambda t, _: Data().model(t),
}  # fmt: skip


def assert_harmless(text):
    strange = {letter for letter in text if unicodedata.category(letter) in FORBIDDEN} - {"\n"}
    assert not strange
    assert "\nend" not in text
    assert len(text) <= MOST


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("case", CASES)
def test_messages_about_outside_text_are_printable_and_short(case, kind, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = str(CASES[case](TEXTS[kind], tmp_path))
        except (ValueError, TypeError, ArithmeticError, RuntimeError, OSError, NotImplementedError, LookupError,
                AttributeError) as error:  # fmt: skip
            said = str(error)
            for note in getattr(error, "__notes__", ()):
                assert_harmless(note)
    for warning in caught:
        assert_harmless(str(warning.message))
    assert_harmless(said.replace(str(tmp_path), ""))


@pytest.mark.parametrize("name", ["[/]", "[red]x", "[link=file:///]", "[", HOSTILE])
def test_a_metric_of_any_name_is_shown_as_it_is_and_does_not_stop_training(name, capsys):
    pytest.importorskip("rich")
    history = fitted(metrics={name: lambda predictions, targets: 0.25}, progress=True)
    assert history.metrics == {name: [0.25]}
    assert_harmless(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", capsys.readouterr().err))
