"""Expressions: the operations of a traced graph, without numbers; equal expressions exist once.

There are two levels. Expressions of the upper level are operations of the table, so that the table's
rules can differentiate them; those of the lower level are the few that a processor or a math library
provides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from operator import mod, truediv
from typing import Any, NamedTuple

from ...ops.floats import products_around
from ...ops.op import Op
from ...ops.primitives import IEEE, PRIMITIVES
from ...ops.table import TABLE
from .symbolic import COMPARISONS, code_of

LOGIC = frozenset(("and", "or", "not", *COMPARISONS.values()))
"""Operations whose result is a condition instead of a number."""
INSTRUCTIONS = frozenset(("add", "sub", "mul", "div", "fused", "mod", "neg")) | {
    name for name, row in PRIMITIVES.items() if row.native
}
"""Operations of the lower level, besides constants, inputs, choices and conditions."""
DETACHED = Op("detach(x)", "x", "0.0", about="the number itself, through which no gradient goes back")
CHAINS = 4
"""Number of independent partial sums of a long sum, which a processor adds in parallel."""


class Expression:
    """An operation on other expressions: an op of the table, or the name of one of the lower level."""

    __slots__ = ("kind", "number", "operands", "pool", "rows", "value")

    def __init__(
        self, pool: Pool, kind: Any, operands: tuple[Expression, ...], value: float, number: int, rows: bool
    ) -> None:
        self.pool: Pool = pool
        self.kind: Any = kind
        self.operands: tuple[Expression, ...] = operands
        self.value: float = value
        """The number of a constant, or the place of an input."""
        self.number: int = number
        """The order of creation: operands before results."""
        self.rows: bool = rows
        """Whether it is batched: each row has its own number."""

    def __add__(self, other: Any) -> Expression:
        return self.pool.apply("add", self, other)

    def __radd__(self, other: Any) -> Expression:
        return self.pool.apply("add", other, self)

    def __sub__(self, other: Any) -> Expression:
        return self.pool.apply("sub", self, other)

    def __rsub__(self, other: Any) -> Expression:
        return self.pool.apply("sub", other, self)

    def __mul__(self, other: Any) -> Expression:
        return self.pool.apply("mul", self, other)

    def __rmul__(self, other: Any) -> Expression:
        return self.pool.apply("mul", other, self)

    def __truediv__(self, other: Any) -> Expression:
        return self.pool.apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Expression:
        return self.pool.apply("div", other, self)

    def __mod__(self, other: Any) -> Expression:
        return self.pool.apply("mod", self, other)

    def __rmod__(self, other: Any) -> Expression:
        return self.pool.apply("mod", other, self)

    def __neg__(self) -> Expression:
        return self.pool.apply("neg", self)

    def __pos__(self) -> Expression:
        return self


class Chosen(NamedTuple):
    """A partial, and the condition under which its operand is selected; otherwise no gradient flows."""

    partial: Any
    condition: Any


class Pool:
    """A pool of the expressions of one level, each created once, with constants folded.

    Nothing is simplified that could change a result, also for inf and nan: `0 * x` is kept.
    """

    def __init__(self, upper: bool, columns: int = 0) -> None:
        """Inputs before place `columns` are batched."""
        self.upper: bool = upper
        self.columns: int = columns
        self.known: dict[Any, Expression] = {}
        self.values: set[Expression] = set()
        """Inputs that are captured Values or are differentiated; others count as plain numbers."""
        self.names: dict[str, Any] = {name: partial(self.apply, name) for name in INSTRUCTIONS | TABLE.keys()}
        self.names |= {
            "products_around": products_around, "len": len, "pi": math.pi, "select_": self.chosen,
            "truth_": self.truth, "logic_": self.logic, "divide": truediv, "remainder": mod,
        }  # fmt: skip

    def constant(self, number: float) -> Expression:
        """Return the expression of a number."""
        number = float(number)
        return self._leaf("constant", number, repr(number))

    def input(self, place: int) -> Expression:
        """Return the expression of an input, given by its place."""
        return self._leaf("input", place, place)

    def lifted(self, item: Any) -> Expression:
        """Return an expression unchanged, and a number as a constant."""
        return item if item.__class__ is Expression else self.constant(item)

    def _all_lifted(self, items: Sequence[Any]) -> tuple[Expression, ...]:
        for item in items:
            if item.__class__ is not Expression:
                return tuple(map(self.lifted, items))
        return tuple(items)

    def apply(self, name: str, *operands: Any) -> Expression:
        """Apply an operation, given by its name; a variadic operand is a sequence."""
        op = TABLE.get(name)
        if op is not None and (self.upper or name not in INSTRUCTIONS):
            return self.operation(op, operands)
        return self.primitive(name, operands)

    def operation(self, op: Op, operands: Sequence[Any]) -> Expression:
        """Apply an op of the table or of the user: itself on the upper level, its value rule on the lower."""
        if self.upper:
            flat = [item for group in operands for item in group] if op.variadic else operands
            items = self._all_lifted(flat)
            if (
                items
                and items[0].kind == "constant"
                and op.name in _FOLD
                and TABLE.get(op.name) is op
                and not op.variadic
                and all(item.kind == "constant" for item in items)
            ):  # so that a rule knows an exponent of 0, as with plain numbers
                return self.constant(_FOLD[op.name](*(item.value for item in items)))
            return self._simple(op, op.name, items)
        if op is TABLE.get(op.name):
            if op.name in INSTRUCTIONS:
                return self.primitive(op.name, operands)
            if op.name in _SEQUENCES:
                return _SEQUENCES[op.name](self, *(list(map(self.lifted, group)) for group in operands))
        lifted = [list(map(self.lifted, item)) if op.variadic else self.lifted(item) for item in operands]
        return self.lifted(self.evaluate(op.value, dict(zip(op.operands, lifted, strict=True)), op))

    def again(self, kind: Any, operands: Sequence[Expression]) -> Expression:
        """Apply the operation of another expression of the upper level to other operands."""
        if kind == "select":
            return self.select(*operands)
        if isinstance(kind, str):
            return self.logic(kind, *operands)
        return self.operation(kind, kind.grouped(list(operands)))

    def primitive(self, name: str, operands: Sequence[Any]) -> Expression:
        """Apply an operation of the lower level, folded if all operands are constants."""
        return self.instruction(name, self._all_lifted(operands))

    def instruction(self, name: str, operands: tuple[Expression, ...]) -> Expression:
        """Apply an operation of the lower level to expressions."""
        if operands[0].kind == "constant" and all(item.kind == "constant" for item in operands):
            return self.constant(_FOLD[name](*(item.value for item in operands)))
        if name == "pow" and operands[1].kind == "constant" and operands[1].value in _SMALL_POWERS:
            return _small_power(operands[0], int(operands[1].value))
        return self._simple(name, name, operands)

    def fused(self, x: Expression, y: Expression, z: Expression) -> Expression:
        """Return x * y + z as a fused multiply-add; only for sums of products, never for users' operations."""
        if x.kind == "constant" or y.kind == "constant":
            return x * y + z
        return self.primitive("fused", (x, y, z))

    def dot(self, weights: Sequence[Expression], numbers: Sequence[Expression]) -> Expression:
        """Return a sum of products as one expression, for a layer that is computed in its own stage."""
        return self._made("dot", (*weights, *numbers))

    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Expression:
        """Return `chosen` where a condition holds, else `otherwise`."""
        operands = self._all_lifted((condition, chosen, otherwise))
        if operands[0].kind == "constant":
            return operands[1] if operands[0].value else operands[2]
        return operands[1] if operands[1] is operands[2] else self._made("select", operands)

    def chosen(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        """Return a choice in a rule; if a branch is None, the result is None or a `Chosen`."""
        if not {chosen.__class__, otherwise.__class__} & {Chosen, type(None)}:
            return self.select(condition, chosen, otherwise)
        taken = self.lifted(condition)
        parts = [
            item if isinstance(item, Chosen) else Chosen(item, float(item is not None))
            for item in (chosen, otherwise)
        ]
        where = (
            self.select(taken, *(self.lifted(part.condition) for part in parts))
            if taken.kind == "constant"
            else (
                self.logic(
                    "or",
                    self.logic("and", taken, parts[0].condition),
                    self.logic("and", self.logic("not", taken), parts[1].condition),
                )
            )
        )
        present = [part.partial for part in parts if part.partial is not None]
        if not present or (where.kind == "constant" and not where.value):
            return None
        return Chosen(present[0] if len(present) == 1 else self.select(taken, *present), where)

    def logic(self, name: str, *operands: Any) -> Expression:
        """Return a comparison of numbers, or a conjunction, disjunction or negation of conditions."""
        lifted = self._all_lifted(operands)
        if all(item.kind == "constant" for item in lifted):
            return self.constant(float(_FOLD[name](*(item.value for item in lifted))))
        if name in ("and", "or"):
            for known, other in (lifted, lifted[::-1]):
                if known.kind == "constant":
                    return other if bool(known.value) == (name == "and") else known
        return self._made(name, lifted)

    def truth(self, item: Any) -> Expression:
        """Return a condition: a comparison unchanged, and for a number whether it is not 0."""
        lifted = self.lifted(item)
        if lifted.kind in LOGIC:
            return lifted
        if lifted.kind == "select":  # where(condition, 1, 0) is the condition itself
            condition, *numbers = lifted.operands
            if all(item.kind == "constant" for item in numbers):
                chosen, otherwise = (bool(item.value) for item in numbers)
                if chosen != otherwise:
                    return condition if chosen else self.logic("not", condition)
        return self.logic("ne", lifted, 0.0)

    def evaluate(self, rule: str, names: dict[str, Any], op: Op) -> Any:
        """Evaluate a rule with expressions for its operands.

        Raises TypeError for a rule that is a Python function.
        """
        if rule in names:  # a partial such as that of x * y
            return names[rule]
        if rule in _NUMBERS:
            return _NUMBERS[rule]
        if op.functions:
            raise TypeError(
                f"{op.name} has a Python function as a rule, which cannot be compiled: declare its value and "
                "its partials as text"
            )
        if " for " in rule:  # a comprehension is a nested function, which sees only globals
            return eval(code_of(rule), self.names | names)
        return eval(code_of(rule), self.names, names)  # the text comes from an op, never from data

    def _leaf(self, kind: str, value: float, content: Any) -> Expression:
        found = self.known.get((kind, content))
        if found is None:
            rows = kind == "input" and value < self.columns
            found = self.known[kind, content] = Expression(self, kind, (), value, len(self.known), rows)
        return found

    def _made(self, kind: Any, operands: tuple[Expression, ...]) -> Expression:
        known, key = self.known, (kind, operands)
        found = known.get(key)
        if found is None:
            rows = False
            if self.columns:
                for operand in operands:
                    if operand.rows:
                        rows = True
                        break
            found = known[key] = Expression(self, kind, operands, 0.0, len(known), rows)
        return found

    def _simple(self, kind: Any, name: str, operands: tuple[Expression, ...]) -> Expression:
        """Create an expression, without operations that change nothing, such as x * 1 and -(-x)."""
        if name == "mul":
            x, y = operands
            if x.value == 1.0 and x.kind == "constant":
                return y
            if y.value == 1.0 and y.kind == "constant":
                return x
        elif name == "neg" and operands[0].kind is kind:
            return operands[0].operands[0]
        elif name == "pos":
            return operands[0]
        return self._made(kind, operands)


def _total(pool: Pool, xs: list[Expression]) -> Expression:
    """Return a sum; of many terms, as a few independent partial sums."""
    if not xs:
        return pool.constant(0.0)
    if len(xs) >= 2 * CHAINS:
        xs = [_total(pool, xs[k::CHAINS]) for k in range(CHAINS)] if len(xs) < 64 else _halves(pool, xs)
    result = xs[0]
    for item in xs[1:]:
        result = pool.primitive("add", (result, item))
    return result


def _total_from_0(pool: Pool, xs: list[Expression]) -> Expression:
    """Return a sum that starts from 0, as Python's does: a sum of negative zeros is positive."""
    return pool.primitive("add", (pool.constant(0.0), _total(pool, xs)))


def _halves(pool: Pool, xs: list[Expression]) -> list[Expression]:
    """Return two partial sums, so that a very long sum is a tree, which also rounds less."""
    middle = len(xs) // 2
    return [_total(pool, xs[:middle]), _total(pool, xs[middle:])]


def _prod(pool: Pool, xs: list[Expression]) -> Expression:
    result = xs[0] if xs else pool.constant(1.0)
    for item in xs[1:]:
        result = result * item
    return result


def _dot(pool: Pool, ws: list[Expression], xs: list[Expression]) -> Expression:
    """Return a sum of products; of many, as a few independent partial sums."""
    pairs = list(zip(ws, xs, strict=True))
    count = CHAINS if len(pairs) >= 2 * CHAINS else 1
    return _total_from_0(pool, [_chain(pool, pairs[k::count]) for k in range(count)])


def _chain(pool: Pool, pairs: Sequence[tuple[Expression, Expression]]) -> Expression:
    result = pairs[0][0] * pairs[0][1] if pairs else pool.constant(0.0)
    for w, x in pairs[1:]:
        result = pool.fused(w, x, result)
    return result


def _logsumexp(pool: Pool, xs: list[Expression]) -> Expression:
    """Return the largest operand plus log1p of the others' sum, as on floats; nan stays nan."""
    top, rest = xs[0], []
    for item in xs[1:]:
        larger = pool.logic("ge", item, top)
        rest.append(pool.select(larger, top, item))
        top = pool.select(larger, item, top)
    # The difference of two equal infinities would be nan, although they are equal.
    gaps = [pool.select(pool.logic("eq", item, top), 0.0, item - top) for item in rest]
    if not rest:
        return _total_from_0(pool, [top])  # -0.0 becomes 0.0, as on floats
    return top + pool.apply("log1p", _total(pool, [pool.apply("exp", gap) for gap in gaps]))


_NUMBERS = {"0.0": 0.0, "1.0": 1.0, "-1.0": -1.0}
"""Rules that are numbers, such as the partials of x + y and x - y."""
_SMALL_POWERS = frozenset((-2.0, -1.0, 1.0, 2.0, 3.0, 4.0))


def _small_power(x: Expression, exponent: int) -> Expression:
    """Return a power as products, which cost a twentieth of a call of pow."""
    if exponent < 0:
        return 1.0 / _small_power(x, -exponent)
    if exponent == 1:
        return x
    square = x * x
    return square if exponent == 2 else square * (x if exponent == 3 else square)


_SEQUENCES: dict[str, Callable[..., Expression]] = {
    "total": _total_from_0, "prod": _prod, "dot": _dot, "logsumexp": _logsumexp,
}  # fmt: skip

_FOLD: dict[str, Callable[..., float]] = IEEE | {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "fused": lambda x, y, z: x * y + z,
    "div": IEEE["divide"],
    "mod": IEEE["remainder"],
    "neg": lambda x: -x,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "and": lambda x, y: bool(x) and bool(y),
    "or": lambda x, y: bool(x) or bool(y),
    "not": lambda x: not x,
}
