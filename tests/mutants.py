"""Deliberately wrong engines, to test the checker with: each is one plausible mistake."""

from __future__ import annotations

import math

from autograd import TABLE
from autograd.checking import Line, Program
from autograd.graph import topological_order
from autograd.ops.op import Op


def wrong(name: str, **partials: str) -> Op:
    """Return an operation of this name with other rules for some operands' partials."""
    op = TABLE[name]
    rules = [partials.get(operand, rule) for operand, rule in zip(op.operands, op.partials, strict=True)]
    assert rules != list(op.partials)
    return Op(op.signature, op.value, *rules, domain=op.domain, symbol=op.symbol, written=op.written)


# ruff: noqa: E501
# A: wrong formulas: a sign, a factor, a swapped operand, a forgotten ln.
FORMULAS = [
    wrong("add", y="-1.0"), wrong("sub", y="1.0"), wrong("mul", x="x"), wrong("mul", y="y"),
    wrong("div", y="out / y"), wrong("div", x="y"), wrong("div", y="-x / y"), wrong("neg", x="1.0"),
    wrong("pow", x="pow(x, y - 1.0)"), wrong("pow", x="y * pow(x, y)"), wrong("pow", y="out"),
    wrong("square", x="x"), wrong("reciprocal", x="out * out"), wrong("reciprocal", x="-out"),
    wrong("abs", x="1.0"), wrong("sqrt", x="0.5 * out"), wrong("sqrt", x="1.0 / out"),
    wrong("cbrt", x="1.0 / (3.0 * out)"), wrong("exp", x="x"), wrong("exp2", x="out"), wrong("expm1", x="out"),
    wrong("log", x="out"), wrong("log2", x="1.0 / x"), wrong("log10", x="1.0 / (x * log(2.0))"),
    wrong("log1p", x="1.0 / x"), wrong("sin", x="-cos(x)"), wrong("cos", x="sin(x)"), wrong("tan", x="out * out"),
    wrong("asin", x="1.0 / sqrt(1.0 + x * x)"), wrong("acos", x="1.0 / sqrt((1.0 - x) * (1.0 + x))"),
    wrong("atan", x="1.0 / (1.0 - x * x)"), wrong("atan2", y="y / hypot(x, y) / hypot(x, y)"),
    wrong("sinh", x="sinh(x)"), wrong("cosh", x="-sinh(x)"), wrong("tanh", x="1.0 - out"),
    wrong("tanh", x="1.0 - x * x"), wrong("sigmoid", x="out"), wrong("sigmoid", x="x * (1.0 - x)"),
    wrong("softplus", x="sigmoid(-x)"), wrong("relu", x="1.0"), wrong("gelu", x="0.5 * erfc(-x / sqrt(2.0))"),
    wrong("silu", x="sigmoid(x)"), wrong("erf", x="exp(-x * x)"), wrong("hypot", x="y / out if out else 0.0"),
    wrong("maximum", x="1.0 if x < y else 0.0 if x > y else 0.5"), wrong("minimum", y="1.0"),
    wrong("leaky_relu", x="slope"), wrong("elu", x="alpha * expm1(x) if x < 0 else 1.0"),
    wrong("dot", ws="w"), wrong("mean", xs="1.0"), wrong("prod", xs="before"), wrong("logsumexp", xs="exp(x)"),
    wrong("where", x="0.0 if condition else 1.0"), wrong("mod", y="(x - out) / y"),
]  # fmt: skip

# B: right except at one point.
POINTS = [
    wrong("relu", x="0.0 if x < 0 else 1.0 if x else 2.0"),
    wrong("abs", x="sign(x) if x else 2.0"),
    wrong("maximum", x="1.0 if x > y else 0.0 if x < y else 2.0"),
    wrong("minimum", y="0.0 if x < y else 1.0 if x > y else -1.0"),
    wrong("pow", x="y * pow(x, y - 1.0) if x else 1.0 if y == 2 else 0.0"),
    wrong("square", x="2.0 * x if x else 1.0"),
    wrong("tanh", x="1.0 - out * out if x else 0.5"),
    wrong("cbrt", x="1.0 / (3.0 * out * out) if x else 0.0"),
    wrong("hypot", x="x / out if out else 5.0"),
]

# C: a small relative error: a constant in float32, a lost digit.
SMALL = [
    wrong("mul", x="y * (1.0 + 1e-3)"), wrong("mul", y="x * (1.0 + 1e-6)"), wrong("exp", x="out * (1.0 - 1e-4)"),
    wrong("exp", x="out * (1.0 + 1e-9)"), wrong("sin", x="cos(x) * (1.0 + 1e-8)"), wrong("log", x="1.0 / x + 1e-7"),
    wrong("exp2", x="out * 0.6931471824645996"), wrong("log2", x="1.0 / (x * 0.6931471824645996)"),
    wrong("log10", x="0.4342944920063019 / x"), wrong("erf", x="1.1283791065216064 * exp(-x * x)"),
    wrong("gelu", x="0.5 * erfc(-x / sqrt(2.0)) + x * exp(-0.5 * x * x) * 0.3989423"),
    wrong("tanh", x="1.0 - out * out * (1.0 + 1e-10)"), wrong("sigmoid", x="out * (1.0 - out) * (1.0 + 1e-12)"),
    wrong("sqrt", x="0.5 / out * (1.0 - 1e-11)"), wrong("div", y="-out / y * (1.0 + 1e-12)"),
    wrong("atan", x="1.0 / (1.0 + x * x + 1e-10)"),
]  # fmt: skip


