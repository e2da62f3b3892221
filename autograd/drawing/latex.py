"""Format formulas as LaTeX: a value as an equation, a step of the chain rule, a name, a number."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from ..formulas import applied, fixed, partial_formula, partners
from ..terminal import printable

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi "
    "psi omega"
)
_GREEK_LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψω", _GREEK.split(), strict=True))
_FUNCTIONS = {
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "arcsin", "arccos", "arctan", "min", "max",
}  # fmt: skip
_CALLED = {
    "log": "ln",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "maximum": "max",
    "minimum": "min",
}
_SPECIAL = {
    "\\": r"\backslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\hat{}", "~": r"\sim{}", " ": r"\ ", "<": "<", ">": ">", "|": "|", '"': "''", "`": "`", "-": "{-}",
}  # fmt: skip


def latex_name(name: str) -> str:
    """Return a value's name as LaTeX for math mode: with subscripts and Greek letters.

    >>> latex_name("w12"), latex_name("alpha"), latex_name("loss"), latex_name("l0.n1.b")
    ('w_{12}', '\\\\alpha', '\\\\mathrm{loss}', '\\\\mathrm{l0.n1.b}')
    """
    match = re.fullmatch(r"([A-Za-zα-ω]|[a-z]+)_?(\d+)", name)
    stem, index = (match[1], match[2]) if match else (name, "")
    if stem in _GREEK_LETTERS:
        written = f"\\{_GREEK_LETTERS[stem]}"
    elif stem in _GREEK.split():
        written = f"\\{stem}"
    elif len(stem) == 1 and stem.isascii() and stem.isalpha():
        written = stem
    elif index and not stem.isalpha():
        return latex_name_text(name)
    else:
        written = latex_name_text(stem)
    return f"{written}_{{{index}}}" if index else written


def latex_name_text(words: str) -> str:
    """Return words in upright letters; letters that plain LaTeX lacks are put into \\text."""
    parts = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", printable(words))
    written = (
        rf"\mathrm{{{''.join(_SPECIAL.get(letter, letter) for letter in part)}}}"
        if part.isascii()
        else rf"\text{{{part}}}"
        for part in parts
    )
    return "".join(written)


def latex_number(number: float, sign: bool = False) -> str:
    """Return a number with four decimals, or as a power of ten.

    >>> latex_number(-0.25), latex_number(1.5e-9)
    ('-0.2500', '1.5 \\\\times 10^{-9}')
    """
    text = fixed(number, sign)
    match = re.fullmatch(r"([+-]?[\d.]+)e([+-]\d+)", text)
    if match:
        return rf"{match[1]} \times 10^{{{int(match[2])}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


def latex_value(node: Any, depth: int = 6) -> str:
    """Return a value as an equation: its label, how it was computed, and its number.

    Operands with a label are written as the label, others are expanded, at most `depth` operations deep.
    """
    words: dict[str, str] = {}
    formula = latex_rule(_expression(node, depth, words), words) if node.op else ""
    parts = [latex_name(printable(node.label)) if node.label else "", formula, latex_number(node.data)]
    return " = ".join(part for part in parts if part)


def _expression(node: Any, depth: int, words: dict[str, str]) -> str:
    """Return a node in Python's syntax; the names in it are keys of `words`."""
    operands = []
    for operand in node.operands:
        name = f"_{len(words)}"
        inside = operand.__class__ is not float and not operand.label and operand.op
        if inside and depth > 1:
            operands.append(f"({_expression(operand, depth - 1, words)})")
            continue
        operands.append(name)
        if operand.__class__ is float:
            words[name] = _number(operand)
        elif operand.label:
            words[name] = latex_name(printable(operand.label))
        else:
            words[name] = r"\ldots" if inside else _number(operand.data)
    return _called(node, operands) if node.op.variadic else applied(node.op, operands)


def latex_partial(node: Any, position: int, names: Mapping[Any, str]) -> str:
    """Return the rule of one partial derivative of a node, in its operands' names."""
    mentioned = partners(node.op, position, len(node.operands))
    rule = partial_formula(node, position, {k: f"_{k}" for k in mentioned}, "_out")
    words = {f"_{k}": _operand(node.operands[k], names) for k in mentioned}
    return latex_rule(rule, words | {"_out": latex_name(names[node])})


def _called(node: Any, operands: list[str]) -> str:
    """Return a sum of products, or another function of sequences, written out if it is short."""
    op, size = node.op, len(operands) // len(node.op.operands)
    parts = [operands[start : start + size] for start in range(0, len(operands), size or 1)]
    if op.name == "dot" and 0 < size <= _WRITTEN_OUT:
        return " + ".join(f"{a} * {b}" for a, b in zip(*parts, strict=True))
    if op.name in ("total", "mean") and 0 < size <= _WRITTEN_OUT:
        text = " + ".join(parts[0])
        return text if op.name == "total" else f"({text}) / {size}"
    lists = (", ".join(part if len(part) <= _WRITTEN_OUT else [*part[:3], "_dots", part[-1]]) for part in parts)
    return f"{op.name}({', '.join(f'[{each}]' for each in lists)})"


