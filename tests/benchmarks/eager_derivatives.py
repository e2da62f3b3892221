"""Compare eager second derivatives and Jacobians with JAX and HIPS autograd: one core, float64, medians.

Run `python tests/benchmarks/eager_derivatives.py [--hips PYTHON] [--quick]`. HIPS autograd imports under
our own name, so it takes part from another environment: PYTHON is an interpreter that has it. JAX runs
eagerly, and compiled with `jit`; the first call of the compiled function is not counted. All must agree to
1e-10 before they are timed, and take turns. The times are those of the processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise

TURN = 0.05
"""Seconds of each turn."""


# The programs, in terms of any library's functions `m`. Arguments are lists of numbers.


def wave(m, x):
    return m.exp(-0.3 * x[0] * x[0]) * m.sin(2.0 * x[0]) + m.tanh(x[0])


def rosenbrock(m, x):
    return sum(100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a) for a, b in pairwise(x))


def spherical(m, x):
    r, a, b = x
    return [r * m.sin(a) * m.cos(b), r * m.sin(a) * m.sin(b), r * m.cos(a)]


def layer(m, x):
    return [m.tanh(sum(((i * 7 + j * 3) % 5 - 2) * 0.3 * v for j, v in enumerate(x))) for i in range(8)]


ROWS = {
    "second derivative of a function of one number": (wave, "hessian", [0.7]),
    "Hessian of Rosenbrock in 6 dimensions": (rosenbrock, "hessian", [0.3, -0.4, 0.9, 1.1, 0.2, -0.7]),
    "Jacobian of spherical coordinates, 3 by 3": (spherical, "jacobian", [1.3, 0.4, -0.8]),
    "Jacobian of 8 tanh neurons of 8 inputs": (layer, "jacobian", [0.1 * k - 0.3 for k in range(8)]),
}


def numbers(result):
    """Return all numbers of a nested result."""
    if isinstance(result, list | tuple):
        return [number for part in result for number in numbers(part)]
    return [float(item) for item in result.ravel()] if getattr(result, "ndim", 0) else [float(result)]


def timed(run, calls):
    """Return the seconds of the processor for each of some calls."""
    start = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - start) / calls


def in_chainwalk():
    """Return a function for each row."""
    import autograd

    def made(f, what, x):
        of_list = getattr(autograd, what)(partial(f, autograd))
        return lambda: of_list(x)

    return {name: made(*row) for name, row in ROWS.items()}


def in_jax(compiled):
    """Return a function for each row, or none without JAX."""
    try:
        import jax
    except ImportError:
        return {}
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def made(f, what, x):
        def of_array(x):
            result = f(jnp, list(x))
            return jnp.stack(result) if isinstance(result, list) else result

        run = jax.hessian(of_array) if what == "hessian" else jax.jacrev(of_array)
        run, given = jax.jit(run) if compiled else run, jnp.asarray(x)
        return lambda: jax.block_until_ready(run(given))

    return {name: made(*row) for name, row in ROWS.items()}


def in_hips():
    """Return a function for each row; for an interpreter in which `autograd` is HIPS autograd."""
    import autograd.numpy as anp

    from autograd import hessian, jacobian

    def made(f, what, x):
        def of_array(x):
            result = f(anp, list(x))
            return anp.stack(result) if isinstance(result, list) else result

        run, given = (hessian if what == "hessian" else jacobian)(of_array), anp.array(x)
        return lambda: run(given)

    return {name: made(*row) for name, row in ROWS.items()}


def answer():
    """Answer the other process: a row's numbers, or its time for some calls."""
    runs = in_hips()
    for line in sys.stdin:
        name, calls = json.loads(line)
        print(json.dumps(timed(runs[name], calls) if calls else numbers(runs[name]())), flush=True)


class Elsewhere:
    """HIPS autograd in another process."""

    def __init__(self, python):
        self.process = subprocess.Popen(
            [python, __file__, "--answer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, name, calls=0):
        """Return the numbers of a row, or the time for some calls."""
        print(json.dumps([name, calls]), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hips", metavar="PYTHON", help="an interpreter of an environment with HIPS autograd")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer()
        return
    here = {"chainwalk": in_chainwalk(), "JAX": in_jax(False), "JAX jit": in_jax(True)}
    hips = Elsewhere(options.hips) if options.hips else None
    if not hips:
        print("HIPS autograd is left out: name an interpreter that has it, --hips PYTHON")
    for row in ROWS:
        asked = {name: (lambda calls=0, f=f: timed(f, calls) if calls else numbers(f()))
                 for name, runs in here.items() if (f := runs.get(row))}  # fmt: skip
        if hips:
            asked["HIPS"] = lambda calls=0, row=row: hips.ask(row, calls)
        first = {name: ask() for name, ask in asked.items()}
        for name, result in first.items():
            error = max(abs(a - b) for a, b in zip(first["chainwalk"], result, strict=True))
            assert error <= 1e-10 * max(1.0, *map(abs, result)), f"{name} differs by {error:.1e} in {row}"
        calls = {name: max(1, round(TURN / max(ask(1), 1e-7))) for name, ask in asked.items()}
        times = {name: [] for name in asked}
        for _ in range(5 if options.quick else 50):
            for name, ask in asked.items():
                times[name].append(ask(calls[name]))
        found = {name: statistics.median(each) for name, each in times.items()}
        print(f"{row}  [us a call]")
        for name, each in found.items():
            print(f"    {name:<10} {each * 1e6:12,.1f} {each / found['chainwalk']:10.2f}", flush=True)


if __name__ == "__main__":
    main()
