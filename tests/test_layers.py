"""Imports run downwards only: every import of every module is read and compared with the layers."""

import ast
from pathlib import Path

import pytest

import autograd
import autograd.cluster

ROOT = Path(__file__).parents[1]
PUBLIC = {"autograd": {*autograd.__all__, "cluster"}, "autograd.cluster": {*autograd.cluster.__all__}}

# From the ground up: a module may import only what stands in a line above its own.
LAYERS = [
    {
        "autograd.errors",
        "autograd.compiling.symbolic",
        "autograd.entry",
        "autograd.floats",
        "autograd.structure",
        "autograd.drawing.theme",
    },
    {
        "autograd.ops",
        "autograd.notation",
        "autograd.rules",
        "autograd.graph",
        "autograd.modes",
        "autograd.conditions",
    },
    {"autograd.recording", "autograd.pickling"},
    {"autograd.differentiation"},
    {"autograd.value"},
    {
        "autograd.anomalies",
        "autograd.functions",
        "autograd.transforms",
        "autograd.parsing",
        "autograd.backward_pass",
        "autograd.numerical",
        "autograd.hypothesis_plugin",
    },
    {"autograd.tables", "autograd.series"},
    {"autograd.prompt"},
    {
        "autograd.drawing.grouping",
        "autograd.drawing.text",
        "autograd.drawing.render",
        "autograd.drawing.inline",
    },
    {"autograd.drawing.parts"},
    {"autograd.drawing.folding", "autograd.drawing.labels"},
    {"autograd.drawing.scene", "autograd.drawing.dot"},
    {"autograd.drawing.layout"},
    {"autograd.drawing.page", "autograd.drawing.animation"},
    {"autograd.drawing.picture"},
    {"autograd.drawing"},
    {"autograd.stepping"},
    {
        "autograd.compiling.expressions",
        "autograd.compiling.arguments",
        "autograd.compiling.collector",
        "autograd.compiling.naming",
        "autograd.compiling.outside",
        "autograd.compiling.shapes",
    },
    {
        "autograd.compiling.derivatives",
        "autograd.compiling.mathematics",
        "autograd.compiling.matrices",
        "autograd.compiling.tracing",
    },
    {"autograd.compiling.stages", "autograd.compiling.gathering", "autograd.compiling.places"},
    {"autograd.compiling.rolling", "autograd.compiling.memory", "autograd.compiling.wanted"},
    {"autograd.compiling.chunks"},
    {"autograd.compiling.emission"},
    {"autograd.compiling.driving", "autograd.compiling.tape"},
    {"autograd.compiling.native"},
    {"autograd.compiling.kernel", "autograd.compiling.cache"},
    {"autograd.compiling.loops"},
    {"autograd.compiling.running"},
    {"autograd.compiling.plan"},
    {"autograd.compiling.telling"},
    {"autograd.compiling.compiled"},
    {"autograd.compiling.graphs"},
    {"autograd.compiling.compiler"},
    {"autograd.compiling"},
    {"autograd.exporting.translation", "autograd.exporting.grouping"},
    {"autograd.exporting.writing"},
    {"autograd.exporting.source"},
    {"autograd.exporting"},
    {"autograd.cluster.sums", "autograd.cluster.connecting", "autograd.cluster.tasks"},
    {"autograd.cluster.blocks"},
    {"autograd.cluster.rows"},
    {"autograd.cluster.folders", "autograd.cluster.spreading"},
    {"autograd.cluster"},
    {"autograd.explaining", "autograd.checking.precise", "autograd.checking.foreign"},
    {"autograd.checking.differences", "autograd.checking.record"},
    {"autograd.checking.findings", "autograd.checking.rounding", "autograd.checking.program"},
    {
        "autograd.checking.local",
        "autograd.checking.accumulation",
        "autograd.checking.opaque",
        "autograd.checking.reduction",
        "autograd.checking.generation",
    },
    {
        "autograd.checking.end_to_end",
        "autograd.checking.faithful",
        "autograd.checking.protocol",
        "autograd.checking.report",
        "autograd.checking.strategies",
    },
    {"autograd.checking.higher"},
    {"autograd.checking.checker"},
    {"autograd.checking.functions", "autograd.checking.proof"},
    {"autograd.checking.property", "autograd.checking.command"},
    {"autograd.checking"},
    {"autograd.pytest_plugin"},
    {"autograd"},
    {"nn.files", "nn.state", "nn.style", "nn.demands"},
    {"autograd.__main__", "nn.module", "nn.init", "nn.losses", "nn.optimisers", "nn.data"},
    {"nn.schedules", "nn.shapes", "nn.sources", "nn.perceptron", "nn.clustering"},
    {
        "nn.layers",
        "nn.chains",
        "nn.checkpoints",
        "nn.settings",
        "nn.preconditions",
        "nn.history",
        "nn.metrics",
        "nn.stopping",
    },
    {"nn.models", "nn.strategies"},
    {"nn.compiled", "nn.saving", "nn.layerwise", "nn.divergence", "nn.progress"},
    {"nn.distributed"},
    {"nn.training", "nn.updates", "nn.sweeping"},
    {"nn.plotting.codes", "nn.plotting.curves", "nn.plotting.plane", "nn.plotting.weights"},
    {"nn.plotting.film", "nn.plotting.sweeps"},
    {"nn.plotting"},
    {"nn"},
]


