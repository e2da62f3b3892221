"""The playground: its numbers against Python's, and its controls in a real browser."""

import math
import random
import re

import pytest

import nn
from nn import MLP, SGD, Adam, Recording, fit, playground
from tests.helpers import assert_becomes_true, page_data

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(visit, tmp_path):
    """Open a playground in the browser."""

    def open_(model, data, fragment="", viewport=None, **options):
        path = playground(model, data, **options).save(tmp_path / "playground.html")
        return visit(path, fragment, viewport=viewport or {"width": 1280, "height": 800})

    return open_


OPTIMISERS = {
    "SGD": lambda model: SGD(model, lr=0.1),
    "SGD with momentum and weight decay": lambda model: SGD(model, lr=0.05, momentum=0.9, weight_decay=0.01),
    "Adam": lambda model: Adam(model, lr=0.05),
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("loss", ["mse_loss", "hinge", "huber_loss", "l1_loss"])
def test_after_the_same_seed_data_and_steps_the_weights_are_pythons(opened, name, loss):
    data = nn.moons(60, rng=3)
    models = [MLP(2, [8, 8, 1], rng=1) for _ in range(2)]
    page = opened(models[0], data, loss=loss, optimiser=OPTIMISERS[name](models[0]), batch_size=10, seed=5)
    page.evaluate("for (let k = 0; k < 10; k += 1) playground.trainer.epoch()")
    fit(models[1], data, loss=loss, optimiser=OPTIMISERS[name](models[1]), batch_size=10, epochs=10, rng=5)
    theirs = page.evaluate("playground.tape.parameters")
    mine = [value.data for value in models[1].parameters()]
    assert max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) < 1e-9
    assert mine != [value.data for value in models[0].parameters()]


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "gelu", "linear", "leaky_relu", "softplus"])
def test_every_activation_trains_as_in_python_with_targets_of_0_and_1(opened, activation):
    data = nn.Dataset(nn.circles(40, rng=1).inputs, [k % 2 for k in range(40)])
    models = [MLP(2, [4, 3, 1], activation=activation, rng=2) for _ in range(2)]
    loss = "binary_cross_entropy_with_logits"
    page = opened(models[0], data, loss=loss, optimiser=SGD(models[0], lr=0.1), batch_size=7, seed=0)
    page.evaluate("for (let k = 0; k < 5; k += 1) playground.trainer.epoch()")
    fit(models[1], data, loss=loss, optimiser=SGD(models[1], lr=0.1), batch_size=7, epochs=5, rng=0)
    mine = [value.data for value in models[1].parameters()]
    assert page.evaluate("playground.tape.parameters") == pytest.approx(mine, abs=1e-9)


@pytest.mark.parametrize("name", ["moons", "circles", "xor", "spirals"])
def test_the_page_makes_the_points_that_python_makes(opened, name):
    made = getattr(nn, name)
    page = opened(MLP(2, [2, 1], rng=0), made(51, 0.1, rng=7), source=name, noise=0.1, seed=7)
    page.evaluate("playground.newPoints()")
    points = page.evaluate("playground.points")
    assert [x for point in points["inputs"] for x in point] == pytest.approx(
        [x for point in made(51, 0.1, rng=7).inputs for x in point], abs=1e-12
    )
    assert points["targets"] == made(51, 0.1, rng=7).targets


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_network_built_in_the_page_begins_and_trains_as_pythons(opened, activation):
    data = nn.moons(30, rng=0)
    page = opened(
        MLP(2, [3, 1], activation=activation, rng=0), data, seed=0, batch_size=10, optimiser="sgd", lr=0.1
    )
    page.click("#more")
    page.get_by_label("add a neuron to layer 2").click()
    page.evaluate("for (let k = 0; k < 5; k += 1) playground.trainer.epoch()")
    model = MLP(2, [3, 4, 1], activation=activation, rng=0)
    fit(model, data, optimiser=SGD(model, lr=0.1), batch_size=10, epochs=5, rng=0, loss="mse_loss")
    assert page.inner_text("#title") == "2 → 3 → 4 → 1"
    mine = [value.data for value in model.parameters()]
    assert page.evaluate("playground.tape.parameters") == pytest.approx(mine, abs=1e-9)


def test_a_wrong_weight_would_be_noticed(opened):
    data = nn.moons(30, rng=0)
    models = [MLP(2, [3, 1], rng=seed) for seed in (0, 1)]
    page = opened(models[0], data, optimiser="sgd", seed=0)
    page.evaluate("playground.trainer.epoch()")
    fit(models[1], data, optimiser=SGD(models[1], lr=0.1), batch_size=10, epochs=1, rng=0)
    mine = [value.data for value in models[1].parameters()]
    assert page.evaluate("playground.tape.parameters") != pytest.approx(mine, abs=1e-3)


# The controls


