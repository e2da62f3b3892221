"""The live page: numbers edited in a real browser and compared with Python; paths, nudges, descent."""

import json
import math
import random
import re
import shutil
import subprocess

import pytest

from autograd import TABLE, Value, draw, exp, label, log, maximum, operation, sin, sqrt, tanh
from autograd.drawing.bundle import PLAYER, bundled
from autograd.drawing.javascript import definitions
from autograd.formulas import fixed, grouped, short
from nn import MLP, mse_loss
from tests.helpers import assert_becomes_true

pytestmark = pytest.mark.browser


def graph_of(a, b, c):
    a, b, c = Value(a), Value(b), Value(c)
    e = a * b
    d = e + c
    t = tanh(a)
    root = d * t
    label(a=a, b=b, c=c, d=d, e=e, t=t, L=root)
    return root


@pytest.fixture
def html(tmp_path):
    return draw(graph_of(2.0, -3.0, 10.0)).save(tmp_path / "L.html")


def minus(text):
    return text.replace("-", "−")


def table(page):
    """Return data and grad of each value, as the table beside the picture shows them."""
    rows = page.eval_on_selector_all(
        "#values tr", "rows => rows.map(r => [r.querySelector('button').textContent,"
        "r.cells[1].querySelector('input')?.value ?? r.cells[1].textContent, r.cells[2].textContent])",
    )  # fmt: skip
    return {name: (data, grad) for name, data, grad in rows}


def assert_shows(page, root):
    """Assert that table and picture show the gradients that Python computes, and its data."""
    root.zero_grad()
    root.backward()
    recorded = draw(root).recorded
    shown = table(page)
    picture = page.eval_on_selector_all(
        "g.node:not(.constant)", "all => Object.fromEntries(all.map(n => [n.id, "
        "[n.querySelector('.data-value').textContent, n.querySelector('.grad-value').textContent]]))",
    )  # fmt: skip
    for k, node in enumerate(recorded.order):
        data, grad = minus(fixed(node.data)), minus(fixed(node.grad, sign=True))
        assert picture[f"n{k}"] == [data, grad]
        assert shown[node.label][1] == grad
        assert float(shown[node.label][0].replace("−", "-")) == pytest.approx(node.data, abs=1e-4)


# Editing


def test_a_number_typed_in_the_table_goes_forward_and_back(visit, html):
    page = visit(html)
    assert_shows(page, graph_of(2.0, -3.0, 10.0))
    page.get_by_label("data of b").last.fill("1.5")
    page.keyboard.press("Enter")
    assert_shows(page, graph_of(2.0, 1.5, 10.0))
    page.get_by_label("data of a").last.fill("−0.25")
    page.keyboard.press("Tab")
    assert_shows(page, graph_of(-0.25, 1.5, 10.0))
    page.get_by_label("data of a").last.fill("nonsense")
    page.keyboard.press("Enter")
    assert_shows(page, graph_of(-0.25, 1.5, 10.0))
    page.click("#reset")
    assert_shows(page, graph_of(2.0, -3.0, 10.0))


def test_a_number_is_dragged_in_the_picture(visit, html):
    page = visit(html)
    box = page.locator("#n0 .grip").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=5)
    page.mouse.up()
    a = float(table(page)["a"][0])
    assert a > 2
    assert_shows(page, graph_of(a, -3.0, 10.0))
    assert page.get_attribute("#n0", "aria-valuenow") == str(a)


def test_a_number_is_typed_in_the_picture_and_moved_by_the_arrow_keys(visit, html):
    page = visit(html)
    page.focus("#n0")
    page.keyboard.press("ArrowUp")
    assert_shows(page, graph_of(2.1, -3.0, 10.0))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert_shows(page, graph_of(1.9, -3.0, 10.0))
    page.keyboard.type("-4")
    page.keyboard.press("Enter")
    assert_shows(page, graph_of(-4.0, -3.0, 10.0))
    page.click("#n0 .grip")
    page.keyboard.type("7")
    page.keyboard.press("Escape")
    assert_shows(page, graph_of(-4.0, -3.0, 10.0))


