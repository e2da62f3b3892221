"""Layers and the gradients of their weights in LLVM IR: loops that keep a block of results in registers.

A block of a matrix product has some neurons and two SIMD vectors of rows; a block of an outer product
summed over the batch has some lefts and some rights. Blocks are as large as the registers allow, so that
each number that is loaded is used several times. Numbers are addressed by tables of places, relative to
the start of the tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from .simd import Shape

PARAMETERS = {
    "product": "i64 %groups, ptr %tile, ptr %inputs, i64 %count, ptr %weights, i64 %blocks, ptr %results",
    "outer": (
        "i64 %rows, ptr %tile, ptr %lefts, i64 %left.blocks, ptr %rights, i64 %right.blocks, ptr %masks, "
        "ptr %sums, ptr %table"
    ),
}


class Blocking(NamedTuple):
    """The maximum size of blocks: neurons of a product, lefts and rights of an outer product."""

    neurons: int
    lefts: int
    rights: int


def blocking(shape: Shape) -> Blocking:
    """Return the size of blocks for 32 registers of 64 bytes, or for 16 smaller ones.

    >>> blocking(Shape(8, 2, False, 256))
    Blocking(neurons=8, lefts=6, rights=4)
    """
    return Blocking(8, 6, 4) if shape.align == 64 else Blocking(6, 4, 3)


def blocks(count: int, most: int) -> list[tuple[int, int]]:
    """Split a count into blocks of nearly equal size; return each size and the number of its blocks.

    >>> blocks(16, 6), blocks(10, 6), blocks(3, 6)
    ([(6, 1), (5, 2)], [(5, 2)], [(3, 1)])
    """
    number = -(-count // most)
    sizes = [count // number + (k < count % number) for k in range(number)]
    return [(size, len(list(same))) for size, same in groupby(sizes)]


class _Writer:
    """Writes lines of IR for SIMD vectors of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.lines: list[str] = []

    def at(self, name: str, base: str, index: str, kind: str = "") -> None:
        """Write the address of an element."""
        self.lines.append(f"  {name} = getelementptr {kind or self.shape.scalar}, ptr {base}, i64 {index}")

    def place(self, name: str, table: str, index: str) -> None:
        """Write a load from a table of places."""
        self.at(f"{name}.at", table, index, "i32")
        self.lines += [f"  {name}.short = load i32, ptr {name}.at", f"  {name} = sext i32 {name}.short to i64"]

    def load(self, name: str, address: str) -> None:
        """Write the load of a vector."""
        self.lines.append(f"  {name} = load {self.shape.vector}, ptr {address}, align {self.shape.align}")

    def store(self, word: str, address: str) -> None:
        """Write the store of a vector."""
        self.lines.append(f"  store {self.shape.vector} {word}, ptr {address}, align {self.shape.align}")

    def everywhere(self, name: str, address: str) -> None:
        """Write the load of a number into all lanes."""
        self.lines.append(f"  {name}.number = load {self.shape.scalar}, ptr {address}")
        self.lines += self.shape.broadcast(f"{name}.number", name)

    def fused(self, name: str, x: str, y: str, z: str) -> None:
        """Write x * y + z, which may become a fused multiply-add."""
        self.lines += self.shape.fused((x, y, z), name)

    def write(self, text: str) -> None:
        """Write lines unchanged."""
        self.lines.append(text)


