"""Format formulas and numbers: a rule with names or numbers filled in, a node as an expression."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .ops.op import Op
from .ops.rules import common_parts
from .terminal import brief

_ARGUMENT = re.compile(r"(?:(?<=\w\()|(?<=, ))\((-[\w.]+(?:e[-+]\d+)?)\)(?=[,)])")
"""A negative number as the argument of a function, with the parentheses that it needs elsewhere."""
_NAME = re.compile(r"\b[A-Za-z_]\w*\b")
_BRACKETS = re.compile(r"\([^()\[\]]*\)|\[[^()\[\]]*\]")
_OPERATOR = re.compile(r"\*\*|[-+*/%]")
_WHOLE = re.compile(r"\b(\d+)\.0\b")
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "**": 4}
_SIGNED = 3
TIGHTEST = 9


def fixed(number: float, sign: bool = False, decimals: int = 4) -> str:
    """Format a number with four decimals; in scientific notation if those would hide the digits.

    >>> fixed(3.85611), fixed(0.2826, sign=True), fixed(-0.000012), fixed(3.85611, decimals=1)
    ('3.8561', '+0.2826', '-1.2e-05', '3.9')
    """
    if number == 0:
        return f"{0:.{decimals}f}"
    small = abs(number) < (10.0 ** (1 - decimals) if decimals > 1 else 0.5 * 0.1**decimals)
    large = abs(number) >= 100_000
    digits = max(1, decimals - 3) if small else max(3, decimals - 1)
    style = f".{digits}e" if small or large else f".{decimals}f"
    return format(number, f"{'+' if sign else ''}{style}" if math.isfinite(number) else "+" if sign else "")


def short(number: float, sign: bool = False) -> str:
    """Format a number with three significant digits or two decimals, for the label of an edge.

    >>> short(0.0706508), short(-2.8921, sign=True), short(0.5)
    ('0.0707', '-2.89', '0.500')
    """
    plus = "+" if sign else ""
    if number == 0:
        return "0.00"
    if not math.isfinite(number):
        return format(number, plus)
    if 0.9995 <= abs(number) < 10_000:
        return format(number, f"{plus}.2f")
    return format(number, f"{plus}#.3g" if 0.001 <= abs(number) < 10_000 else f"{plus}.1e")


def literal(number: float) -> str:
    """Format a number as it is written in a formula, a negative one in parentheses.

    >>> literal(2.0), literal(-0.5)
    ('2', '(-0.5)')
    """
    text = repr(int(number)) if number == int_or_none(number) else repr(number)
    return f"({text})" if text.startswith("-") else text


def int_or_none(number: float) -> int | None:
    """Return the integer that a float equals, if it is of moderate size; else None."""
    return int(number) if abs(number) < 1e15 and number == int(number) else None


def fill(rule: str, words: Mapping[str, str]) -> str:
    """Return a rule with some of its names replaced, and integers without their `.0`.

    >>> fill("1.0 - out * out", {"out": "t"})
    '1 - t * t'
    >>> fill("x * cos(x)", {"x": "(-1.2)"})
    '(-1.2) * cos(-1.2)'
    """
    filled = _NAME.sub(lambda match: words.get(match[0], match[0]), _WHOLE.sub(r"\1", rule))
    return _ARGUMENT.sub(r"\1", filled)


LONGEST_NAME = 240


def names_of(order: Iterable[Any]) -> dict[Any, str]:
    """Return a name for every node, unique in the graph: its label, or v1, v2 ... without one.

    The second of two equal labels gets the number 2, as in `w#2`. A label is cut at `LONGEST_NAME` columns.
    """
    order = list(order)
    labels = {node: brief(node.label, LONGEST_NAME) if node.label else "" for node in order}
    taken = set(labels.values())
    names: dict[Any, str] = {}
    used: dict[str, int] = {}
    for position, node in enumerate(order):
        name = labels[node] or f"v{position}"
        while not labels[node] and name in taken:
            name += "_"
        used[name] = used.get(name, 0) + 1
        names[node] = name if used[name] == 1 else f"{name}#{used[name]}"
    return names


def grouped(name: str, binding: int = TIGHTEST) -> str:
    """Return a name in parentheses if it is an expression whose operators bind less tightly than `binding`.

    >>> grouped("w1"), grouped("x[0, 1]"), grouped("x1*w1 + x2*w2"), grouped("x1*w1", _BINDING["+"])
    ('w1', 'x[0, 1]', '(x1*w1 + x2*w2)', 'x1*w1')
    """
    return f"({name})" if _tightness(name) < binding else name


def _tightness(name: str) -> int:
    """Return the precedence of the loosest operator of a name outside brackets."""
    outside, before = name, ""
    while outside != before:  # the innermost brackets first
        outside, before = _BRACKETS.sub("", outside), outside
    found = [_BINDING[each] for each in _OPERATOR.findall(outside.strip("+-"))]
    if found:
        return min(found)
    return _SIGNED if outside[:1] in ("+", "-") else TIGHTEST


def applied(op: Op, operands: Iterable[str]) -> str:
    """Return an operation applied to operands as it is written: `a * b`, `tanh(a)`, `total(a, b)`.

    >>> from autograd.ops.table import TABLE
    >>> applied(TABLE["mul"], ["a", "(-2)"]), applied(TABLE["atan2"], ["y", "x"])
    ('a * (-2)', 'atan2(y, x)')
    """
    words = list(operands)
    if op.written:
        return fill(op.written, dict(zip(op.operands, words, strict=True)))
    if op.variadic and len(op.operands) > 1:
        size = len(words) // len(op.operands)
        return f"{op.name}({', '.join(_listed(words[k : k + size]) for k in range(0, len(words), size or 1))})"
    return f"{op.name}({_shortened(words)})"


def _listed(words: list[str]) -> str:
    return f"[{_shortened(words)}]"


_MOST = 6
"""The number of operands of a sequence that are shown; the middle of a longer one is left out."""


def _shortened(words: list[str]) -> str:
    """Return a comma-separated list; a long one with its middle left out."""
    if len(words) > 1 and set(words) == {"..."}:
        return "..."
    return ", ".join(words if len(words) <= _MOST else [*words[: _MOST - 2], "...", words[-1]])


def _shown(node: Any) -> list[Any]:
    """Return the operands of a node that `applied` needs: of a long sequence its beginning and its end."""
    if not node.op.variadic:
        return list(node.operands)
    groups = node.op.grouped(list(node.operands))
    return [item for group in groups for item in ([*group[:_MOST], group[-1]] if len(group) > _MOST else group)]


def word(operand: Any, names: Mapping[Any, str], binding: int = 0) -> str:
    """Return the name of an operand, `grouped`, or the number if it is a plain number."""
    return literal(operand) if operand.__class__ is float else grouped(names[operand], binding)


def formula(node: Any, names: Mapping[Any, str], digits: int | None = None) -> str:
    """Return the operation that computed a node, in the names of its operands; "" for a leaf.

    With `digits`, plain numbers are rounded to so many significant digits.
    """
    if not node.op:
        return ""
    operands = _shown(node)
    if digits:
        operands = [float(f"{item:.{digits}g}") if item.__class__ is float else item for item in operands]
    binding = _binding(node.op) if node.op.written else 0
    words = [
        word(operand, names, binding and binding + (k == 1))  # a - (b + c) needs parentheses too
        for k, operand in enumerate(operands)
    ]
    return applied(node.op, words)


def taken_branch(rule: str, point: Mapping[str, Any]) -> str:
    """Return the branch that a conditional rule takes at a point; the whole rule if that is only a number.

    In a branch that reads `None` nothing flows: the derivative is written as 0.

    >>> taken_branch("y * pow(x, y - 1.0) if y else 0.0", {"x": 3.0, "y": 2.0})
    'y * pow(x, y - 1.0)'
    >>> taken_branch("None if x < 0 else 1.0", {"x": 3.0})
    '0 if x < 0 else 1.0'
    """
    if " if " not in rule:
        return rule.replace("None", "0")
    import ast  # slow to import, and needed for conditional rules only

    from .ops.language import float_function, parsed

    branch = parsed(rule)
    while isinstance(branch, ast.IfExp):
        condition = float_function("condition", ", ".join(point), ast.unparse(branch.test))
        branch = branch.body if condition(**point) else branch.orelse
    return rule.replace("None", "0") if isinstance(branch, ast.Constant) else ast.unparse(branch)


def partners(op: Op, position: int, count: int) -> range:
    """Return the positions of the operands that the partial of one of `count` operands may depend on.

    >>> from autograd.ops.table import TABLE
    >>> list(partners(TABLE["mul"], 0, 2)), list(partners(TABLE["dot"], 4, 6))
    ([0, 1], [1, 4])
    """
    size = count // len(op.operands)
    return range(position % size, count, size) if op.variadic else range(count)


def partial_formula(node: Any, position: int, words: Mapping[int, str], out: str) -> str:
    """Return the rule of one partial, with names for the result and for each of the `partners`."""
    op: Op = node.op
    count = len(node.operands)
    if not op.variadic:
        point = {
            name: getattr(item, "_data", item) for name, item in zip(op.operands, node.operands, strict=True)
        }
        rule = taken_branch(op.partials[position], point | {"out": node._data} | op.functions)
        return fill(rule, {name: words[k] for k, name in enumerate(op.operands)} | {"out": out})
    size = count // len(op.operands)
    binding = {name: words[k] for name, k in zip(op.elements, partners(op, position, count), strict=True)}
    rule, once = common_parts(op.partial_of(position, count), op.operands)
    rule = rule.replace(f"len({op.operands[0]})", str(size))
    binding |= {name: f"{text.partition('(')[0]}(...)" for name, text in once.items()}
    return fill(rule, binding | {"out": out})


def name_of(node: Any, otherwise: str = "") -> str:
    """Return a node's label, shortened for an error message; without one `otherwise`, or its number."""
    return brief(node.label, 60) if node.label else otherwise or literal(node._data)


