"""What a kernel takes and gives, and how many rows it computes at a time."""

from __future__ import annotations

from typing import NamedTuple


class Layout(NamedTuple):
    """What a kernel takes and gives, by place."""

    columns: int
    """Inputs with a number for each row come first."""
    shared: int
    """Then inputs that all rows share."""
    outputs: int
    """Results with a number for each row."""
    sums: int
    """Results that are added up over the rows; without columns, results as they are."""

    @property
    def rows(self) -> bool:
        """Whether there are rows at all."""
        return self.columns > 0


class Shape(NamedTuple):
    """How many rows are computed by one instruction, and by one run through the code."""

    lanes: int
    units: int
    """So many vectors side by side share what is loaded for all rows."""
    single: bool
    """float32 instead of float64."""
    tile: int
    """Rows that are in memory at once: all of them pass before a product is summed over the rows."""
    part: int = 0
    """Rows of a tile that go through one function before they go through the next; 0 for the whole tile."""

    @property
    def stride(self) -> int:
        """Numbers from one column of a tile to the next.

        A cache line more than the rows: columns a power of two apart would share a few sets of the cache.
        """
        return self.tile + 64 // (4 if self.single else 8) if self.tile > 1 else 1

    @property
    def block(self) -> int:
        """The rows of one run through the code."""
        return self.lanes * self.units

    @property
    def scalar(self) -> str:
        """LLVM's name of the type of one number."""
        return "float" if self.single else "double"

    @property
    def align(self) -> int:
        """The bytes of a vector."""
        return self.lanes * (4 if self.single else 8)

    @property
    def suffix(self) -> str:
        """What LLVM's intrinsics for such vectors end in."""
        width = "f32" if self.single else "f64"
        return width if self.lanes == 1 else f"v{self.lanes}{width}"

    @property
    def vector(self) -> str:
        """LLVM's name of the type of a vector; of one lane, of a number."""
        return self.of(self.scalar)

    @property
    def mask(self) -> str:
        """LLVM's name of the type of a condition."""
        return self.of("i1")

    def of(self, kind: str) -> str:
        """LLVM's name of a vector of that type."""
        return kind if self.lanes == 1 else f"<{self.lanes} x {kind}>"

    def everywhere(self, kind: str, text: str) -> str:
        """A constant in all lanes."""
        return text if self.lanes == 1 else f"<{', '.join([f'{kind} {text}'] * self.lanes)}>"

    def broadcast(self, word: str, name: str) -> list[str]:
        """The lines that put a number into all lanes."""
        if self.lanes == 1:
            return [f"  {name} = bitcast {self.scalar} {word} to {self.scalar}"]
        return [
            f"  {name}.one = insertelement {self.vector} poison, {self.scalar} {word}, i32 0",
            f"  {name} = shufflevector {self.vector} {name}.one, {self.vector} poison, "
            f"<{self.lanes} x i32> zeroinitializer",
        ]
