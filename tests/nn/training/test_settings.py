"""A run is resumed with the settings with which it began, or not at all."""

import random
import re

import pytest

from autograd import total
from nn import MLP, SGD, Adam, CosineAnnealingLR, Dataset, fit, moons


def squared_errors(predictions, targets):
    return total((p - t) ** 2 for p, t in zip(predictions, targets, strict=True))


def run(path, *, epochs=4, lr=0.1, batch_size=5, loss="hinge", noise=0.1, made=SGD, plan=None, **more):
    """Train a small network; equal arguments give equal runs."""
    rng = random.Random(3)
    data = moons(20, noise=noise, rng=rng)
    model = MLP(2, [3, 1], rng=rng)
    optimiser = made(model.parameters(), lr=lr)
    schedule = plan and CosineAnnealingLR(optimiser, T_max=plan)
    history = fit(
        model, data, loss, optimiser, epochs=epochs, batch_size=batch_size, schedule=schedule, rng=rng,
        checkpoint=path, **more,
    )  # fmt: skip
    return model.state_dict(), history.losses


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0.05}, "optimiser lr is 0.05, but was 0.1"),
        ({"batch_size": 10}, "batch_size is 10, but was 5"),
        ({"loss": "mse_loss"}, "loss is 'mse_loss', but was 'hinge'"),
        ({"loss": squared_errors}, "loss is 'squared_errors', but was 'hinge'"),
        ({"clip": 1.0}, "clip is 1.0, but was None"),
        ({"noise": 0.2}, "data is '20 examples ("),
        ({"validation": Dataset([[0.0, 1.0]], [1.0])}, "validation is '1 examples ("),
        ({"made": lambda p, lr: SGD(p, lr=lr, momentum=0.9)}, "optimiser momentum is 0.9, but was 0.0"),
        ({"lr": 0.2, "clip": 2.0}, "clip is 2.0, but was None; optimiser lr is 0.2, but was 0.1"),
    ],
)
def test_other_settings_are_listed_and_refused(tmp_path, change, message):
    run(tmp_path / "run.json", epochs=2)
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(ValueError, match=re.escape(message)):
        run(tmp_path / "run.json", **change)
    assert (tmp_path / "run.json").read_bytes() == before


def test_another_schedule_is_refused(tmp_path):
    run(tmp_path / "run.json", epochs=2, plan=8)
    with pytest.raises(ValueError, match="schedule T_max is 9, but was 8"):
        run(tmp_path / "run.json", plan=9)


def test_more_epochs_and_other_callbacks_are_the_same_run(tmp_path):
    run(tmp_path / "run.json", epochs=2)
    seen = []
    told = run(tmp_path / "run.json", epochs=6, callbacks=[lambda epoch, _: seen.append(epoch)])
    assert told == run(None, epochs=6)
    assert seen == [2, 3, 4, 5]


@pytest.mark.parametrize("plan", [None, 8])
def test_the_very_objects_of_a_run_go_on_with_it_though_the_rate_has_moved(tmp_path, plan):
    rng = random.Random(0)
    model, data = MLP(2, [3, 1], rng=rng), moons(12, rng=rng)
    optimiser = Adam(model.parameters(), lr=0.1)
    schedule = plan and CosineAnnealingLR(optimiser, T_max=plan)
    for epochs in (2, 3, 5):
        history = fit(
            model, data, "hinge", optimiser, epochs=epochs, rng=rng, schedule=schedule,
            checkpoint=tmp_path / "run.json",
        )  # fmt: skip
        assert len(history.epochs) == epochs


def test_data_in_an_array_are_the_data(tmp_path):
    numpy = pytest.importorskip("numpy")
    data, rng = moons(12, rng=random.Random(0)), random.Random(1)
    listed, array = (
        fit(MLP(2, [1], rng=rng), each, "hinge", epochs=2, rng=random.Random(2), checkpoint=tmp_path / "a.json")
        for each in (data, Dataset(numpy.array(data.inputs), numpy.array(data.targets)))
    )
    assert listed.losses == array.losses
