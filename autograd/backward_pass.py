"""A backward pass recorded step by step: one step is one edge, one application of the chain rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from .formulas import TIGHTEST, fixed, formula, grouped, names_of, partial_formula, partners, word
from .graph import grad_number, topological_order
from .modes import TOTAL, evaluated
from .ops.operands import number
from .recording import function_of
from .terminal import cut, derivative_sign, quoted
from .value import Value


class Edge(NamedTuple):
    """One operand of one node: one application of the chain rule. Nodes are indices into the order."""

    result: int
    position: int
    """The position among the operands of the result, plain numbers included."""
    operand: int
    partial: float


class State(NamedTuple):
    """The gradients after a number of steps, as a picture or a table of the graph shows them."""

    grads: list[float | None]
    """The grad of each node; None where no gradient has arrived yet."""
    arrived: list[int]
    """The number of contributions that have arrived at each node."""
    contributions: list[float | None]
    """The contribution of each edge; None where it has not flowed yet."""
    present: int | None
    """The edge of the current step; None before the first step and without stepping."""
    title: str
    done: int | None = None
    """The number of steps done, -1 before the seed; None for the gradients that the nodes hold now."""
    earlier: tuple[tuple[int, float], ...] = ()
    """The leaves whose grad includes more than this pass's contributions, each with that part of it."""


