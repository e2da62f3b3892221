"""Whether a record is the function: run again nearby, does the function do what was recorded?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import DomainError
from ..notation import history
from ..numerical import Replay
from ..value import Value
from .findings import RIGHT, UNDECIDED, WRONG, Finding

SHIFTS = (2.0**-20, -(2.0**-20), 2.0**-8)
"""How far inputs are moved, relative to their size; each by a slightly different share."""


def check_record(
    run: Callable[[list[float]], tuple[Value, list[Value]]], point: list[float]
) -> Iterator[Finding]:
    """A function's record against the function itself, at the same point and at points nearby.

    The same operations on the same floats give the same bits; so whatever differs is an edge that
    the record lacks (`detach()`, `.data`, `float(...)`), a branch, or chance.
    """
    root, leaves = run(point)
    again, _ = run(point)
    if not _equal(root.data, again.data):
        why = f"the function is not deterministic: at the same point it gave {root.data!r} and {again.data!r}"
        yield Finding("record", root, UNDECIDED, root.data, again.data, why=why)
        return
    replay = Replay(root)
    inside = set(replay.order)
    for shift in SHIFTS:
        moved = [_moved(x, shift * (1 + k / 64)) for k, x in enumerate(point)]
        try:
            other, _ = run(moved)
        except (DomainError, ArithmeticError):
            continue
        changes = {leaf: x for leaf, x in zip(leaves, moved, strict=True) if leaf in inside}
        replayed = replay(changes) if root.op is not None else (changes.get(root, root.data))
        if not _equal(other.data, replayed):
            if abs(shift) > 2.0**-19 and _shape(root) != _shape(other):
                continue  # another branch, some way off
            yield _difference(root, other, replayed, set(leaves))
            return
    yield Finding("record", root, RIGHT, root.data, root.data)


def _moved(x: float, shift: float) -> float:
    return x + shift * (abs(x) or 1.0)


def _equal(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _shape(root: Value) -> list[Any]:
    order = Replay(root).order
    index: dict[Any, int] = {node: k for k, node in enumerate(order)}
    return [(node.op, [index.get(item) for item in node.operands]) for node in order]


def _difference(root: Value, other: Value, replayed: float, inputs: set[Value]) -> Finding:
    """What differs between two records of one function at neighbouring points, named."""
    if _shape(root) != _shape(other):
        why = "the function branches here: a little further on it does other operations than those recorded"
        return Finding("record", root, UNDECIDED, replayed, other.data, why=why)
    for node, twin in zip(Replay(root).order, Replay(other).order, strict=True):
        for position, (item, moved) in enumerate(zip(node.operands, twin.operands, strict=True)):
            if item.__class__ is float and item != moved:
                why = (
                    f"an edge is missing at {history(node)}: operand {position + 1} was recorded as the plain "
                    f"number {item:.6g}, but it changes with the inputs (.data, float(...), another library?)"
                )
                return Finding("record", node, WRONG, replayed, other.data, why=why, position=position)
        if node.op is None and node not in inputs and node.data != twin.data:
            why = (
                f"an edge is missing: the leaf {history(node)} changes with the inputs; it was detached, or "
                "made inside the function"
            )
            return Finding("record", node, WRONG, replayed, other.data, why=why)
    why = "the function changes with its inputs in a way that its record does not have: an edge is missing"
    return Finding("record", root, WRONG, replayed, other.data, why=why)
