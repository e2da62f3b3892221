"""The training loop: predict, compare with the target, propagate the error back, update, report."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from autograd import Value
from autograd.terminal import progress_bar

from ..argument_checks import RNG, also_called, generator
from ..data.dataset import Dataset, as_dataset
from ..lecture.layerwise import parameters_by_part
from ..metrics import Metric, mode
from ..module import Module
from ..optimisers import Optimiser, clip_grad_norm_
from ..schedules import Schedule
from .checkpoints import Checkpoint, Generators, Part
from .defaults import arranged, single_targets, usual_loss, usual_optimiser
from .divergence import DivergenceError, Watch
from .engines import Engine, Step, engine
from .history import Epoch, History
from .interruption import LastStep, completed
from .preconditions import refuse_kinds, refuse_misfits, refuse_no_model
from .settings import Settings
from .stopping import EarlyStopping

if TYPE_CHECKING:
    from autograd.cluster import Rows

Callback = Callable[[int, History], object]
"""Called after each epoch with its index, from 0, and the history."""


class Recorder(Protocol):
    """An object that records a training update by update, such as a `Recording`."""

    def begin(self, model: Any, data: Any, loss: Any) -> None:
        """Start with the parameters as they are before the first update."""
        ...

    def add(self, loss: float, errors: Mapping[str, float]) -> None:
        """Record an update: the loss before it, and the gradient norm of each layer."""
        ...


@also_called(
    X="data", y="targets", criterion="loss", optimizer="optimiser", learning_rate="lr", n_epochs="epochs",
    seed="rng", random_state="rng", validation_data="validation", verbose="progress",
)  # fmt: skip
def fit(
    model: Module,
    data: Any,
    targets: Any = None,
    loss: Any = None,
    optimiser: Any = None,
    *,
    epochs: int = 100,
    rng: RNG = None,
    lr: float | None = None,
    batch_size: int | None = None,
    validation: Any = None,
    schedule: Schedule | None = None,
    early_stopping: int | EarlyStopping | None = None,
    metrics: Mapping[str, Metric] | None = None,
    clip: float | None = None,
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    compiled: bool = False,
    client: Any = None,
    progress: bool | None = None,
    record: Recorder | None = None,
    callbacks: Sequence[Callback] = (),
    after_epoch: Callback | None = None,
) -> History:
    """Train a model on mini-batches, and return the history of the run.

    The data are given as `fit(model, X, y)`, with lists, tuples or arrays, or `fit(model, dataset)`. Each
    batch is one forward pass, one backward pass and one step of the optimiser; without `batch_size` all
    examples are one batch. Optional arguments:

    - `loss`: a name, or a function of predictions and targets that returns a Value; by default one that
      suits the targets (see `usual_loss`): cross entropy for classes, else the mean squared error;
    - `optimiser`: an instance, `SGD(model, lr=0.1)`, or a name, "sgd", "adam" ..., with `lr`; by default
      Adam with lr=0.05;
    - `rng`: the source of randomness for shuffling: a generator, a seed, or None for a new generator;
    - `validation`: data on which loss and metrics are computed after each epoch, unrecorded and in
      evaluation mode;
    - `schedule`: `step(loss)` is called after each epoch, with the validation loss if there is one;
    - `early_stopping`: the number of epochs to wait for a better loss, or an `EarlyStopping`; the
      model ends with the weights of its best epoch, `history.best_epoch`;
    - `metrics`: a dict of functions of all predictions (plain numbers) and targets of an epoch; by
      default the accuracy if the targets are classes (see `usual_metrics`);
    - `clip`: the maximum gradient norm (see `clip_grad_norm_`);
    - `checkpoint`: a file in which the run is saved after each epoch, and from which a later call of
      `fit` resumes it bit for bit (see `Checkpoint`); `epochs` is the total number;
    - `compiled`: whether to run native code (see `compile_model`), with equal results up to rounding;
    - `client`: a cluster to train on, as for `autograd.cluster.connect`: "local", a scheduler's
      address, or a client. The examples stay on its workers, the parameters are sent at each step;
      the results are equal up to rounding. Data and validation data may be rows of `inputs` and
      `targets` on a cluster (see `autograd.cluster.folder`): then a batch consists of whole blocks,
      and the metrics of the blocks are averaged over the examples;
    - `progress`: whether to show a progress bar; by default on a terminal if rich is installed;
    - `record`: a `Recording` of every update, which a page can play;
    - `callbacks`, `after_epoch`: functions that are called with the epoch's index and the history.

    Ctrl-C ends the run: the history has the finished epochs, `history.interrupted` is set, and the model
    and the optimiser are in the state after the last complete step, which was number
    `history.further_steps` of the unfinished epoch. Any other error in the middle of a step leaves them
    in that state too. Raises DivergenceError if a loss or gradient is not finite or the loss explodes;
    it has the history, and the model is as before the bad step. Raises ValueError for empty data, a
    negative number of epochs, a batch size below 1 and a checkpoint of another run; TypeError for
    arguments of a wrong type; ImportError for `progress=True` without rich.

    >>> from nn import MLP, accuracy
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> model = MLP(2, [4, 1], rng=0)
    >>> history = fit(model, X, y, rng=0)
    >>> accuracy(model, X, y), len(history.losses)
    (1.0, 100)
    """
    refuse_no_model(model)
    refuse_kinds({
        "schedule": schedule, "early_stopping": early_stopping, "metrics": metrics, "checkpoint": checkpoint,
        "clip": clip, "after_epoch": after_epoch, "callbacks": callbacks,
    })  # fmt: skip
    data, loss, optimiser = arranged(data, targets, loss, optimiser)
    optimiser, rng = usual_optimiser(model, optimiser, lr), generator(rng)
    validation = None if validation is None else as_dataset(validation)
    refuse_misfits(model, data, loss, optimiser, epochs, validation, schedule)
    data = single_targets(model, data)
    validation = None if validation is None else single_targets(model, validation)
    loss = usual_loss(model, data) if loss is None else loss
    stopping = EarlyStopping(early_stopping) if isinstance(early_stopping, int) else early_stopping
    if isinstance(checkpoint, str | os.PathLike):
        checkpoint = Checkpoint(checkpoint)
    watch, history = Watch(model), History()
    with engine(model, loss, data, optimiser, watch, metrics, compiled=compiled, client=client) as computing:
        size = data.size if batch_size is None else batch_size
        run = _Run(
            model=model,
            engine=computing,
            watch=watch,
            batches=partial(computing.batches, size, rng),
            optimiser=optimiser,
            validation=validation,
            schedule=schedule,
            stopping=stopping,
            clip=clip,
            layers=parameters_by_part(model),
            history=history,
            record=record,
            last_step=LastStep(optimiser, schedule, stopping),
        )
        save = None
        if checkpoint is None:
            run.begin()
        else:
            save = run.resume(
                checkpoint, rng, data=data, validation=validation, loss=loss, batch_size=size, clip=clip
            )
        if record is not None:
            record.begin(model, data, loss)
        after = [*callbacks, *([after_epoch] if after_epoch else [])]
        run.train(epochs, progress, after, save, checkpoint.every if checkpoint is not None else 1)
    return history


class _Run(NamedTuple):
    """The state of a training run."""

    model: Module
    engine: Engine
    watch: Watch
    batches: Callable[[], Iterator[Any]]
    optimiser: Optimiser
    validation: Dataset | Rows | None
    schedule: Schedule | None
    stopping: EarlyStopping | None
    clip: float | None
    layers: dict[str, list[Value]]
    """The parameters of each layer."""
    history: History
    record: Recorder | None
    last_step: LastStep

    def begin(self) -> None:
        """Begin a new run: an `EarlyStopping` that was used before has seen none of its losses."""
        if self.stopping is not None:
            self.stopping.reset()

    def resume(self, checkpoint: Checkpoint, rng: Random, **settings: Any) -> Callable[[], None]:
        """Resume the run of a checkpoint, or begin a new one; return the function that saves it.

        Raises ValueError for a run with other settings.
        """
        own = Settings()
        own.begin({"optimiser": self.optimiser, "schedule": self.schedule}, **settings)
        parts = _parts(self, own, rng)
        if not checkpoint.load(parts):
            self.begin()
        return partial(checkpoint.save, parts)

    def train(
        self,
        epochs: int,
        progress: bool | None,
        callbacks: list[Callback],
        save: Callable[[], None] | None,
        every: int,
    ) -> None:
        """Run the remaining epochs, until the last one, Ctrl-C, or early stopping."""
        try:
            with progress_bar(epochs, "training", progress, done=len(self.history.epochs)) as report:
                for epoch in range(len(self.history.epochs), epochs):
                    if self.stopping is not None and self.stopping.finished:
                        break
                    self.train_epoch(epoch)
                    report(epoch + 1, "  ".join(self.history.epochs[-1].summary))
                    for callback in callbacks:
                        callback(epoch, self.history)
                    last = epoch == epochs - 1 or (self.stopping is not None and self.stopping.finished)
                    if save is not None and (last or (epoch + 1) % every == 0):
                        save()
        except KeyboardInterrupt:
            self.last_step.restore(self.history)  # a second Ctrl-C may have prevented it the first time
            self.history.interrupted = True
        if self.stopping is not None:
            stopping = self.stopping
            if completed(lambda: stopping.restore(self.model)):
                self.history.interrupted = True
            self.history.best_epoch = stopping.best_epoch

    def train_epoch(self, epoch: int) -> None:
        """Train on all batches once, then do the work between epochs; or restore the last complete step."""
        self.last_step.keep(epoch, 0)
        try:
            self.history.record(self.run_epoch(epoch))
        except BaseException:
            self.last_step.restore(self.history)
            raise

    def run_epoch(self, epoch: int) -> Epoch:
        """Train on all batches once, and return the epoch's summary."""
        lr = self.optimiser.lr
        with mode(self.model, training=True):
            steps = [self.train_step(batch, epoch, number) for number, batch in enumerate(self.batches())]
        epoch_summary = replace(self.summary(steps), lr=lr)
        if self.validation is not None:
            found = self.engine.evaluate(self.validation)
            epoch_summary = replace(epoch_summary, validation_loss=found.loss, validation_metrics=found.metrics)
        if self.schedule is not None:
            self.schedule.step(epoch_summary.monitored)
        if self.stopping is not None:
            self.stopping.update(epoch, epoch_summary.monitored, self.model.state_dict())
        return epoch_summary

    def train_step(self, batch: Any, epoch: int, number: int) -> tuple[Step, dict[str, float]]:
        """Predict, propagate the error back, update. Raises DivergenceError instead of a bad update."""
        parameters = self.optimiser.parameters
        step = self.engine.backward(batch)
        self.accept(step.problem, epoch, number)
        lengths = {name: math.hypot(*(p.grad for p in own)) for name, own in self.layers.items()}
        if self.clip is not None:
            clip_grad_norm_(parameters, self.clip)
        self.optimiser.step()
        self.accept(self.watch.parameters(parameters), epoch, number)
        if self.record is not None:
            self.record.add(step.loss, lengths)
        self.last_step.keep(epoch, number + 1)
        return step, lengths

    def accept(self, problem: str, epoch: int, number: int) -> None:
        """Raise DivergenceError if there is a problem."""
        if problem:
            raise DivergenceError(problem, self.history, epoch, number)

    def summary(self, done: list[tuple[Step, dict[str, float]]]) -> Epoch:
        """Return the loss and metrics, as means over examples, and gradient norms, as means over steps."""
        steps = [step for step, _ in done]
        return Epoch(
            sum(step.loss * step.size for step in steps) / sum(step.size for step in steps),
            self.engine.measure(steps),
            {layer: sum(norms[layer] for _, norms in done) / len(done) for layer in self.layers},
        )


def _parts(run: _Run, settings: Settings, rng: Random) -> dict[str, Part]:
    """Return the parts of a checkpoint: all that a run needs to go on."""
    optional = {"schedule": run.schedule, "early stopping": run.stopping}
    return {
        "settings": settings,
        "model": run.model,
        "optimiser": run.optimiser,
        "history": run.history,
        "generators": Generators(rng, run.model),
        "watch": run.watch,
        **{name: part for name, part in optional.items() if part is not None},
    }
