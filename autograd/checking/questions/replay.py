"""Whether a record is the function: run again nearby, does the function do what was recorded?"""

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
"""How far inputs are moved, relative to their size; each by a slightly different share."""
NEGLIGIBLE = 1e-9
"""What a missing edge may add to a gradient, relative to it, before the gradient is wrong."""
MOST = 40
"""How many inputs with a missing edge are told one by one."""


def check_record(run: Run, point: list[float], root: Value, leaves: list[Value]) -> Iterator[Finding]:
    """A function's record against the function itself at points nearby.

    The same operations on other numbers: whatever else differs is an edge that the record lacks
    (`detach()`, `.data`, `float(...)`) or a branch. A number that the record holds as plain and that
    moves with the inputs is an edge that is missing if the result depends on it, which is looked at in
    high precision, input by input: the rounding of a larger term hides nothing. Where the function
    branches at this very point, the gradient has to lie between the slopes on both sides.
    """
    near, compared = _Nearby(run, point, root, leaves), not point
    everything = range(len(point))
    for shift in (NEAR, -NEAR, FAR):
        found = near.at(everything, shift)
        compared = compared or found is not None
        if found is None:
            continue
        if not found.same_path:
            if abs(shift) == NEAR:  # else another branch, some way off
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
        why = "the function raises an exception at every neighbouring point that was tried"
        yield Finding("record", root, UNDECIDED, root.data, None, why=why)
        return
    yield Finding("record", root, RIGHT, root.data, root.data)


class _Other(NamedTuple):
    """A record of the function at a neighbouring point, beside the record at the point itself."""

    root: Value
    same_path: bool
    differs: tuple[Value, int] | None
    """A node, and the position of its operand, whose plain number is another one there; -1 for a leaf."""
    effect: Any
    """By how much those plain numbers alone move the result, in high precision."""


class _Nearby:
    """A function around a point."""

    def __init__(self, run: Run, point: list[float], root: Value, leaves: list[Value]) -> None:
        self.run, self.point, self.root, self.leaves = run, point, root, leaves
        self.record, self.path = Record(root), path(root, leaves)
        self.jumps = False
        """Whether a plain number was found that is another one however near the point is."""

    def at(self, moving: range, shift: float) -> _Other | None:
        """The function with some inputs moved by about that share of them; None where it raises."""
        moved = list(self.point)
        for k in moving:
            moved[k] += shift * (1 + (k % 64) / 64) * (abs(moved[k]) or 1.0)
        try:
            root, leaves = self.run(moved)
        except Exception:  # whatever a function does outside its domain
            return None
        if path(root, leaves) != self.path:
            return _Other(root, False, None, 0)
        differs = hidden_difference(self.root, root, set(self.leaves))
        return _Other(root, True, differs, self.effect(root, moved) if differs is not None else 0)

    def effect(self, twin: Value, moved: list[float]) -> Any:
        """The result there, less what the record gives with its own plain numbers."""
        changes = dict(zip(self.leaves, moved, strict=True))
        try:
            with digits(LEVELS[1]):
                inside = {
                    self.record.index[n]: exactly(x) for n, x in changes.items() if n in self.record.index
                }
                apart = Record(twin).base()[-1] - self.record.from_leaves(inside)
                noise = exactly(2.0**-250) * abs(exactly(twin.data))
                return apart if abs(apart) > noise else 0
        except (ArithmeticError, ValueError, TypeError):  # an operation that computes in floats
            here = {n: x for n, x in changes.items() if n in self.record.index}
            apart = twin.data - Replay(self.root)(here)
            return apart if abs(apart) > 1e-13 * abs(twin.data) else 0

    def missing(self, inputs: range) -> Iterator[Finding]:
        """A finding for every input towards which an edge is missing, halving the inputs until it is known."""
        waiting, told = [inputs], 0
        grads = gradients(self.root, self.leaves)
        while waiting and told < MOST:
            some = waiting.pop()
            up, down = self.at(some, NEAR), self.at(some, -NEAR)
            sides = [(sign, o) for sign, o in ((1, up), (-1, down)) if o is not None and o.same_path]
            if not any(side.effect for _, side in sides):
                continue
            if len(some) > 1:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
                continue
            finding = self._towards(some[0], grads[some[0]], sides)
            if finding is not None:
                told += 1
                yield finding

    def _towards(self, k: int, grad: float, sides: list[tuple[int, _Other]]) -> Finding | None:
        """The finding about one input, whose true derivative is the record's and what is missing in it."""
        step = NEAR * (1 + (k % 64) / 64) * (abs(self.point[k]) or 1.0)
        nearer = self.at(range(k, k + 1), NEAR / 1024), self.at(range(k, k + 1), -NEAR / 1024)
        if any(
            o is not None and abs(o.effect) > abs(s.effect) / 2 for o in nearer for _, s in sides if s.effect
        ):
            self.jumps = True  # round(x.data) at 0.5: as far apart much nearer too
            return None
        slope = float(sum(sign * side.effect for sign, side in sides) / (len(sides) * step))
        if abs(slope) <= NEGLIGIBLE * max(abs(grad), abs(grad + slope)):
            return None
        node, position = next(side.differs for _, side in sides if side.differs)
        why = _missing_edge(node, position)
        return Finding("record", self.leaves[k], WRONG, grad, grad + slope, why=why)

    def across(self) -> Iterator[Finding]:
        """The gradient at a point where the function branches, or jumps."""
        grads = gradients(self.root, self.leaves)
        for finding in check_across(lambda at: self.run(at)[0].data, grads, self.point):
            yield finding._replace(question="record", place=self.leaves[finding.place])


