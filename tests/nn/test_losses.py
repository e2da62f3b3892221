"""Every loss: its equation in high precision, its gradient by the checker, extreme logits, bad targets."""

import math

import pytest

from autograd import Value, grad, hessian

pytest.importorskip("mpmath")

import mpmath

from autograd.checking import check
from nn.losses import (
    LOSSES,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber_loss,
    kl_divergence,
    l1_loss,
    loss_function,
    mse_loss,
)

mpf = mpmath.mpf


def log_softmax(z):
    return [x - mpmath.log(mpmath.fsum(map(mpmath.exp, z))) for x in z]


CASES = {
    "mse_loss": ([0.5, -2.0], [1.0, 3.0], lambda p, t: (p - t) ** 2),
    "l1_loss": ([0.5, -2.0], [1.0, 3.0], lambda p, t: abs(p - t)),
    "huber_loss": (
        [0.5, -2.0],
        [1.0, 3.0],
        lambda p, t: (p - t) ** 2 / 2 if abs(p - t) < 1 else abs(p - t) - 0.5,
    ),
    "hinge": ([0.5, -2.0], [1.0, 1.0], lambda p, t: max(mpf(0), 1 - t * p)),
    "binary_cross_entropy_with_logits": (
        [0.5, -30.0],
        [0.25, 1.0],
        lambda p, t: -t * mpmath.log(1 / (1 + mpmath.exp(-p))) - (1 - t) * mpmath.log(1 / (1 + mpmath.exp(p))),
    ),
    "cross_entropy": ([[0.5, -1.0, 2.0], [3.0, 0.0, -40.0]], [2, 1], lambda z, t: -log_softmax(z)[int(t)]),
    "kl_divergence": (
        [[0.5, -1.0, 2.0], [3.0, 0.0, -4.0]],
        [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]],
        lambda z, t: mpmath.fsum(a * (mpmath.log(a) - q) for a, q in zip(t, log_softmax(z), strict=True) if a),
    ),
}


def lifted(tree, kind):
    return [lifted(item, kind) for item in tree] if isinstance(tree, list) else kind(tree)


def test_every_loss_has_a_case():
    assert CASES.keys() == LOSSES.keys()


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_loss_is_the_mean_of_its_equation(name):
    predictions, targets, equation = CASES[name]
    with mpmath.workdps(50):
        pairs = zip(lifted(predictions, mpf), lifted(targets, mpf), strict=True)
        exact = mpmath.fsum(equation(p, t) for p, t in pairs) / len(predictions)
        assert LOSSES[name](predictions, targets) == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_gradient_of_a_loss_passes_the_checker(name):
    predictions, targets, _ = CASES[name]
    loss = LOSSES[name](lifted(predictions, Value), targets)
    assert check(loss, order=2).verdict == "right"


@pytest.mark.parametrize("z", [1000.0, -1000.0])
def test_extreme_logits_stay_finite_and_exact(z):
    for target in (0.0, 1.0):
        x = Value(z)
        loss = binary_cross_entropy_with_logits([x], [target])
        loss.backward()
        assert loss.data == (0.0 if (z > 0) == (target == 1) else 1000.0)
        assert x.grad == (0.0 if (z > 0) == (target == 1) else math.copysign(1.0, z))
    logits = [Value(z), Value(0.0)]
    loss = cross_entropy([logits], [1])
    loss.backward()
    assert loss.data == max(z, 0.0)
    assert [v.grad for v in logits] == ([1.0, -1.0] if z > 0 else [0.0, 0.0])


def test_a_small_loss_keeps_its_digits():
    assert binary_cross_entropy_with_logits([40.0], [1.0]) == pytest.approx(math.exp(-40), rel=1e-12)
    assert cross_entropy([[40.0, 0.0]], [0]) == pytest.approx(math.exp(-40), rel=1e-12)


def test_vector_predictions_are_compared_entry_by_entry():
    assert mse_loss([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 4.0]]) == (4 + 9) / 4
    assert l1_loss([[1.0, 2.0]], [[0.0, 0.0]]) == 1.5


