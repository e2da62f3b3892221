"""Argument checks shared by the package: random number generators, names, synonyms of keywords."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import wraps
from numbers import Real
from types import CodeType
from typing import Any, ParamSpec, SupportsIndex, TypeVar

from autograd.terminal import kind_of, quoted

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

RNG = random.Random | int | None
"""A random number generator, a seed, or None for a newly seeded generator."""

MOST = 10_000_000
"""The most weights of a layer, and points of a generated data set: they take some gigabytes of memory."""


def generator(rng: Any = None) -> random.Random:
    """Return a random number generator: the given one, one made from a seed, or a new one for None.

    A new one is seeded from Python's own generator, so that a program is repeatable after `random.seed(0)`.
    A numpy generator provides a seed. Raises TypeError for anything else.

    >>> generator(3).random() == random.Random(3).random()
    True
    """
    if isinstance(rng, random.Random):
        return rng
    if rng is None:
        return random.Random(random.getrandbits(64))
    if not isinstance(rng, bool):
        if isinstance(rng, SupportsIndex):
            return random.Random(rng.__index__())
        if callable(draw := getattr(rng, "integers", getattr(rng, "randint", None))):
            return random.Random(int(draw(2**31)))
    raise TypeError(
        f"rng must be a random.Random, a seed (an int), or None for a new generator, got "
        f"{quoted(rng)} of type {kind_of(rng)}"
    )


def whole(what: str, word: str, given: Any) -> int:
    """Return a number of things, such as the inputs of a neuron, which must be an int of 1 or more.

    Raises TypeError for another type and ValueError for a smaller number, or one above 10 million.

    >>> whole("a neuron", "input", "2")
    Traceback (most recent call last):
    ...
    TypeError: a neuron takes a whole number of inputs, got '2' of type str
    """
    if isinstance(given, bool) or not isinstance(given, SupportsIndex):
        raise TypeError(f"{what} takes a whole number of {word}s, got {quoted(given)} of type {kind_of(given)}")
    count: int = given.__index__()
    if count < 1:
        raise ValueError(f"{what} needs at least 1 {word}, got {count}")
    if count > MOST:
        raise ValueError(f"{what} takes at most {MOST:,} {word}s, got {quoted(count)}")
    return count


def real(name: str, given: Any) -> Any:
    """Return a setting that must be a number, such as a learning rate. Raises TypeError for anything else.

    >>> real("lr", "0.1")
    Traceback (most recent call last):
    ...
    TypeError: lr must be a number, got '0.1' of type str
    """
    if isinstance(given, bool) or not isinstance(given, Real):
        raise TypeError(f"{name} must be a number, got {quoted(given)} of type {kind_of(given)}")
    return given


def several(name: str, given: Any, kind: str) -> None:
    """Raise TypeError unless an argument is a list, a tuple or an array.

    >>> several("widths", 4, "the neurons of each layer, such as [4, 1]")
    Traceback (most recent call last):
    ...
    TypeError: widths must be a list, the neurons of each layer, such as [4, 1], got 4 of type int
    """
    if not isinstance(given, Sized) or isinstance(given, str | dict):
        raise TypeError(f"{name} must be a list, {kind}, got {quoted(given)} of type {kind_of(given)}")


def check_width(inputs: Any, expected: int, what: str) -> None:
    """Raise ValueError unless there are `expected` inputs, and TypeError if they are not a list.

    >>> check_width([1.0, 2.0], 3, "neuron")
    Traceback (most recent call last):
    ...
    ValueError: this neuron takes 3 inputs, but was given 2
    """
    try:
        given = len(inputs)
    except TypeError:
        raise TypeError(f"this {what} takes a list of {expected} numbers, not {quoted(inputs)}") from None
    if given != expected:
        refuse_batch(inputs, what)
        raise ValueError(f"this {what} takes {expected} inputs, but was given {given}")


def refuse_batch(inputs: Any, what: str) -> None:
    """Raise TypeError if the inputs are a batch: several examples, each a list of numbers.

    >>> refuse_batch([[1.0, 2.0], [3.0, 4.0]], "layer")
    Traceback (most recent call last):
    ...
    TypeError: this layer takes one example at a time, got 2: for a batch X use [model(x) for x in X]
    """
    if len(inputs) and isinstance(inputs[0], Sized) and not isinstance(inputs[0], str):
        raise TypeError(
            f"this {what} takes one example at a time, got {len(inputs)}: for a batch X use "
            "[model(x) for x in X]"
        )


def by_name(
    kind: str,
    name: Any,
    known: Mapping[str, T],
    synonyms: Mapping[str, str] | None = None,
    advice: Mapping[str, str] | None = None,
    usual: Iterable[str] | None = None,
) -> T:
    """Look up something by its name, in any spelling: "ReLU", "leaky-relu" and "MSELoss" are found.

    `synonyms` maps names of other libraries (lower case, letters and digits only) to ours, and `advice`
    maps names without an exact equivalent to a hint. Raises ValueError for an unknown name, with
    the nearest one and the `usual` names, by default all, and TypeError for an argument that is not a str.

    >>> by_name("activation", "ReLU", {"relu": 1, "tanh": 2})
    1
    >>> by_name("activation", "tahn", {"relu": 1, "tanh": 2})
    Traceback (most recent call last):
    ...
    ValueError: no activation is called 'tahn'. Did you mean 'tanh'? There are relu, tanh
    """
    if not isinstance(name, str):
        raise TypeError(f"the {kind} must be a name or a function, got {quoted(name)} of type {kind_of(name)}")
    plain = {**(synonyms or {}), **{_plain(word): word for word in known}}
    ours = name if name in known else plain.get(_plain(name), "")
    if ours:
        return known[ours]
    from autograd.guidance.advice import nearest

    near = [plain[word] for word in nearest(_plain(name), plain)]
    hint = (advice or {}).get(_plain(name), f"Did you mean {near[0]!r}? " if near else "")
    raise ValueError(f"no {kind} is called {quoted(name)}. {hint}There are {', '.join(usual or known)}")


def _plain(word: str) -> str:
    """Return the letters and digits in lower case, without a trailing "loss"."""
    return "".join(filter(str.isalnum, word.lower())).removesuffix("loss")


def also_called(**aliases: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function accept keywords that other libraries use for its parameters.

    An unknown keyword raises TypeError with the nearest name; so does a parameter given under both names.

    >>> @also_called(learning_rate="lr")
    ... def descend(lr=0.1): return lr
    >>> descend(learning_rate=0.5)
    0.5
    >>> descend(lrr=0.5)
    Traceback (most recent call last):
    ...
    TypeError: descend() has no parameter 'lrr'. Did you mean 'lr'?
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        code: CodeType = function.__code__
        parameters = dict.fromkeys(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        named = function.__qualname__.removesuffix(".__init__")

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            if not kwargs.keys() <= parameters.keys():
                for word in [word for word in kwargs if word not in parameters]:
                    ours = aliases.get(word)
                    if ours is None:
                        from autograd.guidance.advice import nearest

                        near = nearest(word, [*parameters, *aliases])
                        hint = f" Did you mean {aliases.get(near[0], near[0])!r}?" if near else ""
                        raise TypeError(f"{named}() has no parameter {quoted(word)}.{hint}")
                    if ours in kwargs:
                        raise TypeError(
                            f"{named}(): {word} and {ours} are the same parameter; give one of them"
                        )
                    kwargs[ours] = kwargs.pop(word)
            return function(*args, **kwargs)

        return called

    return decorate
