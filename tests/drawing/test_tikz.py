"""A picture as TikZ has all that the scene has, in text that LaTeX can read; no TeX is needed here."""

import re

import pytest

from autograd import Value, dot, draw, relu, total
from autograd.drawing.wrapping import joined, rows
from nn import MLP


def source(picture, tmp_path):
    return picture.save(tmp_path / "picture.tex").read_text(encoding="utf-8")


def assert_balanced(text):
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", text.replace("\\\\", "")):
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0


def pictures():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = relu(a * b + 1.0) + a
    root.backward()
    deep = a
    for _ in range(8):
        deep = deep * 0.99 + a
    model = MLP(2, [2, 1], rng=0)
    many = [Value(0.1 * k, f"x{k}") for k in range(30)]
    sums = dot(many, [float(k) for k in range(30)]) * total(many)
    sums.backward()
    return {
        "list": draw(sums),
        "graph": draw(root),
        "step": draw(root, step=2),
        "rows": draw(deep),
        "network": draw(model([0.5, 1.0]), groups=model),
        "neurons": draw(model([0.5, 1.0]), groups=model, collapse="neuron"),
    }


@pytest.mark.parametrize("name", pictures())
def test_every_box_and_arrow_is_in_the_document(name, tmp_path):
    picture = pictures()[name]
    text = source(picture, tmp_path)
    assert text.startswith("\\documentclass")
    assert text.endswith("\\end{tikzpicture}\n\\end{document}\n")
    assert_balanced(text)
    scene = joined(rows(picture.scene)) if name == "list" else picture.scene
    assert len(re.findall(r"(?m)^\\node\[.*minimum width=", text)) >= len(scene.boxes)
    assert len(re.findall(r"(?m)^\\draw\[draw=\w+,line width", text)) >= len(scene.arrows)
    colours = set(re.findall(r"\\definecolor\{(\w+)\}", text))
    used = set(re.findall(r"\\textcolor\{(\w+)\}|draw=(\w+)|fill=(\w+)", text))
    assert {colour for group in used for colour in group if colour} <= colours


def test_names_cannot_be_commands_of_latex(tmp_path):
    text = source(draw(Value(1.0, "\\end{document} $x$") * Value(2.0, "# % & ~ ^_ α 重")), tmp_path)
    assert_balanced(text)
    assert text.count("\\end{document}") == 1
    assert r"\textbackslash{}end\{document\}" in text
    assert r"$\alpha$" in text
    assert "luatexja" in text  # for letters that LaTeX's own fonts do not have
    assert "luatexja" not in source(draw(Value(1.0, "w") * 2), tmp_path)


def test_a_list_has_the_numbers_of_its_lines(tmp_path):
    picture = pictures()["list"]
    cell = (
        r"\\makebox\[74bp\]\[l\]\{(\w+)\}\\makebox\[48bp\]\[r\]\{(.*?)\}\\makebox\[60bp\].*?\\textbf\{(.*?)\}"
    )
    found = [
        tuple(word.replace("$-$", "−") for word in each) for each in re.findall(cell, source(picture, tmp_path))
    ]
    lines = [line for box in joined(rows(picture.scene)).boxes for line in box.lines if line.name]
    assert sorted(found) == sorted((line.name, line.data, line.grad) for line in lines)
    assert len(found) == 120  # 60 operands of the dot product, 30 of the sum, and their 30 leaves
