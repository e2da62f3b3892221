"""Whether a record is the function: run again nearby, does the function do what was recorded?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...formulas import history
from ...transforms.gradients import gradients
from ...transforms.numerical import Replay
from ...value import Value
from ..evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from .opaque import check_across

SHIFTS = (2.0**-20, -(2.0**-20), 2.0**-8)
"""How far inputs are moved, relative to their size; each by a slightly different share."""


def check_record(
    run: Callable[[list[float]], tuple[Value, list[Value]]], point: list[float]
) -> Iterator[Finding]:
    """A function's record against the function itself, at the same point and at points nearby.

    The same operations on the same floats give the same bits; so whatever differs is an edge that
    the record lacks (`detach()`, `.data`, `float(...)`), a branch, or chance. Where the function
    branches at this very point, the gradient has to lie between the slopes on both sides.
    """
    root, leaves = run(point)
    again, _ = run(point)
    if not _equal(root.data, again.data):
        why = f"the function is not deterministic: at the same point it gave {root.data!r} and {again.data!r}"
        yield Finding("record", root, UNDECIDED, root.data, again.data, why=why)
        return
    near, compared = _Nearby(run, point, root, leaves), not point
    for shift in SHIFTS:
        found = near.at(shift)
        compared = compared or found is not None
        if found is None or _equal(found.data, found.replayed):
            continue
        if _path(root, leaves) == _path(found.root, found.leaves) and not near.jumps(shift, found):
            yield _difference(root, found, set(leaves))
            return
        if abs(shift) < 2.0**-19:  # else another branch, some way off
            yield from near.across()
            return
    if not compared:
        why = "the function raises an exception at every neighbouring point that was tried"
        yield Finding("record", root, UNDECIDED, root.data, None, why=why)
        return
    yield Finding("record", root, RIGHT, root.data, root.data)


class _Other(NamedTuple):
    """What a function gave at a neighbouring point, and what its record at the point itself gives there."""

    root: Value
    leaves: list[Value]
    replayed: float

    @property
    def data(self) -> float:
        """The function's number there."""
        return self.root.data


class _Nearby(NamedTuple):
    """A function around a point."""

    run: Callable[[list[float]], tuple[Value, list[Value]]]
    point: list[float]
    root: Value
    leaves: list[Value]

    def at(self, shift: float) -> _Other | None:
        """The function with every input moved by about that share of it; None where it raises."""
        moved = [_moved(x, shift * (1 + k / 64)) for k, x in enumerate(self.point)]
        try:
            root, leaves = self.run(moved)
        except Exception:  # whatever a function does outside its domain
            return None
        replay = Replay(self.root)
        inside = set(replay.order)
        changes = {leaf: x for leaf, x in zip(self.leaves, moved, strict=True) if leaf in inside}
        if self.root.op is None:
            return _Other(root, leaves, changes.get(self.root, self.root.data))
        return _Other(root, leaves, replay(changes))

    def jumps(self, shift: float, found: _Other) -> bool:
        """Whether function and record are as far apart much nearer too: round(x.data) at 0.5."""
        nearer = self.at(shift / 1024)
        return nearer is not None and abs(nearer.data - nearer.replayed) > abs(found.data - found.replayed) / 2

    def across(self) -> Iterator[Finding]:
        """The gradient at a point where the function branches, or jumps."""
        grads = gradients(self.root, self.leaves)
        for finding in check_across(lambda at: self.run(at)[0].data, grads, self.point):
            yield finding._replace(question="record", place=self.leaves[finding.place])


def _moved(x: float, shift: float) -> float:
    return x + shift * (abs(x) or 1.0)


def _equal(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _path(root: Value, leaves: list[Value]) -> list[Any]:
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


def _difference(root: Value, found: _Other, inputs: set[Value]) -> Finding:
    """What differs between two records of one function at neighbouring points, named."""
    other = found.root

    def finding(node: Value, why: str, position: int = -1) -> Finding:
        return Finding("record", node, WRONG, found.replayed, other.data, why=why, position=position)

    for node, twin in zip(Replay(root).order, Replay(other).order, strict=True):
        for position, (item, moved) in enumerate(zip(node.operands, twin.operands, strict=True)):
            if item.__class__ is float and item != moved:
                why = (
                    f"an edge is missing at {history(node)}: operand {position + 1} was recorded as the plain "
                    f"number {item:.6g}, but it changes with the inputs (.data, float(...), another library?)"
                )
                return finding(node, why, position)
        if node.op is None and node not in inputs and node.data != twin.data:
            why = (
                f"an edge is missing: the leaf {history(node)} changes with the inputs; it was detached, or "
                "made inside the function"
            )
            return finding(node, why)
    why = "the function changes with its inputs in a way that its record does not have: an edge is missing"
    return finding(root, why)
