"""Compile LLVM IR to native code in memory; the host's processor, SIMD width and math library."""

from __future__ import annotations

import ctypes
import time
import weakref
from contextlib import suppress
from functools import cache
from threading import RLock
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from ...locks import uninterrupted, waited_for
from .driver import DRIVE_SINGLE, driver
from .mathematics import LIBRARY, TWO
from .simd import Shape

_LOCK = waited_for(RLock(), level=1)
"""Held while LLVM compiles."""
with suppress(AttributeError):  # llvmlite's own lock, which it also acquires to free code
    waited_for(llvm.ffi.lib._lock._lock, level=2)
_LIBRARY = "libmvec.so.1"
_LETTERS = {16: "b", 32: "d", 64: "e"}
"""The letter for a SIMD width in bytes in the names of vector functions."""


class Host(NamedTuple):
    """A machine to compile for.

    >>> BASELINE.lanes(single=False), BASELINE.lanes(single=True)
    (2, 4)
    """

    processor: str
    features: str
    width: int
    """The size of a SIMD register in bytes."""
    vector_functions: bool = True
    """Whether to use a vector math library, if there is one."""

    def lanes(self, single: bool) -> int:
        """Return the number of SIMD lanes, in float32 if `single`, else in float64."""
        return self.width // (4 if single else 8)


@cache
def host() -> Host:
    """Return the machine that this process runs on.

    >>> host().lanes(single=False) in (2, 4, 8)
    True
    """
    with _LOCK, uninterrupted():  # at some lines of llvmlite an exception frees an object twice
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    found = llvm.get_host_cpu_features()
    width = 64 if found.get("avx512f") else 32 if found.get("avx2") else 16
    return Host(llvm.get_host_cpu_name(), found.flatten(), width)


BASELINE = Host("x86-64", "", 16, vector_functions=False)
"""A machine without AVX and without a vector math library."""


@cache
def vector_library(machine: Host, single: bool) -> dict[str, str]:
    """Return the vector functions of glibc's libmvec by name; none if it is missing or has no such width."""
    if not machine.vector_functions or machine.width not in _LETTERS:
        return {}
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return {}
    llvm.load_library_permanently(_LIBRARY)
    prefix = f"_ZGV{_LETTERS[machine.width]}N{machine.lanes(single)}"
    suffix = "f" if single else ""
    symbols = {
        name: f"{prefix}{'vv' if name in TWO else 'v'}_{symbol}{suffix}" for name, symbol in LIBRARY.items()
    }
    return {name: symbol for name, symbol in symbols.items() if hasattr(library, symbol)}


class Native:
    """Native code, which stays in memory as long as this object."""

    def __init__(self, text: str, machine: Host, level: int = 2, kept: Any = None) -> None:
        """`kept`, if given, is a cache with `get(key)` and `put(key, code)`."""
        started = time.perf_counter()
        with _LOCK, uninterrupted():
            host()
            self.machine: Host = machine
            self.level: int = level
            self._text = text
            self._engine = self._compiled(kept)
        # Held from outside until this object dies: in a garbage cycle llvmlite's finalizer could else free the
        # code before the finalizer of another object calls it.
        weakref.finalize(self, _released, self._engine).atexit = False
        self.seconds: float = time.perf_counter() - started

    def _target(self) -> Any:
        machine = self.machine
        return llvm.Target.from_default_triple().create_target_machine(
            cpu=machine.processor, features=machine.features, opt=self.level
        )

    def _module(self) -> Any:
        module = llvm.parse_assembly(self._text)
        module.verify()
        return module

    def _compiled(self, kept: Any) -> Any:
        target, machine = self._target(), self.machine
        key = f"{machine.processor}\n{machine.features}\n{self.level}\n{self._text}"
        code = kept.get(key) if kept is not None else None
        self.kept: bool = code is not None
        """Whether the code comes from the cache."""
        if code is None:
            code = target.emit_object(self._module())
            if kept is not None:
                kept.put(key, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return engine

    def address(self, name: str) -> int:
        """Return the address of a function."""
        return int(self._engine.get_function_address(name))

    def ir(self) -> str:
        """Return the LLVM IR."""
        return self._text

    def assembly(self) -> str:
        """Return the assembly code."""
        with _LOCK, uninterrupted():
            return str(self._target().emit_assembly(self._module()))


def drive(rows: bool, shape: Shape, machine: Host, kept: Any = None) -> Any:
    """Return the function that runs kernels of a shape, over a batch with `rows`, else at a single point.

    It is compiled once in a process, or taken from the cache `kept`.
    """
    found = _DRIVERS.get((rows, shape, machine))
    if found is None:
        native = Native(driver(shape) if rows else DRIVE_SINGLE, machine, level=1, kept=kept)
        made = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(native.address("drive"))
        found = _DRIVERS.setdefault((rows, shape, machine), (made, native))
    return found[0]


_DRIVERS: dict[tuple[bool, Shape, Host], tuple[Any, Native]] = {}
"""The drivers, each with the code that it belongs to."""


def _released(engine: Any) -> None:
    """Drop the reference that kept an engine out of garbage cycles; its code is freed with its `Native`."""
