"""The perceptron: a neuron with a threshold divides its inputs by a line, and learns where."""

from pathlib import Path

from nn import Perceptron, logic_gate, mistake_bound
from nn.style import INK, MUTE, NEGATIVE, POSITIVE, new_figure

# Weights that separate each gate with the widest margin, by hand: they bound the mistakes.
SEPARATED = {"and": ([2, 2], -3), "or": ([2, 2], -1)}


def main(folder: str = "pictures") -> None:
    """AND and OR are learnt with few mistakes; XOR never is, and the perceptron says so."""
    print("A perceptron says 1 where w0 x0 + w1 x1 + b >= 0, else 0. At each mistake the input is added to the")
    print("weights, or subtracted. If a line divides the examples, the mistakes come to an end.\n")
    lessons = {}
    for gate in ("and", "or", "xor"):
        data, perceptron = logic_gate(gate), Perceptron(2)
        lesson = lessons[gate] = perceptron.learn(data, epochs=25)
        print(f"{gate.upper()}: {lesson}")
        if lesson.converged:
            weights = ", ".join(f"{weight.data:+g}" for weight in perceptron.weights)
            bound = mistake_bound(data, *SEPARATED[gate])
            print(
                f"  weights {weights}, bias {perceptron.bias.data:+g}; Novikoff's bound is {bound:g} mistakes"
            )
            normal, offset = perceptron.hyperplane()
            line = f"{normal[0]:.3f} x0 + {normal[1]:.3f} x1 = {offset:.3f}"
            print(f"  the line: {line}, margin {perceptron.margin(data):.3f}")
    print("\nNo line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the other: XOR needs a")
    print("layer more.")
    print(f"Picture: {picture(lessons, Path(folder))}")


def picture(lessons, target: Path) -> Path:
    """The line after each correction, from light to dark, for the three gates."""
    figure, places = new_figure(1, 3, width=12, height=4.3, sharex=True, sharey=True)
    for axes, (gate, lesson) in zip(places, lessons.items(), strict=True):
        shown = lesson.corrections[-12:]
        for k, correction in enumerate(shown):
            draw_line(axes, *correction.weights, correction.bias, 0.12 + 0.5 * k / len(shown), INK)
        if lesson.converged:
            draw_line(axes, *shown[-1].weights, shown[-1].bias, 1.0, INK, width=2.5)
        data = logic_gate(gate)
        for point, value in zip(data.inputs, data.targets, strict=True):
            axes.plot(*point, "o" if value > 0 else "s", ms=13, color=POSITIVE if value > 0 else NEGATIVE,
                      markeredgecolor="white")  # fmt: skip
            axes.annotate(
                "1" if value > 0 else "0", point, ha="center", va="center", color="white", weight="bold"
            )
        told = f"{lesson.mistakes} mistakes" if lesson.converged else "the line never rests"
        axes.set_title(f"{gate.upper()}: {told}")
        axes.set_xlim(-0.6, 1.6)
        axes.set_ylim(-0.6, 1.6)
        axes.set_aspect("equal")
        axes.set_xlabel("$x_0$", color=MUTE)
    places[0].set_ylabel("$x_1$", color=MUTE)
    target.mkdir(parents=True, exist_ok=True)
    figure.savefig(target / "06_perceptron.png", dpi=120)
    return target / "06_perceptron.png"


def draw_line(axes, w0, w1, b, alpha, colour, width=1.2) -> None:
    """Where w0 x0 + w1 x1 + b = 0, if that is a line."""
    if w1:
        axes.plot([-1, 2], [(-b + w0) / w1, (-b - 2 * w0) / w1], color=colour, alpha=alpha, lw=width)
    elif w0:
        axes.plot([-b / w0] * 2, [-1, 2], color=colour, alpha=alpha, lw=width)


if __name__ == "__main__":
    main()
