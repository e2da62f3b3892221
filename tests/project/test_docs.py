"""The documentation: its sessions run, and its reference has every public name."""

import doctest
import re

import pytest

import autograd
import autograd.checking
import autograd.cluster
import autograd.compiling
import nn
from tests.helpers import ROOT

PAGES = sorted((ROOT / ".docs" / "pages").glob("**/*.md"))
REFERENCE = "\n".join(path.read_text(encoding="utf-8") for path in PAGES if path.parent.name == "reference")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / ".docs" / "pages")))
def test_every_session_of_a_page_runs_as_shown(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    results = doctest.testfile(str(page), module_relative=False, encoding="utf-8", optionflags=flags)
    assert results.failed == 0


@pytest.mark.parametrize("module", [autograd, nn, autograd.checking, autograd.compiling, autograd.cluster])
def test_every_public_name_is_in_the_reference(module):
    listed = set(re.findall(r"^::: [\w.]+\.(\w+)$", REFERENCE, flags=re.MULTILINE))
    assert set(module.__all__) - listed - {*autograd.TABLE, "TABLE", "Op", "operation"} == set()
