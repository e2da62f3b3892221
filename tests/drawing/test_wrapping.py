"""Deep and large graphs: drawn in rows, with nothing left out, in every format and direction."""

import io
import json
import random
import re
import shutil
import struct
from xml.etree import ElementTree

import pytest

from autograd import Group, Value, draw, sigmoid, tanh
from autograd.drawing.placement import with_head
from autograd.drawing.wrapping import FULL, NEAR, RANKS, joined, rows

SVG = "{http://www.w3.org/2000/svg}"


def loop(steps):
    x = Value(0.5, "x")
    y = x
    for _ in range(steps):
        y = y * 0.99 + x
    return y


def recurrent(steps):
    w, u, b, h = Value(0.5, "w"), Value(-0.3, "u"), Value(0.1, "b"), Value(0.0, "h0")
    for k in range(steps):
        h = tanh(w * Value(0.1 * k, f"x{k}") + u * h + b)
    return h * h


def gated(steps):
    names = "wi ui bi wf uf bf wo uo bo wg ug bg".split()
    p = {name: Value(0.1 * k - 0.5, name) for k, name in enumerate(names)}
    h, c = Value(0.0, "h0"), Value(0.1, "c0")
    for k in range(steps):
        x = Value(0.1 * k, f"x{k}")
        i, f, o = (sigmoid(p["w" + g] * x + p["u" + g] * h + p["b" + g]) for g in "ifo")
        c = f * c + i * tanh(p["wg"] * x + p["ug"] * h + p["bg"])
        h = o * tanh(c)
    return h


def random_graph(size, seed=1):
    rng = random.Random(seed)
    values = [Value(rng.uniform(0.2, 1.0), f"a{k}") for k in range(8)]
    while len(values) < size:
        a, b = rng.choice(values), rng.choice(values)
        values.append(a * b if rng.random() < 0.5 else a + b)
    total = values[-1]
    for value in values[:-1]:
        total = total + value
    return total


def dense(wide, deep):
    layer = [Value(0.1 * k, f"x{k}") for k in range(wide)]
    for _ in range(deep):
        layer = [sum(layer, Value(0.0)) * 0.1 for _ in range(wide)]
    return sum(layer, Value(0.0))


def wide_sum(terms):
    return sum((Value(0.1, f"w{k}") * Value(1.0, f"x{k}") for k in range(terms)), Value(0.0, "start"))


SHAPES = {
    "loop": lambda: loop(60),
    "recurrent": lambda: recurrent(30),
    "gated": lambda: gated(6),
    "random": lambda: random_graph(120),
    "dense": lambda: dense(6, 4),
    "wide": lambda: wide_sum(60),
}


@pytest.fixture(params=SHAPES)
def picture(request):
    root = SHAPES[request.param]()
    root.backward()
    return draw(root, max_nodes=2_000)


def test_every_value_and_every_arrow_is_drawn_once(picture):
    pieces = rows(picture.scene)
    assert len(pieces) > 1
    drawn = joined(pieces)
    big = [box.id for box in drawn.boxes if box.kind != "again"]
    assert sorted(big) == sorted(box.id for box in picture.scene.boxes)
    assert sorted(a.id for a in drawn.arrows) == sorted(a.id for a in picture.scene.arrows)
    ids = [box.id for box in drawn.boxes]
    assert len(ids) == len(set(ids))


def test_an_arrow_starts_at_its_operand_or_at_a_small_box_with_its_name_and_number(picture):
    boxes = {box.id: box for box in picture.scene.boxes}
    whole = {arrow.id: arrow for arrow in picture.scene.arrows}
    for piece in rows(picture.scene):
        here = {box.id: box for box in piece.boxes}
        for arrow in piece.arrows:
            start, operand = here[arrow.operand], boxes[whole[arrow.id].operand]
            assert (start.name, start.data) == (operand.name, operand.data)
            assert arrow.result == whole[arrow.id].result
            assert arrow._replace(operand=operand.id) == whole[arrow.id]


