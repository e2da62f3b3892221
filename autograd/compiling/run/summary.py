"""Format the report of `Compiled.explain()`."""

from __future__ import annotations

from .kernel import KernelInfo
from .plan import Plan
from .query import Query


def summarised(name: str, query: Query, plan: Plan) -> str:
    """Return the description of a compiled plan of a function."""
    infos = [kernel.info for kernel in plan.runner.kernels]
    instructions = sum(info.instructions for info in infos)
    lines = [
        f"{name}: {query.what.replace('_', ' ')}",
        f"  {plan.recorded:,} operations traced, {plan.operations:,} to compute; "
        f"{instructions:,} instructions after optimisation",
    ]
    if plan.runner.terms:
        counts = " and ".join(f"{terms:,}" for terms in plan.runner.terms)
        lines.append(f"  a loop over {counts} terms of the same form")
    lines += [line for info in infos for line in _summary_of_kernel(info)]
    kept = " with code from the cache" if any(kernel.native.kept for kernel in plan.runner.kernels) else ""
    lines.append(f"  compiled in {sum(info.seconds for info in infos):.2f} s{kept}")
    return "\n".join(lines)


def _summary_of_kernel(info: KernelInfo) -> list[str]:
    shape = info.shape
    lanes = f"{shape.lanes} x {shape.scalar}" if shape.tile > 1 else "one number at a time"
    if shape.units > 1:
        lanes += f", {shape.units} SIMD vectors at a time"
    lines = [f"  {info.tier}; {lanes} on {info.machine.processor}"]
    origins = dict.fromkeys(info.mathematics.values())
    parts = [
        f"{', '.join(name for name, of in info.mathematics.items() if of == origin)} {origin}"
        for origin in origins
    ]
    if parts:
        lines.append(f"  {'; '.join(parts)}")
    return lines
