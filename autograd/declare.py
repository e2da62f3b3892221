"""`operation` declares an operation of your own: used, drawn, stepped and checked like a built-in one."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, overload

from .ops.op import Op, Rule
from .ops.operands import number
from .ops.primitives import FAST
from .ops.rules import filename_of, names_in
from .ops.table import TABLE
from .recording import recorder
from .terminal import listed, quoted

if TYPE_CHECKING:
    from .value import Value


class Declared(Protocol):
    """The function that `operation` returns."""

    op: Op

    @overload
    def __call__(self, *operands: Value) -> Value: ...
    @overload
    def __call__(self, *operands: float) -> float: ...
    @overload
    def __call__(self, *operands: Any, **named: Any) -> Value | Any: ...


@overload
def operation(
    signature: str,
    value: Rule,
    partials: Sequence[Rule] | Rule = (),
    *,
    domain: str = "",
    symbol: str = "",
    written: str = "",
    about: str = "",
    note: str = "",
) -> Declared: ...
@overload
def operation(
    signature: None = None,
    value: None = None,
    partials: Sequence[Rule] | Rule = (),
    *,
    domain: str = "",
    symbol: str = "",
    written: str = "",
    about: str = "",
    note: str = "",
) -> Callable[[Callable[..., float]], Declared]: ...
def operation(
    signature: str | None = None,
    value: Rule | None = None,
    partials: Sequence[Rule] | Rule = (),
    *,
    domain: str = "",
    symbol: str = "",
    written: str = "",
    about: str = "",
    note: str = "",
) -> Declared | Callable[[Callable[..., float]], Declared]:
    """Declare an operation of your own: used, drawn, stepped and checked like a built-in one.

    Give its signature, its value and one partial for each operand, as expressions (strings) in the
    operands and the result `out`, or as functions of the operands; or decorate the function that
    computes the value. `domain` is a condition in the operands, outside of which the operation
    raises DomainError; `symbol` and `written` are its name and its form in pictures and steps, `about`
    and `note` go into its docstring. For derivatives of higher order, write partials that are
    functions with autograd's functions. Return the function that computes and records the operation.

    Warns of the name of a built-in operation. Raises TypeError for a wrong number of partials and
    ValueError for a rule that cannot be parsed.

    >>> softsign = operation("softsign(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x))"])
    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> y = softsign(x)
    >>> y.backward()
    >>> y.data, x.grad
    (0.5, 0.25)
    >>> @operation(partials=[lambda x: 3 * x * x])
    ... def cube(x):
    ...     return x**3
    >>> cube(2.0), cube(x).partials
    (8.0, (3.0,))
    """
    caller = sys._getframe(1).f_globals.get("__name__", "__main__")  # as namedtuple does, for pickle
    if isinstance(partials, dict | set):
        raise TypeError(
            f"partials must be a list or tuple in the order of the operands, got {quoted(partials)}"
        )
    rules = (partials,) if isinstance(partials, str) or callable(partials) else tuple(partials)
    words: dict[str, Any] = {
        "domain": domain,
        "symbol": symbol,
        "written": written,
        "about": about,
        "note": note,
    }
    if signature is not None:
        if value is None:
            raise TypeError(f"operation({quoted(signature)}) needs a value, as a string or as a function")
        declared: Declared = _declared(Op(signature, value, *rules, **words), caller)
        return declared

    def decorate(function: Callable[..., float]) -> Any:
        declared = _declared(Op(_signature(function), function, *rules, **words), function.__module__)
        declared.__doc__, declared.__qualname__ = function.__doc__, function.__qualname__
        return declared

    return decorate


def _signature(function: Callable[..., float]) -> str:
    """Return the signature of a decorated function, as the table writes one."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_kwonlyargcount or code.co_flags & 0x0C:  # *args or **kwargs
        raise TypeError(
            f"operation(...) decorates a function written in Python whose parameters are its operands, got "
            f"{quoted(function)}; give signature, value and partials instead: operation('f(x)', f, "
            f"[derivative])"
        )
    names, given = code.co_varnames[: code.co_argcount], function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(given) :], given, strict=True))
    parts = [f"{name}={number(defaults[name])!r}" if name in defaults else name for name in names]
    return f"{function.__name__}({', '.join(parts)})"


def _declared(op: Op, module: str) -> Any:
    """Return the function of a user's own op; pickle finds the op again through the function's name."""
    _check_names(op)
    if op.name in TABLE:
        warnings.warn(
            f"{op.name} is the name of a built-in operation, which this one does not replace: in pictures and "
            "steps the two look alike. Give it another name",
            stacklevel=3,
        )
    function: Any = recorder(op)
    function.__doc__, function.__module__ = op.documentation, module
    function.op = op
    op.reduced = (getattr, (function, "op"))
    return function


def _check_names(op: Op) -> None:
    """Raise ValueError for a declared op whose rules have a syntax error or an unknown name."""
    known = {*op.operands, *op.elements, "out", "before", "after", *FAST, *TABLE, *op.functions, "number"}
    known |= {"if", "else", "and", "or", "not", "for", "in", "zip", "None"}
    for rule in (op.value, *op.partials, op.domain or "1"):
        unknown = sorted(names_in(rule) - known)
        if unknown:
            raise ValueError(
                f"{op.name}: unknown name in the rule {quoted(rule)}: {listed(unknown)}; it may use "
                f"{', '.join(op.elements)}, out and the built-in operations"
            )
        try:
            for text in (rule, f"({rule})"):  # in parentheses a comment would swallow what follows
                compile(text, filename_of(op.name, text), "eval")
        except SyntaxError as error:
            raise ValueError(
                f"{op.name}: the rule {quoted(rule)} is not an expression ({error.msg})"
            ) from error
