"""A killed run resumes exactly; the checkpoint of another run changes nothing."""

import hashlib
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nn
from nn import MLP, SGD, Checkpoint, Dataset, DivergenceError, EarlyStopping, Module, fit, moons
from nn.training import checkpoints
from nn.training.checkpoints import Generators

ROOT = Path(__file__).parents[3]


class Shaken(Module):
    """A network with noise on its inputs in training mode, drawn by its own generator."""

    def __init__(self, rng):
        self.network = MLP(2, [4, 1], activation="tanh", rng=rng)
        self.rng = random.Random(5)

    def __call__(self, inputs):
        return self.network([x + self.rng.gauss(0, 0.1) for x in inputs])


def run(checkpoint=None, epochs=30, seed=1, model=None, **more):
    """Train a network; return its complete state as text, to the last digit."""
    rng = random.Random(seed)
    model = model or Shaken(rng)
    training, test = moons(24, rng=rng).split(0.5, rng)
    optimiser = SGD(model.parameters(), lr=0.05, momentum=0.9)
    history = fit(
        model, training, "mse_loss", optimiser, epochs=epochs, rng=rng, batch_size=5, validation=test,
        early_stopping=EarlyStopping(12), checkpoint=checkpoint, **more,
    )  # fmt: skip
    return repr((model.state_dict(), history.state_dict(), optimiser.state_dict(), rng.random()))


SCRIPT = """
import sys, time
sys.path.insert(0, ".")
from tests.nn.training.test_checkpoints import EPOCHS_AT_ONCE, run
done = []
def slowly(*_):
    done.append(None)
    time.sleep(0.02 if len(done) < EPOCHS_AT_ONCE else 600)
print(run(sys.argv[1], after_epoch=slowly))
"""
EPOCHS_AT_ONCE = 8
"""A process waits in the last of these to be killed, however late its killer is."""


def started(path):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def states_in(path):
    """Return the states in a checkpoint, which may be in the middle of being written."""
    head, *lines = path.read_bytes().splitlines(keepends=True)
    size, states = json.loads(head)["bytes"], []
    while size > 0:
        states.append(json.loads(lines.pop(0)))
        size -= len(json.dumps(states[-1])) + 1
    return states


def epochs_in(path):
    if not path.exists():
        return 0
    return sum(len(state["history"]["state"]["epochs"]) for state in states_in(path))


def test_a_process_killed_in_the_middle_is_resumed_to_the_last_bit(tmp_path):
    path = tmp_path / "run.json"
    process = started(path)
    while epochs_in(path) < 5:
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.communicate(timeout=60)
    assert 5 <= epochs_in(path) < 30
    assert run(path) == run()


@pytest.mark.slow
def test_a_process_killed_at_any_moment_again_and_again_is_resumed_to_the_last_bit(tmp_path):
    path, rng, kills = tmp_path / "run.json", random.Random(4), 0
    while True:
        process, before = started(path), epochs_in(path)
        while process.poll() is None and epochs_in(path) == before:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.2))
        if process.poll() is None:
            process.kill()
            kills += 1
        written, _ = process.communicate(timeout=60)
        if process.returncode == 0:
            break
    assert kills >= 3  # of 30 epochs, at most 8 in each process
    assert written.strip() == run()


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_run_of_fewer_epochs_is_continued_to_the_last_bit(tmp_path, stop):
    path = tmp_path / "run.json"
    run(path, epochs=stop)
    assert run(path, epochs=9) == run(epochs=9)


def test_a_run_interrupted_by_ctrl_c_is_resumed_to_the_last_bit(tmp_path):
    path = tmp_path / "run.json"

    def interrupt(epoch, history):
        if epoch == 5:
            raise KeyboardInterrupt

    run(path, epochs=9, after_epoch=interrupt)
    assert epochs_in(path) == 5
    assert run(path, epochs=9) == run(epochs=9)


