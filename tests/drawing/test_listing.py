"""Operations of many operands, whose operands are a list in their box, and neurons written by hand."""

import io
import random
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from autograd import Value, dot, draw, mean, tanh
from autograd.drawing.listing import CROWDED, LISTED, MANY_LINES
from autograd.drawing.wrapping import joined, rows
from autograd.formulas import fixed, short
from nn import MLP, Module, mse_loss
from tests.helpers import assert_becomes_true

SVG = "{http://www.w3.org/2000/svg}"


def products(terms, shared=()):
    weights = [Value(0.01 * k - 1, f"w{k}") for k in range(terms)]
    inputs = [Value(0.3 - 0.02 * k, f"x{k}") for k in range(terms)]
    return weights, inputs, dot(weights, inputs)


def texts(picture, id_):
    groups = {g.get("id"): g for g in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g")}
    return [t.text.strip() for t in groups[id_].iter(f"{SVG}text") if t.text.strip()]


def minus(text):
    return text.replace("-", "−")


@pytest.mark.parametrize("terms", [20, 61, 500])
def test_many_operands_are_a_list_in_the_box_with_every_number(any_dot, terms):
    weights, inputs, root = products(terms)
    root.backward()
    picture = draw(root, max_nodes=5_000)
    shown = texts(picture, f"n{2 * terms}")
    lines = [shown[at : at + 4] for at in range(6, len(shown), 4)]
    for weight, number in zip(weights, inputs, strict=True):
        for operand, other in ((weight, number), (number, weight)):
            assert [
                operand.label,
                minus(fixed(operand.data)),
                minus(f"× {short(other.data)}"),
                minus(fixed(operand.grad, sign=True)),
            ] in lines
    assert len(lines) == 2 * terms
    width, height = map(float, re.search(r'width="(\d+)pt" height="(\d+)pt"', picture.svg()).groups())
    assert width < 1_700
    assert height < 30 * terms + 500


def test_the_operands_of_a_dot_product_are_listed_in_pairs():
    _, _, root = products(40)
    [box] = [box for piece in rows(draw(root).scene) for box in piece.boxes if box.kind == "root"]
    names = [line.name for line in box.lines if line.name]
    assert names[0:2] == ["w0", "x0"]
    assert {(a[1:], b[1:]) for a, b in zip(names[::2], names[1::2], strict=True)} == {
        (str(k), str(k)) for k in range(40)
    }


def test_up_to_a_number_of_operands_a_small_picture_has_arrows():
    values = [Value(0.1 * k, f"x{k}") for k in range(CROWDED)]
    assert all(not box.lines for piece in rows(draw(mean(values)).scene) for box in piece.boxes)
    values.append(Value(1.0, "last"))
    assert any(box.lines for piece in rows(draw(mean(values)).scene) for box in piece.boxes)


def test_leaves_that_several_lists_share_are_one_box_with_their_sums():
    weights, _, first = products(30)
    second = dot(weights, [Value(0.5, f"y{k}") for k in range(30)])
    root = first * second
    root.backward()
    drawn = joined(rows(draw(root).scene))
    [box] = [box for box in drawn.boxes if box.kind == "leaves"]
    assert {line.name: (line.times, line.grad) for line in box.lines if line.name} == {
        w.label: ("Σ2", minus(fixed(w.grad, sign=True))) for w in weights
    }
    ids = [line.id for each in drawn.boxes for line in each.lines if line.own and line.id]
    big = [each.id for each in drawn.boxes if each.kind not in ("again", "leaves")]
    assert sorted([*ids, *big]) == sorted(each.id for each in draw(root).scene.boxes)


def test_a_grad_that_an_earlier_pass_left_is_shown_apart_from_the_contribution():
    weights, _, root = products(30)
    root.backward()
    root.backward()
    drawn = joined(rows(draw(root).scene))
    [leaves] = [box for box in drawn.boxes if box.kind == "leaves"]
    sums = {line.name: (line.times, line.grad) for line in leaves.lines if line.name}
    [box] = [box for box in drawn.boxes if box.kind == "root"]
    flows = {line.name: line.grad for line in box.lines}
    for weight in (each for each in weights if each.grad):
        assert sums[weight.label] == ("Σ1+", minus(fixed(weight.grad, sign=True)))
        assert float(flows[weight.label].replace("−", "-")) == pytest.approx(weight.grad / 2, rel=1e-2)


def test_every_edge_of_a_wide_graph_is_an_arrow_or_a_line():
    rng = random.Random(3)
    values = [Value(rng.uniform(-1, 1), f"a{k}") for k in range(30)]
    for k in range(30):
        chosen = rng.sample(values, rng.randint(2, 12))
        values.append(mean(chosen) if k % 3 else dot(chosen, rng.sample(values, len(chosen))))
    root = sum(values[30:], Value(0.0)) * mean(values)
    root.backward()
    scene = draw(root).scene
    drawn = joined(rows(scene))
    edges = [arrow.id for arrow in drawn.arrows] + [
        line.edge for box in drawn.boxes for line in box.lines if line.edge
    ]
    assert sorted(edges) == sorted(arrow.id for arrow in scene.arrows)
    for piece in rows(scene):
        here = {box.id for box in piece.boxes}
        assert all(arrow.operand in here and arrow.result in here for arrow in piece.arrows)


def test_of_too_many_lines_the_first_are_shown_and_the_others_counted():
    size = 15
    a = [[Value(0.1 * i - 0.2 * j, f"a{i},{j}") for j in range(size)] for i in range(size)]
    b = [[Value(0.3 * i + 0.1 * j, f"b{i},{j}") for j in range(size)] for i in range(size)]
    root = mean([dot(row, [b[k][j] for k in range(size)]) for row in a for j in range(size)])
    root.backward()
    scene = draw(root, max_nodes=2_000).scene
    assert len(scene.arrows) > MANY_LINES
    drawn = joined(rows(scene))
    box = next(box for box in drawn.boxes if box.symbol == "Σ×")
    names = [line.name for line in box.lines if line.name]
    assert [*names[0:3], names[-1]] == ["a0,0", "b0,0", "a0,1", "… 14 more"]
    shown = {box.id for box in drawn.boxes if box.kind != "again"}
    shown |= {line.id for box in drawn.boxes if box.kind == "leaves" for line in box.lines}
    assert {box.id for box in scene.boxes} <= shown


@pytest.mark.parametrize("left_out", ["data", "grad", "local", "contribution"])
def test_each_kind_of_number_can_be_left_out_of_a_list(left_out):
    weights, _, first = products(30)
    root = first * dot(weights, [Value(0.5, f"y{k}") for k in range(30)])
    root.backward()
    everything = ["data", "grad", "local", "contribution"]
    counts = []
    for show in (everything, [each for each in everything if each != left_out]):
        shown = draw(root, show=show).svg()
        counts.append(len(re.findall(r">(?:[^<]*\d|·)</text>", shown)))
    assert counts[1] <= counts[0] - 30


def test_a_list_has_local_derivatives_in_symbols():
    weights, inputs, root = products(30)
    root.backward()
    shown = texts(draw(root, symbols=True), "n60")
    assert all(f"× {each.label}" in shown for each in weights + inputs)


def test_plain_numbers_are_lines_too():
    values = [Value(0.1 * k, f"x{k}") for k in range(40)]
    root = dot(values, [k + 0.5 for k in range(40)])
    root.backward()
    [box] = [box for piece in rows(draw(root * 1.0).scene) for box in piece.boxes if len(box.lines) > LISTED]
    lines = {line.name: line for line in box.lines}
    assert (lines["x3"].times, lines["x3"].grad) == ("× 3.50", "+3.5000")
    assert lines["2.5"][2:6] == ("", "", "", "")


def test_a_step_is_marked_in_its_line(tmp_path):
    _, _, root = products(30)
    picture = draw(root, step=4)
    [box] = [box for piece in rows(picture.scene) for box in piece.boxes if box.lines]
    recorded = picture.recorded
    assert [line.name for line in box.lines if line.present] == [
        recorded.order[recorded.edges[3].operand].label
    ]
    frames = [path.read_text() for path in draw(root).frames(tmp_path)[:3]]
    assert len({re.search("viewBox=.*?>", text)[0] for text in frames}) == 1


@pytest.mark.parametrize("name", ["a" * 500, "<b>&amp;\\N", "重み" * 30, "nan", ""])
def test_names_of_any_length_fit_into_a_line(any_dot, name):
    values = [Value(float(k), name) for k in range(30)]
    root = dot(values[:15], values[15:])
    root.backward()
    svg = draw(root).svg()
    assert float(re.search(r'width="(\d+)pt"', svg)[1]) < 1_700


class Unit(Module):
    level = "neuron"

    def __init__(self, inputs, form, rng):
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(rng.uniform(-1, 1))
        self.form = form

    def __call__(self, x):
        if self.form == "start":
            return tanh(sum((w * each for w, each in zip(self.w, x, strict=True)), self.b))
        if self.form == "after":
            return tanh(sum(w * each for w, each in zip(self.w, x, strict=True)) + self.b)
        if self.form == "turned":
            return tanh(self.b + sum(each * w for w, each in zip(self.w, x, strict=True)))
        if self.form == "halves":
            middle = len(self.w) // 2
            first = sum(w * each for w, each in zip(self.w[:middle], x[:middle], strict=True))
            second = sum(w * each for w, each in zip(self.w[middle:], x[middle:], strict=True))
            return tanh((first + second) + self.b)
        total = self.w[0] * x[0]
        for w, each in zip(self.w[1:], x[1:], strict=True):
            total += w * each
        total += self.b
        return tanh(total)


class Stage(Module):
    level = "layer"

    def __init__(self, inputs, outputs, form, rng):
        self.units = [Unit(inputs, form, rng) for _ in range(outputs)]

    def __call__(self, x):
        return [unit(x) for unit in self.units]


class ByHand(Module):
    def __init__(self, widths, form):
        rng = random.Random(0)
        self.stages = [Stage(a, b, form, rng) for a, b in pairwise(widths)]

    def __call__(self, x):
        for stage in self.stages:
            x = stage(x)
        return x[0]


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("form", ["start", "after", "turned", "halves", "loop"])
def test_a_neuron_written_by_hand_is_drawn_as_one_box(form, samples):
    model = ByHand([2, 3, 2, 1], form)
    batch = [[0.5 - 0.1 * k, -1.0 + 0.2 * k] for k in range(samples)]
    loss = sum(((model(x) - 1.0) ** 2 for x in batch), Value(0.0))
    loss.backward()
    scene = draw(loss, groups=model).scene
    neurons = [box for box in scene.boxes if box.kind == "neuron"]
    ids = {box.id for box in neurons}
    assert [len(ids & set(column)) for column in scene.columns[:4]] == [0, 3, 2, 1]
    assert len(scene.columns[0]) == 2
    units = [unit for stage in model.stages for unit in stage.units]
    for box, unit in zip(neurons, units, strict=True):
        lines = {line.name: (line.data, line.grad) for line in box.lines}
        for k, w in enumerate(unit.w):
            assert lines[f"w{k}"] == (minus(fixed(w.data)), minus(fixed(w.grad, sign=True)))
        assert lines["b"] == (minus(fixed(unit.b.data)), minus(fixed(unit.b.grad, sign=True)))
        assert ("z" in lines) == (samples == 1)
    assert "neuron" not in {box.kind for box in draw(loss).scene.boxes}


def test_a_sum_of_the_outputs_of_one_neuron_is_not_part_of_it():
    unit = Unit(2, "start", random.Random(0))
    linear = [unit.w[0] * x + unit.w[1] * y + unit.b for x, y in ((0.5, 1.0), (2.0, -1.0))]
    total = linear[0] + linear[1]
    scene = draw(total, groups=unit).scene
    [box] = [box for box in scene.boxes if box.kind == "neuron"]
    assert box.data == "2 samples"
    assert [each.kind for each in scene.boxes if each.kind == "root"] == ["root"]


def test_an_image_of_a_list_can_be_made():
    from PIL import Image

    _, _, root = products(100)
    image = Image.open(io.BytesIO(draw(root, dpi=72).pipe("png")))
    assert image.width < 1_800


def numbers_in(page):
    """Return the data and the grad of each line of the boxes in a page, by the name of its value."""
    shown = page.eval_on_selector_all(
        "g.line",
        "all => all.map(g => [g.dataset.value, g.querySelector('.data-value').textContent,"
        " g.querySelector('.grad-value').textContent])",
    )
    return {name: rest for name, *rest in shown}


@pytest.mark.browser
def test_the_page_of_a_network_is_as_on_the_board_and_its_lines_follow_every_step(visit, tmp_path):
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(5))
    bp = mse_loss([model([Value(0.8, "x0"), Value(-0.4, "x1")])], [1.0]).backprop()
    page = visit(bp.save(tmp_path / "net.html", groups=model), "#-1")
    for number in [-1, 1, 7, 12, 20, len(bp), 9]:
        page.evaluate("n => { location.hash = '#' + n }", number)
        scene = draw(bp.recorded, step=number, groups=model).scene
        expected = {line.id: [line.data, line.grad] for box in scene.boxes for line in box.lines}
        assert_becomes_true(lambda expected=expected: numbers_in(page) == expected)


