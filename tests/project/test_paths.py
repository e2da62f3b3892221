"""Every file, folder and module that the documentation names exists."""

import re

import pytest

from tests.helpers import ROOT

INSIDE = [*ROOT.glob("autograd/**/README.md"), *ROOT.glob("nn/**/README.md")]
PAGES = [ROOT / "README.md", *INSIDE, *ROOT.glob(".github/*.md"), *ROOT.glob(".docs/pages/**/*.md")]
SOURCES = ("autograd", "nn", "tests", "demos")
FOLDERS = re.compile(rf"`((?:(?:{'|'.join(SOURCES)}|\.ci|\.docs|\.github)/)[\w./-]*)`")
FILES = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:pyi?|js|css|toml|md))`")
LINKS = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)")


def paths(page, text):
    """Return the paths that a page names: of the repository, or from the page's own folder."""
    found = {*FOLDERS.findall(text), *(link for link in LINKS.findall(text) if "://" not in link)}
    if page in INSIDE:  # it describes the files beside it
        found |= {*FILES.findall(text), *re.findall(r"`([a-z_]+/(?:[a-z_]+/)*)`", text)}
    return found


def missing(page, text):
    """Return the paths that a page names and that are not in the repository, nor beside or below the page."""
    return {
        path
        for path in paths(page, text)
        if not any((at / path).exists() for at in (ROOT, page.parent))
        and not (page in INSIDE and any(page.parent.rglob(path)))
        and not (
            page not in INSIDE and (ROOT / "demos" / path.replace("../", "")).exists()
        )  # see .docs/hooks.py
        and path != "operations.md"
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_exists(page):
    assert missing(page, page.read_text(encoding="utf-8")) == set()


def test_every_module_of_the_engine_and_every_folder_is_in_the_table_of_layers():
    text = (ROOT / "autograd" / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"## Layers(.*?)\n## ", text, flags=re.DOTALL)
    named = set(re.findall(r"`([a-z_]+/?)`", table))
    modules = {path.stem for path in (ROOT / "autograd").glob("*.py") if not path.stem.startswith("__")}
    folders = {f"{path.parent.name}/" for path in (ROOT / "autograd").glob("*/__init__.py")}
    assert named == modules | folders


def test_a_path_that_does_not_exist_is_found():
    page = ROOT / "autograd" / "README.md"
    text = (
        "`ops/gone.py`, `recording.py`, `gone/`, `ops/`, [a](ops/lost.py), [b](https://x.org), `tests/lost.py`"
    )
    assert missing(page, text) == {"ops/gone.py", "gone/", "ops/lost.py", "tests/lost.py"}
