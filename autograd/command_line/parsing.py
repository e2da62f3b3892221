"""Evaluate an expression, given as a string, to a Value; nothing in the string is executed."""

from __future__ import annotations

import ast
import keyword
import math
import operator
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..errors import DomainError
from ..guidance.advice import nearest
from ..ops.op import Op
from ..ops.table import TABLE
from ..recording import RECORDED
from ..terminal import brief, listed, printable, quoted
from ..value import Value

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: RECORDED["add"],
    ast.Sub: RECORDED["sub"],
    ast.Mult: RECORDED["mul"],
    ast.Div: RECORDED["div"],
    ast.FloorDiv: RECORDED["floordiv"],
    ast.Mod: RECORDED["mod"],
    ast.Pow: RECORDED["pow"],
}
_UNARY: dict[type, Callable[[Any], Any]] = {ast.UAdd: RECORDED["pos"], ast.USub: RECORDED["neg"]}
_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ALLOWED = "names, numbers, + - * / // % ** and the functions of the table"
LONGEST, DEEPEST = 50_000, 100
"""The limits for the length of an expression in characters, and for the depth of its nesting."""
_DEEP = "name the parts, as in s = a*b; tanh(s), or add with total([a, b])"


class ExpressionError(ValueError):
    """An expression cannot be parsed; the message shows where."""

    def __init__(self, message: str, text: str, line: int = 1, column: int = 0) -> None:
        super().__init__(message)
        self.text: str = text
        self.line: int = line
        self.column: int = column

    def __str__(self) -> str:
        lines = self.text.splitlines()
        if not lines:
            return str(self.args[0])
        line = printable(lines[min(self.line, len(lines)) - 1])
        start = max(0, self.column - 50)
        shown = ("..." if start else "") + line[start : start + 70]
        pointer = " " * (self.column - start + (3 if start else 0)) + "^"
        where = f"line {self.line}, column {self.column + 1}" if len(lines) > 1 else f"column {self.column + 1}"
        return f"{self.args[0]} ({where})\n    {shown}\n    {pointer}"


def identifier(text: str) -> str:
    """Return a string as a name, in the form to which Python normalises identifiers (NFKC).

    Raises ValueError if it is not an identifier, or a keyword.

    >>> identifier("ﬁnal")
    'final'
    """
    name = unicodedata.normalize("NFKC", text)
    if not name.isidentifier():
        raise ValueError(f"{quoted(text)} cannot be a name")
    if keyword.iskeyword(name):
        raise ValueError(f"{name} is a keyword of Python and cannot be a name: choose another")
    return name


def evaluate(text: str, values: Mapping[str, float | Value]) -> tuple[Value, dict[str, Value]]:
    """Return the Value of an expression, and the leaves of its names.

    `text` is one expression, or several assignments `name = expression` separated by `;` or line
    breaks, of which the last is the result; every name becomes its Value's label. `values` are the
    numbers of the names; a Value is used as it is. Raises ExpressionError, with the column, for anything
    but names with a value, numbers, operators and functions of the table, and for more than 50,000
    characters or 100 nested operations; DomainError if the expression is undefined at these numbers.

    >>> y, leaves = evaluate("s = w*x + b; tanh(s)", {"w": 0.5, "x": 2.0, "b": -0.5})
    >>> y.data, y.operands[0].label, sorted(leaves)
    (0.46211715726000974, 's', ['b', 'w', 'x'])
    >>> evaluate("tanh(z)", {})
    Traceback (most recent call last):
    ...
    autograd.command_line.parsing.ExpressionError: z has no value: give it one with z=... (column 6)
        tanh(z)
             ^
    """
    return _Reader(text, values).read()


