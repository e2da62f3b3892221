"""Translate a rule to another language: one traversal of its syntax tree, and a table of forms for each."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import ClassVar

from ..terminal import quoted
from .primitives import IEEE
from .rules import composed, define, names_in
from .table import TABLE

Forms = Mapping[type[ast.AST], str]
"""The form of a kind of node in a language, with placeholders for its children."""


class NotTranslatableError(ValueError):
    """A rule cannot be translated, for example because it is a Python function."""


class Language:
    """A target language of rules. The forms here are Python's; a subclass replaces them.

    >>> Language().written("x / y if x > 0 and y else 2 * x ** 3")
    '((x / y) if ((x > 0) and y) else (2 * (x ** 3)))'
    """

    title = "Python"
    operators: ClassVar[Forms] = {
        ast.Add: "({} + {})", ast.Sub: "({} - {})", ast.Mult: "({} * {})", ast.Div: "({} / {})",
        ast.Mod: "({} % {})", ast.Pow: "({} ** {})",
    }  # fmt: skip
    comparisons: ClassVar[Forms] = {
        ast.Lt: "({} < {})", ast.LtE: "({} <= {})", ast.Gt: "({} > {})", ast.GtE: "({} >= {})",
        ast.Eq: "({} == {})", ast.NotEq: "({} != {})",
    }  # fmt: skip
    conditional = "({1} if {0} else {2})"
    connectives: ClassVar[Forms] = {ast.And: "({} and {})", ast.Or: "({} or {})"}
    negation = "(not {})"
    truth = "{}"
    """A number as a condition."""
    answer = "{}"
    """A condition as a number."""
    truths = ("False", "True")
    absent = "None"
    """The partial of an operand that was not selected."""
    sequence = "[{}]"
    item = "{}[{}]"

    def __init__(self, own: str = "") -> None:
        self.own = own
        """The operation that is being translated: inside its rules the name means the primitive."""
        self.used: set[str] = set()
        """The operations of the table that the rules call."""

    def written(self, rule: str) -> str:
        """Return a rule in this language.

        Raises NotTranslatableError for syntax that no rule of the table needs, and for unknown names.
        """
        return self.expression(parsed(rule))

    def expression(self, node: ast.expr) -> str:
        """Return one node of a rule as a number, or as a sequence of numbers."""
        match node:
            case ast.Constant(value=None):
                return self.absent
            case ast.Constant(value=bool()) | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return self.answer.format(self.condition(node))
            case ast.Constant(value=int() | float() as number):
                return self.number(number)
            case ast.Name(id=name):
                return self.name(name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                return f"({'-' if isinstance(sign, ast.USub) else '+'}{self.expression(operand)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in self.operators:
                return self.operators[type(op)].format(self.expression(left), self.expression(right))
            case ast.IfExp(test=test, body=body, orelse=otherwise):
                return self._choice(test, self.expression(body), self.expression(otherwise))
            case ast.BoolOp(op=op, values=[first, *rest]):  # the number that decides: `x or 1.0`
                other = self.expression(rest[0] if len(rest) == 1 else ast.BoolOp(op, rest))
                pair = (self.expression(first), other)
                return self._choice(first, *(pair if isinstance(op, ast.Or) else pair[::-1]))
            case ast.Call(func=ast.Name(id=name)):
                return self.call(name, self._arguments(name, node))
            case ast.List(elts=items) if not any(isinstance(item, ast.Starred) for item in items):
                return self.sequence.format(", ".join(map(self.expression, items)))
            case ast.Subscript(value=xs, slice=ast.Constant(value=int() as place)) if place >= 0:
                return self.item.format(self.expression(xs), place)
            case ast.ListComp(generators=[each]) | ast.GeneratorExp(generators=[each]) if not each.ifs and (
                sequences := _sequences(each.target, each.iter)
            ):
                return self.each(node.elt, sequences)
        return self.other(node)

    def condition(self, node: ast.expr) -> str:
        """Return one node of a rule as a condition; a number is true if it is not 0, also a nan."""
        match node:
            case ast.BoolOp(op=op, values=[first, *rest]):
                result = self.condition(first)
                for item in rest:
                    result = self.connectives[type(op)].format(result, self.condition(item))
                return result
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negation.format(self.condition(operand))
            case ast.Compare(ops=ops) if not self.comparisons.keys() >= {*map(type, ops)}:
                return self.other(node)
            case ast.Compare(left=left, ops=ops, comparators=others):
                items = [self.expression(item) for item in (left, *others)]
                triples = zip(ops, items, items[1:], strict=False)
                result, *pairs = [self.comparisons[type(op)].format(a, b) for op, a, b in triples]
                for pair in pairs:
                    result = self.connectives[ast.And].format(result, pair)
                return result
            case ast.Constant(value=bool() as known):
                return self.truths[known]
        return self.truth.format(self.expression(node))

    def _choice(self, test: ast.expr, chosen: str, otherwise: str) -> str:
        return self.conditional.format(self.condition(test), chosen, otherwise)

    def _arguments(self, name: str, node: ast.Call) -> list[str]:
        """Return the arguments of a call; those of an operation in the order of its operands, with defaults."""
        arguments = [self.expression(item) for item in node.args]
        named = {item.arg: self.expression(item.value) for item in node.keywords if item.arg}
        if name not in TABLE or name == self.own:
            return arguments + [f"{key}={text}" for key, text in named.items()]
        op = TABLE[name]
        named = {key: self.number(default) for key, default in op.defaults.items()} | named
        return arguments + [named[key] for key in op.operands[len(arguments) :] if key in named]

    def other(self, node: ast.expr) -> str:
        """Return syntax that does not occur in the table."""
        raise NotTranslatableError(f"{quoted(ast.unparse(node))} cannot be written in {self.title}")

    def number(self, number: float) -> str:
        """Return a literal number."""
        return repr(number)

    def name(self, name: str) -> str:
        """Return an operand, the result, or a constant."""
        return name

    def call(self, name: str, arguments: Sequence[str]) -> str:
        """Return a function of arguments."""
        return f"{name}({', '.join(arguments)})"

    def each(self, item: ast.expr, sequences: Mapping[str, ast.expr]) -> str:
        """Return a rule for each element of a sequence, or for the elements of several side by side."""
        every = [self.expression(sequence) for sequence in sequences.values()]
        source = every[0] if len(every) == 1 else f"zip({', '.join(every)})"
        return f"[{self.expression(item)} for {', '.join(sequences)} in {source}]"


def _sequences(target: ast.expr, source: ast.expr) -> dict[str, ast.expr]:
    """Return the sequence of each name of `for x in xs` or `for w, x in zip(ws, xs)`; else nothing."""
    match target, source:
        case ast.Name(id=name), _:
            return {name: source}
        case ast.Tuple(elts=names), ast.Call(func=ast.Name(id="zip"), args=sequences, keywords=[]):
            pairs = zip(names, sequences, strict=False)
            found = {name.id: xs for name, xs in pairs if isinstance(name, ast.Name)}
            return found if len(found) == len(names) == len(sequences) else {}
    return {}


def parsed(rule: str) -> ast.expr:
    """Return the syntax tree of a rule."""
    return ast.parse(rule.strip(), mode="eval").body


class _OnFloats(Language):
    """Python on floats, with `/`, `%` and `**` as functions that never raise: the names of `IEEE`."""

    operators: ClassVar[Forms] = {
        **Language.operators, ast.Div: "divide({}, {})", ast.Mod: "remainder({}, {})", ast.Pow: "pow({}, {})",
    }  # fmt: skip

    def other(self, node: ast.expr) -> str:
        """Return Python's own syntax unchanged: an operation may be declared with it."""
        return ast.unparse(node)