def test_a_row_is_short_and_shallow_so_that_the_time_for_all_is_linear(picture):
    for piece in rows(picture.scene):
        most = max(sum(a.result == box.id for a in piece.arrows) for box in piece.boxes)
        assert len(piece.boxes) <= FULL + 2 * most + sum(box.kind == "leaf" for box in piece.boxes)
        rank = {box.id: 0 for box in piece.boxes}
        for arrow in piece.arrows:  # operands before results
            rank[arrow.result] = max(rank[arrow.result], rank[arrow.operand] + 1)
        assert max(rank.values()) <= RANKS
    assert NEAR < RANKS


def test_the_original_box_has_the_sum_of_all_contributions():
    root = loop(60)
    root.backward()
    drawn = joined(rows(draw(root).scene))
    [big] = [box for box in drawn.boxes if box.name == "x" and box.kind == "leaf"]
    assert big.counted == "Σ61"
    assert sum(box.name == "x" and box.kind == "again" for box in drawn.boxes) > 30


def test_a_loop_is_read_step_by_step():
    """A depth-first order has the products with the last inputs early; they are placed where they are used."""
    pieces = rows(draw(gated(6)).scene)
    first = {
        box.name: number for number, piece in enumerate(pieces) for box in piece.boxes if box.kind == "leaf"
    }
    assert [first[f"x{k}"] for k in range(6)] == sorted(first[f"x{k}"] for k in range(6))
    assert first["x5"] > first["x0"]


def test_a_short_history_is_drawn_beside_its_consumer_not_by_itself():
    xs = [Value(0.1 * k, f"x{k}") for k in range(30)]
    pieces = rows(draw(sum(x * x for x in xs)).scene)
    assert len(pieces) > 5
    for piece in pieces[:-1]:
        starts = {arrow.operand for arrow in piece.arrows}
        ends = [box.name for box in piece.boxes if box.symbol and box.id not in starts]
        assert len(ends) == 1  # one connected piece, whose last result goes on in the next row
    repeated = [box for piece in pieces for box in piece.boxes if box.kind == "again"]
    assert len(repeated) == len(pieces) - 1


def test_an_image_in_rows_has_a_bounded_size_and_more_pixels_if_asked_for(any_dot, tmp_path):
    def pixels(name, **options):
        path = draw(recurrent(30), max_nodes=2_000, **options).save(tmp_path / name)
        wide, high = struct.unpack(">II", path.read_bytes()[16:24])
        return wide * high / 1e6

    assert 20 < pixels("plain.png") < 28
    assert 50 < pixels("sharp.png", scale=3) < 66


def test_a_small_graph_stays_as_it_is():
    x = Value(2.0, "x")
    scene = draw(tanh(x * 2 + x) * x).scene
    assert rows(scene) == [scene]
    assert "again" not in draw(tanh(x * 2 + x) * x).source


def test_a_drawn_picture_has_a_place_for_everything(any_dot, picture):
    tree = ElementTree.fromstring(picture.svg())
    ids = [group.get("id") for group in tree.iter(f"{SVG}g")]
    drawn = joined(rows(picture.scene))
    assert {box.id for box in drawn.boxes} <= set(ids)
    assert {arrow.id for arrow in drawn.arrows} <= set(ids)
    wide, high = map(float, tree.get("viewBox").split()[2:])
    for path in tree.iter(f"{SVG}path"):
        points = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))]
        assert max(map(abs, points[::2])) <= wide
        assert max(map(abs, points[1::2])) <= high


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_boxes_do_not_lie_on_each_other_in_any_direction(any_dot, rankdir):
    tree = ElementTree.fromstring(draw(recurrent(12), rankdir=rankdir).svg())
    found = []
    for group in tree.iter(f"{SVG}g"):
        if (group.get("class") or "").startswith("node"):
            shape = next(e for e in group.iter() if e.tag in (f"{SVG}polygon", f"{SVG}path"))
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", shape.get("points") or shape.get("d"))]
            found.append((min(numbers[::2]), max(numbers[::2]), min(numbers[1::2]), max(numbers[1::2])))
    assert len(found) > 40
    for k, (left, right, low, high) in enumerate(found):
        for other in found[k + 1 :]:
            apart = right <= other[0] or other[1] <= left or high <= other[2] or other[3] <= low
            assert apart, (k, other)


