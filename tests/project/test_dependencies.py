"""The dependencies that are installed with the library, by platform."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

requirements = pytest.importorskip("packaging.requirements")
ROOT = Path(__file__).parents[2]


def project():
    tomllib = pytest.importorskip("tomllib", reason="it came with Python 3.11")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def dependency(name):
    return next(r for r in map(requirements.Requirement, project()["dependencies"]) if r.name == name)


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


def licences(*arguments):
    if not (ROOT / ".ci" / "licences").exists():
        pytest.skip("a checkout has .ci")
    command = " ".join([f"'{sys.executable}' .ci/licences", *arguments])
    return subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
def test_the_installed_packages_are_listed_with_their_licences_and_as_a_lock():
    table, lock = licences().stdout.splitlines(), licences("--lock").stdout.splitlines()
    assert len(table) == len(lock) > 3
    for line, locked in zip(table, lock, strict=True):
        name, version, licence = line.split(maxsplit=2)
        requirement = requirements.Requirement(locked)
        assert (requirement.name, str(requirement.specifier)) == (name, f"=={version}")
        assert licence.strip()


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
def test_a_pipe_closed_in_the_list_is_not_an_error():
    assert licences("| head -n 1").stderr == ""


def locked_versions(python):
    """Return the versions that CI installs with a Python on Linux, by package."""
    file = ROOT / ".ci" / "requirements.txt"
    if not file.exists():
        pytest.skip("a checkout has .ci")
    system = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"}
    python_versions = {"python_version": python, "python_full_version": f"{python}.9"}
    names = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        requirement = requirements.Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(system | python_versions | names):
            assert requirement.name not in found, f"two versions of {requirement.name}"
            found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_the_locked_versions_lie_in_the_ranges_of_the_project_for_every_python(python):
    versions, ranges = locked_versions(python), project()
    groups = [ranges["dependencies"]] + [g for n, g in ranges["optional-dependencies"].items() if n != "peers"]
    for requirement in map(requirements.Requirement, [item for group in groups for item in group]):
        if requirement.name != "chainwalk":
            version = versions[requirement.name]
            assert requirement.specifier.contains(version), f"{requirement} is locked as {version}"


def test_the_lock_names_packages_and_versions_alone():
    file = ROOT / ".ci" / "requirements.txt"
    if not file.exists():
        pytest.skip("a checkout has .ci")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines
    assert all("==" in line and not {"/", "@"} & {*line} and not line.startswith("-") for line in lines)
