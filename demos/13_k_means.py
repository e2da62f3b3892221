"""k-means: teacher data made from the task itself, by Lloyd's steps and by gradient descent."""

import random
from pathlib import Path

from nn import blobs, k_means, k_means_by_gradient, plus_plus
from nn.style import CLASSES, INK, MARKERS, MUTE, new_figure

CENTRES = [[0.0, 0.0], [2.2, 0.4], [0.4, 2.0], [2.4, 2.4]]


def main(folder: str = "pictures") -> None:
    """The same points and the same start for both; the objective is the same, and so is the end."""
    points = blobs(160, CENTRES, deviation=0.42, rng=random.Random(2)).inputs
    start = plus_plus(points, 4, random.Random(9))
    ways = {
        "Lloyd: centres jump to the mean": k_means(points, 4, rng=random.Random(0), start=start),
        "gradient descent on the objective": k_means_by_gradient(
            points, 4, rng=random.Random(0), start=start, lr=0.2
        ),
    }
    print("Nobody says which point belongs where. The objective, the sum of squared distances to the nearest")
    print("centre, makes its own teacher: each point's error is its distance from the centre it has now.\n")
    for name, found in ways.items():
        steps, first, last = len(found.history) - 1, found.history[0], found.objective
        print(f"  {name:<34} {steps:>3} steps   objective {first:.3f} -> {last:.6f}")
    one, two = ways.values()
    print(f"\nDifference of the two objectives: {abs(one.objective - two.objective):.1e}")
    print(f"Picture: {picture(points, start, ways, Path(folder))}")


def picture(points, start, ways, target: Path) -> Path:
    """The clusters, and the objective on both ways."""
    figure, (left, right) = new_figure(1, 2, width=11, height=4.6)
    found = next(iter(ways.values()))
    for k, centre in enumerate(found.centres):
        mine = [p for p, label in zip(points, found.labels, strict=True) if label == k]
        left.plot(
            *zip(*mine, strict=True), MARKERS[k], color=CLASSES[k], ms=5, alpha=0.7, markeredgecolor="white"
        )
        left.plot(*centre, "P", color=INK, ms=12, markeredgecolor="white")
    left.plot(*zip(*start, strict=True), "x", color=MUTE, ms=8, mew=2, label="start (k-means++)")
    left.plot([], [], "P", color=INK, ms=9, label="centres in the end")
    left.legend(frameon=False, labelcolor=INK, loc="upper left", bbox_to_anchor=(0, -0.06), ncols=2)
    left.set_aspect("equal")
    left.set_title("four clusters that nobody has named")
    for k, (name, each) in enumerate(ways.items()):
        right.plot(
            each.history, color=CLASSES[k], lw=2, ls=["-", "--"][k], marker="o" if k == 0 else "", label=name
        )
    right.set_xlabel("step")
    right.set_ylabel("objective")
    right.set_xlim(-0.5, 40)
    right.legend(frameon=False, labelcolor=INK)
    target.mkdir(parents=True, exist_ok=True)
    figure.savefig(target / "13_k_means.png", dpi=120)
    return target / "13_k_means.png"


if __name__ == "__main__":
    main()
