"""Imports that no contract in pyproject.toml can express: what nn may use, and what an import loads."""

import ast
from pathlib import Path

import pytest

import autograd
import autograd.cluster
import nn
from tests.helpers import python_output

ROOT = Path(__file__).parents[2]
PUBLIC = {
    "autograd": {*autograd.__all__, "cluster"},
    "autograd.cluster": {*autograd.cluster.__all__},
    "autograd.guidance.advice": {"nearest"},
    "autograd.guidance.clash": {"replaced"},
    "autograd.guidance.tools": {"tool"},
    "autograd.files": {"LARGEST", "Stamp", "append_line", "opened", "read_whole", "stamp", "write_atomically"},
    "autograd.graph": {"grad_number"},
    "autograd.locks": {"uninterrupted"},
    "autograd.nested": {"as_lists", "flatten", "mapped"},
    "autograd.drawing.bundle": {"bundled"},  # the bundler, for nn's page
    "autograd.drawing.inline": {"Player"},
    "autograd.drawing.javascript": {"definitions"},
    "autograd.drawing.page": {"as_json", "colours", "filled"},
    "autograd.ops.language": {"NotTranslatableError"},
    "autograd.terminal": {
        "aligned",
        "brief",
        "cut",
        "in_notebook",
        "kind_of",
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


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("safetensors", "nn.save(nn.MLP(1, [1]), path)"),
        ("llvmlite", "autograd.compile(lambda x: x * x)(1.0)"),
        ("matplotlib", "nn.plot_images([[0.0]])"),
        ("sklearn", "nn.digits()"),
    ],
)
def test_ctrl_c_while_a_package_is_imported_is_just_that_and_the_next_use_works(package, use, tmp_path):
    """Half of numpy would stay: "cannot load module more than once per process"."""
    pytest.importorskip(package)
    code = f"""
import os, signal, sys
import autograd, nn
path = {str(tmp_path / "model")!r}

class Interrupting:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "numpy.exceptions":  # while its compiled part is initialised
            sys.meta_path.remove(Interrupting)
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting)
for k in (1, 2):
    try:
        {use}
        print("works")
    except BaseException as error:
        print(repr(error))
"""
    assert python_output(code).split() == ["KeyboardInterrupt()", "works"]


def test_importing_loads_no_heavy_package():
    heavy = "numpy llvmlite hypothesis matplotlib rich mpmath graphviz torch jax IPython".split()
    slow = "ast copy dataclasses difflib inspect json pathlib traceback unicodedata".split()
    for module in ("autograd", "nn"):
        code = f"""
import sys; before = {{*sys.modules}}  # what Python itself and other packages load at its start
import {module}; print([name for name in {heavy + slow} if name in {{*sys.modules}} - before])"""
        assert python_output(code).strip() == "[]"


# A module takes a millisecond or two where no compiled files can be kept.
@pytest.mark.parametrize(
    ("statement", "most"),
    [("import autograd", 20), ("from autograd import Value, tanh", 20), ("import nn", 34)],
)
def test_importing_loads_the_engine_and_no_tool(statement, most):
    code = f"""import sys; {statement}
print(*(name for name in sys.modules if name.partition(".")[0] in ("autograd", "nn")))"""
    loaded = python_output(code).split()
    assert len(loaded) <= most
    tools = "drawing stepping transforms interactive lecture plotting training".split()
    assert [name for name in loaded if name.split(".")[1:2] in [[tool] for tool in tools]] == []


PACKAGES = pytest.mark.parametrize("package", [autograd, nn], ids=["autograd", "nn"])


@PACKAGES
def test_a_tool_is_found_where_type_checkers_see_it(package):
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    seen = {(n.module, alias.name) for n in block.body for alias in getattr(n, "names", ())}
    tools = {(module, name) for module, names in package._TOOLS.items() for name in names.split()}
    assert tools == {(module, name) for module, name in seen if name in package.__all__}


@PACKAGES
def test_a_tool_is_like_any_other_name_of_its_package(package):
    name = package.__name__
    code = f"""
import sys, pydoc, {name} as package
assert set(dir(package)) >= set(package.__all__)
unused = [name for name in package.__all__ if name not in vars(package)]
assert unused, "nothing is imported later"
assert getattr(package, unused[0]) is vars(package)[unused[0]]
assert hasattr(package, "{sorted(package._TOOLS)[0].partition(".")[0]}")
assert not hasattr(package, "no_such_name")
text = pydoc.render_doc(package, renderer=pydoc.plaintext)
assert [name for name in package.__all__ if name not in text] == []
from {name} import *
assert [name for name in package.__all__ if globals()[name] is not vars(package)[name]] == []
print("as it should be")"""
    assert python_output(code).strip() == "as it should be"


def test_threads_that_use_a_tool_at_once_find_the_same():
    code = """
import threading, autograd
found = []
threads = [threading.Thread(target=lambda: found.append(autograd.hessian)) for _ in range(8)]
[each.start() for each in threads], [each.join(60) for each in threads]
print(len(found), len(set(found)))"""
    assert python_output(code).split() == ["8", "1"]
