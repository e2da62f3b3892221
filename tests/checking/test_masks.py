"""Checks of programs with infinite constants, such as a mask of logits, and of numbers that underflow."""

import math

import pytest

pytest.importorskip("mpmath")

from autograd import Value, atan, exp, logsumexp, maximum, minimum, operation, sin, tanh, total, where
from autograd.checking import check_gradients

INF = math.inf


def masked_softmax(xs):
    scores = [where(kept, x, -INF) for kept, x in zip((True, False, True), xs, strict=True)]
    whole = logsumexp(scores)
    return total([exp(score - whole) * (k + 1) for k, score in enumerate(scores)])


def forward_recursion(rows):
    """Return the log-likelihood of a chain of states, of which only the first is possible at the start."""
    states = [rows[0][0], -INF, -INF]
    for row in rows[1:]:
        states = [logsumexp([states[k], states[k - 1] if k else -INF]) + row[k] for k in range(3)]
    return logsumexp(states[1:])


def soft_alignment(xs):
    """Return the soft minimum of the costs of paths, with 1e8 for a path that is not allowed."""
    costs = [1e8, 0.0, 1e8]
    for x in xs:
        costs = [x * x - logsumexp([-costs[k], -costs[k - 1]]) for k in range(3)]
    return costs[1]


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (masked_softmax, [0.5, 2.0, -1.0]),
        (forward_recursion, [[0.1, 0.2, 0.3], [-1.0, 0.5, 0.2], [0.7, -0.2, 0.1]]),
        (soft_alignment, [0.3, -1.1, 0.8]),
        (lambda x: sin(x) + 1 / (x + INF), 0.3),
        (lambda x: x * atan(x + INF) + tanh(x + INF) * x, 0.3),
        (lambda x: minimum(x, INF) * maximum(x, -INF), 0.3),
    ],
)
def test_a_program_with_a_mask_of_infinities_is_right(f, point):
    report = check_gradients(f, point)
    assert report.right
    assert not report.reasons


def test_every_input_of_a_masked_program_is_checked_also_one_that_the_mask_hides():
    report = check_gradients(masked_softmax, [0.5, 2.0, -1.0])
    ends = {report.name(found.place): found for found in report.findings if found.question == "end to end"}
    assert ends.keys() >= {"xs[0]", "xs[1]", "xs[2]"}
    assert ends["xs[1]"].found == 0


@pytest.mark.parametrize("error", [1e-3, 3e-6])
def test_a_wrong_partial_beside_a_mask_is_found(error):
    square = operation("wrong_square(x)", "x * x", [f"{2 + error} * x"])
    report = check_gradients(lambda x: exp(logsumexp([square(x), -INF])), 0.3, raises=False)
    assert report.verdict == "wrong"
    assert report.cause.question == "local"


def test_a_wrong_gradient_of_a_masked_program_is_found():
    def gradient(xs):
        xs = [Value(x) for x in xs]
        masked_softmax(xs).backward()
        return [xs[0].grad, 1e-4, xs[2].grad]

    report = check_gradients(masked_softmax, [0.5, 2.0, -1.0], gradient=gradient, raises=False)
    assert report.verdict == "wrong"


def test_a_gradient_that_is_zero_times_infinity_is_undecided():
    report = check_gradients(lambda x: x * atan(x * INF), 0.3, raises=False)
    assert report.verdict == "undecided"


def test_an_infinite_result_is_undecided_and_the_reason_names_it():
    report = check_gradients(lambda x: x + INF, 0.3, raises=False)
    assert report.verdict == "undecided"
    assert "is inf" in report.reasons[0]
