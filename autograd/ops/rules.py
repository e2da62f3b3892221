"""Compile the text of a rule to a Python function, in any algebra."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType, FunctionType
from typing import Any
from zlib import crc32

from .op import Op
from .operands import EDGES, number
from .primitives import IEEE
from .table import TABLE

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def names_in(text: str) -> set[str]:
    """Return every name in a rule, operands and functions alike."""
    return set(_NAME.findall(text))


GENERATED = "<autograd "
"""The prefix of the filename of every generated source."""


def filename_of(name: str, source: str) -> str:
    """Return a filename for generated source, under which a traceback, a debugger and inspect find it.

    Two sources never share a filename, so that each line shown belongs to the function that ran.

    >>> import linecache
    >>> linecache.getline(filename_of("twice", "def twice(x): return 2 * x"), 1)
    'def twice(x): return 2 * x\\n'
    """
    lines = [f"{line}\n" for line in source.splitlines()]
    checksum = crc32(source.encode())
    while True:
        filename = f"{GENERATED}{name} {checksum:08x}>"
        if linecache.getlines(filename) in ([], lines):
            linecache.cache[filename] = (len(source), None, lines, filename)
            return filename
        checksum += 1


def define(name: str, source: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """Compile the source of one function, which a traceback or debugger can show."""
    exec(compile(source, filename_of(name, source), "exec"), namespace)  # from the table, never from data
    function: Callable[..., Any] = namespace[name]
    return function


def define_later(
    name: str, parameters: tuple[str, ...], source: str, namespace: dict[str, Any]
) -> Callable[..., Any]:
    """Return the function that `define` would, without compiling it: its first call does.

    Compiling all functions of the table would take as long as the rest of the import. What can be seen
    of the function before its first call, its signature and its source, is already that of the whole.
    """
    key = filename_of(name, source)
    stub = _stub(parameters)
    constants = tuple(key if constant == _KEY else constant for constant in stub.co_consts)
    code = stub.replace(co_filename=key, co_consts=constants)
    namespace["ready"] = ready
    function = FunctionType(code, namespace, name)
    function.__qualname__ = name
    _WAITING[key] = function, source
    return function


_WAITING: dict[str, tuple[FunctionType, str]] = {}
"""By filename: the functions that have not been called, or that another thread is just calling."""
_KEY = "the filename"


@cache
def _stub(parameters: tuple[str, ...]) -> CodeType:
    """Return the code of a function of these parameters until its first call."""
    names = ", ".join(parameters)
    source = f"def first_call({names}): return ready({_KEY!r})({names})"
    module = compile(source, f"{GENERATED}first call>", "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))


def ready(key: str) -> FunctionType:
    """Compile the function with that filename; two threads that come at once do it twice, to no harm."""
    function, source = _WAITING[key]
    module = compile(source, key, "exec")
    function.__code__ = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    return function


def composed(
    names: set[str], algebra: Mapping[str, Any], read: Callable[[str], str] = str, inside: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the operations among some names that an algebra does not have, such as `sigmoid`.

    Each is a function made of its own value rule, which `read` turns into Python over that algebra.
    Raises NameError for an operation that is computed from nothing but itself.
    """
    found: dict[str, Any] = {}
    for name in sorted(names - algebra.keys() & TABLE.keys()):
        if name in inside:
            raise NameError(
                f"{name} is computed from itself: it needs a row in ops/primitives.py, or another rule"
            )
        op = TABLE[name]
        source = f"def {name}({', '.join(op.operands)}): return {read(op.value)}"
        used = names_in(op.value) - {*op.operands}
        found[name] = define_later(
            name, op.operands, source, {**algebra, **composed(used, algebra, read, (*inside, name))}
        )
        found[name].__defaults__ = tuple(op.defaults.values())
    return found


def composed_in(op: Op, algebra: dict[str, Any], read: Callable[[str], str] = str) -> dict[str, Any]:
    """Return the composite operations that an op's rules use, such as `sigmoid` in softplus."""
    names = names_in(" ".join((op.value, *op.partials, op.domain)))
    return composed(names - {*op.operands, *op.functions}, algebra, read)