def test_probabilities_are_targets_too():
    assert cross_entropy([[0.0, 0.0]], [[0.5, 0.5]]) == pytest.approx(math.log(2))
    assert kl_divergence([[0.0, math.log(3)]], [[0.25, 0.75]]) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(
    ("loss", "predictions", "targets", "word"),
    [
        (mse_loss, [], [], "at least one prediction"),
        (mse_loss, [1.0], [1.0, 2.0], "1 predictions for 2 targets"),
        (mse_loss, [[1.0, 2.0]], [1.0], "for classes use cross_entropy"),
        (mse_loss, [[1.0, 2.0]], [[1.0]], "its target is a list of 1"),
        (hinge, [1.0], [0.0], r"-1 and \+1"),
        (binary_cross_entropy_with_logits, [1.0], [-1.0], "targets from 0 to 1"),
        (cross_entropy, [[1.0, 2.0]], [2], "from 0 to 1 as its target"),
        (cross_entropy, [[1.0, 2.0]], [0.5], "from 0 to 1 as its target"),
        (cross_entropy, [[1.0, 2.0]], [[0.5, 0.4]], "add up to 1"),
        (kl_divergence, [[1.0, 2.0]], [[1.5, -0.5]], "add up to 1"),
        (kl_divergence, [[1.0, 2.0]], [1], "2 probabilities that add up to 1 as its target, not 1"),
        (kl_divergence, [1.0], [[0.5, 0.5]], "kl_divergence takes a list of logits"),
        (cross_entropy, [1.0], [1], "use binary_cross_entropy_with_logits"),
        (cross_entropy, [[1.0, 2.0]], ["a"], "from 0 to 1 as its target, or 2 probabilities, not 'a'"),
        (cross_entropy, [[1.0, 2.0]], [None], "not None"),
        (mse_loss, [1.0], [[1.0, 2.0]], "gave one number and its target is a list of 2"),
        (mse_loss, [[1.0]], [1.0], "a list of 1 and its target is 1.0. Give lists"),
        (lambda p, t: huber_loss(p, t, delta=0.0), [1.0], [1.0], "delta must be a number above 0"),
    ],
)
def test_invalid_targets_are_refused(loss, predictions, targets, word):
    with pytest.raises(ValueError, match=word):
        loss(predictions, targets)


@pytest.mark.parametrize("loss", [mse_loss, l1_loss, huber_loss, hinge, binary_cross_entropy_with_logits])
@pytest.mark.parametrize("target", ["a", None, True])
def test_a_target_that_is_not_a_number_is_a_clear_error(loss, target):
    with pytest.raises(TypeError, match="a target must be a number or a list of numbers, got"):
        loss([Value(1.0)], [target])


def test_arrays_are_targets_and_predictions_too():
    numpy = pytest.importorskip("numpy")
    shares = numpy.array([0.25, 0.75])
    assert (
        mse_loss([[1.0, 2.0]], [shares])
        == mse_loss([shares], [[1.0, 2.0]])
        == mse_loss([[1.0, 2.0]], [[0.25, 0.75]])
    )
    assert cross_entropy([[1.0, 2.0]], [shares]) == cross_entropy([[1.0, 2.0]], [[0.25, 0.75]])
    assert kl_divergence([[1.0, 2.0]], [shares]) == kl_divergence([[1.0, 2.0]], [[0.25, 0.75]])
    assert cross_entropy([[1.0, 2.0]], numpy.array([1])) == cross_entropy([[1.0, 2.0]], [1])


def test_a_loss_by_its_name():
    assert loss_function("huber_loss") is huber_loss
    with pytest.raises(ValueError, match="There are mse_loss"):
        loss_function("nonsense")


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("mse", "mse_loss"),
        ("MSELoss", "mse_loss"),
        ("mean_squared_error", "mse_loss"),
        ("L1Loss", "l1_loss"),
        ("mae", "l1_loss"),
        ("HuberLoss", "huber_loss"),
        ("hinge_loss", "hinge"),
        ("CrossEntropyLoss", "cross_entropy"),
        ("cross-entropy", "cross_entropy"),
        ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"),
        ("KLDivLoss", "kl_divergence"),
    ],
)
def test_a_loss_under_the_name_that_other_libraries_give_it(name, ours):
    assert loss_function(name).__name__ == ours


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("bce", "Use binary_cross_entropy_with_logits, which takes logits"),
        ("BCELoss", "Use binary_cross_entropy_with_logits, which takes logits"),
        ("cross_entrpy", "Did you mean 'cross_entropy'"),
    ],
)
def test_an_unknown_loss_is_an_error_that_suggests_one(name, advice):
    with pytest.raises(ValueError, match=advice):
        loss_function(name)