def test_a_random_network_computes_the_same_as_python(visit, tmp_path):
    model, inputs = MLP(2, [3, 2, 1], rng=random.Random(3)), [Value(0.8, "x0"), Value(-0.4, "x1")]
    root = mse_loss([model(inputs)], [1.0])
    root.label = "L"
    page = visit(draw(root, max_nodes=200).save(tmp_path / "net.html"))
    weight = model.layers[1].neurons[0].weights[2]
    page.get_by_label(f"data of {weight.label}").last.fill("0.125")
    page.keyboard.press("Enter")
    weight.data = 0.125
    again = mse_loss([model(inputs)], [1.0])
    again.backward()
    shown = table(page)
    for value in (*model.parameters(), *inputs):
        assert shown[value.label][1] == minus(fixed(value.grad, sign=True))


def test_an_operation_outside_its_domain_is_reported(visit, tmp_path):
    x = Value(1.5, "x")
    y = log(x) * sqrt(x - 1)
    y.label = "y"
    page = visit(draw(y).save(tmp_path / "y.html"))
    assert page.inner_text("#alert") == ""
    page.focus("#n0")
    page.keyboard.type("-1")
    page.keyboard.press("Enter")
    assert "= log(x) is undefined at x = −1.0000: it needs x > 0" in page.inner_text("#alert")
    assert page.locator("g.node.outside").count() == 2
    assert table(page)["y"][0] == "nan"
    page.click("#reset")
    assert page.inner_text("#alert") == ""


def test_an_operand_that_is_no_longer_selected_gets_no_gradient(visit, tmp_path):
    x, y = Value(1.0, "x"), Value(2.0, "y")
    z = maximum(x, y) * 3
    z.label = "z"
    page = visit(draw(z).save(tmp_path / "z.html"))
    assert table(page)["y"] == ("2", "+3.0000")
    page.get_by_label("data of x").last.fill("5")
    page.keyboard.press("Enter")
    assert table(page)["x"] == ("5", "+3.0000")
    assert table(page)["y"][1] in ("·", "0.0000")


def test_an_operation_that_is_a_python_function_keeps_its_numbers(visit, tmp_path):
    cube = operation("cube(x)", lambda x: x**3, [lambda x: 3 * x * x])
    x = Value(2.0, "x")
    y = cube(x) + 1
    y.label = "y"
    page = visit(draw(y).save(tmp_path / "y.html"))
    assert "cube has a Python function as a rule" in page.inner_text("#frozen")
    assert page.locator("#values input").count() == 0
    assert table(page) == {"y": ("9.0000", "+1.0000"), "v1": ("8.0000", "+1.0000"), "x": ("2.0000", "+12.0000")}


def test_gradients_that_were_there_before_do_not_double_in_the_page(visit, tmp_path):
    x = Value(3.0, "x")
    y = x * 2.0
    y.label = "y"
    y.backward()
    page = visit(draw(y).save(tmp_path / "y.html"))
    assert table(page)["x"] == ("3", "+2.0000")
    page = visit(y.backprop().save(tmp_path / "kept.html"), "#9")
    assert "Before this pass: x.grad +2.0000" in page.inner_text("#note")
    assert table(page)["x"] == ("3", "+4.0000")


# Paths and nudges


def test_a_leaf_shows_its_paths_and_their_sum(visit, html):
    page = visit(html)
    assert page.inner_text("#path-title") == "How a reaches L"
    items = page.eval_on_selector_all("#paths li", "all => all.map(e => e.textContent)")
    assert items == [
        "a → e → d → L −3.00 × 1.00 × 0.964 = −2.8921",
        "a → t → L 0.0707 × 4.00 = +0.2826",
    ]
    assert page.inner_text("#paths .sum") == "−2.8921 + 0.2826 = −2.6095"
    page.focus("#n0")
    assert page.inner_text("#traced") == "a: −2.8921 + 0.2826 = −2.6095"
    lit = page.eval_on_selector_all("g.edge.traced", "all => all.map(e => e.id)")
    assert sorted(lit) == ["e2_0", "e4_0", "e5_0", "e6_0", "e6_1"]
    page.focus("#paths li >> nth=1 >> button")
    assert sorted(page.eval_on_selector_all("g.edge.traced", "all => all.map(e => e.id)")) == ["e5_0", "e6_1"]


