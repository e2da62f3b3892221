"""Functions of other libraries: their values and their own gradients, as functions of floats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Function = Callable[..., Any]


def of_torch(f: Function) -> tuple[Function, Function]:
    """A function of float64 tensors as one of floats, and the gradient that PyTorch's autograd gives."""
    torch: Any = import_module("torch")

    def tensors(arguments: tuple[Any, ...]) -> list[Any]:
        return [torch.tensor(item, dtype=torch.float64, requires_grad=True) for item in arguments]

    def value(*arguments: Any) -> float:
        return float(f(*tensors(arguments)).item())

    def gradient(*arguments: Any) -> list[Any]:
        inputs = tensors(arguments)
        found = torch.autograd.grad(f(*inputs), inputs, allow_unused=True, materialize_grads=True)
        return [item.tolist() for item in found]

    return value, gradient


def of_jax(f: Function) -> tuple[Function, Function]:
    """A function of JAX scalars as one of floats, and the gradient that jax.grad gives, in float64."""
    jax: Any = import_module("jax")
    jax.config.update("jax_enable_x64", True)

    def arrays(arguments: tuple[Any, ...]) -> list[Any]:
        return [jax.numpy.asarray(item, dtype=float) for item in arguments]

    def value(*arguments: Any) -> float:
        return float(f(*arrays(arguments)))

    def gradient(*arguments: Any) -> list[Any]:
        found = jax.grad(f, argnums=tuple(range(len(arguments))))(*arrays(arguments))
        return [item.tolist() for item in found]

    return value, gradient


LIBRARIES: dict[str, Callable[[Function], tuple[Function, Function]]] = {"torch": of_torch, "jax": of_jax}


def opaque(f: Function, gradient: Function | str) -> tuple[Function, Function]:
    """f and its gradient as functions of floats; `gradient` may name the library that has it.

    >>> f, gradient = opaque(abs, lambda x: 1.0)
    >>> gradient(2.0)
    1.0
    """
    if callable(gradient):
        return f, gradient
    if gradient not in LIBRARIES:
        names = " or ".join(map(repr, LIBRARIES))
        raise ValueError(f"gradient is a function of f's arguments, or {names}, not {gradient!r}")
    return LIBRARIES[gradient](f)
