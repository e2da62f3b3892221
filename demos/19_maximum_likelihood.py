"""Maximum likelihood with standard errors from the Hessian: the O-rings of the Challenger."""

import numpy as np
from scipy.optimize import minimize
from showing import saved

from autograd import compile, softplus, total
from nn.plotting.style import INK, MUTE, NEGATIVE, POSITIVE, new_figure

TEMPERATURE = np.array(
    [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58.0]
)
DISTRESS = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1.0])
"""23 flights before the last: degrees Fahrenheit, and whether an O-ring showed distress.
S. R. Dalal, E. B. Fowlkes, B. Hoadley, Journal of the American Statistical Association 84 (1989)."""


def minus_log_likelihood(b):
    """Return the sum of log(1 + exp(z)) - y z, z = b0 + b1 * temperature, of a logistic regression."""
    z = b[0] + b[1] * TEMPERATURE
    return total(softplus(z) - DISTRESS * z)


def main(folder: str = "pictures") -> None:
    """Compute the estimate by Newton's method, standard errors, and a prediction with its interval."""
    fast = compile(minus_log_likelihood)
    found = minimize(fast, np.zeros(2), jac=fast.grad, hess=fast.hessian, method="trust-exact")
    estimate = found.x
    covariance = np.linalg.inv(fast.hessian(estimate))  # the observed information, inverted
    errors = np.sqrt(np.diag(covariance))
    print(f"P(distress) = 1 / (1 + exp(-(b0 + b1 * temperature))), {len(DISTRESS)} flights\n")
    for name, value, error in zip(("b0", "b1"), estimate, errors, strict=True):
        print(f"  {name}  {value:9.4f}   standard error {error:7.4f}   z {value / error:6.2f}")
    print(f"\n  {found.nit} Newton steps; gradient norm there {np.linalg.norm(fast.grad(estimate)):.0e}")
    at = np.array([1.0, 31.0])  # the morning of the last flight, far below all previous ones
    z, spread = at @ estimate, np.sqrt(at @ covariance @ at)
    low, middle, high = (1 / (1 + np.exp(-(z + k * spread))) for k in (-1.96, 0, 1.96))
    print(f"  at 31 degrees: probability {middle:.4f}, 95 % interval {low:.3f} to {high:.5f}")
    print(f"Picture: {picture(estimate, covariance, folder)}")


def picture(estimate, covariance, folder):
    """Plot the flights, the fitted probability, and its confidence band."""
    figure, axes = new_figure(width=8, height=4)
    grid = np.linspace(30, 85, 200)
    rows = np.stack([np.ones_like(grid), grid], axis=1)
    z, spread = rows @ estimate, np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    low, middle, high = (1 / (1 + np.exp(-(z + k * spread))) for k in (-1.96, 0, 1.96))
    axes.fill_between(grid, low, high, color=POSITIVE, alpha=0.15, lw=0, label="95 %")
    axes.plot(grid, middle, color=POSITIVE, lw=2, label="probability of distress")
    axes.plot(TEMPERATURE, DISTRESS, "o", color=NEGATIVE, ms=6, alpha=0.7, label="flights")
    axes.axvline(31, color=MUTE, ls=":", lw=1)
    axes.text(31.7, 0.05, "31 degrees", color=MUTE)
    axes.set_xlabel("temperature in degrees Fahrenheit")
    axes.legend(frameon=False, labelcolor=INK, loc="lower left", bbox_to_anchor=(0.08, 0.12))
    return saved(figure, folder, "19_maximum_likelihood.png")


if __name__ == "__main__":
    main()
