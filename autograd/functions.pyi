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
    "floordiv",
    "fmod",
    "square",
    "reciprocal",
    "sign",
    "copysign",
    "floor",
    "ceil",
    "trunc",
    "degrees",
    "radians",
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
    "sinc",
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
    "logaddexp",
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
    def __floordiv__(self, other: Operand, /) -> Value: ...
    def __rfloordiv__(self, other: Operand, /) -> Value: ...
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
    def floordiv(self, y: Operand) -> Value:
        """Quotient, rounded down to an integer."""
    def fmod(self, y: Operand) -> Value:
        """Remainder with the sign of x, as C has it."""
    def square(self) -> Value:
        """X times x."""
    def reciprocal(self) -> Value:
        """One over x."""
    def abs(self) -> Value:
        """Absolute value."""
    def sign(self) -> Value:
        """-1, 0 or 1."""
    def copysign(self, y: Operand) -> Value:
        """The size of x with the sign of y, which -0.0 has too."""
    def floor(self) -> Value:
        """Largest integer not above x."""
    def ceil(self) -> Value:
        """Smallest integer not below x."""
    def trunc(self) -> Value:
        """X rounded towards zero to an integer."""
    def round(self) -> Value:
        """Nearest integer, the even one of two equally near."""
    def rint(self) -> Value:
        """Nearest integer, the even one of two equally near."""
    def degrees(self) -> Value:
        """An angle from radians to degrees."""
    def radians(self) -> Value:
        """An angle from degrees to radians."""
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
    def sinc(self) -> Value:
        """Sin(pi x) / (pi x), 1 at 0: numpy's and PyTorch's."""
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
    def logaddexp(self, y: Operand) -> Value:
        """Log(exp(x) + exp(y)), stable for every size."""
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

    >>> f"{add(1.0, 2.0):.4f}"
    '3.0000'
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

    >>> f"{sub(1.0, 2.0):.4f}"
    '-1.0000'
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

    >>> f"{mul(3.0, 2.0):.4f}"
    '6.0000'
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

    >>> f"{div(3.0, 2.0):.4f}"
    '1.5000'
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

    >>> f"{neg(2.0):.4f}"
    '-2.0000'
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

    >>> f"{pos(2.0):.4f}"
    '2.0000'
    """

@overload
def pos(x: float) -> float: ...
@overload
def pos(x: Operand | Array) -> Any: ...
@overload
def pow(x: Value, y: Operand) -> Value:
    """X to the power y.

    value        pow(x, y)
    d/dx         y * out / x if x and abs(y) < 0.5 else y * pow(x, y - 1.0) if x or y < 1.0 and y or y > 1.0 else 1.0 + sqrt(y - 1.0) * sqrt(y - 1.0) if y else 0.0
    d/dy         out * log(x) if x or y < 0 else sqrt(x) * sqrt(x) if 0 < y <= 1.0 else 0.0 if y >= 0 else out
    domain       x > 0 or y == floor(y) and (x < 0 or y >= 0) or x == 0 and y > 0, a DomainError outside
    note         x ** 0 has derivative 0 everywhere and 0 ** 0 = 1; a negative base needs an integer exponent, and has no derivative with respect to it (nan)

    >>> f"{pow(2.0, 3.0):.4f}"
    '8.0000'
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
    d/dx         1.0 if y != 0 else out
    d/dy         None if x <= out <= x else (out - x) / y
    domain       y != 0, a DomainError outside
    note         jumps at multiples of y

    >>> f"{mod(7.0, 4.0):.4f}"
    '3.0000'
    """

@overload
def mod(x: float, y: Value) -> Value: ...
@overload
def mod(x: float, y: float) -> float: ...
@overload
def mod(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def floordiv(x: Value, y: Operand) -> Value:
    """Quotient, rounded down to an integer.

    value        round((x - x % y) / y)
    d/dx         None
    d/dy         None
    domain       y != 0, a DomainError outside
    note         derivative 0 everywhere, also at the jumps

    >>> f"{floordiv(7.0, 2.0):.4f}"
    '3.0000'
    """

@overload
def floordiv(x: float, y: Value) -> Value: ...
@overload
def floordiv(x: float, y: float) -> float: ...
@overload
def floordiv(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def fmod(x: Value, y: Operand) -> Value:
    """Remainder with the sign of x, as C has it.

    value        abs(x) % abs(y) * sign(x)
    d/dx         1.0 if y != 0 else out
    d/dy         None if x <= out <= x else (out - x) / y
    domain       y != 0, a DomainError outside
    note         jumps at multiples of y

    >>> f"{fmod(-7.0, 4.0):.4f}"
    '-3.0000'
    """

@overload
def fmod(x: float, y: Value) -> Value: ...
@overload
def fmod(x: float, y: float) -> float: ...
@overload
def fmod(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def square(x: Value) -> Value:
    """X times x.

    value        x * x
    d/dx         2.0 * x

    >>> f"{square(3.0):.4f}"
    '9.0000'
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

    >>> f"{reciprocal(4.0):.4f}"
    '0.2500'
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

    >>> f"{abs(-2.0):.4f}"
    '2.0000'
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

    >>> f"{sign(-2.0):.4f}"
    '-1.0000'
    """

@overload
def sign(x: float) -> float: ...
@overload
def sign(x: Operand | Array) -> Any: ...
@overload
def copysign(x: Value, y: Operand) -> Value:
    """The size of x with the sign of y, which -0.0 has too.

    value        -abs(x) if atan2(y, -1.0) < 0 else abs(x)
    d/dx         -sign(x) if atan2(y, -1.0) < 0 else sign(x)
    d/dy         None
    note         derivative 0 at x = 0, and with respect to y

    >>> f"{copysign(2.0, -3.0):.4f}"
    '-2.0000'
    """

@overload
def copysign(x: float, y: Value) -> Value: ...
@overload
def copysign(x: float, y: float) -> float: ...
@overload
def copysign(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def floor(x: Value) -> Value:
    """Largest integer not above x.

    value        floor(x)
    d/dx         None
    note         derivative 0 everywhere, also at the jumps

    >>> f"{floor(-2.5):.4f}"
    '-3.0000'
    """

@overload
def floor(x: float) -> float: ...
@overload
def floor(x: Operand | Array) -> Any: ...
@overload
def ceil(x: Value) -> Value:
    """Smallest integer not below x.

    value        -floor(-x)
    d/dx         None
    note         derivative 0 everywhere, also at the jumps

    >>> f"{ceil(-2.5):.4f}"
    '-2.0000'
    """

@overload
def ceil(x: float) -> float: ...
@overload
def ceil(x: Operand | Array) -> Any: ...
@overload
def trunc(x: Value) -> Value:
    """X rounded towards zero to an integer.

    value        floor(x) if x > 0 else -floor(-x)
    d/dx         None
    note         derivative 0 everywhere, also at the jumps

    >>> f"{trunc(-2.5):.4f}"
    '-2.0000'
    """

@overload
def trunc(x: float) -> float: ...
@overload
def trunc(x: Operand | Array) -> Any: ...
@overload
def round(x: Value) -> Value:
    """Nearest integer, the even one of two equally near.

    value        floor(x) if x - floor(x) < 0.5 else floor(x) + 1.0 if x - floor(x) > 0.5 else 2.0 * floor(0.5 * x + 0.5)
    d/dx         None
    note         derivative 0 everywhere, also at the jumps

    >>> f"{round(2.5):.4f}"
    '2.0000'
    """

@overload
def round(x: float) -> float: ...
@overload
def round(x: Operand | Array) -> Any: ...
@overload
def degrees(x: Value) -> Value:
    """An angle from radians to degrees.

    value        x * (180.0 / pi)
    d/dx         180.0 / pi

    >>> f"{degrees(3.141592653589793):.4f}"
    '180.0000'
    """

@overload
def degrees(x: float) -> float: ...
@overload
def degrees(x: Operand | Array) -> Any: ...
@overload
def radians(x: Value) -> Value:
    """An angle from degrees to radians.

    value        x * (pi / 180.0)
    d/dx         pi / 180.0

    >>> f"{radians(180.0):.4f}"
    '3.1416'
    """

@overload
def radians(x: float) -> float: ...
@overload
def radians(x: Operand | Array) -> Any: ...
@overload
def sqrt(x: Value) -> Value:
    """Square root.

    value        sqrt(x)
    d/dx         0.5 / out
    domain       x >= 0, a DomainError outside
    note         derivative inf at 0

    >>> f"{sqrt(9.0):.4f}"
    '3.0000'
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

    >>> f"{cbrt(-8.0):.4f}"
    '-2.0000'
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

    >>> f"{exp(1.0):.4f}"
    '2.7183'
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

    >>> f"{exp2(3.0):.4f}"
    '8.0000'
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

    >>> f"{expm1(1.0):.4f}"
    '1.7183'
    """

@overload
def expm1(x: float) -> float: ...
@overload
def expm1(x: Operand | Array) -> Any: ...
@overload
def log(x: Value) -> Value:
    """Natural logarithm.

    value        log(x)
    d/dx         1.0 / x if x >= 0 else out
    domain       x > 0, a DomainError outside

    >>> f"{log(2.0):.4f}"
    '0.6931'
    """

@overload
def log(x: float) -> float: ...
@overload
def log(x: Operand | Array) -> Any: ...
@overload
def log2(x: Value) -> Value:
    """Logarithm to base 2.

    value        log2(x)
    d/dx         1.0 / log(2.0) / x if x >= 0 else out
    domain       x > 0, a DomainError outside

    >>> f"{log2(8.0):.4f}"
    '3.0000'
    """

@overload
def log2(x: float) -> float: ...
@overload
def log2(x: Operand | Array) -> Any: ...
@overload
def log10(x: Value) -> Value:
    """Logarithm to base 10.

    value        log10(x)
    d/dx         1.0 / log(10.0) / x if x >= 0 else out
    domain       x > 0, a DomainError outside

    >>> f"{log10(1000.0):.4f}"
    '3.0000'
    """

@overload
def log10(x: float) -> float: ...
@overload
def log10(x: Operand | Array) -> Any: ...
@overload
def log1p(x: Value) -> Value:
    """Log(1 + x), exact near 0.

    value        log1p(x)
    d/dx         1.0 / (1.0 + x) if x >= -1.0 else out
    domain       x > -1, a DomainError outside

    >>> f"{log1p(1.0):.4f}"
    '0.6931'
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

    >>> f"{sin(1.0):.4f}"
    '0.8415'
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

    >>> f"{cos(1.0):.4f}"
    '0.5403'
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

    >>> f"{tan(1.0):.4f}"
    '1.5574'
    """

@overload
def tan(x: float) -> float: ...
@overload
def tan(x: Operand | Array) -> Any: ...
@overload
def asin(x: Value) -> Value:
    """Angle whose sine is x.

    value        asin(x)
    d/dx         1.0 / sqrt(1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x))
    domain       abs(x) <= 1, a DomainError outside
    note         derivative inf at -1 and 1

    >>> f"{asin(1.0):.4f}"
    '1.5708'
    """

@overload
def asin(x: float) -> float: ...
@overload
def asin(x: Operand | Array) -> Any: ...
@overload
def acos(x: Value) -> Value:
    """Angle whose cosine is x.

    value        acos(x)
    d/dx         -1.0 / sqrt(1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x))
    domain       abs(x) <= 1, a DomainError outside
    note         derivative -inf at -1 and 1

    >>> f"{acos(0.0):.4f}"
    '1.5708'
    """

@overload
def acos(x: float) -> float: ...
@overload
def acos(x: Operand | Array) -> Any: ...
@overload
def atan(x: Value) -> Value:
    """Angle whose tangent is x.

    value        atan(x)
    d/dx         1.0 / (1.0 + x * x) if abs(x) < 1.0 else 1.0 / x / (x + 1.0 / x)

    >>> f"{atan(1.0):.4f}"
    '0.7854'
    """

@overload
def atan(x: float) -> float: ...
@overload
def atan(x: Operand | Array) -> Any: ...
@overload
def atan2(y: Value, x: Operand) -> Value:
    """Angle of the point (x, y).

    value        atan2(y, x)
    d/dy         1.0 / x / (1.0 + y / x * (y / x)) if abs(x) > abs(y) else x / y / y / (1.0 + x / y * (x / y))
    d/dx         -1.0 / y / (1.0 + x / y * (x / y)) if abs(y) > abs(x) else -y / x / x / (1.0 + y / x * (y / x))
    note         no derivative at (0, 0) (nan)

    >>> f"{atan2(1.0, -1.0):.4f}"
    '2.3562'
    """

@overload
def atan2(y: float, x: Value) -> Value: ...
@overload
def atan2(y: float, x: float) -> float: ...
@overload
def atan2(y: Operand | Array, x: Operand | Array) -> Any: ...
@overload
def sinc(x: Value) -> Value:
    """Sin(pi x) / (pi x), 1 at 0: numpy's and PyTorch's.

    value        0.0 if abs(x) > 9e15 else sin(pi * (x - round(x))) * (1.0 - 2.0 * (abs(round(x)) % 2.0)) / (pi * x) if x else 1.0
    d/dx         -0.0 * x if abs(x) > 1e300 else (cos(pi * (x - round(x))) * (1.0 - 2.0 * (abs(round(x)) % 2.0)) - out) / x if abs(x) > 0.15 else -pi * pi * x / 3.0 * (1.0 - square(pi * x) / 10.0 * (1.0 - square(pi * x) / 28.0 * (1.0 - square(pi * x) / 54.0 * (1.0 - square(pi * x) / 88.0 * (1.0 - square(pi * x) / 130.0 * (1.0 - square(pi * x) / 180.0 * (1.0 - square(pi * x) / 238.0)))))))

    >>> f"{sinc(0.5):.4f}"
    '0.6366'
    """

@overload
def sinc(x: float) -> float: ...
@overload
def sinc(x: Operand | Array) -> Any: ...
@overload
def sinh(x: Value) -> Value:
    """Hyperbolic sine.

    value        sinh(x)
    d/dx         cosh(x)

    >>> f"{sinh(1.0):.4f}"
    '1.1752'
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

    >>> f"{cosh(1.0):.4f}"
    '1.5431'
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

    >>> f"{tanh(1.0):.4f}"
    '0.7616'
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

    >>> f"{asinh(1.0):.4f}"
    '0.8814'
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

    >>> f"{acosh(2.0):.4f}"
    '1.3170'
    """

@overload
def acosh(x: float) -> float: ...
@overload
def acosh(x: Operand | Array) -> Any: ...
@overload
def atanh(x: Value) -> Value:
    """Inverse of tanh.

    value        atanh(x)
    d/dx         1.0 / (1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x)) if abs(x) <= 1.0 else out
    domain       abs(x) < 1, a DomainError outside

    >>> f"{atanh(0.5):.4f}"
    '0.5493'
    """

@overload
def atanh(x: float) -> float: ...
@overload
def atanh(x: Operand | Array) -> Any: ...
@overload
def hypot(x: Value, y: Operand) -> Value:
    """Length of the vector (x, y).

    value        hypot(x, y)
    d/dx         sign(x) / hypot(1.0, y / x) if abs(x) > abs(y) else x / abs(y) / hypot(1.0, x / y) if y else out
    d/dy         sign(y) / hypot(1.0, x / y) if abs(y) > abs(x) else y / abs(x) / hypot(1.0, y / x) if x else out
    note         derivative 0 at the kink (0, 0)

    >>> f"{hypot(3.0, 4.0):.4f}"
    '5.0000'
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

    >>> f"{sigmoid(1.0):.4f}"
    '0.7311'
    """

@overload
def sigmoid(x: float) -> float: ...
@overload
def sigmoid(x: Operand | Array) -> Any: ...
@overload
def logsigmoid(x: Value) -> Value:
    """Log(sigmoid(x)), stable for every x.

    value        (x if x < 0 else 0.0) - log1p(exp(-abs(x)))
    d/dx         exp(-x) / (1.0 + exp(-x)) if x > 0 else 1.0 / (1.0 + exp(x))

    >>> f"{logsigmoid(1.0):.4f}"
    '-0.3133'
    """

@overload
def logsigmoid(x: float) -> float: ...
@overload
def logsigmoid(x: Operand | Array) -> Any: ...
@overload
def softplus(x: Value) -> Value:
    """Log(1 + exp(x)), stable for every x.

    value        (x if x > 0 else 0.0) + log1p(exp(-abs(x)))
    d/dx         1.0 / (1.0 + exp(-x)) if x > 0 else exp(x) / (1.0 + exp(x))

    >>> f"{softplus(1.0):.4f}"
    '1.3133'
    """

@overload
def softplus(x: float) -> float: ...
@overload
def softplus(x: Operand | Array) -> Any: ...
@overload
def logaddexp(x: Value, y: Operand) -> Value:
    """Log(exp(x) + exp(y)), stable for every size.

    value        x + log(2.0) if x <= y <= x else (x if x > y else y if x < y else x + y) + log1p(exp(-abs(x - y)))
    d/dx         1.0 / (1.0 + exp(y - x)) if x > y else exp(x - y) / (1.0 + exp(x - y))
    d/dy         1.0 / (1.0 + exp(x - y)) if y > x else exp(y - x) / (1.0 + exp(y - x))

    >>> f"{logaddexp(0.0, 0.0):.4f}"
    '0.6931'
    """

@overload
def logaddexp(x: float, y: Value) -> Value: ...
@overload
def logaddexp(x: float, y: float) -> float: ...
@overload
def logaddexp(x: Operand | Array, y: Operand | Array) -> Any: ...
@overload
def relu(x: Value) -> Value:
    """Rectified linear unit max(0, x).

    value        0.0 if x < 0 else x
    d/dx         None if x < 0 else 1.0
    note         derivative 1 at the kink x = 0: F'(x) = 0 for x < 0, 1 for x >= 0 (PyTorch and JAX say 0)

    >>> f"{relu(2.0):.4f}"
    '2.0000'
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

    >>> f"{leaky_relu(-2.0):.4f}"
    '-0.0200'
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

    >>> f"{elu(-1.0):.4f}"
    '-0.6321'
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

    value        -0.0 if x < -40.0 else 0.5 * x * erfc(-x / sqrt(2.0))
    d/dx         0.5 * erfc(-x / sqrt(2.0)) + x * exp(-0.5 * x * x) / sqrt(2.0 * pi) if abs(x) < 40.0 else 1.0 if x > 0 else 0.0 if x < 0 else out

    >>> f"{gelu(1.0):.4f}"
    '0.8413'
    """

@overload
def gelu(x: float) -> float: ...
@overload
def gelu(x: Operand | Array) -> Any: ...
@overload
def silu(x: Value) -> Value:
    """Sigmoid linear unit, also called swish.

    value        -0.0 if x < -750.0 else x * sigmoid(x)
    d/dx         (1.0 + exp(-x) + x * exp(-x)) / square(1.0 + exp(-x)) if 0 <= x < 750.0 else exp(x) * (1.0 + exp(x) + x) / square(1.0 + exp(x)) if -750.0 < x < 0 else 1.0 if x > 0 else 0.0 if x < 0 else out

    >>> f"{silu(1.0):.4f}"
    '0.7311'
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

    >>> f"{erf(1.0):.4f}"
    '0.8427'
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

    >>> f"{erfc(1.0):.4f}"
    '0.1573'
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

    >>> f"{maximum(1.0, 2.0):.4f}"
    '2.0000'
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

    >>> f"{minimum(1.0, 2.0):.4f}"
    '1.0000'
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

    >>> f"{step(0.0):.4f}"
    '1.0000'
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

    >>> f"{where(1.0, 2.0, 3.0):.4f}"
    '2.0000'
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

    >>> f"{clip(5.0, 0.0, 1.0):.4f}"
    '1.0000'
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

    >>> f"{total([1.0, 2.0, 3.0]):.4f}"
    '6.0000'
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

    >>> f"{prod([2.0, 3.0, 4.0]):.4f}"
    '24.0000'
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

    >>> f"{dot([1.0, 2.0], [3.0, 4.0]):.4f}"
    '11.0000'
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

    >>> f"{mean([1.0, 2.0, 6.0]):.4f}"
    '3.0000'
    """

@overload
def mean(xs: Iterable[float]) -> float: ...
@overload
def mean(xs: Iterable[Operand]) -> Value | Any: ...
@overload
def logsumexp(xs: Iterable[Value]) -> Value:
    """Log of the sum of the exponentials, stable for every size.

    value        logsumexp(xs)
    d/dx         exp(x - out) / total([exp(x - out) for x in xs])
    domain       len(xs) > 0, a DomainError outside

    >>> f"{logsumexp([0.0, 0.0]):.4f}"
    '0.6931'
    """

@overload
def logsumexp(xs: Iterable[float]) -> float: ...
@overload
def logsumexp(xs: Iterable[Operand]) -> Value | Any: ...
