"""The derivative as a limit: how (f(a + h) - f(a)) / h approaches f'(a), and where rounding stops it."""

import random

from showing import opening, saved

from autograd import exp, grad, sin
from nn.plotting.style import INK, MUTE, NEGATIVE, POSITIVE, new_figure

ENGLISH = """\
How fast does f change at a? Take a step h: the slope of the chord is (f(a + h) - f(a)) / h.
The derivative f'(a) is the limit of these slopes as h goes to 0: the chord becomes the tangent."""
JAPANESE = """\
f は a でどれだけ速く変化するか。幅 h だけ進むと、弦の傾きは (f(a + h) - f(a)) / h。
h を 0 に近づけたときの極限が微分係数 f'(a) で、弦は接線になる。"""


def f(x):
    """Return sin(x) * exp(x / 2)."""
    return sin(x) * exp(x / 2)


def main(folder: str = "pictures") -> None:
    """Compare difference quotients for smaller and smaller h with the exact derivative."""
    opening(ENGLISH, JAPANESE)
    a = 1.0
    exact = grad(f)(a)
    print(f"f(x) = sin(x) exp(x / 2), a = {a:g}: the chain rule gives f'(a) = {exact:.15f}\n")
    print(f"  {'h':>7}   (f(a+h) - f(a)) / h       error   (f(a+h) - f(a-h)) / 2h       error")
    for h in [10.0**-k for k in range(1, 17, 3)]:
        forward, central = (f(a + h) - f(a)) / h, (f(a + h) - f(a - h)) / (2 * h)
        one, two = abs(forward - exact), abs(central - exact)
        print(f"  {h:7.0e}   {forward:19.15f}   {one:9.1e}   {central:22.15f}   {two:9.1e}")
    print("\nAt first the error shrinks with h: the chord becomes the tangent. Below 1e-8 it grows again,")
    print("because f(a + h) and f(a) agree in almost all of their 16 digits, and few remain in the difference.")
    print("Backpropagation has neither error: it subtracts no nearly equal numbers.")
    print(f"Picture: {picture(a, exact, folder)}")


def picture(a: float, exact: float, folder: str):
    """Plot chords that approach the tangent, and the error against h."""
    figure, (left, right) = new_figure(1, 2, width=11, height=4.2)
    xs = [-0.6 + 3.4 * k / 200 for k in range(201)]
    left.plot(xs, [f(x) for x in xs], color=INK, lw=2)
    for h, shade in ((1.5, 0.35), (0.8, 0.55), (0.3, 0.8)):
        slope = (f(a + h) - f(a)) / h
        left.plot([a - 1, a + 1.6], [f(a) - slope, f(a) + 1.6 * slope], color=NEGATIVE, alpha=shade, lw=1.5)
        left.plot([a + h], [f(a + h)], "o", color=NEGATIVE, alpha=shade, ms=6)
        beside = (-4, -14) if h > 1 else (6, -12)
        left.annotate(
            f"h = {h:g}", (a + h, f(a + h)), beside, textcoords="offset points", color=MUTE,
            ha="right" if h > 1 else "left",
        )  # fmt: skip
    left.plot([a - 1, a + 1.6], [f(a) - exact, f(a) + 1.6 * exact], color=POSITIVE, lw=2)
    left.plot([a], [f(a)], "o", color=POSITIVE, ms=7)
    left.annotate("the tangent: f′(a)", (0.1, f(a) - 0.9 * exact), (10, -12), textcoords="offset points",
                  color=POSITIVE)  # fmt: skip
    left.annotate("f", (xs[-1], f(xs[-1])), (4, -4), textcoords="offset points", color=INK)
    left.set_xlabel("x")
    left.set_title("chords approach the tangent")

    rng = random.Random(0)
    hs = sorted(10 ** -rng.uniform(0, 16) for _ in range(400))
    forward = [abs((f(a + h) - f(a)) / h - exact) for h in hs]
    central = [abs((f(a + h) - f(a - h)) / (2 * h) - exact) for h in hs]
    right.loglog(hs, forward, ".", color=NEGATIVE, ms=4, label="(f(a+h) − f(a)) / h")
    right.loglog(hs, central, ".", color=POSITIVE, ms=4, label="(f(a+h) − f(a−h)) / 2h")
    right.set_xlabel("h")
    right.set_ylabel("error of the derivative")
    right.set_title("small h: less truncation, more rounding")
    right.annotate("rounding", (1e-13, 3e-8), color=MUTE, ha="center")
    right.annotate("truncation", (2e-2, 1e-10), color=MUTE, ha="center")
    right.legend(frameon=False, labelcolor=INK, loc="upper center")
    right.set_ylim(1e-14, 100)
    return saved(figure, folder, "04_derivative_as_a_limit.png")


if __name__ == "__main__":
    main()
