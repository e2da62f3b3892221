"""The interactive page: one offline file in which a graph's numbers can be changed and its pass played."""

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
from .bundle import PLAYER, bundled
from .grouping import Folded
from .javascript import NotTranslatableError, definitions
from .live import live_picture
from .parts import signs
from .scene import folded_nodes
from .theme import DARK, LIGHT, Theme, variables
from .view import View


def page(
    recorded: BackwardPass, opening: int, view: View, theme: str | Theme = "auto", rankdir: str = "LR"
) -> str:
    """The HTML of the page; it opens at a step, or at the one that its address names after `#`.

    It needs nothing but itself: no request leaves it, and it runs only the script it was made
    with. The graph is laid out once; the page computes values, partials and gradients itself, with
    the rules of the table in JavaScript, and writes them into the picture. Whatever a label
    contains, it is shown as text.
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
    """A page from its template, its script and its other parts, with a policy that allows that script alone."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data: blob:"
    whole = {**parts, "script": script, "policy": policy}
    return re.sub(r"\{\{(\w+)\}\}", lambda match: whole[match[1]], template)


def colours(theme: str | Theme = "auto") -> str:
    """Both themes as CSS variables, chosen by the attribute that the script sets; or one of your own."""
    if isinstance(theme, Theme):
        return f":root{{{variables(theme)}}}"
    return (
        f":root{{{variables(LIGHT)}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme]){{{variables(DARK)}}}}}"
        f":root[data-theme=dark]{{{variables(DARK)}}}"
    )


def as_json(data: Any) -> str:
    """JSON that nothing inside can end: no `<` is left in it; numbers that are not finite as text."""
    text = json.dumps(_finite(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else repr(data)
    if isinstance(data, dict):
        return {key: _finite(item) for key, item in data.items()}
    return [_finite(item) for item in data] if isinstance(data, list | tuple) else data


def _operations(recorded: BackwardPass) -> tuple[str, str]:
    """The rules in JavaScript; or none, and the reason why the page cannot compute the graph anew."""
    used = {node.op.name: node.op for node in recorded.order if node.op}
    try:
        return definitions(used.values()), ""
    except NotTranslatableError as error:
        return "export const OPS = {};\n", str(error)


def _data(recorded: BackwardPass, view: View, opening: int, theme: str | Theme, frozen: str) -> dict[str, Any]:
    """What the script needs to know: every node once, its number and its partials."""
    names, inside = recorded.names, folded_nodes(recorded, recorded.state(-1), view)
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
