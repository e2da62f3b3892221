"""The reference values of the table's tests agree with SciPy, as an independent implementation."""

import math

import pytest

np = pytest.importorskip("numpy")
special = pytest.importorskip("scipy.special")
pytest.importorskip("mpmath")

from autograd import TABLE
from autograd.checking.evidence.precise import digits, exactly, partials_of, truth_of
from tests import truth

SCIPY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "pos": np.positive, "pow": np.power, "mod": np.mod, "square": np.square, "reciprocal": np.reciprocal,
    "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt, "cbrt": special.cbrt, "exp": np.exp, "exp2": special.exp2,
    "expm1": special.expm1, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": special.log1p,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh,
    "acosh": np.arccosh, "atanh": np.arctanh, "hypot": np.hypot, "sigmoid": special.expit,
    "logsigmoid": special.log_expit, "softplus": lambda x: np.logaddexp(0.0, x),
    "relu": lambda x: np.maximum(x, 0.0), "leaky_relu": lambda x, slope: np.where(x < 0, slope * x, x),
    "elu": lambda x, alpha: np.where(x < 0, alpha * np.expm1(x), x), "gelu": lambda x: x * special.ndtr(x),
    "silu": lambda x: x * special.expit(x), "erf": special.erf, "erfc": special.erfc, "maximum": np.maximum,
    "minimum": np.minimum, "step": lambda x: np.heaviside(x, 1.0), "where": np.where,
    "clip": np.clip, "total": np.sum, "prod": np.prod, "dot": np.dot, "mean": np.mean,
    "logsumexp": special.logsumexp, "floordiv": np.floor_divide, "fmod": np.fmod, "copysign": np.copysign,
    "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.rint, "degrees": np.degrees,
    "radians": np.radians, "sinc": np.sinc, "logaddexp": np.logaddexp,
}  # fmt: skip
CASES = [(name, point) for name in TABLE for point in truth.POINTS[name]]


@pytest.mark.parametrize(("name", "point"), CASES)
def test_scipy_agrees_with_the_truth(name, point):
    with np.errstate(all="ignore"):
        found = float(SCIPY[name](*map(np.asarray, TABLE[name].grouped(list(point)))))
    exact = truth.value(name, point)
    if abs(exact) < 1e307:
        assert math.isclose(found, float(exact), rel_tol=1e-12 if name == "gelu" else 4e-15, abs_tol=1e-300)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_the_checkers_truth_agrees_with_the_definitions(name, point):
    operands = TABLE[name].grouped(list(map(exactly, point)))
    with digits(40):
        found = truth_of(TABLE[name])(*operands)
        exact = truth.value(name, point)
        assert abs(found - exact) <= 1e-35 * abs(exact)


@pytest.mark.parametrize("name", ["total", "mean", "prod", "dot", "logsumexp"])
def test_all_derivatives_at_once_are_right(name):
    for point in truth.POINTS[name]:
        with digits(40):
            found = partials_of(TABLE[name])(*TABLE[name].grouped(list(map(exactly, point))))
            assert len(found) == len(point)
            for k, slope in enumerate(found):
                exact = truth.derivative(name, point, (k,))
                assert abs(slope - exact) <= 1e-30 * (1 + abs(exact))
