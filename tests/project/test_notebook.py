"""A real notebook: pictures and the player show themselves below their cells."""

import re
import tempfile
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")


def execute(notebook, seconds):
    """Run the cells; raise the error of the first that fails."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", home)  # Jupyter fails without one that it can write to
        nbclient.NotebookClient(notebook, timeout=seconds, startup_timeout=300, kernel_name="python3").execute()


def outputs(*cells):
    """Return the mime bundles that each cell of a fresh notebook displays."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    execute(notebook, 600)
    return [[out["data"] for out in cell.outputs if "data" in out] for cell in notebook.cells]


@pytest.fixture(scope="module")
def shown():
    return outputs(
        "from autograd import Value, draw, tanh",
        "x = Value(0.5, 'x'); y = tanh(x * x); y.label = 'y'; y.backward()",
        "draw(y)",
        "draw(y).show()",
        "bp = y.backprop(); bp",
        "bp.player()",
        "sum([Value(1.0) for _ in range(500)]).backprop()",
        "from nn import *; model = MLP(2, [3, 1], rng=0); data = moons(20, rng=0)",
        # A busy machine must not make the short training a long one, nor the long one a short one.
        "from autograd import terminal; terminal._PATIENCE = 3600; told = fit(model, data, epochs=2)",
        "plot_history(told); plot_decision_boundary(model, data); print('both are seen')",
        "import time; terminal._PATIENCE = 0.5",
        "fit(model, data, epochs=30, callbacks=[lambda *_: time.sleep(0.05)])",
    )


def test_a_picture_shows_itself_as_svg_and_as_text(shown):
    [bundle] = shown[2]
    assert "<svg" in bundle["image/svg+xml"]
    assert "y = tanh(v1)" in bundle["text/plain"]


def test_show_displays_below_the_cell(shown):
    [bundle] = shown[3]
    assert "<svg" in bundle["image/svg+xml"]


def test_a_stepper_is_the_page_with_its_buttons_and_its_text(shown):
    [bundle] = shown[4]
    assert bundle["text/plain"].startswith("Backprop of y = tanh(v1)")
    assert bundle["text/html"] == shown[5][0]["text/html"]


def test_a_long_stepper_is_its_text(shown):
    assert shown[6][0].keys() == {"text/plain"}


def test_a_plot_is_seen_without_being_the_last_thing_in_its_cell(shown):
    kinds = [[kind for bundle in cell for kind in bundle] for cell in shown]
    assert kinds[9].count("image/png") == 2


def test_long_training_has_a_bar_and_short_training_has_none(shown):
    [bar] = [bundle for bundle in shown[11] if "progress" in bundle.get("text/html", "")]
    assert '<progress max="30" value="30"' in bar["text/html"]
    assert bar["text/plain"].startswith("training 30/30   loss 0.")
    assert shown[7] == shown[8] == []


def test_the_player_is_a_frame_with_the_whole_page_inside(shown):
    frame = shown[5][0]["text/html"]
    assert frame.startswith("<iframe")
    assert "srcdoc=" in frame
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    assert "&lt;!doctype html&gt;" in frame
    assert shown[5][0]["text/plain"].startswith("Backprop of y")


@pytest.fixture(scope="module")
def lecture():
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    path = Path(__file__).parents[2] / "demos" / "lecture.ipynb"
    notebook = nbformat.read(path, 4)
    execute(notebook, 900)
    return notebook.cells


@pytest.mark.slow
def test_the_notebook_of_the_lecture_runs_and_shows_its_pictures(lecture):
    kinds = [kind for cell in lecture for out in cell.get("outputs", []) for kind in out.get("data", {})]
    assert kinds.count("image/svg+xml") == 2
    assert kinds.count("image/png") == 5
    pages = [
        out["data"].get("text/html", "") for cell in lecture for out in cell.get("outputs", []) if "data" in out
    ]
    assert sum("<iframe" in page for page in pages) == 1


def test_the_notebook_of_the_lecture_prints_the_expected_results(lecture):
    said = "".join(out.get("text", "") for cell in lecture for out in cell.get("outputs", []))
    assert "XOR  did not converge" in said
    assert "error arrives at the last layer first" in said
    assert "k_means_by_gradient" in said
    assert "training diverged in epoch 0, step 7" in said
    assert float(re.search(r"test accuracy (\d+\.\d)%\n", said)[1]) > 93


def kept(cells):
    """Return the outputs of each cell: kinds of pictures, and words without numbers, without bars."""
    found = []
    for cell in cells:
        outputs = [out for out in cell.get("outputs", []) if "<progress" not in str(out.get("data", ""))]
        kinds = [sorted(out["data"]) for out in outputs if "data" in out]
        words = re.sub(r"[-+\d.e%]+", "#", "".join(out.get("text", "") for out in outputs))
        found.append((kinds, words))
    return found


def test_the_notebook_of_the_lecture_keeps_its_outputs(lecture):
    path = Path(__file__).parents[2] / "demos" / "lecture.ipynb"
    assert kept(nbformat.read(path, 4).cells) == kept(lecture)
    assert str(Path(__file__).parents[2]) not in path.read_text(encoding="utf-8")
