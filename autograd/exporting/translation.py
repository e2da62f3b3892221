"""Translate the table's rules to JAX: operations that JAX has by its own name, the others written out."""

from __future__ import annotations

import ast

from ..ops.op import Op
from ..ops.primitives import PRIMITIVES
from ..ops.table import TABLE

NATIVE = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}", "pos": "+{}",
    "square": "{0} * {0}", "reciprocal": "1.0 / {}",
} | {
    name: f"{row.jax}({', '.join(['{}'] * row.operands)})"
    for name, row in PRIMITIVES.items() if row.jax_differentiates
}  # fmt: skip
"""The operations whose derivatives of every order in JAX equal those of the table."""


def called(op: Op, operands: list[str]) -> str:
    """Return an operation applied to operands, which are names, items or numbers.

    >>> called(TABLE["mul"], ["v1", "x[2]"]), called(TABLE["asin"], ["v1"]), called(TABLE["relu"], ["v1"])
    ('v1 * x[2]', 'jnp.arcsin(v1)', 'op_relu(v1)')
    """
    if op is TABLE.get(op.name) and op.name in NATIVE:
        return NATIVE[op.name].format(*operands)
    return f"op_{op.name}({', '.join(operands)})"


class _InJax(ast.NodeTransformer):
    """Replaces a rule's conditions by `where`, and its functions by JAX's or by operations of the table."""

    def __init__(self, own: str) -> None:
        self.own = own
        """The name that means JAX's function, not the operation that is being written."""
        self.used: set[str] = set()

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        parts = [self._condition(node.test), self.visit(node.body), self.visit(node.orelse)]
        return _call("jnp.where", *parts)

    def _condition(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.BoolOp):
            name = "jnp.logical_and" if isinstance(node.op, ast.And) else "jnp.logical_or"
            result = self._condition(node.values[0])
            for item in node.values[1:]:
                result = _call(name, result, self._condition(item))
            return result
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return _call("jnp.logical_not", self._condition(node.operand))
        if isinstance(node, ast.Compare):
            items = [self.visit(item) for item in (node.left, *node.comparators)]
            pairs = [
                ast.Compare(left, [op], [right])
                for op, left, right in zip(node.ops, items, items[1:], strict=False)
            ]
            result = pairs[0]
            for item in pairs[1:]:
                result = _call("jnp.logical_and", result, item)
            return result
        return ast.Compare(self.visit(node), [ast.NotEq()], [ast.Constant(0)])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        arguments = [self.visit(item) for item in node.args]
        if name in TABLE and name != self.own and name not in NATIVE:
            self.used.add(name)
            return _call(f"op_{name}", *arguments)
        if name in NATIVE:
            text = NATIVE[name].format(*(f"({ast.unparse(item)})" for item in arguments))
            return ast.parse(text, mode="eval").body
        return _call(PRIMITIVES[name].jax, *arguments)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(0.0) if node.value is None else node  # `selected` decides whether it flows

    def visit_Name(self, node: ast.Name) -> ast.AST:
        row = PRIMITIVES.get(node.id)
        return ast.parse(row.jax, mode="eval").body if row and not row.operands else node


class _OfSequences(_InJax):
    """Translates rules of an operation with variadic operands, which are arrays along the last axis."""

    def __init__(self, own: str, op: Op, position: int | None) -> None:
        """Set the `position` of the operand whose partial is translated, for all its elements at once."""
        super().__init__(own)
        self.names = dict(zip(op.elements, op.operands, strict=True))
        self.each = position is not None
        if position is not None:
            around = f"_around({op.operands[position]})"
            self.names |= {"out": "out[..., None]", "before": f"{around}[0]", "after": f"{around}[1]"}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names:
            return ast.parse(self.names[node.id], mode="eval").body
        return super().visit_Name(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        row = PRIMITIVES.get(name)
        if not (row is not None and not row.native and row.operands) and not (
            name in TABLE and TABLE[name].variadic
        ):
            return super().visit_Call(node)
        arguments = [ast.unparse(self.visit(item)) for item in node.args]
        if name == "len":
            text = f"{arguments[0]}.shape[-1]"
        elif name == "dot":
            text = f"jnp.sum({arguments[0]} * {arguments[1]}, axis=-1, keepdims={self.each})"
        elif row is not None:
            text = f"{row.jax}({arguments[0]}, axis=-1, keepdims={self.each})"
        else:
            self.used.add(name)
            text = f"op_{name}({', '.join(arguments)}){'[..., None]' if self.each else ''}"
        return ast.parse(text, mode="eval").body

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        """Return the rule of an element, which applies to the whole array."""
        (loop,) = node.generators
        outer = self.names
        self.names = outer | {ast.unparse(loop.target): ast.unparse(self.visit(loop.iter))}
        found: ast.AST = self.visit(node.elt)
        self.names = outer
        return found

    visit_GeneratorExp = visit_ListComp  # type: ignore[assignment]  # noqa: N815


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.parse(name, mode="eval").body, list(arguments), [])


