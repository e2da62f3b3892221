"""Initial weights, drawn from an explicit generator so that a run can be repeated."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from .argument_checks import by_name

Initialiser = Callable[[random.Random, int, int], float]
"""A function of a generator and a layer's numbers of inputs and outputs that returns one weight."""


def uniform(rng: random.Random, inputs: int, outputs: int) -> float:
    """Draw a weight between -1 / sqrt(inputs) and 1 / sqrt(inputs), as PyTorch's linear layers start.

    >>> -0.5 <= uniform(random.Random(0), 4, 1) <= 0.5
    True
    """
    bound = 1 / math.sqrt(inputs)
    return rng.uniform(-bound, bound)


def xavier(rng: random.Random, inputs: int, outputs: int) -> float:
    """Draw a weight that keeps the variance of tanh layers: uniform up to sqrt(6 / (inputs + outputs)).

    X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010.

    >>> abs(xavier(random.Random(0), 3, 3)) <= 1.0
    True
    """
    bound = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-bound, bound)


def he(rng: random.Random, inputs: int, outputs: int) -> float:
    """Draw a weight that keeps the variance of relu layers: normal, standard deviation sqrt(2 / inputs).

    K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, ICCV 2015.

    >>> round(he(random.Random(0), 2, 1), 4)
    0.9417
    """
    return rng.gauss(0.0, math.sqrt(2 / inputs))


INITIALISERS: dict[str, Initialiser] = {"uniform": uniform, "xavier": xavier, "he": he}


def initialiser(name_or_function: str | Initialiser) -> Initialiser:
    """Return an initialiser by its name, or the function itself; raise ValueError for an unknown name.

    >>> initialiser("he") is he
    True
    """
    if callable(name_or_function):
        return name_or_function
    return by_name("initialiser", name_or_function, INITIALISERS, _SYNONYMS)


_SYNONYMS = {"glorot": "xavier", "xavieruniform": "xavier", "glorotuniform": "xavier"}
_SYNONYMS |= {"kaiming": "he", "kaimingnormal": "he", "henormal": "he"}
