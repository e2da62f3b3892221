"""The loop around a kernel's body in LLVM IR: it loads tiles of rows, stores results and adds up sums."""

from __future__ import annotations

from .simd import Shape
from .transposes import reduced, strided, transposed

FIELDS = (
    "rows", "prepare", "body", "columns", "inputs", "shared", "outputs", "results", "sums", "totals",
    "in_tile", "out_tile", "sum_vectors", "scratch", "mask_tile", "tape",
)  # fmt: skip
"""The fields of a call, counts and addresses of 8 bytes each.

`inputs` and `results` point to pairs of an address and a stride in bytes, one for each column or output;
`totals` receives one number for each sum. The others are working memory, and the tape, if there is one.
"""


def _kind(name: str) -> str:
    return "i64" if name in ("rows", "columns", "outputs", "sums") else "ptr"


_LOADS = "\n".join(
    f"  %at.{name} = getelementptr i64, ptr %call, i64 {k}\n  %{name} = load {_kind(name)}, ptr %at.{name}"
    for k, name in enumerate(FIELDS)
)
DRIVE_SINGLE = f"""
define void @drive(ptr %call) {{
entry:
{_LOADS}
  call void %body(i64 1, i64 1, ptr null, ptr %shared, ptr null, ptr %totals, ptr %scratch, ptr null, ptr %tape)
  ret void
}}
"""
"""The IR of `drive(call)` for a single point, the same for all kernels."""


