"""The interactive page, in a real headless browser: every key and button, hostile labels, themes."""

import json
import random
import re

import pytest

from autograd import Value, draw, tanh
from nn import MLP, mse_loss
from tests.helpers import assert_becomes_true

LABELS = [
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    r"\N \G \n \\",
    "'\"`${1+1}",
    "safe\u202eevil",
    "重み ∂L/∂w",
]


@pytest.fixture
def root(graph):
    return graph["L"]


@pytest.fixture
def html(root, tmp_path):
    return root.backprop().save(tmp_path / "L.html")


def network(neurons):
    model = MLP(2, [neurons, 1], activation="tanh", rng=random.Random(0))
    return mse_loss([model([0.5, -1.0])], [1.0])


# Without a browser


def test_the_page_is_one_file_that_asks_for_nothing(html):
    text = html.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "script-src 'sha256-" in text
    links = re.findall(r"(?:https?:)?//[^\s\"'<>)]+", text)
    assert {link for link in links if "w3.org" not in link and not link.startswith("// ")} == set()
    assert not re.search(r"\s(?:src|href|action)\s*=", text.partition('<script type="application/json"')[0])


def test_nothing_inside_the_data_can_end_it(tmp_path):
    x = Value(1.0, LABELS[0])
    text = draw(x * x).save(tmp_path / "x.html").read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    assert "<" not in data
    assert json.loads(data)["nodes"][0]["name"] == LABELS[0]
    assert text.count("<script") == 2


def test_the_same_pass_gives_the_same_page(root):
    assert draw(root).html() == draw(root).html()


def test_a_small_expression_takes_at_most_200_kilobytes_and_one_layout(root, tmp_path, monkeypatch):
    from autograd.drawing.sheet import Sheet

    layouts = []
    made = Sheet.draw
    monkeypatch.setattr(Sheet, "draw", lambda *args, **kw: layouts.append(1) or made(*args, **kw))
    assert draw(root).save(tmp_path / "L.html").stat().st_size <= 200_000
    assert len(layouts) == 1


# In the browser


pytestmark = pytest.mark.browser
BEFORE = "before the backward pass"
LEAVES = "forward pass, before the first operation"


COMPLETE = "backward pass complete"


def when(page):
    return page.inner_text("#when")


def text_of(page, where):
    """Return the texts of the parts of a line, with one space between them."""
    return " ".join(page.eval_on_selector(where, "p => [...p.childNodes].map(n => n.textContent)")).split()


def test_it_opens_at_the_step_it_was_saved_at_or_that_the_address_names(visit, root, tmp_path):
    bp = root.backprop()
    bp.goto(3)
    path = bp.save(tmp_path / "three.html")
    assert when(visit(path)) == "step 3 of 7"
    assert when(visit(path, "#5")) == "step 5 of 7"
    assert when(visit(path, "#-1")) == "before the backward pass"
    assert when(visit(path, "#99")) == COMPLETE
    assert when(visit(path, "#nonsense")) == "step 3 of 7"
    assert when(visit(draw(root).save(tmp_path / "all.html"))) == COMPLETE


@pytest.mark.parametrize(
    ("start", "key", "expected"),
    [
        ("#2", "ArrowRight", "step 3 of 7"),
        ("#2", "ArrowLeft", "step 1 of 7"),
        ("#0", "ArrowDown", "step 2 of 7"),
        ("#7", "ArrowUp", "step 5 of 7"),
        ("#4", "Home", LEAVES),
        ("#4", "End", COMPLETE),
        ("#7", "ArrowRight", COMPLETE),
        ("#8", "ArrowRight", COMPLETE),
        ("#8", "ArrowLeft", "step 7 of 7"),
        ("#8", "ArrowUp", "step 7 of 7"),
        ("#7", "ArrowDown", COMPLETE),
        ("#0", "ArrowLeft", BEFORE),
        ("#-1", "ArrowLeft", "forward pass, operation 3 of 4"),
        ("#-4", "ArrowLeft", LEAVES),
        ("#-5", "ArrowLeft", LEAVES),
        ("#-5", "ArrowRight", "forward pass, operation 1 of 4"),
        ("#-2", "ArrowDown", BEFORE),
    ],
)
def test_every_key_moves_as_described_and_the_address_follows(visit, html, start, key, expected):
    page = visit(html, start)
    page.keyboard.press(key)
    assert when(page) == expected
    forward = {BEFORE: -1, LEAVES: -5, COMPLETE: 8} | {
        f"forward pass, operation {k} of 4": k - 5 for k in (1, 3)
    }
    number = forward.get(expected) or int(expected.split()[1])
    assert_becomes_true(lambda: page.evaluate("location.hash") == f"#{number}")


