"""Expressions from a traced graph, their order, and their conversion from the upper level to the lower one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from ...ops.table import TABLE
from ...value import Value
from .pool import INSTRUCTIONS, LOGIC, Expression, Pool

DOT = TABLE["dot"]
TILE = 8
"""Number of neurons of a layer that are computed together, so that each input is loaded once for them."""


def as_expressions(
    pool: Pool, nodes: Iterable[Value], roots: Sequence[Any], inputs: Mapping[Value, Expression]
) -> list[Expression]:
    """Return the expressions of the roots of a traced graph, given the expressions of its inputs.

    `nodes` are all nodes that the roots depend on, operands first. A plain number among the roots or
    operands is a constant.

    >>> x, pool = Value(3.0), Pool(upper=True)
    >>> (root,) = as_expressions(pool, [node := x * 2.0], [node], {x: pool.input(0)})
    >>> root.kind.name, [operand.kind for operand in root.operands]
    ('mul', ['input', 'constant'])
    """
    found: dict[Any, Expression] = dict(inputs)
    for node in nodes:
        if node not in found:
            found[node] = _expression(pool, node, found)
    return [found[root] if isinstance(root, Value) else pool.constant(root) for root in roots]


def _expression(pool: Pool, node: Value, found: Mapping[Value, Expression]) -> Expression:
    op: Any = node.op
    operands = [pool.constant(item) if item.__class__ is float else found[item] for item in node.operands]
    return pool.operation(op, op.grouped(operands))


def below(roots: Iterable[Expression]) -> list[Expression]:
    """Return all expressions that the roots depend on, in the order of creation: operands first.

    >>> x = Pool(upper=True).input(0)
    >>> [getattr(node.kind, "name", node.kind) for node in below([x * x + 1.0])]
    ['input', 'mul', 'constant', 'add']
    """
    found = list(dict.fromkeys(roots))
    places: list[Expression | None] = [None] * (1 + max(map(_NUMBER, found), default=-1))
    for node in found:
        places[node.number] = node
    for node in found:  # which grows
        for operand in node.operands:
            if places[operand.number] is None:
                places[operand.number] = operand
                found.append(operand)
    if len(found) * 8 > len(places):
        return [node for node in places if node is not None]
    return sorted(found, key=_NUMBER)


_NUMBER = attrgetter("number")


def layers_of(order: list[Expression]) -> dict[Expression, list[Expression]]:
    """Return, for each dot product, the layer it belongs to: dot products with the same second operand."""
    together: dict[tuple[Expression, ...], list[Expression]] = {}
    for node in order:
        if node.kind is DOT:
            half = len(node.operands) // 2
            members = together.setdefault(node.operands[half:], [])
            if not members or all(operand.number < members[0].number for operand in node.operands):
                members.append(node)
    return {node: members for members in together.values() if len(members) > 1 for node in members}


def tiles(rows: int, columns: int, tile: int) -> Iterable[tuple[int, int]]:
    """Yield the positions in a matrix, in tiles of rows, column by column."""
    for start in range(0, rows, tile):
        for column in range(columns):
            for row in range(start, min(start + tile, rows)):
                yield row, column


def lowered(lower: Pool, roots: Sequence[Expression], whole: bool = True) -> list[Expression]:
    """Convert expressions of the upper level to the lower one, by their value rules.

    With `whole`, dot products of batched and unbatched numbers are kept as one expression.

    >>> pool = Pool(upper=True)
    >>> [node.kind for node in lowered(Pool(upper=False), [pool.apply("square", pool.input(0))])]
    ['mul']
    """
    found: dict[Expression, Expression] = {}
    order = below(roots)
    layers = layers_of(order)
    for node in order:
        if node in found:
            continue
        kind = node.kind
        operands = [found[operand] for operand in node.operands]
        if kind.__class__ is not str:
            if kind in _INSTRUCTIONS:  # most of them
                found[node] = lower.instruction(kind.name, tuple(operands))
            elif kind is DOT and whole and (dot := _whole(lower, operands)):
                found[node] = dot
            elif node in layers:
                _lower_layer(lower, layers[node], found)
            else:
                found[node] = lower.operation(kind, kind.grouped(operands))
        elif kind == "constant":
            found[node] = lower.constant(node.value)
        elif kind == "input":
            found[node] = lower.input(int(node.value))
        elif kind == "select":
            found[node] = lower.select(*operands)
        else:
            make = lower.logic if kind in LOGIC else lower.apply
            found[node] = make(kind, *operands)
    return [found[root] for root in roots]


_INSTRUCTIONS = frozenset(op for op in TABLE.values() if op.name in INSTRUCTIONS)
"""The operations of the table that are operations of the lower level too."""


def _whole(lower: Pool, operands: list[Expression]) -> Expression | None:
    """Return a dot product as one expression, unbatched numbers first; None for any other."""
    half = len(operands) // 2
    first, second = operands[:half], operands[half:]
    if half < 2:
        return None
    for shared, own in ((first, second), (second, first)):
        if all(item.rows for item in own) and not any(item.rows for item in shared):
            return lower.dot(shared, own)
    return None


def _lower_layer(lower: Pool, layer: list[Expression], found: dict[Expression, Expression]) -> None:
    """Convert the dot products of a layer, in tiles, so that shared operands are loaded once for each."""
    size = len(layer[0].operands) // 2
    sums: dict[int, Expression] = {}
    for row, column in tiles(len(layer), size, TILE):
        node = layer[row]
        weight, number = found[node.operands[column]], found[node.operands[size + column]]
        sums[row] = lower.fused(weight, number, sums[row] if column else lower.constant(0.0))
    found.update((node, sums[row]) for row, node in enumerate(layer))
