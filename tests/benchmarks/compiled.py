"""Compare compiled functions with PyTorch, JAX, CasADi, XAD and micrograd: one core, float64, medians.

Run `python tests/benchmarks/compiled.py [--picture out.png] [--quick]`; peers that are not installed
are left out with a word. All take turns, so that a busy machine slows down all of them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import random
import statistics
import time
from importlib.metadata import PackageNotFoundError, version

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
if len(CORES) > 1:
    os.sched_setaffinity(0, CORES[:1])
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import itertools

import numpy as np
from common import processor

import autograd
from autograd import dot, erf, exp, log, logsumexp, relu, sqrt, square, tanh, total
from autograd.compiling import host


def installed(name):
    """Return a peer's module, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


jax, torch, casadi, micrograd, xad = map(installed, ("jax", "torch", "casadi", "micrograd", "xad"))
if jax:
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
if torch:
    torch.set_num_threads(1)


TURN = 0.02
"""Seconds of each turn, with consecutive calls as in a training loop."""


def medians(contenders, seconds, clock=time.process_time):
    """Return the median time of a call of each contender; they take turns for about `seconds` seconds.

    The clock is the processor's own, which does not count what other programs do in between.
    """
    calls, times = {}, {name: [] for name in contenders}
    for name, run in contenders.items():
        run()
        calls[name] = max(1, round(TURN / max(timed(run, 1, clock), 1e-9)))
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for name, run in contenders.items():
            times[name].append(timed(run, calls[name], clock))
    return {name: statistics.median(found) for name, found in times.items()}


def timed(run, calls, clock):
    """Return the seconds for each of some calls."""
    start = clock()
    for _ in range(calls):
        run()
    return (clock() - start) / calls


# The network of the first rows: parameters as a list of arrays, W1, b1, W2, b2, ...


def parameters(sizes, rng):
    return [
        item for a, b in itertools.pairwise(sizes) for item in (rng.normal(size=(b, a)), rng.normal(size=b))
    ]


def outputs(params, x, activation):
    h = list(x)
    layers = list(zip(params[::2], params[1::2], strict=True))
    for k, (weights, biases) in enumerate(layers):
        h = [dot(w, h) + b for w, b in zip(weights, biases, strict=True)]
        h = [activation(value) for value in h] if k < len(layers) - 1 else h
    return h


def squared(activation):
    return lambda params, x, y: square(outputs(params, x, activation)[0] - y)


def peers_of_network(params, x, y, activation):
    """Return loss and gradient with respect to all parameters in JAX and PyTorch, on the same network."""
    found = {}
    if jax:
        act = {"relu": jax.nn.relu, "tanh": jnp.tanh}[activation]

        def loss(p, x, y):
            h = x
            for k in range(0, len(p), 2):
                h = h @ p[k].T + p[k + 1]
                h = act(h) if k < len(p) - 2 else h
            if h.shape[1] > 1:
                return jnp.sum(jax.nn.logsumexp(h, axis=1) - h[jnp.arange(len(y)), y])
            return jnp.sum((h[:, 0] - y) ** 2)

        step = jax.jit(jax.value_and_grad(loss))
        given = [jnp.asarray(p) for p in params], jnp.asarray(x), jnp.asarray(y)
        found["JAX"] = lambda: jax.block_until_ready(step(*given))
    if torch:
        act_t = {"relu": torch.relu, "tanh": torch.tanh}[activation]
        tensors = [torch.tensor(p, requires_grad=True) for p in params]
        tx, ty = torch.tensor(x), torch.tensor(y)

        def step_t():
            h = tx
            for k in range(0, len(tensors), 2):
                h = torch.nn.functional.linear(h, tensors[k], tensors[k + 1])
                h = act_t(h) if k < len(tensors) - 2 else h
            if h.shape[1] > 1:
                value = torch.nn.functional.cross_entropy(h, ty, reduction="sum")
            else:
                value = ((h[:, 0] - ty) ** 2).sum()
            return value, torch.autograd.grad(value, tensors)

        found["PyTorch"] = step_t
    return found


