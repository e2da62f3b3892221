"""`compile`: a function of numbers, or a recorded graph, as native code with all its derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..value import Value
from .compiled import Compiled
from .recorded_graph import CompiledGraph, GraphFunction


def compile(
    f: Any = None,
    batched: str | int | Sequence[str | int] = (),
    *,
    inputs: Iterable[Value] | None = None,
    parameters: Iterable[Value] = (),
    dtype: Any = "float64",
    threads: int = 1,
    lanes: int | str = "auto",
    cache: Any = None,
) -> Any:
    """A function of numbers as native SIMD code, with its derivatives; or a graph that exists already.

    `f` is written with this library's functions and operators; its arguments are numbers, nested
    sequences of them or numpy arrays. Those named in `batched` (names or positions, or "all") have a
    leading axis of rows; the others are shared by all rows. The result is called as f is, and has
    `value_and_grad`, `grad`, `hessian`, `hvp` and `jacobian`. Outside an operation's domain it has
    nan or inf, as numpy has.

    f is recorded once for arguments of one form. Values from outside that it uses are parameters:
    their data is read at each call. Numbers, texts and functions in its closure, its globals and in
    attributes that it names are looked at again at each call, and f is recorded anew where they
    changed. What it reads in other ways, and what is random, stays as it was while recording.

    `dtype` is float64 or float32, `threads` how many threads share the rows of a large batch,
    `lanes` the numbers in a register, `cache` a folder that keeps compiled code between runs.

    Raises ImportError without the extra `compile`; TracingError, naming the line, where f branches
    on a Value; TypeError and ValueError for arguments that are no numbers or have other shapes.

    >>> import numpy as np
    >>> from autograd import sin, compile
    >>> fast = compile(lambda x, w: sin(w * x), batched="x")
    >>> values, (by_x, by_w) = fast.value_and_grad(np.array([0.0, 1.0]), 2.0)
    >>> values.round(4), by_x.round(4), round(by_w, 4)
    (array([0.    , 0.9093]), array([ 2.    , -0.8323]), -0.4161)
    """
    options = {"dtype": dtype, "threads": threads, "lanes": lanes, "cache": cache}
    if isinstance(f, Value):
        if inputs is None:
            raise TypeError(
                "compile(root) of a recorded graph needs inputs=[...]: the Values that are given at each call"
            )
        return CompiledGraph(GraphFunction(f, list(inputs), list(parameters)), batched, **options)
    if inputs is not None:
        raise TypeError(
            "inputs=[...] belongs to a recorded graph; of a function name the arguments in batched="
        )
    if f is None:
        return lambda function: Compiled(function, batched, **options)
    return Compiled(f, batched, **options)
