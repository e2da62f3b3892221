"""Translate the table's rules to JAX: operations that JAX has by its own name, the others written out."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..ops.language import Forms, Language, NotTranslatableError, parsed, simplified
from ..ops.op import Op
from ..ops.primitives import PRIMITIVES, Primitive
from ..ops.table import TABLE
from ..terminal import quoted

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


class _Jax(Language):
    """Replaces a rule's conditions by `where`, and its functions by JAX's or by operations of the table.

    Sequences are arrays, whose elements lie along the last axis.

    >>> simplified(_Jax(own="pow").written("sigmoid(-x) if x and y else pow(x, 2.0)"))
    'jnp.where(jnp.logical_and(x != 0, y != 0), op_sigmoid(-x), jnp.power(x, 2.0))'
    >>> simplified(_Jax().written("x / square(y)"))
    'x / (y * y)'
    """

    title = "JAX"
    conditional = "jnp.where({}, {}, {})"
    connectives: ClassVar[Forms] = {ast.And: "jnp.logical_and({}, {})", ast.Or: "jnp.logical_or({}, {})"}
    negation = "jnp.logical_not({})"
    truth = "({} != 0)"
    answer = "jnp.where({}, 1.0, 0.0)"
    absent = "0.0"  # `selected` decides whether it flows
    sequence = "jnp.stack(jnp.broadcast_arrays({}), axis=-1)"

    def __init__(self, op: Op | None = None, position: int | None = None, own: str = "") -> None:
        """Set the `position` of the variadic operand whose partial is translated, for all elements at once."""
        super().__init__(own)
        variadic = op is not None and op.variadic
        operands = [*map(_operand, op.operands)] if op else []
        self.names = dict(zip((*op.operands, *op.elements), operands * 2, strict=True)) if op else {}
        self.each_element = variadic and position is not None
        if op and variadic and position is not None:
            around = f"_around({operands[position]})"
            self.names |= {"out": "out[..., None]", "before": f"{around}[0]", "after": f"{around}[1]"}
            self.item = "{}[..., {}, None]"
        else:
            self.item = "{}[..., {}]"

    def name(self, name: str) -> str:
        row = PRIMITIVES.get(name)
        return self.names.get(name) or (row.jax if row and not row.operands else name)

    def call(self, name: str, arguments: Sequence[str]) -> str:
        row = PRIMITIVES.get(name)
        keep = self.each_element and not arguments[0].startswith("jnp.stack(")  # a list for each element
        if name in TABLE and name != self.own and name not in NATIVE and not (row and _of_sequences(row)):
            self.used.add(name)
            whole = "[..., None]" if keep and TABLE[name].variadic else ""
            return f"op_{name}({', '.join(arguments)}){whole}"
        if name in NATIVE:
            return f"({NATIVE[name].format(*(f'({item})' for item in arguments))})"
        if name == "len":
            return f"{arguments[0]}.shape[-1]"
        if name == "dot":
            return f"jnp.sum({arguments[0]} * {arguments[1]}, axis=-1, keepdims={keep})"
        if row is None:
            raise NotTranslatableError(f"{quoted(name)} has no counterpart in JAX")
        return f"{row.jax}({', '.join(arguments)}{f', axis=-1, keepdims={keep}' if _of_sequences(row) else ''})"

    def each(self, item: ast.expr, sequences: Mapping[str, ast.expr]) -> str:
        """Return the rule of an element, which applies to the whole array."""
        outer = self.names
        self.names = outer | {name: self.expression(xs) for name, xs in sequences.items()}
        found = self.expression(item)
        self.names = outer
        return found

    def selected(self, node: ast.expr) -> str:
        """Return where a partial is not `None`: True unless the rule has such a branch.

        >>> _Jax().selected(parsed("None if x < 0 else 1.0")), _Jax().selected(parsed("1.0 / x"))
        ('jnp.where((x < 0), False, True)', 'True')
        """
        if isinstance(node, ast.IfExp):
            chosen, otherwise = self.selected(node.body), self.selected(node.orelse)
            if chosen == otherwise:
                return chosen
            return self.conditional.format(self.condition(node.test), chosen, otherwise)
        return str(not (isinstance(node, ast.Constant) and node.value is None))


def _operand(name: str) -> str:
    """Return the name of an operand in JAX source: with an underscore if the source uses that name itself."""
    return f"{name}_" if name in ("jax", "jnp", "functools", "primals", "tangents") else name


def _of_sequences(row: Primitive) -> bool:
    return bool(row.operands) and not row.native


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

    languages = [_Jax(op, own=op.name), *(_Jax(op, k) for k in range(len(op.operands)))]
    value, *rules = (
        simplified(language.written(rule))
        for language, rule in zip(languages, (op.value, *op.partials), strict=True)
    )
    used = set().union(*(language.used for language in languages))
    names = ", ".join(map(_operand, op.operands))
    parts = [
        f"(tangents[{k}], {simplified(languages[k + 1].selected(parsed(op.partials[k])))}, lambda: {rule})"
        for k, rule in enumerate(rules)
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