def scalar_peer(params, x, y, activation, number, clear=None):
    """Return the same loss in micrograd on a few rows, with a node for each scalar operation."""
    leaves = [np.vectorize(number, otypes=[object])(p) for p in params]

    def run():
        loss = 0.0
        for row, target in zip(x, y, strict=True):
            h = list(row)
            for k in range(0, len(leaves), 2):
                h = [
                    sum((w * v for w, v in zip(ws, h, strict=True)), b)
                    for ws, b in zip(leaves[k], leaves[k + 1], strict=True)
                ]
                h = [getattr(v, activation)() for v in h] if k < len(leaves) - 2 else h
            loss = loss + (h[0] - target) ** 2
        loss.backward()
        return loss

    return run


def network(activation, rows, seconds):
    """Return the seconds for each row of each contender; for 0 seconds our own run alone, not yet compiled."""
    rng = np.random.default_rng(0)
    params = parameters([2, 16, 16, 1], rng)
    x, y = rng.normal(size=(rows, 2)), rng.normal(size=rows)
    fast = autograd.compile(squared({"relu": relu, "tanh": tanh}[activation]), batched=("x", "y"))
    contenders = {"chainwalk": lambda: fast.value_and_grad(params, x, y, wrt=0)}
    if not seconds:
        return contenders
    contenders |= peers_of_network(params, x, y, activation)
    found = {name: each / rows for name, each in medians(contenders, seconds).items()}
    if activation == "relu" and rows <= 100:
        if micrograd:
            from micrograd.engine import Value

            run = scalar_peer(params, x[:10], y[:10], "relu", Value)
            found["micrograd"] = medians({"micrograd": run}, seconds / 4)["micrograd"] / 10
        if xad:
            found["XAD"] = xad_network(params, x[:10], y[:10], seconds / 4)
    return found


def xad_network(params, x, y, seconds):
    from xad.adj_1st import Real, Tape

    def run():
        with Tape() as tape:
            leaves = [np.vectorize(Real, otypes=[object])(p) for p in params]
            for p in leaves:
                for item in p.ravel():
                    tape.registerInput(item)
            tape.newRecording()
            loss = Real(0.0)
            for row, target in zip(x, y, strict=True):
                h = [Real(float(v)) for v in row]
                for k in range(0, len(leaves), 2):
                    h = [
                        sum((w * v for w, v in zip(ws, h, strict=True)), b)
                        for ws, b in zip(leaves[k], leaves[k + 1], strict=True)
                    ]
                    h = [v if v > 0 else v * 0.0 for v in h] if k < len(leaves) - 2 else h
                loss = loss + (h[0] - float(target)) * (h[0] - float(target))
            tape.registerOutput(loss)
            loss.setAdjoint(1.0)
            tape.computeAdjoints()

    return medians({"XAD": run}, seconds)["XAD"] / len(x)


def classifier(seconds, sizes=(64, 64, 10), rows=1000):
    rng = np.random.default_rng(0)
    params = [1.6 / sizes[0] ** 0.5 * p for p in parameters(sizes, rng)]
    x, y = rng.normal(size=(rows, sizes[0])), rng.integers(0, 10, size=rows)
    chosen = np.eye(10)[y]

    def loss(params, x, chosen):
        logits = outputs(params, x, relu)
        return logsumexp(logits) - dot(chosen, logits)

    fast = autograd.compile(loss, batched=("x", "chosen"))
    contenders = {"chainwalk": lambda: fast.value_and_grad(params, x, chosen, wrt=0)}
    if not seconds:
        return contenders
    contenders |= peers_of_network(params, x, y, "relu")
    return {name: each / rows for name, each in medians(contenders, seconds).items()}