def modules(root):
    """Every module below the packages of a tree, by name."""
    found = {}
    for path in sorted([*root.glob("autograd/**/*.py"), *root.glob("nn/**/*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name, path, known):
    """The modules of the tree that one imports, wherever in its text: at the top, in a function."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in ("autograd", "nn"))
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base.split(".")[0] in ("autograd", "nn"):
                inside = [f"{base}.{alias.name}" for alias in node.names]
                yield from (module if module in known else base for module in inside)


def violations(root, layers):
    """What is wrong with the imports of a tree, each as one sentence."""
    height = {name: k for k, layer in enumerate(layers) for name in layer}
    known, found = modules(root), []
    for name, path in known.items():
        if name not in height:
            found.append(f"{name} is in no layer: add it to LAYERS")
            continue
        for target in imports(name, path, known):
            if target not in height:
                found.append(f"{name} imports {target}, which is in no layer")
            elif height[target] >= height[name]:
                found.append(f"{name} imports {target}, which is not below it")
    return found


def test_every_import_runs_downwards():
    assert violations(ROOT, LAYERS) == []


def test_every_module_of_the_layers_exists():
    assert {name for layer in LAYERS for name in layer} == set(modules(ROOT))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from .high import x", "autograd.low imports autograd.high, which is not below it"),
        ("from . import high", "autograd.low imports autograd.high, which is not below it"),
        ("import autograd.high", "autograd.low imports autograd.high, which is not below it"),
        (
            "def f():\n    from autograd.high import x",
            "autograd.low imports autograd.high, which is not below it",
        ),
        ("from .low import x", "autograd.low imports autograd.low, which is not below it"),
        ("import nn.other", "autograd.low imports nn.other, which is in no layer"),
    ],
)
def test_an_upward_import_would_be_noticed(tmp_path, text, message):
    folder = tmp_path / "autograd"
    folder.mkdir()
    (folder / "low.py").write_text(text)
    (folder / "high.py").write_text("from .low import y")
    assert violations(tmp_path, [{"autograd.low"}, {"autograd.high"}]) == [message]


def test_a_module_in_no_layer_would_be_noticed(tmp_path):
    (tmp_path / "nn").mkdir()
    (tmp_path / "nn" / "new.py").write_text("")
    assert violations(tmp_path, []) == ["nn.new is in no layer: add it to LAYERS"]


def test_nn_imports_only_public_names_of_autograd():
    for name, path in modules(ROOT).items():
        if name.startswith("nn"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd"):
                    assert node.module in PUBLIC
                    assert {alias.name for alias in node.names} <= PUBLIC[node.module]


def test_every_public_name_is_there():
    for name in autograd.__all__:
        assert hasattr(autograd, name)
