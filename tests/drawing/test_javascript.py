"""The table's rules in JavaScript, each compared with Python: values, partials, and domains."""

import itertools
import json
import math
import shutil
import subprocess

import pytest

import autograd
from autograd import (
    DomainError,
    Value,
    atan2,
    cbrt,
    clip,
    dot,
    elu,
    leaky_relu,
    maximum,
    prod,
    sqrt,
    where,
)
from autograd.drawing.bundle import bundled
from autograd.drawing.javascript import JavaScript, definition, definitions
from autograd.drawing.page import _data, as_json
from autograd.drawing.view import View
from autograd.formulas import taken_branch
from autograd.modes import ieee_arithmetic
from autograd.ops.language import NotTranslatableError
from autograd.ops.op import Op
from autograd.ops.table import TABLE
from autograd.recording import function_of

NAN, INF = math.nan, math.inf
ORDINARY = [0.3, -0.7, 1.7, -2.0, 3.0, 0.125, -5.5, 12.0]
EXCEPTIONAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    1e-300,
    -1e-300,
    1e300,
    -1e300,
    1e-9,
    30.0,
    -40.0,
    710.0,
    -745.0,
]
EXCEPTIONAL += [INF, -INF, NAN]
FEW = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e300, INF, -INF, NAN]
SEQUENCES = [[2.0], [1.0, -2.0, 3.5], [0.0, 0.0, 4.0], [1e300, 1.0, -1e299], [-INF, 1.0], [INF, -1.0, 2.0],
             [NAN, 1.0], [800.0, 799.0, -INF], [0.0, -40.0], [-1e-3, 5.0, 5.0, 7.0]]  # fmt: skip


def points_of(op):
    if op.variadic and len(op.operands) == 1:
        return [[xs] for xs in SEQUENCES]
    if op.variadic:
        return [[ws, list(reversed(ws))] for ws in SEQUENCES]
    numbers = [ORDINARY + EXCEPTIONAL, FEW + ORDINARY[:4], FEW][min(len(op.operands), 3) - 1]
    return [list(point) for point in itertools.product(numbers, repeat=len(op.operands))]


def in_python(op, point):
    """Return value and partials as the engine records them; None outside the domain."""
    arguments = [[Value(x) for x in item] if op.variadic else Value(item) for item in point]
    try:
        node = function_of(op)(*arguments)
    except DomainError:
        return None
    return [node.data, *node.partials]


def plain(result):
    """JSON has no nan and no infinity."""
    return None if result is None else [x if x is None or math.isfinite(x) else repr(x) for x in result]


def number(x):
    return float(x) if isinstance(x, str) else x


def script():
    """Return the rules as a page has them, with what answers about them."""
    ask = 'import { OPS } from "./operations.js";\n' + ASK
    return bundled("ask.js", {"operations.js": definitions(TABLE.values()), "ask.js": ask})


ASK = """
const special = { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 };
const read = (x) => (Array.isArray(x) ? x.map(read) : x in special ? special[x] : x);
const write = (x) => (x === null || Number.isFinite(x) ? x : Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");
globalThis.answer = (questions) => questions.map(([name, point]) => {
  const op = OPS[name], operands = read(point);
  if (!operands.flat().some(Number.isNaN) && !op.domain(...operands)) return null;
  const out = op.value(...operands);
  return [out, ...op.partials(...operands, out)].map(write);
});
"""


def questions():
    return [(op.name, point) for op in TABLE.values() for point in points_of(op)]


def written(point):
    def each(x):
        return "-0" if x == 0 and math.copysign(1, x) < 0 else x if math.isfinite(x) else repr(x)

    return [[each(x) for x in item] if isinstance(item, list) else each(item) for item in point]


def assert_agree(answers):
    asked = questions()
    assert len(asked) == len(answers) > 4000
    wrong = []
    for (name, point), answer in zip(asked, answers, strict=True):
        expected = plain(in_python(TABLE[name], point))
        if (expected is None) != (answer is None):
            wrong.append((name, point, expected, answer))
            continue
        for mine, theirs in zip(expected or (), answer or (), strict=True):
            if not same(number(mine), number(theirs)):
                wrong.append((name, point, expected, answer))
                break
    assert wrong == []


def same(mine, theirs):
    if mine is None or theirs is None:
        return mine is theirs
    return (mine != mine and theirs != theirs) or math.isclose(mine, theirs, rel_tol=4e-14, abs_tol=1e-320)


@pytest.mark.browser
def test_every_operation_gives_pythons_value_and_partials_in_the_browser(visit, tmp_path):
    path = tmp_path / "operations.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><title>t</title><script>{script()}</script>")
    page = visit(path)
    assert_agree(page.evaluate("questions => answer(questions)", [[n, written(p)] for n, p in questions()]))


