"""Loads of rows into columns and sums over lanes in LLVM IR, in squares of rows and columns."""

from __future__ import annotations

from .simd import Shape


def strided(shape: Shape) -> str:
    """Return the lines that load whole vectors of rows of a column with any stride into a tile."""
    lines = [
        "  br label %group",
        "group:",
        "  %g = phi i64 [ 0, %vectors ], [ %g.next, %group ]",
        "  %g.source = phi ptr [ %from, %vectors ], [ %g.after, %group ]",
    ]
    word, source = "poison", "%g.source"
    for lane in range(shape.lanes):
        lines.append(f"  %g.x{lane} = load {shape.scalar}, ptr {source}, align 1")
        if shape.lanes > 1:
            lines.append(
                f"  %g.v{lane} = insertelement {shape.vector} {word}, {shape.scalar} %g.x{lane}, i32 {lane}"
            )
            word = f"%g.v{lane}"
        else:
            word = "%g.x0"
        target = "%g.after" if lane == shape.lanes - 1 else f"%g.at{lane}"
        lines.append(f"  {target} = getelementptr i8, ptr {source}, i64 %stride")
        source = target
    lines += [
        f"  %g.to = getelementptr {shape.scalar}, ptr %to, i64 %g",
        f"  store {shape.vector} {word}, ptr %g.to, align {shape.align}",
        f"  %g.next = add i64 %g, {shape.lanes}",
        "  %g.more = icmp ult i64 %g.next, %n",
        "  br i1 %g.more, label %group, label %done",
    ]
    return "\n".join(lines)


def transposed(shape: Shape) -> str:
    """Return the function `transpose`, which loads as many adjacent columns as a vector has lanes.

    A square of rows and columns is loaded row by row and transposed.
    """
    lanes, vector = shape.lanes, shape.vector
    lines = [
        "define internal void @transpose(ptr %from, i64 %stride, ptr %to, i64 %n) {",
        "entry:",
        "  br label %loop",
        "loop:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]",
        "  %source = phi ptr [ %from, %entry ], [ %after, %loop ]",
    ]
    source = "%source"
    for row in range(lanes):
        lines.append(f"  %r{row} = load {vector}, ptr {source}, align 1")
        target = "%after" if row == lanes - 1 else f"%source{row}"
        lines.append(f"  {target} = getelementptr i8, ptr {source}, i64 %stride")
        source = target
    exchanged, words = _exchanged(shape, [f"%r{row}" for row in range(lanes)])
    lines += exchanged
    for column, word in enumerate(words):
        lines += [
            f"  %place{column} = add i64 %i, {column * shape.stride}",
            f"  %to{column} = getelementptr {shape.scalar}, ptr %to, i64 %place{column}",
            f"  store {vector} {word}, ptr %to{column}, align {shape.align}",
        ]
    lines += [
        f"  %next = add i64 %i, {lanes}",
        "  %more = icmp ult i64 %next, %n",
        "  br i1 %more, label %loop, label %done",
        "done:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


def _exchanged(shape: Shape, words: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines that transpose a square of numbers, and the vectors of its columns.

    The rows exchange halves, quarters, and so on, in log2(lanes) rounds of shuffles.
    """
    lanes, vector = shape.lanes, shape.vector
    lines: list[str] = []
    distance = lanes // 2
    while distance:
        exchanged = list(words)
        for k in range(lanes):
            if not k & distance:
                one, other = words[k], words[k + distance]
                low = [lane if not lane & distance else lanes + lane - distance for lane in range(lanes)]
                high = [lane + distance if not lane & distance else lanes + lane for lane in range(lanes)]
                for place, mask in ((k, low), (k + distance, high)):
                    name = exchanged[place] = f"%d{distance}.{place}"
                    picked = ", ".join(f"i32 {lane}" for lane in mask)
                    lines.append(
                        f"  {name} = shufflevector {vector} {one}, {vector} {other}, <{lanes} x i32> <{picked}>"
                    )
        words = exchanged
        distance //= 2
    return lines, words


def reduced(shape: Shape) -> str:
    """Return the lines that add up the lanes of as many sums as a vector has lanes, in the order of `added`."""
    lanes, vector = shape.lanes, shape.vector
    lines = []
    for row in range(lanes):
        lines += [
            f"  %g.place{row} = add i64 %g, {row}",
            f"  %g.from{row} = getelementptr {vector}, ptr %sum_vectors, i64 %g.place{row}",
            f"  %r{row} = load {vector}, ptr %g.from{row}, align {shape.align}",
        ]
    exchanged, columns = _exchanged(shape, [f"%r{row}" for row in range(lanes)])
    lines += exchanged
    total = shape.everywhere(shape.scalar, "0.0")
    for lane, column in enumerate(columns):
        lines.append(f"  %g.total{lane} = fadd {vector} {total}, {column}")
        total = f"%g.total{lane}"
    return "\n".join(
        [
            *lines,
            f"  %g.to = getelementptr {shape.scalar}, ptr %totals, i64 %g",
            f"  store {vector} {total}, ptr %g.to, align {shape.align}",
        ]
    )
