"""What is demanded of arguments everywhere: a generator is a generator, an input a list."""

from __future__ import annotations

import random
from typing import Any


def generator(rng: Any) -> random.Random:
    """The generator that was given; a TypeError for anything else, such as a seed.

    >>> generator(3)
    Traceback (most recent call last):
    ...
    TypeError: rng is a generator of random numbers, such as random.Random(3), not 3
    """
    if not isinstance(rng, random.Random):
        seed = rng if isinstance(rng, int) else 0
        raise TypeError(f"rng is a generator of random numbers, such as random.Random({seed}), not {rng!r}")
    return rng


def width(inputs: Any, wanted: int, what: str) -> None:
    """Refuse inputs that are not so many: a ValueError, or a TypeError where they are no list.

    >>> width([1.0, 2.0], 3, "neuron")
    Traceback (most recent call last):
    ...
    ValueError: this neuron takes 3 inputs, but was given 2
    """
    try:
        given = len(inputs)
    except TypeError:
        raise TypeError(f"this {what} takes a list of {wanted} numbers, not {inputs!r}") from None
    if given != wanted:
        raise ValueError(f"this {what} takes {wanted} inputs, but was given {given}")
