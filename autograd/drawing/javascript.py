"""Translate the table's rules to JavaScript, so that a page can compute values and partial derivatives."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from ..ops.language import Forms, Language, NotTranslatableError, parsed
from ..ops.op import Op
from ..ops.primitives import PRIMITIVES
from ..ops.rules import names_in
from ..ops.table import TABLE
from ..terminal import quoted


class JavaScript(Language):
    """Translates a rule to a JavaScript expression over numbers.

    Functions are members of `M` (the rows of ops/primitives.py), operations of the table members of `OPS`;
    operands get a trailing underscore, since they may bear a name that JavaScript keeps for itself.

    >>> JavaScript(["x"]).written("0.0 if x < 0 else sigmoid(x) / 2.0")
    '((x_ < 0) ? 0 : (OPS.sigmoid.value(x_) / 2))'
    """

    title = "JavaScript"
    operators: ClassVar[Forms] = {
        **Language.operators,
        ast.Mod: "M.remainder({}, {})",
        ast.Pow: "M.pow({}, {})",
    }
    comparisons: ClassVar[Forms] = {**Language.comparisons, ast.Eq: "({} === {})", ast.NotEq: "({} !== {})"}
    conditional = "({} ? {} : {})"
    connectives: ClassVar[Forms] = {ast.And: "({} && {})", ast.Or: "({} || {})"}
    negation = "!{}"
    truth = "({} !== 0)"  # as in Python, and unlike JavaScript, a nan is true
    answer = "({} ? 1 : 0)"
    truths = ("false", "true")
    absent = "null"

    def __init__(self, bound: Iterable[str], own: str = "") -> None:
        """Set the names that a rule may use besides functions."""
        super().__init__(own)
        self.bound = set(bound)

    def number(self, number: float) -> str:
        return repr(float(number)).replace("inf", "Infinity").removesuffix(".0") or "0"

    def name(self, name: str) -> str:
        if name in self.bound:
            return f"{name}_"
        if name == "pi":
            return "M.pi"
        raise NotTranslatableError(f"{quoted(name)} has no counterpart in JavaScript")

    def call(self, name: str, arguments: Sequence[str]) -> str:
        if name == "len":
            return f"{arguments[0]}.length"
        if name in PRIMITIVES:
            return f"M.{name}({', '.join(arguments)})"
        if name in TABLE and name != self.own:
            self.used.add(name)
            return f"OPS.{name}.value({', '.join(arguments)})"
        raise NotTranslatableError(f"{quoted(name)} has no counterpart in JavaScript")

    def each(self, item: ast.expr, sequences: Mapping[str, ast.expr]) -> str:
        xs, *others = map(self.expression, sequences.values())
        x, *partners = [f"{name}_" for name in sequences]
        outer, self.bound = self.bound, self.bound | sequences.keys()
        body = self.expression(item)
        self.bound = outer
        if not others:
            return f"{xs}.map(({x}) => {body})"
        beside = ", ".join(f"{ys}[k]" for ys in others)
        return f"{xs}.map(({x}, k) => (({', '.join(partners)}) => {body})({beside}))"


def _branches(rule: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the branches of a conditional rule: each condition as JavaScript, and the branch as text.

    For a branch that is only a number the text is the whole rule.
    """
    found, node, language, whole = [], parsed(rule), JavaScript(names), rule.replace("None", "0")
    while isinstance(node, ast.IfExp):
        text = whole if isinstance(node.body, ast.Constant) else ast.unparse(node.body)
        found.append((language.condition(node.test), text))
        node = node.orelse
    text = whole if isinstance(node, ast.Constant) or not found else ast.unparse(node)
    return [*found, ("true", text)]


def definition(op: Op) -> tuple[str, set[str]]:
    """Return an operation as a member of the JavaScript object `OPS`; and the operations that it calls.

    `value` and `domain` take the operands (a variadic one as an array); `partials` takes the operands
    and the result, and returns one partial for each operand of a node; `rules` are the partials as text.
    """
    if op.functions:
        raise NotTranslatableError(f"{op.name} has a Python function as a rule")
    names = [f"{name}_" for name in op.operands]
    language = JavaScript(_bound(op), op.name)
    value, domain = language.written(op.value), language.condition(parsed(op.domain or "True"))
    partials = [_partial(op, position, language) for position in range(len(op.operands))]
    rules = [_rule(op, rule) for rule in op.partials]
    head = ", ".join(names)
    parts = {
        "symbol": json.dumps(op.symbol, ensure_ascii=False),
        "written": json.dumps(op.written),
        "operands": json.dumps(op.operands),
        "elements": json.dumps(op.elements),
        "variadic": json.dumps(op.variadic),
        "absorbing": json.dumps([op.operands.index(name) for name in op.absorbing]),
        "needs": json.dumps(op.domain),
        "value": f"({head}) => {value}",
        "domain": f"({head}) => {domain}",
        "partials": f"({head}, out_) => [{', '.join(partials)}]",
        "rules": f"[{', '.join(rules)}]",
    }
    inside = ", ".join(f"{name}: {text}" for name, text in parts.items())
    return f"{op.name}: {{ {inside} }}", language.used


def _partial(op: Op, position: int, language: JavaScript) -> str:
    """Return the partials of one operand, or of the elements of a variadic one."""
    rule = op.partials[position]
    text = language.written(rule)
    if not op.variadic:
        return text
    mentioned, around = names_in(rule), bool(names_in(rule) & {"before", "after"})
    taken = [f"{x}_ = {xs}_[k]" for x, xs in zip(op.elements, op.operands, strict=True) if x in mentioned]
    taken += ["[before_, after_] = around[k]"] if around else []
    body = f"{{ const {', '.join(taken)}; return {text}; }}" if taken else text
    every = f"{op.operands[0]}_.map((_, k) => {body})"
    if around:
        every = f"((around) => {every})(M.products_around({op.operands[position]}_))"
    return f"...{every}"


def _bound(op: Op) -> list[str]:
    """Return the names that a rule may use besides functions."""
    return [*op.operands, *op.elements, "out", "before", "after"]


def _rule(op: Op, rule: str) -> str:
    head = "" if op.variadic else ", ".join(f"{name}_" for name in [*op.operands, "out"])
    if op.variadic:
        return f"() => {json.dumps(rule)}"
    branches = _branches(rule, _bound(op))
    text = json.dumps(branches[-1][1])
    for when, words in reversed(branches[:-1]):
        text = f"{when} ? {json.dumps(words)} : {text}"
    return f"({head}) => {text}"


def definitions(ops: Iterable[Op]) -> str:
    """Return the module operations.js: `OPS` with these operations and those that their rules call.

    Raises NotTranslatableError if one of them cannot be translated.

    >>> print(definitions([TABLE["relu"]]).splitlines()[-2][:62])
      relu: { symbol: "relu", written: "", operands: ["x"], elemen
    """
    texts: dict[str, str] = {}
    waiting = list(ops)
    while waiting:
        op = waiting.pop()
        if op.name not in texts:
            texts[op.name], called = definition(op)
            waiting += [TABLE[name] for name in sorted(called)]
    lines = "".join(f"  {texts[name]},\n" for name in sorted(texts))
    rows = "".join(f"  {name}: {row.javascript},\n" for name, row in PRIMITIVES.items())
    head = 'import { own } from "./mathematics.js";\n'
    return f"{head}const M = {{\n{rows}  remainder: own.remainder,\n}};\nexport const OPS = {{\n{lines}}};\n"
