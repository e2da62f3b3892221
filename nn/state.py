"""Parameters as plain numbers by name: read, and written back all at once or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograd import Value
from autograd.nested import as_lists, flatten, mapped
from autograd.terminal import brief, kind_of, listed


class Mismatch(NamedTuple):
    """The names in which a model and a state differ, as PyTorch's `load_state_dict` returns them."""

    missing_keys: list[str]
    """In the model, but not in the state."""
    unexpected_keys: list[str]
    """In the state, but not in the model."""


def read(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of nested lists of Values, by name.

    >>> read({"weight": [[Value(1.0), Value(2.0)]], "bias": [Value(0.5)]})
    {'weight': [[1.0, 2.0]], 'bias': [0.5]}
    """
    return {name: mapped(lambda value: value.data, tree) for name, tree in tensors.items()}


def write(tensors: Mapping[str, Any], state: Mapping[str, Any], strict: bool = True) -> Mismatch:
    """Set the Values from a state: nested lists, or arrays, of the same shapes.

    Raises a ValueError that lists every wrong shape and, if `strict`, every missing and unexpected
    name; a TypeError for an entry that is not a number. After an error no Value has changed.

    >>> bias = Value(0.0)
    >>> write({"bias": [bias]}, {"bias": [0.5], "scale": 2.0}, strict=False)
    Mismatch(missing_keys=[], unexpected_keys=['scale'])
    >>> bias.data
    0.5
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"a state must be a dict from names to numbers, not {kind_of(state)}")
    mismatch = Mismatch([n for n in tensors if n not in state], [str(n) for n in state if n not in tensors])
    given = {name: as_lists(state[name]) for name in tensors if name in state}
    problems = _wrong_names(mismatch) if strict else []
    problems += [
        f"{brief(name)} has the shape {shape(given[name])}, but the model's is {shape(tensors[name])}"
        for name in given
        if shape(given[name]) != shape(tensors[name])
    ]
    if problems:
        raise ValueError(f"this state does not fit the model, which is unchanged: {_some(problems)}")
    pairs = [
        (value, _number(number, name))
        for name in given
        for value, number in zip(flatten(tensors[name])[0], flatten(given[name])[0], strict=True)
    ]
    for value, number in pairs:
        value.data = number
    return mismatch


def shape(tree: Any) -> list[int] | str:
    """Return the shape of nested lists, or "uneven" where lengths on one level differ.

    >>> shape([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), shape([[1.0], 2.0]), shape(1.0)
    ([3, 2], 'uneven', [])
    """
    if not isinstance(tree, list | tuple):
        return []
    inner = [shape(item) for item in tree]
    if "uneven" in inner or any(each != inner[0] for each in inner):
        return "uneven"
    return [len(tree), *(inner[0] if inner else [])]


def _some(problems: list[str]) -> str:
    more = f"; and {len(problems) - 10:,} more" if len(problems) > 10 else ""
    return "; ".join(problems[:10]) + more


def _wrong_names(mismatch: Mismatch) -> list[str]:
    kinds = zip(("missing", "unexpected"), mismatch, strict=True)
    return [f"{kind}: {listed(names)}" for kind, names in kinds if names]


def _number(number: Any, name: str) -> float:
    try:
        return Value(number).data
    except TypeError as error:
        raise TypeError(f"{brief(name)}: {error}") from error
