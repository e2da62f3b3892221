"""One recorded call of a function, from which its derivatives are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..differentiation import pull_back, push_forward
from ..graph import new_era, topological_order
from ..modes import CURRENT, always_recording, differentiated, in_effect, is_traced
from ..nested import flatten
from ..ops.operands import is_number
from ..terminal import kind_of, quoted
from ..value import Value


def _not_a_number(leaf: Any) -> str:
    """Return the message for an object that is not a number, in an argument to be differentiated."""
    if isinstance(leaf, str | bool | None):
        advice = "a setting is an argument that is left out of argnums, or a captured variable"
    elif isinstance(leaf, complex):
        advice = "pass its real and imaginary parts as two arguments"
    else:
        advice = "convert it to a list, dict or array first"
    return (
        f"expected a real number, not {quoted(leaf)} of type {kind_of(leaf)}: the arguments to "
        "differentiate with respect to are numbers, numpy arrays, and nested lists, tuples, dicts and "
        f"dataclasses of them; {advice}"
    )


class Call:
    """One recorded call of a function, with new nodes in place of its arguments' numbers.

    A number becomes a leaf. A Value becomes the operand of a new node, which keeps this call's
    derivative apart from other uses of that Value, while an outer derivative still passes through.
    Derivatives are Values if they depend on any Value other than those leaves: one of an outer
    derivative, or one captured by the function. Inside `no_grad()` the function is recorded all the
    same, since derivatives need the graph; its results are then leaves.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        argnums: Sequence[int | str],
        named: Mapping[str, Any] | None = None,
    ) -> None:
        every: dict[int | str, Any] = dict(enumerate(args)) | dict(named or {})
        mode = in_effect(CURRENT.get())
        self.recording = mode is None or mode.recording
        self.trees = [flatten(every[k]) for k in argnums]
        given = [leaf for leaves, _ in self.trees for leaf in leaves]
        self.era = new_era()
        """What is older is not visited, however long its history is: it depends on no input."""
        for leaf in given:
            if not isinstance(leaf, Value) and not is_number(leaf):
                raise TypeError(_not_a_number(leaf))
        with always_recording():
            self.inputs = [+leaf if isinstance(leaf, Value) else Value(leaf) for leaf in given]
        nodes = iter(self.inputs)
        for k, (_, build) in zip(argnums, self.trees, strict=True):
            every[k] = build(nodes)
        lifted = [every.pop(k) for k in range(len(args))]
        own = {node for node in self.inputs if not node.operands}
        try:
            self.result = differentiated(own, f, lifted, every)  # type: ignore[arg-type]
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            from .explanations import FIXED, raise_explained  # traceback is slow to import

            raise_explained(error, FIXED)
            raise
        self.outputs, self.build_output = flatten(self.result)
        for output in self.outputs:
            if not isinstance(output, Value) and not is_number(output):
                found = f"{quoted(output)} of type {kind_of(output)}"
                why = "returned it" if output is not None else "returned nothing. Is a return missing?"
                raise TypeError(f"expected a real number or a Value, not {found}: the function {why}")
        self.create_graph = is_traced() or self._depends_on_others(own)

    def order(self, *outputs: Any) -> list[Value]:
        """Return the nodes between the inputs and outputs, in topological order, without the inputs."""
        values = [output for output in outputs if isinstance(output, Value)]
        return topological_order(*values, stop=self.inputs, since=self.era)

    def _depends_on_others(self, own: set[Value]) -> bool:
        """Return whether the result depends on any Value other than the leaves made for numbers."""
        order = self.order(*self.outputs)
        inside = {node for node in order if node.operands}
        others: set[Any] = {output for output in self.outputs if isinstance(output, Value)}.union(order)
        for node in inside:
            others.update(node.operands)
        return any(item.__class__ is not float for item in others - inside - own)

    def rebuild(self, items: Iterable[Any], given: Iterable[Any] = ()) -> list[Any]:
        """Return items, one for each input in order, nested as the arguments are."""
        given = list(given)
        flat = iter([self.finished(item, given) for item in items])
        return [build(flat) for _, build in self.trees]

    def finished(self, item: Any, given: Iterable[Any] = ()) -> Any:
        """Return a result as the caller receives it: a Value only if it depends on other Values.

        Those are captured Values, and Values among the `given` gradients or tangents.
        """
        if not isinstance(item, Value):
            return item
        if not self.create_graph and not any(isinstance(other, Value) for other in given):
            return item._data
        if not self.recording:
            return item.detach()
        return item if item.op is not None else +item  # a captured parameter is not its own result

    def pulled_back(self, output: Any, gradient: Any = 1.0) -> list[Any]:
        """Return the gradient of one output with respect to each input."""
        if not isinstance(output, Value):
            return [0.0] * len(self.inputs)
        create_graph = self.create_graph or isinstance(gradient, Value)
        arrived = pull_back(output, gradient, self.inputs, create_graph, self.inputs)
        return [arrived.get(node, 0.0) for node in self.inputs]

    def pushed_forward(self, tangents: Sequence[Any]) -> list[Any]:
        """Return the tangent of each output, given those of the inputs."""
        create_graph = self.create_graph or any(isinstance(tangent, Value) for tangent in tangents)
        seeds = dict(zip(self.inputs, tangents, strict=True))
        found: dict[Any, Any] = dict(seeds)
        for output in self.outputs:
            if isinstance(output, Value) and output not in found:
                order = [node for node in self.order(output) if node not in found]
                found |= push_forward(order, found, create_graph)
        return [found.get(output, 0.0) for output in self.outputs]
