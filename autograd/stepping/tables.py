"""Results of the stepper's commands: rows whose repr is a table that fits a terminal."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..backward_pass import Step
from ..formulas import fixed
from ..terminal import cut, not_reached_sign, padded, plural, width
from ..value import Value


class Steps(list[Step]):
    """A list of steps; its repr shows one below the other, of many only the first and the last."""

    def __repr__(self) -> str:
        words = [*map(repr, self[:_FIRST]), *map(repr, self[max(_FIRST, len(self) - _LAST) :])]
        if len(self) > len(words):
            words.insert(_FIRST, f"... {plural(len(self) - len(words), 'more step')} ...")
        return "\n".join(words) or "no step left: the backward pass is complete"


_FIRST, _LAST = 20, 5


class Row(NamedTuple):
    """One value as `where()` shows it."""

    value: Value
    name: str
    expression: str
    data: float
    grad: float | None
    """None until a gradient has arrived."""
    arrived: int
    expected: int
    status: str
    """"final", "waiting" or "not reached"."""
    present: bool
    """Whether the next step applies this value's rule."""


class TextTable(list[Any]):
    """A list of rows; its repr is a table of them, as text."""

    def __init__(self, rows: list[Any], text: str) -> None:
        super().__init__(rows)
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Checked(NamedTuple):
    """One gradient and a numerical derivative, as `check()` shows them."""

    value: Value
    name: str
    gradient: float
    numerical: float
    error: float
    """An estimate of the numerical derivative's own error."""
    agrees: bool
    note: str = ""
    """A remark: a kink, or that the comparison is undecided."""


def positions(rows: list[Row], above: int, below: int) -> str:
    """Format the table of `where()`, its columns as wide as their contents, within 80 characters."""
    name_width = min(20, max((width(row.name) for row in rows), default=1)) + 1
    wide = max(len("expression"), max((width(row.expression) for row in rows), default=0))
    wide = min(wide, 80 - name_width - 49)
    lines = [f"  {'value':<{name_width}} {'= expression':<{wide + 2}} {'data':>11} {'grad':>11}  gradients in"]
    if above:
        lines.append(f"  ... {above:,} above")
    for row in rows:
        grad = not_reached_sign() if row.grad is None else fixed(row.grad, sign=True)
        shown = cut(row.expression, wide)
        counted = f"{row.arrived}/{row.expected}" if row.expected else "   "
        lines.append(
            f"{'->' if row.present else '  '}{padded(cut(row.name, 20), name_width)} "
            f"{padded('= ' + shown if shown else '', wide + 2)} {fixed(row.data):>11} {grad:>11}"
            f"  {counted:<5} {row.status}"
        )
    if below:
        lines.append(f"  ... {below:,} below")
    return "\n".join(lines)


def checks(rows: list[Checked], left_out: int) -> str:
    """Format the table of `check()`."""
    wide = min(24, max([width(row.name) for row in rows] + [5]))
    lines = [f"  {'value':<{wide}} {'gradient':>14} {'numerical':>14}  difference"]
    for row in rows:
        verdict = (
            f"   {row.note}" if row.note else "" if row.agrees else f"   DIFFERS: certain to {row.error:.0e}"
        )
        lines.append(
            f"  {padded(row.name, wide)} {row.gradient:>+14.8g} {row.numerical:>+14.8g}  "
            f"{abs(row.gradient - row.numerical):.1e}{verdict}"
        )
    if left_out:
        lines.append(f"  ... {left_out:,} more leaves")
    return "\n".join(lines)
