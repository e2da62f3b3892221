"""From expressions of the lower level to LLVM IR: vectors of rows, in functions of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .expressions import LOGIC, Expression
from .mathematics import INLINE, OFTEN, Functions
from .shapes import Layout, Shape

CHUNK = 300
"""How many expressions a function computes at most: compiling one takes more than linear time."""
BINARY = {"add": "fadd contract", "sub": "fsub contract", "mul": "fmul contract", "div": "fdiv"}
COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
NEAR = 24
"""So many expressions later, what was loaded is loaded again: registers are few."""


class Emitted(NamedTuple):
    """The IR of a kernel's body, and what is to be known of it."""

    text: str
    chunks: int
    slots: int
    """Vectors of one block that pass from function to function through memory."""
    functions: tuple[str, ...]
    """The mathematical functions it calls."""


ARGUMENTS = ("columns", "shared", "outputs", "sums", "scratch", "masks", "tape")


def emit(
    order: list[Expression],
    roots: Sequence[Expression],
    layout: Layout,
    shape: Shape,
    vector_functions: Mapping[str, str],
) -> Emitted:
    """The IR of `body`, which computes the roots, outputs and then sums; order: all that they are made of.

    Columns and outputs are tiles of rows, one after the other; masks has 1 for each row that counts
    and 0 for one that fills up the last block; sums has one vector for each.
    """
    return _Emitter(order, roots, layout, shape, vector_functions).emitted()


class _Emitter:
    def __init__(
        self,
        order: list[Expression],
        roots: Sequence[Expression],
        layout: Layout,
        shape: Shape,
        vector_functions: Mapping[str, str],
    ) -> None:
        self.roots, self.layout, self.shape = roots, layout, shape
        often = sum(node.kind in INLINE for node in order) > OFTEN
        self.functions = Functions(shape, vector_functions, often)
        self.vector, self.scalar, self.lanes = shape.vector, shape.scalar, shape.lanes
        self.mask, self.align = shape.mask, shape.align
        self.uniform = self._uniform(order)
        self.body = [node for node in order if node.kind not in ("constant", "input")]
        self.chunks = [self.body[k : k + CHUNK] for k in range(0, len(self.body), CHUNK)] or [[]]
        self.where = {node: k for k, chunk in enumerate(self.chunks) for node in chunk}
        self.slots, self.slot_count = self._slots()
        self.places: dict[Expression, list[int]] = {}
        for place, root in enumerate(roots):
            self.places.setdefault(root, []).append(place)

    def emitted(self) -> Emitted:
        functions = [_Chunk(self, number, chunk).text() for number, chunk in enumerate(self.chunks)]
        text = "\n".join([*self.functions.declarations(), *functions, self._body()])
        return Emitted(text, len(self.chunks), self.slot_count, tuple(sorted(self.functions.used)))

    def _uniform(self, order: list[Expression]) -> set[Expression]:
        """What is the same for all rows."""
        found: set[Expression] = set()
        for node in order:
            if node.kind == "input":
                if node.value >= self.layout.columns:
                    found.add(node)
            elif found.issuperset(node.operands):
                found.add(node)
        return found

    def units_of(self, node: Expression) -> int:
        """How many vectors hold a result."""
        return 1 if node in self.uniform else self.shape.units

    def _slots(self) -> tuple[dict[Expression, int], int]:
        """A place in memory for each result that a later function needs, used again after that."""
        last: dict[Expression, int] = {}
        for k, chunk in enumerate(self.chunks):
            for node in chunk:
                for operand in node.operands:
                    if self.where.get(operand, k) != k:
                        last[operand] = k
        ending: dict[int, list[Expression]] = {}
        for node, k in last.items():
            ending.setdefault(k, []).append(node)
        slots: dict[Expression, int] = {}
        free: list[int] = []
        count = 0
        for k, chunk in enumerate(self.chunks):
            for node in chunk:
                if node in last:
                    if not free:
                        free.append(count)
                        count += self.shape.units
                    slots[node] = free.pop()
            free += [slots[node] for node in ending.get(k, ())]
        return slots, count

    def _body(self) -> str:
        arguments = "i64 %blocks, " + ", ".join(f"ptr %{name}" for name in ARGUMENTS)
        calls = "\n".join(f"  call void @chunk{k}({arguments})" for k in range(len(self.chunks)))
        return f"define void @body({arguments}) {{\n{calls}\n  ret void\n}}"