def product(shape: Shape, neurons: int, times: int = 1) -> str:
    """Return the function `productNxT` for blocks of N neurons, whose biases and weights are packed.

    It computes T blocks of rows at once, of which there may be none.
    """
    w, vector, units = _Writer(shape), shape.vector, shape.units * times
    cells = [(n, u) for n in range(neurons) for u in range(units)]
    w.write(
        f"""define internal void @product{neurons}x{times}({PARAMETERS["product"]}) noinline {{
entry:
  %some = icmp ne i64 %groups, 0
  br i1 %some, label %group, label %done
group:
  %g = phi i64 [ 0, %entry ], [ %g.next, %group.done ]
  %row = mul i64 %g, {shape.block * times}"""
    )
    w.at("%here", "%tile", "%row")
    w.write(
        """  br label %block
block:
  %b = phi i64 [ 0, %group ], [ %b.next, %store ]
  %own = phi ptr [ %weights, %group ], [ %after, %store ]"""
    )
    for n in range(neurons):
        w.at(f"%bias{n}.at", "%own", str(n))
        w.everywhere(f"%bias{n}", f"%bias{n}.at")
    w.at("%first", "%own", str(neurons))
    w.write("  br label %loop\nloop:\n  %c = phi i64 [ 0, %block ], [ %c.next, %loop ]")
    w.write("  %at = phi ptr [ %first, %block ], [ %after, %loop ]")
    for n, u in cells:
        w.write(f"  %sum{n}.{u} = phi {vector} [ %bias{n}, %block ], [ %new{n}.{u}, %loop ]")
    w.place("%place", "%inputs", "%c")
    w.at("%x.at", "%here", "%place")
    for u in range(units):
        w.at(f"%x{u}.at", "%x.at", str(u * shape.lanes))
        w.load(f"%x{u}", f"%x{u}.at")
    for n in range(neurons):
        w.at(f"%w{n}.at", "%at", str(n))
        w.everywhere(f"%w{n}", f"%w{n}.at")
        for u in range(units):
            w.fused(f"%new{n}.{u}", f"%w{n}", f"%x{u}", f"%sum{n}.{u}")
    w.at("%after", "%at", str(neurons))
    w.write(
        f"""  %c.next = add i64 %c, 1
  %c.more = icmp ult i64 %c.next, %count
  br i1 %c.more, label %loop, label %store
store:
  %first.result = mul i64 %b, {neurons}"""
    )
    w.at("%targets", "%results", "%first.result", "i32")
    for n in range(neurons):
        w.place(f"%target{n}", "%targets", str(n))
        w.at(f"%y{n}", "%here", f"%target{n}")
        for u in range(units):
            w.at(f"%y{n}.{u}", f"%y{n}", str(u * shape.lanes))
            w.store(f"%new{n}.{u}", f"%y{n}.{u}")
    w.write(
        """  %b.next = add i64 %b, 1
  %b.more = icmp ult i64 %b.next, %blocks
  br i1 %b.more, label %block, label %group.done
group.done:
  %g.next = add i64 %g, 1
  %g.more = icmp ult i64 %g.next, %groups
  br i1 %g.more, label %group, label %done
done:
  ret void
}"""
    )
    return "\n".join(w.lines)