def black_scholes(seconds, rows=1_000_000):
    """Return a call option's price, its 5 first and 25 second derivatives, for each row."""
    rng = np.random.default_rng(0)
    columns = [
        rng.uniform(*ends, size=rows) for ends in ((80, 120), (80, 120), (0.2, 2), (0.0, 0.05), (0.1, 0.5))
    ]

    def price(s, k, t, r, v):
        d1 = (log(s / k) + (r + 0.5 * v * v) * t) / (v * sqrt(t))
        d2 = d1 - v * sqrt(t)
        return s * 0.5 * (1 + erf(d1 / 2**0.5)) - k * exp(-r * t) * 0.5 * (1 + erf(d2 / 2**0.5))

    fast = autograd.compile(price, batched="all")

    def ours():
        return fast.value_and_grad(*columns), fast.hessian(*columns)

    contenders = {"chainwalk": ours}
    if jax:

        def price_j(p):
            s, k, t, r, v = p
            d1 = (jnp.log(s / k) + (r + 0.5 * v * v) * t) / (v * jnp.sqrt(t))
            d2 = d1 - v * jnp.sqrt(t)
            erf_j = jax.scipy.special.erf
            return s * 0.5 * (1 + erf_j(d1 / 2**0.5)) - k * jnp.exp(-r * t) * 0.5 * (1 + erf_j(d2 / 2**0.5))

        everything = jax.jit(jax.vmap(lambda p: (price_j(p), jax.grad(price_j)(p), jax.hessian(price_j)(p))))
        stacked = jnp.asarray(np.stack(columns, axis=1))
        contenders["JAX"] = lambda: jax.block_until_ready(everything(stacked))
    return {name: each / rows for name, each in medians(contenders, seconds).items()}


def rosenbrock(seconds, n=1000):
    x = np.random.default_rng(0).normal(size=n)

    def ours(x):
        return total([100 * square(b - a * a) + square(1 - a) for a, b in itertools.pairwise(x)])

    fast = autograd.compile(ours)
    contenders = {"chainwalk": lambda: fast.value_and_grad(x, wrt=0)}
    if jax:
        step = jax.jit(
            jax.value_and_grad(lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))
        )
        xj = jnp.asarray(x)
        contenders["JAX"] = lambda: jax.block_until_ready(step(xj))
    if casadi:
        s = casadi.SX.sym("x", n)
        value = sum(100 * (s[i + 1] - s[i] ** 2) ** 2 + (1 - s[i]) ** 2 for i in range(n - 1))
        both = casadi.Function("both", [s], [value, casadi.gradient(value, s)])
        contenders["CasADi"] = lambda: both(x)
    return medians(contenders, seconds)


def threads(seconds, rows=1_000_000):
    """Compare one thread and two, each on a separate core."""
    rng = np.random.default_rng(0)
    params = parameters([2, 16, 16, 1], rng)
    x, y = rng.normal(size=(rows, 2)), rng.normal(size=rows)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, CORES)
    fast = {k: autograd.compile(squared(relu), batched=("x", "y"), threads=k) for k in (1, 2)}
    runs = {f"{k} threads": lambda f=f: f.value_and_grad(params, x, y, wrt=0) for k, f in fast.items()}
    return medians(runs, seconds, time.perf_counter)  # two cores gain only where nothing else runs


def peak(seconds=0.3):
    """Return the fused multiply-adds per second of this core, from registers alone, in 1e9."""
    from autograd.compiling.codegen.native import Native

    machine = host()
    lanes, chains = machine.lanes(False), 12
    v = f"<{lanes} x double>"
    lines = [f"  %a{k} = phi {v} [ %m, %entry ], [ %b{k}, %loop ]" for k in range(chains)]
    lines += [f"  %p{k} = fmul contract {v} %a{k}, %m" for k in range(chains)]
    lines += [f"  %b{k} = fadd contract {v} %p{k}, %m" for k in range(chains)]
    sums = [f"  %s{k} = fadd {v} {'%b0' if k == 1 else f'%s{k - 1}'}, %b{k}" for k in range(1, chains)]
    text = f"""define void @run(i64 %n, ptr %memory) {{
entry:
  %m = load {v}, ptr %memory, align 8
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %j, %loop ]
{chr(10).join(lines)}
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %loop, label %done
done:
{chr(10).join(sums)}
  store {v} %s{chains - 1}, ptr %memory, align 8
  ret void
}}"""
    import ctypes

    native = Native(text, machine)
    run = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(native.address("run"))
    memory = np.full(64, 0.5)
    count = 1_000_000
    each = medians({"peak": lambda: run(count, memory.ctypes.data)}, seconds)["peak"]
    return chains * lanes * count / each / 1e9


def multiply_adds(sizes):
    """Return the multiply-adds for each row of a network: forward, gradient of weights, of hidden neurons."""
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    return 2 * sum(weights) + sum(weights[1:])


