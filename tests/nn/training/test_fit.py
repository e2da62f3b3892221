"""Training: batches, validation, early stopping, metrics, schedules, and the end of a run."""

import math
import random
import re
import signal

import pytest

from autograd import Value, exp
from nn import (
    MLP,
    SGD,
    Autoencoder,
    Dataset,
    DivergenceError,
    EarlyStopping,
    Module,
    accuracy,
    evaluate,
    fit,
    moons,
    mse_loss,
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "hubris"}, "no loss is called 'hubris'"),
        ({"epochs": -1}, "0 or more, got -1"),
        ({"batch_size": 0}, "a batch must have at least 1 example, got 0"),
        ({"data": Dataset([], [])}, "needs at least 1"),
        ({"validation": Dataset([], [])}, "needs at least 1"),
        ({"early_stopping": 0}, "patience must be a number of epochs, 1 or more, got 0"),
        ({"clip": 0.0}, "got 0.0"),
    ],
)
def test_a_wrong_argument_is_an_error_with_the_allowed_values(rng, arguments, message):
    given = {"data": moons(4, rng=rng), "epochs": 1, "rng": rng} | arguments
    with pytest.raises(ValueError, match=re.escape(message)):
        fit(MLP(2, [1], rng=rng), **given)


def test_the_same_seed_gives_the_same_network_and_the_same_training():
    def run(seed):
        rng = random.Random(seed)
        model = MLP(2, [4, 1], rng=rng)
        history = fit(model, moons(20, rng=rng), "hinge", epochs=3, batch_size=5, rng=rng)
        return history.losses, [parameter.data for parameter in model.parameters()]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_training_reaches_95_percent_on_points_never_seen():
    rng = random.Random(3)
    training, test = moons(200, noise=0.1, rng=rng).split(0.5, rng)
    model = MLP(2, [8, 8, 1], activation="relu", rng=rng)
    before = accuracy(model, test)
    optimiser = SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = fit(model, training, "hinge", optimiser, epochs=30, batch_size=20, rng=rng)
    assert before < 0.95 < accuracy(model, test)
    assert history.losses[-1] < 0.3 * history.losses[0]
    assert "30 epochs" in repr(history)


def test_the_history_has_the_gradient_of_every_layer_in_every_epoch(rng):
    model = MLP(2, [3, 2, 1], rng=rng)
    history = fit(model, moons(10, rng=rng), epochs=4, rng=rng)
    assert list(history.gradients) == ["layers.0", "layers.1", "layers.2"]
    assert all(len(lengths) == 4 and min(lengths) > 0 for lengths in history.gradients.values())


