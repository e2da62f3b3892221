"""fit(model, X, y): data in common forms, and the defaults."""

import random

import pytest

import nn
from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    Dataset,
    Layer,
    Neuron,
    RMSprop,
    Sequential,
    accuracy,
    evaluate,
    fit,
    moons,
)
from nn.training.defaults import usual_loss, usual_optimiser

MOONS = moons(40, rng=0)
XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def trained(*data, **options):
    model = MLP(2, [4, 1], rng=0)
    fit(model, *data, epochs=3, rng=0, **options)
    return model.state_dict()


def test_lists_tuples_arrays_pairs_and_data_sets_train_alike():
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    x, y = MOONS
    expected = trained(MOONS)
    for data in [
        (x, y),
        (tuple(map(tuple, x)), tuple(y)),
        (numpy.array(x), numpy.array(y)),
        (numpy.array(x), numpy.array(y)[:, None]),
        (pandas.DataFrame(x), pandas.Series(y)),
        (list(numpy.array(x)), y),
    ]:
        assert trained(*data) == expected
        assert trained(data) == expected
    assert trained(X=x, y=y) == expected
    assert trained(numpy.array(x), [int(each) for each in y], compiled=True) == pytest.approx(
        expected, rel=1e-9
    )


def test_inputs_that_are_single_numbers_become_lists_of_one():
    model = MLP(1, [4, 1], rng=0)
    history = fit(model, [0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0], epochs=300, rng=0)
    assert history.losses[-1] < 0.1


def test_a_call_with_loss_and_optimiser_in_the_old_places_is_understood():
    model = MLP(2, [4, 1], rng=0)
    optimiser = SGD(model, lr=0.1)
    first = fit(model, MOONS, "hinge", optimiser, epochs=2, rng=0)
    again = MLP(2, [4, 1], rng=0)
    assert first.losses == fit(again, *MOONS, nn.hinge, SGD(again, lr=0.1), epochs=2, rng=0).losses


def test_two_losses_are_refused():
    with pytest.raises(TypeError, match="fit takes one loss, got 'mse_loss' and 'hinge'"):
        fit(MLP(2, [1]), Dataset(*MOONS), "mse_loss", "hinge", "sgd")


@pytest.mark.parametrize(
    ("word", "ours"),
    [("criterion", {"loss": "hinge"}), ("optimizer", {"optimiser": "sgd"}), ("learning_rate", {"lr": 0.2})],
)
def test_names_of_other_libraries_are_parameters_of_fit(word, ours):
    assert trained(MOONS, **{word: next(iter(ours.values()))}) == trained(MOONS, **ours)


@pytest.mark.parametrize(
    ("model", "targets", "loss"),
    [
        (MLP(2, [3]), [0, 1, 2, 1], "cross_entropy"),
        (MLP(2, [3]), [[0.0, 1.0, 2.0]] * 4, "mse_loss"),
        (MLP(2, [1]), [0, 1, 1, 0], "binary_cross_entropy_with_logits"),
        (MLP(2, [1], ["sigmoid"]), [0, 1, 1, 0], "mse_loss"),
        (Sequential(Layer(2, 1, "linear"), lambda outputs: outputs[0].sigmoid()), [0, 1, 1, 0], "mse_loss"),
        (MLP(2, [1]), [-1, 1, 1, -1], "mse_loss"),
        (MLP(2, [1]), [0.5, 1.0, 0.0, 0.25], "mse_loss"),
        (Neuron(2), [0.0, 0.0, 0.0, 0.0], "mse_loss"),
    ],
)
def test_the_loss_suits_the_targets_and_the_outputs(model, targets, loss):
    assert usual_loss(model, Dataset(XOR, targets)) == loss


@pytest.mark.parametrize(
    ("given", "kind", "lr"),
    [
        (None, Adam, 0.05),
        ("adam", Adam, 0.05),
        ("ADAMW", AdamW, 0.05),
        ("rms_prop", RMSprop, 0.01),
        ("SGD", SGD, 0.1),
        (SGD, SGD, 0.1),
    ],
)
def test_an_optimiser_by_name_by_class_or_by_default(given, kind, lr):
    found = usual_optimiser(MLP(2, [1]), given, None)
    assert type(found) is kind
    assert found.lr == lr
    assert usual_optimiser(MLP(2, [1]), given, 0.3).lr == 0.3


@pytest.mark.parametrize("targets", [[0, 1, 1, 0], [-1, 1, 1, -1], [0.0, 1.0, 1.0, 0.0]])
@pytest.mark.parametrize("seed", range(5))
def test_xor_is_learnt_with_nothing_but_the_data(targets, seed):
    model = MLP(2, [4, 1], rng=seed)
    fit(model, XOR, targets, rng=seed)
    assert accuracy(model, XOR, targets) == 1.0


@pytest.mark.parametrize("targets", [[0, 1, 1, 0], [[0], [1], [1], [0]]])
def test_a_model_that_ends_in_a_sigmoid_is_right_above_one_half(targets):
    model = MLP(2, [4, 1], ["tanh", "sigmoid"], rng=0)
    history = fit(model, XOR, targets, epochs=300, rng=0)
    assert accuracy(model, XOR, targets) == history.accuracies[-1] == 1.0
    assert accuracy(model, XOR, targets, threshold=1.0) == 0.5


def test_a_pair_is_a_data_set_everywhere():
    model = MLP(2, [1], rng=0)
    pair = (XOR, [0.0, 1.0, 1.0, 0.0])
    data = Dataset(*pair)
    assert evaluate(model, pair) == evaluate(model, data)
    assert repr(nn.layerwise_errors(model, pair)) == repr(nn.layerwise_errors(model, data))
    assert repr(nn.compare_updates(model, pair, lr=0.1)) == repr(nn.compare_updates(model, data, lr=0.1))
    gate = nn.logic_gate("and")
    assert repr(nn.Perceptron(2).learn(gate.inputs, gate.targets)) == repr(nn.Perceptron(2).learn(gate))


def test_the_decision_boundary_is_drawn_of_inputs_and_targets():
    pytest.importorskip("matplotlib")
    x, y = MOONS
    model = MLP(2, [1], rng=0)
    axes = nn.plot_decision_boundary(model, x, y, resolution=5)
    assert nn.plot_decision_boundary(model, MOONS, axes, resolution=5) is axes
    assert nn.plot_decision_boundary(model, x, y, axes, 5) is axes
    assert nn.plot_hyperplanes(model, x, y, axes) is axes


def test_without_a_seed_two_trainings_shuffle_differently():
    random.seed(1)
    assert trained(MOONS, batch_size=8) == trained(MOONS, batch_size=8)
    first, second = (fit(MLP(2, [1], rng=0), MOONS, epochs=2, batch_size=8).losses for _ in range(2))
    assert first != second
