"""From LLVM IR to native code in memory: the host's processor, its vector width, its mathematics."""

from __future__ import annotations

import ctypes
import time
from contextlib import suppress
from functools import cache
from threading import RLock
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from ...locks import waited_for
from .driver import driver
from .mathematics import LIBRARY, TWO
from .simd import Shape

_LOCK = waited_for(RLock(), level=1)
"""Held while LLVM compiles."""
with suppress(AttributeError):  # llvmlite's own lock, which it also takes where code is freed
    waited_for(llvm.ffi.lib._lock._lock, level=2)
_LIBRARY = "libmvec.so.1"
_LETTERS = {16: "b", 32: "d", 64: "e"}
"""The letter of a vector's width in bytes, in the names of the vector functions."""


class Host(NamedTuple):
    """A machine that code is made for."""

    processor: str
    features: str
    width: int
    """The bytes of a vector register."""
    vector_functions: bool = True
    """Whether to look for a library of vector mathematics."""

    def lanes(self, single: bool) -> int:
        """Numbers in one register."""
        return self.width // (4 if single else 8)


@cache
def host() -> Host:
    """This machine."""
    with _LOCK:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    found = llvm.get_host_cpu_features()
    width = 64 if found.get("avx512f") else 32 if found.get("avx2") else 16
    return Host(llvm.get_host_cpu_name(), found.flatten(), width)


BASELINE = Host("x86-64", "", 16, vector_functions=False)
"""A machine without AVX and without vector mathematics."""


@cache
def vector_library(machine: Host, single: bool) -> dict[str, str]:
    """The vector functions of glibc's libmvec, by name; none where it has none of that width."""
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
    """Code that stays in memory as long as this object does."""

    def __init__(
        self, text: str, machine: Host, level: int = 2, passes: bool = False, kept: Any = None
    ) -> None:
        """`kept`, if given, has `get(key)` and `put(key, code)` for code compiled before."""
        started = time.perf_counter()
        with _LOCK:
            host()
            self.machine: Host = machine
            self.level: int = level
            self.passes: bool = passes
            self._text = text
            self._engine = self._compiled(kept)
        self.seconds: float = time.perf_counter() - started

    def _target(self) -> Any:
        machine = self.machine
        return llvm.Target.from_default_triple().create_target_machine(
            cpu=machine.processor, features=machine.features, opt=self.level
        )

    def _module(self, target: Any) -> Any:
        module = llvm.parse_assembly(self._text)
        module.verify()
        if self.passes:
            options = llvm.create_pipeline_tuning_options(speed_level=2)
            options.slp_vectorization = True
            builder = llvm.create_pass_builder(target, options)
            builder.getModulePassManager().run(module, builder)
        return module

    def _compiled(self, kept: Any) -> Any:
        target, machine = self._target(), self.machine
        key = f"{machine.processor}\n{machine.features}\n{self.level} {self.passes}\n{self._text}"
        code = kept.get(key) if kept is not None else None
        self.kept: bool = code is not None
        """Whether the code had been compiled before."""
        if code is None:
            code = target.emit_object(self._module(target))
            if kept is not None:
                kept.put(key, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return engine

    def address(self, name: str) -> int:
        """Where a function is."""
        return int(self._engine.get_function_address(name))

    def ir(self) -> str:
        """The LLVM IR."""
        with _LOCK:
            return str(self._module(self._target())) if self.passes else self._text

    def assembly(self) -> str:
        """The processor's instructions."""
        with _LOCK:
            target = self._target()
            return str(target.emit_assembly(self._module(target)))


@cache
def drivers(shape: Shape, machine: Host) -> tuple[Any, Any]:
    """The functions that drive kernels of a shape: over rows, and at a single point."""
    native = Native(driver(shape), machine, passes=True)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    both = kind(native.address("drive")), kind(native.address("drive_single"))
    _KEPT.append(native)
    return both


_KEPT: list[Native] = []
