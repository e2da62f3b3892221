"""Wrap a deep or large graph into rows, like lines of text, so that any depth can be laid out and read.

Dot is slow on deep graphs with shared values: an edge over r ranks is r - 1 virtual nodes for its
network simplex (Gansner, Koutsofios, North and Vo, "A technique for drawing directed graphs",
1993), and a value that a whole loop shares has an edge over every distance. Here a long edge, or
one from another row, starts at a small box beside its consumer that repeats the operand's name and
number ("drawn again"). A row has a bounded number of boxes, so the time is linear in the size of
the graph.
"""

from __future__ import annotations

from .grouping import Frame
from .listing import CROWDED, lists
from .parts import Arrow, Box, Scene

DEEP = 10
"""The largest number of ranks of a graph that is drawn in one piece."""
MANY = 90
"""The largest number of boxes of a graph that is drawn in one piece."""
DENSE = 120
"""The largest number of arrows of a graph that is drawn in one piece."""
LONG = 250
"""The largest sum, over all edges, of the ranks they span, of a graph that is drawn in one piece."""
RANKS = 4
"""The largest number of operations beside each other in a row."""
NEAR = 2
"""The largest number of ranks that an edge may span within a row."""
FULL = 24
"""The largest number of boxes in a row, unless one operation has more operands."""


def rows(scene: Scene) -> list[Scene]:
    """Cut a scene into rows in the order of the computation; a small scene is returned unchanged.

    Every arrow and every box is in exactly one row and keeps its id. A box of the kind "again"
    repeats an operand that is in another row or too far away in the same one. The operands of an
    operation of many are lines in its box, instead of arrows, and so are leaves of it alone.
    """
    into: dict[str, list[Arrow]] = {}
    for arrow in scene.arrows:
        into.setdefault(arrow.result, []).append(arrow)
    boxes = {box.id: box for box in scene.boxes}
    order = _in_order(boxes, into)
    few = len(boxes) <= MANY and len(scene.arrows) <= DENSE
    if few and not _deep(order, into) and max(map(len, into.values()), default=0) <= CROWDED:
        return [scene]
    listed, gone = lists(boxes, order, into)
    found = [_Row(boxes)]
    for box in order:
        if box.id in gone:
            continue
        for each in listed.get(box.id, []):
            found.append(found[-1].next_row())
            found[-1].add(each, [])
        if box.id in listed:
            found[-1].used |= {arrow.operand for arrow in into[box.id]}
            continue
        arrows = into.get(box.id, [])
        if found[-1].is_full_with(arrows):
            apart = found[-1].taken_out(arrows)
            found.append(found[-1].next_row())
            for each in apart:
                found[-1].add(each, into.get(each.id, []))
        found[-1].add(box, arrows)
    filled = [row for row in found if row.boxes]
    seen: set[str] = set()
    return [
        scene._replace(
            boxes=row.boxes, arrows=row.arrows, frames=_frames_of(scene.frames, row, number, seen), cut=True
        )
        for number, row in enumerate(filled)
    ]


