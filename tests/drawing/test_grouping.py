"""Frames around neurons and layers, groups folded into one box, and graphs cut at a depth."""

import math
import random
import re

import pytest

from autograd import Group, Value, draw, square, tanh
from nn import MLP, mse_loss


@pytest.fixture
def network():
    model = MLP(3, [4, 2], activation="tanh", rng=random.Random(3))
    inputs = [Value(0.7, "x0"), Value(-0.3, "x1"), Value(0.2, "x2")]
    first, second = model(inputs)
    loss = square(first - 1) + square(second + 1)
    loss.label = "loss"
    loss.backward()
    return model, loss


def clusters(source):
    """Return the clusters of a DOT text: for each its id, and the ids of the boxes right inside it."""
    found, open_ = {}, []
    for line in map(str.strip, source.splitlines()):
        if line.startswith("subgraph"):
            open_.append(line.split()[1])
            found[open_[-1]] = []
        elif line == "}" and open_:
            open_.pop()
        elif open_ and re.match(r"[ng]\d+ \[", line):
            found[open_[-1]].append(line.split()[0])
    return found


def test_every_layer_is_a_frame_with_its_name_and_shape(network):
    model, loss = network
    source = draw(loss, groups=model).source
    assert len(clusters(source)) == 2
    assert "Layer 0</B>" in source
    assert "3 → 4, tanh" in source


class Parts:
    """Custom groups around two weights."""

    def __init__(self, *weights):
        self.weights = weights

    def groups(self):
        return [Group(f"part {k}", "one weight", "part", (w,)) for k, w in enumerate(self.weights)]


def test_a_custom_group_is_a_frame_around_its_parameters_and_their_results():
    w, v, x = Value(2.0, "w"), Value(3.0, "v"), Value(0.5, "x")
    picture = draw(tanh(w * x) + square(v * x), groups=Parts(w, v))
    names = {box.id: box.symbol or box.name for box in picture.scene.boxes}
    found = [sorted(names[id_] for id_ in boxes) for boxes in clusters(picture.source).values()]
    assert found == [sorted(["w", "×", "tanh"]), sorted(["v", "×", "x²"])]


def test_neurons_folded_into_boxes_show_the_gradient_of_their_output(network):
    model, loss = network
    picture = draw(loss, groups=model, collapse="neuron")
    folded = [box for box in picture.scene.boxes if box.kind == "neuron"]
    assert len(folded) == 6
    hidden = model.layers[0].neurons[0]
    output = next(
        n for n in picture_nodes(loss) if n.op and n.op.name == "tanh" and hidden.bias in leaves_of(n)
    )
    assert folded[0].grad == f"{output.grad:+.4f}".replace("-", "−")
    assert len(clusters(picture.source)) == 2
    assert "tanh" not in [box.symbol for box in picture.scene.boxes]


def picture_nodes(root):
    from autograd.graph import topological_order

    return topological_order(root)


def leaves_of(node):
    return [n for n in picture_nodes(node) if not n.operands]


def test_layers_folded_into_boxes_show_the_length_of_the_error_that_arrives(network):
    model, loss = network
    picture = draw(loss, groups=model, collapse="layer")
    folded = [box for box in picture.scene.boxes if box.kind == "group"]
    assert [box.name for box in folded] == ["Layer 0", "Layer 1"]
    hidden = [n for n in picture_nodes(loss) if n.op and n.op.name == "tanh"]
    assert folded[0].grad == f"{math.hypot(*(n.grad for n in hidden)):.4f}"
    assert folded[0].counted == "‖error‖ of 4"
    [between] = [arrow for arrow in picture.scene.arrows if (arrow.operand, arrow.result) == ("g0", "g5")]
    assert between.partial == "8 edges"


@pytest.mark.parametrize("level", ["neuron", "layer"])
def test_folded_frames_have_one_geometry_and_mark_the_present_step(network, level):
    import re

    model, loss = network
    places = set()
    for step in (-1, 0, 8, 20):
        picture = draw(loss, groups=model, collapse=level, step=step)
        places.add(
            tuple(re.findall(r'<text[^>]* x="([^"]+)" y="([^"]+)"[^>]*>(?:Neuron|Layer)', picture.svg()))
        )
        marks = sorted(box.mark for box in picture.scene.boxes if box.mark)
        assert marks in ([], ["receiver"], ["receiver", "result"])
        assert (marks == []) == (step < 1)
    assert len(places) == 1


def test_edges_before_the_pass_are_solid_between_folded_layers_too(network):
    model, loss = network
    lines = draw(loss, groups=model, collapse="layer", step=-1, constants=False).source.splitlines()
    assert not [line for line in lines if "->" in line and "dashed" in line]


