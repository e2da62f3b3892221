"""Handwritten digits, read: 64 pixels in, ten scores out, cross-entropy between them and the truth."""

import random
import time
from pathlib import Path

from autograd import no_grad
from nn import MLP, Adam, CosineAnnealingLR, Dataset, accuracy, digits, fit, plot_history
from nn.plotting import plot_images, plot_weights
from nn.style import new_figure


def main(folder: str = "pictures") -> None:
    """Train on a thousand digits, test on the others, and look at what is confused and what was learnt."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    training, test = digits().split(1000 / 1797, rng)
    model = MLP(64, [16, 10], activation="tanh", rng=rng)
    print(model, "\n")
    optimiser = Adam(model.parameters(), lr=0.02)
    started = time.perf_counter()
    epochs = 6

    def report(epoch, history):
        print(f"  epoch {epoch + 1}   loss {history.losses[-1]:.4f}   right {history.accuracies[-1]:.1%}")

    history = fit(
        model, training, "cross_entropy", optimiser, epochs=epochs, batch_size=20, rng=rng,
        schedule=CosineAnnealingLR(optimiser, epochs), callbacks=[report],
    )  # fmt: skip
    print(f"\nOf {test.size} digits it has never seen it reads {accuracy(model, test):.1%} right, "
          f"after {time.perf_counter() - started:.0f} s.")  # fmt: skip

    confused = mistakes(model, test)
    print("Most confused: " + ", ".join(f"{a} read as {b} ({n})" for (a, b), n in most(confused)))
    wrong = [k for pair in confused.values() for k in pair][:16]
    answers = [f"{test.targets[k]} read {answer(model, test.inputs[k])}" for k in wrong]
    plot_images([test.inputs[k] for k in wrong], titles=answers, columns=8).savefig(
        target / "11_mistakes.png", dpi=110
    )
    plot_weights(model.layers[0], columns=8).savefig(target / "11_weights.png", dpi=110)
    figure, axes = new_figure(width=7, height=4)
    plot_history(history, axes).set_title("a thousand digits, epoch by epoch")
    figure.savefig(target / "11_history.png", dpi=110)
    print(f"Pictures: {target / '11_mistakes.png'} {target / '11_weights.png'} {target / '11_history.png'}")


def answer(model: MLP, image: list[float]) -> int:
    """The digit with the highest score."""
    with no_grad():
        scores = [score.data for score in model(image)]
    return scores.index(max(scores))


def mistakes(model: MLP, data: Dataset) -> dict[tuple[int, int], list[int]]:
    """For each pair of a digit and what it was read as, which images they were."""
    found: dict[tuple[int, int], list[int]] = {}
    for k, (image, digit) in enumerate(zip(data.inputs, data.targets, strict=True)):
        read = answer(model, image)
        if read != digit:
            found.setdefault((digit, read), []).append(k)
    return found


def most(confused: dict[tuple[int, int], list[int]]) -> list[tuple[tuple[int, int], int]]:
    """The pairs that are confused most often."""
    return sorted(((pair, len(k)) for pair, k in confused.items()), key=lambda item: -item[1])[:4]


if __name__ == "__main__":
    main()