def translated(rule: str, own: str = "") -> tuple[str, set[str]]:
    """Return a rule as a JAX expression, and the operations of the table that it calls.

    >>> translated("0.0 if x < 0 else x")
    ('jnp.where(x < 0, 0.0, x)', set())
    >>> translated("sigmoid(-x) if x and y else pow(x, 2.0)", own="pow")
    ('jnp.where(jnp.logical_and(x != 0, y != 0), op_sigmoid(-x), jnp.power(x, 2.0))', {'sigmoid'})
    """
    return _read(_InJax(own), rule)


def _read(reader: _InJax, rule: str) -> tuple[str, set[str]]:
    tree = reader.visit(ast.parse(rule.strip(), mode="eval"))
    return ast.unparse(ast.fix_missing_locations(tree)), reader.used


def selected(rule: str, reader: _InJax | None = None) -> str:
    """Return where a partial is not `None`, as a JAX expression: True unless the rule has such a branch.

    >>> selected("None if x < 0 else 1.0"), selected("None"), selected("1.0 / x")
    ('jnp.where(x < 0, False, True)', 'False', 'True')
    """
    return ast.unparse(
        ast.fix_missing_locations(_selected(ast.parse(rule.strip(), mode="eval").body, reader or _InJax("")))
    )


def _selected(node: ast.expr, reader: _InJax) -> ast.expr:
    if isinstance(node, ast.IfExp):
        branches = [_selected(node.body, reader), _selected(node.orelse, reader)]
        if ast.dump(branches[0]) == ast.dump(branches[1]):
            return branches[0]
        return _call("jnp.where", reader._condition(node.test), *branches)
    return ast.Constant(not (isinstance(node, ast.Constant) and node.value is None))


FLOW = '''def _flow(out, *parts, axis=()):
    """Return the sum of partial times tangent; partials of constant operands are not computed.

    Nothing flows from an operand that was not selected, not even an infinity times 0. The elements of
    a variadic operand lie along an axis.
    """
    terms = [
        jnp.sum(partial() * tangent if chosen is True else jnp.where(chosen, partial() * tangent, 0.0), axis)
        for tangent, chosen, partial in parts
        if not isinstance(tangent, SymbolicZero) and chosen is not False
    ]
    return jnp.broadcast_to(sum(terms), out.shape).astype(out.dtype) if terms else jnp.zeros_like(out)
'''

AROUND = '''def _around(xs):
    """Return, for each element, the product of those before it, and of those after it."""
    one = jnp.ones_like(xs[..., :1])
    before = jnp.cumprod(jnp.concatenate([one, xs[..., :-1]], axis=-1), axis=-1)
    after = jnp.cumprod(jnp.concatenate([one, xs[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return before, after
'''


def definition(op: Op) -> tuple[str, set[str]]:
    """Return an operation with the table's derivatives as JAX source, and the operations that it calls.

    Raises TypeError for a rule that is a Python function.
    """
    if op.functions:
        raise TypeError(
            f"{op.name} has a Python function as a rule, which cannot be exported: write it with the table's "
            "operations"
        )

    def reader(own: str, position: int | None) -> _InJax:
        return _OfSequences(own, op, position) if op.variadic else _InJax(own)

    value, used = _read(reader(op.name, None), op.value)
    rules = [_read(reader("", k), rule) for k, rule in enumerate(op.partials)]
    used = used.union(*(names for _, names in rules))
    names = ", ".join(op.operands)
    parts = [
        f"(tangents[{k}], {selected(op.partials[k], reader('', k))}, lambda: {rule})"
        for k, (rule, _) in enumerate(rules)
    ]
    axis = ["axis=-1,"] if op.variadic else []
    lines = [
        "@jax.custom_jvp",
        f"def op_{op.name}({names}):",
        f"    return {value}",
        "",
        "",
        f"@functools.partial(op_{op.name}.defjvp, symbolic_zeros=True)",
        f"def _{op.name}(primals, tangents):",
        f"    {names}{',' if len(op.operands) == 1 else ''} = primals",
        f"    out = op_{op.name}({names})",
        "    return out, _flow(",
        "        out,",
        *(f"        {part}," for part in parts),
        *(f"        {part}" for part in axis),
        "    )",
    ]
    return "\n".join(lines) + "\n", used - {op.name}
