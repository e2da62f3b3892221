"""Mistakes of a first hour: the error says what was given, what is allowed and what to do."""

import math
import operator
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograd import (
    DomainError,
    Value,
    clip,
    draw,
    grad,
    gradients,
    hessian,
    jacobian,
    jvp,
    no_grad,
    tanh,
    value_and_grad,
    zero_grad,
)
from nn import (
    MLP,
    SGD,
    Adam,
    Autoencoder,
    Dataset,
    Dropout,
    Layer,
    Module,
    Neuron,
    ReduceLROnPlateau,
    RMSprop,
    accuracy,
    clip_grad_norm_,
    evaluate,
    fit,
    huber_loss,
    k_means,
    load,
    moons,
    save,
    standardise,
)
from nn.losses import LOSSES

X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0]


def product():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    return a, a * b + a


def stepper():
    return product()[1].backprop()


def computed_without_grad():
    a, _ = product()
    with no_grad():
        return a * 2


def with_grad(given):
    a, root = product()
    a.grad = given
    return a, root


def numpy_number():
    return pytest.importorskip("numpy").array(3.0)


ENGINE = {
    "a numpy number": (lambda: Value(numpy_number()), TypeError, "a.item()"),
    "round to digits": (lambda: round(product()[1], 2), TypeError, "round(value.data, 2)"),
    "percent format": (lambda: operator.mod("%.2f", product()[0]), TypeError, "value.data"),
    "requires_grad": (lambda: Value(2.0, requires_grad=True), TypeError, "every Value has a gradient"),
    "another keyword": (lambda: Value(2.0, colour="red"), TypeError, "Value() has no option 'colour'"),
    "retain_graph": (lambda: product()[1].backward(retain_graph=True), TypeError, "a graph is always kept"),
    "no_grad": (lambda: computed_without_grad().backward(), ValueError, "compute it outside of the block"),
    "a root of a negative": (lambda: (-product()[0]) ** 0.5, DomainError, "negative base needs a whole-number"),
    "a Value for a list": (lambda: gradients(product()[1], product()[0]), TypeError, "gradients(y, [x])"),
    "grad of a Value": (lambda: grad(product()[1], product()[0]), TypeError, "gradients(y, [x])"),
    "grad of nothing": (grad(lambda a, b: a * b), ValueError, "grad: argnums=0"),
    "hessian of nothing": (hessian(lambda a, b: a * b), ValueError, "hessian: argnums=0"),
    "grad read by a picture": (lambda: repr(with_grad("x")[1].backprop()), TypeError, "the grad of a is 'x'"),
    "grad read by a step": (lambda: SGD([with_grad("x")[0]], lr=0.1).step(), TypeError, "the grad of a is 'x'"),
    "grad read by clipping": (
        lambda: clip_grad_norm_([with_grad([1])[0]], 1.0),
        TypeError,
        "the grad of a is [1]",
    ),
}
STEPPING = {
    "goto a name": (lambda: stepper().goto("a"), TypeError, "goto takes a whole number, the step; until()"),
    "goto a half": (lambda: stepper().goto(1.5), TypeError, "got 1.5 of type float"),
    "step to a name": (lambda: stepper().step("x"), TypeError, "step takes a whole number of steps; until()"),
    "step a half": (lambda: stepper().step(0.5), TypeError, "got 0.5 of type float"),
    "back": (lambda: stepper().back("x"), TypeError, "back takes a whole number"),
    "tree": (lambda: stepper().tree("x"), TypeError, "tree takes a whole number, the depth"),
    "tree rows": (lambda: stepper().tree(most="x"), TypeError, "tree takes a whole number of rows"),
    "where": (lambda: stepper().where("x"), TypeError, "where takes a whole number of rows"),
    "check": (lambda: stepper().check(most=2.5), TypeError, "check takes a whole number of leaves"),
    "a condition on grad": (lambda: stepper().until("grad > 1"), ValueError, "called `before` and `after`"),
    "an unknown value": (lambda: stepper().until("loss"), ValueError, "it has a, b, v2, v3"),
}
NN = {
    "lr first": (lambda: SGD(0.1, MLP(2, [1]).parameters()), TypeError, "a list of its parameters as the"),
    "lr as text": (lambda: SGD(MLP(2, [1]), lr="0.1"), TypeError, "lr must be a number, got '0.1' of type str"),
    "momentum as text": (lambda: SGD(MLP(2, [1]), 0.1, momentum="1"), TypeError, "momentum must be a number"),
    "alpha as text": (lambda: RMSprop(MLP(2, [1]), alpha="1"), TypeError, "alpha must be a number"),
    "one beta": (lambda: Adam(MLP(2, [1]), betas=0.9), TypeError, "betas must be a list, such as (0.9, 0.999)"),
    "inputs as text": (lambda: MLP("2", [4]), TypeError, "a neuron takes a whole number of inputs, got '2'"),
    "a width as text": (lambda: MLP(2, ["4"]), TypeError, "a layer takes a whole number of neurons, got '4'"),
    "half a neuron": (lambda: Layer(2, 1.5), TypeError, "a layer takes a whole number of neurons, got 1.5"),
    "no inputs": (lambda: Neuron(0), ValueError, "a neuron needs at least 1 input, got 0"),
    "one width": (lambda: Autoencoder(4, 2), TypeError, "widths must be a list"),
    "an activation unused": (lambda: MLP(2, [4], activation="foo"), ValueError, "no activation is called"),
    "the model second": (lambda: accuracy(moons(20), MLP(2, [1])), TypeError, "accuracy(model, data)"),
    "the model last": (lambda: fit(moons(200), MLP(2, [1])), TypeError, "got Dataset(200 examples, 2 inputs)"),
    "a long X first": (lambda: fit([[0.0]] * 999, [0.0] * 999, MLP(1, [1])), TypeError, "fit(model, X, y)"),
    "evaluate": (lambda: evaluate(moons(20), MLP(2, [1])), TypeError, "evaluate(model, data)"),
    "classes 0, 1, 3": (lambda: fit(MLP(2, [4, 3]), X, [0, 1, 3]), ValueError, "a whole number from 0 to 2"),
    "history.plot": (lambda: fit(MLP(2, [1]), X, Y, epochs=1).plot(), AttributeError, "plot_history(history)"),
}  # fmt: skip
ALONE = {
    f"{name}, {case}": (
        lambda loss=loss, given=given: loss(*given),
        TypeError,
        f"write {name}([prediction], [target])",
    )
    for name, loss in LOSSES.items()
    for case, given in {
        "a Value": (Value(1.0), 1.0),
        "a number": ([Value(1.0)] * 2, 1),
        "None": (None, [0]),
    }.items()
}
KINDS = {
    "a tangent alone": (lambda: jvp(tanh, 2.0, 1.0), TypeError, "jvp(f, (x,), (v,))"),
    "zero_grad of a model": (lambda: zero_grad(MLP(2, [1])), TypeError, "a zero_grad() of their own"),
    "a seed as text": (lambda: product()[1].backprop("x"), TypeError, "a real number as gradient"),
    "depth": (lambda: draw(product()[1], depth="x"), TypeError, "depth must be an int, got 'x' of type str"),
    "max_nodes": (lambda: draw(product()[1], max_nodes="x"), TypeError, "max_nodes must be an int"),
    "step": (lambda: draw(product()[1], step="x"), TypeError, "step must be an int"),
    "scale": (lambda: draw(product()[1], scale="x"), TypeError, "scale must be a number of pixels"),
    "timeout": (lambda: draw(product()[1], timeout="x"), TypeError, "timeout must be a number of seconds"),
    "show": (lambda: draw(product()[1], show=3), ValueError, "show must be a list of some of"),
    "title": (lambda: draw(product()[1], title=3), TypeError, "title must be a str"),
    "noise": (lambda: moons(20, "x"), TypeError, "noise must be a number"),
    "fraction": (lambda: moons(20).split("x"), TypeError, "fraction must be a number"),
    "p": (lambda: Dropout("x"), TypeError, "p must be a number"),
    "delta": (lambda: huber_loss([1.0], [2.0], "x"), TypeError, "delta must be a number"),
    "clusters": (lambda: k_means([[1.0], [2.0]], "2"), TypeError, "k_means takes a whole number of clusters"),
    "no list of inputs": (lambda: Dataset(3, 4), TypeError, "inputs must be a list"),
    "standardise": (lambda: standardise(X), TypeError, "standardise takes a Dataset"),
    "a model as optimiser": (lambda: ReduceLROnPlateau(MLP(2, [1])), TypeError, "takes the optimiser first"),
    "a state": (lambda: SGD(MLP(2, [1]), 0.1).load_state_dict(3), TypeError, "a state is a dict"),
    "two inputs": (lambda: MLP(2, [1])(0.1, 0.2), TypeError, "one example, as one list, [x0, x1]"),
    "save": (lambda: save("m.safetensors", MLP(2, [1])), TypeError, "save(model, path)"),
    "load": (lambda: load("m.safetensors", MLP(2, [1])), TypeError, "load(model, path)"),
}  # fmt: skip
FIT = {
    "schedule": "a Schedule",
    "early_stopping": "a number of epochs",
    "metrics": "a dict of functions",
    "checkpoint": "a path, or a Checkpoint",
    "clip": "a number, the largest norm",
    "callbacks": "a list of functions",
    "after_epoch": "a function of the epoch",
}
OF_FIT = {
    f"fit({name}=...)": (
        lambda name=name: fit(MLP(2, [1]), X, Y, **{name: 1j}),
        TypeError,
        f"{name} must be {words}",
    )
    for name, words in FIT.items()
}
CASES = ENGINE | STEPPING | NN | ALONE | KINDS | OF_FIT


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_an_error_with_advice(case):
    call, kind, words = CASES[case]
    with pytest.raises(kind, match=re.escape(words)) as found:
        call()
    assert len(str(found.value)) < 320


