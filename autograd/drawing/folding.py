"""A neuron or a layer as one box, and all the edges between two boxes as one arrow."""

from __future__ import annotations

from ..backward_pass import BackwardPass, State
from ..notation import fixed, short
from .grouping import Folded, Frame, combined
from .parts import MINUS, Arrow, Box, line_widths, sign_of


def folded_box(each: Folded) -> Box:
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
        counted=f"‖error‖ of {len(each.outputs)}" if several else "out grad",
        mark="",
        tooltip=f"{each.frame.name}: {each.frame.detail}\n{len(each.nodes)} values",
    )


def folded_arrows(recorded: BackwardPass, state: State, inside: dict[int, Folded]) -> list[Arrow]:
    """One arrow for all the edges between two boxes of which one is a group."""
    bundles: dict[tuple[str, str], list[float | None]] = {}
    for k, edge in enumerate(recorded.edges):
        ends = (edge.operand, edge.result)
        if any(end in inside for end in ends):
            operand, result = (inside[end].frame.id if end in inside else f"n{end}" for end in ends)
            if operand != result:
                bundles.setdefault((operand, result), []).append(state.contributions[k])
    sizes = {pair: combined([c for c in flowed if c is not None]) for pair, flowed in bundles.items()}
    widths = line_widths([size or 0.0 for size in sizes.values()])
    return [
        _bundle(pair, len(bundles[pair]), size, width)
        for (pair, size), width in zip(sizes.items(), widths, strict=True)
    ]


def _bundle(pair: tuple[str, str], count: int, size: float | None, width: float) -> Arrow:
    """One arrow for some edges; what flowed along several of them is the length of their vector.

    A single edge goes without its numbers: they stand in the box of the neuron that it leads to,
    and between fully connected layers they would bend all lines around them.
    """
    return Arrow(
        id="-".join(pair),
        operand=pair[0],
        result=pair[1],
        sign=sign_of(size) if count == 1 or size is None else "size" if size else "zero",
        width=1.2 if size is None else width,
        partial="" if count == 1 else f"{count} edges",
        contribution="" if size is None or count == 1 else short(size).translate(MINUS),
        present=False,
    )


def without(frame: Frame, level: str | None, gone: set[int]) -> Frame:
    """A frame around what is left of it when the groups of a level are boxes."""
    children = tuple(
        child._replace(nodes=(), children=()) if child.level == level else without(child, level, gone)
        for child in frame.children
    )
    return frame._replace(nodes=tuple(k for k in frame.nodes if k not in gone), children=children)
