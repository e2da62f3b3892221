"""The record question: does the function, called at nearby points, agree with its recorded graph?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...formulas import history
from ...transforms.gradients import gradients
from ...transforms.numerical import Replay
from ...value import Value
from ..evidence.differences import LEVELS
from ..evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from ..evidence.precise import digits, exactly
from ..evidence.record import Record
from .opaque import check_across

Run = Callable[[list[float]], tuple[Value, list[Value]]]

NEAR, FAR = 2.0**-20, 2.0**-8
"""The distances by which inputs are moved, relative to their size; each input by a different amount."""
NEGLIGIBLE = 1e-9
"""The relative change of a gradient by a missing edge up to which the gradient is still right."""
MOST = 40
"""Maximum number of inputs with a missing edge that are reported one by one."""


def check_record(run: Run, point: list[float], root: Value, leaves: list[Value]) -> Iterator[Finding]:
    """Compare a recorded graph with its function at nearby points; yield findings.

    There the function should perform the same operations on other numbers. Any other difference is a
    missing edge (`detach()`, `.data`, `float(...)`) or a branch. A plain number in the graph that
    changes with the inputs is a missing edge if the result depends on it. This is decided in high
    precision for each input, so that the rounding of larger terms hides nothing. If the function
    branches at this point, the gradient must lie between the one-sided derivatives.
    """
    near, compared = _Nearby(run, point, root, leaves), not point
    everything = range(len(point))
    for shift in (NEAR, -NEAR, FAR):
        found = near.at(everything, shift)
        compared = compared or found is not None
        if found is None:
            continue
        if not found.same_path:
            if abs(shift) == NEAR:  # a branch farther away does not matter
                yield from near.across()
                return
            continue
        if found.differs and found.effect:
            wrong = list(near.missing(everything))
            if wrong:
                yield from wrong
                return
            if near.jumps:
                yield from near.across()
                return
    if not compared:
        why = "the function raises an exception at all nearby points that were tried"
        yield Finding("record", root, UNDECIDED, root.data, None, why=why)
        return
    yield Finding("record", root, RIGHT, root.data, root.data)


class _Other(NamedTuple):
    """A recorded graph of the function at a nearby point, compared with the graph at the point."""

    root: Value
    same_path: bool
    differs: tuple[Value, int] | None
    """A node and the position of an operand whose plain number differs; -1 for the node itself, a leaf."""
    effect: Any
    """The change of the result by those plain numbers alone, in high precision."""


class _Nearby:
    """A function in the neighbourhood of a point."""

    def __init__(self, run: Run, point: list[float], root: Value, leaves: list[Value]) -> None:
        self.run, self.point, self.root, self.leaves = run, point, root, leaves
        self.record, self.path = Record(root), path(root, leaves)
        self.jumps = False
        """Whether a plain number jumps at the point: it differs at points however near."""

    def at(self, moving: range, shift: float) -> _Other | None:
        """Record the function with some inputs moved by a relative shift; None if it raises an error."""
        moved = list(self.point)
        for k in moving:
            moved[k] += shift * (1 + (k % 64) / 64) * (abs(moved[k]) or 1.0)
        try:
            root, leaves = self.run(moved)
        except Exception:  # outside its domain a function may raise anything
            return None
        if path(root, leaves) != self.path:
            return _Other(root, False, None, 0)
        differs = hidden_difference(self.root, root, set(self.leaves))
        return _Other(root, True, differs, self.effect(root, moved) if differs is not None else 0)

    def effect(self, twin: Value, moved: list[float]) -> Any:
        """Return the result at the moved point minus that of the graph with its own plain numbers."""
        changes = dict(zip(self.leaves, moved, strict=True))
        try:
            with digits(LEVELS[1]):
                inside = {
                    self.record.index[n]: exactly(x) for n, x in changes.items() if n in self.record.index
                }
                apart = Record(twin).base()[-1] - self.record.from_leaves(inside)
                noise = exactly(2.0**-250) * abs(exactly(twin.data))
                return apart if abs(apart) > noise else 0
        except (ArithmeticError, ValueError, TypeError):  # an operation takes floats only
            here = {n: x for n, x in changes.items() if n in self.record.index}
            apart = twin.data - Replay(self.root)(here)
            return apart if abs(apart) > 1e-13 * abs(twin.data) else 0

    def missing(self, inputs: range) -> Iterator[Finding]:
        """Yield a finding for every input with a missing edge, found by bisection of the inputs."""
        waiting, count = [inputs], 0
        grads = gradients(self.root, self.leaves)
        while waiting and count < MOST:
            some = waiting.pop()
            up, down = self.at(some, NEAR), self.at(some, -NEAR)
            sides = [(sign, o) for sign, o in ((1, up), (-1, down)) if o is not None and o.same_path]
            if not any(side.effect for _, side in sides):
                continue
            if len(some) > 1:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
                continue
            finding = self._about_input(some[0], grads[some[0]], sides)
            if finding is not None:
                count += 1
                yield finding

    def _about_input(self, k: int, grad: float, sides: list[tuple[int, _Other]]) -> Finding | None:
        """Return the finding for one input: the true derivative is that of the graph plus the missing part."""
        step = NEAR * (1 + (k % 64) / 64) * (abs(self.point[k]) or 1.0)
        nearer = self.at(range(k, k + 1), NEAR / 1024), self.at(range(k, k + 1), -NEAR / 1024)
        if any(
            o is not None and abs(o.effect) > abs(s.effect) / 2 for o in nearer for _, s in sides if s.effect
        ):
            self.jumps = True  # as round(x.data) does at 0.5: the difference does not shrink with the step
            return None
        missing = float(sum(sign * side.effect for sign, side in sides) / (len(sides) * step))
        if abs(missing) <= NEGLIGIBLE * max(abs(grad), abs(grad + missing)):
            return None
        node, position = next(side.differs for _, side in sides if side.differs)
        why = _missing_edge(node, position)
        return Finding("record", self.leaves[k], WRONG, grad, grad + missing, why=why)

    def across(self) -> Iterator[Finding]:
        """Yield findings about the gradient at a point where the function branches or jumps."""
        grads = gradients(self.root, self.leaves)
        for finding in check_across(lambda at: self.run(at)[0].data, grads, self.point):
            yield finding._replace(question="record", place=self.leaves[finding.place])


def nondeterminism(root: Value, leaves: list[Value], again: Value, others: list[Value]) -> Finding | None:
    """Return the difference between two recorded graphs of the same function and point, if there is one.

    >>> nondeterminism(Value(1.0), [], Value(2.0), []).why
    'the function is not deterministic: at the same point it returned 1.0 and 2.0'
    """
    if not equal(root.data, again.data):
        why = (
            f"the function is not deterministic: at the same point it returned {root.data!r} and {again.data!r}"
        )
        return Finding("determinism", root, WRONG, root.data, again.data, why=why)
    if path(root, leaves) != path(again, others):
        why = "the function is not deterministic: a second call at the same point performed other operations"
        return Finding("determinism", root, WRONG, root.data, again.data, why=why)
    for node, twin in zip(Replay(root).order, Replay(again).order, strict=True):
        for position, (partial, other) in enumerate(zip(node.partials, twin.partials, strict=True)):
            if partial is not None and other is not None and not equal(partial, other):
                name = node.op.name if node.op else ""
                both = f"at the same point it was {partial!r} and {other!r}"
                why = f"the partial of {name} is not deterministic: {both}"
                return Finding("determinism", node, WRONG, partial, other, why=why, position=position)
    return None


def path(root: Value, leaves: list[Value]) -> list[Any]:
    """Return the operations of a graph with their operands, and decisions such as where's condition.

    >>> x = Value(3.0)
    >>> [entry[0] and entry[0].name for entry in path(x * 2.0, [x])]
    [None, 'mul']
    """
    order = Replay(root).order
    place: dict[Any, Any] = {node: k for k, node in enumerate(order)}
    inputs = {leaf: k for k, leaf in enumerate(leaves)}

    def operand(node: Value, k: int, item: Any) -> Any:
        return place[item] if item in place else ("number", _decides(node, k) and item != 0)

    return [
        (node.op, inputs.get(node), [operand(node, k, item) for k, item in enumerate(node.operands)])
        for node in order
    ]


def _decides(node: Value, position: int) -> bool:
    """Return whether an operand is only a condition, which never has an edge."""
    op = node.op
    return op is not None and op.partial_of(position, len(node.operands)) == "None"


def hidden_difference(root: Value, other: Value, inputs: set[Value]) -> tuple[Value, int] | None:
    """Return the first plain number that differs between two graphs of the same path.

    It is given as a node and the position of its operand, or -1 for the number of a leaf.

    >>> x, y = Value(3.0), Value(3.0)
    >>> hidden_difference(x * 2.0, y * 5.0, {x, y})[1]
    1
    """
    for node, twin in zip(Replay(root).order, Replay(other).order, strict=True):
        for position, (item, moved) in enumerate(zip(node.operands, twin.operands, strict=True)):
            if item.__class__ is float and not equal(item, moved):
                return node, position
        if node.op is None and node not in inputs and not equal(node.data, twin.data):
            return node, -1
    return None


def equal(a: float, b: float) -> bool:
    """Return whether two numbers are equal; nan equals nan.

    >>> equal(float("nan"), float("nan")), equal(1.0, 2.0)
    (True, False)
    """
    return a == b or (a != a and b != b)


def _missing_edge(node: Value, position: int) -> str:
    if position >= 0:
        return (
            f"an edge is missing at {history(node)}: operand {position + 1} was recorded as the plain number "
            f"{node.operands[position]:.6g}, but changes with the inputs (.data, float(...), another library?)"
        )
    return (
        f"an edge is missing: the leaf {history(node)} changes with the inputs; it was detached, or created "
        "inside the function"
    )
