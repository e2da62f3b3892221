"""Animations of the backward pass: an SVG that plays by itself, GIF and APNG."""

import io
import random
import re
from xml.etree import ElementTree

import pytest

from autograd import Value, dot, draw, label, tanh, total
from autograd.formulas import fixed, short
from nn import MLP, mse_loss

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def root():
    a, b = Value(2.0), Value(-3.0)
    e = a * b
    loss = tanh(e + a)
    label(a=a, b=b, e=e, L=loss)
    return loss


def begins(element):
    """Return the time in seconds at which an element, or one of its parents, appears."""
    found = [e for e in element if e.tag == f"{SVG}set" and e.get("to") == "visible"]
    return [float(re.search(r"\+([\d.]+)s", e.get("begin"))[1]) for e in found]


def test_in_the_svg_every_edge_appears_when_its_step_is_due(root, tmp_path):
    path = root.backprop().animate(tmp_path / "L.svg")
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    groups = {g.get("id"): g for g in tree.iter(f"{SVG}g")}
    recorded = root.backprop().recorded
    for number, edge in enumerate(recorded.edges, start=1):
        name = f"e{edge.result}_{edge.position}"
        assert begins(groups[name]) == [pytest.approx(0.9 * (number + 1))]
        assert groups[name].get("visibility") == "hidden"
        assert [e.get("to") for e in groups[f"forth-{name}"] if e.tag == f"{SVG}set"] == ["hidden"]


def test_in_the_svg_a_gradient_goes_through_all_its_states(root, tmp_path):
    text = root.backprop().animate(tmp_path / "L.svg").read_text(encoding="utf-8")
    group = next(g for g in ElementTree.fromstring(text).iter(f"{SVG}g") if g.get("id") == "n0")
    shown = [t.text for t in group.iter(f"{SVG}text")]
    recorded = root.backprop().recorded
    contributions = [recorded.after[k] for k in recorded.consumers[0]]
    states = [word for x in contributions for word in (f"{x:+.1e}" if abs(x) < 0.001 else f"{x:+.4f}",)]
    assert shown[3:] == [
        "grad",
        "·",
        "grad 1/2",
        states[0].replace("-", "−"),
        "grad Σ2",
        states[1].replace("-", "−"),
    ]


def test_in_the_svg_every_step_has_its_caption_while_it_is_shown(root, tmp_path):
    path = root.backprop().animate(tmp_path / "L.svg")
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    captions = [g for g in tree.iter(f"{SVG}g") if g.get("class") == "caption"]
    first, *steps = captions
    assert "".join(first.itertext()) == "forward pass complete; 5 chain-rule steps to go back"
    assert [begins(g) for g in steps] == [[pytest.approx(0.9 * (k + 1))] for k in range(1 + 5)]
    assert "∂L/∂e += ∂L/∂v3 · ∂v3/∂e" in "".join(steps[2].itertext())
    places = {tuple(text.get("y") for text in g.iter(f"{SVG}text")) for g in captions}
    assert len(places) == 1


def test_the_svg_holds_no_script_and_is_the_same_every_time(root, tmp_path):
    first = root.backprop().animate(tmp_path / "a.svg").read_bytes()
    second = root.backprop().animate(tmp_path / "b.svg").read_bytes()
    assert first == second
    assert b"<script" not in first
    assert b"prefers-color-scheme:dark" in first


@pytest.mark.parametrize("suffix", ["gif", "apng"])
def test_an_image_has_one_frame_for_every_moment_and_repeats(root, tmp_path, suffix):
    image = pytest.importorskip("PIL.Image")
    path = root.backprop().save(tmp_path / f"L.{suffix}")
    with image.open(io.BytesIO(path.read_bytes())) as animation:
        assert animation.n_frames == len(root.backprop()) + 3  # before, the seed, every step, and at rest
        assert animation.info.get("loop") == 0
        animation.seek(animation.n_frames - 1)
        assert animation.size[0] > 300


def test_without_pillow_the_error_names_the_extra(root, tmp_path, without):
    without("PIL")
    with pytest.raises(ImportError, match=r"chainwalk\[animate\]"):
        draw(root).save(tmp_path / "L.gif")
    assert list(tmp_path.iterdir()) == []


def test_an_animation_has_one_of_three_suffixes(root, tmp_path):
    with pytest.raises(ValueError, match=r"an animation must be \.svg, \.gif or \.apng, got \.png"):
        draw(root).animate(tmp_path / "L.png")


