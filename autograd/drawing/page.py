"""Write the interactive page: one offline file that plays the pass and lets users change the numbers."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from typing import Any

from ..backward_pass import BackwardPass
from ..formulas import formula
from ..ops.language import NotTranslatableError
from .bundle import PLAYER, bundled
from .grouping import Folded
from .javascript import definitions
from .live import live_picture
from .network import network_scene
from .parts import signs
from .scene import folded_nodes
from .theme import DARK, LIGHT, Theme, variables
from .view import View


def page(
    recorded: BackwardPass, opening: int, view: View, theme: str | Theme = "auto", rankdir: str = "LR"
) -> str:
    """Return the HTML of the page, which opens at a step, or at the one given after `#` in its address.

    The page is self-contained: it sends no requests, and its policy allows only its own script. The
    graph is laid out once; the page computes values, partials and gradients itself, with the table's
    rules in JavaScript, and writes them into the picture. Labels are always shown as plain text.
    """
    name = recorded.names[recorded.root]
    equation = f"{name} = {formula(recorded.root, recorded.names)}" if recorded.root.op else name
    operations, frozen = _operations(recorded)
    return filled(
        (PLAYER / "player.html").read_text(encoding="utf-8"),
        bundled("main.js", {"operations.js": operations}),
        {
            "title": html.escape(f"backprop: {equation}"),
            "heading": html.escape(signs(equation)),
            "style": colours(theme) + (PLAYER / "player.css").read_text(encoding="utf-8"),
            "picture_style": (PLAYER / "picture.css").read_text(encoding="utf-8"),
            "picture": live_picture(recorded, view, rankdir, theme),
            "data": as_json(_data(recorded, view, opening, theme, frozen)),
        },
    )


def filled(template: str, script: str, parts: dict[str, str]) -> str:
    """Fill a page's template with its script and other parts, and a policy that allows that script only."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data: blob:"
    whole = {**parts, "script": script, "policy": policy}
    return re.sub(r"\{\{(\w+)\}\}", lambda match: whole[match[1]], template)


def colours(theme: str | Theme = "auto") -> str:
    """Return both themes as CSS variables, selected by an attribute that the script sets; or one theme."""
    if isinstance(theme, Theme):
        return f":root{{{variables(theme)}}}"
    return (
        f":root{{{variables(LIGHT)}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme]){{{variables(DARK)}}}}}"
        f":root[data-theme=dark]{{{variables(DARK)}}}"
    )


def as_json(data: Any) -> str:
    """Return JSON that is safe inside a script: without `<`, and with non-finite numbers as strings."""
    text = json.dumps(_finite(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else repr(data)
    if isinstance(data, dict):
        return {key: _finite(item) for key, item in data.items()}
    return [_finite(item) for item in data] if isinstance(data, list | tuple) else data


def _operations(recorded: BackwardPass) -> tuple[str, str]:
    """Return the rules in JavaScript, and the reason if the page cannot compute the graph itself."""
    used = {node.op.name: node.op for node in recorded.order if node.op}
    try:
        return definitions(used.values()), ""
    except NotTranslatableError as error:
        return "export const OPS = {};\n", str(error)


def _data(recorded: BackwardPass, view: View, opening: int, theme: str | Theme, frozen: str) -> dict[str, Any]:
    """Return the data of the script: every node once, with its number and its partials."""
    before = recorded.state(-1)
    folded = network_scene(recorded, before, view).folded or None  # neurons, if a network is drawn
    names, inside = recorded.names, folded_nodes(recorded, before, view._replace(collapse=folded))
    nodes = [
        {
            "id": f"n{k}",
            "name": names[node],
            "op": node.op.name if node.op else None,
            "of": [
                {"c": operand} if operand.__class__ is float else recorded.index[operand]
                for operand in node.operands
            ],
        }
        for k, node in enumerate(recorded.order)
    ]
    return {
        "nodes": nodes,
        "data": [float(node.data) for node in recorded.order],
        "partials": [list(node.partials) for node in recorded.order],
        "gradient": float(recorded.gradient),
        "initial": {k: grad for k, grad in enumerate(recorded.initial) if grad},
        "folded": [_folded(group) for group in dict.fromkeys(inside.values())],
        "frozen": frozen,
        "opening": opening,
        "theme": "auto" if isinstance(theme, Theme) else theme,
        "language": view.lang or "",
    }


def _folded(group: Folded) -> dict[str, Any]:
    return {
        "id": group.frame.id,
        "name": group.frame.name,
        "detail": group.frame.detail,
        "nodes": list(group.nodes),
        "outputs": list(group.outputs),
    }
