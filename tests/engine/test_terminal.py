"""What people see on a terminal and in a notebook: progress, width, colour."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from autograd import terminal


@pytest.fixture
def notebook(monkeypatch):
    """An IPython with a kernel, whose displays are kept in a list."""
    shown = []

    def display(bundle, raw, display_id):
        assert raw
        assert display_id
        shown.append(bundle)
        return SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    ipython.display, module.display = module, display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def test_a_notebook_shows_one_bar_that_is_updated(notebook, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    with terminal.progress_bar(4, "training") as report:
        report(1, "loss <1>")  # a second has not passed
        assert notebook == []
        now[0] = 1.5
        report(2, "loss <2>")
        report(3, "too soon after the last")
        report(4, "done")  # the end is always shown
    assert [bundle["text/plain"] for bundle in notebook] == ["training 2/4   loss <2>", "training 4/4   done"]
    assert '<progress max="4" value="2"' in notebook[0]["text/html"]
    assert "loss &lt;2&gt;" in notebook[0]["text/html"]


def test_a_bar_that_is_wanted_appears_at_once_and_one_that_is_not_never(notebook):
    with terminal.progress_bar(2, "checking", wanted=True) as report:
        report(1, "")
    assert len(notebook) == 1
    with terminal.progress_bar(2, "checking", wanted=False) as report:
        report(1, "")
    assert len(notebook) == 1