@pytest.mark.parametrize(
    ("start", "button", "expected"),
    [
        ("#2", "step", "step 3 of 7"),
        ("#2", "back", "step 1 of 7"),
        ("#2", "first", LEAVES),
        ("#2", "end", COMPLETE),
    ],
)
def test_every_button_moves_as_labelled(visit, html, start, button, expected):
    page = visit(html, start)
    page.click(f"#{button}")
    assert when(page) == expected


def test_buttons_that_lead_nowhere_are_disabled(visit, html):
    page = visit(html, "#-5")
    assert page.is_disabled("#back")
    assert page.is_disabled("#first")
    page.keyboard.press("End")
    assert page.is_disabled("#step")
    assert page.is_disabled("#end")
    assert not page.is_disabled("#back")


def test_the_slider_goes_to_any_step(visit, html):
    page = visit(html)
    page.evaluate("s => { const e = document.getElementById('slider'); e.value = s;"
                  "e.dispatchEvent(new Event('input')) }", 6)  # fmt: skip
    assert when(page) == "step 6 of 7"
    assert page.get_attribute("#slider", "aria-valuetext") == "step 6 of 7"
    assert page.inner_text("#position") == "← 6 / 7"


def test_a_button_that_leads_nowhere_keeps_the_focus(visit, html):
    page = visit(html, "#7")
    page.focus("#step")
    page.keyboard.press("Enter")
    assert when(page) == COMPLETE
    assert page.evaluate("document.activeElement.id") == "step"


def test_playing_runs_to_the_end_and_a_key_or_a_second_press_stops_it(visit, html):
    page = visit(html, "#6")
    page.clock.install()  # the page's time goes on when the test says so
    page.keyboard.press("Space")
    page.clock.run_for(500)
    assert (when(page), page.inner_text("#play")) == ("step 6 of 7", "❚❚ pause")
    page.clock.run_for(500)
    assert (when(page), page.inner_text("#play")) == ("step 7 of 7", "❚❚ pause")
    page.clock.run_for(2_000)
    assert (when(page), page.inner_text("#play")) == (COMPLETE, "▶ play")
    page.keyboard.press("Home")
    page.click("#play")
    page.click("#play")
    assert page.inner_text("#play") == "▶ play"
    stopped = when(page)
    page.clock.run_for(5_000)
    assert when(page) == stopped


def test_a_step_shows_every_symbol_above_its_number(visit, html):
    page = visit(html, "#3")
    assert text_of(page, "#symbols") == "∂L/∂a += ∂L/∂t · ∂t/∂a".split()
    assert text_of(page, "#numbers") == "+4.0000 × +0.0707 = +0.2826".split()
    assert page.inner_text("#change") == "a.grad: 0.0000 → +0.2826 (1 of 2 contributions, not final yet)"
    assert page.inner_text("#rule") == "t = tanh(a): ∂t/∂a = 1 − t × t = 1 − 0.9640 × 0.9640 = +0.0707"
    left = [
        page.eval_on_selector_all(
            f"#{line} span", "all => all.map(e => Math.round(e.getBoundingClientRect().x))"
        )
        for line in ("symbols", "numbers")
    ]
    assert left[0] == left[1]


def test_the_end_of_the_pass_explains_a_gradient(visit, html):
    page = visit(html, "#8")
    assert page.inner_text("#symbols") == "7 chain-rule steps, every gradient final"
    assert "nudge a by 0.001, and L moves by about −0.0026" in page.inner_text("#change")
    assert page.eval_on_selector_all("g.now, g.receiver, g.result", "all => all.length") == 0
    full = "getComputedStyle(document.querySelector('#e6_1 .line')).stroke"
    assert_becomes_true(lambda: page.evaluate(full) == "rgb(0, 114, 178)")  # its transition takes a while
    page.keyboard.press("ArrowLeft")
    assert_becomes_true(lambda: page.evaluate(full) == "rgb(102, 170, 209)")


