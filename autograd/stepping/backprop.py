"""Step through backpropagation one chain-rule application at a time, forwards and back."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from ..backward_pass import BackwardPass, Step, stale_words
from ..formulas import LONGEST_NAME, fixed, formula, grouped
from ..guidance.advice import nearest
from ..terminal import brief, derivative_sign, kind_of, listed, plural, quoted
from ..transforms.numerical import Replay
from ..value import Value
from .tables import Checked, Row, Steps, TextTable, checks, positions

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Unpack

    from ..drawing import PictureOptions
    from ..drawing.inline import Player
    from ..drawing.picture import Picture

_CHECKED = 60_000
"""The most values that a check recomputes by default, counted once for each leaf."""
_MOST_SHOWN = 300
"""A notebook shows a pass of up to this many steps and values as an interactive page."""
Target = Value | str | Callable[[Step], bool]


class Backprop:
    """The backward pass of one Value, step by step; the result of every command prints as text.

    One step is one edge: contribution = upstream gradient x partial, added to an operand's grad.
    The pass is recorded first and then replayed onto the nodes' grads, so that going back is
    exact; after the last step every grad is what `backward()` gives. Grads that leaves had before
    are kept, and the first contribution is added to them.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> bp = Value.backprop(a * b + a); bp
    Backprop of v3 = v2 + a: 4 values, 4 chain-rule steps, 0 done
      next: seed
    >>> bp.goto(2)
    [2/4] v3 = v2 + a   ∂v3/∂a = 1 = +1.0000
          ∂v3/∂a += ∂v3/∂v3 * ∂v3/∂a = +1.0000 * +1.0000 = +1.0000
          a.grad: 0.0000 -> +1.0000   (1 of 2 contributions, not final yet)
    >>> a.grad, bp.back().after, bp.finish().done
    (1.0, 1.0, 4)
    """

    def __init__(self, root: Value, gradient: float = 1.0) -> None:
        self.recorded: BackwardPass = BackwardPass(root, gradient)
        self.done: int = -1
        """The number of steps done; -1 before the root has its own gradient."""
        self._original = [node.grad for node in self.recorded.order]
        self._arrived = [0] * len(self.recorded.order)
        self._watched: list[Value] = []

    # Moving. `Step | Any` stands for a Step except at the ends of the pass: a type checker offers the
    # attributes of a Step, without an error in `bp.step().contribution`.

    @overload
    def step(self) -> Step | Any: ...
    @overload
    def step(self, count: int) -> Steps | Any: ...
    def step(self, count: int = 1) -> Step | Steps:
        """Do the next step, or the next `count` of them.

        >>> x = Value(3.0, "x")
        >>> bp = (x * x).backprop()
        >>> bp.step().contribution, bp.step().contribution
        (1.0, 3.0)
        """
        count = _whole("step", count, " of steps; until() goes on to a value")
        if count < 1:
            raise ValueError(f"step takes a count of 1 or more, got {count}; back() undoes steps")
        steps = Steps(self._advance() for _ in range(min(count, len(self.recorded.edges) - self.done)))
        return steps[0] if count == 1 and steps else steps

    def next(self) -> Steps:
        """Do the rest of the current operation: all the steps of one result.

        >>> x = Value(3.0, "x")
        >>> bp = (x * x).backprop()
        >>> _ = bp.step(), bp.next()
        >>> bp.done, x.grad
        (2, 6.0)
        """
        edges, steps = self.recorded.edges, Steps()
        while self.done < len(edges):
            steps.append(self._advance())
            if not 0 < self.done < len(edges) or edges[self.done].result != edges[self.done - 1].result:
                break
        return steps

    def until(self, target: Target) -> Step | Any:
        """Go on until a value's grad is final, or until a condition on the step holds.

        `target` is a Value, a label, a condition as text such as "contribution < 0" or "|after| > 1",
        or a function from a Step to True or False. Returns the last step made. Raises ValueError for a
        name or a Value that is not in the graph, and for a condition on an unknown field of a step.

        >>> x = Value(3.0, "x")
        >>> bp = (x * x + 1).backprop()
        >>> bp.until("x").after
        6.0
        """
        if isinstance(target, str) and brief(target, LONGEST_NAME) not in self.recorded.names.values():
            from .prompt import condition

            target = condition(target) or target
        if callable(target):
            while self.done < len(self.recorded.edges):
                step = self._advance()
                if target(step):
                    return step
            return Steps()
        value = self._value(target)
        number = max(self.recorded.consumers[self.recorded.index[value]], default=-1) + 1
        if number <= self.done:
            words = (
                f"{grouped(self.recorded.names[value])}.grad is final already: {fixed(value.grad, sign=True)}"
            )
            return TextTable([], words)
        return self.goto(number)

    def finish(self) -> Backprop:
        """Do all the steps that are left.

        >>> x = Value(3.0, "x")
        >>> _ = (x * x).backprop().finish()
        >>> x.grad
        6.0
        """
        self.goto(len(self.recorded.edges))
        return self

    def back(self, count: int = 1) -> Step | Any:
        """Undo the last step, or the last `count` of them, exactly; return the step now current.

        >>> x = Value(3.0, "x")
        >>> bp = (x * x).backprop().finish()
        >>> _ = bp.back()
        >>> x.grad
        3.0
        """
        count = _whole("back", count, " of steps")
        if count < 1:
            raise ValueError(f"back takes a count of 1 or more, got {count}; step() goes forward")
        return self.goto(max(self.done - count, -1))

    def goto(self, number: int) -> Step | Any:
        """Go to the moment right after a step, forwards or back; -1 is before the first.

        >>> x = Value(3.0, "x")
        >>> bp = (x * x).backprop()
        >>> bp.goto(1).contribution, x.grad
        (3.0, 3.0)
        """
        number = _whole("goto", number, ", the step; until() goes on to a value")
        if not -1 <= number <= len(self.recorded.edges):
            raise ValueError(f"goto takes a step from -1 to {len(self.recorded.edges)}, not {quoted(number)}")
        while self.done < number:
            self._do()
        while self.done > number:
            self._undo()
        return self._annotated(self.recorded.step(number)) if number >= 0 else self

    def reset(self) -> Backprop:
        """Go back to before the first step, and restore every grad.

        >>> x = Value(3.0, "x")
        >>> _ = (x * x).backprop().finish().reset()
        >>> x.grad
        0.0
        """
        self.goto(-1)
        return self

    def _advance(self) -> Step:
        self._do()
        return self._annotated(self.recorded.step(self.done))

    def _do(self) -> None:
        recorded, self.done = self.recorded, self.done + 1
        if self.done == 0:
            for node, grad in zip(recorded.order, recorded.initial, strict=True):
                node.grad = grad
            recorded.root.grad += recorded.gradient
        else:
            operand = recorded.edges[self.done - 1].operand
            recorded.order[operand].grad = recorded.after[self.done - 1]
            self._arrived[operand] += 1

    def _undo(self) -> None:
        recorded = self.recorded
        self.done = self.done - 1
        if self.done < 0:
            for node, grad in zip(recorded.order, self._original, strict=True):
                node.grad = grad
        else:
            operand = recorded.edges[self.done].operand
            recorded.order[operand].grad = recorded.before[self.done]
            self._arrived[operand] -= 1

    # Looking

    def peek(self) -> Step | Any:
        """Return the next step, without doing it.

        >>> x = Value(3.0, "x")
        >>> bp = (x * x).backprop()
        >>> bp.peek().contribution, bp.done
        (1.0, -1)
        """
        left = self.done < len(self.recorded.edges)
        return self.recorded.step(self.done + 1) if left else Steps()

    def where(self, most: int = 30) -> TextTable:
        """Return the values in the order of the pass, at most `most` rows, with the next operation marked."""
        most = _whole("where", most, " of rows")
        order = range(len(self.recorded.order) - 1, -1, -1)
        here = len(order) - 1 - self._present if self._present is not None else len(order) - 1
        start = max(0, min(here - most // 2, len(order) - most))
        rows = [self._row(k) for k in order[start : start + most]]
        above, below = start, max(0, len(order) - start - most)
        return TextTable(rows, positions(rows, above, below))

    def tree(self, depth: int = 8, most: int = 60) -> TextTable:
        """Return the graph from the root down, a row for each edge with its partial and contribution."""
        from ..drawing.text import tree

        depth, most = _whole("tree", depth, ", the depth"), _whole("tree", most, " of rows")
        text = tree(self.recorded, self.recorded.state(self.done), depth, most)
        return TextTable(text.splitlines(), text)

    def watch(self, *targets: Value | str) -> TextTable:
        """Show these values' grads below every step from now on; without any, stop showing.

        >>> x = Value(3.0, "x")
        >>> bp = (x * 2).backprop()
        >>> bp.watch(x), bp.watch("x")
        (watching x, watching x)
        >>> bp.step().notes
        ('watch x.grad: 0.0000   (0 of 1)',)
        """
        self._watched = list(dict.fromkeys([*self._watched, *map(self._value, targets)])) if targets else []
        names = ", ".join(self.recorded.names[value] for value in self._watched)
        return TextTable(list(self._watched), f"watching {names}" if names else "watching nothing")

    def check(self, *targets: Value | str, most: int = 30) -> TextTable:
        """Compare the gradient of each target, or of every leaf, with a numerical derivative.

        Of the leaves at most `most`, and on a large graph as many as take about a second.
        """
        most = _whole("check", most, " of leaves")
        recorded, replay = self.recorded, Replay(self.recorded.root)
        order = recorded.order
        chosen = [recorded.index[self._value(target)] for target in targets]
        leaves = [k for k, node in enumerate(order) if not node.operands] if not targets else chosen
        shown = chosen or leaves[: max(1, min(most, _CHECKED // len(order)))]
        rows = [self._checked(replay, k) for k in shown]
        return TextTable(rows, checks(rows, len(leaves) - len(shown)))

    def _checked(self, replay: Replay, k: int) -> Checked:
        recorded, node = self.recorded, self.recorded.order[k]
        found, error = replay.derivative(node)
        numerical, error = found * recorded.gradient, error * abs(recorded.gradient)
        gradient = recorded.final[k] - recorded.initial[k]
        agrees = abs(gradient - numerical) <= 10 * error + 1e-7 * max(abs(gradient), 1e-6)
        note = ""
        if not math.isfinite(numerical + gradient):
            agrees, note = True, "undecided: no finite derivative here"
        elif not agrees:
            left, right = sorted(slope * recorded.gradient for slope in replay.one_sided_derivatives(node))
            room = 1e-4 * max(abs(left), abs(right), 1e-6)
            if right - left > 10 * room and left - room <= gradient <= right + room:
                agrees, note = True, f"a kink: {left:+.4g} on one side, {right:+.4g} on the other"
        elif error > 0.1 * max(abs(gradient), 1e-6):
            note = f"not certain: to {error:.0e} only"
        return Checked(node, recorded.names[node], gradient, numerical, error, agrees, note)

    @property
    def _present(self) -> int | None:
        """Return the index of the value whose rule the next step applies."""
        if self.done == len(self.recorded.edges):
            return None
        return self.recorded.edges[max(self.done, 0)].result

    def _row(self, k: int) -> Row:
        recorded = self.recorded
        node, arrived, expected = recorded.order[k], self._arrived[k], recorded.expected[k]
        reached = self.done >= 0 and (arrived > 0 or node is recorded.root)
        status = "not reached" if not reached else "final" if arrived == expected else "waiting"
        expression = formula(node, recorded.names)
        name = recorded.names[node]
        grad = node.grad if reached else None
        return Row(node, name, expression, node.data, grad, arrived, expected, status, k == self._present)

    def _annotated(self, step: Step) -> Step:
        step.notes = tuple(
            f"watch {grouped(self.recorded.names[value])}.grad: {fixed(value.grad, sign=True)}"
            f"   ({self._arrived[k]} of {self.recorded.expected[k]})"
            for value, k in ((value, self.recorded.index[value]) for value in self._watched)
        )
        return step

    def _value(self, target: Value | str) -> Value:
        if isinstance(target, Value):
            if target not in self.recorded.index:
                raise ValueError(
                    f"{quoted(target)} is not in the graph of {self.recorded.names[self.recorded.root]}"
                )
            return target
        named: dict[str, Value] = {name: value for value, name in self.recorded.names.items()}
        if (name := brief(target, LONGEST_NAME)) in named:
            return named[name]

        close = nearest(str(target), named, 3)
        hint = f"; did you mean {' or '.join(close)}?" if close else f": it has {listed(named)}"
        raise ValueError(f"there is no value named {quoted(target)} in this graph{hint}")

    # Pictures

    def picture(self, **options: Unpack[PictureOptions]) -> Picture:
        """Return the picture of the current step, as `draw` makes it and with its options.

        >>> picture = backprop(Value(3.0, "x") * 2).picture(theme="dark", title="before the pass")
        >>> picture.theme
        'dark'
        """
        return self._drawn("picture", options)

    def _drawn(self, method: str, options: PictureOptions) -> Picture:
        """Return the picture for one of the methods, which an error about its options names."""
        from ..drawing import PictureOptions, draw

        known = PictureOptions.__annotations__
        for word in options:
            if word not in known:
                close = nearest(word, known)
                hint = f"did you mean {close[0]}?" if close else f"known options are {', '.join(known)}"
                raise TypeError(f"{method}() has no option {quoted(word)}: {hint}")
        return draw(self.recorded, step=self.done, **options)

    def show(self, **options: Unpack[PictureOptions]) -> None:
        """Show the picture of the current step: in a notebook below the cell, else in a viewer."""
        self._drawn("show", options).show()

    def save(self, path: str | Path, **options: Unpack[PictureOptions]) -> Path:
        """Save the picture of the current step; the file's suffix says in which format."""
        if not isinstance(path, str | os.PathLike):
            raise TypeError(
                f'save takes a path, such as "step.svg", got {quoted(path)} of type {kind_of(path)}'
            )
        return self._drawn("save", options).save(path)

    def frames(self, folder: str | Path, format: str = "svg", **options: Unpack[PictureOptions]) -> list[Path]:
        """Save one picture for every step in a format, all with the same geometry, into a folder."""
        return self._drawn("frames", options).frames(folder, format)

    def animate(self, path: str | Path, **options: Unpack[PictureOptions]) -> Path:
        """Save the whole pass as an animation: .svg (which plays itself, without a script), .gif or .apng."""
        return self._drawn("animate", options).animate(path)

    def player(self, height: int = 620, **options: Unpack[PictureOptions]) -> Player:
        """Return the interactive page in a frame for a notebook's cell; `height` is in pixels."""
        from ..drawing.inline import Player

        return Player(self._drawn("player", options).html(), repr(self), height)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the output of a notebook's cell: the interactive page, or text if there are many steps."""
        if max(len(self), len(self.recorded.order)) > _MOST_SHOWN:
            return {"text/plain": repr(self)}
        return self.player()._repr_mimebundle_()

    def prompt(self) -> None:
        """Step by typing short commands as in a debugger: `h` lists them, `q` leaves."""
        from .prompt import Prompt

        Prompt(self).cmdloop()

    def __iter__(self) -> Iterator[Step]:
        while self.done < len(self.recorded.edges):
            yield self._advance()

    def __len__(self) -> int:
        return len(self.recorded.edges)

    def _already_there(self) -> str:
        """Return a note on gradients that leaves already have, to which this pass adds; "" for none."""
        recorded = self.recorded
        grads = zip(recorded.order, recorded.initial, strict=True)
        names = [recorded.names[node] for node, grad in grads if grad]
        if not names:
            return ""
        several = f"{names[0]} and {len(names) - 1:,} more" if names[1:] else names[0]
        return f"; adds to the grad already in {several}: clear it with zero_grad() first"

    def __repr__(self) -> str:
        recorded = self.recorded
        root, count = recorded.names[recorded.root], len(recorded.edges)
        equation = f"{root} = {formula(recorded.root, recorded.names)}" if recorded.root.op else root
        head = (
            f"Backprop of {equation}: {plural(len(recorded.order), 'value')}, "
            f"{plural(count, 'chain-rule step')}, {max(self.done, 0)} done{self._already_there()}"
        )
        if stale := stale_words(recorded):
            head += f"\n  {stale}"
        if self.done == count:
            return f"{head}\n  every grad is what backward() gives"
        if self.done < 0:
            return f"{head}\n  next: seed"
        step, d = recorded.step(self.done + 1), derivative_sign()
        partial = f"{d}{grouped(recorded.names[step.node])}/{d}{grouped(recorded.names[step.receiver])}"
        return f"{head}\n  next: {step.equation}, {partial}"


def _whole(method: str, given: Any, what: str) -> int:
    """Return an argument that must be a whole number. Raises TypeError for anything else."""
    if isinstance(given, bool) or not isinstance(given, SupportsIndex):
        raise TypeError(f"{method} takes a whole number{what}, got {quoted(given)} of type {kind_of(given)}")
    return operator.index(given)


def backprop(root: Value, gradient: float = 1.0) -> Backprop:
    """Return the backward pass of a Value, to step through one chain-rule application at a time.

    >>> x = Value(3.0, "x")
    >>> [step.contribution for step in backprop(x * x)]
    [1.0, 3.0, 3.0]
    """
    return Backprop(root, gradient)
