"""A scalar autograd engine whose backward pass you can see, step through and check."""

from typing import Any

from .anomalies import first_anomaly
from .drawing import draw
from .drawing.grouping import Group
from .drawing.theme import THEMES
from .errors import AnomalyError, DomainError, StaleGraphError, TracingError
from .functions import abs as abs
from .functions import (
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    clip,
    cos,
    cosh,
    div,
    dot,
    elu,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    logsigmoid,
    logsumexp,
    maximum,
    mean,
    minimum,
    mod,
    mul,
    neg,
    operation,
    pos,
    prod,
    reciprocal,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    step,
    sub,
    tan,
    tanh,
    total,
    where,
)
from .functions import pow as pow
from .graph import topological_order
from .modes import anomaly_detection, enable_grad, no_grad
from .ops.op import Op
from .ops.table import TABLE
from .stepping.backprop import Backprop, backprop
from .transforms.gradients import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .transforms.taylor import taylor
from .value import FROM_ABOVE, Value, label, zero_grad


def compile(f: Any = None, batched: Any = (), **options: Any) -> Any:
    """A function of numbers as native SIMD code, with its derivatives; or a graph that exists already.

    See `autograd.compiling.compile`, which has all the options; needs the extra `compile`. Raises
    ImportError without it; TracingError, naming the line, where f branches on a Value.

    >>> fast = compile(lambda x, y: x * y, batched="x")
    >>> fast.grad([1.0, 2.0], 3.0, wrt="y")
    3.0
    """
    from .compiling import compile

    return compile(f, batched, **options)


def export(f: Any, *arguments: Any, **options: Any) -> str:
    """A function of numbers, or a recorded graph, as the source text of one JAX function.

    See `autograd.exporting.export`, which has all the options; needs the extra `compile`. Raises
    ImportError without it; TracingError, naming the line, where f branches on a Value.

    >>> print(export(lambda x: 2 * x, 1.0, name="twice").splitlines()[-2])
        v1 = 2.0 * a0
    """
    from .exporting import export

    return export(f, *arguments, **options)


def _check(root: Value, order: int) -> object:
    from .checking import check

    return check(root, order)


FROM_ABOVE["check"] = _check

__version__ = "0.1.0"

# Not here: abs, pow and compile, because a star should not hide Python's own.
__all__ = [
    "TABLE",
    "THEMES",
    "AnomalyError",
    "Backprop",
    "DomainError",
    "Group",
    "Op",
    "StaleGraphError",
    "TracingError",
    "Value",
    "acos",
    "acosh",
    "add",
    "anomaly_detection",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "backprop",
    "cbrt",
    "clip",
    "cos",
    "cosh",
    "div",
    "dot",
    "draw",
    "elu",
    "enable_grad",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "export",
    "first_anomaly",
    "gelu",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "hypot",
    "jacobian",
    "jvp",
    "label",
    "leaky_relu",
    "log",
    "log1p",
    "log2",
    "log10",
    "logsigmoid",
    "logsumexp",
    "maximum",
    "mean",
    "minimum",
    "mod",
    "mul",
    "neg",
    "no_grad",
    "operation",
    "pos",
    "prod",
    "reciprocal",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "step",
    "sub",
    "tan",
    "tanh",
    "taylor",
    "topological_order",
    "total",
    "value_and_grad",
    "vjp",
    "where",
    "zero_grad",
]
