"""Functions of straight-line code in LLVM IR: some expressions, for each SIMD vector of rows in a tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..expressions.pool import LOGIC, Expression
from .mathematics import Functions
from .memory import Memory
from .simd import Layout, Shape
from .stages import Program

BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
"""Operations that are rounded separately, as in Python: x * x - y * y must be 0 if x equals y."""
COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
NEAR = 24
"""Number of expressions after which a loaded value is loaded again, to limit register pressure."""
HELD = 6
"""Maximum number of sums that stay in registers from row to row."""
ARGUMENTS = ("columns", "shared", "outputs", "sums", "scratch", "masks", "tape")


TAKEN = ", ".join(["i64 %blocks", "i64 %rows", *(f"ptr %{name}" for name in ARGUMENTS)])
NOALIAS = ", ".join(["i64 %blocks", "i64 %rows", *(f"ptr noalias %{name}" for name in ARGUMENTS)])


class Setting:
    """The settings shared by all functions of a kernel."""

    def __init__(self, program: Program, memory: Memory, shape: Shape, functions: Functions) -> None:
        self.program: Program = program
        self.memory: Memory = memory
        self.shape: Shape = shape
        self.functions: Functions = functions
        self.layout: Layout = memory.layout
        self.sums: dict[Expression, list[int]] = {}
        """Expressions that are summed over the batch, and the places of their sums."""
        for place, node in program.sums:
            self.sums.setdefault(node, []).append(place)


class Code:
    """A function for some expressions: for each SIMD vector of rows in a tile, or once for the batch."""

    def __init__(self, setting: Setting, name: str, once: bool = False) -> None:
        self.setting: Setting = setting
        self.memory: Memory = setting.memory
        self.shape: Shape = setting.shape
        self.name = name
        self.once = once
        """Whether the expressions are unbatched."""
        self.lines: list[str] = []
        self.names: dict[Expression, str] = {}
        self.until: dict[Expression, int] = {}
        """The position up to which a loaded value is assumed to be in a register."""
        self.position: int = 0
        self.masked: bool = False
        self.held: dict[int, str] = {}
        """Sums that stay in registers from row to row, and their names after the current row."""

    def text(self, nodes: Sequence[Expression], later: Sequence[Expression] = ()) -> str:
        """Return the function that computes the nodes, and stores those that are results, and `later`."""
        program = self.setting.program
        for position, node in enumerate(nodes):
            self.position = position
            self._compute(node)
            if not self.once and (node in program.outputs or node in self.setting.sums):
                self._hand_over(node)
        for node in later:
            self._hand_over(node)
        head = f"define internal void @{self.name}({NOALIAS}) noinline {{\nentry:"
        if self.once or not self.setting.layout.rows:
            return "\n".join([head, *self._based(), *self.lines, "  ret void", "}"])
        loop = [
            f"  %registers = mul i64 %blocks, {self.shape.units}",
            *(line for place in self.held for line in self._sum_at(place, "load")),
            "  br label %loop",
            "loop:",
            "  %register = phi i64 [ 0, %entry ], [ %next, %loop ]",
            *(
                f"  %sum{place} = phi {self.shape.vector} [ %sum{place}.first, %entry ], [ {last}, %loop ]"
                for place, last in self.held.items()
            ),
            f"  %row = mul i64 %register, {self.shape.lanes}",
            *self._based(),
        ]
        end = [
            "  %next = add i64 %register, 1",
            "  %more = icmp ult i64 %next, %registers",
            "  br i1 %more, label %loop, label %done",
            "done:",
            *(line for place in self.held for line in self._sum_at(place, "store")),
            "  ret void",
            "}",
        ]
        return "\n".join([head, *loop, *self.lines, *end])

    def _sum_at(self, place: int, what: str) -> list[str]:
        """Return the lines that load a sum before the first row, or store it after the last one."""
        vector, align = self.shape.vector, self.shape.align
        at = f"%sum{place}.{what}"
        move = (
            f"  %sum{place}.first = load {vector}, ptr {at}, align {align}"
            if what == "load"
            else f"  store {vector} {self.held[place]}, ptr {at}, align {align}"
        )
        return [f"  {at} = getelementptr {vector}, ptr %sums, i64 {place}", move]

    def _based(self) -> list[str]:
        """Return the lines that compute the addresses of the current rows."""
        shape = self.shape
        row = "0" if self.once or not self.setting.layout.rows else "%row"
        lines = [
            f"  %here.{name} = getelementptr {shape.scalar}, ptr %{name}, i64 {row}"
            for name in ("columns", "outputs", "scratch", "masks")
        ]
        if self.masked:
            lines += [
                f"  %mask.numbers = load {shape.vector}, ptr %here.masks, align {shape.align}",
                f"  %mask = fcmp une {shape.vector} %mask.numbers, zeroinitializer",
            ]
        return lines

    def _word(self, node: Expression) -> str:
        """Return the name of a node's vector: computed earlier, a constant, or loaded."""
        if node.kind == "constant":
            return self.setting.functions.constant(node.value)
        if node in self.names and self.position <= self.until.get(node, self.position):
            return self.names[node]
        if self.setting.layout.rows and not node.rows:
            return self._broadcast(node)
        if node.kind in LOGIC:
            self._compute(node)
            return self.names[node]
        self.until[node] = self.position + NEAR
        found = self.names[node] = self._loaded(node)
        return found

    def _broadcast(self, node: Expression) -> str:
        """Broadcast an unbatched number to all lanes; it is loaded at each use to save registers."""
        shape, tag = self.shape, f"%b{len(self.lines)}"
        self.lines += [
            f"  {tag}.at = getelementptr {shape.scalar}, ptr %shared, i64 {self.memory.common(node)}",
            f"  {tag}.number = load {shape.scalar}, ptr {tag}.at",
            *shape.broadcast(f"{tag}.number", tag),
        ]
        if node.kind not in LOGIC:
            return tag
        self.lines.append(f"  {tag}.holds = fcmp une {shape.vector} {tag}, zeroinitializer")
        return f"{tag}.holds"

    def _loaded(self, node: Expression) -> str:
        tag = f"%l{len(self.lines)}"
        if node.kind == "input":
            place = int(node.value)
            if self.setting.layout.rows:
                self._at(f"{tag}.at", "here.columns", place)
            else:
                self.lines.append(f"  {tag}.at = getelementptr {self.shape.scalar}, ptr %shared, i64 {place}")
        else:
            self._at(f"{tag}.at", "here.scratch", self.memory.slots[node])
        self.lines.append(f"  {tag} = load {self.shape.vector}, ptr {tag}.at, align {self.shape.align}")
        return tag

    def _at(self, name: str, base: str, column: int) -> None:
        where = column * self.shape.stride
        self.lines.append(f"  {name} = getelementptr {self.shape.scalar}, ptr %{base}, i64 {where}")

    def _compute(self, node: Expression) -> None:
        words = [self._word(operand) for operand in node.operands]
        name = self.names[node] = f"%v{node.number}"
        self.lines += self._instruction(node.kind, words, name)
        if self.once:
            self._share(node, name)
        elif node in self.memory.slots:
            self._at(f"{name}.slot", "here.scratch", self.memory.slots[node])
            self.lines.append(f"  store {self.shape.vector} {name}, ptr {name}.slot, align {self.shape.align}")

    def _share(self, node: Expression, name: str) -> None:
        """Store an unbatched number."""
        shape = self.shape
        if node.kind in LOGIC:
            one, zero = self.setting.functions.constant(1.0), "zeroinitializer"
            vector = shape.vector
            self.lines.append(f"  {name}.as = select {shape.mask} {name}, {vector} {one}, {vector} {zero}")
            name = f"{name}.as"
        word = name
        if shape.lanes > 1:
            word = f"{name}.first"
            self.lines.append(f"  {word} = extractelement {shape.vector} {name}, i32 0")
        self.lines += [
            f"  {name}.at = getelementptr {shape.scalar}, ptr %shared, i64 {self.memory.common(node)}",
            f"  store {shape.scalar} {word}, ptr {name}.at",
        ]

    def _instruction(self, kind: Any, words: list[str], out: str) -> list[str]:
        vector, mask = self.shape.vector, self.shape.mask
        if kind in BINARY:
            text = f"{BINARY[kind]} {vector} {words[0]}, {words[1]}"
        elif kind == "fused":
            return self.shape.fused(words, out)
        elif kind == "neg":
            text = f"fneg {vector} {words[0]}"
        elif kind in COMPARE:
            text = f"fcmp {COMPARE[kind]} {vector} {words[0]}, {words[1]}"
        elif kind in ("and", "or"):
            text = f"{kind} {mask} {words[0]}, {words[1]}"
        elif kind == "not":
            text = f"xor {mask} {words[0]}, {self.shape.everywhere('i1', 'true')}"
        elif kind == "select":
            text = f"select {mask} {words[0]}, {vector} {words[1]}, {vector} {words[2]}"
        else:
            return self.setting.functions.written(kind, words, out)
        return [f"  {out} = {text}"]

    def _hand_over(self, node: Expression) -> None:
        """Store a result in the outputs, or add it to its sum."""
        if node.kind in LOGIC:
            raise TypeError("a condition cannot be a result")
        word = self._word(node)
        for place in self.setting.program.outputs.get(node, ()):
            self._at(f"%o{place}", "here.outputs", place)
            self.lines.append(f"  store {self.shape.vector} {word}, ptr %o{place}, align {self.shape.align}")
        for place in self.setting.sums.get(node, ()):
            self._add(place, word)

    def _add(self, place: int, word: str) -> None:
        """Add the unmasked rows to a sum, which is in a register if there are few sums."""
        vector, mask, align = self.shape.vector, self.shape.mask, self.shape.align
        tag = f"%s{len(self.lines)}"
        if not self.setting.layout.rows:
            self.lines += [
                f"  {tag}.at = getelementptr {vector}, ptr %sums, i64 {place}",
                f"  store {vector} {word}, ptr {tag}.at, align {align}",
            ]
            return
        self.masked = True
        before = self.held.get(place, f"%sum{place}")
        in_register = place in self.held or len(self.held) < HELD
        if not in_register:
            before = f"{tag}.held"
            self.lines += [
                f"  {tag}.at = getelementptr {vector}, ptr %sums, i64 {place}",
                f"  {before} = load {vector}, ptr {tag}.at, align {align}",
            ]
        self.lines += [
            f"  {tag}.more = fadd {vector} {before}, {word}",
            f"  {tag} = select {mask} %mask, {vector} {tag}.more, {vector} {before}",
        ]
        if in_register:
            self.held[place] = tag
        else:
            self.lines.append(f"  store {vector} {tag}, ptr {tag}.at, align {align}")
