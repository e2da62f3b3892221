"""Switches for how nodes are recorded: no_grad, enable_grad, anomaly_detection; what is being differentiated.

Both are context variables, so that threads and async tasks do not affect each other.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ContextDecorator, nullcontext
from contextvars import ContextVar, Token, copy_context
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar

from .terminal import quoted

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Result = TypeVar("_Result")
_GENERATOR = 0x20 | 0x200
"""The flags of generators, the asynchronous ones too."""
_SUSPENDING = 0x20 | 0x80 | 0x200
"""The flags of code that Python suspends: generators, coroutines, asynchronous generators."""


class Tracer(Protocol):
    """The interface that Values call while a function is traced, when no number is known yet."""

    def record(self, node: Any) -> None:
        """Note a node that was recorded inside the function."""

    def compare(self, name: str, left: Any, right: Any) -> Any:
        """Return `left < right`, and the other comparisons, as a node."""

    def combine(self, sign: str, left: Any, right: Any) -> Any:
        """Return `left & right`, and those with | and ^, as a node; None if one of them is not a condition."""

    def detach(self, value: Any) -> Any:
        """Return the value as a node through which no gradient flows back."""

    def partials(self, node: Any) -> tuple[Any, ...]:
        """Return the partials of a node as Values, since their numbers are not known."""

    def branch(self, value: Any) -> NoReturn:
        """Raise TracingError: the truth of a Value was asked for, as `if` does."""

    def read_data(self, value: Any) -> NoReturn:
        """Raise TracingError: the number of a Value was read."""

    def write(self, what: str) -> NoReturn:
        """Raise TracingError: a Value is being changed, by `backward()` or by writing to its data."""

    def equal(self, left: Any, right: Any) -> NoReturn:
        """Raise TracingError: two Values were compared with `==`, which compares identities."""


class Mode(NamedTuple):
    """How results are recorded; None is the default mode."""

    recording: bool = True
    watching: bool = False
    """Whether a nan or an infinity raises AnomalyError."""
    total: bool = False
    """Whether a point outside the domain gives nan or inf instead of an error."""
    tracer: Tracer | None = None
    """The tracer, while a function is traced for the compiler."""
    by_number: bool = False
    """Whether == compares the numbers of Values, as in the rules of declared operations."""

    owner: _Owner | None = None
    """The generator that switched it on: it applies only there, not in the caller."""
    outer: Any = None
    """The mode outside the one that a generator switched on, or with the modes of suspended generators."""


class _Owner:
    """The frame of a generator, until it leaves its switch."""

    __slots__ = ("frame",)

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    @property
    def runs(self) -> bool:
        """Whether the frame is among those that are being executed."""
        here: Any = sys._getframe(1)
        while here is not None and here is not self.frame:
            here = here.f_back
        return here is not None


def in_effect(mode: Mode | None) -> Mode | None:
    """Return the mode that applies here: that of a generator only while the generator runs."""
    if mode is None or (mode.owner is None and mode.outer is None):
        return mode
    usual = None
    while mode is not None:
        if mode.owner is None:
            usual = usual or mode
        elif mode.owner.runs:
            return mode
        mode = mode.outer
    return usual


CURRENT: ContextVar[Mode | None] = ContextVar("mode", default=None)


def is_traced() -> bool:
    """Return whether a function is being traced: its Values then stand for any numbers."""
    return (mode := CURRENT.get()) is not None and mode.tracer is not None


def restore(variable: ContextVar[Any], token: Token[Any]) -> None:
    """Restore a context variable; where that runs out of memory once more, or it would stay set for ever.

    CPython raises SystemError in place of MemoryError at some of the allocations.
    """
    try:
        variable.reset(token)
    except (MemoryError, SystemError, RuntimeError, ValueError):
        # A RuntimeError is that of a token whose first use failed, a ValueError that of another context's.
        before = token.old_value
        variable.set(None if before is Token.MISSING else before)


class Inputs(NamedTuple):
    """The leaves that a transform or the checker made for the arguments of the function that it calls.

    Those of transforms that this function called itself are added to them.
    """

    leaves: set[Any]
    outer: Inputs | None
    """Those of the function that called the transform."""


INPUTS: ContextVar[Inputs | None] = ContextVar("inputs", default=None)


def is_being_differentiated(value: Any) -> bool:
    """Return whether a Value is an argument of a function that is differentiated, or computed inside it."""
    if is_traced():
        return True
    inputs = INPUTS.get()
    if inputs is None or value.operands:
        return inputs is not None
    while inputs is not None:
        if value in inputs.leaves:
            return True
        inputs = inputs.outer
    return False


def differentiated(
    leaves: set[Any],
    f: Callable[..., _Result],
    args: Iterable[Any] = (),
    named: Mapping[str, Any] | None = None,
) -> _Result:
    """Call a function whose arguments contain these leaves, and which is recorded whatever the mode."""
    outer = INPUTS.get()
    try:
        INPUTS.set(Inputs(leaves, outer))
        with always_recording():
            return f(*args, **(named or {}))
    finally:
        try:  # Python 3.10 looks for signals where it goes on after an exception, except before a try
            INPUTS.set(outer)
        except (MemoryError, SystemError):  # once more, or it would stay set for ever
            INPUTS.set(outer)
        if outer is not None:
            outer.leaves.update(leaves)


class _Switch(ContextDecorator):
    """A context manager, also usable as a decorator, that changes one field of the current mode."""

    _is_inner = False
    """Whether it is always left before the caller's generator suspends, as in the engine's own use."""

    def __init__(self, **changes: Any) -> None:
        self._changes = changes
        self._token: Token[Mode | None] | None = None
        self._mode: Mode | None = None

    def _recreate_cm(self) -> _Switch:
        """Return a fresh switch for each call of a decorated function, which may run in many threads."""
        return _Switch(**self._changes)

    def __call__(self, func: _Function) -> _Function:
        if getattr(getattr(func, "__code__", None), "co_flags", 0) & _SUSPENDING:
            raise TypeError(
                f"{quoted(func)} is a generator or coroutine, which runs after the switch is off again: write "
                "`with ...:` inside it instead"
            )
        return super().__call__(func)

    def __enter__(self) -> None:
        if self._token is not None:
            raise RuntimeError("this switch is already on: create a new one for a nested use")
        current = CURRENT.get()
        mode = _changed(current, self._changes)
        generator = None if self._is_inner else _generator(sys._getframe(1))
        if generator is not None:
            self._mode = mode._replace(owner=_Owner(generator), outer=current)
        elif _has_suspended(current):
            self._mode = mode._replace(outer=current)
        else:
            self._mode = None if mode == Mode() else mode
        try:
            self._token = CURRENT.set(self._mode)
        except BaseException:  # out of memory, or interrupted: perhaps it is set, and only the token is missing
            CURRENT.set(current)
            raise

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            try:
                self._leave(self._token)
            except (MemoryError, SystemError):  # once more, or the mode would stay on for ever
                self._leave(self._token)
            except BaseException:  # Ctrl-C
                self._leave(self._token)
                raise
            self._token, self._mode = None, None

    def _leave(self, token: Token[Mode | None]) -> None:
        owner = self._mode.owner if self._mode is not None else None
        if owner is not None:
            owner.frame = None
        # Else a generator ended inside its caller's switch.
        if owner is None or CURRENT.get() is self._mode:
            suspended, mode = [], CURRENT.get()
            while mode is not None and mode is not self._mode:  # they began inside of this switch
                suspended += [mode] if mode.owner is not None and mode.owner.frame is not None else []
                mode = mode.outer
            restore(CURRENT, token)
            for mode in reversed(suspended):
                CURRENT.set(mode._replace(outer=CURRENT.get()))
        while (mode := CURRENT.get()) is not None and mode.owner is not None and mode.owner.frame is None:
            CURRENT.set(mode.outer)


class _InnerSwitch(_Switch):
    _is_inner = True


def _generator(frame: Any) -> Any:
    """Return the frame of the generator that is being executed, the innermost one; None if there is none.

    It may suspend before it leaves the switch, so that its caller has control. The body of a
    `contextlib.contextmanager` is none of them: its switch is for the code that uses it.
    """
    while frame is not None:
        if frame.f_code.co_flags & _GENERATOR and not (
            frame.f_back is not None and frame.f_back.f_code.co_filename == contextlib.__file__
        ):
            return frame
        frame = frame.f_back
    return None


def _has_suspended(mode: Mode | None) -> bool:
    """Return whether a mode belongs to a generator that does not run at the moment."""
    while mode is not None:
        if mode.owner is not None and mode.owner.frame is not None and not mode.owner.runs:
            return True
        mode = mode.outer
    return False


def no_grad() -> _Switch:
    """Compute without recording: results are leaves that remember no operands.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.operands
    (9.0, ())
    """
    return _Switch(recording=False)


def enable_grad() -> _Switch:
    """Record again, inside a `no_grad()`.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> with no_grad(), enable_grad():
    ...     y = x * x
    >>> len(y.operands)
    2
    """
    return _Switch(recording=True)


_NOTHING_TO_DO = nullcontext()


def always_recording() -> AbstractContextManager[None]:
    """Return `enable_grad()` for the engine's own use, at no cost if no mode is on.

    Differentiation needs the function recorded, inside a `no_grad()` too.
    """
    return _NOTHING_TO_DO if CURRENT.get() is None else _InnerSwitch(recording=True)


def anomaly_detection() -> _Switch:
    """Raise AnomalyError at the first nan or infinity, with the path from the leaves that led to it.

    >>> from autograd import Value, exp
    >>> x = Value(1000.0, "x")
    >>> with anomaly_detection():
    ...     exp(x)
    Traceback (most recent call last):
    ...
    autograd.errors.AnomalyError: exp(x) gave inf at x = 1000.0
    """
    return _Switch(watching=True)


def ieee_arithmetic() -> _Switch:
    """Return nan or inf outside an operation's domain, as numpy does, instead of raising DomainError.

    >>> from autograd import log
    >>> with ieee_arithmetic():
    ...     log(0.0)
    -inf
    """
    return _Switch(total=True)


def evaluated(changes: Mapping[str, Any], function: Callable[..., _Result], *args: Any) -> _Result:
    """Call a function with some fields of the mode changed, for the engine's own use.

    It runs in a copy of the context. Leaving that needs no memory and cannot be interrupted, so that no
    mode stays on whatever ends the function.
    """
    return copy_context().run(_evaluate, changes, function, args)


def _evaluate(changes: Mapping[str, Any], function: Callable[..., _Result], args: Iterable[Any]) -> _Result:
    CURRENT.set(_changed(CURRENT.get(), changes))
    return function(*args)


def _changed(mode: Mode | None, changes: Mapping[str, Any]) -> Mode:
    """Return the mode in effect with some fields changed; it belongs to no generator."""
    return (in_effect(mode) or Mode())._replace(**changes, owner=None, outer=None)


TOTAL = {"total": True}
"""The changes for a rule that gives nan or inf outside its domain."""
DECLARED = {"total": True, "by_number": True}
"""The same for the rules of a declared operation, over Values: there `==` compares numbers."""


def tracing(tracer: Tracer) -> Mapping[str, Any]:
    """Return the changes with which operations are recorded without numbers, and call the tracer."""
    return {"tracer": tracer, "total": True, "recording": True, "watching": False}
