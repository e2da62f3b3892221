"""The playground's page and its data, without a browser: what fits into it, and what a recording keeps."""

import base64
import math
import re
from array import array

import pytest

import nn
from autograd import operation
from nn import MLP, Recording, fit, playground
from tests.helpers import page_data, parameter_values


def test_the_page_is_one_small_file_that_asks_for_nothing(tmp_path):
    text = playground(MLP(2, [8, 8, 1], rng=0), nn.moons(200, rng=0), source="moons").html()
    assert len(text.encode()) <= 400_000
    assert "default-src 'none'" in text
    assert not re.search(r"\s(?:src|href|action)\s*=", text.partition('<script type="application/json"')[0])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((nn.Sequential(nn.Layer(2, 1)), nn.moons(10, rng=0)), TypeError, "takes an MLP"),
        ((MLP(2, [3, 2]), nn.moons(10, rng=0)), ValueError, "one output, got 2 outputs"),
        ((MLP(2, [2]), nn.Dataset([[1.0, 2.0], [2.0, 1.0]], [0, 1])), ValueError, "one output"),
        ((MLP(3, [1]), nn.moons(10, rng=0)), ValueError, "3 inputs, but there are 2 features"),
        ((MLP(2, [1]), nn.Dataset([[1.0, 2.0, 3.0]], [1.0])), ValueError, "two numbers each"),
    ],
)
def test_models_and_data_that_do_not_fit_are_clear_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        playground(*arguments)


def test_an_optimiser_that_the_page_does_not_have_is_refused():
    model = MLP(2, [1])
    with pytest.raises(ValueError, match="must be SGD or Adam"):
        playground(model, nn.moons(10, rng=0), optimiser="rmsprop")
    with pytest.raises(ValueError, match=r"saved as \.html"):
        playground(model, nn.moons(10, rng=0)).save("page.svg")


def test_in_a_notebook_it_shows_itself_in_a_frame():
    bundle = playground(MLP(2, [1], rng=0), nn.moons(10, rng=0))._repr_mimebundle_()
    assert bundle["text/html"].startswith("<iframe sandbox=")
    assert page_data(playground(MLP(2, [1], rng=0), nn.moons(10, rng=0)))["widths"] == [1]


def test_other_features_targets_and_losses_that_do_not_fit_are_clear_errors():
    model, data = MLP(2, [1], rng=0), nn.moons(10, rng=0)
    with pytest.raises(ValueError, match=r"features must be some of .*x9"):
        playground(model, data, features=("x1", "x9"))
    with pytest.raises(ValueError, match="one number as each target"):
        playground(model, nn.Dataset([[1.0, 2.0]], [[1.0, 0.0]]))
    with pytest.raises(ValueError, match="depends on the prediction and on the target"):
        playground(model, data, loss=lambda predictions, targets: predictions[0])
    with pytest.raises(TypeError, match="loss must return a Value computed from the predictions, got a list"):
        playground(model, data, loss=lambda predictions, targets: predictions)
    wave = operation("wave(x)", math.sin, [math.cos])
    with pytest.raises(ValueError, match="cannot be trained in a page: wave has a Python function as a rule"):
        playground(MLP(2, [1], [wave]), data)


def test_a_recording_keeps_the_first_the_last_and_every_nth_update(tmp_path):
    recording, model = Recording(most=4), MLP(2, [2, 1], rng=0)
    first = parameter_values(model)
    history = fit(model, nn.moons(20, rng=0), epochs=11, rng=0, record=recording)
    found = recording.content()
    assert found["updates"] == [0, 4, 8, 11]
    numbers = array("f", base64.b64decode(found["parameters"]))
    count = len(first)
    assert list(numbers[:count]) == pytest.approx(first, rel=1e-6)
    assert list(numbers[-count:]) == pytest.approx(parameter_values(model), rel=1e-6)
    assert len(recording.losses) == len(history.epochs) == 11
    assert recording.save(tmp_path / "run.html").read_text(encoding="utf-8").count('"updates"') >= 1


def test_a_recording_that_has_not_begun_says_what_to_do():
    recording = Recording()
    assert repr(recording) == "Recording(nothing yet)"
    with pytest.raises(ValueError, match=r"fit\(\.\.\., record=recording\)"):
        recording.playground()
    with pytest.raises(ValueError, match=r"fit\(\.\.\., record=recording\)"):
        recording.add(1.0, {})
    with pytest.raises(ValueError, match="at least 2"):
        Recording(most=1)
    for strange in (None, "x", 2.5, float("nan"), True):
        with pytest.raises(ValueError, match="most must be an int of at least 2"):
            Recording(most=strange)
