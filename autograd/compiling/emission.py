"""From the stages of a kernel to LLVM IR: vectors of rows, in functions of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .expressions import LOGIC, Expression
from .mathematics import INLINE, OFTEN, Functions
from .matrices import blocking, blocks, outer, product, table
from .shapes import Layout, Shape
from .stages import Chunk, Outer, Product, Program, Stage, read

BINARY = {"add": "fadd contract", "sub": "fsub contract", "mul": "fmul contract", "div": "fdiv"}
COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
NEAR = 24
"""So many expressions later, what was loaded is loaded again: registers are few."""
HELD = 6
"""So many sums at most stay in registers from row to row."""
ARGUMENTS = ("columns", "shared", "outputs", "sums", "scratch", "masks", "tape")


class Emitted(NamedTuple):
    """The IR of a kernel's `prepare` and `body`, and what is to be known of it."""

    text: str
    functions: tuple[str, ...]
    """The mathematical functions it calls."""
    packed: int
    """Numbers that `prepare` puts behind the shared inputs and the constants."""


class Memory:
    """Where the numbers of a program are: constants behind the shared inputs, and slots of a tile."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.layout = layout
        self.constants: dict[Expression, int] = {}
        for stage in program.stages:
            if isinstance(stage, Product):
                for item in (*stage.biases, *(weight for row in stage.weights for weight in row)):
                    if item is not None and item.kind == "constant":
                        self.constants.setdefault(item, layout.shared + len(self.constants))
        behind = layout.shared + len(self.constants)
        self.shared = {node: behind + k for k, node in enumerate(program.shared)}
        self.packed = behind + len(self.shared)
        """Where the weights of the layers begin, in the order in which they are used."""
        self.made = {node: k for k, stage in enumerate(program.stages) for node in _made(stage)}
        self.slots, self.slot_count = self._slots(program)

    def _slots(self, program: Program) -> tuple[dict[Expression, int], int]:
        """A place in the tile for each result that a later stage needs, used again after that."""
        last: dict[Expression, int] = {}
        for k, stage in enumerate(program.stages):
            for node in self._needed(stage):
                if self.made.get(node, k) != k:
                    last[node] = k
        for node in (*program.outputs, *(node for _, node in program.sums)):
            if node in self.made and not isinstance(program.stages[self.made[node]], Chunk):
                last[node] = len(program.stages)
        ending: dict[int, list[Expression]] = {}
        for node, k in last.items():
            ending.setdefault(k, []).append(node)
        slots: dict[Expression, int] = {}
        free: list[int] = []
        count = 0
        for k, stage in enumerate(program.stages):
            for node in _made(stage):
                if node in last:
                    if not free:
                        free.append(count)
                        count += 1
                    slots[node] = free.pop()
            free += [slots[node] for node in ending.get(k, ())]
        return slots, count

    def _needed(self, stage: Stage) -> Iterator[Expression]:
        """What a stage reads; conditions have no place, so a chunk reads what they are made of."""
        if not isinstance(stage, Chunk):
            yield from read(stage)
            return
        waiting = list(stage.nodes)
        while waiting:
            for operand in waiting.pop().operands:
                if operand.kind in LOGIC and operand not in self.shared:
                    waiting.append(operand)
                else:
                    yield operand

    def column(self, node: Expression) -> int:
        """The column of a tile where a number of a row is: inputs, then outputs, then slots."""
        if node.kind == "input":
            return int(node.value)
        return self.layout.columns + self.layout.outputs + self.slots[node]

    @property
    def ones(self) -> int:
        """The column that tells which rows count."""
        return self.layout.columns + self.layout.outputs + self.slot_count

    def common(self, node: Expression) -> int:
        """The place of a number that all rows share."""
        if node.kind == "input":
            return int(node.value) - self.layout.columns
        return self.constants[node] if node.kind == "constant" else self.shared[node]


def _made(stage: Stage) -> Sequence[Expression]:
    """What a stage computes."""
    if isinstance(stage, Chunk):
        return stage.nodes
    return stage.results if isinstance(stage, Product) else ()


def emit(program: Program, memory: Memory, shape: Shape, vector_functions: Mapping[str, str]) -> Emitted:
    """The IR of `prepare`, called once, and of `body`, which computes a tile of rows.

    Columns, outputs, scratch and masks are parts of one tile, a column of rows after the other; masks
    has 1 for each row that counts and 0 for one that fills up the last block; sums has one vector each.
    """
    return _Emitter(program, memory, shape, vector_functions).emitted()


class _Emitter:
    def __init__(
        self, program: Program, memory: Memory, shape: Shape, vector_functions: Mapping[str, str]
    ) -> None:
        self.program, self.memory, self.shape = program, memory, shape
        self.layout = memory.layout
        written = chain(program.shared, *(stage.nodes for stage in program.stages if isinstance(stage, Chunk)))
        often = sum(node.kind in INLINE for node in written) > OFTEN
        self.functions = Functions(shape, vector_functions, often)
        self.sums: dict[Expression, list[int]] = {}
        for place, node in program.sums:
            self.sums.setdefault(node, []).append(place)
        self.pack: list[int] = []
        """The places of the weights of all layers, in the order in which they are used."""
        self.tables: dict[tuple[int, ...], str] = {}
        self.kernels: dict[str, str] = {}
        """The functions for matrices."""

    def emitted(self) -> Emitted:
        chunks, calls = [], []
        for number, stage in enumerate(self.program.stages):
            if isinstance(stage, Chunk):
                chunks.append(_Chunk(self, f"chunk{number}").text(stage.nodes))
                calls.append(f"  call void @chunk{number}({_PASSED})")
            else:
                calls += self._product(stage) if isinstance(stage, Product) else self._outer(stage)
        later = [
            node for node in {**self.program.outputs, **self.sums} if not isinstance(self._stage(node), Chunk)
        ]
        if later:
            chunks.append(_Chunk(self, "results").text([], later))
            calls.append(f"  call void @results({_PASSED})")
        prepare = self._prepare() if self.layout.rows else []
        parts = [
            *self.functions.declarations(),
            *(table(*item) for item in self._named()),
            *self.kernels.values(),
        ]
        body = [f"define void @body({_TAKEN}) {{", *calls, "  ret void", "}"]
        text = "\n".join([*parts, *chunks, *prepare, *body])
        return Emitted(text, tuple(sorted(self.functions.used)), len(self.pack))

    def _stage(self, node: Expression) -> Stage | None:
        made = self.memory.made.get(node)
        return None if made is None else self.program.stages[made]

    def _named(self) -> list[tuple[str, tuple[int, ...]]]:
        return [(name, places) for places, name in self.tables.items()]

    def _table(self, places: Sequence[int]) -> str:
        """The name of a table of places; equal ones exist once."""
        return "@" + self.tables.setdefault(tuple(places), f"table{len(self.tables)}")

    def _places(self, nodes: Sequence[Expression | None]) -> list[int]:
        """Where the first rows of some columns are."""
        columns = [self.memory.ones if node is None else self.memory.column(node) for node in nodes]
        return [column * self.shape.tile for column in columns]

    def _product(self, stage: Product) -> list[str]:
        """The calls that compute a layer, a block of neurons after the other."""
        calls, start = [], 0
        inputs = self._table(self._places(stage.inputs))
        for size, count in blocks(len(stage.results), blocking(self.shape).neurons):
            self.kernels.setdefault(f"product{size}", product(self.shape, size))
            targets = self._table(self._places(stage.results[start : start + size * count]))
            at = self.memory.packed + len(self.pack)
            for first in range(start, start + size * count, size):
                block = range(first, first + size)
                self.pack += [self._common(stage.biases[n]) for n in block]
                for column in zip(*(stage.weights[n] for n in block), strict=True):
                    self.pack += [self._common(weight) for weight in column]
            tag = f"%w{at}"
            calls += [
                f"  {tag} = getelementptr {self.shape.scalar}, ptr %shared, i64 {at}",
                f"  call void @product{size}(i64 %blocks, ptr %columns, ptr {inputs}, i64 {len(stage.inputs)}, "
                f"ptr {tag}, i64 {count}, ptr {targets})",
            ]
            start += size * count
        return calls

    def _common(self, node: Expression | None) -> int:
        return -1 if node is None else self.memory.common(node)

    def _outer(self, stage: Outer) -> list[str]:
        """The calls that add products up, a block of lefts and rights after the other."""
        calls, top = [], 0
        limits = blocking(self.shape)
        for high, highs in blocks(len(stage.lefts), limits.lefts):
            lefts = self._table(self._places(stage.lefts[top : top + high * highs]))
            start = 0
            for wide, wides in blocks(len(stage.rights), limits.rights):
                self.kernels.setdefault(f"outer{high}x{wide}", outer(self.shape, high, wide))
                rights = self._table(self._places(stage.rights[start : start + wide * wides]))
                sums = self._table(
                    [
                        stage.sums[top + a * high + n][start + b * wide + m]
                        for a in range(highs) for b in range(wides) for n in range(high) for m in range(wide)
                    ]
                )  # fmt: skip
                calls.append(
                    f"  call void @outer{high}x{wide}(i64 %rows, ptr %columns, ptr {lefts}, i64 {highs}, "
                    f"ptr {rights}, i64 {wides}, ptr %masks, ptr %sums, ptr {sums})"
                )
                start += wide * wides
            top += high * highs
        return calls

    def _prepare(self) -> list[str]:
        """What is computed once for all rows, and the weights put in the order of their use."""
        shared = self.program.shared
        parts = [shared[k : k + 300] for k in range(0, len(shared), 300)]
        functions = [_Chunk(self, f"shared{k}", once=True).text(part) for k, part in enumerate(parts)]
        given = ", ".join(
            ["i64 0", "i64 0", *(f"ptr {'%shared' if name == 'shared' else 'null'}" for name in ARGUMENTS)]
        )
        lines = ["define void @prepare(ptr %shared) {", "entry:"]
        lines += [f"  call void @shared{k}({given})" for k in range(len(parts))]
        if self.pack:
            scalar = self.shape.scalar
            lines += [
                f"  %target = getelementptr {scalar}, ptr %shared, i64 {self.memory.packed}",
                "  br label %loop",
                "loop:",
                "  %k = phi i64 [ 0, %entry ], [ %next, %loop ]",
                f"  %at = getelementptr i32, ptr {self._table(self.pack)}, i64 %k",
                "  %place = load i32, ptr %at",
                "  %none = icmp slt i32 %place, 0",
                "  %there = select i1 %none, i32 0, i32 %place",
                "  %from = sext i32 %there to i64",
                f"  %source = getelementptr {scalar}, ptr %shared, i64 %from",
                f"  %given = load {scalar}, ptr %source",
                f"  %x = select i1 %none, {scalar} 0.0, {scalar} %given",
                f"  %to = getelementptr {scalar}, ptr %target, i64 %k",
                f"  store {scalar} %x, ptr %to",
                "  %next = add i64 %k, 1",
                f"  %more = icmp ult i64 %next, {len(self.pack)}",
                "  br i1 %more, label %loop, label %done",
                "done:",
            ]
        return [*functions, *lines, "  ret void", "}"]


_TAKEN = ", ".join(["i64 %blocks", "i64 %rows", *(f"ptr %{name}" for name in ARGUMENTS)])
_NOALIAS = ", ".join(["i64 %blocks", "i64 %rows", *(f"ptr noalias %{name}" for name in ARGUMENTS)])
_PASSED = _TAKEN


class _Chunk:
    """One function: some of the expressions, for each register of rows of a tile, or once for all."""

    def __init__(self, emitter: _Emitter, name: str, once: bool = False) -> None:
        self.emitter, self.memory, self.shape = emitter, emitter.memory, emitter.shape
        self.name = name
        self.once = once
        """Whether this is about what all rows share."""
        self.lines: list[str] = []
        self.names: dict[Expression, str] = {}
        self.until: dict[Expression, int] = {}
        """How long what was loaded is taken to be in a register still."""
        self.position = 0
        self.masked = False
        self.held: dict[int, str] = {}
        """Sums that stay in registers from row to row, and the name of each after this row."""

    def text(self, nodes: Sequence[Expression], later: Sequence[Expression] = ()) -> str:
        """The function: computes the nodes, hands over those of them that are results, and `later`."""
        program = self.emitter.program
        for position, node in enumerate(nodes):
            self.position = position
            self._compute(node)
            if not self.once and (node in program.outputs or node in self.emitter.sums):
                self._hand_over(node)
        for node in later:
            self._hand_over(node)
        head = f"define internal void @{self.name}({_NOALIAS}) noinline {{\nentry:"
        if self.once or not self.emitter.layout.rows:
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
        """A sum from memory before the first row, or back after the last one."""
        vector, align = self.shape.vector, self.shape.align
        at = f"%sum{place}.{what}"
        move = (
            f"  %sum{place}.first = load {vector}, ptr {at}, align {align}"
            if what == "load"
            else f"  store {vector} {self.held[place]}, ptr {at}, align {align}"
        )
        return [f"  {at} = getelementptr {vector}, ptr %sums, i64 {place}", move]

    def _based(self) -> list[str]:
        """Where the numbers of these rows begin."""
        shape = self.shape
        row = "0" if self.once or not self.emitter.layout.rows else "%row"
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
        """The name of a node's vector: computed before, a constant, or loaded."""
        if node.kind == "constant":
            return self.emitter.functions.constant(node.value)
        if node in self.names and self.position <= self.until.get(node, self.position):
            return self.names[node]
        if self.emitter.layout.rows and not node.rows:
            return self._broadcast(node)
        if node.kind in LOGIC:
            self._compute(node)
            return self.names[node]
        self.until[node] = self.position + NEAR
        found = self.names[node] = self._loaded(node)
        return found

    def _broadcast(self, node: Expression) -> str:
        """A number that all rows share in all lanes; loaded at each use, which costs no register."""
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
            if self.emitter.layout.rows:
                self._at(f"{tag}.at", "here.columns", place)
            else:
                self.lines.append(f"  {tag}.at = getelementptr {self.shape.scalar}, ptr %shared, i64 {place}")
        else:
            self._at(f"{tag}.at", "here.scratch", self.memory.slots[node])
        self.lines.append(f"  {tag} = load {self.shape.vector}, ptr {tag}.at, align {self.shape.align}")
        return tag

    def _at(self, name: str, base: str, column: int) -> None:
        where = column * self.shape.tile
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
        """A number for all rows to its place."""
        shape = self.shape
        if node.kind in LOGIC:
            one, zero = self.emitter.functions.constant(1.0), "zeroinitializer"
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
            return self.emitter.functions.written(kind, words, out)
        return [f"  {out} = {text}"]

    def _hand_over(self, node: Expression) -> None:
        """A result to where it is wanted: into its rows, or added to its sum."""
        if node.kind in LOGIC:
            raise TypeError("a condition is no result")
        word = self._word(node)
        for place in self.emitter.program.outputs.get(node, ()):
            self._at(f"%o{place}", "here.outputs", place)
            self.lines.append(f"  store {self.shape.vector} {word}, ptr %o{place}, align {self.shape.align}")
        for place in self.emitter.sums.get(node, ()):
            self._add(place, word)

    def _add(self, place: int, word: str) -> None:
        """To the sum of the rows that count: in a register, while there are few of them."""
        vector, mask, align = self.shape.vector, self.shape.mask, self.shape.align
        tag = f"%s{len(self.lines)}"
        if not self.emitter.layout.rows:
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
            f"  {tag}.more = fadd contract {vector} {before}, {word}",
            f"  {tag} = select {mask} %mask, {vector} {tag}.more, {vector} {before}",
        ]
        if in_register:
            self.held[place] = tag
        else:
            self.lines.append(f"  store {vector} {tag}, ptr {tag}.at, align {align}")
