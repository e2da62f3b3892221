"""Random programs through the engine backwards and forwards and through compiled code, which have to agree.

The checker compares the engine with mathematics, one operation at a time. Here it is the engine and the
compiler that are compared, on what straight-line programs at ordinary points do not have: long sums
that repeat and share their terms, masks in front of singular functions, infinities, captured state.
"""

from __future__ import annotations

import math
import random
from types import SimpleNamespace

from autograd import TABLE, Value, compile, grad
from autograd.checking.cases.generation import from_generator, generate
from autograd.checking.cases.program import Line, Program
from autograd.checking.evidence.findings import RIGHT, UNDECIDED, WRONG
from autograd.compiling.run import kernel
from autograd.differentiation import push_forward
from autograd.graph import topological_order
from autograd.modes import ieee_arithmetic
from autograd.recording import function_of

FAMILIES = ("sums", "masks", "infinite", "state")
"""Long sums; masks in front of singular functions; infinities and other extremes; captured state."""
STRAIGHT = 40
"""One in this many programs is compiled to straight-line code, which takes a second, the others to a tape."""
_ROWS = 11
"""Maximum number of rows of a batch: more than a SIMD register has, and not a multiple of it."""

_UNARY = "square tanh sin relu abs neg sigmoid softplus exp atan".split()
_BOUNDED = "tanh sin sigmoid softplus atan neg".split()
_SINGULAR = "sqrt cbrt log log2 log10 log1p acosh asin acos atanh reciprocal exp exp2 cosh tan".split()
_INEXACT = frozenset(_UNARY) - {"relu", "abs", "neg"} | {"expm1", "div", "mul", "pow", "total", "mean", "cosh"}
_EXTREMES = (0.0, -0.0, math.inf, -math.inf, 1e308, -1e308, 5e-324, 1.0, -1.0, 0.5, 750.0, -750.0)
_MASKED = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


def program(rng: random.Random, family: str) -> Program:
    """Return a random program of a family, determined by the generator."""
    if family == "infinite":
        return _extreme(rng)
    small = generate(from_generator(rng), max_operations=5, family=rng.choice(["tame", "kinks"]))
    if family == "masks":
        return _masked(rng, small)
    return _summed(rng, small) if family == "sums" else small


class _Writer:
    """Appends lines to a program."""

    def __init__(self, rng, inputs, lines=()):
        self.rng, self.inputs, self.lines = rng, tuple(inputs), list(lines)

    @property
    def count(self):
        return len(self.inputs) + len(self.lines)

    def any(self):
        return self.rng.randrange(self.count)

    def add(self, name, *operands):
        self.lines.append(Line(TABLE[name], operands))
        return self.count - 1

    def done(self):
        return Program(self.inputs, tuple(self.lines))


def _masked(rng, small):
    """Return a program with several selections, each followed by a singular function."""
    writer = _Writer(rng, [rng.choice(_MASKED) for _ in small.inputs], small.lines)
    for _ in range(rng.randint(1, 3)):
        x, y = writer.any(), writer.any()
        selected = _selected(writer, x, y)
        through = _through(writer, x, selected)
        if rng.random() < 0.5:
            writer.add(rng.choice(["mul", "add", "maximum"]), through, writer.any())
    return writer.done()


def _selected(writer, x, y):
    """Add a line that selects, or does not, at the numbers of two others."""
    other = writer.rng.choice([0.0, 0.0, 1.0, -1.0, y])
    low = writer.rng.choice([0.0, 0.1, 1.0])
    condition = writer.add("step", y)
    names = {
        "relu": (x,), "maximum": (x, other), "minimum": (x, other), "clip": (x, 0.0, 1.0), "step": (x,),
        "where": (condition, x, other), "leaky_relu": (x, low), "elu": (x, low), "mul": (x, other),
        "dot": (0.0, 1.0, x, y), "prod": (x, y, other),
    }  # fmt: skip
    name = writer.rng.choice(list(names))
    return writer.add(name, *names[name])


