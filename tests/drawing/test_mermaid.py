"""Mermaid flowcharts: read by a reader of their grammar written here, and by Mermaid itself, from npm."""

import random
import re
import shutil
import subprocess
import tarfile

import pytest

from autograd import Value, dot, draw, tanh
from nn import MLP, mse_loss

NODE = re.compile(r'(b\d+)(?:\("(.*)"\)|\["(.*)"\]|\[\["(.*)"\]\])')
EDGE = re.compile(r'(b\d+) (-->|---|-\.->|-\.-)(?:\|"(.*)"\|)? (b\d+)')
HOSTILE = (
    """
end|graph TD; A-->B|<script>alert(1)</script>|a"] --> b; click b "javascript:x"|`code`|**x**|_y_|1. x|- x|# h
重み 名前|%% c|#35;|&lt;|\\n|{"a":1}|$$x^2$$|😀|nan|a very long name of some fifty letters and more
""".strip()
    .replace("\n", "|")
    .split("|")
)


def plain(words):
    """Undo what Mermaid undoes: its codes of letters, then the tags of its labels."""
    assert '"' not in words
    tags = set(re.findall(r"<[^>]*>", words))
    assert tags <= {"<b>", "</b>", "<br/>"}, tags
    text = re.sub(r"</?b>", "", words).replace("<br/>", "\n")
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text).replace("\u200b", "")


def read(text):
    """Return the direction, the texts of the nodes, the edges and the subgraphs; refuse any other line."""
    first, *lines = text.splitlines()
    direction = re.fullmatch(r"flowchart (LR|RL|TB|BT)", first)[1]
    nodes, edges, groups, depth = {}, [], [], 0
    for line in map(str.strip, lines):
        if node := NODE.fullmatch(line):
            nodes[node[1]] = plain(next(words for words in node.groups()[1:] if words is not None))
        elif edge := EDGE.fullmatch(line):
            edges.append((edge[1], edge[2], plain(edge[3] or ""), edge[4]))
        elif group := re.fullmatch(r'subgraph (g\d+)\["(.*)"\]', line):
            groups.append(plain(group[2]))
            depth += 1
        elif line == "end":
            depth -= 1
        elif style := re.fullmatch(
            r"linkStyle (\d+) stroke:#[0-9A-F]{6},stroke-width:[\d.]+px(,stroke-dasharray:5)?", line
        ):
            assert int(style[1]) < len(edges)
        elif style := re.fullmatch(r"style (b\d+) (fill:#[0-9A-F]{6}|stroke-dasharray:4)", line):
            assert style[1] in nodes
        else:
            assert line in nodes, line
            assert depth > 0
    assert depth == 0
    assert all(start in nodes and end in nodes for start, _, _, end in edges)
    return direction, nodes, edges, groups


def network():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    loss = mse_loss([model([0.5, 1.0])], [1.0])
    loss.backward()
    return model, loss


def hostile():
    total = Value(1.0, "start")
    for name in HOSTILE:
        total = total * Value(1.5, name) + 1.0
    return total


def pictures():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = tanh(a * b + a * 0.5) * a
    model, loss = network()
    yield draw(root)
    root.backward()
    yield from (draw(root, step=3), draw(root), draw(root, rankdir="TB", symbols=True))
    yield from (draw(loss, groups=model, collapse=level) for level in (None, "neuron", "layer"))
    yield draw(loss, depth=2)
    yield draw(dot([Value(0.1 * k, f"w{k}") for k in range(40)], [1.0 * k for k in range(40)]))
    yield draw(hostile())


def test_every_line_of_a_diagram_is_of_the_grammar_and_has_every_box_and_arrow():
    for picture in pictures():
        _, nodes, edges, _ = read(picture.pipe("mmd").decode())
        scene = picture.scene
        assert len(nodes) == len(scene.boxes)
        assert len(edges) == len(scene.arrows)
        for box, text in zip(scene.boxes, nodes.values(), strict=True):
            assert (box.data in text.split("\n")[1]) if box.kind == "leaf" else True


@pytest.mark.parametrize("name", HOSTILE)
def test_a_label_is_only_text(name):
    _, nodes, _, _ = read(draw(Value(1.0, name) * 2).pipe("mmd").decode())
    assert nodes["b0"].split("\n")[0] == name


def test_error_flows_from_the_root_and_every_box_stays_on_its_side():
    model, loss = network()
    before = read(draw(loss, step=-1, groups=model).pipe("mmd").decode())
    after = read(draw(loss, groups=model).pipe("mmd").decode())
    assert (before[0], after[0]) == ("LR", "RL")
    assert [(end, start) for start, _, _, end in before[2]] == [(start, end) for start, _, _, end in after[2]]
    inputs = {id_ for id_, text in after[1].items() if text.startswith("input")}
    assert {line for _, line, _, end in after[2] if end in inputs} == {"---"}
    assert {line for *_, line, _, _ in before[2]} <= {"-->", "-.->"}
    assert after[3] == ["Layer 0 2 → 3, tanh", "Layer 1 3 → 1, linear"]


@pytest.fixture(scope="module")
def mermaid(tmp_path_factory):
    """Return the script of Mermaid, packed by npm; skip without npm or without a network."""
    if not shutil.which("npm"):
        pytest.skip("no npm")
    folder = tmp_path_factory.mktemp("mermaid")
    command = ["npm", "pack", "mermaid@11", "--silent", "--fetch-retries=1"]
    try:
        packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    except subprocess.SubprocessError:  # a network that does not answer, too
        pytest.skip("npm has no package here")
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        return archive.extractfile("package/dist/mermaid.min.js").read().decode()


@pytest.mark.slow
@pytest.mark.browser
def test_mermaid_itself_draws_every_diagram(mermaid, visit, tmp_path):
    (tmp_path / "empty.html").write_text("<!doctype html><html><body><div id='out'></div></body></html>")
    page = visit(tmp_path / "empty.html")
    page.add_script_tag(content=mermaid)
    page.evaluate("mermaid.initialize({startOnLoad: false})")
    draws = """async text => {
        await mermaid.parse(text);
        out.innerHTML = (await mermaid.render("made", text)).svg;
        const texts = [...out.querySelectorAll(".node")].map(each => each.textContent);
        return [texts, out.querySelectorAll(".edgePaths path").length];
    }"""
    for picture in pictures():
        texts, edges = page.evaluate(draws, picture.pipe("mmd").decode())
        assert (len(texts), edges) == (len(picture.scene.boxes), len(picture.scene.arrows))
    assert all(any(name in text.replace("\u200b", "") for text in texts) for name in HOSTILE)
    with pytest.raises(Exception, match=r"Parse error|Lexical error"):
        page.evaluate("text => mermaid.parse(text)", "flowchart LR\n  a <- b")
