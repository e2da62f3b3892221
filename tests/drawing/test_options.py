"""The options: outputs, numbers, symbols, legend, theme, resolution, language, formats."""

import io
import os
import re
import shutil
import struct
import subprocess
import sys
from types import ModuleType
from xml.etree import ElementTree

import pytest

from autograd import Value, backprop, dot, draw, draw_dot, label, relu
from autograd.drawing.legend import meanings
from autograd.drawing.theme import LIGHT
from autograd.drawing.tikz import _text
from autograd.drawing.words import LEGEND
from nn import MLP, mse_loss

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return [
        t.text.replace("\xa0", " ").strip() for t in ElementTree.fromstring(picture.svg()).iter(f"{SVG}text")
    ]


@pytest.fixture
def final(graph):
    graph["L"].backward()
    return graph


@pytest.mark.parametrize("several", [draw, lambda a, b: draw([a, b]), lambda a, b: draw((a, b))])
def test_several_outputs_are_drawn_together(final, several):
    picture = several(final["d"], final["t"])
    assert {box.name for box in picture.scene.boxes if box.kind == "root"} == {"d", "t"}
    assert "L" not in {box.name for box in picture.scene.boxes}


def test_the_page_of_several_outputs_says_that_it_plays_their_sum(final):
    html = draw(final["d"], final["t"]).html()
    assert "<title>backprop: sum of the outputs = d + t</title>" in html
    assert "sum of the outputs" not in draw(final["d"]).html()


def test_the_pass_of_several_outputs_is_that_of_their_sum():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    first, second = x * y, x * x
    label(first=first, second=second)
    last = draw(first, second, step=4)
    grads = {box.name: box.grad for box in last.scene.boxes}
    assert grads == {"x": "+7.0000", "y": "+2.0000", "first": "+1.0000", "second": "+1.0000"}
    assert "</html>" in draw(first, second).html()
    inner = draw(first, first * 2, step=2)
    assert {box.name: box.grad for box in inner.scene.boxes}["first"] == "+3.0000"


def test_every_output_must_be_a_value(final):
    with pytest.raises(TypeError, match="draw takes a Value, several of them"):
        draw(final["d"], 3.0)
    with pytest.raises(TypeError, match="at least one Value"):
        draw()
    with pytest.raises(TypeError, match=r"not a model: call the MLP with an input .* groups=model"):
        draw(MLP(2, [2, 1]))


def test_a_stepper_is_drawn_at_its_step(graph):
    bp = backprop(graph["L"])
    bp.step(3)
    assert draw(bp).scene == bp.picture().scene
    assert draw(bp).scene.title.startswith("step 2 of 7")


def test_numbers_have_the_decimals_that_are_asked_for(final):
    shown = texts(draw(final["L"], decimals=8))
    assert "3.85611032" in shown
    assert "+0.28260330" in shown
    assert "3.9" in texts(draw(final["L"], decimals=1))
    frame = draw(final["L"], decimals=12).svg()
    for group in ElementTree.fromstring(frame).iter(f"{SVG}g"):
        if "leaf" in (group.get("class") or ""):
            path = next(group.iter(f"{SVG}path"))
            across = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))][::2]
            for text in group.iter(f"{SVG}text"):
                assert min(across) < float(text.get("x")) + 0.3 * len(text.text)
                assert float(text.get("x")) + 4.5 * len(text.text) < max(across) + 6


@pytest.mark.parametrize("left_out", ["data", "grad", "local", "contribution"])
def test_each_kind_of_number_can_be_left_out(final, left_out):
    every = {"data", "grad", "local", "contribution"}
    shown = texts(draw(final["L"], show=every - {left_out}, legend=False))
    signs = {"data": "data", "grad": "grad", "local": "× 4.00", "contribution": "+0.283"}
    for kind, sign in signs.items():
        assert (sign in shown) == (kind != left_out), kind


def test_local_derivatives_can_be_symbols(final):
    shown = texts(draw(final["L"], symbols=True))
    assert {"∂e/∂a = b", "∂t/∂a = 1 − t × t", "∂L/∂d = t"} <= set(shown)
    assert "× 4.00" not in shown


def test_the_legend_can_be_left_out(final):
    assert any("leaf" in text for text in texts(draw(final["L"])))
    assert not any("leaf" in text for text in texts(draw(final["L"], legend=False)))


def legend_of(picture):
    shown = texts(picture)
    return {key for key, (english, _) in LEGEND.items() if english in shown}


def test_the_legend_has_exactly_the_symbols_of_the_picture(any_dot):
    x, y = Value(-2.0, "x"), Value(3.0, "y")
    assert legend_of(draw(x)) == {"none", "root"}
    product = x * y
    assert legend_of(draw(product)) == {"ahead", "none", "root", "leaf"}
    product.backward()
    found = legend_of(draw(product))
    assert found == {"positive", "negative", "width", "local", "contribution", "root", "leaf"}
    z = Value(2.0, "z")
    z_2 = z * z * Value(0.0) + 1.0
    z_2.backward()
    assert {"zero", "sum", "constant"} <= legend_of(draw(z_2))
    assert "negative" not in legend_of(draw(z_2))
    step = legend_of(draw(z * z, step=1))
    assert {"present", "waiting", "ahead"} <= step
    assert "sum" not in step
    assert "more" in legend_of(draw(z_2, depth=1))
    y = x
    for _ in range(12):
        y = y * x
    assert "again" in legend_of(draw(y))


