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
{computed}
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
_COMPUTED = """
    try:{refused}
        out = {value}{returned}
        {targets} = {partials}
    except (ArithmeticError, ValueError):
        out, partials = exceptional(OP_{name}, ({nodes}))
        if partials is None: return out
        {targets} = partials"""
_REFUSED = """
        if not ({domain}): raise ValueError"""
_RETURNED = """
        if {only_numbers}: return out"""
_STORED_ONE = """\
    node._x, node._dx = {0}, {1}
    node._y = node._dy = None"""
_STORED_TWO = """\
    node._x, node._dx = {0}, {1}
    node._y, node._dy = {2}, {3}"""
_STORED_MANY = """\
    node._x = node._dx = None
    node._y, node._dy = ({nodes}), partials"""
_UNWRAPPED = """\
    {x}_ = {x}
    if {x}.__class__ is Value: {x} = {x}._data
    elif {x}.__class__ is not float:
        if is_array({x}): return elementwise(OP_{name}, ({seen}))
        {x} = {x}_ = {coerce}({x})"""
_UNWRAPPED_SEQUENCE = """\
    {x}_, {x}, {x}_edges = numbers({x})"""
# A method of Value is called for a node: computing beside a node and beside a number separately is
# faster than asking for each partial which of them it is.
_OF_ONE = """\
    {x} = self._data{computed}"""
_OF_TWO = """\
    {x} = self._data
    if other.__class__ is Value:
        {y} = other._data{beside_node}
    else:
        if other.__class__ is not float:
            if not is_plain(other): return NotImplemented
            other = float(other)
        {y} = other{beside_number}"""


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

    `operator` makes it a method of Value that returns NotImplemented for operands of other types, so that
    the other operand (a numpy array) can handle the operation; `reflected` swaps the operands, for `2 * x`.
    """
    built_in = TABLE.get(op.name) is op
    _refuse_reserved(op, built_in)
    names = op.operands[::-1] if reflected else op.operands
    if operator:
        parameters: tuple[str, ...] = ("self", "other")[: len(names)]
        nodes = dict(zip(names, parameters, strict=True))
        computed = _computed_by_operator(op, nodes)
    else:
        parameters, nodes = names, {x: f"{'*' if op.variadic else ''}{x}_" for x in names}
        computed = _computed_by_function(op, nodes, built_in)
    kind = "reflected" if reflected else "operator" if operator else "record"
    stored = (_STORED_ONE if len(names) == 1 else _STORED_TWO) if _is_small(op) else _STORED_MANY
    source = _TEMPLATE.format(
        kind=kind,
        name=op.name,
        parameters=", ".join(parameters),
        computed=computed,
        stored=stored.format(
            *(text for x in op.operands for text in (nodes[x], f"d_{x}")), nodes=_listed(op, nodes)
        ),
    )
    extras = {f"OP_{op.name}": op} | composed_in(op, FAST) | op.functions
    if built_in:  # they share one namespace, which `bind` can still complete
        NAMESPACE.update(extras)
        function = define_later(f"{kind}_{op.name}", parameters, source, NAMESPACE)
    else:
        function = define(f"{kind}_{op.name}", source, NAMESPACE | extras)
    function.__name__ = function.__qualname__ = op.name
    function.__defaults__ = tuple(op.defaults.values())
    function.__doc__ = f"{op.written or op.signature}: {op.about}"
    return function


def _computed_by_operator(op: Op, nodes: dict[str, str]) -> str:
    """Return source that computes value and partials in a method of Value."""
    x, *further = nodes
    edges = dict.fromkeys(nodes, "True")
    beside_node = _computed(op, nodes, edges)
    if not further:
        return _OF_ONE.format(x=x, computed=beside_node)
    beside_number = _computed(op, nodes, edges | {further[0]: "False"})
    inner = [text.replace("\n", "\n    ") for text in (beside_node, beside_number)]
    return _OF_TWO.format(x=x, y=further[0], beside_node=inner[0], beside_number=inner[1])


def _computed_by_function(op: Op, nodes: dict[str, str], built_in: bool) -> str:
    """Return source that computes value and partials in a function of nodes or numbers."""
    unwrapped = "\n".join(
        (_UNWRAPPED_SEQUENCE if op.variadic else _UNWRAPPED).format(
            x=x,
            name=op.name,
            coerce="truth" if x == "condition" else "as_float",
            seen="".join(f"{name}{'_' if k < place else ''}, " for k, name in enumerate(nodes)),
        )
        for place, x in enumerate(nodes)
    )
    edges = {x: f"{x}_edges" if op.variadic else f"{x}_ is not {x}" for x in nodes}
    if len(edges) == 1 and not op.variadic:  # a number alone has been returned already
        edges = dict.fromkeys(edges, "True")
    returned = _RETURNED.format(only_numbers=" and ".join(f"{x}_ is {x}" for x in nodes))
    return unwrapped + _same_lengths(op) + _computed(op, nodes, edges, returned, built_in)


def _computed(
    op: Op, nodes: dict[str, str], edges: dict[str, str], returned: str = "", built_in: bool = True
) -> str:
    """Return source that sets the value and the partials; `returned` stands between the two."""
    partials = partials_source(op, edges)
    return _COMPUTED.format(
        name=op.name,
        refused=_REFUSED.format(domain=op.domain) if op.domain else "",
        value=op.value if built_in else f"number(({op.value}))",
        returned=returned,
        targets="".join(f"d_{x}, " for x in op.operands) if _is_small(op) else "partials",
        partials=partials if built_in else f"checked({partials})",
        nodes=_listed(op, nodes),
    )


def _is_small(op: Op) -> bool:
    """Return whether a node of the op holds its operands in slots of their own."""
    return len(op.operands) <= 2 and not op.variadic


def _listed(op: Op, nodes: dict[str, str]) -> str:
    return "".join(f"{nodes[x]}, " for x in op.operands)


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
