"""Training on a cluster: the same runs as on one machine, to rounding, and the same checkpoints."""

import random
import sys

import pytest

from tests.helpers import parameter_values

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
pytest.importorskip("distributed", reason="no Dask here: pip install 'chainwalk[cluster]'")

from autograd import cluster
from nn import (
    MLP,
    Adam,
    Checkpoint,
    Dataset,
    DivergenceError,
    Dropout,
    Layer,
    Sequential,
    blobs,
    evaluate,
    fit,
    moons,
)

MOONS = moons(240, rng=random.Random(0))
BLOBS = blobs(240, 3, rng=random.Random(0))


def trained(data, loss, outputs=1, epochs=4, **options):
    rng = random.Random(3)
    model = MLP(2, [6, outputs], activation="tanh", rng=rng)
    return model, fit(model, data, loss, Adam(model.parameters(), lr=0.05), epochs=epochs, rng=rng, **options)


def on_cluster(client, data, block=30):
    return cluster.rows(client, inputs=np.array(data.inputs), targets=np.array(data.targets), block=block)


@pytest.mark.parametrize("batch_size", [None, 50])
@pytest.mark.parametrize(
    ("data", "loss", "outputs"),
    [
        (MOONS, "hinge", 1),
        (BLOBS, "cross_entropy", 3),
        (Dataset(MOONS.inputs, MOONS.inputs), "mse_loss", 2),
    ],
    ids=["hinge", "classes", "vectors"],
)
def test_a_data_set_is_trained_on_as_on_one_machine(client, data, loss, outputs, batch_size):
    model, history = trained(data, loss, outputs, batch_size=batch_size, compiled=True)
    far, told = trained(data, loss, outputs, batch_size=batch_size, client=client)
    assert parameter_values(far) == pytest.approx(parameter_values(model), rel=1e-9, abs=1e-12)
    assert told.losses == pytest.approx(history.losses, rel=1e-9)
    assert told.metrics == history.metrics
    assert told.gradients.keys() == history.gradients.keys()


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("batch_size", [None, 130])
def test_the_predictions_of_several_blocks_are_in_the_order_of_the_targets(
    client, monkeypatch, outputs, batch_size
):
    monkeypatch.setattr(sys.modules["autograd.cluster.rows"], "BLOCK", 50)
    data, loss = (MOONS, "hinge") if outputs == 1 else (BLOBS, "cross_entropy")
    model, history = trained(data, loss, outputs, batch_size=batch_size, compiled=True)
    far, told = trained(data, loss, outputs, batch_size=batch_size, client=client)
    assert parameter_values(far) == pytest.approx(parameter_values(model), rel=1e-9, abs=1e-12)
    assert told.accuracies == history.accuracies


def test_the_last_batch_of_blocks_may_be_smaller(client):
    rows = on_cluster(client, BLOBS, block=50)  # 240 rows in 5 blocks of 48
    sizes = [batch.inputs.size for batch in batches_of(client, rows, 100)]
    assert sizes == [144, 96]


def batches_of(client, rows, size):
    from nn.training.distributed import DistributedModel

    model = DistributedModel(MLP(2, [3], rng=0), "cross_entropy", rows, client, None)
    return list(model.batches(size, random.Random(0)))


def test_rows_that_are_on_the_cluster_already(client):
    model, history = trained(MOONS, "hinge", validation=MOONS, compiled=True)
    rows = on_cluster(client, MOONS)
    far, told = trained(rows, "hinge", validation=rows)
    assert parameter_values(far) == pytest.approx(parameter_values(model), rel=1e-9, abs=1e-12)
    assert told.accuracies == pytest.approx(history.accuracies)
    assert told.validation_losses == pytest.approx(history.validation_losses)
    assert told.validation_metrics["accuracy"] == pytest.approx(history.validation_metrics["accuracy"])


def test_batches_of_rows_are_whole_blocks_in_an_order_of_the_generator(client):
    rows = on_cluster(client, BLOBS)
    _, once = trained(rows, "cross_entropy", 3, batch_size=60)
    _, again = trained(rows, "cross_entropy", 3, batch_size=60)
    assert once.losses == again.losses  # bitwise
    assert once.losses[-1] < once.losses[0]
    assert once.accuracies[-1] > 0.9


def test_custom_metrics_are_means_over_the_examples(client):
    def distance(predictions, targets):
        return sum(abs(p - t) for p, t in zip(predictions, targets, strict=True)) / len(targets)

    _, history = trained(MOONS, "hinge", metrics={"distance": distance}, compiled=True)
    _, told = trained(on_cluster(client, MOONS, block=70), "hinge", metrics={"distance": distance})
    assert told.metrics["distance"] == pytest.approx(history.metrics["distance"])


def test_a_nan_is_in_no_class(client):
    from nn import binary_accuracy, class_accuracy
    from nn.training.distributed import Right, Summed

    targets, some = np.array([1.0, 1.0, -1.0]), np.array([2.0, np.nan, -3.0])
    assert Right(0.0)(some, targets) == Summed(binary_accuracy)(some, targets) == 2.0
    table = [np.array([0.5, np.nan, 0.0]), np.array([1.0, 0.0, 3.0])]
    classes = np.array([1, 1, 0])
    assert Right(0.0)(table, classes) == pytest.approx(Summed(class_accuracy)(table, classes)) == 1.0


