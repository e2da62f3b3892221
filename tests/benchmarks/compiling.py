"""Measure the cost of compiling: CPU seconds and memory by the number of operations, and the effect of a cache.

Run `python tests/benchmarks/compiling.py [--largest 1000000]`. Each line is a process of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

SIZES = (1_000, 10_000, 100_000, 1_000_000)


def chain(count):
    """Return a chain of operations, deeper than any stack."""
    from autograd import sin

    def f(x):
        for k in range(count // 2):
            x = sin(x) * 0.99 if k % 7 == 0 else x * 1.0001 + 0.3
        return x

    return f, 1


def fan(count):
    """Return a sum of many terms, each with different operations."""
    from autograd import tanh, total

    return lambda x: total([tanh(x * float(k)) * x for k in range(count // 3)]), 1


def mixture(count):
    """Return random operations on random earlier results, so that no two parts are equal."""
    import random

    from autograd import add, exp, mul, sin, sub, tanh

    def f(x):
        rng = random.Random(0)
        pool = list(x)
        for _ in range(count):
            a, b = rng.choice(pool[-50:]), rng.choice(pool[-50:])
            operation = rng.choice([mul, add, sub, lambda a, _: sin(a), lambda a, _: tanh(a)])
            pool.append(operation(a, b))
        return exp(-pool[-1] * pool[-1])

    return f, 3


def network(count):
    """Return three layers of neurons with `count` weights in total."""
    from autograd import dot, tanh, total

    width = int((count / 3) ** 0.5)

    def f(x, w):
        for layer in w:
            x = [tanh(dot(row, x)) for row in layer]
        return total(x)

    return f, width


SHAPES = {function.__name__: function for function in (chain, fan, mixture, network)}


def measure(shape, count, cache):
    """Compile value and gradient of one function, and return the cost."""
    import resource

    import numpy as np

    from autograd import compile

    f, width = SHAPES[shape](count)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, width)) if width > 1 else rng.normal(size=20)
    given = (x, rng.normal(size=(3, width, width)) / width**0.5) if shape == "network" else (x,)
    compile(lambda x: x * x, batched="x").value_and_grad(np.ones(3))  # initialisation shared by all functions
    fast = compile(f, batched="x", cache=cache or None)
    start = time.process_time()
    fast.value_and_grad(*given)
    seconds = time.process_time() - start
    start = time.perf_counter()
    fast.value_and_grad(*given)
    call = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tier = fast.explain().splitlines()[2].strip().partition(";")[0]
    print(f"{shape:<8} {count:>9,} {seconds:9.2f} s {memory:7,.0f} MB {call * 1e3:9.3f} ms  {tier}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=100_000, help="the largest number of operations")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        shape, count, cache = options.one
        measure(shape, int(count), cache)
        return

    def run(shape, count, cache=""):
        subprocess.run(
            [sys.executable, os.path.abspath(__file__), "--one", shape, str(count), cache],
            check=True,
            timeout=3600,
        )

    print("function operations  compiling  memory  a call of 20 rows, value and gradient")
    for shape in SHAPES:
        for count in SIZES:
            if count <= options.largest:
                run(shape, count)
    print("the same twice with a cache")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            run("mixture", 10_000, folder)


if __name__ == "__main__":
    main()
