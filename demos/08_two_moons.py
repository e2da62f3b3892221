"""A network learns to tell two moons apart: predict, compare, send the error back, correct."""

import random
from pathlib import Path

from nn import MLP, SGD, accuracy, fit, moons, plot_decision_boundary, plot_history


def main(folder: str = "pictures") -> None:
    """Train an MLP on half of the points, test it on the other half, and picture what it learnt."""
    from matplotlib.figure import Figure

    rng = random.Random(7)
    training, test = moons(400, noise=0.15, rng=rng).split(0.5, rng)
    model = MLP(2, [16, 16, 1], activation="relu", rng=rng)
    print(f"{model}\n")
    print("Each output is a score: above 0 it says the lower moon (+1), below 0 the upper one (-1).")
    print(f"Before training it is right for {accuracy(model, test):.1%} of the test points.\n")

    def report(epoch, history):
        if epoch in (0, 1, 4, 9, 19, 39):
            loss, right = history.losses[-1], history.accuracies[-1]
            print(f"epoch {epoch + 1:>2}   loss {loss:.4f}   right {right:.1%}")

    optimiser = SGD(model.parameters(), lr=0.05, momentum=0.9)
    history = fit(model, training, "hinge", optimiser, epochs=40, batch_size=20, rng=rng, after_epoch=report)
    print(f"\nAfter training it is right for {accuracy(model, test):.1%} of the points it has never seen.")

    figure = Figure(figsize=(11, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    plot_decision_boundary(model, test, left).set_title("test points, and where the output changes sign")
    plot_history(history, right).set_title("error and accuracy on the training points")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    figure.savefig(target / "08_two_moons.png", dpi=120)
    print(f"Picture: {target / '08_two_moons.png'}")


if __name__ == "__main__":
    main()
