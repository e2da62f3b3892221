"""A report as an HTML page: the verdict, found and expected gradients, the graph and its wrong edge."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from ..drawing import draw
from ..drawing.theme import DARK, LIGHT, repainted, variables
from ..graph import topological_order
from .cases.program import Program
from .evidence.findings import WRONG
from .patterns import Part, patterns
from .report_text import caption, evidence

if TYPE_CHECKING:
    from .report import Report

MOST_NODES = 60
"""Maximum number of nodes of a graph that is drawn; of a larger one only the smallest program is."""
MOST_CELLS = 600
"""Maximum number of numbers of one argument that are shown."""
_STYLE = """
body{margin:2rem auto;max-width:70rem;padding:0 1.2rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}h1{font-size:1.35rem;margin:.4rem 0}h2{font-size:1rem;margin:1.6rem 0 .4rem}
.chip{display:inline-block;padding:.1rem .7rem;border-radius:1rem;font-weight:600}
.right{background:var(--tint-pos);color:var(--text-pos)}.wrong{background:var(--tint-neg);color:var(--text-neg)}
.undecided{background:var(--tint-size);color:var(--text-size)}.mute{color:var(--mute)}
table{border-collapse:separate;border-spacing:3px;font-variant-numeric:tabular-nums;font-size:13px}
td,th{padding:.2rem .5rem;text-align:right;border-radius:4px;font-weight:400}th{color:var(--mute)}
td{background:var(--leaf)}td.wrong{background:var(--tint-neg);color:var(--text-neg)}
td small{display:block;color:var(--mute)}.scroll{overflow-x:auto}pre{background:var(--leaf);padding:.7rem;
border-radius:6px;overflow-x:auto;font-size:13px}figure{margin:.5rem 0;overflow-x:auto}
svg{max-width:100%;height:auto}
"""


def page(report: Report) -> str:
    """Return a report as a self-contained HTML page."""
    verdict = report.verdict
    headline = report.failure(table=False).splitlines()[0] if verdict == WRONG else report.title
    parts = report.parts()
    body = [
        f'<span class="chip {verdict}">{verdict}</span><h1>{html.escape(headline)}</h1>',
        f'<p class="mute">{html.escape(report.title)}</p>' if verdict == WRONG else "",
        "".join(f"<p>{html.escape(words)}</p>" for words in [*patterns(parts), *report.reasons[:3]]),
        *map(_gradient, parts),
        _graphs(report),
        _list("Evidence", [re.sub(" {2,}", ": ", line.strip()) for line in evidence(report)]),
        _code("Smallest program", report.smallest.code() if report.smallest is not None else ""),
        _code("Repeat this check", report.pasted),
    ]
    themes = f":root{{{variables(LIGHT)}}}@media(prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(f'{verdict}: {report.title}')}</title><style>{themes}{_STYLE}</style>"
        f"<body>{''.join(body)}</body></html>"
    )


def _gradient(part: Part) -> str:
    """Return the gradient with respect to one argument as a table of its shape, with expected numbers."""
    shape = f' <span class="mute">{part.shape}</span>' if len(part.found) > 1 else ""
    head = f"<h2>Gradient with respect to {html.escape(part.name)}{shape}</h2>"
    if len(part.found) > MOST_CELLS:
        return f"{head}<p>{sum(part.wrong):,} of {len(part.found):,} numbers are wrong</p>"
    columns = part.shape[-1] if part.shape else 1
    rows = []
    for start in range(0, len(part.found), columns or 1):
        cells = [
            f'<td class="{"wrong" if part.wrong[k] else ""}">{part.found[k]:.6g}'
            + (f"<small>expected {part.truth[k]:.6g}</small>" if part.wrong[k] else "")
            + "</td>"
            for k in range(start, start + columns)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'{head}<div class="scroll"><table>{"".join(rows)}</table></div>'


def _graphs(report: Report) -> str:
    """Return the smallest program and the whole graph, with the wrong edge highlighted."""
    found, whole = [], report.program
    if report.smallest is not None:
        found.append(
            _graph("The smallest program that shows it", report.smallest, report.shown, caption(report))
        )
    if whole is not None and whole.lines and len(whole.lines) <= MOST_NODES and whole != report.smallest:
        words = report.title if report.verdict == WRONG else f"{report.title}: {report.verdict}"
        found.append(_graph("The graph", whole, report.cause, words))
    return "".join(found)


def _graph(head: str, program: Program, finding: Any, caption: str) -> str:
    root, _ = program.record()
    root.backward()
    svg = draw(root, title=caption, max_nodes=10 * MOST_NODES).svg()
    edge = _wrong_edge(finding, root)
    name = f"{head.split()[1]}_{edge}"
    picture = repainted(svg[svg.index("<svg") :]).replace(f'id="{edge}"', f'id="{name}"')
    words = style = ""
    if edge:
        style = (
            f"<style>#{name} path,#{name} polygon{{stroke:var(--now);stroke-width:6px}}"
            f"#{name} polygon{{fill:var(--now)}}</style>"
        )
        words = '<p class="mute">The local derivative of the yellow edge is wrong.</p>'
    return f"<h2>{head}</h2><figure>{style}{picture}</figure>{words}"


def _wrong_edge(shown: Any, root: Any) -> str:
    """Return the element id of the edge whose partial is wrong; "" if there is none."""
    if shown is None or shown.question != "local" or shown.position < 0:
        return ""
    point = [getattr(item, "data", item) for item in shown.place.operands]
    for k, node in enumerate(topological_order(root)):
        if node.op is shown.place.op and [getattr(item, "data", item) for item in node.operands] == point:
            return f"e{k}_{shown.position}"
    return ""


def _list(head: str, items: list[str]) -> str:
    return f"<h2>{head}</h2><ul>{''.join(f'<li>{html.escape(i)}</li>' for i in items)}</ul>" if items else ""


def _code(head: str, text: str) -> str:
    return f"<h2>{head}</h2><pre>{html.escape(text)}</pre>" if text else ""
