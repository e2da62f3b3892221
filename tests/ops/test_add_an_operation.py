"""One entry adds an operation: in a copy of the package, new entries are tested in every algebra."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.helpers import ROOT, copied

pytest.importorskip("mpmath")
pytest.importorskip("hypothesis")


ENTRIES = """
    Op("gudermann(x)", "atan(sinh(x))", "1.0 / cosh(x)", about="Gudermannian function",
       example="gudermann(1.0) = 0.8658"),
    Op("mish(x)", "x * tanh(softplus(x))",
       "tanh(softplus(x)) + x * sigmoid(x) * (1.0 - square(tanh(softplus(x))))",
       about="x times tanh of softplus"),
    Op("shrink(x, limit=0.5)", "x - limit if x > limit else x + limit if x < -limit else 0.0 * x",
       "1.0 if abs(x) > limit else None", "-sign(x) if abs(x) > limit else None",
       domain="limit >= 0", singular="abs(x) - limit", family="kinks", about="soft threshold"),
    Op("rms(*xs)", "sqrt(dot(xs, xs) / len(xs))", "x / (out * len(xs)) if out else 0.0",
       domain="len(xs) > 0", about="root mean square", example="rms([3.0, 4.0]) = 3.5355"),
    Op("loghypot(x, y)", "0.5 * log(x * x + y * y)", "x / (x * x + y * y)", "y / (x * x + y * y)",
       domain="x != 0 or y != 0", symbol="lh", singular="hypot(x, y)", aliases="logabs",
       about="log of the length"),
    Op("exp10(x)", "exp10(x)", "out * log(10.0)", about="10 to the power x", example="exp10(2.0) = 100.0"),
    Op("distance(x, y)", "abs(x - y)", "sign(x - y)", "sign(y - x)", singular="x - y", family="kinks"),
    Op("lerp(x, y, t)", "x + t * (y - x)", "1 - t", "t", "y - x", about="linear interpolation"),
    Op("root(x, n=2)", "x ** (1 / n)", "out / (n * x)", "-out * log(x) / n ** 2", domain="x > 0", singular="x"),
    Op("huber(x, width=1.0)", "where(abs(x) < width, 0.5 * x ** 2, width * (abs(x) - 0.5 * width))",
       "where(abs(x) < width, x, width * sign(x))", "where(abs(x) < width, 0.0, abs(x) - width)",
       domain="width > 0", singular="abs(x) - width", family="kinks"),
    Op("smoothmax(x, y)", "logsumexp([x, y])", "exp(x - out)", "exp(y - out)"),
    Op("gate(x, y)", "leaky_relu(x) * y if sigmoid(y) != 0.5 and not x == y else (x or 0) * y",
       "y * (1 if x > 0 else 0.01) if x != y else y",
       "leaky_relu(x) if sigmoid(y) != 0.5 and not x == y else x",
       domain="tanh(x) < 1", singular="x; y; relu(x - y) + relu(y - x)", family="kinks"),
    Op("pdf(x, mean=0.0, var=1.0)", "exp(-0.5 * square(x - mean) / var) / sqrt(2.0 * pi * var)",
       "out * (mean - x) / var", "out * (x - mean) / var", "0.5 * out * (square(x - mean) / var - 1.0) / var",
       domain="var > 0", about="density of the normal distribution"),
    Op("var(*xs)", "total([square(x - mean(xs)) for x in xs]) / len(xs)", "2.0 * (x - mean(xs)) / len(xs)",
       domain="len(xs) > 1", about="variance"),
    Op("cosine(*us, *vs)", "dot(us, vs) / sqrt(dot(us, us) * dot(vs, vs))",
       "v / sqrt(dot(us, us) * dot(vs, vs)) - out * u / dot(us, us)",
       "u / sqrt(dot(vs, vs) * dot(us, us)) - out * v / dot(vs, vs)",
       domain="dot(us, us) > 0 and dot(vs, vs) > 0"),
    Op("mse(*ps, *ts)", "total([square(p - t) for p, t in zip(ps, ts)]) / len(ps)",
       "2.0 * (p - t) / len(ps)", "2.0 * (t - p) / len(ts)", domain="len(ps) > 0"),
    Op("triangle(x, width=1.0)", "1.0 - abs(x) / width if -width < x < width and not x != x else 0.0 * x",
       "-sign(x) / width if -width < x < width else None",
       "abs(x) / square(width) if -width < x < width else None",
       domain="width > 0", singular="x; abs(x) - width", family="kinks"),
    Op("swiglu(x, y)", "swish2(x) * y", "y * sigmoid(2 * x) * (1 + 2 * x * sigmoid(-2 * x))", "swish2(x)"),
    Op("swish2(x, rate=2.0)", "x * sigmoid(rate * x)",
       "sigmoid(rate * x) * (1.0 + rate * x * sigmoid(-rate * x))",
       "x * x * sigmoid(rate * x) * sigmoid(-rate * x)"),
    Op("bump(new, delete=2.0)", "exp(-delete / (1.0 - new * new)) if -1 < new < 1 else 0.0 * new",
       "out * -2.0 * delete * new / square(1.0 - new * new) if -1 < new < 1 else None",
       "-out / (1.0 - new * new) if -1 < new < 1 else None",
       domain="delete > 0", singular="1.0 - abs(new)", family="kinks", sample={"delete": 2.0}),
