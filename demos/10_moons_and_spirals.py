"""Train networks to classify two moons and two spirals: predict, compare, propagate back, update."""

import random

from showing import opening, place, saved

from nn import MLP, Adam, BoundaryFilm, accuracy, fit, moons, plot_decision_boundary, plot_history, spirals
from nn.metrics import predictions
from nn.plotting.style import new_figure

ENGLISH = """\
A network is described by its number of layers, and the number of neurons and the activation of each.
Supervised learning: predict an example with the current weights, compare with its label, propagate
the error back, correct the weights, and repeat. Only the weights change, not the model."""
JAPANESE = """\
ネットワークは、層の数、各層のニューロン数、各層の活性化関数で決まる。
教師あり学習: 今の重みで例題を解き、正解と比べ、誤差を逆に伝え、重みを修正する。これをくり返す。
変わるのは重みだけで、モデルは変わらない。"""


def main(folder: str = "pictures") -> None:
    """Train on half of the points, test on the other half, and plot the decision boundaries."""
    opening(ENGLISH, JAPANESE)
    rng = random.Random(7)
    figure, places = new_figure(2, 2, width=11, height=8.2, width_ratios=[1.25, 1])
    problems = (
        ("moons", moons(300, noise=0.15, rng=rng), [12, 12, 1], 25),
        ("spirals", spirals(300, turns=1.0, rng=rng), [20, 20, 1], 50),
    )
    for (left, right), (name, data, widths, epochs) in zip(places, problems, strict=True):
        training, test = data.split(0.5, rng)
        model = MLP(2, widths, activation="tanh", rng=rng)
        print(f"{name}: {model}")
        before, wrong = predictions(model, test), 1 - accuracy(model, test)
        animation = BoundaryFilm(model, training, every=max(1, epochs // 15), resolution=26)
        optimiser = Adam(model.parameters(), lr=0.02)

        def report(epoch, history, epochs=epochs):
            if epoch + 1 in (1, epochs // 4, epochs // 2, epochs):
                loss, right = history.losses[-1], history.accuracies[-1]
                print(f"  epoch {epoch + 1:>2}   loss {loss:.4f}   accuracy {right:.1%}")

        history = fit(
            model, training, "hinge", optimiser, epochs=epochs, batch_size=10, rng=rng,
            callbacks=[animation, report],
        )  # fmt: skip
        print("  test points       label   output before   output after")
        for k, output in enumerate(predictions(model, test)[:4]):
            (x0, x1), label = test.inputs[k], test.targets[k]
            print(f"  ({x0:+.3f}, {x1:+.3f})  {label:+.0f}      {before[k]:+.3f}          {output:+.3f}")
        print(f"The sign of the output is the class. Of the test points {wrong:.1%} were wrong before")
        print(f"training, and {1 - accuracy(model, test):.1%} are now. The loss is the hinge loss: 0 for an")
        print("output on the right side and beyond 1.")
        print(f"Animation: {animation.save(place(folder, f'10_{name}.gif'))}\n")
        plot_decision_boundary(model, test, left).set_title(f"{name}: test points and decision boundary")
        plot_history(history, right).set_title("on the training points")
    print(f"Picture: {saved(figure, folder, '10_moons_and_spirals.png')}")


if __name__ == "__main__":
    main()
