"""Minimising without any right answers: whatever can be computed and differentiated can be made small."""

import math
import random
from pathlib import Path

from autograd import Value, gradients, hypot, log, total
from nn import SGD
from nn.style import INK, LINE, MUTE, NEGATIVE, POSITIVE, new_figure

COUNT = 12


def energy(points):
    """Charges on a circle's disc repel each other: the sum of -log(distance), and a wall at radius 1."""
    pairs = [-log(hypot(a[0] - b[0], a[1] - b[1])) for k, a in enumerate(points) for b in points[:k]]
    walls = [(hypot(x, y) / 1.0) ** 8 for x, y in points]
    return total(pairs) + total(walls)


def main(folder: str = "pictures") -> None:
    """Points find their places by themselves, and nobody said where those are."""
    rng = random.Random(1)
    points = [(Value(rng.uniform(-0.4, 0.4)), Value(rng.uniform(-0.4, 0.4))) for _ in range(COUNT)]
    coordinates = [value for point in points for value in point]
    optimiser = SGD(coordinates, lr=0.002, momentum=0.9)
    paths = [[(x.data, y.data)] for x, y in points]
    energies = []
    print(f"{COUNT} charges in a disc repel each other. No example says where they belong; the energy says how")
    print("bad the present places are, and its gradient how to move: minus the gradient is the force.\n")
    for step in range(401):
        optimiser.zero_grad()
        now = energy(points)
        now.backward()
        energies.append(now.data)
        if step in (0, 10, 50, 100, 200, 400):
            print(f"  step {step:>3}   energy {now.data:9.4f}   longest force {longest(points):8.4f}")
        optimiser.step()
        for path, (x, y) in zip(paths, points, strict=True):
            path.append((x.data, y.data))
    turns = sorted(math.atan2(y.data, x.data) / (2 * math.pi) for x, y in points)
    gaps = [COUNT * (b - a) for a, b in zip(turns, [*turns[1:], turns[0] + 1], strict=True)]
    radii = [math.hypot(x.data, y.data) for x, y in points]
    print(f"\nIn the end they stand on a ring of radius {min(radii):.3f} to {max(radii):.3f}, each gap between")
    print(f"{min(gaps):.3f} and {max(gaps):.3f} of a {COUNT}th of the circle: nobody had asked for a ring.")
    forces = gradients(energy(points), coordinates)
    print(f"No force is left: the longest is {max(map(abs, forces)):.1e}.")
    print(f"Picture: {picture(paths, energies, Path(folder))}")


def longest(points) -> float:
    """The longest force on any point, from the grads of the last backward pass."""
    return max(math.hypot(x.grad, y.grad) for x, y in points)


def picture(paths, energies, target: Path) -> Path:
    """Where the points went, and the energy on the way."""
    figure, (left, right) = new_figure(1, 2, width=10, height=4.6)
    turn = [2 * math.pi * k / 200 for k in range(201)]
    left.plot([math.cos(t) for t in turn], [math.sin(t) for t in turn], color=LINE, lw=1)
    for path in paths:
        xs, ys = zip(*path, strict=True)
        left.plot(xs, ys, color=POSITIVE, lw=1, alpha=0.45)
        left.plot(xs[:1], ys[:1], "o", color=MUTE, ms=4)
        left.plot(xs[-1:], ys[-1:], "o", color=NEGATIVE, ms=8, markeredgecolor="white")
    left.set_aspect("equal")
    left.set_title("from a heap (grey) to their places")
    right.plot(energies, color=INK, lw=2)
    right.set_xlabel("step")
    right.set_ylabel("energy")
    right.set_title("the objective")
    target.mkdir(parents=True, exist_ok=True)
    figure.savefig(target / "12_objective_without_labels.png", dpi=120)
    return target / "12_objective_without_labels.png"


if __name__ == "__main__":
    main()
