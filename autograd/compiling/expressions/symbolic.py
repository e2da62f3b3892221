"""Compile the table's rules for expressions: conditions become calls, since Python would decide them."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any, ClassVar

from ...ops.language import Forms, Language
from ...ops.rules import filename_of

COMPARISONS = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}
"""The names of comparisons in compiled code."""


class _Symbolic(Language):
    """Python with calls in place of conditions, of `**`, and of `/` and `%`, which raise for plain numbers."""

    operators: ClassVar[Forms] = {
        **Language.operators, ast.Div: "divide({}, {})", ast.Mod: "remainder({}, {})", ast.Pow: "pow({}, {})",
    }  # fmt: skip
    comparisons: ClassVar[Forms] = {kind: f"logic_({name!r}, {{}}, {{}})" for kind, name in COMPARISONS.items()}
    conditional = "select_({}, {}, {})"
    connectives: ClassVar[Forms] = {ast.And: "logic_('and', {}, {})", ast.Or: "logic_('or', {}, {})"}
    negation = "logic_('not', {})"
    truth = "truth_({})"
    answer = "select_({}, 1.0, 0.0)"
    truths = ("0.0", "1.0")


@cache
def code_of(rule: str) -> Any:
    """Return the code of a rule, with calls of `select_`, `truth_` and `logic_` for its conditions.

    >>> sorted(code_of("1.0 if x < 0 else 2.0").co_names)
    ['logic_', 'select_', 'x']
    """
    source = _Symbolic().written(rule)
    return compile(source, filename_of("expression", source), "eval")
