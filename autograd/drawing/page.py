"""The interactive page: one offline file in which a recorded backward pass is played step by step."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

from ..backward_pass import BackwardPass, Step
from ..formulas import fixed, formula, short
from .grouping import Folded, combined
from .layout import as_text, two_layouts
from .parts import MINUS, sign_of, signs
from .scene import View, arrow_id, folded_box, folded_nodes, waiting
from .theme import DARK, LIGHT, variables

PLAYER = Path(__file__).parent / "player"
"""The folder of the page's own code."""
_PACE = 900
"""Milliseconds for each step while playing."""


def page(recorded: BackwardPass, opening: int, view: View, theme: str = "auto", rankdir: str = "LR") -> str:
    """The HTML of the page; it opens at a step, or at the one that its address names after `#`.

    It needs nothing but itself: no request leaves it, and it runs only the script it was made
    with. The graph is laid out twice, before and after the pass; a step only changes classes and
    texts. Whatever a label contains, it is shown as text.
    """
    script = (PLAYER / "player.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    name = recorded.names[recorded.root]
    equation = f"{name} = {formula(recorded.root, recorded.names)}" if recorded.root.op else name
    parts = {
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        "title": html.escape(f"backprop: {equation}"),
        "heading": html.escape(signs(equation)),
        "style": _colours() + (PLAYER / "player.css").read_text(encoding="utf-8"),
        "picture": as_text(two_layouts(recorded, view, rankdir)),
        "data": _safe(_data(recorded, view, opening, theme)),
        "script": script,
    }
    template = (PLAYER / "player.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _colours() -> str:
    """Both themes as CSS variables, chosen by the attribute that the player sets."""
    return (
        f":root{{{variables(LIGHT)}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme]){{{variables(DARK)}}}}}"
        f":root[data-theme=dark]{{{variables(DARK)}}}"
    )


def _safe(data: dict[str, Any]) -> str:
    """JSON that nothing inside can end: no `<` is left in it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _data(recorded: BackwardPass, view: View, opening: int, theme: str) -> dict[str, Any]:
    """What the script needs to know: every node once, and every step once."""
    names, inside = recorded.names, folded_nodes(recorded, recorded.state(-1), view)
    nodes = [
        {
            "id": inside[k].frame.id if k in inside else f"n{k}",
            "waiting": waiting(inside[k]) if k in inside else "grad",
            "name": names[node],
            "formula": signs(formula(node, names)),
            "data": fixed(node.data).translate(MINUS),
            "expected": recorded.expected[k],
        }
        for k, node in enumerate(recorded.order)
    ]
    steps = [_step(recorded, number) for number in range(len(recorded.edges) + 1)]
    if inside:
        _fold(recorded, inside, steps)
    return {
        "nodes": nodes,
        "steps": steps,
        "start": _start(recorded),
        "complete": _complete(recorded),
        "opening": opening,
        "theme": theme,
        "pace": _PACE,
    }


def _fold(recorded: BackwardPass, inside: dict[int, Folded], steps: list[dict[str, Any]]) -> None:
    """Tell each step which arrow it is part of, what that then carries, and what a folded box shows."""
    grads: dict[int, float] = {}
    flowed: dict[str, list[float]] = {}
    for number, step in enumerate(steps):
        if number:
            name = step["edge"] = arrow_id(recorded, inside, number - 1)
            if name and "-" in name:
                flowed.setdefault(name, []).append(recorded.contributions[number - 1])
                step["carried"] = short(combined(flowed[name]) or 0.0).translate(MINUS)
        if group := inside.get(step["receiver"]):
            grads[step["receiver"]] = recorded.after[number - 1] if number else recorded.final[-1]
            box = folded_box(group._replace(error=combined([grads[k] for k in group.outputs if k in grads])))
            output = step["receiver"] in group.outputs
            step["box"] = {"grad": box.grad, "label": box.counted, "sign": box.sign} if output else None


def _start(recorded: BackwardPass) -> dict[str, str]:
    count = len(recorded.edges)
    return {
        "when": "before the backward pass",
        "symbols": "no gradient has arrived anywhere",
        "rule": f"{count} application{'' if count == 1 else 's'} of the chain rule will follow",
    }


def _complete(recorded: BackwardPass) -> dict[str, str]:
    """After the last step: what a gradient says, in the numbers of the leaf with the largest one."""
    count, root = len(recorded.edges), recorded.names[recorded.root]
    leaves = [k for k, node in enumerate(recorded.order) if not node.operands]
    sizes = {k: recorded.final[k] - recorded.initial[k] for k in leaves}
    k = max(leaves, key=lambda each: abs(sizes[each]))
    nudge = signs(fixed(0.001 * sizes[k], sign=True))
    return {
        "when": "backward pass complete",
        "symbols": f"{count} chain-rule step{'' if count == 1 else 's'}, every gradient final",
        "change": f"What a gradient says: nudge {recorded.names[recorded.order[k]]} by 0.001, "
        f"and {root} moves by about {nudge}.",
        "rule": "grad × 0.001, for the value with the largest gradient",
    }


def _step(recorded: BackwardPass, number: int) -> dict[str, Any]:
    step = recorded.step(number)
    edge = recorded.edges[number - 1] if number else None
    counted = (
        "" if step.expected < 2 else f" Σ{step.expected}" if step.final else f" {step.count}/{step.expected}"
    )
    return {
        "edge": f"e{edge.result}_{edge.position}" if edge else None,
        "receiver": edge.operand if edge else len(recorded.order) - 1,
        "result": edge.result if edge else None,
        "grad": signs(fixed(step.after, sign=True)),
        "sign": sign_of(step.after),
        "flow": sign_of(step.contribution),
        "label": f"grad{counted}",
        "count": step.count if edge else 0,
        "when": f"step {number} of {step.of}",
        "contribution": signs(fixed(step.contribution, sign=True)),
        "change": signs(step.change()),
        **(_chain_rule(recorded, step) if edge else _seed(recorded)),
    }


def _seed(recorded: BackwardPass) -> dict[str, Any]:
    root, gradient = recorded.names[recorded.root], signs(f"{recorded.gradient:g}")
    rule = "the root's own gradient, from which all others come"
    return {"symbols": f"∂{root}/∂{root} = {gradient}", "rule": rule}


def _abridged(name: str, most: int = 14) -> str:
    """A name that leaves room in a formula: of a long one the beginning and the end.

    >>> _abridged("layers.0.neurons.3.weights.1")
    'layers.…ghts.1'
    """
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2 - 1) :]}"


def _chain_rule(recorded: BackwardPass, step: Step) -> dict[str, Any]:
    """The formula panel of one step: the chain rule in symbols, in numbers, and the local rule."""
    values = recorded.root, step.node, step.receiver
    root, node, receiver = (_abridged(recorded.names[value]) for value in values)
    upstream, partial = step.upstream or 0.0, step.partial or 0.0
    return {
        "symbols": [f"∂{root}/∂{receiver}", f"∂{root}/∂{node}", f"∂{node}/∂{receiver}"],
        "factors": [signs(fixed(upstream, sign=True)), signs(fixed(partial, sign=True))],
        "rule": signs(f"{step.equation}:  {step.local('∂')}"),
        "neuron": signs(step.neuron("∂")),
    }
