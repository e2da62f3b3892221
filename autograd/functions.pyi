# ruff: noqa
"""The table's operations as functions, and as methods of Value.

Written from the table by `python -m tests.ops.write_stub`; a test compares.
"""

from collections.abc import Iterable
from typing import Any, Protocol, overload

from .value import Value

Operand = float | Value

class Array(Protocol):
    """A numpy array: the operation is applied to each of its numbers."""

    @property
    def ndim(self) -> int: ...

OPERATORS: dict[str, str]
__all__ = [
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "pos",
    "mod",
    "square",
    "reciprocal",
    "sign",
    "sqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "hypot",
    "sigmoid",
    "logsigmoid",
    "softplus",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "erf",
    "erfc",
    "maximum",
    "minimum",
    "step",
    "where",
    "clip",
    "total",
    "prod",
    "dot",
    "mean",
    "logsumexp",
]

class Operations:
    """The operators and methods of Value."""

    __slots__ = ()
    def __add__(self, other: Operand, /) -> Value: ...
    def __radd__(self, other: Operand, /) -> Value: ...
    def __sub__(self, other: Operand, /) -> Value: ...
    def __rsub__(self, other: Operand, /) -> Value: ...
    def __mul__(self, other: Operand, /) -> Value: ...
    def __rmul__(self, other: Operand, /) -> Value: ...
    def __truediv__(self, other: Operand, /) -> Value: ...
    def __rtruediv__(self, other: Operand, /) -> Value: ...
    def __mod__(self, other: Operand, /) -> Value: ...
    def __rmod__(self, other: Operand, /) -> Value: ...
    def __pow__(self, other: Operand, /) -> Value: ...
    def __rpow__(self, other: Operand, /) -> Value: ...
    def __neg__(self) -> Value: ...
    def __pos__(self) -> Value: ...
    def __abs__(self) -> Value: ...
    def add(self, y: Operand) -> Value:
        """Sum of two."""
    def sub(self, y: Operand) -> Value:
        """Difference."""
    def mul(self, y: Operand) -> Value:
        """Product of two."""
    def div(self, y: Operand) -> Value:
        """Quotient."""
    def neg(self) -> Value:
        """Opposite."""
    def pos(self) -> Value:
        """The number itself, as a new node."""
    def pow(self, y: Operand) -> Value:
        """X to the power y."""
    def mod(self, y: Operand) -> Value:
        """Remainder with the sign of y."""
    def square(self) -> Value:
        """X times x."""
    def reciprocal(self) -> Value:
        """One over x."""
    def abs(self) -> Value:
        """Absolute value."""
    def sign(self) -> Value:
        """-1, 0 or 1."""
    def sqrt(self) -> Value:
        """Square root."""
    def cbrt(self) -> Value:
        """Cube root, of negative numbers too."""
    def exp(self) -> Value:
        """E to the power x."""
    def exp2(self) -> Value:
        """2 to the power x."""
    def expm1(self) -> Value:
        """Exp(x) - 1, exact near 0."""
    def log(self) -> Value:
        """Natural logarithm."""
    def log2(self) -> Value:
        """Logarithm to base 2."""
    def log10(self) -> Value:
        """Logarithm to base 10."""
    def log1p(self) -> Value:
        """Log(1 + x), exact near 0."""
    def sin(self) -> Value:
        """Sine."""
    def cos(self) -> Value:
        """Cosine."""
    def tan(self) -> Value:
        """Tangent."""
    def asin(self) -> Value:
        """Angle whose sine is x."""
    def arcsin(self) -> Value:
        """Angle whose sine is x."""
    def acos(self) -> Value:
        """Angle whose cosine is x."""
    def arccos(self) -> Value:
        """Angle whose cosine is x."""
    def atan(self) -> Value:
        """Angle whose tangent is x."""
    def arctan(self) -> Value:
        """Angle whose tangent is x."""
    def atan2(self, x: Operand) -> Value:
        """Angle of the point (x, y)."""
    def arctan2(self, x: Operand) -> Value:
        """Angle of the point (x, y)."""
    def sinh(self) -> Value:
        """Hyperbolic sine."""
    def cosh(self) -> Value:
        """Hyperbolic cosine."""
    def tanh(self) -> Value:
        """Hyperbolic tangent."""
    def asinh(self) -> Value:
        """Inverse of sinh."""
    def arcsinh(self) -> Value:
        """Inverse of sinh."""
    def acosh(self) -> Value:
        """Inverse of cosh."""
    def arccosh(self) -> Value:
        """Inverse of cosh."""
    def atanh(self) -> Value:
        """Inverse of tanh."""
    def arctanh(self) -> Value:
        """Inverse of tanh."""
    def hypot(self, y: Operand) -> Value:
        """Length of the vector (x, y)."""
    def sigmoid(self) -> Value:
        """Logistic function 1 / (1 + exp(-x)), stable for every x."""
    def logsigmoid(self) -> Value:
        """Log(sigmoid(x)), stable for every x."""
    def softplus(self) -> Value:
        """Log(1 + exp(x)), stable for every x."""
    def relu(self) -> Value:
        """Rectified linear unit max(0, x)."""
    def leaky_relu(self, slope: Operand = 0.01) -> Value:
        """Relu with a small slope for negative x."""
    def elu(self, alpha: Operand = 1.0) -> Value:
        """Exponential linear unit."""
    def gelu(self) -> Value:
        """Gaussian error linear unit, x times the normal distribution function, exact."""
    def silu(self) -> Value:
        """Sigmoid linear unit, also called swish."""
    def erf(self) -> Value:
        """Error function."""
    def erfc(self) -> Value:
        """1 - erf(x), exact in the tail."""
    def maximum(self, y: Operand) -> Value:
        """The larger of two."""
    def minimum(self, y: Operand) -> Value:
        """The smaller of two."""
    def step(self) -> Value:
        """Threshold: 0 for x < 0, 1 for x >= 0."""
    def clip(self, low: Operand, high: Operand) -> Value:
        """X limited to the interval from low to high."""

