"""What the stepper's commands give: rows with fields, whose repr is a table that fits a terminal."""

from __future__ import annotations

from typing import Any, NamedTuple

from .backward_pass import Step, not_reached_sign
from .notation import fixed
from .value import Value


class Steps(list[Step]):
    """Several steps; its repr is theirs, one below the other."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "no step left: the backward pass is complete"


class Row(NamedTuple):
    """One value as `where()` shows it."""

    value: Value
    name: str
    expression: str
    data: float
    grad: float | None
    """None as long as no gradient has arrived."""
    arrived: int
    expected: int
    status: str
    """"final", "waiting" or "not reached"."""
    present: bool
    """Whether the next step applies this value's rule."""


class Rows(list[Any]):
    """Rows of a table; its repr is the table."""

    def __init__(self, rows: list[Any], text: str) -> None:
        super().__init__(rows)
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Checked(NamedTuple):
    """One gradient beside a numerical derivative, as `check()` shows it."""

    value: Value
    name: str
    gradient: float
    numerical: float
    error: float
    """An estimate of the numerical derivative's own error."""
    agrees: bool


def plural(count: int, word: str) -> str:
    """A count with its noun.

    >>> plural(1, "step"), plural(1200, "step")
    ('1 step', '1,200 steps')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def cut(text: str, width: int) -> str:
    """A text, or its beginning and three dots where it is longer than the width.

    >>> cut("tanh(v2111)", 8)
    'tanh(...'
    """
    return text if len(text) <= width else text[: width - 3] + "..."


def positions(rows: list[Row], above: int, below: int) -> str:
    """The table of `where()`, its columns as wide as their contents, within 80 characters."""
    name_width = min(20, max((len(row.name) for row in rows), default=1)) + 1
    wide = max(len("expression"), max((len(row.expression) for row in rows), default=0))
    wide = min(wide, 80 - name_width - 49)
    lines = [f"  {'value':<{name_width}} {'= expression':<{wide + 2}} {'data':>11} {'grad':>11}  gradients in"]
    if above:
        lines.append(f"  ... {above:,} above")
    for row in rows:
        grad = not_reached_sign() if row.grad is None else fixed(row.grad, sign=True)
        shown = cut(row.expression, wide)
        counted = f"{row.arrived}/{row.expected}" if row.expected else "   "
        lines.append(
            f"{'->' if row.present else '  '}{cut(row.name, 20):<{name_width}} "
            f"{'= ' + shown if shown else '':<{wide + 2}} {fixed(row.data):>11} {grad:>11}"
            f"  {counted:<5} {row.status}"
        )
    if below:
        lines.append(f"  ... {below:,} below")
    return "\n".join(lines)


def checks(rows: list[Checked], left_out: int) -> str:
    """The table of `check()`."""
    width = max([len(row.name) for row in rows] + [5])
    lines = [f"  {'value':<{width}} {'gradient':>14} {'numerical':>14}  difference"]
    for row in rows:
        verdict = "" if row.agrees else f"   DIFFERS: the numerical derivative is certain to {row.error:.1e}"
        lines.append(
            f"  {row.name:<{width}} {row.gradient:>+14.8g} {row.numerical:>+14.8g}  "
            f"{abs(row.gradient - row.numerical):.1e}{verdict}"
        )
    if left_out:
        lines.append(f"  ... {left_out:,} more leaves")
    return "\n".join(lines)
