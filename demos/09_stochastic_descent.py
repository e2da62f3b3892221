"""Stochastic gradient descent: mini-batches, momentum, schedules, Adam, on the same problem."""

import random
import time

from showing import opening, saved

from nn import MLP, SGD, Adam, CosineAnnealingLR, DivergenceError, WarmUp, accuracy, fit, moons
from nn.plotting.curves import logarithmic
from nn.plotting.style import CLASSES, INK, new_figure

EPOCHS, BATCH = 30, 10

ENGLISH = f"""\
The cost of a step is proportional to the number of its examples. A few of them give nearly the same
direction as all, so mini-batches of {BATCH} allow many steps for the price of one. The learning rate
should be large, but not so large that training diverges; so it is scheduled, step by step or epoch
by epoch."""
JAPANESE = f"""\
一歩の計算量は、見る例題の数に比例する。少数の例題でも、全体とほぼ同じ方向を示す。
そこで {BATCH} 個ずつ使えば、同じ計算量で何歩も進める(確率的勾配降下法)。
残るのは学習率である。発散せず、速く収束するように調節する。"""

# Name, batch size, optimiser, schedule.
RUNS = (
    ("all examples at once, lr 0.1", None, lambda w: SGD(w, lr=0.1), None),
    ("mini-batches, lr 0.1", BATCH, lambda w: SGD(w, lr=0.1), None),
    ("mini-batches, lr 1", BATCH, lambda w: SGD(w, lr=1.0), None),
    ("momentum 0.9, lr 0.05", BATCH, lambda w: SGD(w, lr=0.05, momentum=0.9), None),
    (
        "momentum, warm-up, cosine",
        BATCH,
        lambda w: SGD(w, lr=0.1, momentum=0.9),
        lambda o: WarmUp(o, 4, start=0.1, after=CosineAnnealingLR(o, EPOCHS - 4)),
    ),
    ("Adam, lr 0.03", BATCH, lambda w: Adam(w, lr=0.03), None),
)


def main(folder: str = "pictures") -> None:
    """Train the same network on the same examples, from the same initial weights, in six ways."""
    opening(ENGLISH, JAPANESE)
    training, test = moons(240, noise=0.15, rng=random.Random(0)).split(0.5, random.Random(0))
    histories = {}
    for name, batch, make, plan in RUNS:
        model = MLP(2, [8, 8, 1], activation="tanh", rng=random.Random(1))
        optimiser = make(model.parameters())
        started = time.perf_counter()
        try:
            histories[name] = fit(
                model, training, "mse_loss", optimiser, epochs=EPOCHS, batch_size=batch, rng=random.Random(2),
                schedule=plan(optimiser) if plan else None,
            )  # fmt: skip
        except DivergenceError as error:
            what = error.what.partition(",")[0]
            print(f"  {name:<29} diverged in epoch {error.epoch}, step {error.step}: {what}")
            continue
        losses = histories[name].losses
        print(
            f"  {name:<29} loss {losses[0]:.3f} -> {losses[-1]:.4f}   test {accuracy(model, test):6.1%}   "
            f"{time.perf_counter() - started:.1f} s"
        )
    print(f"Picture: {picture(histories, folder)}")


def picture(histories, folder: str):
    """Plot the losses and the learning rates."""
    figure, (left, right) = new_figure(1, 2, width=11, height=4.4, width_ratios=[1.35, 1])
    for k, (name, history) in enumerate(histories.items()):
        style = {"color": CLASSES[k], "lw": 2, "ls": ["-", "--", "-.", "-", ":"][k]}
        epochs = range(1, EPOCHS + 1)
        left.plot(epochs, history.losses, label=name, **style)
        right.plot(epochs, history.learning_rates, **style)
    logarithmic(left, [loss for history in histories.values() for loss in history.losses])
    left.set_xlabel("epoch")
    left.set_ylabel("training loss")
    left.set_title("the same network, the same examples")
    left.legend(frameon=False, labelcolor=INK, fontsize=9, loc="lower left")
    right.set_xlabel("epoch")
    right.set_ylabel("learning rate")
    right.set_title("learning rates")
    return saved(figure, folder, "09_stochastic_descent.png")


if __name__ == "__main__":
    main()