"""
ROW = """
    Primitive("exp10", 1, lambda x: math.pow(10.0, x), never_raising(lambda x: math.pow(10.0, x)),
        "lambda x: MP.power(10, x)", "exp10", "(lambda x: jnp.power(10.0, x))", "(x) => own.pow(10, x)"),
"""
HEAD = """
import math, inspect, pydoc
import mpmath
from mpmath import mp
import autograd
from autograd import *
from autograd import TABLE, Value

mp.dps = 50
TRUTH = {
    "gudermann": lambda x: 2 * mp.atan(mp.tanh(x / 2)),
    "mish": lambda x: x * mp.tanh(mp.log(1 + mp.exp(x))),
    "shrink": lambda x: mp.sign(x) * max(abs(x) - mp.mpf(0.5), 0),
    "rms": lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs) / len(xs)),
    "loghypot": lambda x, y: mp.log(mp.hypot(x, y)),
    "exp10": lambda x: mp.exp(x * mp.log(10)),
    "distance": lambda x, y: abs(x - y),
    "lerp": lambda x, y, t: (1 - t) * x + t * y,
    "root": lambda x, n=2: mp.exp(mp.log(x) / n),
    "huber": lambda x: x * x / 2 if abs(x) < 1 else abs(x) - mp.mpf(0.5),
    "smoothmax": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "gate": lambda x, y: (x if x > 0 else mp.mpf(0.01) * x) * y,
    "pdf": lambda x, mean=0, var=1: mp.npdf(x, mean, mp.sqrt(var)),
    "var": lambda *xs: mp.fsum(x * x for x in xs) / len(xs) - (mp.fsum(xs) / len(xs)) ** 2,
    "cosine": lambda a, b, c, d: (a * c + b * d) / mp.hypot(a, b) / mp.hypot(c, d),
    "mse": lambda a, b, c, d: ((a - c) ** 2 + (b - d) ** 2) / 2,
    "triangle": lambda x: max(1 - abs(x), 0),
    "swiglu": lambda x, y: x / (1 + mp.exp(-2 * x)) * y,
    "swish2": lambda x, rate=2: x / (1 + mp.exp(-rate * x)),
    "bump": lambda x, size=2: mp.exp(-size / (1 - x * x)) if abs(x) < 1 else mp.zero,
}
POINTS = {
    "gudermann": [(0.7,), (-1.2,), (0.0,), (30.0,)],
    "mish": [(0.7,), (-1.2,), (0.0,), (-30.0,)],
    "shrink": [(0.7,), (-1.2,), (0.1,)],
    "rms": [(0.7, -1.2, 2.0), (0.5,), (3.0, 4.0)],
    "loghypot": [(0.7, -1.2), (1e-5, 2.0)],
    "exp10": [(0.7,), (-1.2,), (3.0,)],
    "distance": [(0.7, -1.2), (-1.2, 0.7)],
    "lerp": [(0.7, -1.2, 0.25)],
    "root": [(0.7,), (8.0, 3.0)],
    "huber": [(0.7,), (-1.2,)],
    "smoothmax": [(0.7, -1.2), (-30.0, 2.0)],
    "gate": [(0.7, -1.2), (-0.7, 2.0)],
    "pdf": [(0.7,), (0.7, 0.25, 2.5)],
    "var": [(0.7, -1.2, 2.0)],
    "cosine": [(0.7, -1.2, 2.0, 0.5)],
    "mse": [(0.7, -1.2, 2.0, 0.5)],
    "triangle": [(0.7,), (-1.2,)],
    "swiglu": [(0.7, -1.2)],
    "swish2": [(-0.7, 3.0)],
    "bump": [(-0.7,), (0.25, 1.5), (1.5,)],
}
CASES = [(name, point) for name in POINTS for point in POINTS[name]]