def _through(writer, x, selected):
    """Add a line with a singular function of a selected number."""
    names = {
        "pow": (selected, writer.rng.choice([0.5, 1.5, -1.0, -0.5, 2.0, 0.0])),
        "div": (writer.rng.choice([1.0, x]), selected),
        "hypot": (selected, writer.rng.choice([0.0, selected])),
    }
    name = writer.rng.choice([*names, *_SINGULAR])
    return writer.add(name, *names.get(name, (selected,)))


def _summed(rng, small):
    """Return sums of repeated, shared and similar terms, near the thresholds of the loop finder."""
    writer = _Writer(rng, small.inputs, small.lines)
    terms = []
    for _ in range(rng.randint(1, 3)):
        names = rng.choices(_UNARY, k=rng.randint(1, 6))
        places = [writer.any() for _ in range(rng.choice([1, 2, 5]))]
        numbers = rng.choice([[1.0], [0.5, 2.0], [1.0, 1.0 + 2.0**-52], [0.0, -0.0, 1.0], [-1.0, 3.0, 0.25]])
        for _ in range(rng.choice([1, 16, 31, 32, 33, 64, 90])):
            if terms and rng.random() < rng.choice([0.0, 0.3, 0.9]):
                terms.append(rng.choice(terms))
                continue
            term = writer.add("mul", rng.choice(places), rng.choice(numbers))
            for name in names:
                term = writer.add(name, term)
            if rng.random() < 0.3:
                term = writer.add("mul", term, rng.choice(places))
            terms.append(term)
    rng.shuffle(terms)
    result = writer.add(rng.choice(["total", "total", "mean"]), *terms)
    if rng.random() < 0.5:
        more = writer.add(rng.choice(["tanh", "neg", "square"]), writer.any())
        result = writer.add(rng.choice(["add", "sub"]), result, more)
    if rng.random() < 0.1:  # one large term among more others, which must not become a loop without columns
        large, x = writer.any(), writer.any()
        for name in rng.choices(_BOUNDED, k=rng.choice([10, 13, 20])):
            large = writer.add(name, large)
        others = [writer.add("mul", x, k / 8.0) for k in range(50)]
        result = writer.add("total", *[large] * rng.choice([31, 32, 40]), *others, result)
    return writer.done()


def _extreme(rng):
    """Return a program of any operations on infinities, zeros of both signs and numbers that overflow."""
    writer = _Writer(rng, [rng.choice(_EXTREMES) for _ in range(rng.randint(1, 3))])
    operations = [op for op in TABLE.values() if op.name != "dot"]  # a fused product overflows later
    for _ in range(rng.randint(1, 6)):
        op = rng.choice(operations)
        size = len(op.operands) * (rng.randint(1, 3) if op.variadic else 1)
        operands = [
            writer.any() if rng.random() < 0.8 else rng.choice((0.0, 1.0, -2.0, 0.5)) for _ in range(size)
        ]
        if op.name == "clip":
            operands[1:] = [-1.0, 1.0]
        if not any(isinstance(item, int) for item in operands):
            operands[0] = writer.any()
        writer.add(op.name, *operands)
    return writer.done()


def verdict(made: Program, rng: random.Random, family: str, straight: bool = False) -> tuple[str, str]:
    """Return the verdict on the agreement of engine and compiled code, and where they differ."""
    before = kernel.LIMIT, kernel.LIMIT_SINGLE
    kernel.LIMIT, kernel.LIMIT_SINGLE = before if straight else (0, 0)
    try:
        with ieee_arithmetic():
            if family == "state":
                return _with_state(made, rng)
            return _at(made, list(made.inputs), rng, ordinary=family != "infinite")
    finally:
        kernel.LIMIT, kernel.LIMIT_SINGLE = before