def test_the_legend_of_a_network_says_which_edges_show_weights():
    """Both have one colour and line for each sign: the words tell where each is shown."""
    model = MLP(2, [4, 3, 1], activation="tanh", rng=5)
    loss = mse_loss([model([0.8, -0.4])], [1.0])
    loss.backward()
    found = legend_of(draw(loss, groups=model, collapse="neuron"))
    assert {"weight +", "weight −", "outside +", "width"} <= found
    assert not {"positive", "negative"} & found
    assert not {"weight +", "outside +"} & legend_of(draw(loss, groups=model, collapse="layer"))


def test_the_legend_the_caption_and_the_page_can_be_japanese(final):
    shown = " ".join(texts(draw(final["L"], lang="ja")))
    assert "局所微分" in shown
    assert "逆伝播 完了: 連鎖律 7 ステップ" in shown
    assert "positive" not in shown
    step = draw(final["L"], step=3, lang="ja").scene
    assert step.title.startswith("ステップ 3 / 7   ∂L/∂a += ")
    assert "2 個の寄与のうち 1 個目, 未確定" in step.change
    assert '"language":"ja"' in draw(final["L"], lang="ja").html()


def test_every_word_is_there_in_both_languages():
    for english, japanese in LEGEND.values():
        assert english
        assert japanese
        assert english != japanese


def test_a_custom_theme_sets_colours_font_and_size(any_dot, final):
    mine = LIGHT._replace(paper="#FFF8E7", pos="#117733", font="DejaVu Sans", points=22)
    picture, plain = draw(final["L"], theme=mine), draw(final["L"])
    svg = picture.svg()
    assert "#fff8e7" in svg.lower()
    assert "#117733" in svg.lower()
    assert "DejaVu Sans" in svg
    widths = [float(re.search(r'width="(\d+)pt"', text)[1]) for text in (plain.svg(), svg)]
    assert widths[1] > 1.6 * widths[0]
    assert "--pos:#117733" in picture.html()
    assert "--pos:#117733" in picture.animated_svg()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pos": "red;}</style>"}, "pos of a theme must be a colour such as #0072B2"),
        ({"font": 'Arial"/><script>'}, "font of a theme must be the name of a font"),
        ({"points": 0}, "points of a theme must be from 4 to 72"),
    ],
)
def test_a_theme_that_cannot_be_drawn_is_an_error(graph, change, message):
    with pytest.raises(ValueError, match=message):
        draw(graph["L"], theme=LIGHT._replace(**change))


def size_of(png):
    assert png[12:16] == b"IHDR"
    at = png.index(b"pHYs")
    return struct.unpack(">II", png[16:24]), struct.unpack(">I", png[at + 4 : at + 8])[0]


def test_an_image_is_sharp_on_a_high_density_screen_and_has_a_size_in_print(any_dot, graph):
    (wide, _), density = size_of(draw(graph["L"]).pipe("png"))
    (half, _), coarse = size_of(draw(graph["L"], scale=1).pipe("png"))
    (print_, _), fine = size_of(draw(graph["L"], dpi=288).pipe("png"))
    assert wide == pytest.approx(2 * half, abs=3)
    assert print_ == pytest.approx(3 * half, abs=4)
    assert [round(each * 0.0254) for each in (coarse, density, fine)] == [96, 192, 288]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 2, "dpi": 96}, "set the same thing"),
        ({"scale": 0}, "scale must be a positive number of pixels"),
        ({"scale": 26}, "scale must be at most 25 pixels, got 26"),
        ({"dpi": 10**30}, "dpi must be at most 2,400 pixels per inch, got 10000"),
        ({"decimals": -1}, "decimals must be an int from 0 to 17"),
        ({"decimals": 2.5}, "decimals must be an int"),
        ({"show": "data"}, "show must be a list of some of"),
        ({"show": ["datum"]}, "show must be a list of some of contribution, data, grad, local"),
        ({"lang": "de"}, "lang must be one of en, ja"),
    ],
)
def test_a_wrong_choice_is_an_error_with_the_allowed_ones(graph, options, message):
    with pytest.raises(ValueError, match=message):
        draw(graph["L"], **options)


def test_a_picture_has_the_methods_of_graphviz(graph, tmp_path, monkeypatch):
    picture = draw(graph["L"])
    assert picture.pipe().startswith(b"<?xml")
    assert picture.pipe("png").startswith(b"\x89PNG")
    assert picture.render(tmp_path / "L", format="png") == tmp_path / "L.png"
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))  # imported, but nothing runs in one
    path = picture.render(tmp_path / "L.svg", view=True)
    assert opened == [path.resolve().as_uri()]
    picture.view()
    assert len(opened) == 2


