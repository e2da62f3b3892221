"""Divergence of a loss, of gradients and of parameters, as a Watch reports it."""

import math
import pickle

import pytest

from autograd import Value, exp
from nn import DivergenceError, Epoch, History, Module
from nn.training.divergence import EXPLOSION, Watch


@pytest.mark.parametrize(
    ("first", "later", "diverged"),
    [
        (0.5, 1e6, False),
        (0.5, 1.1e6, True),
        (100.0, 9e7, False),
        (100.0, 1.1e8, True),
        (-5.0, 2e6, True),
        (0.0, -1e30, False),  # a loss may be negative
        (1.0, math.nan, True),
        (1.0, math.inf, True),
        (1.0, -math.inf, True),
    ],
)
def test_a_loss_explodes_a_million_times_above_the_first_or_above_one(first, later, diverged):
    watch = Watch(Module())
    assert EXPLOSION == 1e6
    assert watch.loss(Value(first)) == ""
    assert bool(watch.loss(Value(later))) == diverged


def test_a_divergence_names_the_node_at_which_it_began():
    x = Value(800.0, "x")
    assert Watch(Module()).loss(exp(x) * 0.5) == "the loss is inf. It began here: exp(x) gave inf at x = 800.0"


def test_a_gradient_that_was_bad_before_the_pass_is_reported_as_such():
    x = Value(1.0, "x")
    loss = Value(2.0) * 1.0
    x.grad = math.inf
    assert Watch(Module()).gradients(loss, [x]) == (
        "the gradient of x is inf. It began outside the graph of the loss"
    )


def test_parameters_have_their_names_in_the_model_else_their_labels():
    model, foreign = Module(), Value(math.nan)
    model.sound, model.bad = Value(1.0, "s"), Value(math.inf, "b")
    model.bad.grad = 3.0
    watch = Watch(model)
    assert watch.parameters([model.sound, model.bad]) == "the update made bad inf, with a gradient of 3"
    assert watch.parameters([model.sound]) == ""
    assert watch.name(Value(1.0, "w")) == "w"
    assert watch.parameters([foreign]).startswith("the update made a parameter outside the model nan")


def test_the_error_is_an_arithmetic_error_that_can_be_pickled():
    error = DivergenceError("the loss is nan", History([Epoch(0.5)]), 1, 2)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ArithmeticError)
    assert (str(again), again.epoch, again.step) == (str(error), 1, 2)
    assert again.history.losses == [0.5]
    assert str(error).startswith(
        "training diverged in epoch 1, step 2 (the first is 0): the loss is nan. The model"
    )