def history(node: Any, depth: int = 4) -> str:
    """Return a node as an expression of labelled nodes, at most `depth` operations deep.

    >>> from autograd import Value
    >>> history((Value(1.0, "a") + 2) * Value(3.0, "b"))
    '(a + 2) * b'
    """
    return _history(node, _readable(node, depth), top=True)[0]


def point_of(node: Any) -> str:
    """Return the operands of a node as text, each with its data and how it was computed."""
    parts = []
    for operand in node.operands:
        if operand.__class__ is not float:
            origin = "" if operand.op is None or operand.label == "" else f" (= {history(operand)})"
            parts.append(f"{name_of(operand, history(operand))}{origin} = {operand._data!r}")
    return ", ".join(parts if len(parts) <= 6 else [*parts[:4], "...", parts[-1]])


def _unfolds(node: Any, top: bool = False) -> bool:
    """Return whether a history shows how a node was computed, not only its name or number."""
    return node.__class__ is not float and node.op is not None and (top or not node.label)


def _readable(node: Any, depth: int) -> int:
    """Return how deep a history can go before it has more than 40 operations."""
    level, count = [node] if _unfolds(node, top=True) else [], 0
    for reached in range(depth):
        level = [operand for item in level for operand in _shown(item) if _unfolds(operand)]
        count += len(level)
        if count > 40:
            return reached + 1
        if not level:
            break
    return depth


def _history(node: Any, depth: int, top: bool = False) -> tuple[str, int]:
    """Return the expression, and the precedence of its outermost operation."""
    if node.__class__ is float:
        return literal(node), TIGHTEST
    if not _unfolds(node, top):
        name = name_of(node)
        return name, _tightness(name)
    if depth == 0:
        return "...", TIGHTEST
    binding = _binding(node.op)
    words = []
    for position, operand in enumerate(_shown(node)):
        text, tightness = _history(operand, depth - 1)
        loose = tightness < binding or (tightness == binding and position == 1)
        words.append(f"({text})" if loose and node.op.written else text)
    return applied(node.op, words), binding


def _binding(op: Op) -> int:
    """Return the precedence of an operation as it is written, in Python's order; a call has the highest."""
    operator = re.search(r"\*\*|[-+*/%]", op.written)
    if operator is None:
        return TIGHTEST
    return _BINDING[operator[0]] if operator.start() else _SIGNED
