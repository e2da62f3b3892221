"""The conventions at kinks: the table matches the page that documents them."""

import math
import re
from pathlib import Path

import pytest

import autograd
from autograd import Value

PAGE = Path(__file__).parents[2] / ".docs" / "pages" / "conventions.md"
INF, NAN = math.inf, math.nan
CONVENTIONS = {
    # the first column of the page: calls on Values, each with its partials
    "relu(0)": [("relu", (0,), (1.0,))],
    "abs(0)": [("abs", (0,), (0.0,))],
    "maximum(x, x)": [("maximum", (2, 2), (0.5, 0.5))],
    "minimum(x, x)": [("minimum", (2, 2), (0.5, 0.5))],
    "clip(x, low, high)": [("clip", (0, 0, 1), (1.0, None, None)), ("clip", (1, 0, 1), (1.0, None, None))],
    **{name: [(name, (0,), (None,)), (name, (0.5,), (None,)), (name, (2.3,), (None,))]
       for name in ("sign", "step", "floor", "ceil", "round", "trunc")},
    "where(c, x, y)": [("where", (1, 2, 3), (None, 1.0, None)), ("where", (0, 2, 3), (None, None, 1.0))],
    "leaky_relu(0)": [("leaky_relu", (0, 0.1), (1.0, None))],
    "elu(0)": [("elu", (0, 2), (1.0, None))],
    "hypot(0, 0)": [("hypot", (0, 0), (0.0, 0.0))],
    "copysign(0, y)": [("copysign", (0, 3), (0.0, None)), ("copysign", (0, -3), (0.0, None))],
    "mod(x, y)": [("mod", (6, 3), (1.0, -2.0))],
    "fmod(x, y)": [("fmod", (-6, 3), (1.0, 2.0))],
    "x // y": [("floordiv", (6, 3), (None, None))],
    "atan2(0, 0)": [("atan2", (0, 0), (NAN, NAN))],
    "x ** 0": [("pow", (0, 0), (0.0, 0.0)), ("pow", (3, 0), (0.0, math.log(3.0)))],
    "x ** y": [("pow", (0, 2), (0.0, 0.0)), ("pow", (0, 1), (1.0, 0.0)), ("pow", (-2, 3), (12.0, NAN))],
    "sqrt(0)": [("sqrt", (0,), (INF,))],
    "cbrt(0)": [("cbrt", (0,), (INF,))],
}  # fmt: skip
CONSTANTS = {"0 * x": lambda x: 0 * x, "0 / x": lambda x: 0 / x}


@pytest.mark.parametrize("case", CONVENTIONS)
def test_a_kink_has_the_derivative_documented_on_the_page(case):
    for name, point, partials in CONVENTIONS[case]:
        found = getattr(autograd, name)(*map(Value, point)).partials
        assert repr(found) == repr(partials) or found == partials, (name, point)


@pytest.mark.parametrize("case", CONSTANTS)
def test_a_plain_zero_makes_a_constant_without_an_edge(case):
    assert None in CONSTANTS[case](Value(2.0)).partials
    assert (Value(2.0) ** 0).partials == (None, None)


def test_the_page_has_these_conventions_and_no_others():
    rows = [
        line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    written = {each for row in rows for each in re.findall("`([^`]+)`", row)}
    assert written == CONVENTIONS.keys() | CONSTANTS.keys()
