"""Stages: the parts of a kernel, in the order of execution, each for a whole tile of rows.

Unbatched expressions are computed once for each call. The neurons of a layer are one stage, a matrix
product; so are the gradients of its weights, products summed over the batch. All other expressions are
straight-line code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from ..expressions.levels import below
from ..expressions.pool import LOGIC, Expression
from .simd import Layout

CHUNK = 300
"""Maximum number of expressions in a function, as LLVM takes more than linear time to compile one."""
WORTHWHILE = 8
"""Minimum number of products summed over the batch in a stage."""


class Chunk(NamedTuple):
    """Expressions computed as straight-line code, for each row; conditions are computed where they are used."""

    nodes: list[Expression]


class Product(NamedTuple):
    """A layer: each result is a bias plus the dot product of weights and inputs."""

    results: list[Expression]
    biases: list[Expression | None]
    weights: Sequence[Sequence[Expression]]
    inputs: Sequence[Expression]


class Outer(NamedTuple):
    """The outer product of lefts and rights, summed over the batch; None among the rights is 1."""

    lefts: list[Expression]
    rights: list[Expression | None]
    sums: list[list[int]]
    """The places of the sums of each left."""


Stage = Chunk | Product | Outer


def read(stage: Product | Outer) -> list[Expression]:
    """Return the batched expressions that a stage reads.

    >>> from autograd.compiling.expressions.pool import Pool
    >>> pool = Pool(upper=False, columns=2)
    >>> x, y = pool.input(0), pool.input(1)
    >>> read(Outer([x], [y, None], [[0, 1]])) == [x, y]
    True
    """
    if isinstance(stage, Product):
        return list(stage.inputs)
    return [*stage.lefts, *(right for right in stage.rights if right is not None)]


class Program(NamedTuple):
    """The stages of a kernel and its results."""

    shared: list[Expression]
    """Unbatched expressions, computed once before the rows."""
    stages: list[Stage]
    outputs: dict[Expression, list[int]]
    """Batched results and their places."""
    sums: list[tuple[int, Expression]]
    """Expressions that are summed over the batch outside stages; a place may have several terms."""

    @property
    def instructions(self) -> int:
        """The number of instructions of straight-line code."""
        chunks = sum(len(stage.nodes) for stage in self.stages if isinstance(stage, Chunk))
        return len(self.shared) + chunks


def staged(roots: Sequence[Expression], layout: Layout) -> Program:
    """Return the program that computes the roots: first the outputs, then the sums.

    >>> from autograd.compiling.expressions.pool import Pool
    >>> pool = Pool(upper=False, columns=1)
    >>> staged([pool.input(0) * 2.0], Layout(1, 0, 1, 0)).instructions
    1
    """
    outputs: dict[Expression, list[int]] = {}
    for place, root in enumerate(roots[: layout.outputs]):
        outputs.setdefault(root, []).append(place)
    terms = list(enumerate(roots[layout.outputs :]))
    outers: list[Outer] = []
    if layout.rows:
        terms, outers = _outers(_apart(terms, Counter(_uses(roots))))
    needed = {*outputs, *(node for _, node in terms), *(n for outer in outers for n in read(outer))}
    order = below(needed)
    if not layout.rows:
        return Program([], _cut(order), outputs, terms)
    shared = [node for node in order if node.operands and not node.rows]
    return Program(shared, _scheduled(order, outers, needed), outputs, terms)


def _uses(roots: Sequence[Expression]) -> Iterable[Expression]:
    """Return an expression for each of its uses, as an operand or a root."""
    return chain(roots, *[node.operands for node in below(roots)])


def _apart(terms: list[tuple[int, Expression]], uses: Counter[Expression]) -> list[tuple[int, Expression]]:
    """Split nested sums into several terms of one sum, unless the inner ones are used elsewhere."""
    found = []
    waiting = terms[::-1]
    while waiting:
        place, node = waiting.pop()
        if node.kind == "add" and node.rows and uses[node] == 1:
            parts = [item for item in reversed(node.operands) if item.kind != "constant" or item.value]
            waiting += [(place, operand) for operand in parts]  # a constant 0 adds nothing
        elif node.kind == "fused" and node.rows and uses[node] == 1:
            left, right, rest = node.operands
            waiting += (
                [(place, left * right), (place, rest)] if rest.kind != "constant" else [(place, left * right)]
            )
        else:
            found.append((place, node))
    return found


def _outers(terms: list[tuple[int, Expression]]) -> tuple[list[tuple[int, Expression]], list[Outer]]:
    """Return the other terms, and stages for batched products that form whole outer products."""
    partners: dict[Expression, dict[Expression, int]] = {}
    # The sums that each left is added to: a stage holds each of its sums once.
    taken: dict[Expression, set[int]] = {}
    rest = []
    for place, node in terms:
        if node.kind == "mul" and node.operands[0].rows and node.operands[1].rows:
            left, right = node.operands
            found = partners.setdefault(left, {})
            if right not in found and place not in taken.setdefault(left, set()):
                found[right] = place
                taken[left].add(place)
                continue
        rest.append((place, node))
    together: dict[tuple[Expression, ...], list[tuple[list[Expression], set[int]]]] = {}
    for left, found in partners.items():
        groups = together.setdefault(tuple(found), [])
        lefts, places = next((group for group in groups if group[1].isdisjoint(taken[left])), ([], set()))
        if not lefts:
            groups.append((lefts, places))
        lefts.append(left)
        places |= taken[left]
    outers = []
    for rights, groups in together.items():
        for lefts, _ in groups:
            if len(rights) * len(lefts) < WORTHWHILE:
                rest += [(partners[left][right], left * right) for left in lefts for right in rights]
            else:
                sums = [[partners[left][right] for right in rights] for left in lefts]
                outers.append(Outer(lefts, list(rights), sums))
    return _with_ones(rest, outers)


def _with_ones(
    terms: list[tuple[int, Expression]], outers: list[Outer]
) -> tuple[list[tuple[int, Expression]], list[Outer]]:
    """Add sums of the lefts themselves, the gradients of biases, to stages as products with 1."""
    alone: dict[Expression, int] = {}
    rest = []
    for place, node in terms:
        if node in alone:
            rest.append((place, node))
        alone.setdefault(node, place)
    found = []
    for lefts, rights, sums in outers:
        places = [alone[left] for left in lefts if left in alone]
        if len({*places}) == len(lefts) and {*places}.isdisjoint(chain(*sums)):
            more = [[*row, alone.pop(left)] for left, row in zip(lefts, sums, strict=True)]
            found.append(Outer(lefts, [*rights, None], more))
        else:
            found.append(Outer(lefts, rights, sums))
    return [*rest, *((place, node) for node, place in alone.items())], found


def _scheduled(order: list[Expression], outers: list[Outer], needed: set[Expression]) -> list[Stage]:
    """Return chunks and layers in topological order, followed by the outer products."""
    products = _products(order, needed)
    begun = {dot: product for product, dots in products for dot in dots[:1]}
    given = {node for product, dots in products for node in (*product.results, *dots)}
    stages: list[Stage] = []
    chunk: list[Expression] = []

    def close() -> None:
        stages.extend(_cut(chunk))
        chunk.clear()

    for node in order:
        if not node.rows:
            continue
        if node in begun:
            close()
            stages.append(begun[node])
        elif node not in given:
            chunk.append(node)
    close()
    return [*stages, *outers]


def _products(order: list[Expression], needed: set[Expression]) -> list[tuple[Product, list[Expression]]]:
    """Return the layers, each with its dot products; an unbatched number added to one is its bias."""
    uses = Counter(operand for node in order for operand in node.operands)
    biased = {}
    for node in order:
        if node.kind == "add":
            for dot, bias in (node.operands, node.operands[::-1]):
                if dot.kind == "dot" and uses[dot] == 1 and dot not in needed and not bias.rows:
                    biased[dot] = node, bias
    layers: dict[tuple[Expression, ...], list[Expression]] = {}
    for node in order:
        if node.kind == "dot":
            layers.setdefault(node.operands[len(node.operands) // 2 :], []).append(node)
    found = []
    for inputs, dots in layers.items():
        pairs = [biased.get(dot, (dot, None)) for dot in dots]
        weights = [dot.operands[: len(inputs)] for dot in dots]
        found.append((Product([node for node, _ in pairs], [bias for _, bias in pairs], weights, inputs), dots))
    return found


def _cut(nodes: Sequence[Expression]) -> list[Stage]:
    """Split expressions into chunks of bounded size."""
    ordered = _depth_first(nodes)
    return [Chunk(ordered[k : k + CHUNK]) for k in range(0, len(ordered), CHUNK)]


def _depth_first(nodes: Sequence[Expression]) -> list[Expression]:
    """Sort expressions so that each follows its operands closely, which needs few registers."""
    here = {node for node in nodes if node.operands}
    used = {operand for node in here for operand in node.operands}
    ordered: list[Expression] = []
    seen: set[Expression] = set()
    for last in (node for node in nodes if node in here and node not in used):
        waiting = [last]
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            missing = [operand for operand in node.operands if operand in here and operand not in seen]
            if missing:
                waiting += [node, *reversed(missing)]
            else:
                seen.add(node)
                ordered.append(node)
    return [node for node in ordered if node.kind not in LOGIC]
