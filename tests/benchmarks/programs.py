"""Compare compiled real programs with PyTorch and JAX: one core, float64, medians of alternating turns.

Each is written from its published formula: the Gaussian mixture, bundle adjustment and LSTM of ADBench
(https://arxiv.org/abs/1807.10129), and k-means, log-sum-exp, an ordinary differential equation, the
particle and the saddle point of gradbench (https://github.com/gradbench/gradbench; the last two are by
Pearlmutter and Siskind, 2008, here with a fixed number of steps). All contenders must agree to 1e-8
before they are timed. The first call of each, with tracing and compiling, is timed too. The times are
those of the processor, which do not count what other programs do in between.

Run `python tests/benchmarks/programs.py [--quick] [--only NAME ...]`; peers that are not
installed are left out.
"""

from __future__ import annotations

import argparse
import platform
import time
from functools import partial
from itertools import pairwise

import numpy as np
from common import processor
from compiled import jax, medians, torch, versioned  # first, because it pins the process to one core

import autograd
from autograd import cos, dot, exp, log, logsumexp, minimum, sigmoid, sin, sqrt, square, tanh, total

if jax:
    jnp = jax.numpy

AGREE = 1e-8
"""The largest difference between two contenders' results, relative to the largest number in them."""


def numbers(result):
    """Return all numbers of a nested result in one array."""
    if isinstance(result, tuple | list):
        return np.concatenate([numbers(part) for part in result])
    return np.asarray(result.detach() if hasattr(result, "detach") else result, dtype=float).ravel()


def assert_agree(results):
    """Raise AssertionError unless all contenders computed the same numbers."""
    ours = numbers(results["chainwalk"])
    for name, result in results.items():
        theirs = numbers(result)
        assert ours.shape == theirs.shape, f"{name}: {theirs.shape} numbers, not {ours.shape}"
        error = np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max())
        assert error <= AGREE, f"{name} differs from chainwalk by {error:.1e}"


def contenders(ours, in_jax=None, in_torch=None):
    """Return the installed contenders; those of peers are given as functions that make them."""
    found = {"chainwalk": ours}
    if jax and in_jax:
        run = jax.jit(in_jax[0])
        given = [jnp.asarray(item) for item in in_jax[1:]]
        found["JAX"] = lambda: jax.block_until_ready(run(*given))
    if torch and in_torch:
        tensors = [torch.tensor(item) for item in in_torch[1:]]
        found["PyTorch"] = lambda: in_torch[0](*tensors)
    return found


def torch_gradient(loss, wrt):
    """Return a function that gives the loss and its gradient with respect to the first `wrt` tensors."""

    def run(*tensors):
        leaves = [item.detach().requires_grad_() for item in tensors[:wrt]]
        value = loss(*leaves, *tensors[wrt:])
        return value, torch.autograd.grad(value, leaves)

    return run


def repeat(one, state, steps):
    for _ in range(steps):
        state = one(state)
    return state


def scan(one, state, steps):
    """Return a loop that JAX compiles once."""
    return jax.lax.scan(lambda state, _: (one(state), None), state, None, length=steps)[0]


# Gaussian mixture: the log-likelihood of the rows, with a Wishart prior on the precisions' square roots.

GAUSSIANS, DIMENSIONS, GAMMA = 5, 4, 1.0


