"""The interpreter of tapes, in LLVM IR: for each operation a loop over the instructions of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .chunks import ARGUMENTS, BINARY, COMPARE
from .mathematics import TWO, Functions, Inline
from .simd import Shape
from .tape import CODES, OPERATIONS

UNITS = 4
"""Number of SIMD vectors of rows for each instruction, which share the cost of its dispatch."""
_UNROLLED = frozenset((*BINARY, "fused"))
"""The operations whose loops are unrolled: a quarter of the time of most tapes."""
_TOGETHER = 4
"""The number of instructions in each pass through an unrolled loop."""
_VECTOR = Shape(_TOGETHER, 1, single=False, tile=1)
_OPERANDS = {
    "select": 3, "fused": 3, "and": 2, "or": 2, "not": 1, "column": 0, "shared": 0, "output": 1, "sum": 1,
}  # fmt: skip
"""The number of operands of operations that are not a function."""


def interpreter(
    rows: bool, shape: Shape, vector_functions: Mapping[str, str], names: Sequence[str] = OPERATIONS[1:]
) -> str:
    """Return the IR of `body`, which runs a tape of the named operations for each block of rows."""
    functions = Functions(shape, vector_functions)
    cases = [_Operation(name, shape, functions, rows).loop() for name in names]
    targets = "\n".join(f"    i32 {CODES[name]}, label %run.{name}" for name in names)
    arrivals = ", ".join(f"[ %after.{name}, %run.{name}.done ]" for name in names)
    pointers = ", ".join(f"ptr noalias %{name}" for name in ARGUMENTS)
    return "\n".join(
        [
            *functions.declarations(),
            *([] if rows or shape.single else Inline(_VECTOR, "").declarations()),
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
        ]
    )


class _Operation:
    """The text of one operation. Names of values begin with the operation's, a unit's end with its number."""

    def __init__(self, name: str, shape: Shape, functions: Functions, rows: bool) -> None:
        self.name = name
        self.shape = shape
        self.functions = functions
        self.rows = rows
        two = BINARY.keys() | COMPARE.keys() | TWO | {"mod"}
        self.operand_count: int = _OPERANDS.get(name, 2 if name in two else 1)

    def loop(self) -> str:
        """Return a loop over the instructions of a run, unrolled for the frequent operations."""
        name, tag = self.name, f"{self.name}."
        vectors = not self.rows and name in self.functions.inline
        several: list[str] = []
        for k in range(_TOGETHER if name in _UNROLLED or vectors else 0):
            several += [
                f"  %{tag}{k}.place = add i64 %{tag}offset, {4 * k}",
                f"  %{tag}{k}.at = getelementptr i32, ptr %first, i64 %{tag}{k}.place",
            ]
            if not vectors:
                several += self._instruction(f"{tag}{k}.")
        several += _as_vector(name, tag) if vectors else []
        one = "\n".join(self._instruction(f"{tag}last."))
        unrolled = f"""
  %{tag}whole = and i64 %count, -{_TOGETHER}
  %{tag}some = icmp ne i64 %{tag}whole, 0
  br i1 %{tag}some, label %run.{name}.several, label %run.{name}.rest
run.{name}.several:
  %{tag}first = phi i64 [ 0, %run.{name} ], [ %{tag}after, %run.{name}.several ]
  %{tag}offset = mul i64 %{tag}first, 4
{chr(10).join(several)}
  %{tag}after = add i64 %{tag}first, {_TOGETHER}
  %{tag}again = icmp ult i64 %{tag}after, %{tag}whole
  br i1 %{tag}again, label %run.{name}.several, label %run.{name}.rest
run.{name}.rest:
  %{tag}left = icmp ult i64 %{tag}whole, %count
  br i1 %{tag}left, label %run.{name}.loop, label %run.{name}.done"""
        begin, origin, first = (
            (unrolled, "rest", f"%{tag}whole") if several else (f"\n  br label %run.{name}.loop", "", "0")
        )
        return f"""
