"""Early stopping waits `patience` epochs for a better loss."""

import json
import math
import random
import re

import pytest

from nn import MLP, EarlyStopping


def after(losses, **settings):
    stopping = EarlyStopping(**settings)
    for epoch, loss in enumerate(losses):
        stopping.update(epoch, loss, {"epoch": epoch})
    return stopping


@pytest.mark.parametrize(
    ("losses", "settings", "best", "finished"),
    [
        ([3, 2, 1], {"patience": 1}, 2, False),
        ([3, 2, 2], {"patience": 1}, 1, True),  # as good is not better
        ([3, 2, 2.5, 1.9, 2, 2], {"patience": 2}, 3, True),
        ([3, 2.95, 2.9], {"patience": 2, "min_delta": 0.2}, 0, True),
        ([3, 2.95, 2.75], {"patience": 2, "min_delta": 0.2}, 2, False),
        ([math.nan, math.nan], {"patience": 2}, None, True),
        ([math.nan, 5, math.nan], {"patience": 2}, 1, False),
        ([math.inf, 5], {"patience": 2}, 1, False),
    ],
)
def test_training_ends_after_patience_epochs_without_a_better_loss(losses, settings, best, finished):
    stopping = after(losses, **settings)
    assert (stopping.best_epoch, stopping.finished) == (best, finished)
    assert stopping.weights == (None if best is None else {"epoch": best})


def test_the_best_weights_come_back():
    model = MLP(1, [1], rng=random.Random(0))
    stopping = EarlyStopping(1)
    best = model.state_dict()
    stopping.update(0, 1.0, best)
    model.parameters()[0].data = 9.0
    stopping.update(1, 2.0, model.state_dict())
    stopping.restore(model)
    assert model.state_dict() == best


def test_without_any_sound_epoch_nothing_is_restored():
    model = MLP(1, [1], rng=random.Random(0))
    before = model.state_dict()
    after([math.nan], patience=1).restore(model)
    assert model.state_dict() == before


def test_its_state_goes_through_json_and_a_reset_forgets_it():
    stopping, other = after([3, 2, 2.5], patience=2), EarlyStopping(2)
    fresh = other.state_dict()
    other.load_state_dict(json.loads(json.dumps(stopping.state_dict())))
    assert other.state_dict() == stopping.state_dict() != fresh
    other.reset()
    assert other.state_dict() == fresh


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0}, "1 or more, got 0"),
        ({"patience": 1.5}, "1 or more, got 1.5"),
        ({"patience": True}, "1 or more, got True"),
        ({"patience": 1, "min_delta": -0.1}, "min_delta must be 0 or more, got -0.1"),
        ({"patience": 1, "min_delta": math.inf}, "min_delta must be 0 or more, got inf"),
    ],
)
def test_a_wrong_setting_is_an_error_with_the_allowed_values(settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        EarlyStopping(**settings)


@pytest.mark.parametrize("wrong", [{"best": "low"}, {"waited": None}, {"weights": [1.0]}, {"best_epoch": "2"}])
def test_a_state_of_something_else_changes_nothing(wrong):
    stopping = after([3, 2, 2.5], patience=2)
    before = stopping.state_dict()
    with pytest.raises(ValueError, match="not the state of EarlyStopping"):
        stopping.load_state_dict(before | wrong)
    assert stopping.state_dict() == before
