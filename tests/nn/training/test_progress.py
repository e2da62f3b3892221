"""A progress bar on a terminal with rich, and quiet elsewhere."""

import sys

import pytest

from autograd.terminal import progress_bar
from nn import MLP, Epoch, fit, moons


def test_training_is_quiet_where_there_is_no_terminal(rng, capsys):
    fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng)
    assert capsys.readouterr() == ("", "")


def test_a_progress_bar_shows_where_it_is_wanted(rng, capsys):
    pytest.importorskip("rich")
    fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=2, rng=rng, progress=True)
    assert "2/2" in capsys.readouterr().err


def test_without_rich_a_wanted_progress_bar_names_the_extra(rng, without):
    without("rich")
    with pytest.raises(ImportError, match=r"chainwalk\[progress\]"):
        fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng, progress=True)


def test_without_rich_training_on_a_terminal_is_quiet(rng, without, monkeypatch, capsys):
    without("rich")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert len(fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng).losses) == 1
    assert capsys.readouterr() == ("", "")


def test_training_works_where_there_is_no_stderr(rng, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert len(fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=1, rng=rng).losses) == 1


@pytest.mark.parametrize(
    ("width", "told"), [(120, "validation loss 0.1250 accuracy 75.0%"), (60, "loss 0.2500 v")]
)
def test_the_bar_shows_validation_and_metrics_and_resumes_with_a_run(capsys, monkeypatch, width, told):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", str(width))
    epoch = Epoch(0.25, {"accuracy": 0.75}, validation_loss=0.125)
    with progress_bar(2, "training", wanted=True, done=1) as report:
        report(2, "  ".join(epoch.summary))
    shown = " ".join(capsys.readouterr().err.split())
    assert "━" * 20 in shown  # the bar is never cut
    assert "2/2" in shown
    assert told in shown