def gmm():
    rng = np.random.default_rng(0)
    k, d, n = GAUSSIANS, DIMENSIONS, 1000
    lower = [(i, j) for j in range(d) for i in range(j + 1, d)]
    given = (
        rng.normal(size=k), rng.normal(size=(k, d)), 0.3 * rng.normal(size=(k, d)),
        0.3 * rng.normal(size=(k, len(lower))), rng.normal(size=(n, d)),
    )  # fmt: skip

    def row(alphas, means, logs, below, x):
        scores, prior = [], 0.0
        for a, mean, q, entries in zip(alphas, means, logs, below, strict=True):
            centred, diagonal = x - mean, [exp(item) for item in q]
            rotated = [scale * item for scale, item in zip(diagonal, centred, strict=True)]
            for (i, j), entry in zip(lower, entries, strict=True):
                rotated[i] = rotated[i] + entry * centred[j]
            scores.append(a + total(q) - 0.5 * dot(rotated, rotated))
            prior = prior + 0.5 * GAMMA**2 * (dot(diagonal, diagonal) + dot(entries, entries)) - total(q)
        return logsumexp(scores) - logsumexp(alphas) + prior / n

    i, j = np.array(lower).T

    def whole(m, scatter, alphas, means, logs, below, x):
        square_roots = scatter(m.exp(logs), below)
        rotated = m.einsum("kij,nkj->nki", square_roots, x[:, None] - means[None])
        scores = alphas + logs.sum(1) - 0.5 * (rotated**2).sum(2)
        lse = jax.nn.logsumexp if m is not torch else torch.logsumexp
        prior = 0.5 * GAMMA**2 * (square_roots**2).sum() - logs.sum()
        return lse(scores, 1).sum() - n * lse(alphas, 0) + prior

    def scatter_j(diagonal, below):
        return jnp.zeros((k, d, d)).at[:, i, j].set(below).at[:, np.arange(d), np.arange(d)].set(diagonal)

    def scatter_t(diagonal, below):
        matrix = torch.diag_embed(diagonal)
        matrix[:, i, j] = below
        return matrix

    fast = autograd.compile(row, batched="x")

    def ours():
        values, gradient = fast.value_and_grad(*given, wrt=(0, 1, 2, 3))
        return values.sum(), gradient

    in_jax = jax and jax.value_and_grad(partial(whole, jnp, scatter_j), argnums=(0, 1, 2, 3))
    in_torch = torch_gradient(partial(whole, torch, scatter_t), 4)
    return contenders(ours, jax and (in_jax, *given), (in_torch, *given))


# Bundle adjustment: the reprojection errors of each observation, and their Jacobian by camera and point.


def bundle(observations=1000):
    rng = np.random.default_rng(0)
    camera = np.concatenate(
        [0.3 * rng.normal(size=(observations, 3)), rng.normal(size=(observations, 3)),
         rng.uniform(300, 600, size=(observations, 1)), rng.normal(size=(observations, 2)),
         0.01 * rng.normal(size=(observations, 2))], axis=1,
    )  # fmt: skip
    point = rng.normal(size=(observations, 3)) + np.array([0, 0, 8])
    weight, seen = rng.uniform(0.5, 2, size=observations), rng.normal(size=(observations, 2))

    def errors(m, camera, point, weight, seen):
        rotation, x = camera[:3], [point[k] - camera[3 + k] for k in range(3)]
        angle = m.sqrt(rotation[0] ** 2 + rotation[1] ** 2 + rotation[2] ** 2)
        axis = [rotation[k] / angle for k in range(3)]
        c, s = m.cos(angle), m.sin(angle)
        along = (axis[0] * x[0] + axis[1] * x[1] + axis[2] * x[2]) * (1 - c)
        a, b, z = (
            x[k] * c + (axis[(k + 1) % 3] * x[(k + 2) % 3] - axis[(k + 2) % 3] * x[(k + 1) % 3]) * s
            + axis[k] * along for k in range(3)
        )  # fmt: skip
        a, b = a / z, b / z
        r = a * a + b * b
        radial = 1 + camera[9] * r + camera[10] * r * r
        return [
            weight * (a * radial * camera[6] + camera[7] - seen[0]),
            weight * (b * radial * camera[6] + camera[8] - seen[1]),
        ]

    class Ours:
        sqrt, cos, sin = staticmethod(sqrt), staticmethod(cos), staticmethod(sin)

    fast = autograd.compile(partial(errors, Ours), batched="all")
    given = camera, point, weight, seen

    def ours():
        by = fast.jacobian(*given, wrt=(0, 1))
        return [np.stack([np.asarray(row[k]) for row in by], axis=1) for k in range(2)]

    in_jax = jax and jax.vmap(jax.jacrev(lambda *a: jnp.stack(errors(jnp, *a)), argnums=(0, 1)))
    in_torch = torch and torch.func.vmap(
        torch.func.jacrev(lambda *a: torch.stack(errors(torch, *a)), argnums=(0, 1))
    )
    return contenders(ours, jax and (in_jax, *given), torch and (in_torch, *given))


# LSTM: two diagonal layers that predict the next character; the mean cross-entropy over a sequence.


