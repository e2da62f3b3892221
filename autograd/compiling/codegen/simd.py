"""The layout of a kernel's inputs and outputs, and the shape of its SIMD code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Layout(NamedTuple):
    """The numbers of inputs and outputs of a kernel."""

    columns: int
    """The number of batched inputs, which come first."""
    shared: int
    """The number of unbatched inputs, which follow."""
    outputs: int
    """The number of batched outputs."""
    sums: int
    """The number of outputs that are summed over the batch; without columns, of all outputs."""

    @property
    def rows(self) -> bool:
        """Whether the kernel is batched."""
        return self.columns > 0


class Shape(NamedTuple):
    """The number of rows computed by one instruction, by one block of code, and in one tile."""

    lanes: int
    units: int
    """The number of SIMD vectors in a block, which share the unbatched numbers that are loaded."""
    single: bool
    """Whether it is float32 instead of float64."""
    tile: int
    """The number of rows in a tile, which is in memory at once."""
    part: int = 0
    """The number of rows of a tile that pass through all functions together; 0 for the whole tile."""

    @property
    def stride(self) -> int:
        """The distance between columns of a tile, in numbers.

        It is the number of rows plus a cache line: columns a power of two apart would share cache sets.
        """
        return self.tile + 64 // (4 if self.single else 8) if self.tile > 1 else 1

    @property
    def block(self) -> int:
        """The number of rows of one block of code."""
        return self.lanes * self.units

    @property
    def scalar(self) -> str:
        """The LLVM type of a number."""
        return "float" if self.single else "double"

    @property
    def align(self) -> int:
        """The size of a SIMD vector in bytes."""
        return self.lanes * (4 if self.single else 8)

    @property
    def suffix(self) -> str:
        """The suffix of LLVM intrinsics for this vector type."""
        width = "f32" if self.single else "f64"
        return width if self.lanes == 1 else f"v{self.lanes}{width}"

    @property
    def vector(self) -> str:
        """The LLVM type of a SIMD vector; for one lane, of a number."""
        return self.of(self.scalar)

    @property
    def mask(self) -> str:
        """The LLVM type of a condition."""
        return self.of("i1")

    def of(self, kind: str) -> str:
        """Return the LLVM type of a vector of another element type."""
        return kind if self.lanes == 1 else f"<{self.lanes} x {kind}>"

    def everywhere(self, kind: str, text: str) -> str:
        """Return a constant in all lanes."""
        return text if self.lanes == 1 else f"<{', '.join([f'{kind} {text}'] * self.lanes)}>"

    def broadcast(self, word: str, name: str) -> list[str]:
        """Return the lines that broadcast a number to all lanes."""
        if self.lanes == 1:
            return [f"  {name} = bitcast {self.scalar} {word} to {self.scalar}"]
        return [
            f"  {name}.one = insertelement {self.vector} poison, {self.scalar} {word}, i32 0",
            f"  {name} = shufflevector {self.vector} {name}.one, {self.vector} poison, "
            f"<{self.lanes} x i32> zeroinitializer",
        ]

    def fused(self, words: Sequence[str], name: str) -> list[str]:
        """Return the lines for x * y + z, which may become a fused multiply-add.

        >>> Shape(1, 1, single=False, tile=1).fused(["%x", "%y", "%z"], "%r")[1]
        '  %r = fadd contract double %z, %r.product'
        """
        return [
            f"  {name}.product = fmul contract {self.vector} {words[0]}, {words[1]}",
            f"  {name} = fadd contract {self.vector} {words[2]}, {name}.product",
        ]
