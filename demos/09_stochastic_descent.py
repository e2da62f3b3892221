"""Stochastic gradient descent: mini-batches, momentum, schedules, Adam, on the same problem."""

import random
import time
from pathlib import Path

from nn import MLP, SGD, Adam, CosineAnnealingLR, WarmUp, accuracy, fit, moons
from nn.style import CLASSES, INK, MUTE, new_figure

EPOCHS, BATCH = 15, 10

# Name, batch size, optimiser, schedule.
RUNS = (
    ("all examples at once, lr = 0.1", None, lambda w: SGD(w, lr=0.1), None),
    ("mini-batches, lr = 0.1", BATCH, lambda w: SGD(w, lr=0.1), None),
    ("momentum 0.9, lr = 0.05", BATCH, lambda w: SGD(w, lr=0.05, momentum=0.9), None),
    (
        "momentum, warm-up, cosine to 0",
        BATCH,
        lambda w: SGD(w, lr=0.1, momentum=0.9),
        lambda o: WarmUp(o, 3, start=0.2, after=CosineAnnealingLR(o, EPOCHS - 3)),
    ),
    ("Adam, lr = 0.02", BATCH, lambda w: Adam(w, lr=0.02), None),
)


def main(folder: str = "pictures") -> None:
    """Five ways down the same slope: the examples, the network and its first weights are the same."""
    training, test = moons(240, noise=0.15, rng=random.Random(0)).split(0.5, random.Random(0))
    steps = training.size // BATCH
    print(
        "A step costs as much as the examples it looks at. A few of them point nearly the same way as all, so"
    )
    print(f"{BATCH} at a time give {steps} steps for the price of one; what is left is to choose the rate:")
    print("large for speed, small for rest.\n")
    histories = {}
    for name, batch, make, plan in RUNS:
        model = MLP(2, [8, 8, 1], activation="tanh", rng=random.Random(1))
        optimiser = make(model.parameters())
        started = time.perf_counter()
        histories[name] = fit(
            model, training, "hinge", optimiser, epochs=EPOCHS, batch_size=batch, rng=random.Random(2),
            schedule=plan(optimiser) if plan else None,
        )  # fmt: skip
        losses = histories[name].losses
        print(
            f"  {name:<32} loss {losses[0]:.3f} -> {losses[-1]:.4f}   test {accuracy(model, test):6.1%}   "
            f"{time.perf_counter() - started:.1f} s"
        )
    print(f"Picture: {picture(histories, Path(folder))}")


def picture(histories, target: Path) -> Path:
    """The losses, and the rates that led to them."""
    figure, (left, right) = new_figure(1, 2, width=11, height=4.3)
    for k, (name, history) in enumerate(histories.items()):
        style = {"color": CLASSES[k], "lw": 2, "ls": ["-", "--", "-.", "-", ":"][k]}
        epochs = range(1, EPOCHS + 1)
        left.plot(epochs, history.losses, label=name, **style)
        right.plot(epochs, [epoch.lr for epoch in history.epochs], **style)
    left.set_yscale("log")
    left.set_xlabel("epoch")
    left.set_ylabel("training loss")
    left.legend(frameon=False, labelcolor=INK, fontsize=8.5)
    right.set_xlabel("epoch")
    right.set_ylabel("learning rate")
    right.set_title("the schedules", color=MUTE)
    target.mkdir(parents=True, exist_ok=True)
    figure.savefig(target / "09_stochastic_descent.png", dpi=120)
    return target / "09_stochastic_descent.png"


if __name__ == "__main__":
    main()
