"""A network layer by layer: centred columns of neurons, inputs once, weights as edges."""

import random
import re
from xml.etree import ElementTree

import pytest

from autograd import Value, draw, square, tanh
from nn import MLP, Module, Neuron, mse_loss

SVG = "{http://www.w3.org/2000/svg}"


def made(*widths, samples=1, inputs=2, seed=0):
    model = MLP(inputs, list(widths), activation="tanh", rng=random.Random(seed))
    rng = random.Random(1)
    batch = [[rng.uniform(-1, 1) for _ in range(inputs)] for _ in range(samples)]
    loss = mse_loss([model(x) for x in batch], [1.0] * samples)
    loss.backward()
    return model, loss


def rectangles(picture):
    """Return the frame of each box: left, right, top, bottom."""
    found = {}
    for group in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"):
        if (group.get("class") or "").startswith("node"):
            shape = next(e for e in group.iter() if e.tag in (f"{SVG}polygon", f"{SVG}path"))
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", shape.get("points") or shape.get("d"))]
            found[group.get("id")] = (
                min(numbers[::2]),
                max(numbers[::2]),
                min(numbers[1::2]),
                max(numbers[1::2]),
            )
    return found


@pytest.mark.parametrize("collapse", [None, "neuron"])
def test_layers_are_columns_on_one_middle_line_and_neurons_are_in_order(any_dot, collapse):
    model, loss = made(4, 3, 1)
    picture = draw(loss, groups=model, collapse=collapse)
    places = rectangles(picture)
    middles = []
    for column in picture.scene.columns[1:4]:
        boxes = [places[id_] for id_ in column if id_[0] == "g"]
        assert len({round((left + right) / 2) for left, right, _, _ in boxes}) == 1
        assert [box[2] for box in boxes] == sorted(box[2] for box in boxes)
        middles.append((min(box[2] for box in boxes) + max(box[3] for box in boxes)) / 2)
    assert max(middles[:2]) - min(middles[:2]) < 2
    names = {box.id: box.name for box in picture.scene.boxes}
    assert [names[id_] for id_ in picture.scene.columns[1]] == [f"Neuron {k}" for k in range(4)]
    lefts = [min(places[id_][0] for id_ in column) for column in picture.scene.columns]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("collapse", [None, "neuron"])
@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_boxes_of_a_network_do_not_overlap(collapse, rankdir):
    model, loss = made(4, 3, 1, samples=3)
    found = list(rectangles(draw(loss, groups=model, collapse=collapse, rankdir=rankdir)).values())
    for k, (left, right, low, high) in enumerate(found):
        for other in found[k + 1 :]:
            assert right <= other[0] or other[1] <= left or high <= other[2] or other[3] <= low


def test_a_neuron_is_one_box_with_a_line_for_each_weight_its_bias_sum_and_output():
    model, loss = made(2, 1)
    boxes = [box for box in draw(loss, groups=model).scene.boxes if box.kind == "neuron"]
    neuron = model.layers[0].neurons[1]
    lines = {line.name: line for line in boxes[1].lines}
    assert list(lines) == ["w0", "w1", "b", "z", "out"]
    rng = random.Random(1)
    x = [rng.uniform(-1, 1) for _ in range(2)]
    for k, w in enumerate(neuron.weights):
        line = lines[f"w{k}"]
        assert float(line.data.replace("−", "-")) == pytest.approx(w.data, abs=1e-4)
        assert float(line.times.replace("× ", "").replace("−", "-")) == pytest.approx(x[k], abs=1e-4)
        assert float(line.grad.replace("−", "-")) == pytest.approx(w.grad, abs=1e-4)
    z = sum(w.data * v for w, v in zip(neuron.weights, x, strict=True)) + neuron.bias.data
    assert float(lines["z"].data.replace("−", "-")) == pytest.approx(z, abs=1e-4)
    assert float(lines["out"].data.replace("−", "-")) == pytest.approx(tanh(z), abs=1e-4)


def test_each_input_is_drawn_once_at_the_left_and_the_loss_at_the_right():
    model, loss = made(4, 3, 1)
    scene = draw(loss, groups=model).scene
    assert [box.name for box in scene.boxes if box.kind == "input"] == ["input 0", "input 1"]
    assert scene.columns[0] == tuple(box.id for box in scene.boxes if box.kind == "input")
    assert [box.kind for box in scene.boxes if box.id == scene.columns[-1][0]] == ["root"]
    x = [Value(0.5, "x0"), Value(-0.25, "x1")]
    y = square(model(x) - 1)
    y.backward()
    boxes = [box for box in draw(y, groups=model).scene.boxes if box.name in ("x0", "x1")]
    assert [(box.kind, box.data) for box in boxes] == [("leaf", "0.5000"), ("leaf", "−0.2500")]
    assert boxes[0].grad is not None


