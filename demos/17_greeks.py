"""The Greeks of an option: a formula for its price, and every sensitivity as a derivative."""

from math import pi

import numpy as np
from showing import saved

from autograd import compile, erf, exp, grad, hessian, log, sqrt
from nn.plotting.style import CLASSES, INK, MUTE, new_figure

NAMES = ("spot", "strike", "volatility", "rate", "years")


def call(spot, strike, volatility, rate, years):
    """Return the price of a European call: F. Black, M. Scholes, Journal of Political Economy 81 (1973)."""
    spread = volatility * sqrt(years)
    d1 = (log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    return spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - spread)


def normal(x):
    """Return the standard normal distribution function."""
    return 0.5 * (1 + erf(x / 2**0.5))


def by_hand(spot, strike, volatility, rate, years):
    """Return delta, vega and gamma by the textbook's formulas, for comparison."""
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * years) / (volatility * np.sqrt(years))
    density = np.exp(-(d1**2) / 2) / np.sqrt(2 * pi)
    return normal(d1), spot * density * np.sqrt(years), density / (spot * volatility * np.sqrt(years))


def main(folder: str = "pictures") -> None:
    """Differentiate one option with Values, a book of options with compiled code, and plot the Greeks."""
    at = (100.0, 110.0, 0.25, 0.03, 0.5)
    print(f"A call at {', '.join(f'{name} {number:g}' for name, number in zip(NAMES, at, strict=True))}\n")
    delta, vega, rho, theta = (grad(call, argnums=k)(*at) for k in (0, 2, 3, 4))
    gamma = hessian(call)(*at)
    print(f"  price {call(*at):9.5f}   delta {delta:.5f}   gamma {gamma:.6f}")
    print(f"  vega  {vega:9.5f}   theta {-theta:.5f}   rho   {rho:.5f}")
    print(f"  by hand:          delta {by_hand(*at)[0]:.5f}   gamma {by_hand(*at)[2]:.6f}\n")

    fast = compile(call, batched="all")  # the same function over a batch of options
    rng = np.random.default_rng(0)
    low, high = np.array([50, 50, 0.1, 0.0, 0.1]), np.array([150, 150, 0.5, 0.05, 2.0])
    book = rng.uniform(low, high, size=(100_000, 5)).T
    prices, slopes = fast.value_and_grad(*book)
    curvatures = fast.hessian(*book)
    expected = by_hand(*book)
    worst = max(
        np.abs(found - right).max() for found, right in zip((slopes[0], slopes[2]), expected, strict=False)
    )
    print(f"A book of {len(prices):,} options: 5 first and 25 second derivatives of each")
    print(f"  largest difference of delta and vega from the textbook's formulas {worst:.1e}")
    print(f"  largest difference of gamma {np.abs(curvatures[0][0] - expected[2]).max():.1e}")
    print(f"Picture: {picture(fast, folder)}")


def picture(fast, folder):
    """Plot delta, gamma and vega against the spot, for three times to expiry."""
    figure, places = new_figure(1, 3, width=12, height=3.8)
    spots = np.linspace(60, 160, 201)
    for years, colour in zip((0.1, 0.5, 2.0), CLASSES, strict=False):
        given = [spots, *(np.full(201, number) for number in (110.0, 0.25, 0.03, years))]
        slopes, gamma = fast.grad(*given), fast.hessian(*given, wrt="spot")
        for axes, heights in zip(places, (slopes[0], gamma, slopes[2]), strict=True):
            axes.plot(spots, heights, color=colour, lw=2, label=f"{years:g} years")
    for axes, name in zip(places, ("delta", "gamma", "vega"), strict=True):
        axes.axvline(110, color=MUTE, lw=0.8, ls=":")
        axes.set_title(name, color=INK)
        axes.set_xlabel("spot")
    places[0].legend(frameon=False, labelcolor=INK)
    return saved(figure, folder, "17_greeks.png")


if __name__ == "__main__":
    main()
