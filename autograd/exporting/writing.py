"""Write a trace as one JAX function: one line for each group of nodes, arguments as arrays of one axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..compiling.trace.arguments import Leaf
from ..compiling.trace.tracing import Trace
from ..ops.op import Op
from ..ops.primitives import PRIMITIVES
from ..ops.table import TABLE
from ..terminal import plural
from ..value import Value
from .translation import AROUND, FLOW, NATIVE, called, definition
from .vectorise import Group, Item, Place, groups, matrix, number, one, vector

_SEQUENCES = {"mean": "jnp.mean"} | {
    name: row.jax for name, row in PRIMITIVES.items() if row.jax and not row.native and name in TABLE
}
"""The operations on sequences that JAX has, with the same derivatives."""


class Writer:
    """Writes the source of one function."""

    def __init__(
        self, trace: Trace, names: Sequence[str], forms: Sequence[Any], rows: set[int], name: str
    ) -> None:
        """Prepare a function whose arguments have `names` and `forms`; those in `rows` are batched."""
        self.trace: Trace = trace
        self.names: Sequence[str] = names
        self.rows: set[int] = rows
        self.name: str = name
        self.lines: list[str] = []
        self.places: dict[Value, Item] = {value: value.data for value in trace.captured}
        self._read(forms)
        self.groups: list[Group]
        self.same: dict[Value, Value]
        self.groups, self.same = groups(trace.outputs, [*trace.inputs, *trace.captured])

    def _read(self, forms: Sequence[Any]) -> None:
        """Read the arguments as arrays of one axis, or single numbers."""
        inputs = iter(self.trace.inputs)
        for name, form in zip(self.names, forms, strict=True):
            for where, leaf in _leaves(form, name):
                array = f"a{sum(line.startswith('a') for line in self.lines)}"
                ravel = "" if leaf.shape == () else ".ravel()"
                self.lines.append(f"{array} = jnp.asarray({where}, dtype=float){ravel}")
                for k in range(leaf.size):
                    self.places[next(inputs)] = Place(array, k, None if leaf.shape == () else leaf.size)

    def text(self) -> str:
        """Return the whole module."""
        for count, group in enumerate(self.groups, 1):
            self.lines.append(f"v{count} = {self._computed(group)}")
            several = len(group.nodes) if len(group.nodes) > 1 else None
            for k, node in enumerate(group.nodes):
                self.places[node] = Place(f"v{count}", k, several)
        self.lines.append(f"return {self._result(self.trace.template)}")
        body = "".join(f"    {line}\n" for line in self.lines)
        function = f"def {self.name}({', '.join(self.names)}):\n{body}"
        return "\n\n".join(
            [self._head(), *(f"{part}" for part in self._definitions()), function + self._over_rows()]
        )

    def _head(self) -> str:
        nodes = sum(len(group.nodes) for group in self.groups)
        custom = any(_custom(group.op) for group in self.groups)
        count = plural(nodes, "operation")
        lines = [
            f'"""{self.name}, of {count}, written for JAX by chainwalk; see jax.jit, jax.grad."""',
            "",
            *(["import functools", ""] if custom else []),
            "import jax",
            "import jax.numpy as jnp",
            "import jax.scipy.special",
            *(["from jax.custom_derivatives import SymbolicZero"] if custom else []),
            "",
            'jax.config.update("jax_enable_x64", True)',
        ]
        return "\n".join(lines) + "\n"

    def _definitions(self) -> list[str]:
        """Return the definitions of operations that JAX lacks, or for which it has other derivatives."""
        waiting = [group.op for group in self.groups if _custom(group.op)]
        found: dict[str, str] = {}
        while waiting:
            op = waiting.pop()
            if op.name not in found:
                found[op.name], used = definition(op)
                waiting += [TABLE[name] for name in used]
        texts = [found[name] for name in sorted(found)]
        around = [AROUND] if any("_around(" in text for text in texts) else []
        return [FLOW, *around, *texts] if found else []

    def _over_rows(self) -> str:
        if not self.rows:
            return ""
        axes = ", ".join("0" if k in self.rows else "None" for k in range(len(self.names)))
        return f"\n\n{self.name}_rows = jax.vmap({self.name}, in_axes=({axes},))\n"

    def _items(self, operands: Iterable[Any]) -> list[Item]:
        return [
            self.places[self.same.get(item, item)] if isinstance(item, Value) else float(item)
            for item in operands
        ]

    def _computed(self, group: Group) -> str:
        """Return one operation on all the nodes of a group."""
        rows = [self._items(node.operands) for node in group.nodes]
        if group.op.variadic:
            return _sequence(group.op, rows)
        operands = []
        for column in zip(*rows, strict=True):
            alike = all(item == column[0] or repr(item) == repr(column[0]) for item in column)
            operands.append(one(column[0]) if alike else vector(column))
        return called(group.op, operands)

    def _result(self, template: Any) -> str:
        """Return the function's result, with the structure that it has there."""
        if isinstance(template, int):
            output = self.trace.outputs[template]
            found = self._items([output])[0]
            return one(found) if isinstance(found, Place) else f"jnp.asarray({number(found)})"
        if isinstance(template, dict):
            return "{" + ", ".join(f"{key!r}: {self._result(item)}" for key, item in template.items()) + "}"
        parts = [self._result(item) for item in template]
        if isinstance(template, list):
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _custom(op: Op) -> bool:
    return not (op is TABLE.get(op.name) and (op.name in NATIVE or op.name in _SEQUENCES))


def _leaves(form: Any, where: str) -> Iterable[tuple[str, Leaf]]:
    """Yield the arrays of an argument, and the expression that reaches each of them."""
    if isinstance(form, Leaf):
        yield where, form
        return
    for key, part in zip(form.keys or range(len(form.parts)), form.parts, strict=True):
        yield from _leaves(part, f"{where}[{key!r}]")


def _sequence(op: Op, rows: list[list[Item]]) -> str:
    """Return a variadic operation of several nodes, whose operands are equally long."""
    sequences = [op.grouped(list(row)) for row in rows]
    operands = [matrix([row[k] for row in sequences]) for k in range(len(op.operands))]
    if _custom(op):
        return called(op, [text for text, _ in operands])
    if op.name == "dot":
        (left, flat), (right, other) = operands
        if flat and other:
            return f"jnp.dot({left}, {right})"
        return f"jnp.sum({left} * {right}, axis=1)" if not flat and not other else (
            f"{right} @ {left}" if flat else f"{left} @ {right}"
        )  # fmt: skip
    text, flat = operands[0]
    return f"{_SEQUENCES[op.name]}({text}{'' if flat else ', axis=1'})"
