"""k-means both ways: equal results on clear clusters, no empty cluster, scikit-learn's objective."""

import itertools
import math
import random

import pytest

from nn import blobs, k_means, k_means_by_gradient, plus_plus

CENTRES = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 3.0]]


def points(seed=0):
    return blobs(120, CENTRES, deviation=0.3, rng=random.Random(seed)).inputs


@pytest.mark.parametrize("find", [k_means, k_means_by_gradient])
def test_clear_clusters_are_found(find):
    found = find(points(), 4, rng=random.Random(0))
    assert found.converged
    for centre in CENTRES:
        assert min((x - centre[0]) ** 2 + (y - centre[1]) ** 2 for x, y in found.centres) < 0.02
    assert sorted({found.labels.count(k) for k in range(4)}) == [30]


def test_both_ways_reach_the_same_objective():
    start = plus_plus(points(), 4, random.Random(3))
    steps = k_means(points(), 4, rng=random.Random(0), start=start)
    slope = k_means_by_gradient(points(), 4, rng=random.Random(0), start=start)
    assert slope.objective == pytest.approx(steps.objective, rel=1e-9)


@pytest.mark.parametrize("find", [k_means, k_means_by_gradient])
def test_the_objective_never_rises(find):
    history = find(points(), 4, rng=random.Random(5)).history
    assert all(b <= a * (1 + 1e-12) for a, b in itertools.pairwise(history))


@pytest.mark.parametrize("find", [k_means, k_means_by_gradient])
def test_a_centre_without_points_is_given_some(find):
    start = [[0.0, 0.0], [3.0, 3.0], [1000.0, 1000.0], [0.0, 3.0]]
    found = find(points(), 4, rng=random.Random(0), start=start)
    assert set(found.labels) == {0, 1, 2, 3}
    assert max(abs(x) for centre in found.centres for x in centre) < 10


def test_equal_points_are_no_trouble():
    for find in (k_means, k_means_by_gradient):
        found = find([[1.0, 1.0]] * 5, 3, rng=random.Random(0))
        assert (found.objective, found.converged) == (0, True)
        assert len(found.history) < 5


@pytest.mark.parametrize("find", [k_means, k_means_by_gradient])
def test_two_empty_clusters_at_once_get_different_points(find):
    found = find([[0.0], [1.0], [9.0], [10.0]], 3, rng=random.Random(0), start=[[0.0], [500.0], [900.0]])
    assert found.converged
    assert set(found.labels) == {0, 1, 2}
    assert found.objective == pytest.approx(0.5)


def test_without_steps_the_start_is_returned_unchanged():
    for find in (k_means, k_means_by_gradient):
        found = find([[0.0], [4.0]], 1, rng=random.Random(0), start=[[1.0]], steps=0)
        assert found[:3] == ([[1.0]], [0, 0], 10.0)
        assert not found.converged


@pytest.mark.parametrize("find", [k_means, k_means_by_gradient])
def test_points_that_cannot_be_clustered_are_errors(find):
    with pytest.raises(ValueError, match="got 3"):
        find([[1.0], [2.0]], 3, rng=random.Random(0))
    with pytest.raises(ValueError, match="got 0"):
        find([[1.0]], 0, rng=random.Random(0))
    with pytest.raises(ValueError, match="different numbers of coordinates"):
        find([[1.0], [2.0, 3.0]], 1, rng=random.Random(0))
    with pytest.raises(ValueError, match="start has 1 centres for 2"):
        find([[1.0], [2.0]], 2, rng=random.Random(0), start=[[1.0]])
    with pytest.raises(ValueError, match="have 1 and 2 coordinates"):
        find([[1.0], [2.0]], 1, rng=random.Random(0), start=[[1.0, 2.0]])
    with pytest.raises(ValueError, match="nan or inf among its coordinates"):
        find([[1.0], [math.nan]], 1, rng=random.Random(0))
    with pytest.raises(ValueError, match="no points"):
        find([], 1, rng=random.Random(0))


def test_the_objective_is_scikit_learns():
    cluster = pytest.importorskip("sklearn.cluster")
    start = plus_plus(points(), 4, random.Random(1))
    peer = cluster.KMeans(4, init=start, n_init=1, tol=0).fit(points())
    assert k_means(points(), 4, rng=random.Random(0), start=start).objective == pytest.approx(peer.inertia_)
