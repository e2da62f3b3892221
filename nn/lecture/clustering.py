"""k-means: teacher data made from the task itself, by Lloyd's steps and by gradient descent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value, square, total
from autograd.terminal import quoted

from ..argument_checks import RNG, generator
from ..optimisers import SGD

Point = Sequence[float]


class Clusters(NamedTuple):
    """Centres, and for each point the number of its nearest one."""

    centres: list[list[float]]
    labels: list[int]
    objective: float
    """The sum of the squared distances of the points from their centres."""
    history: list[float]
    """The objective before each step, and at the end."""
    converged: bool


def plus_plus(points: Sequence[Point], count: int, rng: RNG = None) -> list[list[float]]:
    """Centres to start from: points drawn one after the other, the farther from the others the likelier.

    D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007. Raises
    ValueError for fewer than `count` points.

    >>> plus_plus([[0.0], [0.0], [9.0]], 2, 0) in ([[0.0], [9.0]], [[9.0], [0.0]])
    True
    """
    _refuse(points, count)
    rng = generator(rng)
    centres = [list(rng.choice(points))]
    while len(centres) < count:
        weights = [min(_squared(point, centre) for centre in centres) for point in points]
        if not any(weights):  # every point is a centre already
            centres.append(list(rng.choice(points)))
        else:
            centres.append(list(rng.choices(points, weights)[0]))
    return centres


def k_means(
    points: Sequence[Point],
    count: int,
    *,
    rng: RNG = None,
    steps: int = 100,
    start: Sequence[Point] | None = None,
) -> Clusters:
    """Lloyd's algorithm: points to their nearest centres, centres to their points' means, till nothing moves.

    S. P. Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 28 (1982).
    It starts from `start` or from k-means++. A centre without points moves to the point that is
    farthest from its own. Raises ValueError for fewer points than centres.

    >>> found = k_means([[0.0], [1.0], [9.0], [10.0]], 2, rng=0)
    >>> sorted(found.centres), found.objective, found.converged
    ([[0.5], [9.5]], 1.0, True)
    """
    centres = _started(points, count, start, rng)
    history = []
    for _ in range(steps):
        labels = _nearest(points, centres)
        history.append(_objective(points, centres, labels))
        before, centres = centres, [_mean(points, labels, k, centre) for k, centre in enumerate(centres)]
        _refill(points, centres, labels)
        if centres == before:
            return Clusters(centres, labels, history[-1], history, True)
    labels = _nearest(points, centres)
    history.append(_objective(points, centres, labels))
    return Clusters(centres, labels, history[-1], history, False)


def k_means_by_gradient(
    points: Sequence[Point],
    count: int,
    *,
    rng: RNG = None,
    lr: float = 0.5,
    steps: int = 200,
    start: Sequence[Point] | None = None,
) -> Clusters:
    """The same objective made small by gradient descent on the centres: the errors are the distances.

    The objective's gradient by a centre is twice the sum of (centre - point) over its points; `lr`
    is a share of the step that would carry a centre to the mean of as many points as it has on
    average. Raises ValueError for fewer points than centres.

    >>> found = k_means_by_gradient([[0.0], [1.0], [9.0], [10.0]], 2, rng=0)
    >>> [[round(x, 6) for x in centre] for centre in sorted(found.centres)], round(found.objective, 6)
    ([[0.5], [9.5]], 1.0)
    """
    centres = _started(points, count, start, rng)
    values = [[Value(x) for x in centre] for centre in centres]
    optimiser = SGD([value for centre in values for value in centre], lr=lr * count / (2 * len(points)))
    history = []
    for _ in range(steps):
        centres = [[value.data for value in centre] for centre in values]
        labels = _nearest(points, centres)
        if _refill(points, centres, labels):
            for centre, numbers in zip(values, centres, strict=True):
                for value, number in zip(centre, numbers, strict=True):
                    value.data = number
        optimiser.zero_grad()
        loss = total([_distance(point, values[label]) for point, label in zip(points, labels, strict=True)])
        loss.backward()
        history.append(loss.data)
        optimiser.step()
        if len(history) > 1 and abs(history[-2] - history[-1]) <= 1e-12 * history[-1]:
            break
    centres = [[value.data for value in centre] for centre in values]
    labels = _nearest(points, centres)
    history.append(_objective(points, centres, labels))
    settled = len(history) > 1 and abs(history[-2] - history[-1]) <= 1e-9 * max(history[-1], 1e-300)
    return Clusters(centres, labels, history[-1], history, settled)


def _distance(point: Point, centre: list[Value]) -> Any:
    return total([square(c - x) for x, c in zip(point, centre, strict=True)])


def _refuse(points: Sequence[Point], count: int) -> None:
    if len(points) == 0:
        raise ValueError("there are no points to find clusters in: give at least 1")
    if not 1 <= count <= len(points):
        raise ValueError(
            f"there are from 1 to {len(points)} clusters of {len(points)} points, not {quoted(count)}"
        )
    if len({len(point) for point in points}) > 1:
        raise ValueError("the points have different numbers of coordinates")
    if not all(math.isfinite(x) for point in points for x in point):
        raise ValueError("a point has a nan or inf among its coordinates: it is near to nothing")


def _started(points: Sequence[Point], count: int, start: Sequence[Point] | None, rng: RNG) -> list[list[float]]:
    _refuse(points, count)
    if start is None:
        return plus_plus(points, count, rng)
    if len(start) != count:
        raise ValueError(f"start has {len(start)} centres for {count} clusters")
    widths = sorted({len(centre) for centre in start} | {len(points[0])})
    if len(widths) > 1:
        raise ValueError(f"points and centres have {' and '.join(map(str, widths))} coordinates: give as many")
    return [list(centre) for centre in start]


def _squared(a: Point, b: Point) -> float:
    return math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def _nearest(points: Sequence[Point], centres: list[list[float]]) -> list[int]:
    return [min(range(len(centres)), key=lambda k: _squared(point, centres[k])) for point in points]


def _objective(points: Sequence[Point], centres: list[list[float]], labels: list[int]) -> float:
    return math.fsum(_squared(point, centres[label]) for point, label in zip(points, labels, strict=True))


def _mean(points: Sequence[Point], labels: list[int], k: int, before: list[float]) -> list[float]:
    mine = [point for point, label in zip(points, labels, strict=True) if label == k]
    return [math.fsum(column) / len(mine) for column in zip(*mine, strict=True)] if mine else before


def _refill(points: Sequence[Point], centres: list[list[float]], labels: list[int]) -> bool:
    """Give every centre without points the one that is farthest from its own; whether there was one."""
    empty = [k for k in range(len(centres)) if k not in labels]
    for k in empty:
        far = max(range(len(points)), key=lambda n: _squared(points[n], centres[labels[n]]))
        centres[k], labels[far] = list(points[far]), k
    return bool(empty)
