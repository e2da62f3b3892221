"""Generate data sets: moons, circles, spirals, blobs, and the logic gates."""

from __future__ import annotations

import math
import random

from autograd.terminal import plural, quoted

from ..argument_checks import MOST, RNG, by_name, generator, real
from .dataset import Dataset


def moons(count: int, noise: float = 0.1, *, rng: RNG = None) -> Dataset:
    """Return two interleaving half circles, the upper labelled -1 and the lower +1.

    `count` is the number of points, `noise` the standard deviation of their distance from the curve.
    Raises ValueError for too few points and negative noise.

    >>> data = moons(4, noise=0.0, rng=0)
    >>> data.targets, [round(x, 3) for x in data.inputs[0]]
    ([-1.0, 1.0, -1.0, 1.0], [1.0, 0.0])
    """
    rng = _check(count, 2, "two moons", noise, rng)
    inputs, targets = [], []
    for k in range(count):
        angle = math.pi * (k // 2) / max(1, (count + 1) // 2 - 1)
        upper = k % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        inputs.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        targets.append(-1.0 if upper else 1.0)
    return Dataset(inputs, targets)


def circles(count: int, noise: float = 0.05, factor: float = 0.5, *, rng: RNG = None) -> Dataset:
    """Return two concentric circles, the outer labelled -1 and the inner, `factor` as large, +1.

    Raises ValueError for too few points, negative noise, and a factor that is not between 0 and 1.

    >>> data = circles(4, noise=0.0, rng=0)
    >>> [round(math.hypot(*point), 3) for point in data.inputs], data.targets
    ([1.0, 0.5, 1.0, 0.5], [-1.0, 1.0, -1.0, 1.0])
    """
    rng = _check(count, 2, "two circles", noise, rng)
    if not 0 < real("factor", factor) < 1:
        raise ValueError(f"factor must be between 0 and 1, got {quoted(factor)}")
    inputs, targets = [], []
    for k in range(count):
        angle, radius = 2 * math.pi * (k // 2) / ((count + 1) // 2), (1.0, factor)[k % 2]
        inputs.append(
            [radius * math.cos(angle) + rng.gauss(0, noise), radius * math.sin(angle) + rng.gauss(0, noise)]
        )
        targets.append((-1.0, 1.0)[k % 2])
    return Dataset(inputs, targets)


def xor(count: int, noise: float = 0.05, *, rng: RNG = None) -> Dataset:
    """Return points of a square, labelled +1 if the signs of their coordinates differ, else -1.

    `noise` is the standard deviation of what is added to the coordinates after labelling. Raises
    ValueError for too few points and negative noise.

    >>> data = xor(4, noise=0.0, rng=0)
    >>> [(round(x, 2), round(y, 2)) for x, y in data.inputs], data.targets
    ([(0.69, 0.52), (0.02, -0.19), (-0.05, 0.17), (-0.44, 0.51)], [-1.0, 1.0, 1.0, 1.0])
    """
    rng = _check(count, 1, "a square of points", noise, rng)
    inputs, targets = [], []
    for _ in range(count):
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        inputs.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        targets.append(-1.0 if x * y > 0 else 1.0)
    return Dataset(inputs, targets)


def spirals(count: int, noise: float = 0.02, turns: float = 1.5, *, rng: RNG = None) -> Dataset:
    """Return two intertwined spirals, labelled -1 and +1, each with `turns` turns.

    Raises ValueError for too few points and negative noise.

    >>> data = spirals(200, rng=0)
    >>> data.size, sum(data.targets)
    (200, 0.0)
    """
    rng = _check(count, 2, "two spirals", noise, rng)
    inputs, targets = [], []
    for k in range(count):
        share = (k // 2 + 1) / ((count + 1) // 2)
        angle, arm = 2 * math.pi * turns * share, (1.0, -1.0)[k % 2]
        inputs.append(
            [
                arm * share * math.cos(angle) + rng.gauss(0, noise),
                arm * share * math.sin(angle) + rng.gauss(0, noise),
            ]
        )
        targets.append(-arm)
    return Dataset(inputs, targets)


def blobs(
    count: int,
    centres: int | list[list[float]] = 3,
    deviation: float = 0.1,
    *,
    rng: RNG = None,
) -> Dataset:
    """Return Gaussian clusters around centres, a list or a number of random ones; the target is the cluster.

    `deviation` is the standard deviation of each coordinate. Raises ValueError for too few points and
    a negative deviation.

    >>> data = blobs(6, [[0.0, 0.0], [5.0, 5.0]], rng=0)
    >>> data.targets, round(data.inputs[1][0])
    ([0, 1, 0, 1, 0, 1], 5)
    """
    if isinstance(centres, int):
        _at_least(centres, 1, "blobs", "centre")
        rng = generator(rng)
        centres = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(centres)]
    rng = _check(count, len(centres), f"{len(centres)} blobs", deviation, rng, "deviation")
    targets = [k % len(centres) for k in range(count)]
    return Dataset([[x + rng.gauss(0, deviation) for x in centres[t]] for t in targets], targets)


GATES = {
    "and": (-1.0, -1.0, -1.0, 1.0),
    "or": (-1.0, 1.0, 1.0, 1.0),
    "nand": (1.0, 1.0, 1.0, -1.0),
    "nor": (1.0, -1.0, -1.0, -1.0),
    "xor": (-1.0, 1.0, 1.0, -1.0),
    "xnor": (1.0, -1.0, -1.0, 1.0),
}
"""The outputs of each gate for 00, 01, 10 and 11: +1 for true, -1 for false."""


def logic_gate(name: str) -> Dataset:
    """Return the truth table of a gate of two inputs, 0 or 1: "and", "or", "nand", "nor", "xor", "xnor".

    Raises ValueError for any other name.

    >>> logic_gate("and").targets
    [-1.0, -1.0, -1.0, 1.0]
    """
    truths = by_name("gate", name, GATES)
    return Dataset([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], list(truths))


def _check(count: int, least: int, what: str, noise: float, rng: RNG, name: str = "noise") -> random.Random:
    _at_least(count, least, what)
    if not 0 <= real(name, noise) < math.inf:
        raise ValueError(f"{name} must be a standard deviation, 0 or more, got {quoted(noise)}")
    return generator(rng)


def _at_least(count: int, least: int, what: str, thing: str = "point") -> None:
    if not isinstance(count, int) or count < least:
        raise ValueError(f"{what} need at least {plural(least, thing)}, got {quoted(count)}")
    if count > MOST:
        raise ValueError(f"{what} have at most {MOST:,} {thing}s, got {quoted(count)}")
