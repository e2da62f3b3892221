"""The engine beside micrograd: time per operation, a training step, memory, depth, import.

Run it as `python tests/benchmarks/engine.py`. Everything is measured in one run: each figure is the
median of several fresh processes, the two engines' taking turns, so that whatever else the machine
does meets both. Freeing the graph and collecting garbage count, since every user pays for them.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import statistics
import subprocess
import sys

import autograd

ROUNDS = 9

# The same programs for both engines; Value is the engine's own.
PROGRAMS = {
    "x * b + a, per operation, ns": """
def work():
    a, b = Value(0.5), Value(0.25)
    x = a
    for _ in range(200):
        x = x * b + a
    x.backward()
scale, repeat = 1e9 / 400, 100""",
    "mixture, per operation, ns": """
def work():
    a = Value(0.5)
    x = a
    for _ in range(50):
        x = ((x * a + 1.5) * 0.5 - a).relu() ** 2 / 3.0 + a
    x.backward()
scale, repeat = 1e9 / 400, 100""",
    "moons step, batch 100, 2-16-16-1, ms": """
import random
from nn import moons
data = moons(100, rng=random.Random(0))
if Value.__module__.startswith("micrograd"):
    from micrograd.nn import MLP
    model = MLP(2, [16, 16, 1])
    def work():
        model.zero_grad()
        scores = [model(list(map(Value, inputs))) for inputs in data.inputs]
        losses = [(1 + -target * score).relu() for target, score in zip(data.targets, scores)]
        (sum(losses) * (1.0 / len(losses))).backward()
else:
    from nn import MLP, hinge
    model = MLP(2, [16, 16, 1], activation="relu", rng=random.Random(0))
    def work():
        model.zero_grad()
        hinge([model(inputs) for inputs in data.inputs], data.targets).backward()
scale, repeat = 1e3, 5""",
}
TIMING = """
import sys, time
sys.setrecursionlimit(20_000)  # micrograd recurses along the graph
from {module} import Value
{program}
work()
start = time.perf_counter()
for _ in range(repeat):
    work()
print([scale * (time.perf_counter() - start) / repeat])
"""

FRESH = {
    "bytes per node, chain of additions": """
import tracemalloc
from autograd import Value
x = y = Value(1.0)
tracemalloc.start()
for _ in range(200_000): y = y + x
forward = tracemalloc.get_traced_memory()[0]
y.backward()
print([forward / 200_000, tracemalloc.get_traced_memory()[0] / 200_000])""",
    "bytes per node, tanh(y * x + x) - 0.5": """
import tracemalloc
from autograd import Value, tanh
x = y = Value(0.5)
tracemalloc.start()
for _ in range(50_000): y = tanh(y * x + x) - 0.5
forward = tracemalloc.get_traced_memory()[0]
y.backward()
print([forward / 200_000, tracemalloc.get_traced_memory()[0] / 200_000])""",
    "1,000,000 additions": """
import resource, time
from autograd import Value
start = time.perf_counter()
x = y = Value(1.0)
for _ in range(1_000_000): y = y + x
built = time.perf_counter()
y.backward()
done = time.perf_counter()
print([built - start, done - built, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024])""",
}


def fresh(code: str) -> list[float]:
    """What a fresh Python prints for some code: a list of numbers."""
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    found: list[float] = json.loads(output)
    return found


def import_milliseconds(module: str) -> float:
    """The median time of the import statement in fresh Pythons."""
    code = f"import time; t = time.perf_counter(); import {module}; print([1e3 * (time.perf_counter() - t)])"
    return statistics.median(fresh(code)[0] for _ in range(15))


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def compare(program: str, engines: list[str]) -> list[float]:
    """The median of each engine's figures for one program; they take turns."""
    figures: list[list[float]] = [[] for _ in engines]
    for _ in range(ROUNDS):
        for engine, found in zip(engines, figures, strict=True):
            found.extend(fresh(TIMING.format(module=engine, program=program)))
    return [statistics.median(found) for found in figures]


def main() -> None:
    """Measure everything, and print one table."""
    engines, version = ["autograd"], "(not installed: pip install micrograd)"
    if importlib.util.find_spec("micrograd"):
        engines, version = ["autograd", "micrograd.engine"], importlib.metadata.version("micrograd")
    print(f"chainwalk {autograd.__version__}, micrograd {version}")
    print(f"Python {platform.python_version()}, {processor()}, medians of {ROUNDS} processes each\n")
    print(f"{'forward + backward':<40} {'chainwalk':>12} {'micrograd':>12} {'ratio':>7}")
    for name, program in PROGRAMS.items():
        ours, *theirs = compare(program, engines)
        other = f"{theirs[0]:>12,.1f} {theirs[0] / ours:>6.1f}x" if theirs else ""
        print(f"{name:<40} {ours:>12,.1f} {other}")

    print(f"\n{'memory':<40} {'forward':>12} {'+ backward':>12}")
    for name in list(FRESH)[:2]:
        forward, both = fresh(FRESH[name])
        print(f"{name:<40} {forward:>12.1f} {both:>12.1f}")
    build, backward, peak = fresh(FRESH["1,000,000 additions"])
    print(f"\n1,000,000 additions: built in {build:.2f} s, backward {backward:.2f} s, peak {peak:,.0f} MiB")
    for module in ("autograd", "nn"):
        print(f"import {module}: {import_milliseconds(module):.1f} ms")


if __name__ == "__main__":
    main()
