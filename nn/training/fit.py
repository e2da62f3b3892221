"""Training: predict, compare with the target, send the error back, correct; and tell how it goes."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from autograd import Value

from ..argument_checks import RNG, also_called, generator
from ..data.dataset import Dataset, as_dataset
from ..lecture.layerwise import parameters_by_part
from ..losses import Loss, loss_function
from ..metrics import Evaluation, Metric, evaluate, evaluation, mode, plain, usual_metrics
from ..module import Module
from ..optimisers import Optimiser, clip_grad_norm_
from ..schedules import Schedule
from .checkpoints import Checkpoint, Generators, Part
from .compiled_model import CompiledModel, compile_model
from .defaults import arranged, single_targets, usual_loss, usual_optimiser
from .divergence import DivergenceError, Watch
from .history import Epoch, History
from .preconditions import recorded, refuse_misfits, refuse_no_model
from .progress import progress_bar
from .settings import Settings
from .stopping import EarlyStopping

if TYPE_CHECKING:
    from autograd.cluster import Rows

    from .distributed import DistributedModel

Callback = Callable[[int, History], object]
"""Called after each epoch with its number (the first is 0) and the history."""


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
    - `callbacks` and `after_epoch` are called with the epoch's number and the history.

    Ctrl-C ends the run, and the history has the epochs that were finished. Raises DivergenceError
    where a loss or gradient is not finite, or the loss explodes: with the history, and with the
    model as it was before the bad step. Raises ValueError for no data, for a number of epochs below
    0, for a batch size below 1 and for a checkpoint that does not fit; ImportError for
    `progress=True` without rich.

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
    with _engine(model, loss, data, compiled, client, metrics) as fast:
        run = _Run(
            model=model,
            data=data,
            loss=loss,
            optimiser=optimiser,
            rng=rng,
            batch_size=data.size if batch_size is None else batch_size,
            validation=validation,
            schedule=schedule,
            stopping=stopping,
            metrics=metrics,
            clip=clip,
            watch=Watch(model),
            layers=parameters_by_part(model),
            history=History(),
            settings=Settings(),
            fast=fast,
            far=cast("DistributedModel", fast) if hasattr(fast, "batches") else None,
        )
        run.start(keeper)
        run.train(epochs, keeper, progress, [*callbacks, *([after_epoch] if after_epoch else [])])
    return run.history


def _engine(
    model: Module, loss: str | Loss, data: Any, compiled: bool, client: Any, metrics: Any
) -> AbstractContextManager[CompiledModel | None]:
    """What computes in a run: nothing but the model, native code, or a cluster."""
    if isinstance(data, Dataset) and client is None:
        return nullcontext(compile_model(model, loss) if compiled else None)
    from .distributed import distributed

    return distributed(model, loss, data, client, metrics)


class _Step(NamedTuple):
    """What one step of training has to tell."""

    loss: float
    size: int
    predictions: Any
    """Or, where examples stay on a cluster, the sums of what was measured of them."""
    targets: list[Any]
    lengths: dict[str, float]


class _Run(NamedTuple):
    """A run of training: all that its epochs need."""

    model: Module
    data: Any
    loss: str | Loss
    optimiser: Optimiser
    rng: random.Random
    batch_size: int
    validation: Dataset | Rows | None
    schedule: Schedule | None
    stopping: EarlyStopping | None
    metrics: Mapping[str, Metric] | None
    clip: float | None
    watch: Watch
    layers: dict[str, list[Value]]
    """The parameters of each layer."""
    history: History
    settings: Settings
    fast: CompiledModel | None
    far: DistributedModel | None

    def start(self, keeper: Checkpoint | None) -> None:
        """Resume from the checkpoint, or begin anew."""
        if keeper is not None:
            self.settings.begin(
                {"optimiser": self.optimiser, "schedule": self.schedule},
                data=self.data, validation=self.validation, loss=self.loss, batch_size=self.batch_size,
                clip=self.clip,
            )  # fmt: skip
        resumed = keeper is not None and keeper.load(self.parts())
        if self.stopping is not None and not resumed:
            self.stopping.reset()

    def parts(self) -> dict[str, Part]:
        """What a checkpoint holds."""
        optional = {"schedule": self.schedule, "early stopping": self.stopping}
        return {
            "settings": self.settings,
            "model": self.model,
            "optimiser": self.optimiser,
            "history": self.history,
            "generators": Generators(self.rng, self.model),
            "watch": self.watch,
            **{name: part for name, part in optional.items() if part is not None},
        }

    def train(
        self, epochs: int, keeper: Checkpoint | None, progress: bool | None, callbacks: list[Callback]
    ) -> None:
        """The epochs that are left, up to the last one, Ctrl-C, or the end of patience."""
        try:
            with progress_bar(epochs, progress, done=len(self.history.epochs)) as report:
                for epoch in range(len(self.history.epochs), epochs):
                    if self.stopping is not None and self.stopping.finished:
                        break
                    self.train_epoch(epoch)
                    report(self.history)
                    for callback in callbacks:
                        callback(epoch, self.history)
                    last = epoch == epochs - 1 or (self.stopping is not None and self.stopping.finished)
                    if keeper is not None and (last or (epoch + 1) % keeper.every == 0):
                        keeper.save(self.parts())
        except KeyboardInterrupt:
            self.history.interrupted = True
        if self.stopping is not None:
            self.stopping.restore(self.model)
            self.history.best_epoch = self.stopping.best_epoch

    def train_epoch(self, epoch: int) -> None:
        """All batches once; then what is done between epochs."""
        lr = self.optimiser.lr
        with mode(self.model, training=True):
            batches = (self.far or self.data).batches(self.batch_size, self.rng)
            steps = [self.train_step(batch, epoch, number) for number, batch in enumerate(batches)]
        told = replace(self.summary(steps), lr=lr)
        if self.validation is not None:
            found = self.evaluated(self.validation)
            told = replace(told, validation_loss=found.loss, validation_metrics=found.metrics)
        if self.schedule is not None:
            self.schedule.step(told.monitored)
        if self.stopping is not None:
            self.stopping.update(epoch, told.monitored, self.model.state_dict())
        self.history.record(told)

    def evaluated(self, data: Dataset | Rows) -> Evaluation:
        """The loss and the metrics on data that is not trained on, where they are."""
        if not isinstance(data, Dataset):
            if self.far is None:
                raise TypeError("validation on a cluster goes with training on it: give client=")
            return self.far.evaluate(data)
        if self.fast is None or self.far is not None:
            return evaluate(self.model, data, self.loss, self.metrics)
        with mode(self.model, training=False):
            return evaluation(self.fast.predict(data.inputs), data, self.loss, self.metrics)

    def train_step(self, batch: Any, epoch: int, number: int) -> _Step:
        """Predict, send the error back, correct; a DivergenceError instead of a bad correction."""
        parameters = self.optimiser.parameters
        loss, predictions = self.backward(batch, epoch, number)
        lengths = {name: math.hypot(*(p.grad for p in own)) for name, own in self.layers.items()}
        if self.clip is not None:
            clip_grad_norm_(parameters, self.clip)
        before = [parameter.data for parameter in parameters]
        self.optimiser.step()
        problem = self.watch.parameters(parameters)
        if problem:
            for parameter, data in zip(parameters, before, strict=True):
                parameter.data = data
        self.accept(problem, epoch, number)
        targets = self.far.targets(batch) if self.far else batch.targets
        return _Step(loss, len(batch.inputs), predictions, targets, lengths)

    def backward(self, batch: Any, epoch: int, number: int) -> tuple[float, list[Any]]:
        """The loss and the predictions of a batch, and the gradients in the parameters."""
        if self.fast is not None:
            self.optimiser.zero_grad()
            loss, outputs = self.fast.backward(*batch)
            problem = self.watch.loss(Value(loss)) or self.watch.gradients(
                Value(loss), self.optimiser.parameters
            )
            if not problem:
                return loss, outputs
            if self.far:
                self.accept("" if self.far.gathers else problem, epoch, number)
                batch = self.far.examples(batch)
        # Where compiled code met a nan, the graph tells where it was born.
        predictions = [self.model(inputs) for inputs in batch.inputs]
        found = recorded(loss_function(self.loss)(predictions, batch.targets))
        self.accept(self.watch.loss(found), epoch, number)
        self.optimiser.zero_grad()
        found.backward()
        self.accept(self.watch.gradients(found, self.optimiser.parameters), epoch, number)
        return found.data, plain(predictions)

    def accept(self, problem: str, epoch: int, number: int) -> None:
        """Go on if there is no problem."""
        if problem:
            raise DivergenceError(problem, self.history, epoch, number)

    def summary(self, steps: list[_Step]) -> Epoch:
        """The mean loss and the metrics over all examples, and the mean gradient lengths over the steps."""
        size = sum(step.size for step in steps)
        return Epoch(
            sum(step.loss * step.size for step in steps) / size,
            self.measured(steps),
            {layer: sum(step.lengths[layer] for step in steps) / len(steps) for layer in steps[0].lengths},
        )

    def measured(self, steps: list[_Step]) -> dict[str, float]:
        """The metrics over all examples, each at the time when it was trained on."""
        if self.far and not self.far.gathers:
            size = sum(step.size for step in steps)
            names = steps[0].predictions
            return {name: sum(step.predictions[name] for step in steps) / size for name in names}
        predictions = [each for step in steps for each in step.predictions]
        targets = [each for step in steps for each in step.targets]
        metrics = usual_metrics(predictions, targets, self.loss) if self.metrics is None else self.metrics
        return {name: float(metric(predictions, targets)) for name, metric in metrics.items()}
