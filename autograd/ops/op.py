"""One entry of the table: an operation's signature, value and partial derivatives, as text."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..terminal import printable_lines, quoted

_SIGNATURE = re.compile(r"(\w+)\((.*)\)")
_OPERAND = re.compile(r"(\*?)([A-Za-z_]\w*)(?:=(.+))?")

Rule = str | Callable[..., Any]
"""An expression over the operands and `out`, or a function of the operands."""


class Op:
    """An operation: its name, its value, and its partial derivatives.

    The rules are ordinary mathematics over the operand names of the signature and the result
    `out`; one partial for each operand, in order. A variadic operand such as `*xs` is a whole
    sequence; its partial is written for one element `x` (the singular of the name). Such a rule
    may also use the element's partners in the other sequences, the sequences themselves, and
    `before` and `after`: the products of the elements before and after this one. A partial of `None`
    means that the operand was not selected: it gets no edge, and no gradient flows back to it.

    >>> op = Op("scaled_tanh(x, scale=2.0)", "scale * tanh(x)", "scale - out * out / scale", "tanh(x)")
    >>> op.name, op.operands, op.defaults
    ('scaled_tanh', ('x', 'scale'), {'scale': 2.0})
    >>> Op("cube(x)", "x * x * x")
    Traceback (most recent call last):
    ...
    TypeError: cube has 1 operand (x) but 0 partials: give exactly one partial for each operand
    """

    def __init__(
        self,
        signature: str,
        value: Rule,
        *partials: Rule,
        domain: str = "",
        needs: str = "",
        absorbing: str = "",
        symbol: str = "",
        written: str = "",
        about: str = "",
        note: str = "",
        example: str = "",
        aliases: str = "",
        truth: str = "",
        singular: str = "",
        family: str = "",
        sample: Mapping[str, float] | None = None,
    ) -> None:
        match = _SIGNATURE.fullmatch(signature)
        parts = match and [_OPERAND.fullmatch(part.strip()) for part in match[2].split(",")]
        if not match or not parts or None in parts:
            raise ValueError(f"signature must read 'name(x, y)' or 'name(*xs)', not {quoted(signature)}")
        stars, operands, defaults = zip(*(part.groups() for part in parts if part), strict=True)
        self.signature = signature
        self.name: str = match[1]
        self.operands: tuple[str, ...] = operands
        self.defaults: dict[str, float] = {
            name: float(text) for name, text in zip(operands, defaults, strict=True) if text
        }
        self.variadic: bool = bool(stars[0])
        self.absorbing: tuple[str, ...] = tuple(absorbing.split())
        """Operands of which a plain number 0 makes the result constant, as 0 * x is."""
        self.domain: str = domain
        self.needs: str = needs
        """The domain as a sentence for errors, where the condition is hard to read."""
        self.symbol: str = symbol or self.name
        self.written: str = written
        self.about: str = about
        self.note: str = note
        self.example: str = example
        self.aliases: tuple[str, ...] = tuple(aliases.split())
        """Other names of the method: numpy's, where they differ."""
        self.truth: str = truth or (value if isinstance(value, str) else "")
        """The value as the checker computes it in high precision, if the rule itself is tuned to floats."""
        self.singular: tuple[str, ...] = tuple(filter(None, map(str.strip, singular.split(";"))))
        """Expressions that are 0 at kinks, jumps and poles, which most random programs avoid."""
        self.family = family
        """The family of random programs that draws this operation more often: "kinks" or "ill"."""
        self.sample: dict[str, float] = {**self.defaults, **(sample or {})}
        """Operands with a fixed value in random programs."""
        self.functions: dict[str, Callable[..., Any]] = {}
        self.reduced: tuple[Any, ...] | None = None
        """How pickle finds the op again, by name: a function and its arguments."""
        self.value: str = self._text("value", value, operands)
        self.partials: tuple[str, ...] = tuple(
            self._text(f"partial_{name}", rule, operands)
            for name, rule in zip(operands, partials, strict=False)
        )
        self._refuse_nonsense(stars, partials)

    def _text(self, role: str, rule: Rule, operands: tuple[str, ...]) -> str:
        """Return the rule as text; a Python function becomes a call under a name unique to this op."""
        if isinstance(rule, str):
            return rule
        if not callable(rule):
            raise TypeError(
                f"{role} of {self.name} must be an expression as text, or a function, not {quoted(rule)}"
            )
        name = f"{self.name}_{role}"
        self.functions[name] = rule
        code = getattr(rule, "__code__", None)
        wants_out = (
            role != "value"
            and code is not None
            and "out" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        )
        return f"number({name}({', '.join(operands)}{', out=out' if wants_out else ''}))"

    def _refuse_nonsense(self, stars: tuple[str, ...], partials: tuple[Rule, ...]) -> None:
        if len(partials) != len(self.operands):
            many = "operand" if len(self.operands) == 1 else "operands"
            raise TypeError(
                f"{self.name} has {len(self.operands)} {many} ({', '.join(self.operands)}) but "
                f"{len(partials)} partials: give exactly one partial for each operand"
            )
        if len(set(stars)) > 1:
            raise ValueError(f"{self.signature}: make every operand variadic (*xs), or none")
        if "out" in self.operands or len(set(self.operands)) < len(self.operands):
            raise ValueError(f"{self.signature}: operands need different names; 'out' is reserved")
        for rule in (rule for rule in partials if isinstance(rule, str)):
            if re.search(r"[(,]\s*None\s*[,)]", rule):
                raise ValueError(
                    f"{self.name}: None in {quoted(rule)} is not a number; it belongs in a branch of the whole "
                    "rule, such as '1.0 if x > 0 else None'"
                )
        rules = " ".join((self.value, self.domain, *self.partials))
        if keyword.iskeyword(self.name) or not self.name.isidentifier():
            raise ValueError(
                f"{self.signature}: {quoted(self.name)} cannot name a function (a keyword, or no name)"
            )
        for name in self.operands:
            if keyword.iskeyword(name) or name.endswith("_"):
                raise ValueError(
                    f"{self.signature}: {quoted(name)} cannot name an operand (a keyword, or ends in _)"
                )
            if f"{name}(" in rules and re.search(rf"\b{name}\(", rules):
                raise ValueError(
                    f"{self.signature}: {name} is an operand, and a function in the rules: give the operand "
                    "another name"
                )
        without = self.operands[: len(self.operands) - len(self.defaults)]
        if self.defaults and (self.variadic or not self.defaults.keys().isdisjoint(without)):
            raise ValueError(f"{self.signature}: defaults come last, and a variadic operand has none")

    @property
    def elements(self) -> tuple[str, ...]:
        """Return the name of one element of each variadic operand, `x` for `*xs`; else the operands."""
        return tuple(name.removesuffix("s") for name in self.operands) if self.variadic else self.operands

    @property
    def is_method(self) -> bool:
        """Whether it is a method of Value: the first operand is a number, not a sequence or a condition."""
        return not self.variadic and self.operands[0] != "condition"

    @property
    def documentation(self) -> str:
        """Return the docstring: description, rules, domain, example."""
        call, _, result = self.example.partition(" = ")
        shown = f'>>> f"{{{call}:.4f}}"'
        about = f"{self.about[:1].upper()}{self.about[1:]}." if self.about else ""
        lines = [
            about or f"{self.signature}, a declared operation.",
            "",
            f"{'value':<12} {self.value}",
            *(f"{'d/d' + name:<12} {rule}" for name, rule in zip(self.elements, self.partials, strict=True)),
            *([f"{'domain':<12} {self.domain}, a DomainError outside"] if self.domain else []),
            *([f"{'note':<12} {self.note}"] if self.note else []),
            *(["", shown, f"'{float(result):.4f}'"] if call else []),
        ]
        return printable_lines("\n".join(lines))

    def partial_of(self, position: int, count: int) -> str:
        """Return the rule of the operand at a position, among all `count` operands of one node."""
        return self.partials[position * len(self.partials) // count if self.variadic else position]

    def grouped(self, flat: list[Any]) -> list[Any]:
        """Return one item for each operand of the signature: variadic ones as lists.

        >>> Op("dot(*ws, *xs)", "dot(ws, xs)", "x", "w").grouped([1, 2, 3, 4])
        [[1, 2], [3, 4]]
        """
        if not self.variadic:
            return flat
        size = len(flat) // len(self.operands)
        return [flat[k * size : (k + 1) * size] for k in range(len(self.operands))]

    def __reduce__(self) -> tuple[Any, ...]:
        if self.reduced is None:
            raise TypeError(
                f"{quoted(self)} cannot be pickled: declare it with autograd.operation, in a module"
            )
        return self.reduced

    def __deepcopy__(self, _memo: dict[int, Any]) -> Op:
        return self

    def __repr__(self) -> str:
        return f"<op {self.signature} = {self.value}>"
