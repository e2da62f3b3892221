"""The derivatives with respect to all leaves in one pass, in high precision, to compare gradients with."""

from __future__ import annotations

import random
from typing import NamedTuple

from .differences import LEVELS, plain_derivative
from .precise import MP, Precise, digits, exactly, real
from .record import Record
from .rounding import partials


class Sweep(NamedTuple):
    """The results of one pass over a graph, for each leaf in the order of `record.leaves`."""

    truths: list[Precise]
    """The derivatives."""
    sizes: list[float]
    """For each derivative, a sum of terms, the sum of their absolute values."""


def sweep(record: Record) -> Sweep | None:
    """Return the derivatives with respect to all leaves; None if one does not exist, as at a kink.

    The partials of the operations are computed from differences in high precision, not from rules, and
    the nodes are ordered independently of the engine. The result is None unless the directional
    derivative in a random direction equals the difference quotient of the whole program.

    >>> from autograd import Value
    >>> x, y = Value(3.0), Value(5.0)
    >>> found = sweep(Record(x * y - x))
    >>> list(map(float, found.truths)), found.sizes
    ([4.0, 3.0], [6.0, 3.0])
    """
    if "sweep" not in record.found:
        try:
            record.found["sweep"] = _swept(record)
        except (ArithmeticError, ValueError, TypeError):  # outside a domain, or a function that needs floats
            record.found["sweep"] = None
    return record.found["sweep"]  # type: ignore[no-any-return]


def _swept(record: Record) -> Sweep | None:
    count = len(record.nodes)
    with digits(LEVELS[0]):
        known = partials(record, LEVELS[0])
        arrived, sizes = [MP.zero] * count, [MP.zero] * count
        arrived[-1] = sizes[-1] = MP.one
        for n in range(count - 1, -1, -1):
            if sizes[n]:
                for j, item in enumerate(record.operands[n]):
                    if item.__class__ is int:
                        partial = known[n, j]
                        arrived[item] += arrived[n] * partial
                        sizes[item] += sizes[n] * abs(partial)
        found = Sweep([arrived[k] for k in record.leaves], [float(sizes[k]) for k in record.leaves])
    return found if _agrees_with_program(record, found) else None


def _agrees_with_program(record: Record, found: Sweep) -> bool:
    rng = random.Random(len(record.nodes))
    direction = {
        leaf: rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0) * (abs(record.nodes[leaf].data) or 1.0)
        for leaf in record.leaves
    }
    with digits(LEVELS[1]):
        here = real(lambda: record.base()[-1])
    if here is None:
        return False
    derivative = plain_derivative(record.along(direction), 0.0, here, (record.size,))
    if derivative is None:
        return False
    with digits(LEVELS[0]):
        terms = [t * exactly(speed) for t, speed in zip(found.truths, direction.values(), strict=True)]
        return bool(abs(MP.fsum(terms) - derivative) <= 1e-18 * MP.fsum(map(abs, terms)))
