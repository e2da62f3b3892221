"""Generate the functions that compute an operation and record it as a node, from the table's entries."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any

from .errors import AnomalyError, DomainError, TracingError
from .graph import ERA
from .modes import CURRENT, Mode, in_effect
from .nested import is_array
from .ops.op import Op
from .ops.operands import EDGES, as_float, checked, is_number, is_plain, number, truth
from .ops.primitives import FAST
from .ops.rules import composed_in, define, define_later, ieee_functions, names_in, partials_source
from .ops.table import TABLE
from .terminal import kind_of, quoted

# An operand (x_) is a node with a number (x) in it, or a plain number: then the two are the same
# object, it has no edge, and its partial is not evaluated. The partials are computed here, when the
# node is recorded, so that a later write to a leaf cannot corrupt a gradient. Rules see only floats.
# The slots of a node are explained in graph.py.
_TEMPLATE = """\
def {kind}_{name}({parameters}):
{unwrapped}
    try:
        if {outside}: raise ValueError
        out = {value}
        if {only_numbers}: return out
        {targets} = {partials}
    except (ArithmeticError, ValueError):
        out, partials = exceptional(OP_{name}, ({operands}))
        if partials is None: return out
        {targets} = partials
    node = create()
    node._data = out
    node.grad = 0.0
    node._label = ""
    node.era = era[0]
{stored}
    if mode() is None: node.op = OP_{name}
    else: under_mode(node, OP_{name})
    return node
"""
_STORE_ONE = """\
    node._x, node._dx = {0}_, d_{0}
    node._y = node._dy = None"""
_STORE_TWO = """\
    node._x, node._dx = {0}_, d_{0}
    node._y, node._dy = {1}_, d_{1}"""
_STORE_MANY = """\
    node._x = node._dx = None
    node._y, node._dy = ({operands}), partials"""
_UNWRAP = """\
    {x}_ = {x}
    if {x}.__class__ is Value: {x} = {x}._data
    elif {x}.__class__ is not float:
        if is_array({x}): return elementwise(OP_{name}, ({seen}))
        {x} = {x}_ = {coerce}({x})"""
_UNWRAP_SELF = """\
    {x}_ = {x}
    {x} = {x}._data"""
_UNWRAP_OR_DECLINE = """\
    {x}_ = {x}
    if {x}.__class__ is Value: {x} = {x}._data
    elif {x}.__class__ is not float:
        if not is_plain({x}): return NotImplemented
        {x} = {x}_ = float({x})"""
_UNWRAP_SEQUENCE = """\
    {x}_, {x}, {x}_edges = numbers({x})"""


class Unrecorded(tuple[()]):
    """The partials of a result that was computed inside no_grad(): none, which backward() reports."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Unrecorded, ()


UNRECORDED = Unrecorded()


def elementwise(op: Op, operands: tuple[Any, ...]) -> Any:
    """Apply an op to arrays, which broadcast as in numpy: to floats, or to objects if there are Values.

    Raises the error that the op raises for one of the numbers.
    """
    import numpy

    found: Any = numpy.frompyfunc(function_of(op), len(operands), 1)(*operands)
    without_values = all(operand.__class__ is not NAMESPACE["Value"] for operand in operands)
    if without_values and isinstance(found, numpy.ndarray) and all(map(is_number, found.flat)):
        return found.astype(float)
    return found


def numbers(operands: Iterable[Any]) -> tuple[Sequence[Any], Sequence[float], list[bool] | None]:
    """Return the operands, their numbers, and which of them are nodes: None for all, [] for none."""
    try:
        nodes = tuple(operands)
    except TypeError:
        if hasattr(operands, "__iter__"):  # the error came from iterating it, not from its type
            raise
        raise TypeError(f"expected a sequence of real numbers and Values, not {quoted(operands)}") from None
    if nodes and nodes[0].__class__ is float and {*map(type, nodes)} == _ONLY_FLOATS:
        return nodes, nodes, []
    kind = NAMESPACE["Value"]
    data = [node._data for node in nodes if node.__class__ is kind]
    if not data:
        found = list(map(as_float, nodes))
        return found, found, []
    if len(data) == len(nodes):
        return nodes, data, None
    edges = [node.__class__ is kind for node in nodes]
    mixed: list[Any] = [
        node if edge or node.__class__ is float else as_float(node)
        for node, edge in zip(nodes, edges, strict=True)
    ]
    return mixed, [node._data if edge else node for node, edge in zip(mixed, edges, strict=True)], edges