def driver(shape: Shape) -> str:
    """Return the IR of `drive(call)`, which runs all kernels of a shape over batches."""
    size = 4 if shape.single else 8
    given = "i64 %blocks, i64 %n, " + ", ".join(
        f"ptr %{name}" for name in "in_tile shared out_tile sum_vectors scratch mask_tile tape".split()
    )
    return f"""
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

define internal void @take(ptr %from, i64 %stride, ptr %to, i64 %n, i64 %padded) {{
entry:
  %whole = icmp eq i64 %n, %padded
  %dense = icmp eq i64 %stride, {size}
  %fast = and i1 %whole, %dense
  br i1 %fast, label %copy, label %check
copy:
  %bytes = mul i64 %n, {size}
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  ret void
check:
  br i1 %whole, label %vectors, label %scalars
vectors:
{strided(shape)}
scalars:
  %any = icmp ne i64 %n, 0
  br i1 %any, label %loop, label %done
loop:
  %i = phi i64 [ 0, %scalars ], [ %next, %loop ]
  %source = phi ptr [ %from, %scalars ], [ %source.next, %loop ]
  %x = load {shape.scalar}, ptr %source, align 1
  %target = getelementptr {shape.scalar}, ptr %to, i64 %i
  store {shape.scalar} %x, ptr %target
  %source.next = getelementptr i8, ptr %source, i64 %stride
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %fill
fill:
  %k = phi i64 [ %n, %loop ], [ %k.next, %filled ]
  %empty = icmp ult i64 %k, %padded
  br i1 %empty, label %filled, label %done
filled:
  %gap = getelementptr {shape.scalar}, ptr %to, i64 %k
  store {shape.scalar} %x, ptr %gap
  %k.next = add i64 %k, 1
  br label %fill
done:
  ret void
}}

{transposed(shape)}
define internal void @give(ptr %from, ptr %to, i64 %stride, i64 %n) {{
entry:
  %dense = icmp eq i64 %stride, {size}
  br i1 %dense, label %copy, label %loop
copy:
  %bytes = mul i64 %n, {size}
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  ret void
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %source = getelementptr {shape.scalar}, ptr %from, i64 %i
  %x = load {shape.scalar}, ptr %source
  %offset = mul i64 %i, %stride
  %target = getelementptr i8, ptr %to, i64 %offset
  store {shape.scalar} %x, ptr %target, align 1
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}}

define internal {shape.scalar} @added(ptr %from) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi {shape.scalar} [ 0.0, %entry ], [ %new, %loop ]
  %at = getelementptr {shape.scalar}, ptr %from, i64 %i
  %x = load {shape.scalar}, ptr %at
  %new = fadd {shape.scalar} %sum, %x
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, {shape.lanes}
  br i1 %more, label %loop, label %done
done:
  ret {shape.scalar} %new
}}

define void @drive(ptr %call) {{
entry:
{_LOADS}
  %sum.bytes = mul i64 %sums, {size * shape.lanes}
  call void @llvm.memset.p0.i64(ptr %sum_vectors, i8 0, i64 %sum.bytes, i1 false)
  %some = icmp ne i64 %rows, 0
  br i1 %some, label %begin, label %reduce
begin:
  call void %prepare(ptr %shared)
  br label %tile
tile:
  %first = phi i64 [ 0, %begin ], [ %after, %tile.done ]
  %left = sub i64 %rows, %first
  %short = icmp ult i64 %left, {shape.tile}
  %n = select i1 %short, i64 %left, i64 {shape.tile}
  %up = add i64 %n, {shape.block - 1}
  %blocks = udiv i64 %up, {shape.block}
  %padded = mul i64 %blocks, {shape.block}
  %new = icmp eq i64 %first, 0
  %remask = or i1 %new, %short
  br i1 %remask, label %mask, label %takes
mask:
  %m = phi i64 [ 0, %tile ], [ %m.next, %mask ]
  %counts = icmp ult i64 %m, %n
  %one = select i1 %counts, {shape.scalar} 1.0, {shape.scalar} 0.0
  %m.at = getelementptr {shape.scalar}, ptr %mask_tile, i64 %m
  store {shape.scalar} %one, ptr %m.at
  %m.next = add i64 %m, 1
  %m.more = icmp ult i64 %m.next, %padded
  br i1 %m.more, label %mask, label %takes
takes:
  %c = phi i64 [ 0, %tile ], [ 0, %mask ], [ %c.next, %alone ], [ %c.end, %together ]
  %c.more = icmp ult i64 %c, %columns
  br i1 %c.more, label %taken, label %compute
taken:
  %c.at = getelementptr [2 x i64], ptr %inputs, i64 %c
  %c.base = load ptr, ptr %c.at
  %c.at2 = getelementptr [2 x i64], ptr %inputs, i64 %c, i64 1
  %c.stride = load i64, ptr %c.at2
  %c.offset = mul i64 %c.stride, %first
  %c.from = getelementptr i8, ptr %c.base, i64 %c.offset
  %c.place = mul i64 %c, {shape.stride}
  %c.to = getelementptr {shape.scalar}, ptr %in_tile, i64 %c.place
  %c.end = add i64 %c, {shape.lanes}
  %c.fits = icmp ule i64 %c.end, %columns
  %c.even = icmp eq i64 %n, %padded
  %c.maybe = and i1 %c.fits, %c.even
  br i1 %c.maybe, label %neighbours, label %alone
neighbours:
  %k = phi i64 [ 1, %taken ], [ %k.next, %neighbour ]
  %k.more = icmp ult i64 %k, {shape.lanes}
  br i1 %k.more, label %neighbour, label %together
neighbour:
  %k.column = add i64 %c, %k
  %k.at = getelementptr [2 x i64], ptr %inputs, i64 %k.column
  %k.base = load i64, ptr %k.at
  %k.at2 = getelementptr [2 x i64], ptr %inputs, i64 %k.column, i64 1
  %k.stride = load i64, ptr %k.at2
  %k.bytes = mul i64 %k, {size}
  %c.number = ptrtoint ptr %c.base to i64
  %k.expected = add i64 %c.number, %k.bytes
  %k.beside = icmp eq i64 %k.base, %k.expected
  %k.alike = icmp eq i64 %k.stride, %c.stride
  %k.good = and i1 %k.beside, %k.alike
  %k.next = add i64 %k, 1
  br i1 %k.good, label %neighbours, label %alone
together:
  call void @transpose(ptr %c.from, i64 %c.stride, ptr %c.to, i64 %n)
  br label %takes
alone:
  call void @take(ptr %c.from, i64 %c.stride, ptr %c.to, i64 %n, i64 %padded)
  %c.next = add i64 %c, 1
  br label %takes
compute:
  call void %body({given})
  br label %gives
gives:
  %o = phi i64 [ 0, %compute ], [ %o.next, %given ]
  %o.more = icmp ult i64 %o, %outputs
  br i1 %o.more, label %given, label %tile.done
given:
  %o.at = getelementptr [2 x i64], ptr %results, i64 %o
  %o.base = load ptr, ptr %o.at
  %o.at2 = getelementptr [2 x i64], ptr %results, i64 %o, i64 1
  %o.stride = load i64, ptr %o.at2
  %o.offset = mul i64 %o.stride, %first
  %o.to = getelementptr i8, ptr %o.base, i64 %o.offset
  %o.place = mul i64 %o, {shape.stride}
  %o.from = getelementptr {shape.scalar}, ptr %out_tile, i64 %o.place
  call void @give(ptr %o.from, ptr %o.to, i64 %o.stride, i64 %n)
  %o.next = add i64 %o, 1
  br label %gives
tile.done:
  %after = add i64 %first, {shape.tile}
  %again = icmp ult i64 %after, %rows
  br i1 %again, label %tile, label %reduce
reduce:
  %together.sums = and i64 %sums, -{shape.lanes}
  br label %group
group:
  %g = phi i64 [ 0, %reduce ], [ %g.next, %grouped ]
  %g.more = icmp ult i64 %g, %together.sums
  br i1 %g.more, label %grouped, label %sum
grouped:
{reduced(shape)}
  %g.next = add i64 %g, {shape.lanes}
  br label %group
sum:
  %s = phi i64 [ %together.sums, %group ], [ %s.next, %summed ]
  %s.more = icmp ult i64 %s, %sums
  br i1 %s.more, label %summed, label %done
summed:
  %s.from = getelementptr {shape.vector}, ptr %sum_vectors, i64 %s
  %s.total = call {shape.scalar} @added(ptr %s.from)
  %s.to = getelementptr {shape.scalar}, ptr %totals, i64 %s
  store {shape.scalar} %s.total, ptr %s.to
  %s.next = add i64 %s, 1
  br label %sum
done:
  ret void
}}
"""