def common_parts(rule: str, sequences: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return a rule of a variadic operand with the parts common to all elements as names, and those parts.

    They are functions of whole sequences, and of lists with an item for each element.

    >>> common_parts("exp(x - out) / total([exp(x - out) for x in xs])", ("xs",))
    ('exp(x - out) / shared0', {'shared0': 'total([exp(x - out) for x in xs])'})
    >>> common_parts("2.0 * (x - mean(xs)) / len(xs)", ("xs",))
    ('2.0 * (x - shared0) / len(xs)', {'shared0': 'mean(xs)'})
    """
    found: dict[str, str] = {}
    for pattern in (_of_whole(sequences), _OF_ALL):
        for text in dict.fromkeys(pattern.findall(rule)):
            name = f"shared{len(found)}"
            found[name], rule = text, rule.replace(text, name)
    return rule, found


_OF_ALL = re.compile(r"\w+\(\[[^\[\]]* for (?:\w+ in \w+|[\w, ]+ in zip\([\w, ]+\))\]\)")


@cache
def _of_whole(sequences: tuple[str, ...]) -> re.Pattern[str]:
    each = f"(?:{'|'.join(sequences)})"
    return re.compile(rf"\b(?!len\b|zip\b)\w+\({each}(?:, {each})*\)")


def partials_source(op: Op, edges: Mapping[str, str], read: Callable[[str], str] = str) -> str:
    """Return the tuple of an op's partials, as source; None where there is no edge.

    There is no edge to an operand that is a plain number, to one that was not selected, and beside
    a plain number 0 that makes the result constant.

    `edges` maps each operand to the condition under which it is a node, as source, which may be "True"
    or "False"; a variadic operand to the name of a list with one truth value for each element. `read`
    turns a rule into the Python of the algebra that the source is for.

    >>> from autograd.ops.table import TABLE
    >>> partials_source(TABLE["mul"], {"x": "True", "y": "y_ is not y"})
    '(((y) if (y_ is not y or y) else (y) or None), (x) if y_ is not y else None, )'
    >>> partials_source(TABLE["mul"], {"x": "True", "y": "False"})
    '(((y) if y else (y) or None), None, )'
    """
    if op.variadic:
        return f"({''.join(_group_source(op, position, edges, read) for position in range(len(op.operands)))})"
    items = (
        _flow(op, name, rule, edges) for name, rule in zip(op.operands, map(read, op.partials), strict=True)
    )
    return f"({''.join(f'{item}, ' for item in items)})"


def _flow(op: Op, name: str, rule: str, edges: Mapping[str, str]) -> str:
    """Return a partial as source: None without an edge, or where a plain number 0 makes the result constant."""
    if edges[name] == "False":
        return "None"
    condition = "" if edges[name] == "True" else f" if {edges[name]} else None"
    plain = [other for other in op.absorbing if other != name and edges[other] != "True"]
    if not plain:
        return f"({rule}){condition}"
    varies = " and ".join(
        other if edges[other] == "False" else f"({edges[other]} or {other})" for other in plain
    )
    return f"(({rule}) if {varies} else ({rule}) or None){condition}"


def _group_source(op: Op, position: int, edges: Mapping[str, str], read: Callable[[str], str]) -> str:
    """Return the partials of one variadic operand as source: its rule, once for each element."""
    rule, common = common_parts(read(op.partials[position]), op.operands)
    sequence = op.operands[position]
    used = names_in(rule)
    targets, sources = list(op.elements), list(op.operands)
    if used & {"before", "after"}:
        targets.append("(before, after)")
        sources.append(f"products_around({sequence})")
    if rule in op.elements:
        every = op.operands[op.elements.index(rule)]
    elif not common and used.isdisjoint([*op.elements, "before", "after"]):
        every = f"[{rule}] * len({sequence})"
    else:
        once = "".join(f"for {name} in ({text},) " for name, text in common.items())
        every = f"[{rule} {once}for {', '.join(targets)}, in zip({', '.join(sources)})]"
    return f"*masked({every}, {_flowing(op, position, edges)}), "


def _flowing(op: Op, position: int, edges: Mapping[str, str]) -> str:
    """Return as source which elements of one variadic operand have an edge."""
    sequence = op.operands[position]
    other = op.operands[1 - position] if len(op.operands) == 2 else sequence
    if other not in op.absorbing or edges[other] == "None":
        return edges[sequence]
    name = "beside" if other != sequence else "among"
    return f"{name}({edges[sequence]}, {other}, {edges[other]})"


@cache
def ieee_functions(op: Op) -> tuple[Callable[..., Any], ...]:
    """Return domain, value and partials of an op as functions of floats that never raise."""
    from .language import on_floats  # parses: where a rule meets an exceptional number, not at import

    edges = dict.fromkeys(op.operands, "None" if op.variadic else "True")
    texts = [on_floats(op.domain or "True"), on_floats(op.value), partials_source(op, edges, on_floats)]
    heads = [*["".join(f"{name}, " for name in op.operands)] * 2, f"{', '.join(op.operands)}, *, out"]
    namespace = IEEE | EDGES | {"number": number} | composed_in(op, IEEE, on_floats) | op.functions
    return tuple(
        define(f"ieee_{op.name}_{k}", f"def ieee_{op.name}_{k}({head}): return {text}", namespace)
        for k, (head, text) in enumerate(zip(heads, texts, strict=True))
    )


def over_nodes(rule: str) -> str:
    """Return a rule to be read over Values or power series, of which `==` compares identities.

    >>> over_nodes("x ** 2 if x == y else None")
    'pow(x, 2) if x <= y <= x else None'
    """
    if not any(sign in rule for sign in ("==", "!=", "**")):
        return rule
    from .language import OverNodes, simplified  # parse, which takes time to import

    return simplified(OverNodes().written(rule))