def test_of_many_paths_the_largest_few_are_shown_and_the_rest_as_a_number(visit, tmp_path):
    x = Value(1.1, "x")
    y = x
    for _ in range(8):
        y = y * y + x
    y.label = "y"
    y.backward()
    page = visit(draw(y).save(tmp_path / "y.html"))
    assert page.locator("#paths li").count() == 6
    words = page.inner_text("#paths")
    assert f"{2**9 - 1} paths" in words
    assert f"{2**9 - 7} more paths, together" in words
    assert f"= {fixed(x.grad)}" in words


def test_a_nudge_shows_how_far_the_root_moves_and_what_the_gradient_predicted(visit, html):
    page = visit(html)
    page.evaluate("(() => { const e = document.getElementById('nudging'); e.value = 10;"
                  "e.dispatchEvent(new Event('input')) })()")  # fmt: skip
    moved = graph_of(2.1, -3.0, 10.0).data - graph_of(2.0, -3.0, 10.0).data
    slope = -3 * math.tanh(2) + 4 * (1 - math.tanh(2) ** 2)
    words = page.eval_on_selector_all("#nudged dt", "all => all.map(e => e.textContent)")
    assert words[2:] == ["finite difference, h = 1.2e-05", "gradient"]
    numbers = page.eval_on_selector_all("#nudged dd", "all => all.map(e => e.textContent)")
    assert numbers == [minus(fixed(x, sign=True)) for x in (moved, slope * 0.1, slope, slope)]
    assert page.inner_text("#agree") == "✓ finite difference and gradient agree"


def test_at_a_kink_the_difference_and_the_gradient_are_reported_as_different(visit, tmp_path):
    x = Value(0.0, "x")
    y = maximum(x, 0.0) + x
    y.label = "y"
    page = visit(draw(y).save(tmp_path / "y.html"))
    page.get_by_label("data of x").last.fill("2")
    page.keyboard.press("Enter")
    assert page.inner_text("#agree") == "✓ finite difference and gradient agree"
    z = Value(0.0, "z")
    root = abs(z) + z
    root.label = "w"
    page = visit(draw(root).save(tmp_path / "w.html"))
    assert page.locator("#curve polyline").count() == 2


# Descent


def descend(page, rate, updates):
    page.click("#tab-descend")
    page.evaluate("r => { const e = document.getElementById('rate'); e.value = r; }", rate)
    for _ in range(updates):
        page.click("#one-step")


def test_descent_moves_the_leaves_as_python_does(visit, html):
    page = visit(html)
    descend(page, -2, 3)
    numbers = [2.0, -3.0, 10.0]
    for _ in range(3):
        root = graph_of(*numbers)
        root.backward()
        leaves = {node.label: node for node in draw(root).recorded.order if not node.operands}
        numbers = [leaves[name].data - 0.01 * leaves[name].grad for name in "abc"]
    assert_shows(page, graph_of(*numbers))
    assert page.inner_text("#descent").startswith("3 updates: L = ")
    page.uncheck("#learning label:has-text('b') input")
    before = table(page)["b"][0]
    page.click("#one-step")
    assert table(page)["b"][0] == before
    page.click("#again")
    assert_shows(page, graph_of(2.0, -3.0, 10.0))


def test_too_large_a_rate_diverges_and_a_minimum_is_stuck(visit, tmp_path):
    x = Value(2.0, "x")
    y = x * x
    y.label = "y"
    path = draw(y).save(tmp_path / "y.html")
    page = visit(path)
    descend(page, 0.3, 8)
    assert page.inner_text("#descent-state").startswith("Diverging")
    page = visit(path)
    descend(page, -0.3, 14)
    assert page.inner_text("#descent-state").startswith("The gradient is almost 0")
    page = visit(path)
    descend(page, -0.05, 6)
    assert page.inner_text("#descent-state").startswith("It jumps from side to side")
    page.clock.install()  # the page's time goes on when the test says so: it ends by itself some time
    page.click("#run")
    page.clock.run_for(1_000)
    assert int(page.inner_text("#descent").split()[0]) > 9
    page.click("#run")
    assert page.inner_text("#run") == "run"


