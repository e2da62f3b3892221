"""What is installed with the library, and where."""

import sys
from pathlib import Path

import pytest

requirements = pytest.importorskip("packaging.requirements")
ROOT = Path(__file__).parents[2]

if sys.version_info < (3, 11):
    pytest.skip("tomllib came with Python 3.11", allow_module_level=True)


def dependency(name):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return next(r for r in map(requirements.Requirement, project["dependencies"]) if r.name == name)


@pytest.mark.parametrize(
    ("system", "machine", "wanted"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("darwin", "arm64", True),
        ("darwin", "x86_64", True),
        ("win32", "AMD64", True),
        ("win32", "ARM64", True),
        ("linux", "riscv64", False),
        ("linux", "ppc64le", False),
        ("linux", "armv7l", False),
        ("linux", "s390x", False),
        ("win32", "x86", False),
        ("freebsd14", "amd64", False),
        ("emscripten", "wasm32", False),
    ],
)
def test_the_bundled_dot_is_asked_for_only_where_it_has_a_wheel(system, machine, wanted):
    marker = dependency("graphviz-pure").marker
    assert marker.evaluate({"sys_platform": system, "platform_machine": machine}) == wanted


def test_the_library_itself_needs_nothing_but_python():
    assert dependency("graphviz").marker is None