def test_the_error_of_a_bound_does_not_speak_of_what_is_within_it():
    a, _ = product()
    with pytest.raises(DomainError, match=r"it needs low <= high\. Change the numbers") as found:
        clip(a, 5, 1)
    assert "here" not in str(found.value)


def test_a_conversion_by_a_function_of_math_names_the_one_to_use(tmp_path):
    with pytest.raises(TypeError, match=r"autograd.tanh\(value\) instead of math.tanh"):
        math.tanh(product()[0])


@pytest.mark.parametrize(
    ("transform", "expected"),
    [(grad, 3.0), (value_and_grad, (6.0, 3.0)), (jacobian, 3.0), (hessian, 0.0)],
)
def test_the_first_argument_may_be_given_by_keyword(transform, expected):
    assert transform(lambda a, b: a * b)(a=2.0, b=3.0) == expected
    assert transform(lambda a, b: a * b)(b=3.0, a=2.0) == expected


def test_an_activation_error_lists_activations_alone():
    with pytest.raises(ValueError, match="no activation") as found:
        Layer(2, 3, "foo")
    assert "relu" in str(found.value)
    assert "degrees" not in str(found.value)
    assert Layer(1, 1, "degrees")([0.0])[0].op.name == "degrees"


def test_a_comparison_with_equals_says_that_it_compares_nodes():
    a = Value(6.0)
    assert repr(a == 6) == "False (== and != compare nodes: for their numbers use .data)"
    assert repr(Value(1.0) != Value(1.0)).startswith("True (")
    assert repr(a == a) == "True"
    assert a.data == 6


