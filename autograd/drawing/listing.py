"""List many operands of one operation, or many leaves, in one box instead of separate boxes and arrows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from .parts import Arrow, Box, Line

_DOT = "Σ×"
"""The symbol of the operation whose operands come in pairs: w0 w1 ... x0 x1 ..."""
LISTED = 6
"""The largest number of operands that have separate arrows; more are a list."""
CROWDED = 16
"""The number of operands of one operation from which on a graph is drawn in rows."""
MANY_LINES = 5_000
"""The largest number of lines in all lists of a picture for which every operand is listed."""
_ACROSS = 5
"""The largest number of lists beside each other in one box."""
_FIRST = 8
"""The number of operands, or pairs, in each list of a picture with more lines."""
_LOW = 16
"""The number of lines after which a list continues in another column."""


def lists(
    boxes: Mapping[str, Box], order: Sequence[Box], into: Mapping[str, Sequence[Arrow]]
) -> tuple[dict[str, list[Box]], set[str]]:
    """Return the boxes of each operation of many operands, and the leaves listed in them.

    The first of two boxes has the leaves that are used here for the first time, and later again.
    A leaf that nothing else uses is a line among the operands, unless it has a grad from earlier passes.
    """
    uses: Counter[str] = Counter()
    first: dict[str, str] = {}
    for box in order:
        for arrow in into.get(box.id, []):
            uses[arrow.operand] += 1
            first.setdefault(arrow.operand, box.id)
    counts = [len(arrows) for arrows in into.values() if len(arrows) > LISTED]
    most = None if sum(counts) <= MANY_LINES else _FIRST
    found: dict[str, list[Box]] = {}
    gone: set[str] = set()
    for box in order:
        arrows = into.get(box.id, [])
        if len(arrows) <= LISTED or box.kind not in ("interior", "root"):
            continue
        new = dict.fromkeys(arrow.operand for arrow in arrows if first[arrow.operand] == box.id)
        own = [boxes[id_] for id_ in new if boxes[id_].kind == "leaf"]
        alone = {leaf.id for leaf in own if uses[leaf.id] == 1 and not leaf.counted.endswith("+")}
        shared = [leaf for leaf in own if leaf.id not in alone]
        gone |= alone | {leaf.id for leaf in shared}
        whole = _with_list(box, arrows, boxes, alone, most)
        found[box.id] = [_leaves(box.id, shared), whole] if shared else [whole]
    return found, gone


def _with_list(
    box: Box, arrows: Sequence[Arrow], boxes: Mapping[str, Box], alone: set[str], most: int | None
) -> Box:
    """Return a box with a line for each of the arrows that lead to it.

    A line has the operand's name and data, the local derivative, and the contribution; for an operand
    that is not drawn elsewhere, one of `alone`, its grad. Those of a dot product are listed in pairs.
    Only the first `most` operands that are drawn elsewhere are listed, and the others counted.
    """
    lines = [_operand(arrow, boxes[arrow.operand], arrow.operand in alone) for arrow in arrows]
    half = len(lines) // 2 if box.symbol == _DOT else 0
    groups = list(zip(lines[:half], lines[half:], strict=True)) if half else [(line,) for line in lines]
    kept = [
        group for k, group in enumerate(groups) if most is None or k < most or any(line.own for line in group)
    ]
    if len(kept) < len(groups):
        left_out = len(groups[0]) * (len(groups) - len(kept))
        kept.append((_EMPTY._replace(name=f"… {left_out:,} more"), *[_EMPTY] * (len(groups[0]) - 1)))
    return _filled(box, kept)


def _leaves(first: str, found: Sequence[Box]) -> Box:
    """Return one box for leaves that are first used in a list, with a line for each: name, data, grad."""
    lines = [
        Line(leaf.id, leaf.name, leaf.data, leaf.counted or "·", leaf.grad or "·", leaf.sign) for leaf in found
    ]
    words = "\n".join(leaf.tooltip.split("\n")[0] for leaf in found)
    whole = Box(f"leaves-{first}", "leaves", "", "", "", None, "", "", "", words)
    return _filled(whole, [(line,) for line in lines])


def _filled(box: Box, groups: Sequence[tuple[Line, ...]]) -> Box:
    """Return a box with groups of lines below each other, in as many columns as make it about square."""
    each = len(groups[0])
    beside = min(_ACROSS // each, math.ceil(len(groups) / _LOW))
    high = math.ceil(len(groups) / beside)
    whole = [*groups, *[(_EMPTY,) * each] * (beside * high - len(groups))]
    ordered = [line for row in range(high) for column in range(beside) for line in whole[column * high + row]]
    return box._replace(lines=tuple(ordered), across=beside * each)


_EMPTY = Line("", "", "", "", "", "", own=False)


def _operand(arrow: Arrow, operand: Box, alone: bool) -> Line:
    if operand.kind == "constant":
        return _EMPTY._replace(name=operand.name, edge=arrow.id)
    flowed, sign = arrow.contribution if arrow.sign else "·", arrow.sign
    if alone:
        flowed, sign = operand.grad or "·", operand.sign
    times = arrow.partial
    if times.startswith("∂"):  # in symbols: ∂y/∂w = x
        rule = times.partition(" = ")[2]
        times = f"× ({rule})" if " " in rule else f"× {rule}"
    return Line(
        operand.id,
        operand.name,
        operand.data,
        times,
        flowed,
        sign,
        edge=arrow.id,
        own=alone,
        present=arrow.present,
    )