@pytest.fixture
def page(opened):
    model = MLP(2, [4, 3, 1], rng=0)
    return opened(model, nn.moons(60, rng=0), optimiser=SGD(model, lr=0.1), source="moons")


def loss_of(page):
    return page.evaluate("playground.losses[playground.losses.length - 1][1]")


def test_training_plays_pauses_steps_and_resets(page):
    start = loss_of(page)
    page.click("#one")
    page.click("#epoch")
    assert page.inner_text("#epochs") == "1"
    page.keyboard.press("Space") if page.evaluate("document.activeElement.blur()") else page.click("#play")
    assert_becomes_true(lambda: int(page.inner_text("#epochs")) > 20)
    page.click("#play")
    assert page.inner_text("#play") == "▶ train"
    assert loss_of(page) < start
    page.click("#reset")
    assert (page.inner_text("#epochs"), loss_of(page)) == ("0", start)


@pytest.mark.parametrize(
    ("control", "value", "name", "expected"),
    [
        ("rate", "0.3", "rate", 0.3),
        ("decay", "0.01", "decay", 0.01),
        ("kind", "L1", "kind", "L1"),
        ("optimiser", "Adam", "optimiser", "Adam"),
    ],
)
def test_settings_apply_to_the_training(page, control, value, name, expected):
    page.select_option(f"#{control}", value)
    assert page.evaluate(f"playground.trainer.settings.{name}") == expected
    page.click("#epoch")
    assert math.isfinite(loss_of(page))


def test_layers_neurons_activation_and_features_change_the_network(page):
    page.click("#more")
    page.get_by_label("remove a neuron from layer 1").click()
    assert page.inner_text("#title") == "2 → 3 → 3 → 3 → 1"
    page.select_option("#activation", "relu")
    page.check("#features input[value='x1 x2']")
    assert page.inner_text("#title") == "3 → 3 → 3 → 3 → 1"
    assert page.locator(".neuron").count() == 3 + 9 + 1
    page.click("#fewer")
    assert page.evaluate("playground.activations") == ["relu", "relu", "linear"]
    page.click("#epoch")
    assert math.isfinite(loss_of(page))


@pytest.mark.parametrize("name", ["circles", "xor", "spirals"])
def test_other_data_can_be_chosen(page, name):
    page.click(f"#sets [data-set={name}]")
    assert page.get_attribute(f"#sets [data-set={name}]", "aria-checked") == "true"
    points = page.evaluate("playground.points.inputs")
    page.click("#again")
    assert points != page.evaluate("playground.points.inputs")
    assert page.evaluate("playground.points.targets.length") == 60


def test_the_page_reads_a_users_file(page, tmp_path):
    rng = random.Random(0)
    rows = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(30)]
    path = tmp_path / "own.csv"
    path.write_text("x,y,class\n" + "".join(f"{x},{y},{'7' if x > y else '3'}\n" for x, y in rows))
    page.set_input_files("#file", path)
    assert_becomes_true(lambda: page.evaluate("playground.points.targets.length") == 30)
    assert page.evaluate("playground.points.targets") == [1.0 if x > y else -1.0 for x, y in rows]
    page.click("#epoch")
    empty = tmp_path / "empty.csv"
    empty.write_text("nothing here")
    page.set_input_files("#file", empty)
    assert_becomes_true(lambda: page.inner_text("#told") == "this file has no lines of three numbers")


def test_too_large_a_rate_stops_with_a_message(page):
    page.select_option("#rate", "10")
    page.click("#play")
    assert_becomes_true(lambda: "the rate is too large" in page.inner_text("#told"))
    assert page.inner_text("#play") == "▶ train"


def test_one_example_goes_forward_backward_and_updates_with_pythons_numbers(page):
    model, data = MLP(2, [4, 3, 1], rng=0), nn.moons(60, rng=0)
    prediction = model(data.inputs[9])
    loss = nn.mse_loss([prediction], [data.targets[9]])
    loss.backward()
    page.fill("#picked", "9")
    page.keyboard.press("Tab")
    assert "Point 9" in page.inner_text("#story")
    for _ in range(3):
        page.click("#forth")
    assert "Forward, layer 3" in page.inner_text("#story")
    page.click("#forth")
    assert f"the loss is {loss.data:.4f}" in page.inner_text("#story")
    for layer in (3, 2, 1):
        page.click("#forth")
        assert f"Backward, layer {layer}" in page.inner_text("#story")
    page.get_by_label(re.compile("^Layer 1, neuron 2")).click()
    neuron = model.layers[0].neurons[1]
    card = page.inner_text("#card").replace("−", "-")
    for value in (*neuron.weights, neuron.bias):
        assert f"{value.data:.4f}" in card
        assert f"{value.grad:+.4f}" in card
        assert f"{value.data - 0.1 * value.grad:.4f}" in card
    page.click("#forth")
    page.click("#forth")
    assert "Updated: the loss of this example went" in page.inner_text("#story")
    SGD(model, lr=0.1).step()
    mine = [value.data for value in model.parameters()]
    assert page.evaluate("playground.tape.parameters") == pytest.approx(mine, abs=1e-12)
    page.click("#back")
    before = [value.data for value in MLP(2, [4, 3, 1], rng=0).parameters()]
    assert page.evaluate("playground.tape.parameters") == pytest.approx(before, abs=1e-15)


