"""Minimise an objective without labels: any differentiable objective gives a correction."""

import math
import random
from pathlib import Path

from showing import opening, place, saved

from autograd import Value, gradients, hypot, log, total
from nn import SGD, Film
from nn.plotting.style import INK, LINE, MUTE, NEGATIVE, POSITIVE, new_figure

COUNT, STEPS = 12, 300

ENGLISH = f"""\
Any objective to minimise defines an error, and if it is differentiable, a correction, even when the
answer is unknown. {COUNT} charges in a disc repel each other. There are no labels for their positions;
the energy measures how bad these are, and its negative gradient, the force, is the correction."""
JAPANESE = f"""\
最小化したい量があれば、それが誤差になる。目的関数が微分可能なら、正解を知らなくても修正量が決まる。
円板の中で {COUNT} 個の電荷が反発し合う。どこが正解かを教える例題はない。
エネルギーが配置の悪さを表し、その勾配の逆向き(力)が動く方向を示す。"""


def energy(points):
    """Return the energy of charges in a disc: the sum of -log(distance), and a wall around radius 1."""
    pairs = [-log(hypot(a[0] - b[0], a[1] - b[1])) for k, a in enumerate(points) for b in points[:k]]
    walls = [hypot(x, y) ** 8 for x, y in points]
    return total(pairs) + total(walls)


def main(folder: str = "pictures") -> None:
    """Minimise the energy of the charges by gradient descent."""
    opening(ENGLISH, JAPANESE)
    rng = random.Random(1)
    points = [(Value(rng.uniform(-0.4, 0.4)), Value(rng.uniform(-0.4, 0.4))) for _ in range(COUNT)]
    coordinates = [value for point in points for value in point]
    optimiser = SGD(coordinates, lr=0.003, momentum=0.5)
    places, energies = [[(x.data, y.data) for x, y in points]], []
    for step in range(STEPS + 1):
        optimiser.zero_grad()
        now = energy(points)
        now.backward()
        energies.append(now.data)
        if step in (0, 10, 50, 100, 200, STEPS):
            print(f"  step {step:>3}   energy {now.data:9.4f}   longest force {longest(points):8.4f}")
        optimiser.step()
        places.append([(x.data, y.data) for x, y in points])
    turns = sorted(math.atan2(y.data, x.data) / (2 * math.pi) for x, y in points)
    gaps = [COUNT * (b - a) for a, b in zip(turns, [*turns[1:], turns[0] + 1], strict=True)]
    radii = [math.hypot(x.data, y.data) for x, y in points]
    print(f"\nIn the end they form a ring of radius {min(radii):.3f} to {max(radii):.3f}, with gaps between")
    print(f"{min(gaps):.3f} and {max(gaps):.3f} of a {COUNT}th of the circle.")
    forces = gradients(energy(points), coordinates)
    print(f"The forces are almost 0: their largest component is {max(map(abs, forces)):.1e}.")
    print(f"Picture: {picture(places, energies, folder)}")
    print(f"Animation: {animation(places, energies, folder)}")


def longest(points) -> float:
    """Return the largest force on a point, from the grads of the last backward pass."""
    return max(math.hypot(x.grad, y.grad) for x, y in points)


def picture(places, energies, folder: str) -> Path:
    """Plot the paths of the points, and the energy."""
    figure, (left, right) = new_figure(1, 2, width=10, height=4.6)
    draw_disc(left)
    for path in zip(*places, strict=True):
        xs, ys = zip(*path, strict=True)
        left.plot(xs, ys, color=POSITIVE, lw=1.2, alpha=0.6)
        left.plot(xs[:1], ys[:1], "o", color=MUTE, ms=4)
        left.plot(xs[-1:], ys[-1:], "o", color=NEGATIVE, ms=8, markeredgecolor="white")
    left.set_title("from the start (grey) to the end")
    right.plot([e - min(energies) for e in energies[: STEPS - 50]], color=INK, lw=2)
    right.set_yscale("log")
    right.set_xlabel("step")
    right.set_ylabel("energy above its minimum")
    right.set_title("the objective")
    return saved(figure, folder, "12_objective_without_labels.png")


def animation(places, energies, folder: str) -> Path:
    """Animate the points."""
    figure, axes = new_figure(width=4, height=4.2)
    draw_disc(axes)
    [dots] = axes.plot([], [], "o", color=NEGATIVE, ms=9, markeredgecolor="white")
    frames = Film(figure)
    for step in [*range(20), *range(20, 60, 4), *range(60, STEPS, 40)]:
        dots.set_data(*zip(*places[step], strict=True))
        axes.set_title(f"step {step}   energy {energies[step]:.3f}", loc="left", fontsize=11, color=INK)
        frames.add()
    return frames.save(place(folder, "12_objective_without_labels.gif"))


def draw_disc(axes) -> None:
    """Draw the wall."""
    turn = [2 * math.pi * k / 200 for k in range(201)]
    axes.plot([math.cos(t) for t in turn], [math.sin(t) for t in turn], color=LINE, lw=1)
    axes.set(aspect="equal", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), xticks=[-1, 0, 1], yticks=[-1, 0, 1])


if __name__ == "__main__":
    main()