def test_a_network_is_animated_layer_by_layer_and_its_lines_fill_step_by_step(tmp_path):
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    loss = mse_loss([model([0.5, -1.0])], [1.0])
    bp = loss.backprop()
    text = bp.animate(tmp_path / "net.svg", groups=model).read_text(encoding="utf-8")
    tree = ElementTree.fromstring(text)
    assert sorted(g.get("id") for g in tree.iter(f"{SVG}g") if "frame-" in (g.get("id") or "")) == [
        "frame-g0",
        "frame-g4",
    ]
    lines = {g.get("data-line"): g for g in tree.iter(f"{SVG}g") if g.get("class") == "line"}
    for parameter in model.parameters():
        k = bp.recorded.index[parameter]
        shown = [t.text for t in lines[f"n{k}"].iter(f"{SVG}text")]
        assert shown[-2] == "·"
        assert shown[-1] == f"{bp.recorded.after[bp.recorded.consumers[k][-1]]:+.4f}".replace("-", "−")
        assert begins(list(lines[f"n{k}"])[-1]) == [
            pytest.approx(0.9 * (bp.recorded.consumers[k][-1] + 2), abs=0.01)
        ]


def test_the_lines_of_a_list_fill_step_by_step(tmp_path):
    many = [Value(0.1 * k - 1.0, f"x{k}") for k in range(30)]
    bp = (dot(many, [0.5 + k for k in range(30)]) * total(many)).backprop()
    tree = ElementTree.fromstring(bp.animate(tmp_path / "list.svg").read_text(encoding="utf-8"))
    lines = {g.get("data-line"): g for g in tree.iter(f"{SVG}g") if g.get("class") == "line"}
    recorded = bp.recorded
    for number, edge in enumerate(recorded.edges):
        flow = lines.get(f"e{edge.result}_{edge.position}")
        if flow is not None:
            shown = [t.text for t in flow.iter(f"{SVG}text")]
            flowed = short(recorded.contributions[number], sign=True)
            assert shown[-2:] == ["·", flowed.replace("-", "−")]
            assert begins(list(flow)[-1]) == [pytest.approx(0.9 * (number + 2), abs=0.01)]
    for value in many:
        k = recorded.index[value]
        shown = [t.text.strip() for t in lines[f"n{k}"].iter(f"{SVG}text")]
        assert shown[-1] == fixed(recorded.after[recorded.consumers[k][-1]], sign=True).replace("-", "−")
        assert [word for word in shown if "/2" in word or "Σ" in word] == ["1/2", "Σ2"]


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "no error has flowed back yet"), ("ja", "誤差はまだ流れていない")]
)
def test_an_animation_explains_its_symbols_and_steps_in_its_language(root, tmp_path, lang, words):
    path = draw(root, lang=lang).animate(tmp_path / "L.svg")
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    said = "".join(tree.itertext())
    assert words in said
    assert ("ステップ 2 / 5" in said) == (lang == "ja")
    assert ("step 2 of 5" in said) == (lang == "en")
    plain = draw(root, lang=lang, legend=False).animate(tmp_path / "L.svg").read_text(encoding="utf-8")
    assert words not in plain


def zero():
    return Value(0.0, "x") * Value(1.0, "w")


def long_sum():
    return total([Value(float(k), f"x{k}") for k in range(12)])


def network():
    return mse_loss([MLP(2, [2, 1], rng=random.Random(1))([0.3, -0.2])], [1.0])


@pytest.mark.parametrize("make", [zero, long_sum, network])
@pytest.mark.parametrize("earlier", [False, True])
def test_the_picture_has_the_same_size_at_every_step(make, earlier):
    loss = make()
    if earlier:
        loss.backward()
    bp = loss.backprop()
    sizes = {
        re.search(r'viewBox="([^"]*)"', bp.goto(k) and bp.picture().svg())[1]
        for k in range(-1, len(bp.recorded.edges) + 1)
    }
    assert len(sizes) == 1


@pytest.mark.parametrize("earlier", [False, True])
def test_the_arrows_before_the_pass_begin_and_end_at_the_boxes_after_it(root, tmp_path, earlier):
    if earlier:
        root.backward()
    tree = ElementTree.fromstring(root.backprop().animate(tmp_path / "L.svg").read_text(encoding="utf-8"))
    groups = {g.get("id"): g for g in tree.iter(f"{SVG}g")}
    names = [name for name in groups if str(name).startswith("forth-")]
    assert len(names) == 5
    for name in names:
        both = [next(groups[each].iter(f"{SVG}path")).get("d") for each in (name, name.removeprefix("forth-"))]
        starts = [float(re.match(r"M[-\d.]+,([-\d.]+)", path)[1]) for path in both]
        assert starts[0] == pytest.approx(starts[1], abs=6)


def test_every_root_of_several_has_its_own_gradient_in_an_animation(root, tmp_path):
    other = root.operands[0] * 2.0
    path = draw(root, other).animate(tmp_path / "two.svg")
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    groups = {g.get("id"): g for g in tree.iter(f"{SVG}g")}
    for k in draw(root, other).recorded.outputs:
        assert "+1.0000" in [t.text for t in groups[f"n{k}"].iter(f"{SVG}text")]
