"""A history is one list for each quantity, and survives as plain lists and dicts."""

import json
import math
import re

import pytest

from nn import Epoch, History


def example():
    history = History()
    history.record(Epoch(0.5, {"accuracy": 0.5}, {"layers.0": 2.0}, 0.1, 0.75, {"accuracy": 0.25}))
    history.record(
        Epoch(0.25, {"accuracy": 1.0, "worst": 3.0}, {"layers.0": 1.0}, 0.05, 0.5, {"accuracy": 0.5})
    )
    return history


def test_every_quantity_is_a_list_by_epoch():
    history = example()
    assert (history.losses, history.validation_losses) == ([0.5, 0.25], [0.75, 0.5])
    assert (history.accuracies, history.validation_metrics) == ([0.5, 1.0], {"accuracy": [0.25, 0.5]})
    assert (history.gradients, history.learning_rates) == ({"layers.0": [2.0, 1.0]}, [0.1, 0.05])


def test_a_metric_that_an_epoch_lacks_is_nan_there():
    first, second = example().metrics["worst"]
    assert (math.isnan(first), second) == (True, 3.0)


def test_the_monitored_loss_is_the_validation_loss_if_there_is_one():
    assert [epoch.monitored for epoch in example().epochs] == [0.75, 0.5]
    assert Epoch(0.5).monitored == 0.5


def test_the_repr_has_the_first_and_the_last_epoch():
    assert repr(example()) == (
        "History(2 epochs, loss 0.5000 -> 0.2500, validation loss 0.5000, accuracy 100.0%, worst 3.0000, "
        "validation accuracy 50.0%)"
    )
    assert repr(History()) == "History(no epoch finished)"
    history = example()
    history.interrupted, history.further_steps = True, 1
    assert repr(history).endswith("validation accuracy 50.0%, interrupted after 1 step more)")
    history.further_steps = 12
    assert repr(history).endswith(", interrupted after 12 steps more)")


def test_a_history_goes_through_json():
    history, other = example(), History()
    other.load_state_dict(json.loads(json.dumps(history.state_dict())))
    assert other.epochs == history.epochs
    assert History([Epoch(1.0)]).state_dict()["epochs"][0]["metrics"] == {}


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([0.5], "History(1 epoch, loss 0.5000)"),
        ([0.5, 0.25], "History(2 epochs, loss 0.5000 -> 0.2500)"),
        ([0.5, 1.234e-7], "History(2 epochs, loss 0.5000 -> 1.234e-07)"),
        ([], "History(no epoch finished)"),
    ],
)
def test_a_history_reads_well(losses, told):
    history = History([Epoch(loss) for loss in losses])
    assert repr(history) == told
    assert [epoch.loss for epoch in history] == losses == [history[k].loss for k in range(len(history))]
    assert len(history) == len(losses)


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("history", "use history.losses, history.accuracies or history.metrics"),
        ("plot", "plot_history(history)"),
    ],
)
def test_the_words_of_other_libraries_are_errors_with_advice(word, advice):
    with pytest.raises(AttributeError, match=re.escape(advice)):
        getattr(example(), word)
