"""Math functions of SIMD vectors in LLVM IR.

exp and tanh are inlined, without the cost of a call, on every machine. The others are functions of a
vector math library if there is one, else the scalar function for each lane.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from ...ops.primitives import PRIMITIVES
from .simd import Shape

INTRINSICS = {
    name: row.native.removeprefix("llvm.") for name, row in PRIMITIVES.items() if row.native.startswith("llvm.")
}
"""Functions that are processor instructions, with the names of LLVM intrinsics."""
LIBRARY = {name: row.native for name, row in PRIMITIVES.items() if row.native and name not in INTRINSICS}
"""Functions of the C library, with their names in it."""
TWO = frozenset(name for name in LIBRARY if PRIMITIVES[name].operands == 2)
"""Math functions of two numbers."""

_MAGIC = 6755399441055744.0
"""1.5 * 2**52: adding it to a number leaves the nearest integer in the last bits."""
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""log(2) in two parts; the first has few bits, so that its products with integers are exact."""
_TERMS = [1 / math.factorial(k) for k in range(2, 14)]
"""Taylor coefficients of (exp(r) - 1 - r) / r**2, for |r| <= log(2) / 2: the remainder is below 5e-18."""

_TANH = [
    -0.3333333333333328, 0.13333333333212213, -0.053968253497737116, 0.021869421627089054,
    -0.008858927700294618, 0.0034637924300781496,
]  # fmt: skip
"""Coefficients of (tanh(h) / h - 1) / h**2 in h**2 for |h| <= log(2) / 4, interpolated at Chebyshev points: the
polynomial of tanh(h) is within a seventh of half a unit in the last place."""

INLINE = frozenset(("exp", "tanh"))
"""Functions that are inlined in float64."""
OFTEN = 100
"""Maximum number of inlined uses, above which they are called instead, to limit the time to compile."""


def origin(name: str, shape: Shape, vector_functions: Mapping[str, str]) -> str:
    """Return the origin of the code of a math function, for `explain`.

    >>> origin("exp", Shape(4, 1, False, 256), {}), origin("sqrt", Shape(4, 1, False, 256), {})
    ('from chainwalk', 'from the processor')
    """
    if name in INLINE and not shape.single:
        return "from chainwalk"
    if name in INTRINSICS:
        return "from the processor"
    if name in vector_functions:
        return "from libmvec"
    return "from LLVM" if name == "mod" else "from libm"


