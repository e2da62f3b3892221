"""The picture: its contents at each step, determinism, and errors."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from autograd import Value, draw, relu, tanh
from autograd.drawing import dot_process, render
from autograd.drawing.theme import DARK, LIGHT, THEMES, repainted

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def elements(picture):
    """Return the nodes and edges of the SVG by their ids: (class, all texts, XML)."""
    found = {}
    for group in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"):
        words = group.get("class", "").split()
        if words[:1] in (["node"], ["edge"]):
            texts = [text.text for text in group.iter(f"{SVG}text")]
            found[group.get("id")] = (words, texts, group)
    return found


def by_name(picture):
    return {texts[1] if "leaf" not in words and "constant" not in words else texts[0]: (words, texts, group)
            for words, texts, group in elements(picture).values() if words[0] == "node"}  # fmt: skip


def path_of(group):
    return next(group.iter(f"{SVG}path"))


def test_before_any_backward_pass_every_gradient_is_a_dot(any_dot, graph):
    for words, texts, _ in by_name(draw(graph["L"])).values():
        assert texts[-1] == "·"
        assert not {"pos", "neg", "zero"} & set(words)


def test_after_it_boxes_show_data_and_gradient_with_a_true_minus(any_dot, graph):
    graph["L"].backward()
    boxes = by_name(draw(graph["L"]))
    assert boxes["a"][1] == ["a", "data", "2.0000", "grad Σ2", "−2.6095"]
    assert boxes["t"][1] == ["tanh", "t", "data", "0.9640", "grad", "+4.0000"]
    assert boxes["b"][1][2] == "−3.0000"
    assert "neg" in boxes["a"][0]
    assert "pos" in boxes["b"][0]


def test_a_gradient_of_1e_6_is_not_drawn_as_zero(graph):
    x = Value(1.0, "x")
    y = x * 1e-6
    y.backward()
    assert by_name(draw(y))["x"][1][-1] == "+1.0e-06".replace("-", "−")


def test_edges_tell_the_sign_by_colour_and_dash_and_the_size_by_width(any_dot, graph):
    graph["L"].backward()
    edges = elements(draw(graph["L"]))
    positive, negative = path_of(edges["e6_1"][2]), path_of(edges["e2_0"][2])
    assert positive.get("stroke").upper() == LIGHT.pos
    assert negative.get("stroke").upper() == LIGHT.neg
    assert positive.get("stroke-dasharray") is None
    assert negative.get("stroke-dasharray")
    assert float(positive.get("stroke-width")) == 5.5
    assert float(negative.get("stroke-width")) == pytest.approx(1.2 + 4.3 * (2.8921 / 4) ** 0.5, abs=0.01)
    assert edges["e2_0"][1] == ["× −3.00", "−2.89"]


def test_a_contribution_of_zero_is_grey(graph):
    x = Value(-1.0, "x")
    y = relu(x)
    y.backward()
    edge = elements(draw(y))["e1_0"]
    assert "zero" in edge[0]
    assert path_of(edge[2]).get("stroke").upper() == LIGHT.zero
    assert "arrowtail=tee" in draw(y).source


def test_both_edges_of_x_times_x_are_drawn(any_dot):
    x = Value(3.0, "x")
    assert draw(x * x).source.count("n0 -> n1") == 2
    assert {"e1_0", "e1_1"} <= elements(draw(x * x)).keys()


def test_a_step_shows_arrived_waiting_and_current_contributions(any_dot, graph):
    bp = graph["L"].backprop()
    bp.goto(3)
    picture = bp.picture()
    boxes = by_name(picture)
    assert boxes["a"][1][-2:] == ["grad 1/2", "+0.2826"]
    assert boxes["b"][1][-1] == "·"
    assert "receiver" in boxes["a"][0]
    assert "result" in boxes["t"][0]
    edges = elements(picture)
    assert "now" in edges["e5_0"][0]
    assert LIGHT.now in picture.source
    assert "ahead" in edges["e2_0"][0]
    assert path_of(edges["e2_0"][2]).get("stroke").upper() == LIGHT.line
    assert "step 3 of 7" in picture.source


def test_every_frame_has_the_same_geometry(any_dot, graph, tmp_path):
    paths = draw(graph["L"]).frames(tmp_path / "frames")
    assert [path.name for path in paths] == [f"step_{k:03d}.svg" for k in range(9)]

    def places(path):
        groups = [g for g in ElementTree.parse(path).iter(f"{SVG}g") if g.get("class", "").startswith("node")]
        texts = {group.get("id"): next(group.iter(f"{SVG}text")) for group in groups}
        return {name: (text.get("x"), text.get("y")) for name, text in texts.items()}

    first = places(paths[0])
    assert len(first) == 7
    assert all(places(path) == first for path in paths)


def test_constants_are_small_separate_boxes_that_can_be_hidden():
    x = Value(3.0, "x")
    y = 2 * x + 2
    shown = elements(draw(y))
    assert [texts for words, texts, _ in shown.values() if "constant" in words] == [["2"], ["2"]]
    assert not any("constant" in words for words, _, _ in elements(draw(y, constants=False)).values())


def test_two_leaves_with_one_label_stay_two_boxes():
    boxes = elements(draw(Value(1.0, "w") * Value(2.0, "w")))
    assert [texts[0] for words, texts, _ in boxes.values() if "leaf" in words] == ["w", "w"]


HOSTILE = [
    "a{b|c}<d>&\"e'",
    r"\N \G \L \E \T \H \n \\ \l \r",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]> <!-- --> &amp; &#92;N",
    "重み ∂L/∂w ∑ √2 λ",
    "two\nlines\tand a tab",
]


@pytest.mark.filterwarnings("ignore:the bundled dot has no font")
@pytest.mark.parametrize("words", HOSTILE)
def test_a_label_is_shown_as_it_is_and_breaks_nothing(any_dot, words):
    x = Value(1.0, words)
    picture = draw(x * 2)
    root = ElementTree.fromstring(picture.svg())
    allowed = {"svg", "g", "title", "polygon", "path", "text", "a", "polyline", "ellipse", "defs", "clipPath"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert re.sub(r"\s", " ", words) in [re.sub(r"\s", " ", text or "") for text in shown]
    assert "xlink:href" not in picture.svg()


def test_right_to_left_marks_in_a_label_do_not_turn_the_rest_around():
    assert "\u202e" not in draw(Value(1.0, "safe\u202eevil") * 2).source


def test_nan_and_infinity_are_shown_plainly():
    x = Value(float("inf"), "x")
    y = x - x
    y.backward()
    boxes = by_name(draw(y))
    assert boxes["x"][1][2] == "inf"
    assert "nan" in boxes["v1"][1]


def test_dark_uses_only_colours_of_the_dark_theme(graph):
    graph["L"].backward()
    colours = set(re.findall(r"#[0-9A-F]{6}", draw(graph["L"], theme="dark").source))
    assert colours <= set(DARK)
    assert len(colours) > 8


def test_the_themes_differ_in_colours_only(graph):
    drawn = [draw(graph["L"], theme=name).svg() for name in ("light", "dark")]
    light, dark = (re.sub(r"#[0-9A-Fa-f]{6}", "#", svg) for svg in drawn)
    assert light == dark


def test_automatic_holds_both_themes_and_no_colour_outside_them(graph):
    graph["L"].backward()
    svg = draw(graph["L"], theme="auto").svg()
    ElementTree.fromstring(svg)
    assert "prefers-color-scheme:dark" in svg
    body = svg.partition("</style>")[2]
    assert not re.findall(r"#[0-9a-fA-F]{6}\"", body)
    assert "var(--pos)" in body


def test_every_role_has_a_distinct_colour_so_that_recolouring_is_exact():
    for theme in (LIGHT, DARK):
        assert len(set(theme)) == len(theme)
    assert repainted(f'"{LIGHT.ink}" "{LIGHT.ink.lower()}"') == '"var(--ink)" "var(--ink)"'


def test_the_source_is_the_same_in_every_process(tmp_path):
    code = (
        "from autograd import *; x, y = Value(2.0, 'x'), Value(3.0); z = tanh(x * y) + dot([x, y], [y, x]) * 2;"
        "z.backward(); d = draw(z); bp = z.backprop(); bp.step(3);"
        "print(d.source, d.svg(), d.html(), d.animated_svg(), bp.tree(), bp.where(),"
        "bp.picture(theme='auto').svg())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("svg", b"<?xml"), ("png", b"\x89PNG"), ("jpg", b"\xff\xd8\xff"), ("gv", b"digraph"), ("dot", b"digraph")],
)
def test_the_suffix_selects_the_format(any_dot, graph, tmp_path, suffix, start):
    path = draw(graph["L"]).save(tmp_path / f"L.{suffix}")
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [f"L.{suffix}"]


def test_json_has_every_node_and_edge(any_dot, graph, tmp_path):
    found = json.loads(draw(graph["L"]).save(tmp_path / "L.json").read_bytes())
    assert len(found["objects"]) == 7
    assert len(found["edges"]) == 7


@pytest.mark.parametrize(
    ("name", "message"), [("L.doc", "svg, png, gv and json always work"), ("L", "needs a suffix")]
)
def test_an_unknown_format_is_an_error_that_names_the_known_ones(any_dot, graph, tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        draw(graph["L"]).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_pdf_is_made_with_either_dot_and_is_the_same_every_time(any_dot, graph, tmp_path):
    if any_dot == "bundled":
        pytest.importorskip("svglib")
    first, second = (draw(graph["L"]).save(tmp_path / f"{k}.pdf").read_bytes() for k in "12")
    assert first.startswith(b"%PDF")
    assert any_dot == "system" or first == second  # the system's dot writes the time into it


def test_pdf_without_dot_or_library_advises_what_to_install(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "dot" else name)
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    with pytest.raises(ValueError, match=r"pip install 'chainwalk\[pdf\]', or install Graphviz"):
        draw(graph["L"]).save(tmp_path / "L.pdf")
    assert os.listdir(tmp_path) == []


def test_nothing_in_a_box_covers_its_frame(any_dot, graph):
    """The contents of a box do not touch its frame, half of which they would hide."""
    graph["L"].backward()
    for words, _, group in elements(draw(graph["L"])).values():
        if words[0] == "node" and "interior" in words:
            shapes = [shape.get("points").split() for shape in group.iter(f"{SVG}polygon")]
            across = [[float(point.split(",")[0]) for point in shape] for shape in shapes]
            frame, *contents = across
            assert len(contents) == 2  # the badge, and one tint behind the whole gradient
            assert min(map(min, contents)) >= min(frame) + 0.4
            assert max(map(max, contents)) <= max(frame) - 0.4


def test_a_step_has_a_halo_and_earlier_contributions_are_dimmed(any_dot, graph):
    bp = graph["L"].backprop()
    bp.goto(3)
    edges = elements(bp.picture())
    strokes = {path.get("stroke").upper() for path in edges["e5_0"][2].iter(f"{SVG}path")}
    assert strokes == {LIGHT.now, LIGHT.pos}
    assert path_of(edges["e6_1"][2]).get("stroke").upper() == LIGHT.past_pos
    bp.finish()
    assert LIGHT.past_pos not in draw(graph["L"]).source


def test_the_caption_has_the_rule_and_the_change_of_the_grad(graph):
    bp = graph["L"].backprop()
    bp.goto(6)
    scene = bp.picture().scene
    assert scene.title == "step 6 of 7   ∂L/∂a += ∂L/∂e · ∂e/∂a = +0.9640 × −3.0000 = −2.8921"
    assert scene.change == "a.grad: +0.2826 → −2.6095   (2 of 2 contributions, final)"


def test_the_digits_of_an_edge_are_as_many_for_round_numbers():
    x = Value(0.5, "x")
    y = x * 0.25 + x * 0.99999
    y.backward()
    labels = {texts[0] for words, texts, _ in elements(draw(y)).values() if "flowed" in words}
    assert labels == {"× 0.250", "× 1.00"}


def test_a_very_long_name_is_cut_in_its_box_and_whole_in_its_tooltip():
    name = "weight " * 30
    picture = draw(Value(1.0, name) * 2)
    assert max(len(text) for _, texts, _ in elements(picture).values() for text in texts) == 60
    assert name.strip() in picture.source


def test_a_failed_save_keeps_the_old_file(graph, tmp_path, monkeypatch):
    target = tmp_path / "L.svg"
    target.write_text("before")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        draw(graph["L"]).save(target)
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["L.svg"]


def test_the_environment_names_another_dot_and_a_wrong_one_is_an_error(graph, monkeypatch):
    monkeypatch.setenv(dot_process.VARIABLE, "/nowhere/dot")
    with pytest.raises(RuntimeError, match="CHAINWALK_DOT=/nowhere/dot is not a program"):
        draw(graph["L"]).svg()
    assert draw(graph["L"]).source.startswith("digraph")


def test_without_any_dot_the_error_advises_what_to_install(graph, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(dot_process, "bundled", lambda: None)
    with pytest.raises(RuntimeError, match="pip install graphviz-pure, or install Graphviz"):
        draw(graph["L"]).svg()


def test_letters_without_a_font_in_a_bundled_png_are_warned_of_once(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    render._warn_once.cache_clear()
    picture = draw(Value(1.0, "重み") * 2)
    with pytest.warns(UserWarning, match=r"save as \.svg"):
        picture.save(tmp_path / "x.png")
    picture.save(tmp_path / "x.png")
    picture.save(tmp_path / "x.svg")


def test_a_large_graph_is_refused_with_advice():
    x = Value(1.0)
    y = x
    for _ in range(300):
        y = y + 1.0
    with pytest.raises(ValueError, match=r"301 values .* max_nodes=301"):
        draw(y)
    assert draw(y, max_nodes=301).source.count("->") == 600


def test_a_graph_of_a_million_nodes_is_refused_without_recursion():
    y = Value(1.0)
    for _ in range(1_000_000):
        y = y + 1.0
    with pytest.raises(ValueError, match="1,000,001 values"):
        draw(y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theme": "sepia"}, "theme must be one of light, dark, auto"),
        ({"rankdir": "up"}, "rankdir must be one of LR, TB, RL, BT"),
        ({"step": 8}, "step must be -1 to 7"),
    ],
)
def test_a_wrong_option_is_an_error_with_the_allowed_ones(graph, options, message):
    with pytest.raises(ValueError, match=message):
        draw(graph["L"], **options)


def test_only_a_value_can_be_drawn():
    with pytest.raises(TypeError, match="draw takes a Value"):
        draw(3.0)


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_the_direction_is_the_readers_choice(graph, rankdir):
    assert f"rankdir={rankdir}" in draw(graph["L"], rankdir=rankdir).source


def test_a_notebook_gets_svg_and_text(graph):
    graph["L"].backward()
    bundle = draw(graph["L"])._repr_mimebundle_()
    assert "<svg" in bundle["image/svg+xml"]
    assert "L = d * t" in bundle["text/plain"]
    assert "-2.6095" in repr(draw(graph["L"]))


def test_the_text_fits_80_columns():
    x = Value(1.0, "a_rather_long_label_for_a_leaf_of_the_graph")
    y = x
    for _ in range(100):
        y = tanh(y * x + x)
    lines = repr(draw(y, max_nodes=1000)).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "... 241 more values"


def test_the_digraph_can_be_edited_before_saving(graph):
    picture = draw(graph["L"])
    picture.digraph.node("note", "look here")
    assert "look here" in picture.svg()


def test_drawing_changes_no_grad(graph):
    graph["L"].backward()
    before = [value.grad for value in graph.values()]
    draw(graph["L"]).svg()
    draw(graph["L"], step=3).svg()
    assert [value.grad for value in graph.values()] == before


def test_all_themes_have_a_name():
    assert sorted(THEMES) == ["auto", "dark", "light"]


def test_numbers_in_the_formula_of_a_box_are_rounded_and_a_short_formula_is_shown_whole():
    x = Value(0.5, "x")
    source = draw(-x * 0.12345678901234567 + 2.0).source
    assert "= v1 × 0.123457<" in source.replace("&#160;", "")
    assert "= -x<" in source