def test_ctrl_c_ends_training_and_keeps_the_history(rng):
    def interrupt(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    history = fit(MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=100, rng=rng, after_epoch=interrupt)
    assert (len(history.losses), history.interrupted) == (3, True)
    assert "interrupted" in repr(history)


def test_ctrl_c_within_an_epoch_keeps_the_finished_ones_alone(rng):
    calls = []

    def loss(predictions, targets):
        calls.append(None)
        if len(calls) == 6:  # in the second of four batches of the second epoch
            signal.raise_signal(signal.SIGINT)
        return mse_loss(predictions, targets)

    history = fit(MLP(2, [1], rng=rng), moons(8, rng=rng), loss, epochs=100, batch_size=2, rng=rng)
    assert history.interrupted
    assert [len(history.losses), len(history.accuracies)] == [1, 1]
    assert [len(lengths) for lengths in history.gradients.values()] == [1]


def test_ctrl_c_in_the_first_epoch_is_reported(rng):
    def loss(predictions, targets):
        raise KeyboardInterrupt

    history = fit(MLP(2, [1], rng=rng), moons(4, rng=rng), loss, epochs=1, rng=rng)
    assert repr(history) == "History(no epoch finished, interrupted)"


def test_validation_data_is_evaluated_after_every_epoch_and_never_trained_on(rng):
    training, test = moons(40, rng=rng).split(0.5, rng)
    model, twin = MLP(2, [4, 1], rng=random.Random(1)), MLP(2, [4, 1], rng=random.Random(1))
    found = []
    history = fit(
        model, training, "hinge", epochs=3, rng=random.Random(2), validation=test,
        after_epoch=lambda epoch, _: found.append(evaluate(model, test, "hinge")),
    )  # fmt: skip
    fit(twin, training, "hinge", epochs=3, rng=random.Random(2))
    assert model.state_dict() == twin.state_dict()
    assert history.validation_losses == [each.loss for each in found]
    assert history.validation_metrics["accuracy"] == [each.metrics["accuracy"] for each in found]


class Mode(Module):
    """A model that records the mode in which it was called, and whether operations were recorded."""

    def __init__(self):
        self.weight = Value(0.5)
        self.calls = []

    def __call__(self, inputs):
        output = self.weight * inputs[0]
        self.calls.append((getattr(self, "training", True), bool(output.operands)))
        return output


def test_training_runs_in_training_mode_and_validation_unrecorded_in_evaluation_mode():
    model, data = Mode(), Dataset([[1.0]], [1.0])
    model.training = False
    fit(model, data, "mse_loss", epochs=2, rng=random.Random(0), validation=data)
    assert model.calls == [(True, True), (False, False)] * 2
    assert model.training is False


def test_early_stopping_gives_back_the_weights_of_the_best_epoch(rng):
    model, states = MLP(2, [3, 1], rng=rng), []
    training, test = moons(20, rng=rng).split(0.5, rng)
    history = fit(
        model, training, optimiser=SGD(model.parameters(), lr=0.5), epochs=200, rng=rng, validation=test,
        early_stopping=3, after_epoch=lambda *_: states.append(model.state_dict()),
    )  # fmt: skip
    losses = history.validation_losses
    assert len(losses) < 200
    assert history.best_epoch == losses.index(min(losses)) == len(losses) - 4
    assert model.state_dict() == states[history.best_epoch]


def test_early_stopping_looks_at_the_training_loss_without_validation_data(rng):
    model = MLP(2, [1], rng=rng)
    flat = EarlyStopping(patience=2, min_delta=1e9)
    history = fit(model, moons(8, rng=rng), epochs=50, rng=rng, early_stopping=flat)
    assert (len(history.losses), history.best_epoch) == (3, 0)
    assert len(fit(model, moons(8, rng=rng), epochs=50, rng=rng, early_stopping=flat).losses) == 3  # reset


def test_a_model_with_several_outputs_learns_and_its_accuracy_is_that_of_the_largest(rng):
    data = Dataset([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]] * 4, [0, 1, 2] * 4)
    model = MLP(2, [3], rng=rng)
    optimiser = SGD(model.parameters(), lr=0.3)
    history = fit(model, data, "cross_entropy", optimiser, epochs=30, rng=rng, batch_size=4, validation=data)
    assert history.accuracies[-1] == history.validation_metrics["accuracy"][-1] == accuracy(model, data) == 1.0


def test_an_autoencoder_learns_its_inputs_and_has_no_accuracy(rng):
    points = [[math.cos(k), math.sin(k), math.cos(k + 1)] for k in range(12)]
    model = Autoencoder(3, [2], rng=rng)
    optimiser = SGD(model.parameters(), lr=0.3)
    history = fit(model, Dataset(points, points), "mse_loss", optimiser, epochs=60, rng=rng)
    assert (history.metrics, history.accuracies) == ({}, [])
    assert history.losses[-1] < 0.05 * history.losses[0]


def test_regression_has_no_accuracy(rng):
    data = Dataset([[0.0], [1.0]], [0.5, 2.5])
    history = fit(MLP(1, [1], rng=rng), data, epochs=2, rng=rng, validation=data)
    assert (history.metrics, history.validation_metrics) == ({}, {})
    assert "accuracy" not in repr(history)


def test_custom_metrics_get_all_predictions_of_an_epoch_as_numbers(rng):
    seen = []

    def worst(predictions, targets):
        seen.append((len(predictions), type(predictions[0]), len(targets)))
        return max(abs(p - t) for p, t in zip(predictions, targets, strict=True))

    data = moons(10, rng=rng)
    history = fit(
        MLP(2, [1], rng=rng), data, epochs=2, rng=rng, batch_size=4, metrics={"worst": worst}, validation=data
    )
    assert seen == [(10, float, 10)] * 4
    assert len(history.metrics["worst"]) == len(history.validation_metrics["worst"]) == 2
    assert "worst" in repr(history)


