"""A kernel: native code for some expressions, and its workspaces, which runs over batches."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from ..codegen.driver import FIELDS
from ..codegen.emission import emit
from ..codegen.interpreter import UNITS, interpreter
from ..codegen.mathematics import origin
from ..codegen.memory import Memory
from ..codegen.native import Host, Native, drive, vector_library
from ..codegen.simd import Layout, Shape
from ..codegen.stages import Chunk, Outer, Product, Program, staged
from ..codegen.tape import LIMIT, LIMIT_SINGLE, encode
from ..expressions.levels import below, lowered
from ..expressions.pool import Expression, Pool

Array = Any
ALIGNMENT = 64
UNITS_OF_LAYERS = 2
"""Number of SIMD vectors of rows for each weight that is loaded."""
_TILE = 256
"""Maximum number of rows in a tile: large tiles read and write the sums over the batch less often."""
_PART = 32
"""Number of rows that pass through all functions together, which keeps them in the first-level cache."""
_NEAR = 512 * 1024
"""Maximum size of a tile in bytes: that of a small second-level cache."""


class KernelInfo(NamedTuple):
    """A description of a kernel for `explain`."""

    instructions: int
    mathematics: dict[str, str]
    """The math functions, and the origin of the code of each."""
    tier: str
    shape: Shape
    machine: Host
    seconds: float


def aligned(count: int, dtype: Any) -> Array:
    """Return a zero-filled array that is aligned for SIMD loads.

    >>> aligned(3, np.float64)
    array([0., 0., 0.])
    """
    size = np.dtype(dtype).itemsize
    memory = np.zeros(count * size + ALIGNMENT, dtype=np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count * size].view(dtype)


def address(array: Array) -> int:
    """Return the address of an array's data, for most arrays five times as fast as `array.ctypes.data`."""
    if array.flags.carray and array.size:  # contiguous, and can be written to
        return ctypes.addressof(_BYTE(array))
    found: int = array.__array_interface__["data"][0]
    return found


_BYTE = ctypes.c_char.from_buffer


class Kernel:
    """Native code that computes some expressions, and how to call it.

    The roots are the outputs of each row, and then what is summed over the rows. It keeps nothing
    from call to call: each call has a workspace of its own.
    """

    def __init__(
        self, roots: Sequence[Expression], layout: Layout, machine: Host, single: bool = False, kept: Any = None
    ) -> None:
        started = time.perf_counter()
        self.layout, self.kept = layout, kept
        self.dtype: Any = np.dtype(np.float32 if single else np.float64)
        library = vector_library(machine, single) if layout.rows else {}
        self.tape: Array = None
        lower = Pool(upper=False, columns=layout.columns)
        expressions = lowered(lower, roots)
        limit = LIMIT if layout.rows else LIMIT_SINGLE
        program = staged(expressions, layout) if layout.rows or len(lower.known) <= limit else None
        if program is not None and program.instructions <= limit:
            memory = Memory(program, layout)
            layers = any(isinstance(stage, Product) for stage in program.stages)
            shape = _shape(layout, machine, single, UNITS_OF_LAYERS if layers else 1, memory.slot_count)
            emitted = emit(program, memory, shape, library)
            # LLVM's second level takes a third longer than the first; only the loops of layers gain by it.
            self.native: Native = Native(emitted.text, machine, level=2 if layers else 1, kept=kept)
            self.constants: list[float] = [node.value for node in memory.constants]
            self.more_shared: int = len(program.shared) + emitted.packed
            self.scratch: int
            self.scratch, mathematics = memory.slot_count * shape.stride, emitted.functions
            tier, instructions = _described(program), program.instructions
        else:
            shape = _shape(layout, machine, single, UNITS)
            if any(node.kind == "dot" for node in lower.known.values()):  # a tape has no stages for layers
                expressions = lowered(Pool(upper=False, columns=layout.columns), roots, whole=False)
            tape = encode(below(expressions), expressions, layout)
            self.tape = tape.code
            self.constants = tape.constants
            self.more_shared = 0
            self.native = tape_runner(layout.rows, shape, machine, tape.operations, kept)
            self.scratch = tape.slots * shape.block
            mathematics = tape.functions
            instructions = tape.instructions
            tier = f"a tape of {tape.runs:,} runs for the compiled interpreter"
        lower.known.clear()  # the expressions refer to their pool: now they are freed without the collector
        self.shape = shape
        self.addresses: dict[Any, int] = {name: self.native.address(name) for name in _FUNCTIONS[layout.rows]}
        self.drive: Any = drive(layout.rows, shape, machine, kept)
        self.free: list[Workspace] = []
        """Workspaces that no call is using."""
        self.info: KernelInfo = KernelInfo(
            instructions,
            {name: origin(name, shape, library) for name in mathematics},
            tier,
            shape,
            machine,
            time.perf_counter() - started,
        )

    def workspace(self) -> Workspace:
        """Return memory for one call, to be returned with `release`."""
        try:
            return self.free.pop()
        except IndexError:
            return Workspace(self)

    def release(self, workspace: Workspace) -> None:
        """Keep a workspace for the next call."""
        self.free.append(workspace)

    def run(self, workspace: Workspace) -> None:
        """Compute the results in a workspace from its inputs."""
        self.drive(workspace.address)