# Predictions


@pytest.mark.parametrize(
    ("step", "guess", "words"),
    [
        (6, "-2.892", "Right."),
        (6, "2.892", "The size is right, the sign is not."),
        (6, "0.964", "That is the upstream gradient: the local derivative is missing."),
        (6, "-3", "That is the local derivative: the upstream gradient is missing."),
        (6, "-2.61", "That is the grad after the sum."),
        (6, "1.928", "That multiplies by this operand itself."),
        (6, "0.5", "Not yet"),
        (6, "much", "Type a number"),
        (3, "0.2826", "Right."),
    ],
)
def test_a_guess_is_judged(visit, html, step, guess, words):
    page = visit(html, f"#{step}")
    page.click("#predict")
    assert page.inner_text("#numbers b") == "?"
    assert "2.89" not in page.inner_text("body").replace("2.892", "")
    page.fill("#guess", guess)
    page.keyboard.press("Enter")
    assert page.inner_text("#verdict").startswith(words) or words == "Right."
    assert (page.inner_text("#numbers b") != "?") == (words == "Right.")


def test_a_contribution_can_be_revealed_and_predictions_ended(visit, html):
    page = visit(html, "#6")
    page.click("#predict")
    assert page.text_content("#n0 .grad-value") == "?"
    page.click("#reveal")
    assert page.text_content("#n0 .grad-value") == "−2.6095"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#numbers b") == "?"
    page.click("#predict")
    assert page.inner_text("#numbers b") == "+1.9281"


@pytest.mark.parametrize("moment", ["", "#-5", "#0"])
def test_where_nothing_can_be_predicted_the_first_contribution_is_asked_for(visit, html, moment):
    page = visit(html, moment)
    page.click("#predict")
    assert page.inner_text("#numbers b") == "?"
    assert page.is_visible("#guess")


# Forward pass, words, languages


def test_the_forward_pass_is_played_first(visit, html):
    page = visit(html, "#-5")
    assert page.inner_text("#symbols") == "only the 3 leaves and the numbers are known"
    assert page.text_content("#n6 .data-value") == "·"
    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(page.inner_text("#symbols"))
    assert seen[:3] == ["e = a × b = −6.0000", "d = e + c = 4.0000", "t = tanh(a) = 0.9640"]
    assert page.text_content("#n6 .data-value") == "3.8561"


def test_every_kind_of_operation_is_described_in_both_languages(visit, html):
    page = visit(html, "#6")
    assert page.inner_text("#kind").startswith("× swaps the factors")
    page.keyboard.press("ArrowLeft")
    page.click("#language")
    assert page.inner_text("#kind").startswith("+ は勾配をそのまま")
    assert page.inner_text("#play") == "▶ 再生"
    assert page.get_attribute("html", "lang") == "ja"
    page.click("#tab-legend")
    assert "角の丸い箱" in page.inner_text("#legend")


def test_both_languages_say_the_same_things(tmp_path):
    script = bundled("words.js", {}).replace(
        "return { LANG", "Object.assign(globalThis, { LANGUAGES, kindOf }); return { LANG"
    )
    names = "[Object.keys(say), Object.keys(say.kinds), Object.keys(say.legendOf)]"
    question = f"Object.values(LANGUAGES).map((say) => {names}.map((all) => all.sort()))"
    english, japanese = in_node(tmp_path, script, question)
    assert english == japanese
    kinds = in_node(tmp_path, script, f"{json.dumps(sorted(TABLE))}.map(kindOf)")
    assert set(kinds) == set(english[1])


def test_the_title_is_the_whole_expression(visit, html, tmp_path):
    assert visit(html).inner_text("h1") == "L = (a × b + c) × tanh(a)"
    x = Value(1.0, "x")
    y = -((x - (x - 1) / 2) ** 2) + exp(x) / (x * x)
    page = visit(draw(y).save(tmp_path / "y.html"))
    assert page.inner_text("h1").endswith(
        "= −(x − (x − 1) / 2) ^ 2 + exp(x) / (x × x)"
    ) or "x" in page.inner_text("h1")


