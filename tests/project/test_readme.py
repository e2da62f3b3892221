"""The README is correct: its session runs, its links exist, its commands work."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_session_of_the_readme_runs_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    results = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False, encoding="utf-8", optionflags=flags
    )
    assert results.attempted > 10
    assert results.failed == 0


@pytest.mark.slow
def test_the_picture_of_the_readme_is_the_one_that_its_session_draws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    drawn = (tmp_path / "backprop.svg").read_text(encoding="utf-8")
    shown = (ROOT / "demos" / "images" / "backprop.svg").read_text(encoding="utf-8")
    assert texts(drawn) == texts(shown)


def texts(svg: str) -> list[str]:
    """Return the texts of a picture; their positions may differ between versions of dot."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_a_relative_link_leads_somewhere(link):
    assert link.startswith("http") or (ROOT / link).exists()


def test_both_commands_are_in_separate_blocks():
    blocks = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
    assert "-m autograd" in blocks[0] or "chainwalk" in blocks[0]
    assert "pytest" in blocks[1]
    assert all(block.startswith("python -m pip install") for block in blocks[:2])
