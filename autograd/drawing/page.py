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
from ..notation import fixed, formula
from .layout import as_text, two_layouts
from .scene import MINUS, View, sign_of
from .theme import DARK, LIGHT, variables

_PLAYER = Path(__file__).parent / "player"
_PACE = 900
"""Milliseconds for each step while playing."""


def page(recorded: BackwardPass, opening: int, view: View, theme: str = "auto", rankdir: str = "LR") -> str:
    """The HTML of the page; it opens at a step, or at the one that its address names after `#`.

    It needs nothing but itself: no request leaves it, and it runs only the script it was made
    with. The graph is laid out twice, before and after the pass; a step only changes classes and
    texts. Whatever a label contains, it is shown as text.
    """
    script = (_PLAYER / "player.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    name = recorded.names[recorded.root]
    equation = f"{name} = {formula(recorded.root, recorded.names)}" if recorded.root.op else name
    parts = {
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        "title": html.escape(f"backprop: {equation}"),
        "heading": html.escape(equation),
        "style": _colours() + (_PLAYER / "player.css").read_text(encoding="utf-8"),
        "picture": as_text(two_layouts(recorded, view, rankdir)),
        "data": _safe(_data(recorded, opening, theme)),
        "script": script,
    }
    template = (_PLAYER / "player.html").read_text(encoding="utf-8")
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


def _data(recorded: BackwardPass, opening: int, theme: str) -> dict[str, Any]:
    """What the script needs to know: every node once, and every step once."""
    names = recorded.names
    nodes = [
        {
            "id": f"n{k}",
            "name": names[node],
            "formula": formula(node, names),
            "data": fixed(node.data).translate(MINUS),
            "expected": recorded.expected[k],
        }
        for k, node in enumerate(recorded.order)
    ]
    count = len(recorded.edges)
    start = {
        "when": "before the backward pass",
        "symbols": "no gradient has arrived anywhere",
        "numbers": "",
        "rule": f"{count} application{'' if count == 1 else 's'} of the chain rule will follow",
    }
    steps = [_step(recorded, number) for number in range(count + 1)]
    return {"nodes": nodes, "steps": steps, "start": start, "opening": opening, "theme": theme, "pace": _PACE}


def _step(recorded: BackwardPass, number: int) -> dict[str, Any]:
    step = recorded.step(number)
    edge = recorded.edges[number - 1] if number else None
    receiver = edge.operand if edge else len(recorded.order) - 1
    counted = (
        "" if step.expected < 2 else f" Σ{step.expected}" if step.final else f" {step.count}/{step.expected}"
    )
    root = recorded.names[recorded.root]
    made = {
        "edge": f"e{edge.result}_{edge.position}" if edge else None,
        "receiver": receiver,
        "result": edge.result if edge else None,
        "grad": fixed(step.after, sign=True),
        "sign": sign_of(step.after),
        "flow": sign_of(step.contribution),
        "label": f"grad{counted}",
        "count": step.count if edge else 0,
        "when": f"step {number} of {step.of}",
        "contribution": fixed(step.contribution, sign=True),
        "change": step.change(),
    }
    if edge:
        made |= _words(step)
    else:
        made |= {
            "symbols": f"∂{root}/∂{root} = 1",
            "numbers": "the root's own gradient:",
            "rule": f"{root} is the root",
        }
    return {key: _signs(value) if isinstance(value, str) and key not in ("edge", "when") else value
            for key, value in made.items()}  # fmt: skip


def _words(step: Step) -> dict[str, str]:
    """The formula panel of one step: the chain rule in symbols, in numbers, and the local rule."""
    symbols, upstream = step.chained("∂").split(" = ", 1)
    rule = f"{step.equation}:  {step.local('∂')}"
    neuron = step.neuron("∂")
    return {
        "symbols": symbols.replace(" * ", " · "),
        "numbers": upstream.rsplit(" = ", 1)[0] + " =",
        "rule": f"{rule};  {neuron}" if neuron else rule,
    }


def _signs(words: str) -> str:
    """The signs that a page can show and a terminal perhaps cannot."""
    words = words.replace("->", "→").replace(" * ", " × ")
    return re.sub(r"(?<![\w.])-(?=[\d(])", "−", words)