def joined(pieces: list[Scene]) -> Scene:
    """Join rows to one scene, which includes the boxes that are drawn again."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    return first._replace(
        boxes=[box for piece in pieces for box in piece.boxes],
        arrows=[arrow for piece in pieces for arrow in piece.arrows],
        frames=tuple(frame for piece in pieces for frame in piece.frames),
    )


def _in_order(boxes: dict[str, Box], into: dict[str, list[Arrow]]) -> list[Box]:
    """Return the boxes, operands before results, depth first, without the constants.

    The operand with the longest history comes first, so that one with a short history is right before
    its consumer: a loop is read step by step.
    """
    depth: dict[str, int] = {}
    for id_ in boxes:
        depth[id_] = 1 + max((depth.get(arrow.operand, 0) for arrow in into.get(id_, [])), default=0)
    seen: set[str] = set()
    order: list[Box] = []
    operands = {arrow.operand for arrows in into.values() for arrow in arrows}
    for start in [id_ for id_ in boxes if id_ not in operands] + list(boxes):
        stack = [(start, False)]
        while stack:
            id_, ready = stack.pop()
            if ready:
                order.append(boxes[id_])
            elif id_ not in seen:
                seen.add(id_)
                stack.append((id_, True))
                nearest_last = sorted(into.get(id_, []), key=lambda arrow: -depth[arrow.operand])
                stack += [(arrow.operand, False) for arrow in reversed(nearest_last)]
    return [box for box in order if box.kind != "constant"]


def _deep(order: list[Box], into: dict[str, list[Arrow]]) -> bool:
    """Return whether a graph has more ranks or longer edges than dot lays out quickly and readably."""
    rank: dict[str, int] = {}
    first: dict[str, int] = {}
    for box in order:
        arrows = into.get(box.id, [])
        rank[box.id] = 1 + max((rank.get(arrow.operand, -1) for arrow in arrows), default=-1)
        for arrow in arrows:
            first[arrow.operand] = min(first.get(arrow.operand, rank[box.id]), rank[box.id])
    starts = {box.id: rank[box.id] if box.id in into else first.get(box.id, 1) - 1 for box in order}
    spans = (rank[box.id] - starts.get(arrow.operand, 0) for box in order for arrow in into.get(box.id, []))
    return max(rank.values(), default=0) > DEEP or sum(spans) > LONG


class _Row:
    """Boxes that are laid out together, in the order of the computation."""

    def __init__(self, all_boxes: dict[str, Box]) -> None:
        self.all_boxes = all_boxes
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.rank: dict[str, int] = {}
        """The rank of each box, from the left end."""
        self.used: set[str] = set()
        """The boxes that are operands in this row, or that a small box repeats."""
        self.again: dict[str, tuple[str, int]] = {}
        """The id and the rank of the last small box drawn for an operand."""

    def is_full_with(self, arrows: list[Arrow]) -> bool:
        """Return whether a result with these arrows belongs in the next row."""
        if not arrows or not self.arrows:
            return False
        waiting = sum(box.kind == "leaf" and box.id not in self.used for box in self.boxes)
        return self._rank_of(arrows) > RANKS or len(self.boxes) - waiting + 1 + len(arrows) > FULL

    def _rank_of(self, arrows: list[Arrow]) -> int:
        return 1 + max((self.rank.get(arrow.operand, 0) for arrow in arrows), default=-1)

    def next_row(self) -> _Row:
        """Return a new row, which takes over the leaves that are not used yet."""
        row = _Row(self.all_boxes)
        unused = [box for box in self.boxes if box.kind == "leaf" and box.id not in self.used]
        gone = {box.id for box in unused}
        self.boxes = [box for box in self.boxes if box.id not in gone]
        for box in unused:
            del self.rank[box.id]
            row.add(box, [])
        return row

    def taken_out(self, arrows: list[Arrow]) -> list[Box]:
        """Remove the operands of a result in the next row that stand apart here, and return their boxes.

        Such a short history belongs beside its consumer: the square of a term in a long sum of squares.
        """
        found: list[Box] = []
        for id_ in dict.fromkeys(arrow.operand for arrow in arrows):
            found += self._apart(id_)
        gone = {box.id for box in found}
        starts = {arrow.operand for arrow in self.arrows if arrow.result in gone}
        self.boxes = [box for box in self.boxes if box.id not in gone | starts]
        self.arrows = [arrow for arrow in self.arrows if arrow.result not in gone]
        self.again = {key: each for key, each in self.again.items() if each[0] not in starts}
        self.used -= gone
        for id_ in gone:
            del self.rank[id_]
        return found

    def _apart(self, id_: str) -> list[Box]:
        """Return a result after its history, if nothing in this row is connected to them; else nothing."""
        users: dict[str, set[str]] = {}
        for arrow in self.arrows:
            users.setdefault(arrow.operand, set()).add(arrow.result)
        boxes = {box.id: box for box in self.boxes}
        found: list[Box] = []
        waiting = [(id_, set[str]())]
        while waiting:
            each, only = waiting.pop()
            if each not in boxes or users.get(each, set()) != only:
                return []
            kind = boxes[each].kind
            if kind in ("again", "constant"):
                continue
            if not only and (kind == "leaf" or self.rank[each] > RANKS // 2):
                return []
            found.append(boxes[each])
            starts = dict.fromkeys(arrow.operand for arrow in self.arrows if arrow.result == each)
            waiting += [(start, {each}) for start in starts]
        return found[::-1]

    def add(self, box: Box, arrows: list[Arrow]) -> None:
        """Add a box, and the arrows that lead to it."""
        rank = self.rank[box.id] = self._rank_of(arrows)
        for arrow in arrows:
            self.arrows.append(arrow._replace(operand=self._start(arrow, rank)))
        self.boxes.append(box)

    def _start(self, arrow: Arrow, rank: int) -> str:
        """Return the box that an arrow starts at: a small one if the operand is far away."""
        operand = self.all_boxes[arrow.operand]
        if operand.kind == "constant":
            self.boxes.append(operand)
            return operand.id
        if operand.id in self.rank:
            if operand.kind == "leaf" and operand.id not in self.used:
                self.rank[operand.id] = rank - 1  # dot places it beside its first consumer
            elif operand.id not in self.used:
                near = rank - 1 - self.rank[operand.id]
                for box in self._apart(operand.id):  # and so a short history
                    self.rank[box.id] = self.rank.get(box.id, 0) + near
            self.used.add(operand.id)
            if rank - self.rank[operand.id] <= NEAR:
                return operand.id
        id_, beside = self.again.get(operand.id, ("", rank - NEAR - 1))
        if rank - beside > NEAR:
            id_, beside = f"again-{arrow.id}", rank - 1
            self.boxes.append(operand._replace(id=id_, kind="again", mark="", of=operand.id))
            self.again[operand.id] = id_, beside
        return id_


def _frames_of(frames: tuple[Frame, ...], row: _Row, number: int, seen: set[str]) -> tuple[Frame, ...]:
    """Return the frames around the boxes of a row; a frame begun in an earlier row is marked as continued."""
    found = []
    for frame in frames:
        nodes = tuple(k for k in frame.nodes if f"n{k}" in row.rank)
        children = _frames_of(frame.children, row, number, seen)
        if frame.id in row.rank:
            found.append(frame._replace(nodes=nodes, children=children))
        elif nodes or children:
            name = f"{frame.name} …" if frame.id in seen else frame.name
            id_ = f"{frame.id}_{number}" if frame.id in seen else frame.id
            seen.add(frame.id)
            found.append(frame._replace(id=id_, name=name, nodes=nodes, children=children))
    return tuple(found)
