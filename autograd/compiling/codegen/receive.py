"""Receive numpy arrays in native code: check their form, copy the shared ones, note where the others are.

With numpy and ctypes this takes as long as a small network with a batch of a hundred rows itself. The
function reads the fields of numpy's array objects, whose layout is part of numpy's binary interface.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from struct import pack
from typing import Any, NamedTuple

import numpy as np

from . import fast_call
from .native import Host

_FIELDS = "count rows float_type array_type dtype yes no".split()
_POINTERS = _FIELDS[1:]
_DATA, _AXES, _DIMENSIONS, _STRIDES, _DTYPE, _FLAGS = 16, 24, 32, 40, 56, 64
"""The offsets of an array's fields."""
_CONTIGUOUS, _ALIGNED = 0x1, 0x100
_RECORD = 4
"""The number of words before the shape in the record of an argument."""


def _field(name: str, kind: str, offset: int) -> str:
    return f"  %{name}.at = getelementptr i8, ptr %item, i64 {offset}\n  %{name} = load {kind}, ptr %{name}.at"


_LOADS = "\n".join(
    f"  %at.{name} = getelementptr i64, ptr %facts, i64 {k}\n"
    f"  %{name} = load {'ptr' if name in _POINTERS else 'i64'}, ptr %at.{name}"
    for k, name in enumerate(_FIELDS)
)
_SOURCE = f"""
declare ptr @PyBytes_AsString(ptr)
declare double @PyFloat_AsDouble(ptr)
declare void @Py_IncRef(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define ptr @receive(ptr %self, ptr %items, i64 %given) {{
entry:
  %facts = call ptr @PyBytes_AsString(ptr %self)
{_LOADS}
  %first.record = getelementptr i64, ptr %facts, i64 {len(_FIELDS)}
  %right = icmp eq i64 %given, %count
  br i1 %right, label %argument, label %decline
argument:
  %k = phi i64 [ 0, %entry ], [ %k.next, %taken ]
  %n = phi i64 [ -1, %entry ], [ %n.next, %taken ]
  %record = phi ptr [ %first.record, %entry ], [ %record.next, %taken ]
  %batched = load i64, ptr %record
  %axes.at = getelementptr i64, ptr %record, i64 1
  %axes = load i64, ptr %axes.at
  %size.at = getelementptr i64, ptr %record, i64 2
  %size = load i64, ptr %size.at
  %to.at = getelementptr i64, ptr %record, i64 3
  %to = load ptr, ptr %to.at
  %shape = getelementptr i64, ptr %record, i64 {_RECORD}
  %item.at = getelementptr ptr, ptr %items, i64 %k
  %item = load ptr, ptr %item.at
{_field("type", "ptr", fast_call.TYPE_AT)}
  %is.array = icmp eq ptr %type, %array_type
  br i1 %is.array, label %array, label %other
other:
  %is.float = icmp eq ptr %type, %float_type
  %all = or i64 %axes, %batched
  %one = icmp eq i64 %all, 0
  %is.number = and i1 %is.float, %one
  br i1 %is.number, label %number, label %decline
number:
  %x = call double @PyFloat_AsDouble(ptr %item)
  store double %x, ptr %to
  br label %taken
array:
{_field("own.dtype", "ptr", _DTYPE)}
{_field("own.axes", "i32", _AXES)}
{_field("flags", "i32", _FLAGS)}
{_field("dimensions", "ptr", _DIMENSIONS)}
{_field("strides", "ptr", _STRIDES)}
{_field("data", "ptr", _DATA)}
  %same.dtype = icmp eq ptr %own.dtype, %dtype
  %wide.axes = sext i32 %own.axes to i64
  %all.axes = add i64 %axes, %batched
  %same.axes = icmp eq i64 %wide.axes, %all.axes
  %alike = and i1 %same.dtype, %same.axes
  %column = icmp ult i64 %axes, %batched
  %needed = select i1 %column, i32 {_ALIGNED}, i32 {_ALIGNED | _CONTIGUOUS}
  %some.flags = and i32 %flags, %needed
  %has.flags = icmp eq i32 %some.flags, %needed
  %good = and i1 %alike, %has.flags
  %own.shape = getelementptr i64, ptr %dimensions, i64 %batched
  br i1 %good, label %axis, label %decline
axis:
  %a = phi i64 [ 0, %array ], [ %a.next, %length ]
  %a.more = icmp ult i64 %a, %axes
  br i1 %a.more, label %length, label %fits
length:
  %expected.at = getelementptr i64, ptr %shape, i64 %a
  %expected = load i64, ptr %expected.at
  %found.at = getelementptr i64, ptr %own.shape, i64 %a
  %found = load i64, ptr %found.at
  %a.next = add i64 %a, 1
  %same.length = icmp eq i64 %expected, %found
  br i1 %same.length, label %axis, label %decline
fits:
  %is.shared = icmp eq i64 %batched, 0
  br i1 %is.shared, label %copy, label %count.rows
copy:
  %bytes = shl i64 %size, 3
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %data, i64 %bytes, i1 false)
  br label %taken
count.rows:
  %own.rows = load i64, ptr %dimensions
  %stride = load i64, ptr %strides
  %is.first = icmp eq i64 %n, -1
  %same.rows = icmp eq i64 %n, %own.rows
  %agrees = or i1 %is.first, %same.rows
  br i1 %agrees, label %place, label %decline
place:
  %c = phi i64 [ 0, %count.rows ], [ %c.next, %placed ]
  %c.more = icmp ult i64 %c, %size
  br i1 %c.more, label %placed, label %taken
placed:
  %address = getelementptr double, ptr %data, i64 %c
  %pair = getelementptr [2 x i64], ptr %to, i64 %c
  %pair.stride = getelementptr i64, ptr %pair, i64 1
  store ptr %address, ptr %pair
  store i64 %stride, ptr %pair.stride
  %c.next = add i64 %c, 1
  br label %place
taken:
  %n.next = phi i64 [ %n, %number ], [ %n, %copy ], [ %own.rows, %place ]
  %k.next = add i64 %k, 1
  %length.record = add i64 %axes, {_RECORD}
  %record.next = getelementptr i64, ptr %record, i64 %length.record
  %more = icmp ult i64 %k.next, %count
  br i1 %more, label %argument, label %done
done:
  store i64 %n.next, ptr %rows
  call void @Py_IncRef(ptr %yes)
  ret ptr %yes
decline:
  call void @Py_IncRef(ptr %no)
  ret ptr %no
}}
"""


