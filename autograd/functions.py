"""The table's operations as functions: of numbers a number, of Values a Value."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, overload

from .ops.op import Op, Rule
from .ops.table import TABLE
from .recording import RECORDED, check_names, number, recorder
from .value import Value

Operand = float | Value


class Unary(Protocol):
    """A function of one number or Value."""

    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, /) -> float: ...


class Binary(Protocol):
    """A function of two numbers or Values."""

    @overload
    def __call__(self, x: Value, y: Operand, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float, /) -> float: ...


def _documentation(op: Op) -> str:
    """A docstring from the table's entry: what it is, its rules, its domain, an example."""
    call, _, result = op.example.partition(" = ")
    shown = f">>> {call}" if call and float(result) == 0 else f">>> round({call}, 4)"
    lines = [
        f"{op.about[:1].upper()}{op.about[1:]}." if op.about else f"{op.signature}, a declared operation.",
        "",
        f"{'value':<12} {op.value}",
        *(f"{'d/d' + name:<12} {rule}" for name, rule in zip(op.elements, op.partials, strict=True)),
        *([f"{'domain':<12} {op.domain}, a DomainError outside"] if op.domain else []),
        *([f"{'note':<12} {op.note}"] if op.note else []),
        *(["", shown, result] if call else []),
    ]
    return "\n".join(lines)


def _function(name: str) -> Any:
    function = RECORDED[name]
    function.__doc__ = _documentation(TABLE[name])
    function.__module__ = __name__
    return function


add: Binary = _function("add")
sub: Binary = _function("sub")
mul: Binary = _function("mul")
div: Binary = _function("div")
mod: Binary = _function("mod")
pow: Binary = _function("pow")
neg: Unary = _function("neg")
pos: Unary = _function("pos")
abs: Unary = _function("abs")
sign: Unary = _function("sign")
square: Unary = _function("square")
reciprocal: Unary = _function("reciprocal")
sqrt: Unary = _function("sqrt")
cbrt: Unary = _function("cbrt")
exp: Unary = _function("exp")
exp2: Unary = _function("exp2")
expm1: Unary = _function("expm1")
log: Unary = _function("log")
log2: Unary = _function("log2")
log10: Unary = _function("log10")
log1p: Unary = _function("log1p")
sin: Unary = _function("sin")
cos: Unary = _function("cos")
tan: Unary = _function("tan")
asin: Unary = _function("asin")
acos: Unary = _function("acos")
atan: Unary = _function("atan")
atan2: Binary = _function("atan2")
sinh: Unary = _function("sinh")
cosh: Unary = _function("cosh")
tanh: Unary = _function("tanh")
asinh: Unary = _function("asinh")
acosh: Unary = _function("acosh")
atanh: Unary = _function("atanh")
hypot: Binary = _function("hypot")
sigmoid: Unary = _function("sigmoid")
logsigmoid: Unary = _function("logsigmoid")
softplus: Unary = _function("softplus")
relu: Unary = _function("relu")
leaky_relu: Callable[..., Any] = _function("leaky_relu")
elu: Callable[..., Any] = _function("elu")
gelu: Unary = _function("gelu")
silu: Unary = _function("silu")
erf: Unary = _function("erf")
erfc: Unary = _function("erfc")
maximum: Binary = _function("maximum")
minimum: Binary = _function("minimum")
step: Unary = _function("step")
clip: Callable[..., Any] = _function("clip")
total: Callable[[Iterable[Any]], Any] = _function("total")
prod: Callable[[Iterable[Any]], Any] = _function("prod")
mean: Callable[[Iterable[Any]], Any] = _function("mean")
logsumexp: Callable[[Iterable[Any]], Any] = _function("logsumexp")
dot: Callable[[Iterable[Any], Iterable[Any]], Any] = _function("dot")
where: Callable[[Any, Any, Any], Any] = _function("where")


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
) -> Callable[..., Any]:
    """Declare an operation of your own: used, drawn, stepped and checked like a built-in one.

    Give its signature, its value and one partial for each operand, as text over the operands and
    the result `out`, or as functions of the operands; or decorate the function that computes it.
    `domain` is a condition in text, outside of which the operation raises a DomainError. For
    derivatives of higher order, write partials that are functions with autograd's functions.

    Raises TypeError for a wrong number of partials and ValueError for a rule that cannot be read.

    >>> softsign = operation("softsign(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x))"])
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
        raise TypeError(f"partials come in the order of the operands, in a list or tuple, not as {partials!r}")
    rules = (partials,) if isinstance(partials, str) or callable(partials) else tuple(partials)
    words = {"domain": domain, "symbol": symbol, "written": written, "about": about, "note": note}
    if signature is not None:
        if value is None:
            raise TypeError(f"operation({signature!r}) needs its value, as text or as a function")
        return _declared(Op(signature, value, *rules, **words), caller)

    def decorate(function: Callable[..., float]) -> Callable[..., Any]:
        declared = _declared(Op(_signature(function), function, *rules, **words), function.__module__)
        declared.__doc__, declared.__qualname__ = function.__doc__, function.__qualname__
        return declared

    return decorate


def _signature(function: Callable[..., float]) -> str:
    """The signature of a decorated function, as the table writes one."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_kwonlyargcount or code.co_flags & 0x0C:  # *args or **kwargs
        raise TypeError(
            f"operation(...) decorates a function written in Python whose parameters are its operands, not "
            f"{function!r}: give signature, value and partials, as in operation('f(x)', f, [derivative])"
        )
    names, given = code.co_varnames[: code.co_argcount], function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(given) :], given, strict=True))
    parts = [f"{name}={number(defaults[name])!r}" if name in defaults else name for name in names]
    return f"{function.__name__}({', '.join(parts)})"


def _declared(op: Op, module: str) -> Callable[..., Any]:
    """The function of a user's own op; pickle finds the op again through the function's name."""
    check_names(op)
    function = recorder(op)
    function.__doc__, function.__module__ = _documentation(op), module
    function.op = op  # type: ignore[attr-defined]
    op.reduced = (getattr, (function, "op"))
    return function