def test_a_checkpoint_every_few_epochs_is_also_written_after_the_last(tmp_path):
    path, seen = tmp_path / "run.json", []
    run(Checkpoint(path, every=3), epochs=7, after_epoch=lambda *_: seen.append(epochs_in(path)))
    assert seen == [0, 0, 0, 3, 3, 3, 6]
    assert epochs_in(path) == 7
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_finished_run_is_given_back_without_training(tmp_path):
    path, calls = tmp_path / "run.json", []
    first = run(path, epochs=60)
    assert run(path, epochs=60, after_epoch=lambda *_: calls.append(None)) == first
    assert (calls, 13 <= epochs_in(path) < 60) == ([], True)  # ended by early stopping


def test_without_resume_the_run_starts_again(tmp_path):
    path = tmp_path / "run.json"
    run(path, seed=7, epochs=2)
    assert run(Checkpoint(path, resume=False), epochs=3) == run(epochs=3)
    assert epochs_in(path) == 3


def test_divergence_keeps_the_checkpoint_of_the_last_sound_epoch(tmp_path):
    path, rng = tmp_path / "run.json", random.Random(0)
    model = MLP(2, [3, 1], rng=rng)
    with pytest.raises(DivergenceError) as caught:
        fit(
            model,
            moons(9, rng=rng),
            "mse_loss",
            SGD(model.parameters(), lr=1e3),
            epochs=99,
            rng=rng,
            checkpoint=path,
        )
    assert epochs_in(path) == caught.value.epoch > 0


def damaged(text, kind):
    head, *lines = text.splitlines()
    head = json.loads(head)
    if kind == "a number":
        state = json.loads(lines[-1])
        state["model"]["state"]["network.layers.0.bias"][0] = 0.125
        lines[-1] = json.dumps(state).ljust(len(lines[-1]))
    if kind == "another version":
        head["chainwalk checkpoint"] = 99
    if kind == "a part left out":
        del head["sha256"]
    return "\n".join([json.dumps(head), *lines, ""])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda text: text[: len(text) // 2], "is not a complete checkpoint"),
        (lambda text: "", "is not a complete checkpoint"),
        (lambda text: "[" * 100_000, "is not a complete checkpoint"),
        (lambda text: "[1, 2]", "is not a checkpoint of this library"),
        (lambda text: '{"epochs": 3}', "is not a checkpoint of this library"),
        (lambda text: damaged(text, "a part left out"), "is not a checkpoint of this library"),
        (lambda text: damaged(text, "a number"), "is damaged: its content does not match its checksum"),
        (lambda text: damaged(text, "another version"), "has version 99, but 3 is needed"),
    ],
)
def test_a_damaged_file_is_a_clear_error_and_changes_nothing(tmp_path, content, message):
    path = tmp_path / "run.json"
    run(path, epochs=2)
    path.write_text(content(path.read_text()))
    assert_unchanged(path, message)


def test_a_binary_file_is_a_clear_error(tmp_path):
    (tmp_path / "run.json").write_bytes(b"\x80\x04\x95\xff\xfe")
    assert_unchanged(tmp_path / "run.json", "is not a complete checkpoint")


def test_a_file_truncated_anywhere_is_refused(tmp_path):
    path = tmp_path / "run.json"
    run(path, epochs=1)
    whole = path.read_text().rstrip()
    for length in random.Random(0).sample(range(len(whole)), 50):
        path.write_text(whole[:length])
        with pytest.raises(ValueError, match="is not a complete checkpoint"):
            Checkpoint(path).load({})


def assert_unchanged(path, message, **more):
    model = more.pop("model", None) or Shaken(random.Random(8))
    before = model.state_dict(), path.read_bytes()
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        run(path, model=model, **more)
    assert str(path) in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    assert (model.state_dict(), path.read_bytes()) == before


def test_the_checkpoint_of_another_model_lists_what_differs_and_changes_nothing(tmp_path):
    path = tmp_path / "run.json"
    run(path, epochs=2, model=MLP(2, [4, 1], rng=random.Random(0)))
    assert_unchanged(path, "model (MLP there, Shaken here)")
    wider = MLP(2, [5, 1], rng=random.Random(0))
    assert_unchanged(path, "layers.0.weight has the shape [4, 2], but the model's is [5, 2]", model=wider)
    deeper = MLP(2, [4, 1, 1], rng=random.Random(0))
    assert_unchanged(path, "missing: layers.2.weight, layers.2.bias", model=deeper)