def table_of(page):
    rows = page.eval_on_selector_all(
        "#values tr", "rows => rows.map(r => [r.querySelector('button').textContent,"
        "r.cells[2].textContent, r.cells[3].textContent, r.className])",
    )  # fmt: skip
    return {name: (grad, arrived, kind) for name, grad, arrived, kind in rows}


def grads_in_picture(page):
    return page.eval_on_selector_all(
        "g.node:not(.constant)",
        "nodes => Object.fromEntries(nodes.map(n => [n.id, "
        "[n.querySelector('.grad-label').textContent, n.querySelector('.grad-value').textContent]]))",
    )


def test_table_and_picture_show_arrived_gradients_at_every_step_forward_and_back(visit, root, html):
    page = visit(html, "#-1")
    recorded = root.backprop().recorded
    for number in [*range(-1, 8), *range(6, -2, -1)]:
        page.evaluate("n => { location.hash = '#' + n }", number)
        expected = "before the backward pass" if number < 0 else f"step {number} of 7"
        assert_becomes_true(lambda text=expected: when(page) == text)
        state, table, picture = recorded.state(number), table_of(page), grads_in_picture(page)
        for k, node in enumerate(recorded.order):
            grad = "·" if state.grads[k] is None else f"{state.grads[k]:+.4f}".replace("-", "−")
            assert table[node.label][0] == grad
            assert picture[f"n{k}"][1] == grad
            if recorded.expected[k]:
                assert table[node.label][1] == f"{state.arrived[k]}/{recorded.expected[k]}"
        flowed = page.eval_on_selector_all("g.edge:is(.done, .now)", "edges => edges.length")
        ahead = page.eval_on_selector_all("g.edge.ahead", "edges => edges.length")
        assert (flowed, ahead) == (max(number, 0), 7 - max(number, 0))


def test_the_present_step_is_marked_in_picture_and_table(visit, html):
    page = visit(html, "#6")
    table = table_of(page)
    assert (table["a"][2], table["e"][2], table["t"][2]) == ("receiver", "result", "")
    assert page.eval_on_selector_all("g.edge.now", "edges => edges.map(e => e.id)") == ["e2_0"]
    assert page.eval_on_selector("g.edge.now .halo", "e => getComputedStyle(e).stroke") == "rgb(230, 159, 0)"
    assert grads_in_picture(page)["n0"][0] == "grad Σ2"


def test_a_click_on_an_edge_or_a_value_jumps_to_it(visit, html):
    page = visit(html, "#0")
    page.dispatch_event("#e2_1 .line", "pointerdown", {"pointerId": 1})
    page.dispatch_event("#e2_1 .line", "pointerup", {"pointerId": 1})
    assert when(page) == "step 7 of 7"
    page.click("#n4 text >> nth=1")
    assert when(page) == "step 1 of 7"
    page.click("#values button:text-is('a')")
    assert when(page) == "step 6 of 7"


def test_a_click_beside_a_thin_line_finds_its_edge(visit, html):
    page = visit(html, "#3")
    x, y = page.evaluate(
        "(() => { const p = document.querySelector('#e6_1 .line');"
        "const at = p.getPointAtLength(p.getTotalLength() / 2).matrixTransform(p.getScreenCTM());"
        "return [at.x, at.y] })()"
    )
    page.mouse.click(x, y + 4)
    assert when(page) == "step 2 of 7"


def view(page):
    return [float(number) for number in page.get_attribute("#stage", "data-view").split()]


def test_zoom_and_pan_change_the_view_and_fit_restores_it(visit, html):
    page = visit(html)
    whole = view(page)
    page.click("#closer")
    assert view(page)[2] == pytest.approx(whole[2] / 1.4)
    page.keyboard.press("+")
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    before = view(page)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 150, steps=4)
    page.mouse.up()
    after = view(page)
    assert after[0] > before[0]
    assert after[1] > before[1]
    page.mouse.wheel(0, -200)
    assert view(page)[2] < after[2]
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert view(page) == whole
    assert page.is_disabled("#fit")


def test_the_arrow_keys_with_shift_move_the_picture(visit, html):
    page = visit(html, "#3")
    page.keyboard.press("+")
    x, y, wide, high = view(page)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert view(page) == pytest.approx([x + 0.2 * wide, y - 0.2 * high, wide, high], abs=0.01)
    assert when(page) == "step 3 of 7"


