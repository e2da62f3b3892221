"""Find terms of the same form in a large sum, to compile a loop over them instead of code for each.

A loss over a thousand samples, or a function of a thousand neighbouring pairs, is traced as one graph of
many thousand operations. Here its terms are compared: those of the same form become one small template
with holes, and the numbers in the holes become columns, with a row for each term, or shared numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .dot_products import with_dot_products
from .levels import below
from .pool import Expression, Pool

FEWEST = 32
"""Minimum number of terms in a loop."""
WORTHWHILE = 400
"""Minimum number of operations, over all terms, for a loop; fewer are unrolled."""
LARGEST, OVERLAP = 64, 8
"""Limits for the operations of a term: a number, plus a multiple of the average over all terms."""
LEAST, MOST = 1e-150, 1e150
"""Limits for combined factors, within which products neither overflow nor underflow."""
_INPUT, _CONSTANT, _COMMON = -1, -2, -3


class Hole(NamedTuple):
    """A placeholder in a template: a number for each term, or one shared by all terms."""

    places: tuple[int, ...]
    """The inputs, one for each term, or a single one; none for known numbers."""
    numbers: tuple[float, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether all terms have the same number."""
        return len(self.places or self.numbers) == 1


class Rolled(NamedTuple):
    """Terms of the same form: the template, in its own pool, and its holes, columns first."""

    pool: Pool
    template: Expression
    holes: list[Hole]
    terms: int

    @property
    def columns(self) -> int:
        """The number of holes in which the terms differ; if 0, one term is repeated."""
        return self.pool.columns


def rolled(output: Expression) -> tuple[list[Rolled], Expression | None]:
    """Return the loops in an output that is a sum, and the rest of it; no loops if they do not pay off.

    >>> pool = Pool(upper=True)
    >>> terms = [pool.apply("exp", pool.input(k) * pool.input(k) * 2.0 + float(k)) for k in range(200)]
    >>> loops, rest = rolled(pool.apply("total", terms))
    >>> loops[0].terms, rest
    (200, None)
    """
    order = below([output])
    uses = Counter(operand for node in order for operand in node.operands)
    terms: Terms = []
    for parts in (_shallow, _parts):
        before, terms = terms, _terms(output, uses, parts)
        if len(terms) >= FEWEST and terms != before:
            loops, rest = _loops(terms, uses, order)
            if loops:
                return loops, _sum(output.pool, rest)
    return [], output


Terms = list[tuple[float, Expression]]
"""Terms of a sum, each a factor and an expression."""


