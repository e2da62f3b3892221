"""The second tier: a very large graph as a tape of instructions, which a compiled interpreter runs.

Straight-line code runs faster, but takes about 0.1 ms per instruction to compile; a tape takes a few
microseconds. Its instructions are sorted into runs of the same operation, which share one dispatch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..expressions.pool import INSTRUCTIONS, Expression
from .chunks import ARGUMENTS, BINARY, COMPARE, fused
from .mathematics import TWO, Functions
from .simd import Layout, Shape

LIMIT = 20_000
"""Maximum number of instructions of straight-line code; larger kernels are interpreted."""
UNITS = 4
"""Number of SIMD vectors of rows for each instruction, which share the cost of its dispatch."""
OPERATIONS = (
    "end", "column", "shared", "output", "sum", "select", "and", "or", "not",
    *sorted(COMPARE), *sorted(INSTRUCTIONS),
)  # fmt: skip
CODES = {name: code for code, name in enumerate(OPERATIONS)}
_UNROLLED = frozenset((*BINARY, "fused"))
"""The loops that LLVM may unroll: a quarter of the time of most tapes, but most of the time to compile."""


_OPERANDS = {
    "select": 3,
    "fused": 3,
    "and": 2,
    "or": 2,
    "not": 1,
    "column": 0,
    "shared": 0,
    "output": 1,
    "sum": 1,
}


class Tape(NamedTuple):
    """An encoded kernel."""

    code: Any
    """int32 numbers. A run is an operation, a count, and for each instruction a result and three operands."""
    slots: int
    constants: list[float]
    """Constants, which are stored after the shared inputs."""
    functions: tuple[str, ...]
    runs: int
    instructions: int


def encode(order: Sequence[Expression], roots: Sequence[Expression], layout: Layout) -> Tape:
    """Return the tape of expressions, given operands first; the roots are the outputs, then the sums.

    >>> from autograd.compiling.expressions.derivatives import below
    >>> from autograd.compiling.expressions.pool import World
    >>> root = World(upper=False).input(0) * 2.0
    >>> encode(below([root]), [root], Layout(0, 1, 0, 1)).constants
    [2.0]
    """
    constants: dict[Expression, int] = {}
    steps: list[tuple[int, int, Expression]] = []
    levels: dict[Expression, int] = {}
    for node in order:
        if node.kind == "constant":
            constants[node] = layout.shared + len(constants)
            level, name = 0, "shared"
        elif node.kind == "input":
            level, name = 0, "column" if node.value < layout.columns else "shared"
        else:
            level, name = 1 + max([levels[operand] for operand in node.operands]), node.kind
        levels[node] = level
        steps.append((level, CODES[name], node))
    steps.sort(key=lambda step: step[:2])
    return _Assembler(steps, roots, layout, constants).tape()


class _Assembler:
    """Allocates a slot for each result, which is reused after its last use, and writes the runs."""

    def __init__(
        self,
        steps: list[tuple[int, int, Expression]],
        roots: Sequence[Expression],
        layout: Layout,
        constants: dict[Expression, int],
    ) -> None:
        self.steps, self.layout, self.constants = steps, layout, constants
        self.roots = roots
        self.slots: dict[Expression, int] = {}
        self.count = 0
        self.code: list[int] = []
        self.runs = 0
        self.open: tuple[int, int] = (-1, 0)
        """The operation of the current run, and the position of its count."""

    def tape(self) -> Tape:
        places: dict[Expression, list[int]] = {}
        for place, root in enumerate(self.roots):
            places.setdefault(root, []).append(place)
        last = {operand: k for k, (_, _, node) in enumerate(self.steps) for operand in node.operands}
        ending: list[list[Expression]] = [[] for _ in self.steps]
        for node, k in last.items():
            ending[k].append(node)
        free: list[int] = []
        for k, (_, code, node) in enumerate(self.steps):
            if free:
                slot = free.pop()
            else:
                slot = self.count
                self.count += 1
            self.slots[node] = slot
            self._write(code, slot, self._operands(node))
            for place in places.get(node, ()):
                outputs = self.layout.outputs
                if place < outputs:
                    self._write(CODES["output"], place, [slot])
                else:
                    self._write(CODES["sum"], place - outputs, [slot])
            if node not in last:
                free.append(slot)
            free += [self.slots[operand] for operand in ending[k]]
        self._write(CODES["end"], 0, [])
        functions = {OPERATIONS[code] for _, code, _ in self.steps} & INSTRUCTIONS - BINARY.keys() - {
            "neg",
            "fused",
        }
        values = [node.value for node in self.constants]
        return Tape(
            np.array(self.code, dtype=np.int32),
            self.count,
            values,
            tuple(sorted(functions)),
            self.runs,
            sum(bool(node.operands) for _, _, node in self.steps),
        )

    def _operands(self, node: Expression) -> list[int]:
        if node.kind == "constant":
            return [self.constants[node]]
        if node.kind == "input":
            place = int(node.value)
            return [place if place < self.layout.columns else place - self.layout.columns]
        return [self.slots[operand] for operand in node.operands]

    def _write(self, code: int, target: int, operands: list[int]) -> None:
        if self.open[0] != code:
            self.runs += 1
            self.open = (code, len(self.code) + 1)
            self.code += [code, 0]
        self.code[self.open[1]] += 1
        self.code += [target, *operands, *([0] * (3 - len(operands)))]


def interpreter(layout_rows: bool, shape: Shape, vector_functions: Mapping[str, str]) -> str:
    """Return the IR of `body`, which runs the tape for each block of rows."""
    functions = Functions(shape, vector_functions)
    cases = [_case(name, shape, functions, layout_rows) for name in OPERATIONS[1:]]
    names = [name for name in OPERATIONS if name != "end"]
    targets = "\n".join(f"    i32 {CODES[name]}, label %run.{name}" for name in names)
    arrivals = ", ".join(f"[ %after.{name}, %run.{name}.done ]" for name in names)
    pointers = ", ".join(f"ptr noalias %{name}" for name in ARGUMENTS)
    return "\n".join(
        [
            *functions.declarations(),
            f"""
