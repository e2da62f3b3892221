"""The requests, traces and plans of a compiled function, which are kept for later calls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from ...locks import OwnLock, collector_paused
from ...value import Value
from ..naming import Names
from ..trace.arguments import leaves_of, with_values
from ..trace.captures import Captures
from ..trace.outside import noticed_reads
from ..trace.tracing import Trace, trace
from ..trace.watching import Check
from .plan import Plan
from .query import Query
from .running import Options

LIMIT = 64
"""Maximum number of plans, traces and requests that are kept; the oldest are dropped."""


class Request:
    """A query of a method, and the plan of its latest call; None if there is none or it is outdated."""

    __slots__ = ("plan", "query")

    def __init__(self, query: Query) -> None:
        self.query = query
        self.plan: Plan | None = None


class Store:
    """What calls of a compiled function have made and later calls use again; several threads may share it.

    A plan belongs to a query and the forms of the arguments, a trace to the forms alone. Both belong to
    the captures: after a change f is traced again, and compiled again if its trace differs.
    """

    def __init__(self, f: Any, names: Names, options: Options) -> None:
        self.f = f
        self.value = Request(Query("value"))
        """The request of a call, which is never dropped."""
        self.captures: Captures | None = None
        self.checks: Sequence[Check] = ()
        """The checks of the captures: none before f is traced."""
        self.plans: dict[tuple[Query, tuple[Any, ...]], tuple[Trace, Plan]] = {}
        self.traces: dict[tuple[Any, ...], Trace] = {}
        self.current: set[tuple[Any, ...]] = set()
        """The forms of arguments whose traces belong to the current captures."""
        self.requests: dict[Any, Request] = {}
        self._reads: set[str] = set()
        """What f has read while it was traced, perhaps only the first time."""
        self._names = names
        self._options = options
        self._lock = OwnLock()

    def keep(self, key: Any, request: Request) -> Request:
        """Keep a request for later calls; return the one that another thread has kept meanwhile, if any."""
        with self._lock.held:
            request = self.requests.setdefault(key, request)
            for _, dropped in _limit(self.requests):
                dropped.plan = None  # `forget` no longer finds it, and another thread may be using it
        return request

    def forget(self, checks: Sequence[Check], request: Request) -> None:
        """Discard the plans of all requests, since one of these checks has failed."""
        request.plan = None  # also if another thread has dropped this request meanwhile
        with self._lock.held:
            if self.checks is checks:
                for each in (self.value, *self.requests.values()):
                    each.plan = None  # first, since other threads read it without the lock
                self.current.clear()
                self.captures, self.checks = None, ()

    def plan(self, request: Request, forms: tuple[Any, ...]) -> Plan:
        """Return the plan of a request for arguments of these forms, compiled if there is none."""
        query = request.query
        with self._lock.held, collector_paused():  # which would visit all expressions again and again
            trace = self._trace(forms[: len(forms) - len(query.wrt)] if query.what == "hvp" else forms)
            made = self.plans.get((query, forms))
            if made is None or made[0] is not trace:
                made = self.plans[query, forms] = trace, Plan(trace, forms, query, self._options)
                _limit(self.plans)
            request.plan = made[1]
        return made[1]

    def _trace(self, forms: tuple[Any, ...]) -> Trace:
        """Return the trace of f for arguments of these forms and the current captures."""
        found = self.traces.get(forms)
        if found is None or forms not in self.current:
            inputs = [
                Value(0.0, name if leaf.size == 1 else f"{name}[{place}]")
                for name, form in zip(map(self._names.called, range(len(forms))), forms, strict=True)
                for leaf in leaves_of(form)
                for place in range(leaf.size)
            ]
            given = iter(inputs)
            recorded = self.record([with_values(form, given) for form in forms], inputs)
            if found is None or not found.equals(recorded):
                found = self.traces[forms] = recorded
                self.current.difference_update(key for key, _ in _limit(self.traces))
            self.current.add(forms)
        return found

    def record(self, arguments: list[Any], inputs: list[Value]) -> Trace:
        """Trace f. The captures are taken before, so that changes made by f itself are noticed."""
        if self.captures is None:
            self.captures = Captures(self.f, self._reads)
            self.checks = self.captures.checks
        with noticed_reads() if self.captures.reach_a_library() else nullcontext(set[str]()) as reads:
            recorded = trace(self.f, arguments, inputs)
        self._reads |= reads
        self.captures.add_reasons(reads)
        return recorded


def _limit(kept: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """Drop the oldest items while there are more than the maximum; return their keys and values."""
    return [(key, kept.pop(key)) for key in list(kept)[: max(0, len(kept) - LIMIT)]]
