"""Compiled functions with static arguments: settings whose values are known during tracing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from ..terminal import quoted
from ..transforms.argnums import one_of
from .compiled import Compiled, CompileOptions
from .naming import Arguments, Names

_MOST = 64
"""Maximum number of specialised functions that are kept; the oldest are dropped."""


class Specialised:
    """A function that is compiled for each value of its static arguments; see `autograd.compile`.

    It is called like f and has the methods of `Compiled`; derivatives are with respect to the other
    arguments. Static arguments may be any hashable objects: numbers, strings, tuples, functions.

    >>> import autograd
    >>> power = autograd.compile(lambda x, n: x**n, static="n")
    >>> power(2.0, 3), power.grad(2.0, 3)
    (8.0, 12.0)
    """

    def __init__(
        self, f: Callable[..., Any], static: Arguments, batched: Arguments, options: CompileOptions
    ) -> None:
        self.f: Callable[..., Any] = f
        self._batched = batched
        self._options = options
        self._names = Names.of(f)
        places = self._names.positions(static, "static")
        self.static: tuple[str, ...] = tuple(self._names.arguments[k] for k in places)
        self._functions: dict[Any, Compiled] = {}
        update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return f's result, as `Compiled` does."""
        function, rest, _ = self._specialised(args, kwargs)
        return function(*rest)

    def value_and_grad(self, *args: Any, wrt: Any = None, argnums: Any = None, **kwargs: Any) -> Any:
        """Return the values and the gradient of their sum; see `Compiled.value_and_grad`."""
        return self._derivative("value_and_grad", args, wrt, argnums, kwargs)

    def grad(self, *args: Any, wrt: Any = None, argnums: Any = None, **kwargs: Any) -> Any:
        """Return the gradient; see `Compiled.grad`."""
        return self._derivative("grad", args, wrt, argnums, kwargs)

    def jacobian(self, *args: Any, wrt: Any = None, argnums: Any = None, **kwargs: Any) -> Any:
        """Return the derivatives of every number of f's result; see `Compiled.jacobian`."""
        return self._derivative("jacobian", args, wrt, argnums, kwargs)

    def hessian(self, *args: Any, wrt: Any = None, argnums: Any = None, **kwargs: Any) -> Any:
        """Return all second derivatives; see `Compiled.hessian`."""
        return self._derivative("hessian", args, wrt, argnums, kwargs)

    def hvp(self, *args: Any, wrt: Any = None, argnums: Any = None, **kwargs: Any) -> Any:
        """Return the Hessian times a vector; see `Compiled.hvp`."""
        return self._derivative("hvp", args, wrt, argnums, kwargs)

    def explain(self) -> str:
        """Return a description of the code compiled for each value of the static arguments."""
        return "\n".join(function.explain() for function in self._functions.values())

    def _derivative(
        self, what: str, args: tuple[Any, ...], wrt: Any, argnums: Any, kwargs: dict[str, Any]
    ) -> Any:
        function, rest, options = self._specialised(args, kwargs)
        chosen = one_of(wrt, argnums)
        if chosen is not None:
            alone = isinstance(chosen, str | int)
            names = [self._names.arguments[k] for k in self._names.positions(chosen, "wrt")]
            if unmoved := [name for name in names if name in self.static]:
                raise ValueError(f"{', '.join(unmoved)} is static: there is no derivative with respect to it")
            chosen = names[0] if alone else names
        return getattr(function, what)(*rest, wrt=chosen, **options)

    def _specialised(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Compiled, list[Any], dict[str, Any]]:
        """Return the function for the given static arguments, the other arguments, and the options."""
        known = {name: item for name, item in kwargs.items() if name in self._names.arguments}
        bound = inspect.signature(self.f).bind(*args, **known)
        bound.apply_defaults()
        settings = tuple(bound.arguments[name] for name in self.static)
        try:
            key = tuple((type(item), item) for item in settings)
            function = self._functions.get(key)
        except TypeError:
            raise TypeError(
                f"the static arguments {', '.join(self.static)} must be hashable, got {quoted(settings)}: give "
                "tuples for lists, and numbers that vary as other arguments"
            ) from None
        if function is None:
            function = self._functions[key] = self._compiled(settings)
            while len(self._functions) > _MOST:
                del self._functions[next(iter(self._functions))]
        rest = [item for name, item in bound.arguments.items() if name not in self.static]
        return function, rest, {name: item for name, item in kwargs.items() if name not in known}

    def _compiled(self, settings: tuple[Any, ...]) -> Compiled:
        """Compile the function with fixed static arguments."""
        f, fixed = self.f, dict(zip(self.static, settings, strict=True))
        signature = inspect.signature(f)
        names = [name for name in signature.parameters if name not in fixed]

        def function(*args: Any) -> Any:
            left = iter(args)
            return f(*[fixed[name] if name in fixed else next(left) for name in signature.parameters])

        update_wrapper(function, f, updated=())
        del function.__wrapped__  # type: ignore[attr-defined]
        kept = [signature.parameters[name] for name in names]
        function.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        batched = self._batched
        if batched != "all":
            rows = self._names.positions(batched, "batched")
            batched = tuple(self._names.arguments[k] for k in rows)
        return Compiled(function, batched, **self._options)

    def __repr__(self) -> str:
        names, static = ", ".join(self._names.arguments), ", ".join(self.static)
        return f"<compiled {self._names.shown}({names}), static {static}>"

    def __reduce__(self) -> Any:
        return _again, (self.f, self.static, self._batched, self._options)


def _again(f: Callable[..., Any], static: Any, batched: Any, options: CompileOptions) -> Specialised:
    return Specialised(f, static, batched, options)