@pytest.mark.browser
def test_only_the_line_of_the_present_edge_and_the_receiver_are_marked(visit, tmp_path):
    weights, inputs, first = products(30)
    bp = (first * dot(weights, inputs[::-1])).backprop()
    number = 1 + next(
        k for k, edge in enumerate(bp.recorded.edges) if bp.recorded.order[edge.operand].label == "w3"
    )
    page = visit(bp.save(tmp_path / "wide.html"), f"#{number}")
    edge, k = bp.recorded.edges[number - 1], bp.recorded.index[weights[3]]
    marked = page.eval_on_selector_all(
        "g.line:is(.now, .receiver)", "all => all.map(g => [g.dataset.value, g.dataset.edge || ''])"
    )
    assert sorted(marked) == [[f"n{k}", ""], [f"n{k}", f"e{edge.result}_{edge.position}"]]


@pytest.mark.browser
def test_a_number_in_a_line_is_changed_in_the_page(visit, tmp_path):
    weights, inputs, root = products(30)
    page = visit(draw(tanh(root)).save(tmp_path / "wide.html"), "#61")
    line = page.locator("g.line[data-value=n3]")
    line.focus()
    page.keyboard.press("ArrowUp")
    changed = float(line.locator(".data-value").text_content().replace("−", "-"))
    assert changed != weights[3].data
    weights[3].data = changed
    again = tanh(dot(weights, inputs))
    again.backward()
    assert line.locator(".grad-value").text_content() == minus(fixed(weights[3].grad, sign=True))
