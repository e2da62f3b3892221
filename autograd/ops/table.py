"""The table of operations: one entry for each, in mathematics that a calculus student can proof-read."""

from __future__ import annotations

from .op import Op

# The columns: signature, value, one partial for each operand. `out` is the result. A conditional
# expression reads only the branch it takes, so the other one may lie outside its domain.
# Every comparison is written so that a nan falls through to a branch that keeps it.
# A partial of `None` belongs to an operand that was not selected: no gradient flows back to it, so
# nothing is multiplied, not even an infinity by 0. A plain number 0 in an `absorbing` operand
# makes a constant result, as in `0 * x`: there, a partial that is 0 becomes None.
# `truth`, `singular`, `family` and `sample` serve the checker and its random programs (see op.py).
# A function that is not made of others has a row in primitives.py.
# The simplest come first, since random programs shrink to them.
# fmt: off
_ENTRIES = (
    # arithmetic
    Op("add(x, y)",      "x + y",               "1.0", "1.0",
       symbol="+", written="x + y", about="sum of two", family="ill", example="add(1.0, 2.0) = 3.0"),
    Op("sub(x, y)",      "x - y",               "1.0", "-1.0",
       symbol="−", written="x - y", about="difference", family="ill", example="sub(1.0, 2.0) = -1.0"),
    Op("mul(x, y)",      "x * y",               "y", "x",
       absorbing="x y", symbol="×", written="x * y", about="product of two", family="ill", example="mul(3.0, 2.0) = 6.0"),
    Op("div(x, y)",      "x / y",               "1.0 / y", "-out / y",
       absorbing="x", domain="y != 0", symbol="÷", written="x / y", about="quotient", singular="y", family="ill", example="div(3.0, 2.0) = 1.5"),
    Op("neg(x)",         "-x",                  "-1.0",
       symbol="−", written="-x", about="opposite", example="neg(2.0) = -2.0"),
    Op("pos(x)",         "+x",                  "1.0",
       symbol="+", written="+x", about="the number itself, as a new node", example="pos(2.0) = 2.0"),
    Op("pow(x, y)",      "pow(x, y)",
       # Near exponent 0 the rounding of y - 1 would cost as many digits as log(x) has.
       "y * out / x if x and abs(y) < 0.5 else y * pow(x, y - 1.0) if x or y < 1.0 and y or y > 1.0 else "
       "1.0 + sqrt(y - 1.0) * sqrt(y - 1.0) if y else 0.0",
       # At 0 the derivative by both operands is -inf up to y = 1: the roots make it nan, in both orders.
       "out * log(x) if x or y < 0 else sqrt(x) * sqrt(x) if 0 < y <= 1.0 else 0.0 if y >= 0 else out",
       absorbing="x y", domain="x > 0 or y == floor(y) and (x < 0 or y >= 0) or x == 0 and y > 0",
       needs="a negative base needs a whole-number exponent, and a base of 0 an exponent of 0 or more", symbol="^", written="x ** y",
       about="x to the power y",
       note="x ** 0 has derivative 0 everywhere and 0 ** 0 = 1; a negative base needs an integer exponent, and has no derivative with respect to it (nan)",
       singular="x if x > 0 else 0.0", family="ill", example="pow(2.0, 3.0) = 8.0"),
    Op("mod(x, y)",      "x % y",               "1.0 if y != 0 else out", "None if x <= out <= x else (out - x) / y",
       domain="y != 0", symbol="%", written="x % y", about="remainder with the sign of y",
       note="jumps at multiples of y", singular="x / y - floor(x / y + 0.5)", family="kinks", truth="x - y * floor(x / y)", example="mod(7.0, 4.0) = 3.0"),
    Op("floordiv(x, y)", "round((x - x % y) / y)", "None", "None",
       domain="y != 0", symbol="//", written="x // y", about="quotient, rounded down to an integer",
       note="derivative 0 everywhere, also at the jumps", singular="x / y - floor(x / y + 0.5)", family="kinks",
       truth="floor(x / y)", example="floordiv(7.0, 2.0) = 3.0"),
    Op("fmod(x, y)",     "abs(x) % abs(y) * sign(x)", "1.0 if y != 0 else out", "None if x <= out <= x else (out - x) / y",
       domain="y != 0", about="remainder with the sign of x, as C has it", note="jumps at multiples of y",
       singular="x / y - floor(x / y + 0.5)", family="kinks",
       truth="x - y * (floor(x / y) if x / y > 0 else -floor(-x / y))", example="fmod(-7.0, 4.0) = -3.0"),
    Op("square(x)",      "x * x",               "2.0 * x",
       symbol="x²", about="x times x", family="ill", example="square(3.0) = 9.0"),
    Op("reciprocal(x)",  "1.0 / x",             "-out * out",
       domain="x != 0", symbol="1/x", about="one over x", singular="x", example="reciprocal(4.0) = 0.25"),
    Op("abs(x)",         "abs(x)",              "sign(x)",
       symbol="|x|", about="absolute value", note="derivative 0 at the kink x = 0", singular="x", family="kinks", example="abs(-2.0) = 2.0"),
    Op("sign(x)",        "1.0 if x > 0 else -1.0 if x < 0 else x", "None",
       symbol="sgn", about="-1, 0 or 1", note="derivative 0 everywhere, also at the jump x = 0",
       singular="x", family="kinks", example="sign(-2.0) = -1.0"),
    Op("copysign(x, y)", "-abs(x) if atan2(y, -1.0) < 0 else abs(x)",
       "-sign(x) if atan2(y, -1.0) < 0 else sign(x)", "None",
       about="the size of x with the sign of y, which -0.0 has too", note="derivative 0 at x = 0, and with respect to y",
       singular="x; y", family="kinks", example="copysign(2.0, -3.0) = -2.0"),
    # steps
    Op("floor(x)",       "floor(x)",            "None",
       symbol="⌊x⌋", about="largest integer not above x",
       note="derivative 0 everywhere, also at the jumps",
       singular="x - floor(x + 0.5)", family="kinks", example="floor(-2.5) = -3.0"),
    Op("ceil(x)",        "-floor(-x)",          "None",
       symbol="⌈x⌉", about="smallest integer not below x",
       note="derivative 0 everywhere, also at the jumps",
       singular="x - floor(x + 0.5)", family="kinks", example="ceil(-2.5) = -2.0"),
    Op("trunc(x)",       "floor(x) if x > 0 else -floor(-x)", "None",
       about="x rounded towards zero to an integer", note="derivative 0 everywhere, also at the jumps",
       singular="x - floor(x + 0.5)", family="kinks", example="trunc(-2.5) = -2.0"),
    Op("round(x)",
       "floor(x) if x - floor(x) < 0.5 else floor(x) + 1.0 if x - floor(x) > 0.5 else 2.0 * floor(0.5 * x + 0.5)",
       "None",
       about="nearest integer, the even one of two equally near",
       note="derivative 0 everywhere, also at the jumps",
       singular="x - floor(x) - 0.5", family="kinks", example="round(2.5) = 2.0", aliases="rint"),
    Op("degrees(x)",     "x * (180.0 / pi)",    "180.0 / pi",
       about="an angle from radians to degrees", example="degrees(3.141592653589793) = 180.0"),
    Op("radians(x)",     "x * (pi / 180.0)",    "pi / 180.0",
       about="an angle from degrees to radians", example="radians(180.0) = 3.1416"),
    # roots, exponentials, logarithms
    Op("sqrt(x)",        "sqrt(x)",             "0.5 / out",
       domain="x >= 0", symbol="√", about="square root", note="derivative inf at 0", singular="x", family="ill", example="sqrt(9.0) = 3.0"),
    Op("cbrt(x)",        "cbrt(x)",             "1.0 / (3.0 * out * out)",
       symbol="∛", about="cube root, of negative numbers too", note="derivative inf at 0",
       singular="x", example="cbrt(-8.0) = -2.0"),
    Op("exp(x)",         "exp(x)",              "out",
       about="e to the power x", family="ill", example="exp(1.0) = 2.7183"),
    Op("exp2(x)",        "exp2(x)",             "out * log(2.0)",
       about="2 to the power x", example="exp2(3.0) = 8.0"),
    Op("expm1(x)",       "expm1(x)",            "exp(x)",
       about="exp(x) - 1, exact near 0", family="ill", example="expm1(1.0) = 1.7183"),
    Op("log(x)",         "log(x)",              "1.0 / x if x >= 0 else out",
       domain="x > 0", about="natural logarithm", singular="x", family="ill", example="log(2.0) = 0.6931"),
    Op("log2(x)",        "log2(x)",             "1.0 / log(2.0) / x if x >= 0 else out",
       domain="x > 0", about="logarithm to base 2", singular="x", example="log2(8.0) = 3.0"),
    Op("log10(x)",       "log10(x)",            "1.0 / log(10.0) / x if x >= 0 else out",
       domain="x > 0", about="logarithm to base 10", singular="x", example="log10(1000.0) = 3.0"),
    Op("log1p(x)",       "log1p(x)",            "1.0 / (1.0 + x) if x >= -1.0 else out",
       domain="x > -1", about="log(1 + x), exact near 0", singular="1.0 + x", family="ill", example="log1p(1.0) = 0.6931"),
    # trigonometric and hyperbolic functions, angles in radians
    Op("sin(x)",         "sin(x)",              "cos(x)",
       about="sine", family="ill", example="sin(1.0) = 0.8415"),
    Op("cos(x)",         "cos(x)",              "-sin(x)",
       about="cosine", family="ill", example="cos(1.0) = 0.5403"),
    Op("tan(x)",         "tan(x)",              "1.0 + out * out",
       about="tangent", family="ill", example="tan(1.0) = 1.5574"),
    Op("asin(x)",        "asin(x)",             "1.0 / sqrt(1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x))",
       domain="abs(x) <= 1", about="angle whose sine is x", note="derivative inf at -1 and 1",
       aliases="arcsin", singular="1.0 - abs(x)", example="asin(1.0) = 1.5708"),
    Op("acos(x)",        "acos(x)",             "-1.0 / sqrt(1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x))",
       domain="abs(x) <= 1", about="angle whose cosine is x", note="derivative -inf at -1 and 1",
       aliases="arccos", singular="1.0 - abs(x)", example="acos(0.0) = 1.5708"),
    Op("atan(x)",        "atan(x)",             "1.0 / (1.0 + x * x) if abs(x) < 1.0 else 1.0 / x / (x + 1.0 / x)",
       about="angle whose tangent is x", aliases="arctan", example="atan(1.0) = 0.7854"),
    Op("atan2(y, x)",    "atan2(y, x)",         # x / (x * x + y * y), by ratios, which do not overflow
       "1.0 / x / (1.0 + y / x * (y / x)) if abs(x) > abs(y) else x / y / y / (1.0 + x / y * (x / y))",
       "-1.0 / y / (1.0 + x / y * (x / y)) if abs(y) > abs(x) else -y / x / x / (1.0 + y / x * (y / x))",
       about="angle of the point (x, y)", note="no derivative at (0, 0) (nan)",
       aliases="arctan2", singular="x; y", example="atan2(1.0, -1.0) = 2.3562"),
    # x - round(x) is exact, so that no digit is lost where the sine is 0; near 0 a series, which cancels nothing.
    Op("sinc(x)",
       "0.0 if abs(x) > 9e15 else "
       "sin(pi * (x - round(x))) * (1.0 - 2.0 * (abs(round(x)) % 2.0)) / (pi * x) if x else 1.0",
       "-0.0 * x if abs(x) > 1e300 else "
       "(cos(pi * (x - round(x))) * (1.0 - 2.0 * (abs(round(x)) % 2.0)) - out) / x if abs(x) > 0.15 else "
       "-pi * pi * x / 3.0 * (1.0 - square(pi * x) / 10.0 * (1.0 - square(pi * x) / 28.0 * ("
       "1.0 - square(pi * x) / 54.0 * (1.0 - square(pi * x) / 88.0 * (1.0 - square(pi * x) / 130.0 * ("
       "1.0 - square(pi * x) / 180.0 * (1.0 - square(pi * x) / 238.0)))))))",
       about="sin(pi x) / (pi x), 1 at 0: numpy's and PyTorch's", truth="sin(pi * x) / (pi * x) if x else 1.0",
       example="sinc(0.5) = 0.6366"),
    Op("sinh(x)",        "sinh(x)",             "cosh(x)",
       about="hyperbolic sine", example="sinh(1.0) = 1.1752"),
    Op("cosh(x)",        "cosh(x)",             "sinh(x)",
       about="hyperbolic cosine", example="cosh(1.0) = 1.5431"),
    Op("tanh(x)",        "tanh(x)",             "1.0 - out * out",
       about="hyperbolic tangent", family="ill", example="tanh(1.0) = 0.7616"),
    Op("asinh(x)",       "asinh(x)",            "1.0 / hypot(1.0, x)",
       about="inverse of sinh", aliases="arcsinh", example="asinh(1.0) = 0.8814"),
    Op("acosh(x)",       "acosh(x)",            "1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))",
       domain="x >= 1", about="inverse of cosh", note="derivative inf at 1", aliases="arccosh", singular="x - 1.0", example="acosh(2.0) = 1.317"),
    Op("atanh(x)",       "atanh(x)",            "1.0 / (1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x)) if abs(x) <= 1.0 else out",
       domain="abs(x) < 1", about="inverse of tanh", aliases="arctanh", singular="1.0 - abs(x)", example="atanh(0.5) = 0.5493"),
    Op("hypot(x, y)",    "hypot(x, y)",         # x / out, by ratios: neither order cancels or overflows
       "sign(x) / hypot(1.0, y / x) if abs(x) > abs(y) else x / abs(y) / hypot(1.0, x / y) if y else out",
       "sign(y) / hypot(1.0, x / y) if abs(y) > abs(x) else y / abs(x) / hypot(1.0, y / x) if x else out",
       about="length of the vector (x, y)", note="derivative 0 at the kink (0, 0)",
       singular="x; y", family="kinks", example="hypot(3.0, 4.0) = 5.0"),
    # activations and the error function
    Op("sigmoid(x)",     "(exp(-abs(x)) if x < 0 else 1.0) / (1.0 + exp(-abs(x)))", "out * (1.0 - out)",
       symbol="σ", about="logistic function 1 / (1 + exp(-x)), stable for every x",
       truth="1 / (1 + decay(-x)) if x > 0 else decay(x) / (1 + decay(x))", example="sigmoid(1.0) = 0.7311"),
    Op("logsigmoid(x)",  "(x if x < 0 else 0.0) - log1p(exp(-abs(x)))",
       "exp(-x) / (1.0 + exp(-x)) if x > 0 else 1.0 / (1.0 + exp(x))",
       about="log(sigmoid(x)), stable for every x", truth="-log1p(decay(-x)) if x > 0 else x - log1p(decay(x))", example="logsigmoid(1.0) = -0.3133"),
    Op("softplus(x)",    "(x if x > 0 else 0.0) + log1p(exp(-abs(x)))",
       "1.0 / (1.0 + exp(-x)) if x > 0 else exp(x) / (1.0 + exp(x))",
       about="log(1 + exp(x)), stable for every x", truth="x + log1p(decay(-x)) if x > 0 else log1p(decay(x))", example="softplus(1.0) = 1.3133"),
    Op("logaddexp(x, y)",
       "x + log(2.0) if x <= y <= x else (x if x > y else y if x < y else x + y) + log1p(exp(-abs(x - y)))",
       "1.0 / (1.0 + exp(y - x)) if x > y else exp(x - y) / (1.0 + exp(x - y))",
       "1.0 / (1.0 + exp(x - y)) if y > x else exp(y - x) / (1.0 + exp(y - x))",
       about="log(exp(x) + exp(y)), stable for every size",
       truth="x + log1p(decay(y - x)) if x > y else y + log1p(decay(x - y))", example="logaddexp(0.0, 0.0) = 0.6931"),
    Op("relu(x)",        "0.0 if x < 0 else x", "None if x < 0 else 1.0",
       about="rectified linear unit max(0, x)",
       note="derivative 1 at the kink x = 0: F'(x) = 0 for x < 0, 1 for x >= 0 (PyTorch and JAX say 0)",
       singular="x", family="kinks", example="relu(2.0) = 2.0"),
    Op("leaky_relu(x, slope=0.01)", "slope * x if x < 0 else x",
       "slope if x < 0 else 1.0", "x if x < 0 else None",
       absorbing="slope", symbol="leaky", about="relu with a small slope for negative x", note="derivative 1 at the kink x = 0",
       singular="x", family="kinks", example="leaky_relu(-2.0) = -0.02"),
    Op("elu(x, alpha=1.0)", "alpha * expm1(x) if x < 0 else x",
       "alpha * exp(x) if x < 0 else 1.0", "expm1(x) if x < 0 else None",
       absorbing="alpha", about="exponential linear unit", note="derivative 1 at x = 0, a kink unless alpha is 1",
       singular="x", family="kinks", example="elu(-1.0) = -0.6321"),
    Op("gelu(x)",        "-0.0 if x < -40.0 else 0.5 * x * erfc(-x / sqrt(2.0))",
       "0.5 * erfc(-x / sqrt(2.0)) + x * exp(-0.5 * x * x) / sqrt(2.0 * pi) if abs(x) < 40.0 else "
       "1.0 if x > 0 else 0.0 if x < 0 else out",
       truth="0.5 * x * erfc(-x / sqrt(2.0))",
       about="Gaussian error linear unit, x times the normal distribution function, exact",
       example="gelu(1.0) = 0.8413"),
    Op("silu(x)",        "-0.0 if x < -750.0 else x * sigmoid(x)",
       "(1.0 + exp(-x) + x * exp(-x)) / square(1.0 + exp(-x)) if 0 <= x < 750.0 else "
       "exp(x) * (1.0 + exp(x) + x) / square(1.0 + exp(x)) if -750.0 < x < 0 else "
       "1.0 if x > 0 else 0.0 if x < 0 else out",
       truth="x / (1 + decay(-x)) if x > 0 else x * decay(x) / (1 + decay(x))",
       about="sigmoid linear unit, also called swish", example="silu(1.0) = 0.7311"),
    Op("erf(x)",         "erf(x)",              "2.0 / sqrt(pi) * exp(-x * x)",
       about="error function", example="erf(1.0) = 0.8427"),
    Op("erfc(x)",        "erfc(x)",             "-2.0 / sqrt(pi) * exp(-x * x)",
       about="1 - erf(x), exact in the tail", example="erfc(1.0) = 0.1573"),
    # choices
    Op("maximum(x, y)",  "x if x >= y else y if x < y else x + y",
       "1.0 if x > y else None if x < y else 0.5", "None if x > y else 1.0 if x < y else 0.5",
       symbol="max", about="the larger of two", note="half the derivative to each at a tie",
       singular="x - y", family="kinks", example="maximum(1.0, 2.0) = 2.0"),
    Op("minimum(x, y)",  "x if x <= y else y if x > y else x + y",
       "1.0 if x < y else None if x > y else 0.5", "None if x < y else 1.0 if x > y else 0.5",
       symbol="min", about="the smaller of two", note="half the derivative to each at a tie",
       singular="x - y", family="kinks", example="minimum(1.0, 2.0) = 1.0"),
    Op("step(x)",        "0.0 if x < 0 else 1.0 if x >= 0 else x", "None",
       about="threshold: 0 for x < 0, 1 for x >= 0", note="derivative 0 everywhere, also at the jump x = 0",
       singular="x", family="kinks", example="step(0.0) = 1.0"),
    Op("where(condition, x, y)", "x if condition else y",
       "None", "1.0 if condition else None", "None if condition else 1.0",
       about="x where the condition holds (is not 0), else y", singular="condition", family="kinks", example="where(1.0, 2.0, 3.0) = 2.0"),
    Op("clip(x, low, high)",
       "x if low <= x <= high else low if x < low <= high else high if x > high >= low else x + low + high",
       "None if x < low else None if x > high else 1.0", "1.0 if x < low else None", "1.0 if x > high else None",
       domain="low <= high", about="x limited to the interval from low to high",
       note="derivative 1 at both ends of the interval", singular="x - low; x - high", family="kinks", sample={"low": -1.0, "high": 1.0}, example="clip(5.0, 0.0, 1.0) = 1.0"),
    # whole sequences: one node with many operands
    Op("total(*xs)",     "total(xs)",           "1.0",
       symbol="Σ", about="sum of a sequence", family="ill", example="total([1.0, 2.0, 3.0]) = 6.0"),
    Op("prod(*xs)",      "prod(xs)",            "before * after",
       absorbing="xs", symbol="Π", about="product of a sequence", example="prod([2.0, 3.0, 4.0]) = 24.0"),
    Op("dot(*ws, *xs)",  "dot(ws, xs)",         "x", "w",
       absorbing="ws xs", symbol="Σ×", about="sum of the products of two sequences", family="ill", example="dot([1.0, 2.0], [3.0, 4.0]) = 11.0"),
    Op("mean(*xs)",      "total(xs) / len(xs)", "1.0 / len(xs)",
       domain="len(xs) > 0", about="arithmetic mean of a sequence", example="mean([1.0, 2.0, 6.0]) = 3.0"),
    Op("logsumexp(*xs)", "logsumexp(xs)",       "exp(x - out) / total([exp(x - out) for x in xs])",
       domain="len(xs) > 0", symbol="lse", about="log of the sum of the exponentials, stable for every size",
       example="logsumexp([0.0, 0.0]) = 0.6931"),
)
# fmt: on

TABLE: dict[str, Op] = {op.name: op for op in _ENTRIES}
"""Every built-in operation by name."""


def entry(name: str) -> Op:
    """Return the table's entry of that name.

    >>> entry("tanh")
    <op tanh(x) = tanh(x)>
    """
    return TABLE[name]


for _op in _ENTRIES:
    _op.reduced = (entry, (_op.name,))
