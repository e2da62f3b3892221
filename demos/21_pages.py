"""Interactive pages, each one offline file: an expression, a network to train, a training to replay."""

import sys

from showing import place

from autograd import Value, draw, label, tanh
from nn import MLP, SGD, Recording, fit, moons, playground, spirals


def expression(folder: str) -> None:
    """Save the page of `L = (a * b + c) * tanh(a)`."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    t = tanh(a)
    loss = d * t
    label(a=a, b=b, c=c, d=d, e=e, t=t, L=loss)
    print("An expression. Drag a number or type a new one: values and gradients are updated.")
    print("Step forward and back with the arrow keys; see the paths of a leaf, nudge it, descend, or predict.")
    print(" ", draw(loss).save(place(folder, "backprop.html")))


def network(folder: str) -> None:
    """Save the page of a network that is trained on two moons in the browser."""
    model, data = MLP(2, [8, 8, 1], rng=0), moons(200, 0.1, rng=0)
    page = playground(model, data, optimiser=SGD(model, lr=0.03), source="moons", noise=0.1, seed=0)
    print("\nA network on the plane. Train it, then click a point to see its forward and backward pass.")
    print(" ", page.save(place(folder, "playground.html")))


def training(folder: str) -> None:
    """Save the page of a training that was run in Python, update by update."""
    model, data, recording = MLP(2, [8, 8, 1], rng=1), spirals(200, rng=0), Recording()
    history = fit(model, data, epochs=60, batch_size=20, lr=0.02, rng=0, record=recording)
    print(f"\nA recorded training: {history}. The page plays its {len(recording.losses)} updates.")
    print(" ", recording.save(place(folder, "training.html"), source="spirals", noise=0.02))


if __name__ == "__main__":
    chosen = next((word for word in sys.argv[1:] if not word.startswith("-")), "pictures")
    expression(chosen)
    network(chosen)
    training(chosen)