def test_losses_agree_with_torch():
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    theirs = {
        "mse_loss": f.mse_loss,
        "l1_loss": f.l1_loss,
        "huber_loss": f.huber_loss,
        "binary_cross_entropy_with_logits": f.binary_cross_entropy_with_logits,
        "cross_entropy": f.cross_entropy,
        "kl_divergence": lambda z, t: f.kl_div(f.log_softmax(z, 1), t, reduction="batchmean"),
    }
    for name, function in theirs.items():
        predictions, targets, _ = CASES[name]
        kind = torch.long if name == "cross_entropy" else torch.float64
        expected = function(torch.tensor(predictions, dtype=torch.float64), torch.tensor(targets, dtype=kind))
        assert LOSSES[name](predictions, targets) == pytest.approx(expected.item(), rel=1e-13)


def test_losses_are_their_equations():
    assert mse_loss([1.0, 3.0], [0.0, 1.0]) == (1 + 4) / 2
    assert hinge([2.0, 0.5, -3.0], [1.0, 1.0, 1.0]) == (0 + 0.5 + 4) / 3
    p = Value(0.5)
    mse_loss([p], [2.0]).backward()
    assert p.grad == 2 * (0.5 - 2.0)


def test_losses_take_numpy_arrays():
    numpy = pytest.importorskip("numpy")
    p = Value(0.5)
    hinge(numpy.array([p, Value(2.0)]), numpy.array([1.0, 1.0])).backward()
    assert p.grad == -0.5


INF, NAN = math.inf, math.nan
MASKED = [
    # loss, logits, target, PyTorch's loss and gradient
    ("cross_entropy", [0.0, -INF, 1.0], 0, 1.3132616875182228, [-0.7310585786300049, 0.0, 0.7310585786300049]),
    ("cross_entropy", [0.0, -INF, 1.0], 1, INF, [0.2689414213699951, -1.0, 0.7310585786300049]),
    ("cross_entropy", [-INF, -INF], 0, NAN, [NAN, NAN]),
    ("cross_entropy", [-INF, 0.0], 1, 0.0, [0.0, 0.0]),
    ("cross_entropy", [1e16, 1e16], 0, 0.6931471805599453, [-0.5, 0.5]),
    ("cross_entropy", [0.0, -INF, 1.0], [0.5, 0.5, 0.0], INF, [-0.2310585786300049, -0.5, 0.7310585786300049]),
    ("cross_entropy", [-INF, -INF], [0.5, 0.5], NAN, [NAN, NAN]),
    ("kl_divergence", [0.0, -INF, 1.0], [0.5, 0.5, 0.0], INF, [-0.2310585786300049, -0.5, 0.7310585786300049]),
    ("kl_divergence", [-INF, -INF], [0.5, 0.5], NAN, [NAN, NAN]),
    # PyTorch's loss is nan in the next two, from 0 * log(0): the gradient is the same
    ("cross_entropy", [0.0, -INF, 1.0], [1.0, 0.0, 0.0], 1.3132616875182228,
     [-0.7310585786300049, 0.0, 0.7310585786300049]),
    ("kl_divergence", [0.0, -INF, 1.0], [1.0, 0.0, 0.0], 1.3132616875182228,
     [-0.7310585786300049, 0.0, 0.7310585786300049]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "logits", "target", "value", "gradient"), MASKED)
def test_a_logit_of_minus_infinity_masks_its_class_as_in_pytorch(loss, logits, target, value, gradient):
    leaves = [Value(z) for z in logits]
    found = LOSSES[loss]([leaves], [target])
    found.backward()
    assert found.data == pytest.approx(value, rel=1e-15, nan_ok=True)
    assert [leaf.grad for leaf in leaves] == pytest.approx(gradient, rel=1e-14, nan_ok=True)


def test_binary_cross_entropy_of_a_certain_and_right_prediction_is_0():
    for logit, target in ((INF, 1.0), (-INF, 0.0)):
        z = Value(logit)
        loss = binary_cross_entropy_with_logits([z], [target])
        loss.backward()
        assert (loss.data, z.grad) == (0.0, 0.0)


def test_the_second_derivative_of_the_huber_loss_on_its_target_is_1():
    def loss(v):
        return huber_loss([v[0]], [v[1]], 0.5)

    assert hessian(loss)([1.0, 1.0]) == [[1.0, -1.0], [-1.0, 1.0]]
    assert grad(loss)([3.0, 1.0]) == [0.5, -0.5]
    assert grad(loss)([-3.0, 1.0]) == [-0.5, 0.5]