def lstm(steps=30, width=14, layers=2):
    rng = np.random.default_rng(0)
    main, extra = 0.5 * rng.normal(size=(2 * layers, 4, width)), 0.5 * rng.normal(size=(3, width))
    state, sequence = 0.5 * rng.normal(size=(2 * layers, width)), rng.normal(size=(steps + 1, width))

    def cell(m, weights, biases, s, h, x):
        forget, inner = m.sigmoid(x * weights[0] + biases[0]), m.sigmoid(h * weights[1] + biases[1])
        outer, change = m.sigmoid(x * weights[2] + biases[2]), m.tanh(h * weights[3] + biases[3])
        s = s * forget + inner * change
        return s, outer * m.tanh(s)

    def step(m, main, extra, states, x):
        x, found = x * extra[0], []
        for k in range(layers):
            s, x = cell(m, main[2 * k], main[2 * k + 1], *states[k], x)
            found.append((s, x))
        return found, x * extra[1] + extra[2]

    def loss(m, main, extra, state, sequence):
        states, found = [(state[2 * k], state[2 * k + 1]) for k in range(layers)], 0.0
        for x, gold in pairwise(sequence):
            states, predicted = step(m, main, extra, states, x)
            found = found - m.log_probability(predicted, gold)
        return found / (steps * width)

    class Ours:
        sigmoid = staticmethod(np.vectorize(sigmoid, otypes=[object]))
        tanh = staticmethod(np.vectorize(tanh, otypes=[object]))

        @staticmethod
        def log_probability(predicted, gold):
            return dot(gold, predicted) - total(gold) * log(total([exp(item) for item in predicted]) + 2)

    class Peer:
        def __init__(self, m, sigmoid):
            self.m, self.sigmoid, self.tanh = m, sigmoid, m.tanh

        def log_probability(self, predicted, gold):
            return (gold * (predicted - self.m.log(self.m.exp(predicted).sum() + 2))).sum()

    fast = autograd.compile(partial(loss, Ours))
    given = main, extra, state, sequence
    if jax:
        peer = Peer(jnp, jax.nn.sigmoid)

        def scanned(main, extra, state, sequence):
            def one(states, pair):
                states, predicted = step(peer, main, extra, states, pair[0])
                return states, peer.log_probability(predicted, pair[1])

            first = [(state[2 * k], state[2 * k + 1]) for k in range(layers)]
            _, each = jax.lax.scan(one, first, (sequence[:-1], sequence[1:]))
            return -each.sum() / (steps * width)

        in_jax = jax.value_and_grad(scanned, argnums=(0, 1))
    in_torch = torch and torch_gradient(partial(loss, Peer(torch, torch.sigmoid)), 2)
    return contenders(
        lambda: fast.value_and_grad(*given, wrt=(0, 1)), jax and (in_jax, *given), torch and (in_torch, *given)
    )


# A recurrent network with a loss at each step.


def rnn(steps, width=2):
    rng = np.random.default_rng(0)
    weights, given, biases, out = 0.5 * rng.normal(size=(width, width)), *rng.normal(size=(3, width))
    x, gold = rng.normal(size=(2, steps))

    def ours(weights, given, biases, out, x, gold):
        h, losses = [0.0] * width, []
        for item, target in zip(x, gold, strict=True):
            h = [tanh(dot(w, h) + g * item + b) for w, g, b in zip(weights, given, biases, strict=True)]
            losses.append(square(dot(out, h) - target))
        return total(losses)

    def scanned(weights, given, biases, out, x, gold):
        def one(h, pair):
            h = jnp.tanh(weights @ h + given * pair[0] + biases)
            return h, (out @ h - pair[1]) ** 2

        return jax.lax.scan(one, jnp.zeros(width), (x, gold))[1].sum()

    def stepped(weights, given, biases, out, x, gold):
        h, losses = torch.zeros(width, dtype=torch.float64), []
        for item, target in zip(x, gold, strict=True):
            h = torch.tanh(weights @ h + given * item + biases)
            losses.append((out @ h - target) ** 2)
        return torch.stack(losses).sum()

    fast, every = autograd.compile(ours), (weights, given, biases, out, x, gold)
    in_jax = jax and jax.value_and_grad(scanned, argnums=(0, 1, 2, 3))
    return contenders(
        lambda: fast.value_and_grad(*every, wrt=(0, 1, 2, 3)),
        jax and (in_jax, *every),
        torch and (torch_gradient(stepped, 4), *every),
    )


