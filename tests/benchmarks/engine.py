"""Compare the engine with micrograd: time per operation, a training step, memory, depth, import.

Run it as `python tests/benchmarks/engine.py`. Everything is measured in one run: each figure is the
median of several fresh processes, the two engines' taking turns, so that whatever else the machine
does meets both; the times are the process's own on the processor, so that waiting for others does not
count. Freeing the graph and collecting garbage do count, since every user pays for them.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import time

from common import processor

import autograd

ROUNDS = 9
IMPORT_ROUNDS = 20

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
import sys
from time import process_time
sys.setrecursionlimit(20_000)  # micrograd recurses along the graph
from {module} import Value
{program}
work()
start = process_time()
for _ in range(repeat):
    work()
print([scale * (process_time() - start) / repeat])
"""

# Bytes allocated after the forward pass and after the backward pass, for operations that micrograd has
# too, and a length that its recursion survives. The last one is for this engine only.
MEMORY = {
    "chain of additions": ("for _ in range(4_000): y = y + x", 4_000),
    "(y * x + x).relu() ** 2, mixed": ("for _ in range(1_000): y = (y * x + x).relu() ** 2", 4_000),
    "tanh(y * x + x) - 0.5, mixed": ("for _ in range(1_000): y = (y * x + x).tanh() - 0.5", 4_000),
}
MEASURED = """
import gc, sys, threading, tracemalloc
from {module} import Value
def measure():
    x = y = Value(0.5)
    gc.collect()
    tracemalloc.start()
    {program}
    gc.collect()
    forward = tracemalloc.get_traced_memory()[0]
    y.backward()
    gc.collect()
    print([forward / {count}, tracemalloc.get_traced_memory()[0] / {count}])
sys.setrecursionlimit(100_000)  # micrograd recurses along the graph
threading.stack_size(512 * 1024 * 1024)
thread = threading.Thread(target=measure)
thread.start()
thread.join()
"""

CHAIN = """
import resource
from time import process_time
from autograd import Value
start = process_time()
x = y = Value(1.0)
for _ in range(1_000_000): y = y + x
built = process_time()
y.backward()
done = process_time()
print([built - start, done - built, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024])
"""


def fresh(code: str) -> list[float]:
    """Return the list of numbers that a fresh Python prints for some code."""
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=3600
    ).stdout
    found: list[float] = json.loads(output)
    return found


def import_milliseconds(module: str) -> float:
    """Return the median time of the import statement in fresh Pythons."""
    code = f"import time; t = time.process_time(); import {module}; print([1e3 * (time.process_time() - t)])"
    return statistics.median(fresh(code)[0] for _ in range(IMPORT_ROUNDS))


def process_milliseconds(statements: list[str]) -> list[float]:
    """Return the median time of whole Python processes that run a statement each; they take turns."""
    times: list[list[float]] = [[] for _ in statements]
    for _ in range(IMPORT_ROUNDS):
        for statement, found in zip(statements, times, strict=True):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True, timeout=60)
            found.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(found) for found in times]


def compare(program: str, engines: list[str]) -> list[float]:
    """Return the median of each engine's figures for one program; they take turns."""
    figures: list[list[float]] = [[] for _ in engines]
    for _ in range(ROUNDS):
        for engine, found in zip(engines, figures, strict=True):
            found.extend(fresh(TIMING.format(module=engine, program=program)))
    return [statistics.median(found) for found in figures]


def print_row(name: str, ours: float, theirs: list[float]) -> None:
    """Return a line of a table, with the peer's figure and the ratio if there is a peer."""
    other = f"{theirs[0]:>12,.1f} {theirs[0] / ours:>6.1f}x" if theirs else ""
    print(f"{name:<42} {ours:>12,.1f} {other}".rstrip())


def main() -> None:
    """Measure everything, and print one table."""
    engines, version = ["autograd"], "(not installed: pip install micrograd)"
    if importlib.util.find_spec("micrograd"):
        engines, version = ["autograd", "micrograd.engine"], importlib.metadata.version("micrograd")
    print(f"chainwalk {autograd.__version__}, micrograd {version}")
    print(f"Python {platform.python_version()}, {processor()}, medians of {ROUNDS} processes each\n")
    print(f"{'forward + backward':<42} {'chainwalk':>12} {'micrograd':>12} {'ratio':>7}")
    for name, program in PROGRAMS.items():
        ours, *theirs = compare(program, engines)
        print_row(name, ours, theirs)

    print(f"\n{'bytes per node':<42} {'chainwalk':>12} {'micrograd':>12} {'ratio':>7}")
    for name, (program, count) in MEMORY.items():
        known = engines if "tanh" not in program else engines[:1]  # micrograd has no tanh
        found = [fresh(MEASURED.format(module=each, program=program, count=count)) for each in known]
        for ours, *theirs, when in zip(*found, ("forward", "+ backward"), strict=True):
            print_row(f"{name}, {when}", ours, theirs)

    build, backward, peak = (
        statistics.median(figures) for figures in zip(*(fresh(CHAIN) for _ in range(3)), strict=True)
    )
    print(f"\n1,000,000 additions: built in {build:.2f} s, backward {backward:.2f} s, peak {peak:,.0f} MiB")
    for module in ("autograd", "nn"):
        print(f"import {module}: {import_milliseconds(module):.1f} ms, the statement alone")
    bare, whole = process_milliseconds(["pass", "import autograd"])
    print(f"a whole process: python -c pass {bare:.1f} ms, python -c 'import autograd' {whole:.1f} ms")


if __name__ == "__main__":
    main()
