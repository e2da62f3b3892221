"""Call functions of PyTorch and JAX: their values and gradients as numpy arrays."""

from __future__ import annotations

import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any, Protocol

from ..nested import children, is_array
from ..terminal import quoted
from .point import Point, library

Function = Callable[..., Any]


def arrays_in(item: Any) -> Any:
    """Return an argument with numbers and rectangular lists of numbers converted to arrays.

    >>> arrays_in([1.0, 2.0])
    array([1., 2.])
    """
    import numpy

    if is_array(item):
        return item
    found = children(item)
    if found is None:
        return numpy.asarray(item, dtype=float)
    if isinstance(item, list | tuple) and not any(map(_has_arrays, found[1])):
        return numpy.asarray(item, dtype=float)
    return found[2]([arrays_in(each) for each in found[1]])


def _has_arrays(item: Any) -> bool:
    found = children(item)
    return is_array(item) or isinstance(item, dict) or (found is not None and any(map(_has_arrays, found[1])))


def _mapped(convert: Function, item: Any) -> Any:
    """Apply a function to every array in a container."""
    found = None if is_array(item) else children(item)
    return convert(item) if found is None else found[2]([_mapped(convert, each) for each in found[1]])


class Opaque(Protocol):
    """A function together with its gradient, given by the user or computed by another library."""

    name: str
    single: bool
    f: Function

    def value(self, parts: Sequence[Any]) -> Any:
        """Return the result of the function for other arguments."""

    def gradient(self, parts: Sequence[Any], upstream: Any = None) -> Any:
        """Return the gradient; `upstream` weights the results."""


class OfTorch:
    """A function of PyTorch tensors, called with numpy arrays: in float64, or float32 if f needs it."""

    name = "PyTorch"

    def __init__(self, f: Function, point: Point) -> None:
        self.torch: Any = import_module("torch")
        if isinstance(f, self.torch.nn.Module) and any(p.is_floating_point() for p in f.parameters()):
            f = copy.deepcopy(f).double()  # float64 arithmetic makes smaller errors visible
        self.f: Function = f
        self.point: Point = point
        self.single: bool = False

    def _tensors(self, parts: Sequence[Any], leaves: list[Any]) -> list[Any]:
        kind = self.torch.float32 if self.single else self.torch.float64

        def tensor(array: Any) -> Any:
            leaves.append(self.torch.tensor(array, dtype=kind).requires_grad_())
            return leaves[-1]

        return [_mapped(tensor, arrays_in(part)) for part in parts]

    def called(self, parts: Sequence[Any], leaves: list[Any] | None = None) -> Any:
        """Return the result of f as tensors, and append its arguments' tensors to `leaves`."""
        leaves = [] if leaves is None else leaves
        held = self.point.holding(self.torch.as_tensor)
        try:
            return held.call(self.f, self._tensors(parts, leaves))
        except RuntimeError as error:
            if self.single or "dtype" not in str(error).lower():
                raise
            self.single = True  # a model whose weights are float32
            leaves.clear()
            return held.call(self.f, self._tensors(parts, leaves))

    def value(self, parts: Sequence[Any]) -> Any:
        """Return the result of f for other arguments, as numpy arrays."""
        return _mapped(lambda item: item.detach().cpu().numpy(), self.called(parts))

    def gradient(self, parts: Sequence[Any], upstream: Any = None) -> list[Any]:
        """Return PyTorch's gradients, one for each argument; `upstream` weights the results."""
        leaves: list[Any] = []
        outputs, _ = _tensors_in(self.called(parts, leaves))
        weights, _ = ([None], None) if upstream is None else _tensors_in(upstream)
        seeds = [None if w is None else self.torch.as_tensor(w, dtype=o.dtype).reshape(o.shape)
                 for o, w in zip(outputs, weights, strict=True)]  # fmt: skip
        kept = [(o, seed) for o, seed in zip(outputs, seeds, strict=True) if o.requires_grad]
        found = (
            self.torch.autograd.grad([o for o, _ in kept], leaves, [s for _, s in kept], allow_unused=True)
            if kept
            else [None] * len(leaves)
        )
        flat = iter([self.torch.zeros_like(x) if g is None else g for x, g in zip(leaves, found, strict=True)])
        return [_mapped(lambda _: next(flat).detach().cpu().numpy(), arrays_in(part)) for part in parts]


