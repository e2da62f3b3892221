"""All pages: no findings of axe-core, types that hold, and times; the tools come from npm."""

import random
import shutil
import subprocess

import pytest

import nn
from autograd import TABLE, Value, dot, draw, label, tanh
from autograd.drawing.bundle import PLAYER
from autograd.drawing.javascript import definitions
from nn import MLP, SGD, Recording, fit, mse_loss, playground
from tests.helpers import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def npm(tmp_path_factory):
    """Put axe-core and TypeScript into a temporary folder; skip without npm or without a network."""
    if not shutil.which("npm"):
        pytest.skip("no npm")
    folder = tmp_path_factory.mktemp("npm")
    options = ["--no-audit", "--no-fund", "--silent", "--fetch-retries=1"]
    command = ["npm", "install", *options, "axe-core@4", "typescript@5"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=True)
    except subprocess.SubprocessError:  # a network that does not answer, too
        pytest.skip("npm cannot install here")
    return folder / "node_modules"


def expression(folder):
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    root = (a * b + c) * tanh(a)
    label(a=a, b=b, c=c, L=root)
    return draw(root).save(folder / "expression.html")


def folded(folder):
    model = MLP(2, [3, 2, 1], rng=random.Random(5))
    root = mse_loss([model([Value(0.8, "x0"), Value(-0.4, "x1")])], [1.0])
    return draw(root, groups=model, collapse="neuron").save(folder / "folded.html")


def whole(folder):
    model = MLP(2, [3, 2, 1], rng=random.Random(5))
    root = mse_loss([model([Value(0.8, "x0"), Value(-0.4, "x1")])], [1.0])
    return draw(root, groups=model).save(folder / "whole.html")


def listed(folder):
    weights = [Value(0.1 * k, f"w{k}") for k in range(20)]
    return draw(tanh(dot(weights, weights[::-1])) * dot(weights, [0.5] * 20)).save(folder / "listed.html")


def training(folder):
    model = MLP(2, [4, 3, 1], rng=0)
    page = playground(model, nn.moons(40, rng=0), source="moons", optimiser=SGD(model, lr=0.1))
    return page.save(folder / "playground.html")


def recorded(folder):
    model, recording = MLP(2, [3, 1], rng=0), Recording()
    fit(model, nn.moons(40, rng=0), epochs=5, rng=0, record=recording)
    return recording.save(folder / "recorded.html")


VISITS = {
    "a step": (expression, "#2", []),
    "descent": (expression, "", ["#tab-descend", "#one-step"]),
    "the legend": (expression, "", ["#tab-legend"]),
    "a prediction": (expression, "#2", ["#predict"]),
    "outside of a domain": (expression, "#-1", ["#n0 .grip"]),
    "an opened neuron": (folded, "#4", ["g.node.group >> nth=0"]),
    "a network": (whole, "#9", []),
    "a list of operands": (listed, "#9", []),
    "the playground": (training, "", []),
    "an example": (training, "", ["#plane", "#forth", "#forth", "#forth", ".neuron >> nth=3"]),
    "a recording": (recorded, "", []),
}


@pytest.mark.parametrize("name", VISITS)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(visit, npm, tmp_path, name, theme, width):
    make, fragment, presses = VISITS[name]
    address = f"#theme={theme}" if make in (training, recorded) else f"{fragment or '#99'}&theme={theme}"
    page = visit(make(tmp_path), address, viewport={"width": width, "height": 844}, reduced_motion="reduce")
    page.keyboard.press("0")  # all of the picture
    for press in presses:
        page.click(press)
    page.evaluate((npm / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    told = [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_something_where_something_is_wrong(visit, npm, tmp_path):
    page = visit(expression(tmp_path))
    page.evaluate("document.getElementById('find').removeAttribute('aria-label')")
    page.evaluate("document.getElementById('find').removeAttribute('placeholder')")
    page.evaluate((npm / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    assert "label" in [each["id"] for each in page.evaluate("axe.run(document)")["violations"]]


def checked_types(npm, folder):
    found = [*folder.glob("*.js")]
    command = ["node", str(npm / "typescript" / "bin" / "tsc"), "--checkJs", "--allowJs", "--noEmit"]
    command += [
        "--strict",
        "false",
        "--target",
        "es2022",
        "--lib",
        "es2023,dom,dom.iterable",
        "--module",
        "es2022",
    ]
    command += ["--moduleResolution", "bundler", *map(str, found)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200).stdout


def test_the_types_of_the_modules_hold(npm, tmp_path):
    for folder in (PLAYER, ROOT / "nn" / "interactive" / "page"):
        for path in folder.glob("*.js"):
            shutil.copy(path, tmp_path)
    (tmp_path / "operations.js").write_text(f"// @ts-nocheck\n{definitions(TABLE.values())}", encoding="utf-8")
    assert checked_types(npm, tmp_path) == ""
    wrong = tmp_path / "wrong.js"
    wrong.write_text('import { fixed } from "./numbers.js";\nexport const text = fixed("1");\n')
    assert "error TS2345" in checked_types(npm, tmp_path)
