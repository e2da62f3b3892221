"""Every demo runs to its end, says something, and saves the pictures it speaks of."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEMOS = sorted((ROOT / "demos").glob("[0-9]*.py"))


def test_the_demos_are_numbered_without_a_gap():
    assert [int(demo.name[:2]) for demo in DEMOS] == list(range(1, len(DEMOS) + 1))


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.stem)
def test_a_demo_runs(demo, tmp_path):
    result = subprocess.run(
        [sys.executable, "-W", "error", str(demo)],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg", "ROWS": "100000"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) > 5
    for name in re.findall(r"\S+\.(?:svg|png)", result.stdout):
        assert (tmp_path / name).stat().st_size > 1000, name
