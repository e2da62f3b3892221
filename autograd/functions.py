"""The table's operations as functions, and as methods of Value, all generated from their entries.

Editors and type checkers read functions.pyi, which `python -m tests.ops.write_stub` writes from the
same table.
"""

from __future__ import annotations

import builtins
from typing import Any

from .ops.table import TABLE
from .recording import RECORDED, recorder
from .terminal import quoted

OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floordiv", "mod": "mod",
    "pow": "pow", "neg": "neg", "pos": "pos", "abs": "abs",
}  # fmt: skip
"""Python's operators, by the names of their methods without underscores, and their operations."""


class Operations:
    """The operators and methods of Value, named as the functions are and as numpy calls them."""

    __slots__ = ()

    def __radd__(self, other: Any) -> Any:
        # Python's sum() starts from the integer 0, which should not add a node.
        return self if other.__class__ is int and other == 0 else _add_reflected(self, other)


_add_reflected = recorder(TABLE["add"], operator=True, reflected=True)
for _python, _name in OPERATORS.items():
    setattr(Operations, f"__{_python}__", recorder(TABLE[_name], operator=True))
    if len(TABLE[_name].operands) == 2 and _name != "add":
        setattr(Operations, f"__r{_python}__", recorder(TABLE[_name], operator=True, reflected=True))

for _name, _op in TABLE.items():
    _function = RECORDED[_name]
    _function.__doc__, _function.__module__ = _op.documentation, __name__
    if not hasattr(builtins, _name):  # inside this module it would hide Python's own from the examples
        globals()[_name] = _function
    for _method in (_name, *_op.aliases) if _op.is_method else ():
        setattr(Operations, _method, _function)


def __getattr__(name: str) -> Any:
    """Return `abs`, `pow` or `round`, for an import by name."""
    if name in RECORDED:
        return RECORDED[name]
    raise AttributeError(f"module {quoted(__name__)} has no attribute {quoted(name)}")


# Without abs, pow and round: a star import should not hide Python's own.
__all__ = [name for name in TABLE if not hasattr(builtins, name)]
