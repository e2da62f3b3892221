"""Derivatives of expressions: the table's rules evaluated over expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from ...differentiation import LENGTHS
from ...ops.floats import products_around
from ...ops.rules import common_parts
from ...ops.table import TABLE
from .levels import DOT, TILE, below, layers_of, tiles
from .pool import DETACHED, LOGIC, Chosen, Expression, Pool

_MUL = TABLE["mul"]


class Flow(NamedTuple):
    """A gradient in the backward pass, and the condition under which it flows: None for always.

    Through an unselected branch nothing flows, not even 0, since 0 times an infinite partial is nan.
    """

    gradient: Expression
    condition: Expression | None = None
    steep: bool = False
    """Whether it has passed an operation whose partial may be infinite at finite operands."""

    @property
    def never(self) -> bool:
        """Whether the condition is constantly false."""
        return self.condition is not None and self.condition.kind == "constant" and not self.condition.value

    def times(self, partial: Any, steep: bool = False) -> Flow:
        """Return the flow after an operation with a partial."""
        return Flow(self.gradient * partial, self.condition, self.steep or steep)

    def only_where(self, condition: Expression) -> Flow:
        """Return the flow into a branch that is selected under a condition."""
        pool = condition.pool
        both = condition if self.condition is None else pool.logic("and", self.condition, condition)
        return Flow(self.gradient, both, self.steep)

    def whole(self) -> Expression:
        """Return the gradient, 0 where none flows."""
        pool = self.gradient.pool
        return self.gradient if self.condition is None else pool.select(self.condition, self.gradient, 0.0)

    def __or__(self, other: Flow) -> Flow:
        """Return the sum of two flows."""
        steep = self.steep or other.steep
        if self.condition is other.condition:
            return Flow(self.gradient + other.gradient, self.condition, steep)
        condition = None
        if self.condition is not None and other.condition is not None:
            condition = self.gradient.pool.logic("or", self.condition, other.condition)
        return Flow(self.whole() + other.whole(), condition, steep)


def pulled_back(
    pool: Pool, seeds: Mapping[Expression, Expression], inputs: Sequence[Expression]
) -> list[Expression]:
    """Return the gradient, with respect to each input, of the sum of expressions times their seeds.

    Reverse mode: one backward pass over the expressions.

    >>> pool = Pool(upper=True)
    >>> x, y = pool.input(0), pool.input(1)
    >>> pulled_back(pool, {x * y: pool.constant(1.0)}, [x, y]) == [y, x]
    True
    """
    order = below(seeds)
    active = _active(order, inputs)
    edges = _edges(order, [*inputs, *pool.values])
    steep = _steep(order, active)
    layers = layers_of([node for node in order if node in active])
    arrived = {node: Flow(seed) for node, seed in seeds.items()}
    for node in reversed(order):
        layer = layers.get(node)
        if layer is not None:  # all at once, when the first node of the layer is reached
            sent = _sent_by_layer(pool, layer, arrived, active) if node is layer[0] else []
        elif node in active and node in arrived and node.operands:
            sent = _sent(pool, node, arrived[node], active, edges, steep)
        else:
            continue
        for operand, contribution in sent:
            arrived[operand] = arrived[operand] | contribution if operand in arrived else contribution
    zero = pool.constant(0.0)
    return [arrived[item].whole() if item in arrived else zero for item in inputs]


def _active(order: list[Expression], inputs: Sequence[Expression]) -> set[Expression]:
    reached = set(inputs)
    for node in order:
        for operand in node.operands:
            if operand in reached:
                if node.kind is not DETACHED:
                    reached.add(node)
                break
    return reached


def _edges(order: list[Expression], inputs: Sequence[Expression]) -> set[Expression]:
    """Return the nodes that are Values in the engine, where a comparison is a bool: a plain number."""
    reached = set(inputs)
    for node in order:
        if not node.operands:
            continue
        compares = (node.kind if isinstance(node.kind, str) else node.kind.name) in LOGIC
        if node.kind is DETACHED or (not compares and not reached.isdisjoint(node.operands)):
            reached.add(node)
    return reached


def _steep(order: list[Expression], active: set[Expression]) -> set[Expression]:
    """Return the nodes below which, on the way to an input, an operation has a partial that may be infinite."""
    found: set[Expression] = set()
    for node in order:
        if node in active and node.operands and node.kind not in ("select", *LOGIC):
            if node.kind.name not in _GENTLE or not found.isdisjoint(node.operands):
                found.add(node)
        elif node.kind == "select" and not found.isdisjoint(node.operands):
            found.add(node)
    return found


_GENTLE = frozenset(
    """add sub neg pos mul square abs relu leaky_relu elu maximum minimum clip where step sign total mean dot
    prod logsumexp tanh sigmoid logsigmoid softplus gelu silu erf erfc sin cos atan asinh""".split()
)
"""Operations whose partials are finite at finite operands, except for overflow."""


def _sent(
    pool: Pool,
    node: Expression,
    upstream: Flow,
    active: set[Expression],
    edges: set[Expression],
    steep_below: set[Expression],
) -> list[tuple[Expression, Flow]]:
    """Return the contributions of a node to its active operands.

    `edges` are the nodes that are no plain numbers in the engine, `steep_below` those through which a
    gradient meets a partial that may be infinite.
    """
    if node.kind == "select":
        condition, chosen, otherwise = node.operands
        branches = [(chosen, condition), (otherwise, pool.logic("not", condition))]
        return [(branch, upstream.only_where(taken)) for branch, taken in branches if branch in active]
    if isinstance(node.kind, str):
        if node.kind in LOGIC:
            return []
        raise TypeError(f"{node.kind} has no rule for its derivative")
    rule, steep = _partials(pool, node), node.kind.name not in _GENTLE
    sent = []
    for k, operand in enumerate(node.operands):
        if operand in active:
            partial, flow = rule(k), upstream
            if isinstance(partial, Chosen):
                partial, flow = partial.partial, flow.only_where(partial.condition)
            if partial is None:
                continue
            if partial.__class__ is float and partial == 1.0 and not node.kind.absorbing:
                if not flow.never:
                    sent.append((operand, Flow(flow.gradient, flow.condition, flow.steep or steep)))
                continue
            partial = pool.lifted(partial)
            flow = _guarded(pool, node, k, partial, flow, edges, steep_below)
            if not flow.never:
                sent.append((operand, flow.times(partial, steep)))
    return [*sent, *_through_square(pool, node, upstream, active)]


def _guarded(
    pool: Pool,
    node: Expression,
    k: int,
    partial: Expression,
    flow: Flow,
    edges: set[Expression],
    steep_below: set[Expression],
) -> Flow:
    """Return the flow to operand k, which is stopped where another operand is a plain 0 that absorbs it."""
    for other in absorbing_beside(node.kind, node.operands, k):
        if _is_zero(other):  # a constant: 0 * x, 0 / x, x ** 0
            varies = pool.constant(0.0) if node.kind.variadic else pool.logic("ne", partial, 0.0)
            flow = flow.only_where(varies)
        elif (
            other.kind != "constant" and other not in edges and (flow.steep or node.operands[k] in steep_below)
        ):  # 0 perhaps, as data may be
            varies = pool.logic("ne", other, 0.0)
            if partial is not other and not node.kind.variadic:
                varies = pool.logic("or", varies, pool.logic("ne", partial, 0.0))
            flow = flow.only_where(varies)
    return flow


def _through_square(
    pool: Pool, node: Expression, upstream: Flow, active: set[Expression]
) -> list[tuple[Expression, Flow]]:
    """Return what an even power of a length contributes to the length's operands where it is 0.

    There the length has a kink and its own derivatives are 0; see `autograd.differentiation.even_power`.
    """
    name = node.kind.name
    if name not in ("mul", "pow", "square"):
        return []
    length, exponent = node.operands[0], 2.0
    if name == "pow" and node.operands[1].kind == "constant":
        exponent = float(node.operands[1].value)
    elif name != "square" and not (name == "mul" and node.operands[1] is length):
        return []
    if not _is_length(length) or exponent < 2 or exponent % 2:
        return []
    parts, waiting = [], [length]
    while waiting:
        item = waiting.pop()
        if _is_length(item):
            waiting += item.operands
        else:
            parts.append(item)
    base = pool.apply("dot", parts, parts) if exponent > 2 else None
    power = 1.0 if base is None else pool.apply("pow", base, exponent / 2 - 1)
    factor = exponent * power
    flow = upstream.only_where(pool.logic("eq", length, 0.0))
    return [(x, flow.times(x * factor)) for x in parts if x in active]


def _is_length(item: Expression) -> bool:
    return not isinstance(item.kind, str) and item.kind.name in LENGTHS


def _is_zero(item: Expression) -> bool:
    return item.kind == "constant" and item.value == 0


def absorbing_beside(op: Any, operands: Sequence[Any], k: int) -> list[Any]:
    """Return the other operands that make the result constant if they are a plain number 0."""
    if not op.absorbing:
        return []
    if not op.variadic:
        return [operands[j] for j in _absorbing(op.operands, op.absorbing, k)]
    size = len(operands) // len(op.operands)
    beside = range(k % size, len(operands), size) if len(op.operands) > 1 else range(len(operands))
    return [operands[j] for j in beside if j != k and op.operands[j // size] in op.absorbing]


@cache
def _absorbing(names: tuple[str, ...], absorbing: tuple[str, ...], k: int) -> tuple[int, ...]:
    """Return the positions of the absorbing operands beside operand k."""
    return tuple(j for j, name in enumerate(names) if j != k and name in absorbing)


def _partials(pool: Pool, node: Expression) -> Callable[[int], Any]:
    """Return a function from the position of an operand to its partial, by the op's rules."""
    op, operands = node.kind, list(node.operands)
    if not op.variadic:
        names = dict(zip(op.operands, operands, strict=True))
        names["out"] = node
        return lambda k: pool.evaluate(op.partials[k], names, op)
    groups = op.grouped(operands)
    size = len(operands) // len(op.operands)
    around: dict[int, list[Any]] = {}
    shared: dict[tuple[int, str], Any] = {}
    common: dict[str, Any] = dict(zip(op.operands, groups, strict=True)) | {"out": node}

    def partial(k: int) -> Any:
        position, place = divmod(k, size)
        rule, once = common_parts(op.partials[position], op.operands)
        names = common | {name: group[place] for name, group in zip(op.elements, groups, strict=True)}
        if "before" in rule or "after" in rule:
            if position not in around:
                around[position] = products_around(groups[position])
            names["before"], names["after"] = around[position][place]
        for name, text in once.items():
            if (position, name) not in shared:
                shared[position, name] = pool.evaluate(text, names, op)
            names[name] = shared[position, name]
        return pool.evaluate(rule, names, op)

    return partial


def _sent_by_layer(
    pool: Pool,
    layer: list[Expression],
    arrived: Mapping[Expression, Flow],
    active: set[Expression],
) -> list[tuple[Expression, Flow]]:
    """Return the contributions of a layer: a product to each weight, a dot product to each input."""
    nodes = [node for node in layer if node in active and node in arrived]
    if not nodes:
        return []
    size = len(nodes[0].operands) // 2
    errors = [arrived[node].whole() for node in nodes]
    xs = nodes[0].operands[size:]
    sent = []
    for k, x in enumerate(xs):
        if x in active:
            sent.append((x, Flow(pool.operation(DOT, ([node.operands[k] for node in nodes], errors)))))
    for row, column in tiles(len(nodes), size, TILE // 2):
        weight = nodes[row].operands[column]
        if weight in active:
            sent.append((weight, Flow(pool.operation(_MUL, (errors[row], xs[column])))))
    return sent