class Inline:
    """Writes a function of one vector as instructions, whose names begin with that of the result."""

    def __init__(self, shape: Shape, out: str) -> None:
        self.shape: Shape = shape
        self.out: str = out
        self.vector: str = shape.vector
        self.whole: str = shape.of("i64")
        self.mask: str = shape.mask
        self.lines: list[str] = []

    def written(self, name: str, x: str) -> list[str]:
        """Return the lines that compute exp or tanh of x."""
        self._exp(x) if name == "exp" else self._tanh(x)
        return self.lines

    def _new(self, text: str) -> str:
        name = f"{self.out}.{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def _number(self, number: float) -> str:
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return self.shape.everywhere("double", f"0x{bits:016X}")

    def _two(self, name: str, x: Any, y: Any) -> str:
        words = [item if isinstance(item, str) else self._number(item) for item in (x, y)]
        return self._new(f"{name} {self.vector} {words[0]}, {words[1]}")

    def _fused(self, x: Any, y: Any, z: Any) -> str:
        """Return x * y + z, as a fused multiply-add if the machine has one."""
        product = self._two("fmul contract", x, y)
        return self._two("fadd contract", product, z)

    def _limited(self, x: str, comparison: str, limit: float) -> str:
        beyond = self._new(f"fcmp {comparison} {self.vector} {x}, {self._number(limit)}")
        return self._new(f"select {self.mask} {beyond}, {self.vector} {self._number(limit)}, {self.vector} {x}")

    def _power_of_two(self, shifted: str) -> str:
        """Return 2**k for the integer k in the last bits of a shifted number."""
        bits = self._new(f"bitcast {self.vector} {shifted} to {self.whole}")
        biased = self._new(f"add {self.whole} {bits}, {self._whole(1023)}")
        moved = self._new(f"shl {self.whole} {biased}, {self._whole(52)}")
        return self._new(f"bitcast {self.whole} {moved} to {self.vector}")

    def _whole(self, number: int) -> str:
        return self.shape.everywhere("i64", str(number))

    def _remainder(self, x: str, unit: float = math.log(2)) -> tuple[str, str, str]:
        """Return r in x = k * unit + r, k shifted, and k as a number; the unit is log(2) or half of it.

        The method of Cody and Waite, Software Manual for the Elementary Functions (1980).
        """
        part = unit / math.log(2)
        product = self._two("fmul", x, 1 / unit)
        shifted = self._two("fadd", product, _MAGIC)
        k = self._two("fsub", shifted, _MAGIC)
        r = self._fused(k, -_LN2_LOW * part, self._fused(k, -_LN2_HIGH * part, x))
        return r, shifted, k

    def _reduced(self, x: str) -> tuple[str, str, str]:
        """Return exp(r) - 1 for x = k log(2) + r, k shifted, and k as a number."""
        r, shifted, k = self._remainder(x)
        square = self._two("fmul", r, r)
        even, odd = self._horner(_TERMS[::2], square), self._horner(_TERMS[1::2], square)
        return self._fused(square, self._fused(r, odd, even), r), shifted, k

    def _horner(self, terms: list[float], x: str) -> str:
        result: Any = terms[-1]
        for term in terms[-2::-1]:
            result = self._fused(result, x, term)
        return str(result)

    def _exp(self, x: str) -> None:
        """Write exp(x). It is scaled by two factors, since 2**k could overflow when the result does not."""
        inside = self._limited(self._limited(x, "ogt", 710.0), "olt", -750.0)
        p, _, k = self._reduced(inside)
        half = self._two("fadd", self._two("fmul", k, 0.5), _MAGIC)
        rest = self._two("fadd", self._two("fsub", k, self._two("fsub", half, _MAGIC)), _MAGIC)
        first, second = self._power_of_two(half), self._power_of_two(rest)
        scaled = self._fused(first, p, first)
        self.lines.append(f"  {self.out} = fmul {self.vector} {scaled}, {second}")

    def _tanh(self, x: str) -> None:
        """Write tanh(x) as s + (a - s b + (b - s a) t) / (b + a t) with the sign of x, by one division.

        Here |x| = k log(2) / 2 + h, t = tanh(h), a = 2**k - 1 and b = 2**k + 1, so that a / b is the tanh of
        k log(2) / 2, and s = min(3 k / 16, 1), which is near it: the rounding of the quotient counts little.
        a, b and the other two factors are exact up to k = 52: the result is within 2 units in the last place.
        """
        v, suffix = self.vector, self.shape.suffix
        size = self._new(f"call {v} @llvm.fabs.{suffix}({v} {x})")
        h, shifted, k = self._remainder(self._limited(size, "ogt", 22.0), math.log(2) / 2)
        square = self._two("fmul", h, h)
        t = self._fused(self._two("fmul", h, square), self._horner(_TANH, square), h)
        scale = self._power_of_two(shifted)
        a, b = self._two("fadd", scale, -1.0), self._two("fadd", scale, 1.0)
        near = self._limited(self._two("fmul", k, -0.1875), "olt", -1.0)
        above = self._fused(self._fused(near, a, b), t, self._fused(near, b, a))
        rest = self._two("fdiv", above, self._fused(a, t, b))
        result = self._two("fsub", rest, near)
        self.lines.append(f"  {self.out} = call {v} @llvm.copysign.{suffix}({v} {result}, {v} {x})")

    def declarations(self) -> list[str]:
        """Return the declarations of the functions that the lines call."""
        v, suffix = self.vector, self.shape.suffix
        return [f"declare {v} @llvm.fabs.{suffix}({v})", f"declare {v} @llvm.copysign.{suffix}({v}, {v})"]


