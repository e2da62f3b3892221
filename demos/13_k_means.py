"""k-means clustering by Lloyd's algorithm and by gradient descent: targets made from the data itself."""

import random

from showing import opening, saved

from nn import blobs, k_means, k_means_by_gradient, plus_plus
from nn.plotting.style import CLASSES, INK, MARKERS, MUTE, new_figure

CENTRES = [[0.0, 0.0], [2.2, 0.4], [0.4, 2.0], [2.4, 2.4]]

ENGLISH = """\
Unsupervised learning: there are no labels. k-means makes targets from the data itself: the target of
each point is its nearest centre. Then the centres are corrected: at once to the mean of their points
(Lloyd), or in small steps along the gradient of the same objective, the sum of squared distances."""
JAPANESE = """\
教師なし学習: どの点がどこに属するかは誰も教えない。k-means は課題そのものから教師データを作る:
各点の「正解」は最も近い中心である。次に中心を修正する。一度に平均へ動かす(Lloyd)か、
同じ目的関数(距離の二乗和)の勾配に沿って少しずつ動かす。"""


def main(folder: str = "pictures") -> None:
    """Cluster the same points from the same start in both ways, which end at the same objective."""
    opening(ENGLISH, JAPANESE)
    points = blobs(160, CENTRES, deviation=0.42, rng=random.Random(2)).inputs
    start = plus_plus(points, 4, random.Random(9))
    ways = {"Lloyd's algorithm": (k_means, {}), "gradient descent": (k_means_by_gradient, {"lr": 0.2})}
    results = {}
    for name, (find, options) in ways.items():
        found = find(points, 4, rng=random.Random(0), start=start, **options)
        steps, first, last = len(found.history) - 1, found.history[0], found.objective
        print(f"  {name:<25} {steps:>3} steps   objective {first:.3f} -> {last:.6f}")
        paths = [start]
        for _ in range(steps):
            paths.append(find(points, 4, rng=random.Random(0), start=paths[-1], steps=1, **options).centres)
        results[name] = found, paths
    one, two = (found for found, _ in results.values())
    print(f"\nDifference of the two objectives: {abs(one.objective - two.objective):.1e}")
    print(f"Picture: {picture(points, results, folder)}")


def picture(points, results, folder: str):
    """Plot the paths of the centres and the objective, for both."""
    figure, (*planes, right) = new_figure(1, 3, width=13, height=4.4)
    for axes, (name, (found, paths)) in zip(planes, results.items(), strict=True):
        for k in range(4):
            mine = [p for p, label in zip(points, found.labels, strict=True) if label == k]
            axes.plot(
                *zip(*mine, strict=True), MARKERS[k], color=CLASSES[k], ms=5, alpha=0.6, markeredgecolor="white"
            )
            way = list(zip(*(centres[k] for centres in paths), strict=True))
            axes.plot(*way, "o-", color=INK, ms=3.5, lw=1.3)
            axes.plot(*paths[0][k], "X", color=MUTE, ms=9, markeredgecolor="white")
            axes.plot(*paths[-1][k], "P", color=INK, ms=12, markeredgecolor="white")
        axes.set_aspect("equal")
        axes.set_title(f"{name}: {len(paths) - 1} steps")
    planes[0].plot([], [], "X", color=MUTE, ms=8, label="start (k-means++)")
    planes[0].plot([], [], "P", color=INK, ms=9, label="final centres")
    planes[0].legend(frameon=False, labelcolor=INK, loc="upper left", bbox_to_anchor=(-0.05, -0.08), ncols=2)
    for k, (name, (found, _)) in enumerate(results.items()):
        right.plot(
            found.history, color=CLASSES[k], lw=2, ls=["-", "--"][k], marker="o" if k == 0 else "", label=name
        )
    right.set_xlabel("step")
    right.set_ylabel("objective")
    right.set_title("the same objective")
    right.set_xlim(-0.5, 30)
    right.set_ylim(0, None)
    right.legend(frameon=False, labelcolor=INK)
    return saved(figure, folder, "13_k_means.png")


if __name__ == "__main__":
    main()
