"""The arguments of a checked function: which of their numbers vary, and their names."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..formulas import literal
from ..nested import children, flatten, is_array, is_foreign_array, is_named_tuple, ordered_like, outline
from ..ops.operands import number
from ..terminal import cut, kind_of, quoted
from ..transforms.argnums import parameters
from ..value import Value

MOST_PASTED = 500
"""Maximum number of numbers in a line to paste."""


class Slot(NamedTuple):
    """One argument whose numbers vary."""

    name: str
    place: int | str
    """The position of the argument, or its keyword."""
    given: Any
    size: int
    build: Callable[[Iterator[Any]], Any]


class Point:
    """The arguments of a function as a flat list of numbers, with a name for each.

    All numbers in positional arguments, and in keyword arguments of floats, vary; integer and bool
    arrays, settings (a text, a bool, None, a function) and other keyword arguments are held constant.

    Raises TypeError for complex numbers and other arguments that are not real numbers, ValueError if
    all arguments are constant.

    >>> point = Point(lambda w, x: 0, ([1.0, 2.0], 3.0), {"axis": 0})
    >>> point.names, point.numbers
    (['w[0]', 'w[1]', 'x'], [1.0, 2.0, 3.0])
    """

    def __init__(self, f: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
        self.library: str | None = next(_libraries([*arguments, *named.values()]), None)
        """The library whose tensors are among the arguments."""
        self.arguments: list[Any] = [_in_numpy(item) for item in arguments]
        self.named: dict[str, Any] = {key: _in_numpy(item) for key, item in named.items()}
        words = parameters(f)
        words += [f"x{k}" for k in range(len(words), len(arguments))]
        self.slots: list[Slot] = []
        self.names: list[str] = []
        self.numbers: list[float] = []
        for k, item in enumerate(self.arguments):
            if not _is_index(item) and not _is_setting(item):
                self._add(words[k], k, item)
        for key, item in self.named.items():
            if not _is_index(item) and _is_of_floats(item):
                self._add(key, key, item)
        settings = [item for item in self.arguments if _is_setting(item)]
        if not self.slots and settings:
            raise TypeError(
                "expected a real number or an array among the arguments, besides the settings that are held "
                f"constant: got {quoted(settings[0])}"
            )
        if not self.slots and (arguments or named):
            raise ValueError(
                "no argument contains floats, and integers are held constant: give floats, such as "
                "x.astype(float)"
            )

    def _add(self, name: str, place: int | str, item: Any) -> None:
        leaves, build = flatten(item)
        for leaf in leaves:
            if isinstance(leaf, complex):
                raise TypeError(
                    f"{name}: expected a real number, got the complex number {quoted(leaf)}: give real and "
                    "imaginary parts as two arguments"
                )
        self.slots.append(Slot(name, place, item, len(leaves), build))
        self.names += names_in(name, item)
        self.numbers += [number(leaf.data if isinstance(leaf, Value) else leaf) for leaf in leaves]

    @property
    def single(self) -> bool:
        """Whether any argument is a float32 array."""
        return any(_is_single(slot.given) for slot in self.slots)

    def parts(self, items: Sequence[Any]) -> list[Any]:
        """Return one item for each slot, with its structure, made of a flat list of numbers or Values."""
        flat = iter(items)
        return [slot.build(flat) for slot in self.slots]

    def holding(self, convert: Callable[[Any], Any]) -> Point:
        """Return a copy with `convert` applied to the arrays that are held constant."""
        moved = {slot.place for slot in self.slots}
        found = copy.copy(self)
        found.arguments = [
            convert(item) if is_array(item) and k not in moved else item
            for k, item in enumerate(self.arguments)
        ]
        found.named = {
            key: convert(item) if is_array(item) and key not in moved else item
            for key, item in self.named.items()
        }
        return found

    def call(self, f: Callable[..., Any], parts: Sequence[Any], **more: Any) -> Any:
        """Return the result of f with `parts` in the slots."""
        arguments, named = list(self.arguments), dict(self.named)
        for slot, part in zip(self.slots, parts, strict=True):
            if isinstance(slot.place, int):
                arguments[slot.place] = part
            else:
                named[slot.place] = part
        return f(*arguments, **named, **more)

    def flat(self, found: Any) -> list[float]:
        """Return a gradient as a flat list of numbers, in the order of `numbers`.

        A gradient is one array for one argument, else a sequence with one for each, or a dict by name.
        Raises ValueError if its structure is not that of the arguments.
        """
        parts = self._by_slot(found)
        numbers: list[float] = []
        for slot, given_back in zip(self.slots, parts, strict=True):
            part = ordered_like(given_back, slot.given)
            if outline(part) != outline(slot.given):
                returned, given = described(part), described(slot.given)
                why = _transposed(part, slot.given)
                raise ValueError(f"gradient returned {returned} for {slot.name}, which is {given}{why}")
            numbers += [number(leaf) for leaf in flatten(part)[0]]
        return numbers

    def _by_slot(self, found: Any) -> list[Any]:
        names = [slot.name for slot in self.slots]
        if len(self.slots) == 1:
            (slot,) = self.slots
            if outline(ordered_like(found, slot.given)) == outline(slot.given) or not isinstance(
                found, list | tuple | dict
            ):
                return [found]
        if isinstance(found, dict):
            if set(found) != set(names):
                raise ValueError(
                    f"gradient must return an item for each of {', '.join(names)}, got "
                    f"{', '.join(map(str, found)) or 'none'}"
                )
            return [found[name] for name in names]
        parts = list(found) if isinstance(found, list | tuple) or (is_array(found) and found.ndim) else [found]
        if len(parts) != len(names):
            raise ValueError(
                f"gradient must return an item for each of the {len(names)} arguments {', '.join(names)}, got "
                f"{len(parts)} {'array' if any(map(is_array, parts)) else 'number'}{'s'[: len(parts) != 1]}"
                f"{self._constants()}"
            )
        return parts

    def _constants(self) -> str:
        """Return how to hold an integer argument constant; "" if no argument is an integer."""
        whole = next((slot for slot in self.slots if isinstance(slot.place, int) and _is_int(slot.given)), None)
        if whole is None:
            return ""
        return (
            f": f is differentiated with respect to an int too; to hold {whole.name} constant pass it by "
            f"keyword, {whole.name}={quoted(whole.given)}"
        )

    def where(self) -> str:
        """Return the point as text: the numbers of a small one, the shapes of a large one."""
        if len(self.numbers) <= 12 and not any(is_array(slot.given) for slot in self.slots):
            return ", ".join(f"{name} = {literal(x)}" for name, x in zip(self.names, self.numbers, strict=True))
        return ", ".join(f"{slot.name} = {_shown(slot.given)}" for slot in self.slots)

    def pasted(self) -> str:
        """Return the arguments as source code; "" if that would be too long."""
        if len(self.numbers) > MOST_PASTED:
            return ""
        words = [source(item) for item in self.arguments]
        return ", ".join([*words, *(f"{key}={source(item)}" for key, item in self.named.items())])


def library(item: Any) -> str | None:
    """Return "torch" or "jax" for a tensor or array of that library, else None.

    >>> library(1.0) is None
    True
    """
    kind = type(item).__module__.split(".")[0]
    return {"torch": "torch", "jax": "jax", "jaxlib": "jax"}.get(kind) if is_foreign_array(item) else None


def _libraries(item: Any) -> Iterator[str]:
    found = library(item)
    if found is not None:
        yield found
    elif not is_array(item) and (inside := children(item)) is not None:
        for each in inside[1]:
            yield from _libraries(each)


def _in_numpy(item: Any) -> Any:
    """Return an argument with its tensors converted to arrays, detached from their library's graph."""
    kind = library(item)
    if kind == "torch":
        item = item.detach().cpu()
        return item.double().numpy() if "float16" in str(item.dtype) else item.numpy()
    if kind == "jax":
        import numpy

        return numpy.array(item)
    found = children(item) if not is_array(item) else None
    if found is None or not any(is_foreign_array(each) for each in found[1]):
        return item
    return found[2]([_in_numpy(each) for each in found[1]])