def _at(made, point, rng, ordinary):
    """Return the verdict at one point."""

    def f(*xs):
        return made.run(xs)[-1]

    everything = tuple(range(len(point)))
    leaves = list(map(Value, point))
    root = f(*leaves)
    value, slopes = _number(root), list(grad(f, everything)(*point))
    order = topological_order(root) if isinstance(root, Value) else []
    forward = [push_forward(order, {leaf: 1.0}).get(root, 0.0) for leaf in leaves]
    found, *by_argument = _compiled(f, point, rng)
    errors = _errors(order, leaves) if ordinary else [0.0] * (1 + len(point))
    for what, one, other, possible in (
        ("forward mode", slopes, forward, errors[1:]),
        ("compiled", [value, *slopes], [found, *by_argument], errors),
    ):
        differences = [
            (a, b)
            for a, b, error in zip(one, other, possible, strict=True)
            if not (_close(a, b) or abs(a - b) <= error or error == math.inf)
        ]
        if not differences:
            if all(map(_close, one, other)):
                continue
            return UNDECIDED, ""
        alone = what == "forward mode" and not ordinary
        if all(_no_number(a, b, alone) for a, b in differences):
            continue
        if what == "forward mode" and _overflows(order, other):
            return UNDECIDED, ""
        if _is_decided(
            lambda rng: lambda *xs: _rounded_otherwise(made, xs, rng), everything, point, one, other, rng
        ):
            return WRONG, f"{made}: {what} {other}, the engine {one}"
        return UNDECIDED, ""
    return RIGHT, ""


def _compiled(f, point, rng):
    """Return the value and the derivatives of compiled code, at a single point or in one row of a batch."""
    everything = list(range(len(point)))
    count = rng.randint(1, _ROWS)
    if rng.random() < 0.5:  # only here are loops over the terms of a sum
        found, slopes = compile(f).value_and_grad(*point, wrt=everything)
        return [found, *map(float, slopes)]
    row = rng.randrange(count)
    columns = [[rng.choice(_MASKED) for _ in range(row)] + [x] * (count - row) for x in point]
    values, slopes = compile(f, batched=tuple(everything)).value_and_grad(*columns, wrt=everything)
    return [float(values[row]), *(float(slope[row]) for slope in slopes)]


def _overflows(order, forward):
    """Return whether a derivative is nan since numbers or their derivatives overflow along the way.

    An infinite partial at a finite number is another matter: what hides it must hide it forwards too.
    """
    if not any(slope != slope for slope in forward):
        return False
    infinite = [node for node in order if any(abs(part or 0.0) == math.inf for part in node.partials)]
    return all(not math.isfinite(node.data) for node in infinite)


def _errors(order, leaves):
    """Return how far rounding may move the value and each derivative, inf where a product overflows.

    Each path from the root contributes its absolute value: a difference that is small beside their sum
    is cancellation.
    """
    flow, doubt = dict.fromkeys(order, 0.0), dict.fromkeys(order, 0.0)
    error = 0.0
    for node in reversed(order):
        flow[node] = 1.0 if node is order[-1] else flow[node]
        error += flow[node] * abs(node.data) * 2.0**-52
        saturates = node.op is not None and node.op.name in (
            "tanh",
            "sigmoid",
        )  # 1 - out * out: an absolute error
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if operand in flow and partial is not None and flow[node]:
                flow[operand] += flow[node] * abs(partial)
                doubt[operand] += doubt[node] * abs(partial) + (flow[node] * 2.0**-50 if saturates else 0.0)
    found = [error, *(1e3 * 2.0**-52 * flow.get(leaf, 0.0) + doubt.get(leaf, 0.0) for leaf in leaves)]
    return [item if item == item else math.inf for item in found]


def _number(item):
    return item.data if isinstance(item, Value) else float(item)


def _close(one, other):
    return (
        one == other or (one != one and other != other) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    )


def _no_number(one, other, alone):
    """Return whether both are infinite or nan, one of them nan: another order of operations gives the other.

    With `alone`, among infinities, only one has to be.
    """
    if alone:
        return not (math.isfinite(one) and math.isfinite(other))
    return not (math.isfinite(one) or math.isfinite(other)) and (one != one or other != other)