_FUNCTIONS = {True: ("prepare", "body"), False: ("body",)}


def _described(program: Program) -> str:
    """Describe the stages of a program."""
    kinds = [type(stage) for stage in program.stages]
    names = ((Chunk, "part"), (Product, "layer"), (Outer, "outer product"))
    counts = [(kinds.count(kind), name) for kind, name in names if kind in kinds]
    parts = [f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts]
    return f"straight-line code in {', '.join(parts) or '0 parts'}"


def _shape(layout: Layout, machine: Host, single: bool, units: int, slots: int = 0) -> Shape:
    """Return the shape of a kernel, with the largest tile that stays in the cache."""
    if not layout.rows:
        return Shape(1, 1, single, 1)
    lanes = machine.lanes(single)
    size = (layout.columns + layout.outputs + slots + 1) * (4 if single else 8)
    tile = _TILE * (2 if single else 1)
    while tile > lanes * units and tile * size > _NEAR:
        tile //= 2
    return Shape(lanes, units, single, tile, min(tile, max(_PART, lanes * units)))


class Workspace:
    """The memory of one call."""

    def __init__(self, kernel: Kernel) -> None:
        layout, shape, dtype = kernel.layout, kernel.shape, kernel.dtype
        self.shared: Array = aligned(layout.shared + len(kernel.constants) + kernel.more_shared + 1, dtype)
        with np.errstate(over="ignore"):  # a constant may overflow float32
            self.shared[layout.shared : layout.shared + len(kernel.constants)] = kernel.constants
        self.totals: Array = aligned(layout.sums + 1, dtype)
        self.inputs: Any = np.zeros((max(layout.columns, 1), 2), dtype=np.int64)
        self.results: Any = np.zeros((max(layout.outputs, 1), 2), dtype=np.int64)
        sizes = {
            "in_tile": layout.columns * shape.stride, "out_tile": layout.outputs * shape.stride,
            "scratch": kernel.scratch, "mask_tile": shape.tile,
        }  # fmt: skip
        self.tile: Array = aligned(sum(sizes.values()) + ALIGNMENT, dtype)
        self.sum_vectors: Array = aligned(layout.sums * shape.lanes, dtype)
        starts = accumulate(sizes.values(), initial=0)
        places = {
            name: self.tile.ctypes.data + start * dtype.itemsize
            for name, start in zip(sizes, starts, strict=False)
        }
        self.views: list[tuple[int, Array]] = []
        """Views that receive the shared arguments."""
        self.receive: Any = None
        """The native function that receives the arguments; None before the first call of it."""
        self.readers: list[Any] = []
        """For each result, a function that returns it as a number or a new array; None if it has rows."""
        fields = {
            **kernel.addresses, **places, "columns": layout.columns, "inputs": self.inputs.ctypes.data,
            "shared": self.shared.ctypes.data, "outputs": layout.outputs, "results": self.results.ctypes.data,
            "sums": layout.sums, "totals": self.totals.ctypes.data,
            "sum_vectors": self.sum_vectors.ctypes.data,
            "tape": 0 if kernel.tape is None else kernel.tape.ctypes.data,
        }  # fmt: skip
        self.call: Any = np.array([fields.get(name, 0) for name in FIELDS], dtype=np.int64)
        self.address: int = self.call.ctypes.data


def tape_runner(rows: bool, shape: Shape, machine: Host, operations: tuple[str, ...], kept: Any) -> Native:
    """Return the interpreter of tapes of some operations, compiled once or taken from the cache `kept`."""
    key = rows, shape, machine, operations
    if key not in _RUNNERS:
        library = vector_library(machine, shape.single) if rows else {}
        text = interpreter(rows, shape, library, operations)
        _RUNNERS[key] = Native(text, machine, level=1, kept=kept)
    return _RUNNERS[key]


_RUNNERS: dict[tuple[Any, ...], Native] = {}


@cache
def thread_pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool of threads; native code releases the GIL."""
    return ThreadPoolExecutor(threads, thread_name_prefix="chainwalk")


if hasattr(os, "register_at_fork"):  # a forked process lacks these threads and would wait for them
    os.register_at_fork(after_in_child=thread_pool.cache_clear)
