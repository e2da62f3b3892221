"""Gradient descent on a curve: the next candidate is a - lr f'(a); and three ways in which it fails."""

from itertools import pairwise

from showing import opening, saved

from autograd import value_and_grad
from nn.plotting.style import INK, MUTE, NEGATIVE, POSITIVE, new_figure

ENGLISH = """\
If f'(a) > 0, make a smaller; if f'(a) < 0, larger; f'(a) = 0 is an answer.
The next candidate is a' = a - lr f'(a), with the learning rate lr. Three things go wrong:
a small rate is slow, a large one diverges, and the answer may be a local minimum."""
JAPANESE = """\
f'(a) > 0 なら a を減らし、f'(a) < 0 なら増やす。f'(a) = 0 なら答え。
次の候補は a' = a - lr f'(a)、lr は学習率。欠点は三つ:
学習率が小さいと収束が遅く、大きいと発散し、大域最適でなく局所最適に止まることがある。"""


def f(x):
    """Return x^4 / 4 - x^2 + x / 4, which has two minima, the left one lower."""
    return x**4 / 4 - x**2 + x / 4


def descend(start: float, lr: float, steps: int = 30) -> list[float]:
    """Return the candidates a, a - lr f'(a), ... until they hardly move, or diverge."""
    slope_at, path = value_and_grad(f), [start]
    for _ in range(steps):
        _, slope = slope_at(path[-1])
        path.append(path[-1] - lr * slope)
        if abs(path[-1]) > 1e3 or abs(path[-1] - path[-2]) < 1e-9:
            break
    return path


RUNS = (
    ("a good rate", 2.2, 0.1),
    ("a small rate: slow", 2.2, 0.005),
    ("a large rate: it diverges", 1.8, 0.9),
    ("a good rate, another start", -2.2, 0.1),
)


def main(folder: str = "pictures") -> None:
    """Descend the same curve with four starts and rates, step by step."""
    opening(ENGLISH, JAPANESE)
    print("f(x) = x^4 / 4 - x^2 + x / 4\n")
    for name, start, lr in RUNS:
        path = descend(start, lr)
        print(f"{name}: a = {start:g}, lr = {lr:g}")
        for k in (0, 1, 2, 3, len(path) - 1):
            number = f"{path[k]:+.6f}" if abs(path[k]) < 1e3 else f"{path[k]:+.1e}"
            height, slope = value_and_grad(f)(path[k])
            print(f"  step {k:>2}   a = {number}   f(a) = {height:+.6g}   f'(a) = {slope:+.3g}")
        print(f"  {verdict(path)}\n")
    print("f' is 0 at both minima: from the right, descent ends in the higher one, a local minimum,")
    print("and nothing there indicates that a lower one exists.")
    print(f"Picture: {picture(folder)}")


def verdict(path: list[float]) -> str:
    """Return a sentence on how a descent ended."""
    slope = value_and_grad(f)(path[-1])[1]
    if abs(path[-1]) > 1e3:
        return f"diverged: beyond 1000 after {len(path) - 1} steps, and stopped there"
    if abs(slope) > 1e-3:
        return f"not converged after {len(path) - 1} steps: the derivative is still {slope:+.3f}"
    return f"a minimum at a = {path[-1]:+.4f}: {'the global one' if path[-1] < 0 else 'only a local one'}"


def picture(folder: str):
    """Plot the four descents on the curve."""
    figure, axes = new_figure(2, 2, width=10, height=6.6, sharex=True, sharey=True)
    xs = [-2.9 + 5.8 * k / 300 for k in range(301)]
    for place, (name, start, lr) in zip(axes.flat, RUNS, strict=True):
        place.plot(xs, [f(x) for x in xs], color=MUTE, lw=1.5)
        path = [a for a in descend(start, lr) if abs(a) < 2.9]
        colour = NEGATIVE if "diverges" in name else POSITIVE
        for k, (a, b) in enumerate(pairwise(path)):
            place.annotate(
                "", (b, f(b)), (a, f(a)),
                arrowprops={"arrowstyle": "->", "color": colour, "alpha": max(0.3, 1 - k / 15), "lw": 1.4},
            )  # fmt: skip
        place.plot(path, [f(a) for a in path], "o", color=colour, ms=4.5)
        place.plot(path[:1], [f(path[0])], "o", color=INK, ms=7)
        place.set_title(f"{name}   (lr = {lr:g})")
        place.set_ylim(-2.4, 5)
        place.set_xlim(-2.95, 2.95)
        for a, word in ((1.347, "local"), (-1.473, "global")):
            place.annotate(word, (a, f(a)), (0, -15), textcoords="offset points", color=MUTE, ha="center")
    axes[0, 0].annotate("start", (2.2, f(2.2)), (9, -3), textcoords="offset points", color=INK)
    for place in axes[1]:
        place.set_xlabel("a")
    for place in axes[:, 0]:
        place.set_ylabel("f(a)")
    return saved(figure, folder, "05_descent_on_a_curve.png")


if __name__ == "__main__":
    main()
