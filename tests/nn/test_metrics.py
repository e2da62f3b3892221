"""Metrics: which predictions are correct, and when there is an accuracy."""

import math
import re

import pytest

from autograd import Value
from nn import MLP, Dataset, Module, accuracy, evaluate, mse_loss
from nn.metrics import binary_accuracy, class_accuracy, mode, usual_metrics


def test_a_prediction_is_right_on_the_side_of_its_target():
    assert binary_accuracy([2.0, -0.1, 0.1, -3.0], [1, 1, -1, -1]) == 0.5
    assert binary_accuracy([0.6, 0.4, 0.4], [1, 1, 0], threshold=0.5) == 2 / 3


def test_a_nan_is_never_right():
    assert binary_accuracy([math.nan, math.nan], [1, -1]) == 0
    assert class_accuracy([[math.nan, 0.0], [0.0, math.nan]], [0, 1]) == 0


def test_the_largest_output_is_the_class():
    assert class_accuracy([[0.1, 0.9, 0.0], [0.5, 0.4, 0.3], [0.0, 0.0, 0.1]], [1, 1, 2.0]) == 2 / 3


@pytest.mark.parametrize(
    ("outputs", "targets", "loss", "right"),
    [
        ([0.4, 0.6], [-1, 1], "mse_loss", 0.5),  # by the sign
        ([0.4, 0.6], [0, 1], "mse_loss", 1.0),  # the nearer target
        ([0.4, 0.6], [0.0, 1.0], mse_loss, 1.0),
        ([0.4, 0.6], [0, 1], "binary_cross_entropy_with_logits", 0.5),  # a logit above 0
        ([0.4, 0.6], [0, 1], lambda p, t: 0.0, 0.5),
        ([0.4, 0.6], [1, 1], "hinge", 1.0),
        ([[0.0, 1.0], [1.0, 0.0]], [1, 1], "cross_entropy", 0.5),
        ([0.4, 0.6], [0, 2], "mse_loss", None),
        ([0.4, 0.6], [0.25, 1], "mse_loss", None),
        ([[0.0, 1.0]], [[0.0, 1.0]], "mse_loss", None),
        ([[0.0, 1.0]], [2], "cross_entropy", None),
        ([0.4], [[1.0]], "mse_loss", None),
    ],
)
def test_there_is_an_accuracy_where_the_targets_are_classes(outputs, targets, loss, right):
    found = {name: metric(outputs, targets) for name, metric in usual_metrics(outputs, targets, loss).items()}
    assert found == ({} if right is None else {"accuracy": right})


def test_classes_may_be_in_an_array():
    numpy = pytest.importorskip("numpy")
    outputs = [[0.1, 0.9], [0.8, 0.2]]
    assert usual_metrics(outputs, numpy.array([1, 0]), "cross_entropy").keys() == {"accuracy"}
    assert usual_metrics(outputs, numpy.array([1, 2]), "cross_entropy") == {}
    assert usual_metrics(outputs, numpy.array([[0.5, 0.5], [1.0, 0.0]]), "cross_entropy") == {}


def test_the_accuracy_of_several_outputs_needs_targets_that_count_them():
    model = lambda inputs: [inputs[0], inputs[1]]  # noqa: E731
    assert accuracy(model, Dataset([[0.0, 1.0], [1.0, 0.0]], [1, 1])) == 0.5
    with pytest.raises(
        ValueError, match=re.escape("2 outputs needs targets that are whole numbers from 0 to 1")
    ):
        accuracy(model, Dataset([[0.0, 1.0]], [-1.0]))


def test_no_examples_are_an_error(rng):
    for function in (accuracy, evaluate):
        with pytest.raises(ValueError, match="at least 1 example"):
            function(MLP(2, [1], rng=rng), Dataset([], []))


def test_an_evaluation_takes_custom_metrics_and_a_loss_that_calls_methods(rng):
    model, data = MLP(1, [1], rng=rng), Dataset([[1.0], [2.0]], [3.0, 4.0])
    found = evaluate(model, data, lambda p, t: p[0].tanh() + p[1].tanh(), {"count": lambda p, t: len(p)})
    assert found.loss == model([1.0]).tanh().data + model([2.0]).tanh().data
    assert found.metrics == {"count": 2.0}
    assert type(found.loss) is float


class Parts(Module):
    """A module in a module."""

    def __init__(self):
        self.weight, self.inner = Value(1.0), Module()


def test_a_mode_reaches_every_module_and_is_taken_back_after_an_error():
    model = Parts()
    model.inner.training = False

    def fail():
        with mode(model, training=False):
            assert (model.training, model.inner.training) == (False, False)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (model.training, model.inner.training) == (True, False)
