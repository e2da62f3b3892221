"""Derivative queries: their expressions, and the assembly of the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ...formulas import history
from ...graph import topological_order
from ...value import Value
from ..expressions.derivatives import pulled_back
from ..expressions.pool import LOGIC, Expression, Pool
from ..trace.arguments import Leaf, builder
from ..trace.input_layout import InputLayout
from ..trace.tracing import Trace


class Query(NamedTuple):
    """The derivatives that a call returns, and the arguments they are with respect to."""

    what: str
    """"value", "grad", "value_and_grad", "jacobian", "hessian" or "hvp"."""
    wrt: tuple[int, ...] = ()
    """The positions of the arguments to differentiate with respect to."""
    bare: bool = False
    """Whether a single derivative is returned without a tuple around it."""
    per_row: bool = False
    captured: tuple[Value, ...] = ()
    """Captured Values to differentiate with respect to, instead of arguments."""
    auxiliary: bool = False
    """Whether only the first number of the result is differentiated, and the others are auxiliary."""


class Result(NamedTuple):
    """An array in the results: its expressions, its shape, and whether it has a batch axis."""

    roots: list[Expression]
    shape: tuple[int, ...]
    rows: bool

    @property
    def size(self) -> int:
        """The number of numbers in each row."""
        return math.prod(self.shape)


Build = Callable[[Sequence[Any]], Any]
"""Returns the results of a call in their structure, given an item for each."""


def each_wrt(places: InputLayout, query: Query, make: Callable[[int], int]) -> Build:
    """Return the structure of the arguments in `wrt`, with a result for each leaf."""
    made = [[make(leaf) for leaf in places.leaves_at(k)] for k in query.wrt]
    parts = [builder(places.forms[k], items) for k, items in zip(query.wrt, made, strict=True)]
    if query.bare:
        return parts[0]
    if len(parts) > 1 and all(places.forms[k].__class__ is Leaf for k in query.wrt):
        return itemgetter(*(item for (item,) in made))  # as below, four times as fast
    return lambda items: tuple([part(items) for part in parts])


def refuse_hidden(places: InputLayout, query: Query) -> None:
    """Raise TypeError if f captures a result that was computed from a Value in `wrt` outside f.

    f uses only its number, so that the derivative would be wrong.
    """
    results = [value for value in places.captured if value.operands]
    if set(topological_order(*results)).isdisjoint(query.captured):
        return
    for result in results:
        if not set(topological_order(result)[:-1]).isdisjoint(query.captured):
            raise TypeError(
                f"f uses {history(result)}, computed outside of it from a Value in wrt: compute it inside f"
            )


class Results:
    """The results of a query, computed from the outputs of a function, and their assembly."""

    def __init__(
        self, pool: Pool, places: InputLayout, query: Query, trace: Trace, outputs: list[Expression]
    ) -> None:
        self.pool, self.places, self.query = pool, places, query
        self.one = pool.constant(1.0)
        self._found: dict[int, list[Expression]] = {}
        differentiated = [leaf for k in query.wrt for leaf in places.leaves_at(k)]
        pool.values = {pool.input(place) for place in places.of_captured.values()}
        pool.values.update(item for leaf in differentiated for item in self._inputs(leaf))
        self.results: list[Result] = []
        self.build: Build = self._build(trace, outputs)

    def _inputs(self, leaf: int) -> list[Expression]:
        if leaf not in self._found:
            self._found[leaf] = [self.pool.input(place) for place in self.places.of_leaf(leaf)]
        return self._found[leaf]

    def _result(self, roots: list[Expression], shape: tuple[int, ...], leaves: Sequence[int]) -> int:
        """Add a result; it has a batch axis if one of the leaves is batched, or with `per_row`."""
        own = any(self.places.leaves[leaf].rows for leaf in leaves)
        self.results.append(Result(roots, shape, self.places.batched and (self.query.per_row or own)))
        return len(self.results) - 1

    def _each_wrt(self, make: Callable[[int], int]) -> Build:
        return each_wrt(self.places, self.query, make)

    def _pulled(self, seeds: dict[Expression, Expression], inputs: list[Expression]) -> list[Expression]:
        return pulled_back(self.pool, seeds, inputs)

    def _build(self, trace: Trace, outputs: list[Expression]) -> Build:
        """Add all results, and return the function that assembles them."""
        what = self.query.what
        if (
            what in ("grad", "value_and_grad", "hessian", "hvp")
            and len(outputs) != 1
            and not self.query.auxiliary
        ):
            arrays = [leaf.name for leaf in self.places.leaves if leaf.shape and not leaf.rows and leaf.name]
            hint = f', or compile(f, batched="{arrays[0]}") for one result per row' if arrays else ""
            raise TypeError(
                f"{what} needs a function with one number as its result, not {len(outputs)}: use jacobian{hint}"
            )
        if what == "value":
            return self._values(trace, outputs)
        if any(getattr(output.kind, "name", "") in LOGIC for output in outputs):
            raise TypeError(f"{what} needs a function that returns numbers, not a comparison, which is a bool")
        if what == "grad":
            return self._gradient(outputs[:1])
        if what == "value_and_grad":
            values, gradient = self._values(trace, outputs), self._gradient(outputs[:1])
            return lambda items: (values(items), gradient(items))
        if what == "jacobian":
            parts = [
                self._gradient(outputs[place.start : place.start + place.size], place.shape or ())
                for place in trace.places
            ]
            return lambda items: trace.build([part(items) for part in parts])
        return self._hessian(outputs[0]) if what == "hessian" else self._hvp(outputs[0])

    def _values(self, trace: Trace, outputs: list[Expression]) -> Build:
        first = len(self.results)
        self.results += [
            Result(outputs[place.start : place.start + place.size], place.shape or (), self.places.batched)
            for place in trace.places
        ]
        if trace.template == 0:  # a single number or array
            return itemgetter(first)
        return lambda items: trace.build(items[first : first + len(trace.places)])

    def _gradient(self, outputs: Sequence[Expression], shape: tuple[int, ...] = ()) -> Build:
        """Add the derivatives of an array of outputs; their shape is that array's and the argument's."""
        if self.query.captured:
            return self._gradient_of_captured(outputs, shape)
        wrt = [leaf for k in self.query.wrt for leaf in self.places.leaves_at(k)]
        inputs = [item for leaf in wrt for item in self._inputs(leaf)]
        found = [dict(zip(inputs, self._pulled({output: self.one}, inputs), strict=True)) for output in outputs]
        return self._each_wrt(
            lambda leaf: self._result(
                [partials[item] for partials in found for item in self._inputs(leaf)],
                shape + self.places.leaves[leaf].shape,
                [leaf],
            )
        )

    def _gradient_of_captured(self, outputs: Sequence[Expression], shape: tuple[int, ...]) -> Build:
        """Add the derivatives with respect to captured Values, in one array; 0 for an unused Value."""
        refuse_hidden(self.places, self.query)
        captured, place = self.query.captured, self.places.of_captured
        used = [self.pool.input(place[value]) for value in captured if value in place]
        zero = self.pool.constant(0.0)
        partials = []
        for output in outputs:
            found = iter(self._pulled({output: self.one}, used))
            partials += [next(found) if value in place else zero for value in captured]
        return itemgetter(self._result(partials, (*shape, len(captured)), []))

    def _hvp(self, output: Expression) -> Build:
        wrt = [leaf for k in self.query.wrt for leaf in self.places.leaves_at(k)]
        vectors = [
            leaf
            for k in range(-len(self.query.wrt), 0)
            for leaf in self.places.leaves_at(len(self.places.forms) + k)
        ]
        inputs = [item for leaf in wrt for item in self._inputs(leaf)]
        direction = [item for leaf in vectors for item in self._inputs(leaf)]
        seeds: dict[Expression, Expression] = {}
        for partial, vector in zip(self._pulled({output: self.one}, inputs), direction, strict=True):
            seeds[partial] = seeds[partial] + vector if partial in seeds else vector
        found = dict(zip(inputs, self._pulled(seeds, inputs), strict=True))
        return self._each_wrt(
            lambda leaf: self._result(
                [found[item] for item in self._inputs(leaf)], self.places.leaves[leaf].shape, [leaf]
            )
        )

    def _hessian(self, output: Expression) -> Build:
        """Add the second derivatives, computed for the upper triangle only, since they are symmetric."""
        wrt = [leaf for k in self.query.wrt for leaf in self.places.leaves_at(k)]
        inputs = [item for leaf in wrt for item in self._inputs(leaf)]
        partials = self._pulled({output: self.one}, inputs)
        second: dict[tuple[Expression, Expression], Expression] = {}
        for k, partial in enumerate(partials):
            row = self._pulled({partial: self.one}, inputs[k:])
            for other, found in zip(inputs[k:], row, strict=True):
                second[inputs[k], other] = second[other, inputs[k]] = found

        def rows(leaf: int) -> Build:
            return self._each_wrt(
                lambda other: self._result(
                    [second[a, b] for a in self._inputs(leaf) for b in self._inputs(other)],
                    self.places.leaves[leaf].shape + self.places.leaves[other].shape,
                    [leaf, other],
                )
            )

        made = []
        for k in self.query.wrt:
            parts = [rows(leaf) for leaf in self.places.leaves_at(k)]
            made.append((builder(self.places.forms[k], range(len(parts))), parts))

        def build(items: Sequence[Any]) -> Any:
            found = tuple([nested([part(items) for part in parts]) for nested, parts in made])
            return found[0] if self.query.bare else found

        return build
