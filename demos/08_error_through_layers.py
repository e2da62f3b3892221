"""From the error of the output to the error of every layer: before an update, and after it."""

import random
from pathlib import Path

from autograd import Value, draw
from nn import MLP, SGD, fit, moons, mse_loss, plot_gradient_flow


def main(folder: str = "pictures") -> None:
    """One sample goes through a network; its error comes back; the weights are corrected once."""
    from matplotlib.figure import Figure

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rng = random.Random(5)
    model = MLP(2, [4, 3, 1], activation="tanh", rng=rng)
    sample, wanted = [Value(0.8, "x0"), Value(-0.4, "x1")], 1.0
    optimiser = SGD(model.parameters(), lr=0.2)

    def forward_and_back(moment: str) -> Value:
        optimiser.zero_grad()
        loss = mse_loss([model(sample)], [wanted])
        loss.label = "loss"
        loss.backward()
        print(f"{moment}: the loss is {loss.data:.4f}. The error that arrives at each layer, last one first:")
        layers = draw(loss, groups=model, collapse="layer").scene.boxes
        for box in reversed([box for box in layers if box.kind == "group"]):
            print(f"  {box.name}   {box.grad}")
        return loss

    loss = forward_and_back("Before the update")
    print(" ", draw(loss, groups=model, collapse="layer").save(target / "08_layers.svg"))
    print(" ", draw(loss, groups=model, collapse="neuron").save(target / "08_before.svg"))
    print("Every weight now moves a little against its gradient.\n")
    optimiser.step()
    loss = forward_and_back("After the update")
    print(" ", draw(loss, groups=model, collapse="neuron").save(target / "08_after.svg"))
    print(" ", loss.backprop().save(target / "08_step_through.html", groups=model))

    print("\nOver a whole training run the same is a line for each layer:")
    history = fit(MLP(2, [8, 8, 8, 1], activation="tanh", rng=rng), moons(100, rng=rng), epochs=30, rng=rng)
    figure = Figure(figsize=(7, 4), layout="constrained")
    plot_gradient_flow(history, figure.subplots()).set_title("gradient of each layer's weights")
    figure.savefig(target / "08_gradient_flow.png", dpi=120)
    print(" ", target / "08_gradient_flow.png")


if __name__ == "__main__":
    main()
