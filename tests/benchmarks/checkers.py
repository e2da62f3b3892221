"""Count the wrong engines that a gradient checker detects, and its false alarms, compared with other checkers.

Run `python tests/benchmarks/checkers.py`; PyTorch's gradcheck and JAX's check_grads take part where
they are installed. HIPS autograd imports under our own name, so it takes part from another
environment: `--hips PYTHON` is an interpreter that has it. Each sees the same programs, as a function
of floats with the gradient that the engine on trial gives for it; in float64, one gradient a program.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from common import hips_checker

import autograd.value
from autograd import TABLE, DomainError
from autograd.checking import check
from autograd.checking.cases.generation import FAMILIES, from_generator, generate
from autograd.modes import ieee_arithmetic
from tests import mutants


def programs_with(op, family, count):
    """Random programs in which an operation occurs."""
    pool = [op, op, *(TABLE[name] for name in ("add", "mul", "sub", "tanh", "sin", "exp", "relu"))]
    found = []
    for seed in range(100 * count):
        rng = random.Random(f"{op.name} {family} {seed}")
        program = generate(from_generator(rng), max_operations=6, family=family, operations=pool)
        if any(line.op is op for line in program.lines):
            found.append(program)
        if len(found) == count:
            break
    return found


def value(program, numbers):
    """Return the program as a function of floats; nan outside the domain."""
    with ieee_arithmetic():
        try:
            return float(program.run([float(x) for x in numbers])[-1])
        except (DomainError, ArithmeticError, ValueError):
            return float("nan")


def gradient(program):
    """Return the gradient of the engine under test."""
    root, leaves = program.record()
    root.backward()
    return [leaf.grad for leaf in leaves]


def ours(program):
    return check(program.record()[0]).verdict != "wrong"


def torch_gradcheck(torch):
    class Opaque(torch.autograd.Function):
        @staticmethod
        def forward(ctx, program, *inputs):
            ctx.gradient = gradient(program)
            return torch.tensor(value(program, inputs), dtype=torch.float64)

        @staticmethod
        def backward(ctx, upstream):
            return (None, *(upstream * g for g in ctx.gradient))

    def accepts(program):
        inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in program.inputs]
        try:
            f = partial(Opaque.apply, program)
            return torch.autograd.gradcheck(f, inputs, raise_exception=False)
        except Exception:
            return False

    return accepts


def jax_check_grads(jax):
    import jax.test_util

    jax.config.update("jax_enable_x64", True)

    def accepts(program):
        @jax.custom_vjp
        def f(*inputs):
            return jax.numpy.float64(value(program, inputs))  # never traced: check_grads needs numbers

        fixed = gradient(program)
        f.defvjp(lambda *inputs: (f(*inputs), None), lambda _, upstream: tuple(upstream * g for g in fixed))
        try:
            jax.test_util.check_grads(f, program.inputs, order=1, modes=["rev"])
        except Exception:
            return False
        return True

    return accepts


def hips_check_grads(python):
    accepts = hips_checker(python)
    return lambda program: accepts(partial(value, program), program.inputs, gradient(program))


def checkers(hips):
    """Return every installed checker by name, and a note on the others."""
    found = {"chainwalk": ours}
    for name, make in (("torch", torch_gradcheck), ("jax", jax_check_grads)):
        if importlib.util.find_spec(name):
            found[name] = make(importlib.import_module(name))
        else:
            print(f"{name} is not installed: left out")
    if hips:
        found["hips"] = hips_check_grads(hips)
    else:
        print("HIPS autograd is left out: name an interpreter that has it, --hips PYTHON")
    return found


def caught(accepts, op, families, count):
    """Return whether a program fails with the wrong operation and passes with the right one."""
    return any(
        not accepts(program) and accepts(mutants.righted(program))
        for family in families
        for program in programs_with(op, family, count)
    )


def measured(accepts, count):
    """Count false alarms by family and detected engines by group, and measure the time per program."""
    alarms, took, done = [], 0.0, 0
    for family in FAMILIES:
        every = [generate(from_generator(random.Random(f"{family}{k}")), family=family) for k in range(count)]
        started = time.perf_counter()
        alarms.append(sum(not accepts(program) for program in every))
        took, done = took + time.perf_counter() - started, done + count
    few = max(40, count // 10)
    groups = [
        sum(caught(accepts, op, families, few) for op in group)
        for group, families in (
            (mutants.FORMULAS, ["tame", "wide"]),
            (mutants.POINTS, ["kinks"]),
            (mutants.SMALL, ["tame", "wide"]),
        )
    ]
    right = autograd.value.backward
    tame = [generate(from_generator(random.Random(f"tame{k}")), family="tame") for k in range(few)]
    accumulations = 0
    for backward in mutants.ACCUMULATIONS:
        autograd.value.backward = backward
        try:
            refused = [program for program in tame if not accepts(program)]
        finally:
            autograd.value.backward = right
        accumulations += any(accepts(program) for program in refused)
    return alarms, [*groups, accumulations], 1e3 * took / done


def smallest_of(op, backward, families):
    """Return the report of the first program that fails with a wrong operation or backward pass."""
    right = autograd.value.backward
    for family in families:
        for program in programs_with(op, family, 40):
            autograd.value.backward = backward or right
            try:
                report = check(program.record()[0])
            finally:
                autograd.value.backward = right
            if report.verdict == "wrong":
                return report
    return None


def show(count):
    """Print the cause and the smallest failing program for a number of wrong engines."""
    wrong = [(op, None, ("tame", "wide")) for op in (*mutants.FORMULAS[::9], *mutants.SMALL[::8])]
    wrong += [(op, None, ("kinks",)) for op in mutants.POINTS[::4]]
    wrong += [(TABLE["mul"], backward, ("tame",)) for backward in mutants.ACCUMULATIONS]
    for op, backward, families in wrong[:count]:
        report = smallest_of(op, backward, families)
        told = f"backward() {backward.__name__}" if backward else f"{op.name} with partials {op.partials}"
        lines = report.failure().splitlines() if report else ["not caught"]
        print(told, *(line for line in lines if "cause:" in line or "smallest" in line), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=300, help="random programs of each family")
    parser.add_argument("--hips", metavar="PYTHON", help="an interpreter of an environment with HIPS autograd")
    parser.add_argument("--only", choices=["chainwalk", "torch", "jax", "hips"], help="one checker alone")
    parser.add_argument(
        "--show", type=int, metavar="N", help="the smallest programs of N wrong engines instead"
    )
    options = parser.parse_args()
    if options.show:
        show(options.show)
        return
    count = options.programs
    sizes = [len(g) for g in (mutants.FORMULAS, mutants.POINTS, mutants.SMALL, mutants.ACCUMULATIONS)]
    print(f"false alarms of {count} programs in each family: {', '.join(FAMILIES)}; wrong engines caught of")
    print("{} wrong formulas, {} wrong points, {} small errors, {} accumulations\n".format(*sizes))
    print(f"  {'checker':<10} {'false alarms':>20} {'caught':>20}  ms each")
    for name, accepts in checkers(options.hips).items():
        if options.only not in (None, name):
            continue
        alarms, groups, each = measured(accepts, count)
        told = [" / ".join(map(str, numbers)) for numbers in (alarms, groups)]
        print(f"  {name:<10} {told[0]:>20} {told[1]:>20}  {each:7.2f}", flush=True)


if __name__ == "__main__":
    main()