class BackwardPass:
    """The steps of `root.backward(gradient)` in order, and the gradients after each of them.

    The first contribution to a leaf is added to the gradient that the leaf already has, unless
    `from_zero` is set. Nothing here writes to a node, so steps and states can be read in any order,
    backwards too.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> recorded = BackwardPass(a * b + a)
    >>> len(recorded.edges), recorded.state(4).grads
    (4, [-2.0, 2.0, 1.0, 1.0])
    """

    def __init__(
        self,
        root: Value,
        gradient: float = 1.0,
        order: list[Value] | None = None,
        from_zero: bool = False,
        others: Sequence[Value] = (),
    ) -> None:
        """Record the pass of a root, and of `others` that are given the same gradient.

        `order` is the topological order of all of them, operands before results, if it is known.
        `from_zero` leaves out the gradients that leaves already have. Raises TypeError if `root` is
        not a Value.
        """
        if not isinstance(root, Value):
            raise TypeError(f"a backward pass starts from a Value, got {quoted(root)}")
        self.root: Value = root
        self.gradient: float = number(gradient, "a real number as gradient")
        self.order: list[Value] = order or topological_order(root)
        self.index: dict[Value, int] = {node: k for k, node in enumerate(self.order)}
        self.outputs: list[int] = sorted({self.index[output] for output in (root, *others)})
        """The nodes whose own gradient is given."""
        self.names: dict[Any, str] = names_of(self.order)
        self.initial: list[float] = [
            0.0 if node.operands or from_zero else grad_number(node) for node in self.order
        ]
        self.edges: list[Edge] = []
        """The edges along which a contribution flows: one step of the pass each."""
        self.idle: list[Edge] = []
        """The edges without one: to an operand that was not selected, and from a node not reached."""
        self._find_edges()
        self.expected: list[int] = [0] * len(self.order)
        """The number of contributions that will arrive at each node: the number of its edges."""
        self._replay()

    def _find_edges(self) -> None:
        reached = set(self.outputs)
        for k in range(len(self.order) - 1, -1, -1):
            node = self.order[k]
            for position, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True)):
                if operand.__class__ is float:
                    continue
                edge = Edge(k, position, self.index[operand], 0.0 if partial is None else partial)
                if partial is None or k not in reached:
                    self.idle.append(edge)
                else:
                    self.edges.append(edge)
                    reached.add(edge.operand)

    @property
    def links(self) -> list[Edge]:
        """Return the edges and the idle ones, in the order of the pass: all arrows of a picture."""
        return sorted((*self.edges, *self.idle), key=lambda edge: (-edge.result, edge.position))

    def _replay(self) -> None:
        """Run the pass once: each edge's contribution, and the operand's grad before and after."""
        grads = list(self.initial)
        for k in self.outputs:
            grads[k] += self.gradient
        self.contributions: list[float] = []
        self.before: list[float] = []
        self.after: list[float] = []
        self.counts: list[int] = []
        """The index of each edge among the contributions to its operand, from 1."""
        for edge in self.edges:
            contribution = grads[edge.result] * edge.partial
            self.expected[edge.operand] += 1
            self.contributions.append(contribution)
            self.counts.append(self.expected[edge.operand])
            self.before.append(grads[edge.operand])
            grads[edge.operand] += contribution
            self.after.append(grads[edge.operand])
        self.final = grads

    @cached_property
    def consumed(self) -> list[int]:
        """Return the number of times each node is an operand, whether or not anything flows back."""
        counts = list(self.expected)
        for edge in self.idle:
            counts[edge.operand] += 1
        return counts

    @cached_property
    def consumers(self) -> list[list[int]]:
        """Return, for each node, the edges that lead to it from its consumers."""
        found: list[list[int]] = [[] for _ in self.order]
        for k, edge in enumerate(self.edges):
            found[edge.operand].append(k)
        return found

    def neuron(self, node: Value) -> tuple[Value, float] | None:
        """Return the output y = F(s) of the neuron whose weighted sum a node is, and F'(s).

        s is the node, or the node plus a bias; F is the activation on s, or the identity (F' = 1).
        None for a node that is not such a sum.
        """
        if node.op is None or node.op.name != "dot":
            return None
        s, slope = node, 1.0
        for names in (("add",), None):
            edges = self.consumers[self.index[s]]
            if len(edges) != 1:
                break
            result = self.order[self.edges[edges[0]].result]
            if result.op and (result.op.name in names if names else len(result.op.operands) == 1):
                s, slope = result, slope * self.edges[edges[0]].partial
        return s, slope

    def state(self, done: int) -> State:
        """Return the gradients after `done` steps; -1 is before the root's own gradient is set."""
        grads: list[float | None] = [None] * len(self.order)
        arrived = [0] * len(self.order)
        for k in self.outputs if done >= 0 else ():
            grads[k] = self.initial[k] + self.gradient
        for edge, after, count in zip(self.edges[: max(done, 0)], self.after, self.counts, strict=False):
            grads[edge.operand], arrived[edge.operand] = after, count
        shown = max(done, 0)
        flowed = [*self.contributions[:shown], *[None] * (len(self.edges) - shown)]
        present = done - 1 if done > 0 else None
        return State(grads, arrived, flowed, present, self.title(done), done, self._earlier)

    @cached_property
    def _earlier(self) -> tuple[tuple[int, float], ...]:
        return tuple((k, grad) for k, grad in enumerate(self.initial) if grad)

    def title(self, done: int) -> str:
        """Return one line that says how far the pass is."""
        total = f"{len(self.edges)} chain-rule step{'' if len(self.edges) == 1 else 's'}"
        if done == len(self.edges):
            return f"backward pass complete: {total}"
        if done < 0:
            return f"forward pass complete; {total} to go back"
        return f"step {done} of {len(self.edges)}" if done else f"the root's own gradient, then {total}"

    def step(self, number: int) -> Step:
        """Return the step of this number, from 0 (the seed of the root) to the number of edges.

        Raises ValueError for any other number.
        """
        if not 0 <= number <= len(self.edges):
            raise ValueError(f"a step must be 0 to {len(self.edges)}, got {quoted(number)}")
        return Step(self, number)


def present_state(recorded: BackwardPass) -> State:
    """Return the gradients that the nodes hold now; those of the forward pass if all of them are 0."""
    grads: list[float | None] = [grad_number(node) for node in recorded.order]
    if not any(grads):
        return recorded.state(-1)._replace(title="forward pass", done=None)
    flowed: list[float | None] = [
        grad_number(recorded.order[edge.result]) * edge.partial for edge in recorded.edges
    ]
    title, earlier = recorded.title(len(recorded.edges)), _unexplained(recorded, grads, flowed)
    return State(grads, list(recorded.expected), flowed, None, title, earlier=earlier)


def _unexplained(
    recorded: BackwardPass, grads: list[float | None], flowed: list[float | None]
) -> tuple[tuple[int, float], ...]:
    """Return the leaves whose grad is not the sum of their contributions, each with the difference."""
    sums, sizes = [0.0] * len(grads), [0.0] * len(grads)
    for edge, contribution in zip(recorded.edges, flowed, strict=True):
        sums[edge.operand] += contribution or 0.0
        sizes[edge.operand] += abs(contribution or 0.0)
    return tuple(
        (k, grad - sums[k])
        for k, (node, grad) in enumerate(zip(recorded.order, grads, strict=True))
        if grad
        and recorded.expected[k]
        and not node.operands  # a grad of 0 has been cleared since
        and abs(grad - sums[k]) > _ROUNDING * (abs(grad) + sizes[k])
    )


