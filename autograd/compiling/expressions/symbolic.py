"""The table's rules as code over expressions: Python would decide a condition at once, so it becomes a call."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

from ...ops.rules import filename_of

COMPARISONS = {"Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "Eq": "eq", "NotEq": "ne"}


class _Symbolic(ast.NodeTransformer):
    """Conditions as calls, since Python would decide them at once."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("select_", _call("truth_", node.test), node.body, node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "and" if isinstance(node.op, ast.And) else "or"
        result = _call("truth_", node.values[0])
        for item in node.values[1:]:
            result = _call("logic_", ast.Constant(name), result, _call("truth_", item))
        return result

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        items, result = [node.left, *node.comparators], None
        for op, left, right in zip(node.ops, items, items[1:], strict=False):
            found = _call("logic_", ast.Constant(COMPARISONS[type(op).__name__]), left, right)
            result = _call("logic_", ast.Constant("and"), result, found) if result else found
        return result or node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return _call("logic_", ast.Constant("not"), _call("truth_", node.operand))
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


@cache
def code_of(rule: str) -> Any:
    """A rule compiled, its conditions calls of `select_`, `truth_` and `logic_`."""
    tree = _Symbolic().visit(ast.parse(rule.strip(), mode="eval"))
    source = ast.unparse(tree)
    return compile(source, filename_of("expression", source), "eval")