_WRITTEN_OUT = 6
"""The largest number of terms of a sum that are all written."""


def _operand(operand: Any, names: Mapping[Any, str]) -> str:
    return _number(operand) if operand.__class__ is float else latex_name(names[operand])


def _number(number: float) -> str:
    whole = int(number) if abs(number) < 1e15 and number == int(number) else None
    text = str(whole) if whole is not None else f"{number:g}"
    return f"({text})" if text.startswith("-") else text


def latex_rule(rule: str, words: Mapping[str, str]) -> str:
    """Return an expression in Python's syntax as LaTeX, with some of its names replaced by `words`.

    >>> latex_rule("1 - t * t / 2", {"t": "t"}), latex_rule("tanh(x) ** 2", {})
    ('1 - \\\\frac{t\\\\,t}{2}', '\\\\tanh(x)^{2}')
    """
    try:
        tree = ast.parse(rule, mode="eval").body
    except SyntaxError:
        return latex_name_text(rule)
    return _written(tree, words, 0)


def _written(tree: ast.expr, words: Mapping[str, str], binding: int) -> str:
    """Return one node; `binding` is the precedence around it: 1 for a sum, 2 a product, 3 a power."""
    if isinstance(tree, ast.Constant):
        number = tree.value
        return f"{number:g}" if isinstance(number, float) else str(number)
    if isinstance(tree, ast.Name):
        if tree.id == "_dots":
            return r"\ldots"
        return words.get(tree.id) or latex_name(tree.id)
    if isinstance(tree, ast.UnaryOp):
        inner = f"-{_written(tree.operand, words, 2)}"
        return f"({inner})" if binding > 1 else inner
    if isinstance(tree, ast.BinOp):
        return _binary(tree, words, binding)
    if isinstance(tree, ast.List | ast.Tuple):
        return rf"\left[{', '.join(_written(each, words, 0) for each in tree.elts)}\right]"
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return _call(tree.func.id, tree.args, words)
    return latex_name_text(ast.unparse(tree))


def _binary(tree: ast.BinOp, words: Mapping[str, str], binding: int) -> str:
    left, right, sign = tree.left, tree.right, tree.op
    if isinstance(sign, ast.Div):
        return rf"\frac{{{_written(left, words, 0)}}}{{{_written(right, words, 0)}}}"
    if isinstance(sign, ast.Pow):
        return rf"{_written(left, words, 3)}^{{{_written(right, words, 0)}}}"
    if isinstance(sign, ast.Mult):
        first, second = _written(left, words, 2), _written(right, words, 2)
        text = (
            rf"{first} \cdot {second}"
            if second[:1].isdigit() or first[-1:].isdigit()
            else rf"{first}\,{second}"
        )
        return f"({text})" if binding > 2 else text
    symbol = {ast.Add: "+", ast.Sub: "-", ast.Mod: r"\bmod"}.get(type(sign), r"\;")
    text = f"{_written(left, words, 1)} {symbol} {_written(right, words, 2 if symbol == '-' else 1)}"
    return f"({text})" if binding > 1 else text


def _call(name: str, arguments: list[ast.expr], words: Mapping[str, str]) -> str:
    inside = [_written(each, words, 0) for each in arguments]
    first = inside[0] if inside else ""
    if name == "pow" and len(inside) == 2:
        return rf"{_written(arguments[0], words, 3)}^{{{inside[1]}}}"
    if name == "square":
        return f"{_written(arguments[0], words, 3)}^{{2}}"
    if name == "exp":
        return f"e^{{{first}}}"
    if name in ("sqrt", "abs", "reciprocal"):
        return {"sqrt": rf"\sqrt{{{first}}}", "abs": rf"\left|{first}\right|"}.get(
            name, rf"\frac{{1}}{{{first}}}"
        )
    if name == "sigmoid":
        return rf"\sigma({first})"
    called = _CALLED.get(name, name)
    written = (
        f"\\{called}" if called in _FUNCTIONS else rf"\operatorname{{{called.replace('_', chr(92) + '_')}}}"
    )
    return f"{written}({', '.join(inside)})"


def latex_step(step: Any, names: Mapping[Any, str], root: Any) -> str:
    """Return one application of the chain rule in symbols, with the rule filled in, and in numbers."""
    top, node, receiver = (latex_name(names[each]) for each in (root, step.node, step.receiver))
    if step.operand is None:
        return rf"\frac{{\partial {top}}}{{\partial {top}}} = {latex_number(step.contribution)}"
    whole = rf"\frac{{\partial {top}}}{{\partial {receiver}}}"
    upstream = rf"\frac{{\partial {top}}}{{\partial {node}}}"
    local = rf"\frac{{\partial {node}}}{{\partial {receiver}}}"
    rule = latex_partial(step.node, step.position, names)
    numbers = rf"{latex_number(step.upstream, True)} \cdot ({latex_number(step.partial, True)})"
    return (
        rf"{whole} \mathrel{{+}}= {upstream} \cdot {local} = {upstream} \cdot \left({rule}\right) = {numbers}"
        rf" = {latex_number(step.contribution, True)}"
    )
