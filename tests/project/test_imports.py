"""Imports that no contract in pyproject.toml can express: `nn` uses public names only."""

import ast
from pathlib import Path

import pytest

import autograd
import autograd.cluster
from tests.helpers import python_output

ROOT = Path(__file__).parents[2]
PUBLIC = {
    "autograd": {*autograd.__all__, "cluster"},
    "autograd.cluster": {*autograd.cluster.__all__},
    "autograd.guidance.advice": {"NN", "missing", "nearest"},
    "autograd.guidance.clash": {"replaced"},
    "autograd.files": {"LARGEST", "Stamp", "append_line", "read_whole", "stamp", "write_atomically"},
    "autograd.graph": {"grad_number"},
    "autograd.nested": {"as_lists", "flatten", "mapped"},
    "autograd.drawing.bundle": {"bundled"},  # the bundler, for nn's page
    "autograd.drawing.inline": {"Player"},
    "autograd.drawing.javascript": {"definitions"},
    "autograd.drawing.page": {"as_json", "colours", "filled"},
    "autograd.ops.language": {"NotTranslatableError"},
    "autograd.terminal": {
        "brief",
        "cut",
        "in_notebook",
        "listed",
        "plural",
        "printable",
        "progress_bar",
        "quoted",
    },
}


@pytest.mark.parametrize("path", sorted(ROOT.glob("nn/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nn_imports_only_public_names_of_autograd(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd"):
            assert node.module in PUBLIC
            assert {alias.name for alias in node.names} <= PUBLIC[node.module]


def test_every_public_name_exists():
    for name in autograd.__all__:
        assert hasattr(autograd, name)


def test_importing_loads_no_heavy_package():
    heavy = "numpy llvmlite hypothesis matplotlib rich mpmath graphviz torch jax IPython".split()
    for module in ("autograd", "nn"):
        code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
        assert python_output(code).strip() == "[]"