def test_every_operation_gives_pythons_value_and_partials_in_node(tmp_path):
    node = shutil.which("node")
    if not node:
        pytest.skip("no node")
    (tmp_path / "ask.json").write_text(json.dumps([[n, written(p)] for n, p in questions()]))
    read = 'JSON.parse(require("fs").readFileSync("ask.json", "utf-8"))'
    (tmp_path / "ask.js").write_text(f"{script()}console.log(JSON.stringify(answer({read})));")
    made = subprocess.run(
        [node, "ask.js"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert_agree(json.loads(made.stdout))


EDITED = {
    "an infinite bound": (lambda x: clip(x, 0.0, INF), -1.0),
    "an infinite bound below": (lambda x: maximum(-INF, x * 2.0), -1.0),
    "minus infinity times": (lambda x: -INF * x, 2.0),
    "a finite number beside infinity": (lambda x: atan2(x, INF) + x, 2.0),
    "nan": (lambda x: where(x, x, NAN), 0.0),
    "0 * sqrt": (lambda x: 0.0 * sqrt(x) + x, 0.0),
    "sqrt * 0": (lambda x: sqrt(x) * -0.0 + x, 0.0),
    "0 / exp": (lambda x: 0.0 / cbrt(1.0 + x) + x, -1.0 + 2**-53),
    "sqrt ** 0": (lambda x: sqrt(x) ** 0.0 + x, 0.0),
    "leaky_relu without a slope": (lambda x: leaky_relu(cbrt(x) - 1.0, 0.0) + x, 0.0),
    "elu with alpha 0": (lambda x: elu(cbrt(x) - 1.0, 0.0) + x, 0.0),
    "a product with a zero": (lambda x: prod([sqrt(x), 0.0, x]) + x, 0.0),
    "a dot product with a zero": (lambda x: dot([sqrt(x), x], [0.0, 3.0]), 0.0),
    "a dot product with a zero first": (lambda x: dot([0.0, x], [sqrt(x), x + 1.0]), 0.0),
    "a computed zero": (lambda x: (x - x) * sqrt(x), 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITED)
def test_an_edited_graph_has_pythons_value_and_gradient(name, tmp_path):
    node = shutil.which("node")
    if not node:
        pytest.skip("no node")
    f, at = EDITED[name]
    with ieee_arithmetic():
        x, edited = Value(4.0), Value(at)
        recorded = f(x).backprop().recorded
        expected = f(edited)
        expected.backward()
    data = as_json(_data(recorded, View(), 0, "auto", ""))
    ask = (
        'import { OPS } from "./operations.js";\nimport { Graph } from "./graph.js";\n'
        f"const graph = new Graph({data}, OPS);\n"
        f"const x = {recorded.index[x]};\n"
        f"graph.edit([[x, {at}]]);\n"
        "console.log(JSON.stringify([graph.data[graph.root], graph.gradientOf(x)].map(String)));"
    )
    made = {"operations.js": definitions(TABLE.values()), "ask.js": ask}
    (tmp_path / "ask.js").write_text(bundled("ask.js", made))
    answer = subprocess.run(
        [node, "ask.js"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    found = [float(text.replace("Infinity", "inf")) for text in json.loads(answer.stdout)]
    assert found == pytest.approx([expected.data, edited.grad], rel=1e-12, nan_ok=True)


def test_the_comparison_finds_a_wrong_sign_and_a_wrong_domain():
    answers = [plain(in_python(TABLE[name], point)) for name, point in questions()]
    assert_agree(answers)
    at = next(k for k, (name, point) in enumerate(questions()) if name == "sin" and point == [0.3])
    outside = next(k for k, (name, point) in enumerate(questions()) if name == "log" and point == [-2.0])
    for k, answer in ((at, [answers[at][0], -answers[at][1]]), (outside, ["nan", "nan"])):
        with pytest.raises(AssertionError):
            assert_agree([*answers[:k], answer, *answers[k + 1 :]])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("x % y", "M.remainder(x_, y_)"),
        ("x ** 2", "M.pow(x_, 2)"),
        ("1.0 if x else 0.0", "((x_ !== 0) ? 1 : 0)"),
        ("1 if 0 <= x < y else 0", "(((0 <= x_) && (x_ < y_)) ? 1 : 0)"),
        ("1 if not (x and y) else 0", "(!((x_ !== 0) && (y_ !== 0)) ? 1 : 0)"),
        ("None if x < y else 1.0", "((x_ < y_) ? null : 1)"),
    ],
)
def test_a_rule_means_the_same_in_javascript(rule, expected):
    assert JavaScript(["x", "y"]).written(rule) == expected


@pytest.mark.parametrize("rule", ["x // 2", "x.data", "sorted(x)", "unknown(x)", "[*x]", "x @ y"])
def test_a_graph_that_only_python_can_compute_is_an_error(rule):
    with pytest.raises(NotTranslatableError):
        JavaScript(["x", "y"]).written(rule)
    with pytest.raises(NotTranslatableError, match="Python function"):
        definition(Op("cube(x)", lambda x: x**3, "3 * x * x"))


def test_an_operation_declared_in_text_is_translated_with_those_it_uses():
    declared = autograd.operation("soft(xs)", "softplus(xs) * 2", ["2 * sigmoid(xs)"]).op
    text = definitions([declared])
    assert [name for name in ("soft", "softplus", "sigmoid", "exp") if f"  {name}: {{" in text] == [
        "soft", "softplus", "sigmoid",
    ]  # fmt: skip


def test_the_rule_that_is_shown_is_the_branch_that_python_shows():
    import autograd.drawing.javascript as reading

    for op in TABLE.values():
        for rule in op.partials if not op.variadic else ():
            for point in ([0.3], [0.3, 2.0], [0.3, 2.0, 3.0], [-1.0], [2.0, 0.25]):
                if len(point) == len(op.operands):
                    named = dict(zip(op.operands, point, strict=True)) | {"out": 0.5}
                    texts = [text for _, text in reading._branches(rule, [*op.operands, "out"])]
                    assert taken_branch(rule, named) in texts