def of(name):
    function = getattr(autograd, name)
    return (lambda *xs: function(*sequences(name, xs))) if TABLE[name].variadic else function


def sequences(name, point):
    size = len(point) // len(TABLE[name].operands)
    return [list(point[k : k + size]) for k in range(0, len(point), size)]


def near(found, exact, tolerance=1e-13):
    assert math.isclose(found, float(exact), rel_tol=tolerance, abs_tol=1e-14), (found, exact)


def slope(name, point, *with_respect_to):
    counts = tuple(with_respect_to.count(k) for k in range(len(point)))
    return mp.diff(TRUTH[name], tuple(map(mp.mpf, point)), counts)
"""
READINGS = {
    "function, method, __all__ and documentation": """
for name in TRUTH:
    assert name in autograd.__all__ and name in globals()
    assert TABLE[name].value in pydoc.render_doc(getattr(autograd, name))
    assert hasattr(Value, name) == (not TABLE[name].variadic)
assert Value(0.7).gudermann().data == gudermann(0.7) == Value(0.7).gudermann().data
assert Value(3.0).logabs(4.0).data == loghypot(3.0, 4.0)
assert shrink(2.0, limit=1.5) == 0.5
for name, point in CASES:
    near(of(name)(*point), TRUTH[name](*map(mp.mpf, point)))
try:
    loghypot(0.0, 0.0)
except DomainError as error:
    assert "loghypot(x, y) is undefined at x = 0.0, y = 0.0" in str(error)
else:
    raise AssertionError
assert math.isclose(gudermann(1000.0), math.pi / 2)
assert root(8.0, n=3) == Value(8.0).root(3).data == 2.0 and huber(3.0, 2.0) == 4.0
assert Value(2.0).distance(2.0).partials == (0.0, None) and gate(0.0, 0.0) == 0.0
""",
    "first and second derivative, in both modes": """
for name, point in CASES:
    second = hessian(of(name), argnums=tuple(range(len(point))))(*point)
    for k in range(len(point)):
        unit = [float(j == k) for j in range(len(point))]
        near(grad(of(name), argnums=k)(*point), slope(name, point, k))
        near(jvp(of(name), point, unit)[1], slope(name, point, k))
        for j in range(len(point)):
            near(second[k][j], slope(name, point, j, k), 1e-11)
    leaves = [Value(x) for x in point]
    of(name)(*leaves).backward()
    for k, leaf in enumerate(leaves):
        near(leaf.grad, slope(name, point, k))
""",
    "Taylor series": """
for name in ("gudermann", "mish", "exp10"):
    for found, exact in zip(taylor(getattr(autograd, name), 0.7, 6), mp.taylor(TRUTH[name], mp.mpf(0.7), 6)):
        near(found, exact, 1e-11)
for name, point in CASES:
    if not TABLE[name].variadic and len(point) > 1:
        found = taylor(lambda x: of(name)(x, *point[1:]), point[0], 3)
        exact = mp.taylor(lambda x: TRUTH[name](x, *map(mp.mpf, point[1:])), mp.mpf(point[0]), 3)
        near(found[3], exact[3], 1e-11)
""",
    "the stepper's words and the picture": """
