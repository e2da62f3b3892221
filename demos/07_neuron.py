"""A neuron y = F(sum of w_i x_i + b), as a function of its inputs and as a function of its weights."""

import random
from pathlib import Path

from showing import opening, place, saved

from autograd import Value, draw
from nn import Neuron
from nn.plotting.style import INK, MUTE, NEGATIVE, POSITIVE, new_figure

ENGLISH = """\
y = F(w0 x0 + w1 x1 + b) is a function of the inputs, and also of the weights. With the sum s, the
chain rule gives:
  dy/dw_i = F'(s) x_i      the correction of a weight is proportional to its input
  dy/dx_i = F'(s) w_i      the error flows back to the previous layer through the same weight"""
JAPANESE = """\
y = F(w0 x0 + w1 x1 + b) は、入力の関数とも、重みの関数とも見ることができる。
和を s とすると、連鎖律により
  dy/dw_i = F'(s) x_i      重みの修正量: その重みが受け取った入力に比例する
  dy/dx_i = F'(s) w_i      前の層へ戻る誤差: 同じ重みを通って伝わる"""


def main(folder: str = "pictures") -> None:
    """Step through the chain rule at one neuron, draw it, and plot y against a weight and an input."""
    opening(ENGLISH, JAPANESE)
    neuron = Neuron(2, "tanh", rng=random.Random(0))
    for parameter, number in zip(neuron.parameters(), (0.5, -1.0, 0.2), strict=True):
        parameter.data = number
    x = [Value(2.0, "x0"), Value(0.5, "x1")]
    y = neuron(x)
    y.label, y.operands[0].label = "y", "s"
    print("F = tanh. Step by step, from y back to the weights and the inputs:\n")
    bp = y.backprop()
    for step in bp:
        print(step)
    print(f"\n{bp.where()}\n")
    slope = 1 - y.data**2
    print(f"F'(s) = 1 - y^2 = {slope:.4f}")
    for weight, item in zip(neuron.weights, x, strict=True):
        by_weight = f"dy/d{weight.label} = F'(s) * {item.data:g} = {weight.grad:+.4f}"
        print(f"  {by_weight:<30}   dy/d{item.label} = F'(s) * {weight.data:g} = {item.grad:+.4f}")
    relu = Neuron(1, "relu", rng=random.Random(0))
    relu.weights[0].data = 1.0
    print("\nWith F = ReLU the derivative F'(s) is 0 for s < 0 and 1 for s >= 0:")
    for s in (-1.0, 0.0, 1.0):
        item = Value(s, "x0")
        relu([item]).backward()
        print(f"  s = {s:g}: dy/dx = {item.grad:g}")
    plot = picture(neuron, x, folder)
    print(f"Pictures: {draw(y, groups=neuron).save(place(folder, '07_neuron.svg'))} {plot}")


def picture(neuron: Neuron, x: list[Value], folder: str) -> Path:
    """Plot y against one weight and against one input, with tangents whose slopes are the gradients."""
    figure, (left, right) = new_figure(1, 2, width=10, height=4, sharey=True)
    for axes, number, name in ((left, neuron.weights[1], "w1"), (right, x[1], "x1")):
        here, slope, y = number.data, number.grad, neuron(x).data
        xs = [here - 3 + 6 * k / 120 for k in range(121)]
        ys = []
        for number.data in xs:
            ys.append(neuron(x).data)
        number.data = here
        axes.plot(xs, ys, color=MUTE, lw=2)
        colour = POSITIVE if slope > 0 else NEGATIVE
        axes.plot([here - 1, here + 1], [y - slope, y + slope], color=colour, lw=2.5)
        axes.plot([here], [y], "o", color=INK, ms=7)
        axes.annotate("here", (here, y), (8, -14), textcoords="offset points", color=INK)
        axes.set_title(f"y as a function of {name}: slope {slope:+.3f}".replace("-", "−"))
        axes.set_xlabel(name)
    left.set_ylabel("y")
    return saved(figure, folder, "07_neuron.png")


if __name__ == "__main__":
    main()
