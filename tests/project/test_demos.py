"""Every demo runs to its end, prints the expected results, in two languages, and saves its pictures."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import page_data

ROOT = Path(__file__).parents[2]
DEMOS = sorted((ROOT / "demos").glob("[0-9]*.py"))
LECTURE = [demo for demo in DEMOS if demo.name[:2] == "01" or "04" <= demo.name[:2] <= "14"]
SETTING = {"PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg", "LANG": "C.UTF-8", "ROWS": "100_000"}

SAYS = {
    "01": ["dy/dw is F'(s) x = +1.5729"],
    "04": ["f'(a) = 1.584483459958010"],
    "05": ["only a local one", "not converged", "diverged: beyond 1000 after 10 steps", "the global one"],
    "06": ["AND: converged after 11 mistakes", "XOR: did not converge", "is right for\n100% of the four"],
    "07": ["neuron: ∂y/∂w0 = F'(s) * x0 = +0.6347 * +2.0000", "s = 0: dy/dx = 1"],
    "08": ["layers.0  moves by 0.131  differs by 0 ", "After one update: loss 0.0788"],
    "09": ["diverged in epoch 0, step 7", "momentum, warm-up, cosine     loss 0.428 -> 0.0"],
    "11": ["2,410 numbers", "gives the same answer to every digit"],
    "12": ["1.000 and 1.000 of a 12th of the circle"],
    "13": ["objective 263.903 -> 57.212254"],
    "17": ["price   3.89855   delta 0.35721   gamma 0.021106", "5 first and 25 second derivatives of each"],
    "18": ["a 0.540   b 0.0272   c 0.0237   d 0.796", "d loss/d log a -105.0933"],
    "19": ["b0    15.0429   standard error  7.3786", "b1    -0.2322   standard error  0.1082"],
    "16": ["2 workers: ", "The losses of both runs are equal, bit for bit."],
}
"""Expected parts of each demo's output, with its numbers."""
REACHES = {
    "10": (r"and (\d+\.\d)% are now", 0, 10),
    "11": (r"(\d+\.\d)% are classified correctly", 95, 100),
    "20": (r"certified values: (\d+\.\d)", 8, 11),
    "14": (r"epoch 40   mean squared error of a pixel (0\.\d+)", 0.02, 0.032),
}
"""A pattern for a number in a demo's output, and its bounds."""


def test_the_demos_are_numbered_without_a_gap():
    assert [int(demo.name[:2]) for demo in DEMOS] == list(range(1, len(DEMOS) + 1))


def run(demo, folder, *arguments):
    """Return the output of a demo, run in an empty folder."""
    result = subprocess.run(
        [sys.executable, "-W", "error", str(demo), *arguments],
        cwd=folder,
        env=os.environ | SETTING | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.stem)
@pytest.mark.slow
def test_a_demo_runs_prints_the_expected_results_and_saves_its_pictures(demo, tmp_path):
    said = run(demo, tmp_path)
    assert len(said.splitlines()) > 5
    for words in SAYS.get(demo.name[:2], []):
        assert words in said
    if demo.name[:2] in REACHES:
        pattern, low, high = REACHES[demo.name[:2]]
        found = [float(number) for number in re.findall(pattern, said)]
        assert found
        assert all(low <= number <= high for number in found)
    for name in re.findall(r"\S+\.(?:svg|png|gif|html|safetensors)", said):
        assert (tmp_path / name).stat().st_size > 1000, name


@pytest.mark.parametrize("demo", LECTURE, ids=lambda demo: demo.stem)
def test_a_demo_of_the_lecture_opens_in_two_languages(demo):
    names = {
        target.id: node.value
        for node in ast.parse(demo.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert ast.unparse(names["ENGLISH"]).isascii()
    assert re.search("[\u3040-\u30ff]", ast.unparse(names["JAPANESE"]))


@pytest.mark.slow
def test_the_pages_that_are_kept_have_the_content_that_the_demo_gives_them(tmp_path):
    def content(path):
        text = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        return page_data(text)

    demo = next(demo for demo in DEMOS if demo.name.startswith("21"))
    run(demo, tmp_path, "pages")
    for kept in (ROOT / "demos" / "pages").glob("*.html"):
        assert content(kept) == content(tmp_path / "pages" / kept.name)
        assert kept.stat().st_size <= 200_000


@pytest.mark.slow
def test_with_ja_a_demo_opens_in_japanese(tmp_path):
    demo = next(demo for demo in DEMOS if demo.name.startswith("05"))
    assert run(demo, tmp_path, "--ja").startswith("f'(a) > 0 なら a を減らし")


@pytest.mark.parametrize(
    ("system", "arguments", "said"),
    [
        ({"LANG": "ja_JP.UTF-8"}, [], "日本語"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, [], "日本語"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, [], "English"),
        ({"LANG": "C"}, [], "English"),
        ({}, ["--ja"], "日本語"),
        ({}, [], "English"),
    ],
)
def test_the_language_is_the_systems_or_the_requested_one(monkeypatch, capsys, system, arguments, said):
    for name in ("LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in system.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["demo.py", *arguments])
    spec = importlib.util.spec_from_file_location("showing", ROOT / "demos" / "showing.py")
    showing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(showing)
    showing.opening("English", "日本語")
    assert capsys.readouterr().out.strip() == said
