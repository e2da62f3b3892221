"""Write autograd/functions.pyi, the table's signatures for editors and type checkers.

Run it after a change of the table: `python -m tests.ops.write_stub`.
"""

from __future__ import annotations

from pathlib import Path

import autograd
from autograd import functions
from autograd.functions import OPERATORS
from autograd.ops.op import Op
from autograd.ops.table import TABLE

STUB = Path(autograd.__file__).with_name("functions.pyi")
_HEAD = '''# ruff: noqa
"""The table's operations as functions, and as methods of Value.

Written from the table by `python -m tests.ops.write_stub`; a test compares.
"""

from collections.abc import Iterable
from typing import Any, Protocol, overload

from .value import Value

Operand = float | Value

class Array(Protocol):
    """A numpy array: the operation is applied to each of its numbers."""

    @property
    def ndim(self) -> int: ...

OPERATORS: dict[str, str]
'''


def stub() -> str:
    """Return the text of the whole stub."""
    listed = "".join(f"    {name!r},\n" for name in functions.__all__).replace("'", '"')
    parts = [f"{_HEAD}__all__ = [\n{listed}]\n", _methods()]
    return "\n".join([*parts, "".join(map(_function, TABLE.values()))])


def _parameter(op: Op, name: str, kind: str, optional: bool = True) -> str:
    return f"{name}: {kind}" + (f" = {op.defaults[name]}" if optional and name in op.defaults else "")


def _signatures(op: Op) -> list[str]:
    """Return the overloads: with a Value among the operands the result is a Value, else a float."""
    value, number, operand = ("Iterable[Value]", "Iterable[float]", "Iterable[Operand]") if op.variadic else (
        "Value", "float", "Operand",
    )  # fmt: skip
    found = []
    for k, name in enumerate(op.operands):
        before = [_parameter(op, each, number, optional=False) for each in op.operands[:k]]
        after = [_parameter(op, each, operand) for each in op.operands[k + 1 :]]
        found.append(f"({', '.join([*before, f'{name}: {value}', *after])}) -> Value")
    found.append(f"({', '.join(_parameter(op, name, number) for name in op.operands)}) -> float")
    if op.variadic:  # Values and numbers may be mixed
        found.append(f"({', '.join(_parameter(op, name, operand) for name in op.operands)}) -> Value | Any")
    else:
        found.append(f"({', '.join(_parameter(op, name, 'Operand | Array') for name in op.operands)}) -> Any")
    return found


def _documented(op: Op, indent: str) -> str:
    lines = op.documentation.splitlines()
    body = "\n".join(f"{indent}{line}".rstrip() for line in lines[1:])
    return f'{indent}"""{lines[0]}\n{body}\n{indent}"""\n'


def _function(op: Op) -> str:
    """Return a function's overloads; the first has the docstring."""
    first, *rest = _signatures(op)
    text = f"@overload\ndef {op.name}{first}:\n{_documented(op, '    ')}\n"
    return text + "".join(f"@overload\ndef {op.name}{each}: ...\n" for each in rest)


def _methods() -> str:
    lines = ["class Operations:", '    """The operators and methods of Value."""', "", "    __slots__ = ()"]
    for python, name in OPERATORS.items():
        two = len(TABLE[name].operands) == 2
        lines.append(f"    def __{python}__(self{', other: Operand, /' if two else ''}) -> Value: ...")
        if two:
            lines.append(f"    def __r{python}__(self, other: Operand, /) -> Value: ...")
    for name, op in TABLE.items():
        if op.is_method:
            others = "".join(f", {_parameter(op, each, 'Operand')}" for each in op.operands[1:])
            about = op.documentation.splitlines()[0]
            lines.append(f'    def {name}(self{others}) -> Value:\n        """{about}"""')
            lines += [f'    def {alias}(self{others}) -> Value:\n        """{about}"""' for alias in op.aliases]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
    print(f"{STUB}: {len(TABLE)} operations")