def _is_setting(item: Any) -> bool:
    """Return whether an argument is not a number: a text, a bool, None, or a function."""
    return (
        item is None or isinstance(item, str | bytes | bool) or (callable(item) and not hasattr(item, "dtype"))
    )


def _is_index(item: Any) -> bool:
    return is_array(item) and item.dtype.kind in "iub"


def _is_int(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool)


def _is_single(item: Any) -> bool:
    if is_array(item):
        return str(item.dtype) == "float32"
    found = children(item)
    return found is not None and any(map(_is_single, found[1]))


def _is_of_floats(item: Any) -> bool:
    if is_array(item):
        return item.dtype.kind in "fcO"
    leaves, _ = flatten(item)
    return bool(leaves) and all(isinstance(leaf, float | complex | Value) for leaf in leaves)


def names_in(word: str, item: Any) -> list[str]:
    """Return a name for every number of an argument, with indices for items of containers and arrays.

    >>> names_in("w", [1.0, {"b": 2.0}])
    ['w[0]', "w[1]['b']"]
    """
    if is_array(item):
        if not item.ndim:
            return [word]
        numpy = sys.modules["numpy"]
        return [f"{word}[{', '.join(map(str, index))}]" for index in numpy.ndindex(*item.shape)]
    if is_foreign_array(item):
        item = item.tolist()
    found = children(item)
    if found is None:
        return [word]
    keys, items, _ = found
    fields = not isinstance(item, dict) and bool(keys) and isinstance(keys[0], str)
    each = [f"{word}.{key}" if fields else f"{word}[{key!r}]" for key in keys]
    return [name for inner, part in zip(each, items, strict=True) for name in names_in(inner, part)]