class _Reader:
    """Parses and evaluates one string."""

    def __init__(self, text: str, values: Mapping[str, float | Value]) -> None:
        self.text = text.strip()
        named = {identifier(name): item for name, item in values.items()}
        self.given = {
            name: item if isinstance(item, Value) else Value(item, name) for name, item in named.items()
        }
        self.leaves = dict(self.given)
        self.names: dict[str, Any] = dict(self.given)
        self.used: set[str] = set()

    def read(self) -> tuple[Value, dict[str, Value]]:
        try:
            result = [self._statement(statement) for statement in self._statements()]
        except (RecursionError, MemoryError):
            raise ExpressionError(f"nested too deeply for Python to read: {_DEEP}", self.text) from None
        if not result:
            raise ExpressionError("an empty expression", self.text)
        if not isinstance(result[-1], Value):
            raise ExpressionError("nothing to differentiate: the result depends on no name", self.text)
        unused = [name for name in self.given if name not in self.used]
        if unused:
            raise ExpressionError(f"{listed(unused)} is given a value but not used", self.text)
        self._name_result(result[-1])
        return result[-1], self.leaves

    def _statements(self) -> list[ast.stmt]:
        if len(self.text) > LONGEST:
            raise ExpressionError(
                f"an expression has at most {LONGEST:,} characters, and this one {len(self.text):,}: name its "
                "parts, or build it with Values in Python",
                "",
            )
        try:
            with warnings.catch_warnings():  # Python's, for strings such as "1if x", which are errors anyway
                warnings.simplefilter("ignore")
                statements = ast.parse(self.text).body
            self._refuse_depth(statements)
            return statements
        except SyntaxError as error:
            where = (error.lineno or 1, max(0, (error.offset or 1) - 1))
            raise ExpressionError(f"not an expression: {error.msg}", self.text, *where) from None
        except ValueError as error:  # a null character, or an undecodable byte
            raise ExpressionError(f"not valid text: {error}", "") from None

    def _refuse_depth(self, statements: list[ast.stmt]) -> None:
        """Raise ExpressionError for deep nesting, not for a long chain of left-associative operators."""
        stack: list[tuple[ast.AST, int]] = [(statement, 0) for statement in statements]
        while stack:
            node, depth = stack.pop()
            if depth > DEEPEST:
                raise ExpressionError(f"nested more than {DEEPEST} deep: {_DEEP}", self.text)
            left = node.left if isinstance(node, ast.BinOp) else None
            stack += [(child, depth + (child is not left)) for child in ast.iter_child_nodes(node)]

    def _name_result(self, result: Value) -> None:
        if not result.label:
            result.label = next(name for name in ("y", "f", "z", "result", "_") if name not in self.names)

    def _statement(self, statement: ast.stmt) -> Any:
        if isinstance(statement, ast.Expr):
            return self._value(statement.value)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if (
            not isinstance(statement, ast.Assign)
            or len(statement.targets) != 1
            or not isinstance(target, ast.Name)
        ):
            raise self._error(statement, f"not an expression; allowed are {_ALLOWED}, and name = expression")
        if target.id in self.names:
            raise self._error(target, f"{brief(target.id)} has a value already: choose another name")
        value = self._value(statement.value)
        if not isinstance(value, Value):
            value = self.leaves[target.id] = Value(value)
        elif value.label:
            value = +value
        value.label = target.id
        self.names[target.id] = value
        return value

    def _value(self, node: ast.expr) -> Any:
        read = self._READERS.get(type(node))
        if read is None:
            raise self._error(
                node, self._NOT_NUMBERS.get(type(node), f"not allowed here; allowed are {_ALLOWED}")
            )
        return read(self, node)

    def _unary(self, node: ast.UnaryOp) -> Any:
        if type(node.op) not in _UNARY:
            raise self._error(node, f"unknown operator; allowed are {_ALLOWED}")
        return _UNARY[type(node.op)](self._value(node.operand))

    def _comparison(self, node: ast.Compare) -> bool:
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
            raise self._error(node, "a comparison must be one of < <= > >= between two operands")
        return _COMPARISONS[type(node.ops[0])](self._value(node.left), self._value(node.comparators[0]))

    def _binary(self, node: ast.expr) -> Any:
        """Return a chain of left-associative binary operators of any length, without recursion."""
        chain = []
        while isinstance(node, ast.BinOp):
            chain.append(node)
            node = node.left
        value = self._value(node)
        for link in reversed(chain):
            if type(link.op) not in _BINARY:
                hint = "a power is written **" if isinstance(link.op, ast.BitXor) else f"allowed are {_ALLOWED}"
                raise self._error(link.right, f"unknown operator; {hint}")
            value = self._applied(link, _BINARY[type(link.op)], [value, self._value(link.right)], {})
        return value

    def _number(self, node: ast.Constant) -> float:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._error(node, f"{quoted(node.value)} is not a real number")
        try:
            found = float(node.value)
        except OverflowError:
            found = math.inf
        if math.isinf(found):
            raise self._error(node, "too large for a float64")
        return found

    def _name(self, node: ast.Name) -> Any:
        self.used.add(node.id)
        if node.id in self.names:
            return self.names[node.id]
        if node.id == "pi":
            return math.pi
        if node.id in TABLE:
            raise self._error(node, f"{brief(node.id)} is a function: write {TABLE[node.id].signature}")
        raise self._error(node, f"{brief(node.id, 40)} has no value: give it one with {brief(node.id, 40)}=...")

    def _call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in TABLE:
            close = nearest(str(name)[:40], TABLE)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(TABLE))}"
            message = (
                f"no function is called {brief(name)}; {hint}"
                if name
                else "only a function of the table can be called"
            )
            raise self._error(node, message)
        op = TABLE[name]
        positions = [*op.operands, *[""] * len(node.args)]
        arguments = [
            self._argument(op, operand, item) for operand, item in zip(positions, node.args, strict=False)
        ]
        if op.variadic and len(op.operands) == 1 and node.args and not isinstance(arguments[0], list):
            arguments = [arguments]  # total(a, b) reads as well as total([a, b])
        return self._applied(node, RECORDED[name], arguments, self._keywords(op, node))

    def _keywords(self, op: Op, node: ast.Call) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in node.keywords:
            if item.arg is None or item.arg in found:
                raise self._error(
                    item, "not allowed here" if item.arg is None else f"{brief(item.arg)} is given twice"
                )
            found[item.arg] = self._argument(op, item.arg, item.value)
        return found

    def _argument(self, op: Op, operand: str, node: ast.expr) -> Any:
        """Return an argument of a function: a number, or a condition or a list if it takes one."""
        if operand == "condition" and isinstance(node, ast.Compare):
            return self._comparison(node)
        if op.variadic and isinstance(node, ast.List | ast.Tuple):
            return [self._value(item) for item in node.elts]
        if op.variadic and len(op.operands) > 1:
            raise self._error(node, f"{op.name} takes lists, as in {op.example.partition(' = ')[0]}")
        return self._value(node)

    def _applied(
        self, node: ast.expr, function: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]
    ) -> Any:
        try:
            return function(*arguments, **keywords)
        except DomainError:
            raise
        except (TypeError, ValueError) as error:
            raise self._error(node, brief(error, 400)) from None

    _READERS: ClassVar[dict[type, Callable[[Any, Any], Any]]] = {
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.Call: _call,
        ast.Name: _name,
        ast.Constant: _number,
    }
    _NOT_NUMBERS: ClassVar[dict[type, str]] = {
        ast.Compare: "a comparison is not a value; use where(x < 0, ..., ...)",
        ast.List: "a list is not a value; use it in total, prod, dot, mean or logsumexp",
        ast.Tuple: "a list is not a value; use it in total, prod, dot, mean or logsumexp",
    }

    def _error(self, node: ast.expr | ast.stmt | ast.keyword, message: str) -> ExpressionError:
        line = self.text.encode().splitlines()[node.lineno - 1]
        column = len(line[: node.col_offset].decode())  # Python counts bytes, the message letters
        return ExpressionError(message, self.text, node.lineno, column)