_ROUNDING = 1e-9
"""The relative difference between two sums of the same contributions that rounding may make."""


def earlier_words(recorded: BackwardPass, state: State) -> str:
    """Return a line on the part of the grads that this pass did not contribute; "" if there is none.

    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward(), y.backward()
    (None, None)
    >>> recorded = BackwardPass(y, from_zero=True)
    >>> earlier_words(recorded, present_state(recorded))
    'from earlier passes or other results: +6.0000 in x.grad (zero_grad() clears it)'
    """
    if not state.earlier:
        return ""
    parts = [
        f"{fixed(grad, sign=True)} in {cut(grouped(recorded.names[recorded.order[k]]), 24)}.grad"
        for k, grad in state.earlier
    ]
    shown = ", ".join(parts[:3]) + (f" and {len(parts) - 3:,} more" if parts[3:] else "")
    source = "earlier passes or other results" if state.done is None else "earlier passes"
    return f"from {source}: {shown} (zero_grad() clears it)"


def stale_words(recorded: BackwardPass) -> str:
    """Return a line on the first value that its operands' data no longer give; "" if there is none.

    >>> x = Value(3.0, "x")
    >>> y = x + 1
    >>> x.data = 5.0
    >>> stale_words(BackwardPass(y))
    'v1 = x + 1 is 4.0000 and would be 6.0000 now: data was overwritten, run the forward pass again'
    """
    for node in recorded.order:
        if not node.op or node.op.functions:  # a user's function may be slow
            continue
        operands = [getattr(item, "_data", item) for item in node.operands]
        now = float(evaluated(TOTAL, function_of(node.op), *node.op.grouped(operands)))
        both_nan = now != now and node._data != node._data
        if not both_nan and not math.isclose(now, node._data, rel_tol=_ROUNDING, abs_tol=1e-12):
            names = recorded.names
            return (
                f"{names[node]} = {formula(node, names)} is {fixed(node._data)} and would be {fixed(now)} now: "
                "data was overwritten, run the forward pass again"
            )
    return ""


