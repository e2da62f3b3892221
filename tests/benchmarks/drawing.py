"""Measure the time of pictures by the shape of the graph: laid out by dot in one piece, and as drawn.

python -m tests.benchmarks.drawing [--dot system|bundled|both] [--most 2000] [--limit 20] [--peers]

For each shape and size: values; processor and wall seconds of `draw(...).svg()`; the size of the file and of
the picture; and how long dot takes for the same graph as one piece, with every edge as long as it is ("-": over
the limit, or not tried since a smaller one was over it). With --peers the same through micrograd's own
`draw_dot` and torchviz, where they are installed.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import resource
import time
from collections.abc import Callable, Iterator

from autograd import Value, dot, draw, exp, log, mean, minimum, sigmoid, tanh
from autograd.drawing import dot_process
from autograd.drawing.dot import digraph
from autograd.drawing.dot_process import run_dot
from nn import MLP, mse_loss


def chain(steps: int) -> Value:
    x = Value(0.5, "x")
    y = x
    for _ in range(steps):
        y = y * 0.99 + x
    return y


def recurrent(steps: int) -> Value:
    w, u, b, h = Value(0.5, "w"), Value(-0.3, "u"), Value(0.1, "b"), Value(0.0, "h0")
    for k in range(steps):
        h = tanh(w * Value(math.sin(k), f"x{k}") + u * h + b)
    return h * h


def euler(steps: int) -> Value:
    x, v, dt = Value(1.0, "x"), Value(0.0, "v"), Value(0.01, "dt")
    for _ in range(steps):
        x, v = x + v * dt, v - x * dt
    return x * x


def power_iteration(steps: int) -> Value:
    a, b, c, d = Value(2.0, "a"), Value(1.0, "b"), Value(1.0, "c"), Value(3.0, "d")
    x, y = Value(1.0, "x"), Value(0.5, "y")
    for _ in range(steps):
        p, q = a * x + b * y, c * x + d * y
        norm = (p * p + q * q) ** 0.5
        x, y = p / norm, q / norm
    return x * x


def descent(steps: int) -> Value:
    x, rate, target = Value(3.0, "x0"), Value(0.1, "rate"), Value(1.0, "target")
    for _ in range(steps):
        x = x - rate * 2 * (x - target)
    return (x - target) ** 2


def horner(degree: int) -> Value:
    x = Value(0.7, "x")
    y = Value(1.0, "c0")
    for k in range(degree):
        y = y * x + Value(1.0 / (k + 1), f"c{k + 1}")
    return y


def taylor(terms: int) -> Value:
    x, term, total = Value(0.5, "x"), Value(1.0, "one"), Value(0.0, "zero")
    for k in range(1, terms):
        total = total + term
        term = term * x / k
    return total


def softmax(classes: int) -> Value:
    logits = [Value(math.sin(k), f"z{k}") for k in range(classes)]
    weights = [exp(z) for z in logits]
    total = weights[0]
    for weight in weights[1:]:
        total = total + weight
    loss = Value(0.0, "loss0")
    for k, weight in enumerate(weights):
        loss = loss - log(weight / total) * (1.0 if k == 0 else 0.1)
    return loss


def lstm(steps: int) -> Value:
    rng = random.Random(0)
    p = {name: Value(rng.uniform(-0.6, 0.6), name) for name in "wi ui bi wf uf bf wo uo bo wg ug bg".split()}
    h, c = Value(0.0, "h0"), Value(0.1, "c0")
    for k in range(steps):
        x = Value(math.sin(k), f"x{k}")
        i, f, o = (sigmoid(p[f"w{g}"] * x + p[f"u{g}"] * h + p[f"b{g}"]) for g in "ifo")
        c = f * c + i * tanh(p["wg"] * x + p["ug"] * h + p["bg"])
        h = o * tanh(c)
    return h * h


def random_graph(size: int, near: int | None = None) -> Value:
    rng = random.Random(1)
    values = [Value(rng.uniform(0.2, 1.0), f"a{k}") for k in range(8)]
    while len(values) < size:
        pool = values[-near:] if near else values
        a, b = rng.choice(pool), rng.choice(pool)
        values.append(a * b if rng.random() < 0.5 else a + b)
    used = {id(operand) for value in values for operand in value.operands}
    tops = [value for value in values if id(value) not in used]
    total = tops[0]
    for top in tops[1:]:
        total = total + top
    return total


def tree(size: int) -> Value:
    level = [Value(1.0 + 0.001 * k, f"x{k}") for k in range(size // 2 + 1)]
    while len(level) > 1:
        level = [a * b if len(level) % 3 else a + b for a, b in zip(level[::2], level[1::2], strict=False)]
    return level[0]


def products(terms: int) -> Value:
    total = Value(0.0, "start")
    for k in range(terms):
        total = total + Value(0.1 * k, f"w{k}") * Value(1.0, f"x{k}")
    return total


def one_dot(terms: int) -> Value:
    return dot([Value(0.1, f"w{k}") for k in range(terms)], [Value(0.2, f"x{k}") for k in range(terms)])


def fan_out(uses: int) -> Value:
    x = Value(0.5, "x")
    return mean([x * (1 + 0.001 * k) for k in range(uses)])


def butterflies(size: int) -> Value:
    """Return the steps of a fast Fourier transform of a power of two of numbers, with real factors."""
    size = 1 << max(1, size.bit_length() - 1)
    values = [Value(math.sin(k), f"x{k}") for k in range(size)]
    distance = 1
    while distance < size:
        for k in range(size):
            if not k & distance:
                a, b = values[k], values[k | distance] * math.cos(k)
                values[k], values[k | distance] = a + b, a - b
        distance *= 2
    return mean(values)


def edit_distance(cells: int) -> Value:
    """Return a table of dynamic programming, each cell from its neighbours."""
    size = max(2, math.isqrt(cells))
    table: list[list[Value]] = []
    for i in range(size):
        table.append([])
        for j in range(size):
            cost = Value(abs(math.sin(i * size + j)), f"c{i},{j}")
            before = [table[a][b] for a, b in ((i - 1, j), (i, j - 1)) if a >= 0 and b >= 0]
            if len(before) == 2:
                cost = minimum(before[0], before[1]) + cost
            elif before:
                cost = before[0] + cost
            table[-1].append(cost)
    return table[-1][-1]


def matrices(values: int) -> Value:
    """Return the mean of the product of two square matrices, each of its numbers a dot product."""
    size = max(2, math.isqrt(values // 3))
    a = [[Value(0.1 * i - 0.2 * j, f"a{i},{j}") for j in range(size)] for i in range(size)]
    b = [[Value(0.3 * i + 0.1 * j, f"b{i},{j}") for i in range(size)] for j in range(size)]
    return mean([dot(row, column) for row in a for column in b])


def attention(size: int) -> Value:
    """Softmax attention over a sequence of vectors of four numbers."""
    steps = max(2, math.isqrt(size // 3))
    q, k, v = (
        [[Value(math.sin(n + 3 * i + j), f"{name}{i},{j}") for j in range(4)] for i in range(steps)]
        for n, name in enumerate("qkv")
    )
    found = []
    for query in q:
        weights = [exp(dot(query, key) * 0.5) for key in k]
        total = weights[0]
        for weight in weights[1:]:
            total = total + weight
        shares = [weight / total for weight in weights]
        found += [dot(shares, [value[j] for value in v]) for j in range(4)]
    return mean(found)


def network(widths: list[int]) -> Callable[[int], Value]:
    def made(samples: int) -> Value:
        model = MLP(2, widths, activation="tanh", rng=random.Random(0))
        return mse_loss([model([0.1 * k, -0.2 * k]) for k in range(samples)], [1.0] * samples)

    return made


SHAPES: dict[str, tuple[Callable[[int], Value], float]] = {
    "chain": (chain, 2),
    "RNN": (recurrent, 6),
    "Euler": (euler, 4),
    "power iteration": (power_iteration, 11),
    "descent": (descent, 4),
    "Horner": (horner, 3),
    "Taylor": (taylor, 3),
    "softmax": (softmax, 6),
    "LSTM": (lstm, 26),
    "random": (random_graph, 1.3),
    "random, local": (lambda size: random_graph(size, 12), 1.1),
    "tree": (tree, 1),
    "sum of products": (products, 4),
    "one dot product": (one_dot, 2),
    "fan-out": (fan_out, 1),
    "butterflies": (butterflies, 25),
    "table": (edit_distance, 2.8),
    "matrices": (matrices, 1),
    "attention": (attention, 1.6),
    "MLP 2-4-4-1": (network([4, 4, 1]), 30),
    "MLP 2-16-16-1": (network([16, 16, 1]), 150),
}
"""The function that makes each shape, and its approximate number of values per unit of size."""


def processor() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    return total


def timed(action: Callable[[], object]) -> tuple[float, float]:
    wall, used = time.perf_counter(), processor()
    action()
    return time.perf_counter() - wall, processor() - used


def rows(which: str, sizes: list[int], limit: float) -> Iterator[str]:
    os.environ[dot_process.VARIABLE] = "dot" if which == "system" else str(dot_process.bundled())
    for name, (make, each) in SHAPES.items():
        too_slow = False
        for size in sizes:
            root = make(max(1, round(size / each)))
            root.backward()
            made: list[str] = []
            picture = draw(root, max_nodes=10**6, timeout=120)
            wall, used = timed(lambda picture=picture, made=made: made.append(picture.svg()))
            whole = "-"
            if not too_slow:
                source = str(digraph(picture.scene, picture._colours).source)
                try:
                    _, seconds = timed(lambda source=source: run_dot(["-Tsvg"], source, limit))
                    whole = f"{seconds:.2f}"
                except dot_process.DotError:
                    pass
                too_slow = whole == "-"
            found = re.search(r'<svg width="(\d+)pt" height="(\d+)pt"', made[0])
            shape = f"{found[1]}x{found[2]}" if found else ""
            yield (
                f"{which:8} {name:16} {len(picture.recorded.order):6,} {whole:>8} {used:8.2f} {wall:8.2f} "
                f"{len(made[0]) / 1e6:6.1f} MB {shape:>12}"
            )


def peers(limit: float) -> Iterator[str]:
    """Yield the chain through micrograd's `draw_dot` (of its notebook) and torchviz, with the system's dot."""
    try:
        import graphviz
        from micrograd.engine import Value as Micro
    except ImportError:
        return
    os.environ[dot_process.VARIABLE] = "dot"
    for steps in (20, 40, 60, 150):
        x = Micro(0.5)
        y = x
        for _ in range(steps):
            y = y * 0.99 + x
        graph = graphviz.Digraph(graph_attr={"rankdir": "LR"})
        seen, waiting = set(), [y]
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            graph.node(str(id(node)), f"{{ data {node.data:.4f} | grad {node.grad:.4f} }}", shape="record")
            if node._op:
                graph.node(f"{id(node)}{node._op}", node._op)
                graph.edge(f"{id(node)}{node._op}", str(id(node)))
            for child in node._prev:
                graph.edge(str(id(child)), f"{id(node)}{node._op}")
                waiting.append(child)
        yield f"micrograd draw_dot, chain of {steps}: {peer_seconds(str(graph.source), limit)}"
    try:
        import torch
        from torchviz import make_dot
    except ImportError:
        return
    for steps in (20, 40, 60, 150):
        a = torch.tensor(0.5, requires_grad=True)
        b = a
        for _ in range(steps):
            b = b * 0.99 + a
        yield f"torchviz, chain of {steps}: {peer_seconds(str(make_dot(b, params={'x': a}).source), limit)}"


def peer_seconds(source: str, limit: float) -> str:
    try:
        start = processor()
        svg = run_dot(["-Tsvg"], source, limit).decode()
    except dot_process.DotError:
        return f"over {limit:g} s"
    found = re.search(r'<svg width="(\d+)pt" height="(\d+)pt"', svg)
    return f"{processor() - start:.2f} s, {found[1]}x{found[2]} points" if found else "no picture"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dot", choices=["system", "bundled", "both"], default="both")
    parser.add_argument("--most", type=int, default=2_000)
    parser.add_argument("--limit", type=float, default=20.0)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    sizes = [size for size in (60, 300, 1_000, 2_000) if size <= options.most]
    print(
        f"{'dot':8} {'shape':16} {'values':>6} {'whole':>8} {'drawn':>8} {'wall':>8} {'file':>9} {'points':>12}"
    )
    for which in ("system", "bundled") if options.dot == "both" else (options.dot,):
        for line in rows(which, sizes, options.limit):
            print(line, flush=True)
    if options.peers:
        for line in peers(options.limit):
            print(line, flush=True)


if __name__ == "__main__":
    main()
