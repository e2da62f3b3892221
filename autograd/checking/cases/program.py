"""Straight-line programs: graphs as data, which can be recorded, printed, reduced and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any, NamedTuple

from ...formulas import applied, literal
from ...ops.op import Op
from ...ops.table import TABLE
from ...recording import function_of
from ...terminal import printable
from ...value import Value
from ..evidence.record import Record

_LONGEST_NAME = 24
"""Maximum length of a label that a program uses as a name."""


class Line(NamedTuple):
    """One operation of a program, applied to inputs, results of earlier lines, and plain numbers.

    >>> Line(TABLE["mul"], (0, 2.0)).operands
    (0, 2.0)
    """

    op: Op
    operands: tuple[int | float, ...]
    """An int is the index of an input or, after all inputs, of a line; a float is a plain number."""


class Program(NamedTuple):
    """A straight-line program: the numbers of its inputs and a sequence of lines, the last the result.

    >>> program = Program((0.5,), (Line(TABLE["exp"], (0,)), Line(TABLE["mul"], (1, 0))))
    >>> program
    v0 = exp(x0); v1 = v0 * x0   at x0 = 0.5
    >>> root, leaves = program.record()
    >>> root.backward()
    >>> leaves[0].grad
    2.4730819060501923
    """

    inputs: tuple[float, ...]
    lines: tuple[Line, ...]
    labels: tuple[str, ...] = ()
    """The names of inputs and lines, if they are those of a graph's Values; else x0, x1, ..., v0, v1, ..."""

    @classmethod
    def of(cls, root: Value) -> Program:
        """Return the program of a recorded graph; its leaves become the inputs."""
        record = Record(root)
        places = {k: n for n, k in enumerate(record.leaves)}
        inside = [k for k, node in enumerate(record.nodes) if node.op is not None]
        places |= {k: len(record.leaves) + n for n, k in enumerate(inside)}
        lines = []
        for k in inside:
            op: Any = record.nodes[k].op
            lines.append(Line(op, tuple(i if i.__class__ is float else places[i] for i in record.operands[k])))
        made = cls(tuple(record.nodes[k].data for k in record.leaves), tuple(lines))
        return made._labelled([record.nodes[k].label for k in (*record.leaves, *inside)])

    def _labelled(self, labels: Sequence[str]) -> Program:
        """Return the program with the labels as names, if they are unique names of moderate length."""
        usual = self.names
        names = tuple(printable(label) or name for label, name in zip(labels, usual, strict=True))
        readable = len(set(names)) == len(names) and max(map(len, names)) <= _LONGEST_NAME
        return self._replace(labels=names) if readable and list(names) != usual else self

    def run(self, inputs: Sequence[Any], operations: Mapping[str, Op] | None = None) -> list[Any]:
        """Return the inputs and the results of all lines; `operations` replaces operations by name."""
        found = list(inputs)
        for op, operands in self.lines:
            used = operations.get(op.name, op) if operations else op
            numbers = [found[item] if item.__class__ is int else item for item in operands]
            found.append(function_of(used)(*used.grouped(numbers)))
        return found

    def record(self, operations: Mapping[str, Op] | None = None) -> tuple[Value, list[Value]]:
        """Record the program; return the result as a Value, and the leaves that are its inputs."""
        leaves = [Value(x, f"x{k}") for k, x in enumerate(self.inputs)]
        found = self.run(leaves, operations)
        for k, node in enumerate(found[len(leaves) :]):
            if isinstance(node, Value):
                node.label = f"v{k}"
        root = found[-1]
        return (root if isinstance(root, Value) else Value(root)), leaves

    @property
    def names(self) -> list[str]:
        """The names of inputs and lines: their labels, or x0, x1, ..., v0, v1, ..."""
        if self.labels:
            return list(self.labels)
        return [f"x{k}" for k in range(len(self.inputs))] + [f"v{k}" for k in range(len(self.lines))]

    def expressions(self) -> list[str]:
        """Return each line as text, such as `v1 = v0 * x0`."""
        names, first = self.names, len(self.inputs)
        words = [[names[i] if i.__class__ is int else literal(i) for i in line.operands] for line in self.lines]
        return [
            f"{name} = {applied(line.op, each)}"
            for name, line, each in zip(names[first:], self.lines, words, strict=True)
        ]

    def code(self) -> str:
        """Return Python code that records the program and prints its gradients.

        >>> print(Program((0.5,), (Line(TABLE["tanh"], (0,)),)).code())
        from autograd import Value, tanh
        x0 = Value(0.5, "x0")
        v0 = tanh(x0)
        v0.backward()
        print(x0.grad)
        """
        names = self.names
        if not all(name.isidentifier() and name not in TABLE and not iskeyword(name) for name in names):
            names = self._replace(labels=()).names
        calls = [self._call(line, names) for line in self.lines]
        used = sorted({line.op.name for line in self.lines if not line.op.written})
        own = [name for name in used if name not in TABLE]
        imports = ", ".join(["Value", *(name for name in used if name in TABLE)])
        return "\n".join(
            [f"from autograd import {imports}"]
            + [f"# {', '.join(own)}: declared with autograd.operation"] * bool(own)
            + [f'{name} = Value({x!r}, "{name}")' for name, x in zip(names, self.inputs, strict=False)]
            + [f"{name} = {call}" for name, call in zip(names[len(self.inputs) :], calls, strict=True)]
            + [f"{names[-1]}.backward()"]
            + [f"print({', '.join(f'{name}.grad' for name in names[: len(self.inputs)])})"]
        )

    def example(self) -> str:
        """Return a decorator `@example(...)` that makes a hypothesis test run this program every time.

        >>> print(Program((0.5,), (Line(TABLE["tanh"], (0,)),)).example())
        @example(Program((0.5,), (Line(TABLE['tanh'], (0,)),)))
        """
        lines = "".join(f"Line(TABLE[{op.name!r}], {operands!r})," + " " for op, operands in self.lines)
        return f"@example(Program({self.inputs!r}, ({lines.rstrip()})))"

    def _call(self, line: Line, names: list[str]) -> str:
        words = [names[i] if i.__class__ is int else literal(i) for i in line.operands]
        if line.op.variadic:
            groups = line.op.grouped(words)
            return f"{line.op.name}({', '.join('[' + ', '.join(group) + ']' for group in groups)})"
        return applied(line.op, words)

    def at(self) -> str:
        """Return the numbers of the inputs as text."""
        return ", ".join(f"{name} = {literal(x)}" for name, x in zip(self.names, self.inputs, strict=False))

    def __repr__(self) -> str:
        lines = "; ".join(self.expressions()) or self.names[0]
        return f"{lines}   at {self.at()}" if self.inputs else lines