def chance(root: Value, leaves: list[Value], again: Value, others: list[Value]) -> Finding | None:
    """What differs between two records at the same point, of a function that is not deterministic."""
    if not equal(root.data, again.data):
        why = f"the function is not deterministic: at the same point it gave {root.data!r} and {again.data!r}"
        return Finding("chance", root, WRONG, root.data, again.data, why=why)
    if path(root, leaves) != path(again, others):
        why = "the function is not deterministic: at the same point it did other operations the second time"
        return Finding("chance", root, WRONG, root.data, again.data, why=why)
    for node, twin in zip(Replay(root).order, Replay(again).order, strict=True):
        for position, (partial, other) in enumerate(zip(node.partials, twin.partials, strict=True)):
            if partial is not None and other is not None and not equal(partial, other):
                name = node.op.name if node.op else ""
                both = f"at the same point it was {partial!r} and {other!r}"
                why = f"the partial of {name} is not deterministic: {both}"
                return Finding("chance", node, WRONG, partial, other, why=why, position=position)
    return None


def path(root: Value, leaves: list[Value]) -> list[Any]:
    """The operations of a record, and what was decided by plain numbers, such as where's condition."""
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
    """Whether an operand only chooses: it never has an edge, whatever the numbers are."""
    op = node.op
    return op is not None and op.partial_of(position, len(node.operands)) == "None"


def hidden_difference(root: Value, other: Value, inputs: set[Value]) -> tuple[Value, int] | None:
    """Where two records of one path hold another plain number: a node and its operand; -1 for a leaf."""
    for node, twin in zip(Replay(root).order, Replay(other).order, strict=True):
        for position, (item, moved) in enumerate(zip(node.operands, twin.operands, strict=True)):
            if item.__class__ is float and not equal(item, moved):
                return node, position
        if node.op is None and node not in inputs and not equal(node.data, twin.data):
            return node, -1
    return None


def equal(a: float, b: float) -> bool:
    """Whether two numbers are the same, nan and nan too."""
    return a == b or (a != a and b != b)


def _missing_edge(node: Value, position: int) -> str:
    if position >= 0:
        return (
            f"an edge is missing at {history(node)}: operand {position + 1} was recorded as the plain number "
            f"{node.operands[position]:.6g}, but changes with the inputs (.data, float(...), another library?)"
        )
    return (
        f"an edge is missing: the leaf {history(node)} changes with the inputs; it was detached, or made "
        "inside the function"
    )