class Step:
    """One application of the chain rule: contribution = upstream gradient x partial.

    Its repr is the rule in symbols and in numbers. Step 0 gives the root its own gradient; it
    has no operand, partial or upstream gradient.
    """

    def __init__(self, recorded: BackwardPass, number: int) -> None:
        self.number: int = number
        self.of: int = len(recorded.edges)
        self._pass = recorded
        edge = recorded.edges[number - 1] if number else None
        self.node: Value = recorded.order[edge.result] if edge else recorded.root
        """The result whose rule is applied; for step 0 the root."""
        self.operand: Value | None = recorded.order[edge.operand] if edge else None
        self.position: int | None = edge.position if edge else None
        self.partial: float | None = edge.partial if edge else None
        self.upstream: float | None = recorded.final[edge.result] if edge else None
        self.contribution: float = recorded.contributions[number - 1] if edge else recorded.gradient
        self.before: float = recorded.before[number - 1] if edge else recorded.initial[-1]
        self.after: float = recorded.after[number - 1] if edge else self.before + self.contribution
        self.count: int = recorded.counts[number - 1] if edge else 1
        self.expected: int = recorded.expected[edge.operand] if edge else 1
        self.final: bool = self.count == self.expected
        self.notes: tuple[str, ...] = ()
        """Lines that a stepper adds below: the watched values."""

    @property
    def receiver(self) -> Value:
        """Return the node whose grad changes: the operand, or for step 0 the root."""
        return self.operand if self.operand is not None else self.node

    @property
    def equation(self) -> str:
        """Return the operation: `t = tanh(a)`."""
        return f"{self._pass.names[self.node]} = {formula(self.node, self._pass.names)}"

    def rule(self, numbers: bool = False) -> str:
        """Return the table's rule for the partial, in the operands' names or numbers; "" for the seed."""
        op = self.node.op
        if self.position is None or op is None:
            return ""
        names, operands = self._pass.names, self.node.operands
        mentioned = partners(op, self.position, len(operands))  # of a long sum only these: it has many steps
        if not numbers:
            words = {k: word(operands[k], names, TIGHTEST) for k in mentioned}
            found = partial_formula(self.node, self.position, words, self._grouped(self.node))
            return next((names[each] for each in operands if found == f"({names.get(each)})"), found)
        words = {k: _in_formula(getattr(operands[k], "data", operands[k])) for k in mentioned}
        return partial_formula(self.node, self.position, words, _in_formula(self.node.data))

    def _grouped(self, node: Value) -> str:
        return grouped(self._pass.names[node])

    def _ratio(self, d: str, result: Value, operand: Value) -> str:
        return f"{d}{self._grouped(result)}/{d}{self._grouped(operand)}"

    def local(self, d: str) -> str:
        """Return the rule of the one operation, in symbols and numbers: `∂t/∂a = 1 - t * t = ... = +0.0707`."""
        partial = self.partial or 0.0
        symbols, numbers = self.rule(), self.rule(numbers=True)
        shown = [symbols] if numbers in (symbols, _in_formula(partial)) else [symbols, numbers]
        return " = ".join([f"{self._ratio(d, self.node, self.receiver)}", *shown, fixed(partial, sign=True)])

    def chained(self, d: str) -> str:
        """Return the chain rule: `∂L/∂a += ∂L/∂t * ∂t/∂a = +4.0000 * +0.0707 = +0.2826`."""
        root, node, receiver = map(self._grouped, (self._pass.root, self.node, self.receiver))
        upstream, partial = fixed(self.upstream or 0.0, sign=True), fixed(self.partial or 0.0, sign=True)
        return (
            f"{d}{root}/{d}{receiver} += {d}{root}/{d}{node} * {d}{node}/{d}{receiver}"
            f" = {upstream} * {partial} = {fixed(self.contribution, sign=True)}"
        )

    def neuron(self, d: str) -> str:
        """Return the derivative of a neuron's output y = F(s) with respect to this weight or input.

        `∂y/∂w0 = F'(s) * x0 = +1.0000 * +2.0000 = +2.0000`; the empty string at any other step.
        """
        found = self._pass.neuron(self.node) if self.operand is not None else None
        if found is None or self.position is None:
            return ""
        output, slope = found
        names, operands = self._pass.names, self.node.operands
        half = len(operands) // 2
        partner = operands[(self.position + half) % (2 * half)]
        factors = f"{fixed(slope, sign=True)} * {fixed(self.partial or 0.0, sign=True)}"
        return (
            f"neuron: {self._ratio(d, output, self.receiver)} = F'(s) * {word(partner, names, TIGHTEST)}"
            f" = {factors} = {fixed(slope * (self.partial or 0.0), sign=True)}"
        )

    def change(self) -> str:
        """Return how the grad changes: `a.grad: 0.0000 -> +0.2826   (1 of 2 contributions, ...)`."""
        many = f"{self.count} of {self.expected} contributions, " if self.expected > 1 else ""
        before, after = fixed(self.before, sign=True), fixed(self.after, sign=True)
        state = "final" if self.final else "not final yet"
        return f"{self._grouped(self.receiver)}.grad: {before} -> {after}   ({many}{state})"

    def latex(self) -> str:
        """Return the step in LaTeX: the chain rule in symbols, with the rule filled in, and in numbers.

        >>> x = Value(3.0, "x")
        >>> print(BackwardPass(x * 2).step(1).latex()[:38])
        \\frac{\\partial v_{1}}{\\partial x} \\mat
        """
        from .drawing.latex import latex_step

        return latex_step(self, self._pass.names, self._pass.root)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __repr__(self) -> str:
        d, head, root = derivative_sign(), f"[{self.number}/{self.of}]", self._grouped(self._pass.root)
        if self.operand is None:
            grads = f"{root}.grad: {fixed(self.before)} -> {fixed(self.after, sign=True)}"
            lines = [f"seed   {d}{root}/{d}{root} = {fixed(self.contribution)}   {grads}"]
        else:
            lines = [f"{self.equation}   {self.local(d)}", self.chained(d), self.change()]
            lines += [line] if (line := self.neuron(d)) else []
        indent = "\n" + " " * (len(head) + 1)
        return f"{head} {indent.join([*lines, *self.notes])}"


def _in_formula(number: float) -> str:
    """Return a number for a formula: four decimals, a negative one in parentheses."""
    text = fixed(number)
    return f"({text})" if text.startswith("-") else text