# Address, export


def test_the_address_keeps_everything_and_the_link_can_be_copied(visit, html):
    page = visit(html, "#3")
    page.get_by_label("data of b").last.fill("1.5")
    page.keyboard.press("Enter")
    page.click("#theme")
    page.click("#language")
    page.click("#closer")
    assert_becomes_true(
        lambda: all(part in page.evaluate("location.hash") for part in ("view=", "lang=ja", "theme=dark"))
    )
    address = page.evaluate("location.hash")
    again = visit(html, address)
    assert table(again) == table(page)
    assert again.inner_text("#when") == page.inner_text("#when")
    assert again.evaluate("document.documentElement.dataset.theme") == "dark"
    first, other = (
        [round(float(x)) for x in each.get_attribute("#stage", "data-view").split()] for each in (page, again)
    )
    assert first == other
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.clock.install()  # the words disappear after a while
    page.click("#copy")
    assert_becomes_true(lambda: page.inner_text("#told") != "")
    assert page.evaluate("navigator.clipboard.readText()") == page.url.split("#")[0] + address


def test_invalid_parts_of_an_address_are_ignored(visit, html):
    page = visit(html, "#3&d0=much&d99=1&view=1,2&theme=pink&lang=xx&value=77&d6=5")
    assert page.inner_text("#when") == "step 3 of 7"
    page.keyboard.press("End")
    assert_shows(page, graph_of(2.0, -3.0, 10.0))