def outer(shape: Shape, lefts: int, rights: int) -> str:
    """Return the function `outerNxM`: the outer product of N and M numbers, summed over a tile of rows.

    Padding rows in the last SIMD vector count as 0.
    """
    w, vector = _Writer(shape), shape.vector
    cells = [(n, m) for n in range(lefts) for m in range(rights)]
    sides = [f"l{n}" for n in range(lefts)] + [f"r{m}" for m in range(rights)]
    w.write(
        f"""define internal void @outer{lefts}x{rights}({PARAMETERS["outer"]}) noinline {{
entry:
  %whole = udiv i64 %rows, {shape.lanes}
  %full = mul i64 %whole, {shape.lanes}
  %some = icmp ne i64 %whole, 0
  %partial = icmp ne i64 %full, %rows
  br label %left
left:
  %a = phi i64 [ 0, %entry ], [ %a.next, %left.done ]
  %left.table = phi ptr [ %table, %entry ], [ %table.next, %left.done ]
  %a.first = mul i64 %a, {lefts}"""
    )
    w.at("%own.lefts", "%lefts", "%a.first", "i32")
    for n in range(lefts):
        w.place(f"%l{n}.place", "%own.lefts", str(n))
        w.at(f"%l{n}.base", "%tile", f"%l{n}.place")
    w.write(
        f"""  br label %right
right:
  %b = phi i64 [ 0, %left ], [ %b.next, %right.done ]
  %own = phi ptr [ %left.table, %left ], [ %table.next, %right.done ]
  %b.first = mul i64 %b, {rights}"""
    )
    w.at("%own.rights", "%rights", "%b.first", "i32")
    for m in range(rights):
        w.place(f"%r{m}.place", "%own.rights", str(m))
        w.at(f"%r{m}.base", "%tile", f"%r{m}.place")
    for k, (n, m) in enumerate(cells):
        w.place(f"%s{n}.{m}.place", "%own", str(k))
        w.at(f"%s{n}.{m}.at", "%sums", f"%s{n}.{m}.place")
        w.load(f"%s{n}.{m}", f"%s{n}.{m}.at")
    w.write("  br i1 %some, label %loop, label %loop.done\nloop:")
    w.write("  %i = phi i64 [ 0, %right ], [ %i.next, %loop ]")
    for n, m in cells:
        w.write(f"  %t{n}.{m} = phi {vector} [ %s{n}.{m}, %right ], [ %u{n}.{m}, %loop ]")
    for side in sides:
        w.at(f"%{side}.at", f"%{side}.base", "%i")
        w.load(f"%{side}", f"%{side}.at")
    for n, m in cells:
        w.fused(f"%u{n}.{m}", f"%l{n}", f"%r{m}", f"%t{n}.{m}")
    w.write(f"  %i.next = add i64 %i, {shape.lanes}\n  %i.more = icmp ult i64 %i.next, %full")
    w.write("  br i1 %i.more, label %loop, label %loop.done\nloop.done:")
    for n, m in cells:
        w.write(f"  %v{n}.{m} = phi {vector} [ %s{n}.{m}, %right ], [ %u{n}.{m}, %loop ]")
    w.write("  br i1 %partial, label %rest, label %right.done\nrest:")
    w.at("%mask.at", "%masks", "%full")
    w.load("%mask.numbers", "%mask.at")
    w.write(f"  %mask = fcmp une {vector} %mask.numbers, zeroinitializer")
    for side in sides:
        w.at(f"%{side}.last.at", f"%{side}.base", "%full")
        w.load(f"%{side}.all", f"%{side}.last.at")
        w.write(f"  %{side}.last = select {shape.mask} %mask, {vector} %{side}.all, {vector} zeroinitializer")
    for n, m in cells:
        w.fused(f"%x{n}.{m}", f"%l{n}.last", f"%r{m}.last", f"%v{n}.{m}")
    w.write("  br label %right.done\nright.done:")
    for n, m in cells:
        w.write(f"  %y{n}.{m} = phi {vector} [ %v{n}.{m}, %loop.done ], [ %x{n}.{m}, %rest ]")
    for k, (n, m) in enumerate(cells):  # the addresses again: kept during the loop, they would be spilled
        w.place(f"%z{n}.{m}.place", "%own", str(k))
        w.at(f"%z{n}.{m}.at", "%sums", f"%z{n}.{m}.place")
        w.store(f"%y{n}.{m}", f"%z{n}.{m}.at")
    w.at("%table.next", "%own", str(len(cells)), "i32")
    w.write(
        """  %b.next = add i64 %b, 1
  %b.more = icmp ult i64 %b.next, %right.blocks
  br i1 %b.more, label %right, label %left.done
left.done:
  %a.next = add i64 %a, 1
  %a.more = icmp ult i64 %a.next, %left.blocks
  br i1 %a.more, label %left, label %done
done:
  ret void
}"""
    )
    return "\n".join(w.lines)


def table(name: str, places: Sequence[int]) -> str:
    """Return a table of places as a constant.

    >>> table("places", [0, 256])
    '@places = internal constant [2 x i32] [i32 0, i32 256]'
    """
    numbers = ", ".join(f"i32 {place}" for place in places)
    return f"@{name} = internal constant [{len(places)} x i32] [{numbers}]"