def _rounded_otherwise(made, xs, rng):
    """Run a program with another rounding of each result that is not exact."""
    found = list(xs)
    for op, operands in made.lines:
        numbers = [found[item] if item.__class__ is int else item for item in operands]
        result = function_of(op)(*op.grouped(numbers))
        number = _number(result)
        if op.name in _INEXACT and math.isfinite(number) and abs(number) not in (0.0, 1.0):
            result = result * (1.0 + rng.choice((-2.0, -1.0, 1.0, 2.0)) * 2.0**-52)
        found.append(result)
    return found[-1]


def _answers(f, everything, point):
    """Return the value and the derivatives."""
    slopes = grad(f, everything)(*point)
    return [
        _number(f(*map(Value, point))),
        *map(_number, slopes if isinstance(everything, tuple) else [slopes]),
    ]


def _is_decided(run, everything, point, one, other, rng):
    """Return whether rounding cannot explain a difference: answers of other roundings scatter less.

    `run` takes the random generator and gives a function that rounds in its own way.
    """
    gaps = [abs(a - b) for a, b in zip(one, other, strict=True) if not _close(a, b)]
    scatter = 0.0
    for _ in range(8):
        nearby = [x * (1 + rng.uniform(-8, 8) * 2.0**-52) for x in point]
        again = _answers(run(rng), everything, nearby)[-len(one) :]
        moved = [abs(a - b) for a, b in zip(one, again, strict=True) if not _close(a, b)]
        scatter = max([scatter, *(gap if math.isfinite(gap) else math.inf for gap in moved)])
    return max((gap if math.isfinite(gap) else 1e300 for gap in gaps), default=0.0) > 1e4 * scatter


def _with_state(made, rng):
    """Check a function whose captured numbers change between the calls of one compiled function."""
    count = len(made.inputs)
    held = SimpleNamespace(numbers=[0.0] * count, word="text", on=True, nothing=None)
    table = {
        "values": [Value(0.0) for _ in range(count)],
        "deep": [{"k": [0.0] * count, "name": "n"}],
        "flag": None,
    }
    where = [rng.randrange(4) for _ in range(count)]

    def inputs(x):
        places = [lambda k: x + held.numbers[k], lambda k: table["values"][k] * 1.0 + 0.0 * x]
        places += [lambda k: table["deep"][0]["k"][k] + x * 1.0, lambda k: x * (2.0 if held.on else 1.0)]
        return [places[which](k) for k, which in enumerate(where)]

    def f(x):
        return made.run(inputs(x))[-1]

    def rounded(rng):
        return lambda x: _rounded_otherwise(made, inputs(x), rng)

    fast = compile(f)
    for _ in range(3):
        _change(rng, held, table, rng.randrange(count))
        x = rng.choice([0.5, -0.75, 1.25])
        leaf = Value(x)
        expected = f(leaf)
        slope = 0.0
        if isinstance(expected, Value):
            expected.backward()
            slope = leaf.grad
        one, other = [_number(expected), slope], [fast(x), fast.grad(x)]
        if not all(map(_close, one, other)):
            if _is_decided(rounded, 0, [x], one, other, rng) if math.isfinite(sum(one)) else True:
                return WRONG, f"{made} with {where}, {held}, {table} at {x}: compiled {other}, the engine {one}"
            return UNDECIDED, ""
    return RIGHT, ""


def _change(rng, held, table, k):
    """Change a capture of a function in one of many ways."""
    number = rng.choice([rng.uniform(-2.0, 2.0), 0.0, -0.0, 1.0, rng.choice(_MASKED)])
    count = len(held.numbers)
    rng.choice(
        [
            lambda: held.numbers.__setitem__(k, number),
            lambda: setattr(held, "numbers", [number] * count),
            lambda: setattr(held, "on", not held.on),
            lambda: setattr(table["values"][k], "data", number),
            lambda: table["values"].__setitem__(k, Value(number)),
            lambda: table["deep"][0]["k"].__setitem__(k, number),
            lambda: table.update(deep=[{"k": [number] * count}]),
        ]
    )()