class OverNodes(Language):
    """Python over Values and power series, whose `==` compares identities and which may lack `**`."""

    operators: ClassVar[Forms] = {**Language.operators, ast.Pow: "pow({}, {})"}
    comparisons: ClassVar[Forms] = {
        **Language.comparisons, ast.Eq: "({0} <= {1} <= {0})", ast.NotEq: "(not {0} <= {1} <= {0})",
    }  # fmt: skip
    other = _OnFloats.other


class _AtPoles(OverNodes):
    """The same with `/` and `%` as functions, which do not raise for two plain numbers either."""

    operators: ClassVar[Forms] = {**OverNodes.operators, **_OnFloats.operators}


def over_nodes_at_poles(rule: str) -> str:
    """Return a rule to be read over Values and plain numbers, with the names of `IEEE` for `/` and `%`.

    >>> over_nodes_at_poles("x / y if x == y else None")
    'divide(x, y) if x <= y <= x else None'
    """
    return simplified(_AtPoles().written(rule))


def on_floats(rule: str) -> str:
    """Return a rule as Python source over the names of `IEEE`, which never raises on floats.

    >>> on_floats("-out / y")
    'divide(-out, y)'
    """
    return simplified(_OnFloats().written(rule))


def simplified(text: str) -> str:
    """Return a Python expression without unnecessary parentheses."""
    return ast.unparse(parsed(text))


@cache
def float_function(name: str, parameters: str, rule: str) -> Callable[..., float]:
    """Return a rule as a function of floats that never raises: infinities and nan as in IEEE 754.

    >>> float_function("share", "x, y", "x / y if sigmoid(x) > 0.5 else 0.0")(1.0, 0.0)
    inf
    """
    used = names_in(rule) - set(parameters.split(", "))
    namespace = IEEE | composed(used, IEEE, on_floats)
    return define(name, f"def {name}({parameters}): return {on_floats(rule)}", namespace)
