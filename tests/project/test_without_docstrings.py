"""Every tool works where Python drops docstrings and assertions, as `python -OO` does."""

import pytest

from tests.helpers import python_output

CODE = """
import io, sys
sys.argv = ["chainwalk"]
import autograd, nn
from autograd import Value, draw, export, grad, operation, tanh
from autograd.command_line.main import main
from autograd.stepping.prompt import Prompt
x = Value(2.0, "x")
y = tanh(x) * x
y.backward()
"""
TOOLS = {
    "every public name": "print(all(getattr(p, name) for p in (autograd, nn) for name in p.__all__))",
    "a stepper and its prompt": """
out = sys.stdout
sys.stdout = io.StringIO()
Prompt(y.backprop(), io.StringIO("h\\nhelp step\\nstep\\nq\\n")).cmdloop()
said, sys.stdout = sys.stdout.getvalue(), out
print("until" in said and "seed" in said)
""",
    "pictures": "print(len(draw(y).source) > 500 and len(draw(y).html()) > 10_000)",
    "an operation of one's own": """
cube = operation("cube(x)", lambda x: x**3, lambda x: 3 * x * x)
print(cube(x).data == 8.0 and grad(cube)(2.0) == 12.0 and "cube" in cube.__doc__)
""",
    "training": "print(len(nn.fit(nn.MLP(2, [2, 1], rng=0), nn.moons(9, rng=0), epochs=2, rng=0).losses) == 2)",
    "the command line": """
out = sys.stdout
sys.stdout = io.StringIO()
statuses = [main(["explain", "x * x", "x=3"]), main(["doctor"])]
sys.stdout = out
print(statuses == [0, 0])
""",
}
WITH_EXTRAS = {
    "compiled functions": ("llvmlite", "print(autograd.compile(lambda x: x * x)(3.0) == 9.0)"),
    "the checker": (
        "hypothesis",
        "from autograd.checking import check_gradients; print(check_gradients(lambda x: x * x, 3.0).right)",
    ),
    "exported code": ("llvmlite", "print('jax' in str(export(lambda x: tanh(x) * x, 1.0)))"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_works_without_docstrings(tool):
    assert python_output(CODE + TOOLS[tool], PYTHONOPTIMIZE="2").strip() == "True"


@pytest.mark.parametrize("tool", WITH_EXTRAS)
def test_works_without_docstrings_with_its_extra(tool):
    package, code = WITH_EXTRAS[tool]
    pytest.importorskip(package)
    assert python_output(CODE + code, PYTHONOPTIMIZE="2").strip() == "True"