class Functions:
    """The math functions of SIMD vectors that some code calls, and their declarations."""

    def __init__(self, shape: Shape, vector_functions: Mapping[str, str], often: bool = False) -> None:
        """With `often`, exp and tanh are called instead of inlined."""
        self.shape: Shape = shape
        self.vector_functions: Mapping[str, str] = vector_functions
        self.often: bool = often
        self.vector: str = shape.vector
        self.scalar: str = shape.scalar
        self.lanes: int = shape.lanes
        self.mask: str = shape.mask
        self.used: set[str] = set()
        self.inline: frozenset[str] = frozenset() if shape.single else INLINE

    def declarations(self) -> list[str]:
        """Return each declaration and definition once."""
        found = [
            f"declare {self.vector} @llvm.{INTRINSICS[name]}.{self.shape.suffix}({self.vector})"
            for name in sorted(self.used & INTRINSICS.keys())
        ]
        for name in sorted(self.used - INTRINSICS.keys() - self.inline):
            found += self._function(name)
        if self.used & self.inline:
            found += Inline(self.shape, "").declarations()
            found += [self._written_once(name) for name in sorted(self.used & self.inline) if self.often]
        return list(dict.fromkeys(found))

    def written(self, name: str, words: Sequence[str], out: str) -> list[str]:
        """Return the lines that compute a function of vectors."""
        self.used.add(name)
        if name in self.inline and not self.often:
            return Inline(self.shape, out).written(name, words[0])
        arguments = ", ".join(f"{self.vector} {word}" for word in words)
        target = f"llvm.{INTRINSICS[name]}.{self.shape.suffix}" if name in INTRINSICS else self._symbol(name)
        return [f"  {out} = call {self.vector} @{target}({arguments})"]

    def _symbol(self, name: str) -> str:
        if name in self.inline:
            return f"own.{name}"
        return self.vector_functions.get(name) or f"lanes.{name}"

    def _written_once(self, name: str) -> str:
        head = f"define internal {self.vector} @own.{name}({self.vector} %x) noinline {{"
        lines = Inline(self.shape, "%r").written(name, "%x")
        return "\n".join([head, *lines, f"  ret {self.vector} %r", "}"])

    def _function(self, name: str) -> list[str]:
        """Declare a function of a vector math library, or define one that calls the scalar one for each lane.

        A definition is a single string, so that repeated ones can be removed.
        """
        count = 2 if name in TWO or name == "mod" else 1
        if name in self.vector_functions:
            return [f"declare {self.vector} @{self._symbol(name)}({', '.join([self.vector] * count)})"]
        parameters = ", ".join(f"{self.vector} %x{k}" for k in range(count))
        head = f"define internal {self.vector} @{self._symbol(name)}({parameters}) noinline {{"
        if name == "mod":
            sign = f"declare {self.vector} @llvm.copysign.{self.shape.suffix}({self.vector}, {self.vector})"
            return [sign, "\n".join([head, *self._modulo()])]
        declared = f"declare double @{LIBRARY[name]}({', '.join(['double'] * count)})"
        return [declared, "\n".join([head, *self._lane_by_lane(name, count)])]

    def _lane_by_lane(self, name: str, count: int) -> list[str]:
        lines, result, single = [], "poison", self.shape.single
        if self.lanes == 1:
            return self._one_lane(name, count)
        for lane in range(self.lanes):
            words = []
            for k in range(count):
                lines.append(f"  %e{k}_{lane} = extractelement {self.vector} %x{k}, i32 {lane}")
                word = f"%e{k}_{lane}"
                if single:
                    lines.append(f"  %w{k}_{lane} = fpext float {word} to double")
                    word = f"%w{k}_{lane}"
                words.append(f"double {word}")
            lines.append(f"  %f{lane} = call double @{LIBRARY[name]}({', '.join(words)})")
            word = f"%f{lane}"
            if single:
                lines.append(f"  %n{lane} = fptrunc double {word} to float")
                word = f"%n{lane}"
            lines.append(f"  %r{lane} = insertelement {self.vector} {result}, {self.scalar} {word}, i32 {lane}")
            result = f"%r{lane}"
        return [*lines, f"  ret {self.vector} {result}", "}"]

    def _one_lane(self, name: str, count: int) -> list[str]:
        if not self.shape.single:
            words = ", ".join(f"double %x{k}" for k in range(count))
            return [f"  %r = call double @{LIBRARY[name]}({words})", "  ret double %r", "}"]
        wide = [f"  %w{k} = fpext float %x{k} to double" for k in range(count)]
        words = ", ".join(f"double %w{k}" for k in range(count))
        call = [f"  %f = call double @{LIBRARY[name]}({words})", "  %r = fptrunc double %f to float"]
        return [*wide, *call, "  ret float %r", "}"]

    def _modulo(self) -> list[str]:
        """Return the lines for Python's remainder, which has the sign of the divisor."""
        v, zero = self.vector, self.constant(0.0)
        sign = f"@llvm.copysign.{self.shape.suffix}"
        return [
            f"  %r = frem {v} %x0, %x1",
            f"  %n = fcmp une {v} %r, {zero}",
            f"  %a = fcmp olt {v} %r, {zero}",
            f"  %b = fcmp olt {v} %x1, {zero}",
            f"  %d = xor {self.mask} %a, %b",
            f"  %s = fadd {v} %r, %x1",
            f"  %z = call {v} {sign}({v} {zero}, {v} %x1)",
            f"  %o = select {self.mask} %d, {v} %s, {v} %r",
            f"  %p = select {self.mask} %n, {v} %o, {v} %z",
            f"  ret {v} %p",
            "}",
        ]

    def constant(self, number: float) -> str:
        """Return a number in all lanes."""
        if self.shape.single:
            number = struct.unpack("f", _single(number))[0]
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return self.shape.everywhere(self.scalar, f"0x{bits:016X}")


def _single(number: float) -> bytes:
    try:
        return struct.pack("f", number)
    except OverflowError:
        return struct.pack("f", float("inf") if number > 0 else float("-inf"))
