"""A plan: a query of a traced function for arguments of one form, compiled and ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..expressions.detect_loops import rolled
from ..expressions.dot_products import with_dot_products
from ..expressions.levels import as_expressions
from ..expressions.pool import Pool
from ..trace.arguments import FLOAT, Leaf, read, spread
from ..trace.input_layout import InputLayout
from ..trace.tracing import Trace
from .kernel import Array
from .query import Build, Query, Results
from .running import LoopRunner, Options, Runner


class Plan:
    """Native code for a query of a traced function, from arguments to results."""

    def __init__(self, trace: Trace, forms: Sequence[Any], query: Query, options: Options) -> None:
        self.forms: list[Any] = list(forms)
        places = InputLayout(forms, trace.captured)
        if places.batched and not places.columns:
            raise ValueError("the batched arguments have rows without any numbers in them")
        self.leaves: list[Leaf] = places.leaves
        self._expected = [(leaf.shape, leaf.rows) for leaf in self.leaves]
        pool = Pool(upper=True, columns=places.columns)
        given = {value: pool.input(place) for value, place in zip(trace.inputs, places.all(), strict=False)}
        given |= {value: pool.input(place) for value, place in places.of_captured.items()}
        outputs = with_dot_products(pool, as_expressions(pool, trace.nodes, trace.outputs, given))
        loops, rest = rolled(outputs[0]) if _may_be_loops(places, query, outputs) else ([], None)
        self.runner: Runner | LoopRunner
        if loops:
            self.runner = LoopRunner(places, query, loops, rest, options)
            self.build: Build = self.runner.build
        else:
            results = Results(pool, places, query, trace, outputs)
            self.runner = Runner(places, results.results, options)
            self.build = results.build
        self.at_once: Callable[..., Sequence[Any] | None] | None = None
        """The items of the results for arguments that are all floats or arrays, or None for other arguments."""
        if isinstance(self.runner, Runner) and not options.single and forms:
            self.at_once = self._at_once(self.runner)
        self.recorded: int = len(trace.nodes)
        self.operations: int = sum(bool(item.operands) for item in pool.known.values())
        pool.known.clear()  # as in `Kernel`

    def read(self, arguments: Sequence[Any]) -> list[Array] | None:
        """Return the numbers of the arguments; None if their form is not that of this plan."""
        if (found := self._spread(arguments)) is None:
            return None
        for k, (shape, rows) in enumerate(self._expected):
            item = found[k]
            if item.__class__ is np.ndarray and item.dtype is FLOAT:  # the most frequent case
                if item.shape != shape if not rows else item.shape[1:] != shape or not item.ndim:
                    return None
            elif (item := read(self.leaves[k], item)) is not None:
                found[k] = item
            else:
                return None
        return found

    def _at_once(self, runner: Runner) -> Callable[..., Sequence[Any] | None] | None:
        if all(form.__class__ is Leaf and form.form == "number" for form in self.forms):
            return runner.for_floats()
        lists = any(leaf.form == "list" for leaf in self.leaves)
        return None if lists else runner.for_arrays(self._spread)

    def _spread(self, arguments: Sequence[Any]) -> list[Any] | None:
        """Return the leaves of the arguments; None if their structure is not that of this plan."""
        if len(arguments) != len(self.forms):
            return None
        found: list[Any] = []
        for k, form in enumerate(self.forms):
            if form.__class__ is Leaf:
                found.append(arguments[k])
            elif not spread(form, arguments[k], found):
                return None
        return found

    def run(self, leaves: list[Array]) -> Any:
        """Return the results, for arrays returned by `read`."""
        return self.build(self.runner.run(leaves))


def _may_be_loops(places: InputLayout, query: Query, outputs: Sequence[Any]) -> bool:
    """Return whether loops apply: to one value and its gradient, at a single point."""
    single = not places.batched and len(outputs) == 1
    return single and query.what in ("value", "grad", "value_and_grad")