x, y = Value(0.7, "x"), Value(2.0, "y")
text = repr(backprop(gudermann(x)).step(2)).replace("\\u2202", "d")
assert "gudermann(x)" in text and "1 / cosh(x)" in text, text
assert "rms(x, y)" in repr(backprop(rms([x, y])))
assert ">lh<" in draw(loghypot(x, y)).svg() and "gudermann" in draw(gudermann(x)).svg()
for name, point in CASES:
    leaves = [Value(number, f"v{k}") for k, number in enumerate(point)]
    out = of(name)(*leaves)
    assert TABLE[name].symbol in repr(backprop(out)) or name in repr(backprop(out))
    assert f"  {name}: {{" in draw(out).html()
""",
    "compiled code, in both tiers": """
import numpy
from autograd.compiling.run import kernel
for limits in ((kernel.LIMIT, kernel.LIMIT_SINGLE), (0, 0)):
    kernel.LIMIT, kernel.LIMIT_SINGLE = limits
    for name, point in CASES:
        fast = autograd.compile(of(name))
        if TABLE[name].variadic:
            fast = autograd.compile(lambda *xs: of(name)(*xs))
        near(fast(*point), TRUTH[name](*map(mp.mpf, point)), 1e-12)
        each = tuple(range(len(point)))
        for k, found in enumerate(fast.grad(*point, wrt=each)):
            near(found, slope(name, point, k), 1e-12)
        near(fast.hessian(*point, wrt=each)[0][0], slope(name, point, 0, 0), 1e-10)
assert numpy.allclose(autograd.compile(exp10, batched="x")(numpy.arange(5.0)), 10 ** numpy.arange(5.0))
""",
    "exported JAX code": """
import pytest
jax = pytest.importorskip("jax")
for name, point in CASES:
    space = {}
    exec(export(lambda *xs: of(name)(*xs), *point, name="f"), space)
    near(space["f"](*point), TRUTH[name](*map(mp.mpf, point)))
    for k in range(len(point)):
        near(jax.grad(space["f"], argnums=k)(*point), slope(name, point, k))
        near(jax.grad(jax.grad(space["f"], argnums=k), argnums=k)(*point), slope(name, point, k, k), 1e-11)
""",
    "the page's JavaScript": '''
import json, shutil, subprocess, re
from autograd.drawing.bundle import PLAYER
from autograd.drawing.javascript import definitions
node = shutil.which("node")
text = (PLAYER / "mathematics.js").read_text() + definitions(TABLE.values())
asked = [(name, sequences(name, point) if TABLE[name].variadic else list(point)) for name, point in CASES]
asked = [(name, point + [*TABLE[name].defaults.values()][len(point) - 1 :]) for name, point in asked]
if node:
    text = re.sub("(?m)^(export |import .*)", "", text) + f"""
console.log(JSON.stringify({json.dumps(asked)}.map(([name, point]) => {{
  const out = OPS[name].value(...point);
  return [OPS[name].domain(...point) ? out : null, ...OPS[name].partials(...point, out)];
}})));"""
    ran = subprocess.run([node, "-"], input=text, capture_output=True, text=True, check=True, timeout=60)
    answers = json.loads(ran.stdout)
    for (name, point), (out, *partials) in zip(CASES, answers, strict=True):
        near(out, TRUTH[name](*map(mp.mpf, point)))
        for k, partial in enumerate(partials[: len(point)]):
            near(partial or 0.0, slope(name, point, k))
''',
    "the checker: right is right, wrong is found": """
from autograd.checking import check, check_gradients
from autograd.ops.op import Op
from autograd.recording import recorder
for name, point in CASES:
    assert check_gradients(of(name), *point, order=2).verdict == "right", (name, point)
op = TABLE["gudermann"]
wrong = recorder(Op(op.signature, op.value, "1.0 / cosh(x) + 0.001"))
report = check(wrong(Value(0.7)))
assert report.verdict == "wrong" and "gudermann" in str(report)
wrong = recorder(Op("exp10(x)", "exp10(x)", "out * log(9.0)"))
assert check(wrong(Value(0.7))).verdict == "wrong"
""",
    "random programs": """