def test_the_edges_of_a_folded_network_have_the_sign_and_the_size_of_the_weights():
    model = MLP(2, [3, 2], activation="tanh", rng=random.Random(0))
    first, other = model([0.5, -0.25])
    loss = square(first) + square(other)
    loss.backward()
    scene = draw(loss, groups=model, collapse="neuron").scene
    weights = [abs(w.data) for layer in model.layers for n in layer.neurons for w in n.weights]
    boxes = {box.id: box for box in scene.boxes}
    neurons = [box for box in scene.boxes if box.kind == "neuron"]
    second = model.layers[1].neurons[0]
    arrows = [a for a in scene.arrows if a.result == neurons[3].id]
    assert len(arrows) == 3
    for arrow, w in zip(sorted(arrows, key=lambda a: a.line), second.weights, strict=True):
        assert arrow.weight == ("pos" if w.data > 0 else "neg")
        assert arrow.width == pytest.approx(1.2 + 4.3 * (abs(w.data) / max(weights)) ** 0.5)
        assert boxes[arrow.operand].data.strip("−")
    outputs = [box.data for box in neurons]
    assert all(re.fullmatch(r"−?\d\.\d{4}", text) for text in outputs)


def test_of_many_edges_the_strongest_are_drawn_and_the_others_are_counted():
    model, loss = made(16, 16, 1)
    picture = draw(loss, groups=model, collapse="neuron")
    between = [arrow for arrow in picture.scene.arrows if arrow.weight]
    assert len(between) == 16 * 2 + 16 * 3 + 3
    assert picture.scene.left_out == 16 * 13 + 13
    assert "221 weaker edges left out" in picture.source
    first = [box for box in picture.scene.boxes if box.kind == "neuron"][16]
    drawn = {arrow.line for arrow in between if arrow.result == first.id}
    sizes = [abs(w.data) for w in model.layers[1].neurons[0].weights]
    assert drawn == set(sorted(range(16), key=lambda k: -sizes[k])[:3])


def test_several_samples_are_one_network():
    model, loss = made(3, 1, samples=5)
    scene = draw(loss, groups=model).scene
    neurons = [box for box in scene.boxes if box.kind == "neuron"]
    assert len(neurons) == 4
    names = [line.name for line in neurons[0].lines]
    assert names == ["w0", "w1", "b", "z 1", "out 1", "z 2", "out 2", "z 3", "out 3", "2 more samples"]
    assert [box.data for box in scene.boxes if box.kind == "input"] == ["5 numbers", "5 numbers"]


def test_a_single_neuron_is_a_network_too():
    neuron = Neuron(2, "tanh", rng=random.Random(0))
    y = neuron([1.0, 2.0])
    y.backward()
    scene = draw(y, groups=neuron).scene
    assert [box.kind for box in scene.boxes] == ["neuron", "input", "input"]


def test_other_graphs_than_feed_forward_networks_are_drawn_value_by_value():
    neuron = Neuron(1, "tanh", rng=random.Random(0))
    y = neuron([neuron([0.5]) * 1.0])
    scene = draw(y, groups=neuron).scene
    assert not scene.columns
    assert len(scene.frames) == 1


class Handwritten(Module):
    level = "neuron"

    def __init__(self):
        self.w, self.b = [Value(0.5, "w0"), Value(-0.25, "w1")], Value(0.125, "b")


def test_a_number_that_is_added_to_the_weighted_sum_is_not_a_part_of_it():
    module = Handwritten()
    y = tanh(module.w[0] * 1.5 + module.w[1] * -2.0 + module.b + 1.0)
    [box] = [box for box in draw(y, groups=module).scene.boxes if box.kind == "neuron"]
    shown = {line.name: line.data for line in box.lines}
    assert (shown["z"], shown["out"]) == ("1.3750", f"{y.data:.4f}")


@pytest.mark.parametrize(
    "form",
    [
        lambda w, b, x: tanh(w[0] * x[0] + 1.0 + w[1] * x[1] + b),
        lambda w, b, x: tanh(w[0] * x[0] + w[1] * x[1] + b + b),
        lambda w, b, x: tanh(w[0] * x[0] + w[0] * x[1] + w[1] * x[0] + b),
        lambda w, b, x: tanh(w[0] * w[1] + b),
        lambda w, b, x: tanh(w[0] * x[0] + w[1] / x[1] + b),
        lambda w, b, x: tanh(w[0] * x[0] + w[1] ** 2 * x[1] + b),
        lambda w, b, x: tanh(w[0] * x[0] + w[1] * x[1] + tanh(b)),
    ],
)
def test_what_is_not_a_weighted_sum_and_a_bias_is_drawn_value_by_value(form):
    module = Handwritten()
    y = form(module.w, module.b, [Value(1.5, "x0"), Value(-2.0, "x1")])
    scene = draw(y, groups=module).scene
    assert not [box for box in scene.boxes if box.kind == "neuron"]
    assert len(scene.boxes) >= len(y.backprop().recorded.order)


@pytest.mark.parametrize("suffix", ["svg", "png", "json", "gv", "html"])
def test_a_network_can_be_saved_in_every_format(any_dot, tmp_path, suffix):
    model, loss = made(3, 1)
    for collapse in (None, "neuron", "layer"):
        path = draw(loss, groups=model, collapse=collapse).save(tmp_path / f"net_{collapse}.{suffix}")
        assert path.stat().st_size > 2_000


def test_every_frame_of_a_network_has_the_same_geometry():
    model, loss = made(3, 1)
    last = len(loss.backprop())
    places = [rectangles(draw(loss, groups=model, step=step)) for step in (-1, 0, 7, last)]
    assert all(place == places[0] for place in places)