define void @prepare(ptr %shared) {{
  ret void
}}

define void @body(i64 %blocks, i64 %rows, {pointers}) {{
entry:
  br label %block
block:
  %b = phi i64 [ 0, %entry ], [ %b.next, %finished ]
  %row = mul i64 %b, {shape.block}
  %here.columns = getelementptr {shape.scalar}, ptr %columns, i64 %row
  %here.outputs = getelementptr {shape.scalar}, ptr %outputs, i64 %row
  %here.masks = getelementptr {shape.scalar}, ptr %masks, i64 %row
  br label %dispatch
dispatch:
  %at = phi ptr [ %tape, %block ], {arrivals}
  %op = load i32, ptr %at
  %count.at = getelementptr i32, ptr %at, i64 1
  %count32 = load i32, ptr %count.at
  %count = sext i32 %count32 to i64
  %first = getelementptr i32, ptr %at, i64 2
  switch i32 %op, label %finished [
{targets}
  ]
{"".join(cases)}
finished:
  %b.next = add i64 %b, 1
  %b.more = icmp ult i64 %b.next, %blocks
  br i1 %b.more, label %block, label %done
done:
  ret void
}}""",
            *(f"!{CODES[name]} = distinct !{{!{CODES[name]}, !{CODES['end']}}}" for name in names),
            f'!{CODES["end"]} = !{{!"llvm.loop.unroll.disable"}}',
        ]
    )


def _case(name: str, shape: Shape, functions: Functions, rows: bool) -> str:
    """Return a loop over the instructions of a run of one operation."""
    lines: list[str] = []
    operand_count = _OPERANDS.get(name, 2 if name in BINARY.keys() | COMPARE.keys() | TWO | {"mod"} else 1)
    tag = f"{name}."
    for k in range(4):
        lines += [
            f"  %{tag}p{k} = getelementptr i32, ptr %{tag}at, i64 {k}",
            f"  %{tag}q{k} = load i32, ptr %{tag}p{k}",
            f"  %{tag}i{k} = sext i32 %{tag}q{k} to i64",
        ]
    step = shape.lanes * shape.units
    for unit in range(shape.units):
        words = []
        for k in range(operand_count):
            lines += [
                f"  %{tag}m{k}_{unit} = mul i64 %{tag}i{k + 1}, {step}",
                f"  %{tag}n{k}_{unit} = add i64 %{tag}m{k}_{unit}, {unit * shape.lanes}",
                f"  %{tag}a{k}_{unit} = getelementptr {shape.scalar}, ptr %scratch, i64 %{tag}n{k}_{unit}",
                f"  %{tag}x{k}_{unit} = load {shape.vector}, ptr %{tag}a{k}_{unit}, align {shape.align}",
            ]
            words.append(f"%{tag}x{k}_{unit}")
        lines += _unit(name, tag, unit, words, shape, functions, rows)
    text = "\n".join(lines)
    kept_as_it_is = "" if name in _UNROLLED else f", !llvm.loop !{CODES[name]}"
    return f"""
run.{name}:
  br label %run.{name}.loop
run.{name}.loop:
  %{tag}k = phi i64 [ 0, %run.{name} ], [ %{tag}next, %run.{name}.loop ]
  %{tag}offset = mul i64 %{tag}k, 4
  %{tag}at = getelementptr i32, ptr %first, i64 %{tag}offset
{text}
  %{tag}next = add i64 %{tag}k, 1
  %{tag}more = icmp ult i64 %{tag}next, %count
  br i1 %{tag}more, label %run.{name}.loop, label %run.{name}.done{kept_as_it_is}