import random
from hypothesis import find, settings
from autograd.checking import check, operands, programs
from autograd.checking.cases.generation import from_generator, generate
drawn = {family: set() for family in ("tame", "kinks")}
for family in drawn:
    for seed in range(400):
        program = generate(from_generator(random.Random(seed)), family=family)
        drawn[family] |= {line.op.name for line in program.lines}
        if {line.op.name for line in program.lines} & TRUTH.keys() and seed % 4 == 0:
            assert check(program.record()[0]).verdict != "wrong"
assert TRUTH.keys() <= drawn["tame"] | drawn["kinks"], TRUTH.keys() - drawn["tame"] - drawn["kinks"]
quick = settings(database=None, derandomize=True)
drawn = programs(operations=["gudermann", "mul"])
program = find(drawn, lambda p: any(line.op.name == "gudermann" for line in p.lines), settings=quick)
assert len(program.lines) == 1 and "gudermann(x0)" in repr(program)
find(operands("loghypot"), lambda point: point[0] > 1, settings=quick)
""",
    "the command line": """
from autograd.command_line.main import main
assert main(["explain", "cosine([x, y], [y, x])", "x=0.5", "y=2"]) == 0
assert main(["explain", "gudermann(x) + rms([x, y])", "x=0.5", "y=2"]) == 0
assert main(["check", "mish(x) * exp10(y)", "x=0.5", "y=0.25"]) == 0
""",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the package with the new entries, and its stub written again."""
    folder = tmp_path_factory.mktemp("copy")
    copied(ROOT / "autograd", folder / "autograd")
    (folder / "tests" / "ops").mkdir(parents=True)
    for name in ("__init__.py", "ops/__init__.py", "ops/write_stub.py"):
        shutil.copyfile(ROOT / "tests" / name, folder / "tests" / name)
    table, primitives = (folder / "autograd" / "ops" / name for name in ("table.py", "primitives.py"))
    for path, text in ((table, ENTRIES), (primitives, ROW)):
        old = path.read_text(encoding="utf-8")
        assert old.count("\n)\n# fmt: on") == 1
        path.write_text(old.replace("\n)\n# fmt: on", f"{text})\n# fmt: on"), encoding="utf-8")
    result = run(folder, "-m", "tests.ops.write_stub")
    assert result.returncode == 0, result.stderr
    return folder


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            "PYTHONPATH": str(folder),
            "PYTHONIOENCODING": "utf-8",
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


@pytest.mark.slow
@pytest.mark.parametrize("reading", READINGS)
def test_new_entries_are_enough_for(copy, reading):
    if reading in ("compiled code, in both tiers", "exported JAX code"):
        pytest.importorskip("llvmlite")
    result = run(copy, "-c", HEAD + READINGS[reading])
    if "Skipped: could not import" in result.stderr:
        pytest.skip("no jax")
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.slow
def test_a_new_entry_is_enough_for_the_stub(copy):
    pytest.importorskip("mypy")
    (copy / "use.py").write_text(
        "from autograd import Value, exp10, gudermann, rms, shrink\n"
        "reveal_type(gudermann(Value(1.0)))\nreveal_type(gudermann(1.0))\nreveal_type(Value(1.0).gudermann())\n"
        "reveal_type(shrink(Value(1.0), limit=2.0))\nreveal_type(rms([Value(1.0)]))\nreveal_type(exp10(2.0))\n"
        "Value(1.0).logabs(2.0).unknown\n"
    )
    shown = run(copy, "-m", "mypy", "--follow-imports=silent", "use.py").stdout
    assert re.findall(r'Revealed type is "(?:builtins.)?([\w.]+)"', shown) == [
        "autograd.value.Value", "float", "autograd.value.Value", "autograd.value.Value",
        "autograd.value.Value", "float",
    ], shown  # fmt: skip
    assert '"Value" has no attribute "unknown"' in shown


def test_an_entry_whose_derivative_is_wrong_does_not_pass(copy):
    with_a_wrong_slope = HEAD.replace("mp.tanh(x / 2)", "mp.tanh(x / 3)")
    result = run(copy, "-c", with_a_wrong_slope + READINGS["first and second derivative, in both modes"])
    assert result.returncode != 0
