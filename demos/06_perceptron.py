"""The perceptron: a neuron with a threshold that learns to separate its inputs by a line."""

import random
from pathlib import Path

from showing import opening, place, saved

from nn import MLP, Adam, Dataset, Film, Perceptron, fit, logic_gate, mistake_bound
from nn.plotting.plane import draw_regions, landscape
from nn.plotting.style import HIGHLIGHT, INK, MUTE, NEGATIVE, POSITIVE, new_figure

ENGLISH = """\
The output of a perceptron is 1 if w0 x0 + w1 x1 + b >= 0, else 0: it separates its inputs by a line (a
hyperplane, for more inputs). At each mistake the input is added to the weights, or subtracted. If
the examples are linearly separable, the number of mistakes is finite."""
JAPANESE = """\
パーセプトロンは w0 x0 + w1 x1 + b >= 0 なら 1、さもなければ 0 を出す。入力を直線(超平面)で分割する。
間違えるたびに、入力を重みに足す(または重みから引く)。
例題を分ける直線があれば、間違いはいつか終わる。"""

# Weights that separate each gate with the widest margin, by hand: they bound the mistakes.
SEPARATED = {"and": ([2, 2], -3), "or": ([2, 2], -1)}
SIDE = Dataset([[-0.35, -0.35], [1.35, 1.35]], [-1.0, 1.0])
"""The corners of the pictures."""


def main(folder: str = "pictures") -> None:
    """Train perceptrons on AND, OR and XOR, and a network with one more layer on XOR."""
    opening(ENGLISH, JAPANESE)
    lessons = {}
    for gate in ("and", "or", "xor"):
        data, perceptron = logic_gate(gate), Perceptron(2)
        lesson = perceptron.learn(data, epochs=25)
        lessons[gate] = perceptron, lesson
        print(f"{gate.upper()}: {lesson}")
        if lesson.converged:
            weights = ", ".join(f"{weight.data:+g}" for weight in perceptron.weights)
            bound = mistake_bound(data, *SEPARATED[gate])
            normal, offset = perceptron.hyperplane()
            print(f"  weights {weights}, bias {perceptron.bias.data:+g}. For any order of the examples")
            print(f"  at most {bound:g} mistakes are possible (Novikoff). The line with its unit normal:")
            print(f"  {normal[0]:.3f} x0 {normal[1]:+.3f} x1 = {offset:.3f}")
    network = MLP(2, [3, 1], activation="tanh", rng=random.Random(5))
    optimiser = Adam(network.parameters(), lr=0.1)
    history = fit(network, logic_gate("xor"), "hinge", optimiser, epochs=60, rng=random.Random(0))
    print("\nNo line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the other. XOR needs another")
    print("layer, whose error is found by backpropagation: with 3 hidden neurons the network is right for")
    print(f"{history.accuracies[-1]:.0%} of the four after {len(history.losses)} epochs.")
    print(f"Picture: {picture(lessons, network, folder)}")
    print(f"Animation: {animation(lessons, folder)}")


def picture(lessons, network: MLP, folder: str) -> Path:
    """Plot the output of each over the plane, with earlier lines from light to dark; and XOR by a network."""
    figure, places = new_figure(1, 4, width=12.5, height=3.7, sharex=True, sharey=True)
    for axes, (gate, (perceptron, lesson)) in zip(places, lessons.items(), strict=False):
        if lesson.converged:
            draw_regions(axes, landscape(perceptron.sum, SIDE, 60))
        shown = lesson.corrections[-9:]
        for k, correction in enumerate(shown[:-1] if lesson.converged else shown):
            draw_line(axes, *correction.weights, correction.bias, 0.12 + 0.45 * k / len(shown))
        draw_gate(axes, gate)
        result = f"{lesson.mistakes} mistakes" if lesson.converged else "does not converge"
        axes.set_title(f"{gate.upper()}: {result}")
    draw_regions(places[3], landscape(network, SIDE, 60))
    draw_gate(places[3], "xor")
    places[3].set_title("XOR with a hidden layer")
    places[0].set_ylabel("$x_1$", color=MUTE)
    return saved(figure, folder, "06_perceptron.png")


def animation(lessons, folder: str) -> Path:
    """Animate the line of each perceptron, mistake by mistake."""
    figure, places = new_figure(1, 3, width=9, height=3.5, sharex=True, sharey=True)
    for axes, gate in zip(places, lessons, strict=True):
        draw_gate(axes, gate)
    frames = Film(figure)
    for moment in range(24):
        lines = []
        for axes, (gate, (_, lesson)) in zip(places, lessons.items(), strict=True):
            past = lesson.corrections[: moment + 1]
            for age, correction in enumerate(reversed(past[-4:])):
                lines += draw_line(axes, *correction.weights, correction.bias, (1.0, 0.35, 0.2, 0.1)[age])
            ended = lesson.converged and moment + 1 >= lesson.mistakes
            axes.set_title(f"{gate.upper()}: {len(past)} mistakes" + (", no more" if ended else ""))
            if not ended:
                lines += axes.plot(*logic_gate(gate).inputs[past[-1].example], "o", ms=25, mfc="none",
                                   mec=HIGHLIGHT, mew=2.5)  # fmt: skip
        frames.add()
        for line in lines:
            line.remove()
    return frames.save(place(folder, "06_perceptron.gif"), seconds=0.6)


def draw_gate(axes, gate: str) -> None:
    """Draw the four examples with the output of the gate."""
    data = logic_gate(gate)
    for point, value in zip(data.inputs, data.targets, strict=True):
        marker, colour = ("o", POSITIVE) if value > 0 else ("s", NEGATIVE)
        axes.plot(*point, marker, ms=15, color=colour, markeredgecolor="white", zorder=3)
        word = "1" if value > 0 else "0"
        axes.annotate(word, point, ha="center", va="center", color="white", weight="bold", zorder=4)
    axes.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), aspect="equal", xticks=[0, 1], yticks=[0, 1])
    axes.set_xlabel("$x_0$", color=MUTE)


def draw_line(axes, w0, w1, b, alpha) -> list:
    """Draw the line w0 x0 + w1 x1 + b = 0, if it is one."""
    if w1:
        return axes.plot([-1, 2], [(-b + w0) / w1, (-b - 2 * w0) / w1], color=INK, alpha=alpha, lw=1.5)
    return axes.plot([-b / w0] * 2, [-1, 2], color=INK, alpha=alpha, lw=1.5) if w0 else []


if __name__ == "__main__":
    main()