def test_the_checkpoint_of_a_run_with_other_parts_is_refused(tmp_path):
    path, rng = tmp_path / "run.json", random.Random(0)
    model = MLP(2, [1], rng=rng)
    run(path, epochs=1, model=model)
    with pytest.raises(ValueError, match=r"early stopping \(EarlyStopping there, None here\)"):
        fit(model, moons(4, rng=rng), epochs=2, rng=rng, checkpoint=path)


def test_a_part_that_refuses_its_state_leaves_all_parts_as_they_were(tmp_path):
    path, rng = tmp_path / "run.json", random.Random(0)
    first = Shaken(rng)
    data = Dataset([[0.0, 1.0]], [1.0])
    fit(first, data, epochs=1, rng=rng, checkpoint=path)
    second = Shaken(rng)
    second.other = random.Random(3)
    before, generator = second.state_dict(), rng.getstate()
    with pytest.raises(ValueError, match=r"generators: it has generators at \['', 'rng'\], but this run at"):
        fit(second, data, epochs=2, rng=rng, checkpoint=path)
    assert (second.state_dict(), rng.getstate()) == (before, generator)


def test_every_generator_in_the_model_is_kept_once():
    rng = random.Random(0)
    model = Shaken(rng)
    model.network.rng, model.again = rng, model.rng
    assert list(Generators(rng, model).state_dict()) == ["", "rng"]


def test_a_checkpoint_is_written_at_least_every_epoch():
    with pytest.raises(ValueError, match="1 or more, got 0"):
        Checkpoint("run.json", every=0)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_every_optimiser_with_a_schedule_resumes_bit_for_bit(tmp_path, name):
    def train(epochs, checkpoint=None):
        rng = random.Random(3)
        model, data = MLP(2, [3, 1], rng=rng), moons(12, rng=rng)
        optimiser = getattr(nn, name)(model.parameters(), lr=0.01)
        history = fit(
            model, data, "hinge", optimiser, epochs=epochs, rng=rng, batch_size=5, checkpoint=checkpoint,
            schedule=nn.CosineAnnealingLR(optimiser, T_max=8),
        )  # fmt: skip
        return model.state_dict(), optimiser.state_dict(), history.epochs

    train(4, tmp_path / "run.json")
    assert train(8, tmp_path / "run.json") == train(8)


def small_run(path, epochs, **more):
    rng = random.Random(0)
    model = MLP(2, [1], rng=rng)
    history = fit(model, Dataset([[0.0, 1.0]], [1.0]), epochs=epochs, rng=rng, checkpoint=path, **more)
    return model.state_dict(), history.epochs


def test_the_work_for_checkpoints_grows_in_proportion_to_the_epochs(tmp_path, monkeypatch):
    written = []

    def counting(write):
        return lambda path, content, **more: (written.append(len(content)), write(path, content, **more))[1]

    for name in ("write_atomically", "append_line"):
        monkeypatch.setattr(checkpoints, name, counting(getattr(checkpoints, name)))

    def work(epochs):
        written.clear()
        small_run(tmp_path / str(epochs), epochs)
        return sum(written)

    assert work(800) < 5 * work(200)
    assert (tmp_path / "800").stat().st_size < 8 * 800 * 1000


def test_two_runs_that_write_one_checkpoint_leave_a_whole_one_of_one_of_them(tmp_path):
    path = tmp_path / "run.json"

    def other(epoch, history):
        if epoch % 3 == 1:
            small_run(Checkpoint(path, resume=False), epoch + 2)
        if epoch > 1:
            Checkpoint(path)._read()

    small_run(path, 12, after_epoch=other)
    assert epochs_in(path) == 12
    assert small_run(path, 20) == small_run(tmp_path / "other.json", 20)