@pytest.mark.parametrize("batch_size", [None, 50])
def test_a_run_resumes_from_its_checkpoint_bit_for_bit(client, tmp_path, batch_size):
    whole, _ = trained(MOONS, "hinge", client=client, batch_size=batch_size)
    path = tmp_path / "run.json"
    trained(MOONS, "hinge", epochs=2, client=client, batch_size=batch_size, checkpoint=path)
    resumed, history = trained(
        MOONS, "hinge", client=client, batch_size=batch_size, checkpoint=Checkpoint(path)
    )
    assert parameter_values(resumed) == parameter_values(whole)
    assert len(history.losses) == 4
    # and one that began on this machine resumes there
    other = tmp_path / "other.json"
    trained(MOONS, "hinge", epochs=2, compiled=True, batch_size=batch_size, checkpoint=other)
    moved, _ = trained(MOONS, "hinge", client=client, batch_size=batch_size, checkpoint=other)
    assert parameter_values(moved) == pytest.approx(parameter_values(whole), rel=1e-9, abs=1e-12)


def test_divergence_is_reported_with_its_origin_if_the_examples_are_local(client):
    far = Dataset([[1e308, 1e308]] * 4, [1.0] * 4)
    rng = random.Random(0)
    model = MLP(2, [1], rng=rng)
    before = parameter_values(model)
    for data in (far, on_cluster(client, far, block=2)):
        with pytest.raises(DivergenceError, match="in epoch 0, step 0"):
            fit(model, data, "mse_loss", epochs=1, rng=rng, client=client)
        assert parameter_values(model) == before


def test_arguments_that_do_not_fit_together_are_errors(client):
    rows = on_cluster(client, MOONS)
    with pytest.raises(ValueError, match="training needs rows of inputs and targets, got x"):
        trained(cluster.rows(client, x=np.zeros(3)), "hinge")
    with pytest.raises(ValueError, match=r"hinge takes targets of -1 and \+1, not 0"):
        trained(on_cluster(client, BLOBS), "hinge")
    with pytest.raises(TypeError, match="validation data on a cluster need training on a cluster"):
        trained(MOONS, "hinge", validation=rows)
    with pytest.raises(TypeError, match="the targets are missing"):
        trained([1.0], "hinge", client=client)
    with pytest.raises(ValueError, match="a batch must have at least 1 example, got 0"):
        trained(rows, "hinge", batch_size=0)
    with pytest.raises(ConnectionError, match="no scheduler answers"):
        trained(MOONS, "hinge", client="nonsense://x")
    rng = random.Random(0)
    model = Sequential(Layer(2, 3, rng=rng), Dropout(0.5, rng=rng), MLP(3, [1], rng=rng))
    with pytest.raises(ValueError, match="Dropout in training mode draws random numbers"):
        fit(model, rows, "hinge", epochs=1, rng=rng)


def test_a_model_with_dropout_is_evaluated_without_it(client):
    from nn.training.distributed import DistributedModel

    rng = random.Random(0)
    model = Sequential(Layer(2, 3, rng=rng), Dropout(0.5, rng=rng), MLP(3, [1], rng=rng))
    rows = on_cluster(client, MOONS)
    found = DistributedModel(model, "hinge", rows, client, None).evaluate(rows)
    expected = evaluate(model, MOONS, "hinge")
    assert found.loss == pytest.approx(expected.loss)
    assert found.metrics == pytest.approx(expected.metrics)


def test_a_file_that_goes_in_the_middle_of_a_run_leaves_the_model_and_the_checkpoint_of_the_last_epoch(
    client, tmp_path
):
    table = np.column_stack([MOONS.inputs, MOONS.targets])
    (tmp_path / "rows").mkdir()
    for k in range(3):
        np.save(tmp_path / "rows" / f"{k}.npy", table[k * 80 : (k + 1) * 80])
    rows = cluster.folder(client, tmp_path / "rows", inputs=[0, 1], targets=2, keep=0)
    rng, path = random.Random(3), tmp_path / "run.json"
    model = MLP(2, [6, 1], activation="tanh", rng=rng)
    after = []

    def spoil(epoch, history):
        after.append(parameter_values(model))
        if epoch == 1:
            (tmp_path / "rows" / "1.npy").unlink()

    with pytest.raises(FileNotFoundError, match=r"1.npy no longer exists"):
        fit(model, rows, "hinge", epochs=5, rng=rng, callbacks=[spoil], checkpoint=path)
    assert parameter_values(model) == after[1]
    np.save(tmp_path / "rows" / "1.npy", table[80:160])
    whole, _ = trained_on(rows, 5)
    again = MLP(2, [6, 1], activation="tanh", rng=random.Random(3))
    fit(again, rows, "hinge", epochs=5, rng=random.Random(3), checkpoint=path)
    assert parameter_values(again) == parameter_values(whole)


def trained_on(rows, epochs):
    rng = random.Random(3)
    model = MLP(2, [6, 1], activation="tanh", rng=rng)
    return model, fit(model, rows, "hinge", epochs=epochs, rng=rng)
