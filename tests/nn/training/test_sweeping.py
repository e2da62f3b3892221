"""Sweeps: the best of many trainings, the same on this machine and on a cluster."""

import math
import random

import pytest

from nn import MLP, SGD, DivergenceError, History, fit, grid, moons, plot_sweep, sweep

SETTINGS = grid(lr=[0.01, 1e9, 0.5], seed=range(2))


def train(lr, seed):
    rng = random.Random(seed)
    model = MLP(2, [4, 1], activation="tanh", rng=rng)
    data = moons(40, rng=random.Random(0))
    return model, fit(model, data, "hinge", SGD(model.parameters(), lr=lr), epochs=3, rng=rng)


@pytest.fixture(scope="module")
def found():
    return sweep(train, SETTINGS)


def test_the_best_model_is_kept_with_its_setting(found):
    losses = [trial.loss for trial in found.trials]
    assert found.best.loss == min(losses)
    assert found.best.setting["lr"] == 0.5
    again, history = train(**found.best.setting)
    assert again.state_dict() == found.model.state_dict()
    assert found.best.loss == history.losses[-1]
    assert [trial.setting for trial in found.trials] == SETTINGS


def test_a_run_that_diverges_is_a_trial_with_a_problem(found):
    trial = found.trials[2]
    assert (trial.loss, trial.setting["lr"]) == (math.inf, 1e9)
    assert "the loss is" in trial.problem


def test_the_table_has_the_best_first(found):
    lines = repr(found).splitlines()
    assert lines[0] == "a sweep of 6 trainings"
    assert lines[1].split() == ["lr", "seed", "loss", "epochs", "seconds"]
    assert lines[2].split()[:2] == ["best", "0.5"]
    assert lines[-1].split()[:2] == ["1e+09", "1"]


def test_the_plot_has_a_line_for_each_run_and_the_best_in_its_title(found):
    pytest.importorskip("matplotlib")
    axes = plot_sweep(found)
    lines = [line for line in axes.lines if line.get_marker() == "None"]
    assert [len(line.get_ydata()) for line in lines] == [len(t.history.epochs) for t in found.trials]
    assert axes.get_title(loc="left") == f"best of 6: lr 0.5, seed {found.best.setting['seed']}"


def test_a_cluster_gives_the_same_sweep(found, client):
    far = sweep(train, SETTINGS, client=client)
    assert [trial[:2] for trial in far.trials] == [trial[:2] for trial in found.trials]
    assert far.model.state_dict() == found.model.state_dict()
    assert far.best.setting == found.best.setting


def test_another_score_and_the_first_of_equals():
    kept = sweep(train, SETTINGS[:2] + SETTINGS[4:], score=lambda history: 0.0)
    assert kept.best.setting == SETTINGS[0]
    with pytest.raises(ValueError, match="at least one setting"):
        sweep(train, [])
    with pytest.raises(ValueError, match="every training diverged, the first because: all wrong"):
        sweep(lambda: (_ for _ in ()).throw(DivergenceError("all wrong", History(), 0, 0)), [{}])


def test_a_mistake_in_the_training_is_raised():
    with pytest.raises(TypeError, match="unexpected keyword argument 'momentum'"):
        sweep(train, [{"lr": 0.1, "seed": 0, "momentum": 0.9}])


@pytest.mark.parametrize("finished", [0, 2])
def test_ctrl_c_ends_the_sweep_with_the_finished_trials(finished):
    def interrupted(lr, seed):
        if seed == finished:
            rng = random.Random(seed)
            model = MLP(2, [1], rng=rng)

            def stop(epoch, history):
                raise KeyboardInterrupt

            return model, fit(model, moons(4, rng=rng), epochs=3, callbacks=[stop], rng=rng)
        return train(lr, seed)

    settings = grid(lr=[0.5], seed=range(4))
    if not finished:  # nothing to return
        with pytest.raises(KeyboardInterrupt):
            sweep(interrupted, settings)
    else:
        assert [trial.setting["seed"] for trial in sweep(interrupted, settings).trials] == [0, 1]
