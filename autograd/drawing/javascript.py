"""Translate the table's rules to JavaScript, so that a page can compute values and partial derivatives."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from ..ops.op import Op
from ..ops.primitives import PRIMITIVES
from ..ops.rules import names_in
from ..ops.table import TABLE
from ..terminal import quoted

_COMPARISONS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!==",
}  # fmt: skip
_OPERATORS: dict[type, str] = {
    ast.Add: "({} + {})", ast.Sub: "({} - {})", ast.Mult: "({} * {})", ast.Div: "({} / {})",
    ast.Mod: "M.remainder({}, {})", ast.Pow: "M.pow({}, {})",
}  # fmt: skip


class NotTranslatableError(ValueError):
    """A rule cannot be translated, for example because it is a Python function."""


class _Translation:
    """Translates one rule, an expression over numbers, to a JavaScript expression.

    Functions are members of `M` (the rows of ops/primitives.py), operations of the table members of `OPS`.
    """

    def __init__(self, bound: Iterable[str], own: str) -> None:
        self.bound = set(bound)
        self.own = own
        """The operation being translated: inside its rules the name means the function of `M`."""
        self.used: set[str] = set()

    def expression(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=None):
                return "null"
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return repr(float(number)).replace("inf", "Infinity").removesuffix(".0") or "0"
            case ast.Name():
                return self._name(node.id)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                return f"({'-' if isinstance(op, ast.USub) else '+'}{self.expression(operand)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)].format(self.expression(left), self.expression(right))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"({self.condition(test)} ? {self.expression(body)} : {self.expression(orelse)})"
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, [self.expression(item) for item in arguments])
            case ast.ListComp(elt=item, generators=[each]) | ast.GeneratorExp(elt=item, generators=[each]):
                return self._each(item, each)
            case _:
                raise NotTranslatableError(f"{quoted(ast.unparse(node))} cannot be translated to JavaScript")

    def condition(self, node: ast.expr) -> str:
        """Return a condition; as in Python, and unlike JavaScript, a nan is true."""
        match node:
            case ast.BoolOp(op=op, values=values):
                sign = " && " if isinstance(op, ast.And) else " || "
                return f"({sign.join(map(self.condition, values))})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"!{self.condition(operand)}"
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                items = [self.expression(item) for item in (left, *comparators)]
                pairs = zip(items, ops, items[1:], strict=False)
                if all(type(op) in _COMPARISONS for op in ops):
                    return f"({' && '.join(f'{a} {_COMPARISONS[type(op)]} {b}' for a, op, b in pairs)})"
            case ast.Constant(value=bool()):
                return "true" if node.value else "false"
            case _:
                pass
        return f"({self.expression(node)} !== 0)"

    def _name(self, name: str) -> str:
        if name in self.bound:
            return f"{name}_"  # an operand may have a name that is reserved in JavaScript
        if name == "pi":
            return "M.pi"
        raise NotTranslatableError(f"{quoted(name)} has no counterpart in JavaScript")

    def _call(self, name: str, arguments: list[str]) -> str:
        if name == "len":
            return f"{arguments[0]}.length"
        if name in PRIMITIVES:
            return f"M.{name}({', '.join(arguments)})"
        if name in TABLE and name != self.own:
            self.used.add(name)
            return f"OPS.{name}.value({', '.join(arguments)})"
        raise NotTranslatableError(f"{quoted(name)} has no counterpart in JavaScript")

    def _each(self, item: ast.expr, each: ast.comprehension) -> str:
        if not isinstance(each.target, ast.Name) or each.ifs:
            raise NotTranslatableError(f"{quoted(ast.unparse(each))} cannot be translated to JavaScript")
        sequence = self.expression(each.iter)
        inner = _Translation({*self.bound, each.target.id}, self.own)
        text = f"{sequence}.map(({each.target.id}_) => {inner.expression(item)})"
        self.used |= inner.used
        return text


def _parsed(rule: str) -> ast.expr:
    return ast.parse(rule.strip(), mode="eval").body


def translated(rule: str, operands: Iterable[str], own: str = "") -> tuple[str, set[str]]:
    """Return a rule as a JavaScript expression, and the operations of the table that it calls.

    Operands get a trailing underscore. Raises NotTranslatableError for what JavaScript cannot compute.

    >>> translated("0.0 if x < 0 else sigmoid(x) / 2.0", ["x"])
    ('((x_ < 0) ? 0 : (OPS.sigmoid.value(x_) / 2))', {'sigmoid'})
    """
    reader = _Translation(operands, own)
    return reader.expression(_parsed(rule)), reader.used


def _branches(rule: str, operands: Iterable[str]) -> list[tuple[str, str]]:
    """Return the branches of a conditional rule: each condition as JavaScript, and the branch as text.

    For a branch that is only a number the text is the whole rule.
    """
    found, node, reader, whole = [], _parsed(rule), _Translation(operands, ""), rule.replace("None", "0")
    while isinstance(node, ast.IfExp):
        text = whole if isinstance(node.body, ast.Constant) else ast.unparse(node.body)
        found.append((reader.condition(node.test), text))
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
    value, used = translated(op.value, op.operands, op.name)
    partials = [_partial(op, position) for position in range(len(op.operands))]
    used = used.union(*(called for _, called in partials))
    domain = _Translation(op.operands, op.name).condition(_parsed(op.domain)) if op.domain else "true"
    rules = [_rule(op, rule) for rule in op.partials]
    head = ", ".join(names)
    parts = {
        "symbol": json.dumps(op.symbol, ensure_ascii=False),
        "written": json.dumps(op.written),
        "operands": json.dumps(op.operands),
        "elements": json.dumps(op.elements),
        "variadic": json.dumps(op.variadic),
        "needs": json.dumps(op.domain),
        "value": f"({head}) => {value}",
        "domain": f"({head}) => {domain}",
        "partials": f"({head}, out_) => [{', '.join(text for text, _ in partials)}]",
        "rules": f"[{', '.join(rules)}]",
    }
    inside = ", ".join(f"{name}: {text}" for name, text in parts.items())
    return f"{op.name}: {{ {inside} }}", used - {op.name}


def _partial(op: Op, position: int) -> tuple[str, set[str]]:
    """Return the partials of one operand, or of the elements of a variadic one."""
    rule = op.partials[position]
    if not op.variadic:
        return translated(rule, [*op.operands, "out"], op.name)
    text, used = translated(rule, _bound(op), op.name)
    mentioned, around = names_in(rule), bool(names_in(rule) & {"before", "after"})
    taken = [f"{x}_ = {xs}_[k]" for x, xs in zip(op.elements, op.operands, strict=True) if x in mentioned]
    taken += ["[before_, after_] = around[k]"] if around else []
    body = f"{{ const {', '.join(taken)}; return {text}; }}" if taken else text
    every = f"{op.operands[0]}_.map((_, k) => {body})"
    if around:
        every = f"((around) => {every})(M.products_around({op.operands[position]}_))"
    return f"...{every}", used


def _bound(op: Op) -> list[str]:
    """Return the names that a rule may use beside functions."""
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