@pytest.mark.parametrize("suffix", ["png", "jpg", "json", "gv", "gif", "html"])
def test_rows_can_be_saved_in_every_format(any_dot, tmp_path, suffix):
    if suffix == "gif":
        pytest.importorskip("PIL")
    root = loop(8)
    root.backward()
    content = draw(root).save(tmp_path / f"rows.{suffix}").read_bytes()
    if suffix == "json":
        assert len(json.loads(content)["edges"]) == 32  # three and a constant in each step
    elif suffix in ("gv", "html"):
        assert b"again-" in content
    else:
        image = pytest.importorskip("PIL.Image")
        with image.open(io.BytesIO(content)) as opened:
            assert opened.size[0] > 1_000
            assert len(opened.convert("RGB").getcolors(1 << 24)) > 10


def test_a_pdf_of_rows_has_all_of_them(any_dot, tmp_path):
    if any_dot == "bundled":
        pytest.importorskip("svglib")
    assert draw(loop(30)).save(tmp_path / "rows.pdf").read_bytes().startswith(b"%PDF")


def test_every_frame_of_rows_has_the_same_geometry(any_dot, tmp_path):
    paths = draw(loop(6)).frames(tmp_path)
    places = set()
    for path in (paths[0], paths[9], paths[-1]):
        tree = ElementTree.parse(path)
        nodes = [g for g in tree.iter(f"{SVG}g") if (g.get("class") or "").startswith("node")]
        texts = [(g.get("id"), next(g.iter(f"{SVG}text"))) for g in nodes]
        places.add(tuple((id_, text.get("x"), text.get("y")) for id_, text in texts))
    assert len(places) == 1


def test_an_arrow_ends_at_its_head_at_whichever_end_that_is():
    """Before the pass heads are at the results, after it at the operands; one layout serves for both."""
    curve = [(0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (30.0, 0.0)]
    forth, back = (with_head(curve, 6.0, back=back) for back in (False, True))
    assert forth.startswith("e,30.00,0.00 0.00,0.00 ")
    assert back.startswith("s,0.00,0.00 ")
    assert float(forth.split()[-1].split(",")[0]) == pytest.approx(24, abs=0.01)
    assert float(back.split()[1].split(",")[0]) == pytest.approx(6, abs=0.01)
    short = with_head([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0)], 6.0, back=True)
    assert short == "s,0.00,0.00 0.00,0.00 1.00,0.00 2.00,0.00 3.00,0.00"


def test_the_animation_of_rows_plays_every_step(tmp_path):
    root = loop(8)
    text = root.backprop().animate(tmp_path / "rows.svg").read_text(encoding="utf-8")
    assert text.count('id="forth-e') == 32
    assert text.count('id="again-e') > 3


def test_a_frame_that_spans_rows_goes_on_with_three_dots():
    class Mine:
        def groups(self):
            return [Group("loop", "all of it", "part", tuple(weights))]

    weights = [Value(0.1 * k, f"w{k}") for k in range(40)]
    y = Value(1.0, "x")
    for w in weights:
        y = y * w
    picture = draw(y, groups=Mine())
    frames = [frame for piece in rows(picture.scene) for frame in piece.frames]
    assert len(frames) > 3
    assert [frame.name for frame in frames] == ["loop", *["loop …"] * (len(frames) - 1)]
    assert picture.svg().count(">loop …<") == len(frames) - 1


def test_an_edited_digraph_of_rows_is_drawn_with_its_edits():
    picture = draw(loop(8))
    picture.digraph.node("note", "look here")
    assert "look here" in picture.svg()


def test_a_deep_graph_fits_into_the_largest_image(tmp_path):
    if not shutil.which("dot"):
        pytest.skip("no system dot")
    image = pytest.importorskip("PIL.Image")
    with image.open(draw(loop(150), max_nodes=400).save(tmp_path / "deep.png")) as opened:
        assert max(opened.size) <= 32_767
        assert opened.size[0] * opened.size[1] < 80e6
