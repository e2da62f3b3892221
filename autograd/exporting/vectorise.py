"""Combine nodes of one operation at the same depth to array operations: a layer to a matrix product."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..graph import topological_order
from ..ops.op import Op
from ..value import Value


class Group(NamedTuple):
    """Nodes of one operation, in order."""

    op: Op
    nodes: list[Value]


def groups(roots: Iterable[Any], leaves: Iterable[Value]) -> tuple[list[Group], dict[Value, Value]]:
    """Return the nodes below some roots in groups, operands first, and the first equal node of each node."""
    same: dict[Value, Value] = {leaf: leaf for leaf in leaves}
    depth = dict.fromkeys(same, 0)
    known: dict[Any, Value] = {}
    found: dict[Any, Group] = {}
    for node in topological_order(*(root for root in roots if isinstance(root, Value))):
        if node in same or node.op is None:
            continue
        operands = [same.get(item, item) if isinstance(item, Value) else item for item in node.operands]
        key = (node.op, tuple(item if isinstance(item, Value) else repr(item) for item in operands))
        same[node] = known.setdefault(key, node)
        if same[node] is node:
            level = 1 + max([depth.get(item, 0) for item in operands if isinstance(item, Value)], default=0)
            depth[node] = level
            kind = (level, node.op, len(operands), _constant(node.op, operands))
            found.setdefault(kind, Group(node.op, [])).nodes.append(node)
    ordered = sorted(found.items(), key=lambda item: item[0][0])
    return [group for _, group in ordered], same


def _constant(op: Op, operands: Sequence[Any]) -> tuple[bool, ...]:
    """Return which operands are plain numbers, whose partials must not be computed."""
    return () if op.variadic else tuple(not isinstance(item, Value) for item in operands)


class Place(NamedTuple):
    """The location of a number: a variable, or an element of an array of a known size."""

    name: str
    at: int
    size: int | None

    def __str__(self) -> str:
        return self.name if self.size is None else f"{self.name}[{self.at}]"


Item = Place | float


def number(value: float) -> str:
    """Return a number as source."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "jnp.nan", "inf": "jnp.inf"}.get(repr(value), "(-jnp.inf)")
    return repr(value) if value >= 0 and repr(value)[0] != "-" else f"({value!r})"


def one(item: Item) -> str:
    """Return one number as source."""
    return str(item) if isinstance(item, Place) else number(item)


def vector(items: Sequence[Item]) -> str:
    """Return several numbers as the source of an array; a name or a slice if they are contiguous.

    >>> vector([Place("x", 1, 5), Place("x", 2, 5)]), vector([Place("x", 2, 3), Place("x", 0, 3)])
    ('x[1:3]', 'x[jnp.array([2, 0])]')
    """
    if not any(isinstance(item, Place) for item in items):
        return f"jnp.array([{', '.join(map(one, items))}])"
    runs = _runs(items)
    if len(runs) == 1:
        return _run(runs[0])
    places = [item for item in items if isinstance(item, Place) and item.size is not None]
    if len(places) == len(items):
        sizes = {place.name: place.size or 0 for place in places}
        if len(runs) > len(sizes):
            return _stepped(places) or _picked(places, sizes)
    return f"jnp.concatenate([{', '.join(map(_run, runs))}])"


def _stepped(places: Sequence[Place]) -> str:
    """Return items at equal distances in one array as a slice; else ""."""
    first, step = places[0], places[1].at - places[0].at
    if step < 1 or any(
        item.name != first.name or item.at != first.at + step * k for k, item in enumerate(places)
    ):
        return ""
    return f"{first.name}[{first.at}:{places[-1].at + 1}:{step}]"


def _picked(places: Sequence[Place], sizes: dict[str, int]) -> str:
    """Return items of a few arrays, by their positions in all of them."""
    starts, total = {}, 0
    for name, size in sizes.items():
        starts[name], total = total, total + size
    positions = ", ".join(str(starts[place.name] + place.at) for place in places)
    whole = next(iter(sizes)) if len(sizes) == 1 else f"jnp.concatenate([{', '.join(sizes)}])"
    return f"{whole}[jnp.array([{positions}])]"


def _runs(items: Sequence[Item]) -> list[list[Item]]:
    """Return the runs of contiguous items."""
    runs: list[list[Item]] = []
    for item in items:
        last = runs[-1][-1] if runs else None
        if isinstance(item, Place):
            near = isinstance(last, Place) and last.name == item.name and last.at + 1 == item.at
        else:
            near = last is not None and not isinstance(last, Place)
        if near:
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _run(run: Sequence[Item]) -> str:
    first = run[0]
    if not isinstance(first, Place):
        return f"jnp.array([{', '.join(map(one, run))}])"
    if first.size is None:
        return f"{first.name}[None]"
    last = first.at + len(run)
    return first.name if len(run) == first.size else f"{first.name}[{first.at}:{last}]"


def matrix(rows: Sequence[Sequence[Item]]) -> tuple[str, bool]:
    """Return rows of numbers as the source of a matrix, or of one row if all are equal; and whether they are.

    >>> matrix([[Place("w", 3 * k + j, 9) for j in range(2)] for k in range(3)])
    ('w.reshape(3, 3)[:, 0:2]', False)
    """
    first = rows[0]
    if all(row == first for row in rows):
        return vector(first), True
    flat = [item for row in rows for item in row]
    return _strided(rows) or f"{vector(flat)}.reshape({len(rows)}, {len(first)})", False


def _strided(rows: Sequence[Sequence[Item]]) -> str:
    """Return rows at equal distances in one array, with other numbers between them; else ""."""
    start, width = rows[0][0], len(rows[0])
    if not isinstance(start, Place) or not isinstance(rows[1][0], Place):
        return ""
    stride, name, size = rows[1][0].at - start.at, start.name, start.size or 0
    end = start.at + stride * len(rows)
    for k, row in enumerate(rows):
        places = [Place(name, start.at + stride * k + j, size) for j in range(width)]
        if list(row) != places:
            return ""
    if stride <= width or end > size:
        return ""
    part = name if end - start.at == size else f"{name}[{start.at}:{end}]"
    return f"{part}.reshape({len(rows)}, {stride})[:, 0:{width}]"
