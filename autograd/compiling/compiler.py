"""The implementation of `autograd.compile`: compiled functions and compiled graphs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from ..value import Value
from .compiled import Compiled, CompileOptions
from .naming import Arguments
from .recorded_graph import CompiledGraph, GraphFunction
from .specialised import Specialised

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


def build(
    f: Callable[..., Any] | Value | None,
    batched: Arguments,
    inputs: Iterable[Value] | None,
    parameters: Iterable[Value],
    dtype: DTypeLike,
    threads: int,
    lanes: int | Literal["auto"],
    cache: str | os.PathLike[str] | None,
    static: Arguments = (),
) -> Any:
    """Compile a function or a graph; without one, return a decorator (see `autograd.compile`).

    >>> build(lambda x: x * x, (), None, (), "float64", 1, "auto", None)(3.0)
    9.0
    """
    options: CompileOptions = {"dtype": dtype, "threads": threads, "lanes": lanes, "cache": cache}
    if isinstance(f, Value):
        if inputs is None:
            raise TypeError(
                "compile(root) of a recorded graph needs inputs=[...]: the Values that each call replaces"
            )
        if static != ():
            raise TypeError("static=... is for functions: a recorded graph has no settings")
        graph = GraphFunction(f, list(inputs), list(parameters))
        return CompiledGraph(graph, batched, **options)
    if inputs is not None:
        raise TypeError("inputs=[...] is for recorded graphs: for a function, name the arguments in batched=")

    def compiled(function: Callable[..., Any]) -> Compiled | Specialised:
        if static != ():
            return Specialised(function, static, batched, options)
        return Compiled(function, batched, **options)

    return compiled if f is None else compiled(f)
