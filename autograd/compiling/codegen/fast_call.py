"""A Python function in native code, from floats to a tuple of floats, without numpy and ctypes.

With numpy and ctypes, packing five numbers, calling a kernel and reading its results take ten times as
long as a small kernel itself. CPython calls a C function with an array of its arguments (METH_FASTCALL),
so one such function, the same for all kernels, reads the floats, runs the kernel and creates the results
with Python's C API. It holds the GIL all the time: two calls never share a workspace, and only short
kernels are called in this way.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from collections.abc import Callable
from struct import Struct
from typing import Any

import llvmlite.binding as llvm

from .native import Host, Native

_FIELDS = "arguments results shared totals workspace drive float_type none".split()
_POINTERS = _FIELDS[2:]
_FACTS = Struct(f"{len(_FIELDS)}q")
_API = "PyBytes_AsString PyFloat_AsDouble PyFloat_FromDouble PyTuple_New PyTuple_SetItem Py_IncRef Py_DecRef"
_FAST_CALL = 0x80
TYPE_AT = 8
"""The offset of an object's type, which follows its reference count."""

_LOADS = "\n".join(
    f"  %at.{name} = getelementptr i64, ptr %facts, i64 {k}\n"
    f"  %{name} = load {'ptr' if name in _POINTERS else 'i64'}, ptr %at.{name}"
    for k, name in enumerate(_FIELDS)
)
_SOURCE = f"""
declare ptr @PyBytes_AsString(ptr)
declare double @PyFloat_AsDouble(ptr)
declare ptr @PyFloat_FromDouble(double)
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)

define ptr @fast_call(ptr %self, ptr %items, i64 %given) {{
entry:
  %facts = call ptr @PyBytes_AsString(ptr %self)
{_LOADS}
  %right = icmp eq i64 %given, %arguments
  br i1 %right, label %begin, label %decline
begin: ; calls that may run other Python code, as the garbage collector does, precede the use of the workspace
  %tuple = call ptr @PyTuple_New(i64 %results)
  %made = icmp ne ptr %tuple, null
  br i1 %made, label %read, label %fail
read:
  %k = phi i64 [ 0, %begin ], [ %k.next, %number ]
  %item.at = getelementptr ptr, ptr %items, i64 %k
  %item = load ptr, ptr %item.at
  %type.at = getelementptr i8, ptr %item, i64 {TYPE_AT}
  %type = load ptr, ptr %type.at
  %is.float = icmp eq ptr %type, %float_type
  br i1 %is.float, label %number, label %drop
number:
  %x = call double @PyFloat_AsDouble(ptr %item)
  %x.at = getelementptr double, ptr %shared, i64 %k
  store double %x, ptr %x.at
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, %arguments
  br i1 %more, label %read, label %compute
compute:
  call void %drive(ptr %workspace)
  br label %write
write:
  %n = phi i64 [ 0, %compute ], [ %n.next, %put ]
  %y.at = getelementptr double, ptr %totals, i64 %n
  %y = load double, ptr %y.at
  %result = call ptr @PyFloat_FromDouble(double %y)
  %there = icmp ne ptr %result, null
  br i1 %there, label %put, label %undo
put:
  %status = call i32 @PyTuple_SetItem(ptr %tuple, i64 %n, ptr %result)
  %n.next = add i64 %n, 1
  %again = icmp ult i64 %n.next, %results
  br i1 %again, label %write, label %done
done:
  ret ptr %tuple
drop:
  call void @Py_DecRef(ptr %tuple)
  br label %decline
decline:
  call void @Py_IncRef(ptr %none)
  ret ptr %none
undo:
  call void @Py_DecRef(ptr %tuple)
  br label %fail
fail:
  ret ptr null
}}
"""


class _Definition(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def available() -> bool:
    """Return whether this is a 64-bit CPython with a GIL and the object layout that `fast_call` reads."""
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return False
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    return ctypes.c_void_p.from_address(id(1.5) + TYPE_AT).value == id(float)


def native_function(name: str, source: str, facts: bytes, machine: Host, kept: Any) -> Callable[..., Any]:
    """Return a Python function that is defined as `name`, a METH_FASTCALL function, in LLVM IR.

    Its `self` is `facts`. The code is compiled once in a process, or taken from the cache `kept`.
    """
    if (found := _DEFINITIONS.get((name, machine))) is None:
        for symbol in _API.split():
            llvm.add_symbol(symbol, ctypes.cast(getattr(ctypes.pythonapi, symbol), ctypes.c_void_p).value)
        native = Native(source, machine, kept=kept)
        made = _Definition(name.encode(), native.address(name), _FAST_CALL, None)
        found = _DEFINITIONS.setdefault((name, machine), (made, native))
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    function: Callable[..., Any] = new(("PyCFunction_NewEx", ctypes.pythonapi))(
        ctypes.addressof(found[0]), facts, None
    )
    return function


_DEFINITIONS: dict[tuple[str, Host], tuple[_Definition, Native]] = {}
"""The definitions, each with the code that it belongs to; they are never freed, as functions refer to them."""


def fast_call(
    arguments: int, results: int, workspace: Any, drive: Any, machine: Host, kept: Any = None
) -> Callable[..., tuple[float, ...] | None]:
    """Return a function of `arguments` floats that returns a tuple of `results` floats, or None.

    It runs the kernel `drive` in a workspace, which must not be used otherwise and must outlive the function.
    The function returns None for any other arguments.
    """
    facts = _FACTS.pack(
        arguments,
        results,
        workspace.shared.ctypes.data,
        workspace.totals.ctypes.data,
        workspace.address,
        ctypes.cast(drive, ctypes.c_void_p).value,
        id(float),
        id(None),
    )
    return native_function("fast_call", _SOURCE, facts, machine, kept)
