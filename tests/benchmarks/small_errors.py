"""Find the size from which on an error in a gradient is detected, from 1e-1 to 1e-12, by several checkers.

Run `python tests/benchmarks/small_errors.py`; PyTorch's and JAX's checkers take part where they are
installed, HIPS autograd's with `--hips PYTHON`, an interpreter of an environment that has it. Each
number is how many of the wrong gradients a checker called right; in the column 0, how many right
ones it did not call right. In float64; the checkers see only floats and the gradient.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from common import hips_checker

from autograd import Value, exp, operation, sin, tanh, total
from autograd.checking import check, check_gradients

ERRORS = [0.0, *(10.0**-k for k in range(1, 13))]


class Case(NamedTuple):
    """A function of floats and its derivatives, one of which gets an error."""

    f: Callable[[Sequence[float]], float]
    gradient: Callable[[Sequence[float]], list[float]]
    point: list[float]
    spoiled: int
    second: Callable[[float], float] | None = None
    """Of a function of one number, its second derivative: what is spoiled then."""


def one_of_many(rng):
    """Return a gradient of 30 inputs, one of them wrong."""
    point = [rng.uniform(-2, 2) for _ in range(30)]

    def f(xs):
        return math.log(math.fsum(map(math.exp, xs))) + math.fsum(math.sin(x) * y for x, y in pairwise(xs))

    def gradient(xs):
        whole = math.fsum(map(math.exp, xs))
        found = [math.exp(x) / whole for x in xs]
        for k in range(len(xs) - 1):
            found[k] += math.cos(xs[k]) * xs[k + 1]
            found[k + 1] += math.sin(xs[k])
        return found

    return Case(f, gradient, point, rng.randrange(30))


def one_branch(rng):
    """Return a function with two branches and a gradient that is wrong in the branch that is taken."""
    point = [rng.choice((-1, 1)) * rng.uniform(0.2, 2) for _ in range(3)]

    def f(xs):
        x, y, z = xs
        return math.exp(x) * y - z * x if x > 0 else math.sin(x) * y + z * z

    def gradient(xs):
        x, y, z = xs
        if x > 0:
            return [math.exp(x) * y - z, math.exp(x), -x]
        return [math.cos(x) * y, math.sin(x), 2 * z]

    return Case(f, gradient, point, rng.randrange(3))


def beside_large(rng):
    """Return a function with inputs from 1e-3 to 1e6, with a wrong derivative for a small one."""
    point = [rng.uniform(1, 2) * size for size in (1e6, 1e3, 1.0, 1e-3)]

    def f(xs):
        return math.fsum(x * x for x in xs) + math.sin(xs[3]) * math.cos(xs[2])

    def gradient(xs):
        found = [2 * x for x in xs]
        found[2] -= math.sin(xs[3]) * math.sin(xs[2])
        found[3] += math.cos(xs[3]) * math.cos(xs[2])
        return found

    return Case(f, gradient, point, rng.choice((2, 3)))


def second_order(rng):
    """Return the second derivative of a function of one number."""
    a, b = rng.uniform(0.5, 2), rng.uniform(-1, 1)

    def f(xs):
        return math.sin(a * xs[0]) * math.exp(b * xs[0])

    def gradient(xs):
        return [math.exp(b * xs[0]) * (a * math.cos(a * xs[0]) + b * math.sin(a * xs[0]))]

    def second(x):
        return math.exp(b * x) * (2 * a * b * math.cos(a * x) + (b * b - a * a) * math.sin(a * x))

    return Case(f, gradient, [rng.uniform(-2, 2)], 0, second)


FAMILIES = [one_of_many, one_branch, beside_large, second_order]


def spoiled(case, error):
    """Return the case's gradient with a relative error in one number."""

    def gradient(xs):
        found = case.gradient(xs)
        if case.second is None:
            found[case.spoiled] *= 1 + error
        return found

    return gradient


def ours(case, error):
    """Return the result of check_gradients: for first order of a float function, for second of an operation."""
    if case.second is None:
        return check_gradients(case.f, case.point, gradient=spoiled(case, error), raises=False).verdict
    # A first derivative is right when the operation is recorded, and its own derivative is wrong.
    slope = operation("slope(x)", lambda x: case.gradient([x])[0], [lambda x: case.second(x) * (1 + error)])
    whole = check_gradients(
        lambda x: case.gradient([x])[0],
        case.point[0],
        gradient=lambda x: case.second(x) * (1 + error),
        raises=False,
    ).verdict
    own = check(slope(Value(case.point[0]))).verdict
    return whole if whole == own else min(whole, own, key=["wrong", "undecided", "right"].index)


