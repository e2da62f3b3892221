"""A network learns to tell two moons apart, and two spirals: predict, compare, send the error back, correct."""

import random
from pathlib import Path

from nn import MLP, Adam, accuracy, fit, moons, plot_decision_boundary, plot_history, spirals
from nn.plotting import BoundaryFilm
from nn.style import new_figure


def main(folder: str = "pictures") -> None:
    """Train on half of the points, test on the other half, and picture what was learnt."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)
    figure, places = new_figure(2, 2, width=11, height=8.2, width_ratios=[1.25, 1])
    problems = (
        ("moons", moons(300, noise=0.15, rng=rng), [12, 12, 1], 25),
        ("spirals", spirals(300, turns=1.0, rng=rng), [20, 20, 1], 80),
    )
    for (left, right), (name, data, widths, epochs) in zip(places, problems, strict=True):
        training, test = data.split(0.5, rng)
        model = MLP(2, widths, activation="tanh", rng=rng)
        print(f"{name}: {model}")
        print(f"Before training it is right for {accuracy(model, test):.1%} of the test points.")
        film = BoundaryFilm(model, training, every=max(1, epochs // 25), resolution=30)
        optimiser = Adam(model.parameters(), lr=0.02)

        def report(epoch, history, epochs=epochs):
            if epoch + 1 in (1, epochs // 4, epochs // 2, epochs):
                loss, right = history.losses[-1], history.accuracies[-1]
                print(f"  epoch {epoch + 1:>2}   loss {loss:.4f}   right {right:.1%}")

        history = fit(
            model, training, "hinge", optimiser, epochs=epochs, batch_size=10, rng=rng,
            callbacks=[film, report],
        )  # fmt: skip
        print(f"After training it is right for {accuracy(model, test):.1%} of the points it has never seen.")
        plot_decision_boundary(model, test, left).set_title(f"{name}: test points, and where the output is 0")
        plot_history(history, right).set_title("on the training points")
        print(f"Film: {film.save(target / f'10_{name}.gif')}\n")
    figure.savefig(target / "10_moons_and_spirals.png", dpi=110)
    print(f"Picture: {target / '10_moons_and_spirals.png'}")


if __name__ == "__main__":
    main()