class Received(NamedTuple):
    """The form of an array or float that is received, and where it goes."""

    batched: bool
    """Whether it has a leading axis of rows: then the addresses of its columns are noted."""
    shape: tuple[int, ...]
    size: int
    to: int
    """The address of its numbers; if it is batched, of pairs of an address and a stride."""


@cache
def available() -> bool:
    """Return whether arrays have the layout that `receive` reads."""
    if not fast_call.available():
        return False
    array = np.zeros((2, 3))[:, :2]

    def word(address: int, kind: Any = ctypes.c_int64) -> int:
        return int(kind.from_address(address).value)

    at = id(array)
    flags = word(at + _FLAGS, ctypes.c_int32) & (_CONTIGUOUS | _ALIGNED)
    found = word(at + _DATA), word(at + _DTYPE), word(at + _AXES, ctypes.c_int32), flags
    if found != (array.ctypes.data, id(array.dtype), 2, _ALIGNED):
        return False
    tables = word(at + _DIMENSIONS), word(at + _STRIDES)
    return [word(table + 8 * k) for table in tables for k in (0, 1)] == [*array.shape, *array.strides]


def receiver(items: Sequence[Received], rows: int, machine: Host, kept: Any = None) -> Callable[..., bool]:
    """Return a function of arrays and floats, which returns whether it has received them.

    They must be float64, contiguous (a single column may have any stride), and their batched ones must
    agree in the number of rows, which is stored at the address `rows`.
    """
    facts = [len(items), rows, id(float), id(np.ndarray), id(np.dtype(np.float64)), id(True), id(False)]
    for item in items:
        facts += [item.batched, len(item.shape), item.size, item.to, *item.shape]
    return fast_call.native_function("receive", _SOURCE, pack(f"{len(facts)}q", *facts), machine, kept)
