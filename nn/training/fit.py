"""Training: predict, compare with the target, send the error back, correct; and tell how it goes."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
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
from .preconditions import refuse_misfits, refuse_no_model
from .settings import Settings
from .stopping import EarlyStopping

if TYPE_CHECKING:
    from autograd.cluster import Rows

Callback = Callable[[int, History], object]
"""Called after each epoch with its number (the first is 0) and the history."""


class Recorder(Protocol):
    """What takes a training down, update by update: a `Recording`."""

    def begin(self, model: Any, data: Any, loss: Any) -> None:
        """Start with the parameters as they are before the first update."""
        ...

    def add(self, loss: float, errors: Mapping[str, float]) -> None:
        """Take down an update: the loss before it, and each layer's length of the gradient."""
        ...


@also_called(
    X="data", y="targets", criterion="loss", optimizer="optimiser", learning_rate="lr", n_epochs="epochs",
    seed="rng", random_state="rng", validation_data="validation",
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
    """Train a model by mini-batches, and give the history of the run.

    The data are `fit(model, X, y)`, with lists, tuples or arrays, or `fit(model, dataset)`. Each batch is
    one forward pass, one backward pass and one step of the optimiser; without `batch_size` all examples
    are one batch. The rest is optional:

    - `loss`: a name or a function of predictions and targets; by default the one that suits the
      targets (see `usual_loss`): cross entropy for classes, else the squared error;
    - `optimiser`: one made with the model, `SGD(model, lr=0.1)`, or a name, "sgd", "adam" ..., with
      `lr`; by default Adam with lr=0.05;
    - `rng`: what shuffles the examples: a generator, a seed, or None for a fresh one;
    - `validation`: data to compute the loss and the metrics on after each epoch, unrecorded and in
      evaluation mode;
    - `schedule`: its `step(loss)` is called after each epoch, with the validation loss if there is one;
    - `early_stopping`: a number of epochs to wait for a better loss, or an `EarlyStopping`; the
      model ends with the weights of its best epoch, `history.best_epoch`;
    - `metrics`: functions of all predictions (plain numbers) and targets of an epoch, by name; by
      default the accuracy where the targets are classes (see `usual_metrics`);
    - `clip`: no gradient gets longer than this (see `clip_grad_norm_`);
    - `checkpoint`: a file that the run is kept in after each epoch, and resumed from, to the bit,
      when `fit` is called with it again (see `Checkpoint`); `epochs` counts from the very beginning;
    - `compiled`: the model and its loss as native code (see `compile_model`), the same to rounding;
    - `client`: a cluster to train on, as `autograd.cluster.connect` takes it: "local", a scheduler's
      address, a client. The examples stay on its workers, the parameters go to each once a step; the
      same to rounding. Data, and validation data, may be rows that are on a cluster already, of
      `inputs` and `targets` (see `autograd.cluster.folder`): then a batch has whole blocks, and
      `metrics` are the means over the examples of what each block measures;
    - `progress`: a bar on a terminal where rich is installed by default; True wants one, False none;
    - `record`: a `Recording` of every update, which a page can play;
    - `callbacks` and `after_epoch` are called with the epoch's number and the history.

    Ctrl-C ends the run: the history has the epochs that were finished, `history.interrupted` is set,
    and the model and the optimiser are as they were after the last whole step, which was the
    `history.further_steps`-th of the epoch after those. Any other error in the middle of a step
    leaves them in that state too. Raises DivergenceError where a loss or gradient is not finite, or
    the loss explodes: with the history, and with the model as it was before the bad step. Raises
    ValueError for no data, for a number of epochs below 0, for a batch size below 1 and for a
    checkpoint that does not fit; ImportError for `progress=True` without rich.

    >>> from nn import MLP, accuracy
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> model = MLP(2, [4, 1], rng=0)
    >>> history = fit(model, X, y, rng=0)
    >>> accuracy(model, X, y), len(history.losses)
    (1.0, 100)
    """
    refuse_no_model(model)
    data, loss, optimiser = arranged(data, targets, loss, optimiser)
    optimiser, rng = usual_optimiser(model, optimiser, lr), generator(rng)
    validation = None if validation is None else as_dataset(validation)
    refuse_misfits(model, data, loss, optimiser, epochs, validation, schedule)
    data = single_targets(model, data)
    validation = None if validation is None else single_targets(model, validation)
    loss = usual_loss(model, data) if loss is None else loss
    stopping = EarlyStopping(early_stopping) if isinstance(early_stopping, int) else early_stopping
    keeper = Checkpoint(checkpoint) if isinstance(checkpoint, str | os.PathLike) else checkpoint
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
        settings = Settings()
        if keeper is not None:
            settings.begin(
                {"optimiser": optimiser, "schedule": schedule}, data=data, validation=validation, loss=loss,
                batch_size=size, clip=clip,
            )  # fmt: skip
        optional = {"schedule": schedule, "early stopping": stopping}
        parts: dict[str, Part] = {
            "settings": settings,
            "model": model,
            "optimiser": optimiser,
            "history": history,
            "generators": Generators(rng, model),
            "watch": watch,
            **{name: part for name, part in optional.items() if part is not None},
        }
        resumed = keeper is not None and keeper.load(parts)
        if stopping is not None and not resumed:
            stopping.reset()
        save = partial(keeper.save, parts) if keeper is not None else None
        if record is not None:
            record.begin(model, data, loss)
        after = [*callbacks, *([after_epoch] if after_epoch else [])]
        run.train(epochs, progress, after, save, keeper.every if keeper is not None else 1)
    return history


class _Run(NamedTuple):
    """A run of training: what its epochs need."""

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

    def train(
        self,
        epochs: int,
        progress: bool | None,
        callbacks: list[Callback],
        save: Callable[[], None] | None,
        every: int,
    ) -> None:
        """The epochs that are left, up to the last one, Ctrl-C, or the end of patience."""
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
            self.last_step.restore(self.history)  # a second Ctrl-C may have come before the first did so
            self.history.interrupted = True
        if self.stopping is not None:
            stopping = self.stopping
            if completed(lambda: stopping.restore(self.model)):
                self.history.interrupted = True
            self.history.best_epoch = stopping.best_epoch

    def train_epoch(self, epoch: int) -> None:
        """All batches once, then what is done between epochs; all of it, or up to the last whole step."""
        self.last_step.keep(epoch, 0)
        try:
            self.history.record(self.trained_epoch(epoch))
        except BaseException:
            self.last_step.restore(self.history)
            raise

    def trained_epoch(self, epoch: int) -> Epoch:
        """All batches once, and what happened."""
        lr = self.optimiser.lr
        with mode(self.model, training=True):
            steps = [self.train_step(batch, epoch, number) for number, batch in enumerate(self.batches())]
        told = replace(self.summary(steps), lr=lr)
        if self.validation is not None:
            found = self.engine.evaluate(self.validation)
            told = replace(told, validation_loss=found.loss, validation_metrics=found.metrics)
        if self.schedule is not None:
            self.schedule.step(told.monitored)
        if self.stopping is not None:
            self.stopping.update(epoch, told.monitored, self.model.state_dict())
        return told

    def train_step(self, batch: Any, epoch: int, number: int) -> tuple[Step, dict[str, float]]:
        """Predict, send the error back, correct; a DivergenceError instead of a bad correction."""
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
        """Go on if there is no problem."""
        if problem:
            raise DivergenceError(problem, self.history, epoch, number)

    def summary(self, done: list[tuple[Step, dict[str, float]]]) -> Epoch:
        """The mean loss and the metrics over all examples, and the mean gradient norms over the steps."""
        steps = [step for step, _ in done]
        return Epoch(
            sum(step.loss * step.size for step in steps) / sum(step.size for step in steps),
            self.engine.measure(steps),
            {layer: sum(norms[layer] for _, norms in done) / len(done) for layer in self.layers},
        )
