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

from ..locks import OwnLock
from ..modes import CURRENT
from ..terminal import quoted
from ..transforms.argnums import one_of
from ..value import Value
from .codegen.cache import CodeCache
from .codegen.native import Host, host
from .inside import answer
from .naming import Arguments, Names
from .run.collector import collector_paused
from .run.plan import Plan
from .run.query import Query
from .run.running import Options
from .run.summary import summarised
from .static import attribute
from .trace.arguments import described, gathered, leaves_of, shapes, with_values
from .trace.captures import Captures
from .trace.tracing import Trace, trace

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_MOST = 64
"""Maximum number of plans, traces and requests that are kept; the oldest are dropped."""


class Request:
    """A query of a method, and the plan of its latest call; None if there is none or it is outdated."""

    __slots__ = ("plan", "query")

    def __init__(self, query: Query) -> None:
        self.query = query
        self.plan: Plan | None = None


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
        self._names = self._named()
        self._options = self._chosen()
        self._plans: dict[Any, tuple[Trace, Plan]] = {}
        self._traces: dict[Any, Trace] = {}
        self._current: set[Any] = set()
        """The forms of arguments whose traces belong to the current captures."""
        self._value = Request(Query("value"))
        self._requests: dict[Any, Request] = {}
        self._captures: Captures | None = None
        self._lock = OwnLock()
        self._all_batched = batched == "all"
        if not self._all_batched:
            self._rows = frozenset(self._names.positions(batched, "batched"))
        for name in WRAPPER_ASSIGNMENTS:
            if (found := attribute(f, name)) is not None:
                setattr(self, name, found)
        self.__wrapped__ = f
        text = attribute(f, "__doc__")
        self.__doc__ = (
            f"{inspect.cleandoc(text) if isinstance(text, str) else self._names.function}\n\n{_methods()}"
        )

    def _named(self) -> Names:
        return Names.of(self.f)

    def _chosen(self) -> Options:
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
            if (mode := CURRENT.get()) is not None and mode.tracer is not None:
                return self.f(*args, **kwargs)
            args = self._bound(args, kwargs)
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
        args = self._bound(args, kwargs) if kwargs else args
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
        args = self._bound(args, kwargs) if kwargs else args
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
        args = self._bound(args, kwargs) if kwargs else args
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
        args = self._bound(args, kwargs) if kwargs else args
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
        args = self._bound(args, kwargs) if kwargs else args
        request = self._request("hvp", wrt, argnums, per_row, args)
        query = request.query
        parts = (vector,) if query.bare else tuple(vector)
        if len(parts) != len(query.wrt):
            raise ValueError(f"hvp needs a vector for each of {len(query.wrt)} arguments, got {len(parts)}")
        return self._run(request, (*args, *parts))

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        bound = inspect.signature(self.f).bind(*args, **kwargs)
        if bound.kwargs:
            raise TypeError(
                f"{self._names.function} has the keyword-only parameter {', '.join(bound.kwargs)}: compile a "
                "lambda with positional parameters instead"
            )
        return bound.args

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
            return self._requests[key]
        except (KeyError, TypeError) as missing:  # TypeError: an unhashable wrt
            query = self._new_query(what, one_of(wrt, argnums), per_row, args)
            made = Request(query._replace(auxiliary=auxiliary))
            if isinstance(missing, KeyError):
                with self._lock.held:
                    made = self._requests.setdefault(key, made)
                    for _, dropped in _limit(self._requests):
                        dropped.plan = None  # `_forget` no longer finds it, and another thread may be using it
            return made

    def _new_query(self, what: str, wrt: Any, per_row: bool, args: tuple[Any, ...]) -> Query:
        if wrt is None:
            return Query(what, tuple(range(len(args))), len(args) == 1, per_row)
        bare = isinstance(wrt, str | int)
        items = self._names.items(wrt, "wrt")
        if items and all(isinstance(item, Value) for item in items):
            if what in ("hessian", "hvp"):
                raise TypeError(f"{what} does not take captured Values in wrt: make them arguments of f")
            return Query(what, (), False, per_row, tuple(items))
        positions = self._names.positions(items, "wrt", len(args))
        if len(set(positions)) < len(positions):
            raise ValueError(f"wrt={quoted(wrt)} names an argument twice")
        return Query(what, positions, bare, per_row)

    def _is_batched(self, position: int) -> bool:
        return self._all_batched or position in self._rows

    def _run(self, request: Request, args: Sequence[Any]) -> Any:
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            return self.f(*args) if request is self._value else answer(self.f, request.query, args)
        captures = self._captures
        if captures is not None:
            try:
                for changed in captures.checks:  # `captures.changed()` in half the time
                    if changed():
                        self._forget(captures, request)
                        break
            except Exception:  # it could be read before
                self._forget(captures, request)
        plan = request.plan
        if plan is not None and plan.of_floats is not None:
            items = plan.of_floats(*args)
            if items is not None:
                return plan.build(items)
        leaves = plan.read(args) if plan is not None else None
        if plan is None or leaves is None:
            plan = self._plan(request, args)
            leaves = [
                leaf for form, item in zip(plan.forms, args, strict=True) for leaf in gathered(form, item)
            ]
        return plan.run(leaves)

    # Tracing and compiling.

    def _forget(self, captures: Captures, request: Request) -> None:
        """Discard plans after a change of the captures: f is traced again, and compiled if it differs."""
        request.plan = None  # also if another thread has dropped this request meanwhile
        with self._lock.held:
            if self._captures is captures:
                for each in (self._value, *self._requests.values()):
                    each.plan = None  # first, since other threads read it without the lock
                self._current.clear()
                self._captures = None

    def _plan(self, request: Request, args: Sequence[Any]) -> Plan:
        query = request.query
        forms = self._forms(query, args)
        with self._lock.held, collector_paused():
            trace = self._trace(forms[: len(forms) - len(query.wrt)] if query.what == "hvp" else forms)
            made = self._plans.get((query, forms))
            if made is None or made[0] is not trace:
                made = self._plans[query, forms] = trace, Plan(trace, forms, query, self._options)
                _limit(self._plans)
            request.plan = made[1]
        return made[1]

    def _forms(self, query: Query, args: Sequence[Any]) -> tuple[Any, ...]:
        """Return the forms of all arguments, followed for hvp by those of the vectors."""
        count = len(args) - (len(query.wrt) if query.what == "hvp" else 0)
        forms = [
            described(argument, self._is_batched(k), self._names.called(k))
            for k, argument in enumerate(args[:count])
        ]
        for k, vector in zip(query.wrt, args[count:], strict=False):
            form = described(vector, self._is_batched(k), f"the vector for {self._names.called(k)}")
            if shapes(form) != shapes(forms[k]):
                raise ValueError(
                    f"hvp needs a vector shaped like {self._names.called(k)}, {shapes(forms[k])}"
                    f"{' in each row' if self._is_batched(k) else ''}, got {shapes(form)}"
                )
            forms.append(form)
        return tuple(forms)

    def _trace(self, forms: tuple[Any, ...]) -> Trace:
        """Return the trace of f for arguments of these forms and the current captures."""
        found = self._traces.get(forms)
        if found is None or forms not in self._current:
            inputs = [
                Value(0.0, self._names.called(k) if leaf.size == 1 else f"{self._names.called(k)}[{place}]")
                for k, form in enumerate(forms)
                for leaf in leaves_of(form)
                for place in range(leaf.size)
            ]
            given = iter(inputs)
            arguments = [with_values(form, given) for form in forms]
            recorded = self._recorded(arguments, inputs)
            if found is None or not found.equals(recorded):
                found = self._traces[forms] = recorded
                self._current.difference_update(key for key, _ in _limit(self._traces))
            self._current.add(forms)
        return found

    def _recorded(self, arguments: list[Any], inputs: list[Value]) -> Trace:
        """Trace f. The captures are taken before, so that changes made by f itself are noticed."""
        if self._captures is None:
            self._captures = Captures(self.f)
        return trace(self.f, arguments, inputs)

    # Describing.

    def explain(self) -> str:
        """Return a description of the compiled code: operations, SIMD lanes, math functions, seconds.

        It also gives the reason if f is traced at every call.

        >>> import autograd
        >>> autograd.compile(lambda x: x * x).explain()
        '<lambda>: not compiled yet, which happens at the first call'
        """
        if not self._plans:
            return f"{self._names.function}: not compiled yet, which happens at the first call"
        plans = [(query, plan) for (query, _), (_, plan) in self._plans.items()]
        reasons = self._captures.reasons if self._captures is not None else ()
        anew = [f"  traced at every call, since {' and '.join(reasons)}"] if reasons else []
        return "\n".join([*(summarised(self._names.function, query, plan) for query, plan in plans), *anew])

    def source(self, form: str = "ir") -> str:
        """Return the code that was compiled last: form "ir" for LLVM IR, "assembly" for machine code.

        Raises ValueError before the first call, and for another form.

        >>> import autograd
        >>> square = autograd.compile(lambda x: x * x)
        >>> square(3.0), "fmul" in square.source()
        (9.0, True)
        """
        if not self._plans:
            raise ValueError(f"{self._names.function} is not compiled yet, which happens at the first call")
        native = list(self._plans.values())[-1][1].runner.kernels[0].native
        if form not in ("ir", "assembly"):
            raise ValueError(f'form must be "ir" or "assembly", got {quoted(form)}')
        return native.ir() if form == "ir" else native.assembly()

    def __repr__(self) -> str:
        return f"<compiled {self._names.function}({', '.join(self._names.arguments)})>"

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
            batched: Any = self.batched
            if not self._all_batched:
                items = self._names.items(batched, "batched")
                batched = [item - 1 if isinstance(item, int) and item > 0 else item for item in items]
            bound = MethodType(self.f, instance)
            found = kept[name] = type(self)(bound, batched, **self._settings())
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
        lines += [f"  {name}({shown})", f"      {method.__doc__.splitlines()[0]}"]
    return "\n".join(lines)


def _restored(kind: type, f: Any, batched: Any, settings: dict[str, Any]) -> Any:
    return kind(f, batched, **settings)


def _limit(kept: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """Drop the oldest items while there are more than the maximum; return their keys and values."""
    return [(key, kept.pop(key)) for key in list(kept)[: max(0, len(kept) - _MOST)]]