def test_the_present_view_is_saved_as_svg(visit, html, tmp_path):
    page = visit(html, "#4")
    page.click("#theme")
    with page.expect_download() as caught:
        page.click("#svg")
    path = tmp_path / "view.svg"
    caught.value.save_as(path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "grip" not in text.partition("</style>")[2]
    assert "--paper:#12171D" in text.replace(" ", "")
    alone = visit(path)
    assert alone.locator("g.edge.now").count() == 1


# Large graphs


def large():
    model = MLP(2, [48, 1], activation="tanh", rng=random.Random(0))
    return mse_loss([model([0.5, -1.0])], [1.0])


def test_a_large_graph_has_an_overview_and_a_search(visit, tmp_path):
    page = visit(draw(large(), max_nodes=400).save(tmp_path / "net.html"))
    assert page.locator("#overview").is_visible()
    before = page.get_attribute("#stage", "data-view")
    page.click("#overview", position={"x": 88, "y": 10})
    assert page.get_attribute("#stage", "data-view") != before
    page.keyboard.press("/")
    page.keyboard.type("l0.n7.w")
    assert page.inner_text("#found") == "2"
    assert page.locator("#values tr:visible").count() == 2
    page.keyboard.press("Enter")
    assert page.locator("g.node.selected").count() == 1
    stage, box = page.locator("#stage").bounding_box(), page.locator("g.node.selected").bounding_box()
    assert stage["x"] - 1 <= box["x"] <= stage["x"] + stage["width"]
    assert stage["y"] - 1 <= box["y"] <= stage["y"] + stage["height"]


def test_in_a_folded_network_every_step_shows_something_and_a_box_opens_in_place(visit, tmp_path):
    model = MLP(2, [3, 2, 1], rng=random.Random(5))
    root = mse_loss([model([Value(0.8, "x0"), Value(-0.4, "x1")])], [1.0])
    page = visit(draw(root, groups=model, collapse="neuron").save(tmp_path / "net.html"), "#0")
    seen, unchanged = page.inner_html("#stage svg >> nth=0"), 0
    for _ in range(60):
        page.keyboard.press("ArrowRight")
        now = page.inner_html("#stage svg >> nth=0")
        unchanged += now == seen
        seen = now
        if page.inner_text("#when") == "backward pass complete":
            break
    assert unchanged == 0
    page.keyboard.press("0")
    page.click("g.node.group >> nth=0")
    assert page.locator("#opened").is_visible()
    assert "= tanh(" in page.inner_text("#opened")
    page.keyboard.press("Escape")
    assert page.locator("#opened").is_hidden()


# The modules alone, if Node.js is installed


def in_node(tmp_path, script, question):
    node = shutil.which("node")
    if not node:
        pytest.skip("no node")
    (tmp_path / "ask.js").write_text(f"{script}\nconsole.log(JSON.stringify({question}));", encoding="utf-8")
    made = subprocess.run(
        [node, "ask.js"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(made.stdout)


def test_numbers_are_written_as_python_writes_them(tmp_path):
    rng = random.Random(0)
    numbers = [rng.gauss(0, 1) * 10 ** rng.randint(-12, 12) for _ in range(2000)]
    numbers += [
        0.03125,
        0.09375,
        -0.03125,
        0.125,
        0.15625,
        2.5,
        0.0005,
        99999.99999,
        0.99949,
        0.9995,
        0.00125,
        1e300,
    ]
    numbers += [0.0, -0.0, 1e-5, 9.995, 9999.995, 1.005, 123456.5, 12345650.0, 5e-324]
    script = bundled("numbers.js", {}).replace(
        "return { fixed", "globalThis.N = { fixed, short }; return { fixed"
    )
    found = in_node(
        tmp_path,
        script,
        f"{json.dumps(numbers)}.map((x) => [N.fixed(x), N.fixed(x, true), N.short(x), N.short(x, true)])",
    )
    for number, words in zip(numbers, found, strict=True):
        expected = [fixed(number), fixed(number, sign=True), short(number), short(number, sign=True)]
        assert words == [minus(text).replace("e−", "e-") for text in expected], number


def test_names_that_are_expressions_are_grouped_as_in_python(tmp_path):
    names = [
        "w1",
        "x[0, 1]",
        "x1*w1 + x2*w2",
        "l0.n0.w0",
        "f(a + b)",
        "-x",
        "a-b",
        "layer 0",
        "a**2",
        "(a+b)*c",
    ]
    script = bundled("formulas.js", {}).replace(
        "return { grouped", "globalThis.N = { grouped }; return { grouped"
    )
    found = in_node(
        tmp_path, script, f"{json.dumps(names)}.map((x) => [0, 1, 2, 4, 9].map((n) => N.grouped(x, n)))"
    )
    assert found == [[grouped(name, binding) for binding in (0, 1, 2, 4, 9)] for name in names]


def test_two_modules_may_not_export_one_name(tmp_path):
    (tmp_path / "one.js").write_text('import { a } from "./two.js";\nexport const b = a;\n')
    (tmp_path / "two.js").write_text("export const a = 1;\n")
    assert "const { b } = (() => {" in bundled("one.js", {}, tmp_path)
    (tmp_path / "two.js").write_text("export const a = 1;\nexport const b = 2;\n")
    with pytest.raises(ValueError, match=r"b is exported by two\.js and by one\.js"):
        bundled("one.js", {}, tmp_path)
    (tmp_path / "two.js").write_text("export const c = 1;\n")
    with pytest.raises(ValueError, match=r"imports a, which two\.js does not export"):
        bundled("one.js", {}, tmp_path)


def test_every_module_of_the_page_is_used_and_all_rules_fit_into_one_page():
    script = bundled("main.js", {"operations.js": definitions(TABLE.values())})
    names = {path.name for path in PLAYER.glob("*.js")}
    assert names == set(re.findall(r"^// ([\w/]+\.js)$", script, re.MULTILINE)) - {"operations.js"}


def test_sine_is_alive_too(visit, tmp_path):
    x = Value(0.5, "x")
    y = sin(x)
    y.label = "y"
    page = visit(draw(y).save(tmp_path / "y.html"))
    page.focus("#n0")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    assert table(page)["y"][0] == "0.9093"


def test_a_picture_shows_its_page_in_a_notebook():
    bundle = draw(graph_of(2.0, -3.0, 10.0)).player()._repr_mimebundle_()
    assert bundle["text/html"].startswith('<iframe sandbox="allow-scripts allow-downloads"')
    assert "height:720px" in bundle["text/html"]
