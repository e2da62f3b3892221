"""`export` writes a recorded function as the source of one JAX function."""

from __future__ import annotations

import inspect
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..compiling.compiled import Compiled
from ..compiling.naming import Arguments, Names
from ..compiling.recorded_graph import GraphFunction
from ..compiling.trace.arguments import Leaf, described, leaves_of, with_values
from ..compiling.trace.tracing import Trace, trace
from ..terminal import quoted
from ..value import Value
from .writing import Writer

_TAKEN = re.compile(r"jax|jnp|functools|float|range|SymbolicZero|v\d+|a\d+|op_.*|_.*|argument_\d+")


def export(
    f: Callable[..., Any] | Value,
    *arguments: Any,
    batched: Arguments = (),
    inputs: Iterable[Value] | None = None,
    parameters: Iterable[Value] = (),
    name: str = "",
) -> str:
    """Return a function of numbers as the source of one JAX function, for GPUs and TPUs.

    `f` is a function, a recorded graph, or the result of `compile`; the arguments are examples of the
    shapes it will be called with. Arguments named in `batched` (known for a compiled function) have a
    leading batch axis: then `<name>_rows` is the function over the whole batch. A recorded graph takes
    `inputs`, and `parameters` as one array, instead of arguments. The neurons of a layer become a
    matrix product, and operations keep the derivatives of the table, at kinks too. Captured Values
    become constants. `name` is the name of the function in the source.

    Raises ImportError without the extra `compile`, TypeError for arguments without numbers and for
    operations whose rules are Python functions, TracingError if f branches on a Value.

    >>> from autograd import exp
    >>> print(export(lambda x, w: exp(w * x), 1.0, 2.0, name="f"))
    \"""f, of 2 operations, written for JAX by chainwalk; see jax.jit, jax.grad.\"""
    ...
    def f(x, w):
        a0 = jnp.asarray(x, dtype=float)
        a1 = jnp.asarray(w, dtype=float)
        v1 = a1 * a0
        v2 = jnp.exp(v1)
        return v2
    <BLANKLINE>
    """
    if isinstance(f, Compiled):
        batched, f = f.batched if batched == () else batched, f.f
    if isinstance(f, GraphFunction):
        return _of_graph(f.root, f.inputs, f.parameters, batched, name)
    if isinstance(f, Value):
        return _of_graph(f, list(inputs or ()), list(parameters), batched, name)
    if not callable(f):
        raise TypeError(f"export takes a function of numbers, or a Value with inputs=[...], got {quoted(f)}")
    title = _called(name or getattr(f, "__name__", ""))
    found = list(inspect.signature(f).parameters)[: len(arguments)]
    names = _names(found, len(arguments), title)
    rows = _rows(batched, title, found, len(arguments))
    forms = [described(item, k in rows, names[k]) for k, item in enumerate(arguments)]
    leaves = [Value(0.0) for form in forms for leaf in leaves_of(form) for _ in range(leaf.size)]
    given = iter(leaves)
    traced = trace(f, [with_values(form, given) for form in forms], leaves)
    return Writer(traced, names, forms, rows, title).text()


def _of_graph(root: Value, inputs: list[Value], parameters: list[Value], batched: Any, name: str) -> str:
    labels = [value.label for value in inputs] + ["parameters"] * bool(parameters)
    title = _called(name or root.label)
    names = _names(labels, len(labels), title)
    forms = [Leaf((), "number", False) for _ in inputs]
    if parameters:
        forms.append(Leaf((len(parameters),), "array", False))
    traced = Trace([*inputs, *parameters], root)
    rows = _rows(batched, title, labels, len(labels))
    return Writer(traced, names, forms, rows, title).text()


def _names(found: list[str], count: int, title: str) -> list[str]:
    """Return names for the arguments that are usable in the source of a function called `title`.

    Python normalises identifiers (NFKC), so they are compared in that form.
    """
    found = [unicodedata.normalize("NFKC", name) for name in found + [""] * (count - len(found))]
    return [
        name if _usable(name) and name not in (title, f"{title}_rows", *found[:k]) else f"argument_{k}"
        for k, name in enumerate(found)
    ]


def _usable(name: str) -> bool:
    """Return whether a name can be used: it has no other meaning in the source or in Python."""
    return name.isidentifier() and not keyword.iskeyword(name) and not _TAKEN.fullmatch(name)


def _rows(batched: Any, title: str, names: Sequence[str], count: int) -> set[int]:
    if batched == "all":
        return set(range(count))
    return set(Names(title, tuple(names)).positions(batched, "batched", count))


def _called(name: str) -> str:
    name = unicodedata.normalize("NFKC", name)
    return name if _usable(name) else "f"