def test_a_point_of_the_plane_can_be_clicked_and_chosen_with_the_arrow_keys(page):
    box = page.locator("#plane").bounding_box()
    x, y = page.evaluate(
        "(() => { const w = playground.window, [x, y] = playground.points.inputs[17];"
        "return [(x - w.left) / w.size, 1 - (y - w.low) / w.size] })()"
    )
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    assert page.input_value("#picked") == "17"
    page.focus("#plane")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#picked") == "18"


def test_the_address_keeps_the_settings(page, visit):
    page.select_option("#rate", "0.3")
    page.click("#sets [data-set=circles]")
    page.click("#more")
    page.click("#theme")
    address = page.evaluate("location.hash")
    again = page.context.new_page()
    again.goto(page.url.split("#")[0] + address)
    assert again.input_value("#rate") == "0.3"
    assert again.inner_text("#title") == page.inner_text("#title")
    assert again.evaluate("playground.points.inputs") == page.evaluate("playground.points.inputs")
    assert again.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_page_speaks_japanese(page):
    page.click("#language")
    assert page.inner_text("#play") == "▶ 学習"
    assert page.get_attribute("html", "lang") == "ja"


@pytest.mark.parametrize("width", [390, 800])
def test_nothing_is_wider_than_the_screen(opened, width):
    page = opened(MLP(2, [8, 8, 1], rng=0), nn.moons(40, rng=0), viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# A recorded training


def test_a_recorded_training_plays_update_by_update(visit, tmp_path):
    model, data, recording = MLP(2, [4, 1], rng=0), nn.moons(40, rng=0), Recording(most=20)
    history = fit(model, data, optimiser=SGD(model, lr=0.1), epochs=15, batch_size=10, rng=0, record=recording)
    assert len(recording.losses) == 60
    assert sum(recording.losses[-4:]) / 4 == pytest.approx(history.losses[-1])
    assert set(recording.errors) == set(history.gradients)
    page = visit(recording.save(tmp_path / "run.html"))
    mine = [value.data for value in model.parameters()]
    assert page.evaluate("playground.tape.parameters") == pytest.approx(mine, rel=1e-6)
    assert page.inner_text("#update-told") == "60"
    page.evaluate("(() => { const e = document.getElementById('update'); e.value = 0;"
                  "e.dispatchEvent(new Event('input')) })()")  # fmt: skip
    first = [value.data for value in MLP(2, [4, 1], rng=0).parameters()]
    assert page.evaluate("playground.tape.parameters") == pytest.approx(first, rel=1e-6)
    page.click("#play")
    assert_becomes_true(lambda: page.inner_text("#update-told") == "60")
    assert page.locator("#errors polyline").count() == 2


def test_a_long_recording_is_thinned_and_keeps_its_first_and_last_update():
    model, recording = MLP(2, [2, 1], rng=0), Recording(most=10)
    fit(model, nn.moons(20, rng=0), epochs=100, rng=0, record=recording)
    found = recording.content()
    assert len(found["updates"]) <= 11
    assert (found["updates"][0], found["updates"][-1]) == (0, 100)


# The command line


def test_the_command_makes_a_page_of_a_data_set_and_of_a_file(tmp_path, capsys):
    from autograd.command_line.main import main

    path = tmp_path / "spirals.html"
    assert main(["playground", "spirals", "--layers", "4,3", "--points", "50", "--save", str(path)]) == 0
    found = page_data(path.read_text(encoding="utf-8"))
    assert (found["source"], found["widths"], len(found["points"]["targets"])) == ("spirals", [4, 3, 1], 50)
    own = tmp_path / "own.csv"
    own.write_text("x,y,class\n0,1,3\n1,0,7\n0.5,1,3\n")
    assert main(["playground", str(own), "--save", str(path)]) == 0
    found = page_data(path.read_text(encoding="utf-8"))
    assert (found["source"], found["points"]["targets"]) == ("", [-1.0, 1.0, -1.0])
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "neither a data set (moons, circles, xor, spirals) nor a file"),
        (["--layers", "a"], "must be a list of ints"),
        (["--save", "page.svg"], "saved as .html"),
        (["moons", "circles"], "not an argument"),
    ],
)
def test_the_command_reports_invalid_options(arguments, words, tmp_path, monkeypatch, capsys):
    from autograd.command_line.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["playground", *arguments]) == 2
    assert words in capsys.readouterr().err
