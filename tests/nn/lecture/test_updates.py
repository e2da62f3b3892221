"""Updating during the pass equals updating after it, unless the error passes through updated weights."""

import pytest

from nn import MLP, Activation, Dataset, Layer, Sequential, moons
from nn.lecture.updates import compare_updates


@pytest.mark.parametrize("loss", ["mse_loss", "hinge"])
@pytest.mark.parametrize("widths", [[1], [4, 1], [6, 5, 4, 1]])
def test_through_recorded_weights_the_update_is_exactly_that_after_the_pass(rng, loss, widths):
    found = compare_updates(MLP(2, widths, activation="tanh", rng=rng), moons(9, rng=rng), loss, lr=0.5)
    assert found.recorded == found.after_pass != found.before
    assert [layer.recorded for layer in found.layers] == [0.0] * len(widths)


def test_a_classifier_whose_loss_meets_the_right_output_first_is_updated_exactly_too(rng):
    data = Dataset([[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(9)], [k % 3 for k in range(9)])
    for model in (
        MLP(2, [5, 4, 3], rng=rng),
        Sequential(Layer(2, 4, rng=rng), Activation("silu"), Layer(4, 3, rng=rng)),
    ):
        found = compare_updates(model, data, "cross_entropy", lr=0.5)
        assert [layer.recorded for layer in found.layers] == [0.0] * 3
        assert found.recorded == found.after_pass != found.before


def test_through_adjusted_weights_it_is_another_one_below_the_last_layer(rng):
    found = compare_updates(MLP(2, [4, 3, 1], activation="tanh", rng=rng), moons(9, rng=rng), lr=0.1)
    assert [layer.name for layer in found.layers] == ["layers.2", "layers.1", "layers.0"]
    assert found.layers[0].adjusted == 0
    assert all(layer.adjusted > 0.001 for layer in found.layers[1:])
    assert found.adjusted != found.after_pass


def test_the_difference_shrinks_with_the_learning_rate(rng):
    model, data = MLP(2, [4, 3, 1], activation="tanh", rng=rng), moons(9, rng=rng)
    large, small = (compare_updates(model, data, lr=lr).layers[1].adjusted for lr in (1e-2, 1e-4))
    assert small == pytest.approx(large / 100, rel=0.1)


def test_the_model_is_as_it_was(rng):
    model = MLP(2, [3, 1], rng=rng)
    before = model.state_dict()
    found = compare_updates(model, moons(4, rng=rng), lr=0.1)
    assert model.state_dict() == before
    assert "while passing, adjusted weights" in repr(found)
