"""Derivatives compared with those of PyTorch and JAX, if they are installed."""

import pytest

import autograd
from autograd import grad, hessian, hvp, jacobian, jvp, vjp

POINT, DIRECTION = [0.3, -1.2, 2.0], [1.0, 0.5, -2.0]


def scalar(library):
    """Return the same function of three numbers in any library."""
    return lambda x: library.tanh(x[0] * x[1]) * library.exp(x[2] / 3) + library.sin(x[1] * x[2]) ** 2


def vector(library, pack):
    return lambda x: pack([x[0] * x[1], library.exp(x[2]) * x[0], library.sin(x[1]), x[0] ** 3])


def assert_equals_peer(found, peer):
    for ours, theirs in zip(found, peer.tolist(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-14)


def test_every_transform_agrees_with_torch():
    torch = pytest.importorskip("torch")
    functional = torch.autograd.functional
    x, v = (torch.tensor(item, dtype=torch.float64) for item in (POINT, DIRECTION))
    f, g = scalar(torch), vector(torch, torch.stack)
    ours, outputs = scalar(autograd), vector(autograd, list)
    assert_equals_peer(grad(ours)(POINT), functional.jacobian(f, x))
    assert_equals_peer(jacobian(outputs)(POINT), functional.jacobian(g, x))
    assert_equals_peer(hessian(ours)(POINT), functional.hessian(f, x))
    assert_equals_peer(hvp(ours, POINT, DIRECTION), functional.hvp(f, x, v)[1])
    assert_equals_peer(jvp(outputs, (POINT,), (DIRECTION,))[1], functional.jvp(g, x, v)[1])
    weights = [1.0, -1.0, 2.0, 0.5]
    assert_equals_peer(
        vjp(outputs, POINT)[1](weights)[0], functional.vjp(g, x, torch.tensor(weights, dtype=torch.float64))[1]
    )


def test_a_pulled_back_gradient_depends_on_the_gradient_that_is_given():
    torch = pytest.importorskip("torch")
    weights = torch.tensor([1.0, -1.0, 2.0, 0.5], dtype=torch.float64, requires_grad=True)
    x = torch.tensor(POINT, dtype=torch.float64)
    theirs = torch.autograd.functional.vjp(vector(torch, torch.stack), x, weights, create_graph=True)[1]
    (slopes,) = torch.autograd.grad((theirs**2).sum(), weights)

    def length(weights):
        (pulled,) = vjp(vector(autograd, list), POINT)[1](weights)
        return sum(p**2 for p in pulled)

    assert_equals_peer(grad(length)([1.0, -1.0, 2.0, 0.5]), slopes)


@pytest.mark.slow
def test_nested_transforms_agree_with_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    x, v = jax.numpy.array(POINT), jax.numpy.array(DIRECTION)
    f, ours = scalar(jax.numpy), scalar(autograd)
    assert_equals_peer(hessian(ours)(POINT), jax.hessian(f)(x))

    def theirs_along(y):
        return jax.jvp(jax.grad(f), (y,), (v,))[1] @ v

    def ours_along(y):
        along = jvp(grad(ours), (y,), (DIRECTION,))[1]
        return autograd.dot(along, DIRECTION)

    assert_equals_peer(
        grad(ours_along)(POINT), jax.grad(theirs_along)(x)
    )  # third derivatives, reverse over forward over reverse

    def ours_product(y):
        return autograd.dot(hvp(ours, y, DIRECTION), DIRECTION)

    assert_equals_peer(grad(ours_product)(POINT), jax.grad(theirs_along)(x))
