"""Taylor series of a recorded graph: the table's rules evaluated over lazy power series."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ..differentiation import QUOTIENTS, even_power, sides, times
from ..modes import evaluated
from ..ops.op import Op
from ..ops.operands import EDGES, number
from ..ops.primitives import FAST
from ..ops.rules import define, names_in, over_nodes, partials_source
from ..ops.table import TABLE
from ..recording import function_of
from ..terminal import quoted
from ..value import Value
from .call import Call

_HIGHEST = 1_000_000
"""The highest order: its coefficients would take days."""


def taylor(f: Callable[[Any], Any], x: Any, order: int) -> list[Any]:
    """Return the coefficients of the Taylor series of f around x: f(x), f'(x), f''(x) / 2, ...

    The list has order + 1 items: floats, or Values that can be differentiated if x is a Value or f
    captures Values. They are computed coefficient by coefficient from out' = sum of partial * operand',
    so the work grows with the square of the order, not exponentially as with nested derivatives.

    Raises ValueError if the order is not an int from 0 to 1,000,000, TypeError if f does not return one
    number.

    >>> from autograd import exp, grad
    >>> taylor(exp, 0.0, 4)
    [1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664]
    >>> grad(lambda a: taylor(lambda x: exp(a * x), 0.0, 2)[2])(3.0)  # of a * a / 2
    3.0
    """
    if not isinstance(order, int) or not 0 <= order <= _HIGHEST:
        raise ValueError(f"order must be an int from 0 to {_HIGHEST:,}, got {quoted(order)}")
    call = Call(f, (x,), (0,))
    if len(call.inputs) != 1 or len(call.outputs) != 1:
        raise TypeError(
            f"taylor needs a function of one number that returns one number, got {len(call.inputs)} numbers "
            f"as the argument and {len(call.outputs)} as the result"
        )
    (leaf,), (root,) = call.inputs, call.outputs
    if not isinstance(root, Value):
        return [number(root)] + [0.0] * order
    mode = {"recording": True, "total": True}
    found = evaluated(mode, _expanded, root, call.order(root), leaf, call.create_graph, order)
    return [call.finished(found.coefficient(n)) for n in range(order + 1)]


def _expanded(root: Any, nodes: list[Any], leaf: Value, values: bool, order: int) -> _Series:
    """Return the series of the root, given the nodes between it and the leaf.

    Its coefficients are Values if `values`, else floats.
    """
    expansion = _Expansion()
    found: dict[Any, _Series] = {}

    def series_of(item: Any, slope: float = 0.0) -> Any:
        """Return the series of a node, a constant one for a captured Value; a plain number unchanged."""
        if item.__class__ is not float and item not in found:
            found[item] = _Series(expansion, None, (), [item if values else item.data, slope])
        return item if item.__class__ is float else found[item]

    series_of(leaf, 1.0)
    for node in nodes:
        start = node if values else node.data
        if (squared := even_power(node)) and squared[0].data == 0:
            parts = tuple(map(series_of, sides(squared[0])))
            square = expansion.series(TABLE["dot"], parts * 2, [squared[0] * squared[0] if values else 0.0])
            found[node] = expansion.series(TABLE["pow"], (square, squared[1]), [start])
        elif node.op:
            found[node] = expansion.series(node.op, tuple(map(series_of, node.operands)), [start])
    series_of(root)
    for n in range(order + 1):  # all nodes order by order, which keeps the recursion shallow
        for node in nodes:
            series_of(node).coefficient(n)
    return found[root]


_DIV, _POW = TABLE["div"], TABLE["pow"]


class _Expansion:
    """The series of one expansion, one for each operation and operands.

    Thus the rule of sin uses cos(x), whose rule uses the same sin again, one order lower.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], _Series] = {}
        self.algebra = FAST | {name: self._function(op) for name, op in TABLE.items()} | EDGES
        self.algebra["number"] = lambda result: result

    def series(self, op: Op, operands: tuple[Any, ...], known: list[Any]) -> _Series:
        key = (op, *operands)
        if key not in self.known:
            self.known[key] = _Series(self, op, operands, known)
        return self.known[key]

    def _function(self, op: Op) -> Callable[..., Any]:
        def apply(*groups: Any) -> Any:
            if op.variadic:
                operands = [item for group in groups for item in group]
            else:  # add the defaults of omitted operands
                operands = [*groups, *(op.defaults[name] for name in op.operands[len(groups) :])]
            if not any(isinstance(item, _Series) for item in operands):
                return function_of(op)(*groups)
            if op is _DIV and operands[1].__class__ is float and operands[1] == 1.0:
                return operands[0]  # so that hypot(1, x / 1) is hypot(1, x), whose series is known
            if op is _POW and (above := self._power_above(*operands)):
                return above / operands[0]
            return self.series(op, tuple(operands), [])

        return apply

    def _power_above(self, base: Any, exponent: Any) -> Any:
        """Return the series of base ** (exponent + 1) if it is known and the power is not a polynomial.

        The derivative of each power is another one, without end: they are quotients of the first.
        """
        if exponent.__class__ is not float or (exponent >= 0 and exponent % 1 == 0) or not base:
            return None
        above = exponent + 1.0
        return self.known.get((_POW, base, above)) if above != exponent else None


