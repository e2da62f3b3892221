"""k-means clustering by Lloyd's algorithm and by gradient descent: targets made from the data itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd import Value, square, total
from autograd.terminal import quoted

from ..argument_checks import RNG, generator, several, whole
from ..optimisers import SGD

Point = Sequence[float]


class Clusters(NamedTuple):
    """The result of k-means: the centres, and for each point the index of its nearest centre.

    >>> k_means([[0.0], [1.0], [9.0], [10.0]], 2, rng=0).objective
    1.0
    """

    centres: list[list[float]]
    labels: list[int]
    objective: float
    """The sum of the squared distances of the points from their centres."""
    history: list[float]
    """The objective before each step, and at the end."""
    converged: bool


def plus_plus(points: Sequence[Point], count: int, rng: RNG = None) -> list[list[float]]:
    """Return initial centres, drawn from the points with probabilities that grow with their distance.

    Source: D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007. Raises
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
    """Cluster points by Lloyd's algorithm: assign points to the nearest centre, move centres to the means.

    Source: S. P. Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 28
    (1982). The iteration starts from `start` or from k-means++ and ends when nothing changes. A centre
    without points moves to the point that is farthest from its own centre. Raises ValueError for fewer
    points than centres, different numbers of coordinates, and a nan or inf among them.

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
    """Cluster points by gradient descent on the objective of k-means, the sum of squared distances.

    The gradient with respect to a centre is twice the sum of (centre - point) over its points; `lr`
    is a fraction of the step that would move a centre with the average number of points to their mean.
    Raises ValueError as `k_means` does.

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
    several("points", points, "each a list of coordinates")
    count = whole("k_means", "cluster", count)
    if len(points) == 0:
        raise ValueError("there are no points to cluster: at least 1 is needed")
    if not 1 <= count <= len(points):
        raise ValueError(f"count must be 1 to {len(points)}, the number of points, got {quoted(count)}")
    if len({len(point) for point in points}) > 1:
        raise ValueError("the points have different numbers of coordinates")
    if not all(math.isfinite(x) for point in points for x in point):
        raise ValueError("a point has a nan or inf among its coordinates")


def _started(points: Sequence[Point], count: int, start: Sequence[Point] | None, rng: RNG) -> list[list[float]]:
    _refuse(points, count)
    if start is None:
        return plus_plus(points, count, rng)
    if len(start) != count:
        raise ValueError(f"start has {len(start)} centres for {count} clusters")
    widths = sorted({len(centre) for centre in start} | {len(points[0])})
    if len(widths) > 1:
        raise ValueError(f"points and centres have {' and '.join(map(str, widths))} coordinates: must be equal")
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
    """Give every centre without points the point farthest from its own; return whether there was one."""
    empty = [k for k in range(len(centres)) if k not in labels]
    for k in empty:
        far = max(range(len(points)), key=lambda n: _squared(points[n], centres[labels[n]]))
        centres[k], labels[far] = list(points[far]), k
    return bool(empty)