@overload
def add(x: Value, y: Operand) -> Value:
    """Sum of two.

    value        x + y
    d/dx         1.0
    d/dy         1.0

    >>> round(add(1.0, 2.0), 4)
    3.0
    """

@overload
def add(x: float, y: Value) -> Value: ...
@overload
def add(x: float, y: float) -> float: ...
@overload
def add(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def sub(x: Value, y: Operand) -> Value:
    """Difference.

    value        x - y
    d/dx         1.0
    d/dy         -1.0

    >>> round(sub(1.0, 2.0), 4)
    -1.0
    """

@overload
def sub(x: float, y: Value) -> Value: ...
@overload
def sub(x: float, y: float) -> float: ...
@overload
def sub(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def mul(x: Value, y: Operand) -> Value:
    """Product of two.

    value        x * y
    d/dx         y
    d/dy         x

    >>> round(mul(3.0, 2.0), 4)
    6.0
    """

@overload
def mul(x: float, y: Value) -> Value: ...
@overload
def mul(x: float, y: float) -> float: ...
@overload
def mul(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def div(x: Value, y: Operand) -> Value:
    """Quotient.

    value        x / y
    d/dx         1.0 / y
    d/dy         -out / y
    domain       y != 0, a DomainError outside

    >>> round(div(3.0, 2.0), 4)
    1.5
    """

@overload
def div(x: float, y: Value) -> Value: ...
@overload
def div(x: float, y: float) -> float: ...
@overload
def div(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def neg(x: Value) -> Value:
    """Opposite.

    value        -x
    d/dx         -1.0

    >>> round(neg(2.0), 4)
    -2.0
    """

@overload
def neg(x: float) -> float: ...
@overload
def neg(x: Operand | Array) -> Any: ...
@overload
def pos(x: Value) -> Value:
    """The number itself, as a new node.

    value        +x
    d/dx         1.0

    >>> round(pos(2.0), 4)
    2.0
    """

@overload
def pos(x: float) -> float: ...
@overload
def pos(x: Operand | Array) -> Any: ...
@overload
def pow(x: Value, y: Operand) -> Value:
    """X to the power y.

    value        pow(x, y)
    d/dx         y * out / x if x and abs(y) < 0.5 else y * pow(x, y - 1.0) if x or y else 0.0
    d/dy         out * log(x) if x else 0.0
    domain       x > 0 or y == floor(y) and (x < 0 or y >= 0) or x == 0 and y > 0, a DomainError outside
    note         x ** 0 has derivative 0 everywhere and 0 ** 0 = 1; a negative base needs a whole exponent, towards which it has no derivative (nan)

    >>> round(pow(2.0, 3.0), 4)
    8.0
    """

@overload
def pow(x: float, y: Value) -> Value: ...
@overload
def pow(x: float, y: float) -> float: ...
@overload
def pow(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def mod(x: Value, y: Operand) -> Value:
    """Remainder with the sign of y.

    value        x % y
    d/dx         1.0
    d/dy         None if x <= out <= x else (out - x) / y
    domain       y != 0, a DomainError outside
    note         jumps at multiples of y

    >>> round(mod(7.0, 4.0), 4)
    3.0
    """

@overload
def mod(x: float, y: Value) -> Value: ...
@overload
def mod(x: float, y: float) -> float: ...
@overload
def mod(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def square(x: Value) -> Value:
    """X times x.

    value        x * x
    d/dx         2.0 * x

    >>> round(square(3.0), 4)
    9.0
    """

@overload
def square(x: float) -> float: ...
@overload
def square(x: Operand | Array) -> Any: ...
@overload
def reciprocal(x: Value) -> Value:
    """One over x.

    value        1.0 / x
    d/dx         -out * out
    domain       x != 0, a DomainError outside

    >>> round(reciprocal(4.0), 4)
    0.25
    """

@overload
def reciprocal(x: float) -> float: ...
@overload
def reciprocal(x: Operand | Array) -> Any: ...
@overload
def abs(x: Value) -> Value:
    """Absolute value.

    value        abs(x)
    d/dx         sign(x)
    note         derivative 0 at the kink x = 0

    >>> round(abs(-2.0), 4)
    2.0
    """

@overload
def abs(x: float) -> float: ...
@overload
def abs(x: Operand | Array) -> Any: ...
@overload
def sign(x: Value) -> Value:
    """-1, 0 or 1.

    value        1.0 if x > 0 else -1.0 if x < 0 else x
    d/dx         None
    note         derivative 0 everywhere, also at the jump x = 0

    >>> round(sign(-2.0), 4)
    -1.0
    """

@overload
def sign(x: float) -> float: ...
@overload
def sign(x: Operand | Array) -> Any: ...
@overload
def sqrt(x: Value) -> Value:
    """Square root.

    value        sqrt(x)
    d/dx         0.5 / out
    domain       x >= 0, a DomainError outside
    note         derivative inf at 0

    >>> round(sqrt(9.0), 4)
    3.0
    """

@overload
def sqrt(x: float) -> float: ...
@overload
def sqrt(x: Operand | Array) -> Any: ...
@overload
def cbrt(x: Value) -> Value:
    """Cube root, of negative numbers too.

    value        cbrt(x)
    d/dx         1.0 / (3.0 * out * out)
    note         derivative inf at 0

    >>> round(cbrt(-8.0), 4)
    -2.0
    """

@overload
def cbrt(x: float) -> float: ...
@overload
def cbrt(x: Operand | Array) -> Any: ...
@overload
def exp(x: Value) -> Value:
    """E to the power x.

    value        exp(x)
    d/dx         out

    >>> round(exp(1.0), 4)
    2.7183
    """

@overload
def exp(x: float) -> float: ...
@overload
def exp(x: Operand | Array) -> Any: ...
@overload
def exp2(x: Value) -> Value:
    """2 to the power x.

    value        exp2(x)
    d/dx         out * log(2.0)

    >>> round(exp2(3.0), 4)
    8.0
    """

@overload
def exp2(x: float) -> float: ...
@overload
def exp2(x: Operand | Array) -> Any: ...
@overload
def expm1(x: Value) -> Value:
    """Exp(x) - 1, exact near 0.

    value        expm1(x)
    d/dx         exp(x)

    >>> round(expm1(1.0), 4)
    1.7183
    """

@overload
def expm1(x: float) -> float: ...
@overload
def expm1(x: Operand | Array) -> Any: ...
@overload
def log(x: Value) -> Value:
    """Natural logarithm.

    value        log(x)
    d/dx         1.0 / x
    domain       x > 0, a DomainError outside

    >>> round(log(2.0), 4)
    0.6931
    """

@overload
def log(x: float) -> float: ...
@overload
def log(x: Operand | Array) -> Any: ...
@overload
def log2(x: Value) -> Value:
    """Logarithm to base 2.

    value        log2(x)
    d/dx         1.0 / log(2.0) / x
    domain       x > 0, a DomainError outside

    >>> round(log2(8.0), 4)
    3.0
    """

@overload
def log2(x: float) -> float: ...
@overload
def log2(x: Operand | Array) -> Any: ...
@overload
def log10(x: Value) -> Value:
    """Logarithm to base 10.

    value        log10(x)
    d/dx         1.0 / log(10.0) / x
    domain       x > 0, a DomainError outside

    >>> round(log10(1000.0), 4)
    3.0
    """

@overload
def log10(x: float) -> float: ...
@overload
def log10(x: Operand | Array) -> Any: ...
@overload
def log1p(x: Value) -> Value:
    """Log(1 + x), exact near 0.

    value        log1p(x)
    d/dx         1.0 / (1.0 + x)
    domain       x > -1, a DomainError outside

    >>> round(log1p(1.0), 4)
    0.6931
    """

@overload
def log1p(x: float) -> float: ...
@overload
def log1p(x: Operand | Array) -> Any: ...
@overload
def sin(x: Value) -> Value:
    """Sine.

    value        sin(x)
    d/dx         cos(x)

    >>> round(sin(1.0), 4)
    0.8415
    """

@overload
def sin(x: float) -> float: ...
@overload
def sin(x: Operand | Array) -> Any: ...
@overload
def cos(x: Value) -> Value:
    """Cosine.

    value        cos(x)
    d/dx         -sin(x)

    >>> round(cos(1.0), 4)
    0.5403
    """

@overload
def cos(x: float) -> float: ...
@overload
def cos(x: Operand | Array) -> Any: ...
@overload
def tan(x: Value) -> Value:
    """Tangent.

    value        tan(x)
    d/dx         1.0 + out * out

    >>> round(tan(1.0), 4)
    1.5574
    """

@overload
def tan(x: float) -> float: ...
@overload
def tan(x: Operand | Array) -> Any: ...
@overload
def asin(x: Value) -> Value:
    """Angle whose sine is x.

    value        asin(x)
    d/dx         1.0 / sqrt((1.0 - x) * (1.0 + x))
    domain       abs(x) <= 1, a DomainError outside
    note         derivative inf at -1 and 1

    >>> round(asin(1.0), 4)
    1.5708
    """

@overload
def asin(x: float) -> float: ...
@overload
def asin(x: Operand | Array) -> Any: ...
@overload
def acos(x: Value) -> Value:
    """Angle whose cosine is x.

    value        acos(x)
    d/dx         -1.0 / sqrt((1.0 - x) * (1.0 + x))
    domain       abs(x) <= 1, a DomainError outside
    note         derivative -inf at -1 and 1

    >>> round(acos(0.0), 4)
    1.5708
    """

@overload
def acos(x: float) -> float: ...
@overload
def acos(x: Operand | Array) -> Any: ...
@overload
def atan(x: Value) -> Value:
    """Angle whose tangent is x.

    value        atan(x)
    d/dx         1.0 / (1.0 + x * x)

    >>> round(atan(1.0), 4)
    0.7854
    """

@overload
def atan(x: float) -> float: ...
@overload
def atan(x: Operand | Array) -> Any: ...
@overload
def atan2(y: Value, x: Operand) -> Value:
    """Angle of the point (x, y).

    value        atan2(y, x)
    d/dy         x / hypot(x, y) / hypot(x, y)
    d/dx         -y / hypot(x, y) / hypot(x, y)
    note         no derivative at (0, 0) (nan)

    >>> round(atan2(1.0, -1.0), 4)
    2.3562
    """

@overload
def atan2(y: float, x: Value) -> Value: ...
@overload
def atan2(y: float, x: float) -> float: ...
@overload
def atan2(y: Operand | Array, x: Operand | Array) -> Any: ...
@overload
def sinh(x: Value) -> Value:
    """Hyperbolic sine.

    value        sinh(x)
    d/dx         cosh(x)

    >>> round(sinh(1.0), 4)
    1.1752
    """

@overload
def sinh(x: float) -> float: ...
@overload
def sinh(x: Operand | Array) -> Any: ...
@overload
def cosh(x: Value) -> Value:
    """Hyperbolic cosine.

    value        cosh(x)
    d/dx         sinh(x)

    >>> round(cosh(1.0), 4)
    1.5431
    """

@overload
def cosh(x: float) -> float: ...
@overload
def cosh(x: Operand | Array) -> Any: ...
@overload
def tanh(x: Value) -> Value:
    """Hyperbolic tangent.

    value        tanh(x)
    d/dx         1.0 - out * out

    >>> round(tanh(1.0), 4)
    0.7616
    """

@overload
def tanh(x: float) -> float: ...
@overload
def tanh(x: Operand | Array) -> Any: ...
@overload
def asinh(x: Value) -> Value:
    """Inverse of sinh.

    value        asinh(x)
    d/dx         1.0 / hypot(1.0, x)

    >>> round(asinh(1.0), 4)
    0.8814
    """

@overload
def asinh(x: float) -> float: ...
@overload
def asinh(x: Operand | Array) -> Any: ...
@overload
def acosh(x: Value) -> Value:
    """Inverse of cosh.

    value        acosh(x)
    d/dx         1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))
    domain       x >= 1, a DomainError outside
    note         derivative inf at 1

    >>> round(acosh(2.0), 4)
    1.317
    """

@overload
def acosh(x: float) -> float: ...
@overload
def acosh(x: Operand | Array) -> Any: ...
@overload
def atanh(x: Value) -> Value:
    """Inverse of tanh.

    value        atanh(x)
    d/dx         1.0 / ((1.0 - x) * (1.0 + x))
    domain       abs(x) < 1, a DomainError outside

    >>> round(atanh(0.5), 4)
    0.5493
    """

@overload
def atanh(x: float) -> float: ...
@overload
def atanh(x: Operand | Array) -> Any: ...
@overload
def hypot(x: Value, y: Operand) -> Value:
    """Length of the vector (x, y).

    value        hypot(x, y)
    d/dx         x / out if out else 0.0
    d/dy         y / out if out else 0.0
    note         derivative 0 at the kink (0, 0)

    >>> round(hypot(3.0, 4.0), 4)
    5.0
    """

@overload
def hypot(x: float, y: Value) -> Value: ...
@overload
def hypot(x: float, y: float) -> float: ...
@overload
def hypot(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def sigmoid(x: Value) -> Value:
    """Logistic function 1 / (1 + exp(-x)), stable for every x.

    value        (exp(-abs(x)) if x < 0 else 1.0) / (1.0 + exp(-abs(x)))
    d/dx         out * (1.0 - out)

    >>> round(sigmoid(1.0), 4)
    0.7311
    """

@overload
def sigmoid(x: float) -> float: ...
@overload
def sigmoid(x: Operand | Array) -> Any: ...
@overload
def logsigmoid(x: Value) -> Value:
    """Log(sigmoid(x)), stable for every x.

    value        (x if x < 0 else 0.0) - log1p(exp(-abs(x)))
    d/dx         sigmoid(-x)

    >>> round(logsigmoid(1.0), 4)
    -0.3133
    """

@overload
def logsigmoid(x: float) -> float: ...
@overload
def logsigmoid(x: Operand | Array) -> Any: ...
@overload
def softplus(x: Value) -> Value:
    """Log(1 + exp(x)), stable for every x.

    value        (x if x > 0 else 0.0) + log1p(exp(-abs(x)))
    d/dx         sigmoid(x)

    >>> round(softplus(1.0), 4)
    1.3133
    """

@overload
def softplus(x: float) -> float: ...
@overload
def softplus(x: Operand | Array) -> Any: ...
@overload
def relu(x: Value) -> Value:
    """Rectified linear unit max(0, x).

    value        0.0 if x < 0 else x
    d/dx         None if x < 0 else 1.0
    note         derivative 1 at the kink x = 0: F'(x) = 0 for x < 0, 1 for x >= 0 (PyTorch and JAX say 0)

    >>> round(relu(2.0), 4)
    2.0
    """

@overload
def relu(x: float) -> float: ...
@overload
def relu(x: Operand | Array) -> Any: ...
@overload
def leaky_relu(x: Value, slope: Operand = 0.01) -> Value:
    """Relu with a small slope for negative x.

    value        slope * x if x < 0 else x
    d/dx         slope if x < 0 else 1.0
    d/dslope     x if x < 0 else None
    note         derivative 1 at the kink x = 0

    >>> round(leaky_relu(-2.0), 4)
    -0.02
    """

@overload
def leaky_relu(x: float, slope: Value) -> Value: ...
@overload
def leaky_relu(x: float, slope: float = 0.01) -> float: ...
@overload
def leaky_relu(x: Operand | Array, slope: Operand | Array = 0.01) -> Any: ...
@overload
def elu(x: Value, alpha: Operand = 1.0) -> Value:
    """Exponential linear unit.

    value        alpha * expm1(x) if x < 0 else x
    d/dx         alpha * exp(x) if x < 0 else 1.0
    d/dalpha     expm1(x) if x < 0 else None
    note         derivative 1 at x = 0, a kink unless alpha is 1

    >>> round(elu(-1.0), 4)
    -0.6321
    """

@overload
def elu(x: float, alpha: Value) -> Value: ...
@overload
def elu(x: float, alpha: float = 1.0) -> float: ...
@overload
def elu(x: Operand | Array, alpha: Operand | Array = 1.0) -> Any: ...
@overload
def gelu(x: Value) -> Value:
    """Gaussian error linear unit, x times the normal distribution function, exact.

    value        0.5 * x * erfc(-x / sqrt(2.0))
    d/dx         0.5 * erfc(-x / sqrt(2.0)) + x * exp(-0.5 * x * x) / sqrt(2.0 * pi)

    >>> round(gelu(1.0), 4)
    0.8413
    """

@overload
def gelu(x: float) -> float: ...
@overload
def gelu(x: Operand | Array) -> Any: ...
@overload
def silu(x: Value) -> Value:
    """Sigmoid linear unit, also called swish.

    value        x * sigmoid(x)
    d/dx         sigmoid(x) * (1.0 + x * sigmoid(-x))

    >>> round(silu(1.0), 4)
    0.7311
    """

@overload
def silu(x: float) -> float: ...
@overload
def silu(x: Operand | Array) -> Any: ...
@overload
def erf(x: Value) -> Value:
    """Error function.

    value        erf(x)
    d/dx         2.0 / sqrt(pi) * exp(-x * x)

    >>> round(erf(1.0), 4)
    0.8427
    """

@overload
def erf(x: float) -> float: ...
@overload
def erf(x: Operand | Array) -> Any: ...
@overload
def erfc(x: Value) -> Value:
    """1 - erf(x), exact in the tail.

    value        erfc(x)
    d/dx         -2.0 / sqrt(pi) * exp(-x * x)

    >>> round(erfc(1.0), 4)
    0.1573
    """

@overload
def erfc(x: float) -> float: ...
@overload
def erfc(x: Operand | Array) -> Any: ...
@overload
def maximum(x: Value, y: Operand) -> Value:
    """The larger of two.

    value        x if x >= y else y if x < y else x + y
    d/dx         1.0 if x > y else None if x < y else 0.5
    d/dy         None if x > y else 1.0 if x < y else 0.5
    note         half the derivative to each at a tie

    >>> round(maximum(1.0, 2.0), 4)
    2.0
    """

@overload
def maximum(x: float, y: Value) -> Value: ...
@overload
def maximum(x: float, y: float) -> float: ...
@overload
def maximum(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def minimum(x: Value, y: Operand) -> Value:
    """The smaller of two.

    value        x if x <= y else y if x > y else x + y
    d/dx         1.0 if x < y else None if x > y else 0.5
    d/dy         None if x < y else 1.0 if x > y else 0.5
    note         half the derivative to each at a tie

    >>> round(minimum(1.0, 2.0), 4)
    1.0
    """

@overload
def minimum(x: float, y: Value) -> Value: ...
@overload
def minimum(x: float, y: float) -> float: ...
@overload
def minimum(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def step(x: Value) -> Value:
    """Threshold: 0 for x < 0, 1 for x >= 0.

    value        0.0 if x < 0 else 1.0 if x >= 0 else x
    d/dx         None
    note         derivative 0 everywhere, also at the jump x = 0

    >>> round(step(0.0), 4)
    1.0
    """

@overload
def step(x: float) -> float: ...
@overload
def step(x: Operand | Array) -> Any: ...
@overload
def where(condition: Value, x: Operand, y: Operand) -> Value:
    """X where the condition holds (is not 0), else y.

    value        x if condition else y
    d/dcondition None
    d/dx         1.0 if condition else None
    d/dy         None if condition else 1.0

    >>> round(where(1.0, 2.0, 3.0), 4)
    2.0
    """

@overload
def where(condition: float, x: Value, y: Operand) -> Value: ...
@overload
def where(condition: float, x: float, y: Value) -> Value: ...
@overload
def where(condition: float, x: float, y: float) -> float: ...
@overload
def where(condition: Operand | Array, x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def clip(x: Value, low: Operand, high: Operand) -> Value:
    """X limited to the interval from low to high.

    value        x if low <= x <= high else low if x < low <= high else high if x > high >= low else x + low + high
    d/dx         None if x < low else None if x > high else 1.0
    d/dlow       1.0 if x < low else None
    d/dhigh      1.0 if x > high else None
    domain       low <= high, a DomainError outside
    note         derivative 1 at both ends of the interval

    >>> round(clip(5.0, 0.0, 1.0), 4)
    1.0
    """

@overload
def clip(x: float, low: Value, high: Operand) -> Value: ...
@overload
def clip(x: float, low: float, high: Value) -> Value: ...
@overload
def clip(x: float, low: float, high: float) -> float: ...
@overload
def clip(x: Operand | Array, low: Operand | Array, high: Operand | Array) -> Any: ...
@overload
def total(xs: Iterable[Value]) -> Value:
    """Sum of a sequence.

    value        total(xs)
    d/dx         1.0

    >>> round(total([1.0, 2.0, 3.0]), 4)
    6.0
    """

@overload
def total(xs: Iterable[float]) -> float: ...
@overload
def total(xs: Iterable[Operand]) -> Value | Any: ...
@overload
def prod(xs: Iterable[Value]) -> Value:
    """Product of a sequence.

    value        prod(xs)
    d/dx         before * after

    >>> round(prod([2.0, 3.0, 4.0]), 4)
    24.0
    """

@overload
def prod(xs: Iterable[float]) -> float: ...
@overload
def prod(xs: Iterable[Operand]) -> Value | Any: ...
@overload
def dot(ws: Iterable[Value], xs: Iterable[Operand]) -> Value:
    """Sum of the products of two sequences.

    value        dot(ws, xs)
    d/dw         x
    d/dx         w

    >>> round(dot([1.0, 2.0], [3.0, 4.0]), 4)
    11.0
    """

@overload
def dot(ws: Iterable[float], xs: Iterable[Value]) -> Value: ...
@overload
def dot(ws: Iterable[float], xs: Iterable[float]) -> float: ...
@overload
def dot(ws: Iterable[Operand], xs: Iterable[Operand]) -> Value | Any: ...
@overload
def mean(xs: Iterable[Value]) -> Value:
    """Arithmetic mean of a sequence.

    value        total(xs) / len(xs)
    d/dx         1.0 / len(xs)
    domain       len(xs) > 0, a DomainError outside

    >>> round(mean([1.0, 2.0, 6.0]), 4)
    3.0
    """

@overload
def mean(xs: Iterable[float]) -> float: ...
@overload
def mean(xs: Iterable[Operand]) -> Value | Any: ...
@overload
def logsumexp(xs: Iterable[Value]) -> Value:
    """Log of the sum of the exponentials, stable for every size.

    value        logsumexp(xs)
    d/dx         exp(x - out)
    domain       len(xs) > 0, a DomainError outside

    >>> round(logsumexp([0.0, 0.0]), 4)
    0.6931
    """

@overload
def logsumexp(xs: Iterable[float]) -> float: ...
@overload
def logsumexp(xs: Iterable[Operand]) -> Value | Any: ...
