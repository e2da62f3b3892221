"""Compare scipy.optimize.curve_fit with an exact Jacobian to values certified by NIST to eleven digits."""

import numpy as np
from scipy.optimize import curve_fit
from showing import saved

from autograd import compile, exp
from nn.plotting.style import INK, NEGATIVE, POSITIVE, new_figure

PRESSURE = np.array(
    [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760]
)
VOLUME = np.array(
    [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78]
)
"""Misra1a: D. Misra, dental research in monomolecular adsorption, NIST (1978), from NIST's Statistical
Reference Datasets for nonlinear regression."""
CERTIFIED = {"b1": (2.3894212918e02, 2.7070075241e00), "b2": (5.5015643181e-04, 7.2668688436e-06)}
"""Each parameter and its standard deviation."""


def volume(x, b1, b2):
    """Return b1 (1 - exp(-b2 x))."""
    return b1 * (1 - exp(-b2 * x))


def main(folder: str = "pictures") -> None:
    """Fit from NIST's harder start, with the Jacobian of the compiled model."""
    fast = compile(volume, batched="x")

    def jacobian(x, *parameters):
        return np.stack(fast.grad(x, *parameters, wrt=("b1", "b2"), per_row=True), axis=1)

    found, covariance = curve_fit(
        fast, PRESSURE, VOLUME, p0=[500.0, 1e-4], jac=jacobian, xtol=1e-15, ftol=1e-15
    )
    print("volume = b1 (1 - exp(-b2 pressure)), 14 points\n")
    digits = []
    for k, (name, (value, deviation)) in enumerate(CERTIFIED.items()):
        error = np.sqrt(covariance[k, k])
        digits.append(-np.log10(max(abs(found[k] / value - 1), 1e-11)))
        print(f"  {name}  {found[k]:.10e} +- {error:.4e}   certified {value:.10e} +- {deviation:.4e}")
    print(f"\n  digits that agree with the certified values: {min(digits):.1f}")
    print(f"Picture: {picture(found, folder)}")


def picture(parameters, folder):
    """Plot the points and the curve, and below them the residuals."""
    figure, (top, bottom) = new_figure(2, 1, width=7, height=5, sharex=True, height_ratios=[2.5, 1])
    grid = np.linspace(50, 790, 200)
    top.plot(grid, volume(grid, *parameters), color=POSITIVE, lw=2)
    top.plot(PRESSURE, VOLUME, "o", color=NEGATIVE, ms=5)
    top.set_ylabel("volume")
    bottom.axhline(0, color=INK, lw=0.8)
    bottom.plot(PRESSURE, VOLUME - volume(PRESSURE, *parameters), "o", color=NEGATIVE, ms=5)
    bottom.set_ylabel("residual")
    bottom.set_xlabel("pressure")
    return saved(figure, folder, "20_curve_fit.png")


if __name__ == "__main__":
    main()