def test_a_line_that_was_not_finished_counts_for_nothing(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    expected = small_run(tmp_path / "whole.json", 9)
    small_run(path, 3)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"settings": {"kind')
    assert small_run(path, 9) == expected
    path.write_bytes(whole + b'{"settings": {}}\n')
    assert small_run(path, 9) == expected


def test_a_checkpoint_that_was_moved_or_removed_meanwhile_is_written_again(tmp_path):
    path = tmp_path / "run.json"

    def disturb(epoch, history):
        if epoch == 3:
            path.rename(tmp_path / "moved.json")
        if epoch == 5:
            path.unlink()

    small_run(path, 8, after_epoch=disturb)
    assert (epochs_in(tmp_path / "moved.json"), epochs_in(path)) == (3, 8)


@pytest.mark.parametrize("key", ["lr", "steps", "momentum", "velocities"])
def test_a_forged_checkpoint_without_a_number_of_the_optimiser_is_refused(tmp_path, key):
    path = tmp_path / "run.json"
    run(path, epochs=1)
    state = Checkpoint(path)._read()
    state["optimiser"]["state"][key] = None
    path.write_bytes(forged(state))
    with pytest.raises(ValueError, match=f"does not fit this run: optimiser: {key} is not a"):
        run(path, epochs=2)


def test_a_checkpoint_of_several_lines_that_is_cut_or_changed_anywhere_is_refused(tmp_path):
    path, rng = tmp_path / "run.json", random.Random(0)
    small_run(path, 11)
    whole = path.read_bytes()
    assert len(states_in(path)) > 1
    before = Checkpoint(path)._read()
    for k in range(400):
        content = bytearray(whole)
        if k % 2:
            content = content[: rng.randrange(len(whole))]
        else:
            content[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        with pytest.raises(ValueError, match=re.escape(str(path))):
            assert Checkpoint(path)._read() == before  # not overwritten
    assert k == 399


def forged(state):
    body = json.dumps(state).encode() + b"\n"
    return checkpoints._head(len(body), hashlib.sha256(body)) + body


def changed(state, where, item):
    *folders, last = where
    for name in folders:
        state = state[name]
    state[last] = item


@pytest.mark.parametrize(
    "forgery",
    [
        lambda state: [],
        lambda state: None,
        lambda state: {},
        lambda state: {"model": []},
        lambda state: {"model": {"kind": "MLP"}},
        lambda state: {**state, "model": {"kind": [], "state": {}}},
        *(
            lambda state, where=where, item=item: (changed(state, where.split("."), item), state)[1]
            for where in [
                "model.state", "optimiser.state", "optimiser.state.lr", "optimiser.state.steps",
                "optimiser.state.velocities", "history.state", "history.state.epochs", "watch.state",
                "watch.state.first", "generators.state", "settings.state",
            ]
            for item in [[], {"a": 1}, "text", [["deep"]], [{"loss": "text"}], [None]]
        ),
    ],
)  # fmt: skip
def test_a_forged_checkpoint_with_a_right_checksum_is_a_clear_error_and_changes_nothing(tmp_path, forgery):
    path, rng = tmp_path / "run.json", random.Random(0)
    small_run(path, 1)
    state = Checkpoint(path)._read()
    path.write_bytes(forged(forgery(state)))
    model = MLP(2, [1], rng=rng)
    before = model.state_dict()
    if isinstance(forgery(state), dict) and forgery(state).get("history", {}).get("state") == {"epochs": []}:
        return  # a valid state: nothing has happened yet
    with pytest.raises(ValueError, match=re.escape(str(path))):
        fit(model, Dataset([[0.0, 1.0]], [1.0]), epochs=1, rng=rng, checkpoint=path)
    assert model.state_dict() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos here")
def test_a_fifo_and_a_file_beyond_all_sizes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ValueError, match="fifo is a fifo, not a file"):
        small_run(tmp_path / "fifo", 1)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match="sparse has 1,099,511,627,776 bytes"):
        small_run(tmp_path / "sparse", 1)