# Operations as users declare them: signature, value, right partials, wrong ones.
DECLARED = [
    ("softsign(x)", "x / (1.0 + abs(x))", ["1.0 / square(1.0 + abs(x))"], ["1.0 / (1.0 + abs(x))"]),
    ("swish(x)", "x * sigmoid(x)", ["sigmoid(x) + out * (1.0 - sigmoid(x))"], ["sigmoid(x)"]),
    ("squareplus(x)", "0.5 * (x + sqrt(x * x + 4.0))", ["0.5 * (1.0 + x / sqrt(x * x + 4.0))"],
     ["0.5 * (1.0 + 1.0 / sqrt(x * x + 4.0))"]),
    ("gaussian(x)", "exp(-x * x)", ["-2.0 * x * out"], ["-x * out"]),
    ("log_cosh(x)", "log(cosh(x))", ["tanh(x)"], ["tanh(x) * (1.0 + 1e-10)"]),
    ("huber(x)", "where(abs(x) < 1.0, 0.5 * x * x, abs(x) - 0.5)", ["clip(x, -1.0, 1.0)"], ["clip(x, -1.0, 2.0)"]),
    ("scaled(x, s)", "s * tanh(x / s)", ["1.0 - square(out / s)", "out / s - x / s * (1.0 - square(out / s))"],
     ["1.0 - square(out / s)", "out / s"]),
    ("norm(*xs)", "sqrt(dot(xs, xs))", ["x / out"], ["x"]),
    ("bilinear(*xs, *ys)", "dot(xs, ys)", ["y", "x"], ["x", "y"]),
    ("sin_over_x(x)", lambda x: math.sin(x) / x, [lambda x: (x * math.cos(x) - math.sin(x)) / (x * x)],
     [lambda x: math.cos(x) / x]),
    ("volume(r, h)", lambda r, h: math.pi * r * r * h, [lambda r, h: 2 * math.pi * r * h, lambda r, h: math.pi * r * r],
     [lambda r, h: math.pi * r * h, lambda r, h: math.pi * r * r]),
]  # fmt: skip


def righted(program: Program) -> Program:
    """Return the program with the table's operations instead of the wrong ones."""
    lines = [Line(TABLE[line.op.name], line.operands) for line in program.lines]
    return Program(program.inputs, tuple(lines))


# D: wrong accumulation. Each is a backward pass in place of autograd.graph.backward.
def overwrites(root, gradient):
    """The last consumer wins."""
    root.grad = gradient
    for node in reversed(topological_order(root)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                operand.grad = node.grad * partial


def counts_a_repeated_operand_once(root, gradient):
    """x * x has one edge."""
    order = _cleared(root, gradient)
    for node in reversed(order):
        sent = {}
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                sent[operand] = node.grad * partial
        for operand, contribution in sent.items():
            operand.grad += contribution


def follows_no_order(root, gradient):
    """Depth first from the root: a node passes on the gradient that it has at the first visit."""
    _cleared(root, gradient)
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                operand.grad += node.grad * partial
                stack.append(operand)


def keeps_interior_grads(root, gradient):
    """Interior grads accumulate from call to call."""
    root.grad += gradient
    for node in reversed(topological_order(root)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                operand.grad += node.grad * partial


def forgets_what_leaves_had(root, gradient):
    """Leaves start from zero in each call."""
    for node in topological_order(root):
        node.grad = 0.0
    keeps_interior_grads(root, gradient)


def seeds_with_one(root, gradient):
    """The given gradient is ignored."""
    order = _cleared(root, 1.0)
    _sent(order)


def misses_the_last_edge(root, gradient):
    """The last of three or more operands is forgotten."""
    for node in reversed(_cleared(root, gradient)):
        edges = list(zip(node.operands, node.partials, strict=True))
        for operand, partial in edges[:2]:
            if partial is not None:
                operand.grad += node.grad * partial


def swaps_two_operands(root, gradient):
    """The partials of two operands are swapped."""
    for node in reversed(_cleared(root, gradient)):
        for operand, partial in zip(node.operands, node.partials[::-1], strict=True):
            if partial is not None and operand.__class__ is not float:
                operand.grad += node.grad * partial


def rounds_to_single_precision(root, gradient):
    """Grads are kept as float32."""
    import struct

    for node in reversed(_cleared(root, gradient)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                operand.grad = struct.unpack("f", struct.pack("f", operand.grad + node.grad * partial))[0]


def clips_large_gradients(root, gradient):
    """A forgotten clip."""
    for node in reversed(_cleared(root, gradient)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                operand.grad = max(-2.0, min(2.0, operand.grad + node.grad * partial))


def rereads_data(root, gradient):
    """The partials of a product are computed from its operands during the backward pass."""
    for node in reversed(_cleared(root, gradient)):
        partials = node.partials
        if node.op is TABLE["mul"]:
            x, y = (getattr(item, "data", item) for item in node.operands)
            partials = (None if partials[0] is None else y, None if partials[1] is None else x)
        for operand, partial in zip(node.operands, partials, strict=True):
            if partial is not None:
                operand.grad += node.grad * partial


def _cleared(root, gradient):
    order = topological_order(root)
    for node in order:
        if node.operands:
            node.grad = 0.0
    root.grad += gradient
    return order


def _sent(order):
    for node in reversed(order):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None:
                operand.grad += node.grad * partial


ACCUMULATIONS = [
    overwrites, counts_a_repeated_operand_once, follows_no_order, keeps_interior_grads, forgets_what_leaves_had,
    seeds_with_one, misses_the_last_edge, swaps_two_operands, rounds_to_single_precision, clips_large_gradients,
    rereads_data,
]  # fmt: skip