def test_a_schedule_is_stepped_once_an_epoch_with_the_loss_that_counts(rng):
    seen = []

    class Halving:
        def __init__(self, optimiser):
            self.optimiser = optimiser

        def step(self, metric=None):
            seen.append(metric)
            self.optimiser.lr /= 2

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    model, data = MLP(2, [1], rng=rng), moons(10, rng=rng)
    optimiser = SGD(model.parameters(), lr=0.8)
    history = fit(model, data, optimiser=optimiser, epochs=3, rng=rng, schedule=Halving(optimiser))
    assert history.learning_rates == [0.8, 0.4, 0.2]
    assert seen == history.losses
    history = fit(
        model, data, optimiser=optimiser, epochs=1, rng=rng, schedule=Halving(optimiser), validation=data
    )
    assert seen[3:] == history.validation_losses


def test_clipping_shortens_every_step(rng):
    data, lengths = Dataset([[100.0]], [1.0]), []
    for clip in (None, 0.5):
        model = MLP(1, [1], rng=random.Random(1))
        before = [p.data for p in model.parameters()]
        history = fit(model, data, optimiser=SGD(model.parameters(), lr=1.0), epochs=1, rng=rng, clip=clip)
        lengths.append(math.dist(before, [p.data for p in model.parameters()]))
        assert history.gradients["layers.0"][0] > 100  # as it was before it was clipped
    assert lengths[0] > 100
    assert lengths[1] == pytest.approx(0.5)


def test_every_callback_is_called_after_every_epoch(rng):
    calls = []
    fit(
        MLP(2, [1], rng=rng), moons(4, rng=rng), epochs=2, rng=rng,
        callbacks=[lambda epoch, history: calls.append(("a", epoch, len(history.losses)))],
        after_epoch=lambda epoch, history: calls.append(("b", epoch, len(history.losses))),
    )  # fmt: skip
    assert calls == [("a", 0, 1), ("b", 0, 1), ("a", 1, 2), ("b", 1, 2)]


def test_divergence_is_an_error_with_the_history_and_the_parameters_before_the_step(rng):
    model, data, states = MLP(2, [4, 1], rng=rng), moons(20, rng=rng), []
    optimiser = SGD(model.parameters(), lr=1e3)
    with pytest.raises(
        DivergenceError, match=r"in epoch \d+, step 0 .*the loss is .*more than 1e\+06 times"
    ) as caught:
        fit(
            model, data, optimiser=optimiser, epochs=100, rng=rng,
            after_epoch=lambda *_: states.append(model.state_dict()),
        )  # fmt: skip
    error = caught.value
    assert len(error.history.losses) == error.epoch == len(states) > 0
    assert model.state_dict() == states[-1]


def test_a_nan_names_the_node_that_it_began_at(rng):
    class Growth(Module):
        def __init__(self):
            self.rate = Value(1.0, "rate")

        def __call__(self, inputs):
            grown = exp(self.rate * inputs[0])
            return grown - grown

    with pytest.raises(
        DivergenceError, match=r"the loss is nan. It began here: exp\(rate \* 1000\) gave inf"
    ) as caught:
        fit(Growth(), Dataset([[1.0], [1000.0]], [1.0, 1.0]), epochs=1, rng=rng)
    assert (caught.value.epoch, caught.value.step) == (0, 0)


def test_a_nan_in_the_data_is_named(rng):
    with pytest.raises(DivergenceError, match=r"the loss is nan. It began here: .*nan"):
        fit(MLP(1, [1], rng=rng), Dataset([[math.nan]], [1.0]), epochs=1, rng=rng)


def test_a_gradient_that_overflows_is_an_error_before_the_update(rng):
    class Steep(Module):
        def __init__(self):
            self.a, self.b = Value(1e-300, "a"), Value(1e300, "b")

        def __call__(self, inputs):
            return self.a * self.b * inputs[0]

    model = Steep()
    with pytest.raises(
        DivergenceError, match=r"the gradient of a is -?inf. It began here: the gradient of a is"
    ):
        fit(model, Dataset([[1e9]], [0.0]), lambda p, t: p[0] * 1.0, epochs=1, rng=rng)
    assert (model.a.data, model.b.data) == (1e-300, 1e300)


def test_an_update_that_overflows_is_taken_back(rng):
    model = MLP(1, [1], ["linear"], rng=rng)
    before = model.state_dict()
    optimiser = SGD(model.parameters(), lr=1e308)
    with pytest.raises(
        DivergenceError, match=r"the update made layers.0.neurons.0.weights.0 -?inf, with a gradient"
    ):
        fit(model, Dataset([[1000.0]], [0.0]), lambda p, t: p[0] * p[0] * 1.0, optimiser, epochs=1, rng=rng)
    assert model.state_dict() == before