# k-means: the gradient, and the Hessian times a vector, with respect to the centroids.


def kmeans(hessian, n=2000, k=5, d=4):
    rng = np.random.default_rng(0)
    centroids, x, vector = rng.normal(size=(k, d)), rng.normal(size=(n, d)), rng.normal(size=(k, d))

    def nearest(centroids, x):
        found = [total([square(a - b) for a, b in zip(x, c, strict=True)]) for c in centroids]
        best = found[0]
        for each in found[1:]:
            best = minimum(best, each)
        return best

    def whole(m, centroids, x):
        distances = ((x[:, None] - centroids[None]) ** 2).sum(2)
        return (distances.min(1) if m is not torch else distances.min(1).values).sum()

    fast = autograd.compile(nearest, batched="x")
    if not hessian:

        def ours():
            values, gradient = fast.value_and_grad(centroids, x, wrt=0)
            return values.sum(), gradient

        in_jax = jax and jax.value_and_grad(partial(whole, jnp))
        return contenders(
            ours, jax and (in_jax, centroids, x), (torch_gradient(partial(whole, torch), 1), centroids, x)
        )

    def product_j(centroids, x, vector):
        return jax.jvp(lambda c: jax.grad(partial(whole, jnp))(c, x), (centroids,), (vector,))[1]

    def product_t(centroids, x, vector):
        leaf = centroids.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(whole(torch, leaf, x), leaf, create_graph=True)
        return torch.autograd.grad((gradient * vector).sum(), leaf)

    return contenders(
        lambda: fast.hvp(centroids, x, vector=vector, wrt=0),
        jax and (product_j, centroids, x, vector),
        (product_t, centroids, x, vector),
    )


def log_sum_exp(n=1000):
    x = np.random.default_rng(0).normal(size=n)
    fast = autograd.compile(logsumexp)
    in_jax = jax and jax.value_and_grad(jax.nn.logsumexp)
    return contenders(
        lambda: fast.value_and_grad(x),
        jax and (in_jax, x),
        torch and (torch_gradient(lambda x: torch.logsumexp(x, 0), 1), x),
    )


# The Brusselator in one dimension, by the Runge-Kutta method: the gradient with respect to its initial state.


def ode(cells=8, steps=20, h=0.02):
    rng = np.random.default_rng(0)
    start = 1 + 0.3 * rng.normal(size=(2, cells))

    def solve(repeat, roll, y):
        def slope(u, v):
            def diffusion(w):
                return 0.5 * (roll(w, 1) + roll(w, -1) - 2 * w)

            reaction = u * u * v
            return 1 + reaction - 4 * u + diffusion(u), 3 * u - reaction + diffusion(v)

        def moved(y, k, size):
            return y[0] + size * k[0], y[1] + size * k[1]

        def one(y):
            k1 = slope(*y)
            k2 = slope(*moved(y, k1, h / 2))
            k3 = slope(*moved(y, k2, h / 2))
            k4 = slope(*moved(y, k3, h))
            return tuple(
                w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(y, k1, k2, k3, k4, strict=True)
            )

        y = repeat(one, (y[0], y[1]), steps)
        return (y[0] ** 2).sum() + (y[1] ** 2).sum()

    fast = autograd.compile(partial(solve, repeat, np.roll))
    in_jax = jax and jax.value_and_grad(partial(solve, scan, jnp.roll))
    return contenders(
        lambda: fast.value_and_grad(start),
        jax and (in_jax, start),
        torch and (torch_gradient(partial(solve, repeat, torch.roll), 1), start),
    )


# A particle among two charges, whose force is a gradient in the loss: second derivatives.