def described(item: Any) -> str:
    """Describe an array by its shape, a container by its length, and a number by its value.

    >>> described([1.0, 2.0])
    'a list of 2'
    """
    if is_array(item):
        return f"an array of shape {item.shape}" if item.ndim else "a number"
    found = children(item)
    if found is None:
        return f"a number, {item!r}" if isinstance(item, int | float) else repr(item)
    what = kind_of(item)
    return f"a {what} of {len(found[1])}" if outline(item) != [None] else f"a {what} of one number"


def _transposed(part: Any, given: Any) -> str:
    if is_array(part) and is_array(given) and part.ndim > 1 and part.shape == given.shape[::-1]:
        return ": it is transposed"
    return ": a gradient must have the shape of its argument"


def _shown(item: Any) -> str:
    if is_array(item):
        return described(item) if item.size > 6 else str([float(f"{x:.6g}") for x in item.ravel().tolist()])
    return cut(source(item), 80)


def source(item: Any) -> str:
    """Return source code that evaluates to an argument.

    >>> source([1.0, float("inf")])
    "[1.0, float('inf')]"
    """
    if is_array(item):
        dtype = "" if str(item.dtype) == "float64" and item.size else f", dtype={str(item.dtype)!r}"
        text = source(item.tolist())
        return f"numpy.array({text}{dtype})" if item.size else f"numpy.zeros({item.shape}{dtype})"
    if isinstance(item, float):
        return repr(float(item)) if item - item == 0 else f"float({str(float(item))!r})"
    if isinstance(item, Value):
        return f"Value({item.data!r})"
    if isinstance(item, dict):
        return "{" + ", ".join(f"{key!r}: {source(each)}" for key, each in item.items()) + "}"
    if isinstance(item, list):
        return f"[{', '.join(map(source, item))}]"
    if isinstance(item, tuple) and not is_named_tuple(item):
        return f"({', '.join(map(source, item))}{',' if len(item) == 1 else ''})"
    found = children(item)
    if found is not None:
        keys, items, _ = found
        each = ", ".join(f"{key}={source(part)}" for key, part in zip(keys, items, strict=True))
        return f"{kind_of(item)}({each})"
    return repr(item)