def test_draw_dot_gives_a_digraph_as_micrograd_does(graph, tmp_path):
    dot = draw_dot(graph["L"], format="png", rankdir="TB")
    assert dot.format == "png"
    assert "rankdir=TB" in dot.source
    if shutil.which("dot"):
        assert os.path.exists(dot.render(tmp_path / "graph"))


def test_frames_can_be_images(graph, tmp_path):
    paths = backprop(graph["L"]).frames(tmp_path, format="png")
    assert {path.suffix for path in paths} == {".png"}
    assert len(paths) == 9


def test_a_folded_picture_is_a_folded_table_as_text():
    model = MLP(2, [3, 1], activation="tanh")
    y = model([0.5, -1.0])
    y.backward()
    lines = repr(draw(y, groups=model, collapse="layer")).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Layer 0: 2 -> 3, tanh")
    assert "‖error‖ of 3" in lines[1]
    assert repr(draw(y, groups=model, collapse="neuron")).count("Neuron") == 4


def test_eps_has_letters_of_every_script(tmp_path):
    if not shutil.which("dot"):
        pytest.skip("no system dot")
    content = draw(Value(1.0, "重み") * 2).save(tmp_path / "x.eps").read_bytes()
    assert content.startswith(b"%!PS-Adobe")
    assert b"cairo" in content.lower()


def test_a_pdf_of_the_bundled_dot_has_japanese_letters_and_warns_of_others(tmp_path, monkeypatch):
    pytest.importorskip("svglib")
    from autograd.drawing import render

    monkeypatch.setattr(shutil, "which", lambda name: None if name == "dot" else name)
    render._warn_once.cache_clear()
    content = draw(Value(1.0, "重み") * 2).save(tmp_path / "x.pdf").read_bytes()
    assert b"HeiseiKakuGo-W5" in content
    with pytest.warns(UserWarning, match=r"no font for some of its letters.*save as \.svg"):
        draw(Value(1.0, "무게 👩") * 2).save(tmp_path / "y.pdf")
    assert b"HeiseiKakuGo" not in draw(Value(1.0, "w") * 2).save(tmp_path / "z.pdf").read_bytes()


TEX = [name for name in ("pdflatex", "lualatex") if shutil.which(name)]


@pytest.mark.slow
@pytest.mark.parametrize("tex", TEX or [pytest.param("", marks=pytest.mark.skip("no TeX"))])
def test_latex_documents_compile(tex, final, tmp_path):
    model = MLP(2, [3, 1], activation="tanh")
    x = Value(0.5, "x")
    y = x
    for _ in range(8):
        y = y * 0.99 + x
    y.backward()
    pictures = {
        "graph": draw(final["L"], step=3),
        "rows": draw(y),
        "net": draw(model([0.5, 1.0]), groups=model),
        "lists": draw(dot([Value(0.1 * k, f"w{k}") for k in range(30)], [1.0 * k for k in range(30)]) * 2.0),
        "japanese": draw(final["L"], lang="ja"),
        "hostile": draw(Value(1.0, "重み α_1 $x^2$ \\end{document} # % & ~ {") * relu(x)),
    }
    environment = os.environ | {"HOME": str(tmp_path), "TEXMFVAR": str(tmp_path)}  # where fonts are made
    for name, picture in pictures.items():
        path = picture.save(tmp_path / f"{name}.tex")
        command = [tex, "-interaction=nonstopmode", "-halt-on-error", path.name]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout[-1500:].decode(errors="replace")
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        log = " ".join((tmp_path / f"{name}.log").read_text(errors="replace").split())
        told = "Japanese letters need lualatex" in log or "luatexja.sty" in log
        assert told == (name in ("japanese", "hostile"))


def test_a_latex_document_has_the_legend_of_its_picture_in_its_language(final, tmp_path):
    picture = draw(final["L"])
    text = picture.save(tmp_path / "x.tex").read_text(encoding="utf-8")
    for _, words in meanings(picture.scene):
        assert _text(words) in text
    assert _text("negative contribution") in text
    plain = draw(final["L"], legend=False).save(tmp_path / "y.tex").read_text(encoding="utf-8")
    assert _text("negative contribution") not in plain
    japanese = draw(final["L"], lang="ja").save(tmp_path / "z.tex").read_text(encoding="utf-8")
    assert _text("負の寄与") in japanese


def test_an_animation_is_an_image_of_a_plain_screens_size(final):
    image = pytest.importorskip("PIL.Image")
    with image.open(io.BytesIO(draw(final["L"]).pipe("gif"))) as animation:
        (wide, _), _ = size_of(draw(final["L"], scale=1).pipe("png"))
        assert abs(animation.size[0] - wide) < 80


@pytest.mark.parametrize("height", [0, -1, True, 2.5, "tall"])
def test_a_frame_has_a_height_in_pixels(graph, height):
    for picture in (draw(graph["L"]), graph["L"].backprop()):
        assert picture.player(300).height == 300
        assert repr(picture.player()) == repr(picture)
        with pytest.raises(ValueError, match="height must be a positive int, in pixels, got"):
            picture.player(height)
