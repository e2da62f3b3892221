"""Fit a differential equation to data on hares and lynxes, with the gradient through the solver."""

import numpy as np
from scipy.optimize import minimize
from showing import saved

from autograd import compile, exp, log, square, total
from nn.plotting.style import INK, NEGATIVE, POSITIVE, new_figure

YEARS = np.arange(1900, 1921)
HARES = np.array(
    [30, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22, 25.4, 27.1, 40.3, 57, 76.6, 52.3, 19.5, 11.2, 7.6,
     14.6, 16.2, 24.7]
)  # fmt: skip
LYNXES = np.array(
    [4, 6.1, 9.8, 35.2, 59.4, 41.7, 19, 13, 8.3, 9.1, 7.4, 8, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1,
     8.6]
)  # fmt: skip
"""Pelts in thousands, Hudson's Bay Company; J. M. Mahaffy, Lotka-Volterra models."""


def rates(state, p):
    """Return the rates of change of hares and lynxes (Lotka and Volterra's equations)."""
    hares, lynxes = state
    return hares * (p[0] - p[1] * lynxes), lynxes * (p[2] * hares - p[3])


def solve(p, start, count, steps):
    """Return the initial state and the states after each of `count` years, by the Runge-Kutta method."""

    def moved(state, slope, h):
        return [x + h * dx for x, dx in zip(state, slope, strict=True)]

    states, h = [start], 1.0 / steps
    for _ in range(count):
        state = states[-1]
        for _ in range(steps):
            k1 = rates(state, p)
            k2 = rates(moved(state, k1, h / 2), p)
            k3 = rates(moved(state, k2, h / 2), p)
            k4 = rates(moved(state, k3, h), p)
            mean = [(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(k1, k2, k3, k4, strict=True)]
            state = moved(state, mean, h)
        states.append(state)
    return states


def loss(q, steps):
    """Return the squared errors of the logarithms; the parameters are exp(q), and so positive."""
    p = [exp(each) for each in q]
    states = solve(p[:4], p[4:], len(YEARS) - 1, steps)
    return total(
        [
            square(log(found) - log(seen))
            for state, pelts in zip(states, zip(HARES, LYNXES, strict=True), strict=True)
            for found, seen in zip(state, pelts, strict=True)
        ]
    )


def main(folder: str = "pictures") -> None:
    """Fit the parameters with the exact gradient of the solver's computation."""
    fast = compile(loss, static="steps")
    guess = np.log([0.5, 0.02, 0.02, 0.8, 30.0, 4.0])
    value, slope = fast.value_and_grad(guess, 10)
    h = np.array([1e-6, 0, 0, 0, 0, 0])
    chord = (fast(guess + h, 10) - fast(guess - h, 10)) / 2e-6
    print("dx/dt = x (a - b y),  dy/dt = y (c x - d):  20 years of 10 Runge-Kutta steps each, differentiated")
    print(f"  loss {value:.4f}   d loss/d log a {slope[0]:.6f}   by a difference quotient {chord:.6f}\n")
    found = minimize(lambda q: fast.value_and_grad(q, 10), guess, jac=True, method="BFGS")
    a, b, c, d, hares, lynxes = np.exp(found.x)
    print(f"  after {found.nit} iterations, {found.nfev} gradients: loss {found.fun:.4f}")
    print(f"  a {a:.3f}   b {b:.4f}   c {c:.4f}   d {d:.3f}   in 1900: {hares:.1f} and {lynxes:.1f} thousand")
    print(f"  with twice as many steps the loss is {fast(found.x, 20):.4f}")
    print(f"Picture: {picture(np.exp(found.x), folder)}")


def picture(p, folder):
    """Plot the pelts and the fitted curves."""
    figure, axes = new_figure(width=8, height=4)
    # The same equation with a time unit of a twentieth of a year, for a smooth curve.
    states = np.array(solve([rate / 20 for rate in p[:4]], list(p[4:]), 400, 1))
    times = np.linspace(1900, 1920, 401)
    for k, (seen, name, colour, marker) in enumerate(
        ((HARES, "hares", POSITIVE, "o"), (LYNXES, "lynxes", NEGATIVE, "s"))
    ):
        axes.plot(YEARS, seen, marker, color=colour, ms=6, label=f"{name}, pelts")
        axes.plot(times, states[:, k], color=colour, lw=2, label=f"{name}, fitted")
    axes.set_xticks(YEARS[::4])
    axes.set_ylabel("thousands")
    axes.legend(frameon=False, labelcolor=INK, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return saved(figure, folder, "18_fitting_an_ode.png")


if __name__ == "__main__":
    main()