def torch_checker(torch):
    def function(value, slope):
        class Opaque(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.tensor(value(x.tolist()), dtype=torch.float64)

            @staticmethod
            def backward(ctx, upstream):
                (x,) = ctx.saved_tensors
                return upstream * slope(x)

        return Opaque.apply

    def accepts(case, error):
        x = torch.tensor(case.point, dtype=torch.float64, requires_grad=True)
        if case.second is None:
            g = spoiled(case, error)
            f = function(case.f, lambda x: torch.tensor(g(x.tolist()), dtype=torch.float64))
            return torch.autograd.gradcheck(f, (x,), raise_exception=False)
        second = function(
            lambda xs: case.gradient(xs)[0],
            lambda x: torch.tensor([case.second(float(x[0])) * (1 + error)], dtype=torch.float64),
        )
        f = function(case.f, lambda x: second(x).reshape(1))
        return torch.autograd.gradgradcheck(f, (x,), raise_exception=False)

    return accepts


def jax_checker(jax):
    import jax.test_util

    jax.config.update("jax_enable_x64", True)

    def function(value, slope, shape):
        @jax.custom_vjp
        def f(x):
            made = jax.ShapeDtypeStruct(shape, float)
            return jax.pure_callback(lambda x: jax.numpy.float64(value(x.tolist())), made, x)

        f.defvjp(lambda x: (f(x), x), lambda x, upstream: (upstream * slope(x),))
        return f

    def numbers(gradient, count):
        made = jax.ShapeDtypeStruct((count,), float)
        return lambda x: jax.pure_callback(
            lambda x: jax.numpy.asarray(gradient(x.tolist()), dtype=float), made, x
        )

    def accepts(case, error):
        x = jax.numpy.asarray(case.point)
        if case.second is None:
            f, order = function(case.f, numbers(spoiled(case, error), len(case.point)), ()), 1
        else:
            wrong = numbers(lambda xs: [case.second(xs[0]) * (1 + error)], 1)
            second = function(lambda xs: case.gradient(xs)[0], wrong, ())
            f, order = function(case.f, lambda x: second(x).reshape(1), ()), 2
        try:
            jax.test_util.check_grads(f, (x,), order=order, modes=["rev"])
        except AssertionError:
            return False
        return True

    return accepts


def hips_check_grads(python):
    check_grads = hips_checker(python)

    def accepts(case, error):
        if case.second is not None:
            return None  # its check of a higher order is of functions that it records
        return check_grads(case.f, case.point, spoiled(case, error)(case.point))

    return accepts


def own_engine(count):
    """Return the number of programs with one slightly wrong operation that `check` calls right."""
    row = []
    for error in ERRORS:
        wrong = operation("wrong(x)", "exp(x)", [f"out * {1 + error!r}"])
        accepted = 0
        for k in range(count):
            rng = random.Random(k)
            xs = [Value(rng.uniform(-2, 2)) for _ in range(8)]
            terms = [tanh(x * y) + sin(x) for x, y in pairwise(xs)]
            root = total([*terms, wrong(xs[0] * 0.5) * exp(xs[1])])
            accepted += check(root, order=2).right
        row.append(count - accepted if error == 0 else accepted)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20, help="of each family")
    parser.add_argument("--hips", metavar="PYTHON", help="an interpreter of an environment with HIPS autograd")
    options = parser.parse_args()
    checkers = {"chainwalk": ours}
    for name, make in (("torch", torch_checker), ("jax", jax_checker)):
        if importlib.util.find_spec(name):
            checkers[name] = make(importlib.import_module(name))
    if options.hips:
        checkers["hips"] = hips_check_grads(options.hips)
    print(
        f"of {options.cases} gradients with a relative error in one number, called right; in column 0, refused"
    )
    head = "".join(f"{f'1e-{k}' if k else '0':>6}" for k in range(13))
    for family in FAMILIES:
        print(f"\n{family.__name__}: {family.__doc__}\n  {'':<22}{head}   ms")
        for name, checker in checkers.items():
            counts, undecided, started = [], [], time.process_time()
            for error in ERRORS:
                found = [checker(family(random.Random(k)), error) for k in range(options.cases)]
                right = sum(item in (True, "right") for item in found)
                counts.append(options.cases - right if error == 0 else right)
                undecided.append(sum(item == "undecided" for item in found))
            if None in found:
                continue
            each = 1e3 * (time.process_time() - started) / options.cases / len(ERRORS)
            print(f"  {name:<22}{''.join(f'{count:>6}' for count in counts)} {each:6.1f}", flush=True)
            if any(undecided):
                print(f"  {'  undecided of them':<22}{''.join(f'{count:>6}' for count in undecided)}")
    print(f"\nan operation with a wrong partial in a program of 30, second order too\n  {'':<22}{head}")
    print(f"  {'chainwalk':<22}{''.join(f'{count:>6}' for count in own_engine(options.cases))}")


if __name__ == "__main__":
    main()