class _Series:
    """A power series whose coefficients are computed on demand."""

    __slots__ = ("_partials", "_varies", "coefficients", "expansion", "op", "operands")

    def __init__(
        self, expansion: _Expansion, op: Op | None, operands: tuple[Any, ...], known: list[Any]
    ) -> None:
        self.expansion, self.op, self.operands, self.coefficients = expansion, op, operands, known
        self._partials: tuple[Any, ...] | None = None
        self._varies: bool | None = None

    def coefficient(self, n: int) -> Any:
        """Return the n-th coefficient, from n out_n = sum over operands and j of j x_j p_(n - j)."""
        if self.op is None:
            return self.coefficients[n] if n < len(self.coefficients) else 0.0
        while len(self.coefficients) <= n:
            m = len(self.coefficients)
            self.coefficients.append(self._next(m) if m else self._start())
        return self.coefficients[n]

    def _start(self) -> Any:
        op: Any = self.op
        return function_of(op)(*op.grouped([_coefficient(item, 0) for item in self.operands]))

    def _next(self, m: int) -> Any:
        varies = self.varies  # asked of every series in turn, so that no later question is a deep recursion
        if self.op is _DIV and varies:
            return self._next_of_quotient(m)
        found: Any = 0.0
        for partial, operand in zip(self.partials, self.operands, strict=True):
            if partial is None:
                continue
            # A constant partial has no more coefficients: an infinite x_j is not multiplied by 0.
            for j in range(1 if _varies(partial) else m, m + 1):
                x_j = _coefficient(operand, j)
                if _counts(x_j, j, operand):
                    found = found + times(times(float(j), x_j), _coefficient(partial, m - j))
        return found / m

    def _next_of_quotient(self, m: int) -> Any:
        """Return the m-th coefficient of x / y from out * y = x.

        The partials would be quotients too, whose partials are further ones: a series for each order.
        """
        x, y = self.operands
        found: Any = _coefficient(x, m)
        some = _counts(found, m, x)
        for j in range(1, m + 1 if _varies(y) else 1):
            y_j = _coefficient(y, j)
            if _counts(y_j, j, y):
                found, some = found - times(y_j, self.coefficient(m - j)), True
        below = _coefficient(y, 0)
        if found.__class__ is float and found == 0 and below.__class__ is not float:
            return times(found, 1.0 / below) if some else 0.0
        return QUOTIENTS["divide"](found, below) if some else 0.0

    @property
    def varies(self) -> bool:
        """Return whether it depends on the variable: then a slope of 0 beside an infinite one gives nan."""
        if self._varies is None:
            if self.op is None:
                self._varies = len(self.coefficients) > 1 and self.coefficients[1] != 0
            else:
                edges = zip(self.partials, self.operands, strict=True)
                self._varies = any(partial is not None and _varies(operand) for partial, operand in edges)
        return self._varies

    @property
    def partials(self) -> tuple[Any, ...]:
        """Return the partials as series, one for each operand; None for a plain number."""
        if self._partials is None:
            op: Any = self.op
            edges = op.grouped([isinstance(item, _Series) for item in self.operands])
            operands = op.grouped(list(self.operands))
            try:
                self._partials = _rules(op, self.expansion)(*operands, out=self, edges=edges)
            except ZeroDivisionError:  # of two plain numbers
                self._partials = _rules(op, self.expansion, at_pole=True)(*operands, out=self, edges=edges)
        return self._partials

    def _apply(self, name: str, *operands: Any) -> Any:
        return self.expansion.algebra[name](*operands)

    def __add__(self, other: Any) -> Any:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._apply("div", other, self)

    def __mod__(self, other: Any) -> Any:
        return self._apply("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self._apply("mod", other, self)

    def __neg__(self) -> Any:
        return self._apply("neg", self)

    def __pos__(self) -> Any:
        return self

    # Conditions in rules are decided by coefficient 0.
    def __bool__(self) -> bool:
        start = self.coefficient(0)
        return bool(getattr(start, "data", start) != 0)

    def __lt__(self, other: Any) -> bool:
        return bool(self.coefficient(0) < _coefficient(other, 0))

    def __le__(self, other: Any) -> bool:
        return bool(self.coefficient(0) <= _coefficient(other, 0))

    def __gt__(self, other: Any) -> bool:
        return bool(self.coefficient(0) > _coefficient(other, 0))

    def __ge__(self, other: Any) -> bool:
        return bool(self.coefficient(0) >= _coefficient(other, 0))


def _varies(item: Any) -> bool:
    return isinstance(item, _Series) and item.varies


def _counts(x_j: Any, j: int, operand: Any) -> bool:
    """Return whether a term has to be added: a slope of 0 counts, as beside an infinite one it gives nan."""
    return x_j.__class__ is not float or x_j != 0 or (j == 1 and _varies(operand))


def _coefficient(item: Any, n: int) -> Any:
    return item.coefficient(n) if isinstance(item, _Series) else float(item) if n == 0 else 0.0


def _rules(op: Op, expansion: _Expansion, at_pole: bool = False) -> Callable[..., tuple[Any, ...]]:
    """Return a function that computes an op's partials in the algebra of one expansion.

    With `at_pole` a quotient of two plain numbers does not raise.
    """
    if op.functions:
        raise TypeError(
            f"taylor needs the partials of {op.name} as text: Python functions do not accept series"
        )
    source = _source(op, at_pole)
    algebra = expansion.algebra | QUOTIENTS if at_pole else expansion.algebra
    return define(
        f"series_{op.name}", source, {name: algebra[name] for name in names_in(source) & algebra.keys()}
    )


@cache
def _source(op: Op, at_pole: bool) -> str:
    read = over_nodes
    if at_pole:
        from ..ops.language import over_nodes_at_poles as read  # parses, which takes time to import
    edges = {name: f"edges[{position}]" for position, name in enumerate(op.operands)}
    partials = partials_source(op, edges, read)
    return f"def series_{op.name}({', '.join(op.operands)}, *, out, edges): return {partials}"
