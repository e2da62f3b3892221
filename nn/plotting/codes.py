"""Plot codes: where an autoencoder, or a layer of two neurons, maps each example in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.terminal import quoted

from ..metrics import plain
from .style import CLASSES, INK, MARKERS, PAPER, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZES = {"*": 10.5, "P": 7.5, "X": 7.5}
"""Sizes of markers that would look smaller than the others."""


def plot_codes(
    codes: Sequence[Sequence[float]],
    targets: Sequence[int],
    axes: Axes | None = None,
    numbers: bool = False,
) -> Axes:
    """Plot codes of two numbers as points, each class with its own colour and marker; return the axes.

    With `numbers` the marker is the class number, for digits. The colours are M. Okabe and K. Ito's,
    which are distinct with colour blindness. Raises ValueError for codes of another width than 2, for no
    codes, for a different number of targets, and for targets that are not 0 to 9.

    >>> from nn.plotting.style import new_figure
    >>> _, axes = new_figure()
    >>> len(plot_codes([[0.0, 1.0], [1.0, 0.0]], [0, 1], axes).lines) > 0
    True
    """
    codes = plain(list(codes))
    _check(codes, targets)
    axes = styled(axes)
    for kind in sorted({int(target) for target in targets}):
        points = [code for code, target in zip(codes, targets, strict=True) if target == kind]
        marker = f"${kind}$" if numbers else MARKERS[kind]
        look: dict[str, Any] = (
            {"ms": 7, "markeredgecolor": CLASSES[kind], "markeredgewidth": 0.2}
            if numbers
            else {"ms": SIZES.get(marker, 6), "markeredgecolor": PAPER, "markeredgewidth": 0.6}
        )
        xs, ys = ([code[k] for code in points] for k in (0, 1))
        axes.plot(xs, ys, ls="", marker=marker, color=CLASSES[kind], label=str(kind), **look)
    axes.set_xlabel("code 0", color=INK)
    axes.set_ylabel("code 1", color=INK)
    legend = axes.legend(
        frameon=False,
        labelcolor=INK,
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        handletextpad=0,
        title="class",
    )
    legend.get_title().set_color(INK)
    return axes


def _check(codes: Sequence[Sequence[float]], targets: Sequence[int]) -> None:
    widths = {len(code) for code in codes}
    if widths != {2}:
        given = f"not of {', '.join(map(str, sorted(widths)))}" if widths else "and at least one"
        raise ValueError(f"a plane of codes shows codes of 2 numbers, {given}")
    if len(targets) != len(codes):
        raise ValueError(f"{len(codes)} codes and {len(targets)} targets: give each code one")
    strange = [target for target in targets if target not in range(len(CLASSES))]
    if strange:
        raise ValueError(f"targets must be classes from 0 to {len(CLASSES) - 1}, got {quoted(strange[0])}")
