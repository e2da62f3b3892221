"""The table's rules over Values whose numbers are unknown: conditions become nodes.

During tracing, a derivative inside the function cannot be computed from numerical partials, nor can a
rule such as `None if x < 0 else 1.0` be decided. Therefore the rules are evaluated with Values, and
their choices become `where`.
"""

from __future__ import annotations

import math
from typing import Any

from ...differentiation import QUOTIENTS, Selected
from ...ops.floats import products_around
from ...ops.op import Op
from ...ops.operands import is_truth
from ...ops.rules import common_parts
from ...recording import RECORDED, recorder
from ...value import Value
from ..expressions.derivatives import absorbing_beside
from ..expressions.pool import DETACHED
from ..expressions.symbolic import code_of

_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_COMPARISONS = {
    name: recorder(
        Op(f"{name}(x, y)", f"1.0 if x {sign} y else 0.0", "None", "None", symbol=sign, written=f"x {sign} y")
    )
    for name, sign in _SIGNS.items()
}


def compared(name: str, left: Any, right: Any) -> Any:
    """Return a comparison as a node, which is 1 or 0 when the compiled code runs; of two numbers, a bool.

    >>> compared("lt", 1.0, 2.0)
    1.0
    """
    found = _COMPARISONS[name](left, right)
    if isinstance(found, Value):
        found._data = math.nan
    return found


def combined(sign: str, left: Any, right: Any) -> Any:
    """Return two conditions joined by & | ^; None if one is neither a comparison, nor joined ones, nor a bool.

    >>> x = Value(3.0)
    >>> combined("&", compared("gt", x, 0.0), True).op.name, combined("&", x, True)
    ('where', None)
    """
    known = is_truth(right) or (right.__class__ is int and right in (0, 1))
    if not _is_condition(left) or not (known or _is_condition(right)):
        return None
    where = RECORDED["where"]
    right = float(right) if known else right
    if sign == "^":
        return where(left, 1.0 - right, right)
    return where(left, right, 0.0) if sign == "&" else where(left, 1.0, right)


def _is_condition(item: Any) -> bool:
    """Return whether a node is a comparison, or several joined by & | ^."""
    if not isinstance(item, Value) or item.op is None:
        return False
    return item.op.name in _SIGNS or (item.op.name == "where" and _is_condition(item.operands[0]))


def _where(condition: Any, chosen: Any, otherwise: Any) -> Any:
    if isinstance(condition, Value):
        return RECORDED["where"](condition, chosen, otherwise)
    return chosen if condition else otherwise


def _logic(name: str, *operands: Any) -> Any:
    """Return a comparison, or a conjunction, disjunction or negation of conditions."""
    if name in _COMPARISONS:
        return compared(name, *operands)
    first, *rest = operands
    if name == "not":
        return _where(first, 0.0, 1.0)
    return _where(first, rest[0], 0.0) if name == "and" else _where(first, 1.0, rest[0])


def _truth(item: Any) -> Any:
    """Return a number or a condition as a condition."""
    known = isinstance(item, Value) and item.op is not None and item.op.name in _SIGNS
    return item if known else compared("ne", item, 0.0)


def _select(condition: Any, chosen: Any, otherwise: Any) -> Any:
    """Return a choice in a rule; if one branch is None, a partial that applies under a condition."""
    if not isinstance(condition, Value):
        return chosen if condition else otherwise
    parts = [
        item if isinstance(item, Selected) else Selected(item, item is not None) for item in (chosen, otherwise)
    ]
    present = [part.flowing for part in parts if part.flowing is not None]
    if not present:
        return None
    partial = _where(condition, *present) if len(present) == 2 else present[0]
    if all(part.condition is True for part in parts):
        return partial
    return Selected(partial, _where(condition, *(part.condition * 1.0 for part in parts)))


_NAMES: dict[str, Any] = RECORDED | QUOTIENTS | {
    "len": len, "pi": math.pi, "products_around": products_around, "number": lambda result: result,
    "select_": _select, "truth_": _truth, "logic_": _logic,
}  # fmt: skip


def partials(node: Value) -> tuple[Any, ...]:
    """Return the partials of a node as Values; None for an operand without an edge.

    A partial that applies only under a condition is a `Selected`.

    >>> x = Value(3.0)
    >>> [partial.data for partial in partials(x * Value(5.0))]
    [5.0, 3.0]
    """
    op: Any = node.op
    if op is DETACHED or op.name in _SIGNS:
        return (None,) * len(node.operands)
    groups = op.grouped(list(node.operands))
    size = len(node.operands) // len(op.operands)
    names = dict(zip(op.operands, groups, strict=True)) | {"out": node} | op.functions
    found = []
    for k, operand in enumerate(node.operands):
        rule, once = op.partials[k // size if op.variadic else k], dict[str, str]()
        if op.variadic:
            rule, once = common_parts(rule, op.operands)
            names |= {name: group[k % size] for name, group in zip(op.elements, groups, strict=True)}
            if "before" in rule or "after" in rule:
                names["before"], names["after"] = products_around(groups[k // size])[k % size]
        for name, text in once.items():
            if k % size == 0:
                names[name] = eval(code_of(text), _NAMES | names)  # the text comes from an op
        found.append(_partial(node, k, operand, rule, names))
    return tuple(found)


def _partial(node: Value, k: int, operand: Any, rule: str, names: dict[str, Any]) -> Any:
    op: Any = node.op
    if not isinstance(operand, Value):
        return None
    partial = eval(code_of(rule), _NAMES, names)  # the text comes from an op, never from data
    if partial is None:
        return None
    beside = absorbing_beside(op, node.operands, k)
    conditions = [item for item in beside if isinstance(item, Value) and item.op and item.op.name in _SIGNS]
    if any(item.__class__ is float and item == 0 for item in beside):
        if op.variadic:
            return None
        flowing = partial.flowing if isinstance(partial, Selected) else partial
        return _select(compared("ne", flowing, 0.0), partial, None)  # a constant: 0 * x, 0 / x, x ** 0
    for item in conditions:  # plain numbers in the engine
        varies = item
        if not op.variadic and item is not partial:
            flowing = partial.flowing if isinstance(partial, Selected) else partial
            varies = _logic("or", item, compared("ne", flowing, 0.0))
        partial = _select(varies, partial, None)
    return partial
