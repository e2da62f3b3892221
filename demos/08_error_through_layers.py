"""From the error of the output to the error of every layer; weights updated after the pass, and during it."""

import random
from pathlib import Path

from showing import opening, place, saved

from autograd import Value, draw
from nn import MLP, SGD, Dataset, compare_updates, fit, layerwise_errors, moons, mse_loss, plot_gradient_flow
from nn.plotting.style import new_figure

ENGLISH = """\
Backpropagation: the error of the output layer gives the error at its inputs, which are the outputs of
the previous layer, and so on, from the last layer to the first. Each layer's weights are corrected
by the error that arrives there; this can be done in parallel, while the error propagates further."""
JAPANESE = """\
誤差逆伝播: 出力層の誤差からその入力の誤差が求まり、それは一つ前の層の出力の誤差である。
これを深い層から浅い層へくり返す。各層の重みは、届いた誤差で修正する。
誤差の伝播と重みの修正は並行して進められる。"""


def main(folder: str = "pictures") -> None:
    """Run one example forward and backward through a network, and update the weights once."""
    opening(ENGLISH, JAPANESE)
    rng = random.Random(5)
    model = MLP(2, [4, 3, 1], activation="tanh", rng=rng)
    example = Dataset([[0.8, -0.4]], [1.0])
    print(f"{model}\n")
    print(f"Before the update: {layerwise_errors(model, example)}")
    print(f"Pictures: {drawn(model, 'layer', folder, '08_layers.svg')} "
          f"{drawn(model, 'neuron', folder, '08_before.svg')}\n")  # fmt: skip
    print("Weights can be updated after the pass, or in each layer as soon as the error has passed it:")
    print(f"{compare_updates(model, example, lr=0.2)}")
    print("Through the weights of the forward pass the result is the same bit for bit. A program that has")
    print("overwritten them sends another error to the layers below; for a small rate, nearly the same.\n")
    layerwise_errors(model, example)  # computes the gradients again
    SGD(model.parameters(), lr=0.2).step()
    print(f"After one update: {layerwise_errors(model, example)}")
    print(f"Picture: {drawn(model, 'neuron', folder, '08_after.svg')}")
    page = loss_of(model).backprop().save(place(folder, "08_step_through.html"), groups=model)
    print(f"To step through: {page}\n")
    deep = MLP(2, [8, 8, 8, 1], activation="tanh", rng=rng)
    history = fit(deep, moons(100, rng=rng), epochs=30, rng=rng)
    figure, axes = new_figure(width=7, height=4)
    plot_gradient_flow(history, axes).set_title("gradient norm of each layer, epoch by epoch")
    print("The gradient norms over a whole training run, a line for each layer:", end=" ")
    print(saved(figure, folder, "08_gradient_flow.png"))


def loss_of(model: MLP) -> Value:
    """Return the recorded loss of the example, with its gradients."""
    loss = mse_loss([model([Value(0.8, "x0"), Value(-0.4, "x1")])], [1.0])
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    return loss


def drawn(model: MLP, collapse: str, folder: str, name: str) -> Path:
    """Draw the network with the error that arrives at each layer, or at each neuron."""
    return draw(loss_of(model), groups=model, collapse=collapse).save(place(folder, name))


if __name__ == "__main__":
    main()