class OfJax:
    """A function of JAX arrays, called with numpy arrays, in float64."""

    name = "JAX"

    def __init__(self, f: Function, point: Point) -> None:
        self.jax: Any = import_module("jax")
        self.f: Function = f
        self.point: Point = point
        self.single = False

    def _in_float64(self) -> Any:
        if hasattr(self.jax, "enable_x64"):
            return self.jax.enable_x64(True)
        return import_module("jax.experimental").enable_x64()

    def _of_parts(self, *parts: Any) -> Any:
        return self.point.call(self.f, parts)

    def _arrays(self, parts: Sequence[Any]) -> list[Any]:
        kind = self.jax.numpy.float64
        return [_mapped(lambda a: self.jax.numpy.asarray(a, dtype=kind), arrays_in(part)) for part in parts]

    def called(self, parts: Sequence[Any]) -> Any:
        """Return the result of f as JAX arrays."""
        with self._in_float64():
            return self._of_parts(*self._arrays(parts))

    def value(self, parts: Sequence[Any]) -> Any:
        """Return the result of f for other arguments, as numpy arrays."""
        import numpy

        return _mapped(numpy.asarray, self.called(parts))

    def gradient(self, parts: Sequence[Any], upstream: Any = None) -> list[Any]:
        """Return JAX's gradients, one for each argument; `upstream` weights the results."""
        import numpy

        jnp = self.jax.numpy
        with self._in_float64():
            output, pull = self.jax.vjp(self._of_parts, *self._arrays(parts))
            weights, _ = ([1.0], None) if upstream is None else _tensors_in(upstream)
            each = iter(weights)
            seed = _mapped(lambda o: jnp.asarray(next(each), dtype=o.dtype).reshape(o.shape), output)
            return [_mapped(numpy.asarray, part) for part in pull(seed)]


def _tensors_in(item: Any) -> tuple[list[Any], None]:
    found: list[Any] = []
    _mapped(found.append, item)
    return found, None


class OfUser:
    """A function and a hand-written gradient of the same arguments."""

    name = ""
    single = False

    def __init__(self, f: Function, gradient: Function, point: Point) -> None:
        self.f: Function = f
        self.derivative: Function = gradient
        self.point: Point = point

    def value(self, parts: Sequence[Any]) -> Any:
        """Return the result of f for other arguments."""
        return self.point.call(self.f, parts)

    def gradient(self, parts: Sequence[Any], upstream: Any = None) -> Any:
        """Return the gradient; for array results it is called with the upstream gradient too."""
        if upstream is None:
            return self.point.call(self.derivative, parts)
        if self.takes_upstream == "last":
            return self.point.call(lambda *given, **named: self.derivative(*given, upstream, **named), parts)
        return self.point.call(self.derivative, parts, upstream=upstream)

    @cached_property
    def takes_upstream(self) -> str:
        """How the gradient takes `upstream`: by "keyword", as the "last" argument, or "" for not at all."""
        try:
            parameters = inspect.signature(self.derivative).parameters
        except (TypeError, ValueError):
            return ""
        if "upstream" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return "keyword"
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        needed = [p for p in parameters.values() if p.kind in kinds and p.default is p.empty]
        return "last" if len(needed) == len(self.point.arguments) + 1 else ""


LIBRARIES: dict[str, type[OfTorch] | type[OfJax]] = {"torch": OfTorch, "jax": OfJax}


def opaque(f: Function, gradient: Function | str, point: Point) -> Opaque:
    """Return a function together with its gradient: a function, or the name of a library.

    Raises ValueError for an unknown library.

    >>> import math
    >>> opaque(math.sin, math.cos, Point(math.sin, [0.0], {})).gradient([0.0])
    1.0
    """
    if callable(gradient):
        return OfUser(f, gradient, point)
    if gradient not in LIBRARIES:
        names = " or ".join(map(repr, LIBRARIES))
        raise ValueError(
            f"gradient must be a function of the arguments of f, or {names}, got {quoted(gradient)}"
        )
    return LIBRARIES[gradient](f, point)


def library_of(f: Function, point: Point) -> str | None:
    """Return the name of the imported library whose arrays f returns; None if there is none.

    >>> import math
    >>> library_of(math.sin, Point(math.sin, [0.0], {})) is None
    True
    """
    for name, kind in LIBRARIES.items():
        if name not in sys.modules or not _mentions(f, name):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # f may not be meant for tensors
                found, _ = _tensors_in(kind(f, point).called(point.parts(point.numbers)))
        except Exception:  # f does not take arrays of that library
            continue
        if found and all(library(item) == name for item in found):
            return name
    return None


def _mentions(item: Any, name: str, depth: int = 4) -> bool:
    """Return whether a function uses a library: its module, its global names or its closure do."""
    kinds = [item.__name__] if isinstance(item, ModuleType) else [getattr(item, "__module__", None) or ""]
    kinds += [kind.__module__ for kind in type(item).__mro__]
    if any(kind.split(".")[0] in (name, f"{name}lib") for kind in kinds):
        return True
    inside = [getattr(item, part, None) for part in ("func", "__wrapped__", "__func__", "__self__")]
    if isinstance(item, FunctionType):
        inside += [item.__globals__.get(word) for word in _names(item.__code__)]
        for cell in item.__closure__ or ():
            with suppress(ValueError):  # an empty cell
                inside.append(cell.cell_contents)
    return depth > 0 and any(_mentions(each, name, depth - 1) for each in inside if each is not None)


def _names(code: CodeType) -> set[str]:
    """Return the global names in a function and in the functions nested in it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