def exceptional(op: Op, operands: tuple[Any, ...]) -> tuple[float, tuple[float | None, ...] | None]:
    """Return value and partials where float arithmetic raises, as in IEEE 754; else raise DomainError."""
    edges = [operand.__class__ is not float for operand in operands]
    point = [operand._data if edge else operand for operand, edge in zip(operands, edges, strict=True)]
    grouped = op.grouped(point)
    in_domain, value, partials = ieee_functions(op)
    forgiving = (in_effect(CURRENT.get()) or Mode()).total or any(x != x for x in point)
    if not forgiving and not in_domain(*grouped):
        raise DomainError(_outside_message(op, operands, grouped)) from None
    try:
        out = value(*grouped)
        out = number(out)
        found = checked(partials(*grouped, out=out)) if any(edges) else ()
    except (ArithmeticError, ValueError) as error:  # a user's own function, not a rule in text
        point_text = ", ".join(map(repr, point))
        raise DomainError(f"{op.name}({point_text}) raised {kind_of(error)}: {error}") from error
    if not any(edges):
        return out, None
    return out, tuple(partial if edge else None for partial, edge in zip(found, edges, strict=True))


def _outside_message(op: Op, operands: tuple[Any, ...], grouped: list[Any]) -> str:
    from .formulas import history

    values = ", ".join(f"{name} = {value!r}" for name, value in zip(op.operands, grouped, strict=True))
    limiting = names_in(op.domain)
    computed = {
        name: operand
        for name, operand in zip(op.operands, operands, strict=False)
        if operand.__class__ is not float and (op.variadic or name in limiting)
    }
    origins = [
        f"{name} is {made}"
        for name, operand in computed.items()
        if (operand.label or operand.op) and (made := history(operand)) != name
    ]
    advice = "Change the inputs, or limit the operand with autograd.clip or autograd.where"
    return (
        f"{op.name}({', '.join(op.operands)}) is undefined at {values}: {op.needs or f'it needs {op.domain}'}"
        f"{'; here ' + ', '.join(origins) if origins else ''}. {advice if computed else 'Change the numbers'}"
    )


def under_mode(node: Any, op: Op) -> None:
    """Set the op of a new node while a mode is on: a result that is not recorded becomes a leaf."""
    mode = in_effect(CURRENT.get()) or Mode()
    if mode.tracer is not None:
        if not mode.recording:
            raise TracingError(
                "no_grad() cannot be used inside a function that is being compiled: its results are numbers, "
                "which are not known while tracing. For a value without a gradient use value.detach()"
            )
        mode.tracer.record(node)
    node.op = op
    if mode.tracer is None and mode.watching:
        _refuse_anomaly(node)
    if not mode.recording:
        node.op, node.operands, node.partials = None, (), UNRECORDED


def _refuse_anomaly(node: Any) -> None:
    found = f"gave {node._data!r}" if not math.isfinite(node._data) else ""
    for position, slope in enumerate(node.partials):
        if not found and slope is not None and not math.isfinite(slope):
            found = f"has the derivative {slope!r} with respect to its operand {position + 1}"
    if found:
        from .formulas import history, point_of

        raise AnomalyError(f"{history(node, depth=12)} {found} at {point_of(node)}")