def versioned(name):
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def picture(rows, path, caption):
    """Draw each contender's time as a multiple of our own, one group for each row of the table."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    import matplotlib.pyplot as plt

    colours = {
        "chainwalk": "#0072B2",
        "JAX": "#CC79A7",
        "PyTorch": "#D55E00",
        "CasADi": "#009E73",
        "micrograd": "#9AA5B1",
        "XAD": "#52606D",
    }
    end = 20  # what takes longer is cut off there
    figure, axes = plt.subplots(figsize=(9, 1.1 + 0.24 * sum(len(found) + 1 for _, found, _ in rows)))
    y, ticks = 0.0, []
    for title, found, unit in rows:
        ticks.append((y + (len(found) - 1) / 2, title))
        for name, each in found.items():
            times = each / found["chainwalk"]
            bar = axes.barh(y, min(times, end), color=colours.get(name, "#999"), height=0.85)
            ratio = "" if name == "chainwalk" else f", {times:,.{0 if times >= 100 else 1}f} times"
            cut = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} " if times > end else ""
            label = f"{cut}{name}  {each * 1e9:,.{0 if each >= 1e-7 else 1}f} {unit}{ratio}"
            axes.bar_label(bar, [label], padding=4, fontsize=8)
            y += 1
        y += 0.8
    axes.axvline(1, color="#333", linewidth=0.8, linestyle=":")
    axes.set_xlim(0, end * 1.75)
    axes.set_xticks([0, 1, 5, 10, 15, 20])
    axes.spines["bottom"].set_bounds(0, end)
    axes.set_yticks([place for place, _ in ticks], [title for _, title in ticks], fontsize=9)
    axes.set_ylim(y - 1, -0.8)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time as a multiple of chainwalk's", fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.text(0.01, 0.006, caption, fontsize=7, color="#666")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", help="a file to draw the table into")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time")
    parser.add_argument("--only", nargs="+", default=[""], help="the rows whose titles contain one of these")
    options = parser.parse_args()
    random.seed(0)
    s = 0.6 if options.quick else 6.0
    names = ["numpy", "llvmlite", "jax", "torch", "casadi", "micrograd", "xad"]
    machine = host()
    versions = ", ".join(map(versioned, names))
    caption = f"{processor()}, {machine.lanes(False)} lanes, Python {platform.python_version()}, {versions}"
    print(caption, flush=True)
    table = [
        ("2-16-16-1 relu, batch 10,000", lambda: network("relu", 10_000, s), "ns a row"),
        ("2-16-16-1 relu, batch 100", lambda: network("relu", 100, s), "ns a row"),
        ("2-16-16-1 tanh, batch 10,000", lambda: network("tanh", 10_000, s), "ns a row"),
        ("2-16-16-1 tanh, batch 100", lambda: network("tanh", 100, s), "ns a row"),
        ("64-64-10 cross-entropy, batch 1,000", lambda: classifier(s), "ns a row"),
        *(
            (f"{n}-128-10 cross-entropy, batch 256", lambda n=n: classifier(s, (n, 128, 10), 256), "ns a row")
            for n in (128, 256, 512, 784)  # where PyTorch draws level
        ),
        ("Black-Scholes, Hessian, 1,000,000 rows", lambda: black_scholes(s), "ns a row"),
        ("Rosenbrock in 1,000 dimensions", lambda: rosenbrock(s), "ns a call"),
    ]
    rows = []
    for title, run, unit in table:
        if not any(part in title for part in options.only):
            continue
        found = run()
        rows.append((title, found, unit))
        print(f"{title}  [{unit}]")
        for name, each in found.items():
            ratio = "" if name == "chainwalk" else f"{each / found['chainwalk']:10.2f} times"
            print(f"    {name:<10} {each * 1e9:14,.1f} {ratio}", flush=True)
    most = peak()
    for title, found, _ in rows:
        if "-" in (sizes := title.split()[0]) and sizes[0].isdigit():
            count = multiply_adds([int(size) for size in sizes.split("-")])
            share = count / found["chainwalk"] / 1e9 / most
            print(f"{title}: {share:.0%} of this core's {most:.1f} G fused multiply-adds a second")
    if len(CORES) > 1 and any(part in "threads" for part in options.only):
        found = threads(s)
        print(f"two threads against one, batch 1,000,000: {found['1 threads'] / found['2 threads']:.2f} times")
    if options.picture:
        picture(rows, options.picture, caption)
        print(options.picture)


if __name__ == "__main__":
    main()