def test_a_length_of_several_errors_has_no_sign(network):
    model, loss = network
    scene = draw(loss, groups=model, collapse="layer").scene
    assert {box.sign for box in scene.boxes if box.counted.startswith("‖error‖")} == {"size"}
    assert {arrow.sign for arrow in scene.arrows if arrow.partial.endswith("edges")} == {"size"}


def test_folded_neurons_are_in_order_and_lines_are_straight(network):
    import re
    import xml.etree.ElementTree as ElementTree

    model, loss = network
    svg = "{http://www.w3.org/2000/svg}"
    tree = ElementTree.fromstring(draw(loss, groups=model, collapse="neuron").svg())
    places = {}
    for group in tree.iter(f"{svg}g"):
        texts = list(group.iter(f"{svg}text"))
        if re.fullmatch(r"g\d+", group.get("id", "")):
            places[group.get("id")] = float(texts[0].get("y"))
    hidden = [places[f"g{k}"] for k in (1, 2, 3, 4)]
    assert hidden == sorted(hidden)
    [line] = [g for g in tree.iter(f"{svg}g") if g.get("id") == "g1-g6"]
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", next(line.iter(f"{svg}path")).get("d"))]
    (x0, y0), (x1, y1) = numbers[:2], numbers[-2:]
    for x, y in zip(numbers[::2], numbers[1::2], strict=True):
        assert abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) < 1e-3 * ((x1 - x0) ** 2 + (y1 - y0) ** 2) + 1


def test_folding_leaves_out_no_value_and_shows_none_twice(network):
    model, loss = network
    picture = draw(loss, groups=model, collapse="layer", constants=False)
    inside = sum(int(box.data.split()[0]) for box in picture.scene.boxes if box.kind == "group")
    outside = sum(box.kind != "group" for box in picture.scene.boxes)
    assert inside + outside == len(picture_nodes(loss))


def test_before_the_backward_pass_a_folded_box_has_no_gradient(network):
    model, loss = network
    folded = [
        box for box in draw(loss, groups=model, collapse="layer", step=-1).scene.boxes if box.kind == "group"
    ]
    assert {box.grad for box in folded} == {None}


def test_a_level_that_is_not_there_is_an_error_that_names_those_that_are(network):
    model, loss = network
    with pytest.raises(ValueError, match="the levels here are layer, neuron"):
        draw(loss, groups=model, collapse="block")
    with pytest.raises(ValueError, match="pass groups=model"):
        draw(loss, collapse="layer")


def test_folding_makes_a_large_network_readable():
    model = MLP(2, [16, 16, 1], rng=random.Random(0))
    loss = mse_loss([model([0.5, -0.5])], [1.0])
    with pytest.raises(ValueError, match='groups=model and collapse="neuron"'):
        draw(loss)
    assert len(draw(loss, groups=model, collapse="layer").scene.boxes) < 10


def test_any_object_with_groups_can_be_drawn():
    class Mine:
        def groups(self):
            return [Group("slope", "one weight", "part", (w,))]

    w, x = Value(2.0, "w"), Value(3.0, "x")
    picture = draw(w * x + 1, groups=Mine(), collapse="part")
    assert [box.name for box in picture.scene.boxes if box.kind == "group"] == ["slope"]


def test_a_depth_shows_only_the_values_near_the_root_and_counts_the_rest():
    x = Value(0.5, "x")
    y = x
    for _ in range(10):
        y = tanh(y * x)
    picture = draw(y, depth=3)
    assert [box.name for box in picture.scene.boxes if box.kind != "constant"] == [
        "x",
        "v17",
        "v18",
        "v19",
        "v20",
    ]
    assert [box.name for box in picture.scene.boxes if box.kind == "constant"] == ["… 16 more"]
    assert len(draw(y, depth=0).scene.boxes) == 2
    assert len(draw(y, depth=100).scene.boxes) == 21
    with pytest.raises(ValueError, match="depth must be a number of edges"):
        draw(y, depth=-1)


@pytest.mark.parametrize("options", [{}, {"collapse": "neuron"}, {"collapse": "layer"}, {"depth": 2}])
def test_every_view_can_be_drawn_in_every_theme(network, options):
    model, loss = network
    for theme in ("light", "dark", "auto"):
        assert "<svg" in draw(loss, groups=model, theme=theme, **options).svg()


def test_layers_are_frames_and_neurons_boxes_in_the_page_too(network):
    model, loss = network
    html = draw(loss, groups=model).html()
    assert html.count('id="frame-') == 2
    assert html.count('class="node group"') == 6