def recorder(op: Op, operator: bool = False, reflected: bool = False) -> Callable[..., Any]:
    """Return the function that computes an op and records it as a node; for numbers alone, a number.

    `operator` makes it return NotImplemented for operands of other types, so that the other operand (a
    numpy array) can handle the operation; `reflected` swaps the operands, for `2 * x`.
    """
    built_in = TABLE.get(op.name) is op
    _refuse_reserved(op, built_in)
    names = op.operands[::-1] if reflected else op.operands
    unwrap = [_UNWRAP_SEQUENCE if op.variadic else _UNWRAP_OR_DECLINE if operator else _UNWRAP] * len(names)
    edge = "{0}_edges" if op.variadic else "{0}_ is not {0}"
    edges = {x: edge.format(x) for x in op.operands}
    if operator:  # a method of Value: its first parameter is always a node
        unwrap[0], edges[names[0]] = _UNWRAP_SELF, "True"
    elif len(names) == 1 and not op.variadic:  # a number alone has been returned already
        edges[names[0]] = "True"
    kind = "reflected" if reflected else "operator" if operator else "record"
    partials = partials_source(op, edges)
    few = len(names) <= 2 and not op.variadic
    stored = (_STORE_ONE if len(names) == 1 else _STORE_TWO) if few else _STORE_MANY
    operands = "".join(f"{'*' if op.variadic else ''}{x}_, " for x in op.operands)
    source = _TEMPLATE.format(
        kind=kind,
        name=op.name,
        parameters=", ".join(names),
        unwrapped="\n".join(
            text.format(
                x=x,
                name=op.name,
                coerce="truth" if x == "condition" else "as_float",
                seen="".join(f"{name}{'_' if k < place else ''}, " for k, name in enumerate(names)),
            )
            for place, (text, x) in enumerate(zip(unwrap, names, strict=True))
        )
        + _same_lengths(op),
        outside=f"not ({op.domain})" if op.domain else "False",
        value=op.value if built_in else f"number(({op.value}))",
        only_numbers="False" if operator else " and ".join(f"{x}_ is {x}" for x in op.operands),
        targets="".join(f"d_{x}, " for x in op.operands) if few else "partials",
        partials=partials if built_in else f"checked({partials})",
        operands=operands,
        stored=stored.format(*op.operands, operands=operands),
    )
    extras = {f"OP_{op.name}": op} | composed_in(op, FAST) | op.functions
    if built_in:  # they share one namespace, which `bind` can still complete
        NAMESPACE.update(extras)
        function = define_later(f"{kind}_{op.name}", names, source, NAMESPACE)
    else:
        function = define(f"{kind}_{op.name}", source, NAMESPACE | extras)
    function.__name__ = function.__qualname__ = op.name
    function.__defaults__ = tuple(op.defaults.values())
    function.__doc__ = f"{op.written or op.signature}: {op.about}"
    return function


def _refuse_reserved(op: Op, built_in: bool) -> None:
    """Raise ValueError for a name that the generated functions need."""
    if built_in and op.name in _RESERVED:  # the rules of other operations may call it
        raise ValueError(f"{op.name} is reserved; give the operation another name")
    for name in op.operands:
        if name in _RESERVED or name.startswith("OP_") or name.endswith("_edges"):
            raise ValueError(f"{op.name}: {name} is reserved; give the operand another name")


def _same_lengths(op: Op) -> str:
    """Return source that refuses two variadic operands of different lengths, which zip would truncate."""
    if not op.variadic or len(op.operands) == 1:
        return ""
    first, second = op.operands[:2]
    return f"\n    if len({first}) != len({second}): raise unequal(OP_{op.name}, len({first}), len({second}))"


def unequal(op: Op, first: int, second: int) -> ValueError:
    """Return the error for sequences that should be equally long."""
    ws, xs = op.operands[:2]
    return ValueError(
        f"{op.name}({ws}, {xs}) needs two sequences of one length, but {ws} has {first} and {xs} has {second}"
    )


NAMESPACE: dict[str, Any] = (
    FAST
    | EDGES
    | {
        "__name__": __name__,
        "checked": checked,
        "era": ERA,
        "mode": CURRENT.get,
        "number": number,
        "as_float": as_float,
        "truth": truth,
        "numbers": numbers,
        "is_plain": is_plain,
        "is_array": is_array,
        "elementwise": elementwise,
        "exceptional": exceptional,
        "under_mode": under_mode,
        "unequal": unequal,
    }
)
"""The globals of the generated functions; `bind` completes them."""
_RESERVED = NAMESPACE.keys() - FAST.keys() | {
    *"Value create edges float zip len NotImplemented ArithmeticError ValueError".split()
}

_ONLY_FLOATS = {float}


def bind(node_type: type) -> None:
    """Set the class of nodes for the generated functions: called once, where that class is defined."""
    NAMESPACE.update(Value=node_type, create=partial(node_type.__new__, node_type))


RECORDED: dict[str, Callable[..., Any]] = {name: recorder(op) for name, op in TABLE.items()}
"""The recording function of each operation of the table."""


def function_of(op: Op) -> Callable[..., Any]:
    """Return the function that records an op, built-in or declared."""
    return RECORDED[op.name] if TABLE.get(op.name) is op else _declared(op)


_declared = cache(recorder)
