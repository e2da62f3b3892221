"""Compile a recorded graph as a function of its inputs and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..formulas import history
from ..graph import topological_order
from ..terminal import quoted
from ..value import Value
from .compiled import Compiled
from .naming import Names
from .run.query import Query
from .run.running import Options
from .run.store import Request, Store
from .signature import Signature
from .trace.tracing import Trace


class GraphFunction:
    """A recorded graph as a function of its inputs, and of its parameters as one array.

    The parameters may be omitted from a call; then their current data is used.
    """

    def __init__(self, root: Value, inputs: list[Value], parameters: list[Value]) -> None:
        for value in (*inputs, *parameters):
            if not isinstance(value, Value):
                raise TypeError(f"inputs and parameters are Values of the graph, not {quoted(value)}")
        graph = set(topological_order(root))
        for value in inputs:
            if value not in graph:
                raise ValueError(
                    f"{quoted(value)} is among the inputs, but {history(root)} does not depend on it: omit it, "
                    "or give the Value that the graph was computed from"
                )
        if len({*inputs, *parameters}) < len(inputs) + len(parameters):
            raise ValueError("a Value is given twice among the inputs and parameters")
        self.root: Value = root
        self.inputs: list[Value] = inputs
        self.parameters: list[Value] = parameters
        labels = [value.label for value in inputs]
        unique = [x if x and labels.count(x) == 1 else f"input {k}" for k, x in enumerate(labels)]
        self.names: tuple[str, ...] = (*unique, "parameters") if parameters else tuple(unique)
        self.__name__: str = root.label or "graph"

    def leaves_out_parameters(self, given: int) -> bool:
        """Return whether a call with this number of arguments omits the parameters."""
        return bool(self.parameters) and given == len(self.inputs)

    def __call__(self, *arguments: Any) -> Any:
        raise TypeError("a recorded graph has no function to call")


class CompiledGraph(Compiled):
    """A recorded graph compiled to native code; see `autograd.compile`."""

    f: GraphFunction

    def _new_signature(self) -> Signature:
        return GraphSignature(self.f, Names(self.f.__name__, self.f.names), self.batched)

    def _new_store(self, options: Options) -> Store:
        return GraphStore(self.f, self._names, options)

    def _run(self, request: Request, args: Sequence[Any]) -> Any:
        query = request.query
        given = len(args) - (len(query.wrt) if query.what == "hvp" else 0)
        if self.f.leaves_out_parameters(given):
            data = np.array([value._data for value in self.f.parameters])
            args = (*args[:given], data, *args[given:])
        return super()._run(request, args)


class GraphSignature(Signature):
    """The signature of a recorded graph, whose arguments have the labels of its inputs."""

    f: GraphFunction

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        names = self.f.names
        given = dict(zip(names, args, strict=False)) | kwargs
        if len(given) < len(args) + len(kwargs) or not given.keys() <= set(names):
            raise TypeError(f"this graph takes {', '.join(names)}, each once, got also {', '.join(kwargs)}")
        return tuple(given[name] for name in names if name in given)

    def query(self, what: str, wrt: Any, per_row: bool, args: tuple[Any, ...]) -> Query:
        if wrt is None and what != "hvp" and self.f.leaves_out_parameters(len(args)):
            return Query(what, tuple(range(len(args) + 1)), not args, per_row)  # includes the parameters
        return super().query(what, wrt, per_row, args)


class GraphStore(Store):
    """The store of a recorded graph, which is its own trace and captures nothing."""

    def record(self, arguments: list[Any], inputs: list[Value]) -> Trace:
        graph: GraphFunction = self.f
        leaves = [*graph.inputs, *graph.parameters]
        if len(inputs) != len(leaves):
            raise ValueError(
                f"this graph takes {len(graph.inputs)} inputs, each a number or a batch of numbers, and "
                f"{len(graph.parameters)} parameters, got {len(inputs)} numbers"
            )
        return Trace(leaves, graph.root)
