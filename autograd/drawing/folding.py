"""A neuron or a layer as one box, and all the edges between two boxes as one arrow."""

from __future__ import annotations

from ..backward_pass import BackwardPass, State
from ..formulas import fixed, short
from .grouping import Folded, Frame, combined
from .parts import MINUS, Arrow, Box, line_widths, sign_of


def folded_box(each: Folded, mark: str = "") -> Box:
    """A group as one box, with the error that has arrived at it."""
    several = len(each.outputs) > 1
    grad = None if each.error is None else fixed(each.error, sign=not several).translate(MINUS)
    return Box(
        id=each.frame.id,
        kind="group",
        symbol="",
        name=each.frame.name,
        data=f"{len(each.nodes)} values",
        grad=grad,
        sign=("size" if each.error is not None else "") if several else sign_of(each.error),
        counted=waiting(each),
        mark=mark,
        tooltip=f"{each.frame.name}: {each.frame.detail}\n{len(each.nodes)} values",
    )


def waiting(each: Folded) -> str:
    """What a folded box says beside its gradient: whose it is."""
    return f"‖error‖ of {len(each.outputs)}" if len(each.outputs) > 1 else "out grad"


def arrow_id(recorded: BackwardPass, inside: dict[int, Folded], k: int) -> str | None:
    """The id of the arrow that an edge is part of; None for one inside a folded box."""
    edge = recorded.edges[k]
    ends = [inside[end].frame.id if end in inside else f"n{end}" for end in (edge.operand, edge.result)]
    if all(end[0] == "n" for end in ends):
        return f"e{edge.result}_{edge.position}"
    return None if ends[0] == ends[1] else "-".join(ends)


def folded_arrows(recorded: BackwardPass, state: State, inside: dict[int, Folded]) -> list[Arrow]:
    """One arrow for all the edges between two boxes of which one is a group."""
    bundles: dict[str, list[int]] = {}
    for k in range(len(recorded.edges)):
        name = arrow_id(recorded, inside, k)
        if name and "-" in name:
            bundles.setdefault(name, []).append(k)
    final = [combined([recorded.contributions[k] for k in edges]) or 0.0 for edges in bundles.values()]
    return [
        _bundle(name, edges, state, size, width)
        for (name, edges), size, width in zip(bundles.items(), final, line_widths(final), strict=True)
    ]


def _bundle(name: str, edges: list[int], state: State, final: float, width: float) -> Arrow:
    """One arrow for some edges; what flowed along several of them is the length of their vector.

    A single edge goes without its numbers: they stand in the box of the neuron that it leads to,
    and between fully connected layers they would bend all lines around them. Several keep the
    room for the number that they will have.
    """
    operand, result = name.split("-")
    size = combined([c for c in (state.contributions[k] for k in edges) if c is not None])
    several = len(edges) > 1
    return Arrow(
        id=name,
        operand=operand,
        result=result,
        sign=("size" if size else "zero") if several and size is not None else sign_of(size),
        width=1.2 if size is None else width,
        partial=f"{len(edges)} edges" if several else "",
        contribution=short(final if size is None else size).translate(MINUS) if several else "",
        present=state.present in edges,
    )


def without(frame: Frame, level: str | None, gone: set[int]) -> Frame:
    """A frame around what is left of it when the groups of a level are boxes."""
    children = tuple(
        child._replace(nodes=(), children=()) if child.level == level else without(child, level, gone)
        for child in frame.children
    )
    return frame._replace(nodes=tuple(k for k in frame.nodes if k not in gone), children=children)
