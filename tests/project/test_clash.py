"""HIPS autograd in the same environment: every mixture of the two is detected, with advice."""

import subprocess
import sys

import pytest

from tests.helpers import ROOT, copied

FOREIGN = "from . import numpy  # as the other package of this name does\n"


@pytest.fixture
def site(tmp_path):
    """Return a copy of the packages, to be damaged; Python is run without any others (-S)."""
    for package in ("autograd", "nn"):
        copied(ROOT / package, tmp_path / package)
    return tmp_path


def run(site, *arguments):
    return subprocess.run(
        [sys.executable, "-S", *arguments], cwd=site, capture_output=True, text=True, check=False, timeout=60,
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def replace_by_the_other(site):
    (site / "autograd" / "__init__.py").write_text(FOREIGN)
    (site / "autograd" / "numpy").mkdir()
    (site / "autograd" / "numpy" / "__init__.py").write_text("")


def test_files_of_the_other_package_in_ours_are_a_warning_at_import(site):
    (site / "autograd" / "tracer.py").write_text("")
    found = run(site, "-c", "from autograd import Value; print(Value(2.0).data)")
    assert found.stdout == "2.0\n"
    assert "RuntimeWarning: HIPS autograd is installed in the same folder" in found.stderr
    assert "pip uninstall -y autograd chainwalk, then install chainwalk again" in found.stderr
    assert run(site, "-m", "autograd", "doctor").returncode == 2


def test_the_other_package_over_ours_is_an_error_of_nn_and_said_by_the_commands(site):
    replace_by_the_other(site)
    found = run(site, "-c", "import nn")
    assert found.returncode == 1
    assert (
        f"ImportError: the package autograd here is another package ({site}/autograd/__init__.py)"
        in found.stderr
    )
    told = run(site, "-m", "autograd", "explain", "x*x", "x=3")
    assert told.stderr.startswith("chainwalk: the package autograd here is another package")
    assert told.stderr.count("\n") == 1
    assert told.returncode == 2


def test_an_init_that_the_other_package_took_along_is_said(site):
    (site / "autograd" / "__init__.py").unlink()
    found = run(site, "-c", "from nn import MLP")
    assert "ImportError: the package autograd here is incomplete: it has no __init__.py" in found.stderr
    assert "is incomplete" in run(site, "-m", "autograd", "--version").stderr


def test_an_installation_without_problems_prints_nothing(site):
    found = run(site, "-c", "import autograd, nn")
    assert (found.stdout, found.stderr, found.returncode) == ("", "", 0)