def test_a_data_set_is_shown_in_one_line():
    assert repr(moons(200)) == "Dataset(200 examples, 2 inputs)"
    assert repr(Dataset([], [])) == "Dataset(0 examples)"


def test_keras_word_for_a_progress_bar_works(capfd):
    fit(MLP(2, [1], rng=0), X, Y, epochs=1, verbose=False)
    assert capfd.readouterr().err == ""


def test_options_of_other_checkers_are_explained():
    pytest.importorskip("mpmath")
    from autograd.checking import check_gradients

    for option in ("eps", "atol", "rtol"):
        with pytest.raises(TypeError, match="no step size and no tolerance"):
            check_gradients(tanh, 0.5, **{option: 1e-6})
    assert check_gradients(lambda x, eps: x * eps, 0.5, eps=1e-6).right  # f has a parameter of that name
    with pytest.raises(ValueError, match=r"to hold n constant pass it by keyword, n=3"):
        check_gradients(lambda x, n: x**n, 2.0, 3, gradient=lambda x, n: 3 * x**2)
    assert check_gradients(lambda x, n: x**n, 2.0, n=3, gradient=lambda x, n: 3 * x**2).right


def test_a_format_that_cannot_be_made_is_answered_with_those_that_can(tmp_path):
    with pytest.raises(ValueError, match="svg, png, gv and json always work, and so do jpg, tex, mmd and html"):
        stepper().save(tmp_path / "step.txt")


def test_a_path_given_to_draw_is_answered_with_save():
    with pytest.raises(TypeError, match=r"draw\(y\)\.save\('y\.svg'\)"):
        draw(product()[1], "y.svg")


def test_a_missing_pillow_is_reported_before_anything_is_drawn(tmp_path, without, monkeypatch):
    without("PIL")
    monkeypatch.setattr("autograd.drawing.sheet.Sheet.draw", lambda *_: pytest.fail("drawn"))
    for name in ("pass.gif", "pass.apng"):
        with pytest.raises(ImportError, match=r"chainwalk\[animate\]"):
            stepper().animate(tmp_path / name)


def test_a_picture_that_is_shown_says_where_it_is(monkeypatch, capsys):
    monkeypatch.setattr("webbrowser.open", lambda _: False)  # as on a machine without a viewer
    draw(product()[1]).show()
    assert Path(capsys.readouterr().out.strip()).read_text("utf-8").startswith("<?xml")


@pytest.mark.parametrize("path", ["/proc/picture.svg", "/proc/folder/picture.svg"])
def test_a_file_that_cannot_be_written_is_named_in_the_error(path):
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    with pytest.raises(OSError, match=re.escape(repr(path))) as found:
        draw(product()[1]).save(path)
    assert ".tmp" not in str(found.value)


def test_frames_show_progress(tmp_path, monkeypatch):
    seen = []

    @contextmanager
    def bar(total, what, **_):
        yield lambda done, _: seen.append((done, total))

    monkeypatch.setattr("autograd.drawing.picture.progress_bar", bar)
    paths = stepper().frames(tmp_path)
    assert seen == [(k + 1, len(paths)) for k in range(len(paths))]


def test_the_gradient_of_a_model_is_clipped_like_that_of_its_parameters():
    model = MLP(2, [1], rng=0)
    (model([3.0, 4.0]) * 2).backward()
    before = clip_grad_norm_(model, 1.0)
    assert before > 10
    assert math.isclose(math.hypot(*(p.grad for p in model.parameters())), 1.0, rel_tol=1e-6)


def test_a_type_error_inside_a_model_is_not_taken_for_too_many_inputs():
    class Strange(Module):
        def forward(self, first, second):
            return first + second

    with pytest.raises(TypeError, match="can only concatenate"):
        Strange()([1.0], None)
    assert Strange()(1.0, 2.0) == 3.0
