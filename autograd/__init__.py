"""A scalar autograd engine whose backward pass you can see, step through, check and compile.

>>> from autograd import Value, tanh
>>> w, x = Value(0.5, "w"), Value(2.0, "x")
>>> y = tanh(w * x)
>>> y.backward()
>>> f"{w.grad:.3f}"
'0.840'

The main entry points:

    Value(2.0, "x")         a number that remembers how it was computed; y.backward() fills in x.grad
    exp, log, tanh ...      functions of numbers, Values and arrays; operation(...) declares your own
    draw(y)                 the graph as a picture: shows itself in a notebook, .save("y.svg")
    y.backprop()            the backward pass one step at a time; .player() is a page with buttons
    grad(f), hessian(f)     derivatives of functions, of any order; jacobian, jvp, vjp, hvp, taylor
    autograd.compile(f)     native code with all derivatives, for scipy.optimize and large batches
    y.check()               whether a gradient is right, and where it is wrong; see autograd.checking
    import nn               neurons, layers, models, fit(model, X, y); see help(nn)

A star import leaves out abs, pow, round and compile, which would hide Python's own. `==` compares
nodes, not numbers: write x.data == 2.0.

From a shell: chainwalk explain "tanh(w*x)" w=0.5 x=2; chainwalk doctor if something does not work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

from . import functions
from .errors import AnomalyError, DomainError, StaleGraphError, TracingError
from .functions import *  # noqa: F403
from .functions import abs as abs
from .functions import pow as pow
from .functions import round as round
from .graph import topological_order
from .guidance.clash import clash
from .modes import anomaly_detection, enable_grad, no_grad
from .ops.op import Op
from .ops.table import TABLE
from .value import Value, label, zero_grad

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import DTypeLike

    from .anomalies import first_anomaly
    from .compiling.compiled import Compiled
    from .compiling.naming import Arguments
    from .compiling.recorded_graph import CompiledGraph
    from .declare import operation
    from .drawing import draw, draw_dot
    from .drawing.grouping import Group
    from .drawing.theme import THEMES, Theme
    from .stepping.backprop import Backprop, backprop
    from .transforms.gradients import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp
    from .transforms.taylor import taylor

_TOOLS = {
    "anomalies": "first_anomaly",
    "declare": "operation",
    "drawing": "draw draw_dot",
    "drawing.grouping": "Group",
    "drawing.theme": "THEMES Theme",
    "stepping.backprop": "Backprop backprop",
    "transforms.gradients": "grad gradients hessian hvp jacobian jvp value_and_grad vjp",
    "transforms.taylor": "taylor",
}
"""The names that are imported when they are first used, by module: the engine itself needs none of them."""


@overload
def compile(
    f: Value,
    batched: Arguments = (),
    *,
    inputs: Iterable[Value],
    parameters: Iterable[Value] = (),
    dtype: DTypeLike = "float64",
    threads: int = 1,
    lanes: int | Literal["auto"] = "auto",
    cache: str | PathLike[str] | None = None,
) -> CompiledGraph: ...
@overload
def compile(
    f: Callable[..., Any],
    batched: Arguments = (),
    *,
    static: Arguments = (),
    dtype: DTypeLike = "float64",
    threads: int = 1,
    lanes: int | Literal["auto"] = "auto",
    cache: str | PathLike[str] | None = None,
) -> Compiled: ...
@overload
def compile(
    f: None = None,
    batched: Arguments = (),
    *,
    static: Arguments = (),
    dtype: DTypeLike = "float64",
    threads: int = 1,
    lanes: int | Literal["auto"] = "auto",
    cache: str | PathLike[str] | None = None,
) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(
    f: Callable[..., Any] | Value | None = None,
    batched: Arguments = (),
    *,
    static: Arguments = (),
    inputs: Iterable[Value] | None = None,
    parameters: Iterable[Value] = (),
    dtype: DTypeLike = "float64",
    threads: int = 1,
    lanes: int | Literal["auto"] = "auto",
    cache: str | PathLike[str] | None = None,
) -> Compiled | Callable[[Callable[..., Any]], Compiled]:
    """Compile a function of numbers, or a recorded graph, to native SIMD code with its derivatives.

    `f` is written with this library's functions and operators; its arguments are numbers, numpy arrays,
    or sequences, dicts and dataclasses of them. Those named in `batched` (names or positions, or "all")
    have a leading batch axis; the others are shared by the whole batch. The result is called like f, and
    has the methods `value_and_grad`, `grad`, `hessian`, `hvp` and `jacobian`, which return an array for
    one argument and a tuple for several: `scipy.optimize.minimize(fast, x, jac=fast.grad,
    hess=fast.hessian)` works. `static` names settings, such as a number of steps: f is compiled for
    each of their values. Outside an operation's domain it returns nan or inf, as numpy does. Without
    `f`, return a decorator.

    f is traced once for each structure and shape of its arguments. Captured Values are parameters: their
    data is read at each call. Everything else that its code reads, from closures and globals to
    attributes and the contents of containers at any depth, is compared at each call, and f is traced
    again if anything changed. If it reads something that cannot be compared, such as a clock or a file,
    or draws random numbers, it is traced at every call; `explain` reports this. Each operation of f is
    rounded separately, as in the engine; only dot products may use fused multiply-adds.

    For a recorded graph, `inputs` are the Values that each call gives, and `parameters` those that
    may be given as one more argument. `dtype` is float64 or float32, `threads` the number of threads
    that share a large batch, `lanes` the number of elements in a SIMD register, `cache` a folder that
    keeps compiled code between runs.

    Raises ImportError without the extra `compile`; TracingError, naming the line, where f branches
    on a Value; TypeError and ValueError for arguments that are not numbers or have other shapes.

    >>> import numpy as np
    >>> fast = compile(lambda x, w: sin(w * x), batched="x")
    >>> values, (by_x, by_w) = fast.value_and_grad(np.array([0.0, 1.0]), 2.0)
    >>> values.round(4), by_x.round(4), f"{by_w:.4f}"
    (array([0.    , 0.9093]), array([ 2.    , -0.8323]), '-0.4161')
    """
    from .compiling.compiler import build

    built: Compiled = build(f, batched, inputs, parameters, dtype, threads, lanes, cache, static)
    return built


def export(
    f: Callable[..., Any] | Value,
    *arguments: Any,
    batched: Arguments = (),
    inputs: Iterable[Value] | None = None,
    parameters: Iterable[Value] = (),
    name: str = "",
) -> str:
    """Return a function of numbers, or a recorded graph, as the source of one JAX function.

    See `autograd.exporting.export`; needs the extra `compile`. Raises ImportError without it;
    TracingError, naming the line, where f branches on a Value.

    >>> print(export(lambda x: 2 * x, 1.0, name="twice").splitlines()[-2])
        v1 = 2.0 * a0
    """
    from .exporting import export

    return export(f, *arguments, batched=batched, inputs=inputs, parameters=parameters, name=name)


if not TYPE_CHECKING:  # a type checker would accept every name

    def __getattr__(name: str) -> Any:
        """Import a tool at the first use of its name; for a name of another library say what to use here."""
        from .guidance.tools import tool

        return tool(__name__, name, _TOOLS)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if _problem := clash():
    import warnings

    warnings.warn(_problem, RuntimeWarning, stacklevel=2)

__version__ = "0.1.0"

# Without abs, pow, round and compile: a star import should not hide Python's own.
__all__ = [
    "TABLE",
    "THEMES",
    "AnomalyError",
    "Backprop",
    "DomainError",
    "Group",
    "Op",
    "StaleGraphError",
    "Theme",
    "TracingError",
    "Value",
    "anomaly_detection",
    "backprop",
    "draw",
    "draw_dot",
    "enable_grad",
    "export",
    "first_anomaly",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "label",
    "no_grad",
    "operation",
    "taylor",
    "topological_order",
    "value_and_grad",
    "vjp",
    "zero_grad",
]
__all__ += functions.__all__