class _Chunk:
    """One function: some of the expressions, for each block of a tile."""

    def __init__(self, emitter: _Emitter, number: int, chunk: list[Expression]) -> None:
        self.emitter, self.number, self.chunk = emitter, number, chunk
        self.lines: list[str] = []
        self.names: dict[Expression, list[str]] = {}
        self.until: dict[Expression, int] = {}
        """How long what was loaded is taken to be in a register still."""
        self.position = 0
        self.masked = False

    def text(self) -> str:
        emitter = self.emitter
        for position, node in enumerate(self.chunk):
            self.position = position
            self._compute(node)
            for place in emitter.places.get(node, ()):
                self._hand_over(place, node)
        if self.number == 0:  # a result that is an input or a constant
            for node, places in emitter.places.items():
                if node not in emitter.where:
                    for place in places:
                        self._hand_over(place, node)
        pointers = ", ".join(f"ptr noalias %{name}" for name in ARGUMENTS)
        head = f"define internal void @chunk{self.number}(i64 %blocks, {pointers}) noinline {{\nentry:"
        if not emitter.layout.rows:
            return "\n".join([head, *self._based(""), *self.lines, "  ret void", "}"])
        loop = [
            "  br label %loop",
            "loop:",
            "  %block = phi i64 [ 0, %entry ], [ %next, %loop ]",
            f"  %row = mul i64 %block, {emitter.shape.block}",
            f"  %slot = mul i64 %block, {emitter.slot_count}",
            *self._based("row"),
        ]
        end = [
            "  %next = add i64 %block, 1",
            "  %more = icmp ult i64 %next, %blocks",
            "  br i1 %more, label %loop, label %done",
            "done:",
            "  ret void",
            "}",
        ]
        return "\n".join([head, *loop, *self.lines, *end])

    def _based(self, row: str) -> list[str]:
        """Where the block's numbers begin."""
        emitter = self.emitter
        if not row:
            return [f"  %here.scratch = getelementptr {emitter.vector}, ptr %scratch, i64 0"]
        lines = [
            f"  %here.{name} = getelementptr {emitter.scalar}, ptr %{name}, i64 %row"
            for name in ("columns", "outputs", "masks")
        ]
        lines.append(f"  %here.scratch = getelementptr {emitter.vector}, ptr %scratch, i64 %slot")
        for unit in range(emitter.shape.units if self.masked else 0):
            lines += [
                f"  %mp{unit} = getelementptr {emitter.vector}, ptr %here.masks, i64 {unit}",
                f"  %mv{unit} = load {emitter.vector}, ptr %mp{unit}, align {emitter.align}",
                f"  %mask{unit} = fcmp une {emitter.vector} %mv{unit}, zeroinitializer",
            ]
        return lines

    def _words(self, node: Expression) -> list[str]:
        """The names of a node's vectors; computed before, a constant, loaded from an input or a slot."""
        if node.kind == "constant":
            return [self.emitter.functions.constant(node.value)]
        if node.kind == "input" and node in self.emitter.uniform:
            return [self._broadcast(node)]
        found = self.names.get(node)
        if found is None or self.position > self.until.get(node, self.position):
            found = self.names[node] = self._loaded(node)
            self.until[node] = self.position + NEAR
        return found

    def _broadcast(self, node: Expression) -> str:
        """A shared input in all lanes; loaded at each use, which costs no register in between."""
        emitter, tag = self.emitter, len(self.lines)
        place = int(node.value) - emitter.layout.columns
        self.lines += [
            f"  %a{tag} = getelementptr {emitter.scalar}, ptr %shared, i64 {place}",
            f"  %b{tag} = load {emitter.scalar}, ptr %a{tag}",
        ]
        self.lines += emitter.shape.broadcast(f"%b{tag}", f"%d{tag}")
        return f"%d{tag}"

    def _loaded(self, node: Expression) -> list[str]:
        emitter, names = self.emitter, []
        for unit in range(emitter.units_of(node)):
            tag = len(self.lines)
            if node.kind == "input":
                where = int(node.value) * emitter.shape.tile + unit * emitter.lanes
                self.lines.append(f"  %p{tag} = getelementptr {emitter.scalar}, ptr %here.columns, i64 {where}")
            else:
                self._slot(node, unit)
            kind = emitter.mask if node.kind in LOGIC else emitter.vector
            self.lines.append(f"  %l{tag} = load {kind}, ptr %p{tag}, align {emitter.align}")
            names.append(f"%l{tag}")
        return names

    def _slot(self, node: Expression, unit: int) -> None:
        where = self.emitter.slots[node] + unit
        tag = len(self.lines)
        self.lines.append(f"  %p{tag} = getelementptr {self.emitter.vector}, ptr %here.scratch, i64 {where}")

    def _compute(self, node: Expression) -> None:
        emitter = self.emitter
        operands = [self._words(operand) for operand in node.operands]
        names = self.names[node] = [f"%v{node.number}_{unit}" for unit in range(emitter.units_of(node))]
        for unit, name in enumerate(names):
            words = [word[unit if len(word) > 1 else 0] for word in operands]
            self.lines += self._instruction(node.kind, words, name)
            if node in emitter.slots:
                tag = len(self.lines)
                self._slot(node, unit)
                kind = emitter.mask if node.kind in LOGIC else emitter.vector
                self.lines.append(f"  store {kind} {name}, ptr %p{tag}, align {emitter.align}")

    def _instruction(self, kind: Any, words: list[str], out: str) -> list[str]:
        vector, mask = self.emitter.vector, self.emitter.mask
        if kind in BINARY:
            text = f"{BINARY[kind]} {vector} {words[0]}, {words[1]}"
        elif kind == "neg":
            text = f"fneg {vector} {words[0]}"
        elif kind in COMPARE:
            text = f"fcmp {COMPARE[kind]} {vector} {words[0]}, {words[1]}"
        elif kind in ("and", "or"):
            text = f"{kind} {mask} {words[0]}, {words[1]}"
        elif kind == "not":
            text = f"xor {mask} {words[0]}, {self.emitter.shape.everywhere('i1', 'true')}"
        elif kind == "select":
            text = f"select {mask} {words[0]}, {vector} {words[1]}, {vector} {words[2]}"
        else:
            return self.emitter.functions.written(kind, words, out)
        return [f"  {out} = {text}"]

    def _hand_over(self, place: int, node: Expression) -> None:
        """A result to where it is wanted: into its rows, or added to its sum."""
        emitter, layout = self.emitter, self.emitter.layout
        words = self._words(node)
        if node.kind in LOGIC:
            raise TypeError("a condition is no result")
        if place >= layout.outputs:
            self._add(place - layout.outputs, words)
            return
        for unit in range(emitter.shape.units):
            where = place * emitter.shape.tile + unit * emitter.lanes
            word = words[unit if len(words) > 1 else 0]
            self.lines += [
                f"  %o{place}_{unit} = getelementptr {emitter.scalar}, ptr %here.outputs, i64 {where}",
                f"  store {emitter.vector} {word}, ptr %o{place}_{unit}, align {emitter.align}",
            ]

    def _add(self, slot: int, words: list[str]) -> None:
        emitter = self.emitter
        vector, mask, align = emitter.vector, emitter.mask, emitter.align
        self.lines.append(f"  %s{slot} = getelementptr {vector}, ptr %sums, i64 {slot}")
        if not emitter.layout.rows:
            self.lines.append(f"  store {vector} {words[0]}, ptr %s{slot}, align {align}")
            return
        self.masked = True
        self.lines.append(f"  %t{slot} = load {vector}, ptr %s{slot}, align {align}")
        held = f"%t{slot}"
        for unit in range(emitter.shape.units):
            word = words[unit if len(words) > 1 else 0]
            self.lines += [
                f"  %f{slot}_{unit} = fadd contract {vector} {held}, {word}",
                f"  %g{slot}_{unit} = select {mask} %mask{unit}, {vector} %f{slot}_{unit}, {vector} {held}",
            ]
            held = f"%g{slot}_{unit}"
        self.lines.append(f"  store {vector} {held}, ptr %s{slot}, align {align}")
