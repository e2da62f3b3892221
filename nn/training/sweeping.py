"""Sweeps: train with many settings or seeds, and keep the best model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from autograd.terminal import aligned, brief, plural

from ..module import Module
from .divergence import DivergenceError
from .history import History

Training = Callable[..., tuple[Module, History]]
"""A function of the settings, as keywords, that trains a new model and returns it with its history."""
Setting = Mapping[str, Any]


class Trial(NamedTuple):
    """One training of a sweep.

    >>> Trial({"lr": 0.1}, 0.5, History(), seconds=1.0).loss
    0.5
    """

    setting: Setting
    loss: float
    """The score to minimise; inf for a run that failed."""
    history: History
    seconds: float
    problem: str = ""
    """Why the run failed; empty if it did not."""


class Sweep:
    """The trials of a sweep in the order of their settings, and the best model; its repr is a table.

    The best trial is the one with the smallest loss, the first of equals.
    """

    def __init__(self, trials: Sequence[Trial], best: Trial, model: Module) -> None:
        self.trials: list[Trial] = list(trials)
        self.best: Trial = best
        self.model: Module = model

    def __repr__(self) -> str:
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.setting))
        ranked = sorted(self.trials, key=lambda trial: trial.loss)
        rows = [("", *(brief(name, 40) for name in names), "loss", "epochs", "seconds", "")]
        for trial in ranked:
            settings = [_formatted(trial.setting.get(name, "")) for name in names]
            numbers = f"{trial.loss:.6g}", str(len(trial.history.epochs)), f"{trial.seconds:.2f}"
            mark = "best" if trial is self.best else ""
            rows.append((mark, *settings, *numbers, trial.problem[:60]))
        return "\n".join([f"a sweep of {plural(len(self.trials), 'training')}", *aligned(rows, right=True)])


def _formatted(item: Any) -> str:
    return f"{item:g}" if isinstance(item, float) else brief(item, 40)


def grid(**choices: Iterable[Any]) -> list[dict[str, Any]]:
    """Return every combination of choices as settings; the last name varies fastest.

    >>> grid(lr=[0.1, 0.01], seed=range(2))
    [{'lr': 0.1, 'seed': 0}, {'lr': 0.1, 'seed': 1}, {'lr': 0.01, 'seed': 0}, {'lr': 0.01, 'seed': 1}]
    """
    return [dict(zip(choices, items, strict=True)) for items in product(*choices.values())]


def reached(history: History) -> float:
    """Return the final loss of a run, on validation data if there are any."""
    if not history.epochs:
        return math.inf
    last = -1 if history.best_epoch is None else history.best_epoch
    loss = history.epochs[last].monitored
    return loss if loss == loss else math.inf


def sweep(
    train: Training,
    settings: Iterable[Setting],
    *,
    client: Any = None,
    score: Callable[[History], float] = reached,
) -> Sweep:
    """Train with each setting, and keep the best model: the one whose history has the smallest score.

    `train` is called as `train(**setting)`; it creates a model, trains it and returns `(model, history)`.
    With a `client` (see `autograd.cluster.connect`) the trainings are tasks on a cluster, with the same
    result. A run that diverges is a trial with a problem. Ctrl-C ends the sweep, which then has the
    finished trials. Raises ValueError for no settings, and if every run diverged.

    >>> import random
    >>> from nn import MLP, SGD, fit, moons
    >>> def train(lr, seed):
    ...     rng = random.Random(seed)
    ...     model = MLP(2, [4, 1], rng=rng)
    ...     data, optimiser = moons(20, rng=rng), SGD(model.parameters(), lr)
    ...     return model, fit(model, data, "hinge", optimiser, epochs=2, rng=rng)
    >>> found = sweep(train, grid(lr=[0.0001, 0.1], seed=[0]))
    >>> found.best.setting, len(found.trials)
    ({'lr': 0.1, 'seed': 0}, 2)
    """
    tasks = [(train, dict(setting), score, number) for number, setting in enumerate(settings)]
    if not tasks:
        raise ValueError("a sweep needs at least one setting: see grid(lr=[...], seed=range(5))")
    trials: dict[int, Trial] = {}
    best, kept = -1, None
    for number, trial, model in _run(tasks, client):
        if trial.history.interrupted:
            break
        trials[number] = trial
        if model is not None and (best < 0 or (trial.loss, number) < (trials[best].loss, best)):
            best, kept = number, model
    if not trials:
        raise KeyboardInterrupt
    ordered = [trials[number] for number in sorted(trials)]
    if kept is None:
        raise ValueError(f"every training diverged, the first because: {ordered[0].problem}")
    return Sweep(ordered, trials[best], kept)


def _run(tasks: list[Any], client: Any) -> Iterable[tuple[int, Trial, Module | None]]:
    """Yield the results as they finish."""
    if client is None:
        yield from map(attempt, tasks)
        return
    from autograd import cluster

    with cluster.connect(client) as connected:
        yield from cluster.run_on(connected)(attempt, tasks)


def attempt(
    task: tuple[Training, dict[str, Any], Callable[[History], float], int],
) -> tuple[int, Trial, Module | None]:
    """Run one training; return its number, its trial and the model."""
    train, setting, score, number = task
    started = time.perf_counter()
    model: Module | None = None
    problem = ""
    try:
        model, history = train(**setting)
        loss = score(history)
    except DivergenceError as error:
        history, loss, problem = error.history, math.inf, error.what
    return number, Trial(setting, loss, history, time.perf_counter() - started, problem), model
