"""A line of code that repeats a check, to paste where the function is defined or can be imported."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .point import Point


def pasted(f: Callable[..., Any], point: Point, options: Mapping[str, Any]) -> str:
    """Return the line, imports and the call; "" if the point has too many numbers for one line.

    A function that cannot be imported, such as a nested one, is written by its name alone.

    >>> import math
    >>> pasted(math.sin, Point(math.sin, [0.5], {}), {"order": 1})
    'from autograd.checking import check_gradients; from math import sin; check_gradients(sin, 0.5, order=1)'
    """
    arguments = point.pasted()
    if not arguments and point.slots:
        return ""
    imports = ["from autograd.checking import check_gradients"]
    words = [_word(f, "f", imports), arguments]
    for name, option in options.items():
        words.append(f"{name}={_word(option, name, imports) if callable(option) else repr(option)}")
    if "numpy." in arguments:
        imports.append("import numpy")
    if "Value(" in arguments:
        imports.append("from autograd import Value")
    return f"{'; '.join(dict.fromkeys(imports))}; check_gradients({', '.join(filter(None, words))})"


def _word(f: Any, fallback: str, imports: list[str]) -> str:
    """Return the name of a function and import it, or the source of a lambda, or else `fallback`."""
    name, module = getattr(f, "__qualname__", ""), getattr(f, "__module__", None)
    if module and _is_short(name):
        if module not in ("__main__", "builtins"):
            imports.append(f"from {module} import {name}")
        return str(name)
    if name.endswith("<lambda>") and isinstance(f, FunctionType) and not f.__code__.co_freevars:
        source = _source(f)
        needed = _imports(f, source) if source else None
        if needed is not None:
            imports += needed
            return source
    last = str(name).rpartition(".")[2]
    return last if _is_short(last) else fallback


def _is_short(name: str) -> bool:
    """Return whether a name can be written in a line: code that makes functions can give them any name."""
    return name.isidentifier() and len(name) < 200


def _source(f: FunctionType) -> str:
    """Return the source of a lambda; "" if it cannot be distinguished from others in its line."""
    try:
        tree = ast.parse("".join(inspect.findsource(f)[0]))
    except (OSError, TypeError, SyntaxError):
        return ""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and n.lineno == f.__code__.co_firstlineno]
    texts = {ast.unparse(node) for node in found if _like(node, f.__code__)}
    return texts.pop() if len(texts) == 1 else ""


def _like(node: ast.Lambda, code: CodeType) -> bool:
    """Return whether a lambda has the same names and constants as a code object."""
    (own,) = (c for c in compile(ast.unparse(node), "", "eval").co_consts if isinstance(c, CodeType))
    return _signature(own) == _signature(code)


def _signature(code: CodeType) -> tuple[Any, ...]:
    constants = [item for item in code.co_consts if not isinstance(item, CodeType)]
    return code.co_names, code.co_varnames, constants


def _imports(f: FunctionType, source: str) -> list[str] | None:
    """Return the imports for the names that a lambda uses; None if one of them cannot be imported."""
    found = []
    names = [node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    for name in names:
        item = f.__globals__.get(name)
        if isinstance(item, ModuleType):
            as_ = "" if item.__name__ == name else f" as {name}"
            found.append(f"import {item.__name__}{as_}")
        elif name in f.__globals__:
            module = getattr(item, "__module__", None)
            if getattr(item, "__qualname__", None) != name or module in (None, "__main__"):
                return None
            found.append(f"from {module} import {name}")
    return found
