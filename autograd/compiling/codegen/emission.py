"""Emit the LLVM IR of a kernel's stages, in functions of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from ..expressions.pool import Expression
from .chunks import ARGUMENTS, TAKEN, Code, Setting
from .mathematics import INLINE, OFTEN, Functions
from .matrices import blocking, blocks, outer, product, table
from .memory import Memory
from .simd import Shape
from .stages import CHUNK, Chunk, Outer, Product, Program, Stage

PACKED_TOGETHER = 4
"""The number of weights that are packed in one step of a loop."""


class Emitted(NamedTuple):
    """The IR of a kernel's functions `prepare` and `body`."""

    text: str
    functions: tuple[str, ...]
    """The math functions that it calls."""
    packed: int
    """The number of weights that `prepare` packs after the shared inputs and the constants."""


def emit(program: Program, memory: Memory, shape: Shape, vector_functions: Mapping[str, str]) -> Emitted:
    """Return the IR of `prepare`, called once, and of `body`, which computes a tile of rows.

    Columns, outputs, scratch and masks are parts of a tile, which is stored column by column. The mask is
    1 for rows of the batch and 0 for padding in the last block. There is a SIMD vector for each sum.
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
        self.setting = Setting(program, memory, shape, self.functions)
        self.pack: list[int | None] = []
        """The places of the weights of all layers, in the order of use; None for the bias 0."""
        self.tables: dict[tuple[int, ...], str] = {}
        self.kernels: dict[str, str] = {}
        """The functions for matrix products."""

    def emitted(self) -> Emitted:
        chunks: list[str] = []
        calls: list[str] = []
        sums: list[str] = []
        for number, stage in enumerate(self.program.stages):
            if isinstance(stage, Chunk):
                chunks.append(Code(self.setting, f"chunk{number}").text(stage.nodes))
                calls.append(f"  call void @chunk{number}({TAKEN})")
            elif isinstance(stage, Product):
                calls += self._product(stage)
            else:
                sums += self._outer(stage)
        later = [
            node
            for node in {**self.program.outputs, **self.setting.sums}
            if not isinstance(self._stage(node), Chunk)
        ]
        if later:
            chunks.append(Code(self.setting, "results").text([], later))
            calls.append(f"  call void @results({TAKEN})")
        prepare = self._prepare() if self.layout.rows else []
        parts = [
            *self.functions.declarations(),
            *(table(name, places) for places, name in self.tables.items()),
            *self.kernels.values(),
        ]
        text = "\n".join([*parts, *chunks, *prepare, *self._body(calls, sums)])
        return Emitted(text, tuple(sorted(self.functions.used)), self._packed)

    def _body(self, calls: list[str], sums: list[str]) -> list[str]:
        """Return the function `body`, which runs parts of a tile through all functions, then sums over it.

        Intermediate results of a part stay in the first-level cache, and a whole tile shares the loads and
        stores of each sum.
        """
        shape, moved = self.shape, ("columns", "outputs", "scratch", "masks")
        if not sums:
            return [f"define void @body({TAKEN}) {{", *calls, "  ret void", "}"]
        passed = TAKEN
        for name in moved:
            passed = passed.replace(f"%{name}", f"%here.{name}")
        most = shape.part // shape.block
        return [
            f"define internal void @part({TAKEN}) noinline {{",
            *calls,
            "  ret void",
            "}",
            f"define void @body({TAKEN}) {{",
            "entry:",
            "  br label %loop",
            "loop:",
            "  %first = phi i64 [ 0, %entry ], [ %after, %loop ]",
            f"  %row = mul i64 %first, {shape.block}",
            *(f"  %here.{name} = getelementptr {shape.scalar}, ptr %{name}, i64 %row" for name in moved),
            "  %left = sub i64 %blocks, %first",
            f"  %short = icmp ult i64 %left, {most}",
            f"  %here.blocks = select i1 %short, i64 %left, i64 {most}",
            f"  call void @part({passed.replace('%blocks', '%here.blocks')})",
            f"  %after = add i64 %first, {most}",
            "  %more = icmp ult i64 %after, %blocks",
            "  br i1 %more, label %loop, label %done",
            "done:",
            *sums,
            "  ret void",
            "}",
        ]

    def _stage(self, node: Expression) -> Stage | None:
        made = self.memory.made.get(node)
        return None if made is None else self.program.stages[made]

    def _table(self, places: Sequence[int]) -> str:
        """Return the name of a table of places; equal tables exist once."""
        return "@" + self.tables.setdefault(tuple(places), f"table{len(self.tables)}")

    def _places(self, nodes: Sequence[Expression | None]) -> list[int]:
        """Return the places of the first rows of columns."""
        columns = [self.memory.ones if node is None else self.memory.column(node) for node in nodes]
        return [column * self.shape.stride for column in columns]

    def _product(self, stage: Product) -> list[str]:
        """Return the calls that compute a layer, in blocks of neurons."""
        calls, start = [], 0
        inputs = self._table(self._places(stage.inputs))
        for size, count in blocks(len(stage.results), blocking(self.shape).neurons):
            targets = self._table(self._places(stage.results[start : start + size * count]))
            at = self.memory.packed + len(self.pack)
            for first in range(start, start + size * count, size):
                block = range(first, first + size)
                self.pack += [self._common(stage.biases[n]) for n in block]
                for column in zip(*(stage.weights[n] for n in block), strict=True):
                    self.pack += [self._common(weight) for weight in column]
            calls += self._blocks_of_rows(size, f"ptr {inputs}, i64 {len(stage.inputs)}", at, count, targets)
            start += size * count
        return calls

    def _blocks_of_rows(self, size: int, inputs: str, at: int, count: int, targets: str) -> list[str]:
        """Return the calls that compute neurons for all rows; few neurons for several blocks at once."""
        shape, tag = self.shape, f"%w{at}"
        times = max(1, min(blocking(shape).neurons // size, shape.part // shape.block, 4))
        for factor in (1, times):
            name = f"product{size}x{factor}"
            if name not in self.kernels:
                self.kernels[name] = product(shape, size, factor)
        given = f"{inputs}, ptr {tag}, i64 {count}, ptr {targets}"
        lines = [f"  {tag} = getelementptr {shape.scalar}, ptr %shared, i64 {at}"]
        if times == 1:
            return [*lines, f"  call void @product{size}x1(i64 %blocks, ptr %columns, {given})"]
        return [
            *lines,
            f"  {tag}.groups = udiv i64 %blocks, {times}",
            f"  call void @product{size}x{times}(i64 {tag}.groups, ptr %columns, {given})",
            f"  {tag}.left = urem i64 %blocks, {times}",
            f"  {tag}.rows = mul i64 {tag}.groups, {times * shape.block}",
            f"  {tag}.rest = getelementptr {shape.scalar}, ptr %columns, i64 {tag}.rows",
            f"  call void @product{size}x1(i64 {tag}.left, ptr {tag}.rest, {given})",
        ]

    def _common(self, node: Expression | None) -> int | None:
        return None if node is None else self.memory.common(node)

    def _outer(self, stage: Outer) -> list[str]:
        """Return the calls that sum outer products, in blocks of lefts and rights."""
        calls, top = [], 0
        limits = blocking(self.shape)
        for high, highs in blocks(len(stage.lefts), limits.lefts):
            lefts = self._table(self._places(stage.lefts[top : top + high * highs]))
            start = 0
            for wide, wides in blocks(len(stage.rights), limits.rights):
                if f"outer{high}x{wide}" not in self.kernels:
                    self.kernels[f"outer{high}x{wide}"] = outer(self.shape, high, wide)
                rights = self._table(self._places(stage.rights[start : start + wide * wides]))
                sums = self._table(
                    [
                        stage.sums[top + a * high + n][start + b * wide + m] * self.shape.lanes
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
        """Return `prepare`, which computes unbatched expressions and packs the weights in order of use."""
        shared = self.program.shared
        parts = [shared[k : k + CHUNK] for k in range(0, len(shared), CHUNK)]
        functions = [Code(self.setting, f"shared{k}", once=True).text(part) for k, part in enumerate(parts)]
        given = ", ".join(
            ["i64 0", "i64 0", *(f"ptr {'%shared' if name == 'shared' else 'null'}" for name in ARGUMENTS)]
        )
        lines = ["define void @prepare(ptr %shared) {", "entry:"]
        lines += [f"  call void @shared{k}({given})" for k in range(len(parts))]
        return [*functions, *lines, *(self._packing() if self.pack else []), "  ret void", "}"]

    def _packing(self) -> list[str]:
        """Return the lines of `prepare` that pack the weights, several in each step of a loop."""
        scalar, count = self.shape.scalar, self._packed
        zero = self.memory.packed + count  # the last number of the memory, which nothing writes
        places = [zero if place is None else place for place in self.pack]
        places += [zero] * (count - len(places))
        lines = [
            f"  %target = getelementptr {scalar}, ptr %shared, i64 {self.memory.packed}",
            "  br label %loop",
            "loop:",
            "  %k = phi i64 [ 0, %entry ], [ %next, %loop ]",
            f"  %at = getelementptr i32, ptr {self._table(places)}, i64 %k",
            f"  %to = getelementptr {scalar}, ptr %target, i64 %k",
        ]
        for k in range(PACKED_TOGETHER):
            lines += [
                f"  %at{k} = getelementptr i32, ptr %at, i64 {k}",
                f"  %short{k} = load i32, ptr %at{k}",
                f"  %place{k} = sext i32 %short{k} to i64",
                f"  %source{k} = getelementptr {scalar}, ptr %shared, i64 %place{k}",
                f"  %x{k} = load {scalar}, ptr %source{k}",
                f"  %to{k} = getelementptr {scalar}, ptr %to, i64 {k}",
                f"  store {scalar} %x{k}, ptr %to{k}",
            ]
        return [
            *lines,
            f"  %next = add i64 %k, {PACKED_TOGETHER}",
            f"  %more = icmp ult i64 %next, {count}",
            "  br i1 %more, label %loop, label %done",
            "done:",
        ]

    @property
    def _packed(self) -> int:
        """The number of packed weights, and of zeros behind them that fill the last step of the loop."""
        return -(-len(self.pack) // PACKED_TOGETHER) * PACKED_TOGETHER