def particle(steps=50, h=0.05):
    def fly(repeat, gradient, root, control):
        def potential(x, y):
            far = [root((x - a) ** 2 + (y - b) ** 2) for a, b in ((10.0, 10.0 - control), (10.0, 0.0))]
            return 1 / far[0] + 1 / far[1]

        slope = gradient(potential)

        def one(state):
            x, y, u, v = state
            a, b = slope(x, y)
            return x + h * u, y + h * v, u - h * a, v - h * b

        state = 0.0 * control, 8.0 + 0.0 * control, 0.75 + 0.0 * control, 0.0 * control
        state = repeat(one, state, steps)
        return state[0] ** 2 + (state[1] - 7.0) ** 2

    def both(f):
        return autograd.grad(f, (0, 1))

    fast = autograd.compile(partial(fly, repeat, both, sqrt))
    in_jax = jax and jax.value_and_grad(partial(fly, scan, lambda f: jax.grad(f, (0, 1)), jnp.sqrt))
    in_torch = torch and torch.func.grad_and_value(
        partial(fly, repeat, lambda f: torch.func.grad(f, (0, 1)), torch.sqrt)
    )
    return contenders(
        lambda: fast.value_and_grad(0.3),
        jax and (in_jax, 0.3),
        torch and (lambda x: in_torch(x)[::-1], np.float64(0.3)),
    )


# A saddle point: gradient descent on a maximum that gradient ascent finds; third derivatives.


def saddle(outer=5, inner=5, rate=0.1):
    def loss(gradient, *start):
        def f(a, b, c, d):
            return a * a + b * b - c * c - d * d

        def highest(a, b):
            c, d = start[2], start[3]
            for _ in range(inner):
                up = gradient(lambda c, d: f(a, b, c, d))(c, d)
                c, d = c + rate * up[0], d + rate * up[1]
            return f(a, b, c, d)

        a, b = start[0], start[1]
        for _ in range(outer):
            down = gradient(highest)(a, b)
            a, b = a - rate * down[0], b - rate * down[1]
        return highest(a, b)

    given = 1.0, 0.7, -0.4, 0.6

    def ours(a, b, c, d):
        return loss(lambda f: autograd.grad(f, (0, 1)), a, b, c, d)

    fast = autograd.compile(ours)
    every = (0, 1, 2, 3)
    in_jax = jax and jax.value_and_grad(partial(loss, lambda f: jax.grad(f, (0, 1))), every)
    in_torch = torch and torch.func.grad_and_value(partial(loss, lambda f: torch.func.grad(f, (0, 1))), every)
    return contenders(
        lambda: fast.value_and_grad(*given),
        jax and (in_jax, *given),
        torch and (lambda *a: in_torch(*a)[::-1], *map(np.float64, given)),
    )


PROGRAMS = {
    "gmm": ("Gaussian mixture, 5 in 4 dimensions, 1,000 rows", gmm),
    "ba": ("bundle adjustment, Jacobians of 1,000 observations", bundle),
    "lstm": ("LSTM, 2 layers of 14, 30 steps", lstm),
    "lstm-long": ("the same, 130 steps: 70,000 values", partial(lstm, 130)),
    "rnn": ("RNN of 2, a loss at each of 4,000 steps", partial(rnn, 4_000)),
    "kmeans": ("k-means, 5 in 4 dimensions, 2,000 rows, gradient", partial(kmeans, False)),
    "kmeans-hvp": ("the same, Hessian-vector product", partial(kmeans, True)),
    "lse": ("log-sum-exp of 1,000", log_sum_exp),
    "ode": ("Brusselator, 8 cells, 20 Runge-Kutta steps", ode),
    "particle": ("particle, 50 steps", particle),
    "particle-4x": ("particle, 200 steps", partial(particle, 200)),
    "saddle": ("saddle point, 5 by 5 steps", saddle),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the time")
    parser.add_argument(
        "--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS), help="some of the programs"
    )
    options = parser.parse_args()
    versions = ", ".join(map(versioned, ("numpy", "jax", "torch")))
    print(f"{processor()}, Python {platform.python_version()}, {versions}", flush=True)
    autograd.compile(lambda x: x * x).value_and_grad(1.0)  # initialisation shared by all functions
    for name in options.only:
        title, prepare = PROGRAMS[name]
        runs, results, first = prepare(), {}, {}
        for peer, run in runs.items():
            start = time.process_time()
            results[peer] = run()
            first[peer] = time.process_time() - start
        assert_agree(results)
        found = medians(runs, 0.6 if options.quick else 4.0)
        print(f"{title}\n    {'':<10} {'us a call':>12} {'ratio':>8} {'first call, s':>14}")
        for peer, each in found.items():
            print(
                f"    {peer:<10} {each * 1e6:12,.1f} {each / found['chainwalk']:8.2f} {first[peer]:14.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