run.{name}:{begin}
run.{name}.loop:
  %{tag}k = phi i64 [ {first}, %run.{name}{origin and "." + origin} ], [ %{tag}next, %run.{name}.loop ]
  %{tag}last.offset = mul i64 %{tag}k, 4
  %{tag}last.at = getelementptr i32, ptr %first, i64 %{tag}last.offset
{one}
  %{tag}next = add i64 %{tag}k, 1
  %{tag}more = icmp ult i64 %{tag}next, %count
  br i1 %{tag}more, label %run.{name}.loop, label %run.{name}.done
run.{name}.done:
  %{tag}length = mul i64 %count, 4
  %after.{name} = getelementptr i32, ptr %first, i64 %{tag}length
  br label %dispatch
"""

    def _instruction(self, tag: str) -> list[str]:
        """Return the lines for one instruction, which is at the address `at`."""
        shape, lines = self.shape, list[str]()
        for k in range(1 + max(self.operand_count, 1)):
            lines += [
                f"  %{tag}p{k} = getelementptr i32, ptr %{tag}at, i64 {k}",
                f"  %{tag}q{k} = load i32, ptr %{tag}p{k}",
                f"  %{tag}i{k} = sext i32 %{tag}q{k} to i64",
            ]
        for unit in range(shape.units):
            words = []
            for k in range(self.operand_count):
                lines += [
                    f"  %{tag}m{k}_{unit} = mul i64 %{tag}i{k + 1}, {shape.block}",
                    f"  %{tag}n{k}_{unit} = add i64 %{tag}m{k}_{unit}, {unit * shape.lanes}",
                    f"  %{tag}a{k}_{unit} = getelementptr {shape.scalar}, ptr %scratch, i64 %{tag}n{k}_{unit}",
                    f"  %{tag}x{k}_{unit} = load {shape.vector}, ptr %{tag}a{k}_{unit}, align {shape.align}",
                ]
                words.append(f"%{tag}x{k}_{unit}")
            lines += self._unit(tag, unit, words)
        return lines

    def _unit(self, tag: str, unit: int, words: list[str]) -> list[str]:
        """Return the lines for one vector of rows, given its operands: to a result, or else to a slot."""
        shape, out = self.shape, f"%{tag}r{unit}"
        if self.name == "output":
            return [
                *self._in_tile(tag, unit, "outputs", 0),
                f"  store {shape.vector} {words[0]}, ptr %{tag}e{unit}, align {shape.align}",
            ]
        if self.name == "sum":
            return self._add_to_sum(tag, unit, words[0])
        if self.name == "column":
            lines = [
                *self._in_tile(tag, unit, "columns", 1),
                f"  {out} = load {shape.vector}, ptr %{tag}e{unit}, align {shape.align}",
            ]
        elif self.name == "shared":
            lines = [
                f"  %{tag}e{unit} = getelementptr {shape.scalar}, ptr %shared, i64 %{tag}i1",
                f"  %{tag}f{unit} = load {shape.scalar}, ptr %{tag}e{unit}",
                *shape.broadcast(f"%{tag}f{unit}", out),
            ]
        else:
            lines = self._computed(tag, unit, words, out)
        return [
            *lines,
            f"  %{tag}t{unit} = mul i64 %{tag}i0, {shape.block}",
            f"  %{tag}u{unit} = add i64 %{tag}t{unit}, {unit * shape.lanes}",
            f"  %{tag}w{unit} = getelementptr {shape.scalar}, ptr %scratch, i64 %{tag}u{unit}",
            f"  store {shape.vector} {out}, ptr %{tag}w{unit}, align {shape.align}",
        ]

    def _in_tile(self, tag: str, unit: int, table: str, k: int) -> list[str]:
        """Return the lines for the address of a vector in a column, which the k-th number selects."""
        shape = self.shape
        return [
            f"  %{tag}c{unit} = mul i64 %{tag}i{k}, {shape.stride}",
            f"  %{tag}d{unit} = add i64 %{tag}c{unit}, {unit * shape.lanes}",
            f"  %{tag}e{unit} = getelementptr {shape.scalar}, ptr %here.{table}, i64 %{tag}d{unit}",
        ]

    def _add_to_sum(self, tag: str, unit: int, word: str) -> list[str]:
        """Return the lines that add a vector to a sum, without its padding rows; a single point is stored."""
        v, mask, align = self.shape.vector, self.shape.mask, self.shape.align
        target = f"  %{tag}e{unit} = getelementptr {v}, ptr %sums, i64 %{tag}i0"
        if not self.rows:
            return [target, f"  store {v} {word}, ptr %{tag}e{unit}, align {align}"]
        return [
            target,
            f"  %{tag}h{unit} = load {v}, ptr %{tag}e{unit}, align {align}",
            f"  %{tag}ma{unit} = getelementptr {v}, ptr %here.masks, i64 {unit}",
            f"  %{tag}mb{unit} = load {v}, ptr %{tag}ma{unit}, align {align}",
            f"  %{tag}mc{unit} = fcmp une {v} %{tag}mb{unit}, zeroinitializer",
            f"  %{tag}md{unit} = fadd {v} %{tag}h{unit}, {word}",
            f"  %{tag}me{unit} = select {mask} %{tag}mc{unit}, {v} %{tag}md{unit}, {v} %{tag}h{unit}",
            f"  store {v} %{tag}me{unit}, ptr %{tag}e{unit}, align {align}",
        ]

    def _computed(self, tag: str, unit: int, words: list[str], out: str) -> list[str]:
        """Return the lines that compute a result in registers. A condition is 1.0 or 0.0 in the slots."""
        name, v, mask = self.name, self.shape.vector, self.shape.mask
        one, zero = self.functions.constant(1.0), "zeroinitializer"
        if name == "select":
            return [
                f"  %{tag}c{unit} = fcmp une {v} {words[0]}, {zero}",
                f"  {out} = select {mask} %{tag}c{unit}, {v} {words[1]}, {v} {words[2]}",
            ]
        if name in COMPARE:
            return [
                f"  %{tag}c{unit} = fcmp {COMPARE[name]} {v} {words[0]}, {words[1]}",
                f"  {out} = select {mask} %{tag}c{unit}, {v} {one}, {v} {zero}",
            ]
        if name == "or":
            return [
                f"  %{tag}c{unit} = fadd {v} {words[0]}, {words[1]}",
                f"  %{tag}d{unit} = fcmp une {v} %{tag}c{unit}, {zero}",
                f"  {out} = select {mask} %{tag}d{unit}, {v} {one}, {v} {zero}",
            ]
        if name == "fused":
            return self.shape.fused(words, out)
        if name in BINARY or name == "and":
            return [f"  {out} = {BINARY.get(name, 'fmul')} {v} {words[0]}, {words[1]}"]
        if name == "not":
            return [f"  {out} = fsub {v} {one}, {words[0]}"]
        if name == "neg":
            return [f"  {out} = fneg {v} {words[0]}"]
        return self.functions.written(name, words, out)


def _as_vector(name: str, tag: str) -> list[str]:
    """Return the lines for several instructions of a function at a single point, computed as one vector."""
    shape = _VECTOR
    lines, word = [], "poison"
    for k in range(_TOGETHER):
        at, more = f"%{tag}{k}", f"%{tag}{k}.x"
        lines += [
            f"  {at}.from.at = getelementptr i32, ptr {at}.at, i64 1",
            f"  {at}.from = load i32, ptr {at}.from.at",
            f"  {at}.number.at = getelementptr {shape.scalar}, ptr %scratch, i32 {at}.from",
            f"  {at}.number = load {shape.scalar}, ptr {at}.number.at",
            f"  {more} = insertelement {shape.vector} {word}, {shape.scalar} {at}.number, i32 {k}",
        ]
        word = more
    lines += Inline(shape, f"%{tag}result").written(name, word)
    for k in range(_TOGETHER):
        at = f"%{tag}{k}"
        lines += [
            f"  {at}.result = extractelement {shape.vector} %{tag}result, i32 {k}",
            f"  {at}.to = load i32, ptr {at}.at",
            f"  {at}.to.at = getelementptr {shape.scalar}, ptr %scratch, i32 {at}.to",
            f"  store {shape.scalar} {at}.result, ptr {at}.to.at",
        ]
    return lines
