"""Whatever stops training, the model has the state after a complete step, which the history names."""

import random
import signal
import sys
import time
from pathlib import Path

import pytest

import nn
from nn import MLP, SGD, Adam, EarlyStopping, StepLR, fit, moons, mse_loss, sweep
from nn.training.interruption import LastStep, completed
from tests.helpers import may_be_interrupted

BATCHES, EPOCHS = 3, 4


class Run:
    """One small run of training, and its state after each of its steps."""

    def __init__(self, stopping=False):
        self.rng = random.Random(2)
        self.model = MLP(2, [2, 1], rng=self.rng)
        self.data = moons(9, rng=self.rng)
        self.optimiser = Adam(self.model.parameters(), lr=0.05)
        self.schedule = StepLR(self.optimiser, step_size=1, gamma=0.5)
        self.stopping = EarlyStopping(99) if stopping else None
        self.states = [self.state()]

    def state(self):
        return repr((self.model.state_dict(), self.optimiser.state_dict(), self.schedule.state_dict()))

    def train(self, **more):
        return fit(
            self.model, self.data, "mse_loss", self.optimiser, epochs=EPOCHS, batch_size=3, rng=self.rng,
            schedule=self.schedule, early_stopping=self.stopping, **more,
        )  # fmt: skip


@pytest.fixture(scope="module")
def states():
    """Return the state after each step, and after the schedule at the end of each epoch, by epoch and step."""
    run = Run()
    found = {}
    keep = LastStep.keep

    def keeping(self, epoch, steps):
        keep(self, epoch, steps)
        found[epoch, steps] = run.state()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LastStep, "keep", keeping)
        run.train()
    found[EPOCHS, 0] = run.state()
    assert len(set(found.values())) == EPOCHS * (BATCHES + 1) + 1
    return found


PACKAGE = str(Path(nn.__file__).parent)


def at_line(moment, action):
    """Raise KeyboardInterrupt after a number of lines of the library; return the result and the lines run."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        lines += event == "line"
        if event == "line" and lines == moment:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return action(), lines
    except KeyboardInterrupt:
        return None, lines  # before training has begun, or after its end
    finally:
        sys.settrace(before)


def test_ctrl_c_at_any_line_leaves_the_state_after_the_step_that_the_history_names(states):
    at_line(0, Run().train)
    _, lines = at_line(0, Run().train)
    stopped = 0
    for moment in random.Random(0).sample(range(1, lines), 250):
        run = Run()
        history, reached = at_line(moment, run.train)
        assert reached == moment
        if history is None:
            assert run.state() in states.values()
            continue
        assert history.interrupted
        assert run.state() == states[len(history.losses), history.further_steps]
        stopped += 1
    assert stopped > 200


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_again_and_again_leaves_the_state_after_a_whole_step(states):
    left = 0

    def strike(number, frame):
        nonlocal left
        # A machine that needs longer for what is repeated until it finishes than the time between two signals
        # would repeat it for ever.
        left -= 1
        if left <= 0:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if may_be_interrupted(frame, Run.train):  # pytest itself must not be
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, strike)
    stopped, rng = 0, random.Random(1)
    start = time.perf_counter()
    Run().train()
    longest = max(0.002, time.perf_counter() - start)
    try:
        for _ in range(40):
            run, left = Run(), 25
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.001, longest), 0.0007)
                run.train()
            except KeyboardInterrupt:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            stopped += run.state() != states[EPOCHS, 0]
            assert run.state() in states.values()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert stopped


def test_the_history_has_the_number_of_steps_after_the_last_epoch(states):
    run, calls = Run(), []

    def loss(predictions, targets):
        calls.append(None)
        if len(calls) == BATCHES + 3:  # in the third step of the second epoch
            raise KeyboardInterrupt
        return mse_loss(predictions, targets)

    history = fit(run.model, run.data, loss, run.optimiser, epochs=9, batch_size=3, rng=run.rng)
    assert (len(history.losses), history.further_steps) == (1, 2)
    assert repr(history).endswith(", interrupted after 2 steps more)")


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_an_error_in_the_middle_of_an_update_leaves_the_state_before_it(states, error, monkeypatch):
    run, moves = Run(), []
    move = Adam._move

    def failing(self, k, parameter, gradient):
        moves.append(None)
        if len(moves) == 3 + 9 * (BATCHES + 1):  # the third parameter, in the second step of the second epoch
            raise error
        move(self, k, parameter, gradient)

    monkeypatch.setattr(Adam, "_move", failing)
    with pytest.raises(error):
        run.train()
    assert run.state() == states[1, 1]


def test_ctrl_c_while_the_best_weights_are_given_back_does_not_mix_them(monkeypatch):
    expected = Run(stopping=True)
    expected.train()
    run, calls = Run(stopping=True), []
    restore = EarlyStopping.restore

    def interrupted_once(self, model):
        calls.append(None)
        if len(calls) == 1:
            model.parameters()[0].data = 99.0
            raise KeyboardInterrupt
        restore(self, model)

    monkeypatch.setattr(EarlyStopping, "restore", interrupted_once)
    history = run.train()
    assert (history.interrupted, run.state()) == (True, expected.state())


def test_a_change_by_a_callback_stays_when_the_next_epoch_is_interrupted(rng):
    model = MLP(2, [1], rng=rng)
    weight = model.parameters()[0]
    calls = []

    def loss(predictions, targets):
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return mse_loss(predictions, targets)

    fit(model, moons(4, rng=rng), loss, SGD([weight], lr=0.1), epochs=2, rng=rng,
        after_epoch=lambda *_: setattr(weight, "data", 0.25))  # fmt: skip
    assert weight.data == 0.25


def test_completed_repeats_until_the_end():
    calls = []

    def action():
        calls.append(None)
        if len(calls) < 4:
            raise KeyboardInterrupt

    assert (completed(action), len(calls), completed(action)) == (True, 4, False)


def test_ctrl_c_ends_a_sweep_with_the_trials_that_were_finished(rng):
    def train(number):
        model = MLP(2, [1], rng=rng)

        def loss(predictions, targets):
            if number == last:
                raise KeyboardInterrupt
            return mse_loss(predictions, targets)

        return model, fit(model, moons(4, rng=rng), loss, epochs=1, rng=rng)

    last = 2
    found = sweep(train, [{"number": k} for k in range(5)])
    assert [trial.setting["number"] for trial in found.trials] == [0, 1]
    last = 0
    with pytest.raises(KeyboardInterrupt):
        sweep(train, [{"number": k} for k in range(5)])