def _loops(terms: Terms, uses: Counter[Expression], order: list[Expression]) -> tuple[list[Rolled], Terms]:
    """Return the loops among the terms of an output, and the other terms; `order` has all expressions."""
    size = len(order)
    common = {node for node, count in uses.items() if count >= len(terms) // 2 and node.operands}
    forms: dict[Any, tuple[Terms, list[list[Expression]]]] = {}
    rest: Terms = []
    waiting: Terms = []
    for term in terms:
        (waiting if term[1].operands and term[1] not in common else rest).append(term)
    waiting = _of_equal_depth(waiting, common, order, rest)
    while waiting:
        # Terms of a loop share little, so their sizes add up to about the size of the whole. The steps of a
        # recurrence contain all steps before them, and reading each one fully would take quadratic time.
        most = LARGEST + OVERLAP * size // len(waiting)
        left: Terms = []
        for factor, node in waiting:
            form = _form(node, common, most)
            if form is None:
                left.append((factor, node))
                continue
            members, filled = forms.setdefault(form[0], ([], []))
            members.append((factor, node))
            filled.append(form[1])
        if len(left) > len(waiting) // 2:  # else again with a higher limit for fewer terms: linear in total
            rest += left
            break
        waiting = left
    loops = []
    for code, (members, filled) in forms.items():
        loop = None
        if len(members) >= FEWEST and len(members) * len(code) >= WORTHWHILE:
            loop = _loop(code, filled, [factor for factor, _ in members])
        if loop is None:
            rest += members
        elif not loop.columns:  # one repeated term
            rest.append((float(len(members)), members[0][1] * members[0][0]))
        else:
            loops.append(loop)
    return loops, rest


def _of_equal_depth(terms: Terms, common: set[Expression], order: list[Expression], others: Terms) -> Terms:
    """Return the terms that are as deep as enough others to be of the same form; add the rest to `others`.

    The steps of a recurrence contain all steps before them, so that no two are equally deep.
    """
    depths = [0] * (order[-1].number + 1)
    for node in order:
        if node.operands and node not in common:
            depths[node.number] = 1 + max([depths[operand.number] for operand in node.operands])
    counts = Counter(depths[node.number] for _, node in terms)
    found: Terms = []
    for term in terms:
        (found if counts[depths[term[1].number]] >= FEWEST else others).append(term)
    return found


def _sum(pool: Pool, terms: Terms) -> Expression | None:
    if not terms:
        return None
    scaled = [node if factor == 1.0 else node * factor for factor, node in terms]
    return pool.apply("total", scaled) if len(scaled) > 1 else scaled[0]


def _terms(output: Expression, uses: Counter[Expression], parts: Callable[[float, Expression], Parts]) -> Terms:
    """Return the terms of a sum; nested sums are expanded unless they are used elsewhere."""
    found: Terms = []
    waiting = [(1.0, output)]
    while waiting:
        factor, node = waiting.pop()
        further, final = parts(factor, node) if uses[node] <= 1 else ((), ())
        found += final or (() if further else [(factor, node)])
        waiting += reversed(further)
    return found


Parts = tuple[Sequence[tuple[float, Expression]], Sequence[tuple[float, Expression]]]
"""The terms of a sum that are to be expanded further, and those that are not; none of anything else."""


def _shallow(factor: float, node: Expression) -> Parts:
    """Return the terms as written: the operands of a long sum, the right ones in a chain of additions."""
    further = _operands(factor, node)
    if len(further) >= FEWEST:
        return (), further
    if getattr(node.kind, "name", None) not in ("add", "sub"):
        return further, ()
    left, right = further
    return ((left, right), ()) if _long(right[1]) else ((left,), (right,))


def _long(node: Expression) -> bool:
    """Return whether an expression is a long sum, or a multiple of one."""
    while parts := _operands(1.0, node):
        if len(parts) != 1:
            return len(parts) >= FEWEST
        node = parts[0][1]
    return False


def _parts(factor: float, node: Expression) -> Parts:
    """Return all terms of a sum, to be expanded further."""
    return _operands(factor, node), ()


def _operands(factor: float, node: Expression) -> Terms:
    name = getattr(node.kind, "name", None)
    operands = node.operands
    if name in ("total", "add"):
        return [(factor, operand) for operand in operands]
    if name == "mean" and operands:
        return [(factor / len(operands), operand) for operand in operands]
    if name == "sub":
        return [(factor, operands[0]), (-factor, operands[1])]
    if name == "neg":
        return [(-factor, operands[0])]
    if name == "mul":
        for known, other in (operands, operands[::-1]):
            if known.kind == "constant" and LEAST <= abs(factor * known.value) <= MOST:
                return [(factor * known.value, other)]
    if name == "div" and operands[1].kind == "constant" and LEAST <= abs(operands[1].value) <= MOST:
        quotient = factor / operands[1].value
        return [(quotient, operands[0])] if LEAST <= abs(quotient) <= MOST else []
    return []


def _form(
    root: Expression, common: set[Expression], most: int
) -> tuple[tuple[Any, ...], list[Expression]] | None:
    """Return the operations of a term, in an order that depends only on its form, and its leaves.

    A leaf has a hole at each of its uses, so that two numbers that happen to be equal are not merged.
    Expressions that are common to most of the terms are leaves too. None for more operations than `most`.
    """
    local: dict[Expression, int] = {}
    code: list[Any] = []
    leaves: list[Expression] = []
    begun: set[Expression] = {root}
    waiting = [root]
    while waiting:
        node = waiting[-1]
        if node in local:
            waiting.pop()
            continue
        missing = [item for item in node.operands if item.operands and item not in local and item not in common]
        if missing:
            begun.update(missing)
            if len(begun) > most:
                return None
            waiting += reversed(missing)
            continue
        waiting.pop()
        local[node] = len(code)
        code.append((node.kind, *(_reference(item, local, common, leaves) for item in node.operands)))
    return tuple(code), leaves


def _reference(
    item: Expression, local: dict[Expression, int], common: set[Expression], leaves: list[Expression]
) -> int:
    if item in local:
        return local[item]
    leaves.append(item)
    if item in common:
        return _COMMON
    return _INPUT if item.kind == "input" else _CONSTANT


def _loop(code: tuple[Any, ...], filled: list[list[Expression]], factors: list[float]) -> Rolled | None:
    """Return the template of terms of the same form; None if they differ in a common expression."""
    references = [item for entry in code for item in entry[1:] if item < 0]
    columns = [list(column) for column in zip(*filled, strict=True)]
    builder = _Builder()
    leaves = []
    for reference, column in zip(references, columns, strict=True):
        if reference == _COMMON:
            if any(item is not column[0] for item in column):
                return None
            leaves.append(builder.common(column[0]))
        else:
            leaves.append(builder.hole([item.value for item in column], reference == _INPUT))
    return builder.loop(code, leaves, builder.hole(factors, False), len(filled))


Leaf = int | float | Expression
"""A leaf of a template: the index of a hole, a constant, or an expression shared by all terms."""


class _Builder:
    """Collects the holes of a template, equal ones once, and builds the template."""

    def __init__(self) -> None:
        self.holes: list[Hole] = []
        self.known: dict[str, int] = {}
        """The holes by their content, as text since 0 == -0 and nan != nan."""

    def hole(self, values: list[float], inputs: bool) -> Leaf:
        """Return a hole for places of inputs or for known numbers; a constant if all numbers are equal."""
        same = all(repr(value) == repr(values[0]) for value in values)
        if not inputs and same:
            return values[0]
        given = values[:1] if same else values
        hole = Hole(tuple(map(int, given))) if inputs else Hole((), tuple(given))
        place = self.known.setdefault(repr(hole), len(self.holes))
        if place == len(self.holes):
            self.holes.append(hole)
        return place

    def common(self, node: Expression) -> Leaf:
        """Return an expression shared by all terms, with holes for its inputs."""
        for item in below([node]):
            if item.kind == "input":
                self.hole([item.value], True)
        return node

    def loop(self, code: tuple[Any, ...], leaves: list[Leaf], factor: Leaf, count: int) -> Rolled:
        """Build the template, with its columns numbered first."""
        order = sorted(range(len(self.holes)), key=lambda k: self.holes[k].shared)  # stable
        holes = [self.holes[k] for k in order]
        pool = Pool(upper=True, columns=sum(not hole.shared for hole in holes))
        inputs = {k: pool.input(place) for place, k in enumerate(order)}
        known = {hole.places[0]: pool.input(k) for k, hole in enumerate(holes) if hole.places and hole.shared}

        def made(leaf: Leaf) -> Expression:
            if isinstance(leaf, Expression):
                return transplanted(pool, leaf, known)
            return inputs[leaf] if isinstance(leaf, int) else pool.constant(leaf)

        left = iter(leaves)
        results: list[Expression] = []
        for kind, *references in code:
            operands = [made(next(left)) if item < 0 else results[item] for item in references]
            results.append(pool.again(kind, operands))
        (template,) = with_dot_products(pool, [results[-1] * made(factor)])
        return Rolled(pool, template, holes, count)


def transplanted(pool: Pool, root: Expression, inputs: dict[int, Expression]) -> Expression:
    """Copy an expression into another pool, with other inputs.

    >>> one, other = Pool(upper=True), Pool(upper=True)
    >>> copy = transplanted(other, one.input(0) * 2.0, {0: other.input(5)})
    >>> copy.operands[0].value
    5
    """
    found: dict[Expression, Expression] = {}
    for node in below([root]):
        if node.kind == "input":
            found[node] = inputs[int(node.value)]
        elif node.kind == "constant":
            found[node] = pool.constant(node.value)
        else:
            found[node] = pool.again(node.kind, [found[operand] for operand in node.operands])
    return found[root]
