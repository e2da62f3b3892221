"""The derivative as a limit: how (f(a + h) - f(a)) / h approaches f'(a), and where rounding stops it."""

import random
from pathlib import Path

from autograd import exp, grad, sin
from nn.style import INK, MUTE, NEGATIVE, POSITIVE, new_figure


def f(x):
    """A function that bends: sin(x) * exp(x / 2)."""
    return sin(x) * exp(x / 2)


def main(folder: str = "pictures") -> None:
    """Smaller and smaller h, the exact derivative beside them, and both errors that fight."""
    a = 1.0
    exact = grad(f)(a)
    print("The derivative of f at a is the limit of (f(a + h) - f(a)) / h as h goes to 0.")
    print(f"f(x) = sin(x) exp(x / 2), a = {a:g}: the chain rule gives f'(a) = {exact:.15f}\n")
    print(f"  {'h':>7}   (f(a+h) - f(a)) / h         error   (f(a+h) - f(a-h)) / 2h       error")
    steps = [10.0**-k for k in range(17)]
    for h in steps[1::3]:
        forward, central = (f(a + h) - f(a)) / h, (f(a + h) - f(a - h)) / (2 * h)
        one, two = abs(forward - exact), abs(central - exact)
        print(f"  {h:7.0e}   {forward:19.15f}   {one:10.1e}   {central:22.15f}  {two:10.1e}")
    print("\nAt first the error shrinks with h: a chord turns into the tangent. Below 1e-8 it grows again,")
    print("because f(a + h) and f(a) agree in almost all of their 16 digits and the difference has few left.")
    print("Backpropagation has neither error: it never subtracts neighbours.")
    print(f"Picture: {picture(a, exact, Path(folder))}")


def picture(a: float, exact: float, target: Path) -> Path:
    """Chords that turn into the tangent, and the error against h."""
    figure, (left, right) = new_figure(1, 2, width=11, height=4.2)
    xs = [-0.6 + 3.4 * k / 200 for k in range(201)]
    left.plot(xs, [f(x) for x in xs], color=INK, lw=2)
    for h, shade in ((1.5, 0.25), (0.8, 0.45), (0.3, 0.7)):
        slope = (f(a + h) - f(a)) / h
        left.plot([a - 1, a + 1.6], [f(a) - slope, f(a) + 1.6 * slope], color=NEGATIVE, alpha=shade, lw=1.5)
        left.plot([a + h], [f(a + h)], "o", color=NEGATIVE, alpha=shade, ms=6)
        left.annotate(f"h = {h:g}", (a + h, f(a + h)), (6, -10), textcoords="offset points", color=MUTE)
    left.plot([a - 1, a + 1.6], [f(a) - exact, f(a) + 1.6 * exact], color=POSITIVE, lw=2)
    left.plot([a], [f(a)], "o", color=POSITIVE, ms=7)
    left.annotate(
        "tangent: f′(a)", (a - 0.9, f(a) - 0.9 * exact), (8, -14), textcoords="offset points", color=POSITIVE
    )
    left.set_xlabel("x")
    left.set_title("chords turn into the tangent")

    rng = random.Random(0)
    hs = sorted(10 ** -rng.uniform(0, 16) for _ in range(400))
    forward = [max(abs((f(a + h) - f(a)) / h - exact), 1e-17) for h in hs]
    central = [max(abs((f(a + h) - f(a - h)) / (2 * h) - exact), 1e-17) for h in hs]
    right.loglog(hs, forward, ".", color=NEGATIVE, ms=4, label="(f(a+h) − f(a)) / h")
    right.loglog(hs, central, ".", color=POSITIVE, ms=4, label="(f(a+h) − f(a−h)) / 2h")
    right.set_xlabel("h")
    right.set_ylabel("error")
    right.set_title("small h: less chord, more rounding")
    right.annotate("rounding", (1e-13, 1e-8), color=MUTE, ha="center")
    right.annotate("the chord", (3e-2, 1e-11), color=MUTE, ha="center")
    right.legend(frameon=False, labelcolor=INK, loc="upper center")
    right.set_ylim(1e-17, 30)
    target.mkdir(parents=True, exist_ok=True)
    figure.savefig(target / "04_derivative_as_a_limit.png", dpi=120)
    return target / "04_derivative_as_a_limit.png"


if __name__ == "__main__":
    main()
