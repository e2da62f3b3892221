"""A compiled function and its derivatives."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from functools import WRAPPER_ASSIGNMENTS, cache
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

from ..modes import CURRENT, is_traced
from ..nested import ordered_like
from ..terminal import quoted
from ..transforms.argnums import one_of
from .codegen.cache import CodeCache
from .codegen.native import Host, host
from .inside import answer
from .naming import Arguments, Names
from .run.running import Options
from .run.store import Request, Store
from .run.summary import summarised
from .signature import Signature
from .static import attribute
from .trace.arguments import gathered

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


class CompileOptions(TypedDict, total=False):
    """The options of `Compiled`, for code that passes them on."""

    dtype: DTypeLike
    threads: int
    lanes: int | Literal["auto"]
    cache: str | os.PathLike[str] | None


class Compiled:
    """A function compiled to native code; see `autograd.compile`.

    It is traced at the first call with arguments of a new structure or shape, and compiled for each of
    its methods at the first use. Results do not depend on earlier calls. It may be called from several
    threads at once, and can be pickled if the function can.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        batched: Arguments = (),
        *,
        dtype: DTypeLike = "float64",
        threads: int = 1,
        lanes: int | Literal["auto"] = "auto",
        cache: str | os.PathLike[str] | None = None,
        machine: Host | None = None,
    ) -> None:
        f = f.f if isinstance(f, Compiled) else f
        if not callable(f):
            raise TypeError(
                f"compile takes a function of numbers, or a Value with inputs=[...], got {quoted(f)}"
            )
        self.f: Any = f
        self.batched: Arguments = batched
        self.threads: int = threads
        self.lanes = lanes
        try:
            self.dtype: Any = np.dtype(dtype)
        except Exception:  # numpy's error has the whole repr in it
            self.dtype = np.dtype(object)
        if self.dtype not in (np.dtype("float32"), np.dtype("float64")):
            raise ValueError(f"dtype must be float32 or float64, got {quoted(dtype)}")
        if not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads must be an int >= 1, got {quoted(threads)}")
        self._machine = machine
        self._cache = cache
        self._signature = self._new_signature()
        self._names = self._signature.names
        self._store = self._new_store(self._options())
        self._value = self._store.value  # read at each call
        for name in WRAPPER_ASSIGNMENTS:
            if (found := attribute(f, name)) is not None:
                setattr(self, name, found)
        self.__wrapped__ = f
        text = attribute(f, "__doc__")
        about = inspect.cleandoc(text) if isinstance(text, str) else self._names.shown
        self.__doc__ = f"{about}\n\n{_methods()}"

    def _new_signature(self) -> Signature:
        return Signature(self.f, Names.of(self.f), self.batched)

    def _new_store(self, options: Options) -> Store:
        return Store(self.f, self._names, options)

    def _options(self) -> Options:
        machine, single = self._machine or host(), self.dtype == np.float32
        if self.lanes != "auto":
            most = machine.lanes(single)
            if self.lanes not in (1, 2, 4, 8, 16) or self.lanes > most:
                raise ValueError(
                    f'lanes must be "auto" or a power of two up to {most} here, got {quoted(self.lanes)}'
                )
            machine = machine._replace(width=self.lanes * self.dtype.itemsize)
        return Options(machine, single, self.threads, CodeCache(self._cache) if self._cache else None)

    # Calling.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result of f: floats, or with batched arguments arrays with a leading batch axis.

        The structure is that of the result of f. Arguments are numbers, arrays, or nested lists, tuples,
        dicts and dataclasses of them; batched ones have a leading axis of rows. Inside a function that is
        being compiled, f itself is called with the Values of one row.

        Raises TracingError if f branches on a Value or reads its number; TypeError for arguments that are
        not real numbers; ValueError if batched arguments have different numbers of rows.

        >>> import autograd
        >>> autograd.compile(lambda x, w: w * x, batched="x")([1.0, 2.0], 3.0)
        array([3., 6.])
        """
        if kwargs:
            if is_traced():
                return self.f(*args, **kwargs)
            args = self._signature.bound(args, kwargs)
        return self._run(self._value, args)

    def value_and_grad(
        self,
        *args: Any,
        wrt: Any = None,
        argnums: Any = None,
        per_row: bool = False,
        has_aux: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, Any]:
        """Return the values and the gradient of their sum, in the shape of the argument.

        `wrt` (or `argnums`) names the arguments to differentiate with respect to, by name or position; by
        default all. For a single name or position, or a function of one argument, the gradient is
        returned by itself; for several it is a tuple. The gradient of a batched argument has its rows;
        that of an unbatched argument is summed over the batch, unless `per_row=True`. `wrt` may also be a
        list of captured Values, whose gradients are returned in one array.

        With `has_aux=True`, f may return several numbers: the first is differentiated, the others are
        returned with the values.

        Raises TypeError if f does not return one number for each row; ValueError if `wrt` names an
        unknown argument or one twice; and the errors of a call.

        >>> import autograd
        >>> autograd.compile(lambda x: x * x).value_and_grad(3.0)
        (9.0, 6.0)
        """
        args = self._signature.bound(args, kwargs) if kwargs else args
        request = self._request("value_and_grad", wrt, argnums, per_row, args, has_aux)
        return self._run(request, args)  # type: ignore[no-any-return]

    def grad(
        self, *args: Any, wrt: Any = None, argnums: Any = None, per_row: bool = False, **kwargs: Any
    ) -> Any:
        """Return the gradient, as `value_and_grad` does.

        >>> import autograd
        >>> autograd.compile(lambda x, w: w * x * x).grad(3.0, 2.0, wrt="x")
        12.0
        """
        args = self._signature.bound(args, kwargs) if kwargs else args
        return self._run(self._request("grad", wrt, argnums, per_row, args), args)

    def jacobian(
        self, *args: Any, wrt: Any = None, argnums: Any = None, per_row: bool = False, **kwargs: Any
    ) -> Any:
        """Return the gradient of each number in the result of f, in the structure of the result.

        For a result of shape (m,) and an argument of shape (n,) the Jacobian has the shape (m, n), after
        the batch axis. `wrt`, `argnums` and `per_row` are those of `value_and_grad`.

        >>> import autograd
        >>> autograd.compile(lambda x: [x * x, 2 * x]).jacobian(3.0)
        [6.0, 2.0]
        """
        args = self._signature.bound(args, kwargs) if kwargs else args
        return self._run(self._request("jacobian", wrt, argnums, per_row, args), args)

    def hessian(
        self, *args: Any, wrt: Any = None, argnums: Any = None, per_row: bool = False, **kwargs: Any
    ) -> Any:
        """Return all second derivatives, in the shape of the argument twice.

        With several arguments in `wrt` the Hessian is a tuple of tuples, indexed by the two arguments. An
        entry has a batch axis if one of its arguments is batched; others are summed over the batch, unless
        `per_row=True`. Raises TypeError for captured Values in `wrt`, and the errors of `value_and_grad`.

        >>> import autograd
        >>> autograd.compile(lambda x: x**3).hessian(2.0)
        12.0
        """
        args = self._signature.bound(args, kwargs) if kwargs else args
        return self._run(self._request("hessian", wrt, argnums, per_row, args), args)

    def hvp(
        self,
        *args: Any,
        vector: Any,
        wrt: Any = None,
        argnums: Any = None,
        per_row: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the product of the Hessian and a vector, in the shape of the argument.

        `vector` has the shape of the argument in `wrt`, or is a tuple with one part for each of several.
        The Hessian is not formed. Raises ValueError for a vector of another shape, TypeError for captured
        Values in `wrt`, and the errors of `value_and_grad`.

        >>> import autograd
        >>> autograd.compile(lambda x: x**3).hvp(2.0, vector=10.0)
        120.0
        """
        args = self._signature.bound(args, kwargs) if kwargs else args
        request = self._request("hvp", wrt, argnums, per_row, args)
        query = request.query
        parts = (vector,) if query.bare else tuple(vector)
        if len(parts) != len(query.wrt):
            raise ValueError(f"hvp needs a vector for each of {len(query.wrt)} arguments, got {len(parts)}")
        vectors = [ordered_like(part, args[k]) for part, k in zip(parts, query.wrt, strict=True)]
        return self._run(request, (*args, *vectors))

    def _request(
        self,
        what: str,
        wrt: Any,
        argnums: Any,
        per_row: bool,
        args: tuple[Any, ...],
        auxiliary: bool = False,
    ) -> Request:
        if wrt.__class__ is list:
            wrt = tuple(wrt)
        key = (what, wrt, argnums, per_row, len(args), auxiliary)
        try:
            return self._store.requests[key]
        except (KeyError, TypeError) as missing:  # TypeError: an unhashable wrt
            query = self._signature.query(what, one_of(wrt, argnums), per_row, args)
            made = Request(query._replace(auxiliary=auxiliary))
            return self._store.keep(key, made) if isinstance(missing, KeyError) else made

    def _run(self, request: Request, args: Sequence[Any]) -> Any:
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:  # is_traced(), without a call
            return self.f(*args) if request is self._value else answer(self.f, request.query, args)
        checks = self._store.checks
        try:
            for changed in checks:
                if changed():
                    self._store.forget(checks, request)
                    break
        except Exception:  # it could be read before
            self._store.forget(checks, request)
        plan = request.plan
        if plan is not None and plan.at_once is not None:
            items = plan.at_once(*args)
            if items is not None:
                return plan.build(items)
        leaves = plan.read(args) if plan is not None else None
        if plan is None or leaves is None:
            plan = self._store.plan(request, self._signature.forms(request.query, args))
            leaves = [
                leaf for form, item in zip(plan.forms, args, strict=True) for leaf in gathered(form, item)
            ]
        return plan.run(leaves)

    # Describing.

    def explain(self) -> str:
        """Return a description of the compiled code: operations, SIMD lanes, math functions, seconds.

        It also gives the reason if f is traced at every call.

        >>> import autograd
        >>> autograd.compile(lambda x: x * x).explain()
        '<lambda>: not compiled yet, which happens at the first call'
        """
        if not self._store.plans:
            return f"{self._names.shown}: not compiled yet, which happens at the first call"
        plans = [(query, plan) for (query, _), (_, plan) in self._store.plans.items()]
        reasons = self._store.captures.reasons if self._store.captures is not None else ()
        anew = [f"  traced at every call, since {' and '.join(reasons)}"] if reasons else []
        return "\n".join([*(summarised(self._names.shown, query, plan) for query, plan in plans), *anew])

    def source(self, form: str = "ir") -> str:
        """Return the code that was compiled last: form "ir" for LLVM IR, "assembly" for machine code.

        Raises ValueError before the first call, and for another form.

        >>> import autograd
        >>> square = autograd.compile(lambda x: x * x)
        >>> square(3.0), "fmul" in square.source()
        (9.0, True)
        """
        if not self._store.plans:
            raise ValueError(f"{self._names.shown} is not compiled yet, which happens at the first call")
        native = list(self._store.plans.values())[-1][1].runner.kernels[0].native
        if form not in ("ir", "assembly"):
            raise ValueError(f'form must be "ir" or "assembly", got {quoted(form)}')
        return native.ir() if form == "ir" else native.assembly()

    def __repr__(self) -> str:
        return f"<compiled {self._names.shown}({', '.join(self._names.arguments)})>"

    # As a method it is compiled for each object, whose attributes are captured.

    def __get__(self, instance: Any, owner: Any = None) -> Compiled:
        if instance is None:
            return self
        kept, name = getattr(instance, "__dict__", None), f"_compiled_{self._names.function}"
        if kept is None:
            raise TypeError(
                f"{quoted(instance)} has no __dict__ to store compiled code: use compile(object.method)"
            )
        found: Compiled | None = kept.get(name)
        if found is None or found.f.__self__ is not instance:  # a copy has the compiled code of its original
            bound = MethodType(self.f, instance)
            found = kept[name] = type(self)(bound, self._signature.batched_of_method(), **self._settings())
        return found

    # Pickled by name if a decorator has replaced the function by it, else with the function.

    def __reduce__(self) -> Any:
        name = getattr(self.f, "__qualname__", "")
        found: Any = sys.modules.get(getattr(self.f, "__module__", ""))
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return name
        if isinstance(self.f, MethodType) and isinstance(found, Compiled):
            return getattr, (self.f.__self__, self._names.function)
        return _restored, (type(self), self.f, self.batched, self._settings())

    def _settings(self) -> dict[str, Any]:
        return {
            "dtype": self.dtype.name,
            "threads": self.threads,
            "lanes": self.lanes,
            "cache": self._cache,
            "machine": self._machine,
        }


@cache
def _methods() -> str:
    """Return a list of the methods, which `help` shows after the docstring of a compiled function."""
    lines = ["Compiled to native code; see autograd.compile. Methods:"]
    for name in "value_and_grad grad jacobian hessian hvp explain source".split():
        _, *parameters = inspect.signature(method := getattr(Compiled, name)).parameters.values()
        shown = ", ".join(str(each.replace(annotation=each.empty)) for each in parameters)
        lines += [f"  {name}({shown})", f"      {(method.__doc__ or '').partition(chr(10))[0]}"]
    return "\n".join(lines)


def _restored(kind: type, f: Any, batched: Any, settings: dict[str, Any]) -> Any:
    return kind(f, batched, **settings)