run.{name}.done:
  %{tag}length = mul i64 %count, 4
  %after.{name} = getelementptr i32, ptr %first, i64 %{tag}length
  br label %dispatch
"""


def _unit(  # noqa: PLR0912
    name: str, tag: str, unit: int, words: list[str], shape: Shape, functions: Functions, rows: bool
) -> list[str]:
    """One operation on one register of rows."""
    v, zero = shape.vector, "zeroinitializer"
    mask = shape.mask
    out = f"%{tag}r{unit}"
    one = functions.constant(1.0)
    if name == "column":
        lines = [
            f"  %{tag}c{unit} = mul i64 %{tag}i1, {shape.stride}",
            f"  %{tag}d{unit} = add i64 %{tag}c{unit}, {unit * shape.lanes}",
            f"  %{tag}e{unit} = getelementptr {shape.scalar}, ptr %here.columns, i64 %{tag}d{unit}",
            f"  {out} = load {v}, ptr %{tag}e{unit}, align {shape.align}",
        ]
    elif name == "shared":
        lines = [
            f"  %{tag}e{unit} = getelementptr {shape.scalar}, ptr %shared, i64 %{tag}i1",
            f"  %{tag}f{unit} = load {shape.scalar}, ptr %{tag}e{unit}",
            *shape.broadcast(f"%{tag}f{unit}", out),
        ]
    elif name == "output":
        return [
            f"  %{tag}c{unit} = mul i64 %{tag}i0, {shape.stride}",
            f"  %{tag}d{unit} = add i64 %{tag}c{unit}, {unit * shape.lanes}",
            f"  %{tag}e{unit} = getelementptr {shape.scalar}, ptr %here.outputs, i64 %{tag}d{unit}",
            f"  store {v} {words[0]}, ptr %{tag}e{unit}, align {shape.align}",
        ]
    elif name == "sum":
        target = f"  %{tag}e{unit} = getelementptr {v}, ptr %sums, i64 %{tag}i0"
        if not rows:
            return [target, f"  store {v} {words[0]}, ptr %{tag}e{unit}, align {shape.align}"]
        return [
            target,
            f"  %{tag}h{unit} = load {v}, ptr %{tag}e{unit}, align {shape.align}",
            f"  %{tag}ma{unit} = getelementptr {v}, ptr %here.masks, i64 {unit}",
            f"  %{tag}mb{unit} = load {v}, ptr %{tag}ma{unit}, align {shape.align}",
            f"  %{tag}mc{unit} = fcmp une {v} %{tag}mb{unit}, {zero}",
            f"  %{tag}md{unit} = fadd {v} %{tag}h{unit}, {words[0]}",
            f"  %{tag}me{unit} = select {mask} %{tag}mc{unit}, {v} %{tag}md{unit}, {v} %{tag}h{unit}",
            f"  store {v} %{tag}me{unit}, ptr %{tag}e{unit}, align {shape.align}",
        ]
    elif name == "select":
        lines = [
            f"  %{tag}c{unit} = fcmp une {v} {words[0]}, {zero}",
            f"  {out} = select {mask} %{tag}c{unit}, {v} {words[1]}, {v} {words[2]}",
        ]
    elif name in COMPARE:
        lines = [
            f"  %{tag}c{unit} = fcmp {COMPARE[name]} {v} {words[0]}, {words[1]}",
            f"  {out} = select {mask} %{tag}c{unit}, {v} {one}, {v} {zero}",
        ]
    elif name == "and":
        lines = [f"  {out} = fmul {v} {words[0]}, {words[1]}"]
    elif name == "or":
        lines = [
            f"  %{tag}c{unit} = fadd {v} {words[0]}, {words[1]}",
            f"  %{tag}d{unit} = fcmp une {v} %{tag}c{unit}, {zero}",
            f"  {out} = select {mask} %{tag}d{unit}, {v} {one}, {v} {zero}",
        ]
    elif name == "not":
        lines = [f"  {out} = fsub {v} {one}, {words[0]}"]
    elif name in BINARY:
        lines = [f"  {out} = {BINARY[name]} {v} {words[0]}, {words[1]}"]
    elif name == "fused":
        lines = fused(v, words, out)
    elif name == "neg":
        lines = [f"  {out} = fneg {v} {words[0]}"]
    else:
        lines = functions.written(name, words, out)
    return [
        *lines,
        f"  %{tag}t{unit} = mul i64 %{tag}i0, {shape.lanes * shape.units}",
        f"  %{tag}u{unit} = add i64 %{tag}t{unit}, {unit * shape.lanes}",
        f"  %{tag}w{unit} = getelementptr {shape.scalar}, ptr %scratch, i64 %{tag}u{unit}",
        f"  store {v} {out}, ptr %{tag}w{unit}, align {shape.align}",
    ]