def test_two_fingers_zoom_and_one_moves(visit, html):
    page = visit(html, "#3", viewport={"width": 390, "height": 800}, has_touch=True)
    page.click("#fit")
    whole, stage = view(page), page.locator("#stage").bounding_box()
    middle = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    touch = page.context.new_cdp_session(page)

    def fingers(kind, *offsets):
        points = [{"x": middle[0] + x, "y": middle[1] + y, "id": k} for k, (x, y) in enumerate(offsets)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (-20, 0), (20, 0))
    for apart in (30, 40, 60):
        fingers("touchMove", (-apart, 0), (apart, 0))
    fingers("touchEnd")
    near = view(page)
    assert near[2] == pytest.approx(whole[2] / 3, rel=0.02)
    fingers("touchStart", (0, 0))
    for way in (10, 30, 50):
        fingers("touchMove", (-way, 0))
    fingers("touchEnd")
    assert view(page)[0] > near[0]
    assert view(page)[2] == near[2]
    assert when(page) == "step 3 of 7"


def colour(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_theme_follows_the_viewer_until_one_is_chosen(visit, html):
    light, dark = "rgb(255, 255, 255)", "rgb(18, 23, 29)"
    assert colour(visit(html, color_scheme="light")) == light
    page = visit(html, color_scheme="dark")
    assert colour(page) == dark
    page.keyboard.press("t")
    assert colour(page) == light
    page.click("#theme")
    assert (colour(page), page.inner_text("#theme")) == (dark, "light theme")


def test_a_theme_can_be_fixed_when_saving(visit, root, tmp_path):
    path = draw(root, theme="dark").save(tmp_path / "dark.html")
    assert colour(visit(path, color_scheme="light")) == "rgb(18, 23, 29)"


@pytest.mark.parametrize("words", LABELS)
def test_a_hostile_label_is_only_text(visit, words, tmp_path):
    x = Value(1.0, words)
    y = x * x + 1
    y.label = words + "!"
    page = visit(draw(y).save(tmp_path / "hostile.html"))
    assert page.evaluate("document.images.length + document.scripts.length") == 2
    assert "broken" not in page.title() or page.title().startswith("backprop:")
    shown = words.replace("\u202e", " ")
    assert shown in page.eval_on_selector_all("#values button", "all => all.map(b => b.textContent)")
    assert shown in page.eval_on_selector_all("g.node text", "all => all.map(t => t.textContent)")
    assert page.inner_text("h1").startswith(shown)


def test_motion_is_left_out_for_those_who_ask(visit, html):
    still = visit(html, reduced_motion="reduce")
    assert still.eval_on_selector("g.edge .line", "e => getComputedStyle(e).transitionDuration") == "0s"
    moving = visit(html, reduced_motion="no-preference")
    assert moving.eval_on_selector("g.edge .line", "e => getComputedStyle(e).transitionDuration") != "0s"


def test_everything_that_can_be_done_can_be_reached_with_the_keyboard(visit, html):
    page = visit(html, "#2")
    names = []
    for _ in range(45):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert (
        names.index("theme")
        < names.index("n0")
        < names.index("closer")
        < names.index("first")
        < names.index("L")
    )
    assert {"back", "play", "step", "end", "slider", "a", "t", "predict", "find", "n0", "nudging"} <= set(names)


def test_the_steps_are_announced_and_the_picture_has_a_name(visit, html):
    page = visit(html, "#2")
    assert page.get_attribute("#formula", "role") == "status"
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#formula", "aria-live") == "polite"
    assert "table" in page.get_attribute("#stage svg", "aria-label")


def test_on_a_phone_nothing_is_wider_than_the_screen(visit, html):
    page = visit(html, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("#step")
    assert page.locator("#stage").bounding_box()["width"] <= 360


@pytest.mark.parametrize("wide", [360, 900, 1280])
def test_the_table_fits_its_column_whatever_the_formulas(visit, tmp_path, wide):
    model = MLP(3, [4, 1], activation="tanh", rng=random.Random(0))
    root = mse_loss([model([0.5, -1.0, 2.0])], [1.0])
    page = visit(root.backprop().save(tmp_path / "net.html"), viewport={"width": wide, "height": 740})
    page.keyboard.press("End")
    assert page.eval_on_selector("aside", "a => a.scrollWidth - a.clientWidth") == 0


def test_long_names_are_abridged_in_the_formula_and_push_nothing_off_a_phone(visit, tmp_path):
    x = Value(2.0, "a_very_long_name_of_a_weight_in_the_first_layer")
    path = (
        tanh(x * Value(-1.0, "重みの名前がとても長いときにどうなるか見る")).backprop().save(tmp_path / "x.html")
    )
    page = visit(path, "#2", viewport={"width": 360, "height": 740})
    assert text_of(page, "#symbols")[4] == "∂v2/∂a_very_…_layer"
    assert "a_very_long_name_of_a_weight_in_the_first_layer.grad" in page.inner_text("#change")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_picture_too_small_to_read_begins_near_and_follows_the_steps(visit, tmp_path):
    page = visit(network(16).backprop().save(tmp_path / "net.html"))
    letter = page.locator("g.node text").first.bounding_box()["height"]
    page.click("#fit")
    assert letter > 1.5 * page.locator("g.node text").first.bounding_box()["height"]
    page.reload()
    for key in ("End", "Home", "ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
        box, stage = page.locator("g.receiver").bounding_box() if when(page)[0] == "s" else None, None
        if box:
            stage = page.locator("#stage").bounding_box()
            assert stage["x"] - 1 <= box["x"]
            assert box["x"] + box["width"] <= stage["x"] + stage["width"] + 1


def test_near_a_small_part_both_ends_of_the_present_edge_are_shown_if_they_fit(visit, root, tmp_path):
    page = visit(root.backprop().save(tmp_path / "L.html"), "#0")
    page.click("#closer")
    stage = page.locator("#stage").bounding_box()
    for number in range(1, 8):
        page.keyboard.press("ArrowRight")
        ends = [page.locator(f"g.{kind}").bounding_box() for kind in ("receiver", "result")]
        left, right = min(e["x"] for e in ends), max(e["x"] + e["width"] for e in ends)
        if right - left <= stage["width"]:
            assert stage["x"] - 1 <= left, number
            assert right <= stage["x"] + stage["width"] + 1, number


@pytest.mark.parametrize("level", ["neuron", "layer"])
def test_a_folded_network_plays_and_matches_its_picture(visit, tmp_path, level):
    model = MLP(2, [3, 2, 1], activation="tanh", rng=random.Random(5))
    root = mse_loss([model([Value(0.8, "x0"), Value(-0.4, "x1")])], [1.0])
    bp = root.backprop()
    page = visit(bp.save(tmp_path / "net.html", groups=model, collapse=level), "#-1")
    whole = len(bp)
    for number in [*range(-1, whole + 1, 5), whole, *range(whole - 3, -2, -7)]:
        page.evaluate("n => { location.hash = '#' + n }", number)
        expected = "before the backward pass" if number < 0 else f"step {number} of {whole}"
        assert_becomes_true(lambda text=expected: when(page) == text)
        scene = draw(bp.recorded, step=number, groups=model, collapse=level).scene
        boxes = {box.id: box.grad or "·" for box in scene.boxes if box.kind != "constant"}
        assert {name: grad for name, (_, grad) in grads_in_picture(page).items()} == boxes
        shown = page.eval_on_selector_all(
            "g.edge:is(.done, .now)",
            "edges => edges.map(e => [e.id, e.querySelector('.flow')?.textContent || ''])",
        )
        assert dict(shown) == {arrow.id: arrow.contribution for arrow in scene.arrows if arrow.sign}
        marked = {box.id: box.mark for box in scene.boxes if box.mark}
        for name, mark in marked.items():
            assert page.locator(f"#{name}.{mark}").count() == 1


def test_a_large_network_can_be_played_folded_where_it_is_too_large_to_draw_whole(tmp_path):
    model = MLP(2, [16, 16, 1], rng=random.Random(0))
    bp = mse_loss([model([0.5, -0.5])], [1.0]).backprop()
    with pytest.raises(ValueError, match="too large to read"):
        bp.save(tmp_path / "whole.html", groups=model)
    path = bp.save(tmp_path / "folded.html", groups=model, collapse="neuron")
    assert path.stat().st_size < 1_000_000


def test_a_network_of_300_values_plays(visit, tmp_path):
    root = network(48)
    bp = root.backprop()
    assert len(bp.recorded.order) > 290
    bp.goto(100)
    page = visit(bp.save(tmp_path / "net.html", max_nodes=400))
    assert when(page) == f"step 100 of {len(bp)}"
    page.keyboard.press("End")
    assert when(page) == COMPLETE
