"""Convert sums of products written with + and * to dot products.

A neuron written as w[0] * x[0] + w[1] * x[1] + ... + b then compiles like one written with `dot`: to part
of a layer, with fast loops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from ...ops.table import TABLE
from .levels import below
from .pool import Expression, Pool

FEWEST = 3
"""Minimum number of products in a dot product."""
_ADD, _MUL, _TOTAL = TABLE["add"], TABLE["mul"], TABLE["total"]


def with_dot_products(pool: Pool, roots: Sequence[Expression]) -> list[Expression]:
    """Return expressions in which sums of products of batched and unbatched numbers are dot products.

    >>> pool = Pool(upper=True, columns=3)
    >>> terms = [pool.input(k) * pool.input(k + 3) for k in range(3)]
    >>> with_dot_products(pool, [terms[0] + terms[1] + terms[2]])[0].kind.name
    'dot'
    """
    if not any(node.rows for node in roots):  # a batched operand would make them batched
        return list(roots)
    order = below(roots)
    uses = Counter(chain(roots, *[node.operands for node in order]))
    inner = {
        operand
        for node in order
        if node.kind in (_ADD, _TOTAL)
        for operand in node.operands
        if operand.kind is _ADD and uses[operand] == 1
    }
    found: dict[Expression, Expression] = {}
    for node in order:
        if node in inner:  # part of a longer sum, which comes later
            continue
        sums = _products(node, inner, found) if node.kind in (_ADD, _TOTAL) else None
        if sums is not None:
            found[node] = sums
        elif all(found.get(operand) is operand for operand in node.operands):
            found[node] = node
        else:
            found[node] = pool.again(node.kind, [_whole(operand, found) for operand in node.operands])
    return [found[root] for root in roots]


def _whole(node: Expression, found: dict[Expression, Expression]) -> Expression:
    """Return the replacement of an expression; a partial sum that was skipped is created now."""
    waiting = [node]
    while waiting:
        last = waiting[-1]
        missing = [operand for operand in last.operands if operand not in found]
        if last in found or not missing:
            waiting.pop()
            if last not in found:
                found[last] = last.pool.again(last.kind, [found[operand] for operand in last.operands])
        else:
            waiting += missing
    return found[node]


def _products(
    node: Expression, inner: set[Expression], found: dict[Expression, Expression]
) -> Expression | None:
    """Return a dot product plus the other terms of a sum; None if there are too few products."""
    shared, own, others = [], [], []
    for term in _terms(node, inner):
        pair = term.operands if term.kind is _MUL else ()
        if len(pair) == 2 and pair[0].rows != pair[1].rows:
            weight, number = pair[::-1] if pair[0].rows else pair
            shared.append(found[weight])
            own.append(found[number])
        else:
            others.append(found[term])
    if len(own) < FEWEST:
        return None
    result = node.pool.apply("dot", shared, own)
    for other in others:
        result = result + other
    return result


def _terms(node: Expression, inner: set[Expression]) -> list[Expression]:
    """Return the terms of a sum in their order."""
    terms = []
    waiting = list(reversed(node.operands))
    while waiting:
        term = waiting.pop()
        if term in inner:
            waiting += reversed(term.operands)
        else:
            terms.append(term)
    return terms
